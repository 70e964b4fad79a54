"""Where sandboxes cannot be made, one sentence says why, and nothing runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cs_cnn.course.sandbox import Limits, Sandboxes, edition
from cs_cnn.course.sandbox.running import require_namespaces
from cs_cnn.errors import CsCnnError

from .conftest import Kernel

TRY = "from cs_cnn.course.sandbox import Sandboxes\nwith Sandboxes('full'): print('made')"


def test_bubblewrap_is_not_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CsCnnError, match=r"apt-get install bubblewrap.*--no-sandbox") as caught:
        Sandboxes("full").__enter__()
    assert "\n" not in str(caught.value)


def test_another_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(CsCnnError, match="only Linux has"):
        require_namespaces()


@pytest.mark.sandbox
def test_namespaces_are_forbidden(root: Path) -> None:
    forbid = f"echo 0 > /proc/sys/user/max_user_namespaces && exec '{sys.executable}' -c \"{TRY}\""
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "sh", "-c", forbid], cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 1 and "made" not in done.stdout
    sentence = done.stderr.strip().splitlines()[-1]
    assert sentence.startswith("cs_cnn.errors.CsCnnError: This machine refuses the namespaces")
    assert "sysctl user.max_user_namespaces" in sentence and "--no-sandbox" in sentence


@pytest.mark.sandbox
def test_a_course_directory_that_every_sandbox_would_show(tmp_path: Path) -> None:
    with pytest.raises(CsCnnError, match="every submission can read; move it"):
        Sandboxes("full", hidden=[tmp_path, Path("/usr/share")]).__enter__()
    with Sandboxes("full", hidden=[tmp_path]):
        pass


@pytest.mark.sandbox
def test_a_library_that_only_its_owner_can_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = edition.build(tmp_path / "edition")
    (folder / "cs_cnn").chmod(0o700)
    monkeypatch.setattr("cs_cnn.course.sandbox.running.can_become_nobody", lambda: True)
    with pytest.raises(CsCnnError, match=r"another user, who cannot read .*cs_cnn; `chmod"):
        Sandboxes(folder).__enter__()


def test_wrong_arguments(tmp_path: Path) -> None:
    with pytest.raises(CsCnnError, match="holds no edition of the library"):
        Sandboxes(tmp_path)
    with pytest.raises(ValueError, match="packages must be among torch"):
        Sandboxes("full", packages=["numpy"])


@pytest.mark.sandbox
def test_a_library_that_cannot_be_imported_is_named(tmp_path: Path, student_edition: Path) -> None:
    library = tmp_path / "edition" / "cs_cnn"
    library.mkdir(parents=True)
    (library / "__init__.py").write_text("raise RuntimeError('broken on purpose')")
    with Sandboxes(library.parent) as sandboxes, pytest.raises(CsCnnError, match="broken on purpose"):
        sandboxes.kernel_manager()


@pytest.mark.sandbox
def test_a_file_that_is_missing_is_named(student_edition: Path, tmp_path: Path) -> None:
    limits = Limits(disk=1024**2)
    (tmp_path / "large").write_bytes(bytes(2 * 1024**2))
    with Sandboxes(student_edition, limits=limits) as sandboxes:
        for name in ("missing", "large"):
            manager = sandboxes.kernel_manager(files={name: tmp_path / name})
            with pytest.raises(CsCnnError, match=f"Cannot put {name} into the sandbox"):
                Kernel(manager)
            manager.close()
