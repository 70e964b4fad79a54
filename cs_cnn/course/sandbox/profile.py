"""What the kernel of a submission needs: read off the notebook that students received."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from pathlib import Path

from cs_cnn.errors import CsCnnError

# What solves a task in one line; a sandbox has them only where the notebook itself imports them.
FRAMEWORKS = (
    "torch",
    "torchvision",
    "torchaudio",
    "tensorflow",
    "keras",
    "jax",
    "flax",
    "onnx",
    "onnxruntime",
)
_HEAVY = ("scipy.signal", "skimage", "sklearn.datasets")
# A tool for every assignment but those that ask for it.
_TOOL, _ASKED = "gradcheck", "numerical_gradient"


@dataclass(frozen=True)
class Profile:
    """What a submission may import besides NumPy and its friends.

    Attributes
    ----------
    parts : tuple of str
        Parts of this library beyond those that every student edition has, such as `zoo`.
    packages : tuple of str
        Those of `FRAMEWORKS` that the notebook uses.
    heavy : tuple of str
        Other modules that the notebook uses and that take long to import: better once than in every submission.
    """

    parts: tuple[str, ...]
    packages: tuple[str, ...]
    heavy: tuple[str, ...] = ()


def of(notebook: Path) -> Profile:
    """Read off a released notebook what its submissions need.

    Parameters
    ----------
    notebook : pathlib.Path
        The instructor's copy, never a submission.

    Returns
    -------
    Profile
        What its code cells import. `gradcheck` is part of it unless students write a numerical gradient themselves.

    Raises
    ------
    CsCnnError
        When it is not a notebook of Python.
    """
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CsCnnError(
            f"{notebook} is not a notebook ({type(error).__name__}); release it again."
        ) from error
    imported: set[str] = set()
    asked: set[str] = set()
    for source in sources:
        for node in ast.walk(_tree(source, notebook)):
            if isinstance(node, ast.Import):
                imported.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported.update(f"{node.module}.{alias.name}" for alias in node.names)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "check":
                asked.update(given.id for given in node.args if isinstance(given, ast.Name))
    parts = {name.split(".")[1] for name in imported if name.startswith("cs_cnn.")}
    if _ASKED not in asked:
        parts.add(_TOOL)
    packages = {name.split(".")[0] for name in imported} & set(FRAMEWORKS)
    heavy = tuple(module for module in _HEAVY if any(name.startswith(module) for name in imported))
    return Profile(tuple(sorted(parts)), tuple(sorted(packages)), heavy)


def _tree(source: str, notebook: Path) -> ast.Module:
    lines = [line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))]
    try:
        return ast.parse("\n".join(lines))
    except SyntaxError as error:
        raise CsCnnError(f"A cell of {notebook} is not Python: {error.msg}; release it again.") from error
