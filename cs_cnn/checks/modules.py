"""A student's torch module on the bench: everything a check may do with it, and nothing else.

A check sees a module through `Handle` alone: numbers go in as arrays and come out as arrays. `TorchModule` is the
handle of a module in this process; a module that lives in another process can have a handle of its own, and no check
changes. Among the checks only this file uses PyTorch, and it imports it when the first module is handled.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from cs_cnn.checks.bench import Array, Bench, Outcome
from cs_cnn.checks.running import Clock, Failed, call, describe

_BODY = ("__init__", "forward", "_forward_unimplemented")


@runtime_checkable
class Handle(Protocol):
    """What a check may do with a module; arrays are float64."""

    def forward(self, x: Array) -> Array:
        """Return the output for a batch, in the mode the module is in."""

    def parameters(self) -> dict[str, Array]:
        """Return what is trained, by name, in the order in which the module registered it."""

    def buffers(self) -> dict[str, Array]:
        """Return the other numbers that the module keeps, such as running statistics."""

    def load(self, values: Mapping[str, Array]) -> None:
        """Replace parameters and buffers by name."""

    def mode(self, training: bool) -> None:
        """Switch to training or to evaluation."""

    def gradients(self, x: Array, dout: Array) -> dict[str, Array]:
        """Return the gradient of sum(dout * output) by every parameter that it reaches."""

    @property
    def value(self) -> Any:
        """What to hand to a student's function that takes a module."""


@runtime_checkable
class Distant(Protocol):
    """A module that lives in another process."""

    def handle(self, *, exact: bool) -> Handle:
        """Take hold of it; with `exact`, it is made float64 as `TorchModule` does."""


class TorchModule:
    """The handle of a `torch.nn.Module` in this process.

    Parameters
    ----------
    module : torch.nn.Module
        It is made float64, so that results do not depend on the order of sums; if its code insists on float32, it
        is left at that.
    exact : bool
        Whether to make it float64 at all.
    """

    def __init__(self, module: Any, *, exact: bool = True) -> None:
        self._module = module
        if exact:
            module.double()
        self._exact = exact

    @property
    def value(self) -> Any:
        """The module itself."""
        return self._module

    def _run(self, x: Array) -> Any:
        try:
            return self._module(tensor(x, exact=self._exact))
        except RuntimeError as error:
            if not self._exact or "type" not in str(error):
                raise
            self._exact = False
            self._module.float()
            return self._module(tensor(x))

    def forward(self, x: Array) -> Array:
        """Return the output for a batch; see `Handle`."""
        import torch

        with torch.no_grad():
            out = self._run(x)
        if not isinstance(out, torch.Tensor):
            raise TypeError(f"forward must return a tensor, and it returned a {type(out).__name__}")
        return _array(out)

    def parameters(self) -> dict[str, Array]:
        """Return the trained numbers; see `Handle`."""
        return {name: _array(entry) for name, entry in self._module.named_parameters()}

    def buffers(self) -> dict[str, Array]:
        """Return the other numbers; see `Handle`."""
        return {
            name: _array(entry) for name, entry in self._module.named_buffers() if entry.is_floating_point()
        }

    def load(self, values: Mapping[str, Array]) -> None:
        """Replace numbers by name; see `Handle`."""
        import torch

        own = {**dict(self._module.named_parameters()), **dict(self._module.named_buffers())}
        with torch.no_grad():
            for name, array in values.items():
                own[name].copy_(torch.from_numpy(np.ascontiguousarray(array)))

    def mode(self, training: bool) -> None:
        """Switch the mode; see `Handle`."""
        self._module.train(training)

    def gradients(self, x: Array, dout: Array) -> dict[str, Array]:
        """Return the gradients that arrive; see `Handle`."""
        import torch

        self._module.zero_grad()
        with torch.enable_grad():
            out = self._run(x)
            if out.requires_grad:
                (out * tensor(dout, exact=out.dtype == torch.float64)).sum().backward()
        found = {
            name: _array(entry.grad)
            for name, entry in self._module.named_parameters()
            if entry.grad is not None
        }
        self._module.zero_grad()
        return found


def tensor(array: Any, *, exact: bool = False) -> Any:
    """Return a new tensor: integers stay integers, other numbers become float32, or float64 when `exact`."""
    import torch

    given = np.array(array)
    if given.dtype.kind in "iu":
        return torch.tensor(given.astype(np.int64))
    return torch.tensor(given.astype(np.float64 if exact else np.float32))


def linear_net(features: int, classes: int, *, norm: bool = False) -> TorchModule:
    """Build a net to hand to a student's function: flatten, perhaps a batch normalisation, and one linear layer.

    Its layers are called ``flatten``, ``norm`` and ``linear``.
    """
    from torch import nn

    layers = {
        "flatten": nn.Flatten(),
        "norm": nn.BatchNorm1d(features) if norm else nn.Identity(),
        "linear": nn.Linear(features, classes),
    }
    return TorchModule(nn.Sequential(OrderedDict(layers)), exact=False)


def sgd(handle: Handle, lr: float) -> Any:
    """Return the plainest optimiser for a module: parameter minus rate times gradient."""
    import torch

    return torch.optim.SGD(handle.value.parameters(), lr=lr)


