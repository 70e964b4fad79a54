"""Assignment 4: the reference solution, points, fairness, and what is never graded."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cs_cnn import checks
from cs_cnn.checks.assignments.a4 import TASKS, conv, pooling, windows
from cs_cnn.checks.pairs import Case, away_from_zero, distinct, slope

Functions = dict[str, Callable[..., Any]]
SOURCE = Path(__file__).parents[2] / "solutions" / "a4_convolution" / "convolution.py"
EVERY = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)


@pytest.fixture(scope="module")
def solution(solutions: Callable[[str], Functions]) -> Functions:
    """Return the functions of the reference solution by name."""
    return solutions("a4")


@EVERY
def test_unfinished_functions_earn_nothing_and_are_named(task: checks.Task) -> None:
    code = "\n".join(f"def {name}(*_, **__):\n    raise NotImplementedError()" for name in task.functions)
    names: dict[str, Any] = {}
    exec(code, names)
    report = checks.run(task.name, names)
    assert report.points == 0
    assert len(report.messages) == 1 and "not implemented yet" in report.messages[0]
    assert re.search(r"[Tt]ask 4\.\d+ ", report.messages[0])


def test_points_and_numbers_are_those_of_the_notebook() -> None:
    text = SOURCE.read_text(encoding="utf-8")
    for task in TASKS:
        (points,) = re.findall(
            rf"^## Task {task.number}: .*\((\d+) points", text.replace("# ##", "##"), re.MULTILINE
        )
        assert float(points) == task.points
        cell = task.name.split(".")[1]
        assert f'# %% test="{cell}" points={points}\n' in text
    written = sum(int(points) for points in re.findall(r'written="\w+" points=(\d+)', text))
    assert sum(task.points for task in TASKS) + written == 100


def test_the_worked_numbers_of_the_notebook_are_right(solution: Functions) -> None:
    image = np.arange(1.0, 10).reshape(1, 1, 3, 3)
    w, b = np.array([[[[1.0, 0], [0, -1]]]]), np.array([0.5])
    size = solution["output_size"]
    assert (size(7, 3, stride=2), size(8, 3, stride=2), size(32, 5, pad=2)) == (3, 3, 32)
    out, cache = solution["conv2d_forward"](image, w, b)
    assert np.all(out == -3.5)
    padded, _ = solution["conv2d_forward"](image, w, b, pad=1)
    assert padded.shape == (1, 1, 4, 4) and padded[0, 0, 0, 0] == -0.5 and padded[0, 0, -1, -1] == 9.5
    dx, dw, db = solution["conv2d_backward"](np.ones((1, 1, 2, 2)), cache)
    assert db.tolist() == [4] and dw[0, 0].tolist() == [[12, 16], [24, 28]]
    assert (dx[0, 0, 0, 0], dx[0, 0, 1, 1], dx[0, 0, 2, 2]) == (1, 0, -1)
    gradient = solution["numerical_gradient"](lambda x: x**2, np.array([1.0, -3.0]), np.array([1.0, 10.0]))
    assert np.allclose(gradient, [2, -60])
    small = np.array([[[[1.0, 3, 2], [4, 6, 5], [3, 1, 9]]]])
    dout = np.array([[[[1.0, 2], [3, 4]]]])
    out, cache = solution["max_pool2d_forward"](small, size=(2, 2), stride=1)
    assert out[0, 0].tolist() == [[6, 6], [6, 9]]
    assert solution["max_pool2d_backward"](dout, cache)[0, 0].tolist() == [[0, 0, 0], [0, 6, 0], [0, 0, 4]]
    out, cache = solution["avg_pool2d_forward"](small, size=(2, 2), stride=1)
    assert out[0, 0].tolist() == [[3.5, 4], [3.5, 5.25]]
    shared = solution["avg_pool2d_backward"](dout, cache)
    assert (shared[0, 0, 1, 1], shared[0, 0, 0, 0]) == (2.5, 0.25)
    columns = solution["im2col"](image, (2, 2))
    assert columns[:, :2].T.tolist() == [[1, 2, 4, 5], [2, 3, 5, 6]]
    summed = solution["col2im"](np.ones((4, 4)), (1, 1, 3, 3), (2, 2))
    assert summed[0, 0].tolist() == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
    filters, _ = solution["affine_to_conv2d"](np.array([[1.0, 2], [3, 4]]), np.zeros(2), (1, 1, 2))
    assert filters[0].ravel().tolist() == [1, 3]
    deep = np.stack([np.ones((3, 3)), 2 * np.ones((3, 3))])
    mixed = solution["depthwise_separable"](
        np.ones((1, 2, 3, 3)), deep, np.array([[1.0, 1], [1, -1]]), np.array([0.0, 1])
    )
    assert mixed.ravel().tolist() == [27, -8]
    assert solution["conv_cost"]((3, 32, 32), 10, (5, 5), pad=2) == (750, 10, 768_000)
    assert solution["separable_cost"]((3, 32, 32), 10, (5, 5), pad=2) == (105, 107_520)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("pad", [0, 1, 2])
def test_the_checks_own_gradients_are_what_is_measured(stride: int, pad: int) -> None:
    rng = np.random.default_rng(stride + 10 * pad)
    kernel, image = windows.draw(rng, stride=stride, pad=pad)
    x, w = away_from_zero(rng, (2, 2, *image)), away_from_zero(rng, (3, 2, *kernel))
    case = Case({"x": x, "w": w, "b": away_from_zero(rng, 3)}, {"stride": stride, "pad": pad})
    dout = away_from_zero(rng, conv.convolve(**case.arguments, **case.options).shape)
    for wrt in conv.CONV.wrt:
        right = slope(conv.CONV, case, dout, wrt, measured=True)
        assert np.allclose(slope(conv.CONV, case, dout, wrt), right, atol=1e-7)
    kernel, image = windows.draw(rng, stride=stride)
    case = Case({"x": distinct(rng, (2, 2, *image))}, {"size": kernel, "stride": stride})
    for pair in (pooling.MAXIMUM, pooling.AVERAGE):
        dout = away_from_zero(rng, pair.right(**case.arguments, **case.options).shape)
        right = slope(pair, case, dout, "x", measured=True)
        assert np.allclose(slope(pair, case, dout, "x"), right, atol=1e-7)


def test_backward_follows_the_students_own_forward(solution: Functions) -> None:
    """A flipped kernel costs the forward task, and the gradients of that layer cost nothing more."""

    def forward(x: Any, w: Any, b: Any, stride: int = 1, pad: int = 0) -> Any:
        return solution["conv2d_forward"](x, w[:, :, ::-1, ::-1], b, stride, pad)

    def backward(dout: Any, cache: Any) -> Any:
        dx, dw, db = solution["conv2d_backward"](dout, cache)
        return dx, dw[:, :, ::-1, ::-1], db

    assert checks.run("a4.conv2d_forward", forward).points == 2
    report = checks.run("a4.conv2d_backward", [forward, backward])
    assert report.ok
    assert any("own forward pass" in remark for remark in report.advice)


def test_a_forward_of_another_size_is_followed_too(solution: Functions) -> None:
    def forward(x: Any, w: Any, b: Any, stride: int = 1, pad: int = 0) -> Any:
        out, cache = solution["conv2d_forward"](x, w, b, stride, pad)
        return out[:, :, :-1], cache  # one row of positions is forgotten

    report = checks.run("a4.conv2d_backward", [forward, solution["conv2d_backward"]])
    assert report.ok
    assert checks.run("a4.conv2d_forward", forward).points == 0


def test_a_layer_of_nothing_earns_nothing() -> None:
    def forward(x: Any, w: Any, b: Any, stride: int = 1, pad: int = 0) -> Any:
        high, wide = ((n + 2 * pad - k) // stride + 1 for n, k in zip(x.shape[2:], w.shape[2:], strict=True))
        return np.zeros((len(x), len(w), high, wide)), (x, w, b)

    def backward(dout: Any, cache: Any) -> Any:
        return tuple(0 * array for array in cache)

    assert checks.run("a4.conv2d_forward", forward).points == 0
    assert checks.run("a4.conv2d_backward", [forward, backward]).points == 0


def test_each_gradient_counts_alone(solution: Functions) -> None:
    for which, points in ((0, 7), (1, 9), (2, 10)):

        def backward(dout: Any, cache: Any, which: int = which) -> Any:
            gradients = list(solution["conv2d_backward"](dout, cache))
            gradients[which] = gradients[which] + 1.0
            return tuple(gradients)

        report = checks.run("a4.conv2d_backward", [solution["conv2d_forward"], backward])
        assert report.points == points
        assert report.hints


@pytest.mark.parametrize("seed", range(8))
def test_broadcasting_does_not_hide_a_shape(solution: Functions, seed: int) -> None:
    def backward(dout: Any, cache: Any) -> Any:
        dx, dw, db = solution["conv2d_backward"](dout, cache)
        return dx, dw, db[None]

    report = checks.run("a4.conv2d_backward", [solution["conv2d_forward"], backward], hidden=True, seed=seed)
    assert report.points == 10 and report.mistakes == ("db_in_a_row",)


def test_ties_are_not_graded(solution: Functions) -> None:
    """Give the gradient to every largest pixel, to the first or to the last: all are right here."""

    def last(dout: Any, cache: Any) -> Any:
        x, (hh, ww), stride = cache
        dx = np.zeros(x.shape)
        for n, c, i, j in np.ndindex(*dout.shape):
            window = x[n, c, i * stride : i * stride + hh, j * stride : j * stride + ww]
            k, m = np.argwhere(window == window.max())[-1]
            dx[n, c, i * stride + k, j * stride + m] += dout[n, c, i, j]
        return dx

    for seed in range(10):
        functions = [solution["max_pool2d_forward"], last]
        assert checks.run("a4.max_pool2d_backward", functions, hidden=True, seed=seed).ok


def test_windows_of_the_draws_fit_and_are_not_square() -> None:
    rng = np.random.default_rng(0)
    for stride, pad in [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2), (3, 0), (3, 2)]:
        for _ in range(20):
            kernel, image = windows.draw(rng, stride=stride, pad=pad)
            assert kernel[0] != kernel[1] and image[0] != image[1]
            assert all((n + 2 * pad - k) % stride == 0 for n, k in zip(image, kernel, strict=True))


def test_a_changed_argument_and_a_float_size_are_advice(solution: Functions) -> None:
    def in_place(x: Any, w: Any, b: Any, stride: int = 1, pad: int = 0) -> Any:
        result = solution["conv2d_forward"](x, w, b, stride, pad)
        x *= 0
        return result

    report = checks.run("a4.conv2d_forward", in_place)
    assert report.ok and any("changes its argument x" in remark for remark in report.advice)
    report = checks.run(
        "a4.output_size", lambda n, k, stride=1, pad=0: np.floor((n + 2 * pad - k) / stride) + 1
    )
    assert report.ok and any("returns a float" in remark for remark in report.advice)


def test_a_strange_value_is_no_crash() -> None:
    for task in TASKS:
        for value in (None, "text", 3.0, (1,), [None] * 3, {"a": 1}, np.array(["x"])):
            functions = [lambda *_, value=value, **__: value for _ in task.functions]
            report = checks.run(task.name, functions)
            assert report.points == 0 and not report.broken
