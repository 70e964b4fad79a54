"""What a test cell may not do, since it would trust the student or accept nearly anything.

- A check receives functions and classes of the answer cells, never a student's data: data can be typed in.
- A test outside a check does not use a student's data either.
- A visible test that looks only at shapes is passed by any object with a shape.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from cs_cnn.course import source
from cs_cnn.course.source import Cell
from cs_cnn.errors import CsCnnError

_HIDDEN = re.compile(r"^\s*### BEGIN HIDDEN TESTS\n.*?^\s*### END HIDDEN TESTS", re.DOTALL | re.MULTILINE)
_SHAPES = frozenset({"shape", "ndim", "size", "dtype"})
_OPTIONS = frozenset({"hidden", "seed"})


def check(path: Path) -> None:
    """Check the test cells of a source.

    Parameters
    ----------
    path : pathlib.Path
        A py:percent file.

    Raises
    ------
    CsCnnError
        One sentence with file and line of the first wrong test.
    """
    cells = source.read(path)
    defined: set[str] = set()
    data: set[str] = set()
    for cell in cells:
        if cell.kind != "code":
            continue
        tree = _tree(path, cell)
        if cell.mark == "test":
            for line, problem in sorted(_problems(cell, tree, defined, data - defined)):
                raise CsCnnError(f"{path.name}, line {cell.line + line}: {problem} ({path}).")
        else:
            defined |= set(_definitions(tree))
            if cell.mark != "locked":  # what a locked cell assigns is not the student's
                data |= set(_assigned(tree))


def _tree(path: Path, cell: Cell) -> ast.Module:
    # Magics are for people; a test cell has none, and elsewhere they define nothing.
    text = re.sub(r"^(\s*)[%!].*$", r"\1pass", cell.text, flags=re.MULTILINE)
    try:
        return ast.parse(text)
    except SyntaxError as error:
        line = cell.line + (error.lineno or 0)
        raise CsCnnError(f"{path.name}, line {line}: this is not Python: {error.msg} ({path}).") from error


def _definitions(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            yield node.name


def _assigned(tree: ast.Module) -> Iterator[str]:
    """Yield the names that a cell gives values outside its functions."""
    todo: list[ast.AST] = list(tree.body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        todo += ast.iter_child_nodes(node)


def _is_check(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name == "check"


def _problems(cell: Cell, tree: ast.Module, defined: set[str], data: set[str]) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _is_check(node):
            yield from _handed_over(node, defined)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in data:
            problem = (
                f"the test '{cell.name}' uses {node.id}, which is a student's data: compute it in the test"
            )
            yield node.lineno, problem
    visible = ast.parse(_HIDDEN.sub("", cell.text))
    if only_shapes(visible):
        line = next(node.lineno for node in ast.walk(visible) if isinstance(node, ast.Assert))
        problem = f"the visible test '{cell.name}' looks only at shapes, which any object may have: compare values, too"
        yield line, problem


def _handed_over(call: ast.Call, defined: set[str]) -> Iterator[tuple[int, str]]:
    task, given = next(iter(call.args), None), call.args[1:]
    if not (isinstance(task, ast.Constant) and isinstance(task.value, str)):
        yield call.lineno, 'a check names its task first, as in check("a2.forward", forward)'
    for argument in given:
        if not (isinstance(argument, ast.Name) and argument.id in defined):
            shown = ast.unparse(argument)
            yield (
                argument.lineno,
                f"the check receives {shown}; it may receive only functions and classes that a cell before it defines",
            )
    for keyword in call.keywords:
        if keyword.arg not in _OPTIONS or not isinstance(keyword.value, ast.Constant):
            yield (
                call.lineno,
                f"a check takes the options hidden and seed with plain values, not {ast.unparse(keyword)}",
            )


def only_shapes(tree: ast.Module) -> bool:
    """Tell whether a test asserts something, and all of it about shapes."""
    if any(_is_check(node) for node in ast.walk(tree)):
        return False
    asserted = [node.test for node in ast.walk(tree) if isinstance(node, ast.Assert)]
    return bool(asserted) and all(_about_shape(part) for test in asserted for part in _parts(test))


def _parts(test: ast.expr) -> Iterable[ast.expr]:
    return test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test]


def _about_shape(test: ast.expr) -> bool:
    if isinstance(test, ast.Call):
        return getattr(test.func, "id", "") in ("isinstance", "hasattr", "callable")
    if not isinstance(test, ast.Compare):
        return False
    return any(_measures(side) for side in (test.left, *test.comparators))


def _measures(side: ast.expr) -> bool:
    """Tell whether an expression is `x.shape`, `x.shape[0]`, `len(x)` or `np.shape(x)`."""
    if isinstance(side, ast.Subscript):
        return _measures(side.value)
    if isinstance(side, ast.Call):
        called = side.func
        return (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")) in {
            *_SHAPES,
            "len",
            "type",
        }
    return isinstance(side, ast.Attribute) and side.attr in _SHAPES
