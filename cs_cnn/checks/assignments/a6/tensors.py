"""What the checks of assignment 6 share: arrays go to the student as tensors, and tensors come back as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cs_cnn.checks.bench import Array, Bench, Outcome
from cs_cnn.checks.modules import tensor
from cs_cnn.checks.running import Failed, describe


def ask(bench: Bench, name: str, arguments: Mapping[str, Any], *, exact: bool = False) -> Outcome:
    """Call a student's function with tensors made from the arrays, and return arrays.

    Parameters
    ----------
    bench : Bench
    name : str
    arguments : mapping
        Positional arguments in order; arrays, and arrays in dictionaries, are handed over as tensors.
    exact : bool
        Whether the tensors are float64; otherwise they are float32, as in everyday PyTorch.
    """
    outcome = bench.call(name, {key: _hand(value, exact) for key, value in arguments.items()})
    where = describe(arguments)
    failed = outcome.failed
    if failed and failed.kind == "raised" and where:
        failed = Failed(failed.kind, f"{failed.sentence} (For {where}.)", failed.key)
    return Outcome(as_numbers(outcome.value), where, failed)


def _hand(value: Any, exact: bool) -> Any:
    if isinstance(value, np.ndarray):
        return tensor(value, exact=exact)
    if isinstance(value, dict):
        return {key: _hand(entry, exact) for key, entry in value.items()}
    return value


def as_numbers(value: Any) -> Any:
    """Turn tensors into arrays, also tensors that a graph hangs on, and tensors in tuples and lists."""
    if isinstance(value, (tuple, list)):
        return type(value)(as_numbers(entry) for entry in value) if type(value) in (tuple, list) else value
    if not hasattr(value, "detach"):
        return value
    try:
        return np.asarray(value.detach().cpu().numpy())
    except Exception:  # whatever calls itself a tensor and is none is reported as no numbers
        return value


def single(values: Any) -> Array:
    """Round to what a float32 tensor can hold, so that the student and the check compute with the same numbers."""
    return np.asarray(np.asarray(values, dtype=np.float32), dtype=np.float64)
