"""The archive of CIFAR-10: six pickles of Python 2 in a tar file.

A pickle is a program, and `pickle.load` runs it. These pickles only need to rebuild NumPy arrays, so the
reader here knows those three functions and refuses every other name.
"""

from __future__ import annotations

import io
import os
import pickle
import tarfile
import zlib
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from cs_cnn.errors import CsCnnError

_TRAIN = tuple(f"cifar-10-batches-py/data_batch_{i}" for i in range(1, 6))
_TEST = "cifar-10-batches-py/test_batch"
_VALUES = 3 * 32 * 32

# The function that rebuilds an array lives in numpy.core before NumPy 2 and in numpy._core since; an array's
# own reduction names it in either.
_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): np.zeros(0).__reduce__()[0],
    ("numpy._core.multiarray", "_reconstruct"): np.zeros(0).__reduce__()[0],
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


class _ArrayUnpickler(pickle.Unpickler):
    """An unpickler that can build numbers, strings, containers and NumPy arrays, and nothing else."""

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        try:
            return _ALLOWED[module_name, global_name]
        except KeyError:
            raise pickle.UnpicklingError(f"it asks for {module_name}.{global_name}") from None

    def persistent_load(self, pid: Any) -> NoReturn:
        raise pickle.UnpicklingError("it refers to an object outside the file")


def read_batch(content: bytes, name: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Read one batch of CIFAR-10 from the bytes of its pickle.

    Parameters
    ----------
    content : bytes
        The pickle: a dictionary with b"data" (N, 3072) of uint8 and b"labels", a list of N integers.
    name : str
        What to call the batch in an error.

    Returns
    -------
    x : ndarray of uint8, shape (N, 3, 32, 32)
        Colour images, channels red, green, blue.
    y : ndarray of int64, shape (N,)
        Labels from 0 to 9.

    Raises
    ------
    CsCnnError
        When the pickle asks for anything but arrays, is damaged, or holds something else.
    """
    try:
        batch = _ArrayUnpickler(io.BytesIO(content), encoding="bytes").load()
    except pickle.UnpicklingError as error:
        raise CsCnnError(
            f"{name} was refused: a batch of CIFAR-10 holds only arrays, but {error}."
        ) from error
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise CsCnnError(
            f"{name} is not a readable pickle of CIFAR-10 ({type(error).__name__}: {error})."
        ) from error
    data = batch.get(b"data") if isinstance(batch, dict) else None
    labels = batch.get(b"labels") if isinstance(batch, dict) else None
    if type(data) is not np.ndarray or data.dtype != np.uint8 or data.ndim != 2 or data.shape[1] != _VALUES:
        raise CsCnnError(
            f"{name} must hold b'data', an array of uint8 of shape (N, {_VALUES}); fetch CIFAR-10 again."
        )
    if (
        not isinstance(labels, list)
        or len(labels) != len(data)
        or not all(isinstance(label, int) and 0 <= label <= 9 for label in labels)
    ):
        raise CsCnnError(f"{name} must hold b'labels', a list of {len(data)} integers from 0 to 9.")
    return data.reshape(-1, 3, 32, 32), np.array(labels, dtype=np.int64)


def read_archive(
    path: str | os.PathLike[str],
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64]]:
    """Read CIFAR-10 from ``cifar-10-python.tar.gz`` without unpacking it to the disk.

    Parameters
    ----------
    path : path-like
        The archive as published at https://www.cs.toronto.edu/~kriz/cifar.html.

    Returns
    -------
    x_train, y_train, x_test, y_test : ndarray
        Images uint8 (N, 3, 32, 32) and labels int64 (N,): 50,000 and 10,000 in the published archive.

    Raises
    ------
    CsCnnError
        When the archive is damaged, lacks a batch, or a batch is refused by `read_batch`.
    """
    batches = {}
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                if member.isfile() and member.name in (*_TRAIN, _TEST):
                    file = archive.extractfile(member)
                    assert file is not None  # a regular file has content
                    batches[member.name] = read_batch(file.read(), f"{member.name} in {path}")
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise CsCnnError(
            f"{path} is not a complete tar.gz archive ({error}); remove it and fetch it again."
        ) from error
    except OSError as error:
        raise CsCnnError(f"Cannot read {path}: {error.strerror or error}.") from error
    missing = [name for name in (*_TRAIN, _TEST) if name not in batches]
    if missing:
        raise CsCnnError(f"{path} lacks {', '.join(missing)}; it is not the Python version of CIFAR-10.")
    x_train = np.concatenate([batches[name][0] for name in _TRAIN])
    y_train = np.concatenate([batches[name][1] for name in _TRAIN])
    return x_train, y_train, *batches[_TEST]
