"""The judge's side of the conversation: calls go out, answers are read with suspicion."""

from __future__ import annotations

import contextlib
import secrets
import signal
import socket
import sys
import time
import traceback
import warnings
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

from cs_cnn.checks.running import TimeUp, raised_elsewhere
from cs_cnn.course.judge.notes import JudgesExchange
from cs_cnn.course.judge.values import Incoming, Outgoing
from cs_cnn.course.judge.wire import Channel, LateError, WireError, clean

SECONDS = 30.0
"""Time for one call where no check sets a limit."""
GRACE = 3.0
"""Seconds after the limit until no answer is expected any more: the student's process stops its functions itself."""
PATIENCE = 20.0
"""Seconds until the student's process must have come to the socket."""
LONGEST_TEXT = 20_000
"""How many characters of what one call prints are repeated."""
REMEMBERED, REMEMBERED_BYTES = 500, 200_000_000
"""How many of the last results, and of how many bytes, can go back as the very objects that they are there."""


class StudentWarning(UserWarning):
    """A warning that the student's code gave."""


class Link:
    """A conversation with the student's process, from a graded cell's begin to its end.

    Parameters
    ----------
    connected : socket.socket

    Attributes
    ----------
    broken : str
        Why the conversation ended early, as a clause; empty while all is well.
    """

    def __init__(self, connected: socket.socket) -> None:
        self.broken = ""
        self._channel = Channel(connected)
        self._known = JudgesExchange(self)
        self._calls = 0
        self._open = False
        self._forget: list[str] = []
        self._drop: list[int] = []
        self._results: OrderedDict[str, int] = OrderedDict()
        self._bytes = 0

    def drop(self, number: int) -> None:
        """Tell the student's process, with the next call, that a proxy is gone."""
        self._drop.append(number)

    def broken_by(self, why: str) -> WireError:
        """End the conversation, and return the error to raise."""
        self.broken = self.broken or why
        return WireError(self.broken)

    def look_up(self, names: Sequence[str]) -> dict[str, Any]:
        """Return what the names stand for in the student's notebook; unknown ones are left out."""
        with self._talking():
            token = self._ask({"names": list(names)}, (), deadline := time.monotonic() + PATIENCE)
            message, blob = self._answer(token, deadline)
            if "raised" in message:
                raise _raised(message["raised"])
            found = Incoming(self._known, blob).value(message.get("ok"))
            if not isinstance(found, dict):
                raise WireError("an answer could not be read")
            return {name: found[name] for name in names if name in found}

    def call(
        self,
        number: int,
        arguments: Sequence[Any],
        keywords: Mapping[str, Any],
        *,
        method: str = "",
        exact: bool | None = None,
    ) -> Any:
        """Call a function of the student's, within the time that the check has left.

        Parameters
        ----------
        number : int
            What the other side knows the function by.
        arguments, keywords
            What it is given; what it changes in place is changed here too.
        method : str
            The object's method to call instead.
        exact : bool, optional
            Take hold of a torch module instead of calling it.

        Returns
        -------
        object

        Raises
        ------
        RaisedElsewhere
            When the function raised something.
        TimeUp
            When the check's time is over.
        WireError
            When the other side does not behave; then and ever after.
        """
        if self.broken:
            raise WireError(self.broken)
        with _Alarm() as alarm, self._talking():
            return self._call(alarm, number, arguments, keywords, method, exact)

    def _call(
        self,
        alarm: _Alarm,
        number: int,
        arguments: Sequence[Any],
        keywords: Mapping[str, Any],
        method: str,
        exact: bool | None,
    ) -> Any:
        self._calls += 1
        sent, come_back = f"a{self._calls}", f"r{self._calls}"
        out = Outgoing(self._known, sent)
        request = {"call": number, "n": self._calls, "seconds": alarm.left, "method": method, "exact": exact}
        request |= {"arguments": out.value(list(arguments)), "keywords": out.value(dict(keywords))}
        deadline = time.monotonic() + alarm.left + GRACE
        token = self._ask(request, out.blobs, deadline)
        try:
            message, blob = self._answer(token, deadline, alarm, sent)
        except LateError as error:
            self.broken = "a function did not stop"
            alarm.over()
            raise WireError(self.broken) from error
        come = Incoming(self._known, blob, come_back)
        value = come.value(message.get("ok"))
        try:
            for entry in message.get("changed", ()):
                come.value(entry)
            for number, state in message.get("copies", ()):
                self._known.copies.update(number, *come.value(state))
            _repeat(message)
        except Exception as error:  # a form that no honest side sends
            raise (
                error if isinstance(error, WireError) else WireError("an answer could not be read")
            ) from error
        self._known.forget(sent)
        self._remember(come_back, len(blob))
        if message.get("time") is True:
            alarm.over()
        if "raised" in message:
            raise _raised(message["raised"])
        return value

    def end(self) -> str:
        """End the conversation, and return why it was broken, if it was."""
        with contextlib.suppress(WireError):
            if not self.broken:
                self._channel.send({"end": True}, deadline=time.monotonic() + 1)
        self._channel.close()
        return self.broken

    def _ask(self, request: dict[str, Any], blobs: Sequence[bytes], deadline: float) -> str:
        if not self._channel.quiet():
            raise WireError("there was an answer before there was a question")
        request["id"] = token = secrets.token_hex(8)
        # Taken out one by one: a proxy may be collected, and add its number, at any moment.
        request["forget"] = [self._forget.pop() for _ in range(len(self._forget))]
        request["drop"] = [self._drop.pop() for _ in range(len(self._drop))]
        self._open = True
        self._channel.send(request, blobs, deadline=deadline)
        return token

    def _answer(
        self, token: str, deadline: float, alarm: _Alarm | None = None, mine: str = ""
    ) -> tuple[dict[str, Any], memoryview]:
        """Wait for the answer to a question; serve the check's own functions meanwhile."""
        while True:
            message, blob = self._channel.receive(deadline)
            if message.get("id") != token:
                raise WireError("there was an answer to no question")
            if "ask" not in message:
                self._open = False
                return message, blob
            if alarm is None:
                raise WireError("an answer could not be read")
            self._serve(message, blob, deadline, alarm, mine)

    def _serve(
        self, message: dict[str, Any], blob: memoryview, deadline: float, alarm: _Alarm, mine: str
    ) -> None:
        """Call a function of the check for the student's function that was given it."""
        function = self._known.held(message["ask"])
        key = f"c{message.get('c')}"
        come = Incoming(self._known, blob, key)
        arguments, keywords = come.value(message.get("arguments")), come.value(message.get("keywords"))
        if not (callable(function) and isinstance(arguments, list) and isinstance(keywords, dict)):
            raise WireError("an answer could not be read")
        out = Outgoing(self._known, mine=mine)
        answer: dict[str, Any]
        try:
            with alarm.ringing():
                value = function(*arguments, **keywords)
            answer = {"ok": out.value(value)}
        except WireError:
            raise
        except Exception as error:  # the student's own function may catch it, as it could here
            out = Outgoing(self._known)
            answer = {"raised": [type(error).__name__, str(error)[:2000]]}
        self._channel.send(answer, out.blobs, deadline=deadline)
        self._known.forget(key)

    def _remember(self, key: str, size: int) -> None:
        self._results[key] = size
        self._bytes += size
        while len(self._results) > REMEMBERED or (len(self._results) > 1 and self._bytes > REMEMBERED_BYTES):
            oldest, size = self._results.popitem(last=False)
            self._bytes -= size
            self._known.forget(oldest)
            self._forget.append(oldest)

    @contextlib.contextmanager
    def _talking(self) -> Iterator[None]:
        """Note when the conversation breaks: afterwards nobody knows what the next answer belongs to."""
        try:
            yield
        except BaseException as error:
            if isinstance(error, WireError) or self._open:
                self.broken = self.broken or str(error) or "a call was interrupted"
            raise


