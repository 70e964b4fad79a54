"""Three data sets in the plane which no linear classifier can separate (lecture "Linear classification")."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Kind = Literal["quadrants", "annulus", "three-modes"]

# The plots stay readable, and a small network finds the boundary, because a gap lies between the classes.
_GAP = 0.4
_STREET = 0.2  # between the quadrants; a wider one would let a line cut one quadrant off and be right for 3/4
_MODES = np.array([[-1.2, -0.8], [1.2, -0.8], [0.0, 1.2]])
_MODE_RADIUS = 0.6


def _polar(n: int, inner: float, outer: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw n points, uniform in area, with a norm between `inner` and `outer`."""
    radius = np.sqrt(rng.uniform(inner**2, outer**2, n))
    angle = rng.uniform(0.0, 2 * np.pi, n)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _quadrants(n: int, same_sign: bool, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw n points whose coordinates have the same sign, or opposite signs."""
    x: NDArray[np.float64] = rng.uniform(_STREET / 2, 1.0, (n, 2)) * rng.choice([-1.0, 1.0], (n, 1))
    if not same_sign:
        x[:, 1] *= -1
    return x


def _around_the_ring(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw n points off the ring: a third of them in the hole, the others outside."""
    hole = n // 3
    return np.concatenate([_polar(hole, 0.0, 1.0 - _GAP, rng), _polar(n - hole, 2.0 + _GAP, 3.0, rng)])


def _modes(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw n points in three discs."""
    x = _polar(n, 0.0, _MODE_RADIUS, rng)
    x += _MODES[rng.integers(len(_MODES), size=n)]
    return x


def _between_modes(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw n points of a square that keep clear of the three discs."""
    kept = np.empty((0, 2))
    while len(kept) < n:
        x = rng.uniform(-2.5, 2.5, (2 * n + 8, 2))
        distance = np.linalg.norm(x[:, None] - _MODES, axis=2).min(axis=1)
        kept = np.concatenate([kept, x[distance > _MODE_RADIUS + _GAP]])
    return kept[:n]


def hard_case(kind: Kind, n: int, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Draw one of the lecture's hard cases for a linear classifier.

    ``"quadrants"``: class 0 in the first and third quadrant, class 1 in the second and fourth.
    ``"annulus"``: class 0 where the L2 norm is between 1 and 2, class 1 everywhere else.
    ``"three-modes"``: class 0 in three separate discs, class 1 everywhere else.
    A gap lies between the classes (0.2 wide between the quadrants, else 0.4), so that a small network can be
    right about every point.

    Parameters
    ----------
    kind : {"quadrants", "annulus", "three-modes"}
        Which of the three.
    n : int
        The number of points, at least 2; half of them (rounded up) are of class 0.
    rng : numpy.random.Generator
        The source of all randomness; the same state gives the same points.

    Returns
    -------
    x : ndarray of float64, shape (n, 2)
        Points of the plane, in random order, no coordinate beyond 3 in size.
    y : ndarray of int64, shape (n,)
        Labels 0 and 1.

    Raises
    ------
    ValueError
        When `kind` is unknown or `n` is too small.
    TypeError
        When `rng` is not a Generator.

    Examples
    --------
    >>> import numpy as np
    >>> x, y = hard_case("annulus", 200, np.random.default_rng(0))
    >>> ring = np.linalg.norm(x[y == 0], axis=1)
    >>> bool(1 <= ring.min() and ring.max() <= 2)
    True
    """
    if kind not in get_args(Kind):
        raise ValueError(f"kind must be one of {', '.join(map(repr, get_args(Kind)))}, got {kind!r}")
    if not isinstance(n, int | np.integer) or n < 2:
        raise ValueError(f"n must be an integer of at least 2, one point for each class, got {n!r}")
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator, e.g. np.random.default_rng(0), got {rng!r}")
    first, second = n - n // 2, n // 2
    if kind == "quadrants":
        x = np.concatenate([_quadrants(first, True, rng), _quadrants(second, False, rng)])
    elif kind == "annulus":
        x = np.concatenate([_polar(first, 1.0, 2.0, rng), _around_the_ring(second, rng)])
    else:
        x = np.concatenate([_modes(first, rng), _between_modes(second, rng)])
    y = np.repeat(np.array([0, 1], dtype=np.int64), [first, second])
    order = rng.permutation(n)
    return x[order], y[order]
