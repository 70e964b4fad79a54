"""The changes: which functions a backward pass leads to, and each of them with one statement less."""

from __future__ import annotations

import ast
import contextlib
import copy
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from cs_cnn.layers.registry import Layer

PACKAGE = "cs_cnn.layers"
_CHECKS = f"{PACKAGE}.arguments"
_NOT_MUTATED = (_CHECKS, f"{PACKAGE}.registry")

SHORTCUT = "# only saves time"
"""What a line ends with when nothing but the time would tell that it is gone: it is left alone."""

_NO_EFFECT = ("strict", "copy")
"""Keyword arguments that change nothing but the refusal of mistakes, and the time."""

_OTHER: dict[type, Any] = {
    ast.Add: ast.Sub(),
    ast.Sub: ast.Add(),
    ast.Mult: ast.Div(),
    ast.Div: ast.Mult(),
    ast.Gt: ast.Lt(),
    ast.Lt: ast.Gt(),
    ast.Eq: ast.NotEq(),
    ast.NotEq: ast.Eq(),
}


@dataclass(frozen=True)
class Mutant:
    """A function with one change.

    Attributes
    ----------
    function : function
        The function as it is.
    lines : range
        Lines of its file that the change touches.
    change : str
        The change in words and code.
    code : code
        What the function does with it.
    """

    function: FunctionType
    lines: range
    change: str
    code: CodeType


def functions_of(layer: Layer) -> list[FunctionType]:
    """Return the backward function of a layer and all functions of the package it leads to.

    Names are followed, also into tables of functions and classes, and ``module.name`` wherever a module of the
    package and a name that it has occur on the way: rather one function too many than one too few.
    """
    found: list[FunctionType] = []
    modules: dict[str, ModuleType] = {}
    names: set[str] = set()
    waiting: list[Any] = [layer.backward]
    while waiting:
        thing = waiting.pop()
        if isinstance(thing, (dict, tuple, list)):
            waiting.extend(thing.values() if isinstance(thing, dict) else thing)
        elif isinstance(thing, ModuleType) and thing.__name__.startswith(PACKAGE):
            modules[thing.__name__] = thing
        elif isinstance(thing, type) and thing.__module__.startswith(PACKAGE):
            waiting.extend(
                getattr(value, "fget", value)
                for value in vars(thing).values()
                if callable(value) or isinstance(value, property)
            )
        elif isinstance(thing, FunctionType) and thing not in found and _is_ours(thing):
            found.append(thing)
            own = set(_all_names(thing.__code__))
            names |= own
            waiting.extend(thing.__globals__.get(name) for name in sorted(own))
        if not waiting:
            candidates = (vars(module).get(name) for module in modules.values() for name in sorted(names))
            waiting.extend(
                c for c in candidates if isinstance(c, FunctionType) and c not in found and _is_ours(c)
            )
    return found


def _is_ours(function: FunctionType) -> bool:
    """Tell whether a function is written in a file of the package, and not made by a dataclass."""
    known = function.__globals__
    written = function.__code__.co_filename == known.get("__file__")
    return written and known["__name__"].startswith(PACKAGE) and known["__name__"] not in _NOT_MUTATED


def _all_names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _all_names(constant)


def mutants(function: FunctionType, *, operators: bool = False) -> list[Mutant]:
    """Make all changes to a function.

    Parameters
    ----------
    function : function
    operators : bool
        Also exchange operators and numbers, and leave out keyword arguments.

    Raises
    ------
    LookupError
        When its source is not what is running.
    """
    file = function.__code__.co_filename
    module = ast.parse(Path(file).read_text(encoding="utf-8"))
    line = function.__code__.co_firstlineno
    definition = next(
        (n for n in ast.walk(module) if isinstance(n, ast.FunctionDef) and _begins(n) == line), None
    )
    if definition is None or not _same(_compile(definition, module, file), function.__code__):
        raise LookupError("its source is not what is running: no plain function, or a file that has changed")
    text = Path(file).read_text(encoding="utf-8").splitlines()
    shortcuts = {number for number, line in enumerate(text, 1) if line.rstrip().endswith(SHORTCUT)}
    changes: list[tuple[ast.stmt | ast.expr, str, ast.FunctionDef]] = list(_deletions(definition, function))
    if operators:
        changes += _exchanges(definition, function)
    found = []
    for node, change, new in changes:
        if node.lineno in shortcuts:
            continue
        _keep_names(new, function.__code__.co_freevars)
        with contextlib.suppress(SyntaxError, ValueError):
            lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
            found.append(Mutant(function, lines, change, _compile(new, module, file)))
    return found


def _keep_names(definition: ast.FunctionDef, names: tuple[str, ...]) -> None:
    """Mention names from outside, such as the class for ``super()``, where nothing runs: code must keep them."""
    mentions = [ast.Expr(ast.Name(name, ast.Load())) for name in names]
    if mentions:
        definition.body.append(ast.If(ast.Constant(False), list(mentions), []))


def _begins(definition: ast.FunctionDef) -> int:
    """Return the line on which the code of a function begins: that of its first decorator, if any."""
    return min([definition.lineno, *(node.lineno for node in definition.decorator_list)])


