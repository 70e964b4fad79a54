"""Other rules for the way back through a ReLU: guided backpropagation, and the deconvnet's rule, in any net."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Literal, get_args

from torch import Tensor, nn

from cs_cnn.errors import CsCnnError
from cs_cnn.look.gradients import gradient

Rule = Literal["gradient", "deconvnet", "guided"]
"""What passes back through a ReLU: the signal where the unit was on; its positive part; both conditions at once."""


def check_rule(rule: str) -> None:
    """Raise a sentence unless `rule` is one of the three."""
    if rule not in get_args(Rule):
        raise CsCnnError(f"rule must be {' or '.join(map(repr, get_args(Rule)))}, got {rule!r}.")


@contextlib.contextmanager
def relu_rule(net: nn.Module, rule: Rule) -> Iterator[None]:
    """Let every ReLU of a net send signals back by another rule; afterwards the net is as before.

    Parameters
    ----------
    net : torch.nn.Module
        With modules `torch.nn.ReLU` or `torch.nn.ReLU6`. A ReLU that is called as a function keeps its gradient.
    rule : {"gradient", "deconvnet", "guided"}
        What passes: the signal where the unit was on; the positive part of the signal; the positive part where the
        unit was on.

    Raises
    ------
    CsCnnError
        When there is no such rule, or the net has no such modules.

    Examples
    --------
    >>> import torch
    >>> net, x = torch.nn.ReLU(), torch.tensor([1.0, -1.0, 1.0, -1.0], requires_grad=True)
    >>> signal = torch.tensor([2.0, 2.0, -3.0, -3.0])
    >>> for rule in ("gradient", "deconvnet", "guided"):
    ...     with relu_rule(net, rule):
    ...         print(torch.autograd.grad(net(x), x, signal)[0].tolist())
    [2.0, 0.0, -3.0, 0.0]
    [2.0, 2.0, 0.0, 0.0]
    [2.0, 0.0, 0.0, 0.0]
    """
    check_rule(rule)
    units = [module for module in net.modules() if isinstance(module, nn.ReLU | nn.ReLU6)]
    if not units:
        raise CsCnnError(
            "net must have its ReLUs as modules torch.nn.ReLU or torch.nn.ReLU6, and this "
            f"{type(net).__name__} has none."
        )

    def instead(module: nn.Module, slope: Any, signal: Any) -> tuple[Tensor] | None:
        if rule == "gradient" or slope[0] is None:
            return None
        passing: Tensor = signal[0] if rule == "deconvnet" else slope[0]
        return (passing.clamp(min=0),)

    in_place = [unit.inplace for unit in units]
    handles = [unit.register_full_backward_hook(instead) for unit in units]
    for unit in units:
        unit.inplace = False  # PyTorch allows no hook on a module that changes its input
    try:
        yield
    finally:
        for handle, unit, before in zip(handles, units, in_place, strict=True):
            handle.remove()
            unit.inplace = before


def guided_gradient(net: nn.Module, images: Tensor, labels: int | Tensor) -> Tensor:
    """Return what guided backpropagation sends from a score to every number of the image.

    Parameters
    ----------
    net : torch.nn.Module
        As for `relu_rule`; run in evaluation mode.
    images : Tensor (N, C, H, W)
    labels : int or Tensor (N,) of int
        Whose score, before any softmax.

    Returns
    -------
    Tensor (N, C, H, W)

    References
    ----------
    J. T. Springenberg, A. Dosovitskiy, T. Brox and M. Riedmiller, "Striving for simplicity: the all convolutional
    net", ICLR workshop 2015, arXiv:1412.6806, section 3.4.
    """
    with relu_rule(net, "guided"):
        return gradient(net, images, labels)
