"""Which notebook a student means, and where the one that was handed out lies."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cs_cnn.errors import CsCnnError
from cs_cnn.notebooks import cells_of, read, untouched
from cs_cnn.notebooks.percent import from_text

_CHECKED = re.compile(r"""\bcheck\(\s*\\?["'](a\d+)\.\w+""")
_NAME = re.compile(r"^(a\d+)(_\w+)?(?:\.(\w+))?$")
_ENDINGS = (".ipynb", ".py")
BACKUP = ".before-mend"
_INSTALLED = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Work:
    """A student's file, read.

    Attributes
    ----------
    path : pathlib.Path
    notebook : dict
        In format 4.
    assignment : str
        Short name, such as ``"a4"``; empty when nothing in the file tells.
    task : str
        The one task that was asked for, such as ``"a4.im2col"``; empty for all.
    """

    path: Path
    notebook: dict[str, Any]
    assignment: str
    task: str = ""

    @property
    def folder(self) -> Path:
        """Where the cells run: beside the data files of the assignment.

        An assignment's source in ``solutions/`` has its data beside the release.
        """
        released = self.path.parent.parent.parent / "assignments" / self.path.parent.name
        if self.path.parent.parent.name == "solutions" and released.is_dir():
            return released
        return self.path.parent


def find(target: str, file: Path | None = None) -> Work:
    """Find and read the work that is meant.

    Parameters
    ----------
    target : str
        An assignment (``a4``), a task (``a4.im2col``), or the path of a notebook, a Python file or a folder.
    file : pathlib.Path, optional
        Where the work is, when `target` is an assignment or a task.

    Returns
    -------
    Work

    Raises
    ------
    CsCnnError
        When there is no such file, or several could be meant.
    """
    named = _NAME.match(target)
    if file is not None and not named:
        raise CsCnnError(f"{target!r} is no assignment or task, such as a4 or a4.im2col; give only the path.")
    if named and (file is not None or not Path(target).exists()):
        assignment, _, part = named.groups()
        task = _task(assignment, part) if part else ""
        path = _in_folder(file, assignment) if file is not None else _search(assignment)
        return _read(path, assignment, task)
    return _read(_in_folder(Path(target), ""), "", "")


@dataclass(frozen=True)
class Released:
    """The notebook that was handed out: what it holds, where it lies, and the names of the files beside it."""

    notebook: dict[str, Any]
    path: Path
    files: frozenset[str]

    @property
    def assignment(self) -> str:
        """The full name, such as ``"a4_convolution"``."""
        return self.path.parent.name


def released(work: Work) -> Released | None:
    """Find the notebook that was handed out, to compare the work with.

    It is looked for in the folders ``assignments`` above the work, above the current folder, and beside this package.
    When the work is itself that file, the version that git knows is taken, if nothing is written in it.

    Parameters
    ----------
    work : Work

    Returns
    -------
    Released or None
        None when it is not on this computer.
    """
    mine = work.path.resolve()
    seen: set[Path] = set()
    for base in (*mine.parents, *Path.cwd().resolve().parents, Path.cwd().resolve(), _INSTALLED):
        for path in sorted((base / "assignments").glob(f"{work.assignment}_*/*.ipynb")):
            if path in seen or not work.assignment:
                continue
            seen.add(path)
            notebook = _release(path.read_bytes())
            files = frozenset(
                each.name for each in path.parent.iterdir() if each.is_file() and each.name[0] != "."
            )
            if path.parent == mine.parent:
                # The student works in this folder: what was handed out is what git knows.
                notebook = notebook or _release(_git(path.parent, "show", f"HEAD:./{path.name}"))
                files = frozenset(_git(path.parent, "ls-files").decode("utf-8", "replace").splitlines())
            if notebook is not None:
                return Released(notebook, path, files - {path.name})
    return None


def _release(content: bytes) -> dict[str, Any] | None:
    """Return a notebook if nothing in it has been written or changed since it was handed out."""
    try:
        notebook: dict[str, Any] = json.loads(content)
        marked = [cell for cell in cells_of(read(content)[0]) if cell.name]
    except (CsCnnError, ValueError, RecursionError):
        return None
    return notebook if marked and all(map(untouched, marked)) else None


def _git(folder: Path, *arguments: str) -> bytes:
    """Return what git says of a folder; nothing where there is no git."""
    try:
        said = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return b""
    return said.stdout if said.returncode == 0 else b""


def _task(assignment: str, part: str) -> str:
    from cs_cnn import checks

    known = [task.name for task in checks.tasks() if task.name.startswith(f"{assignment}.")]
    name = f"{assignment}.{part}"
    if name not in known:
        if not known:
            raise CsCnnError(_no_assignment(assignment))
        raise CsCnnError(f"There is no task {name}; the tasks of {assignment} are {', '.join(known)}.")
    return name


def _no_assignment(assignment: str) -> str:
    from cs_cnn import checks

    known = dict.fromkeys(task.name.split(".")[0] for task in checks.tasks())
    return f"There is no assignment {assignment} with checks; there are {', '.join(known)}."


def _search(assignment: str) -> Path:
    """Look for the notebook of an assignment where students keep it."""
    from cs_cnn import checks

    if not any(task.name.startswith(f"{assignment}.") for task in checks.tasks()):
        raise CsCnnError(_no_assignment(assignment))
    here = Path.cwd()
    for folder in _places(here, assignment):
        found = [path for path in _files(folder, ".ipynb") if _assignment_of(path) == assignment]
        if len(found) > 1:
            names = ", ".join(path.name for path in found)
            raise CsCnnError(
                f"{folder} has several notebooks of {assignment}: {names}; name the one you mean."
            )
        if found:
            return found[0]
    raise CsCnnError(
        f"No notebook of {assignment} was found in {here} or in a folder assignments/{assignment}_... in or above "
        "it; go to its folder, or give its path."
    )


def _places(here: Path, assignment: str) -> Iterator[Path]:
    yield here
    yield from (folder for folder in sorted(here.glob(f"{assignment}_*")) if folder.is_dir())
    for base in (here, *here.resolve().parents):
        yield from (
            folder for folder in sorted((base / "assignments").glob(f"{assignment}_*")) if folder.is_dir()
        )


def _in_folder(path: Path, assignment: str) -> Path:
    """Return the one notebook, or else the one Python file, of a folder; a file is returned as it is."""
    if not path.exists():
        what = "assignment, task, file or folder" if not assignment else "file or folder"
        raise CsCnnError(f"There is no {what} {path}; write a4, a4.im2col, or the path of a notebook.")
    if not path.is_dir():
        return path
    for ending in _ENDINGS:
        found = _files(path, ending)
        fitting = [each for each in found if _assignment_of(each) == assignment] if assignment else []
        found = fitting or found
        if len(found) > 1:
            names = ", ".join(each.name for each in found)
            raise CsCnnError(f"{path} has several files that could be meant: {names}; name one of them.")
        if found:
            return found[0]
    raise CsCnnError(f"{path} has no notebook (.ipynb) and no Python file; give the path of yours.")


def _files(folder: Path, ending: str) -> list[Path]:
    """Return the files with an ending; a copy that `cs-cnn doctor --mend` has kept is not meant."""
    found = (each for each in sorted(folder.glob(f"*{ending}")) if BACKUP not in each.name)
    return [each for each in found if each.is_file()]


def _assignment_of(path: Path) -> str:
    try:
        return _read(path, "", "").assignment
    except CsCnnError:
        # A damaged notebook is still the one that is meant; its damage is told when it is read.
        try:
            told = _CHECKED.search(path.read_bytes().replace(b"\0", b"").decode("utf-8", "replace"))
        except OSError:
            return ""
        return told[1] if told else ""


def _read(path: Path, assignment: str, task: str) -> Work:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CsCnnError(f"Cannot read {path}: {error.strerror or error}.") from error
    if path.suffix.lower() == ".py":
        try:
            notebook = from_text(content.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            raise CsCnnError(f"{path}, line {line}: a byte is not UTF-8; save the file as UTF-8.") from error
    elif path.suffix.lower() == ".ipynb":
        notebook, _ = read(content, str(path))
    else:
        raise CsCnnError(f"{path} is neither a notebook (.ipynb) nor a Python file (.py).")
    return Work(path, notebook, assignment or _told(notebook), task)


def _told(notebook: dict[str, Any]) -> str:
    """Return the assignment that a notebook's checks belong to; else the one whose functions it defines."""
    from cs_cnn import checks

    cells = [cell for cell in cells_of(notebook) if cell.kind == "code"]
    counts: dict[str, int] = {}
    for cell in cells:
        for name in _CHECKED.findall(cell.text):
            counts[name] = counts.get(name, 0) + 1
    if not counts:
        defined = frozenset[str]().union(*(cell.defines for cell in cells))
        for task in checks.tasks():
            name = task.name.split(".")[0]
            counts[name] = counts.get(name, 0) + len(defined.intersection(task.functions))
    best = max(counts, key=lambda name: counts[name], default="")
    return best if counts.get(best) else ""
