"""Live cells when the book is built: what they need, what they are given, and what stays out."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import Any

from .conftest import BOOK, ROOT

PAGE = """---
file_format: mystnb
kernelspec:
  name: python3
---
# Page

```{code-cell} ipython3
:tags: [live]
CODE
```
"""


def test_the_archive_holds_numpys_side_and_no_grading() -> None:
    from live_archive import archive

    package = ROOT / "cs_cnn"
    content = archive(package)
    assert content == archive(package), "the same library must give the same bytes"
    names = set(zipfile.ZipFile(BytesIO(content)).namelist())
    assert {"cs_cnn/layers/__init__.py", "cs_cnn/gradcheck/checking.py", "cs_cnn/checks/like.py"} <= names
    parts = {name.split("/")[1] for name in names if name.startswith("cs_cnn/")}
    assert not parts & {"course", "student", "notebooks", "studies", "zoo", "train", "command.py"}
    assert len(content) < 1_000_000


def test_a_slice_brings_what_a_cell_needs_and_nothing_else() -> None:
    from live_slices import slice_of

    cells = [
        "import numpy as np, torch\nfrom cs_cnn import data, palette\npalette.use()",
        "def twice(v):\n    return np.add(v, v)",
        "a = np.zeros(3)\na[0] = 1\nb = torch.ones(1)",
        "c = twice(a)",
        "for k in range(2):\n    total = [k * x for x in c]\n    a += k",
        "print(c, total, nowhere)",
    ]
    found = slice_of(3, cells, [3, 5])
    assert found.setup.splitlines() == [
        "import numpy as np",
        "def twice(v):",
        "    return np.add(v, v)",
        "a = np.zeros(3)",
        "a[0] = 1",
    ]
    assert found.modules == ("numpy",) and not found.missing and not found.needs
    found = slice_of(5, cells, [3, 5])
    assert found.needs == (3,) and found.missing == ("nowhere",)
    assert "total = [k * x for x in c]" in found.setup and "torch" not in found.setup


def test_what_the_browser_cannot_run_is_a_warning(small_book: Any) -> None:
    code = "import torch\nprint(torch.ones(2), undefined)"
    _, warnings = small_book(PAGE.replace("CODE", code), "live")
    assert "the browser's Python has no torch" in warnings
    assert "'undefined' is defined nowhere above it" in warnings


def test_without_pyodide_live_cells_are_ordinary_ones(small_book: Any) -> None:
    out, warnings = small_book(PAGE.replace("CODE", "print(1)"), "live")
    text = (out / "index.html").read_text(encoding="utf-8")
    assert "tag_live" in text and "live-data" not in text and not (out / "live").exists()
    assert "a live cell" not in warnings


def test_the_runner_limits_what_a_cell_prints() -> None:
    namespace: dict[str, Any] = {}
    exec((BOOK / "live" / "runner.py").read_text(encoding="utf-8"), namespace)
    pieces: list[str] = []
    error, pictures = namespace["run"]("for k in range(100_000):\n    print('again')", pieces.append)
    text = "".join(pieces)
    assert not error and not pictures
    assert 50_000 < len(text) < 50_100 and text.endswith("... and more, which is not shown\n")
