"""Code that resembles other code: copies are found, common practice is not, and the page is careful."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner

from cs_cnn.command import main
from cs_cnn.course import calendar, similar, source
from cs_cnn.course.similar import texts
from cs_cnn.course.similar.comparing import SHORTEST
from cs_cnn.course.similar.texts import Text
from cs_cnn.errors import CsCnnError

from .browsing import DESK, NARROW, PHONE, complaints, opened, sideways
from .conftest import Classroom

ROOT = Path(__file__).parents[2]
ASSIGNMENT = calendar.load(ROOT).assignment("a2")
NAME = f"{ASSIGNMENT.notebook}.ipynb"
ONE = '''
def softmax_loss(scores, labels):
    """Return the loss and its gradient."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    powers = np.exp(shifted)
    shares = powers / powers.sum(axis=1, keepdims=True)
    rows = np.arange(len(labels))
    loss = -np.log(shares[rows, labels]).mean()
    gradient = shares.copy()
    gradient[rows, labels] -= 1
    return loss, gradient / len(labels)
'''
TWO = """
def softmax_loss(s, y):
    total, d = 0.0, []
    for row, label in zip(s.tolist(), y.tolist()):
        top = max(row)
        e = [math.exp(v - top) for v in row]
        total += math.log(sum(e)) - (row[label] - top)
        d.append([v / sum(e) - (k == label) for k, v in enumerate(e)])
    return total / len(y), np.array(d) / len(y)
"""


def renamed(code: str) -> str:
    """Return the code as somebody hands it in who hopes that nobody looks: names, comments, blanks."""
    for name in ("shifted", "powers", "shares", "rows", "loss", "gradient", "scores", "labels"):
        code = re.sub(rf"\b{name}\b", f"my_{name[::-1]}", code)
    lines = code.replace('"""Return the loss and its gradient."""', "'''Loss!'''").splitlines()
    return "\n\n".join(f"{line}  # step {number}" if line else "" for number, line in enumerate(lines))


def student(name: str, code: str) -> Text:
    return Text("student", name, f"# loss\n{code}")


def test_a_renamed_copy_is_found_and_other_ways_are_not() -> None:
    found = similar.compare([student("a", ONE), student("b", TWO), student("c", renamed(ONE))], [], "")
    (pair,) = found.pairs
    assert {pair.one.name, pair.other.name} == {"a", "c"} and pair.share > 0.9
    assert found.texts == 3 and found.short == []
    covered = sum(end - start for start, end in pair.spans)
    assert covered > 0.8 * len(ONE.replace(" ", ""))


def test_what_was_handed_out_counts_nowhere() -> None:
    assert similar.compare([student("a", ONE), student("b", ONE)], [], ONE).short == ["a", "b"]
    both = [student("a", ONE + TWO), student("b", ONE + "\nx = 1\n" * SHORTEST)]
    assert similar.compare(both, [], ONE).pairs == []
    assert len(similar.compare(both, [], "", at_least=0.4).pairs) == 1


def test_past_years_and_the_library_are_compared_with_students_only() -> None:
    others = [
        Text("past", "2026/x", ONE),
        Text("past", "2025/y", ONE),
        Text("reference", "cs_cnn.layers.x", TWO + "\n" + ONE),
    ]
    pairs = similar.compare([student("a", renamed(ONE))], others, "").pairs
    assert {pair.other.name for pair in pairs} == {"2026/x", "2025/y", "cs_cnn.layers.x"}
    assert all(pair.one.name == "a" and pair.share > 0.9 for pair in pairs)
    # A small student's text in a large module: its own part counts, not the module's.
    assert (
        similar.compare([student("a", ONE + TWO + "z = [i for i in range(9)]\n" * 40)], others[:1], "").pairs
        == []
    )


def test_more_pairs_than_are_listed() -> None:
    class_ = [student(f"s{number:02}", ONE) for number in range(12)]
    found = similar.compare(class_, [], "", most=10)
    assert len(found.pairs) == 10 and found.left_out == 12 * 11 // 2 - 10
    assert found.usual == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("people", [0, 1])
def test_few_students(people: int) -> None:
    found = similar.compare([student("a", ONE)] * people, [Text("past", "p", TWO)], "def f(): ...")
    assert found.pairs == [] and found.texts == people


def test_two_thousand_students() -> None:
    kinds = [ONE, TWO]
    class_ = [
        student(
            f"s{number}",
            kinds[number % 2] + f"\nvalues = [{', '.join(str(number * 7 + k) for k in range(60))}]\n",
        )
        for number in range(1998)
    ]
    copy = "\n".join(f"q[{k}] = q[{k}] ** {k} + {k * k} if q else w({k}, {k + 1})" for k in range(60))
    found = similar.compare([*class_, student("x", copy), student("y", copy)], [], "", at_least=0.99, most=5)
    assert found.texts == 2000
    assert {found.pairs[0].one.name, found.pairs[0].other.name} == {"x", "y"}


def test_the_same_on_every_run(tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(
        "import sys\nfrom cs_cnn.course import similar\nfrom cs_cnn.course.similar import Text\n"
        f"one, two = {ONE!r}, {TWO!r}\n"
        "class_ = [Text('student', n, c) for n, c in (('a', one), ('b', two), ('c', one + two))]\n"
        "found = similar.compare(class_, [], '', at_least=0.01)\n"
        "print([(p.one.name, p.other.name, p.share, p.spans) for p in found.pairs], found.usual)\n"
    )
    said = {
        subprocess.run(
            [sys.executable, str(script)],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1


class Class:
    """A course directory with the second assignment, in which answers are handed in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for step in ("release", "source"):
            (folder / step / ASSIGNMENT.name).mkdir(parents=True)
        released = ROOT / "assignments" / ASSIGNMENT.name / NAME
        shutil.copy(released, folder / "release" / ASSIGNMENT.name)
        made = source.notebook(ROOT / "solutions" / ASSIGNMENT.name / f"{ASSIGNMENT.notebook}.py")
        (folder / "source" / ASSIGNMENT.name / NAME).write_text(json.dumps(made), encoding="utf-8")
        self.released: dict[str, Any] = json.loads(released.read_text(encoding="utf-8"))

    def hand_in(self, name: str, answers: dict[str, str], home: Path | None = None) -> Path:
        notebook = json.loads(json.dumps(self.released))
        for cell in notebook["cells"]:
            grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
            if grade_id in answers:
                cell["source"] = answers[grade_id].splitlines(keepends=True)
        home = home or self.folder / "submitted" / name / ASSIGNMENT.name
        home.mkdir(parents=True)
        (home / NAME).write_text(json.dumps(notebook), encoding="utf-8")
        return home


@pytest.fixture
def room(tmp_path: Path) -> Class:
    return Class(tmp_path / "class")


def test_reading_a_class(room: Class, tmp_path: Path) -> None:
    room.hand_in("ada", {"loss": ONE})
    broken = room.hand_in("bob", {})
    (broken / NAME).write_bytes(b"hello")
    linked = room.hand_in("cyd", {})
    (linked / NAME).unlink()
    (linked / NAME).symlink_to(room.folder / "source" / ASSIGNMENT.name / NAME)
    found, unread = similar.submitted(room.folder, ASSIGNMENT)
    (ada,) = found
    assert ada.name == "ada" and f"# loss\n{ONE.strip()}" in ada.code and "check(" not in ada.code
    assert sorted(unread) == ["bob", "cyd"] and unread["cyd"] == "there is no notebook."


def test_past_years(room: Class, tmp_path: Path) -> None:
    old = Class(tmp_path / "cnn-2026")
    old.hand_in("zed", {"loss": ONE})
    old.hand_in("zed", {"loss": TWO}, old.folder / "submitted" / "zed" / "a1_other")
    loose = tmp_path / "loose"
    other = {
        "cells": [
            {"cell_type": "code", "metadata": {}, "source": TWO, "outputs": [], "execution_count": None}
        ]
    }
    (loose / "yan").mkdir(parents=True)
    (loose / "yan" / "work.ipynb").write_text(
        json.dumps({**other, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    )
    found = similar.past(room.folder, ASSIGNMENT, (old.folder, loose))
    assert [text.name for text in found] == ["cnn-2026/submitted/zed/a2_two_layer_net", "loose/yan"]
    assert ONE.strip() in found[0].code and TWO.strip() in found[1].code
    with pytest.raises(CsCnnError, match="There is no folder"):
        similar.past(room.folder, ASSIGNMENT, (tmp_path / "nowhere",))
    (tmp_path / "empty").mkdir()
    with pytest.raises(CsCnnError, match="No notebook of a2_two_layer_net is in"):
        similar.past(room.folder, ASSIGNMENT, (tmp_path / "empty",))


def test_the_reference_layers_are_texts(room: Class) -> None:
    found = similar.references(room.folder, ASSIGNMENT)
    names = {text.name for text in found}
    assert {"the instructors' solution", "cs_cnn.layers.affine", "cs_cnn.layers.convolution.conv2d"} <= names
    layer = (ROOT / "cs_cnn" / "layers" / "affine.py").read_text(encoding="utf-8")
    code = layer[layer.index("\ndef ") :]
    room.hand_in("ada", {"forward": code})
    students, _ = similar.submitted(room.folder, ASSIGNMENT)
    compared = similar.compare(students, found, texts.skeleton(room.folder, ASSIGNMENT))
    assert compared.pairs[0].other.name == "cs_cnn.layers.affine"


def rendered(compared: similar.Compared) -> str:
    return similar.render(
        ASSIGNMENT,
        compared,
        unread={"bob": "there is no notebook."},
        names={"a": "Ada <b>L</b>"},
        at_least=0.6,
        others={"past years": 2},
    )


def test_the_page_is_careful_and_shows_the_passages() -> None:
    evil = ONE.replace("powers", "p") + "\ntext = '<script>x()</script>'\n"
    page = rendered(similar.compare([student("a", evil), student("b", ONE)], [Text("past", "2026", TWO)], ""))
    soup = BeautifulSoup(page, "html.parser")
    said = " ".join(soup.get_text(" ").split())
    assert "Resemblance is no evidence of misconduct" in said
    for word in ("plagiar", "cheat", "copied", "guilty", "offend"):
        assert word not in said.lower()
    assert "Ada <b>L</b> (a)" in said and not soup.find("b") and not soup.find("script")
    left, right = soup.find_all("pre", class_="passages")
    assert "return loss, gradient / len(labels)" in [
        mark.get_text().strip() for mark in left.find_all("mark")
    ]
    assert "numbers" not in right.get_text() and "p.sum" not in right.get_text()
    assert all(link["href"].startswith("#pair-") for link in soup.find_all("a"))


@pytest.mark.browser
@pytest.mark.parametrize("pairs", [True, False])
def test_the_page_in_a_browser(pairs: bool, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(
        rendered(similar.compare([student("a", ONE), student("b", ONE if pairs else TWO)], [], ""))
    )
    with opened(path, PHONE) as tab:
        assert complaints(tab) == []
        for width in (PHONE, NARROW, DESK):
            tab.set_viewport_size({"width": width, "height": 900})
            assert sideways(tab) == [], width


def test_the_command(classroom: Classroom) -> None:
    def run(*more: str) -> tuple[int, str]:
        result = CliRunner().invoke(main, ["similar", "a1", "--course", str(classroom.folder), *more])
        return result.exit_code, result.output

    code, text = run()
    assert code == 2 and "Nobody has handed in a1_double" in text
    body = "".join(f"    x = [x * {k}, {k} + x][int(x > {k})]\n" for k in range(12))
    target = classroom.folder / "reports" / "similar-a1_double.html"
    classroom.write("ada", f"def double(x):\n{body}    return x")
    assert run()[0] == 0
    target.unlink()
    classroom.write("zoe", f"def double(y):\n{body}    return x".replace("x", "value"))
    code, text = run("--dry-run")
    assert code == 1 and "pairs that share 60 % or more: 1." in text and not target.exists()
    code, text = run("--past", str(classroom.folder))
    assert code == 1 and "Resemblance is no evidence of misconduct" in text
    page = target.read_text(encoding="utf-8")
    assert "Ada Lovelace, Countess (ada)" in page and "of a past year" in page
    assert "similar: wrote" in (classroom.folder / "grading" / "log.txt").read_text(encoding="utf-8")
    assert run("--at-least", "0")[0] == 2 and run("--past", "/nowhere")[0] == 2
