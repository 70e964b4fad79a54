"""`account`: the one door to all walks."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cs_cnn.account.conventions import Convention
from cs_cnn.account.conventions import convention as find_convention
from cs_cnn.account.rows import Operation
from cs_cnn.account.walks.spec_lists import walk_specs
from cs_cnn.account.walks.specs import Layer, Spec
from cs_cnn.account.whole import Account
from cs_cnn.errors import CsCnnError

if TYPE_CHECKING:
    from torch import Tensor, nn


def _is_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _check_shape(shape: Any) -> tuple[int, ...]:
    try:
        numbers = tuple(int(number) for number in shape)
        whole = all(number == given for number, given in zip(numbers, shape, strict=True))
    except (TypeError, ValueError):
        numbers, whole = (), False
    if not whole or not numbers or min(numbers) < 1:
        raise CsCnnError(
            f"input_shape must be the shape of one example, such as (3, 224, 224), got {shape!r}."
        )
    return numbers


def account(
    net: nn.Module | Sequence[Layer] | str | Any,
    input_shape: Sequence[int] | Tensor | None = None,
    *,
    convention: str | Convention = "standard",
    **options: Any,
) -> Account:
    """Count what a net costs: parameters, multiply-adds, memory and receptive fields, step by step.

    Parameters
    ----------
    net : torch.nn.Module, net of `cs_cnn.nets`, list of layers, or str
        Any PyTorch module that takes one tensor (nothing is computed, and no memory taken: only shapes go through it,
        in evaluation mode); a NumPy net; a plain list such as ``[conv(64, 3, pad=1), "relu", pool(2), affine(10)]``;
        or a name of the zoo, which stands for the published net.
    input_shape : sequence of int, optional
        Shape of one example: (C, H, W) of an image, (C, L) of a sequence, (D,) of a vector. For modules that take
        something else than floating-point numbers, a batch of one, as a tensor. A name of the zoo brings its own.
    convention : str or Convention
        What counts: "standard", "lectures", "flops" or "everything". It can be changed later:
        ``account.under("flops")``.
    **options
        For a name of the zoo: arguments of `cs_cnn.zoo.build` that differ from the published ones.

    Returns
    -------
    Account
        Rows and totals; it prints as a table.

    Raises
    ------
    CsCnnError
        When the net cannot take such an input, or there is no such convention.

    Notes
    -----
    Where paths of a net meet, the receptive field is the longest path's. Every parameter is counted once, where it is
    used first; parameters that take no part in evaluation stand in rows of their own at the end.

    Examples
    --------
    >>> from cs_cnn.account import conv
    >>> stack = account([conv(64, 3, bias=False)] * 3, (64, 32, 32))  # 27 C^2 weights, and a field of 7 x 7
    >>> one = account([conv(64, 7, bias=False)], (64, 32, 32))  # 49 C^2
    >>> stack.parameters / 64**2, one.parameters / 64**2
    (27.0, 49.0)
    >>> stack["conv3"].receptive.size == one["conv1"].receptive.size
    True
    """
    rules = find_convention(convention)
    if isinstance(net, str):
        return _of_zoo(net, input_shape, rules, options)
    if options:
        raise CsCnnError(
            f"Options are for names of the zoo, got {', '.join(options)} with a net that is built."
        )
    if input_shape is None:
        raise CsCnnError("input_shape is missing: give the shape of one example, such as (3, 224, 224).")
    batch: Any = input_shape if _is_tensor(input_shape) else None
    example = tuple(batch.shape[1:]) if batch is not None else _check_shape(input_shape)
    stages: tuple[str, ...] = ()
    torch = sys.modules.get("torch")
    try:
        steps: tuple[Operation, ...]
        if torch is not None and isinstance(net, torch.nn.Module):
            from cs_cnn.account.walks.torch_nets import walk_module

            title, stages = type(net).__name__, tuple(getattr(net, "stages", ()))
            steps = walk_module(net, example if batch is None else batch)
        elif isinstance(net, (list, tuple)) and all(isinstance(layer, (Spec, str)) for layer in net):
            title, steps = "list of layers", walk_specs(net, example)
        elif hasattr(net, "params"):
            from cs_cnn.account.walks.numpy_nets import walk_net

            title, steps = type(net).__name__, walk_net(net, example)
        else:
            raise CsCnnError(
                f"net must be a PyTorch module, a net of cs_cnn.nets, a list of layers or a name of the zoo,"
                f" got {type(net).__name__}."
            )
    except ValueError as error:
        shape = " x ".join(map(str, example))
        raise CsCnnError(f"This net cannot take an input of {shape}: {str(error).rstrip('.')}.") from error
    return Account(title, steps, rules, stages)


def _of_zoo(name: str, input_shape: Any, rules: Convention, options: dict[str, Any]) -> Account:
    """Account for a published net; images of another size or depth get the net built for them, where it can be."""
    shape = published_shape(name, **options) if input_shape is None else _check_shape(input_shape)
    if len(shape) != 3:
        raise CsCnnError(f"{name} takes images, such as (3, 224, 224), got {shape}.")
    found = account(build_for(name, shape, **options), shape, convention=rules)
    return Account(name, found.steps, found.convention, found.stages)


def published_shape(name: str, **options: Any) -> tuple[int, int, int]:
    """Return the shape (C, H, W) of the images that a published net is made for.

    Parameters
    ----------
    name : str
        A name of the zoo.
    **options
        Arguments of `cs_cnn.zoo.build` that differ from the published ones.

    Returns
    -------
    (int, int, int)

    Raises
    ------
    CsCnnError
        When there is no such net.

    Examples
    --------
    >>> published_shape("lenet5")
    (1, 32, 32)
    """
    from cs_cnn import zoo

    known = {**zoo.entry(name).published, **options}
    own = zoo.options(name).get("size", (32, ()))[0]
    size = int(known.get("size", own if isinstance(own, int) else 32))
    return int(known.get("channels", 1)), size, size


def build_for(name: str, shape: tuple[int, ...], **options: Any) -> nn.Module:
    """Build a published net for images of some shape, without memory.

    Parameters
    ----------
    name : str
        A name of the zoo.
    shape : (int, int, int)
        Channels, height and width.
    **options
        Arguments of `cs_cnn.zoo.build` that differ from the published ones.

    Returns
    -------
    torch.nn.Module
        On the meta device, unless it cannot be built without numbers.

    Raises
    ------
    CsCnnError
        When the net cannot be built for such images.
    """
    import torch

    from cs_cnn import zoo

    made_for = published_shape(name, **options)
    if shape[0] != made_for[0]:
        options["channels"] = shape[0]
    if shape[1:] != made_for[1:] and "size" in zoo.options(name) and shape[1] == shape[2]:
        options["size"] = shape[1]
    with contextlib.suppress(NotImplementedError), torch.device("meta"):
        return zoo.build_published(name, **options)
    return zoo.build_published(name, **{"seed": 0, **options})  # it needs numbers to be built
