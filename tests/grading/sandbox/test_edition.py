"""The student edition: what notebooks import is there, what the tasks ask for is not, not even on the disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cs_cnn.course.sandbox import Sandboxes, edition, profile, view
from cs_cnn.errors import CsCnnError

from .conftest import SMALL, Kernel

ANSWERS = (
    "layers",
    "nets",
    "optim",
    "init",
    "metrics",
    "search",
    "account",
    "zoo",
    "train",
    "course",
    "studies",
)


def test_what_notebooks_need_is_read_off_them(root: Path) -> None:
    def of(short: str) -> profile.Profile:
        return profile.of(next((root / "assignments").glob(f"{short}_*/*.ipynb")))

    assert of("a1").packages == of("a2").packages == of("a3").packages == of("a4").packages == ()
    assert of("a5").packages == of("a6").packages == ("torch",)
    assert "gradcheck" not in of("a1").parts and "gradcheck" not in of("a4").parts
    assert "gradcheck" in of("a2").parts
    assert "zoo" not in of("a5").parts
    assert {"train", "zoo"} <= set(of("a6").parts)


def test_what_is_no_notebook_is_refused(tmp_path: Path) -> None:
    for text in ("hello", "[]", '{"cells": [{"cell_type": "code", "source": "def ("}]}'):
        (tmp_path / "x.ipynb").write_text(text)
        with pytest.raises(CsCnnError, match=r"x\.ipynb"):
            profile.of(tmp_path / "x.ipynb")


def test_every_part_is_decided_on() -> None:
    left_out = {name.removesuffix(".py") for name in set(edition.parts()) - edition.included([])}
    assert left_out >= {*ANSWERS, "checks", "gradcheck"}
    assert edition.included(["checks", "course"]) == edition.included([])  # never, whoever asks


def test_an_edition_is_made_anew(tmp_path: Path) -> None:
    folder = edition.build(tmp_path / "edition")
    (folder / "cs_cnn" / "left_over.py").write_text("")
    edition.build(folder, ["gradcheck"])
    names = {path.name for path in (folder / "cs_cnn").iterdir()}
    assert "left_over.py" not in names and "gradcheck" in names and "layers" not in names


def test_an_installed_library_is_covered(
    tmp_path: Path, student_edition: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = view.libraries()[-1] / "cs_cnn"
    monkeypatch.setattr("cs_cnn.__file__", str(installed / "__init__.py"))
    words, _ = view.lay_out(tmp_path, student_edition, (), SMALL)
    place = words.index(str(installed))
    assert words[place - 2 : place] == ["--ro-bind", str(student_edition / "cs_cnn")]


@pytest.mark.sandbox
@pytest.mark.parametrize("part", [*ANSWERS, "layers.convolution", "checks.mistakes"])
def test_a_missing_part_says_so_in_a_sentence(kernel: Kernel, part: str) -> None:
    said = kernel.run(f"import cs_cnn.{part}")
    if part == "checks.mistakes":
        assert said.startswith("ModuleNotFoundError")
    else:
        assert said == (
            f"ImportError: cs_cnn.{part.split('.')[0]} is not part of the library while your work is graded: "
            "the tasks ask for your own code."
        )
    if "." not in part:
        assert kernel.run(f"from cs_cnn import {part}") == said


@pytest.mark.sandbox
def test_answers_are_nowhere_on_the_disk_or_in_memory(kernel: Kernel, student_edition: Path) -> None:
    said = kernel.run(
        f"""
        import os, sys
        found = []
        for folder, folders, files in os.walk("/"):
            folders[:] = [name for name in folders if os.path.join(folder, name) not in ("/proc", "/sys", "/usr")]
            folders[:] = [name for name in folders if not name.endswith(".dist-info")]  # licences of data
            if "cs_cnn" in folder.split(os.sep) and not folder.startswith({str(student_edition)!r}):
                found.append(folder)
            found += [name for name in files if name.startswith(("two_layer_net.", "im2col", "softmax_loss"))]
        print(found)
        print(sorted({{name.split(".")[1] for name in sys.modules if name.startswith("cs_cnn.")}}))
        """
    )
    assert said.splitlines() == ["[]", "['checks', 'data', 'errors', 'files']"] or said.splitlines() == [
        "[]",
        "['checks', 'data', 'errors']",
    ]


@pytest.mark.sandbox
def test_what_every_notebook_does_works(kernel: Kernel) -> None:
    assert kernel.run("from cs_cnn import data; data.load('digits').x_train.shape[1:]") == "(1, 8, 8)"
    assert kernel.run("from cs_cnn.checks import check; check('a2.forward', print)").splitlines() == [
        "a2.forward is checked later, by the grader.",
        "0.0",
    ]
    assert (
        kernel.run("from cs_cnn.gradcheck import numerical_gradient; callable(numerical_gradient)") == "True"
    )
    assert (
        kernel.run("import matplotlib.pyplot as plt; plt.plot([1, 2]);")
        == "<Figure size 640x480 with 1 Axes>"
    )
    assert kernel.run("!echo $HOME") == "/home/student"
    assert kernel.run("open('helper.py', 'w').write('x = 7'); import helper; helper.x") == "7"
    again = (
        "import subprocess, sys; print(subprocess.run([sys.executable, '-c', 'import cs_cnn.{}'], {}).stderr)"
    )
    assert "not part of the library" in kernel.run(again.format("layers", "capture_output=True, text=True"))


@pytest.mark.sandbox
def test_torch_is_refused_where_it_is_not_needed(kernel: Kernel) -> None:
    sentence = "ImportError: torch is not here while your work is graded: the tasks of this assignment do without it."
    assert kernel.run("import torch") == sentence
    assert kernel.run("from torch import nn") == sentence
    said = kernel.run(
        "import glob, sys; print([p for e in sys.path for p in glob.glob(e + '/torch/**/*.py', recursive=True)])"
    )
    assert said.count("'") == 2 and "torch/__init__.py" in said


@pytest.fixture(scope="module")
def torch_students(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandboxes]:
    """Return sandboxes as the last assignment needs them."""
    folder = edition.build(tmp_path_factory.mktemp("edition") / "torch", ["errors", "train", "zoo"])
    with Sandboxes(folder, packages=["torch"], limits=SMALL) as sandboxes:
        yield sandboxes


@pytest.mark.sandbox
def test_torch_works_where_it_is_needed(torch_students: Sandboxes) -> None:
    with Kernel(torch_students.kernel_manager()) as kernel:
        said = kernel.run(
            """
            import torch
            from cs_cnn import train, zoo
            net = zoo.build("lenet5", classes=3, size=28, seed=0)
            net(torch.zeros(2, 1, 28, 28)).sum().backward()
            x = torch.rand(32, 1, 28, 28).numpy()
            history = train.fit(net, (x, (torch.arange(32) % 3).numpy()), (x, (torch.arange(32) % 3).numpy()), epochs=1)
            print(torch.ones(3).sum().item(), torch.get_num_threads())
            """
        )
        assert said.endswith(" 3.0 1"), said
        assert kernel.run("from cs_cnn import layers").startswith("ImportError: cs_cnn.layers is not part")
