"""Cutting what a kernel prints, so that an endless print costs nobody's memory."""

from __future__ import annotations

import sys
from typing import Any


def limit(most: int) -> None:
    """Let this kernel's streams print at most `most` characters in all, and say where they were cut."""
    used = 0

    def bounded(write: Any) -> Any:
        def cut(text: str) -> Any:
            nonlocal used
            left = most - used
            used += len(text)
            if len(text) <= left:
                return write(text)
            if left > 0:
                write(f"{text[:left]}\n[output cut here: more than {most} characters]\n")
            used = max(used, most + 1)
            return len(text)

        return cut

    for stream in (sys.stdout, sys.stderr):
        stream.write = bounded(stream.write)  # type: ignore[method-assign]
