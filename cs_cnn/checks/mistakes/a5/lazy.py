"""Wrong modules and functions whose code needs PyTorch: imported when they are called, not before."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any


def lazily(place: str, **changed: Any) -> Callable[..., Any]:
    """Return a function that calls another one with something changed.

    Parameters
    ----------
    place : str
        Module and function, such as ``"wrong_nets.lenet5"``, in this folder.
    **changed
        Keyword arguments: what is wrong.
    """
    module, name = place.split(".")

    def wrong(*given: Any, **named: Any) -> Any:
        function = getattr(importlib.import_module(f"{__package__}.{module}"), name)
        return function(*given, **named, **changed)

    return wrong