class _Alarm:
    """Holds back the alarm of `cs_cnn.checks.running.Clock` while a message is on its way.

    Attributes
    ----------
    left : float
        Seconds until it would have rung.
    """

    def __enter__(self) -> _Alarm:
        self._set, self._every = signal.setitimer(signal.ITIMER_REAL, 0)
        self.left = self._set or SECONDS
        self._begun = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self._arm()

    @contextlib.contextmanager
    def ringing(self) -> Iterator[None]:
        """Let it ring meanwhile."""
        self._arm()
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def over(self) -> NoReturn:
        """Raise what it would have raised."""
        was_set, self._set = self._set, 0.0
        raise TimeUp if was_set else TimeoutError(f"the function was stopped after {SECONDS:g} seconds")

    def _arm(self) -> None:
        if self._set:
            left = self._set - (time.monotonic() - self._begun)
            signal.setitimer(signal.ITIMER_REAL, max(left, 0.001), self._every)


def _raised(told: Any) -> BaseException:
    """Return the exception that the student's process tells of."""
    try:
        frames = [
            traceback.FrameSummary(str(file), int(line or 0), _shown(name), line=_shown(text))
            for file, line, name, text in told["frames"]
        ]
        kind = told["kind"] if told["kind"].isidentifier() else "Exception"
        return raised_elsewhere(
            kind[:100], clean(told["words"])[:2000], frames, missing=told["missing"] is True
        )
    except Exception as error:  # a form that no honest side sends
        raise WireError("an answer could not be read") from error


def _shown(text: object) -> str:
    """Return what may stand in a report: one line, without control characters."""
    return "".join(letter for letter in clean(text) if letter.isprintable() or letter == "\t")[:500]


def _repeat(message: dict[str, Any]) -> None:
    """Print and warn here what was printed and warned there."""
    text = message.get("text", "")
    if text:
        sys.stdout.write(clean(text)[:LONGEST_TEXT])
    for entry in message.get("warned", ())[:LONGEST_TEXT]:
        warnings.warn(clean(entry), StudentWarning, stacklevel=2)
