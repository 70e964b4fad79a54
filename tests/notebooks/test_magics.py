"""What plain Python makes of IPython's additions."""

from __future__ import annotations

import time

import pytest

from cs_cnn.notebooks.magics import plain_python


@pytest.mark.parametrize(
    ("text", "code", "left_out"),
    [
        ("x = 3 % 2", "x = 3 % 2", 0),
        ('s = """\n%d items\n!\n"""', 's = """\n%d items\n!\n"""', 0),
        ("%matplotlib inline\nx = 1", "pass\nx = 1", 1),
        ("!pip install numpy", "pass", 1),
        ("if x:\n    !ls\n    y = 1", "if x:\n    pass\n    y = 1", 1),
        ("files, n = !ls -l", "files, n = None", 1),
        ("%time y = f(x)", "y = f(x)", 0),
        ("%timeit -n 3 -r 2 f(x)", "f(x)", 0),
        ("%%time\ny = f(x)", "\ny = f(x)", 0),
        ("%%capture\n!ls\ny = 1", "\npass\ny = 1", 1),
        ("%%bash\nrm -rf x", "", 1),
        ("np.dot?\n??f", "pass\npass", 2),
    ],
)
def test_additions_are_left_out_and_lines_keep_their_numbers(text: str, code: str, left_out: int) -> None:
    plain = plain_python(text)
    assert plain.code == code
    assert len(plain.left_out) == left_out


@pytest.mark.parametrize("line", [" " * 100_000 + "x y", "a, " * 50_000 + "y", "?" + "a" * 100_000 + "!"])
def test_a_long_line_takes_no_time(line: str) -> None:
    start = time.process_time()
    assert plain_python(f"{line}\nx y").left_out == ()
    assert time.process_time() - start < 5  # it would be minutes where time grows with the square
