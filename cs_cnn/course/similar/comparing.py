"""Comparing every answer with everything else: first all pairs at once by counting, then the closest ones exactly."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from cs_cnn.course.similar.texts import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

LENGTH = 25
"""Characters of code without names and blanks that must agree in a row; copydetect's own default."""
SHORTEST = 60
"""Answers with fewer such characters of their own are not compared."""
_BLOCK = 200
Spans = list[tuple[int, int]]


@dataclass(frozen=True)
class Pair:
    """Two texts with passages in common; the first is a student's.

    Attributes
    ----------
    one, other : Text
    share : float
        The part of the first one's own code that is also in the other; between students, of the one with the larger
        part.
    spans, other_spans : list of (int, int)
        Where the passages stand in each text's code.
    """

    one: Text
    other: Text
    share: float
    spans: Spans
    other_spans: Spans


@dataclass
class Compared:
    """What a comparison found.

    Attributes
    ----------
    pairs : list of Pair
        The largest share first.
    texts : int
        Students whose answers were compared.
    short : list of str
        Students whose answers are too short to be compared.
    usual : tuple of float
        Of all pairs of students: the share that half of them, nine of ten and 99 of 100 stay below, by shared
        fingerprints.
    left_out : int
        Pairs above the limit that are not listed because there are too many.
    """

    pairs: list[Pair] = field(default_factory=list)
    texts: int = 0
    short: list[str] = field(default_factory=list)
    usual: tuple[float, float, float] = (0.0, 0.0, 0.0)
    left_out: int = 0


def compare(
    students: Sequence[Text],
    others: Sequence[Text],
    skeleton: str,
    *,
    at_least: float = 0.6,
    most: int = 100,
    progress: bool = False,
) -> Compared:
    """Compare the answers of a class with each other and with other texts.

    Parameters
    ----------
    students : sequence of Text
        Each is compared with all.
    others : sequence of Text
        Compared with the students' only.
    skeleton : str
        What was handed out; it counts nowhere.
    at_least : float
        List pairs that share this part, from 0 to 1.
    most : int
        List no more pairs than this, the closest.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    Compared
    """
    from tqdm import tqdm

    compared = Compared()
    common = _prints(Text("reference", "skeleton", skeleton), frozenset()).hashes
    handed_out = frozenset(int(each) for each in common)
    texts = [*students, *others]
    bar = tqdm(texts, unit="text", disable=not progress, dynamic_ncols=True)
    hashes = [_hashes(text, handed_out) for text in bar]
    compared.short = [
        text.name for text, found in zip(students, hashes, strict=False) if len(found) < SHORTEST
    ]
    compared.texts = len(students) - len(compared.short)
    rows, columns, shares = _candidates(hashes, len(students), at_least, compared)
    order = np.lexsort((columns, rows, -shares))
    compared.left_out = max(0, len(order) - most)
    prints = lru_cache(maxsize=256)(lambda index: _prints(texts[index], handed_out))
    for place in order[:most]:
        first, second = int(rows[place]), int(columns[place])
        compared.pairs.append(_pair(texts[first], texts[second], prints(first), prints(second)))
    compared.pairs.sort(key=lambda pair: (-pair.share, pair.one.name, pair.other.name))
    return compared


def _prints(text: Text, without: frozenset[int]) -> Any:
    """Fingerprint a text, without what was handed out.

    All fingerprints are kept, not a winnowed choice: Python's hashes differ from run to run, and so would the choice.
    """
    from copydetect import CodeFingerprint  # type: ignore[import-untyped]
    from copydetect.utils import get_token_coverage  # type: ignore[import-untyped]

    found = CodeFingerprint(f"{text.name}.py", LENGTH, 1, language="python", fp=io.StringIO(text.code))
    if without:
        found.hash_idx = {key: places for key, places in found.hash_idx.items() if int(key) not in without}
        found.hashes = set(found.hash_idx)
        found.token_coverage = get_token_coverage(found.hash_idx, LENGTH, len(found.filtered_code))
    if len(found.offsets):
        # After a class's name copydetect notes a smaller offset than before it.
        found.offsets[:, 1] = np.maximum.accumulate(found.offsets[:, 1])
    return found


def _hashes(text: Text, without: frozenset[int]) -> NDArray[np.int64]:
    found: set[int] = _prints(text, without).hashes
    return np.fromiter(found, dtype=np.int64, count=len(found))


def _candidates(
    hashes: Sequence[NDArray[np.int64]], students: int, at_least: float, compared: Compared
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Count the common fingerprints of all pairs, and return the pairs that share enough of them."""
    from scipy.sparse import csr_array  # type: ignore[import-untyped]  # scikit-learn brings scipy

    sizes = np.array([len(found) for found in hashes], dtype=np.int64)
    _, numbers = np.unique(np.concatenate([*hashes, np.zeros(0, np.int64)]), return_inverse=True)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    shape = (len(hashes), int(numbers.max(initial=0)) + 1)
    table = csr_array((np.ones(len(numbers), dtype=np.int32), numbers, starts), shape=shape)
    long_enough = sizes >= SHORTEST
    rows, columns, shares, usual = [], [], [], []
    for first in range(0, students, _BLOCK):
        last = min(first + _BLOCK, students)
        counts = (table[first:last] @ table.T).toarray()
        # Between students the shorter one decides; of a module or a past text, only how much of it is the student's.
        base = np.repeat(sizes[first:last, None], len(hashes), axis=1)
        base[:, :students] = np.minimum(base[:, :students], sizes[None, :students])
        share = counts / np.maximum(base, 1)
        each = np.arange(first, last)
        valid = long_enough[first:last, None] & np.ones(len(hashes), dtype=bool)[None]
        valid[:, :students] &= long_enough[None, :students] & (np.arange(students)[None] > each[:, None])
        usual.append(share[:, :students][valid[:, :students]])
        row, column = np.nonzero(valid & (share >= at_least))
        rows.append(row + first)
        columns.append(column)
        shares.append(share[row, column])
    everything = np.concatenate([*usual, np.zeros(0)])
    if everything.size:
        low, high, top = np.quantile(everything, [0.5, 0.9, 0.99])
        compared.usual = (float(low), float(high), float(top))
    none = np.zeros(0, dtype=np.int64)
    return np.concatenate([*rows, none]), np.concatenate([*columns, none]), np.concatenate([*shares, none])


def _pair(one: Text, other: Text, first: Any, second: Any) -> Pair:
    from copydetect import compare_files

    _, shares, slices = compare_files(first, second)
    share = max(shares) if other.kind == "student" else shares[0]
    spans, other_spans = (_spans(each) for each in slices)
    return Pair(one, other, min(1.0, float(share)), spans, other_spans)


def _spans(slices: NDArray[np.int64]) -> Spans:
    if len(slices) == 0:
        return []
    return sorted((int(start), int(end)) for start, end in zip(*slices, strict=True))
