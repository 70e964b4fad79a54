"""Maxout and highway layers: what they contain as special cases."""

from __future__ import annotations

import numpy as np
import pytest

from cs_cnn.layers import (
    affine_forward,
    highway_backward,
    highway_forward,
    maxout_backward,
    maxout_forward,
    relu_forward,
)

rng = np.random.default_rng(0)


def test_maxout_with_a_piece_of_zeros_is_a_relu() -> None:
    x, w, b = rng.normal(size=(5, 4)), rng.normal(size=(4, 3)), rng.normal(size=3)
    out, _ = maxout_forward(x, np.stack([w, 0 * w]), np.stack([b, 0 * b]))
    assert np.allclose(out, relu_forward(affine_forward(x, w, b)[0])[0])


def test_the_lectures_maxout_has_two_pieces() -> None:
    """F023: max(w1 x + b1, w2 x + b2)."""
    x, w, b = rng.normal(size=(5, 4)), rng.normal(size=(2, 4, 3)), rng.normal(size=(2, 3))
    assert np.allclose(maxout_forward(x, w, b)[0], np.maximum(x @ w[0] + b[0], x @ w[1] + b[1]))


def test_of_equal_pieces_the_first_one_learns() -> None:
    w, b = np.ones((2, 1, 1)), np.zeros((2, 1))
    _, cache = maxout_forward(np.array([[3.0]]), w, b)
    _, dw, db = maxout_backward(np.array([[1.0]]), cache)
    assert dw.ravel().tolist() == [3, 0] and db.ravel().tolist() == [1, 0]


def deep(bias: float, depth: int = 50) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Run highway layers on top of each other, there and back: input, output, gradient there, gradient here."""
    draw = np.random.default_rng(1)
    x = out = draw.normal(size=(4, 6))
    caches = []
    for _ in range(depth):
        w, w_gate = 0.1 * draw.normal(size=(2, 6, 6))
        out, cache = highway_forward(out, w, np.zeros(6), w_gate, np.full(6, bias))
        caches.append(cache)
    dout = dx = draw.normal(size=out.shape)
    for cache in reversed(caches):
        dx = highway_backward(dx, cache)[0]
    return x, out, dout, dx


def test_a_closed_gate_passes_signal_and_gradient_through_any_depth() -> None:
    x, out, dout, dx = deep(-20.0)
    assert np.allclose(out, x, atol=1e-5) and np.allclose(dx, dout, atol=1e-5)


def test_without_the_gate_bias_both_vanish() -> None:
    """S64: the reason for starting at a negative bias."""
    x, out, dout, dx = deep(0.0)
    assert np.abs(out).max() < 1e-6 * np.abs(x).max() and np.abs(dx).max() < 1e-6 * np.abs(dout).max()
    x, out, _, _ = deep(-5.0)
    assert np.abs(out).max() > 0.3 * np.abs(x).max()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"w": np.ones((3, 2)), "b": np.ones(2)},
            r"w must have the shape of one matrix .* \(3, 3\), got \(3, 2\)",
        ),
        ({"w_gate": np.ones((2, 3))}, "w_gate must have the shape of one matrix"),
        ({"b_gate": np.ones(2)}, r"b_gate must have shape \(M,\) with M = 3"),
        ({"activation": "gelu"}, 'activation must be "relu" or "tanh"'),
    ],
)
def test_wrong_arguments_of_a_highway_layer(changes: dict, sentence: str) -> None:
    arguments = {
        "x": np.ones((2, 3)),
        "w": np.ones((3, 3)),
        "b": np.ones(3),
        "w_gate": np.ones((3, 3)),
        "b_gate": np.ones(3),
    }
    with pytest.raises(ValueError, match=sentence):
        highway_forward(**(arguments | changes))


def test_wrong_shapes_of_maxout() -> None:
    with pytest.raises(ValueError, match=r"b must have shape \(K, M\) with K = 2 and M = 4"):
        maxout_forward(np.ones((2, 3)), np.ones((2, 3, 4)), np.ones(4))
