"""Mu-law: the bound of the round trip, order, symmetry, and its own definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cs_cnn.errors import CsCnnError
from cs_cnn.sequence import mu_law_decode, mu_law_encode

signals = arrays.arrays(np.float64, st.integers(1, 30), elements=st.floats(-1, 1))


@settings(max_examples=100, deadline=None)
@given(x=signals, levels=st.integers(2, 1000))
def test_round_trip_stays_within_the_bound(x, levels):
    mu = levels - 1
    back = mu_law_decode(mu_law_encode(x, levels), levels)
    bound = np.log1p(mu) / mu * (1 / mu + np.maximum(np.abs(x), np.abs(back)))
    assert (np.abs(back - x) <= bound * (1 + 1e-9)).all()


@settings(max_examples=50, deadline=None)
@given(levels=st.integers(2, 1000))
def test_every_level_comes_back_as_itself(levels):
    every = np.arange(levels)
    samples = mu_law_decode(every, levels)
    np.testing.assert_array_equal(mu_law_encode(samples, levels), every)
    assert (np.diff(samples) > 0).all()
    np.testing.assert_allclose(samples, -samples[::-1], atol=1e-15)
    assert samples[0] == pytest.approx(-1) and samples[-1] == pytest.approx(1)


@settings(max_examples=50, deadline=None)
@given(x=signals)
def test_the_nearest_level_on_the_bent_scale_wins(x):
    scale = np.linspace(-1, 1, 256)
    bent = np.sign(x) * np.log(1 + 255 * np.abs(x)) / np.log(256)
    chosen = scale[mu_law_encode(x)]
    nearest = np.abs(bent[:, None] - scale).min(axis=1)
    np.testing.assert_allclose(np.abs(bent - chosen), nearest, atol=1e-12)


def test_quiet_sounds_fare_better_than_with_equal_steps():
    x = np.linspace(-0.01, 0.01, 1001)
    equal = np.round((x + 1) / 2 * 255) / 255 * 2 - 1
    bent = mu_law_decode(mu_law_encode(x))
    assert np.abs(bent - x).max() < np.abs(equal - x).max() / 10


@pytest.mark.parametrize(
    ("function", "argument", "levels", "words"),
    [
        (mu_law_encode, [0.5, 1.5], 256, "x must lie between -1 and 1, got a sample of size 1.5"),
        (mu_law_encode, [np.nan], 256, "x must lie between -1 and 1, got a sample of size nan"),
        (mu_law_encode, [0.5], 1, "levels must be a whole number of at least 2, got 1"),
        (mu_law_encode, [0.5], 2.5, "levels must be a whole number of at least 2, got 2.5"),
        (mu_law_decode, [256], 256, "q must be whole numbers from 0 to 255, got 256 to 256"),
        (mu_law_decode, [-1], 256, "q must be whole numbers from 0 to 255, got -1 to -1"),
        (mu_law_decode, [0.5], 256, "of type float64"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(function, argument, levels, words):
    with pytest.raises(CsCnnError) as caught:
        function(argument, levels)
    assert words in str(caught.value)


def test_nothing_stays_nothing():
    assert mu_law_encode([]).shape == mu_law_decode([]).shape == (0,)
