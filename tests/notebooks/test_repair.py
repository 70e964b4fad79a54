"""Accidents that happen to honest students: after mending, every answer is in its place and nothing else changed."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from cs_cnn.errors import CsCnnError
from cs_cnn.notebooks import cells_of, choose, mend, untouched, written
from cs_cnn.notebooks.repair import ELSEWHERE

Notebook = dict[str, Any]
Accident = Callable[[Notebook], Notebook | bytes]


def at(notebook: Notebook, name: str) -> int:
    """Return the place of the first cell of that name."""
    return next(
        place
        for place, cell in enumerate(notebook["cells"])
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == name
    )


def cell(notebook: Notebook, name: str) -> dict[str, Any]:
    found: dict[str, Any] = notebook["cells"][at(notebook, name)]
    return found


def text(entry: dict[str, Any]) -> str:
    return "".join(entry["source"])


def own(source: str, kind: str = "code") -> dict[str, Any]:
    """Return a cell as a student's editor makes it."""
    entry: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": source}
    return entry | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def copied_answer(notebook: Notebook) -> Notebook:
    place = at(notebook, "sigmoid")
    notebook["cells"].insert(place + 1, copy.deepcopy(notebook["cells"][place]) | {"id": "a1b2c3"})
    return notebook


def copied_check(notebook: Notebook) -> Notebook:
    place = at(notebook, "test_forward")
    notebook["cells"].append(copy.deepcopy(notebook["cells"][place]) | {"id": "a1b2c3"})
    return notebook


def _split(notebook: Notebook, name: str, *, marks: bool) -> Notebook:
    """Cut an answer in the middle of a function, as JupyterLab's Split Cell does."""
    place = at(notebook, name)
    lines = text(notebook["cells"][place]).splitlines(keepends=True)
    half = len(lines) // 2
    second = copy.deepcopy(notebook["cells"][place]) | {"id": "second", "source": lines[half:]}
    if not marks:
        second["metadata"] = {}
    notebook["cells"][place]["source"] = lines[:half]
    notebook["cells"].insert(place + 1, second)
    return notebook


def split_answer(notebook: Notebook) -> Notebook:
    return _split(notebook, "loss", marks=True)


def split_answer_without_marks(notebook: Notebook) -> Notebook:
    return _split(notebook, "backward", marks=False)


def merged_upward(notebook: Notebook) -> Notebook:
    """Merge a check into the answer above it; the answer's metadata stays."""
    check = notebook["cells"].pop(at(notebook, "test_forward"))
    cell(notebook, "forward")["source"] += ["\n", "\n", *check["source"]]
    return notebook


def merged_downward(notebook: Notebook) -> Notebook:
    answer = notebook["cells"].pop(at(notebook, "forward"))
    check = cell(notebook, "test_forward")
    check["source"] = [*answer["source"], "\n", "\n", *check["source"]]
    return notebook


def deleted_check(notebook: Notebook) -> Notebook:
    del notebook["cells"][at(notebook, "test_sigmoid")]
    return notebook


def renamed_check(notebook: Notebook) -> Notebook:
    cell(notebook, "test_loss")["metadata"]["nbgrader"]["grade_id"] = "my_loss"
    return notebook


def retyped_check(notebook: Notebook) -> Notebook:
    check = cell(notebook, "test_loss")
    check["cell_type"] = "markdown"
    del check["outputs"], check["execution_count"]
    return notebook


def changed_check(notebook: Notebook) -> Notebook:
    cell(notebook, "test_loss")["source"] = ['check("a2.loss", softmax_loss, seed=3)  # what about this?']
    return notebook


def retyped_answer(notebook: Notebook) -> Notebook:
    answer = cell(notebook, "init")
    answer["cell_type"] = "raw"
    del answer["outputs"], answer["execution_count"]
    return notebook


def stripped_cell(notebook: Notebook) -> Notebook:
    cell(notebook, "backward")["metadata"] = {}
    return notebook


def stripped_everywhere(notebook: Notebook) -> Notebook:
    """Save in an editor that keeps neither metadata nor ids."""
    for entry in notebook["cells"]:
        entry["metadata"] = {}
        entry.pop("id", None)
    return notebook | {"nbformat_minor": 4, "metadata": {}}


