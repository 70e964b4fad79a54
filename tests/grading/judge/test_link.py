"""Calls of a student's functions: values, changes, identities, errors and time cross as if there were one process."""

from __future__ import annotations

import dataclasses
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cs_cnn import checks
from cs_cnn.checks import door
from cs_cnn.checks.running import Clock, Noise, Shared, call
from cs_cnn.course.judge import link as judge_link
from cs_cnn.errors import CsCnnError

from .conftest import Student, current

VALUES: list[Any] = [
    None,
    True,
    -3,
    10**40,
    0.1,
    float("inf"),
    "text ü",
    np.float32(1.5),
    np.int64(7),
    np.bool_(True),
    [1, [2.5, None]],
    (),
    (1, "a", [()]),
    {"a": 1, 2: [3], (1, 2): "key"},
    np.arange(6.0).reshape(2, 3),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    np.zeros((0, 3), dtype=np.float32),
    np.array(5),
    np.array(["a", "bc"]),
    np.array([1 + 2j]),
]


def same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and bool(a == b)


def test_values_come_back_as_they_went(student: Student) -> None:
    with student("def f(*a, **k): return list(a), k", "f") as names:
        back, keywords = names["f"](*VALUES, nan=float("nan"))
        assert all(map(same, VALUES, back))
        assert keywords["nan"] != keywords["nan"]
        assert back[15].flags.f_contiguous and back[14].flags.writeable


def test_odd_results_have_a_name_and_perhaps_numbers(student: Student) -> None:
    code = """
from collections import OrderedDict, namedtuple
from decimal import Decimal
import numpy as np
Point = namedtuple("Point", "x y")
class Thing: pass
def f(which):
    objects = np.empty(2, dtype=object); objects[:] = [1.5, np.ones(2)]
    return {"set": {1}, "range": range(3), "decimal": Decimal("1.5"), "thing": Thing(), "point": Point(1, 2),
            "ordered": OrderedDict(a=1), "objects": objects, "bytes": b"x", "matrix": np.matrix([[1.0]]),
            "lambda": lambda: 3, "big": 10**5000}[which]
"""
    with student(code, "f") as names:
        f = names["f"]
        for which, kind in (("set", "set"), ("thing", "Thing"), ("bytes", "bytes"), ("lambda", "function")):
            assert type(f(which)).__name__ == kind
        assert np.array(f("range"), dtype=float).tolist() == [0, 1, 2]
        assert float(f("decimal")) == 1.5
        assert f("point") == (1, 2) and f("ordered") == {"a": 1}
        assert f("objects").dtype == object and f("objects")[1].tolist() == [1, 1]
        assert type(f("matrix")) is np.ndarray
        assert type(f("big")).__name__ == "int"
        assert f("lambda")() == 3
        assert f("thing") != f("thing")
        with pytest.raises((TypeError, ValueError)):
            float(f("thing"))


def test_a_cache_goes_back_as_the_very_object(student: Student) -> None:
    code = """
kept = []
class Cache: pass
def forward(x):
    cache = (x, Cache(), [x], {})
    kept.append(cache)
    return x, cache
def backward(cache, n=-1): return [cache is kept[n], cache[1] is kept[n][1], cache[2] is kept[n][2]]
"""
    with student(code, "forward", "backward") as names:
        _, cache = names["forward"](np.ones(3))
        assert names["backward"](cache) == [True, True, True]
        # A copy is a copy; only what cannot be copied is still the same.
        assert names["backward"]((cache[0], cache[1], list(cache[2]), {})) == [False, True, False]
        for _ in range(3):
            names["forward"](np.ones(3))
        assert names["backward"](cache, 0) == [True, True, True]


def test_old_results_are_forgotten_on_both_sides(student: Student, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge_link, "REMEMBERED", 3)
    code = "kept = []\ndef f(): kept.append([len(kept)]); return kept[-1]\ndef g(x): return x is kept[x[0]]"
    with student(code, "f", "g") as names:
        results = [names["f"]() for _ in range(6)]
        assert [names["g"](result) for result in reversed(results)][:2] == [True, True]
        assert names["g"](results[0]) is False


