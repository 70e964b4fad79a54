"""A look-alike of the two-layer homework's data, which may be passed on freely.

The lectures' file carries no licence, so it is not part of this package. Its labels are four bins of one
linear index of the features with a little noise, and this generator makes data by the same rule with
weights of its own. Networks of the usual sizes reach about the same test accuracy on both.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SEED = 3
WEIGHTS = (1 / 32, 1 / 16, 1 / 8, 5 / 16, 5 / 32, 9 / 16, 1.0, -1 / 4)
THRESHOLDS = (0.7605, 1.0546, 1.2973)
NOISE = 0.013


def lookalike_table(seed: int = SEED, n: int = 500) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    r"""Draw features and labels by the rule of the look-alike.

    The label of a row x is :math:`1 + \#\{t \in T : w \cdot x + \epsilon > t\}` with
    :math:`\epsilon \sim N(0, 0.013^2)`.

    Parameters
    ----------
    seed : int, default 3
        The seed of a `numpy.random.RandomState`, whose stream NumPy keeps unchanged for ever; the packaged
        file has seed 3. Another seed gives every group of students a file of its own.
    n : int, default 500
        The number of rows.

    Returns
    -------
    x : ndarray of float64, shape (n, 8)
        Features, uniform in [0, 1), rounded to four decimals.
    y : ndarray of int64, shape (n,)
        Labels from 1 to 4, as they stand in the file.

    Examples
    --------
    >>> x, y = lookalike_table()
    >>> x[0, :3].tolist(), y[:5].tolist()
    ([0.5508, 0.7081, 0.2909], [2, 2, 2, 4, 2])
    """
    random = np.random.RandomState(seed)
    x = np.round(random.rand(n, len(WEIGHTS)), 4)
    index = x @ np.array(WEIGHTS) + NOISE * random.randn(n)
    y = 1 + (index[:, None] > np.array(THRESHOLDS)).sum(axis=1)
    return x, y.astype(np.int64)


def lookalike_text(seed: int = SEED, n: int = 500) -> str:
    """Return the look-alike in the text format of the homework.

    Parameters
    ----------
    seed, n : int
        As in `lookalike_table`.

    Returns
    -------
    str
        n lines of eight features with four decimals and a label; a blank follows the label, as in the
        lectures' file.
    """
    x, y = lookalike_table(seed, n)
    return "".join(
        "".join(f"{value:.4f} " for value in row) + f"{label} \n" for row, label in zip(x, y, strict=True)
    )
