"""Assignment 2, problem 2: the forward pass, the softmax loss, and the backward pass of a two-layer network."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from cs_cnn.checks.bench import Array, Bench, Outcome, Shared
from cs_cnn.checks.task import PartOfTask, Task
from cs_cnn.gradcheck import numerical_gradient

_SECTION = "foundations/two_layer_networks"
_KEYS = ("W1", "b1", "W2", "b2")
Params = dict[str, Array]


def _scores(params: Params, x: Array) -> Array:
    hidden = (x @ params["W1"] + params["b1"]).clip(min=0)
    scores: Array = np.asarray(hidden @ params["W2"] + params["b2"], dtype=np.float64)
    return scores


def _sizes(rng: np.random.Generator, count: int) -> list[int]:
    """Draw sizes from 3 to 7 that all differ: N, D, H, C mixed up must not fit together."""
    return [int(size) for size in rng.permutation(np.arange(3, 8))[:count]]


def _away_from_zero(rng: np.random.Generator, size: Any) -> Array:
    """Draw numbers of both signs whose size is between 0.3 and 1.5."""
    signs: Array = rng.choice([-1.0, 1.0], size=size)
    magnitudes: Array = rng.uniform(0.3, 1.5, size=size)
    return np.multiply(signs, magnitudes)


def grade_forward(bench: Bench) -> None:
    """Show one thing at a time: where no ReLU can act, where the hidden one must, where scores are negative."""
    rng = bench.rng
    for _ in range(bench.rounds):
        n, d, h, c = _sizes(rng, 4)
        positive = {
            "W1": rng.uniform(0.1, 1, (d, h)),
            "b1": rng.uniform(0.2, 1, h),
            "W2": rng.uniform(0.1, 1, (h, c)),
            "b2": rng.uniform(0.2, 1, c),
        }
        both_signs = {**positive, "W1": _away_from_zero(rng, (d, h)), "b1": _away_from_zero(rng, h)}
        signs = rng.choice([-1.0, 1.0], size=c)
        signs[0] = -1.0
        negative = {**positive, "W2": positive["W2"] * signs, "b1": np.zeros(h), "b2": np.zeros(c)}
        cases = (
            ("affine", positive, rng.uniform(0.1, 1, (n, d))),
            ("relu", both_signs, _away_from_zero(rng, (n, d))),
            ("scores", negative, rng.uniform(0.1, 1, (n, d))),
        )
        for part, params, x in cases:
            outcome = bench.call("forward", {"params": params, "x": x})
            scores, _ = bench.unpack(outcome, ("scores", "cache"), "forward")
            bench.expect(part, scores, partial(_scores, params, x), name="scores")


def _loss(scores: Array, y: Any) -> Array:
    rows = np.arange(len(y))
    return np.asarray((np.logaddexp.reduce(scores, axis=1) - scores[rows, y]).mean())


def _gradient_of_loss(scores: Array, y: Any) -> Array:
    # Measured on scores without their offsets, which change neither the loss nor its gradient.
    return numerical_gradient(lambda at: _loss(at, y), scores - scores.max(axis=1, keepdims=True))


def grade_loss(bench: Bench) -> None:
    """Compare on ordinary scores, with one confident wrong example, and with rows a thousand apart."""
    rng = bench.rng
    for _ in range(bench.rounds):
        n, c = _sizes(rng, 2)
        scores = rng.normal(0, 1.5, (n, c))
        y = rng.integers(0, c, size=n)
        y[0] = scores[0].argmax()  # one right prediction, one wrong one
        y[1] = scores[1].argmin()
        confident = scores.copy()
        confident[1, scores[1].argmax()] += 12.0
        offsets = rng.permutation(np.resize([1000.0, -1000.0, 0.0], n))[:, None]
        for suffix, given, tolerance in (
            ("", scores, 1e-5),
            ("", confident, 1e-5),
            (" (shifted)", scores + offsets, 1e-3),
        ):
            outcome = bench.call("softmax_loss", {"scores": given, "y": y})
            loss, dscores = bench.unpack(outcome, ("loss", "dscores"), "softmax_loss")
            bench.expect("loss" + suffix, loss, partial(_loss, given, y), name="loss", tolerance=tolerance)
            bench.expect(
                "dscores" + suffix,
                dscores,
                partial(_gradient_of_loss, given, y),
                own=partial(_own_gradient_of_loss, bench, given, y, c),
                name="dscores",
                tolerance=tolerance,
            )


def _own_gradient_of_loss(bench: Bench, scores: Array, y: Any, c: int) -> Array | None:
    """Differentiate the student's own loss, if that depends on scores and labels."""

    def loss(at: Array, labels: Any = y) -> Any:
        return bench.call("softmax_loss", {"scores": at, "y": labels}).value[0]

    try:
        alive = loss(scores) != loss(scores, (y + 1) % c)
    except Exception:
        return None
    return bench.own_gradient(loss, scores) if alive else None


