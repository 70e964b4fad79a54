"""What a measurement was made on: the processor, the versions, and the kernels of NumPy's BLAS."""

from __future__ import annotations

import platform
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits  # type: ignore[import-untyped]

__all__ = ["blas_kernels", "has_avx512", "one_thread", "processor", "versions"]


def _told(key: str) -> str:
    """Return a line of what Linux tells about the first processor; empty on other systems."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.split(":", 1)[1].strip() for line in lines if line.split(":")[0].strip() == key), "")


def processor() -> str:
    """Return the name of the processor, where the system tells it."""
    return _told("model name") or platform.processor() or platform.machine()


def has_avx512() -> bool:
    """Tell whether the processor has the instructions that OpenBLAS's kernels SkylakeX are written in."""
    flags = set(_told("flags").split())
    return {"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd"} <= flags


def blas_kernels() -> str:
    """Return for which processor NumPy's BLAS has chosen its kernels, as in ``"OpenBLAS Haswell"``."""
    for library in threadpool_info():
        if library["user_api"] == "blas" and "numpy" in Path(library["filepath"]).parent.name:
            name = library["internal_api"].replace("openblas", "OpenBLAS")
            return f"{name} {library.get('architecture', '')}".strip()
    return "unknown"


def one_thread() -> None:
    """Let NumPy's BLAS and PyTorch use one thread from now on."""
    import torch

    threadpool_limits(1)
    torch.set_num_threads(1)


def versions() -> dict[str, str]:
    """Return the versions that a measurement depends on."""
    import torch

    return {"python": platform.python_version(), "numpy": np.__version__, "torch": torch.__version__}
