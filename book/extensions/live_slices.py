"""What a cell needs from the cells above it, so that it can run by itself in a reader's browser.

A chapter's first cell imports PyTorch and matplotlib, and others draw; a live cell needs little of that. Here the
statements that its names come from are collected backwards, as a slice of the program, name by name.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

BUILTINS = set(dir(builtins)) | {"__name__"}


@dataclass(frozen=True)
class Statement:
    """One top-level statement of a chapter.

    Attributes
    ----------
    cell : int
        Index of its cell.
    text : str
        Its source; an import brings one name only.
    binds, changes, uses : frozenset of str
        The names it gives a new value, of whose values it changes a part, and that it reads.
    module : str
        What an import imports; empty for other statements.
    """

    cell: int
    text: str
    binds: frozenset[str]
    changes: frozenset[str]
    uses: frozenset[str]
    module: str = ""


@dataclass(frozen=True)
class Slice:
    """What has to run before a live cell.

    Attributes
    ----------
    setup : str
        Statements of cells that are not live, in the chapter's order.
    needs : tuple of int
        Indices of live cells that come first.
    missing : tuple of str
        Names that no cell above defines.
    modules : tuple of str
        What the cell and its setup import.
    """

    setup: str
    needs: tuple[int, ...]
    missing: tuple[str, ...]
    modules: tuple[str, ...]


def statements(cell: int, source: str) -> Iterator[Statement]:
    r"""Split a cell into statements with the names of each.

    Examples
    --------
    >>> [(s.text, sorted(s.binds)) for s in statements(0, "from cs_cnn import data as d\na = b = d")]
    [('from cs_cnn import data as d', ['d']), ('a = b = d', ['a', 'b'])]
    """
    try:
        body = ast.parse(source).body
    except SyntaxError:  # a cell of IPython's own commands defines nothing that could be taken from it
        return
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                one = (
                    ast.Import([alias])
                    if isinstance(node, ast.Import)
                    else ast.ImportFrom(node.module, [alias], 0)
                )
                name = alias.asname or alias.name.partition(".")[0]
                module = alias.name if isinstance(node, ast.Import) else f"{node.module}.{alias.name}"
                text = ast.unparse(ast.fix_missing_locations(one))
                yield Statement(cell, text, frozenset({name}), frozenset(), frozenset(), module)
            continue
        names = _Names()
        names.visit(node)
        decorated = getattr(node, "decorator_list", [])  # which the segment would leave out
        yield Statement(
            cell,
            ast.unparse(node) if decorated else ast.get_source_segment(source, node) or "",
            frozenset(names.bound),
            frozenset(names.changed),
            frozenset(names.used - BUILTINS),
        )


class _Names(ast.NodeVisitor):
    """Collect what a statement binds, changes and reads; names inside functions count as read unless local."""

    def __init__(self) -> None:
        self.bound: set[str] = set()
        self.changed: set[str] = set()
        self.used: set[str] = set()

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self.bound.add(node.id)
        elif node.id not in self.bound:
            self.used.add(node.id)

    # Values are read before their names are bound, whatever the order of the tree's fields.

    def visit_Assign(self, node: ast.Assign) -> None:
        for each in (node.value, *node.targets):
            self.visit(each)

    def visit_For(self, node: ast.For) -> None:
        for each in (node.iter, node.target, *node.body, *node.orelse):
            self.visit(each)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        if isinstance(node.target, ast.Name):
            self.visit(ast.Name(node.target.id, ast.Load()))
            self.changed.add(node.target.id)
        else:
            self.visit(node.target)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self._part(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self._part(node)

    def _part(self, node: ast.Subscript | ast.Attribute) -> None:
        if not isinstance(node.ctx, ast.Load):
            whole: ast.expr = node
            while isinstance(whole, ast.Subscript | ast.Attribute):
                whole = whole.value
            if isinstance(whole, ast.Name) and whole.id not in self.bound:
                self.changed.add(whole.id)
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.bound.add(node.name)
        for each in (*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(each)
        self._inside(node.args, node.body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.bound.add(node.name)
        for each in (*node.bases, *node.decorator_list):
            self.visit(each)
        self._inside(None, node.body)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for each in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(each)
        self._inside(node.args, [node.body])

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        self._comprehension(node)

    def visit_ListComp(self, node: ast.ListComp) -> None:
        self._comprehension(node)

    def visit_SetComp(self, node: ast.SetComp) -> None:
        self._comprehension(node)

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self._comprehension(node)

    def _comprehension(self, node: ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp) -> None:
        inner = _Names()
        for each in node.generators:
            inner.visit(each.iter)
            inner.visit(each.target)
        inner.generic_visit(node)
        self.used |= inner.used - inner.bound - self.bound

    def _inside(self, arguments: ast.arguments | None, body: Sequence[ast.AST]) -> None:
        inner = _Names()
        for each in body:
            inner.visit(each)
        if arguments is not None:
            every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
            inner.bound |= {each.arg for each in (*every, arguments.vararg, arguments.kwarg) if each}
        self.used |= inner.used - inner.bound - self.bound
        self.changed |= inner.changed - inner.bound

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.bound.add(node.name)
        self.generic_visit(node)


def slice_of(cell: int, sources: Sequence[str], live: Sequence[int]) -> Slice:
    """Find what a live cell needs.

    Parameters
    ----------
    cell : int
        Index of the live cell in `sources`.
    sources : sequence of str
        The code of all cells of the chapter; empty for cells of text.
    live : sequence of int
        Indices of all live cells.

    Examples
    --------
    >>> sources = ["import numpy as np, torch", "a = np.ones(2)", "torch.set_num_threads(1)", "b = 2 * a", "print(b)"]
    >>> found = slice_of(4, sources, [3, 4])
    >>> found.needs, found.setup
    ((3,), '')
    >>> slice_of(3, sources, [3, 4]).setup.splitlines()
    ['import numpy as np', 'a = np.ones(2)']
    """
    above = [s for index, source in enumerate(sources[:cell]) for s in statements(index, source)]
    own = list(statements(cell, sources[cell]))
    wanted: set[int] = set()
    missing: set[str] = set()
    needs: set[int] = set()

    def follow(names: frozenset[str], before: int) -> None:
        for name in sorted(names):
            changing = []
            for position in range(before - 1, -1, -1):
                if name in above[position].binds:
                    changing.append(position)
                    break
                if name in above[position].changes:
                    changing.append(position)
            else:
                missing.add(name)
            for position in changing:
                if position in wanted:
                    continue
                wanted.add(position)
                if above[position].cell in live:
                    needs.add(above[position].cell)
                else:
                    follow(above[position].uses | above[position].changes, position)

    bound: set[str] = set()
    for statement in own:
        follow((statement.uses | statement.changes) - bound, len(above))
        bound |= statement.binds
    setup = [above[position] for position in sorted(wanted) if above[position].cell not in live]
    modules = {s.module for s in (*setup, *own) if s.module}
    return Slice(
        "\n".join(s.text for s in setup), tuple(sorted(needs)), tuple(sorted(missing)), tuple(sorted(modules))
    )
