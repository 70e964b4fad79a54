"""Testing at several scales, as in VGG (Simonyan & Zisserman, 2015), from the pieces that are there."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from cs_cnn.augment import average_crops
from cs_cnn.layers import affine_grid_forward, conv2d_forward, global_avg_pool2d_forward, grid_sample_forward


def resized(x: np.ndarray, size: int) -> np.ndarray:
    """Return square images of another size: the sampler, on the grid of the identity."""
    identity = np.tile(np.eye(2, 3), (len(x), 1, 1)).astype(x.dtype)
    grid, _ = affine_grid_forward(identity, shape=(size, size))
    return grid_sample_forward(x, grid)[0]


def scores(x: np.ndarray) -> np.ndarray:
    """Return the class scores of a network that accepts images of every size."""
    w = np.random.default_rng(3).normal(size=(4, 3, 3, 3))
    features, _ = conv2d_forward(x, w, np.zeros(4), pad=1)
    pooled, _ = global_avg_pool2d_forward(np.maximum(features, 0))
    return pooled.reshape(len(x), -1)


@pytest.mark.parametrize("size", [12, 16, 23])
def test_the_sampler_resizes_like_pytorch(size: int) -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 12, 12))
    inside = slice(1, -1) if size > 12 else slice(None)  # beyond the last pixel's centre ours sees the border
    right = F.interpolate(torch.tensor(x), size=(size, size), mode="bilinear", align_corners=False).numpy()
    np.testing.assert_allclose(resized(x, size)[..., inside, inside], right[..., inside, inside], atol=1e-12)


def test_scales_are_averaged_with_equal_weight() -> None:
    x, sizes = np.random.default_rng(1).normal(size=(2, 3, 12, 12)), (10, 12, 16)
    together = np.mean([average_crops(scores, resized(x, size), 8) for size in sizes], axis=0)
    crops = [
        crop[..., ::flip]
        for size in sizes
        for crop in _corners_and_centre(resized(x, size), 8)
        for flip in (1, -1)
    ]
    assert len(crops) == 30  # as many views of each scale, so all views have the same weight
    np.testing.assert_allclose(together, np.mean([scores(crop) for crop in crops], axis=0), rtol=1e-12)


def test_what_looks_the_same_at_every_scale_is_scored_the_same() -> None:
    flat = np.full((1, 3, 12, 12), 2.0)
    inner = [resized(flat, size)[..., 2:-2, 2:-2] for size in (12, 17, 24)]
    found = [average_crops(scores, x, 6) for x in inner]
    np.testing.assert_allclose(found[1:], [found[0]] * 2, rtol=1e-12)


def _corners_and_centre(x: np.ndarray, size: int) -> list[np.ndarray]:
    last = x.shape[2] - size
    places = [(0, 0), (0, last), (last, 0), (last, last), (last // 2, last // 2)]
    return [x[:, :, top : top + size, left : left + size] for top, left in places]
