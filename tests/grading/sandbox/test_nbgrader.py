"""The kernels do what nbgrader's own kernel does with an honest notebook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from cs_cnn.course.grading.preprocessors import RunCells
from cs_cnn.course.sandbox import Sandboxes

pytestmark = pytest.mark.sandbox

CELLS = [
    "import numpy as np\nimport matplotlib.pyplot as plt",
    "print(open('numbers.txt').read()); np.arange(3)",
    "import sys, warnings; warnings.warn('odd'); print('out'); print('err', file=sys.stderr)",
    "fig, axes = plt.subplots(1, 2)\naxes[0].plot([1, 2]); plt.title('x')",
    "def f():\n    raise ValueError('no')\nf()",
    "%matplotlib inline\n!echo shell",
    "from IPython.display import HTML, display\ndisplay(HTML('<b>x</b>'), 3)",
    "%%timeit -n 1 -r 1\npass",
    "np.random.default_rng(0).random()",
]


def run(folder: Path, manager: Any = None) -> Any:
    notebook = new_notebook(cells=[new_code_cell(source) for source in CELLS])
    RunCells(timeout=60, allow_errors=True).preprocess(notebook, {"metadata": {"path": str(folder)}}, manager)
    nbformat.validate(notebook)
    return notebook


def summary(notebook: Any) -> list[list[Any]]:
    """Return what can be compared: no picture's bytes, no times, no paths."""
    cells = []
    for cell in notebook.cells:
        outputs = []
        for output in cell.outputs:
            if output.output_type == "stream":
                text = [line for line in output.text.splitlines() if "loop" not in line and "odd" not in line]
                outputs.append((output.output_type, output.name, text))
            elif output.output_type == "error":
                outputs.append((output.output_type, output.ename, output.evalue))
            else:
                outputs.append((output.output_type, sorted(output.data), output.data.get("text/plain")))
        cells.append([cell.execution_count, outputs])
    return cells


def test_a_notebook_runs_as_in_an_ordinary_kernel(students: Sandboxes, tmp_path: Path) -> None:
    (tmp_path / "numbers.txt").write_text("1 2 3")
    manager = students.kernel_manager(files={"numbers.txt": tmp_path / "numbers.txt"})
    sandboxed = run(tmp_path, manager)
    manager.close()
    ordinary = run(tmp_path)
    assert summary(sandboxed) == summary(ordinary)
    assert any("image/png" in output.get("data", {}) for output in sandboxed.cells[3].outputs)


def test_a_dead_kernel_costs_only_its_cells(students: Sandboxes, tmp_path: Path) -> None:
    notebook = new_notebook(cells=[new_code_cell(source) for source in ("1", "import os; os._exit(1)", "3")])
    manager = students.kernel_manager()
    RunCells(timeout=20, allow_errors=True).preprocess(
        notebook, {"metadata": {"path": str(tmp_path)}}, manager
    )
    manager.close()
    assert notebook.cells[0].outputs[0].data["text/plain"] == "1"
    assert [cell.outputs[-1].get("ename") for cell in notebook.cells[1:]] == [
        "KernelStopped",
        "KernelStopped",
    ]
