"""Two sandboxed kernels for each submission; what they are forked from stays warm from one submission to the next."""

from __future__ import annotations

import contextlib
import functools
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cs_cnn.course.engine import CONFIG_NAME
from cs_cnn.course.grading import tasks
from cs_cnn.course.grading.preflight import regular_files
from cs_cnn.course.grading.tasks import Kit
from cs_cnn.course.judge.cells import Kernels, TwoKernels
from cs_cnn.course.sandbox import Limits, Sandboxes, edition, view
from cs_cnn.course.sandbox.asking import Asking
from cs_cnn.course.sandbox.running import require_namespaces
from cs_cnn.errors import CsCnnError

RUNS_CELLS = "cs_cnn.course.grading.preprocessors.RunCells"
"""What runs the cells without a sandbox, in the list of preprocessors of `nbgrader_config.py`."""
_SESSION = "cs_cnn.course.judge.session"  # what the judge's kernel imports besides


def require(course: Path) -> None:
    """Make sure that this machine makes sandboxes, and that none would show the course directory.

    Parameters
    ----------
    course : pathlib.Path
        The course directory.

    Raises
    ------
    CsCnnError
        One sentence: what is missing, and how to get it.
    """
    require_namespaces()
    with tempfile.TemporaryDirectory(prefix="cs-cnn-") as workshop:
        view.lay_out(Path(workshop), None, (), Limits(), [course])


@dataclass(frozen=True)
class Lent:
    """Warm processes that this process, or the one that started it, keeps for one assignment.

    Attributes
    ----------
    kit : Kit
        What the assignment is graded with.
    folder : pathlib.Path
        With the instructors' notebook and the data in `source`.
    students, judges : Asking
        The way to the two of them: one with the students' edition of the library, one with all of it.
    """

    kit: Kit
    folder: Path
    students: Asking
    judges: Asking

    @contextlib.contextmanager
    def kernels(self, submitted: Path) -> Iterator[Kernels]:
        """Make the two kernels of one submission; at the end nothing of them is left.

        Parameters
        ----------
        submitted : pathlib.Path
            The folder with the mended notebook and the student's other files.

        Yields
        ------
        Kernels
        """
        source = self.folder / "source"
        data = {name: source / name for name in self.kit.source if not name.endswith(".ipynb")}
        own = {
            path.relative_to(submitted).as_posix(): path
            for path in regular_files(submitted)
            if path.suffix != ".ipynb"
        }
        link = Path(tempfile.mkdtemp(prefix="link-", dir=self.folder))
        with contextlib.ExitStack() as opened:
            opened.callback(shutil.rmtree, link, ignore_errors=True)
            student = self.students.kernel_manager(files=own | data, link=link)
            opened.callback(student.close)
            judge = self.judges.kernel_manager(files=data, link=link)
            opened.callback(judge.close)
            yield Kernels(student, judge, "/link/socket")

    def close(self) -> None:
        """Give the way to them up."""
        self.students.close()
        self.judges.close()


class Warm:
    """The warm processes for one assignment, and whoever closes them ends everything that was forked from them.

    Parameters
    ----------
    kit : Kit
        What the assignment is graded with.

    Raises
    ------
    CsCnnError
        When this machine makes no sandboxes.
    """

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.folder = Path(tempfile.mkdtemp(prefix="cs-cnn-warm-")).resolve()
        with contextlib.ExitStack() as opened:
            opened.callback(shutil.rmtree, self.folder, ignore_errors=True)
            tasks.write(kit.source, self.folder / "source")
            students = edition.build(self.folder / "edition", kit.parts)
            sandboxes = functools.partial(Sandboxes, packages=kit.packages, belongings=(self.folder,))
            self._students = opened.enter_context(sandboxes(students, heavy=kit.heavy))
            self._judges = opened.enter_context(sandboxes("full", heavy=(*kit.heavy, _SESSION)))
            self._opened = opened.pop_all()

    def lend(self) -> Lent:
        """Return the way to them, when they are ready; other processes may be started with it."""
        return Lent(self.kit, self.folder, self._students.asking(), self._judges.asking())

    def close(self) -> None:
        """End both processes and everything that was forked from them."""
        self._opened.close()


_own: Warm | None = None
_lent: Lent | None = None


def borrow(lent: Lent) -> None:
    """Use what another process keeps warm, for submissions of its assignment."""
    global _lent
    close()
    _lent = lent


def warm(kit: Kit) -> Lent:
    """Return the way to the warm processes for an assignment; those of another one are ended."""
    global _own, _lent
    if _lent is None or _lent.kit != kit:
        close()
        _own = Warm(kit)
        _lent = _own.lend()
    return _lent


def close() -> None:
    """End the warm processes of this process, if it has any, and use no others."""
    global _own, _lent
    if _lent is not None:
        _lent.close()
        _lent = None
    if _own is not None:
        _own.close()
        _own = None


@contextlib.contextmanager
def sandboxed(settings: Any, kit: Kit, submitted: Path) -> Iterator[Kernels]:
    """Let nbgrader run the cells of one submission in two sandboxes.

    Parameters
    ----------
    settings : traitlets.config.Config
        nbgrader's settings; changed.
    kit : Kit
        What the assignment is graded with.
    submitted : pathlib.Path
        The folder of the submission.

    Yields
    ------
    Kernels
        Afterwards they can say which limit ended them.

    Raises
    ------
    CsCnnError
        When the settings name something else that runs cells.
    """
    listed = list(settings.Autograde.get("autograde_preprocessors", []))
    if RUNS_CELLS not in listed:
        raise CsCnnError(
            f"{CONFIG_NAME} no longer lists {RUNS_CELLS}, in whose place the sandbox runs cells; "
            "put it back, or grade with --no-sandbox."
        )
    ready = warm(kit)
    with ready.kernels(submitted) as kernels:
        settings.Autograde.autograde_preprocessors = [
            TwoKernels if each == RUNS_CELLS else each for each in listed
        ]
        settings.TwoKernels.notebook = str(ready.folder / "source" / f"{kit.notebook}.ipynb")
        settings.TwoKernels.kernels = lambda: kernels
        yield kernels