def test_what_a_function_changes_is_changed(student: Student) -> None:
    code = """
def f(x, running, entries, rng, fixed):
    x[0] = 7
    running["mean"] *= 2
    running["new"] = x
    del running["old"]
    entries.append(entries[0])
    return rng.random(), x
"""
    rng, mean = np.random.default_rng(5), np.ones(2)
    x, running, entries, fixed = np.zeros(3), {"mean": mean, "old": 1}, [np.zeros(1)], np.ones(2)
    with student(code, "f") as names:
        drawn, returned = names["f"](x, running, entries, rng, fixed)
    other = np.random.default_rng(5)
    assert drawn == other.random() and rng.random() == other.random()
    assert x.tolist() == [7, 0, 0] and returned is x and running["new"] is x
    assert running["mean"] is mean and mean.tolist() == [2, 2] and "old" not in running
    assert entries[1] is entries[0] and fixed.tolist() == [1, 1]


def test_a_generator_has_the_same_children(student: Student) -> None:
    with student("def f(rng): return [child.random() for child in rng.spawn(2)]", "f") as names:
        rng = np.random.default_rng(3)
        rng.spawn(1)
        there = names["f"](rng)
    here = np.random.default_rng(3)
    here.spawn(1)
    assert there == [child.random() for child in here.spawn(2)]


def test_the_checks_functions_can_be_called(student: Student) -> None:
    code = """
def slope(f, x, h):
    x[0] += h
    up = f(x)
    x[0] -= 2 * h
    down = f(x)
    x[0] += h
    return (up - down) / (2 * h)
def aliased(f, x): return f(x) is x
def tries(f, x):
    try:
        return f(x)
    except ValueError as error:
        return str(error)
def passes(f, x): return f(x)
"""
    seen: list[float] = []

    def square(x: Any) -> float:
        seen.append(float(x[0]))
        return float(x[0] ** 2)

    def refuses(x: Any) -> float:
        raise ValueError("not this one")

    with student(code, "slope", "aliased", "tries", "passes") as names:
        x = np.array([3.0])
        assert names["slope"](square, x, 0.5) == pytest.approx(6)
        assert seen == [3.5, 2.5] and x.tolist() == [3]
        assert names["aliased"](lambda x: x, x) is True
        assert names["aliased"](lambda x: x.copy(), x) is False
        assert names["tries"](refuses, x) == "not this one"
        with pytest.raises(Exception, match="not this one") as caught:
            names["passes"](refuses, x)
        assert type(caught.value).__name__ == "ValueError"


def test_a_file_that_a_check_wrote_can_be_read(student: Student, tmp_path: Path) -> None:
    import tempfile

    with (
        student("import os\ndef f(path): return open(path).read(), os.path.dirname(path)", "f") as names,
        tempfile.TemporaryDirectory() as folder,
    ):
        path = Path(folder, "data.txt")
        path.write_text("1 2\n")
        text, there = names["f"](str(path))
        assert text == "1 2\n" and there != folder
        assert not Path(there).exists()


def test_reports_of_failures_are_the_local_ones(student: Student, tmp_path: Path) -> None:
    code = """
import sys, warnings
import numpy as np
def raises(x):
    helper(x)
def helper(x):
    raise ValueError("bad\\nnews", x.shape)
def missing(x): return helper2(x)
def helper2(x): raise NotImplementedError
def noisy(x):
    print("out"); print("err", file=sys.stderr); warnings.warn("careful")
    return np.ones(1) / 0
def leaves(x): raise SystemExit
class Odd(Exception):
    def __str__(self): raise ValueError
def odd(x): raise Odd
def changes(x): x += 1; return x
"""
    file = tmp_path / "students_file.py"
    file.write_text(code)
    here: dict[str, Any] = {}
    exec(compile(code, str(file), "exec"), here)
    functions = ("raises", "missing", "noisy", "leaves", "odd", "changes")
    read = f"exec(compile({code!r}, {str(file)!r}, 'exec'))"

    def outcome(function: Any, name: str) -> tuple[Any, ...]:
        noise = Noise()
        found, changed = call(
            function,
            name,
            {"x": np.ones(3)},
            {},
            clock=Clock(5),
            noise=noise,
            missing="{} is missing".format,
        )
        return str(found), changed, noise.text.getvalue(), list(noise.warned)

    with student(read, *functions) as names:
        for name in functions:
            assert outcome(names[name], name) == outcome(here[name], name)
    assert 'It happened at: raise ValueError("bad' in outcome(here["raises"], "raises")[0]
    assert "helper2 is missing" in outcome(here["missing"], "missing")[0]


