"""The leak scan: a planted leak of every kind is found with its place, and ordinary material is not suspected."""

from __future__ import annotations

import base64
import gzip
import html
import importlib.util
import io
import json
import pickle
import shutil
import sqlite3
import subprocess
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cs_cnn.course.leaks import Finding, Scanner, published
from cs_cnn.course.leaks.opening import in_folder
from cs_cnn.course.leaks.rules import Person
from cs_cnn.course.leaks.tokens import renamed, skeleton, stream

SOLUTION = """\
    margins = np.maximum(0, scores - right[:, None] + 1.0)
    margins[np.arange(len(labels)), labels] = 0
    loss = margins.sum() / len(labels)  # the mean over the images
    wrong = (margins > 0).astype(float)
    wrong[np.arange(len(labels)), labels] = -wrong.sum(axis=1)
    return loss, features.T @ wrong / len(labels), wrong.sum(axis=0) / len(labels)
"""
SHORT_SOLUTION = "    return 2 * x * scale - offset\n"
HIDDEN = "assert hinge(3) == 6, 'the answer for three'\n"
WRITTEN = """\
The hinge has no slope where every margin is kept, so that a classifier which is right by one point everywhere
stops learning, while the softmax goes on for ever with smaller and smaller steps.
"""
SOURCE = f"""\
# %% [markdown]
# Write `hinge`, and begin with `scores = features @ weights + bias` as the chapter does for all of its images.

# %% locked="setup"
import numpy as np

# %% answer="hinge"
def hinge(scores, labels):
    scores = scores - scores.max(axis=1, keepdims=True)
    ### BEGIN SOLUTION
{SOLUTION}    ### END SOLUTION

# %% answer="short"
def short(x, scale, offset):
    ### BEGIN SOLUTION
{SHORT_SOLUTION}    ### END SOLUTION

# %% test="hinge" points=6
check("a1.hinge", hinge)
### BEGIN HIDDEN TESTS
check("a1.hinge", hinge, hidden=True, seed=48271)
{HIDDEN}### END HIDDEN TESTS

# %% [markdown] written="why" points=4
# ### BEGIN SOLUTION
{"".join(f"# {line}" for line in WRITTEN.splitlines(keepends=True))}# ### END SOLUTION
"""

# What a formatter with another taste makes of it, with other quotes, spaces and comments.
REFORMATTED = """\
  margins=np.maximum(
      0,
      (scores-right[:,None])+1,
  ) # first
  margins[np.arange(len(labels)),labels]=0; loss=margins.sum()/len(labels)
"""
RENAMED = (
    SOLUTION.replace("margins", "m")
    .replace("wrong", "g")
    .replace("labels", "y")
    .replace("scores", "s")
    .replace("right", "correct")
    .replace("features", "x")
    .replace("np", "numpy")
)
COMMENTED = "".join(f"# {line}" for line in SOLUTION.splitlines(keepends=True))
# As Pygments writes it: every word in its own element.
PAGE = "<html><body><pre>\n{}</pre></body></html>\n".format(
    "\n".join(
        " ".join(f'<span class="n">{html.escape(word)}</span>' for word in line.split(" "))
        for line in SOLUTION.splitlines()
    )
)


