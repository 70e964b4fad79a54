"""What `course.yml` may say, and a reader of YAML that remembers the line of everything."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from cs_cnn.errors import CsCnnError

_NAME = {"type": "string", "pattern": r"^[A-Za-z][A-Za-z0-9_]*$"}
_TEXT = {"type": "string", "pattern": r"\S"}
_WEEK = {"type": "integer", "minimum": 1, "maximum": 60}


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": list(required),
        "additionalProperties": False,
    }


_FILES = {
    "type": "object",
    # Data only: a notebook or a module beside the notebook could carry solutions out.
    "propertyNames": {"pattern": r"^(?!.*\.(py|ipynb|pyc|pkl|db)$)[A-Za-z0-9][A-Za-z0-9._-]*$"},
    "additionalProperties": {
        "type": "string",
        "pattern": r"^(?!/)(?!.*(^|/)\.\.(/|$))(?!.*\.(py|ipynb|pyc)$).+$",
    },
}

SCHEMA = _object(
    {
        "course": _object(
            {"title": _TEXT, "version": _TEXT, "start": _TEXT, "time_zone": _TEXT},
            {"book": {"type": "string", "pattern": r"^https?://\S+$"}},
        ),
        "ai_policies": {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": _NAME["pattern"]},
            "additionalProperties": _object({"title": _TEXT, "text": _TEXT}),
        },
        "chapters": {
            "type": "array",
            "minItems": 1,
            "items": _object(
                {
                    "file": {"type": "string", "pattern": r"^[a-z0-9_]+(/[a-z0-9_]+)*$"},
                    "title": _TEXT,
                    "week": _WEEK,
                }
            ),
        },
        "assignments": {
            "type": "array",
            "items": _object(
                {
                    "name": _NAME,
                    "title": _TEXT,
                    "notebook": _NAME,
                    "points": {"type": "integer", "minimum": 1},
                    "hours": {"type": "number", "exclusiveMinimum": 0},
                    "released": _WEEK,
                    "due": _TEXT,
                    "ai_policy": {"type": "string"},
                    "chapters": {"type": "array", "items": {"type": "string"}},
                },
                {"files": _FILES},
            ),
        },
    },
    {
        "database": {"type": "string", "pattern": r"^(sqlite|postgres(ql)?)(\+\w+)?://\S+$"},
        "late": _object(
            {},
            {
                "grace_hours": {"type": "number", "minimum": 0},
                "per_day": {"type": "number", "minimum": 0, "maximum": 100},
                "cap": {"type": "number", "minimum": 0, "maximum": 100},
                "bank": {"type": "integer", "minimum": 0},
            },
        ),
    },
)

Path_ = tuple[str | int, ...]
_KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "array": "a list",
    "object": "a mapping",
}


class Document:
    """A YAML file as plain data, with the line of every key and value.

    Parameters
    ----------
    path : pathlib.Path
        The file, UTF-8.

    Attributes
    ----------
    data : Any
        Mappings, lists, text, numbers and booleans; dates stay text.

    Raises
    ------
    CsCnnError
        When the file cannot be read, is not YAML, is empty, or has a key twice.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines: dict[Path_, int] = {}
        self._keys: dict[Path_, int] = {}
        try:
            text = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise CsCnnError(f"Cannot read {path}: {error.strerror or error}.") from error
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise self.error(line, "a byte is not UTF-8; save the file as UTF-8") from error
        for number, content in enumerate(text.splitlines(), 1):
            if re.match(r" *\t", content):
                raise self.error(number, "the line starts with a tab; YAML is indented with spaces only")
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
            self.data: Any = None if node is None else self._plain(node, ())
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            problem = (error.problem or "it cannot be read").replace("\n", " ")
            raise self.error(mark.line + 1 if mark else 1, f"this is not YAML: {problem}") from error
        except yaml.YAMLError as error:
            raise self.error(1, f"this is not YAML: {' '.join(str(error).split())}") from error
        if self.data is None:
            raise self.error(
                1, "the file is empty; it should have course, ai_policies, chapters and assignments"
            )

    def line(self, *path: str | int) -> int:
        """Return the line (from 1) of the value at `path`, or of the nearest thing around it that exists."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def key_line(self, *path: str | int) -> int:
        """Return the line of the key that ends `path`."""
        return self._keys.get(path, self.line(*path))

    def error(self, line: int, problem: str) -> CsCnnError:
        """Return the error that says file, line and `problem` in one sentence."""
        return CsCnnError(f"{self.path.name}, line {line}: {problem} ({self.path}).")

    def _plain(self, node: yaml.Node, path: Path_) -> Any:
        self._lines[path] = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            result: dict[str, Any] = {}
            for key_node, value_node in node.value:
                key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
                line = key_node.start_mark.line + 1
                if key in result:
                    first = self._keys[(*path, key)]
                    raise self.error(
                        line, f"the key '{key}' is here twice (first in line {first}); keep one of them"
                    )
                self._keys[(*path, key)] = line
                result[key] = self._plain(value_node, (*path, key))
            return result
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(item, (*path, index)) for index, item in enumerate(node.value)]
        kind, value = node.tag.rpartition(":")[2], str(node.value)
        # YAML 1.1 reads 23:59 as a number in base 60; only plain decimals are numbers here.
        if kind == "int" and re.fullmatch(r"[-+]?\d+", value):
            return int(value)
        if kind == "float" and re.fullmatch(r"[-+]?\d+\.\d*", value):
            return float(value)
        if kind == "bool":
            return value.lower() in ("true", "yes", "on")
        return None if kind == "null" else value


def _validator() -> Any:
    """Return the validator of `SCHEMA`; kept apart because importing jsonschema may take seconds."""
    # An optional checker of URLs, which no schema here uses, builds a whole grammar when it is imported.
    optional = "rfc3987_syntax"
    absent = "jsonschema" not in sys.modules and optional not in sys.modules
    if absent:
        sys.modules[optional] = None  # type: ignore[assignment]
    try:
        import jsonschema
    finally:
        if absent:
            del sys.modules[optional]
    return jsonschema.Draft202012Validator(SCHEMA)


def _where(path: Path_) -> str:
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f"{'.' if text else ''}{part}"
    return text or "the file"


def _sentences(document: Document) -> Iterator[tuple[int, str]]:
    """Yield line and problem of everything in which `document` departs from the schema."""
    for error in _validator().iter_errors(document.data):
        path: Path_ = tuple(error.absolute_path)
        line, where, got = document.line(*path), _where(path), error.instance
        if error.validator == "additionalProperties":
            known = sorted(error.schema["properties"])
            for key in sorted(set(got) - set(known)):
                yield (
                    document.key_line(*path, key),
                    f"unknown key '{key}' in {where}; the known keys are {', '.join(known)}",
                )
        elif error.validator == "required":
            missing = [key for key in error.validator_value if key not in got]
            yield line, f"{where} lacks the key '{missing[0]}'"
        elif error.validator == "type":
            wanted = _KINDS.get(str(error.validator_value), str(error.validator_value))
            shown = "nothing" if got is None else repr(got)
            yield line, f"{where} should be {wanted}, got {shown if len(shown) < 60 else shown[:57] + '...'}"
        elif "propertyNames" in error.absolute_schema_path:
            yield document.key_line(*path, got), f"'{got}' in {where} is not a name that can stand here"
        elif error.validator in ("minimum", "maximum", "exclusiveMinimum"):
            bound = {"minimum": "at least", "maximum": "at most", "exclusiveMinimum": "more than"}[
                error.validator
            ]
            yield line, f"{where} should be {bound} {error.validator_value}, got {got}"
        elif error.validator in ("minItems", "minProperties"):
            yield line, f"{where} should have at least one entry"
        else:
            yield line, f"{where} is {got!r}, which does not have the form expected there"


def read(path: Path) -> Document:
    """Read and validate a course file.

    Parameters
    ----------
    path : pathlib.Path
        The YAML file.

    Returns
    -------
    Document
        Its data agrees with `SCHEMA`.

    Raises
    ------
    CsCnnError
        One sentence with the first wrong line.
    """
    document = Document(path)
    problems = sorted(set(_sentences(document)))
    if problems:
        line, problem = problems[0]
        more = f"; {len(problems) - 1} more after it" if len(problems) > 1 else ""
        raise document.error(line, problem + more)
    return document
