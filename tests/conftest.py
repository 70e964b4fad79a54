"""What the tests need from the machine: skipped kindly for a newcomer, insisted on in CI."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parents[1]
FACTS = ROOT.parent / "shared"


def _makes_sandboxes() -> bool:
    """Whether bubblewrap is here and may do its work."""
    command = ["bwrap", "--unshare-all", "--unshare-user", "--ro-bind", "/", "/", "true"]
    return shutil.which("bwrap") is not None and subprocess.run(command, capture_output=True).returncode == 0


def _has_postgresql() -> bool:
    """Whether the programs of a PostgreSQL server are here; Debian keeps them out of the search path."""
    return shutil.which("initdb") is not None or any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


# marker: (is it here?, what to say when it is not)
_NEEDS = {
    "browser": (shutil.which("chromium") is not None, "Chromium (apt-get install chromium)"),
    "datasets": (
        Path("/usr/share/datasets/fashion-mnist").is_dir(),
        "full Fashion-MNIST (apt-get install dataset-fashion-mnist)",
    ),
    "sandbox": (_makes_sandboxes(), "bubblewrap and user namespaces (apt-get install bubblewrap)"),
    "database": (_has_postgresql(), "PostgreSQL (apt-get install postgresql)"),
    "facts": (FACTS.is_dir(), "the source lectures' facts (a folder `shared` beside the project)"),
}
_IN_CI = bool(os.environ.get("CI"))
_EXCUSED = os.environ.get("TESTS_WITHOUT", "").split()  # markers CI may lack, as "facts" outside the project
_missing: set[str] = set()

# Kernels, BLAS and torch on one thread each: two threads on busy cores are many times slower.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# A shell that starts the tests in the background has Ctrl-C ignored, and every process they start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("default", deadline=None, max_examples=25, derandomize=True, print_blob=False)
settings.load_profile("default")


def _leave_out(what: str, marker: str = "") -> None:
    """Skip the running test for what the machine lacks; in CI fail, unless the marker is excused there."""
    _missing.add(what)
    if _IN_CI and marker not in _EXCUSED:
        pytest.fail(f"in CI this test must run, and it lacks {what}", pytrace=False)
    pytest.skip(f"needs {what}")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose tools are not here; in CI let it fail instead."""
    for marker, (here, what) in _NEEDS.items():
        if not here and item.get_closest_marker(marker):
            _leave_out(what, marker)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line what was left out and how to get it."""
    skipped = [str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", [])]
    missing = sorted({reason.split("needs ", 1)[1] for reason in skipped if "needs " in reason} | _missing)
    if missing:
        terminalreporter.write_line(
            f"Some tests were left out, since this machine has no {', no '.join(missing)}."
        )


@pytest.fixture(scope="session")
def lacking() -> Callable[[str], None]:
    """Return what a fixture calls when the machine lacks something that no marker can tell beforehand."""
    return _leave_out


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def facts_folder() -> Path:
    """Return the folder with the checked facts of the source lectures (marker `facts`)."""
    return FACTS
