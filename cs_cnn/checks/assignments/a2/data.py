"""Assignment 2, problem 2: reading the data file, and the first parameters."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from cs_cnn.checks.bench import Array, Bench, Outcome
from cs_cnn.checks.compare import agrees, as_array
from cs_cnn.checks.task import PartOfTask, Task

_SECTION = "foundations/two_layer_networks"
ROWS, TRAIN, FEATURES, CLASSES = 500, 400, 8, 4


def grade_load(bench: Bench) -> None:
    """Write a file in the format of the homework and look at what is read from it."""
    for _ in range(bench.rounds):
        x = np.round(bench.rng.random((ROWS, FEATURES)), 4)
        # No first feature occurs twice: it tells which row of the file a row is.
        x[:, 0] = bench.rng.choice(10_000, size=ROWS, replace=False) / 10_000
        y = bench.rng.integers(0, CLASSES, size=ROWS)
        lines = [
            "".join(f"{value:.4f} " for value in row) + f"{label + 1} \n"
            for row, label in zip(x, y, strict=True)
        ]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "dataset.txt")
            path.write_text("".join(lines), encoding="utf-8")
            outcome = bench.call("load_data", {"path": str(path)})
        _judge_split(
            bench, bench.unpack(outcome, ("x_train", "y_train", "x_test", "y_test"), "load_data"), x, y
        )


def _judge_split(bench: Bench, outcomes: list[Outcome], x: Array, y: Any) -> None:
    """Judge features, labels and the split, each as far as possible apart from the others."""
    if outcomes[0].failed:
        for part in ("features", "labels", "split"):
            bench.expect(part, outcomes[0], lambda: x)
        return
    arrays = [as_array(outcome.value) for outcome in outcomes]
    names = ("x_train", "y_train", "x_test", "y_test")
    for name, array in zip(names, arrays, strict=True):
        if array is None or array.ndim == 0:
            for part in ("features", "labels", "split"):
                bench.judge(part, False, f"{name} is not an array of numbers.")
            return
    x_train, y_train, x_test, y_test = (array for array in arrays if array is not None)
    sizes = [len(x_train), len(y_train), len(x_test), len(y_test)]
    rows = [_rows(x_train, x), _rows(x_test, x)]

    for name, got, index in (("x_train", x_train, rows[0]), ("x_test", x_test, rows[1])):
        right_shape = got.ndim == 2 and got.shape[1] == FEATURES
        message = f"{name} has shape {got.shape}, expected (rows, {FEATURES})."
        if bench.judge("features", right_shape, message, record=got):
            message = f"{name} does not hold the {FEATURES} features of the rows of the file."
            bench.judge("features", index is not None and agrees(got, x[index]), message, record=got)

    for name, got, index in (("y_train", y_train, rows[0]), ("y_test", y_test, rows[1])):
        original = outcomes[names.index(name)].value
        whole = np.asarray(original).dtype.kind in "iu"
        bench.judge("labels", got.ndim == 1, f"{name} has shape {got.shape}, expected one axis.", record=got)
        flat = got.ravel()
        expected = y[index] if index is not None and len(index) == len(flat) else None
        if expected is None:  # the rows of x do not help: take the file's order
            expected = y[:TRAIN] if name == "y_train" else y[TRAIN:]
        span = f"from {flat.min():g} to {flat.max():g}" if flat.size else "of no row"
        message = f"{name} holds labels {span}, which are not the classes of its rows counted from 0."
        bench.judge("labels", flat.shape == expected.shape and agrees(flat, expected.astype(float)), message)
        kind = np.asarray(original).dtype
        message = (
            f"{name} holds numbers of type {kind}; labels are integers, since they will be used as indices."
        )
        bench.judge("labels", whole, message, record=[float(whole)])

    expected_sizes = [TRAIN, TRAIN, ROWS - TRAIN, ROWS - TRAIN]
    message = f"x_train, y_train, x_test, y_test have {sizes} rows, expected {expected_sizes}."
    if bench.judge("split", sizes == expected_sizes, message, record=sizes):
        order = np.arange(ROWS)
        in_order = all(
            index is None or bool(np.array_equal(index, order[start : start + len(index)]))
            for index, start in zip(rows, (0, TRAIN), strict=True)
        )
        mixed = "shuffled" if rows[0] is not None and bool((np.diff(rows[0]) < 0).any()) else ""
        message = "The rows are not in the order of the file: its first 400 are for training, its last 100 for test."
        bench.judge("split", in_order, message, mistake=mixed, record=[-1] if rows[0] is None else rows[0])


def _rows(got: Array, x: Array) -> Any:
    """Find which rows of the file these are, by the first feature; None when they are not rows of it."""
    if got.ndim != 2 or got.shape[1] == 0:
        return None
    by_first = {round(float(value), 4): number for number, value in enumerate(x[:, 0])}
    numbers = [by_first.get(round(float(value), 4), -1) for value in got[:, 0]]
    return np.array(numbers) if -1 not in numbers else None


def grade_init(bench: Bench) -> None:
    """Look at the shapes, the spread and the randomness of fresh parameters."""
    rng = bench.rng
    for _ in range(bench.rounds):
        d, h, c = int(rng.integers(110, 150)), int(rng.integers(60, 100)), int(rng.integers(5, 10))
        first, second = (int(seed) for seed in rng.choice(10_000, size=2, replace=False))
        draws = []
        for seed in (first, first, second):
            given = {"n_inputs": d, "n_hidden": h, "n_classes": c, "rng": np.random.default_rng(seed)}
            draws.append(
                bench.entries(bench.call("init_params", given), ("W1", "b1", "W2", "b2"), "init_params")
            )
        for key, shape in (("W1", (d, h)), ("W2", (h, c))):
            _judge_weights(bench, key, shape, [draw[key] for draw in draws])
        for key, units in (("b1", h), ("b2", c)):
            _judge_bias(bench, key, (units,), draws[0][key])


def _array_of_shape(bench: Bench, key: str, outcome: Outcome, shape: tuple[int, ...]) -> Array | None:
    if outcome.failed:
        bench.judge(key, False, outcome.failed.sentence)
        return None
    array = as_array(outcome.value)
    if array is None:
        bench.judge(key, False, f"{key} is not an array of numbers.")
        return None
    mistake = ""
    if array.ndim == 0:
        mistake = "scalar_bias"
    elif array.shape == (1, *shape):
        mistake = "row_bias"
    elif len(shape) == 2 and array.shape == shape[::-1]:
        mistake = "transposed"
    if bench.judge(
        key, array.shape == shape, f"{key} has shape {array.shape}, expected {shape}.", mistake=mistake
    ):
        return array
    return None


def _judge_weights(bench: Bench, key: str, shape: tuple[int, ...], draws: list[Outcome]) -> None:
    weights = _array_of_shape(bench, key, draws[0], shape)
    again, other = as_array(draws[1].value), as_array(draws[2].value)
    if weights is None or again is None or other is None:
        return
    if not bench.judge(key, bool(np.isfinite(weights).all()), f"{key} holds nan or infinite numbers."):
        return
    spread, mean = float(weights.std()), float(weights.mean())
    if not bench.judge(key, bool(np.any(weights)), f"{key} is zero everywhere.", mistake="zeros"):
        return
    columns_differ = all(bool(np.any(weights[:, 0] != weights[:, column])) for column in range(1, shape[1]))
    if not bench.judge(
        key, columns_differ, f"Columns of {key} are equal, so units are.", mistake="equal_units"
    ):
        return
    message = f"The mean of {key} is {mean:.3g} and its standard deviation {spread:.3g}: not centred at zero."
    bench.judge(key, abs(mean) <= 0.25 * spread, message, mistake="all_positive")
    message = (
        f"The standard deviation of {key} is {spread:.3g} for {shape[0]} inputs; at most 0.5 was asked for."
    )
    bench.judge(
        key,
        float(np.sqrt((weights**2).mean())) <= 0.5 or abs(mean) > 0.25 * spread,
        message,
        mistake="not_scaled",
    )
    repeats = again.shape == weights.shape and bool(np.array_equal(again, weights))
    message = f"{key} differs between two calls with generators of the same seed."
    bench.judge(key, repeats, message, mistake="global_random")
    fixed = other.shape == weights.shape and bool(np.array_equal(other, weights))
    message = f"{key} is the same for generators of different seeds."
    bench.judge(key, not fixed, message, mistake="fixed_seed")


def _judge_bias(bench: Bench, key: str, shape: tuple[int, ...], draw: Outcome) -> None:
    bias = _array_of_shape(bench, key, draw, shape)
    if bias is not None:
        bench.judge(key, not np.any(bias), f"{key} is not zero at the start.", mistake="random_biases")


_WEIGHTS_HINT = (
    "Print the shape, the mean and the standard deviation of every array for 120 inputs and 80 hidden units."
)

TASKS = (
    Task(
        name="a2.load",
        number="2.1",
        asks="load_data",
        functions=("load_data",),
        parts=(
            PartOfTask(
                "features",
                2,
                "8 features in every row",
                "Print the first row beside the first line of the file.",
            ),
            PartOfTask(
                "labels",
                2,
                "labels as integers from 0",
                "Print the first labels and their dtype beside the file.",
            ),
            PartOfTask(
                "split", 2, "400 and 100 rows in the order of the file", "Which slice are the first 400 rows?"
            ),
        ),
        grade=grade_load,
        section=f"{_SECTION}#two-layer-data",
    ),
    Task(
        name="a2.init",
        number="2.2",
        asks="init_params",
        functions=("init_params",),
        parts=(
            PartOfTask("W1", 2, "shape, spread, and drawn from rng", _WEIGHTS_HINT),
            PartOfTask("b1", 1, "shape, and zero", _WEIGHTS_HINT),
            PartOfTask("W2", 2, "shape, spread, and drawn from rng", _WEIGHTS_HINT),
            PartOfTask("b2", 1, "shape, and zero", _WEIGHTS_HINT),
        ),
        grade=grade_init,
        section=f"{_SECTION}#two-layer-initialisation",
    ),
)
