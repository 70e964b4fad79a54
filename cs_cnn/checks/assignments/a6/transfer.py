"""Assignment 6, part D: features of a net that stays as it is, and a linear head that learns on them."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from cs_cnn.checks.assignments.a6.tensors import as_numbers, ask, single
from cs_cnn.checks.bench import Array, Bench, Outcome, Shared
from cs_cnn.checks.compare import as_array
from cs_cnn.checks.modules import TorchModule, tensor
from cs_cnn.checks.pairs import away_from_zero, sizes
from cs_cnn.checks.task import PartOfTask, Task

_SECTION = "training/transfer#transfer-linear-head"
_EASY = 0.9
_NOTHING = "there are no features, so nothing can be said about their graph."
Numbers = dict[str, Array]


def _draw_trunk(rng: np.random.Generator, channels: int, maps: int) -> Numbers:
    return {
        "0.weight": single(away_from_zero(rng, (maps, channels, 1, 1))),
        "0.bias": single(away_from_zero(rng, maps)),
        "1.weight": single(rng.uniform(0.5, 1.5, maps)),
        "1.bias": single(rng.uniform(0.2, 0.6, maps)),
        "1.running_mean": single(rng.normal(0, 0.4, maps)),
        "1.running_var": single(rng.uniform(0.5, 2.0, maps)),
    }


def _trunk(numbers: Numbers, channels: int, maps: int) -> TorchModule:
    """Build convolution, batch normalisation and ReLU, in training mode as every new module is."""
    from torch import nn

    layers = nn.Sequential(nn.Conv2d(channels, maps, 1), nn.BatchNorm2d(maps), nn.ReLU())
    handle = TorchModule(layers, exact=False)
    handle.load(numbers)
    handle.mode(True)
    return handle


def _features(numbers: Numbers, images: Array) -> Array:
    kernel = numbers["0.weight"][:, :, 0, 0]
    maps = np.einsum("nchw,fc->nfhw", images, kernel) + numbers["0.bias"][:, None, None]
    factor = numbers["1.weight"] / np.sqrt(numbers["1.running_var"] + 1e-5)
    shift = numbers["1.bias"] - numbers["1.running_mean"] * factor
    return np.asarray((maps * factor[:, None, None] + shift[:, None, None]).clip(min=0).mean(axis=(2, 3)))


def grade_extract(bench: Bench) -> None:
    """Compare the features of several batches, the last of which is smaller, and look for a graph behind them."""
    rng = bench.rng
    for _ in range(bench.rounds):
        for part, batch_size, count in (("values", 4, 8), ("last batch", 3, 7 + int(rng.integers(2)))):
            channels, maps, h, w = sizes(rng, 4, 2, 6)
            numbers = _draw_trunk(rng, channels, maps)
            images = single(away_from_zero(rng, (count, channels, h, w)))
            module = _trunk(numbers, channels, maps).value
            given: dict[str, Any] = {"net": module, "images": tensor(images), "batch_size": batch_size}
            called = bench.call("extract_features", {**given, "net": Shared(module)})
            where = f"images of shape {images.shape}, batch_size = {batch_size}"
            outcome = Outcome(as_numbers(called.value), where, called.failed)
            right = partial(_features, numbers, images)
            bench.expect(part, outcome, right, name="the matrix of features", tolerance=1e-4)
            if called.failed:
                bench.expect("no graph", called, right)
                continue
            graph = bool(getattr(called.value, "requires_grad", False))
            found = as_array(outcome.value)
            there = found is not None and found.ndim > 1 and bool(found.any())
            message = "the features keep the graph of the whole net in memory." if there else _NOTHING
            bench.judge("no graph", there and not graph, message, record=[float(graph), float(there)])


_HEAD_PARTS = ("form", "learns", "new images")


def _draw_task(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw features of three classes that lie on a line: the one in the middle needs a bias."""
    d = 8
    direction = rng.normal(0, 1, d)
    direction /= np.linalg.norm(direction)
    places = 5.0 * (rng.permutation(3) - 1)

    def draw(count: int) -> tuple[Array, Any]:
        labels = rng.permutation(np.arange(count) % 3)
        return single(places[labels][:, None] * direction + rng.normal(0, 1, (count, d))), labels

    return *draw(150), *draw(300)


