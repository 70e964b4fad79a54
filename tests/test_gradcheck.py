"""The gradient check itself: it passes the right, fails the wrong, and says what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

from cs_cnn import gradcheck
from cs_cnn.layers import (
    affine_backward,
    affine_forward,
    conv2d_backward,
    conv2d_forward,
    relu_backward,
    relu_forward,
)

rng = np.random.default_rng(0)
AFFINE = {"x": rng.normal(size=(4, 3)), "w": rng.normal(size=(3, 3)), "b": rng.normal(size=3)}


def change(index: int, how: Callable[[np.ndarray], np.ndarray]) -> Callable[..., tuple]:
    """Return the affine layer's backward with one gradient spoilt."""

    def backward(dout: np.ndarray, cache: tuple) -> tuple:
        gradients = list(affine_backward(dout, cache))
        gradients[index] = how(gradients[index])
        return tuple(gradients)

    return backward


def spoil_one(a: np.ndarray) -> np.ndarray:
    a = a.copy()
    a[2, 1] += 0.5
    return a


@pytest.mark.parametrize(
    ("index", "how", "cause", "words"),
    [
        (1, lambda a: a / 4, "ratio", "1 over the number of examples"),
        (1, lambda a: 2 * a, "ratio", "2 times the expected"),
        (0, lambda a: -a, "sign", "only the sign"),
        (1, lambda a: a.T, "transposed", "transpose"),
        (1, np.zeros_like, "zero", "every entry is zero"),
        (2, lambda a: a[np.newaxis], "shape", r"db must have the shape of b, \(3,\), got \(1, 3\)"),
        (0, lambda a: a * np.nan, "not finite", "not finite"),
        (1, spoil_one, "", r"at \(2, 1\) expected"),
    ],
)
def test_a_wrong_gradient_is_described(index: int, how: Callable, cause: str, words: str) -> None:
    report = gradcheck.check(affine_forward, change(index, how), AFFINE)
    wrong = [line for line in report.lines if not line.ok]
    assert [line.name for line in wrong] == ["xwb"[index]]
    assert wrong[0].cause == cause
    assert re.search(words, wrong[0].message)
    with pytest.raises(gradcheck.GradientError) as error:
        report.raise_if_wrong()
    assert max(map(len, str(error.value).splitlines())) <= 96


def test_a_single_number_has_no_ratio_that_means_something() -> None:
    line = gradcheck.compare("b", np.array([1.09]), np.array([1.0]))
    assert not line.ok and line.cause == ""


def test_a_wrong_border_is_described() -> None:
    def backward(dout: np.ndarray, cache: tuple) -> tuple:
        dx, dw, db = conv2d_backward(dout, cache)
        dx = dx.copy()
        dx[:, :, 0] *= 0.5
        return dx, dw, db

    arrays = {"x": rng.normal(size=(2, 1, 5, 4)), "w": rng.normal(size=(2, 1, 3, 3)), "b": rng.normal(size=2)}
    report = gradcheck.check(conv2d_forward, backward, arrays, options={"pad": 1})
    assert [line.cause for line in report.lines] == ["border", "", ""]


def test_an_argument_changed_in_place_is_reported() -> None:
    def forward(x: np.ndarray) -> tuple:
        out, cache = relu_forward(x.copy())
        x += 1
        return out, cache

    report = gradcheck.check(forward, relu_backward, {"x": rng.normal(size=(3, 2))})
    assert [line.cause for line in report.lines] == ["", "in place"]


def test_a_forgotten_upstream_gradient_is_found() -> None:
    report = gradcheck.check(
        relu_forward, lambda dout, cache: (cache > 0) * 1.0, {"x": rng.normal(size=(3, 2))}
    )
    assert not report.ok


def test_the_numerical_gradient_leaves_its_argument_alone_and_copies_results() -> None:
    x = rng.normal(size=(2, 3))
    before = x.copy()
    assert np.allclose(gradcheck.numerical_gradient(lambda z: z, x), 1)
    assert np.array_equal(x, before)


def test_central_differences_are_exact_to_the_square_of_the_step() -> None:
    errors = [
        abs(gradcheck.numerical_gradient(lambda z: z**3, np.array([1.0]), step=step)[0] - 3)
        for step in (1e-2, 1e-3)
    ]
    assert 90 < errors[0] / errors[1] < 110


@pytest.mark.parametrize("x", [np.ones(2, np.float32), [1.0, 2.0], np.ones(2, int)])
def test_only_float64_can_be_checked(x: object) -> None:
    with pytest.raises(TypeError, match="x must be an array of float64"):
        gradcheck.numerical_gradient(np.sum, x)


def test_wrong_calls_are_sentences() -> None:
    with pytest.raises(ValueError, match="wrt names 'v'"):
        gradcheck.check(affine_forward, affine_backward, AFFINE, wrt=["v"])
    with pytest.raises(ValueError, match="must return 2 gradients"):
        gradcheck.check(affine_forward, affine_backward, AFFINE, wrt=["x", "w"])


def test_relative_error_of_unlike_things_is_infinite() -> None:
    assert gradcheck.relative_error(np.ones(2), np.ones(3)) == np.inf
    assert gradcheck.relative_error(np.array([np.nan]), np.ones(1)) == np.inf
    assert gradcheck.relative_error(np.zeros(3), np.zeros(3)) == 0
