"""A student's process that lies, floods, closes or keeps silent gives no points and stops nobody."""

from __future__ import annotations

import contextlib
import copy
import io
import tempfile
import time

import numpy as np
import pytest

from cs_cnn import checks
from cs_cnn.course.judge import link as judge_link
from cs_cnn.course.judge import session
from cs_cnn.course.judge.wire import BYTES_LIMIT, JSON_LIMIT, WireError
from cs_cnn.errors import CsCnnError

from .conftest import Student, current

# Answers the first question honestly, as "f is a function", and the others with what `lie(request)` gives: the text
# of a message and its bytes, or bytes that are sent as they are.
LIAR = """
import json, socket, struct, time
s = socket.socket(socket.AF_UNIX)
while True:
    try: s.connect(path); break
    except OSError: time.sleep(0.001)
def exactly(n):
    data = b""
    while len(data) < n:
        part = s.recv(n - len(data))
        if not part: raise SystemExit
        data += part
    return data
def read():
    a, b = struct.unpack("<IQ", exactly(12))
    text = exactly(a); exactly(b)
    return json.loads(text)
def send(text, blob=b""):
    text = text.encode() if isinstance(text, str) else json.dumps(text).encode()
    s.sendall(struct.pack("<IQ", len(text), len(blob)) + text + blob)
def npy(header, data=b""):
    text = repr(header).encode()
    return b"\\x93NUMPY\\x01\\x00" + struct.pack("<H", len(text)) + text + data
q = read()
send({"id": q["id"], "ok": {"d": [[n, {"r": 1, "kind": "function", "call": True}] for n in q["names"]]}})
%s
while True:
    q = read()
    if "end" in q: break
    i = q["id"]
    %s
"""

