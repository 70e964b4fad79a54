"""The zip that a student downloads: the notebook and its data files in one folder, the same bytes every time."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

# The first moment a zip can name: the time of packing would change the bytes and says nothing.
_MOMENT = (1980, 1, 1, 0, 0, 0)
_REGULAR_FILE = 0o100644 << 16


def archive(name: str, files: Mapping[str, bytes]) -> bytes:
    """Pack files into a zip.

    Stored, not compressed: two versions of zlib may compress to different bytes, and the files are small.

    Parameters
    ----------
    name : str
        The folder in the zip.
    files : mapping of str to bytes

    Returns
    -------
    bytes

    Examples
    --------
    >>> archive("a1", {"b.txt": b"2", "a.txt": b"1"}) == archive("a1", {"a.txt": b"1", "b.txt": b"2"})
    True
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as target:
        for file in sorted(files):
            entry = zipfile.ZipInfo(f"{name}/{file}", _MOMENT)
            entry.create_system = 3  # Unix, wherever this runs
            entry.external_attr = _REGULAR_FILE
            target.writestr(entry, files[file])
    return buffer.getvalue()
