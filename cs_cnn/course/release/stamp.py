"""The stamp of a release: which version of the course it belongs to, and a hash of what students received.

It stands in the metadata of the notebook, which JupyterLab keeps when a student saves: a submission still says which
release it began as.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

KEY = "cs_cnn"


def content(notebook: Mapping[str, Any], files: Mapping[str, bytes]) -> str:
    """Hash what a release says to students.

    Parameters
    ----------
    notebook : mapping
        The notebook; its metadata, and so its stamp, do not count, nor do outputs.
    files : mapping of str to bytes
        The data files beside it.

    Returns
    -------
    str
        The first 16 digits of a SHA-256.
    """
    cells = [
        {
            "id": cell.get("id"),
            "type": cell["cell_type"],
            # In a file a text may be a list of lines.
            "source": "".join(cell["source"]),
            "metadata": cell.get("metadata", {}),
        }
        for cell in notebook["cells"]
    ]
    digest = hashlib.sha256(json.dumps(cells, sort_keys=True, ensure_ascii=False).encode())
    for name in sorted(files):
        digest.update(f"\0{name}\0".encode())
        digest.update(hashlib.sha256(files[name]).digest())
    return digest.hexdigest()[:16]


def of(notebook: Mapping[str, Any], files: Mapping[str, bytes], version: str) -> dict[str, str]:
    """Return the stamp: the version of the course and the hash of the content."""
    return {"version": version, "content": content(notebook, files)}


def read(notebook: Mapping[str, Any]) -> dict[str, str] | None:
    """Return the stamp of a notebook, or None when it has none that can be read."""
    found = notebook.get("metadata", {}).get(KEY)
    if not isinstance(found, Mapping):
        return None
    stamp = {key: found.get(key) for key in ("version", "content")}
    return stamp if all(isinstance(value, str) for value in stamp.values()) else None  # type: ignore[return-value]
