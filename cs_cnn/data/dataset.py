"""What `cs_cnn.data.load` returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, repr=False, eq=False)
class Dataset:
    """A data set that is already divided into a training and a test part.

    Attributes
    ----------
    name : str
        The name under which it was loaded.
    x_train, x_test : ndarray
        Images (N, C, H, W), float in [0, 1] or uint8 as stored; or a table (N, D), float.
    y_train, y_test : ndarray of int64, shape (N,)
        Labels from 0; label k means ``classes[k]``.
    classes : tuple of str
        The names of the classes.
    source : str
        Where the data come from, with the publication to cite.
    licence : str
        The terms under which the data may be used.
    """

    name: str
    x_train: NDArray[Any]
    y_train: NDArray[np.int64]
    x_test: NDArray[Any]
    y_test: NDArray[np.int64]
    classes: tuple[str, ...]
    source: str
    licence: str

    def __post_init__(self) -> None:
        for part, x, y in (("train", self.x_train, self.y_train), ("test", self.x_test, self.y_test)):
            if y.shape != (len(x),):
                raise ValueError(
                    f"y_{part} must have shape ({len(x)},), one label for each of x_{part}, got {y.shape}"
                )

    def __repr__(self) -> str:
        x = self.x_train
        each = (
            f"{'x'.join(map(str, x.shape[1:]))} {x.dtype}"
            if x.ndim > 2
            else f"{x.shape[1]} {x.dtype} features"
        )
        return (
            f"<Dataset {self.name}: {len(x):,} train + {len(self.x_test):,} test, "
            f"each {each}; {len(self.classes)} classes: {', '.join(self.classes)}>"
        )
