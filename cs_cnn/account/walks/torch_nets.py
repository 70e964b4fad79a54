"""Follow one example through a PyTorch net without computing anything: shapes alone, on the meta device."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten, tree_map
from torch.utils.flop_counter import FlopCounterMode

from cs_cnn.account.fields.sight import Sight, meet
from cs_cnn.account.rows import Family, Operation
from cs_cnn.account.walks import rules

_RANK: tuple[Family, ...] = ("conv", "affine", "other", "pool", "norm", "merge", "activation", "shape")
# What PyTorch asks a tensor about itself, which is no step of a net.
_QUESTIONS = frozenset(
    (
        *("get", "set", "size", "dim", "numel", "is_floating_point", "is_complex", "stride"),
        *("storage_offset", "element_size", "len", "bool", "requires_grad", "type", "device", "dtype"),
        *("hash", "repr", "is_contiguous", "untyped_storage", "data_ptr", "register_hook", "ndimension"),
        *("nelement", "iter", "eq", "ne", "lt", "le", "gt", "ge", "item", "result_type", "detach"),
        *(
            "empty_like",
            "new_zeros",
            "new_ones",
            "new_empty",
            "new_full",
            "new_tensor",
            "zeros_like",
            "ones_like",
        ),
    )
)


# The tensor that these take besides their own is a pattern for its type or shape.
_LIKE = frozenset(("to", "type_as", "view_as", "reshape_as", "expand_as"))


@dataclass
class _Step:
    """A row while it is being written: a layer's module, or a function that the net calls by itself."""

    name: str
    module: nn.Module | None = None
    kinds: list[tuple[Family, str]] = field(default_factory=list)
    parameters: dict[str, int] = field(default_factory=dict)
    multiply_adds: int = 0
    elementwise: int = 0
    output: Tensor | None = None


def _words(module: nn.Module) -> str:
    """Turn a class name into words: ScaledTanh -> scaled tanh."""
    name = type(module).__name__
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return re.sub(r" (\d)", r"\1", " ".join(w if w.isupper() else w.lower() for w in words.split()))


