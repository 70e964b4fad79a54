"""Whether a computer has what the course needs: Python, packages, speed, data and space."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from cs_cnn.errors import CsCnnError

OLDEST_PYTHON = (3, 11)
_PACKAGE = Path(__file__).resolve().parents[1]
AVX512_KERNELS = "SkylakeX"
_SLOW, _WORTH_IT = 3.0, 1.3  # GFLOP/s on one core; how many times faster the other kernels must be
_LITTLE_SPACE, _HARDLY_ANY = 2e9, 0.2e9
_PRODUCT = """
import time, numpy
a = numpy.full((640, 640), 0.5, numpy.float32)
times = []
for _ in range(8):
    start = time.process_time(); a @ a; times.append(time.process_time() - start)
print(2 * 640 ** 3 / max(min(times[1:]), 1e-9) / 1e9)
"""
_KERNELS = """
import numpy, threadpoolctl
found = [each for each in threadpoolctl.threadpool_info() if each["user_api"] == "blas"]
print(*(f"{each['internal_api']} {each.get('architecture', '')}" for each in found[:1]))
"""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    state : {"fine", "look", "wrong"}
        "look" is worth knowing; with "wrong" something will not work.
    about : str
        One word or two.
    sentence : str
        What was found, and what to do.
    """

    state: Literal["fine", "look", "wrong"]
    about: str
    sentence: str


def examine(folder: Path) -> Iterator[Finding]:
    """Look at everything, one thing after the other.

    Parameters
    ----------
    folder : pathlib.Path
        Where the student works.

    Yields
    ------
    Finding
    """
    yield python(sys.version_info[:3])
    yield from packages()
    yield speed()
    yield from data()
    yield space(folder, shutil.disk_usage(folder).free)
    yield from (Finding("wrong", "files", sentence) for sentence in shadows(folder))


def python(version: tuple[int, ...]) -> Finding:
    """Look at the version of Python."""
    shown = ".".join(map(str, version))
    if version < OLDEST_PYTHON:
        wanted = ".".join(map(str, OLDEST_PYTHON))
        return Finding("wrong", "Python", f"{shown}; the course needs {wanted} or later.")
    return Finding("fine", "Python", f"{shown} ({sys.executable})")


def packages() -> Iterator[Finding]:
    """Look at the packages: those the course needs, and PyTorch and JupyterLab, without which much works."""
    from cs_cnn import __version__

    yield Finding("fine", "cs_cnn", f"{__version__} ({_PACKAGE})")
    try:
        lines = metadata.requires("cs-cnn") or []
    except metadata.PackageNotFoundError:
        yield Finding("look", "cs_cnn", "it is not installed in this Python, and only found in its folder.")
        lines = []
    for name, floor in _needed(lines):
        yield package(name, floor)
    for name, floor in list(_needed(lines, "torch")) or [("torch", "")]:
        yield package(name, floor, "only assignments a5 and a6 need it: pip install 'cs-cnn[torch]'")
    yield package("jupyterlab", "", "any other editor for notebooks will do")


def package(name: str, floor: str, without: str = "") -> Finding:
    """Look at one package.

    Parameters
    ----------
    name : str
    floor : str
        The oldest version that will do; empty for any.
    without : str
        What it means when the package is missing; empty when it must be there.
    """
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        if without:
            return Finding("look", name, f"not installed; {without}.")
        return Finding("wrong", name, f"not installed; get it with: {_pip(name, floor)}")
    if floor and _numbers(version) < _numbers(floor):
        return Finding("wrong", name, f"{version} is too old; get a newer one with: {_pip(name, floor)}")
    return Finding("fine", name, version)


def speed(
    product: Callable[[str], float] | None = None, kernels: str | None = None, avx512: bool | None = None
) -> Finding:
    """Look at how fast NumPy multiplies matrices, and whether other kernels of its BLAS would be faster.

    OpenBLAS chooses its kernels by the processor's name. On some processors it takes the ones for AVX2, though the
    processor has AVX-512, and runs at half the speed.

    Parameters
    ----------
    product : callable, optional
        Measures GFLOP/s of one core with the kernels of that name, or with NumPy's own choice for "".
    kernels : str, optional
        The library and its choice, as in ``"openblas Haswell"``.
    avx512 : bool, optional
        Whether the processor has these instructions.
    """
    product = product or _measured
    kernels = _own_kernels() if kernels is None else kernels
    avx512 = _has_avx512() if avx512 is None else avx512
    rate = product("")
    said = f"{rate:.0f} GFLOP/s on one core" + (f", {kernels.strip()}" if kernels.strip() else "")
    if rate <= 0:
        return Finding("wrong", "speed", "NumPy cannot multiply two matrices; install it again.")
    # A choice that the student made, or a library that chooses by itself, is left alone.
    if avx512 and kernels.startswith("openblas") and AVX512_KERNELS not in kernels:
        other = product(AVX512_KERNELS)
        if other > _WORTH_IT * rate:
            return Finding(
                "look",
                "speed",
                f"{said}; it would be {other:.0f} with OPENBLAS_CORETYPE={AVX512_KERNELS} set before Python starts.",
            )
    if rate < _SLOW:
        return Finding(
            "look", "speed", f"{said}, which is slow; is NumPy installed from a wheel or from conda?"
        )
    return Finding("fine", "speed", said)


