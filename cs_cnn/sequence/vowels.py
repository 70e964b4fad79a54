"""Vowels from a formula: pulses of the glottis through the resonances of a mouth."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from cs_cnn.errors import CsCnnError

__all__ = ["FORMANTS", "RATE", "vowel_sounds"]

RATE = 8000
"""Samples a second, as on the telephone."""

FORMANTS = {"a": (730, 1090, 2440), "i": (270, 2290, 3010), "u": (300, 870, 2240)}
"""The first three resonances of a man's mouth, in Hz, in father, see and boot (Peterson and Barney, 1952)."""

_BANDWIDTHS = (60, 90, 150)


def vowel_sounds(
    vowels: Sequence[str], steps: int, rng: np.random.Generator, *, pitch: float = 120.0, noise: float = 0.01
) -> np.ndarray:
    """Make sounds like sung vowels: synthetic, with a voice that trembles a little.

    A train of pulses, whose distances and sizes vary by some per cent, and a breath of noise pass three resonators in
    a row.

    Parameters
    ----------
    vowels : sequence of str
        One vowel for each sound, names of `FORMANTS`.
    steps : int
        Samples of each, at `RATE` a second.
    rng : numpy.random.Generator
        Draws the tremble, the noise and where the first pulse lies.
    pitch : float
        Mean pulses a second, between 20 and 1000.
    noise : float
        Standard deviation of the breath, in units of a pulse.

    Returns
    -------
    numpy.ndarray of float64, shape (len(vowels), steps)
        Between -0.9 and 0.9.

    Raises
    ------
    CsCnnError
        When there is no such vowel, or a number is out of range.

    Notes
    -----
    The resonators are those of Klatt's cascade synthesiser (1980).

    Examples
    --------
    >>> sounds = vowel_sounds("aiu", 800, np.random.default_rng(0))
    >>> sounds.shape, float(abs(sounds).max().round(3))
    ((3, 800), 0.9)
    """
    strange = sorted(set(vowels) - set(FORMANTS))
    if strange or not vowels:
        raise CsCnnError(f"vowels must be some of {', '.join(FORMANTS)}, got {', '.join(strange) or 'none'}.")
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise CsCnnError(f"steps must be a whole number of at least 1, got {steps!r}.")
    if not 20 <= pitch <= 1000 or not 0 <= noise < math.inf:
        raise CsCnnError(
            f"pitch must lie between 20 and 1000, and noise be at least 0, got {pitch!r} and {noise!r}."
        )
    lead = RATE // 20  # until the resonators have settled
    source = noise * rng.normal(size=(len(vowels), lead + steps))
    for row in source:
        place = rng.uniform(0, RATE / pitch)
        while place < len(row):
            row[int(place)] += 1 + 0.05 * rng.normal()
            place += RATE / pitch * max(1 + 0.03 * rng.normal(), 0.5)
    sounds = _resonate(source, np.zeros(len(vowels)), np.full(len(vowels), 0.9))
    for formants, width in zip(np.array([FORMANTS[vowel] for vowel in vowels]).T, _BANDWIDTHS, strict=True):
        radius = math.exp(-math.pi * width / RATE)
        first = 2 * radius * np.cos(2 * math.pi * formants / RATE)
        sounds = _resonate(sounds, np.full(len(vowels), -(radius**2)), first)
    sounds = sounds[:, lead:]
    loudest: np.ndarray = 0.9 * sounds / np.abs(sounds).max(axis=1, keepdims=True)
    return loudest


def _resonate(x: np.ndarray, second: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Filter each row: ``y[t] = (1 - first - second) x[t] + first y[t - 1] + second y[t - 2]``."""
    y = np.zeros((x.shape[1] + 2, len(x)))
    driven = ((1 - first - second)[:, np.newaxis] * x).T
    for step, drive in enumerate(driven, start=2):
        y[step] = drive + first * y[step - 1] + second * y[step - 2]
    return y[2:].T
