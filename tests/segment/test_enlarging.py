"""A transposed convolution that begins as bilinear interpolation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from cs_cnn.layers import conv_transpose2d_forward
from cs_cnn.segment import bilinear_kernel, bilinear_weights
from cs_cnn.segment.enlarging import bilinear_padding
from cs_cnn.segment.net import enlarger


def test_by_hand() -> None:
    """Doubling: a new pixel lies a quarter of an old one away from the nearer, three quarters from the other."""
    assert bilinear_kernel(1).tolist() == [[1.0]]
    assert (bilinear_kernel(2)[1] * 16).tolist() == [3.0, 9.0, 9.0, 3.0]
    row = np.array([[[[4.0, 8.0, 0.0]]]])
    out, _ = conv_transpose2d_forward(
        row.repeat(3, axis=2), bilinear_weights(1, 2), np.zeros(1), stride=2, pad=1
    )
    # Between 4 and 8: 3/4 of the nearer, 1/4 of the other; at the edge a quarter is lost.
    assert out[0, 0, 2].tolist() == pytest.approx([3.0, 5.0, 7.0, 6.0, 2.0, 0.0])


@given(st.integers(1, 6), st.integers(1, 3), st.integers(3, 6), st.integers(3, 6), st.integers(0, 10**6))
def test_away_from_the_border_equal_to_interpolate(
    factor: int, channels: int, height: int, width: int, seed: int
) -> None:
    maps = torch.tensor(np.random.default_rng(seed).normal(size=(2, channels, height, width)))
    out = enlarger(channels, factor).double()(maps)
    assert out.shape == (2, channels, factor * height, factor * width)
    theirs = F.interpolate(maps, scale_factor=factor, mode="bilinear", align_corners=False)
    inner = (..., slice(factor, -factor), slice(factor, -factor))
    torch.testing.assert_close(out[inner], theirs[inner])


@given(st.integers(1, 8))
def test_every_pixel_lies_under_weights_that_add_up_to_one(factor: int) -> None:
    grey = np.ones((1, 1, 5, 5))
    out, _ = conv_transpose2d_forward(
        grey, bilinear_weights(1, factor), np.zeros(1), stride=factor, pad=bilinear_padding(factor)
    )
    assert np.allclose(out[..., factor:-factor, factor:-factor], 1)


def test_channels_do_not_mix() -> None:
    maps = torch.zeros(1, 3, 2, 2)
    maps[0, 1] = 1
    out = enlarger(3, 2)(maps)
    assert out[0, 1].min() > 0 and not out[0, [0, 2]].any()


@pytest.mark.parametrize("factor", [0, -1, 2.0, True, "2"])
def test_factors_that_cannot_be(factor: object) -> None:
    with pytest.raises(ValueError, match="factor must be a whole number of at least 1, got"):
        bilinear_kernel(factor)  # type: ignore[arg-type]


def test_channels_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="channels must be a whole number of at least 1, got 0"):
        bilinear_weights(0, 2)
