"""Test cells that trust the student are refused when they are released, with their line."""

from __future__ import annotations

from pathlib import Path

import pytest

from cs_cnn.course.release import lint
from cs_cnn.errors import CsCnnError

SOURCE = """\
# %% locked="setup"
import numpy as np
inputs = np.ones(3)

# %% answer="double"
class Twice:
    pass

def double(x):
    factor = 2
    ### BEGIN SOLUTION
    return factor * x
    ### END SOLUTION

result = double(inputs)

# %% test="double" points=6
{test}
"""

ALLOWED = [
    'check("a1.double", double)',
    'checks.check("a1.double", double, Twice, hidden=True, seed=17)',
    "### BEGIN HIDDEN TESTS\ncheck('a1.double', double, hidden=True, seed=3)\n### END HIDDEN TESTS",
    "assert double(inputs).shape == (3,) and np.all(double(inputs) == 2)",
    "assert double(inputs).shape == (3,)\nassert double(1) == 2",
    "result_here = double(inputs)\nassert (result_here == 2).all()",
]
REFUSED = [
    ('check("a1.double", result)', 18, "the check receives result"),
    ('x = 1\ncheck("a1.double", double(1))', 19, r"the check receives double\(1\)"),
    ('check("a1.double", lambda x: 2 * x)', 18, "the check receives lambda x"),
    ('check("a1.double", np)', 18, "the check receives np"),
    ("check(double)", 18, "names its task first"),
    ('check("a1.double", double, seed=inputs)', 18, "plain values, not seed=inputs"),
    ('check("a1.double", double, quick=True)', 18, "plain values, not quick=True"),
    ("assert (result == 2).all()", 18, "uses result, which is a student's data"),
    (
        "assert double(1) == 2\n### BEGIN HIDDEN TESTS\nassert result[0] == 2\n### END HIDDEN TESTS",
        20,
        "uses result",
    ),
    ("assert double(inputs).shape == (3,)", 18, "looks only at shapes"),
    ("x = 1\nassert len(double(inputs)) == 3\nassert double(inputs).ndim == 1", 19, "looks only at shapes"),
    ("assert isinstance(double(1), int) and np.shape(double(inputs))[0] == 3", 18, "looks only at shapes"),
    # What hidden tests look at besides does not help the student who reads the visible one.
    (
        "assert double(inputs).shape[0] == 3\n### BEGIN HIDDEN TESTS\nassert double(1) == 2\n### END HIDDEN TESTS",
        18,
        "looks only at shapes",
    ),
    ("assert double(1 == 2", 18, "this is not Python"),
]


def lint_test(folder: Path, test: str) -> None:
    path = folder / "double.py"
    path.write_text(SOURCE.replace("{test}", test))
    lint.check(path)


@pytest.mark.parametrize("test", ALLOWED)
def test_good_tests_pass(tmp_path: Path, test: str) -> None:
    lint_test(tmp_path, test)


@pytest.mark.parametrize(("test", "line", "words"), REFUSED)
def test_bad_tests_are_refused_with_their_line(tmp_path: Path, test: str, line: int, words: str) -> None:
    with pytest.raises(CsCnnError, match=words) as raised:
        lint_test(tmp_path, test)
    assert f"double.py, line {line}: " in str(raised.value)


def test_releasing_looks(repository: Path) -> None:
    from cs_cnn.course import calendar, release

    assignment = calendar.load(repository).assignment("a1")
    path = release.source_path(repository, assignment)
    path.write_text(path.read_text().replace("assert double(1) == 2", "assert double(1).shape == ()"))
    with pytest.raises(CsCnnError, match="looks only at shapes"):
        release.write(repository, assignment)
    assert not (repository / "assignments").exists()
