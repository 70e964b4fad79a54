"""Fully connected layers and convolutions are each other's special case."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_cnn.layers import (
    affine_forward,
    affine_to_conv2d,
    conv2d_forward,
    conv2d_to_affine,
    conv_transpose2d_forward,
    max_pool2d_forward,
    relu_forward,
)
from cs_cnn.layers.registry import layers


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_the_logits_are_identical(rng: np.random.Generator) -> None:
    x, w, b = rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(60, 10)), rng.normal(size=10)
    filters, biases = affine_to_conv2d(w, b, (3, 4, 5))
    out, _ = conv2d_forward(x, filters, biases)
    assert out.shape == (2, 10, 1, 1)
    assert np.allclose(out[:, :, 0, 0], affine_forward(x, w, b)[0])


def test_a_larger_image_gives_a_map_of_scores(rng: np.random.Generator) -> None:
    """A whole small network at every position, in one pass: each score is that of the network on a crop."""
    w1, b1 = rng.normal(size=(4, 1, 3, 3)), rng.normal(size=4)
    w2, b2 = rng.normal(size=(4 * 3 * 3, 6)), rng.normal(size=6)
    w3, b3 = rng.normal(size=(6, 5)), rng.normal(size=5)

    def features(x: np.ndarray) -> np.ndarray:
        return max_pool2d_forward(relu_forward(conv2d_forward(x, w1, b1)[0])[0])[0]

    def network(x: np.ndarray) -> np.ndarray:
        return affine_forward(relu_forward(affine_forward(features(x), w2, b2)[0])[0], w3, b3)[0]

    def everywhere(x: np.ndarray) -> np.ndarray:
        hidden, _ = conv2d_forward(features(x), *affine_to_conv2d(w2, b2, (4, 3, 3)))
        return conv2d_forward(relu_forward(hidden)[0], *affine_to_conv2d(w3, b3, (6, 1, 1)))[0]

    x = rng.normal(size=(1, 1, 14, 12))
    scores = everywhere(x)
    assert scores.shape == (1, 5, 4, 3)
    for i, j in np.ndindex(4, 3):
        # One step on the map is as many pixels as the network's strides together.
        crop = x[:, :, 2 * i : 2 * i + 8, 2 * j : 2 * j + 8]
        assert np.allclose(scores[:, :, i, j], network(crop))


@given(data=st.data())
def test_a_convolution_is_a_large_matrix(data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    sample = layers()["conv2d"].sample(lambda low, high: data.draw(st.integers(low, high)), rng)
    x, w, b = sample.arrays.values()
    matrix, biases = conv2d_to_affine(w, b, x.shape[1:], **sample.options)
    out, _ = conv2d_forward(x, w, b, **sample.options)
    assert np.allclose(affine_forward(x, matrix, biases)[0], out.reshape(len(x), -1))


def test_the_matrix_is_sparse_and_its_numbers_repeat(rng: np.random.Generator) -> None:
    w, b = rng.normal(size=(2, 3, 3, 3)), rng.normal(size=2)
    matrix, _ = conv2d_to_affine(w, b, (3, 6, 6))
    assert matrix.shape == (3 * 6 * 6, 2 * 4 * 4)
    # Every output sees 27 of the 108 pixels, with the same 54 numbers over and over.
    assert (np.count_nonzero(matrix, axis=0) == 27).all()
    assert set(np.unique(matrix)) == {0, *w.ravel()}


def test_the_transposed_matrix_is_the_transposed_convolution(rng: np.random.Generator) -> None:
    w, y = rng.normal(size=(2, 3, 3, 3)), rng.normal(size=(1, 2, 3, 3))
    matrix, _ = conv2d_to_affine(w, np.zeros(2), (3, 5, 5), stride=2, pad=1)
    back, _ = conv_transpose2d_forward(y, w, np.zeros(3), stride=2, pad=1)
    assert np.allclose(y.reshape(1, -1) @ matrix.T, back.reshape(1, -1))


def test_there_and_back_is_the_same_layer(rng: np.random.Generator) -> None:
    w, b = rng.normal(size=(12, 5)), rng.normal(size=5)
    matrix, biases = conv2d_to_affine(*affine_to_conv2d(w, b, (3, 2, 2)), (3, 2, 2))
    assert np.array_equal(matrix, w)
    assert np.array_equal(biases, b)


def test_the_lectures_numbers() -> None:
    """F013 and F003 as a matrix: 3072 by 4704 = 14 million numbers, for the 456 of six filters; F016: 10^12."""
    shape, w, b = (3, 32, 32), np.zeros((6, 3, 5, 5), np.float32), np.zeros(6, np.float32)
    out, _ = conv2d_forward(np.zeros((1, *shape), np.float32), w, b)
    assert (np.prod(shape), out.size, np.prod(shape) * out.size) == (3072, 4704, 14_450_688)
    assert w.size + b.size == 456
    pixels = 1000 * 1000
    assert pixels * 10**6 == 10**12


def test_what_comes_back_is_a_copy(rng: np.random.Generator) -> None:
    w, b = rng.normal(size=(4, 1)), rng.normal(size=1)
    filters, biases = affine_to_conv2d(w, b, (1, 2, 2))
    filters[:], biases[:] = 0, 0
    assert w.all()
    assert b.all()


def test_single_precision_stays_so() -> None:
    w, b = np.ones((2, 1, 2, 2), np.float32), np.zeros(2, np.float32)
    assert {a.dtype for a in conv2d_to_affine(w, b, (1, 3, 3))} == {np.dtype(np.float32)}


@pytest.mark.parametrize("shape", [(3, 2, 3), (3, 4), (12, 1, 1, 1), (-3, -4, 1), (3, 4, 1.0), 12])
def test_a_wrong_shape_is_a_sentence(shape: Any) -> None:
    with pytest.raises(ValueError, match=r"shape must be .*\(C, H, W\).*, got"):
        affine_to_conv2d(np.ones((12, 2)), np.zeros(2), shape)


def test_what_the_convolution_refuses_is_refused() -> None:
    w, b = np.ones((2, 1, 2, 2)), np.zeros(2)
    with pytest.raises(ValueError, match=r"shape must be three whole numbers \(C, H, W\), got \(3, 3\)"):
        conv2d_to_affine(w, b, (3, 3))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="w must have 3 channels"):
        conv2d_to_affine(w, b, (3, 4, 4))
    with pytest.raises(ValueError, match="larger than the input"):
        conv2d_to_affine(w, b, (1, 1, 1))
