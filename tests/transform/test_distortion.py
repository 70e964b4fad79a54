"""Distorted images: where they lie, what undoes them, and scraps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_cnn.layers import affine_grid_forward, grid_sample_forward
from cs_cnn.transform.distortion import distort, similarity_maps


def test_a_quarter_turn_by_hand() -> None:
    """Turned clockwise by 90 degrees, the upper left corner comes to the upper right."""
    image = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    maps = similarity_maps(np.ones(1), np.array([np.pi / 2]), np.zeros((1, 2)))
    out, _ = grid_sample_forward(image, affine_grid_forward(maps, shape=2)[0])
    assert np.allclose(out[0, 0], [[3, 1], [4, 2]])


def test_places_by_hand() -> None:
    """Half as large, in the lower right quarter."""
    maps = similarity_maps(np.array([0.5]), np.zeros(1), np.array([[0.5, 0.5]]))
    out, _ = grid_sample_forward(np.ones((1, 1, 4, 4)), affine_grid_forward(maps, shape=8)[0])
    expected = np.zeros((8, 8))
    expected[4:, 4:] = 1
    assert np.allclose(out[0, 0], expected)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 3), st.integers(8, 20), st.floats(0.3, 1.0))
def test_nothing_is_cut_off(seed: int, n: int, size: int, share: float) -> None:
    image = np.ones((n, 1, 6, 6), np.float32)
    result = distort(image, size=size, sides=(share, share), rng=np.random.default_rng(seed))
    assert result.images.shape == (n, 1, size, size) and result.maps.shape == (n, 2, 3)
    # The whole square is there: its area, up to what bilinear edges do.
    assert np.allclose(result.images.sum(axis=(1, 2, 3)), (share * size) ** 2, rtol=0.12, atol=3)


def test_the_inverse_brings_back_the_image() -> None:
    rows, columns = np.mgrid[-1:1:20j, -1:1:20j]
    smooth = np.exp(-3 * ((columns - 0.2) ** 2 + 2 * rows**2))[None, None].astype(np.float32)
    result = distort(smooth, size=40, angle=60, sides=(0.7, 0.7), rng=np.random.default_rng(3))
    grid, _ = affine_grid_forward(result.inverse(), shape=20)
    back, _ = grid_sample_forward(result.images.astype(np.float64), grid)
    inner = (..., slice(3, -3), slice(3, -3))
    assert np.abs(back[inner] - smooth[inner]).max() < 0.05
    assert np.abs(result.images[0, 0, 10:30, 10:30] - smooth[0, 0]).max() > 0.3  # it had moved


def test_scraps_are_pieces_of_the_images() -> None:
    """One image is dark, so that all that is bright in it comes from the others."""
    images = np.zeros((4, 1, 8, 8), np.float32)
    images[1:] = 0.75
    without = distort(images, size=24, sides=(0.5, 0.5), rng=np.random.default_rng(0))
    with_scraps = distort(images, size=24, sides=(0.5, 0.5), scraps=5, rng=np.random.default_rng(0))
    assert np.array_equal(without.maps, with_scraps.maps)
    assert not without.images[0].any() and (with_scraps.images >= without.images).all()
    bright = with_scraps.images[0, 0] > 0.7
    assert 4 <= bright.sum() <= 5 * 4 * 4 and with_scraps.images.max() <= 0.75


def test_scraps_of_small_images_are_not_empty() -> None:
    """Pieces are cut after the images were resized, so that tiny ones have some as well."""
    images = np.random.default_rng(0).random((6, 1, 4, 4)).astype(np.float32)
    without = distort(images, size=48, sides=(0.4, 0.4), rng=np.random.default_rng(1)).images
    result = distort(images, size=48, sides=(0.4, 0.4), scraps=6, rng=np.random.default_rng(1)).images
    assert ((result > without).sum(axis=(1, 2, 3)) > 20).all()


def test_a_seed_decides_everything() -> None:
    images = np.random.default_rng(0).random((3, 1, 8, 8), np.float32)
    one, other, third = (
        distort(images, size=16, angle=30, scraps=2, rng=np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert np.array_equal(one.images, other.images) and not np.array_equal(one.images, third.images)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"images": np.zeros((2, 3, 8, 8), np.float32)}, r"images must have shape \(N, 1, H, H\)"),
        ({"images": np.zeros((0, 1, 8, 8), np.float32)}, "at least one"),
        ({"sides": (0.0, 1.0)}, "sides must be two shares above 0 and up to 1"),
        ({"sides": (0.9, 0.5)}, "sides must be"),
        ({"sides": (0.5, 1.5)}, "sides must be"),
        ({"size": 3}, "size at least 4"),
        ({"scraps": -1}, "scraps at least 0"),
        ({"angle": -5.0}, "angle and scraps at least 0"),
    ],
)
def test_bad_settings(changed: dict, sentence: str) -> None:
    given_ = {"images": np.zeros((2, 1, 8, 8), np.float32), "size": 16, "rng": np.random.default_rng(0)}
    arguments = {**given_, **changed}
    with pytest.raises(ValueError, match=sentence):
        distort(arguments.pop("images"), **arguments)
