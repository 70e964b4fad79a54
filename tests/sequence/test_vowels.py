"""Synthetic vowels: pitch and resonances where they should be."""

from __future__ import annotations

import numpy as np
import pytest

from cs_cnn.errors import CsCnnError
from cs_cnn.sequence import FORMANTS, RATE, vowel_sounds


def spectrum(sounds):
    """Return frequencies, and the mean size of each."""
    window = np.hanning(sounds.shape[1])
    return np.fft.rfftfreq(sounds.shape[1], 1 / RATE), np.abs(np.fft.rfft(sounds * window)).mean(axis=0)


def test_a_breath_through_the_mouth_is_loudest_at_the_formants():
    for vowel, formants in FORMANTS.items():
        sounds = vowel_sounds([vowel] * 40, 1024, np.random.default_rng(0), noise=100.0)  # the pulses drown
        frequencies, size = spectrum(sounds)
        for formant in formants[:2]:
            near = np.abs(frequencies - formant) < 40
            between = np.abs(np.abs(frequencies - formant) - 220) < 30
            assert size[near].mean() > 1.5 * size[between].min()


@pytest.mark.parametrize("pitch", [90.0, 150.0])
def test_the_pitch_is_that_of_the_pulses(pitch):
    (sound,) = vowel_sounds("a", 4000, np.random.default_rng(1), pitch=pitch)
    lags = np.arange(RATE // 250, RATE // 60)
    likeness = [np.corrcoef(sound[:-lag], sound[lag:])[0, 1] for lag in lags]
    assert RATE / lags[int(np.argmax(likeness))] == pytest.approx(pitch, rel=0.05)


def test_a_seed_gives_the_same_sounds_and_another_one_others():
    first, again, other = (vowel_sounds("au", 500, np.random.default_rng(seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)
    np.testing.assert_allclose(np.abs(first).max(axis=1), 0.9)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"vowels": "ax"}, "vowels must be some of a, i, u, got x"),
        ({"vowels": ""}, "got none"),
        ({"steps": 0}, "steps must be a whole number of at least 1, got 0"),
        ({"pitch": 5.0}, "pitch must lie between 20 and 1000"),
        ({"noise": -1.0}, "noise be at least 0"),
    ],
)
def test_sounds_that_cannot_be_are_refused(options, words):
    with pytest.raises(CsCnnError) as caught:
        vowel_sounds(**{"vowels": "a", "steps": 9, "rng": np.random.default_rng(0), **options})
    assert words in str(caught.value)
