"""Changing pictures by what a net sees in them.

Importing this package does not import PyTorch; its functions are looked up when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cs_cnn.transform.style import (
        Transferred,
        content_loss,
        gram,
        roughness,
        stage_features,
        style_loss,
        transfer,
    )

__all__ = [
    "Transferred",
    "content_loss",
    "gram",
    "roughness",
    "stage_features",
    "style_loss",
    "transfer",
]


def __getattr__(name: str) -> Any:
    """Import a public function when it is first asked for (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module("cs_cnn.transform.style"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
