"""The spatial transformer's two halves, against pictures whose answer is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cs_cnn.gradcheck import check
from cs_cnn.layers import (
    affine_grid_backward,
    affine_grid_forward,
    grid_sample_backward,
    grid_sample_forward,
    grid_sample_plain,
)

both = pytest.mark.parametrize("align_corners", [False, True])
IDENTITY = np.array([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])


def transform(x: np.ndarray, theta: np.ndarray, *, align_corners: bool) -> tuple[np.ndarray, Any]:
    """The spatial transformer: a map, its grid, and the image read there."""
    grid, of_grid = affine_grid_forward(theta, shape=x.shape[2:], align_corners=align_corners)
    out, of_sample = grid_sample_forward(x, grid, align_corners=align_corners)
    return out, (of_grid, of_sample)


def transform_backward(dout: np.ndarray, cache: Any) -> tuple[np.ndarray, np.ndarray]:
    dx, dgrid = grid_sample_backward(dout, cache[1])
    return dx, affine_grid_backward(dgrid, cache[0])


@pytest.fixture
def x() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(1, 2, 4, 6))


@both
def test_the_identity_shows_the_image(x: np.ndarray, align_corners: bool) -> None:
    assert np.allclose(transform(x, IDENTITY, align_corners=align_corners)[0], x)


@both
def test_a_step_of_one_pixel_moves_the_image(x: np.ndarray, align_corners: bool) -> None:
    """The point read lies one pixel to the right, so the image moves to the left, and a zero comes in."""
    theta = IDENTITY.copy()
    theta[0, 0, 2] = 2 / (5 if align_corners else 6)
    out, _ = transform(x, theta, align_corners=align_corners)
    assert np.allclose(out[..., :-1], x[..., 1:])
    assert np.allclose(out[..., -1], 0)


@both
def test_a_quarter_turn(align_corners: bool) -> None:
    x = np.random.default_rng(0).normal(size=(1, 1, 5, 5))
    turn = np.array([[[0.0, -1.0, 0.0], [1.0, 0.0, 0.0]]])
    out, _ = transform(x, turn, align_corners=align_corners)
    assert np.allclose(out, np.rot90(x, axes=(2, 3)))


@both
def test_a_mirror(x: np.ndarray, align_corners: bool) -> None:
    mirror = IDENTITY * np.array([[-1.0], [1.0]])
    assert np.allclose(transform(x, mirror, align_corners=align_corners)[0], x[..., ::-1])


def test_between_four_pixels_lies_their_mean(x: np.ndarray) -> None:
    out, _ = grid_sample_forward(x, np.zeros((1, 1, 1, 2)))
    assert np.allclose(out[0, :, 0, 0], x[0, :, 1:3, 2:4].mean(axis=(1, 2)))


def test_where_the_corners_are() -> None:
    """-1 is the outer edge of the first pixel, where half of what is read lies outside; or it is its centre."""
    corner = -np.ones((1, 1, 1, 2))
    assert grid_sample_forward(np.ones((1, 1, 3, 3)), corner)[0].item() == 0.25
    assert grid_sample_forward(np.ones((1, 1, 3, 3)), corner, align_corners=True)[0].item() == 1


@pytest.mark.parametrize("far", [3.0, -3.0, 1e30, -1e30])
def test_far_outside_there_is_nothing(x: np.ndarray, far: float) -> None:
    out, cache = grid_sample_forward(x, np.full((1, 2, 2, 2), far))
    assert not out.any()
    assert not any(gradient.any() for gradient in grid_sample_backward(np.ones_like(out), cache))


@both
def test_on_a_pixel_the_slope_is_the_one_to_the_right_and_down(align_corners: bool) -> None:
    x = np.array([[[[1.0, 2.0, 4.0], [1.0, 2.0, 4.0], [1.0, 2.0, 7.0]]]])
    _, cache = grid_sample_forward(x, np.zeros((1, 1, 1, 2)), align_corners=align_corners)
    _, dgrid = grid_sample_backward(np.ones((1, 1, 1, 1)), cache)
    pixels_per_step = 1 if align_corners else 1.5
    assert np.allclose(dgrid.ravel(), [2 * pixels_per_step, 0])


@both
def test_the_gradient_reaches_the_map(x: np.ndarray, align_corners: bool) -> None:
    theta = np.array([[[0.83, 0.11, 0.07], [-0.13, 0.71, 0.05]]])

    def forward(x: np.ndarray, theta: np.ndarray) -> tuple[np.ndarray, Any]:
        return transform(x, theta, align_corners=align_corners)

    check(forward, transform_backward, {"x": x, "theta": theta}).raise_if_wrong()


def test_a_map_can_be_learnt() -> None:
    """A blob is off its place by 3 pixels and 2: gradient descent on the shift alone brings it back."""
    rows, columns = np.mgrid[0:21, 0:21]
    blob = np.exp(-((rows - 12.0) ** 2 + (columns - 7.0) ** 2) / 9)[None, None]
    goal = np.exp(-((rows - 10.0) ** 2 + (columns - 10.0) ** 2) / 9)[None, None]
    theta = IDENTITY.copy()
    for _ in range(100):
        out, cache = transform(blob, theta, align_corners=True)
        _, dtheta = transform_backward(out - goal, cache)
        theta[0, :, 2] -= 0.01 * dtheta[0, :, 2]
    assert np.allclose(theta[0, :, 2] * 10, [-3, 2], atol=0.02)


def test_a_single_pixel_lies_in_the_middle() -> None:
    for align_corners in (False, True):
        grid, _ = affine_grid_forward(IDENTITY + 0.5, shape=1, align_corners=align_corners)
        assert np.allclose(grid, 0.5)


def test_a_grid_in_single_precision_stays_so() -> None:
    grid, cache = affine_grid_forward(IDENTITY.astype(np.float32), shape=(3, 4))
    assert grid.dtype == affine_grid_backward(grid, cache).dtype == np.float32


@pytest.mark.parametrize("function", [grid_sample_forward, grid_sample_plain])
@pytest.mark.parametrize(
    ("grid", "sentence"),
    [
        (np.zeros((1, 2, 2, 3)), "grid must hold two coordinates"),
        (np.zeros((2, 2, 2, 2)), r"grid must have shape \(N, H_out, W_out, 2\) with N = 1"),
        (np.zeros((1, 2, 2)), "grid must have shape"),
        (np.full((1, 2, 2, 2), np.nan), "grid must hold finite coordinates"),
    ],
)
def test_a_wrong_grid_is_a_sentence(function: Any, grid: np.ndarray, sentence: str, x: np.ndarray) -> None:
    with pytest.raises(ValueError, match=sentence):
        function(x, grid)


@pytest.mark.parametrize("shape", [(2, 3), (1, 3, 3), (1, 2, 2), (1, 2, 4)])
def test_a_wrong_map_is_a_sentence(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"theta must have shape \(N, 2, 3\)"):
        affine_grid_forward(np.ones(shape), shape=4)


def test_a_wrong_size_is_a_sentence() -> None:
    with pytest.raises(ValueError, match="shape must be a whole number >= 1"):
        affine_grid_forward(IDENTITY, shape=0)
