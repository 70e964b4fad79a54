"""Running a student's function so that nothing it does can hurt the check.

Its prints and warnings are kept, not shown; its errors become a sentence; it gets copies of the arguments and a
limited time. The limit uses the interval timer of the operating system, which Python allows in the main
thread of a process on Linux and macOS, and that is where a notebook's cells run. Elsewhere (Windows, other threads)
there is no limit here, and the limit of whatever runs the cell holds.
"""

from __future__ import annotations

import contextlib
import copy
import io
import signal
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

_HERE = str(Path(__file__).parent)
_KEEP = 20_000


class TimeUp(BaseException):
    """Raised inside the student's code when its time is over; not an Exception, so that few catch it."""


class RaisedElsewhere(Exception):
    """What is told here of an exception that a student's function raised in another process.

    Attributes
    ----------
    frames : list of traceback.FrameSummary
        Where it happened, outermost first.
    """

    frames: list[traceback.FrameSummary]


def raised_elsewhere(
    kind: str, words: str, frames: list[traceback.FrameSummary], *, missing: bool
) -> RaisedElsewhere:
    """Return an exception that gives the same report as the one raised in the other process.

    Parameters
    ----------
    kind : str
        The name of its class.
    words : str
        What it says.
    frames : list of traceback.FrameSummary
    missing : bool
        Whether it was a `NotImplementedError`.
    """
    bases = (RaisedElsewhere, NotImplementedError) if missing else (RaisedElsewhere,)
    error: RaisedElsewhere = type(kind, bases, {})(words)
    error.frames = frames
    return error


class Shared:
    """An argument that is handed over as it is, not copied: a cache that the student's own forward made."""

    def __init__(self, value: Any) -> None:
        self.value = value


@dataclass(frozen=True)
class Failed:
    """Why there is no value.

    Attributes
    ----------
    kind : {"raised", "missing", "time", "form"}
        An exception, a function not written yet, out of time, or a value of the wrong form.
    sentence : str
        For the student.
    key : str
        What makes two failures the same: for an exception its type and message.
    """

    kind: str
    sentence: str
    key: str


@dataclass(frozen=True)
class Outcome:
    """What came of a call: a value, or a failure; and for which arguments."""

    value: Any
    where: str
    failed: Failed | None = None


