"""The workbench of one check: it calls the student's functions, compares results, and keeps the verdicts.

The same bench replays a check with the wrong functions of the bank of known mistakes; what it then recorded is
compared with what it recorded for the student. So a check is written once, and every mistake can be recognised by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from cs_cnn.checks.compare import TOLERANCE, agrees, as_array, difference, same
from cs_cnn.checks.running import Clock, Failed, Noise, Outcome, Shared, call
from cs_cnn.checks.task import Task
from cs_cnn.gradcheck import numerical_gradient

Array = NDArray[np.float64]
Truth = Callable[[], Array]
T = TypeVar("T")


@dataclass
class Verdict:
    """What is known about one part.

    Attributes
    ----------
    fraction : float
        Share of the part's points that is still held.
    message : str
        The first thing found wrong.
    mistake : str
        A known mistake that the check itself recognised.
    records : list
        The results seen, in order: arrays, or the keys of failures.
    """

    fraction: float = 1.0
    message: str = ""
    mistake: str = ""
    records: list[Any] = field(default_factory=list)

    def lose(self, message: str, *, fraction: float = 0.0, mistake: str = "") -> None:
        """Keep at most this fraction; the first message stays."""
        self.fraction = min(self.fraction, fraction)
        self.message = self.message or message
        self.mistake = self.mistake or mistake


class Bench:
    """Where one check of one task takes place.

    Parameters
    ----------
    task : Task
    functions : mapping of str to callable
        The student's functions by name.
    seed : int
        What shapes and numbers are drawn from.
    rounds : int
        How many sets of shapes are tried.
    missing : callable
        Turns the name of an unfinished function into a sentence.
    replay : bool
        Only record what the functions return; nothing is compared.
    earlier : mapping, optional
        What `dear` found in another check of the same functions.

    Attributes
    ----------
    rng : numpy.random.Generator
    found : dict
        What `dear` found, by its name.
    """

    def __init__(
        self,
        task: Task,
        functions: Mapping[str, Callable[..., Any]],
        *,
        seed: int,
        rounds: int,
        missing: Callable[[str], str] = "{} is not implemented yet.".format,
        replay: bool = False,
        earlier: Mapping[str, Any] | None = None,
    ) -> None:
        self.found: dict[str, Any] = dict(earlier or {})
        self.task = task
        self.rounds = rounds
        self.rng = np.random.default_rng(seed)
        self.replay = replay
        self.verdicts = {part.name: Verdict() for part in task.parts}
        self.noise = Noise()
        self.advice: dict[str, None] = {}
        self._functions = functions
        self._clock = Clock(task.seconds)
        self._missing = missing

    def call(self, name: str, arguments: Mapping[str, Any], **keywords: Any) -> Outcome:
        """Call a student's function with copies of the arguments; nothing it does escapes."""
        outcome, changed = call(
            self._functions[name],
            name,
            arguments,
            keywords,
            clock=self._clock,
            noise=self.noise,
            missing=self._missing,
        )
        for argument in changed:
            self.advice.setdefault(
                f"{name} changes its argument {argument} in place; the caller may still need it."
            )
        return outcome

    def dear(self, name: str, find: Callable[[], T]) -> T:
        """Find something out that takes long, such as what a training gives; the hidden check need not do it again.

        Parameters
        ----------
        name : str
            What is found out.
        find : callable
            Finds it, unless the visible check of the same functions did a moment ago.
        """
        if name not in self.found:
            self.found[name] = find()
        found: T = self.found[name]
        return found

    def unpack(self, outcome: Outcome, names: Sequence[str], function: str) -> list[Outcome]:
        """Split a returned tuple into its parts; a wrong form fails every part."""
        if outcome.failed:
            return [outcome] * len(names)
        value = outcome.value
        several = isinstance(value, (tuple, list)) or (isinstance(value, np.ndarray) and value.ndim == 1)
        if several and len(value) == len(names):
            return [Outcome(entry, outcome.where) for entry in value]
        expected = f"{function} must return {len(names)} values: {', '.join(names)}"
        failed = Failed("form", f"{expected}; it returned {_kind(value)}.", f"form {_kind(value)}")
        return [Outcome(None, outcome.where, failed)] * len(names)

    def entries(self, outcome: Outcome, keys: Sequence[str], function: str) -> dict[str, Outcome]:
        """Look up the keys in a returned dictionary; one that lacks a key fails that key only."""
        if outcome.failed:
            return dict.fromkeys(keys, outcome)
        if not isinstance(outcome.value, dict):
            wanted = f"a dictionary with the keys {', '.join(keys)}"
            sentence = f"{function} must return {wanted}; it returned {_kind(outcome.value)}."
            return dict.fromkeys(keys, Outcome(None, outcome.where, Failed("form", sentence, "form")))
        found = {}
        for key in keys:
            if key in outcome.value:
                found[key] = Outcome(outcome.value[key], outcome.where)
            else:
                has = ", ".join(map(str, outcome.value)) or "nothing"
                sentence = f"the dictionary from {function} has no {key!r}; it has {has}."
                found[key] = Outcome(None, outcome.where, Failed("form", sentence, f"no {key}"))
        return found

    def expect(
        self,
        part: str,
        outcome: Outcome,
        right: Truth,
        *,
        own: Callable[[], Array | None] | None = None,
        name: str = "the result",
        tolerance: float = TOLERANCE,
    ) -> None:
        """Compare a result with the right one.

        Parameters
        ----------
        part : str
            The part that is lost when it differs.
        outcome : Outcome
            What the student's function returned.
        right : callable
            Gives the right result.
        own : callable, optional
            Gives what would follow from the student's own earlier results, or None; it is accepted too, so that
            one early mistake is not punished twice.
        name : str
            The result in messages.
        tolerance : float
            Relative to the largest right entry.
        """
        verdict = self.verdicts[part]
        if outcome.failed:
            verdict.records.append(outcome.failed.key)
            verdict.lose(outcome.failed.sentence)
            return
        actual = as_array(outcome.value)
        verdict.records.append(actual)
        if self.replay or verdict.fraction == 0:
            return
        if actual is None:
            verdict.lose(f"{name} must be numbers, a NumPy array or a float; it is {_kind(outcome.value)}.")
            return
        truth = np.asarray(right(), dtype=np.float64)
        if agrees(actual, truth, tolerance):
            return
        if own is not None and actual.shape == truth.shape and np.isfinite(actual).all():
            following = own()
            if (
                following is not None
                and np.any(following)
                and agrees(actual, following, max(tolerance, 1e-4))
            ):
                self.advice.setdefault(
                    f"{name} follows from your own forward pass, which is not right yet, so no points are lost here."
                )
                return
        sentence = difference(actual, truth, name)
        verdict.lose(f"{sentence} (For {outcome.where}.)" if outcome.where else sentence)

    def judge(
        self,
        part: str,
        ok: bool,
        message: str,
        *,
        mistake: str = "",
        fraction: float = 0.0,
        record: Any = None,
    ) -> bool:
        """Judge something that is not an equality of arrays.

        Parameters
        ----------
        part : str
            The part that is lost unless `ok`.
        message : str
            What was found, if it is lost.
        mistake : str
            The known mistake that this shows.
        fraction : float
            Share of the points that is kept all the same.
        record : array_like, optional
            What to compare when mistakes are replayed.

        Returns
        -------
        bool
            `ok`.
        """
        verdict = self.verdicts[part]
        if record is not None:
            verdict.records.append(as_array(record))
        if not ok:
            verdict.lose(message, mistake=mistake, fraction=fraction)
        return ok

    def own_gradient(
        self,
        value: Callable[[Array], Any],
        at: Array | float,
        dout: Array | None = None,
    ) -> Array | None:
        """Differentiate the student's own function numerically; None when it fails or is not a function of `at`.

        Parameters
        ----------
        value : callable
            Gives the student's result at an array, as `as_array` can read it.
        at : ndarray or float
        dout : ndarray, optional
            Weights of the entries of the result.
        """

        def number(moved: Array) -> Array:
            result = as_array(value(moved))
            if result is None or (dout is not None and result.shape != dout.shape):
                raise ValueError
            return result

        try:
            gradient = numerical_gradient(number, np.array(at, dtype=np.float64), dout)
        except Exception:  # whatever the student's function made of it, there is nothing to compare with
            return None
        return gradient if np.isfinite(gradient).all() else None

    def recognises(self, part: str, other: Bench) -> bool:
        """Tell whether another bench saw exactly the same results in this part."""
        mine, theirs = self.verdicts[part].records, other.verdicts[part].records
        if not mine or len(mine) != len(theirs):
            return False
        return all(_same_record(a, b) for a, b in zip(mine, theirs, strict=True))


def _same_record(a: Any, b: Any) -> bool:
    """Compare two records: two failures by their keys, two results by their numbers."""
    if isinstance(a, str) or isinstance(b, str):
        return isinstance(a, str) and isinstance(b, str) and a == b
    return same(a, b)


def _kind(value: Any) -> str:
    """Name what came back in words."""
    if value is None:
        return "None (is a return missing?)"
    if isinstance(value, tuple):
        return f"a tuple of {len(value)}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    return f"a {type(value).__name__}"


__all__ = ["Array", "Bench", "Outcome", "Shared", "Verdict"]
