"""What students receive: made from `solutions/` by nbgrader's own converter, the same bytes every time."""

from __future__ import annotations

from cs_cnn.course.release.archive import archive
from cs_cnn.course.release.generate import files_of, generate, make_source, source_path, write_notebook
from cs_cnn.course.release.writing import differences, write, write_zip

__all__ = [
    "archive",
    "differences",
    "files_of",
    "generate",
    "make_source",
    "source_path",
    "write",
    "write_notebook",
    "write_zip",
]