LIES = {
    "not JSON": "send('{')",
    "not a message": "send('[]')",
    "another question": "send({'id': 'x', 'ok': 1})",
    "no id": "send({'ok': 1})",
    "too long a text": f"s.sendall(struct.pack('<IQ', {JSON_LIMIT + 1}, 0)); time.sleep(9)",
    "too many bytes": f"s.sendall(struct.pack('<IQ', 2, {BYTES_LIMIT + 1})); time.sleep(9)",
    "closes": "s.close(); raise SystemExit",
    "closes in the middle": "s.sendall(b'\\x05'); s.close(); raise SystemExit",
    "deep": "send('{\"id\": \"%s\", \"ok\": ' % i + '[' * 900 + ']' * 900 + '}')",
    "very deep": "send('{\"id\": \"%s\", \"ok\": ' % i + '[' * 900000 + ']' * 900000 + '}')",
    "many": "send({'id': i, 'ok': [[]] * 900000})",
    "unknown tag": "send({'id': i, 'ok': {'z': 1}})",
    "empty note": "send({'id': i, 'ok': {}})",
    "object array": "b = npy({'descr': '|O', 'fortran_order': False, 'shape': (1,)}, b'x' * 8); "
    "send({'id': i, 'ok': {'a': len(b)}}, b)",
    "pickled array": "import io, numpy as np; f = io.BytesIO(); np.save(f, np.array([{}]), allow_pickle=True); "
    "b = f.getvalue(); send({'id': i, 'ok': {'a': len(b)}}, b)",
    "record array": "b = npy({'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,)}, b'x' * 8); "
    "send({'id': i, 'ok': {'a': len(b)}}, b)",
    "larger than said": "b = npy({'descr': '<f8', 'fortran_order': False, 'shape': (1,)}, b'x' * 80); "
    "send({'id': i, 'ok': {'a': len(b)}}, b)",
    "smaller than said": "b = npy({'descr': '<f8', 'fortran_order': False, 'shape': (10**15,)}, b'x' * 8); "
    "send({'id': i, 'ok': {'a': len(b)}}, b)",
    "negative shape": "b = npy({'descr': '<f8', 'fortran_order': False, 'shape': (-1, -1)}, b'x' * 8); "
    "send({'id': i, 'ok': {'a': len(b)}}, b)",
    "no shape": "b = npy({'descr': '<f8'}); send({'id': i, 'ok': {'a': len(b)}}, b)",
    "bad header": "send({'id': i, 'ok': {'a': 30}}, b'y' * 30)",
    "no array": "send({'id': i, 'ok': {'a': 0}})",
    "bytes twice": "b = npy({'descr': '<f8', 'fortran_order': False, 'shape': (1,)}, b'x' * 8); "
    "send({'id': i, 'ok': [{'a': len(b)}, {'a': len(b)}]}, b)",
    "negative length": "send({'id': i, 'ok': {'a': -1}})",
    "objects that lie about their shape": "send({'id': i, 'ok': {'O': [10**12], 'i': []}})",
    "objects without a shape": "send({'id': i, 'ok': {'O': 'x', 'i': [1]}})",
    "unhashable key": "send({'id': i, 'ok': {'d': [[[], 1]]}})",
    "half a pair": "send({'id': i, 'ok': {'d': [[1]]}})",
    "foreign object": "send({'id': i, 'ok': {'o': ['a1', 99]}})",
    "object of nobody": "send({'id': i, 'ok': {'o': [{}, 0]}})",
    "held by nobody": "send({'id': i, 'ok': {'h': 5}})",
    "number that is none": "send({'id': i, 'ok': {'r': 'x', 'kind': 'f', 'call': True}})",
    "changes what is fixed": "send({'id': i, 'ok': {'o': ['a1', 0], 'v': {'d': []}}})",
    "changes nothing": "send({'id': i, 'ok': 1, 'changed': 5})",
    "copies of nothing": "send({'id': i, 'ok': 1, 'copies': [[1, [{'d': []}, []]]]})",
    "asks for what was not given": "send({'id': i, 'ask': 7, 'c': 1, 'arguments': [], 'keywords': {'d': []}})",
    "no generator": "send({'id': i, 'ok': {'g': {'d': [['state', {'d': [['bit_generator', 'system']]}]]}}})",
    "a damaged generator": "send({'id': i, 'ok': {'g': {'d': [['state', {'d': [['bit_generator', 'PCG64']]}]]}}})",
    "no error": "send({'id': i, 'raised': 3})",
    "an error without frames": "send({'id': i, 'raised': {'kind': 'E', 'words': 'w', 'missing': False}})",
    "a warning that is none": "send({'id': i, 'ok': 1, 'warned': 5})",
    "no text": "send(b'\\xff\\xfe\\xff'.decode('latin1'))",
    "answers twice": "send({'id': i, 'ok': 0.5}); send({'id': i, 'ok': 0.5})",
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_ends_the_conversation(student: Student, lie: str) -> None:
    begun = time.monotonic()
    with student("", "sigmoid", answers=LIAR % ("", LIES[lie])) as names:
        report = checks.run("a2.sigmoid", names["sigmoid"])
        assert report.points == 0 and current().broken
        with pytest.raises(WireError):
            names["sigmoid"](1.0)
        assert session.end()
    assert time.monotonic() - begun < 20  # seconds, however busy the machine is


def test_an_answer_before_the_question(student: Student) -> None:
    early = "for _ in range(100): send({'id': q['id'], 'ok': 0.5})"
    with student("", "sigmoid", answers=LIAR % (early, "pass")) as names:
        time.sleep(0.2)
        assert checks.run("a2.sigmoid", names["sigmoid"]).points == 0
        assert session.end() == "there was an answer before there was a question"


def test_a_flood_is_no_answer(student: Student) -> None:
    flood = "while True: s.sendall(b'x' * 100000)"
    with student("", "sigmoid", answers=LIAR % (flood, "pass")) as names:
        assert checks.run("a2.sigmoid", names["sigmoid"]).points == 0
        assert session.end()


SILENCES = {
    "nothing": "time.sleep(60)",
    "half an answer": "s.sendall(b'x'); time.sleep(60)",
    "a byte at a time": """s.sendall(struct.pack("<IQ", 1000000, 0))
    while True: s.sendall(b" "); time.sleep(0.0001)""",
    "questions without end": """while True:
        send({"id": i, "ask": 1, "c": 1, "arguments": [], "keywords": {"d": []}})
        read()""",
}


@pytest.mark.parametrize("silence", SILENCES)
def test_silence_ends_with_the_time(student: Student, monkeypatch: pytest.MonkeyPatch, silence: str) -> None:
    monkeypatch.setattr(judge_link, "GRACE", 0.3)
    monkeypatch.setattr(judge_link, "SECONDS", 0.2)
    with student("", "f", answers=LIAR % ("", SILENCES[silence])) as names:
        begun = time.monotonic()
        with pytest.raises(TimeoutError):
            names["f"](lambda: 1)
        assert time.monotonic() - begun < 3
        assert session.end() == "a function did not stop"


def test_a_process_that_does_not_read(student: Student, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge_link, "GRACE", 0.3)
    monkeypatch.setattr(judge_link, "SECONDS", 0.2)
    with student("", "f", answers=LIAR % ("time.sleep(60)", "pass")) as names:
        with pytest.raises((WireError, TimeoutError)):
            names["f"](np.zeros(5_000_000))
        assert session.end()


@pytest.mark.parametrize("first", ["s.close()", "send('x')", "time.sleep(60)", "send({'id': 1})"])
def test_names_that_are_not_explained(student: Student, monkeypatch: pytest.MonkeyPatch, first: str) -> None:
    monkeypatch.setattr(judge_link, "PATIENCE", 0.5)
    answers = LIAR.split("q = read()\n", maxsplit=1)[0] + first
    with pytest.raises(CsCnnError, match="cannot be called"), student("", "f", answers=answers):
        pass


def test_strange_results_earn_nothing(student: Student) -> None:
    code = """
import numpy as np
class Agreeable(np.ndarray):
    def __array_ufunc__(self, *a, **k): return True
class Yes:
    shape = (3, 4)
    def __eq__(self, other): return True
    def __array__(self, dtype=None, copy=None): raise SystemExit
    def __float__(self): return 1.0
def huge(z): return np.zeros(40_000_000)
def deep(z):
    x = []
    for _ in range(5000): x = [x]
    return x
def loop(z):
    x = []
    x.append(x)
    return x
def bush(z):
    x = [0]
    for _ in range(60): x = [x, x]
    return x
def nan(z): return np.full_like(np.asarray(z, dtype=float), np.nan)
def yes(z): return Yes()
def agreeable(z): return np.zeros(1).view(Agreeable)
def words(z): return "0.5"
def check(*a, **k): return 100.0
def text(z): return "x" * 10_000_000
def objects(z): return np.array([Yes()] * 3, dtype=object)
def itself(z): return itself
def closes(z):
    import gc, socket
    for thing in gc.get_objects():
        if isinstance(thing, socket.socket): thing.close()
def ends(z):
    import os
    os._exit(0)
"""
    kinds = ["huge", "deep", "loop", "bush", "nan", "yes", "agreeable", "words", "check", "text"]
    kinds += ["objects", "itself", "closes", "ends"]
    for kind in kinds:
        with student(code, kind) as names:
            begun = time.monotonic()
            assert checks.run("a2.sigmoid", names[kind]).points == 0, kind
            assert time.monotonic() - begun < 15, kind  # the check allows 10 s
            assert bool(current().broken) == (kind in ("closes", "ends"))


def test_replaced_libraries_spoil_only_the_own_answers(student: Student) -> None:
    code = """
import json, numpy as np, pickle, socket, struct
from numpy.lib import format
np.save = np.asarray = lambda *a, **k: 100
np.allclose = np.array_equal = lambda *a, **k: True
json.dumps = lambda *a, **k: '{"id": "x", "ok": 5}'
def sigmoid(z): return 0.5
"""
    with pytest.raises(CsCnnError), student(code, "sigmoid"):
        pass


def test_a_stand_in_has_nothing_to_reach_through(student: Student) -> None:
    code = """
def f(g):
    found = [name for name in dir(g) if not name.startswith("_")]
    return found, repr(g)
"""
    with student(code, "f") as names:
        found, shown = names["f"](len)
        assert found == ["number"] and "of the check" in shown
        assert not [name for name in dir(names["f"]) if name in ("__array__", "__float__", "__len__")]


def test_what_comes_back_as_an_argument_is_no_more_than_data(student: Student) -> None:
    """The object that an answer refers to can only be one that this very call handed over."""
    lie = "send({'id': i, 'ok': {'o': ['a1', -1]}})"
    with student("", "f", answers=LIAR % ("", lie)) as names, pytest.raises(WireError):
        names["f"](np.ones(3))
    lie = "send({'id': i, 'ok': {'o': ['a1', 1]}})"
    with student("", "f", answers=LIAR % ("", lie)) as names:
        x = np.ones(3)
        assert names["f"](x) is x
        with pytest.raises(WireError):
            names["f"](x)  # a1 is over


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "1" + "0" * 4000], ids=len)
def test_numbers_out_of_range_are_refused_by_the_comparison(student: Student, number: str) -> None:
    lie = f"""send('{{"id": "' + i + '", "ok": {number}}}')"""
    with student("", "sigmoid", answers=LIAR % ("", lie)) as names:
        assert checks.run("a2.sigmoid", names["sigmoid"]).points == 0
        assert not current().broken


