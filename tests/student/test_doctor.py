"""`cs-cnn doctor`: what it says of a computer and of a notebook, and what it mends."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from cs_cnn.student import finding, machine

ROOT = Path(__file__).parents[2]
NOTEBOOK = "two_layer_net.ipynb"
KEPT = "two_layer_net.before-mend.ipynb"

Command = Callable[..., Result]
Change = Callable[[Callable[[dict[str, Any]], object]], Path]


def cell(notebook: dict[str, Any], name: str) -> dict[str, Any]:
    marked = (each for each in notebook["cells"] if "nbgrader" in each["metadata"])
    found: dict[str, Any] = next(each for each in marked if each["metadata"]["nbgrader"]["grade_id"] == name)
    return found


def answer(notebook: dict[str, Any]) -> None:
    cell(notebook, "sigmoid")["source"] = ["def sigmoid(z):\n", "    return 1 / (1 + np.exp(-z))"]


def copied(notebook: dict[str, Any]) -> None:
    answer(notebook)
    place = notebook["cells"].index(cell(notebook, "test_sigmoid"))
    notebook["cells"].insert(place, copy.deepcopy(notebook["cells"][place]) | {"id": "again"})


def lost(notebook: dict[str, Any]) -> None:
    answer(notebook)
    notebook["cells"].remove(cell(notebook, "test_sigmoid"))


def edited(notebook: dict[str, Any]) -> None:
    answer(notebook)
    cell(notebook, "test_sigmoid")["source"] = ["5.0"]


def test_a_sound_computer(cs_cnn: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    got = cs_cnn("doctor")
    assert got.exit_code == 0
    looked_at = [line.split()[1] for line in got.output.splitlines()]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {line.split(">=")[0] for line in project["dependencies"]}
    assert needed | {"Python", "cs_cnn", "torch", "jupyterlab", "speed", "data", "disk"} == set(looked_at)
    assert "wrong" not in got.output


def test_the_oldest_python_is_the_packages() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == ">=" + ".".join(map(str, machine.OLDEST_PYTHON))
    assert machine.python((3, 10, 4)).state == "wrong"
    assert "needs 3.11 or later" in machine.python((3, 10, 4)).sentence
    assert machine.python((3, 11, 0)).state == "fine"


def _without(monkeypatch: pytest.MonkeyPatch, **versions: str) -> None:
    """Let the computer have these versions; "" for a package that is missing."""
    real = metadata.version

    def version(name: str) -> str:
        if versions.get(name) == "":
            raise metadata.PackageNotFoundError(name)
        return versions.get(name) or real(name)

    monkeypatch.setattr(metadata, "version", version)


def test_a_computer_without_pytorch_can_do_most(
    cs_cnn: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _without(monkeypatch, torch="")
    got = cs_cnn("doctor")
    assert got.exit_code == 0
    said = next(line for line in got.output.splitlines() if " torch " in line)
    assert said.startswith("look")
    assert "only assignments a5 and a6 need it: pip install 'cs-cnn[torch]'" in said


def test_a_package_that_is_missing_or_old_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    _without(monkeypatch, numpy="1.9.5", pooch="", torch="1.13.0")
    found = {each.about: each for each in machine.packages()}
    assert (found["numpy"].state, found["pooch"].state, found["torch"].state) == ("wrong",) * 3
    assert "1.9.5 is too old; get a newer one with: pip install 'numpy>=1.26'" in found["numpy"].sentence
    assert "not installed; get it with: pip install 'pooch>=" in found["pooch"].sentence
    assert found["click"].state == "fine"


def test_a_computer_without_numpy_is_examined_to_the_end(tmp_path: Path) -> None:
    code = "import sys; sys.modules['numpy'] = None; from cs_cnn.command import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "doctor"], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.stderr == ""
    assert "not looked at, since numpy is missing." in done.stdout
    assert "GB free" in done.stdout
    done = subprocess.run(
        [sys.executable, "-c", code, "check", "a4"], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 2
    assert done.stderr == "Error: the package numpy is missing; `cs-cnn doctor` says how to get it.\n"


@pytest.mark.parametrize(
    ("rates", "kernels", "avx512", "state", "words"),
    [
        ({"": 100.0}, "openblas Haswell", False, "fine", "100 GFLOP/s on one core, openblas Haswell"),
        (
            {"": 100.0, "SkylakeX": 200.0},
            "openblas Haswell",
            True,
            "look",
            "200 with OPENBLAS_CORETYPE=SkylakeX",
        ),
        ({"": 100.0, "SkylakeX": 110.0}, "openblas Haswell", True, "fine", "100 GFLOP/s"),
        ({"": 100.0}, "openblas SkylakeX", True, "fine", "100 GFLOP/s"),
        ({"": 1.0}, "", False, "look", "slow"),
        ({"": 0.0}, "", True, "wrong", "cannot multiply"),
    ],
)
def test_the_speed(rates: dict[str, float], kernels: str, avx512: bool, state: str, words: str) -> None:
    found = machine.speed(rates.__getitem__, kernels, avx512)
    assert found.state == state
    assert words in found.sentence


def test_the_space() -> None:
    states = [machine.space(Path("here"), free).state for free in (5e9, 1e9, 1e8)]
    assert states == ["fine", "look", "wrong"]


def test_files_in_the_place_of_packages_are_named(
    cs_cnn: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("numpy.py", "random.py", "my_layers.py", "torch/__init__.py", "data/__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [sentence.split()[0] for sentence in machine.shadows(tmp_path)] == [
        "numpy.py",
        "random.py",
        "torch/",
    ]
    assert machine.shadows(ROOT) == []  # where cs_cnn itself lies
    got = cs_cnn("doctor")
    assert got.exit_code == 1
    assert "wrong  files" in got.output


def test_a_notebook_as_handed_out_or_with_answers_is_fine(
    cs_cnn: Command, folder: Path, change: Change
) -> None:
    for how in (lambda notebook: None, answer):
        change(how)
        got = cs_cnn("doctor", "a2")
        assert got.exit_code == 0
        assert got.output == f"{folder / NOTEBOOK}\nfine   Every cell is in its place.\n"


@pytest.mark.parametrize(
    ("accident", "sentence"),
    [
        (copied, "The cell test_sigmoid is there more than once."),
        (lost, "The cell test_sigmoid is missing."),
        (edited, "The cell test_sigmoid was changed, and should stay as it was."),
    ],
)
def test_an_accident_is_told_and_mended(
    cs_cnn: Command, folder: Path, change: Change, accident: Callable[[dict[str, Any]], None], sentence: str
) -> None:
    path = change(accident)
    before = path.read_bytes()
    told = cs_cnn("doctor", "a2")
    assert told.exit_code == 1
    assert f"wrong  {sentence}\n" in told.output
    assert "--mend" in told.output
    assert path.read_bytes() == before
    assert not (folder / KEPT).exists()

    mended = cs_cnn("doctor", "a2", "--mend")
    assert mended.exit_code == 0
    assert (folder / KEPT).read_bytes() == before
    assert KEPT in mended.output
    given = json.loads((ROOT / "assignments" / folder.name / NOTEBOOK).read_text(encoding="utf-8"))
    answer(given)
    assert json.loads(path.read_text(encoding="utf-8")) == given
    assert cs_cnn("doctor", "a2").exit_code == 0


def test_mending_twice_keeps_both(cs_cnn: Command, folder: Path, change: Change) -> None:
    for _ in range(2):
        change(lost)
        assert cs_cnn("doctor", "a2", "--mend").exit_code == 0
    assert sorted(path.name for path in folder.glob("*.ipynb")) == [
        "two_layer_net.before-mend-2.ipynb",
        KEPT,
        NOTEBOOK,
    ]


def test_a_wrong_name_is_mended_unless_it_is_taken(cs_cnn: Command, folder: Path, change: Change) -> None:
    change(answer)
    mine = folder / "two_layer_net (1).ipynb"
    (folder / NOTEBOOK).rename(mine)
    assert f"is called {mine.name}, and should be called {NOTEBOOK}" in cs_cnn("doctor", "a2").output
    assert cs_cnn("doctor", "a2", "--mend").exit_code == 0
    assert (folder / NOTEBOOK).exists()
    assert not mine.exists()
    shutil.copy(folder / NOTEBOOK, mine)
    before = (folder / NOTEBOOK).read_bytes()
    got = cs_cnn("doctor", "a2", mine, "--mend")
    assert "It keeps its name" in got.output
    assert mine.exists()
    assert (folder / NOTEBOOK).read_bytes() == before


def test_a_full_disk_leaves_the_notebook(
    cs_cnn: Command, folder: Path, change: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = change(lost)
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    got = cs_cnn("doctor", "a2", "--mend")
    assert got.exit_code == 2
    assert "No space left on device" in got.output
    assert path.read_bytes() == before
    assert sorted(each.name for each in folder.iterdir()) == ["dataset.txt", NOTEBOOK]


def test_files_beside_the_notebook(cs_cnn: Command, folder: Path) -> None:
    (folder / "dataset.txt").unlink()
    (folder / "numpy.py").touch()
    got = cs_cnn("doctor", "a2")
    assert got.exit_code == 1
    assert "wrong  dataset.txt, which was handed out beside the notebook, is not in" in got.output
    assert f"wrong  numpy.py in {folder}" in got.output
    assert "fine   Every cell is in its place." in got.output


def test_without_the_release_the_notebook_itself_is_looked_at(
    cs_cnn: Command, folder: Path, change: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "_INSTALLED", folder)
    sound = cs_cnn("doctor", "a2")
    assert sound.exit_code == 0
    assert "The notebook that was handed out was not found" in sound.output
    change(edited)
    got = cs_cnn("doctor", "a2")
    assert got.exit_code == 1
    assert "wrong  Changed, and should stay as handed out: test_sigmoid." in got.output
    assert "wrong  Checks that are missing: a2.sigmoid." in got.output
    change(lambda notebook: notebook["cells"].append(cell(notebook, "forward")))
    assert "wrong  There is more than one cell called: forward." in cs_cnn("doctor", "a2").output
    mended = cs_cnn("doctor", "a2", "--mend")
    assert mended.exit_code == 2
    assert "cannot be mended" in mended.output


def test_a_wrong_folder_a_broken_file_and_a_missing_name(
    cs_cnn: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.ipynb").write_text('{"cells": [')
    (tmp_path / "mine.py").write_text("def sigmoid(z):\n    return z")
    for arguments, words in [
        (["a4"], f"No notebook of a4 was found in {tmp_path}"),
        (["broken.ipynb"], "is damaged"),
        (["mine.py"], "only a notebook can be handed in or mended"),
        (["--mend"], "--mend needs a notebook"),
    ]:
        got = cs_cnn("doctor", *arguments)
        assert got.exit_code == 2
        assert words in got.output
        assert len(got.output.strip().splitlines()) == 1
