"""The leak scan: nothing that students can receive holds a solution, a hidden check, marks, or where it was made."""

from __future__ import annotations

from cs_cnn.course.leaks.findings import Finding
from cs_cnn.course.leaks.scanning import Scanner

__all__ = ["Finding", "Scanner"]