def test_an_endless_function_is_stopped_and_the_next_one_runs(
    student: Student, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = dataclasses.replace(door.TASKS["a2.sigmoid"], seconds=0.3)
    monkeypatch.setitem(door.TASKS, "a2.sigmoid", short)
    code = """
import numpy as np
def loops(z):
    for _ in range(3):
        try:
            while True: pass
        except: pass
    return z
def right(z):
    e = np.exp(-np.abs(z))
    return np.where(np.asarray(z) >= 0, 1 / (1 + e), e / (1 + e))
"""
    with student(code, "loops", "right") as names:
        begun = time.monotonic()
        report = checks.run("a2.sigmoid", names["loops"])
        assert time.monotonic() - begun < 4
        sentence = "loops was stopped".replace("loops", "sigmoid")
        assert report.points == 0 and sentence in report.messages[0] and not current().broken
        assert checks.run("a2.sigmoid", names["right"]).ok


def test_a_function_without_a_check_has_a_limit_too(
    student: Student, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge_link, "SECONDS", 0.2)
    with student("def f():\n    while True: pass", "f") as names, pytest.raises(TimeoutError):
        names["f"]()


def test_names_are_bound_only_where_there_is_none(student: Student) -> None:
    with student("f = len; number = 3", "number", "unknown", "f") as names:
        assert names["number"] == 3 and names["f"]([1, 2]) == 2 and "unknown" not in names
    assert not names


def test_nobody_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cs_cnn.course.judge import session

    monkeypatch.setattr(session, "PATIENCE", 0.1)
    with pytest.raises(CsCnnError, match="does not answer"):
        session.begin(str(tmp_path / "s"), (), {})


def test_proxies_that_are_gone_are_let_go_there(student: Student) -> None:
    code = """
import gc
class Big: count = 0
def f(): return Big()
def alive(): gc.collect(); return sum(isinstance(thing, Big) for thing in gc.get_objects())
"""
    with student(code, "f", "alive") as names:
        for _ in range(20):
            names["f"]()
        assert names["alive"]() <= 2


def test_a_shared_argument_and_a_partial(student: Student) -> None:
    with student("def f(g, x): return g(x)", "f") as names:
        outcome, _ = call(
            names["f"],
            "f",
            {"g": Shared(partial(np.multiply, 2.0)), "x": np.ones(2)},
            {},
            clock=Clock(5),
            noise=Noise(),
            missing=str,
        )
        assert outcome.value.tolist() == [2, 2]


def test_a_call_is_cheap(student: Student) -> None:
    with student("def f(x): return x * 2", "f") as names:
        x, best = np.zeros((5, 4)), 1.0
        for _ in range(5):
            begun = time.perf_counter()
            for _ in range(200):
                names["f"](x)
            best = min(best, (time.perf_counter() - begun) / 200)
    assert best < 0.002  # 0.0003 on a quiet machine; ten times as much would be a mistake here


def test_the_students_process_needs_no_library(student: Student) -> None:
    code = "import sys\nfor name in list(sys.modules):\n    assert not name.startswith('cs_cnn')\n"
    code += "sys.modules['cs_cnn'] = None\ndef f(x): return x + 1"
    with student(code, "f") as names:
        assert names["f"](np.ones(2)).tolist() == [2, 2]
