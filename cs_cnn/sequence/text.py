"""Real English to learn from, without a download: the text of Python's own language reference."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cs_cnn.errors import CsCnnError

__all__ = ["END", "Corpus", "corpus", "documentation"]

END = "¶"
"""The word behind the last one of a paragraph."""

# A word may hold points and underscores, as the names of Python do: object.__getitem__; a number is one word.
_WORD = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*|\d[\d.]*|[.,:;]")


class Corpus(NamedTuple):
    """A text as numbers, in a part to learn from and a held-out part.

    Attributes
    ----------
    words : tuple of str
        The number of a word is its place here. The vocabulary, the words that a model can predict, comes first, by
        falling frequency in the training part; behind it, all others of either part.
    size : int
        Number of words in the vocabulary.
    train : numpy.ndarray
        Words as int64 of shape (T,), one after the other; the word `END` closes each paragraph.
    test : numpy.ndarray
        The same for the held-out part.
    """

    words: tuple[str, ...]
    size: int
    train: np.ndarray
    test: np.ndarray

    def targets(self, ids: np.ndarray) -> np.ndarray:
        """Return the classes to predict: words outside the vocabulary are one class, number `size`.

        Examples
        --------
        >>> some = corpus([["a", "rose", "is", "a", "rose"], ["a", "lily"]], at_least=2, every=2)
        >>> some.words, some.size
        (('a', 'rose', 'is', '¶', 'lily'), 2)
        >>> some.test, some.targets(some.test)
        (array([0, 4, 3]), array([0, 2, 2]))
        """
        classes: np.ndarray = np.minimum(ids, self.size)
        return classes


def documentation() -> list[list[str]]:
    """Return the paragraphs of the Python language reference, each as a list of words in lower case.

    The text lies in the standard library (`pydoc_data.topics`, what ``help("with")`` shows), and is under the licence
    of Python, which allows this use; it is read and not copied. It differs a little between versions of Python.
    Passages that stand in several topics are taken once; tables, grammars and sessions of the interpreter are left
    out. Numbers are written as 0.

    Returns
    -------
    list of list of str

    Raises
    ------
    CsCnnError
        When this Python came without its documentation.
    """
    try:
        from pydoc_data.topics import topics
    except ImportError as error:  # some distributions package it apart
        raise CsCnnError(
            "This Python came without pydoc_data, the text of help(): install the package of the full standard "
            "library, or pass paragraphs of your own to corpus()."
        ) from error
    paragraphs: dict[tuple[str, ...], None] = {}
    for text in topics.values():
        for block in re.split(r"\n\s*\n", text):
            if any(mark in block for mark in ("::=", ">>>", "+--", "***", "===", "---")):
                continue
            found = tuple("0" if word[0].isdigit() else word for word in _WORD.findall(block.lower()))
            if len(found) > 3:
                paragraphs[found] = None
    return [list(words) for words in paragraphs]


def corpus(paragraphs: Sequence[Sequence[str]], *, at_least: int = 3, every: int = 10) -> Corpus:
    """Split paragraphs into a part to learn from and a held-out part, and number their words.

    Parameters
    ----------
    paragraphs : sequence of sequence of str
        Words of each paragraph.
    at_least : int
        How often a word must occur in the training part to be in the vocabulary.
    every : int
        Of so many paragraphs, the last one is held out; at least 2.

    Returns
    -------
    Corpus

    Raises
    ------
    CsCnnError
        When a number is out of range, or there are too few paragraphs to hold one out.
    """
    for name, value, least in (("at_least", at_least, 1), ("every", every, 2)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise CsCnnError(f"{name} must be a whole number of at least {least}, got {value!r}.")
    if len(paragraphs) < every:
        raise CsCnnError(
            f"paragraphs must be at least {every}, or none is held out, got {len(paragraphs)}: choose a smaller every."
        )
    parts: dict[bool, list[str]] = {True: [], False: []}
    for number, words in enumerate(paragraphs, start=1):
        parts[number % every == 0].extend([*words, END])
    counts = Counter(parts[False])
    by_count = [word for word, _ in counts.most_common()]
    unseen = dict.fromkeys(word for word in parts[True] if word not in counts)
    words = (*by_count, *unseen)
    ids = {word: number for number, word in enumerate(words)}
    size = sum(count >= at_least for count in counts.values())
    train, test = (np.array([ids[word] for word in parts[held]], dtype=np.int64) for held in (False, True))
    return Corpus(words, size, train, test)
