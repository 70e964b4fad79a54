"""Which of the course's cells that only show something grading may leave out."""

from __future__ import annotations

from pathlib import Path

import pytest

from cs_cnn.course import source
from cs_cnn.course.judge.looking import TAG, unneeded

SHOW = "curve = f(3)\nprint(curve)"
ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("cells", "left_out"),
    [
        ([SHOW], {0}),
        ([SHOW + "  \n\n"], {0}),
        ([SHOW.replace("3", "4")], set()),  # the student wanted to see something else
        ([SHOW, "def g():\n    return curve"], set()),
        ([SHOW, "def g(curve):\n    return curve"], {0}),
        ([SHOW, "def g():\n    curve = 1\n    return curve"], {0}),
        ([SHOW, "def g():\n    return (lambda: [curve for _ in 'ab'])"], set()),
        ([SHOW, "curve"], set()),
        (["curve", SHOW], {1}),
        ([SHOW, "this is no Python"], set()),
        (["this is no Python", SHOW], {1}),
        ([SHOW, "eval('cur' + 've')"], set()),
        ([SHOW, "print(globals())"], set()),
        ([SHOW, "%run other.py"], set()),
        ([SHOW, "%matplotlib inline\nx = 1"], {0}),
        ([SHOW, ""], {0}),
    ],
)
def test_a_cell_is_left_out_when_nothing_that_runs_needs_it(cells: list[str], left_out: set[int]) -> None:
    assert unneeded(cells, [SHOW]) == left_out


def test_what_a_changed_cell_uses_runs_too() -> None:
    make, draw = "numbers = [1, 2]", "print(numbers)"
    assert unneeded([make, draw], [make, draw]) == {0, 1}
    assert unneeded([make, "print(numbers[0])"], [make, draw]) == set()


@pytest.mark.parametrize("path", sorted((ROOT / "solutions").glob("*/*.py")), ids=lambda path: path.stem)
def test_no_graded_cell_of_the_course_needs_one(path: Path) -> None:
    notebook = source.notebook(path)
    looks = {number for number, cell in enumerate(notebook.cells) if TAG in cell.metadata.get("tags", ())}
    assert looks
    sources = [cell.source if cell.cell_type == "code" else "" for cell in notebook.cells]
    assert unneeded(sources, [sources[number] for number in looks]) == looks
