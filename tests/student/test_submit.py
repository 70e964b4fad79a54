"""`cs-cnn submit`: what the zip holds, what the student is told, and that nothing is half-written."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from cs_cnn.student import finding, running, submission

NOTEBOOK = "two_layer_net.ipynb"
ZIP = "a2_two_layer_net-submission.zip"
NOTE = """![loss](loss%20curve.png), see `tables/runs.csv` and <img src='plots/net.svg'>.
Not ../secret.txt or /etc/motd.txt."""

Command = Callable[..., Result]
Change = Callable[[Callable[[dict[str, Any]], object]], Path]


def names(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return archive.namelist()


def say(text: str) -> Callable[[dict[str, Any]], None]:
    """Return what adds a text of the student's own to a notebook."""

    def add(notebook: dict[str, Any]) -> None:
        notebook["cells"].append({"cell_type": "markdown", "metadata": {}, "source": text, "id": "mine"})

    return add


@pytest.fixture()
def illustrated(folder: Path, change: Change) -> Path:
    """Return the folder of a notebook that shows pictures and names a table, with more files beside it."""
    change(say(NOTE))
    for name in ("loss curve.png", "tables/runs.csv", "plots/net.svg", "unused.png", "../secret.txt"):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    return folder


def test_the_zip_holds_the_notebook_and_what_it_names(cs_cnn: Command, illustrated: Path) -> None:
    got = cs_cnn("submit", "a2", "--no-check")
    assert got.exit_code == 0
    path = illustrated / ZIP
    assert names(path) == [NOTEBOOK, "loss curve.png", "tables/runs.csv", "plots/net.svg"]
    with zipfile.ZipFile(path) as archive:
        assert archive.read(NOTEBOOK) == (illustrated / NOTEBOOK).read_bytes()
        assert all(entry.external_attr >> 16 == 0o644 for entry in archive.infolist())
    # The receipt.
    lines = got.output.splitlines()
    assert lines[0] == f"{path} holds:"
    assert [line.split("  ")[1] for line in lines[1:5]] == names(path)
    assert lines[5] == f"SHA-256 {hashlib.sha256(path.read_bytes()).hexdigest()}"
    assert lines[6] == "The visible checks were not run."
    assert "Nothing is written in: sigmoid, " in got.output
    first = path.read_bytes()
    cs_cnn("submit", "a2", "--no-check")
    assert path.read_bytes() == first


def test_the_checks_run_first_and_their_points_are_said(cs_cnn: Command, folder: Path) -> None:
    got = cs_cnn("submit", "a2")
    assert got.exit_code == 0
    assert "The visible checks gave 0 of 82 points." in got.output
    assert names(folder / ZIP) == [NOTEBOOK]


def test_a_wrong_name_is_packed_under_the_right_one(cs_cnn: Command, folder: Path) -> None:
    (folder / NOTEBOOK).rename(folder / "final (2).ipynb")
    got = cs_cnn("submit", "a2", "--no-check")
    assert names(folder / ZIP) == [NOTEBOOK]
    assert f"final (2).ipynb is packed under its right name, {NOTEBOOK}." in got.output
    assert "Look: 1 thing is not as handed out; see `cs-cnn doctor a2`." in got.output


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")
def test_a_student_may_work_in_a_clone_of_the_course(
    cs_cnn: Command, folder: Path, change: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = folder.parent / "clone" / "assignments" / folder.name
    shutil.copytree(folder, clone)
    git = ["git", "-C", str(clone), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "Handed out"]):
        subprocess.run([*git, *command], check=True)
    change(say("dataset.txt, and ![](mine.png)"))
    shutil.copy(folder / NOTEBOOK, clone / NOTEBOOK)
    (clone / "mine.png").touch()
    monkeypatch.chdir(clone)
    monkeypatch.setattr(finding, "_INSTALLED", folder)
    assert cs_cnn("submit", "a2", "--no-check").exit_code == 0
    assert names(clone / ZIP) == [NOTEBOOK, "mine.png"]
    assert "Every cell is in its place." in cs_cnn("doctor", "a2").output


def test_what_grading_would_miss_is_said(cs_cnn: Command, folder: Path, change: Change) -> None:
    def imports(notebook: dict[str, Any]) -> None:
        code = {"cell_type": "code", "metadata": {}, "source": "from helpers import f", "id": "mine"}
        notebook["cells"].append(code | {"outputs": [], "execution_count": None})

    change(imports)
    change(say("![](gone.png) ![](https://example.org/a.png) ![](attachment:b.png)"))
    (folder / "helpers.py").touch()
    got = cs_cnn("submit", "a2", "--no-check")
    assert "helpers.py stays here, and grading will miss it" in got.output
    assert "The notebook shows gone.png, and there is no such file beside it." in got.output
    assert got.output.count("no such file") == 1
    assert names(folder / ZIP) == [NOTEBOOK]


