"""The same sandboxes for an instructor who is not root: most tests here again, as the user nobody."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.sandbox

HERE = Path(__file__).parent
AGAIN = [
    HERE / "test_isolation.py",
    HERE / "test_end.py",
    *(f"{HERE / 'test_limits.py'}::{name}" for name in (
        "test_a_large_array_is_a_memory_error",
        "test_memory_of_many_processes_counts_together",
        "test_a_fork_bomb_stays_small",
        "test_files_and_folders_are_limited",
        "test_waiting_is_limited",
    )),
]  # fmt: skip


def within_reach(paths: list[Path], stash: Path) -> list[str]:
    """Return commands that show `paths` to everybody, although they lie in a private home."""
    blocked = {
        next((each for each in reversed(path.parents) if not each.stat().st_mode & 0o001), None)
        for path in paths
    } - {None}
    shown = {path: stash / str(number) for number, path in enumerate(paths)}
    commands = []
    for path, place in shown.items():
        commands.append(
            f"mkdir -p {shlex.quote(str(place))} && mount --bind {shlex.quote(str(path))} {place}"
        )
    commands += [f"mount -t tmpfs -o mode=755 none {shlex.quote(str(each))}" for each in blocked]
    for path, place in shown.items():
        if any(each in path.parents for each in blocked):
            commands.append(
                f"mkdir -p {shlex.quote(str(path))} && mount --bind {place} {shlex.quote(str(path))}"
            )
    return commands


@pytest.mark.skipif(os.getuid() != 0, reason="an ordinary user has run all of this already")
def test_everything_again_as_nobody(root: Path, tmp_path: Path) -> None:
    mine = Path("/tmp") / f"cs-cnn-nobody-{os.getpid()}"
    mine.mkdir()
    os.chown(mine, 65534, 65534)
    (tmp_path / "stash").mkdir()
    environment = {"HOME": str(mine), "TMPDIR": str(mine), "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"}
    environment |= {"PATH": os.environ["PATH"], "CI": os.environ.get("CI", "")}
    become = [
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        "--inh-caps=-all",
        "--bounding-set=-all",
    ]
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={mine}/base"]
    command = [*become, *tests, *(str(test) for test in AGAIN)]
    homes = within_reach([Path(sys.base_prefix), root], tmp_path / "stash")
    script = " && ".join([*homes, f"cd {shlex.quote(str(root))}", f"exec {shlex.join(command)}"])
    try:
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", script],
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
        )
    finally:
        shutil.rmtree(mine, ignore_errors=True)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout and "skipped" not in done.stdout and "failed" not in done.stdout
