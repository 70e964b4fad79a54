"""What the host has the judge's kernel run before and after a graded cell."""

from __future__ import annotations

import contextlib
import os
import socket
import warnings
from collections.abc import Sequence
from typing import Any

from cs_cnn.course.judge.link import PATIENCE, Link, StudentWarning
from cs_cnn.course.judge.wire import WireError
from cs_cnn.errors import CsCnnError

_current: list[tuple[Link, dict[str, Any], dict[str, Any]]] = []


def begin(path: str, names: Sequence[str], namespace: dict[str, Any]) -> None:
    """Wait for the student's process, and give names that the cell uses the meaning they have there.

    Parameters
    ----------
    path : str
        Where the socket is to be; the folder says who can reach it.
    names : sequence of str
        Names in the cell that only the student can have defined.
    namespace : dict
        Where the cell will run; what is defined in it stays as it is.

    Raises
    ------
    CsCnnError
        When the student's process does not come.
    """
    end()
    warnings.simplefilter("ignore", StudentWarning)
    with socket.socket(socket.AF_UNIX) as listening:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        listening.bind(path)
        os.chmod(path, 0o666)  # the student's process may belong to another user
        listening.listen(1)
        listening.settimeout(PATIENCE)
        try:
            connected, _ = listening.accept()
        except TimeoutError as error:
            raise CsCnnError(
                "The student's functions cannot be called: their process does not answer."
            ) from error
        finally:
            os.unlink(path)
    link = Link(connected)
    bound: dict[str, Any] = {}
    _current.append((link, namespace, bound))
    try:
        found = link.look_up([name for name in names if name not in namespace])
    except WireError as error:
        raise CsCnnError(f"The student's functions cannot be called: {error}.") from error
    bound.update(found)
    namespace.update(found)


def end() -> str:
    """Take the student's names away again, and return why the conversation was broken, if it was."""
    broken = ""
    while _current:
        link, namespace, bound = _current.pop()
        for name, value in bound.items():
            if namespace.get(name) is value:
                del namespace[name]
        broken = link.end() or broken
    return broken


def answer_source(path: str, *, again: bool = False) -> str:
    """Return the code that makes a student's kernel answer until the conversation ends.

    Parameters
    ----------
    path : str
        The socket, as the student's kernel sees it.
    again : bool
        Whether this kernel has answered before, and so has the code already: it takes time to send and to read.
    """
    if again:
        return f"(lambda here: here.serve({path!r}, globals(), here.torch_source))({_THERE})"
    import inspect

    from cs_cnn.checks import modules
    from cs_cnn.course.judge import exchange, replying, values, wire

    sources = {module.__name__: inspect.getsource(module) for module in (wire, exchange, values, replying)}
    parts: tuple[Any, ...] = (modules.TorchModule, modules.tensor, modules._array)
    torch_source = "\n".join(
        [
            "from __future__ import annotations",
            "from collections.abc import Mapping",
            "from typing import Any",
            "import numpy as np",
            *map(inspect.getsource, parts),
        ]
    )
    arguments = (sources, replying.MARK, path, torch_source)
    return f"__import__('builtins').exec({_BOOTSTRAP!r}, {{'given': {arguments!r}, 'student': globals()}})"


_THERE = "__import__('sys').modules['cs_cnn.course.judge.replying']"
# The modules get the names under which they import each other; the real ones need not be there.
_BOOTSTRAP = """
import sys, types
sources, mark, path, torch_source = given
for name, source in sources.items():
    if getattr(sys.modules.get(name), "__file__", None) != mark:
        module = sys.modules[name] = types.ModuleType(name)
        module.__file__ = mark
        exec(compile(source, f"{mark}/{name}", "exec"), module.__dict__)
sys.modules[name].torch_source = torch_source
sys.modules[name].serve(path, student, torch_source)
"""
