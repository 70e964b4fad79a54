"""What stands in the judge's process for things of the student's: objects, functions, modules.

A proxy has nothing of what the student's object has but its class's name, and what NumPy made of it there. It is never
equal to anything but itself.
"""

from __future__ import annotations

import re
import weakref
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cs_cnn.checks.bench import Array
from cs_cnn.course.judge.wire import WireError

if TYPE_CHECKING:
    from cs_cnn.course.judge.link import Link


class Proxy:
    """An object that stays in the student's process."""

    def __init__(self, link: Link, number: int) -> None:
        self._link = link
        self.number = number
        weakref.finalize(self, link.drop, number)

    def __deepcopy__(self, memo: dict[int, Any]) -> Proxy:
        return self


class Convertible(Proxy):
    """An object that is no array, and that NumPy can make one of."""

    array: Any

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.array.astype(dtype or self.array.dtype)

    def __float__(self) -> float:
        return float(self.array)


class Function(Proxy):
    """A function, or anything else that can be called."""

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call it in the student's process."""
        return self._link.call(self.number, arguments, keywords)


class Module(Function):
    """A `torch.nn.Module`; checks use it through `handle`."""

    def handle(self, *, exact: bool) -> ModuleHandle:
        """Take hold of it, as `cs_cnn.checks.modules.adapt` asks."""
        held = self._link.call(self.number, (), {}, exact=exact)
        if not isinstance(held, Proxy):
            raise WireError("a module is none")
        return ModuleHandle(self._link, self, held)


class ModuleHandle:
    """A `cs_cnn.checks.modules.Handle` whose module is in the student's process."""

    def __init__(self, link: Link, module: Module, held: Proxy) -> None:
        self._link = link
        self._module = module
        self._held = held

    @property
    def value(self) -> Any:
        """The proxy of the module; it goes back as the module itself."""
        return self._module

    def forward(self, x: Array) -> Array:
        """Return the output for a batch."""
        return self._array(self._do("forward", x))

    def parameters(self) -> dict[str, Array]:
        """Return what is trained, by name."""
        return self._arrays(self._do("parameters"))

    def buffers(self) -> dict[str, Array]:
        """Return the other numbers, by name."""
        return self._arrays(self._do("buffers"))

    def load(self, values: Mapping[str, Array]) -> None:
        """Replace numbers by name."""
        self._do("load", dict(values))

    def mode(self, training: bool) -> None:
        """Switch to training or to evaluation."""
        self._do("mode", training)

    def gradients(self, x: Array, dout: Array) -> dict[str, Array]:
        """Return the gradients that arrive, by name."""
        return self._arrays(self._do("gradients", x, dout))

    def _do(self, method: str, *arguments: Any) -> Any:
        return self._link.call(self._held.number, arguments, {}, method=method)

    # Unlike a function's result, these have one form only, which the code that makes them gives.
    def _array(self, value: Any) -> Array:
        import numpy as np

        if not isinstance(value, np.ndarray) or value.dtype != np.float64:
            raise self._link.broken_by("a module gave what is no array")
        return value

    def _arrays(self, value: Any) -> dict[str, Array]:
        if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
            raise self._link.broken_by("a module gave what are no arrays")
        return {name: self._array(entry) for name, entry in value.items()}


@lru_cache(maxsize=256)
def kind_of(base: type[Proxy], name: str) -> type[Proxy]:
    """Return a class of proxies that is called like the student's, since messages name it."""
    return type(name if re.fullmatch(r"\w{1,60}", name) else "object", (base,), {})
