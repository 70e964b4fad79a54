"""A class that costs nothing to grade, and everything a run leaves behind, for comparing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nbgrader import api

from cs_cnn.course import engine
from cs_cnn.course.grading.tasks import Graded, Kit, Task

from .conftest import Classroom


def simulate(kit: Kit, task: Task) -> Graded:
    """Grade by the length of the name."""
    notebook = f"{kit.notebook}.ipynb"
    return Graded(
        scores={"test_double": float(len(task.student) % 7), "why": None},
        comments={"double": None, "why": "No response."},
        files={notebook: task.notebook},
    )


def everything(classroom: Classroom) -> dict[str, Any]:
    """Return what grading wrote: gradebook, results and graded notebooks, without ids, times and versions."""
    return {
        "gradebook": _gradebook(engine.database_url(classroom.folder)),
        "results": _results(classroom.folder / "grading" / f"{classroom.name}.json"),
        "files": {
            path.relative_to(classroom.folder).as_posix(): _stable(path)
            for path in sorted((classroom.folder / "autograded").rglob("*"))
            if path.is_file()
        },
        "lines": [path.name for path in (classroom.folder / "grading").glob("*.jsonl")],
    }


def _gradebook(url: str) -> list[tuple[Any, ...]]:
    with api.Gradebook(url) as opened:
        found: list[tuple[Any, ...]] = [
            (student.id, student.first_name, student.email) for student in opened.students
        ]
        for notebook in opened.db.query(api.SubmittedNotebook).all():
            who = (notebook.assignment.student_id, notebook.assignment.name, notebook.assignment.timestamp)
            found += [
                (
                    *who,
                    each.name,
                    each.auto_score,
                    each.manual_score,
                    each.extra_credit,
                    each.needs_manual_grade,
                )
                for each in notebook.grades
            ]
            found += [(*who, each.name, each.auto_comment, each.manual_comment) for each in notebook.comments]
    return sorted(found, key=str)


def _results(path: Path) -> dict[str, Any]:
    submissions = json.loads(path.read_text())["submissions"]
    return {
        student: {key: value for key, value in entry.items() if key not in ("grader", "graded", "seconds")}
        for student, entry in submissions.items()
    }


def _stable(path: Path) -> Any:
    if path.suffix != ".ipynb":
        return path.read_bytes()
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        cell["metadata"].pop("execution", None)  # when each cell ran
    return notebook
