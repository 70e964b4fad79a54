"""The statistics of a class: right numbers, known mistakes by name, a page for 0, 1 and 2,000 students."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner

from cs_cnn.checks.assignments import TASKS
from cs_cnn.checks.mistakes import bank, everything
from cs_cnn.checks.results import Part, Report
from cs_cnn.command import main
from cs_cnn.course import calendar, source
from cs_cnn.course.grading.marks import Row, graded_cells
from cs_cnn.course.late import Lateness
from cs_cnn.course.report import stats
from cs_cnn.course.report.manner import Book
from cs_cnn.course.report.stats import recognising

from .browsing import DESK, NARROW, PHONE, complaints, opened, sideways
from .conftest import Classroom

ROOT = Path(__file__).parents[2]
ASSIGNMENT = replace(calendar.load(ROOT).assignment("a2"), due=datetime(2027, 1, 29, 23, 59, tzinfo=UTC))


def report(task: str, *mistakes: str) -> Report:
    """Return the report of a check that recognised these mistakes, each in parts of its own."""
    wrong = {part: mistake for mistake in bank(task) if mistake.name in mistakes for part in mistake.loses}
    parts = []
    for part in TASKS[task].parts:
        if found := wrong.get(part.name):
            section = found.section or TASKS[task].section
            parts.append(Part(part.name, 0, part.points, False, "no", found.hint, found.name, section))
        else:
            parts.append(Part(part.name, part.points, part.points, True, part.tested))
    return Report(task, TASKS[task].title, tuple(parts))


def test_every_mistake_is_recognised_by_its_hint() -> None:
    for mistake in everything():
        text = report(mistake.task, mistake.name).text()
        (found,) = recognising.recognised(text, [mistake.task])
        assert mistake.name.replace("_", " ") in found.name.split(", or ")
        assert found.section == mistake.section or found.section == TASKS[mistake.task].section


def test_two_mistakes_in_one_report_and_none() -> None:
    first, second = bank("a2.backward")[:2]
    text = report("a2.backward", first.name, second.name).text()
    named = {
        name for found in recognising.recognised(text, ["a2.backward"]) for name in found.name.split(", or ")
    }
    assert named == {
        mistake.replace("_", " ") for mistake in report("a2.backward", first.name, second.name).mistakes
    }
    assert recognising.recognised(report("a2.backward").text(), ["a2.backward"]) == []
    general = TASKS["a2.backward"].parts[0].hint
    assert recognising.recognised(f"Hint: {general}", ["a2.backward"]) == []


class Class:
    """A course directory with graded notebooks, written without grading."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        name = f"{ASSIGNMENT.notebook}.ipynb"
        made = source.notebook(ROOT / "solutions" / ASSIGNMENT.name / f"{ASSIGNMENT.notebook}.py")
        (folder / "source" / ASSIGNMENT.name).mkdir(parents=True)
        (folder / "source" / ASSIGNMENT.name / name).write_text(json.dumps(made), encoding="utf-8")
        self.cells = graded_cells(folder, ASSIGNMENT)
        self.tests = {
            cell["metadata"]["nbgrader"]["grade_id"]: cell
            for cell in made["cells"]
            if cell["metadata"].get("nbgrader", {}).get("grade")
        }
        self.rows: list[Row] = []

    def add(self, student: str, hours: float | None, *wrong: tuple[str, str]) -> None:
        """Let a student hand in some hours before the due date, with these mistakes by task and name."""
        cells: dict[str, float | None] = {
            cell.grade_id: cell.points for cell in self.cells if not cell.written
        }
        printed = []
        for task, mistake in wrong:
            grade_id = f"test_{task.removeprefix('a2.')}"
            said = report(task, mistake)
            cells[grade_id] = said.points
            output = {
                "output_type": "stream",
                "name": "stdout",
                "text": said.text().splitlines(keepends=True),
            }
            printed.append({**self.tests[grade_id], "outputs": [output]})
        home = self.folder / "autograded" / student / ASSIGNMENT.name
        home.mkdir(parents=True)
        document = {"cells": printed, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (home / f"{ASSIGNMENT.notebook}.ipynb").write_text(json.dumps(document), encoding="utf-8")
        when = None if hours is None else ASSIGNMENT.due - timedelta(hours=hours)
        late = Lateness(1, 0, 0.1) if hours is not None and hours < 0 else Lateness(0, 0, 0.0)
        points = sum(value or 0 for value in cells.values())
        everything = {cell.grade_id: cells.get(cell.grade_id) for cell in self.cells}
        self.rows.append(
            Row(student, "Secret", "Name", "", "needs_reading", points, 100, "", when, everything, late)
        )

    def absent(self, student: str) -> None:
        cells: dict[str, float | None] = {cell.grade_id: 0.0 for cell in self.cells}
        self.rows.append(Row(student, "Secret", "Name", "", "not_submitted", 0, 100, "", None, cells))

    def counted(self) -> stats.Statistics:
        return stats.count(self.folder, ASSIGNMENT, self.rows, progress=False)

    def page(self, address: str = "https://example.org/cnn") -> str:
        return stats.render(self.counted(), Book(address))


@pytest.fixture
def room(tmp_path: Path) -> Class:
    return Class(tmp_path / "class")


def test_counts(room: Class) -> None:
    one, two = bank("a2.forward")[:2]
    room.add("a", 30, ("a2.forward", one.name))
    room.add("b", 5, ("a2.forward", one.name), ("a2.loss", bank("a2.loss")[0].name))
    room.add("c", -3, ("a2.forward", two.name))
    room.add("d", None)
    room.absent("e")
    counted = room.counted()
    assert (counted.people, counted.handed_in, len(counted.points), counted.late) == (5, 4, 4, 1)
    assert sorted(round(hours) for hours in counted.early) == [-3, 5, 30]
    by_name = {(mistake.task, mistake.name): number for mistake, number in counted.mistakes}
    assert by_name["a2.forward", one.name.replace("_", " ")] == 2
    assert sum(by_name.values()) == 4
    forward = next(task for task in counted.tasks if task.cell.grade_id == "test_forward")
    earned = [row.cells["test_forward"] or 0 for row in room.rows[:4]]
    assert forward.share == pytest.approx(sum(earned) / (4 * forward.cell.points))
    assert (forward.marked, forward.full) == (4, 1)
    written = [task for task in counted.tasks if task.cell.written]
    assert written and all(task.marked == 0 and task.share is None for task in written)
    assert counted.states == Counter({room.rows[0].meaning: 4, room.rows[-1].meaning: 1})


def test_every_lost_point_is_put_down_to_a_section(room: Class) -> None:
    for number, mistake in enumerate(everything()):
        if mistake.task.startswith("a2."):
            room.add(f"s{number}", None, (mistake.task, mistake.name))
    counted = room.counted()
    total = sum(cell.points for cell in room.cells if not cell.written)
    lost = sum(total - points for points in counted.points)
    assert sum(section.lost for section in counted.sections) == pytest.approx(lost)
    assert [section.lost for section in counted.sections] == sorted(
        (section.lost for section in counted.sections), reverse=True
    )
    assert all(re.fullmatch(r"[a-z_]+/[a-z0-9_]+#[\w-]+", section.section) for section in counted.sections)


def test_nobody(room: Class) -> None:
    text = room.page()
    assert "Nothing is graded yet" in text and "<svg" not in text and "0 of 0 students" in text


def test_the_page_names_mistakes_and_sections_and_no_student(room: Class) -> None:
    mistake = bank("a2.forward")[0]
    room.add("ada", 5, ("a2.forward", mistake.name))
    text = room.page()
    soup = BeautifulSoup(text, "html.parser")
    assert "Secret" not in text and "ada" not in re.findall(r"\w+", soup.get_text())
    assert mistake.name.replace("_", " ") in soup.get_text() and mistake.hint.split(".")[0] in soup.get_text()
    section = mistake.section or TASKS["a2.forward"].section
    page, _, label = section.partition("#")
    links = [link["href"] for link in soup.find_all("a")]
    assert f"https://example.org/cnn/{page}.html#{label}" in links
    figures = soup.find_all("svg")
    assert len(figures) == 3 and all(len(figure["aria-label"]) > 30 for figure in figures)
    ids = [tag["id"] for tag in soup.find_all(id=True)]
    assert len(ids) == len(set(ids))
    used = set(re.findall(r"url\(#([^)]+)\)", text)) | set(re.findall(r'xlink:href="#([^"]+)"', text))
    assert used <= set(ids)
    assert not re.search(
        r'(src|href)="(?!https://example\.org/|#|data:)', re.sub(r"<svg.*?</svg>", "", text, flags=re.S)
    )
    assert "<a " not in room.page("").split("Mistakes")[1]


def test_two_thousand_students(room: Class) -> None:
    wrong = [(mistake.task, mistake.name) for mistake in everything() if mistake.task.startswith("a2.")]
    for number in range(2000):
        room.add(f"s{number}", 400 - number / 4, wrong[number % len(wrong)])
    counted = room.counted()
    assert len(counted.points) == 2000
    assert sum(number for _, number in counted.mistakes) == 2000
    text = room.page()
    assert len(text) < 500_000
    alt = BeautifulSoup(text, "html.parser").find("svg")["aria-label"]
    assert "2000 students" in alt


@pytest.mark.browser
@pytest.mark.parametrize("people", [0, 1, 40])
def test_the_page_in_a_browser(people: int, room: Class) -> None:
    wrong = [(mistake.task, mistake.name) for mistake in everything() if mistake.task.startswith("a2.")]
    for number in range(people):
        room.add(f"s{number}", 200 - 6 * number, wrong[number % len(wrong)])
    path = room.folder / "page.html"
    path.write_text(room.page(), encoding="utf-8")
    with opened(path, PHONE) as tab:
        assert complaints(tab) == []
        for width in (PHONE, NARROW, DESK):
            tab.set_viewport_size({"width": width, "height": 900})
            assert sideways(tab) == [], width


def test_the_command(classroom: Classroom, tmp_path: Path) -> None:
    def run(*more: str) -> tuple[int, str]:
        result = CliRunner().invoke(main, ["stats", "a1", "--course", str(classroom.folder), *more])
        return result.exit_code, result.output

    target = classroom.folder / "reports" / "stats-a1_double.html"
    code, text = run("--dry-run")
    assert code == 0 and "Nothing was written" in text and not target.exists()
    code, text = run()
    assert code == 0 and "0 of 2 students graded" in text
    assert "Nothing is graded yet" in target.read_text(encoding="utf-8")
    assert "stats: wrote" in (classroom.folder / "grading" / "log.txt").read_text(encoding="utf-8")
    assert run("--to", str(tmp_path / "a.html"))[0] == 0 and (tmp_path / "a.html").is_file()
    code, text = run("--book", "javascript:x")
    assert code == 2 and "--book is the address" in text
