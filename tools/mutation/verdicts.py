"""The verdict: whether the checks that hold for every layer notice a change."""

from __future__ import annotations

import contextlib
import copy
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any

import numpy as np

from cs_cnn import gradcheck
from cs_cnn.layers.registry import Layer, Sample
from tools.mutation.changes import Mutant

_TOO_LONG = 20.0
"""Seconds after which a changed function is taken to hang."""


@dataclass(frozen=True)
class Expectation:
    """A sample, and what PyTorch makes of it; `single` is one that is checked in float32 only."""

    sample: Sample
    dout: np.ndarray
    out: np.ndarray
    gradients: list[np.ndarray]
    single: bool = False


# The registry's samples are small. These are large enough for the ways that only large ones take:
# x (N, C, H, W), w (F, C / groups, HH, WW) and the options.
_LARGE: tuple[tuple[tuple[int, ...], tuple[int, ...], dict[str, int]], ...] = (
    ((4, 32, 13, 12), (32, 32, 3, 3), {"pad": 1}),
    ((8, 64, 10, 12), (64, 32, 3, 3), {"groups": 2}),
    ((8, 8, 21, 23), (32, 8, 5, 5), {"stride": 2, "pad": 2}),
    ((4, 32, 17, 16), (32, 32, 3, 3), {"dilation": 2}),
    ((1, 24, 42, 44), (24, 24, 11, 12), {"pad": 1}),
    ((40, 2, 13, 14), (4, 2, 5, 3), {"stride": 2, "pad": 1}),
)


def _large_samples(layer: Layer) -> list[Sample]:
    rng = np.random.default_rng(0)
    found: list[Sample] = []
    for x, w, options in _LARGE if layer.name == "conv2d" else ():
        arrays = {name: rng.normal(size=shape) for name, shape in (("x", x), ("w", w), ("b", w[:1]))}
        found.append(Sample(arrays, dict(options)))
    return found


def expectations(layer: Layer, n_samples: int) -> list[Expectation]:
    """Draw samples of a layer, and run the twin on them."""
    import torch

    found: list[Expectation] = []
    samples: list[Sample] = []
    for seed in range(n_samples):
        rng = np.random.default_rng(seed)
        samples.append(layer.sample(lambda low, high, rng=rng: int(rng.integers(low, high + 1)), rng))  # type: ignore[misc]
    large = _large_samples(layer)
    for sample in [*samples, *large]:
        rng = np.random.default_rng(
            10_000 + len(found)
        )  # not the seed of the sample: dout must differ from x
        tensors: dict[str, Any] = {
            n: torch.tensor(a, requires_grad=n in layer.wrt) for n, a in sample.arrays.items()
        }
        out = layer.twin(*tensors.values(), **copy.deepcopy(sample.options))
        dout = np.asarray(rng.normal(size=tuple(out.shape)))
        out.backward(torch.tensor(dout))
        gradients = [tensors[name].grad.numpy() for name in layer.wrt]
        found.append(Expectation(sample, dout, out.detach().numpy(), gradients, len(found) >= n_samples))
    return found


def fault(layer: Layer, expected: Sequence[Expectation]) -> str:
    """Run all checks of a layer, and name the one that fails; empty when all is well."""
    try:
        for one in expected:
            if found := _fault(layer, one):
                return found
    except Exception:
        return "error"
    return ""


def _fault(layer: Layer, one: Expectation) -> str:
    return ("" if one.single else _fault_in_double(layer, one)) or _fault_in_single(layer, one)


def _fault_in_double(layer: Layer, one: Expectation) -> str:
    arrays, options = one.sample.arrays, one.sample.options
    if not gradcheck.check(layer.forward, layer.backward, arrays, wrt=layer.wrt, options=options).ok:
        return "gradient check"
    given, dout = {name: a.copy() for name, a in arrays.items()}, one.dout.copy()
    out, cache = layer.forward(*given.values(), **copy.deepcopy(options))
    gradients = _as_tuple(layer.backward(dout, cache))
    pairs = zip([out, *gradients], [one.out, *one.gradients], strict=True)
    if any(not gradcheck.relative_error(ours, theirs) < 1e-10 for ours, theirs in pairs):
        return "PyTorch"
    again = _as_tuple(layer.backward(dout, cache))
    same = all(np.array_equal(a, b) for a, b in zip(gradients, again, strict=True))
    if not same or any(not np.array_equal(given[name], a) for name, a in arrays.items()):
        return "changed arguments"
    return ""


def _single(layer: Layer, one: Expectation) -> list[np.ndarray]:
    return [a.astype(np.float32) if name in layer.wrt else a for name, a in one.sample.arrays.items()]


def _fault_in_single(layer: Layer, one: Expectation) -> str:
    out, cache = layer.forward(*_single(layer, one), **copy.deepcopy(one.sample.options))
    gradients = _as_tuple(layer.backward(np.float32(one.dout), cache))
    pairs = zip([out, *gradients], [one.out, *one.gradients], strict=True)
    right = all(gradcheck.relative_error(ours, theirs) < 1e-3 for ours, theirs in pairs)
    return "" if right and all(a.dtype == np.float32 for a in gradients) else "float32"


def _as_tuple(gradients: Any) -> tuple[np.ndarray, ...]:
    return gradients if isinstance(gradients, tuple) else (gradients,)


def lines_run(layer: Layer, one: Expectation, files: set[str]) -> set[tuple[str, int]]:
    """Return the lines of the given files that a sample reaches, there and back, as (file, line)."""
    reached: set[tuple[str, int]] = set()

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename not in files:
            return None
        reached.add((frame.f_code.co_filename, frame.f_lineno))
        return trace

    options = copy.deepcopy(one.sample.options)
    sys.settrace(trace)
    try:
        _, cache = layer.forward(*_single(layer, one), **options)
        layer.backward(np.float32(one.dout), cache)
        if not one.single:
            _, cache = layer.forward(*one.sample.arrays.values(), **options)
            layer.backward(one.dout.copy(), cache)
    finally:
        sys.settrace(None)
    return reached


@contextlib.contextmanager
def changed(mutant: Mutant) -> Iterator[None]:
    """Put a mutant in the place of its function, for everybody who has imported it; and take it away again."""

    def too_long(*_: object) -> None:
        raise TimeoutError

    original, handler = mutant.function.__code__, signal.signal(signal.SIGALRM, too_long)
    mutant.function.__code__ = mutant.code
    signal.setitimer(signal.ITIMER_REAL, _TOO_LONG)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        mutant.function.__code__ = original
