"""The student edition of this library: a copy that lacks whatever the tasks ask students to write."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import cs_cnn
from cs_cnn.files import folder_in_the_making

# In every edition. Everything else is left out unless an assignment's own notebook imports it.
ALWAYS = ("__init__.py", "py.typed", "data", "errors.py", "files.py", "palette.py")
# What a part cannot work without.
NEEDS = {"train": ("zoo",)}
# Never, whatever a notebook imports: answers, mistakes, and the instructor's tools.
NEVER = ("checks", "course")

_MISSING = """\
raise ImportError(
    "cs_cnn.{name} is not part of the library while your work is graded: the tasks ask for your own code."
)
"""

_CHECKS = '''\
"""In place of the checks: they run later, in a process of their own, on the functions of this notebook."""


def check(task, *functions, hidden=False, seed=None):
    """Say that a task is graded later."""
    print(f"{task} is checked later, by the grader.")
    return 0.0
'''


def parts() -> list[str]:
    """Return the names of everything in this library: packages by folder, modules by file.

    >>> "layers" in parts() and "errors.py" in parts()
    True
    """
    home = Path(cs_cnn.__file__).parent
    return sorted(
        path.name
        for path in home.iterdir()
        if path.suffix in (".py", ".typed") or (path / "__init__.py").is_file()
    )


def included(extra: Iterable[str]) -> set[str]:
    """Return the names that an edition contains.

    Parameters
    ----------
    extra : iterable of str
        Parts that the assignment uses, such as ``"zoo"``.

    >>> sorted(included(["errors", "zoo"]) - set(ALWAYS))
    ['zoo']
    """
    wanted = set(extra)
    for part in tuple(wanted):
        wanted.update(NEEDS.get(part, ()))
    known = parts()
    names = {name for name in known if name.removesuffix(".py") in wanted - set(NEVER)}
    return names | {name for name in ALWAYS if name in known}


def build(folder: Path, extra: Iterable[str] = ()) -> Path:
    """Write the student edition.

    Parameters
    ----------
    folder : pathlib.Path
        Where; it is made, or made anew. It will contain the folder `cs_cnn`.
    extra : iterable of str
        Parts that the assignment uses.

    Returns
    -------
    pathlib.Path
        The absolute path of `folder`, for `Sandboxes`.
    """
    home = Path(cs_cnn.__file__).parent
    folder = folder.absolute()
    present = included(extra)
    with folder_in_the_making(folder) as making:
        target = making / "cs_cnn"
        target.mkdir()
        for name in parts():
            if name in present and (home / name).is_dir():
                shutil.copytree(home / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
            elif name in present:
                shutil.copyfile(home / name, target / name)
            elif name == "checks":
                (target / "checks.py").write_text(_CHECKS, encoding="utf-8")
            else:
                stub = _MISSING.format(name=name.removesuffix(".py"))
                (target / f"{name.removesuffix('.py')}.py").write_text(stub, encoding="utf-8")
        # Students' processes have another user id: they may read, whatever this user's mask of permissions is.
        for path in (making, *making.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
    return folder