@pytest.fixture(scope="module")
def instructors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository with one source that has every kind of secret."""
    folder = tmp_path_factory.mktemp("instructors")
    (folder / "solutions" / "a1_hinge").mkdir(parents=True)
    (folder / "solutions" / "a1_hinge" / "hinge.py").write_text(SOURCE)
    return folder


@pytest.fixture
def scanner(instructors: Path) -> Scanner:
    """Return a scanner that looks for a person who is not the one who runs the tests."""
    return Scanner(instructors, person=Person.of({"gracehopper", "lab-mark-one", "/srv/teaching"}))


def notebook(*cells: dict[str, Any], **metadata: Any) -> bytes:
    return json.dumps(
        {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    ).encode()


def code(source: str, **more: Any) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "source": source.splitlines(keepends=True),
        "metadata": {},
        "outputs": [],
        **more,
    }


def printed(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text.splitlines(keepends=True)}


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tarred(files: dict[str, bytes], owner: str = "", link: str = "") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.uname = len(data), owner
            archive.addfile(entry, io.BytesIO(data))
        if link:
            entry = tarfile.TarInfo("linked.txt")
            entry.type, entry.linkname = tarfile.SYMTYPE, link
            archive.addfile(entry)
    return gzip.compress(buffer.getvalue())


def database() -> bytes:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("create table grade (score real)")
        return connection.serialize()


def compiled() -> bytes:
    return importlib.util.MAGIC_NUMBER + bytes(12) + b"\xe3" + bytes(40)


def after(lines: int, text: str) -> bytes:
    return ("ordinary\n" * lines + text).encode()


# name: (the file, its content, where it must be found behind the file's name, line, kind)
PLANTED: dict[str, tuple[str, bytes, str, int, str]] = {
    "in a page": ("a.md", after(3, SOLUTION), "", 4, "solution"),
    "reformatted": ("a.py", after(2, REFORMATTED), "", 3, "solution"),
    "with other names": ("a.py", after(1, RENAMED), "", 2, "solution"),
    "commented out": ("a.py", after(1, COMMENTED), "", 2, "solution"),
    "with Windows line ends": ("a.py", SOLUTION.replace("\n", "\r\n").encode(), "", 1, "solution"),
    "as UTF-16": ("a.txt", SOLUTION.encode("utf-16"), "", 1, "solution"),
    "one short answer": ("a.py", after(1, "def f(x):\n    return 2*x*scale - offset\n"), "", 3, "solution"),
    "highlighted in HTML": ("a.html", PAGE.encode(), "", 2, "solution"),
    "in the search index": (
        "searchindex.js",
        f"Search.setIndex({json.dumps({'terms': {'a': 1}, 'texts': ['x', SOLUTION]})})\n".encode(),
        "",
        1,
        "solution",
    ),
    "in a cell": ("a.ipynb", notebook(code("x = 1"), code("y = 2\n" + SOLUTION)), "!cell 2", 2, "solution"),
    "in an output": (
        "a.ipynb",
        notebook(code("x", outputs=[printed("fine\n" + SOLUTION)])),
        "!cell 1, output 1",
        2,
        "solution",
    ),
    "in the metadata of a notebook": ("a.ipynb", notebook(saved=SOLUTION), "!metadata", 2, "solution"),
    "in a zip in a source distribution": (
        "cs.tar.gz",
        tarred({"cs/a.py": b"x = 1\n", "cs/more.zip": zipped({"deep/b.py": after(4, SOLUTION)})}),
        "!cs.tar!cs/more.zip!deep/b.py",
        5,
        "solution",
    ),
    "in a wheel": ("cs.whl", zipped({"cs/a.py": SOLUTION.encode()}), "!cs/a.py", 1, "solution"),
    "in an attachment": (
        "a.ipynb",
        notebook(
            code("x", attachments={"a.txt": {"text/plain": base64.b64encode(SOLUTION.encode()).decode()}})
        ),
        "!data 1 in line 1",
        1,
        "solution",
    ),
    "in an inventory": (
        "objects.inv",
        b"# Sphinx inventory version 2\n# Project: x\n# Version: 1\n# compressed\n"
        + zlib.compress(SOLUTION.encode()),
        "!entries",
        1,
        "solution",
    ),
    "a written answer": ("a.md", after(1, WRITTEN.replace("\n", " ")), "", 2, "solution"),
    "a mark that was not cut": ("a.py", after(2, "    ### BEGIN SOLUTION\n    pass\n"), "", 3, "solution"),
    "the body of a hidden check": ("a.py", after(2, HIDDEN.replace("'", '"')), "", 3, "hidden check"),
    "the call of a hidden check": (
        "a.ipynb",
        notebook(code('check( "a1.hinge", hinge , hidden = True, seed = 48271 )')),
        "!cell 1",
        1,
        "hidden check",
    ),
    "a seed": ("a.json", b'{\n "task": "a1.hinge",\n "seed": 48271}\n', "", 3, "hidden check"),
    "a gradebook": ("gradebook.db", database(), "", 0, "gradebook"),
    "a gradebook with another name": ("numbers.txt", database(), "", 0, "gradebook"),
    "bytecode": ("__pycache__/a.cpython-311.pyc", compiled(), "", 0, "bytecode"),
    "bytecode with another name": ("a.bin", compiled(), "", 0, "bytecode"),
    "an answer key by its name": ("quiz/answer_key.csv", b"q1,b\n", "", 0, "answer key"),
    "an answer key by its words": (
        "quiz.json",
        b'{"questions": 3,\n "answer_key": "bca"}\n',
        "",
        2,
        "answer key",
    ),
    "the folder of solutions": ("solutions/a1_hinge/hinge.py", b"x = 1\n", "", 0, "answer key"),
    "marks": ("marks.csv", b"student,name,assignment,score,max_score\nada,Ada,a1,3,10\n", "", 1, "marks"),
    "a roster": ("a.csv", b"id,first_name,last_name,email\nada,Ada,Lovelace,\n", "", 1, "marks"),
    "pickled data": ("a.bin", pickle.dumps({"answers": [1, 2]}), "", 0, "closed file"),
    "a user's name": ("a.md", after(1, "Made by GraceHopper.\n"), "", 2, "personal metadata"),
    "a host's name": ("a.html", after(1, "<!-- built on lab-mark-one -->\n"), "", 2, "personal metadata"),
    "a name inside a picture": (
        "a.png",
        b"\x89PNG\r\n\0\0tEXtAuthor\0gracehopper\0",
        "",
        0,
        "personal metadata",
    ),
    "a paired text file": (
        "a.ipynb",
        notebook(code("x"), jupytext={"formats": "ipynb,py:percent"}),
        "",
        0,
        "personal metadata",
    ),
    "an owner": ("a.tar.gz", tarred({"a.txt": b"x"}, owner="ada"), "!a.tar!a.txt", 0, "personal metadata"),
    "a home folder": ("a.py", after(1, 'open("/home/ada/cnn/data.txt")\n'), "", 2, "machine path"),
    "a Windows home folder": ("a.json", rb'{"path": "C:\\Users\\ada\\cnn"}', "", 1, "machine path"),
    "a kernel's file": (
        "a.ipynb",
        notebook(code("x", outputs=[printed("/tmp/ipykernel_77/12.py:1: UserWarning")])),
        "!cell 1, output 1",
        1,
        "machine path",
    ),
    "the project's folder": ("a.txt", b"see /srv/teaching/book\n", "", 1, "machine path"),
    "a nbgrader configuration": ("nbgrader_config.py", b"c = get_config()\n", "", 0, "instructors' file"),
    "history": (".git/config", b"[core]\n", "", 0, "instructors' file"),
    "a broken archive": ("a.zip", b"PK\x03\x04 and nothing more", "", 0, "closed file"),
    "a link in an archive": ("a.tgz", tarred({}, link="../x"), "!a.tar!linked.txt", 0, "closed file"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_leak_is_found_with_its_place(scanner: Scanner, tmp_path: Path, name: str) -> None:
    file, data, inside, line, kind = PLANTED[name]
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    found = scanner.folder(tmp_path, "here")
    places = [(each.where, each.line, each.kind) for each in found]
    inside = inside.replace("!a.tar!", "!a!") if file.endswith(".tgz") else inside
    assert (f"here/{file}{inside}", line, kind) in places, [str(each) for each in found]


def test_links_in_a_folder_are_reported_and_not_followed(scanner: Scanner, tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_text(SOLUTION)
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "a.py").symlink_to(tmp_path / "secret.py")
    assert [str(each) for each in scanner.folder(tmp_path / "tree")] == [
        "a.py: closed file: it is a link, which may lead anywhere"
    ]


INNOCENT: dict[str, tuple[str, bytes]] = {
    "the task itself": ("a.ipynb", notebook(code(SOURCE.split("### BEGIN SOLUTION")[0].split("# %% ")[-1]))),
    "code of the same kind": (
        "a.py",
        b"loss = margins.mean()\nwrong = (margins < 0).astype(int)\nreturn loss, features.T @ wrong\n",
    ),
    "another seed": ("a.py", b'check("a1.hinge", hinge, hidden=True, seed=7)\n'),
    "a number that is a seed elsewhere": ("a.json", b'{"population": 48271}'),
    "a page about solutions": ("exercise-solutions.html", b"<h1>Solutions to the exercises</h1>"),
    "addresses": ("a.md", b"See https://example.org/home/ada/ and book/tmp/x, or write to ~/cnn-2027.\n"),
    "an example of a home": ("a.md", b"Put it into /home/you/cnn.\n"),
    "words with a name in them": ("a.md", b"The gracehoppers of lab-mark-ones.\n"),
    "a picture": ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8),
    "a packed array": ("a.npz", zipped({"x.npy": b"\x93NUMPY\x01\x00v\x00" + bytes(100)})),
    "an empty archive": ("a.zip", zipped({})),
    "a table of numbers": ("a.csv", b"id,width,height\n1,2,3\n"),
}


@pytest.mark.parametrize("name", INNOCENT)
def test_ordinary_material_is_not_suspected(scanner: Scanner, tmp_path: Path, name: str) -> None:
    file, data = INNOCENT[name]
    (tmp_path / file).write_bytes(data)
    assert scanner.folder(tmp_path) == []


def test_the_same_file_in_two_places_is_reported_twice(scanner: Scanner, tmp_path: Path) -> None:
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(SOLUTION)
    assert {each.where for each in scanner.folder(tmp_path)} == {"a.py", "b.py"}
    assert scanner.files == 2


@pytest.fixture
def library(instructors: Path, tmp_path: Path) -> Callable[[str], Scanner]:
    """Return what makes a scanner for a repository whose library shows a text."""

    def make(text: str) -> Scanner:
        (tmp_path / "repository" / "solutions").mkdir(parents=True)
        (tmp_path / "repository" / "solutions" / "a.py").write_text(SOURCE)
        (tmp_path / "repository" / "cs_cnn" / "layers").mkdir(parents=True)
        (tmp_path / "repository" / "cs_cnn" / "layers" / "losses.py").write_text(text)
        return Scanner(tmp_path / "repository", person=Person.of(set()))

    return make


def test_what_the_library_shows_is_no_secret_as_long_as_it_is_short(
    library: Callable[[str], Scanner],
) -> None:
    shown = "".join(SOLUTION.splitlines(keepends=True)[:2])
    scanner = library(shown)
    assert scanner.data(shown.encode(), "book.md") == []
    # A whole solution in the library is a leak there and everywhere.
    assert scanner.data(SOLUTION.encode(), "book.md") != []


def test_a_whole_solution_in_the_library_is_a_leak(library: Callable[[str], Scanner]) -> None:
    scanner = library(SOLUTION)
    found = scanner.data(SOLUTION.encode(), "cs_cnn/layers/losses.py")
    assert {each.kind for each in found} == {"solution"}


def test_findings_read_as_a_sentence() -> None:
    assert str(Finding("a.zip!b.py", 3, "solution", "code of a1 hinge")) == (
        "a.zip!b.py, line 3: solution: code of a1 hinge"
    )
    assert str(Finding("a.db", 0, "gradebook", "x")) == "a.db: gradebook: x"


def test_words_do_not_depend_on_layout_quotes_and_numbers() -> None:
    one = stream([(1, "f(x, 'a b', 1.0,)  # why")], comments=False).words
    two = stream([(1, "f( x"), (2, '   , "a b"'), (3, ",1 )")], comments=False).words
    assert one == two == ["f", "x", "a", "b", "1"]


def test_renaming_keeps_attributes_and_python() -> None:
    def numbered(text: str) -> tuple[str, ...]:
        words = stream([(1, text)], comments=False).words
        return renamed(words, skeleton(words))

    first = numbered("y = np.sum(x) if len(x) else y")
    assert first == numbered("out = numpy.sum(data) if len(data) else out")
    assert first != numbered("y = np.max(x) if len(x) else y")
    assert first != numbered("y = np.sum(x) if len(x) else x")


def test_the_person_who_runs_it_is_looked_for(instructors: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "katherinejohnson")
    monkeypatch.setattr("socket.gethostname", lambda: "langley-west")
    scanner = Scanner(instructors)
    text = f"katherinejohnson on langley-west\nin {instructors.resolve()}/book"
    found = {(each.line, each.kind, each.what) for each in scanner.data(text.encode(), "a.txt")}
    assert found >= {
        (1, "personal metadata", "'katherinejohnson'"),
        (1, "personal metadata", "'langley-west'"),
        (2, "machine path", f"'{instructors.resolve()}'"),
    }


def test_the_authors_of_the_history_are_looked_for(instructors: Path, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    shutil.copytree(instructors, repository)
    (repository / "pyproject.toml").write_text('authors = [{ name = "The course team" }]\n')
    git = ["git", "-C", str(repository), "-c", "commit.gpgsign=false"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    for name, address in (("Mary Jackson", "mary@example.org"), ("The course team", "team@example.org")):
        who = ["-c", f"user.name={name}", "-c", f"user.email={address}"]
        subprocess.run([*git, *who, "commit", "--quiet", "--allow-empty", "--message", "x"], check=True)
    scanner = Scanner(repository)
    text = "Mary Jackson <mary@example.org>, The course team, Mary"
    found = [each.what for each in scanner.data(text.encode(), "a.txt")]
    assert found == ["'Mary Jackson'", "'mary@example.org'"]


def test_what_others_published_is_passed_over_unless_a_byte_differs(tmp_path: Path) -> None:
    theirs = b"their = '/home/somebody/build'"
    for name, data in (("same.js", theirs), ("changed.js", theirs + b";")):
        (tmp_path / name).write_bytes(data)
    members = [member.where for member in in_folder(tmp_path, "", {published.sha256(theirs)})]
    assert members == ["changed.js"]


def test_only_the_published_lock_file_is_believed(tmp_path: Path) -> None:
    lock = tmp_path / published.PYODIDE / published.LOCK
    lock.parent.mkdir(parents=True)
    lock.write_text(json.dumps({"packages": {"ours": {"sha256": published.sha256(b"a solution")}}}))
    known = published.hashes(tmp_path)
    assert known >= published.CORE and published.sha256(b"a solution") not in known
