"""Cells that only show something: grading leaves out those that the student did not change and nothing else needs.

The course marks them in its sources (``look="curve"``): plots, comparisons and small trainings that a student looks at
and that give no points. They can take most of a notebook's time, and a mark never depends on them.
"""

from __future__ import annotations

import symtable
from collections.abc import Collection, Iterable, Sequence

from cs_cnn.notebooks.cells import essence
from cs_cnn.notebooks.magics import plain_python

TAG = "look"
"""The tag that such a cell has in the instructor's notebook."""
SAID = "Grading left this cell out: it shows something, gives no points, and no other cell needs it.\n"
"""What stands in the place of its output."""
# What reaches any name without saying it.
_REACHES_ALL = frozenset({"eval", "exec", "globals", "locals", "vars", "dir", "get_ipython", "__import__"})


def unneeded(sources: Sequence[str], looks: Collection[str]) -> set[int]:
    r"""Choose the cells that need not run.

    Parameters
    ----------
    sources : sequence of str
        The code cells of a submission in order; an empty string for any other cell.
    looks : collection of str
        What the course's own cells of this kind hold.

    Returns
    -------
    set of int
        Positions of cells that are still as they were handed out and define nothing that a cell which runs uses.

    Examples
    --------
    >>> sorted(unneeded(["x = 1", "print(x)", "y = 2", "def f():\n    return y"], {"x = 1", "print(x)", "y = 2"}))
    [0, 1]
    """
    as_handed_out = {essence(look) for look in looks}
    left_out: set[int] = set()
    needed: set[str] = set()
    for position in range(len(sources) - 1, -1, -1):
        names = _names(sources[position])
        if names is None:  # nobody knows what it uses
            return left_out
        made, used = names
        if essence(sources[position]) in as_handed_out and not made & needed:
            left_out.add(position)
        else:
            needed |= used
    return left_out


def _names(source: str) -> tuple[set[str], set[str]] | None:
    """Return the global names that a cell makes and uses; None when they cannot be known."""
    plain = plain_python(source)
    try:
        table = symtable.symtable(plain.code, "cell", "exec")
    except (SyntaxError, ValueError):
        return None
    made = {
        symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()
    }
    used = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    for inner in _below(table.get_children()):
        for symbol in inner.get_symbols():
            if symbol.is_global() and symbol.is_referenced():
                used.add(symbol.get_name())
            if symbol.is_declared_global() and symbol.is_assigned():
                made.add(symbol.get_name())
    if used & _REACHES_ALL or any(line.lstrip().startswith("%run") for line in plain.left_out):
        return None
    return made, used


def _below(tables: Iterable[symtable.SymbolTable]) -> Iterable[symtable.SymbolTable]:
    for table in tables:
        yield table
        yield from _below(table.get_children())
