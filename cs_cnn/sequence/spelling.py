"""Words as rows of characters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cs_cnn.errors import CsCnnError

__all__ = ["CHARACTERS", "spell"]

ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789_.,:;'-"
CHARACTERS = len(ALPHABET) + 4
"""Number of codes: padding 0, begin 1, end 2, any other character 3, then the alphabet."""
_CODES = {character: code for code, character in enumerate(ALPHABET, start=4)}


def spell(words: Sequence[str], length: int | None = None) -> np.ndarray:
    """Write each word as a row of codes: a begin, its characters, an end, and padding.

    Parameters
    ----------
    words : sequence of str
        Letters are taken in lower case.
    length : int, optional
        Length of the rows, begin and end included; what is longer is cut before its end. By default that of the
        longest word.

    Returns
    -------
    numpy.ndarray of int64, shape (W, L)

    Raises
    ------
    CsCnnError
        When a word is empty, or the length leaves no room for a character.

    Examples
    --------
    >>> spell(["ab", "b"])
    array([[1, 4, 5, 2],
           [1, 5, 2, 0]])
    >>> spell(["abba"], length=4)
    array([[1, 4, 5, 2]])
    """
    if isinstance(words, str) or not all(words):
        raise CsCnnError(f"words must be a list of words that are not empty, got {words!r}.")
    if length is None:
        length = 2 + max(map(len, words), default=1)
    if isinstance(length, bool) or not isinstance(length, int) or length < 3:
        raise CsCnnError(f"length must be a whole number of at least 3, got {length!r}.")
    rows = np.zeros((len(words), length), dtype=np.int64)
    for row, word in zip(rows, words, strict=True):
        codes = [1, *(_CODES.get(character, 3) for character in word.lower()[: length - 2]), 2]
        row[: len(codes)] = codes
    return rows
