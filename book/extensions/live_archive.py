"""What live cells import: an archive of the library's NumPy side, the same bytes for the same library."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

# What NumPy alone can run. Not in it: the PyTorch side, everything that grades, and the students' tools.
PARTS = (
    *("__init__.py", "account", "augment.py", "checks", "data", "errors.py", "files.py", "gradcheck"),
    *("init.py", "layers", "metrics.py", "nets", "optim", "palette.py"),
)
LARGE = {".npz"}  # Fashion-MNIST is 2.6 MB; the small tables come along
DATE = (1980, 1, 1, 0, 0, 0)

# The training loop draws its progress bar with tqdm, which the browser's Python lacks, and nobody would see.
NO_BARS = '''\
"""In place of tqdm: loops without a bar."""


def tqdm(iterable=None, *args, **kwargs):
    return iterable


def trange(*args, **kwargs):
    return range(*args)
'''


def archive(package: Path) -> bytes:
    """Return the library for the browser as a zip file.

    Parameters
    ----------
    package : pathlib.Path
        The folder of ``cs_cnn``.
    """
    files = {"tqdm/__init__.py": NO_BARS.encode(), "tqdm/auto.py": NO_BARS.encode()}
    for part in PARTS:
        path = package / part
        for each in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if each.is_file() and each.suffix not in LARGE and "__pycache__" not in each.parts:
                files[f"cs_cnn/{each.relative_to(package).as_posix()}"] = each.read_bytes()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in sorted(files.items()):
            packed.writestr(zipfile.ZipInfo(name, DATE), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def has(module: str, package: Path) -> bool:
    """Tell whether the browser's Python can import a module (without matplotlib, which is slow to start there).

    Examples
    --------
    >>> [has(name, Path("cs_cnn")) for name in ("numpy.linalg", "cs_cnn.layers.pad", "cs_cnn.zoo", "torch.nn")]
    [True, True, False, False]
    """
    root, _, rest = module.partition(".")
    if root != "cs_cnn":
        return root not in {"matplotlib", "myst_nb", "pandas", "scipy", "skimage", "sklearn", "torch"}
    part = rest.partition(".")[0]
    inside = (package / part).is_dir() or (package / f"{part}.py").is_file()
    return not inside or part in PARTS or f"{part}.py" in PARTS
