"""What PyTorch's functions do, by name: the work they take, and what their outputs see of the image.

A function that stands in no list here is treated with care: its multiply-adds come from torch's own counter, and where
its output has another shape than its inputs, it is taken to look at all of the image.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from cs_cnn.account.fields.receptive import Axis
from cs_cnn.account.fields.sight import Sight
from cs_cnn.account.rows import Family

ACTIVATIONS = frozenset(
    (
        *("relu", "relu6", "leaky_relu", "prelu", "rrelu", "elu", "selu", "celu", "gelu", "silu", "mish"),
        *("softplus", "softsign", "hardtanh", "hardswish", "hardsigmoid", "sigmoid", "logsigmoid", "tanh"),
        *("tanhshrink", "softmax", "log_softmax", "softmin", "glu", "threshold", "dropout", "dropout1d"),
        *("dropout2d", "dropout3d", "alpha_dropout", "feature_dropout", "clamp", "clamp_min", "clamp_max"),
        *("exp", "square", "sqrt", "rsqrt", "abs", "neg", "log", "pow", "maximum", "minimum"),
        *("local_response_norm", "normalize"),
    )
)
NORMS = frozenset(
    ["batch_norm", "layer_norm", "group_norm", "instance_norm", "rms_norm", "local_response_norm"]
)
MERGES = {
    **dict.fromkeys(("add", "radd", "iadd"), "add"),
    **dict.fromkeys(("sub", "rsub", "isub", "subtract"), "subtract"),
    **dict.fromkeys(("mul", "rmul", "imul", "multiply"), "multiply"),
    **dict.fromkeys(("div", "truediv", "rtruediv", "itruediv", "divide"), "divide"),
    **dict.fromkeys(("cat", "concat", "concatenate"), "concat"),
    **dict.fromkeys(("stack", "addcmul", "lerp", "where"), "merge"),
}
RESHAPES = frozenset(
    ["flatten", "view", "reshape", "unflatten", "squeeze", "unsqueeze", "ravel", "view_as", "reshape_as"]
)
PERMUTES = frozenset(
    ["permute", "transpose", "swapaxes", "t", "mT", "movedim", "moveaxis", "channel_shuffle"]
)
REDUCTIONS = frozenset(
    ["mean", "sum", "amax", "amin", "max", "min", "std", "var", "logsumexp", "prod", "norm"]
)
CONVOLUTIONS = frozenset(["conv1d", "conv2d", "conv3d"])
TRANSPOSED = frozenset(["conv_transpose1d", "conv_transpose2d", "conv_transpose3d"])
POOLS = frozenset(
    f"{kind}_pool{n}d{tail}"
    for kind in ("max", "avg", "lp")
    for n in (1, 2, 3)
    for tail in ("", "_with_indices")
)
ADAPTIVE = frozenset(
    f"adaptive_{kind}_pool{n}d{tail}"
    for kind in ("max", "avg")
    for n in (1, 2, 3)
    for tail in ("", "_with_indices")
)
RESIZES = frozenset(("interpolate", "upsample"))
_NEIGHBOURS = {"nearest": 1, "nearest-exact": 1, "area": 1, "bicubic": 4}


def plain_name(function: Callable[..., Any]) -> str:
    """Return a function's name without what marks it as an operator or as working in place."""
    name = getattr(function, "__name__", str(function))
    return name.strip("_") if name.startswith("__") else name.rstrip("_")


def family_of(name: str) -> Family:
    """Say which family of `cs_cnn.account.rows.Family` a function belongs to."""
    if name in CONVOLUTIONS or name in TRANSPOSED:
        return "conv"
    if name in ("linear", "bilinear"):
        return "affine"
    if name in POOLS or name in ADAPTIVE:
        return "pool"
    if name in NORMS:
        return "norm"
    if name in MERGES:
        return "merge"
    if name in ACTIVATIONS:
        return "activation"
    if name in RESHAPES or name in PERMUTES or name in ("getitem", "pad", "contiguous", "clone", "to"):
        return "shape"
    return "pool" if name in REDUCTIONS else "other"