@dataclass
class Clock:
    """The time a student's code may still use in one check.

    Attributes
    ----------
    seconds : float
        The limit.
    used : float
        Seconds used so far.
    """

    seconds: float
    used: float = 0.0
    _armed: bool = field(default=False, repr=False)

    @property
    def over(self) -> bool:
        """Whether no time is left."""
        return self.used >= self.seconds

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Count the time of a block, and raise `TimeUp` in it when the limit is reached."""
        start = time.monotonic()
        can_limit = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
        if not can_limit:
            try:
                yield
            finally:
                self.used += time.monotonic() - start
            return
        before = signal.signal(signal.SIGALRM, self._ring)
        left = max(self.seconds - self.used, 0.01)
        self._armed = True
        # The alarm repeats: a bare `except:` in a loop swallows only the first one.
        outer = signal.setitimer(signal.ITIMER_REAL, left, 0.25)
        try:
            yield
        finally:
            self._armed = False
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            elapsed = time.monotonic() - start
            self.used += elapsed
            if outer[0] > 0:  # somebody else's alarm goes on
                signal.setitimer(signal.ITIMER_REAL, max(outer[0] - elapsed, 0.01), outer[1])

    def _ring(self, signum: int, frame: FrameType | None) -> None:
        if self._armed:
            raise TimeUp


class _Kept(io.StringIO):
    """Text that stops growing: a print in an endless loop must not fill the memory."""

    def write(self, text: str, /) -> int:
        if self.tell() < _KEEP:
            super().write(text[:_KEEP])
        return len(text)


@dataclass
class Noise:
    """What the student's code wrote and warned of while it ran."""

    text: io.StringIO = field(default_factory=_Kept)
    warned: dict[str, None] = field(default_factory=dict)

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Keep everything that a block prints or warns of away from the notebook."""
        with (
            contextlib.redirect_stdout(self.text),
            contextlib.redirect_stderr(self.text),
            warnings.catch_warnings(record=True) as caught,
            np.errstate(all="warn", under="ignore"),
        ):
            warnings.simplefilter("always")
            try:
                yield
            finally:
                for warning in caught:
                    self.warned.setdefault(plain(warning.message))


def call(
    function: Callable[..., Any],
    name: str,
    arguments: Mapping[str, Any],
    keywords: Mapping[str, Any],
    *,
    clock: Clock,
    noise: Noise,
    missing: Callable[[str], str],
) -> tuple[Outcome, list[str]]:
    """Call a student's function.

    Parameters
    ----------
    function : callable
    name : str
        How to call it in messages.
    arguments : mapping
        Positional arguments in order, by the name used in messages. All but `Shared` ones are handed over as copies.
    keywords : mapping
        Keyword arguments.
    clock, noise : Clock, Noise
        Where time is counted and output is kept.
    missing : callable
        Turns the name of an unfinished function into a sentence.

    Returns
    -------
    outcome : Outcome
    changed : list of str
        Names of the arguments that the function changed in place.

    Raises
    ------
    KeyboardInterrupt
        When the person at the keyboard interrupts; nothing else gets through.
    """
    where = describe({**arguments, **keywords})
    if clock.over:
        return Outcome(None, where, _time_up(name, clock)), []
    handed = {
        key: given.value if isinstance(given, Shared) else copy.deepcopy(given)
        for key, given in arguments.items()
    }
    failed: Failed | None = None
    value: Any = None
    try:
        with noise.kept(), clock.running():
            try:
                value = function(*handed.values(), **keywords)
            except (KeyboardInterrupt, TimeUp):
                raise
            except NotImplementedError as error:
                unfinished = _innermost(error) or name
                failed = Failed("missing", missing(unfinished), f"missing {unfinished}")
            except BaseException as error:
                failed = _raised(error, name, where)
    except TimeUp:
        clock.used = max(clock.used, clock.seconds)
        failed = _time_up(name, clock)
    changed = [
        key
        for key, given in arguments.items()
        if not isinstance(given, Shared) and not _unchanged(given, handed[key])
    ]
    return Outcome(value, where, failed), changed


def plain(value: object) -> str:
    r"""Return what the value says in one short line of printable characters.

    >>> plain(ValueError("two\nlines"))
    'two lines'
    """
    try:
        words = " ".join(str(value).split())
    except Exception:  # a student's own exception may fail while it says what it is
        return ""
    return "".join(letter for letter in words if letter.isprintable())[:200]


def describe(arguments: Mapping[str, Any]) -> str:
    """Say in words what a function was given.

    >>> describe({"x": np.zeros((4, 3)), "b": 0.5})
    'x of shape (4, 3), b = 0.5'
    """
    words = []
    for name, value in arguments.items():
        if isinstance(value, np.ndarray):
            words.append(f"{name} of shape {value.shape}")
        elif isinstance(value, dict):
            words.append(
                f"{name} with " + ", ".join(f"{key} {np.shape(entry)}" for key, entry in value.items())
            )
        elif isinstance(value, (int, float)):
            words.append(f"{name} = {value:.4g}")
    return ", ".join(words)


def _time_up(name: str, clock: Clock) -> Failed:
    sentence = (
        f"{name} was stopped: the check allows {clock.seconds:g} seconds. Is there a loop that does not end?"
    )
    return Failed("time", sentence, "time")


def _raised(error: BaseException, name: str, where: str) -> Failed:
    text = plain(error)
    kind = type(error).__name__
    what = f"{kind}: {text}" if text else kind
    place = _line(error)
    sentence = f"your code raised {what}" + (f", for {where}" if where else "") + "."
    if place:
        sentence += f" It happened at: {place}"
    return Failed("raised", f"{name}: {sentence}", what)


def _frames(error: BaseException) -> list[traceback.FrameSummary]:
    """Return the frames of the student's own code, outermost first."""
    return [
        frame
        for frame in _all_frames(error)
        if not frame.filename.startswith(_HERE) and "site-packages" not in frame.filename
    ]


def _all_frames(error: BaseException) -> list[traceback.FrameSummary]:
    return error.frames if isinstance(error, RaisedElsewhere) else traceback.extract_tb(error.__traceback__)


def _line(error: BaseException) -> str:
    frames = _frames(error)
    return (frames[-1].line or "").strip()[:120] if frames else ""


def _innermost(error: BaseException) -> str:
    frames = _all_frames(error)
    return frames[-1].name if frames else ""


def _unchanged(before: Any, after: Any) -> bool:
    if isinstance(before, np.ndarray):
        return (
            isinstance(after, np.ndarray)
            and before.shape == after.shape
            and before.tobytes() == after.tobytes()
        )
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(_unchanged(before[key], after[key]) for key in before)
    return True  # numbers and strings cannot change; a generator is meant to
