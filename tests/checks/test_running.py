"""Students' code cannot hurt a check: noise, endless loops, strange objects, replaced comparisons."""

from __future__ import annotations

import dataclasses
import logging
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cs_cnn import checks
from cs_cnn.checks import door

Functions = dict[str, Callable[..., Any]]


class _Strange:
    """An object that claims to equal everything, and explodes when it is converted."""

    shape = (3, 4)

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = object.__hash__

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise SystemExit


class _Agreeable(np.ndarray):
    """An array whose comparisons are always favourable."""

    def __array_ufunc__(self, *args: Any, **kwargs: Any) -> Any:
        return True


def test_strange_objects_earn_nothing() -> None:
    assert checks.run("a2.forward", lambda params, x: (_Strange(), None)).points == 0
    wrong = np.zeros((1, 1)).view(_Agreeable)
    assert checks.run("a2.forward", lambda params, x: (wrong, None)).points == 0
    assert checks.run("a2.sigmoid", lambda z: "nonsense").points == 0
    assert checks.run("a2.train", [lambda x, y, seed: (3, "abc"), lambda p, x: (x, None)]).points == 0


def test_noise_is_kept_and_told(solution: Functions, capfd: pytest.CaptureFixture[str]) -> None:
    def sigmoid(z: Any) -> Any:
        print("here I am")
        print("on stderr", file=sys.stderr)
        logging.getLogger("student").warning("logged")
        np.float64(1) / np.zeros(1)
        return solution["sigmoid"](z)

    report = checks.run("a2.sigmoid", sigmoid)
    assert report.ok
    assert capfd.readouterr() == ("", "")
    assert any("the first line is: here I am" in remark for remark in report.advice)
    assert any("divide by zero" in remark for remark in report.advice)
    assert "Advice, no points lost:" in str(report)


def test_changing_an_argument_is_advice(solution: Functions) -> None:
    def softmax_loss(scores: Any, y: Any) -> Any:
        result = solution["softmax_loss"](scores, y)
        scores -= scores.max(axis=1, keepdims=True)
        return result

    report = checks.run("a2.loss", softmax_loss)
    assert report.ok
    assert report.advice == (
        "softmax_loss changes its argument scores in place; the caller may still need it.",
    )


def _limited(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    short = dataclasses.replace(door.TASKS["a2.sigmoid"], seconds=seconds)
    monkeypatch.setitem(door.TASKS, "a2.sigmoid", short)


def test_an_endless_loop_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    _limited(monkeypatch, 0.2)

    def sigmoid(z: Any) -> Any:
        while True:
            pass

    start = time.monotonic()
    report = checks.run("a2.sigmoid", sigmoid)
    assert time.monotonic() - start < 5
    assert report.points == 0
    assert report.messages == (
        "sigmoid was stopped: the check allows 0.2 seconds. Is there a loop that does not end?",
    )


def test_a_loop_that_swallows_exceptions_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    _limited(monkeypatch, 0.2)

    def sigmoid(z: Any) -> Any:
        for _ in range(2):
            try:
                while True:
                    pass
            except:  # noqa: E722
                continue
        return z

    assert checks.run("a2.sigmoid", sigmoid).points == 0


def test_somebody_elses_alarm_survives(solution: Functions) -> None:
    import signal

    rung: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: rung.append(number))
    try:
        signal.setitimer(signal.ITIMER_REAL, 60)
        assert checks.run("a2.sigmoid", solution["sigmoid"]).ok
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 50
        assert not rung
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_outside_the_main_thread_it_works_without_a_limit(solution: Functions) -> None:
    found: list[checks.Report] = []
    thread = threading.Thread(target=lambda: found.append(checks.run("a2.loss", solution["softmax_loss"])))
    thread.start()
    thread.join()
    assert found[0].ok


def test_a_replaced_comparison_gives_nothing(solution: Functions, monkeypatch: pytest.MonkeyPatch) -> None:
    from cs_cnn.checks import compare

    monkeypatch.setattr(compare, "within", lambda actual, right, tolerance: True)
    report = checks.run("a2.forward", lambda params, x: (np.zeros(3), None))
    assert report.points == 0
    assert "grading is broken, not your work" in report.broken
    assert "gives no points" in str(report)


def test_a_replaced_numpy_gives_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(np, "abs", np.zeros_like)
    report = checks.run("a2.sigmoid", lambda z: np.asarray(z) * 0 + 3.0)
    monkeypatch.undo()
    assert report.points == 0 and report.broken


def test_a_check_that_accepts_everything_gives_nothing(
    solution: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cs_cnn.checks.bench import Bench

    monkeypatch.setattr(Bench, "judge", lambda self, *arguments, **more: True)
    for task in ("a2.init", "a2.load", "a2.train", "a2.accuracy"):
        report = checks.run(task, solution)
        assert report.points == 0
        assert "the known mistake" in report.broken


def test_a_flood_of_prints_does_not_fill_the_memory(solution: Functions) -> None:
    def sigmoid(z: Any) -> Any:
        for _ in range(100):
            print("x" * 100_000)
        return solution["sigmoid"](z)

    report = checks.run("a2.sigmoid", sigmoid)
    assert report.ok
    assert len(str(report)) < 1000


def test_odd_exceptions_and_characters_become_plain_text() -> None:
    class Odd(Exception):
        def __str__(self) -> str:
            raise ValueError

    def sigmoid(z: Any) -> Any:
        print("\033[31mred\033[0m")
        raise Odd

    report = checks.run("a2.sigmoid", sigmoid)
    assert "your code raised Odd, for" in report.messages[0]
    assert "\033" not in str(report)
