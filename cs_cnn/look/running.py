"""What every way of looking needs: a net in evaluation mode, one score for each image, and what a layer puts out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from cs_cnn.errors import CsCnnError

Layer = str | nn.Module
"""A layer by its path in the net, such as ``"conv1"`` or ``"blocks2.0.expand"``, or the module itself."""


@contextlib.contextmanager
def evaluating(net: nn.Module) -> Iterator[None]:
    """Put a net into evaluation mode, and each of its modules back into its own mode afterwards.

    With dropout or the statistics of a batch, a score would depend on dice or on the other images.

    Parameters
    ----------
    net : torch.nn.Module
    """
    modes = [(module, module.training) for module in net.modules()]
    net.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def check_images(images: Any, dimensions: int = 4, name: str = "images") -> None:
    """Raise a sentence unless something is a tensor of images.

    Parameters
    ----------
    images : object
        What was given.
    dimensions : int
        4 for a batch (N, C, H, W), 3 for one image (C, H, W).
    name : str
        Of the argument, for the sentence.

    Raises
    ------
    CsCnnError
        When `images` is no floating-point tensor with so many dimensions.
    """
    wanted = "(N, C, H, W)" if dimensions == 4 else "(C, H, W)"
    if not isinstance(images, Tensor) or images.dim() != dimensions or not images.is_floating_point():
        got = (
            f"shape {tuple(images.shape)}, {images.dtype}"
            if isinstance(images, Tensor)
            else repr(type(images))
        )
        raise CsCnnError(f"{name} must be a floating-point tensor of shape {wanted}, got {got}.")


def scores(net: nn.Module, images: Tensor, labels: int | Tensor) -> Tensor:
    """Return one score of each image, before any softmax.

    Parameters
    ----------
    net : torch.nn.Module
        Maps images to scores (N, K).
    images : Tensor (N, C, H, W)
    labels : int or Tensor (N,) of int
        Whose score, for all images or for each.

    Returns
    -------
    Tensor (N,)

    Raises
    ------
    CsCnnError
        When the net puts out something else than scores, or has no such class.
    """
    out = net(images)
    if not isinstance(out, Tensor) or out.dim() != 2:
        raise CsCnnError(
            "net must map images to scores of shape (N, K), got "
            f"{tuple(out.shape) if isinstance(out, Tensor) else type(out).__name__}."
        )
    chosen = torch.as_tensor(labels, device=out.device)
    if chosen.is_floating_point() or chosen.dtype == torch.bool or chosen.shape not in ((), (len(images),)):
        raise CsCnnError(
            f"labels must be a whole number or one for each of the {len(images)} images, got {labels!r}."
        )
    if not bool(((chosen >= 0) & (chosen < out.shape[1])).all()):
        raise CsCnnError(
            f"labels must lie between 0 and {out.shape[1] - 1}, as the net has {out.shape[1]} scores, "
            f"got {labels!r}."
        )
    return out.gather(1, chosen.long().expand(len(images))[:, None])[:, 0]


def find_layer(net: nn.Module, layer: Layer) -> nn.Module:
    """Return a module of a net by its path.

    Parameters
    ----------
    net : torch.nn.Module
    layer : str or torch.nn.Module

    Returns
    -------
    torch.nn.Module

    Raises
    ------
    CsCnnError
        When the net has no such module.
    """
    known: dict[str, nn.Module] = dict(net.named_modules())
    if isinstance(layer, nn.Module):
        if not any(module is layer for module in known.values()):
            raise CsCnnError(
                f"layer is a {type(layer).__name__} that is no part of this {type(net).__name__}."
            )
        return layer
    if not layer or layer not in known:
        inside = ", ".join(name for name, _ in net.named_children())
        raise CsCnnError(
            f"layer must be the path of a module of this {type(net).__name__} ({inside}, or a module inside), "
            f"got {layer!r}."
        )
    return known[layer]


@contextlib.contextmanager
def watching(net: nn.Module, layer: Layer) -> Iterator[list[Tensor]]:
    """Keep what a layer puts out whenever the net runs.

    Parameters
    ----------
    net : torch.nn.Module
    layer : str or torch.nn.Module

    Yields
    ------
    list of Tensor
        Grows by one with every run of the layer.
    """
    kept: list[Tensor] = []

    def keep(module: nn.Module, inputs: object, out: Tensor) -> Tensor:
        kept.append(_one_tensor(out, layer))
        return out.clone()  # what follows may change its input in place

    handle = find_layer(net, layer).register_forward_hook(keep)
    try:
        yield kept
    finally:
        handle.remove()


def activations(net: nn.Module, images: Tensor, layer: Layer) -> Tensor:
    """Return what a layer puts out.

    Parameters
    ----------
    net : torch.nn.Module
        Run in evaluation mode; its own mode comes back afterwards.
    images : Tensor (N, C, H, W)
    layer : str or torch.nn.Module
        The path of a module, for instance a stage of a net of the zoo.

    Returns
    -------
    Tensor
        (N, maps, height, width) for a layer of feature maps.

    Raises
    ------
    CsCnnError
        When there is no such layer, or the net does not use it.

    Examples
    --------
    >>> import torch
    >>> from cs_cnn import zoo
    >>> net = zoo.build("lenet5", seed=0)
    >>> activations(net, torch.zeros(2, 1, 28, 28), "s2").shape
    torch.Size([2, 6, 14, 14])
    """
    check_images(images)
    with evaluating(net), torch.no_grad():
        out: Tensor = Until(net, layer)(images)
    return out


class Until(nn.Module):
    """The first part of a net: it ends with what a layer puts out, and does not run the rest.

    Parameters
    ----------
    net : torch.nn.Module
    layer : str or torch.nn.Module
    """

    def __init__(self, net: nn.Module, layer: Layer) -> None:
        super().__init__()
        self.net, self.layer = net, layer

    def forward(self, images: Tensor) -> Tensor:
        """Map images (N, C, H, W) to the activations of the layer."""

        def stop(module: nn.Module, inputs: object, out: Tensor) -> None:
            raise _EnoughError(out)

        handle = find_layer(self.net, self.layer).register_forward_hook(stop)
        try:
            self.net(images)
        except _EnoughError as enough:
            return _one_tensor(enough.args[0], self.layer)
        finally:
            handle.remove()
        raise _idle(self.layer)


class _EnoughError(Exception):
    """Carries the activations out of a net that need not run on."""


def _one_tensor(out: object, layer: Layer) -> Tensor:
    if not isinstance(out, Tensor):
        raise CsCnnError(f"layer must put out one tensor, and {layer!r} puts out a {type(out).__name__}.")
    return out


def _idle(layer: Layer) -> CsCnnError:
    return CsCnnError(f"layer must take part when the net runs, and {layer!r} does not.")


def last_of(kept: list[Tensor], layer: Layer) -> Tensor:
    """Return what `watching` kept last, or raise a sentence when the layer never ran."""
    if not kept:
        raise _idle(layer)
    return kept[-1]