def grade_backward(bench: Bench) -> None:
    """Compare every gradient with the slope of the scores, using the cache of the student's own forward."""
    rng = bench.rng
    for _ in range(bench.rounds):
        params, x, dscores = _network(rng)
        outcome = bench.call("forward", {"params": params, "x": x})
        _, cache = bench.unpack(outcome, ("scores", "cache"), "forward")
        if cache.failed:
            grads: dict[str, Outcome] = dict.fromkeys(_KEYS, cache)
        else:
            outcome = bench.call("backward", {"dscores": dscores, "cache": Shared(cache.value)})
            where = Outcome(
                outcome.value, f"x of shape {x.shape}, scores of shape {dscores.shape}", outcome.failed
            )
            grads = bench.entries(where, _KEYS, "backward")
        for key in _KEYS:
            bench.expect(
                f"d{key}",
                grads[key],
                partial(_gradient, params, x, dscores, key),
                own=partial(_own_gradient, bench, params, x, dscores, key),
                name=f'grads["{key}"]',
            )


def _gradient(params: Params, x: Array, dscores: Array, key: str) -> Array:
    """Measure how the weighted scores change with one parameter array."""
    return numerical_gradient(lambda at: _scores({**params, key: at}, x), params[key].copy(), dscores)


def _network(rng: np.random.Generator) -> tuple[Params, Array, Array]:
    """Draw a network, inputs and an upstream gradient, with no hidden unit near the kink of ReLU."""
    n, d, h, c = _sizes(rng, 4)
    while True:
        params = {
            "W1": _away_from_zero(rng, (d, h)),
            "b1": _away_from_zero(rng, h),
            "W2": _away_from_zero(rng, (h, c)),
            "b2": _away_from_zero(rng, c),
        }
        x = _away_from_zero(rng, (n, d))
        hidden = x @ params["W1"] + params["b1"]
        active = hidden > 0
        if np.abs(hidden).min() > 1e-3 and active.any(axis=0).all() and not active.all():
            return params, x, _away_from_zero(rng, (n, c))


def _own_gradient(bench: Bench, params: Params, x: Array, dscores: Array, key: str) -> Array | None:
    """Differentiate the student's own scores, if every row of them depends on its own row of x."""

    def scores(at: Array, inputs: Array = x) -> Any:
        return bench.call("forward", {"params": {**params, key: at}, "x": inputs}).value[0]

    try:
        moved = np.asarray(scores(params[key], x + 0.1)) != np.asarray(scores(params[key]))
        alive = bool(moved.any(axis=1).all())
    except Exception:
        return None
    return bench.own_gradient(scores, params[key], dscores) if alive else None


_FORWARD_HINT = "Take N = 1 and H = 2, compute both layers on paper, and print every intermediate result."
_LOSS_HINT = "Try two classes with scores 0 and 0: the loss is log 2. Then follow one row through every line."
_SHIFT_HINT = "Adding a constant to a row of scores changes no probability. Which constant keeps exp small?"
_BACKWARD_HINT = (
    "Write the shape beside every quantity: a gradient has the shape of what it belongs to. Then follow one arrow of "
    "the graph backwards at a time."
)

TASKS = (
    Task(
        name="a2.forward",
        number="2.3",
        asks="forward",
        functions=("forward",),
        parts=(
            PartOfTask("affine", 4, "both layers where everything is positive", _FORWARD_HINT),
            PartOfTask("relu", 3, "hidden units of both signs", _FORWARD_HINT),
            PartOfTask("scores", 3, "negative scores", _FORWARD_HINT),
        ),
        grade=grade_forward,
        section=f"{_SECTION}#two-layer-forward",
    ),
    Task(
        name="a2.loss",
        number="2.4",
        asks="softmax_loss",
        functions=("softmax_loss",),
        parts=(
            PartOfTask("loss", 3, "the mean loss, also for a confident wrong row", _LOSS_HINT),
            PartOfTask("loss (shifted)", 2, "rows of scores a thousand apart", _SHIFT_HINT),
            PartOfTask(
                "dscores",
                3,
                "the gradient of the loss",
                "Compare one entry with a numerical gradient of your loss.",
            ),
            PartOfTask("dscores (shifted)", 2, "rows of scores a thousand apart", _SHIFT_HINT),
        ),
        grade=grade_loss,
        section=f"{_SECTION}#two-layer-loss",
    ),
    Task(
        name="a2.backward",
        number="2.5",
        asks="backward",
        functions=("forward", "backward"),
        parts=(
            PartOfTask("dW1", 4, "equals the numerical gradient", _BACKWARD_HINT),
            PartOfTask("db1", 3, "equals the numerical gradient", _BACKWARD_HINT),
            PartOfTask("dW2", 4, "equals the numerical gradient", _BACKWARD_HINT),
            PartOfTask("db2", 3, "equals the numerical gradient", _BACKWARD_HINT),
        ),
        grade=grade_backward,
        section=f"{_SECTION}#two-layer-backward",
    ),
)
