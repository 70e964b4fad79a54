"""The table of mistakes: whether each is rejected, costs the right parts, and is recognised.

``python -m cs_cnn.checks.report`` prints it; a test holds it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from cs_cnn.checks.assignments import TASKS
from cs_cnn.checks.door import run
from cs_cnn.checks.mistakes import Mistake, bank, everything


@dataclass(frozen=True)
class Row:
    """What one check says about one known mistake.

    Attributes
    ----------
    mistake : Mistake
    lost : tuple of str
        The parts it lost.
    named : tuple of str
        The mistakes that were recognised.
    broken : str
        Why the check could not be trusted; empty when it could.
    """

    mistake: Mistake
    lost: tuple[str, ...]
    named: tuple[str, ...]
    broken: str

    @property
    def right_parts(self) -> bool:
        """Whether it lost the parts that the bank says, and no others."""
        return not self.broken and set(self.lost) == set(self.mistake.loses)

    @property
    def right_hint(self) -> bool:
        """Whether its own hint was given, or that of a mistake it cannot be told from."""
        return bool(self.named) and set(self.named) <= {self.mistake.name, *self.mistake.like}


def examine(mistake: Mistake, *, hidden: bool = True, seed: int = 0) -> Row:
    """Run the check of its task on a known mistake."""
    report = run(mistake.task, mistake.functions, hidden=hidden, seed=seed)
    lost = tuple(part.name for part in report.parts if not part.ok)
    return Row(mistake, lost, report.mistakes, report.broken)


def text(rows: Sequence[Row]) -> str:
    """Write the table, task by task, with a line of totals."""
    lines = []
    for name, task in TASKS.items():
        lines.append(f"{name}, {task.points:g} points, {len(bank(name))} known mistakes")
        for row in rows:
            if row.mistake.task == name:
                verdict = "rejected" if row.lost else "ACCEPTED"
                parts = "" if row.right_parts else f"; should lose {', '.join(row.mistake.loses)}"
                hint = (
                    "own hint"
                    if row.named == (row.mistake.name,)
                    else f"hint of {', '.join(row.named) or 'none'}"
                )
                lines.append(f"  {row.mistake.name:<36} {verdict}: {', '.join(row.lost)}{parts}; {hint}")
    rejected = sum(1 for row in rows if row.lost)
    parts_right = sum(1 for row in rows if row.right_parts)
    own = sum(1 for row in rows if row.named == (row.mistake.name,))
    lines.append(
        f"{len(rows)} mistakes in {len(TASKS)} tasks: {rejected} rejected, {parts_right} lose the right parts only, "
        f"{own} get their own hint, {len(rows) - own} that of another."
    )
    return "\n".join(lines)


if __name__ == "__main__":
    table = [examine(mistake) for mistake in everything()]
    print(text(table))
    sys.exit(not all(row.right_parts and row.right_hint for row in table))