def kind_of(name: str, args: Sequence[Any]) -> str:
    """Name what a function does, as tables do."""
    if name in CONVOLUTIONS:
        weight, groups = args[1], args[6] if len(args) > 6 else 1
        size = "x".join(map(str, weight.shape[2:]))
        if groups == args[0].shape[1] > 1:
            return f"depthwise conv {size}"
        return f"conv {size}" if groups == 1 else f"conv {size} ({groups} groups)"
    if name in TRANSPOSED:
        return f"transposed conv {'x'.join(map(str, args[1].shape[2:]))}"
    if name == "linear":
        return "affine"
    if name in POOLS or name in ADAPTIVE or name == "mean":
        return ("max" if "max" in name else "average") + " pool"
    return MERGES.get(name, name.replace("_", " "))


def bind(name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> list[Any]:
    """Put keyword arguments of convolutions and pools in their places; other functions keep their own order."""
    orders = (
        (CONVOLUTIONS, ("input", "weight", "bias", "stride", "padding", "dilation", "groups")),
        (
            TRANSPOSED,
            ("input", "weight", "bias", "stride", "padding", "output_padding", "groups", "dilation"),
        ),
    )
    bound = list(args)
    for names, order in orders:
        if name in names:
            defaults = dict(
                zip(order, (None, None, None, 1, 0, 0 if len(order) == 8 else 1, 1, 1), strict=False)
            )
            for parameter in order[len(bound) :]:
                bound.append(kwargs.get(parameter, defaults[parameter]))
    return bound


def spread_out(value: Any, n: int) -> tuple[int, ...]:
    """Return one number for each of `n` axes."""
    values = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    return values * n if len(values) == 1 else values


def multiply_adds(name: str, args: Sequence[Any], out: Tensor) -> int | None:
    """Count a function's multiply-adds for the whole batch; None where no formula stands here."""
    if name in CONVOLUTIONS:
        return int(out.numel() * math.prod(args[1].shape[1:]))
    if name in TRANSPOSED:
        return int(args[0].numel() * math.prod(args[1].shape[1:]))
    if name == "linear":
        return out.numel() * int(args[0].shape[-1])
    return None if family_of(name) == "other" else 0


def _resolve_padding(padding: Any, kernel: Sequence[int], dilation: Sequence[int]) -> tuple[int, ...]:
    if padding == "same":
        return tuple(d * (k - 1) // 2 for k, d in zip(kernel, dilation, strict=True))
    return spread_out(0 if padding == "valid" else padding, len(kernel))


def _windows(name: str, args: Sequence[Any], kwargs: dict[str, Any], n: int) -> list[tuple[int, ...]]:
    """Return kernel, stride, padding and dilation of a convolution or a pool, for each axis."""
    if name in CONVOLUTIONS:
        kernel, dilation = tuple(args[1].shape[2:]), spread_out(args[5], n)
        return [kernel, spread_out(args[3], n), _resolve_padding(args[4], kernel, dilation), dilation]
    if name in TRANSPOSED:
        kernel = tuple(args[1].shape[2:])
        return [kernel, spread_out(args[3], n), spread_out(args[4], n), spread_out(args[7], n)]
    order = ["input", "kernel_size", "stride", "padding", "dilation"]
    if name.startswith("lp"):
        order = ["input", "norm_type", "kernel_size", "stride"]
    elif name.startswith("avg"):
        order = order[:4]
    values = {**dict(zip(order, args, strict=False)), **kwargs}
    kernel = spread_out(values["kernel_size"], n)
    stride = values.get("stride")
    return [
        kernel,
        kernel if stride is None or stride == [] or stride == () else spread_out(stride, n),
        spread_out(values.get("padding", 0), n),
        spread_out(values.get("dilation", 1), n),
    ]


def window_work(name: str, args: Sequence[Any], kwargs: dict[str, Any], out: Tensor) -> int:
    """Count the numbers that a pool reads, or that another function writes."""
    if name in POOLS:
        return out.numel() * math.prod(
            _windows(name, args, kwargs, 3 if "3d" in name else 1 if "1d" in name else 2)[0]
        )
    if name in ADAPTIVE or name in REDUCTIONS:
        return int(args[0].numel())
    if name in CONVOLUTIONS or name in TRANSPOSED or name == "linear":
        bias = args[2] if len(args) > 2 else kwargs.get("bias")
        return out.numel() if bias is not None else 0
    if family_of(name) == "shape" or "dropout" in name or MERGES.get(name) in ("concat", "merge"):
        return 0
    return out.numel()


def look_through(
    name: str, sight: Sight, args: Sequence[Any], kwargs: dict[str, Any], source: Tensor, out: Tensor
) -> Sight:
    """Say what the output of a function of one tensor sees.

    Parameters
    ----------
    name : str
        See `plain_name`.
    sight : Sight
        Of `source`.
    args, kwargs
        Of the call, in the order of `bind`.
    source, out : Tensor
        The tensor that goes in and the one that comes out.

    Returns
    -------
    Sight
    """
    n, old, new = len(sight.axes), tuple(source.shape), tuple(out.shape)
    windowed = name in CONVOLUTIONS or name in TRANSPOSED or name in POOLS
    if windowed or name in ADAPTIVE or name in RESIZES:
        trailing = range(len(old) - n, len(old))
        if n == 0 or not sight.along(trailing) or len(old) != len(new):
            return sight.gathered()
        sizes = new[len(new) - n :]
        if windowed:
            kernel, stride, padding, dilation = _windows(name, args, kwargs, n)
            move = Axis.spread if name in TRANSPOSED else Axis.slide
            moved = [
                move(axis, k, stride=s, before=p, dilation=d, positions=size)
                for axis, k, s, p, d, size in zip(
                    sight.axes, kernel, stride, padding, dilation, sizes, strict=True
                )
            ]
        elif name in ADAPTIVE:
            moved = [axis.pool_into(size) for axis, size in zip(sight.axes, sizes, strict=True)]
        else:
            mode = kwargs.get("mode", args[3] if len(args) > 3 else "nearest")
            near = _NEIGHBOURS.get(mode, 2)
            moved = [
                axis.interpolate(size, neighbours=near) for axis, size in zip(sight.axes, sizes, strict=True)
            ]
        return Sight(tuple(moved), sight.dims)
    if name == "linear":
        mixed = sight.gathered([len(old) - 1])
        return Sight(mixed.axes, tuple(None if dim == len(old) - 1 else dim for dim in sight.dims))
    if name in PERMUTES:
        return _permuted(name, sight, args, kwargs, old)
    if name in RESHAPES:
        return sight.reshaped(old, new)
    if name == "pad":
        return _padded(sight, args, kwargs, old, new)
    if name == "getitem":
        return _indexed(sight, args[1], old, new)
    if name in REDUCTIONS:
        dims = kwargs.get("dim", kwargs.get("axis", args[1] if len(args) > 1 else None))
        if dims is None or not isinstance(dims, (int, tuple, list)):
            return sight.gathered()
        chosen = [dim % len(old) for dim in ([dims] if isinstance(dims, int) else dims)]
        return sight.gathered(chosen, keep=len(old) == len(new))
    if "softmax" in name or name in ("softmin", "cumsum", "layer_norm", "rms_norm", "normalize"):
        return _mixing(name, sight, args, kwargs, old)
    if name in ("group_norm", "instance_norm"):
        return sight  # statistics of a whole map say nothing of where: as for the nets' tables, they are left out
    if new == old:
        return sight
    # Splitting into parts along other dimensions keeps the places; anything else may look everywhere.
    if len(new) == len(old) and all(dim is None or new[dim] == old[dim] for dim in sight.dims):
        return sight
    return sight.gathered()


def _mixing(
    name: str, sight: Sight, args: Sequence[Any], kwargs: dict[str, Any], old: tuple[int, ...]
) -> Sight:
    """Follow functions that compare the numbers of one dimension with each other."""
    if name in ("layer_norm", "rms_norm"):
        return sight
    dim = kwargs.get("dim", args[1] if len(args) > 1 and name != "normalize" else -1)
    if not isinstance(dim, int) or dim % len(old) not in sight.dims:
        return sight
    return sight.everywhere(old)


def _permuted(
    name: str, sight: Sight, args: Sequence[Any], kwargs: dict[str, Any], old: tuple[int, ...]
) -> Sight:
    n = len(old)
    if name == "channel_shuffle":
        return sight
    order = list(range(n))
    if name == "permute":
        given = kwargs.get("dims", args[1] if len(args) == 2 and not isinstance(args[1], int) else args[1:])
        order = [dim % n for dim in given]
    elif name in ("movedim", "moveaxis"):
        sources = [dim % n for dim in spread_out(kwargs.get("source", args[1]), 1)]
        targets = [dim % n for dim in spread_out(kwargs.get("destination", args[-1]), 1)]
        rest = iter(dim for dim in order if dim not in sources)
        order = [sources[targets.index(i)] if i in targets else next(rest) for i in range(n)]
    else:
        a, b = (args[1] % n, args[2] % n) if len(args) > 2 else (n - 2, n - 1)
        if "dim0" in kwargs:
            a, b = kwargs["dim0"] % n, kwargs["dim1"] % n
        order[a], order[b] = order[b], order[a]
    return sight.moved(order)


def _padded(
    sight: Sight, args: Sequence[Any], kwargs: dict[str, Any], old: tuple[int, ...], new: tuple[int, ...]
) -> Sight:
    borders = kwargs.get("pad", args[1] if len(args) > 1 else ())
    mode = kwargs.get("mode", args[2] if len(args) > 2 else "constant")
    axes = []
    for axis, dim in zip(sight.axes, sight.dims, strict=True):
        place = None if dim is None else 2 * (len(old) - 1 - dim)
        if dim is None or place is None or place >= len(borders):
            axes.append(axis)
            continue
        before, after = borders[place], borders[place + 1]
        indices = np.arange(-before, old[dim] + after)
        if mode != "constant":
            how: Any = {"replicate": "edge", "circular": "wrap"}.get(mode, mode)
            indices = np.pad(np.arange(old[dim]), (before, after), mode=how)
        picked = axis.pick(indices)
        start = axis.start - before * axis.jump
        axes.append(Axis(picked.size, picked.jump, start, picked.first, picked.last))
    return Sight(tuple(axes), sight.dims)


def _indexed(sight: Sight, index: Any, old: tuple[int, ...], new: tuple[int, ...]) -> Sight:
    """Follow ``x[...]`` for whole numbers, slices, None and ``...``; anything else may look everywhere."""
    parts = list(index) if isinstance(index, tuple) else [index]
    if any(not (part is None or part is Ellipsis or type(part) in (int, slice)) for part in parts):
        same = len(new) == len(old) and all(dim is None or new[dim] == old[dim] for dim in sight.dims)
        return sight if same else sight.gathered()
    named = sum(part is not None and part is not Ellipsis for part in parts)
    fill: list[Any] = [slice(None)] * (len(old) - named)
    if Ellipsis in parts:
        at = parts.index(Ellipsis)
        parts[at : at + 1] = fill
    else:
        parts += fill
    axes: list[Axis] = list(sight.axes)
    places: list[int | None] = [None] * len(axes)
    dim, place = 0, 0
    for part in parts:
        if part is None:
            place += 1
            continue
        if dim in sight.dims:
            which = sight.dims.index(dim)
            taken = np.arange(old[dim])[part]
            step = part.step or 1 if isinstance(part, slice) else 1
            axes[which] = axes[which].pick(np.atleast_1d(taken), jump=step)
            places[which] = place if isinstance(part, slice) else None
        dim += 1
        place += isinstance(part, slice)
    return Sight(tuple(axes), tuple(places))
