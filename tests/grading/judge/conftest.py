"""What the tests of the judge share: a student's process, which is a plain Python that answers."""

from __future__ import annotations

import contextlib
import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cs_cnn.course.judge import session
from cs_cnn.course.judge.link import Link

Student = Callable[..., contextlib.AbstractContextManager[dict[str, Any]]]
CHECKS = Path(__file__).parents[2] / "checks"


@lru_cache(maxsize=1)
def solutions() -> ModuleType:
    """Return tests/checks/conftest.py, which reads the reference solutions."""
    spec = importlib.util.spec_from_file_location("cs_cnn_solutions", CHECKS / "conftest.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def start(code: str, *names: str, answers: str = "") -> Iterator[dict[str, Any]]:
    """Run a student's code in a process of its own, and bind names of it here.

    Parameters
    ----------
    code : str
        The student's cells.
    *names : str
        What the test cell uses.
    answers : str
        Runs in the place of the course's replying code; it finds the socket in `path`.
    """
    with tempfile.TemporaryDirectory(prefix="j") as folder:
        path = str(Path(folder, "s"))
        answering = answers or f"exec({session.answer_source(path)!r}, student)"
        program = (
            f"student = {{'__name__': '__main__'}}\nexec({code!r}, student)\npath = {path!r}\n{answering}"
        )
        process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.DEVNULL)
        namespace: dict[str, Any] = {}
        try:
            session.begin(path, names, namespace)
            yield namespace
        finally:
            session.end()
            process.kill()
            process.wait()


def current() -> Link:
    """Return the conversation that is going on."""
    return session._current[-1][0]


@pytest.fixture
def student() -> Student:
    """Return `start`."""
    return start