def test_a_link_to_somewhere_else_stays_out(cs_cnn: Command, folder: Path, change: Change) -> None:
    (folder.parent / "secret.txt").touch()
    (folder / "plot.png").symlink_to(folder.parent / "secret.txt")
    (folder / "pictures").symlink_to(folder.parent)
    change(say("plot.png pictures/secret.txt"))
    cs_cnn("submit", "a2", "--no-check")
    assert names(folder / ZIP) == [NOTEBOOK]


def test_further_files(cs_cnn: Command, illustrated: Path) -> None:
    got = cs_cnn("submit", "a2", "--no-check", "--with", "unused.png", "--with", "../secret.txt")
    assert got.exit_code == 0
    assert set(names(illustrated / ZIP)) >= {"unused.png", "secret.txt"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--with", "nowhere.png"], "There is no file nowhere.png to hand in."),
        (["--with", "helpers.py"], "helpers.py cannot be handed in; beside the notebook, only .png,"),
        (["--with", "plots.png"], "is not a regular file"),
        (["--with", "link.png"], "is not a regular file"),
        (["--with", "large.png"], "large.png has 5.5 MB, and at most 5 MB are taken"),
        (["--with", "a.png", "--with", "plots.png/a.png"], "has the name of another file"),
        (["--to", "nowhere"], "is neither a zip file nor a folder"),
        (["--to", f"{NOTEBOOK}"], "is neither a zip file nor a folder"),
    ],
)
def test_what_cannot_be_handed_in_is_one_sentence(
    cs_cnn: Command, folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.setattr(running, "run", lambda *_, **__: pytest.fail("the checks ran before it was known"))
    (folder / "plots.png").mkdir()
    for name in ("helpers.py", "a.png", "plots.png/a.png"):
        (folder / name).touch()
    (folder / "link.png").symlink_to("a.png")
    (folder / "large.png").write_bytes(bytes(5_500_000))
    before = sorted(folder.rglob("*"))
    got = cs_cnn("submit", "a2", *arguments)
    assert got.exit_code == 2
    assert words in got.output
    assert len(got.output.strip().splitlines()) == 1
    assert sorted(folder.rglob("*")) == before


def test_too_many_files_and_too_large_a_notebook(
    cs_cnn: Command, folder: Path, change: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    for k in range(submission.MOST_FILES):
        (folder / f"{k}.png").touch()
    change(say(" ".join(f"{k}.png" for k in range(submission.MOST_FILES))))
    assert "are too much; at most 20 files" in cs_cnn("submit", "a2", "--no-check").output
    monkeypatch.setattr(submission, "LARGEST_NOTEBOOK", 1000)
    assert "clear the outputs of its largest cells" in cs_cnn("submit", "a2", "--no-check").output
    assert not (folder / ZIP).exists()


def test_a_missing_or_foreign_notebook_is_refused(
    cs_cnn: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "foreign.ipynb").write_text('{"cells": [{"cell_type": "code", "source": "x = 1"}]}')
    (tmp_path / "mine.py").write_text("def sigmoid(z):\n    return z")
    for target, words in [
        ("a2", "No notebook of a2 was found"),
        ("foreign.ipynb", "calls no check of an assignment"),
        ("mine.py", "only a notebook can be handed in"),
        ("nowhere.ipynb", "There is no assignment, task, file or folder"),
    ]:
        got = cs_cnn("submit", target)
        assert (got.exit_code, words in got.output) == (2, True), got.output
    assert list(tmp_path.glob("*.zip")) == []


def test_an_interrupt_or_a_full_disk_leaves_the_old_zip(
    cs_cnn: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ZIP).write_text("the zip of yesterday")

    def interrupted(*arguments: object, **keywords: object) -> None:
        raise KeyboardInterrupt

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(running, "run", interrupted)
        got = cs_cnn("submit", "a2")
        assert (got.exit_code, got.output) == (130, "Stopped: no zip was written.\n")
    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        got = cs_cnn("submit", "a2", "--no-check")
        assert got.exit_code == 2
        assert "the file is as it was before" in got.output
    assert (folder / ZIP).read_text() == "the zip of yesterday"
    assert sorted(path.name for path in folder.iterdir()) == [ZIP, "dataset.txt", NOTEBOOK]


def test_a_long_text_without_names_takes_no_time(folder: Path, change: Change) -> None:
    change(say(f"data:image/png;base64,{'a' * 2_000_000} {'plot ' * 100_000} ![{'x' * 100_000}"))
    work = finding.find("a2")
    assert submission.pack(work, finding.released(work)).files.keys() == {NOTEBOOK}
