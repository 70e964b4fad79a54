"""The deconvnet: a number in a feature map, sent back through filters, ReLUs and poolings to the pixels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.grad import conv2d_input

from cs_cnn.errors import CsCnnError
from cs_cnn.look.guided import Rule, check_rule
from cs_cnn.look.running import check_images, find_layer
from cs_cnn.zoo.parts.staged import Staged


def unpool(signal: Tensor, switches: Tensor, shape: torch.Size | tuple[int, ...]) -> Tensor:
    """Put every number of a signal where the maximum of its window was; zeros stand elsewhere.

    Where windows overlap and share a maximum, their numbers are added, as in the gradient of max pooling.

    Parameters
    ----------
    signal : Tensor (N, C, h, w)
        One number for each window.
    switches : Tensor (N, C, h, w) of int64
        Where each maximum was, row by row in the map, as ``F.max_pool2d(x, ..., return_indices=True)`` says it.
    shape : (int, int, int, int)
        Of what was pooled.

    Returns
    -------
    Tensor (N, C, H, W)
    """
    out = signal.new_zeros(shape).flatten(2)
    return out.scatter_add(2, switches.flatten(2), signal.flatten(2)).reshape(shape)


def strongest(maps: Tensor, channel: int) -> Tensor:
    """Return a signal of zeros, but for the largest number of one map in every image.

    Parameters
    ----------
    maps : Tensor (N, C, H, W)
        Activations.
    channel : int
        Which map.

    Returns
    -------
    Tensor (N, C, H, W)
    """
    flat = maps[:, channel].flatten(1)
    values, places = flat.max(dim=1, keepdim=True)
    signal = torch.zeros_like(maps)
    signal[:, channel] = torch.zeros_like(flat).scatter(1, places, values).reshape(maps[:, channel].shape)
    return signal


class Note(NamedTuple):
    """What is written down about one layer on the way forward.

    Attributes
    ----------
    name : str
        The layer's path in the net.
    module : torch.nn.Module
        A convolution, a ReLU or a max pooling.
    shape : torch.Size
        Of its input.
    kept : Tensor or None
        For a ReLU which units were on, for a pooling the switches.
    """

    name: str
    module: nn.Module
    shape: torch.Size
    kept: Tensor | None


class Deconvnet:
    """Run images forward through a plain net, taking notes, and send signals back.

    Parameters
    ----------
    net : torch.nn.Module
        A `torch.nn.Sequential`, or a net of the zoo whose stages are one, such as VGG without normalisation.
    images : Tensor (N, C, H, W)
    upto : str, optional
        The last layer or stage to run, by its path; by default the last one before something that is no
        convolution, ReLU or max pooling.

    Attributes
    ----------
    out : Tensor
        What the last layer puts out.
    notes : tuple of Note
        One for each layer, in the order of the way forward.

    Raises
    ------
    CsCnnError
        When the net is not plain as far as `upto`.

    References
    ----------
    M. D. Zeiler and R. Fergus, "Visualizing and understanding convolutional networks", ECCV 2014, section 2.1.

    Examples
    --------
    >>> import torch
    >>> net = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.ReLU(), torch.nn.MaxPool2d(2))
    >>> seen = Deconvnet(net, torch.rand(5, 1, 28, 28))
    >>> seen.out.shape, seen.back(strongest(seen.out, 2)).shape
    (torch.Size([5, 4, 13, 13]), torch.Size([5, 1, 28, 28]))
    """

    def __init__(self, net: nn.Module, images: Tensor, upto: str | None = None) -> None:
        check_images(images)
        notes = []
        x = images.detach()
        with torch.no_grad():
            for name, module in _plain_layers(net, upto):
                note = Note(name, module, x.shape, None)
                if isinstance(module, nn.MaxPool2d):
                    x, switches = F.max_pool2d(
                        x,
                        module.kernel_size,
                        module.stride,
                        module.padding,
                        module.dilation,
                        module.ceil_mode,
                        return_indices=True,
                    )
                    note = note._replace(kept=switches)
                elif isinstance(module, nn.ReLU):
                    note = note._replace(kept=x > 0)
                    x = x.clamp(min=0)
                else:
                    x = module(x)
                notes.append(note)
        self.out, self.notes = x, tuple(notes)

    def back(self, signal: Tensor, rule: Rule = "deconvnet") -> Tensor:
        """Send a signal from the last layer back to the pixels.

        Poolings put numbers back by their switches, convolutions spread them with their own filters (without
        biases), and ReLUs follow a rule.

        Parameters
        ----------
        signal : Tensor, shape of `out`
            For instance `strongest`.
        rule : {"gradient", "deconvnet", "guided"}
            What passes a ReLU, see `relu_rule`. With "gradient" the result is the gradient of ``(out * signal).sum()``.

        Returns
        -------
        Tensor (N, C, H, W)

        Raises
        ------
        CsCnnError
            When the signal has another shape than `out`, or there is no such rule.
        """
        check_rule(rule)
        if signal.shape != self.out.shape:
            raise CsCnnError(
                f"signal must have the shape of the last layer, {tuple(self.out.shape)}, got {tuple(signal.shape)}."
            )
        with torch.no_grad():
            for note in reversed(self.notes):
                signal = _one_back(signal, note, rule)
        return signal


def _one_back(signal: Tensor, note: Note, rule: Rule) -> Tensor:
    module = note.module
    if isinstance(module, nn.Conv2d):
        # The transposed convolution; unlike F.conv_transpose2d it is told the shape that a stride leaves open.
        spread: Tensor = conv2d_input(  # type: ignore[no-untyped-call]
            note.shape,
            module.weight,
            signal,
            module.stride,
            module.padding,
            module.dilation,
            module.groups,
        )
        return spread
    assert note.kept is not None
    if isinstance(module, nn.MaxPool2d):
        return unpool(signal, note.kept, note.shape)
    if rule != "gradient":
        signal = signal.clamp(min=0)
    return signal if rule == "deconvnet" else signal * note.kept


def _plain_layers(net: nn.Module, upto: str | None) -> list[tuple[str, nn.Module]]:
    """Return the convolutions, ReLUs and poolings of a net as far as `upto`, or as far as they go."""
    layers: list[tuple[str, nn.Module]] = []
    if upto is not None:
        find_layer(net, upto)
    for name, module in _leaves(net):
        if upto is not None and layers and _inside(layers[-1][0], upto) and not _inside(name, upto):
            return layers
        if not _is_plain(module):
            if upto is not None or not layers:
                raise CsCnnError(
                    "net must be a row of convolutions with zeros around, ReLUs and max poolings as far as upto, "
                    f"and this {type(net).__name__} has the {type(module).__name__} {name!r} there."
                )
            return layers
        layers.append((name, module))
    return layers


def _inside(name: str, upto: str) -> bool:
    return name == upto or name.startswith(f"{upto}.")


def _leaves(net: nn.Module, path: str = "") -> Iterator[tuple[str, nn.Module]]:
    """Yield the modules that a net runs one after the other, as deep as that is certain."""
    inner: list[tuple[str, nn.Module]] | None = None
    if isinstance(net, Staged) and type(net).forward is Staged.forward:
        if type(net).run_stage is Staged.run_stage:
            inner = [(stage, net.get_submodule(stage)) for stage in net.stages]
    elif isinstance(net, nn.Sequential) and type(net).forward is nn.Sequential.forward:
        inner = [
            (name, module) for name, module in net._modules.items() if module is not None
        ]  # also repeated ones
    if inner is None:
        yield path, net
        return
    for name, module in inner:
        yield from _leaves(module, f"{path}.{name}" if path else name)


def _is_plain(module: nn.Module) -> bool:
    if isinstance(module, nn.Conv2d):
        return module.padding_mode == "zeros" and not isinstance(module.padding, str)
    return isinstance(module, nn.ReLU | nn.MaxPool2d)
