"""What a sandbox sees: the arguments with which bubblewrap lays out its files."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path

import cs_cnn
from cs_cnn.course.sandbox.limits import Limits
from cs_cnn.course.sandbox.profile import FRAMEWORKS
from cs_cnn.errors import CsCnnError

HOME, KERNEL, LINK, TEMPORARY = "/home/student", "/kernel", "/link", "/tmp"

_ETC = {
    "passwd": "root:x:0:0:root:/:/bin/false\nstudent:x:65534:65534:student:/home/student:/bin/sh\n",
    "group": "root:x:0:\nstudent:x:65534:\n",
    "hosts": "127.0.0.1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}
_ABSENT = """\
raise ImportError(f"{__name__} is not here while your work is graded: the tasks of this assignment do without it.")
"""


def libraries() -> list[Path]:
    """Return the folders from which this interpreter imports installed packages and the standard library."""
    known = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    known.update([*site.getsitepackages(), site.getusersitepackages()])
    standard = [Path(path) for path in known if path]
    return [
        Path(entry)
        for entry in sys.path
        if entry
        and os.path.isdir(entry)
        and any(Path(entry) == each or each in Path(entry).parents for each in standard)
    ]


def lay_out(
    workshop: Path, edition: Path | None, packages: Sequence[str], limits: Limits, hidden: Sequence[Path] = ()
) -> tuple[list[str], list[str]]:
    """Return the arguments of bubblewrap that lay out a sandbox.

    Parameters
    ----------
    workshop : pathlib.Path
        A private folder for the small files that the sandbox sees; it lasts as long as the sandboxes.
    edition : pathlib.Path or None
        A folder with the `cs_cnn` that is seen; None for the installed one.
    packages : sequence of str
        Those of `FRAMEWORKS` that are seen.
    limits : Limits
        For the size of the writable folders.
    hidden : sequence of pathlib.Path
        What must not be seen: the course directory, the repository.

    Returns
    -------
    first, last : list of str
        What comes before and after the arguments of a single sandbox.

    Raises
    ------
    CsCnnError
        When something that is to be hidden lies in a folder that every sandbox needs.
    """
    etc = workshop / "etc"
    etc.mkdir()
    for name, text in _ETC.items():
        (etc / name).write_text(text, encoding="utf-8")
    absent = workshop / "absent"
    absent.mkdir()
    (absent / "__init__.py").write_text(_ABSENT, encoding="utf-8")
    for path in (etc, absent, *etc.iterdir(), *absent.iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)

    layout = _Layout()
    layout.system()
    layout.bind(etc, "/etc")
    for path in (Path("/etc/ld.so.cache"), Path("/etc/fonts"), Path("/etc/localtime")):
        if path.exists():
            # The folder is bound read-only, so there must be something in it to bind over.
            (etc / path.name).mkdir() if path.is_dir() else (etc / path.name).touch()
            layout.bind(path)
    layout.words += ["--proc", "/proc", "--dev", "/dev"]
    if Path("/sys/devices/system/cpu").is_dir():
        layout.bind(Path("/sys/devices/system/cpu"))
    layout.writable("/tmp", "1777", limits.disk)
    layout.writable("/dev/shm", "1777", limits.disk)
    layout.writable(HOME, "0777", limits.disk)
    layout.writable(KERNEL, "0777", 1 << 20)
    for path in _interpreter():
        if path.exists() and not layout.shows(path):
            layout.bind(path)
    for library in libraries():
        for name in set(FRAMEWORKS) - set(packages):
            if (library / name).is_dir():
                layout.bind(absent, library / name)
    for path in hidden:
        if layout.shows(path.resolve()):
            raise CsCnnError(
                f"{path} lies among the programs that every submission can read; move it to another folder."
            )
    installed = Path(cs_cnn.__file__).parent
    seen = edition / "cs_cnn" if edition is not None else installed
    covers = layout.shows(installed)
    layout.bind(seen)
    if covers and edition is not None:
        layout.bind(seen, installed)
    layout.folders(LINK)
    layout.words += ["--dir", LINK]
    return layout.words, ["--remount-ro", "/dev", "--remount-ro", "/"]


def linked(link: Path, *, writable: bool) -> list[str]:
    """Return the arguments that show a folder of this machine as `LINK`."""
    return ["--bind" if writable else "--ro-bind", str(link.resolve()), LINK]


def environment(edition: Path | None) -> dict[str, str]:
    """Return the whole environment of a kernel; nothing of the instructor's is in it."""
    one_thread = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    return {
        "HOME": HOME,
        "USER": "student",
        "LOGNAME": "student",
        "LANG": "C.UTF-8",
        "PATH": f"{sys.prefix}/bin:/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": str(edition or Path(cs_cnn.__file__).parents[1]),
        "TMPDIR": TEMPORARY,
        "IPYTHONDIR": f"{TEMPORARY}/.ipython",
        "MPLCONFIGDIR": f"{TEMPORARY}/.matplotlib",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "NBGRADER_EXECUTION": "autograde",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        **one_thread,
    }


class _Layout:
    """Arguments of bubblewrap under construction, and what is where so far."""

    def __init__(self) -> None:
        self.words = ["--hostname", "sandbox"]
        self.bound: set[str] = set()
        self._made = {"/", "/proc", "/dev"}

    def shows(self, path: Path) -> bool:
        """Whether something that contains `path` is bound already."""
        return any(str(each) in self.bound for each in (path, *path.parents))

    def folders(self, path: str | Path) -> None:
        """Make the folders above `path`; bubblewrap alone makes them for their owner only."""
        for parent in reversed(Path(path).parents):
            if str(parent) not in self._made and not self.shows(parent):
                self.words += ["--perms", "0755", "--dir", str(parent)]
                self._made.add(str(parent))

    def bind(self, source: Path, target: str | Path | None = None) -> None:
        """Show a file or folder, read-only; at its own place unless another one is given."""
        target = str(target or source)
        self.folders(target)
        self.words += ["--ro-bind", str(source), target]
        self.bound.add(target)

    def writable(self, folder: str, mode: str, size: int) -> None:
        """Make an empty folder in memory."""
        self.folders(folder)
        self.words += ["--perms", mode, "--size", str(size), "--tmpfs", folder]
        self._made.add(folder)

    def system(self) -> None:
        """Show the system's own programs and libraries."""
        self.bind(Path("/usr"))
        for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
            path = Path("/", name)
            if path.is_symlink():
                self.words += ["--symlink", os.readlink(path), str(path)]
            elif path.is_dir():
                self.bind(path)


def _interpreter() -> Iterator[Path]:
    """Yield what this interpreter is made of. Never the whole prefix: a project may be its own environment."""
    for prefix in dict.fromkeys((sys.prefix, sys.base_prefix)):
        for name in ("bin", "lib", "lib64", "pyvenv.cfg"):
            if not Path(prefix, name).is_symlink():
                yield Path(prefix, name)
    yield from libraries()
