"""Messages between the judge and a student's process: JSON, and the bytes of .npy files behind it.

Nothing here is ever unpickled, and every length is checked before memory is taken for it. This file is also handed to
the student's kernel as source, so it imports nothing but the standard library and NumPy.
"""

from __future__ import annotations

import json
import math
import socket
import struct
import time
from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from typing import Any

import numpy as np
from numpy.lib import format as npy_format

JSON_LIMIT = 4 << 20
"""Largest accepted text of one message, in bytes."""
BYTES_LIMIT = 256 << 20
"""Largest accepted sum of arrays in one message, in bytes."""
PLAIN_KINDS = "biufcUS"
"""Kinds of NumPy dtypes that may cross: numbers, truth values and text."""

_HEAD = struct.Struct("<IQ")
_MAGIC = b"\x93NUMPY\x01\x00"
_LONGEST_HEADER = 4096


class WireError(Exception):
    """The other side did not keep to the form of the conversation, or is gone."""


class LateError(WireError):
    """The other side did not answer in time."""


class TooLargeError(Exception):
    """What should be sent is larger than what is accepted."""


class Channel:
    """Sends and receives whole messages.

    Parameters
    ----------
    connected : socket.socket
    """

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected

    def send(
        self, message: dict[str, Any], blobs: Sequence[bytes] = (), *, deadline: float | None = None
    ) -> None:
        """Send a message and the bytes that belong to it.

        Raises
        ------
        TooLargeError
            Before anything is sent.
        WireError
            When the other side is gone, or does not read.
        """
        text = json.dumps(message).encode("ascii")
        total = sum(map(len, blobs))
        if len(text) > JSON_LIMIT or total > BYTES_LIMIT:
            raise TooLargeError(
                f"the value is too large to be handed over ({(len(text) + total) / 1e6:.0f} MB)"
            )
        try:
            self._socket.settimeout(_left(deadline))
            self._socket.sendall(b"".join([_HEAD.pack(len(text), total), text, *blobs]))
        except TimeoutError as error:
            raise LateError("there was no answer in time") from error
        except OSError as error:
            raise WireError("the connection was closed") from error

    def receive(self, deadline: float | None = None) -> tuple[dict[str, Any], memoryview]:
        """Wait for a message; return it and the bytes that belong to it.

        Parameters
        ----------
        deadline : float, optional
            Of `time.monotonic`; waits for ever when left out.
        """
        length, total = _HEAD.unpack(self._exactly(_HEAD.size, deadline))
        if length > JSON_LIMIT or total > BYTES_LIMIT:
            raise WireError("an answer was too large")
        text = self._exactly(length, deadline)
        blob = self._exactly(total, deadline)
        try:
            message = json.loads(bytes(text))
        except (ValueError, RecursionError) as error:
            raise WireError("an answer could not be read") from error
        if not isinstance(message, dict):
            raise WireError("an answer could not be read")
        return message, blob

    def quiet(self) -> bool:
        """Tell whether nothing has come that nobody asked for."""
        try:
            self._socket.settimeout(0)
            self._socket.recv(1, socket.MSG_PEEK)
        except (BlockingIOError, TimeoutError):
            return True
        except OSError:
            pass
        return False

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _exactly(self, size: int, deadline: float | None) -> memoryview:
        buffer = memoryview(bytearray(size))
        done = 0
        try:
            while done < size:
                if deadline is not None and time.monotonic() > deadline:  # one byte at a time is no answer
                    raise TimeoutError
                self._socket.settimeout(_left(deadline))
                count = self._socket.recv_into(buffer[done:])
                if not count:
                    raise WireError("the connection was closed")
                done += count
        except TimeoutError as error:
            raise LateError("there was no answer in time") from error
        except OSError as error:
            raise WireError("the connection was closed") from error
        return buffer


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else max(deadline - time.monotonic(), 0.001)


def clean(text: object) -> str:
    """Return a text that every stream can take: halves of characters are replaced."""
    found = str(text)
    return found if found.isascii() else found.encode("utf-8", "replace").decode("utf-8")


def to_npy(array: Any) -> bytes:
    """Return the bytes of an array's .npy file; its kind must be one of `PLAIN_KINDS`."""
    plain = np.asarray(array)
    fortran = plain.flags.f_contiguous and not plain.flags.c_contiguous
    return _header(plain.dtype.str, fortran, plain.shape) + plain.tobytes("F" if fortran else "C")


@lru_cache(maxsize=1024)
def _header(kind: str, fortran: bool, shape: tuple[int, ...]) -> bytes:
    file = BytesIO()
    npy_format.write_array_header_1_0(file, {"descr": kind, "fortran_order": fortran, "shape": shape})
    return file.getvalue()


def from_npy(blob: memoryview) -> Any:
    """Read an array from the bytes of a .npy file of version 1.0; it is new, and may be written to.

    Raises
    ------
    WireError
        When the bytes are anything but such a file, or the array is not of a kind in `PLAIN_KINDS`.
    """
    start = 10 + int.from_bytes(blob[8:10], "little")
    if len(blob) < start or start > _LONGEST_HEADER or bytes(blob[:8]) != _MAGIC:
        raise WireError("an array could not be read")
    shape, fortran, kind = _parsed(bytes(blob[8:start]))
    data = blob[start:]
    if math.prod(shape) * kind.itemsize != len(data):
        raise WireError("an array is not as large as it says")
    try:
        if not len(data):
            return np.empty(shape, kind)
        flat = np.frombuffer(data, kind)
        return (flat.reshape(shape[::-1]).T if fortran else flat.reshape(shape)).copy("K")
    except (ValueError, MemoryError) as error:
        raise WireError("an array could not be read") from error


@lru_cache(maxsize=1024)
def _parsed(header: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    try:
        shape, fortran, kind = npy_format.read_array_header_1_0(BytesIO(header))
    except Exception as error:  # NumPy's parser raises many kinds for what is no header
        raise WireError("an array could not be read") from error
    if kind.kind not in PLAIN_KINDS or any(size < 0 for size in shape):
        raise WireError("an array is not made of numbers")
    return shape, fortran, kind
