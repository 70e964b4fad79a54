"""From py:percent to nbgrader's metadata, and every way to get a mark wrong."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from cs_cnn.course import source
from cs_cnn.errors import CsCnnError

from .conftest import SOURCE


def write(folder: Path, text: str) -> Path:
    path = folder / "double.py"
    path.write_text(text)
    return path


def test_marks_become_metadata(tmp_path: Path) -> None:
    notebook = source.notebook(write(tmp_path, SOURCE), points=10)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert [cell.id for cell in notebook.cells] == [
        "cell-1",
        "setup",
        "double",
        "test_double",
        "why",
        "cell-6",
    ]
    marks = {cell.id: cell.metadata.get("nbgrader") for cell in notebook.cells}
    assert marks["cell-1"] is None and marks["cell-6"] is None
    flags = {
        name: (mark["grade"], mark["solution"], mark["locked"], mark.get("points"))
        for name, mark in marks.items()
        if mark
    }
    assert flags == {
        "setup": (False, False, True, None),
        "double": (False, True, False, None),
        "test_double": (True, False, True, 6),
        "why": (True, True, False, 4),
    }
    assert notebook.metadata.kernelspec.name == "python3"
    assert "Someone" not in nbformat.writes(notebook)
    assert nbformat.writes(notebook) == nbformat.writes(source.notebook(tmp_path / "double.py"))


WRONG = [
    ('answer="double"', 'answr="double"', 14, "unknown mark 'answr'"),
    ('answer="double"', 'answer="double" points=3', 14, "points belong to a test"),
    ('answer="double"', 'answer="double" locked="x"', 14, "one mark"),
    ('answer="double"', 'answer="dou ble"', 14, "cannot name a cell"),
    ('answer="double"', 'answer="setup"', 14, "'setup' is already used in line 11"),
    ('locked="setup"', 'answer="setup"', 11, "no solution region"),
    ("points=6", "", 21, "needs points"),
    ("points=6", "points=-6", 21, "needs points"),
    ("points=6", "points=five", 21, "cannot be read"),
    ("points=6", "points=5", 28, "add up to 9, and course.yml says 10"),
    ("    ### END SOLUTION\n\n# %% test", "\n# %% test", 17, "BEGIN SOLUTION has no END"),
    ("    ### BEGIN SOLUTION\n", "", 18, "END SOLUTION has no BEGIN"),
    ("    return 2 * x\n", "    ### BEGIN SOLUTION\n", 18, "follows the one in line 17"),
    ("### END HIDDEN TESTS\n", "", 23, "BEGIN HIDDEN TESTS has no END"),
    ("### BEGIN HIDDEN TESTS\n", "", 25, "END HIDDEN TESTS has no BEGIN"),
    ("# Your own notes.", "### BEGIN SOLUTION\n### END SOLUTION", 34, "outside an answer or written cell"),
    ("# Your own notes.", "### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS", 34, "outside a test cell"),
    ('# %% [markdown] written="why"', '# %% written="why"', 28, "must be a markdown cell"),
    ("# %%\n# Your own notes.", '# %% test="double" points=6', 33, "already used"),
]


@pytest.mark.parametrize(("old", "new", "line", "words"), WRONG, ids=[row[3][:40] for row in WRONG])
def test_names_the_line(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    assert old in SOURCE
    with pytest.raises(CsCnnError) as raised:
        source.notebook(write(tmp_path, SOURCE.replace(old, new, 1)), points=10)
    assert words in str(raised.value)
    assert f"double.py, line {line}:" in str(raised.value)


def test_a_test_before_its_answer(tmp_path: Path) -> None:
    start, middle, end = (
        SOURCE.index("# %% answer"),
        SOURCE.index("# %% test"),
        SOURCE.index("# %% [markdown] written"),
    )
    swapped = SOURCE[:start] + SOURCE[middle:end] + SOURCE[start:middle] + SOURCE[end:]
    with pytest.raises(CsCnnError, match="the test 'double' stands before its answer"):
        source.notebook(write(tmp_path, swapped))


def test_text_before_the_first_cell(tmp_path: Path) -> None:
    with pytest.raises(CsCnnError, match="nothing but the header before the first"):
        source.notebook(write(tmp_path, SOURCE.replace("# %% [markdown]\n", "x = 1\n\n# %% [markdown]\n", 1)))


def test_a_missing_file_and_a_wrong_byte(tmp_path: Path) -> None:
    with pytest.raises(CsCnnError, match="Cannot read the source"):
        source.notebook(tmp_path / "gone.py")
    (tmp_path / "latin.py").write_bytes(b"# %%\nx = '\xe9'\n")
    with pytest.raises(CsCnnError, match="line 2: a byte is not UTF-8"):
        source.notebook(tmp_path / "latin.py")
