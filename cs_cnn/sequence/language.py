"""Language models that count: n-grams with the smoothing of Kneser and Ney, and the perplexity of any model."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from cs_cnn.errors import CsCnnError

__all__ = ["KneserNey", "perplexity"]

Context = tuple[int, ...]


def perplexity(log_probabilities: ArrayLike) -> float:
    """Return the exponential of the mean negative log-probability.

    It says between how many equally likely words the model is torn, on average.

    Parameters
    ----------
    log_probabilities : array-like
        Natural logarithms of the probabilities that a model gave to what came.

    Returns
    -------
    float
        From 1, for a model that knew everything; infinite when something came that it held to be impossible.

    Raises
    ------
    CsCnnError
        When there is no number, or one that is not the logarithm of a probability.

    Examples
    --------
    >>> round(perplexity(np.log([0.5, 0.25, 0.125])), 6)  # 2, 4 and 8 words: the geometric mean
    4.0
    """
    logs = np.asarray(log_probabilities, dtype=float)
    if logs.size == 0:
        raise CsCnnError("log_probabilities must hold at least one number, got none.")
    if np.isnan(logs).any() or logs.max() > 1e-6:
        raise CsCnnError(
            f"log_probabilities must be logarithms of probabilities, at most 0, got {logs.max():g}: "
            "pass log(p), and not p or -log(p)."
        )
    mean = -float(logs.mean())
    return math.exp(mean) if mean < 700 else math.inf


class KneserNey:
    r"""An n-gram model with interpolated Kneser-Ney smoothing.

    A word w after a context c of n - 1 words has the probability

    .. math:: P(w \mid c) = \frac{\max(N(c w) - D, 0)}{N(c)} + \frac{D\, T(c)}{N(c)} P(w \mid c')

    where N counts, T(c) is the number of different words seen after c, and c' is c without its first word. The
    discount D takes a little from everything that was seen, and the second term hands it to the shorter context. There
    N does not count occurrences, but different words to the left: "Francisco" may be frequent, but it follows nothing
    but "San". Below the shortest context all words are equally likely. After an unseen context, the shorter one
    decides alone.

    Parameters
    ----------
    stream : sequence of int, shape (T,)
        What to count: classes from 0.
    classes : int
        Number of classes.
    order : int
        The n of the n-grams.

    Attributes
    ----------
    discounts : tuple of float
        D for n = 1, 2, ... `order`: n1 / (n1 + 2 n2), where n1 and n2 n-grams have a count of 1 and of 2.

    Raises
    ------
    CsCnnError
        When the order is no whole number of at least 1, the stream is too short, or it holds what is no class.

    Notes
    -----
    Kneser and Ney (1995), in the interpolated form of Chen and Goodman (1999).

    Examples
    --------
    >>> model = KneserNey([0, 1, 0, 1, 0, 2], classes=4, order=2)
    >>> model.distribution([0]).round(3)  # after 0 came 1, 1, 2; and 3 never came at all
    array([0.033, 0.633, 0.3  , 0.033])
    """

    def __init__(self, stream: Sequence[int] | np.ndarray, classes: int, order: int = 3) -> None:
        if isinstance(order, bool) or not isinstance(order, int) or order < 1:
            raise CsCnnError(f"order must be a whole number of at least 1, got {order!r}.")
        ids = _checked(stream, classes)
        if len(ids) < order:
            raise CsCnnError(
                f"stream must have at least {order} words for an order of {order}, got {len(ids)}."
            )
        self.classes, self.order = classes, order
        grams = Counter(zip(*(ids[start:] for start in range(order)), strict=False))
        counts: list[Counter[Context]] = [grams]
        for _ in range(order - 1):  # a shorter n-gram counts the different words to its left
            grams = Counter(gram[1:] for gram in grams)
            counts.insert(0, grams)
        self.discounts = tuple(_discount(level) for level in counts)
        self._after: list[dict[Context, dict[int, int]]] = []
        for level in counts:
            after: dict[Context, dict[int, int]] = defaultdict(dict)
            for gram, count in level.items():
                after[gram[:-1]][gram[-1]] = count
            self._after.append(dict(after))
        self._totals = [
            {context: sum(seen.values()) for context, seen in level.items()} for level in self._after
        ]

    def distribution(self, context: Sequence[int] | np.ndarray = ()) -> np.ndarray:
        """Return the probabilities of all classes after a context.

        Parameters
        ----------
        context : sequence of int
            The words before, the last one last; only the last ``order - 1`` count.

        Returns
        -------
        numpy.ndarray of float, shape (classes,)
        """
        ids = _checked(context, self.classes)
        p = np.full(self.classes, 1 / self.classes)
        for n in range(1, min(self.order, len(ids) + 1) + 1):
            key = tuple(ids[len(ids) - n + 1 :])
            seen = self._after[n - 1].get(key)
            if seen is None:
                break
            total, discount = self._totals[n - 1][key], self.discounts[n - 1]
            p *= discount * len(seen) / total
            places = np.fromiter(seen, dtype=np.int64, count=len(seen))
            p[places] += (np.fromiter(seen.values(), dtype=float, count=len(seen)) - discount) / total
        return p

    def log_probabilities(self, stream: Sequence[int] | np.ndarray) -> np.ndarray:
        """Return the logarithm of the probability of each word after those before it.

        Parameters
        ----------
        stream : sequence of int, shape (T,)
            Words, one after the other.

        Returns
        -------
        numpy.ndarray of float, shape (T,)
            The first words have shorter contexts.
        """
        ids = _checked(stream, self.classes)
        logs = np.empty(len(ids))
        for place, word in enumerate(ids):
            p = 1 / self.classes
            for n in range(1, min(self.order, place + 1) + 1):
                key = tuple(ids[place - n + 1 : place])
                seen = self._after[n - 1].get(key)
                if seen is None:
                    break
                total, discount = self._totals[n - 1][key], self.discounts[n - 1]
                p = (max(seen.get(word, 0) - discount, 0) + discount * len(seen) * p) / total
            logs[place] = math.log(p)
        return logs


def _discount(counts: Counter[Context]) -> float:
    once, twice = (sum(count == times for count in counts.values()) for times in (1, 2))
    return (
        once / (once + 2 * twice) if once else 0.5
    )  # with nothing seen once, the formula would leave nothing


def _checked(stream: Sequence[int] | np.ndarray, classes: int) -> list[int]:
    ids = np.asarray(stream)
    if ids.ndim != 1 or (len(ids) and not np.issubdtype(ids.dtype, np.integer)):
        raise CsCnnError(
            f"stream must be a row of whole numbers, got shape {ids.shape} and type {ids.dtype}."
        )
    if len(ids) and not (ids.min() >= 0 and ids.max() < classes):
        raise CsCnnError(f"stream must hold classes 0 to {classes - 1}, got {ids.min()} to {ids.max()}.")
    return [int(number) for number in ids]
