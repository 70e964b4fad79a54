"""Cases of the figure on distances of digits, answered by NumPy."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..training_cases import Case, half


def dealt() -> list[int]:
    """Return the order of the shuffle: for each pixel of the result, where it came from."""
    order, state = list(range(64)), 1
    for n in range(63, 0, -1):
        state = (1664525 * state + 1013904223) % 2**32
        other = (n + 1) * state >> 32
        order[n], order[other] = order[other], order[n]
    return order


def cases() -> Iterable[Case]:
    stored = np.array(half("pixel_distance").STATE["stored"])
    assert sorted(dealt()) == list(range(64))
    for n, image in enumerate(stored):
        yield "shuffled", [image.tolist()], image.ravel()[dealt()].reshape(8, 8).tolist()
        for right, down in ((0, 0), (1, 0), (-3, 2), (0, -1)):
            rolled = np.roll(image, (down, right), axis=(0, 1))
            rows, columns = np.arange(8) - down, np.arange(8) - right
            inside = np.logical_and.outer((rows >= 0) & (rows < 8), (columns >= 0) & (columns < 8))
            copy = np.where(inside, rolled, 0)
            yield "moved", [image.tolist(), right, down], copy.tolist()
            sums = np.square(stored - copy).sum(axis=(1, 2))
            yield "squares", [copy.tolist(), stored[n].tolist()], int(sums[n])
            yield "nearest", [sums.tolist()], int(sums.argmin())
            mixed = [each.ravel()[dealt()].reshape(8, 8).tolist() for each in (copy, stored[n])]
            yield "squares", mixed, int(sums[n])  # the shuffle changes no distance
    yield "nearest", [[3, 1, 1]], 1
