"""The private gradebook: a SQLite file with one assignment and nobody in it, copied for every submission."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from cs_cnn.course import engine
from cs_cnn.course.calendar import Assignment
from cs_cnn.course.grading import marks
from cs_cnn.errors import CsCnnError


def make(folder: Path, assignment: Assignment) -> bytes:
    """Make a gradebook with the cells of one assignment; inside `engine.session`.

    Parameters
    ----------
    folder : pathlib.Path
        The course directory whose gradebook knows the assignment.
    assignment : Assignment
        Which one.

    Returns
    -------
    bytes
        A SQLite file; the assignment's rows in it have the ids of the course's gradebook.

    Raises
    ------
    CsCnnError
        When the course's gradebook has no such assignment.
    """
    import sqlalchemy
    from nbgrader.api import Base

    with tempfile.TemporaryDirectory(prefix="cs-cnn-") as temporary:
        path = Path(temporary) / "gradebook.db"
        private = sqlalchemy.create_engine(engine.sqlite_url(path))
        Base.metadata.create_all(private)
        with marks.gradebook(folder) as opened, private.begin() as target:
            for table, rows in _rows(opened, assignment).items():
                if rows:
                    target.execute(sqlalchemy.insert(Base.metadata.tables[table]), rows)
        private.dispose()
        return path.read_bytes()


def _rows(opened: Any, assignment: Assignment) -> dict[str, list[dict[str, Any]]]:
    """Read everything that belongs to the assignment itself, table by table."""
    from nbgrader.api import Base
    from sqlalchemy import select

    tables = Base.metadata.tables

    def read(name: str, column: str, values: list[str]) -> list[dict[str, Any]]:
        table = tables[name]
        found = opened.db.execute(select(table).where(table.c[column].in_(values)))
        return [dict(row._mapping) for row in found]

    this = read("assignment", "name", [assignment.name])
    if not this:
        raise CsCnnError(
            f"The gradebook does not know {assignment.name}; run `cs-cnn init` for this course directory again."
        )
    notebooks = read("notebook", "assignment_id", [this[0]["id"]])
    ids = [row["id"] for row in notebooks]
    cells = read("base_cell", "notebook_id", ids)
    found = {
        "course": read("course", "id", [this[0]["course_id"]]),
        "assignment": this,
        "notebook": notebooks,
        "base_cell": cells,
    }
    for name in ("grade_cells", "solution_cells", "task_cells"):
        found[name] = read(name, "id", [row["id"] for row in cells])
    found["source_cell"] = read("source_cell", "notebook_id", ids)
    return found
