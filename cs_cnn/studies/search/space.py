"""The space: five decisions make a cell, and there are 256 of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cs_cnn.errors import CsCnnError

OPERATIONS = ("same", "sep3", "max3", "avg3")
"""What a branch may do to its input: hand it on, a separable convolution, or a pooling, all 3x3."""

INPUTS = ("x", "p")
"""What the cell before put out, and what the one before that did."""

DECISIONS = (
    ("block 1, on x", OPERATIONS),
    ("block 1, on p", OPERATIONS),
    ("block 2, on b1", OPERATIONS),
    ("block 2, input", INPUTS),
    ("block 2, on it", OPERATIONS[:2]),
)
"""What is decided, in order, and the choices there are."""

SIZES = tuple(len(choices) for _, choices in DECISIONS)

COUNT = int(np.prod(SIZES))
"""Number of cells."""

Choices = NDArray[np.int64]
"""Of one cell (5,), or of several (n, 5): the number of the choice for every decision."""


def all_choices() -> Choices:
    """Return the choices of all cells, in the order of their numbers.

    Returns
    -------
    ndarray of int (256, 5)

    Examples
    --------
    >>> all_choices()[:2]
    array([[0, 0, 0, 0, 0],
           [0, 0, 0, 0, 1]])
    """
    return np.indices(SIZES).reshape(len(SIZES), -1).T.astype(np.int64)


def number(choices: Any) -> NDArray[np.int64]:
    """Return the numbers of cells, from 0 to 255.

    Parameters
    ----------
    choices : array of int (..., 5)

    Returns
    -------
    ndarray of int (...,)

    Raises
    ------
    CsCnnError
        When these are no choices.

    Examples
    --------
    >>> number([1, 0, 1, 1, 1])
    array(71)
    """
    given = np.asarray(choices)
    wrong = given.shape[-1:] != (len(SIZES),) or not np.issubdtype(given.dtype, np.integer)
    if wrong or (given < 0).any() or (given >= SIZES).any():
        raise CsCnnError(
            f"choices must be {len(SIZES)} whole numbers for each cell, below {', '.join(map(str, SIZES))}, "
            f"got {np.array2string(given, threshold=10)}."
        )
    return np.asarray(np.ravel_multi_index(tuple(np.moveaxis(given, -1, 0)), SIZES), dtype=np.int64)


def cell(choices: Sequence[int] | Choices) -> str:
    """Write a cell as `cs_cnn.zoo` reads it.

    Parameters
    ----------
    choices : sequence of 5 int

    Returns
    -------
    str
        For instance as the option ``normal`` of the zoo's "nasnet".

    Raises
    ------
    CsCnnError
        When these are no choices.

    Examples
    --------
    >>> cell([1, 0, 2, 1, 1])
    'sep3(x) + p; max3(b1) + sep3(p)'
    """
    number(choices)
    on_x, on_p, on_b1, which, on_it = (
        words[int(choice)] for (_, words), choice in zip(DECISIONS, choices, strict=True)
    )

    def branch(operation: str, name: str) -> str:
        return name if operation == "same" else f"{operation}({name})"

    return f"{branch(on_x, 'x')} + {branch(on_p, 'p')}; {branch(on_b1, 'b1')} + {branch(on_it, which)}"
