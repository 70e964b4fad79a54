"""What is said in the judge's process of objects that do not cross, and what stands for the student's."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING, Any

from cs_cnn.course.judge.copies import Copies
from cs_cnn.course.judge.exchange import Exchange
from cs_cnn.course.judge.proxies import Convertible, Function, Module, Proxy, kind_of
from cs_cnn.course.judge.values import Incoming, Outgoing
from cs_cnn.course.judge.wire import WireError, clean

if TYPE_CHECKING:
    from cs_cnn.course.judge.link import Link


class JudgesExchange(Exchange):
    """What crosses in the judge's process: notes of the check's own functions, and proxies for the student's."""

    def __init__(self, link: Link) -> None:
        super().__init__()
        self._link = link
        self.copies = Copies()
        self._folders = tuple(name(tempfile.gettempdir()) + os.sep for name in (str, os.path.realpath))
        self._theirs: set[str] = set()

    def text(self, text: str, out: Outgoing, depth: int) -> Any:
        """Send the content with the path of a file that a check has written, and hands over as an argument."""
        ours = depth == 1 and text.startswith(self._folders) and text not in self._theirs
        if ours and os.path.isfile(text):
            with open(text, "rb") as file:
                out.blobs.append(file.read())
            return {"file": len(out.blobs[-1]), "name": os.path.basename(text)}
        return text

    def heard(self, text: str) -> str:
        """Remember a path that the student's process speaks of, since no file is read for it."""
        if text.startswith(self._folders):
            self._theirs.add(text)
        return clean(text)

    def note(self, thing: Any, out: Outgoing) -> dict[str, Any]:
        """Return what is said of a proxy, of a net or optimiser, or of a function of the check's."""
        if isinstance(thing, Proxy):
            return {"h": thing.number}
        copy = self.copies.describe(thing)
        if copy is not None:
            return {**copy, **{key: out.value(copy[key]) for key in ("state", "with") if key in copy}}
        if callable(thing):
            return {"r": self.hold(thing), "kind": type(thing).__name__}
        raise TypeError(f"a check hands over a {type(thing).__name__}, which cannot be copied")

    def noted(self, note: dict[str, Any], come: Incoming) -> Any:
        """Return a proxy of a student's object."""
        if "h" in note:
            return self.held(note["h"])
        number, name = note["r"], note["kind"]
        if type(number) is not int or not isinstance(name, str):
            raise WireError("an answer could not be read")
        if "array" in note:
            array = come.array(note["array"])
            thing = kind_of(Convertible, name)(self._link, number)
            thing.array = array  # type: ignore[attr-defined]
            return thing
        base = Module if note.get("module") is True else Function if note.get("call") is True else Proxy
        return kind_of(base, name)(self._link, number)
