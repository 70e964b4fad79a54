"""The student's side: calls of the student's functions are answered until the judge ends the conversation.

The source of this file, of `wire`, `exchange` and `values` is run in the student's kernel, in its main thread, like a
cell; nothing that it says is trusted.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import numpy as np

from cs_cnn.course.judge.exchange import Exchange, differs
from cs_cnn.course.judge.values import Incoming, Outgoing
from cs_cnn.course.judge.wire import PLAIN_KINDS, Channel, TooLargeError, WireError

MARK = "<cs_cnn judge>"
"""How the file names of this code begin when it runs in a student's kernel."""
_KEEP_TEXT, _KEEP_WARNINGS, _KEEP_FRAMES = 20_000, 50, 60
_PATIENCE = 20.0


class TimeUp(BaseException):
    """Raised inside the student's code when its time is over."""


def serve(path: str, namespace: dict[str, Any], torch_source: str) -> None:
    """Answer until the judge ends the conversation.

    Parameters
    ----------
    path : str
        The judge's socket; it may not be there yet.
    namespace : dict
        Where the student's functions are.
    torch_source : str
        The code that handles a torch module; run when the first one is asked for.
    """
    connected = socket.socket(socket.AF_UNIX)
    ends = time.monotonic() + _PATIENCE
    while True:
        try:
            connected.connect(path)
            break
        except OSError:
            if time.monotonic() > ends:
                connected.close()
                return
            time.sleep(0.001)
    try:
        _Answers(Channel(connected), namespace, torch_source).run()
    except WireError:  # the judge is gone
        pass
    finally:
        connected.close()


class _Limit:
    """An alarm for the student's code; it waits while a message is on its way."""

    def __init__(self) -> None:
        self._armed = self._late = False

    @contextlib.contextmanager
    def running(self, seconds: float) -> Iterator[None]:
        before = signal.signal(signal.SIGALRM, self._ring)
        self._armed = True
        # It repeats, since a bare `except:` in a loop swallows only the first one.
        signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.01), 0.25)
        try:
            yield
        finally:
            self._armed = False
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        self._armed = False
        try:
            yield
        finally:
            self._armed = True

    def _ring(self, signum: int, frame: FrameType | None) -> None:
        if self._armed:
            raise TimeUp


class _Kept(io.StringIO):
    """Text that stops growing."""

    def write(self, text: str, /) -> int:
        if self.tell() < _KEEP_TEXT:
            super().write(text[:_KEEP_TEXT])
        return len(text)


class _Known(Exchange):
    """What crosses in the student's process: notes of what does not, and stand-ins for the judge's functions."""

    def __init__(self, answers: _Answers) -> None:
        super().__init__()
        self._answers = answers
        self.copies: dict[int, Any] = {}
        self.used: list[int] = []
        self._files: list[str] = []

    def note(self, thing: Any, out: Outgoing) -> dict[str, Any]:
        if isinstance(thing, _Theirs):
            return {"h": thing.number}
        note: dict[str, Any] = {"r": self.hold(thing), "kind": type(thing).__name__, "call": callable(thing)}
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(thing, torch.nn.Module):
            note["module"] = True
        elif not callable(thing) and not isinstance(thing, (str, bytes, set, dict)):
            array = _numbers(thing)
            if array is not None:
                note["array"] = out.blob(array)
        return note

    def noted(self, note: dict[str, Any], come: Incoming) -> Any:
        if "h" in note:
            return self.held(note["h"])
        if "file" in note:
            folder = tempfile.mkdtemp()
            self._files.append(folder)
            path = os.path.join(folder, note["name"])
            with open(path, "wb") as file:
                file.write(come.bytes(note["file"]))
            return path
        if "layers" in note:
            return self._module(note, come)
        if "source" in note:
            space = dict(self._answers.tools())
            exec(compile(note["source"], f"{MARK}/handed", "exec"), space)
            return space[note["class"]](**come.value(note["with"]))
        if "optimiser" in note:
            number = note["copy"]
            if number not in self.copies:
                parameters = self.copies[note["of"]].parameters()
                optimiser = getattr(sys.modules["torch"].optim, note["optimiser"])
                self.copies[number] = optimiser(parameters, **note["options"])
            return self.copies[number]
        return _Theirs(note["r"], note["kind"], self._answers)

    def _module(self, note: dict[str, Any], come: Incoming) -> Any:
        """Build a net that the judge hands over, or bring the one built earlier up to date."""
        from collections import OrderedDict

        from torch import nn

        number = note["copy"]
        if number not in self.copies:
            layers = [(name, getattr(nn, kind)(**options)) for name, kind, options in note["layers"]]
            self.copies[number] = nn.Sequential(OrderedDict(layers))
        net = self.copies[number]
        net.load_state_dict(come.value(note["state"]))
        for module, training in zip(net.modules(), note["training"], strict=True):
            module.training = training
        self.used.append(number)
        return net

    def clear(self) -> None:
        self.used.clear()
        for folder in self._files:
            shutil.rmtree(folder, ignore_errors=True)
        self._files.clear()


class _Theirs:
    """A function of the judge, such as one whose gradient is to be measured."""

    def __init__(self, number: int, kind: str, answers: _Answers) -> None:
        self.number = number
        self._kind = kind
        self._answers = answers

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return self._answers.ask(self.number, arguments, keywords)

    def __repr__(self) -> str:
        return f"<a {self._kind} of the check>"


