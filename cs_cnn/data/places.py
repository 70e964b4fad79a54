"""Where the files of a data set lie: in this package, in a system package's folder, or in the cache."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import warnings
from pathlib import Path

from cs_cnn.data.catalogue import Entry, File
from cs_cnn.data.formats.idx import read_bytes
from cs_cnn.errors import CsCnnError

VARIABLE = "CS_CNN_DATA"


def packaged_path(name: str) -> Path:
    """Return the path of a file that is part of this package.

    Parameters
    ----------
    name : str
        The name of a file in ``cs_cnn/data/packaged``.
    """
    return Path(__file__).parent / "packaged" / name


def cache_folder() -> Path:
    """Return the folder for downloads, which need not exist yet.

    It is the one that the environment variable ``CS_CNN_DATA`` names (a class can share one), or else the
    user's cache of the operating system, e.g. ``~/.cache/cs-cnn``.
    """
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named).expanduser()
    import pooch

    return Path(pooch.os_cache("cs-cnn"))


def cached_path(entry: Entry, file: File) -> Path:
    """Return where a downloaded file of a data set lies, or will lie."""
    return cache_folder() / entry.name / file.name


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal.

    Raises
    ------
    CsCnnError
        When the file cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise CsCnnError(f"Cannot read {path}: {error.strerror or error}.") from error


def packaged_files(entry: Entry) -> dict[str, Path]:
    """Return the files of a packaged data set, after a check of their SHA-256.

    Raises
    ------
    CsCnnError
        When a file is missing or altered, so that the package has to be installed again.
    """
    paths = {file.name: packaged_path(file.name) for file in entry.files}
    for file in entry.files:
        if not paths[file.name].is_file() or sha256_of(paths[file.name]) != file.sha256:
            raise CsCnnError(
                f"{paths[file.name]} is missing or altered; install the package again, e.g. with "
                "pip install --force-reinstall --no-deps cs-cnn, or git checkout the file in a clone."
            )
    return paths


def has_system_files(entry: Entry) -> bool:
    """Say whether a system package's folder has all files of a data set; their content is not looked at."""
    if entry.system_folder is None:
        return False
    return all((Path(entry.system_folder) / file.name).is_file() for file in entry.files)


def system_files(entry: Entry) -> dict[str, Path] | None:
    """Return the files which a system package installed, if all are there and hold the published data.

    The SHA-256 is that of the decompressed content, since the package compresses the files anew. Altered
    files give a warning and None, so that the cache or a download can serve instead.
    """
    if not has_system_files(entry):
        return None
    assert entry.system_folder is not None
    paths = {file.name: Path(entry.system_folder) / file.name for file in entry.files}
    for file in entry.files:
        try:
            intact = hashlib.sha256(read_bytes(paths[file.name])).hexdigest() == file.content_sha256
        except CsCnnError:
            intact = False
        if not intact:
            warnings.warn(
                f"{paths[file.name]} does not hold the published data and is passed over; "
                "install its system package again.",
                stacklevel=2,
            )
            return None
    return paths


def is_cached(entry: Entry) -> bool:
    """Say whether the cache has all files of a data set; their content is not looked at."""
    return bool(entry.files) and all(cached_path(entry, file).is_file() for file in entry.files)


def where(entry: Entry) -> tuple[str, list[Path]]:
    """Say where a data set is, without reading its files.

    Returns
    -------
    state : {"packaged", "scikit-learn", "system package", "cache", "not here"}
        Which place has it.
    paths : list of pathlib.Path
        Its files there; for one that is not here, where a download will put them.
    """
    if entry.kind == "packaged":
        return "packaged", [packaged_path(file.name) for file in entry.files]
    if entry.kind == "library":
        spec = importlib.util.find_spec("sklearn")  # finds the package without importing it
        if spec is None or spec.origin is None:
            return "not here", []
        return "scikit-learn", [Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz"]
    if has_system_files(entry):
        return "system package", [Path(entry.system_folder or "") / file.name for file in entry.files]
    return "cache" if is_cached(entry) else "not here", [cached_path(entry, file) for file in entry.files]
