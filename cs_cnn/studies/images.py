"""The images that studies train and test with."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cs_cnn import data
from cs_cnn.errors import CsCnnError


class Labelled(NamedTuple):
    """Images and what they show."""

    x: NDArray[np.float32]
    y: NDArray[Any]


def centred(name: str, images: int, test_images: int) -> tuple[Labelled, Labelled, tuple[str, ...]]:
    """Load the first images of a data set, with the training images' mean 0 and standard deviation 1.

    Parameters
    ----------
    name : str
        A name of `cs_cnn.data`.
    images, test_images : int
        How many for training and for the test.

    Returns
    -------
    tuple
        The training images of shape (N, C, H, W) with their labels, the test images with theirs, and the names of the
        classes.

    Raises
    ------
    CsCnnError
        When the data set has fewer.
    """
    found = data.load(name)
    if images > len(found.x_train) or test_images > len(found.x_test):
        raise CsCnnError(f"{name} has only {len(found.x_train)} + {len(found.x_test)} images.")
    x, x_test = found.x_train[:images], found.x_test[:test_images]
    centre, scale = np.float32(x.mean()), np.float32(x.std())
    return (
        Labelled((x - centre) / scale, found.y_train[:images]),
        Labelled((x_test - centre) / scale, found.y_test[:test_images]),
        tuple(found.classes),
    )
