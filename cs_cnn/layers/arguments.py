"""Checking the arguments of a layer, so that a wrong shape is one sentence and not a broadcast."""

from __future__ import annotations

import numpy as np

__all__: list[str] = []


def match_shapes(**arguments: tuple[np.ndarray, str]) -> dict[str, int]:
    """Hold arrays against patterns of named dimensions, and return the dimensions.

    Parameters
    ----------
    **arguments : tuple of (numpy.ndarray, str)
        For each argument its value and its pattern, such as ``x=(x, "N C H W")``. The same letter must mean
        the same number in every argument; a closing ``...`` stands for any further axes.

    Returns
    -------
    dict of str to int
        The number behind each letter.

    Raises
    ------
    TypeError
        When a value is not a NumPy array of floating-point numbers.
    ValueError
        When the shapes do not fit the patterns.

    Examples
    --------
    >>> match_shapes(x=(np.ones((2, 3)), "N D"), w=(np.ones((3, 5)), "D M"))
    {'N': 2, 'D': 3, 'M': 5}
    >>> match_shapes(x=(np.ones((2, 3)), "N D"), w=(np.ones((4, 5)), "D M"))
    Traceback (most recent call last):
        ...
    ValueError: w must have shape (D, M) with D = 3, got (4, 5)
    """
    known: dict[str, int] = {}
    for name, (array, pattern) in arguments.items():
        if not isinstance(array, np.ndarray):
            raise TypeError(
                f"{name} must be a NumPy array, got {type(array).__name__}; try np.asarray({name})"
            )
        if not np.issubdtype(array.dtype, np.floating):
            raise TypeError(
                f"{name} must hold floating-point numbers, got {array.dtype}; try {name}.astype(float)"
            )
        letters = pattern.split()
        open_end = letters[-1] == "..."
        if open_end:
            letters.pop()
        fits = array.ndim >= len(letters) if open_end else array.ndim == len(letters)
        sizes = dict(zip(letters, array.shape, strict=False))
        if not fits or any(known.get(letter, size) != size for letter, size in sizes.items()):
            shape = ", ".join([*letters, *(["..."] if open_end else [])])
            comma = "," if len(letters) == 1 and not open_end else ""
            given = " and ".join(f"{letter} = {known[letter]}" for letter in letters if letter in known)
            raise ValueError(
                f"{name} must have shape ({shape}{comma})"
                + (f" with {given}" if given else "")
                + f", got {array.shape}"
            )
        known |= sizes
    return known


def pair(name: str, value: int | tuple[int, int], *, at_least: int) -> tuple[int, int]:
    """Read a setting that is one number for both axes, or a pair (height, width).

    Parameters
    ----------
    name : str
        Name of the setting, for the message.
    value : int or tuple of int
        What the caller gave.
    at_least : int
        Smallest number allowed.

    Returns
    -------
    tuple of int
        The numbers for height and width.

    Raises
    ------
    ValueError
        When it is neither.

    Examples
    --------
    >>> pair("stride", 2, at_least=1)
    (2, 2)
    """
    values = value if isinstance(value, tuple) else (value, value)
    whole = all(
        isinstance(v, (int, np.integer)) and not isinstance(v, bool) and v >= at_least for v in values
    )
    if len(values) != 2 or not whole:
        raise ValueError(
            f"{name} must be a whole number >= {at_least} or a pair (height, width), got {value!r}"
        )
    return int(values[0]), int(values[1])


def same_shape(name: str, array: np.ndarray, other: str, shape: tuple[int, ...]) -> None:
    """Check that an array has the shape of another one.

    Raises
    ------
    ValueError
        When it has not.
    """
    if array.shape != shape:
        raise ValueError(f"{name} must have the shape of {other}, {shape}, got {array.shape}")


def positive(name: str, value: float) -> None:
    """Check that a setting is a positive number.

    Raises
    ------
    ValueError
        When it is not.
    """
    if not value > 0:
        raise ValueError(f"{name} must be positive, got {value!r}")
