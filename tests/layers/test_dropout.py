"""Dropout: the average is kept, the share is right, and the seed decides."""

from __future__ import annotations

import numpy as np
import pytest

from cs_cnn.layers import affine_forward, dropout2d_forward, dropout_forward


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_p_is_the_probability_to_drop(p: float) -> None:
    out, mask = dropout_forward(np.ones((300, 300)), p=p, rng=0)
    assert abs((out == 0).mean() - p) < 0.01
    assert np.allclose(out[out != 0], 1 / (1 - p))
    assert np.array_equal(out, mask)


def test_the_average_over_all_masks_is_the_layer_without_dropout() -> None:
    """Each sum of 4 inputs has 2^4 thinned forms; their average is what the network computes when tested."""
    rng = np.random.default_rng(0)
    x, w, b = rng.normal(size=(1, 4)), rng.normal(size=(4, 3)), rng.normal(size=3)
    masks = {}
    generator = np.random.default_rng(1)
    while len(masks) < 16:
        dropped, mask = dropout_forward(x, p=0.5, rng=generator)
        masks[tuple(mask[0])] = affine_forward(dropped, w, b)[0]
    assert np.allclose(np.mean(list(masks.values()), axis=0), affine_forward(x, w, b)[0])


def test_the_lectures_count_of_masks() -> None:
    """F037: 4096 units have 2^4096, about 10^1233, masks."""
    assert int(4096 * np.log10(2)) == 1233


def test_without_scaling_the_tested_network_would_see_other_numbers() -> None:
    """F036: no lecture states the scaling; dropping alone halves what arrives on average."""
    x = np.random.default_rng(0).uniform(1, 2, size=(200, 200))
    out, mask = dropout_forward(x, p=0.5, rng=1)
    assert abs((x * (mask > 0)).mean() / x.mean() - 0.5) < 0.01
    assert abs(out.mean() / x.mean() - 1) < 0.02


def test_nothing_is_dropped_after_training() -> None:
    x = np.random.default_rng(0).normal(size=(3, 4))
    assert np.array_equal(dropout_forward(x, p=0.9, train=False, rng=0)[0], x)
    assert np.array_equal(dropout_forward(x, p=0, rng=0)[0], x)


def test_a_seed_repeats_and_a_generator_goes_on() -> None:
    x, generator = np.ones(50), np.random.default_rng(0)
    assert np.array_equal(dropout_forward(x, rng=3)[0], dropout_forward(x, rng=3)[0])
    assert not np.array_equal(dropout_forward(x, rng=generator)[0], dropout_forward(x, rng=generator)[0])


def test_spatial_dropout_drops_whole_channels() -> None:
    out, _ = dropout2d_forward(np.ones((40, 50, 3, 3)), p=0.3, rng=0)
    kept = out[:, :, 0, 0] != 0
    assert ((out != 0) == kept[:, :, None, None]).all()
    assert abs(kept.mean() - 0.7) < 0.03


@pytest.mark.parametrize("p", [-0.1, 1, 1.5, float("nan")])
def test_a_probability_that_is_none(p: float) -> None:
    with pytest.raises(ValueError, match="p must be a probability to drop, 0 <= p < 1"):
        dropout_forward(np.ones(3), p=p, rng=0)
