"""A net as a plain list of layers, to count what nobody has built: ``[conv(64, 3, pad=1), pool(2), affine(10)]``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Setting = int | tuple[int, ...]
Padding = int | tuple[int | tuple[int, int], ...] | Literal["same"]


@dataclass(frozen=True)
class Spec:
    """One layer of a list; make it with `conv`, `pool`, `affine` and the other functions of this module.

    Attributes
    ----------
    kind : str
        What it is, such as "conv".
    settings : dict
        Its numbers.
    branches : tuple of lists
        The paths of a layer that branches.
    """

    kind: str
    settings: dict[str, Any] = field(default_factory=dict)
    branches: tuple[tuple[Layer, ...], ...] = ()


Layer = Spec | str


def conv(
    filters: int,
    kernel: Setting,
    *,
    stride: Setting = 1,
    pad: Padding = 0,
    dilation: Setting = 1,
    groups: int = 1,
    bias: bool = True,
) -> Spec:
    """Describe a convolution.

    Parameters
    ----------
    filters : int
        Number of filters F, the channels that come out.
    kernel, stride, dilation : int or (int, int)
        Entries of the window, step, and distance of the entries: (height, width).
    pad : int, (int, int), ((int, int), (int, int)) or "same"
        Zeros on each side; for each axis; before and after on each axis; or as many as keep ``ceil(H / stride)``.
    groups : int
        Number of groups g; ``groups=C`` is a depthwise convolution.
    bias : bool
        Whether there is one bias for each filter.

    Returns
    -------
    Spec
    """
    settings = {"filters": filters, "kernel": kernel, "stride": stride, "pad": pad, "dilation": dilation}
    return Spec("conv", {**settings, "groups": groups, "bias": bias})


def locally_connected(
    filters: int, kernel: Setting, *, stride: Setting = 1, pad: Padding = 0, bias: bool = True
) -> Spec:
    """Describe a layer that looks through windows like a convolution, with weights of its own at every place.

    Parameters
    ----------
    filters, kernel, stride, pad, bias
        As for `conv`.

    Returns
    -------
    Spec
    """
    settings = {"filters": filters, "kernel": kernel, "stride": stride, "pad": pad, "bias": bias}
    return Spec("locally connected", settings)


def pool(
    size: Setting,
    *,
    stride: Setting | None = None,
    pad: Padding = 0,
    kind: Literal["max", "average"] = "max",
    fit: Literal["floor", "ceil", "strict"] = "floor",
) -> Spec:
    """Describe a pool.

    Parameters
    ----------
    size : int or (int, int)
        Height and width of the window.
    stride : int or (int, int), optional
        Step; the size of the window when left out.
    pad
        As for `conv`.
    kind : {"max", "average"}
    fit : {"floor", "ceil", "strict"}
        What happens when the last step does not reach the border, see `cs_cnn.layers.output_size`.

    Returns
    -------
    Spec
    """
    settings = {"size": size, "stride": size if stride is None else stride, "pad": pad, "fit": fit}
    return Spec(f"{kind} pool", settings)


def global_pool() -> Spec:
    """Describe the mean over each whole map, which leaves one number for each channel."""
    return Spec("global average pool")


def affine(units: int, *, bias: bool = True) -> Spec:
    """Describe a fully connected layer; feature maps are flattened for it.

    Parameters
    ----------
    units : int
        Number of units M.
    bias : bool
        Whether each has a bias.

    Returns
    -------
    Spec
    """
    return Spec("affine", {"units": units, "bias": bias})


def batch_norm() -> Spec:
    """Describe a batch normalisation: a scale and a shift for each channel."""
    return Spec("batch_norm")


def branches(*paths: Sequence[Layer]) -> Spec:
    """Describe paths side by side whose maps are concatenated, as in an Inception module.

    Parameters
    ----------
    *paths : list of layers
        An empty one passes its input on.

    Returns
    -------
    Spec
    """
    return Spec("concat", branches=tuple(tuple(path) for path in paths))


def residual(*paths: Sequence[Layer]) -> Spec:
    """Describe paths whose outputs are added; with one path, its input is the other.

    Parameters
    ----------
    *paths : list of layers

    Returns
    -------
    Spec
    """
    return Spec("add", branches=tuple(tuple(path) for path in (paths if len(paths) > 1 else ((), *paths))))
