"""The warm process as its owner sees it, and the kernel managers it serves."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import cs_cnn
from cs_cnn.course.sandbox import view
from cs_cnn.course.sandbox.asking import Asking
from cs_cnn.course.sandbox.limits import Limits
from cs_cnn.course.sandbox.profile import FRAMEWORKS
from cs_cnn.course.sandbox.provisioning import SandboxedKernelManager
from cs_cnn.course.sandbox.warm.job import PACKET
from cs_cnn.course.sandbox.warm.users import can_become_nobody
from cs_cnn.errors import CsCnnError

WARM_UP = 300  # seconds that importing everything may take on a slow disk

_LAUNCH = (
    "import socket, sys; sys.path.insert(0, sys.argv[1]); from warm.server import main; "
    "main(socket.socket(fileno=int(sys.argv[2])))"
)
# What a kernel imports when it starts, and what notebooks import first.
_KERNEL = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.debugger",
    "IPython.core.debugger",
    "IPython.core.completerlib",
    "IPython.extensions.storemagic",
    "tornado.platform.asyncio",
    "sqlite3",
)
_NOTEBOOK = ("numpy.random", "numpy.testing", "matplotlib.pyplot", "cs_cnn.data", "cs_cnn.checks")
# What a package imports not when it is imported but when it is first used: torch with the first optimiser, 1.2 s.
_AT_FIRST_USE = {"torch": ("torch._dynamo",)}


class Sandboxes:
    """A warm process, and sandboxes with kernels forked from it; a context manager.

    Parameters
    ----------
    edition : pathlib.Path or "full"
        The folder with the library that the kernels see, as `edition.build` makes it; "full" for the installed one.
    packages : sequence of str
        Those of `profile.FRAMEWORKS` that the kernels may import; they are imported beforehand.
    heavy : sequence of str
        Other modules that are imported beforehand.
    limits : Limits
        Of each sandbox.
    hidden : sequence of pathlib.Path
        Folders to make sure of that no kernel sees them: the course directory, the repository.
    belongings : sequence of pathlib.Path
        Folders that the warm process removes when it ends, since its owner may have been killed.

    Raises
    ------
    CsCnnError
        On entering, when this machine makes no sandboxes, or they would show what is to be hidden.
    """

    def __init__(
        self,
        edition: Path | Literal["full"],
        *,
        packages: Sequence[str] = (),
        heavy: Sequence[str] = (),
        limits: Limits | None = None,
        hidden: Sequence[Path] = (),
        belongings: Sequence[Path] = (),
    ) -> None:
        unknown = sorted(set(packages) - set(FRAMEWORKS))
        if unknown:
            raise ValueError(f"packages must be among {', '.join(FRAMEWORKS)}, got {', '.join(unknown)}")
        self._edition = None if edition == "full" else Path(edition).resolve()
        if self._edition is not None and not (self._edition / "cs_cnn" / "__init__.py").is_file():
            raise CsCnnError(f"{self._edition} holds no edition of the library; `edition.build` writes one.")
        self._packages, self._heavy = tuple(packages), tuple(heavy)
        self.limits = limits or Limits()
        self._hidden, self._belongings = tuple(hidden), tuple(belongings)
        self._lock = threading.Lock()
        self._ready = False

    def __enter__(self) -> Self:
        self._bubblewrap = require_namespaces()
        _require_readable(self._edition)
        self._workshop = Path(tempfile.mkdtemp(prefix="cs-cnn-"))
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._process = self._launch(theirs)
        except BaseException:
            self._control.close()
            shutil.rmtree(self._workshop, ignore_errors=True)
            raise
        finally:
            theirs.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._control.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:  # its sandboxes die with it
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._workshop, ignore_errors=True)

    def kernel_manager(
        self, *, files: Mapping[str, Path] | None = None, link: Path | None = None
    ) -> SandboxedKernelManager:
        """Return a manager for a kernel in a new sandbox; see `Asking.kernel_manager`."""
        return self.asking().kernel_manager(files=files, link=link)

    def asking(self) -> Asking:
        """Return what it takes to ask for sandboxes, once the warm process is ready.

        Raises
        ------
        CsCnnError
            When it did not start.
        """
        with self._lock:
            self._wait_until_ready()
        return Asking(self._control, self._edition, self.limits, self._workshop)

    def _launch(self, theirs: socket.socket) -> subprocess.Popen[bytes]:
        first, last = view.lay_out(self._workshop, self._edition, self._packages, self.limits, self._hidden)
        seen = self._edition or Path(cs_cnn.__file__).parents[1]
        later = [module for package in self._packages for module in _AT_FIRST_USE.get(package, ())]
        configuration = {
            "path": [str(seen), *(str(path) for path in view.libraries())],
            "modules": [*_KERNEL, *_NOTEBOOK, *self._heavy, *self._packages, *later],
            "folders": [str(folder) for folder in (self._workshop, *self._belongings)],
            "bubblewrap": self._bubblewrap,
            "view": first,
            "close": last,
            "limits": asdict(self.limits),
        }
        # What the environment says here can be read in every fork, as long as it lives.
        environment = view.environment(self._edition) | {
            "HOME": str(self._workshop),
            "MPLCONFIGDIR": str(self._workshop / "matplotlib"),
        }
        command = [
            sys.executable,
            "-s",
            "-P",
            "-c",
            _LAUNCH,
            str(Path(__file__).parent),
            str(theirs.fileno()),
        ]
        with open(self._workshop / "log", "wb") as log:
            process = subprocess.Popen(
                command,
                pass_fds=[theirs.fileno()],
                env=environment,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the grader, which then ends this process
            )
        self._control.send(json.dumps(configuration).encode())
        return process

    def _wait_until_ready(self) -> None:
        if self._ready:
            return
        self._control.settimeout(WARM_UP)
        try:
            packet = self._control.recv(PACKET)
        except TimeoutError:
            packet = b""
        answer = json.loads(packet) if packet else {}
        if not answer.get("ready"):
            with contextlib.suppress(OSError):
                said = (self._workshop / "log").read_text(errors="replace").strip().splitlines()[-1:]
            problem = answer.get("failed") or " ".join(said) or f"no answer in {WARM_UP} s"
            raise CsCnnError(f"The warm process for kernels did not start ({problem}).")
        self._ready = True


def require_namespaces() -> str:
    """Make sure that this machine can make sandboxes.

    Returns
    -------
    str
        Path of bubblewrap.

    Raises
    ------
    CsCnnError
        One sentence: what is missing, and how to get it.
    """
    without = "or grade with --no-sandbox, if you trust every submission"
    if not sys.platform.startswith("linux"):
        raise CsCnnError(f"Submissions run in a sandbox that only Linux has; use a Linux machine, {without}.")
    bubblewrap = shutil.which("bwrap")
    if bubblewrap is None:
        raise CsCnnError(
            "Submissions run in a sandbox, and bubblewrap is not installed; install it "
            f"(apt-get install bubblewrap, dnf install bubblewrap), {without}."
        )
    command = [bubblewrap, "--unshare-all", "--unshare-user", "--ro-bind", "/", "/", "--", "/bin/true"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        said = done.stderr.strip() or f"bwrap ended with status {done.returncode}"
        works = done.returncode == 0
    except (OSError, subprocess.TimeoutExpired) as error:
        works, said = False, str(error)
    if not works:
        raise CsCnnError(
            f"This machine refuses the namespaces that a sandbox is made of ({said.splitlines()[0]}); its "
            "administrator allows them with sysctl user.max_user_namespaces=10000 and, where these settings exist, "
            f"kernel.unprivileged_userns_clone=1 and kernel.apparmor_restrict_unprivileged_userns=0, {without}."
        )
    return bubblewrap


def _require_readable(edition: Path | None) -> None:
    """Make sure that the user whom submissions run as may read the library and what it imports."""
    if not can_become_nobody():
        return
    library = edition / "cs_cnn" if edition is not None else Path(cs_cnn.__file__).parent
    for path in (library, library / "__init__.py", *view.libraries()):
        wanted = 0o005 if path.is_dir() else 0o004
        if path.stat().st_mode & wanted != wanted:
            raise CsCnnError(
                f"Submissions run as another user, who cannot read {path}; `chmod -R o+rX` on its folder allows it."
            )