class _Recorder(TorchFunctionMode):
    """Sees every function of torch that a net calls, with the tensors that go in and come out."""

    def __init__(self, parameters: dict[str, Tensor], image: Tensor) -> None:
        super().__init__()
        self.sizes = {name: value.numel() for name, value in parameters.items()}
        # Tensors are kept, so that none of their identities is used a second time; on the meta device they are empty.
        self._kept: list[Tensor] = [image, *parameters.values()]
        self._origin: dict[int, frozenset[str]] = {
            id(value): frozenset([name]) for name, value in parameters.items()
        }
        self._sight: dict[int, Sight] = {id(image): Sight.image(image.shape)}
        self.used: set[str] = set()
        self.steps: list[_Step] = []
        self._stack: list[tuple[str, nn.Module]] = []
        self._leaf: _Step | None = None
        self._count: dict[str, int] = {}

    # ---- modules -------------------------------------------------------------------------------------------

    def enter(self, name: str, module: nn.Module) -> None:
        """Note that a module begins; one without children gathers all that happens in it in one row."""
        self._stack.append((name, module))
        if next(module.children(), None) is None and self._leaf is None:
            self._leaf = _Step(self._unique(name or _words(module)), module)
            prefix = f"{name}." if name else ""
            self._take_parameters(
                self._leaf,
                {
                    f"{prefix}{own}"
                    for own, value in module.named_parameters(recurse=False)
                    if id(value) in self._origin
                },
            )

    def leave(self, module: nn.Module) -> None:
        """Note that a module has ended."""
        self._stack.pop()
        if self._leaf is not None and self._leaf.module is module:
            if self._leaf.output is not None:
                self.steps.append(self._leaf)
            self._leaf = None

    def _unique(self, name: str) -> str:
        self._count[name] = self._count.get(name, 0) + 1
        return name if self._count[name] == 1 else f"{name}#{self._count[name]}"

    def _take_parameters(self, step: _Step, names: set[str]) -> None:
        for name in sorted(names - self.used):
            step.parameters[name] = self.sizes[name]
        self.used |= names

    # ---- functions -----------------------------------------------------------------------------------------

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = dict(kwargs or {})
        name = rules.plain_name(func)
        if name in _QUESTIONS:
            return func(*args, **kwargs)
        args, kwargs = tree_map(self._to_meta, (args, kwargs))
        looked_at = args[:1] if name in _LIKE else (args, kwargs)
        tensors = [value for value in tree_flatten(looked_at)[0] if isinstance(value, Tensor)]
        seeing = [value for value in tensors if id(value) in self._sight]
        known = rules.family_of(name) != "other"
        counter = contextlib.nullcontext() if known or not seeing else FlopCounterMode(display=False)
        # Shapes of the inputs are read before the call: a function that works in place may change them.
        shapes = [tuple(value.shape) for value in seeing]
        with counter:
            result = func(*args, **kwargs)
        outputs = [value for value in tree_flatten(result)[0] if isinstance(value, Tensor)]
        if not outputs:
            return result
        origin = frozenset[str]().union(*(self._origin.get(id(value), frozenset()) for value in tensors))
        self._kept += outputs
        if not seeing:
            for value in outputs:
                self._origin[id(value)] = origin
            return result
        counted = counter.get_total_flops() // 2 if isinstance(counter, FlopCounterMode) else 0
        self._note(name, args, kwargs, seeing, shapes, outputs, origin, counted)
        return result

    def _to_meta(self, value: Any) -> Any:
        """Let constants that live elsewhere take part, as nothing but a shape."""
        if not isinstance(value, Tensor) or value.device.type == "meta":
            return value
        moved = value.detach().to("meta")
        self._kept.append(moved)
        return moved

    def _note(
        self,
        name: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        seeing: list[Tensor],
        shapes: list[tuple[int, ...]],
        outputs: list[Tensor],
        origin: frozenset[str],
        counted: int,
    ) -> None:
        bound = rules.bind(name, args, kwargs)
        out = outputs[0]
        step = self._leaf
        if step is None:
            prefix = next((where for where, _ in reversed(self._stack)), "")
            kind = rules.MERGES.get(name, name)
            step = _Step(self._unique(f"{prefix}.{kind}" if prefix else kind))
            self.steps.append(step)
        self._take_parameters(step, set(origin))
        work = rules.multiply_adds(name, bound, out)
        step.multiply_adds += counted if work is None else work
        step.elementwise += rules.window_work(name, bound, kwargs, out)
        step.output = out
        sights = [self._sight[id(value)] for value in seeing]
        for value in outputs:
            self._sight[id(value)] = self._see(name, sights, shapes, bound, kwargs, seeing, value)
        family = rules.family_of(name)
        if family == "merge" and len(seeing) == 1:
            family = "activation"  # a sum with a constant or a parameter: no paths meet
        if name in rules.REDUCTIONS and self._sight[id(out)].axes == sights[0].axes:
            family = "other"  # a sum over channels, which leaves the places alone
        step.kinds.append((family, rules.kind_of(name, bound)))

    def _see(
        self,
        name: str,
        sights: list[Sight],
        shapes: list[tuple[int, ...]],
        bound: list[Any],
        kwargs: dict[str, Any],
        seeing: list[Tensor],
        out: Tensor,
    ) -> Sight:
        shape = tuple(out.shape)
        if name == "stack":
            dim = kwargs.get("dim", bound[1] if len(bound) > 1 else 0) % len(shape)
            longer = [tuple(1 if i == dim else n for i, n in enumerate(shape))] * len(sights)
            return meet([(s.shifted(dim, 1), n) for s, n in zip(sights, longer, strict=True)], shape)
        if len(sights) > 1 and (name in rules.MERGES or rules.family_of(name) in ("activation", "norm")):
            return meet(list(zip(sights, shapes, strict=True)), shape)
        if len(sights) > 1:  # a product of two tensors of data, as in attention, may look anywhere
            return meet([(sight.gathered(), own) for sight, own in zip(sights, shapes, strict=True)], shape)
        source = seeing[0]
        if shapes[0] != tuple(source.shape):  # resized in place
            return sights[0].gathered()
        if name in rules.MERGES and name not in ("cat", "concat", "concatenate"):
            return meet([(sights[0], shapes[0])], shape)
        return rules.look_through(name, sights[0], bound, kwargs, source, out)

    def sight_of(self, value: Tensor | None) -> Sight | None:
        """Return what a tensor sees of the image, if it comes from it."""
        return self._sight.get(id(value))


