"""Other views of images: the right pixels, and the same ones for the same seed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from cs_cnn.augment import average_crops, flip, jitter, random_crop, shift, ten_crop

VIEWS: dict[str, Callable[..., np.ndarray]] = {
    "flip": flip,
    "random_crop": partial(random_crop, size=(5, 4), pad=1),
    "shift": partial(shift, by=2),
    "jitter": partial(jitter, brightness=0.2, contrast=0.5, colour=0.3),
}
every_view = pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)


def images(n: int = 6, dtype: type = np.float64) -> np.ndarray:
    return np.random.default_rng(0).uniform(size=(n, 3, 7, 6)).astype(dtype)


@every_view
def test_the_same_seed_gives_the_same_views(view: Callable[..., np.ndarray]) -> None:
    x = images(20)
    first, second, other = (view(x, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


@every_view
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_type_and_argument_stay_as_they_are(view: Callable[..., np.ndarray], dtype: type) -> None:
    x = images(dtype=dtype)
    before = x.copy()
    out = view(x, np.random.default_rng(0))
    assert out.dtype == dtype
    out *= 0
    assert np.array_equal(x, before)


@every_view
def test_every_image_has_a_draw_of_its_own(view: Callable[..., np.ndarray]) -> None:
    x = np.repeat(images(1), 50, axis=0)
    assert len(np.unique(view(x, np.random.default_rng(0)), axis=0)) > 1


@every_view
@pytest.mark.parametrize("wrong", [np.zeros((3, 7, 6)), np.zeros((1, 3, 7, 6), int)])
def test_something_else_than_images_is_a_sentence(view: Callable[..., np.ndarray], wrong: np.ndarray) -> None:
    with pytest.raises(
        (ValueError, TypeError), match=r"x must have shape|x must hold floating-point numbers"
    ):
        view(wrong, np.random.default_rng(0))


def test_flip_mirrors_about_half() -> None:
    x = images(400)
    out = flip(x, np.random.default_rng(0))
    same = (out == x).all(axis=(1, 2, 3))
    mirrored = (out == x[..., ::-1]).all(axis=(1, 2, 3))
    assert (same ^ mirrored).all()
    assert 150 < mirrored.sum() < 250
    assert np.array_equal(flip(x, np.random.default_rng(0), p=0), x)


def test_a_crop_is_a_window_and_every_window_comes() -> None:
    x = np.arange(7 * 6, dtype=float).reshape(1, 1, 7, 6)
    out = random_crop(np.repeat(x, 500, axis=0), np.random.default_rng(0), size=(5, 4))
    corners = {(int(v) // 6, int(v) % 6) for v in out[:, 0, 0, 0]}
    assert corners == {(i, j) for i in range(3) for j in range(3)}
    for crop in out:
        i, j = divmod(int(crop[0, 0, 0]), 6)
        assert np.array_equal(crop, x[0, :, i : i + 5, j : j + 4])


def test_channels_are_cut_at_the_same_place() -> None:
    x = np.repeat(images()[:, :1], 3, axis=1)
    out = random_crop(x, np.random.default_rng(0), size=3)
    assert (out == out[:, :1]).all()


def test_a_shift_moves_and_fills_with_zeros() -> None:
    x = images() + 1
    out = shift(np.repeat(x[:1], 300, axis=0), np.random.default_rng(0), by=(1, 0))
    moves = {
        "up": np.pad(x[0], ((0, 0), (0, 1), (0, 0)))[:, 1:],
        "stay": x[0],
        "down": np.pad(x[0], ((0, 0), (1, 0), (0, 0)))[:, :-1],
    }
    counts = [int((out == moved).all(axis=(1, 2, 3)).sum()) for moved in moves.values()]
    assert sum(counts) == 300 and min(counts) > 70


def test_jitter_does_what_it_says() -> None:
    x = images(200) * 0.2 + 0.4
    rng = np.random.default_rng
    brighter = jitter(x, rng(0), brightness=0.3) - x
    assert np.allclose(brighter, brighter[:, :1, :1, :1])
    assert -0.3 <= brighter.min() < -0.25 and 0.25 < brighter.max() <= 0.3
    stretched = jitter(x, rng(0), contrast=0.5)
    assert np.allclose(stretched.mean(axis=(2, 3)), x.mean(axis=(2, 3)))
    ratio = stretched.std(axis=(2, 3)) / x.std(axis=(2, 3))
    assert 0.5 <= ratio.min() < 0.6 and 1.4 < ratio.max() <= 1.5
    gain = jitter(x, rng(0), colour=0.1) / x
    assert np.allclose(gain, gain[:, :, :1, :1])
    assert not np.allclose(gain[:, 0], gain[:, 1])
    assert gain.min() >= 0.9 and gain.max() <= 1.1


def test_jitter_stays_within_its_limits() -> None:
    x = images()
    out = jitter(x, np.random.default_rng(0), brightness=0.9)
    assert out.min() == 0 and out.max() == 1
    assert jitter(x, np.random.default_rng(0), brightness=0.9, limits=None).max() > 1


def test_nothing_asked_nothing_changed() -> None:
    assert np.allclose(jitter(images(), np.random.default_rng(0)), images(), rtol=0, atol=1e-15)
    assert np.array_equal(shift(images(), np.random.default_rng(0), by=0), images())


def test_ten_crops_are_the_corners_the_centre_and_their_mirrors() -> None:
    x = images()
    crops = ten_crop(x, (5, 4))
    assert crops.shape == (6, 10, 3, 5, 4)
    places = [(0, 0), (0, 2), (2, 0), (2, 2), (1, 1)]
    for k, (i, j) in enumerate(places):
        assert np.array_equal(crops[:, k], x[:, :, i : i + 5, j : j + 4])
        assert np.array_equal(crops[:, k + 5], crops[:, k, :, :, ::-1])


def test_averaging_over_the_crops() -> None:
    x = images()

    def answer(crops: np.ndarray) -> np.ndarray:
        return crops[:, :2, 0, 0]

    expected = np.mean([answer(crops) for crops in np.moveaxis(ten_crop(x, 4), 1, 0)], axis=0)
    out = average_crops(answer, x, 4)
    assert out.shape == (6, 2)
    assert np.allclose(out, expected)
    assert np.allclose(average_crops(answer, x, 4), average_crops(answer, x[..., ::-1], 4))


@pytest.mark.parametrize(
    ("view", "sentence"),
    [
        (partial(flip, p=1.5), "p must lie between 0 and 1"),
        (partial(random_crop, size=9, pad=0), "size must be at most the 7 by 6 pixels"),
        (partial(random_crop, size=0), "size must be a whole number >= 1"),
        (partial(shift, by=-1), "pad must be a whole number"),
        (partial(jitter, brightness=-0.1), "brightness must be at least 0"),
        (partial(jitter, contrast=1.1), "contrast must be at least 0 and at most 1"),
        (lambda x, rng: ten_crop(x, 8), "size must be at most"),
    ],
)
def test_settings_out_of_range(view: Callable[..., np.ndarray], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        view(images(), np.random.default_rng(0))
