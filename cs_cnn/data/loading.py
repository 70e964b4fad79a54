"""`load`: from the name of a data set to its arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from cs_cnn.data.catalogue import ENTRIES, Entry, find
from cs_cnn.data.dataset import Dataset
from cs_cnn.data.download import fetch
from cs_cnn.data.places import packaged_files, system_files


def names() -> list[str]:
    """Return the names which `load` knows, the packaged default first."""
    return list(ENTRIES)


def obtain(entry: Entry, *, progress: bool = True) -> dict[str, Path]:
    """Return the checked files of a data set: packaged, else a system package's, else cached or downloaded.

    Parameters
    ----------
    entry : Entry
        A data set of the catalogue.
    progress : bool, default True
        Whether a download shows a progress bar.

    Returns
    -------
    dict of str to pathlib.Path
        The path of every file, by name; empty when the data come with a library.

    Raises
    ------
    CsCnnError
        When the files are damaged or cannot be downloaded.
    """
    if entry.kind == "library":
        return {}
    if entry.kind == "packaged":
        return packaged_files(entry)
    return system_files(entry) or fetch(entry, progress=progress)


def _convert(x: NDArray[Any], dtype: np.dtype[Any], top: int | None) -> NDArray[Any]:
    """Give x the type asked for, and a float image the range [0, 1]."""
    converted = x.astype(dtype)
    if top is not None and dtype.kind == "f":
        converted /= top
    return converted


def load(name: str, *, dtype: DTypeLike | None = None) -> Dataset:
    """Load a data set by name; one that is not on this computer is downloaded once and checked.

    Parameters
    ----------
    name : str
        ===================== ===================================================== ==========================
        name                  content                                               licence
        ===================== ===================================================== ==========================
        fashion-mnist         packaged: 5,000 + 1,000 images 1x28x28                MIT
        fashion-mnist-full    all 60,000 + 10,000 of them; from Debian's package    MIT
                              ``dataset-fashion-mnist`` where it is installed
        mnist                 60,000 + 10,000 digits 1x28x28                        CC BY-SA 3.0
        cifar10               50,000 + 10,000 colour images 3x32x32                 none stated
        digits                1,438 + 359 digits 1x8x8, from scikit-learn           CC BY 4.0
        two-layer-homework    400 + 100 rows of 8 features, the lectures' file      none stated
        two-layer-lookalike   packaged: 400 + 100 rows by the same rule             BSD-3-Clause
        ===================== ===================================================== ==========================
    dtype : dtype, optional
        A float type, or ``np.uint8`` for images as they are stored (0 to 255; digits 0 to 16). The default is
        float32 for images and float64 for tables.

    Returns
    -------
    Dataset
        Float images (N, C, H, W) are in [0, 1]; tables are (N, 8), in [0, 1]; labels are int64 from 0.

    Raises
    ------
    CsCnnError
        When there is no such data set, or its files are damaged or cannot be downloaded.
    ValueError
        When `dtype` is neither a float type nor, for images, uint8.

    Notes
    -----
    The attribute ``source`` of the result names the publication to cite.

    Examples
    --------
    >>> data = load("two-layer-lookalike")
    >>> data
    <Dataset two-layer-lookalike: 400 train + 100 test, each 8 float64 features; 4 classes: 1, 2, 3, 4>
    >>> load("fashion-mnist").x_test.dtype
    dtype('float32')
    """
    entry = find(name)
    if dtype is None:
        dtype = np.float64 if entry.top is None else np.float32
    wanted = np.dtype(dtype)
    if wanted.kind != "f" and not (wanted == np.uint8 and entry.top is not None):
        images = "" if entry.top is None else " or uint8"
        raise ValueError(f"dtype of {name} must be a float type{images}, got {wanted}")
    x_train, y_train, x_test, y_test = entry.read(obtain(entry))
    return Dataset(
        name=entry.name,
        x_train=_convert(x_train, wanted, entry.top),
        y_train=y_train,
        x_test=_convert(x_test, wanted, entry.top),
        y_test=y_test,
        classes=entry.classes,
        source=entry.source,
        licence=entry.licence,
    )