def _is_bias(name: str) -> bool:
    return name.rsplit(".", 1)[-1].lower().startswith(("bias", "beta")) or "bias" in name.rsplit(".", 1)[-1]


def _operation(step: _Step, sight: Sight | None) -> Operation:
    """Finish a row."""
    assert step.output is not None
    family, kind = min(step.kinds, key=lambda each: _RANK.index(each[0]))
    module = step.module
    if module is not None:
        known = type(module).__module__.startswith("torch.nn")
        if (not known and len(step.kinds) > 1) or (known and family == "other"):
            kind = _words(module)
    biases = sum(size for name, size in step.parameters.items() if _is_bias(name))
    shape = tuple(step.output.shape[1:]) if step.output.ndim else ()
    return Operation.step(
        step.name,
        kind,
        family,
        shape,
        weights=sum(step.parameters.values()) - biases,
        biases=biases,
        multiply_adds=step.multiply_adds,
        elementwise=step.elementwise,
        axes=sight.axes if sight else (),
    )


def _not_run(net: nn.Module, recorder: _Recorder) -> Iterator[Operation]:
    """Make a row for each module whose parameters took no part, such as heads that are for training only."""
    left: dict[str, dict[str, int]] = {}
    for name, size in recorder.sizes.items():
        if name not in recorder.used:
            left.setdefault(name.rpartition(".")[0], {})[name] = size
    for where, parameters in left.items():
        biases = sum(size for name, size in parameters.items() if _is_bias(name))
        weights = sum(parameters.values()) - biases
        norm = isinstance(net.get_submodule(where), nn.modules.batchnorm._NormBase)
        yield Operation(
            where or "parameters",
            f"{_words(net.get_submodule(where))} (not run)",
            "not run",
            (),
            weights=weights,
            biases=biases,
            norm_weights=weights if norm else 0,
            norm_biases=biases if norm else 0,
        )


def walk_module(net: nn.Module, example: tuple[int, ...] | Tensor) -> tuple[Operation, ...]:
    """Follow one example through a net, as it is used after training.

    Parameters
    ----------
    net : torch.nn.Module
        On any device, with or without memory; it is left as it is.
    example : tuple of int or Tensor
        Shape of one example, or a batch of one for inputs that are not floating-point numbers.

    Returns
    -------
    tuple of Operation
        The input first.

    Raises
    ------
    ValueError
        When the net cannot take such an input.
    """
    uninitialised = (nn.parameter.UninitializedParameter, nn.parameter.UninitializedBuffer)
    parameters = dict(net.named_parameters())
    buffers = dict(net.named_buffers())
    if any(isinstance(value, uninitialised) for value in (*parameters.values(), *buffers.values())):
        raise ValueError("it has lazy layers that know no sizes yet: send one batch through it first")
    kinds = [value.dtype for value in parameters.values() if value.is_floating_point()]
    dtype = kinds[0] if kinds else None
    given = example if isinstance(example, Tensor) else torch.empty(1, *example, dtype=dtype, device="meta")
    image = given.detach().to("meta")
    on_meta = {name: value.detach().to("meta") for name, value in parameters.items()}
    recorder = _Recorder(on_meta, image)
    handles = []
    training = [(module, module.training) for module in net.modules()]
    named = dict(net.named_modules())
    try:
        net.eval()
        for name, module in named.items():
            handles.append(
                module.register_forward_pre_hook(
                    lambda module, _, name=name: recorder.enter(name, module), prepend=True
                )
            )
            handles.append(module.register_forward_hook(lambda module, *_: recorder.leave(module)))
        values = {**on_meta, **{name: value.detach().to("meta") for name, value in buffers.items()}}
        with torch.no_grad(), recorder:
            torch.func.functional_call(net, values, (image,))
    except (RuntimeError, TypeError, IndexError, NotImplementedError, AttributeError) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise ValueError(lines[0].rstrip(".")) from error
    finally:
        for handle in handles:
            handle.remove()
        for module, was in training:
            module.training = was
    first = Sight.image(image.shape)
    start = Operation.step("input", "input", "input", tuple(image.shape[1:]), axes=first.axes)
    steps = [_operation(step, recorder.sight_of(step.output)) for step in recorder.steps]
    return (start, *steps, *_not_run(net, recorder))
