"""From the files of a data set to its four arrays as they are stored."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cs_cnn.data.formats.cifar import read_archive
from cs_cnn.data.formats.idx import read_idx
from cs_cnn.data.formats.table import homework_table
from cs_cnn.errors import CsCnnError

Files = Mapping[str, Path]

TRAIN_ROWS = 400  # of the homework's 500: the lectures train on the first 400 and test on the last 100
DIGITS_SEED = 0
DIGITS_TEST_SHARE = 0.2


class Arrays(NamedTuple):
    """The four arrays of a data set: images uint8 (N, C, H, W) or a table (N, D), labels int64 (N,)."""

    x_train: NDArray[Any]
    y_train: NDArray[np.int64]
    x_test: NDArray[Any]
    y_test: NDArray[np.int64]


def read_packaged_images(files: Files) -> Arrays:
    """Read the arrays of an .npz file written by `cs_cnn.data.packaging`."""
    (path,) = files.values()
    with np.load(path, allow_pickle=False) as stored:
        return Arrays(
            stored["x_train"],
            stored["y_train"].astype(np.int64),
            stored["x_test"],
            stored["y_test"].astype(np.int64),
        )


def _idx_pair(images: Path, labels: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    x, y = read_idx(images, ndim=3), read_idx(labels, ndim=1)
    if len(x) != len(y):
        raise CsCnnError(
            f"{images} holds {len(x)} images, but {labels} holds {len(y)} labels; fetch both again."
        )
    return x[:, None], y.astype(np.int64)


def read_idx_images(files: Files) -> Arrays:
    """Read the four idx files of MNIST or of a data set in its format; images get one channel."""
    train = _idx_pair(files["train-images-idx3-ubyte.gz"], files["train-labels-idx1-ubyte.gz"])
    test = _idx_pair(files["t10k-images-idx3-ubyte.gz"], files["t10k-labels-idx1-ubyte.gz"])
    return Arrays(*train, *test)


def read_cifar10(files: Files) -> Arrays:
    """Read the archive of CIFAR-10."""
    (path,) = files.values()
    return Arrays(*read_archive(path))


def read_homework(files: Files) -> Arrays:
    """Read a file in the format of the homework: the first 400 rows to train, the other 100 to test."""
    (path,) = files.values()
    x, y = homework_table(path)
    return Arrays(x[:TRAIN_ROWS], y[:TRAIN_ROWS], x[TRAIN_ROWS:], y[TRAIN_ROWS:])


def read_digits(files: Files) -> Arrays:
    """Take scikit-learn's digits apart, a fifth of every class for the test.

    Within each class `numpy.random.RandomState(0)`, whose stream never changes, picks the test images; both
    parts keep the order of the file. `files` is empty: the images come with scikit-learn.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise CsCnnError(
            "The digits come with scikit-learn, which is missing: pip install scikit-learn."
        ) from error
    images, labels = load_digits(return_X_y=True)
    random = np.random.RandomState(DIGITS_SEED)
    in_test = np.zeros(len(labels), dtype=bool)
    for label in range(10):
        members = np.flatnonzero(labels == label)
        in_test[random.permutation(members)[: round(DIGITS_TEST_SHARE * len(members))]] = True
    x, y = images.reshape(-1, 1, 8, 8).astype(np.uint8), labels.astype(np.int64)
    return Arrays(x[~in_test], y[~in_test], x[in_test], y[in_test])
