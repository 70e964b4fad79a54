"""An account as text, Markdown, LaTeX, CSV, JSON and a pandas frame."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cs_cnn.account.rows import Row
from cs_cnn.account.whole import Account
from cs_cnn.errors import CsCnnError

if TYPE_CHECKING:
    import pandas  # type: ignore[import-untyped,import-not-found,unused-ignore]

_LEFT = (True, True, False, False, False, False, True)


def shape_words(shape: tuple[int, ...], times: str = "x") -> str:
    """Write a shape: 64 x 56 x 56."""
    return f" {times} ".join(map(str, shape))


def _receptive(row: Row) -> str:
    return "" if row.receptive is None else " / ".join(map(str, row.receptive))


def _head(account: Account) -> tuple[str, ...]:
    unit = "FLOPs" if account.convention.unit == "flops" else "multiply-adds"
    return ("name", "kind", "output", "parameters", unit, "memory", "receptive field")


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.name,
        row.kind,
        shape_words(row.shape),
        f"{row.parameters:,}",
        f"{row.operations:,}",
        f"{row.activations:,}",
        _receptive(row),
    )


def _body(account: Account) -> list[tuple[str, ...]]:
    """Return the head, the rows and the totals, without a column that is empty."""
    total = ("total", "", "", *_cells(account.total)[3:6], "")
    lines = [_head(account), *(_cells(row) for row in account.rows), total]
    return lines if any(row.receptive for row in account.rows) else [line[:-1] for line in lines]


def _bytes(number: int) -> str:
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= size:
            return f"{number / size:.1f} {unit}"
    return f"{number} bytes"


def note_of(account: Account) -> str:
    """Return the sentences below a table: how much memory, and what was counted."""
    total, rules = account.total, account.convention
    field = (
        " Receptive fields: size / jump / start, in pixels." if any(r.receptive for r in account.rows) else ""
    )
    return (
        f"{total.activations:,} numbers for one example take {_bytes(total.memory)}."
        f"{field} {rules.sentence()}"
    )


def text(account: Account, *, note: bool = True) -> str:
    """Return an account as aligned text, see `Account.text`."""
    lines = _body(account)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    table = "\n".join(
        "  ".join(
            cell.ljust(width) if left else cell.rjust(width)
            for cell, width, left in zip(line, widths, _LEFT, strict=False)
        ).rstrip()
        for line in lines
    )
    return f"{table}\n\n{note_of(account)}" if note else table


def grid(lines: Sequence[tuple[str, ...]], left: Sequence[bool]) -> str:
    """Write lines of cells, the head first, as a Markdown table; `left` says which columns align there."""
    head, *body = lines
    rule = [":---" if side else "---:" for side in left[: len(head)]]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in (head, rule, *body)
    )


def markdown(account: Account, *, note: bool = True) -> str:
    """Return an account in Markdown, see `Account.markdown`."""
    table = grid(_body(account), _LEFT)
    return f"{table}\n\n{note_of(account)}" if note else table


_ESCAPES = str.maketrans({char: f"\\{char}" for char in "_#%&${}"})


def latex(account: Account, *, note: bool = True) -> str:
    """Return an account in LaTeX, see `Account.latex`."""
    head, *lines = _body(account)

    def line(cells: tuple[str, ...]) -> str:
        cells = tuple(cell.translate(_ESCAPES) for cell in cells)
        shape = "$" + cells[2].replace("x", r"\times") + "$" if " x " in cells[2] else cells[2]
        kind = cells[1].replace("x", "$\\times$") if any(char.isdigit() for char in cells[1]) else cells[1]
        numbers = [cell.replace(",", "{,}") for cell in cells[3:6]]
        field = [cell.replace("-", "$-$") for cell in cells[6:]]
        return " & ".join([cells[0], kind, shape, *numbers, *field]) + r" \\"

    columns = "".join("l" if left else "r" for left in _LEFT[: len(head)])
    table = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", " & ".join(head) + r" \\", r"\midrule"]
    table += [line(each) for each in lines[:-1]]
    table += [r"\midrule", line(lines[-1]), r"\bottomrule", r"\end{tabular}"]
    if note:
        table += ["", r"\par\smallskip\noindent{\footnotesize " + note_of(account).translate(_ESCAPES) + "}"]
    return "\n".join(table)


def records(account: Account) -> list[dict[str, Any]]:
    """Return the rows as dictionaries of plain values, as files want them."""
    found = []
    for row in account.rows:
        record: dict[str, Any] = {name: getattr(row, name) for name in row.__dataclass_fields__}
        field = record.pop("receptive")
        record["shape"] = shape_words(row.shape)
        for name in ("size", "jump", "start"):
            value = None if field is None else getattr(field, name)
            record[f"receptive_{name}"] = value if value is None or isinstance(value, int) else str(value)
        found.append(record)
    return found


def as_csv(account: Account) -> str:
    """Return an account as comma-separated values, one line for each row."""
    rows = records(account)
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().rstrip("\n")


def as_json(account: Account) -> str:
    """Return an account as JSON: title, convention, rows and totals."""
    total = account.total
    sums = {
        name: getattr(total, name)
        for name in (
            "weights",
            "biases",
            "parameters",
            "multiply_adds",
            "operations",
            "activations",
            "memory",
        )
    }
    content = {
        "net": account.title,
        "convention": vars(account.convention),
        "rows": records(account),
        "total": sums,
    }
    return json.dumps(content, indent=1)


def frame(account: Account) -> pandas.DataFrame:
    """Return an account as a pandas frame, see `Account.frame`."""
    try:
        import pandas
    except ModuleNotFoundError as error:
        if error.name != "pandas":
            raise
        raise CsCnnError(
            "A frame needs the package pandas, which is not installed; install it with: pip install pandas."
        ) from error
    return pandas.DataFrame(
        [{name: getattr(row, name) for name in row.__dataclass_fields__} for row in account.rows]
    )