def numbers(outcome: Outcome) -> Outcome:
    """Turn a tensor that a student's function returned, or a list of tensors, into an array."""
    import torch

    value = outcome.value
    if isinstance(value, torch.Tensor):
        value = _array(value)
    elif isinstance(value, (list, tuple)) and any(isinstance(entry, torch.Tensor) for entry in value):
        value = [_array(entry) if isinstance(entry, torch.Tensor) else entry for entry in value]
    return Outcome(value, outcome.where, outcome.failed)


def _array(entry: Any) -> Array:
    return np.array(entry.detach().cpu().double().numpy(), dtype=np.float64)


def adapt(value: Any, *, exact: bool = True) -> Handle | None:
    """Return a handle of what a student's class or function gave; None when that is no module."""
    import torch

    if isinstance(value, torch.nn.Module):
        return TorchModule(value, exact=exact)
    if isinstance(value, Distant):
        return value.handle(exact=exact)
    return value if isinstance(value, Handle) else None


@dataclass
class Built:
    """A module that a student's code made, or why there is none.

    Attributes
    ----------
    handle : Handle or None
    arguments : mapping
        What it was made with.
    failed : Failed or None
    """

    handle: Handle | None
    arguments: Mapping[str, Any]
    failed: Failed | None = None

    @property
    def where(self) -> str:
        """For which arguments, in words."""
        return describe(self.arguments)


class Workshop:
    """Where a check builds and uses a student's modules; nothing they do gets out, as in `Bench.call`.

    Parameters
    ----------
    bench : Bench
        Noise is kept there; the time that modules use is limited like that of functions.
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._clock = Clock(bench.task.seconds)

    def build(self, name: str, arguments: Mapping[str, Any]) -> Built:
        """Call the student's class and take hold of the module."""
        outcome = self._bench.call(name, arguments)
        return self.hold(outcome, f"{name}(...) must give a torch.nn.Module", arguments)

    def hold(
        self, outcome: Outcome, wanted: str, arguments: Mapping[str, Any] | None = None, *, exact: bool = True
    ) -> Built:
        """Take hold of a module that a function returned.

        Parameters
        ----------
        outcome : Outcome
        wanted : str
            What is said when there is none, such as ``"train must return a torch.nn.Module"``.
        arguments : mapping, optional
            What it was made with, for messages.
        exact : bool
            Whether to compute with it in float64.
        """
        given = arguments or {}
        failed = self.worded(outcome).failed
        if failed:
            return Built(None, given, failed)
        held = self._do(lambda *_: adapt(outcome.value, exact=exact), "the module", given)
        if held.failed or held.value is None:
            kind = (
                "None (is a return missing?)"
                if outcome.value is None
                else f"a {type(outcome.value).__name__}"
            )
            return Built(
                None, given, held.failed or Failed("form", f"{wanted}; it gave {kind}.", f"form {kind}")
            )
        return Built(held.value, given)

    def forward(self, built: Built, x: Array) -> Outcome:
        """Return the output of a module for a batch."""
        if built.handle is None:
            return Outcome(None, built.where, built.failed)
        handle = built.handle
        return self._do(lambda *given: handle.forward(given[-1]), "forward", {**built.arguments, "x": x})

    def gradients(self, built: Built, x: Array, dout: Array) -> Outcome:
        """Return the gradients that reach the parameters, by name."""
        if built.handle is None:
            return Outcome(None, built.where, built.failed)
        handle = built.handle
        return self._do(
            lambda *given: handle.gradients(given[-1], dout), "forward", {**built.arguments, "x": x}
        )

    def prepare(self, built: Built, values: Mapping[str, Array], *, training: bool) -> None:
        """Load numbers into a module and switch its mode; what goes wrong there becomes the module's failure."""
        if built.handle is None:
            return
        handle = built.handle

        def both(*_: Any) -> None:
            handle.load(values)
            handle.mode(training)

        built.failed = self._do(both, "the module", built.arguments).failed
        if built.failed:
            built.handle = None

    def _do(self, action: Callable[..., Any], name: str, arguments: Mapping[str, Any]) -> Outcome:
        outcome, _ = call(
            action,
            name,
            arguments,
            {},
            clock=self._clock,
            noise=self._bench.noise,
            missing=lambda inner: f"{self._bench.task.title} needs {inner}, which is not implemented yet.",
        )
        return self.worded(outcome)

    def worded(self, outcome: Outcome) -> Outcome:
        """Say which task is not implemented, where Python only knows ``__init__`` or ``forward``."""
        failed = outcome.failed
        if failed is None or failed.kind != "missing" or failed.key.removeprefix("missing ") not in _BODY:
            return outcome
        task = self._bench.task
        missing = (
            "is not implemented yet"
            if task.asks[:1].isupper()
            else "needs a class that is not implemented yet"
        )
        return Outcome(None, outcome.where, Failed("missing", f"{task.title} {missing}.", failed.key))


__all__ = [
    "Built",
    "Distant",
    "Handle",
    "TorchModule",
    "Workshop",
    "adapt",
    "linear_net",
    "numbers",
    "sgd",
    "tensor",
]