def test_no_file_is_read_because_a_student_names_it(student: Student) -> None:
    with tempfile.NamedTemporaryFile(suffix=".txt") as secret:
        code = f"def f(): return {{'a': {secret.name!r}}}, {secret.name!r}\ndef g(*a): return a"
        with student(code, "f", "g") as names:
            nested, path = copy.deepcopy(names["f"]())
            assert names["g"](nested, path) == ({"a": secret.name}, secret.name)


def test_an_error_cannot_paint_the_report(student: Student) -> None:
    told: dict[str, object] = {"kind": "E\x1b[0m", "words": "a\x1b[2Jb\n5.0", "missing": False}
    told["frames"] = [["f.py", 3, "f", "x = 1\x1b[2J\r"]]
    with student("", "sigmoid", answers=LIAR % ("", f"send({{'id': i, 'raised': {told!r}}})")) as names:
        text = str(checks.run("a2.sigmoid", names["sigmoid"]))
        assert "your code raised Exception: a[2Jb 5.0" in " ".join(text.split()) and "\x1b" not in text


def test_halves_of_characters_do_not_stop_the_output(student: Student) -> None:
    code = "def f(): print('a\\ud800'); return {'b\\udc00': 1}"
    with student(code, "f") as names, contextlib.redirect_stdout(io.StringIO()) as said:
        assert list(names["f"]()) == ["b?"]
    assert said.getvalue() == "a?\n"