def schema_1(notebook: Notebook) -> Notebook:
    for entry in notebook["cells"]:
        if "nbgrader" in entry["metadata"]:
            entry["metadata"]["nbgrader"]["schema_version"] = 1
    return notebook


def schema_99(notebook: Notebook) -> Notebook:
    cell(notebook, "sigmoid")["metadata"]["nbgrader"]["schema_version"] = 99
    return notebook


def byte_order_mark(notebook: Notebook) -> bytes:
    return b"\xef\xbb\xbf" + written(notebook)


def utf_16(notebook: Notebook) -> bytes:
    return written(notebook).decode().encode("utf-16")


def one_latin_1_byte(notebook: Notebook) -> bytes:
    cell(notebook, "report")["source"].append("caf\u00e9 \u03c3\n")
    return written(notebook).replace("\u00e9".encode(), b"\xe9")


def imports_at_the_end(notebook: Notebook) -> Notebook:
    notebook["cells"].append(notebook["cells"].pop(at(notebook, "setup")))
    return notebook


def answers_in_another_order(notebook: Notebook) -> Notebook:
    notebook["cells"].insert(at(notebook, "sigmoid"), notebook["cells"].pop(at(notebook, "train")))
    return notebook


def answer_in_a_new_cell(notebook: Notebook) -> Notebook:
    """Delete the answer's cell and write the function somewhere else."""
    answer = notebook["cells"].pop(at(notebook, "loss"))
    notebook["cells"].append(own(text(answer)))
    return notebook


def words_in_a_new_cell(notebook: Notebook) -> Notebook:
    place = at(notebook, "report")
    notebook["cells"][place] = own(text(notebook["cells"][place]), "markdown")
    return notebook


