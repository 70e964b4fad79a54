"""Generating a release: nbgrader cuts what is secret, and what is left says nothing about its making."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from cs_cnn.course import calendar, engine, source
from cs_cnn.course.calendar import Assignment
from cs_cnn.course.release import lint, stamp
from cs_cnn.errors import CsCnnError

_CELL_METADATA = ("deletable", "editable", "nbgrader")


def source_path(repository: Path, assignment: Assignment) -> Path:
    """Return where the instructors' source of an assignment lies."""
    return repository / "solutions" / assignment.name / f"{assignment.notebook}.py"


def write_notebook(notebook: Any, path: Path) -> None:
    """Write a notebook with a line end after the last line, as every tool but nbformat does."""
    import nbformat

    path.write_text(nbformat.writes(notebook).rstrip("\n") + "\n", encoding="utf-8", newline="\n")  # type: ignore[no-untyped-call]


def make_source(repository: Path, assignment: Assignment, folder: Path) -> None:
    """Write the instructors' version (solutions and hidden tests) with its data files.

    Parameters
    ----------
    repository : pathlib.Path
        The folder with `solutions/`.
    assignment : Assignment
        Its entry in the calendar.
    folder : pathlib.Path
        Where to write; made if it is missing.

    Raises
    ------
    CsCnnError
        When the source is wrong (see `lint`, too) or a data file is missing.
    """
    path = source_path(repository, assignment)
    if not path.is_file():
        raise CsCnnError(
            f"The source of {assignment.name} is missing: expected {path}; "
            "run this in the instructors' repository, or name it with --repository."
        )
    made = source.notebook(path, points=assignment.points)
    lint.check(path)
    folder.mkdir(parents=True, exist_ok=True)
    write_notebook(made, folder / f"{assignment.notebook}.ipynb")
    for name, origin in assignment.files.items():
        file = repository / origin
        if file.is_symlink() or not file.is_file():
            raise CsCnnError(
                f"{assignment.name} needs {name} from {origin}, and {file} is not a regular file."
            )
        (folder / name).write_bytes(file.read_bytes())


def tidy(path: Path, version: str, files: dict[str, bytes]) -> None:
    """Strip everything from a released notebook that a student does not need, and stamp it.

    Parameters
    ----------
    path : pathlib.Path
        The notebook, which is written anew: no outputs, no metadata but `_CELL_METADATA` and the stamp.
    version : str
        Version of the course.
    files : dict of str to bytes
        The data files beside it.
    """
    import nbformat

    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    notebook.metadata = nbformat.from_dict(source.NOTEBOOK_METADATA)  # type: ignore[no-untyped-call]
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict(  # type: ignore[no-untyped-call]
            {key: cell.metadata[key] for key in _CELL_METADATA if key in cell.metadata}
        )
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    notebook.metadata[stamp.KEY] = stamp.of(notebook, files, version)
    write_notebook(notebook, path)


def generate(repository: Path, assignment: Assignment, root: Path, *, database: bool = False) -> Path:
    """Generate the release of an assignment in a course directory.

    Parameters
    ----------
    repository : pathlib.Path
        The folder with `solutions/`.
    assignment : Assignment
        Its entry in the calendar.
    root : pathlib.Path
        A course directory, usually a temporary one; `source/` and `release/` in it are written.
    database : bool
        Whether to record the cells in the gradebook of `root`.

    Returns
    -------
    pathlib.Path
        The folder with the released files.

    Raises
    ------
    CsCnnError
        When the source is wrong or nbgrader refuses it.
    """
    make_source(repository, assignment, root / "source" / assignment.name)
    with engine.session() as heard:
        settings = engine.config(None)
        settings.GenerateAssignment.no_database = not database
        settings.SaveCells.enabled = database
        # nbgrader's own name for "no name": without one, a server refuses the assignment of a course it does not know.
        settings.CourseDirectory.course_id = "default_course"
        try:
            url = engine.database_url(root) if database else None
            engine.convert("GenerateAssignment", root, assignment.name, settings, database=url)
        except Exception as error:  # nbgrader reports most failures in its log and raises one general error
            said = heard.getvalue()
            if "Cannot add or remove cells" in said or "Cannot modify existing assignment" in said:
                raise CsCnnError(
                    f"The graded cells of {assignment.name} changed, and the gradebook already holds submissions of "
                    "it; give the changed assignment a new name, or start a new course directory."
                ) from error
            lines = [line for line in said.splitlines() if line.strip()]
            reason = next((line for line in reversed(lines) if "Error:" in line), str(error))
            raise CsCnnError(f"nbgrader cannot release {assignment.name}: {reason.strip()}") from error
    released = root / "release" / assignment.name
    beside = {name: (released / name).read_bytes() for name in assignment.files}
    tidy(released / f"{assignment.notebook}.ipynb", calendar.load(repository).version, beside)
    return released


def files_of(repository: Path, assignment: Assignment) -> dict[str, bytes]:
    """Return the released files of an assignment, generated afresh.

    Parameters
    ----------
    repository : pathlib.Path
        The folder with `solutions/`.
    assignment : Assignment
        Its entry in the calendar.

    Returns
    -------
    dict of str to bytes
        The content of each file by its name; the same on every call.
    """
    with tempfile.TemporaryDirectory(prefix="cs-cnn-") as temporary:
        folder = generate(repository, assignment, Path(temporary).resolve())
        allowed = {f"{assignment.notebook}.ipynb", *assignment.files}
        return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.name in allowed}
