"""The gradient check itself: it passes the right, fails the wrong, and says what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cs_cnn import gradcheck
from cs_cnn.gradcheck import measuring
from cs_cnn.layers import (
    affine_backward,
    affine_forward,
    conv2d_backward,
    conv2d_forward,
    dropout_backward,
    dropout_forward,
    max_pool2d_forward,
    relu_backward,
    relu_forward,
)
from cs_cnn.layers.registry import layers

rng = np.random.default_rng(0)
AFFINE = {"x": rng.normal(size=(4, 3)), "w": rng.normal(size=(3, 3)), "b": rng.normal(size=3)}
OBLONG = {"x": rng.normal(size=(4, 3)), "w": rng.normal(size=(3, 5)), "b": rng.normal(size=5)}
IMAGES = {"x": rng.normal(size=(2, 3, 6, 5)), "w": rng.normal(size=(3, 3, 3, 3)), "b": rng.normal(size=3)}


def spoil(
    backward: Callable[..., tuple], index: int, how: Callable[[np.ndarray], Any]
) -> Callable[..., tuple]:
    """Return a backward function with one gradient spoilt."""

    def spoilt(dout: np.ndarray, cache: tuple) -> tuple:
        gradients = list(backward(dout, cache))
        gradients[index] = how(gradients[index].copy())
        return tuple(gradients)

    return spoilt


def only_wrong_line(report: gradcheck.Report) -> gradcheck.Line:
    (line,) = [line for line in report.lines if not line.ok]
    return line


def spoil_one(a: np.ndarray) -> np.ndarray:
    a[2, 1] += 0.5
    return a


def keep_first(a: np.ndarray) -> np.ndarray:
    a[1:] = 0
    return a


def turn_row(a: np.ndarray) -> np.ndarray:
    a[1] *= -1
    return a


@pytest.mark.parametrize(
    ("index", "how", "cause", "words"),
    [
        (1, lambda a: a / 4, "ratio", "0.25 times the expected one, which is 1 over the number of examples"),
        (1, lambda a: 4 * a, "ratio", "which is the number of examples"),
        (1, lambda a: 2 * a, "ratio", "2 times the expected one: a sum counted twice"),
        (1, lambda a: a / 2, "ratio", "0.5 times the expected one: the 2 of a square"),
        (1, lambda a: 0.01 * a, "ratio", "0.01 times the expected one, like a learning rate"),
        (1, lambda a: -0.1 * a, "ratio", "-0.1 times the expected one, like a learning rate"),
        (2, lambda a: a / 12, "ratio", "1 over the number of numbers in the output"),
        (1, lambda a: 0.7 * a, "ratio", "0.7 times the expected one$"),
        (0, lambda a: -a, "sign", "only the sign"),
        (0, turn_row, "sign", "3 of 12 entries have the wrong sign"),
        (1, lambda a: a.T, "transposed", "transpose"),
        (1, lambda a: a[::-1], "flipped", "flipped along axis 0"),
        (1, np.zeros_like, "zero", "every entry is zero"),
        (0, keep_first, "one example", "zero for all but the first example"),
        (
            2,
            lambda a: a[np.newaxis],
            "broadcasts",
            r"db must have the shape of b, \(3,\), got \(1, 3\); .*keepdims",
        ),
        (2, np.sum, "broadcasts", r"got \(\); that broadcasts .* sum over fewer axes"),
        (0, lambda a: a[:, :2], "shape", r"dx must have the shape of x, \(4, 3\), got \(4, 2\)$"),
        (0, lambda a: None, "missing", "must be an array of numbers, got NoneType"),
        (0, lambda a: a * np.nan, "not finite", "not finite"),
        (1, spoil_one, "", r"at \(2, 1\) expected -?[\d.]+, got -?[\d.]+; 1 of 9 entries differ"),
    ],
)
def test_a_wrong_gradient_is_described(index: int, how: Callable, cause: str, words: str) -> None:
    report = gradcheck.check(affine_forward, spoil(affine_backward, index, how), AFFINE)
    line = only_wrong_line(report)
    assert (line.name, line.cause) == ("xwb"[index], cause)
    assert re.search(words, line.message)
    with pytest.raises(gradcheck.GradientError) as error:
        report.raise_if_wrong()
    assert max(map(len, str(error.value).splitlines())) <= 96


@pytest.mark.parametrize(
    ("index", "how", "cause", "words"),
    [
        (1, lambda a: a.T, "transposed", r"shape of w, \(3, 5\), got \(5, 3\); it is the transpose"),
        (1, lambda a: a.reshape(5, 3), "shape", r"got \(5, 3\)$"),
    ],
)
def test_a_transposed_matrix_that_is_not_square(index: int, how: Callable, cause: str, words: str) -> None:
    line = only_wrong_line(gradcheck.check(affine_forward, spoil(affine_backward, index, how), OBLONG))
    assert line.cause == cause and re.search(words, line.message)


@pytest.mark.parametrize(
    ("index", "how", "cause", "words"),
    [
        (1, lambda a: a.swapaxes(0, 1), "axes", "axes 0 and 1 are swapped"),
        (1, lambda a: a.swapaxes(2, 3), "axes", "axes 2 and 3 are swapped"),
        (1, lambda a: a.transpose(1, 2, 0, 3), "axes", r"transpose\(.*\) makes it right"),
        (1, lambda a: a[:, :, ::-1, ::-1], "flipped", "flipped along axes 2 and 3"),
        (0, lambda a: a.transpose(0, 1, 3, 2), "axes", r"got \(2, 3, 5, 6\); axes 2 and 3 are swapped"),
        (2, lambda a: a / (6 * 5), "ratio", "1 over the number of positions of one example"),
    ],
)
def test_swapped_axes_of_images(index: int, how: Callable, cause: str, words: str) -> None:
    backward = spoil(conv2d_backward, index, how)
    line = only_wrong_line(gradcheck.check(conv2d_forward, backward, IMAGES, options={"pad": 1}))
    assert line.cause == cause and re.search(words, line.message)


def test_a_bias_that_still_has_its_examples() -> None:
    def backward(dout: np.ndarray, cache: tuple) -> tuple:
        dx, dw, _ = conv2d_backward(dout, cache)
        return dx, dw, dout

    line = only_wrong_line(gradcheck.check(conv2d_forward, backward, IMAGES))
    assert line.cause == "not summed" and "its sum over axes 0, 2 and 3 is right" in line.message


def test_only_one_example_in_a_weight() -> None:
    def backward(dout: np.ndarray, cache: tuple) -> tuple:
        dx, _, db = affine_backward(dout, cache)
        for one, upstream in zip(cache[0], dout, strict=True):
            dw = np.outer(one, upstream)  # = where += is due
        return dx, dw, db

    line = only_wrong_line(gradcheck.check(affine_forward, backward, AFFINE))
    assert line.cause == "one example" and "only the last example is in it" in line.message


def overwriting_conv(dout: np.ndarray, cache: Any) -> tuple:
    """Spread dx with = where += is due."""
    _, dw, db = conv2d_backward(dout, cache)
    dx = np.zeros_like(IMAGES["x"])
    for i, j in np.ndindex(*dout.shape[2:]):
        dx[:, :, i : i + 3, j : j + 3] = np.einsum("nf,fchw->nchw", dout[:, :, i, j], cache.w)
    return dx, dw, db


def overwriting_pool(dout: np.ndarray, cache: Any) -> np.ndarray:
    dx = np.zeros((*dout.shape[:2], *cache.image))
    for index in np.ndindex(*dout.shape):
        n, c, i, j = index
        window = np.zeros(9)
        window[cache.winner[index]] = dout[index]
        dx[n, c, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3] = window.reshape(3, 3)
    return dx


def test_what_is_not_accumulated_is_recognised() -> None:
    line = only_wrong_line(gradcheck.check(conv2d_forward, overwriting_conv, IMAGES))
    assert (line.name, line.cause) == ("x", "not accumulated") and "+=" in line.message

    x = {"x": np.random.default_rng(3).permutation(98).reshape(1, 2, 7, 7) / 7}
    report = gradcheck.check(max_pool2d_forward, overwriting_pool, x, options={"size": 3, "stride": 2})
    assert only_wrong_line(report).cause == "not accumulated"


def test_a_single_number_has_no_ratio_that_means_something() -> None:
    line = gradcheck.compare("b", np.array([1.09]), np.array([1.0]))
    assert not line.ok and line.cause == ""


@pytest.mark.parametrize("factor", [0, rng.uniform(0.2, 0.8, (6, 5))], ids=["zero", "random"])
@pytest.mark.parametrize(
    ("margin", "words"), [(1, "only the border is"), (2, "only the outermost 2 pixels are")]
)
def test_a_wrong_border_is_described(margin: int, words: str, factor: Any) -> None:
    def half_border(dx: np.ndarray) -> np.ndarray:
        inside = dx[:, :, margin:-margin, margin:-margin].copy()
        dx *= factor
        dx[:, :, margin:-margin, margin:-margin] = inside
        return dx

    report = gradcheck.check(
        conv2d_forward, spoil(conv2d_backward, 0, half_border), IMAGES, options={"pad": 1}
    )
    assert [line.cause for line in report.lines] == ["border", "", ""]
    assert words in report.lines[0].message


def test_an_argument_without_effect_has_no_gradient() -> None:
    report = gradcheck.check(
        lambda x, unused: (x, None), lambda dout, _: (dout, dout), {"x": np.ones(3), "unused": np.ones(3)}
    )
    assert only_wrong_line(report).cause == "no effect"


def test_a_forward_that_is_not_finite_is_the_one_to_look_at() -> None:
    with np.errstate(all="ignore"):
        report = gradcheck.check(
            lambda x: (np.log(x), x), lambda dout, x: dout / np.maximum(x, 1), {"x": np.array([-1.0, 2.0])}
        )
    assert only_wrong_line(report).cause == "forward not finite"


def test_a_kink_is_said_and_not_held_against_the_backward() -> None:
    x = np.array([-1.0, 0.0, 2.0, 0.0, 1e-6])
    report = gradcheck.check(relu_forward, relu_backward, {"x": x})
    (line,) = report.lines
    assert line.ok and line.cause == "kink"
    assert re.search(
        r"is right: .*; x\[1\] \(and 2 more of its entries\) lies on a kink: the slope is", line.message
    )
    assert "move it" in line.message

    wrong = gradcheck.check(relu_forward, lambda dout, cache: -relu_backward(dout, cache), {"x": x})
    assert wrong.lines[0].cause == "sign" and "x[1] (and 2" in wrong.lines[0].message


def test_a_check_of_nothing_but_kinks_has_checked_nothing() -> None:
    (line,) = gradcheck.check(relu_forward, relu_backward, {"x": np.zeros(3)}).lines
    assert not line.ok and line.cause == "kink" and "could not be checked" in line.message


@pytest.mark.parametrize("f", [np.square, np.cosh, lambda x: np.sin(30 * x), lambda x: x**3])
def test_a_bend_is_no_kink(f: Callable) -> None:
    derivative = {np.square: lambda x: 2 * x, np.cosh: np.sinh}.get(f)
    x = np.array([0.0, 1e-4, 0.5, 3.0])
    if derivative:
        (line,) = gradcheck.check(lambda x: (f(x), x), lambda dout, x: dout * derivative(x), {"x": x}).lines
        assert line.ok and line.cause == ""
    assert not measuring.slopes(f, x, np.ones(4), [(i,) for i in range(4)]).kinks


def test_no_sample_of_a_layer_lies_on_a_kink() -> None:
    for layer in layers().values():
        for seed in range(3):
            draw = np.random.default_rng(seed)
            sample = layer.sample(lambda low, high, draw=draw: int(draw.integers(low, high + 1)), draw)
            report = gradcheck.check(
                layer.forward, layer.backward, sample.arrays, wrt=layer.wrt, options=sample.options
            )
            assert [line.cause for line in report.lines] == [""] * len(layer.wrt), layer.name


def test_large_arrays_are_sampled_and_the_report_says_so() -> None:
    calls = []

    def forward(x: np.ndarray) -> tuple:
        calls.append(1)
        return relu_forward(x)

    x = {"x": rng.uniform(1, 2, size=(50, 40))}
    report = gradcheck.check(forward, relu_backward, x, max_entries=30)
    assert report.ok and "in 30 of 2000 entries, drawn at random" in report.lines[0].message
    assert len(calls) < 70
    assert str(report) == str(gradcheck.check(forward, relu_backward, x, max_entries=30))

    def wrong(dout: np.ndarray, cache: np.ndarray) -> np.ndarray:
        return relu_backward(dout, cache) / 50

    (line,) = gradcheck.check(forward, wrong, x, max_entries=30).lines
    assert line.cause == "ratio" and "in 30 of 2000" in line.message
    assert "drawn" not in str(gradcheck.check(forward, relu_backward, x, max_entries=None))


def test_a_random_generator_in_options_draws_the_same_each_time() -> None:
    options = {"p": 0.5, "rng": np.random.default_rng(4)}
    state = options["rng"].bit_generator.state
    x = {"x": rng.normal(size=(4, 5))}
    gradcheck.check(dropout_forward, dropout_backward, x, options=options).raise_if_wrong()
    assert options["rng"].bit_generator.state == state

    def unseeded(x: np.ndarray) -> tuple:
        return dropout_forward(x, rng=np.random.default_rng())

    with pytest.raises(ValueError, match="forward must return the same for the same arguments"):
        gradcheck.check(unseeded, dropout_backward, x)


def test_changes_in_place_name_who_made_them() -> None:
    def backward(dout: np.ndarray, cache: np.ndarray) -> np.ndarray:
        dout[cache <= 0] = 0
        cache[:] = 7
        return dout

    report = gradcheck.check(relu_forward, backward, {"x": rng.normal(size=(3, 2))})
    assert [line.message for line in report.lines if line.cause == "in place"] == [
        "x was changed in place by backward: work on a copy",
        "dout was changed in place by backward: work on a copy",
    ]


def test_an_argument_changed_in_place_is_reported() -> None:
    def forward(x: np.ndarray) -> tuple:
        out, cache = relu_forward(x.copy())
        x += 1
        return out, cache

    report = gradcheck.check(forward, relu_backward, {"x": rng.normal(size=(3, 2))})
    assert [line.cause for line in report.lines] == ["", "in place"]
    assert report.lines[1].message == "x was changed in place by forward: work on a copy"


def test_a_forgotten_upstream_gradient_is_found() -> None:
    report = gradcheck.check(
        relu_forward, lambda dout, cache: (cache > 0) * 1.0, {"x": rng.normal(size=(3, 2))}
    )
    assert only_wrong_line(report).cause == "upstream"


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
