"""Normalization: running statistics, what it leaves unchanged, and the conventions that differ."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from cs_cnn.layers import (
    batch_norm2d_forward,
    batch_norm_backward,
    batch_norm_forward,
    layer_norm_backward,
    layer_norm_forward,
    local_response_norm_forward,
)

rng = np.random.default_rng(0)
ROWS = rng.normal(3, 2, size=(6, 4))
IMAGES = rng.normal(3, 2, size=(2, 4, 3, 5))
ONE, ZERO = np.ones(4), np.zeros(4)


def test_every_feature_has_mean_0_and_variance_1_over_the_batch() -> None:
    out, _ = batch_norm_forward(ROWS, ONE, ZERO, eps=1e-12)
    assert np.allclose(out.mean(axis=0), 0) and np.allclose(out.var(axis=0), 1)
    out, _ = batch_norm2d_forward(IMAGES, ONE, ZERO, eps=1e-12)
    assert np.allclose(out.mean(axis=(0, 2, 3)), 0) and np.allclose(out.var(axis=(0, 2, 3)), 1)


def test_every_example_has_mean_0_and_variance_1_over_its_features() -> None:
    out, _ = layer_norm_forward(IMAGES, np.ones((4, 3, 5)), np.zeros((4, 3, 5)), eps=1e-12)
    assert np.allclose(out.mean(axis=(1, 2, 3)), 0) and np.allclose(out.var(axis=(1, 2, 3)), 1)


def test_batch_norm_over_images_is_batch_norm_over_their_pixels() -> None:
    """The channels come last first: reshaping (N, C, H, W) to (-1, C) at once would mix them."""
    gamma, beta = rng.normal(size=4), rng.normal(size=4)
    out, _ = batch_norm2d_forward(IMAGES, gamma, beta)
    pixels = IMAGES.transpose(0, 2, 3, 1)
    right, _ = batch_norm_forward(pixels.reshape(-1, 4), gamma, beta)
    mixed, _ = batch_norm_forward(IMAGES.reshape(-1, 4), gamma, beta)
    assert np.allclose(out, right.reshape(pixels.shape).transpose(0, 3, 1, 2))
    assert not np.allclose(out, mixed.reshape(IMAGES.shape))


@pytest.mark.parametrize(("forward", "x"), [(batch_norm_forward, ROWS), (batch_norm2d_forward, IMAGES)])
def test_running_statistics_are_those_of_torch(forward: object, x: np.ndarray) -> None:
    mean, var = rng.normal(size=4), rng.uniform(1, 2, 4)
    theirs = torch.tensor(mean), torch.tensor(var)
    for shift in range(5):
        forward(x + shift, ONE, ZERO, running_mean=mean, running_var=var, momentum=0.3)
        F.batch_norm(torch.tensor(x + shift), *theirs, training=True, momentum=0.3)
    assert np.allclose(mean, theirs[0].numpy(), rtol=1e-13)
    assert np.allclose(var, theirs[1].numpy(), rtol=1e-13)  # unbiased, unlike the one of the normalization


def test_momentum_is_the_share_of_the_newest_batch() -> None:
    mean, var = np.zeros(4), np.ones(4)
    batch_norm_forward(ROWS, ONE, ZERO, running_mean=mean, running_var=var)
    assert np.allclose(mean, 0.1 * ROWS.mean(axis=0))
    assert np.allclose(var, 0.9 + 0.1 * ROWS.var(axis=0, ddof=1))


def test_evaluation_looks_at_no_other_example_and_changes_nothing() -> None:
    mean, var = np.full(4, 2.0), np.full(4, 3.0)
    options = {"running_mean": mean, "running_var": var, "train": False}
    out, _ = batch_norm_forward(ROWS, ONE, ZERO, **options)
    alone, _ = batch_norm_forward(ROWS[:1], ONE, ZERO, **options)
    assert np.array_equal(out[:1], alone)
    assert (mean == 2).all() and (var == 3).all()


def test_a_bias_before_batch_norm_has_no_effect() -> None:
    assert np.allclose(
        batch_norm_forward(ROWS, ONE, ZERO)[0],
        batch_norm_forward(ROWS + np.array([5, -3, 0, 1e3]), ONE, ZERO)[0],
    )


def test_the_gradient_of_the_input_has_no_part_that_shifts_or_scales() -> None:
    """Treating mean and variance as constants, a common mistake, leaves both parts in."""
    out, cache = batch_norm_forward(ROWS, ONE, ZERO, eps=1e-12)
    dx, _, _ = batch_norm_backward(rng.normal(size=ROWS.shape), cache)
    assert np.allclose(dx.sum(axis=0), 0) and np.allclose((dx * out).sum(axis=0), 0)

    out, cache = layer_norm_forward(ROWS, ONE, ZERO, eps=1e-12)
    dx, _, _ = layer_norm_backward(rng.normal(size=ROWS.shape), cache)
    assert np.allclose(dx.sum(axis=1), 0) and np.allclose((dx * out).sum(axis=1), 0)


def test_alexnet_as_published_is_torch_with_five_times_alpha() -> None:
    x = rng.normal(scale=30, size=(2, 8, 3, 3))
    published, _ = local_response_norm_forward(x, convention="paper")
    theirs = F.local_response_norm(torch.tensor(x), 5, alpha=5 * 1e-4, beta=0.75, k=2.0).numpy()
    assert np.allclose(published, theirs, rtol=1e-12)
    assert not np.allclose(published, local_response_norm_forward(x)[0], rtol=1e-3)


def test_a_batch_in_float32_leaves_running_statistics_in_their_own_precision() -> None:
    mean, var = np.zeros(4), np.ones(4)
    out, _ = batch_norm_forward(
        ROWS.astype(np.float32),
        ONE.astype(np.float32),
        ZERO.astype(np.float32),
        running_mean=mean,
        running_var=var,
    )
    assert out.dtype == np.float32 and mean.dtype == np.float64


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"train": False}, "train=False needs running_mean and running_var"),
        ({"running_mean": ZERO}, "belong together, got no running_var"),
        (
            {"running_mean": np.zeros(3), "running_var": ONE},
            r"running_mean must have the shape of gamma, \(4,\)",
        ),
        ({"running_mean": np.zeros((4, 1)), "running_var": ONE}, r"running_mean must have shape \(D,\)"),
        ({"eps": 0}, "eps must be positive"),
        ({"momentum": 1.5}, "momentum must lie between 0 and 1"),
    ],
)
def test_wrong_settings_are_sentences(options: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        batch_norm_forward(ROWS, ONE, ZERO, **options)


def test_a_batch_of_one_cannot_be_normalised_by_itself() -> None:
    with pytest.raises(ValueError, match="at least 2 numbers of each feature"):
        batch_norm_forward(ROWS[:1], ONE, ZERO)
    assert batch_norm2d_forward(IMAGES[:1], ONE, ZERO)[0].shape == (1, 4, 3, 5)


@pytest.mark.parametrize("shape", [(), (3,), (6, 4)])
def test_layer_norm_takes_the_last_axes_only(shape: tuple) -> None:
    with pytest.raises(ValueError, match="gamma must have the shape of the last axes"):
        layer_norm_forward(ROWS, np.ones(shape), np.zeros(shape))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"size": 4}, "size must be an odd number"),
        ({"size": 2.5}, "size must be an odd number"),
        ({"convention": "onnx"}, 'convention must be "torch" or "paper"'),
        ({"k": 0}, "k must be positive"),
    ],
)
def test_wrong_settings_of_local_response_norm(options: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        local_response_norm_forward(IMAGES, **options)