def data() -> Iterator[Finding]:
    """Look at the data sets: what is in the package must be whole, the others may wait until they are needed."""
    try:
        from cs_cnn.data.catalogue import ENTRIES
        from cs_cnn.data.places import packaged_files, where
    except ModuleNotFoundError as error:
        yield Finding("look", "data", f"not looked at, since {error.name} is missing.")
        return
    waiting = []
    for entry in ENTRIES.values():
        state, _ = where(entry)
        if state == "packaged":
            try:
                packaged_files(entry)
            except CsCnnError as error:
                yield Finding("wrong", "data", str(error))
                continue
        if state == "not here":
            waiting.append(entry.name)
        else:
            yield Finding("fine", "data", f"{entry.name} ({state})")
    if waiting:
        names = ", ".join(waiting)
        yield Finding("fine", "data", f"fetched when needed (cs-cnn data fetch NAME): {names}")


def space(folder: Path, free: float) -> Finding:
    """Look at the space left on the disk where the student works."""
    said = f"{free / 1e9:.1f} GB free in {folder}"
    if free < _HARDLY_ANY:
        return Finding("wrong", "disk", f"{said}; a notebook may not be saved whole, so make room first.")
    if free < _LITTLE_SPACE:
        return Finding("look", "disk", f"{said}; the larger data sets may not fit.")
    return Finding("fine", "disk", said)


def shadows(folder: Path) -> list[str]:
    """Look for files that Python would import in the place of a package.

    Parameters
    ----------
    folder : pathlib.Path

    Returns
    -------
    list of str
        A sentence for each of them.
    """
    names = {*sys.stdlib_module_names, "numpy", "matplotlib", "sklearn", "torch", "cs_cnn"}
    found = {path.stem: path.name for path in folder.glob("*.py")}
    packages_here = (path.parent for path in folder.glob("*/__init__.py"))
    found |= {path.name: f"{path.name}/" for path in packages_here if path.resolve() != _PACKAGE}
    return [
        f"{found[name]} in {folder.resolve()} is imported in the place of Python's own {name}; rename it."
        for name in sorted(names & found.keys())
    ]


def _needed(lines: list[str], extra: str = "") -> Iterator[tuple[str, str]]:
    """Read requirements such as ``numpy>=1.26``: those of an extra, or those that belong to none.

    >>> list(_needed(["numpy>=1.26", "torch>=2.4; extra == 'torch'"]))
    [('numpy', '1.26')]
    """
    for line in lines:
        found = re.match(r"^([A-Za-z0-9_.-]+)\s*(?:\(?>=\s*([0-9.]+))?", line)
        of = re.search(r"extra == ['\"](\w+)", line)
        if found and (of[1] if of else "") == extra:
            yield found[1], found[2] or ""


def _pip(name: str, floor: str) -> str:
    return f"pip install '{name}>={floor}'" if floor else f"pip install {name}"


def _numbers(version: str) -> tuple[int, ...]:
    """Return the leading numbers of a version.

    >>> _numbers("1.26.4") < _numbers("2.0rc1")
    True
    """
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def _python(code: str, **environment: str) -> str:
    """Run a few lines in a fresh Python with one thread, and return what they print; empty when they fail."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    settings = {**os.environ, **dict.fromkeys(names, "1"), **environment}
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", code], env=settings, capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _measured(kernels: str) -> float:
    said = _python(_PRODUCT, **({"OPENBLAS_CORETYPE": kernels} if kernels else {}))
    return float(said or 0)


def _own_kernels() -> str:
    return _python(_KERNELS)


def _has_avx512() -> bool:
    try:
        flags = set(Path("/proc/cpuinfo").read_text(encoding="utf-8").split())
    except OSError:
        return False
    return {"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd"} <= flags