def grade_head(bench: Bench) -> None:
    """Train once, and once more with other labels; count right answers on old and on new features."""
    x, y, new_x, new_y = _draw_task(bench.rng)
    seed = int(bench.rng.integers(1000))
    given: dict[str, Any] = {"features": x, "labels": y, "classes": 3, "seed": seed}
    outcome = ask(bench, "train_head", given)
    w_out, b_out = bench.unpack(outcome, ("W", "b"), "train_head")
    w, b = _matrix(w_out), _matrix(b_out)
    if w is None or b is None:
        for part in _HEAD_PARTS:
            bench.expect(
                part, w_out if w is None else b_out, lambda: np.zeros(()), name="W" if w is None else "b"
            )
        return
    if w.shape != (x.shape[1], 3) or b.shape != (3,) or not np.isfinite([*w.ravel(), *b]).all():
        finite = np.isfinite([*w.ravel(), *b]).all()
        message = f"W has shape {w.shape} and b {b.shape}, expected {(x.shape[1], 3)} and (3,)."
        turned = w.shape == (3, x.shape[1]) and b.shape == (3,)
        for part in _HEAD_PARTS:
            name = "W_transposed" if turned else ""
            bench.judge(part, False, message if finite else "W or b is not finite.", mistake=name)
        return
    bench.judge("form", True, "", record=[1.0])
    old = float(np.mean((x @ w + b).argmax(axis=1) == y))
    new = float(np.mean((new_x @ w + b).argmax(axis=1) == new_y))
    mistake = ""
    if old < _EASY and not bench.replay:
        mistake = _symptom(bench, given, w, b, old)
    for part, share, which in (
        ("learns", old, "the features it learned from"),
        ("new images", new, "new features"),
    ):
        message = f"{share:.0%} of {which} are named rightly; {_EASY:.0%} is asked for, and chance is 33%."
        bench.judge(part, share >= _EASY, message, mistake=mistake)


def _matrix(outcome: Outcome) -> Array | None:
    return None if outcome.failed else as_array(outcome.value)


def _symptom(bench: Bench, given: dict[str, Any], w: Array, b: Array, share: float) -> str:
    """Name the mistake that a bad head shows."""
    again = ask(bench, "train_head", {**given, "labels": (given["labels"] + 1) % 3})
    other, _ = bench.unpack(again, ("W", "b"), "train_head")
    moved = _matrix(other)
    if moved is not None and moved.shape == w.shape and np.allclose(moved, w):
        return "never_updated"
    scores = given["features"] @ w + b
    true = scores[np.arange(len(scores)), given["labels"]]
    worst = scores.max(axis=1) - true  # nearly the loss where it is large
    if _unrelated(bench, given, w):
        return "labels_of_other_images"
    if share < 1 / 3 and worst.mean() > 2:
        return "uphill"
    return "bias_not_trained" if not b.any() and share > 0.5 else ""


def _unrelated(bench: Bench, given: dict[str, Any], w: Array) -> bool:
    """Tell whether W has nothing to do with the labels: in another order of the images it is another one."""
    rng = np.random.default_rng(0)
    runs, wanted = [], []
    for turn in range(4):
        order = rng.permutation(len(given["labels"])) if turn else np.arange(len(given["labels"]))
        x, y = given["features"][order], given["labels"][order]
        found = w
        if turn:
            outcome = ask(bench, "train_head", {**given, "features": x, "labels": y})
            again = _matrix(bench.unpack(outcome, ("W", "b"), "train_head")[0])
            if again is None or again.shape != w.shape:
                return False
            found = again
        runs.append(found)
        wanted.append(_cosine(found, x.T @ (np.eye(3)[y] - 1 / 3)))
    return min(wanted) < 0.8 and min(_cosine(w, other) for other in runs[1:]) < 0.9


def _cosine(a: Array, b: Array) -> float:
    length = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float((a * b).sum()) / length if length else 0.0


TASKS = (
    Task(
        name="a6.extract_features",
        number="6.9",
        asks="extract_features",
        functions=("extract_features",),
        parts=(
            PartOfTask(
                "values",
                3,
                "the mean of every map, with the net in evaluation mode",
                "Give the function the same image twice, alone and among others. Do its features stay the same?",
            ),
            PartOfTask(
                "last batch", 1, "every image, also in a last small batch", "How many rows come back?"
            ),
            PartOfTask(
                "no graph",
                1,
                "features without a graph",
                "The net stays as it is, so no gradient is ever asked for. How does PyTorch learn that?",
            ),
        ),
        grade=grade_extract,
        section=_SECTION,
    ),
    Task(
        name="a6.train_head",
        number="6.10",
        asks="train_head",
        functions=("train_head",),
        parts=(
            PartOfTask(
                "form", 1, "W of shape (D, C) and b of shape (C,)", "Print the shapes of what you return."
            ),
            PartOfTask(
                "learns",
                3,
                "the features that it learned from",
                "Print the loss every hundred steps. If it still falls at the end, what would help?",
            ),
            PartOfTask(
                "new images",
                3,
                "features that it has not seen",
                "Does the head name the features rightly that it learned from? That comes first.",
            ),
        ),
        grade=grade_head,
        section=_SECTION,
        seconds=20.0,
    ),
)
