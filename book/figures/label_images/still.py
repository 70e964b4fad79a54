"""The still of the pictures to label: all fifty on one sheet, their classes, and a net's errors beside them."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from moving_still import paragraph, table, wide
from PIL import Image

from cs_cnn import data
from cs_cnn.metrics import wilson_interval
from cs_cnn.studies import recorded
from cs_cnn.studies.labels import asked

TITLE = "Fifty pictures to label"
HEIGHTS = (24.5, 27.1, 42.7, 45.2)
COLUMNS = 10
_CLOTHES = data.load("fashion-mnist")
_NET = recorded("labels")["runs"][0]


def sheet(images: np.ndarray) -> str:
    """Return images (N, 28, 28) from 0 to 1 as one PNG in an address, COLUMNS to a row."""
    side = images.shape[1]
    grey = (images.reshape(-1, COLUMNS, side, side).transpose(0, 2, 1, 3) * 255).round().astype(np.uint8)
    written = io.BytesIO()
    Image.fromarray(grey.reshape(-1, COLUMNS * side)).save(written, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(written.getvalue()).decode()


def misses(answers: list[str], labels: str, k: int) -> int:
    """Count the pictures whose class is not among the first `k` answers; an answer is a string of digits."""
    return sum(label not in answer[:k] for answer, label in zip(answers, labels, strict=True))


_ASKED = asked(_CLOTHES.y_test)
_ALL = "".join(map(str, _CLOTHES.y_test))
STATE: dict[str, Any] = {
    "sheet": sheet(_CLOTHES.x_test[_ASKED, 0]),
    "classes": list(_CLOTHES.classes),
    "labels": "".join(_ALL[n] for n in _ASKED),
    "net": [_NET["answers"][n] for n in _ASKED],
    "everything": {"count": len(_ALL)} | {str(k): misses(_NET["answers"], _ALL, k) for k in (1, 2, 5)},
}


def still(state: dict[str, Any]) -> str:
    """Write the sheet, the classes of its pictures, and the net's errors."""
    labels, net, everything = state["labels"], state["net"], state["everything"]
    rows = [labels[start : start + COLUMNS] for start in range(0, len(labels), COLUMNS)]
    errors = []
    for k in (1, 2, 5):
        wrong = misses(net, labels, k)
        low, high = wilson_interval(wrong, len(labels))
        share = everything[str(k)] / everything["count"]
        errors.append([f"top-{k}", f"{wrong} of {len(labels)}", f"{low:.0%} to {high:.0%}", f"{share:.1%}"])
    key = ", ".join(f"{number} {name}" for number, name in enumerate(state["classes"]))
    return "\n".join(
        [
            f'<img class="label-sheet" width="{28 * COLUMNS}" height="{28 * len(rows)}" src="{state["sheet"]}"'
            f' alt="Fifty small grey pictures of clothes in {len(rows)} rows of {COLUMNS}">',
            paragraph(f"The classes: {key}."),
            wide(
                table(
                    "Classes of the pictures",
                    ["Row", *(str(column) for column in range(1, COLUMNS + 1))],
                    [[str(number), *row] for number, row in enumerate(rows, 1)],
                ),
                "Classes of the pictures",
            ),
            wide(
                table(
                    "Errors of a LeNet-5",
                    ["Error", "These pictures", "95% interval", f"All {everything['count']:,} test images"],
                    errors,
                ),
                "Errors of a LeNet-5",
            ),
        ]
    )