def _compile(definition: ast.FunctionDef, module: ast.Module, file: str) -> CodeType:
    """Compile a function in the place of the one on its line, since the module's imports matter."""
    line = _begins(ast.fix_missing_locations(definition))

    class Replace(ast.NodeTransformer):
        def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
            return definition if _begins(node) == line else node

    tree = Replace().visit(copy.deepcopy(module))
    # The import at the top of this file binds the name: the same switch as in the layers' files.
    waiting: list[CodeType] = [
        compile(tree, file, "exec", flags=annotations.compiler_flag, dont_inherit=True)
    ]
    for code in waiting:
        if code.co_name == definition.name and code.co_firstlineno == line:
            return code
        waiting.extend(inner for inner in code.co_consts if isinstance(inner, CodeType))
    raise LookupError(f"{definition.name} is not to be found in {file}")


def _same(one: CodeType, other: CodeType) -> bool:
    """Compare what two pieces of code do; their own comparison sees how often they have run."""
    if one.co_code != other.co_code or one.co_names != other.co_names or one.co_varnames != other.co_varnames:
        return False
    pairs = zip(one.co_consts, other.co_consts, strict=False)
    inside = all(_same(a, b) if isinstance(a, CodeType) else a == b for a, b in pairs)
    return inside and one.co_firstlineno == other.co_firstlineno


def _deletions(
    definition: ast.FunctionDef, function: FunctionType
) -> Iterator[tuple[ast.stmt, str, ast.FunctionDef]]:
    """Leave out one statement at a time, but no docstring and nothing that can only raise."""
    for position, node in enumerate(ast.walk(definition)):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            for i, statement in enumerate(block if isinstance(block, list) else []):
                if _is_text(statement) or _only_raises(statement, function):
                    continue
                new = copy.deepcopy(definition)
                rest = getattr(list(ast.walk(new))[position], name)
                del rest[i]
                if not rest and name == "body":
                    rest.append(ast.Pass())
                yield statement, f"deleted: {_first_line(statement)}", new


def _exchanges(
    definition: ast.FunctionDef, function: FunctionType
) -> Iterator[tuple[ast.expr, str, ast.FunctionDef]]:
    """Exchange one operator or number at a time, or leave out a keyword argument."""
    hints = {id(part) for node in ast.walk(definition.args) for part in ast.walk(node)}
    hints |= {id(part) for part in ast.walk(definition.returns or ast.Pass())}
    no_effect = {
        id(part)
        for node in ast.walk(definition)
        if isinstance(node, ast.stmt) and _only_raises(node, function)
        for part in ast.walk(node)
    }
    # The minus of -1 is exchanged by itself, and any negative size means the same to reshape.
    no_effect |= {id(node.operand) for node in ast.walk(definition) if isinstance(node, ast.UnaryOp)}
    for position, node in enumerate(ast.walk(definition)):
        if not isinstance(node, ast.expr) or id(node) in hints | no_effect:
            continue
        for variant in range(len(node.keywords) if isinstance(node, ast.Call) else 1):
            new = copy.deepcopy(definition)
            target = list(ast.walk(new))[position]
            if _exchange(target, variant):
                yield node, f"{ast.unparse(node)} -> {ast.unparse(target)}", new


def _exchange(node: ast.AST, variant: int) -> bool:
    """Change one expression in place; tell whether there was something to change."""
    if isinstance(node, (ast.BinOp, ast.UnaryOp)) and isinstance(
        node.op, ast.USub | ast.Add | ast.Sub | ast.Mult | ast.Div
    ):
        node.op = ast.UAdd() if isinstance(node, ast.UnaryOp) else _OTHER[type(node.op)]
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in _OTHER:
        node.ops[0] = _OTHER[type(node.ops[0])]
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        node.value = node.value + 1  # type: ignore[operator]
    elif isinstance(node, ast.Call) and node.keywords and node.keywords[variant].arg not in _NO_EFFECT:
        del node.keywords[variant]
    else:
        return False
    return True


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _only_raises(statement: ast.stmt, function: FunctionType) -> bool:
    """Tell whether a statement does nothing but refuse wrong arguments: other tests look after those."""
    if isinstance(statement, (ast.Raise, ast.Pass)):
        return True
    if isinstance(statement, (ast.If, ast.For, ast.With)):
        rest = [] if isinstance(statement, ast.With) else statement.orelse
        return all(_only_raises(inner, function) for inner in [*statement.body, *rest])
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        called = function.__globals__.get(getattr(statement.value.func, "id", ""))
        if isinstance(called, FunctionType) and called.__module__.startswith(PACKAGE):
            if called.__module__ == _CHECKS:
                return True
            (inside,) = ast.parse(inspect.getsource(called)).body
            body = inside.body if isinstance(inside, ast.FunctionDef) else []
            return all(_is_text(inner) or _only_raises(inner, called) for inner in body)
    return False


def _first_line(statement: ast.stmt) -> str:
    line, *more = ast.unparse(statement).splitlines()
    return line + (" ..." if more else "")
