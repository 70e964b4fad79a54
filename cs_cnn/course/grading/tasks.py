"""What travels to whoever grades one submission, and what comes back: data only, the same on one machine or many."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cs_cnn.course.calendar import Assignment
from cs_cnn.course.engine import CONFIG_NAME
from cs_cnn.course.grading import submissions, template
from cs_cnn.course.grading.preflight import Problem, regular_files
from cs_cnn.course.sandbox import profile


@dataclass(frozen=True)
class Kit:
    """What every submission of an assignment is graded with.

    Attributes
    ----------
    assignment, notebook : str
        Its full name, and the name of its notebook without the ending.
    source : dict of str to bytes
        The files of `source/ASSIGNMENT`, with the instructors' notebook.
    config : str
        The text of the course directory's `nbgrader_config.py`.
    gradebook : bytes
        A SQLite gradebook with this assignment and nobody in it.
    environment : str
        The hash of the software that the marks are meant to come from.
    sandbox : bool
        Whether students' code runs in sandboxes.
    parts, packages, heavy : tuple of str
        What submissions may import besides, and what is imported for them beforehand, see `sandbox.profile`.
    """

    assignment: str
    notebook: str
    source: dict[str, bytes]
    config: str
    gradebook: bytes
    environment: str
    sandbox: bool = False
    parts: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    heavy: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """One submission after the preflight.

    Attributes
    ----------
    student : str
        Whose.
    notebook : bytes
        The released notebook with the student's answers in it.
    files : dict of str to bytes
        The student's other files by their path beside the notebook.
    """

    student: str
    notebook: bytes
    files: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Graded:
    """What came of one submission.

    Attributes
    ----------
    problem : Problem or None
        Why there are no marks; then nothing else is filled in.
    scores : dict of str to float or None
        Automatic marks by grade id; None waits for a person.
    comments : dict of str to str or None
        Automatic comments by grade id.
    files : dict of str to bytes
        What belongs in `autograded/STUDENT/ASSIGNMENT`.
    state : str or None
        A reason code when something was unusual.
    notes : tuple of str
        What was unusual, a sentence each.
    log : str
        What nbgrader said.
    seconds : float
        How long it took.
    """

    problem: Problem | None = None
    scores: dict[str, float | None] = field(default_factory=dict)
    comments: dict[str, str | None] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    state: str | None = None
    notes: tuple[str, ...] = ()
    log: str = ""
    seconds: float = 0.0


def kit(folder: Path, assignment: Assignment, *, sandbox: bool = False) -> Kit:
    """Collect what every submission is graded with; inside `engine.session`.

    Parameters
    ----------
    folder : pathlib.Path
        The course directory.
    assignment : Assignment
        Which one.
    sandbox : bool
        Whether students' code runs in sandboxes.

    Returns
    -------
    Kit
        Without any path of this machine.
    """
    needs = profile.of(folder / "release" / assignment.name / f"{assignment.notebook}.ipynb")
    return Kit(
        assignment=assignment.name,
        notebook=assignment.notebook,
        source=contents(folder / "source" / assignment.name),
        config=(folder / CONFIG_NAME).read_text(encoding="utf-8"),
        gradebook=template.make(folder, assignment),
        environment=submissions.environment(),
        sandbox=sandbox,
        parts=needs.parts,
        packages=needs.packages,
        heavy=needs.heavy,
    )


def contents(folder: Path, paths: Iterable[Path] | None = None) -> dict[str, bytes]:
    """Read files below a folder, by default all regular ones.

    Parameters
    ----------
    folder : pathlib.Path
        Where they are.
    paths : iterable of pathlib.Path, optional
        Which ones.

    Returns
    -------
    dict of str to bytes
        By the path below the folder.
    """
    chosen = regular_files(folder) if paths is None else paths
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in chosen}


def write(files: dict[str, bytes], folder: Path) -> None:
    """Write what `contents` read into another folder.

    Parameters
    ----------
    files : dict of str to bytes
        By the path below the folder.
    folder : pathlib.Path
        Where; made if it is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
