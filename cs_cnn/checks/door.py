"""Running a check and telling the student about it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from cs_cnn.checks.assignments import TASKS
from cs_cnn.checks.bench import Bench
from cs_cnn.checks.compare import CheckIsBrokenError
from cs_cnn.checks.mistakes import Mistake, bank
from cs_cnn.checks.results import Part, Report
from cs_cnn.checks.running import plain
from cs_cnn.checks.task import Task
from cs_cnn.errors import CsCnnError

VISIBLE_ROUNDS, HIDDEN_ROUNDS = 2, 3
_BROKEN = (
    "The check found that it would accept wrong results too ({}), so it gives no points. Restart the kernel and run "
    "all cells; if this stays, tell your teacher: grading is broken, not your work."
)

Functions = Mapping[str, Callable[..., Any]] | Sequence[Callable[..., Any]] | Callable[..., Any]


# What the visible check that ran last found with which functions; in grading the hidden one follows it at once.
_visible: tuple[str, Mapping[str, Callable[..., Any]], dict[str, Any]] | None = None


def _remember(task: str, functions: Mapping[str, Callable[..., Any]], found: dict[str, Any]) -> None:
    global _visible
    _visible = task, functions, found


def _just_found(task: str, functions: Mapping[str, Callable[..., Any]]) -> dict[str, Any]:
    """Hand on, once, what the visible check of the same functions found."""
    global _visible
    last, _visible = _visible, None
    if last is not None and last[0] == task and all(last[1][each] is f for each, f in functions.items()):
        return last[2]
    return {}


def tasks() -> list[Task]:
    """Return every task that has a check, in the order of the course."""
    return list(TASKS.values())


def run(task: str, functions: Functions, hidden: bool = False, seed: int | None = None) -> Report:
    """Check a student's functions.

    Parameters
    ----------
    task : str
        Name of the task, such as ``"a2.forward"``.
    functions : callable, sequence or mapping
        The functions the task asks for: one, several in the task's order, or by name.
    hidden : bool
        A check of the same kind with more and other shapes; say a seed.
    seed : int, optional
        What shapes and numbers are drawn from; the same seed gives the same verdict. 0 when left out.

    Returns
    -------
    Report

    Raises
    ------
    CsCnnError
        When there is no such task. Whatever the student's functions do ends up in the report.

    Examples
    --------
    >>> import numpy as np
    >>> print(run("a2.sigmoid", lambda z: 1 / (1 + np.exp(z))))
    Task 1.1 sigmoid: 0 of 5 points.
      not yet  values  0 of 2: ...
    """
    if task not in TASKS:
        raise CsCnnError(f"There is no check called {task!r}; the checks are {', '.join(TASKS)}.")
    found = TASKS[task]
    title = f"{found.title}, hidden check" if hidden else found.title
    named, wrong = _named(found, functions)
    if wrong:
        return Report(task, title, _all_lost(found, wrong))
    seed = 0 if seed is None else int(seed)
    rounds = HIDDEN_ROUNDS if hidden else VISIBLE_ROUNDS
    bench = Bench(
        found,
        named,
        seed=seed,
        rounds=rounds,
        missing=lambda name: _unfinished(found, name),
        earlier=_just_found(task, named) if hidden else None,
    )
    try:
        found.grade(bench)
        if not hidden:
            _remember(task, named, bench.found)
        _plant_an_error(found, seed)
        recognised = _diagnose(bench, seed)
    except CheckIsBrokenError as error:
        return Report(task, title, _all_lost(found, ""), broken=_BROKEN.format(error))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a result so odd that the check itself stumbled
        reason = f"{type(error).__name__}: {plain(error)}"
        return Report(
            task, title, _all_lost(found, ""), broken=f"The check could not read your result ({reason})."
        )
    parts = tuple(_part(found, bench, spec.name, recognised.get(spec.name)) for spec in found.parts)
    return Report(task, title, parts, advice=_advice(bench))


def check(task: str, *functions: Callable[..., Any], hidden: bool = False, seed: int | None = None) -> float:
    """Check a student's functions, print what was found, and return the points.

    This is what a graded cell calls last: nbgrader reads the number as partial credit.

    Parameters
    ----------
    task : str
    *functions : callable
        The functions the task asks for, in its order.
    hidden, seed
        As in `run`.

    Returns
    -------
    float
        Points earned.
    """
    report = run(task, functions, hidden=hidden, seed=seed)
    colour = bool(getattr(sys.stdout, "isatty", lambda: False)()) and "NO_COLOR" not in os.environ
    print(report.text(colour=colour))
    return report.points


def _named(task: Task, functions: Functions) -> tuple[dict[str, Callable[..., Any]], str]:
    """Give every function its name; the second value is a sentence when that cannot be done."""
    wanted = ", ".join(task.functions)
    if isinstance(functions, Mapping):
        given: dict[str, Any] = {name: functions.get(name) for name in task.functions}
    else:
        several = list(functions) if isinstance(functions, Sequence) else [functions]
        if len(several) != len(task.functions):
            return {}, f"This check needs {len(task.functions)} functions ({wanted}), got {len(several)}."
        given = dict(zip(task.functions, several, strict=True))
    for name, function in given.items():
        if not callable(function):
            what = "missing" if function is None else f"a {type(function).__name__}, not a function"
            return (
                {},
                f"{name} is {what}. Was the name used for something else? Run the cell that defines it again.",
            )
    return given, ""


def _unfinished(task: Task, function: str) -> str:
    """Say which function raised NotImplementedError; it may be one of an earlier task."""
    if function == task.asks:
        return f"{task.title} is not implemented yet."
    if function in task.asks.split(" and "):
        return f"{task.title}: {function} is not implemented yet."
    for other in TASKS.values():
        if function in other.asks.split(" and ") and other.name.split(".")[0] == task.name.split(".")[0]:
            return (
                f"{task.title} needs {function}, and task {other.number} {function} is not implemented yet."
            )
    return f"{task.title} needs {function}, which is not implemented yet."


def _all_lost(task: Task, message: str) -> tuple[Part, ...]:
    return tuple(Part(spec.name, 0.0, spec.points, False, message) for spec in task.parts)


def _part(task: Task, bench: Bench, name: str, mistake: Mistake | None) -> Part:
    spec = next(spec for spec in task.parts if spec.name == name)
    verdict = bench.verdicts[name]
    points = round(spec.points * verdict.fraction, 2)
    if verdict.fraction == 1:
        return Part(name, points, spec.points, True, spec.tested)
    if mistake is not None:
        hint, section = mistake.hint, mistake.section or task.section
        return Part(name, points, spec.points, False, verdict.message, hint, mistake.name, section)
    stopped = any(
        isinstance(record, str) and record.startswith(("missing", "time")) for record in verdict.records
    )
    hint = "" if stopped else spec.hint
    return Part(name, points, spec.points, False, verdict.message, hint, "", task.section if hint else "")


def _advice(bench: Bench) -> tuple[str, ...]:
    advice = list(bench.advice)
    warned = list(bench.noise.warned)
    if warned:
        advice.append(
            f"Your code made Python warn: {warned[0]}." + (" (And more.)" if len(warned) > 1 else "")
        )
    printed = bench.noise.text.getvalue().strip().splitlines()
    if printed:
        advice.append(
            f"Your functions print. The check hides that; the first line is: {plain(printed[0])[:80]}"
        )
    return tuple(advice)


def _plant_an_error(task: Task, seed: int) -> None:
    """Run the whole check on a known mistake, here and now; it must lose what it always loses.

    Raises
    ------
    CheckIsBrokenError
        When the mistake passes: then something the check rests on has been replaced.
    """
    planted = bank(task.name)[0]
    bench = Bench(task, planted.functions, seed=seed, rounds=1)
    task.grade(bench)
    if any(bench.verdicts[part].fraction == 1 for part in planted.loses):
        raise CheckIsBrokenError(f"the known mistake {planted.name!r} passed")


def _diagnose(bench: Bench, seed: int) -> dict[str, Mistake]:
    """Find, for every lost part, the known mistake that gives the same results."""
    lost = [name for name, verdict in bench.verdicts.items() if verdict.fraction < 1]
    if not lost:
        return {}
    known = bank(bench.task.name)
    by_name = {mistake.name: mistake for mistake in known}
    found = {name: by_name[bench.verdicts[name].mistake] for name in lost if bench.verdicts[name].mistake}
    matches: list[tuple[tuple[int, int], Mistake, list[str]]] = []
    for mistake in known:
        if mistake.told_by_check:
            continue
        replayed = _replay(bench.task.name, mistake.name, seed, bench.rounds)
        parts = [name for name in lost if name in mistake.loses and bench.recognises(name, replayed)]
        if parts:
            too_much = len(mistake.loses) - len(parts)
            matches.append(((-len(parts), too_much), mistake, parts))
    # First what explains most lost parts, then what would cost least besides, then the order of the bank.
    for _, mistake, parts in sorted(matches, key=lambda match: match[0]):
        for name in parts:
            found.setdefault(name, mistake)
    return found


@lru_cache(maxsize=2048)
def _replay(task: str, mistake: str, seed: int, rounds: int) -> Bench:
    """Record what a check sees of a known mistake."""
    wrong = next(entry for entry in bank(task) if entry.name == mistake)
    bench = Bench(TASKS[task], wrong.functions, seed=seed, rounds=rounds, replay=True)
    bench.task.grade(bench)
    return bench
