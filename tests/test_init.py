"""Initial weights: how large, and what that does to a deep network."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cs_cnn.init import fans, he_normal, small_normal, xavier_normal

sizes = st.integers(1, 6)


@given(st.tuples(sizes, sizes, sizes, sizes))
def test_fans_of_a_convolution_equal_torch(shape: tuple[int, int, int, int]) -> None:
    assert fans(shape) == torch.nn.init._calculate_fan_in_and_fan_out(torch.empty(shape))


@given(st.tuples(sizes, sizes))
def test_fans_of_an_affine_layer_equal_torch(shape: tuple[int, int]) -> None:
    rows, columns = shape  # torch stores (M, D)
    assert fans(shape) == torch.nn.init._calculate_fan_in_and_fan_out(torch.empty(columns, rows))


@pytest.mark.parametrize("shape", [(400, 900), (60, 20, 3, 3)])
def test_standard_deviations(shape: tuple[int, ...]) -> None:
    fan_in, fan_out = fans(shape)
    rng = np.random.default_rng(0)
    for weights, std in (
        (small_normal(shape, rng), 0.01),
        (small_normal(shape, rng, std=0.5), 0.5),
        (xavier_normal(shape, rng, mode="fan_in"), 1 / np.sqrt(fan_in)),
        (xavier_normal(shape, rng), np.sqrt(2 / (fan_in + fan_out))),
        (he_normal(shape, rng), np.sqrt(2 / fan_in)),
        (he_normal(shape, rng, fan_in=50), 0.2),
    ):
        assert weights.shape == shape
        assert np.isclose(weights.std(), std, rtol=0.03)
        assert abs(weights.mean()) < 5 * std / np.sqrt(weights.size)


def test_the_lectures_lines_are_ours() -> None:
    """F028, F029: 0.01 * randn(D, H), and randn(fan_in, fan_out) / sqrt(fan_in)."""
    draw = np.random.default_rng(3).standard_normal((500, 400))
    assert np.allclose(small_normal((500, 400), np.random.default_rng(3)), 0.01 * draw)
    ours = xavier_normal((500, 400), np.random.default_rng(3), mode="fan_in")
    assert np.allclose(ours, draw / np.sqrt(500))


def signal(
    init: Callable[[tuple[int, ...], np.random.Generator], np.ndarray],
    activation: Callable[[np.ndarray], np.ndarray],
) -> list[float]:
    """Send 1000 random inputs through ten layers of 500, and return the standard deviation after each."""
    rng = np.random.default_rng(0)
    h = rng.normal(size=(1000, 500))
    stds = []
    for _ in range(10):
        h = activation(h @ init((500, 500), rng))
        stds.append(float(h.std()))
    return stds


def relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)


def test_small_weights_let_a_deep_net_fall_silent() -> None:
    """F028: fine for one layer; ten layers of tanh and nothing is left."""
    stds = signal(small_normal, np.tanh)
    assert np.isclose(stds[0], 0.21, atol=0.01)
    assert np.isclose(stds[4], 5e-4, rtol=0.3)
    assert np.isclose(stds[9], 3e-7, rtol=0.4)


@pytest.mark.parametrize("mode", ["fan_in", "fan_avg"])
def test_xavier_keeps_tanh_alive(mode: str) -> None:
    """F029; with 500 in and 500 out both forms are the same."""
    stds = signal(lambda shape, rng: xavier_normal(shape, rng, mode=mode), np.tanh)  # type: ignore[arg-type]
    assert np.allclose([stds[0], stds[4], stds[9]], [0.63, 0.32, 0.23], atol=0.02)


def test_xavier_is_too_small_for_relus() -> None:
    stds = signal(xavier_normal, relu)
    assert stds[9] < stds[0] / 10


def test_the_printed_formula_for_relus_explodes_and_its_reciprocal_is_stable() -> None:
    """F030: one lecture divides by sqrt(2 / fan_in), where it should multiply."""

    def printed(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        return rng.normal(size=shape) / np.sqrt(2 / shape[0])

    stds = signal(printed, relu)
    assert np.allclose([stds[0], stds[4], stds[9]], [206, 7.9e11, 7.6e23], rtol=0.3)
    stds = signal(he_normal, relu)
    assert np.allclose([stds[0], stds[4], stds[9]], [0.82, 0.85, 0.80], atol=0.1)


@pytest.mark.parametrize(
    ("draw", "sentence"),
    [
        (lambda rng: small_normal((2, 2), rng, std=-1), "std must be at least 0"),
        (lambda rng: small_normal((2, 2), rng, std=float("nan")), "std must be at least 0"),
        (lambda rng: xavier_normal((2, 2), rng, mode="fan_out"), 'mode must be "fan_avg" or "fan_in"'),
        (lambda rng: xavier_normal((2,), rng), "biases start at zero"),
        (lambda rng: he_normal((5,), rng), "shape must be"),
        (lambda rng: he_normal((0, 5), rng), "without 0"),
        (lambda rng: he_normal((3, 5), rng, fan_in=0), "fan_in must be at least 1"),
    ],
)
def test_settings_out_of_range(draw: Callable[[np.random.Generator], object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        draw(np.random.default_rng(0))