def old_format(notebook: Notebook) -> Notebook:
    cells = []
    for entry in notebook["cells"]:
        made = {"cell_type": entry["cell_type"], "metadata": entry["metadata"], "source": text(entry)}
        if entry["cell_type"] == "code":
            made["input"] = made.pop("source")
        cells.append(made)
    return {"worksheets": [{"cells": cells}], "metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0}


def windows_lines(notebook: Notebook) -> Notebook:
    for entry in notebook["cells"]:
        entry["source"] = text(entry).replace("\n", "\r\n")
    return notebook


def incomplete_cells(notebook: Notebook) -> Notebook:
    """Write cells as a careless program does: without outputs, counts or a list of lines."""
    for entry in notebook["cells"]:
        entry["source"] = text(entry)
        entry.pop("outputs", None)
        entry.pop("execution_count", None)
    return notebook


def deleted_text(notebook: Notebook) -> Notebook:
    locked = [c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("locked")]
    for entry in locked:
        if entry["cell_type"] == "markdown":
            notebook["cells"].remove(entry)
    return notebook


# The accident, and the kinds of notes it gives.
ACCIDENTS: list[tuple[Accident, set[str]]] = [
    (copied_answer, {"copied"}),
    (copied_check, {"copied", "moved"}),
    (split_answer, {"joined"}),
    (split_answer_without_marks, {"joined", "found"}),
    (merged_upward, {"lost"}),
    (merged_downward, {"changed", "found"}),
    (deleted_check, {"lost"}),
    (renamed_check, {"renamed"}),
    (retyped_check, {"retyped"}),
    (changed_check, {"changed"}),
    (retyped_answer, {"retyped"}),
    (stripped_cell, {"bare"}),
    (stripped_everywhere, {"bare", "found"}),
    (schema_1, {"schema"}),
    (schema_99, {"schema"}),
    (byte_order_mark, {"encoding"}),
    (utf_16, {"encoding"}),
    (one_latin_1_byte, {"encoding"}),
    (imports_at_the_end, {"moved"}),
    (answers_in_another_order, {"moved"}),
    (answer_in_a_new_cell, {"found", "moved"}),
    (words_in_a_new_cell, {"found"}),
    (old_format, {"format"}),
    (windows_lines, set()),
    (incomplete_cells, set()),
    (deleted_text, {"lost"}),
]


@pytest.mark.parametrize(("accident", "kinds"), ACCIDENTS, ids=[each.__name__ for each, _ in ACCIDENTS])
def test_an_accident_loses_nothing(
    release: Notebook, complete: Notebook, accident: Accident, kinds: set[str]
) -> None:
    wanted = {c.name: c.text for c in cells_of(complete) if c.answer}
    happened = accident(copy.deepcopy(complete))
    content = happened if isinstance(happened, bytes) else written(happened)
    notebook, notes = mend(release, content)
    assert {note.kind for note in notes} == kinds
    mended = {c.name: c for c in cells_of(notebook) if c.name}
    for name, answer in wanted.items():
        if accident is merged_upward and name == "forward":
            answer += '\n\ncheck("a2.forward", forward)'
        if accident is one_latin_1_byte and name == "report":
            answer += "caf\u00e9 \u03c3\n"
        assert mended[name].text == answer, name
    for given in cells_of(release):
        assert not given.locked or mended[given.name] == given
    names = [c.name for c in cells_of(notebook) if c.name]
    assert names == [c.name for c in cells_of(release) if c.name]
    identifiers = [entry["id"] for entry in notebook["cells"]]
    assert len(set(identifiers)) == len(identifiers)
    # What was mended is in order.
    assert mend(release, written(notebook)) == (notebook, [])


def test_a_released_and_a_complete_notebook_stay_as_they_are(release: Notebook, complete: Notebook) -> None:
    assert mend(release, written(release)) == (release, [])
    assert mend(release, written(complete)) == (complete, [])


def test_the_students_own_cells_stay_where_they_were(release: Notebook, complete: Notebook) -> None:
    complete["cells"].insert(at(complete, "sigmoid"), own("import math\ncache = {}"))
    complete["cells"].insert(at(complete, "test_loss"), own("A remark.", "markdown"))
    free = next(entry for entry in complete["cells"] if not entry["metadata"] and "load_data" in text(entry))
    free["source"] = ["print('my own experiment')"]
    notebook, notes = mend(release, written(complete))
    assert notes == []
    assert text(notebook["cells"][at(notebook, "sigmoid") - 1]) == "import math\ncache = {}"
    assert text(notebook["cells"][at(notebook, "test_loss") - 1]) == "A remark."
    assert "print('my own experiment')" in [text(entry) for entry in notebook["cells"]]


def test_an_import_added_to_a_locked_cell_is_kept(release: Notebook, complete: Notebook) -> None:
    cell(complete, "setup")["source"].append("\nimport itertools")
    notebook, notes = mend(release, written(complete))
    assert [note.kind for note in notes] == ["changed"]
    assert text(notebook["cells"][at(notebook, "setup") + 1]) == "import itertools"


def test_imports_after_everything_come_first(release: Notebook, complete: Notebook) -> None:
    complete["cells"].append(own("import itertools\nfrom math import tau"))
    notebook, notes = mend(release, written(complete))
    assert [note.kind for note in notes] == ["imports"]
    assert text(notebook["cells"][at(notebook, "setup") + 1]).startswith("import itertools")


def test_functions_written_in_another_answers_cell_are_not_overwritten(
    release: Notebook, complete: Notebook
) -> None:
    moved = text(cell(complete, "sigmoid"))
    cell(complete, "sigmoid")["source"] = cell(copy.deepcopy(release), "sigmoid")["source"]
    cell(complete, "neuron")["source"][:0] = [*moved.splitlines(keepends=True), "\n\n\n"]
    notebook, notes = mend(release, written(complete))
    assert [note.kind for note in notes] == ["elsewhere"]
    assert text(cell(notebook, "sigmoid")) == ELSEWHERE
    assert "def sigmoid" in text(cell(notebook, "neuron"))


def test_an_answer_below_its_untouched_cell_is_found(release: Notebook, complete: Notebook) -> None:
    answer = text(cell(complete, "loss"))
    cell(complete, "loss")["source"] = cell(copy.deepcopy(release), "loss")["source"]
    complete["cells"].insert(at(complete, "test_loss") + 1, own(answer))
    notebook, _ = mend(release, written(complete))
    assert text(cell(notebook, "loss")) == answer


def test_an_unfinished_copy_does_not_spoil_the_answer(release: Notebook, complete: Notebook) -> None:
    place = at(complete, "sigmoid")
    answer = text(complete["cells"][place])
    second = copy.deepcopy(complete["cells"][place])
    second |= {"source": "def sigmoid(z):\n    return 1 / (1 +", "id": "second"}
    complete["cells"].insert(place + 1, second)
    notebook, _ = mend(release, written(complete))
    assert text(cell(notebook, "sigmoid")) == answer


def test_an_answer_that_is_nowhere_is_said_to_be_missing(release: Notebook, complete: Notebook) -> None:
    del complete["cells"][at(complete, "loss")]
    notebook, notes = mend(release, written(complete))
    assert [(note.kind, note.cells) for note in notes] == [("empty", ("loss",))]
    assert text(cell(notebook, "loss")) == text(cell(release, "loss"))


def test_pasted_pictures_stay_with_a_written_answer(release: Notebook, complete: Notebook) -> None:
    pictures = {"plot.png": {"image/png": "aGVsbG8="}}
    cell(complete, "report")["attachments"] = pictures
    notebook, notes = mend(release, written(complete))
    assert notes == []
    assert cell(notebook, "report")["attachments"] == pictures


def test_a_cell_that_the_course_changed_since_is_nobodys_fault(release: Notebook, complete: Notebook) -> None:
    locked = next(c for c in cells_of(release) if c.locked and c.name and c.kind == "code")
    newer = copy.deepcopy(release)
    cell(newer, locked.name)["source"] = ["import math\n", text(cell(release, locked.name))]
    mended, notes = mend(newer, written(complete))
    assert [(note.kind, note.cells) for note in notes] == [("older", (locked.label,))]
    assert "earlier version of the assignment" in notes[0].sentence
    assert text(cell(mended, locked.name)).startswith("import math")
    assert len(mended["cells"]) == len(newer["cells"])


def test_checksums_tell_what_was_written(release: Notebook, complete: Notebook) -> None:
    marked = [c for c in cells_of(release) if c.name]
    assert all(map(untouched, marked))
    answers = [c for c in cells_of(complete) if c.answer]
    assert len(answers) > 5
    assert not any(map(untouched, answers))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\x89PNG\r\n", "first character"),
        (b'{"cells": [', "damaged"),
        (b'{"cells": [\n<<<<<<< HEAD\n>>>>>>> x\n', "could not merge"),
        (b"{}", "no cells"),
        (b'{"cells": []}', "none of the cells"),
        (b'{"cells": [3, null, {"cell_type": "code", "source": "x = 1"}]}', "none of the cells"),
        (b"[" * 100_000, "first character"),
        (b'{"cells":' + b"[" * 100_000, "damaged"),
    ],
)
def test_what_is_no_notebook_gets_one_sentence(release: Notebook, content: bytes, words: str) -> None:
    with pytest.raises(CsCnnError, match=words) as caught:
        mend(release, content, "mine.ipynb")
    assert "mine.ipynb" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["two_layer_net (1).ipynb", "Untitled.ipynb", "TWO_LAYER_NET.IPYNB"])
