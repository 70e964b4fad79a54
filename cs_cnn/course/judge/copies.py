"""Nets and optimisers that a check hands to a student's function: the student's process works with copies.

A net is described by the kinds of its layers and their numbers, and built anew on the other side; after a call its
numbers and modes come back. A check's own class can say how it is made over there (`Handed`). Only what the checks need
can be described.
"""

from __future__ import annotations

import sys
import weakref
from typing import Any, Protocol, runtime_checkable

from cs_cnn.course.judge.wire import WireError

_OPTIONS = {
    "Linear": ("in_features", "out_features"),
    "Conv2d": ("in_channels", "out_channels", "kernel_size", "stride", "padding"),
    "BatchNorm1d": ("num_features",),
    "BatchNorm2d": ("num_features",),
    "ReLU": (),
    "Flatten": (),
    "Identity": (),
}


@runtime_checkable
class Handed(Protocol):
    """An object of a check's that the student's process needs whole: PyTorch's gradients cannot cross."""

    def handed(self) -> tuple[str, str, dict[str, Any]]:
        """Return the source of a class, its name, and the keyword arguments that make this object.

        The source may use ``np`` and `cs_cnn.checks.modules.tensor`. The student's code can read it, so it must not
        hold what the task asks for.
        """


class Copies:
    """Which net or optimiser has which number on the other side."""

    def __init__(self) -> None:
        self._known: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()
        self._last = 0

    def describe(self, thing: Any) -> dict[str, Any] | None:
        """Return what the other side needs for a copy; None when this is no net and no optimiser.

        The values of "state" and "with" are dictionaries, still to be packed.
        """
        if isinstance(thing, Handed):
            source, name, arguments = thing.handed()
            return {"source": source, "class": name, "with": arguments}
        torch = sys.modules.get("torch")
        if torch is None:
            return None
        if isinstance(thing, torch.nn.Sequential):
            return {
                "copy": self._number(thing),
                "layers": [_layer(name, module) for name, module in thing.named_children()],
                "state": dict(thing.state_dict()),
                "training": [module.training for module in thing.modules()],
            }
        if isinstance(thing, torch.optim.Optimizer):
            mine = [id(entry) for group in thing.param_groups for entry in group["params"]]
            for number, net in list(self._known.items()):
                if isinstance(net, torch.nn.Module) and [id(entry) for entry in net.parameters()] == mine:
                    kind = type(thing).__name__
                    number_here = self._number(thing)
                    return {"copy": number_here, "optimiser": kind, "of": number, "options": thing.defaults}
        return None

    def update(self, number: Any, state: Any, training: Any) -> None:
        """Give a net the numbers that its copy came to have.

        Raises
        ------
        WireError
            When they do not fit.
        """
        import torch

        net = self._known.get(number) if isinstance(number, int) else None
        if not isinstance(net, torch.nn.Module) or not isinstance(state, dict):
            raise WireError("an answer speaks of a net that does not exist")
        modules, own = list(net.modules()), net.state_dict()
        if not isinstance(training, list) or len(training) != len(modules) or list(state) != list(own):
            raise WireError("a net came back with other layers than it had")
        with torch.no_grad():
            for name, entry in own.items():
                new = state[name]
                if (
                    not isinstance(new, torch.Tensor)
                    or new.shape != entry.shape
                    or new.dtype.is_complex
                    or new.dtype.is_floating_point != entry.dtype.is_floating_point
                ):
                    raise WireError("a net came back with other layers than it had")
                entry.copy_(new)
        for module, mode in zip(modules, training, strict=True):
            module.training = mode is True

    def _number(self, thing: Any) -> int:
        for number, known in self._known.items():
            if known is thing:
                return number
        self._last += 1
        self._known[self._last] = thing
        return self._last


def _layer(name: str, module: Any) -> list[Any]:
    kind = type(module).__name__
    if kind not in _OPTIONS:
        raise TypeError(f"a check hands over a net with a layer {kind}, which cannot be copied")
    return [name, kind, {option: getattr(module, option) for option in _OPTIONS[kind]}]
