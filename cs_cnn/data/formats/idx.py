"""The idx format, in which MNIST and its relatives are published.

A file is a header of big-endian 32-bit integers and then the values, row by row::

    00 00 08 d      two zeros, the type of the values (08: unsigned byte), the number d of dimensions
    n_1 ... n_d     the d sizes
    values          n_1 * ... * n_d bytes
"""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cs_cnn.errors import CsCnnError

_GZIP = b"\x1f\x8b"
_UNSIGNED_BYTE = 8


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """Return the content of a file, decompressed when it is a gzip file.

    Parameters
    ----------
    path : path-like
        The file to read.

    Raises
    ------
    CsCnnError
        When the file cannot be read, or its gzip stream is cut off or damaged.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if content.startswith(_GZIP) else content
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise CsCnnError(
            f"{path} is not a complete gzip file ({error}); remove it and fetch the data set again."
        ) from error
    except OSError as error:
        raise CsCnnError(f"Cannot read {path}: {error.strerror or error}.") from error


def read_idx(path: str | os.PathLike[str], *, ndim: int | None = None) -> NDArray[np.uint8]:
    """Read an idx file of unsigned bytes, compressed by gzip or not.

    Parameters
    ----------
    path : path-like
        The file to read.
    ndim : int, optional
        The number of dimensions the array must have: 3 for images (N, H, W), 1 for labels (N,).

    Returns
    -------
    ndarray of uint8
        The values in the shape which the header gives; the caller owns the array.

    Raises
    ------
    CsCnnError
        When the file is no idx file of unsigned bytes, or longer or shorter than its header says.
    """
    content = read_bytes(path)
    if len(content) < 4 or content[:2] != b"\0\0":
        raise CsCnnError(
            f"{path} is not an idx file: it must begin with two zero bytes, got {content[:4].hex(' ')!r}."
        )
    kind, dimensions = content[2], content[3]
    if kind != _UNSIGNED_BYTE:
        raise CsCnnError(
            f"{path} holds values of idx type {kind:#04x}; only unsigned bytes (0x08) are read here."
        )
    if not dimensions or (ndim is not None and dimensions != ndim):
        raise CsCnnError(
            f"{path} holds an array of {dimensions} dimensions, expected {ndim or 'at least 1'}."
        )
    start = 4 + 4 * dimensions
    if len(content) < start:
        raise CsCnnError(f"{path} ends inside its header: {len(content)} bytes, expected at least {start}.")
    shape = struct.unpack(f">{dimensions}I", content[4:start])
    if len(content) - start != math.prod(shape):
        raise CsCnnError(
            f"{path} holds {len(content) - start:,} values, but its header promises "
            f"{' x '.join(map(str, shape))} = {math.prod(shape):,}; remove it and fetch the data set again."
        )
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape).copy()