class _Answers:
    """One conversation."""

    def __init__(self, channel: Channel, namespace: dict[str, Any], torch_source: str) -> None:
        self._channel = channel
        self._namespace = namespace
        self._torch_source = torch_source
        self._tools: dict[str, Any] = {}
        self._known = _Known(self)
        self._limit = _Limit()
        self._asked = 0
        self._now = ""

    def run(self) -> None:
        while True:
            message, blob = self._channel.receive()
            for key in message.get("forget", ()):
                self._known.forget(key)
            for number in message.get("drop", ()):
                self._known.drop(number)
            if "names" in message:
                self._look_up(message)
            elif "call" in message:
                self._answer(message, blob)
            else:
                return

    def _look_up(self, message: dict[str, Any]) -> None:
        """Say what some names stand for."""
        found = {name: self._namespace[name] for name in message["names"] if name in self._namespace}
        out = Outgoing(self._known)
        try:
            self._channel.send({"id": message["id"], "ok": out.value(found)}, out.blobs)
        except TooLargeError as error:
            self._channel.send({"id": message["id"], "raised": _told(error)})

    def _answer(self, message: dict[str, Any], blob: memoryview) -> None:
        """Call a function, and say what came of it."""
        number, self._now = message["n"], message["id"]
        known, text = self._known, _Kept()
        come = Incoming(known, blob, f"a{number}", watch=True)
        function = self._function(message)
        arguments, keywords = come.value(message["arguments"]), come.value(message["keywords"])
        out = Outgoing(known, f"r{number}")
        answer: dict[str, Any] = {"id": self._now}
        with (
            contextlib.redirect_stdout(text),
            contextlib.redirect_stderr(text),
            warnings.catch_warnings(record=True) as caught,
            np.errstate(all="warn", under="ignore"),
        ):
            warnings.simplefilter("always")
            try:
                with self._limit.running(message["seconds"]):
                    try:
                        answer["ok"] = out.value(function(*arguments, **keywords))
                    except (TimeUp, KeyboardInterrupt):
                        raise
                    except BaseException as error:  # whatever it is, the judge is told
                        answer["raised"] = _told(error)
            except TimeUp:
                answer["time"] = True
        if "ok" not in answer:
            known.given.pop(f"r{number}", None)
            out = Outgoing(known, f"r{number}")
        answer["changed"] = [
            out.value(entry) for entry in [*arguments, *keywords.values()] if differs(entry, known.before)
        ]
        answer["copies"] = [[copy, self._state(copy, out)] for copy in dict.fromkeys(known.used)]
        answer["text"] = text.getvalue()[:_KEEP_TEXT]
        answer["warned"] = list(dict.fromkeys(_line(warning.message) for warning in caught))[:_KEEP_WARNINGS]
        known.forget(f"a{number}")
        known.clear()
        try:
            self._channel.send(answer, out.blobs)
        except TooLargeError as error:
            self._channel.send({"id": self._now, "raised": _told(error)})

    def _function(self, message: dict[str, Any]) -> Callable[..., Any]:
        thing = self._known.held(message["call"])
        if message.get("exact") is not None:
            return lambda: self.tools()["TorchModule"](thing, exact=message["exact"])
        name = message.get("method")
        found: Callable[..., Any] = getattr(thing, name) if name else thing
        return found

    def tools(self) -> dict[str, Any]:
        """Return the code that handles torch modules and makes tensors."""
        if not self._tools:
            exec(compile(self._torch_source, f"{MARK}/modules", "exec"), self._tools)
        return self._tools

    def _state(self, number: int, out: Outgoing) -> Any:
        net = self._known.copies[number]
        state = {name: entry.detach() for name, entry in net.state_dict().items()}
        return out.value([state, [module.training for module in net.modules()]])

    def ask(self, number: int, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Call a function of the judge from within the student's."""
        self._asked += 1
        key = f"c{self._asked}"
        out = Outgoing(self._known, key)
        message = {"id": self._now, "ask": number, "c": self._asked}
        message |= {"arguments": out.value(list(arguments)), "keywords": out.value(keywords)}
        with self._limit.waiting():
            self._channel.send(message, out.blobs)
            answer, blob = self._channel.receive()
            value = Incoming(self._known, blob).value(answer["ok"]) if "ok" in answer else None
            self._known.forget(key)
        if "raised" in answer:
            kind, words = answer["raised"]
            found = getattr(builtins, kind, None)
            ordinary = isinstance(found, type) and issubclass(found, Exception)
            raise (found if ordinary else type(kind, (Exception,), {}))(words)  # type: ignore[misc]
        return value


def _numbers(thing: Any) -> Any:
    """Return what NumPy makes of an object, or None."""
    try:
        array = np.asarray(thing)
        return array if array.dtype.kind in PLAIN_KINDS else np.array(thing, dtype=np.float64)
    except (TimeUp, KeyboardInterrupt):
        raise
    except BaseException:  # an object may do anything when it is converted
        return None


def _line(value: object) -> str:
    try:
        return " ".join(str(value).split())[:1000]
    except Exception:  # an exception may fail while it says what it is
        return ""


def _told(error: BaseException) -> dict[str, Any]:
    """Return what the judge is told of an exception; this file's own frames are left out."""
    frames = [
        [frame.filename, frame.lineno, frame.name, (frame.line or "")[:500]]
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(MARK)
    ]
    return {
        "kind": type(error).__name__,
        "words": _line(error),
        "frames": frames[-_KEEP_FRAMES:],
        "missing": isinstance(error, NotImplementedError),
    }