def test_a_wrong_file_name_is_found(release: Notebook, complete: Notebook, name: str) -> None:
    files = {name: written(complete), "other.ipynb": b'{"cells": []}', "broken.ipynb": b"?"}
    found, notes = choose(files, "two_layer_net.ipynb", release)
    assert found == name
    assert [note.kind for note in notes] == ["name"]


def test_the_right_name_wins_unless_nothing_is_written_in_it(release: Notebook, complete: Notebook) -> None:
    files = {"two_layer_net.ipynb": written(complete), "copy.ipynb": written(complete)}
    found, notes = choose(files, "two_layer_net.ipynb", release)
    assert (found, [note.kind for note in notes]) == ("two_layer_net.ipynb", ["several"])
    files["two_layer_net.ipynb"] = written(release)
    assert choose(files, "two_layer_net.ipynb", release)[0] == "copy.ipynb"
    with pytest.raises(CsCnnError, match="no cells"):
        choose({"a.ipynb": b"{}"}, "two_layer_net.ipynb", release)
    with pytest.raises(CsCnnError, match="is called two_layer_net"):
        choose({}, "two_layer_net.ipynb", release)


def test_mending_does_not_change_what_it_was_given(release: Notebook, complete: Notebook) -> None:
    before = json.dumps(release)
    mend(release, written(complete))
    assert json.dumps(release) == before
