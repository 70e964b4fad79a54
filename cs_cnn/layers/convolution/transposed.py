"""Transposed convolution: the adjoint of a convolution, which makes images larger."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cs_cnn.layers.arguments import match_shapes, pair, same_shape
from cs_cnn.layers.convolution import kernels
from cs_cnn.layers.convolution.conv2d import conv2d_forward
from cs_cnn.layers.padding import Borders, borders
from cs_cnn.layers.registry import Layer, Pick, Sample, register
from cs_cnn.layers.windows import Pair, add_windows

__all__ = ["conv_transpose2d_backward", "conv_transpose2d_forward", "conv_transpose2d_plain"]

Setting = int | Pair


class Geometry(NamedTuple):
    """Where the filters are stamped: everything but the numbers."""

    stride: Pair
    dilation: Pair
    ends: Borders
    groups: int
    full: Pair
    """Height and width of the output before the border is cut off."""


class Cache(NamedTuple):
    """What the backward pass needs."""

    x: np.ndarray
    w: np.ndarray
    geometry: Geometry
    shape: tuple[int, ...]


def _geometry(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    stride: Setting,
    pad: Setting | Borders,
    output_pad: Setting,
    dilation: Setting,
    groups: int,
) -> Geometry:
    """Check the arguments, and find the size of the output."""
    sizes = match_shapes(x=(x, "N C H W"), w=(w, "C F/groups HH WW"), b=(b, "F"))
    if not isinstance(groups, (int, np.integer)) or groups < 1 or sizes["C"] % groups:
        raise ValueError(f"groups must divide C = {sizes['C']}, got {groups!r}")
    if sizes["F"] != sizes["F/groups"] * groups:
        raise ValueError(
            f"b must have {sizes['F/groups'] * groups} entries (F / groups = {sizes['F/groups']} channels of w"
            f" times {groups} groups), got {sizes['F']}"
        )
    s = pair("stride", stride, at_least=1)
    d = pair("dilation", dilation, at_least=1)
    extra = pair("output_pad", output_pad, at_least=0)
    if any(more >= step for more, step in zip(extra, s, strict=True)):
        raise ValueError(
            f"output_pad must be smaller than stride {s}, got {extra}: it says how many pixels the last step"
            " of the convolution left out"
        )
    ends = borders(pad)
    full = [(x.shape[2 + a] - 1) * s[a] + d[a] * (w.shape[2 + a] - 1) + 1 + extra[a] for a in (0, 1)]
    for axis, name in enumerate(("height", "width")):
        if full[axis] <= sum(ends[axis]):
            raise ValueError(
                f"pad must leave something of the output, whose {name} is {full[axis]}, got {ends[axis]}"
            )
    return Geometry(s, d, ends, int(groups), (full[0], full[1]))


def _cut(full: np.ndarray, ends: Borders) -> np.ndarray:
    """Cut the border off."""
    (top, bottom), (left, right) = ends
    return full[:, :, top : full.shape[2] - bottom, left : full.shape[3] - right]


def conv_transpose2d_plain(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    *,
    stride: Setting = 1,
    pad: Setting | Borders = 0,
    output_pad: Setting = 0,
    dilation: Setting = 1,
    groups: int = 1,
) -> np.ndarray:
    """Stamp the filters one input pixel at a time; for reading, not for speed.

    Parameters and result are those of `conv_transpose2d_forward`, without the cache.

    Examples
    --------
    >>> conv_transpose2d_plain(np.array([[[[1.0, 10.0]]]]), np.ones((1, 1, 1, 3)), np.zeros(1))[0, 0]
    array([[ 1., 11., 11., 10.]])
    """
    s, d, ends, groups, full = _geometry(x, w, b, stride, pad, output_pad, dilation, groups)
    filters, hh, ww = w.shape[1:]
    stamped = np.zeros((len(x), len(b), *full), np.result_type(x, w, b))
    for n, c, i, j in np.ndindex(*x.shape):
        first = c // (len(w) // groups) * filters  # the first output channel this input channel writes to
        for f, k, m in np.ndindex(filters, hh, ww):
            stamped[n, first + f, i * s[0] + k * d[0], j * s[1] + m * d[1]] += x[n, c, i, j] * w[c, f, k, m]
    return np.asarray(_cut(stamped, ends) + b[:, np.newaxis, np.newaxis])


def conv_transpose2d_forward(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    *,
    stride: Setting = 1,
    pad: Setting | Borders = 0,
    output_pad: Setting = 0,
    dilation: Setting = 1,
    groups: int = 1,
) -> tuple[np.ndarray, Cache]:
    """Let every input pixel stamp its filters on the output; where stamps overlap, they add up.

    This is the backward pass of a convolution with the same `w`, `stride`, `pad`, `dilation` and `groups`, used
    as a forward pass. It is the adjoint of that convolution, ``<A x, y> = <x, A' y>``, and *not* its inverse: it
    brings back the size of the image, not the image.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C, H, W)
        Images.
    w : numpy.ndarray, shape (C, F / groups, HH, WW)
        Filters. The channels that come in stand first, so that it is the `w` of the convolution from F to C
        channels whose adjoint this is.
    b : numpy.ndarray, shape (F,)
        Biases.
    stride : int or (int, int)
        Distance between neighbouring stamps on the output, in pixels.
    pad : int, (int, int) or ((int, int), (int, int))
        Border to cut *off* the output: the padding of the convolution.
    output_pad : int or (int, int)
        Pixels to add at the bottom and the right, fewer than `stride`: a convolution with a stride gives the same
        size for several sizes of the image, and this says which one is meant.
    dilation : int or (int, int)
        Distance between the entries of a filter, in pixels.
    groups : int
        The channels are cut into this many groups, and each writes to its own output channels.

    Returns
    -------
    out : numpy.ndarray, shape (N, F, H_out, W_out)
        Where ``H_out = (H - 1) * stride - 2 * pad + dilation * (HH - 1) + 1 + output_pad``.
    cache : tuple
        What `conv_transpose2d_backward` needs.

    Raises
    ------
    TypeError, ValueError
        When an argument is not a float array, the shapes do not fit each other, or nothing is left of the output.

    Notes
    -----
    Zeiler et al., *Deconvolutional networks* (2010); Dumoulin & Visin, *A guide to convolution arithmetic for
    deep learning* (2016).

    Examples
    --------
    >>> x, w = np.array([[[[1.0, 10.0]]]]), np.ones((1, 1, 1, 3))
    >>> conv_transpose2d_forward(x, w, np.zeros(1))[0][0, 0]
    array([[ 1., 11., 11., 10.]])
    >>> conv_transpose2d_forward(x, w, np.zeros(1), stride=(1, 2), pad=(0, 1), output_pad=(0, 1))[0][0, 0]
    array([[ 1., 11., 10., 10.]])
    """
    geometry = _geometry(x, w, b, stride, pad, output_pad, dilation, groups)
    s, d, ends, groups, full = geometry
    n, c, height, width = x.shape
    per_group = x.reshape(n, groups, c // groups, height * width)
    stamps = w.reshape(groups, c // groups, -1).swapaxes(-1, -2) @ per_group
    windows = stamps.reshape(n, len(b), *w.shape[2:], height, width).transpose(0, 1, 4, 5, 2, 3)
    out = _cut(add_windows(windows, (n, len(b), *full), s, d), ends) + b[:, np.newaxis, np.newaxis]
    return out, Cache(x, w, geometry, out.shape)


def conv_transpose2d_backward(dout: np.ndarray, cache: Cache) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Carry the gradient of the loss back: the adjoint of the adjoint is the convolution itself.

    Parameters
    ----------
    dout : numpy.ndarray, shape (N, F, H_out, W_out)
        Gradient of the loss with respect to ``out``.
    cache : tuple
        From `conv_transpose2d_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape (N, C, H, W)
    dw : numpy.ndarray, shape (C, F / groups, HH, WW)
    db : numpy.ndarray, shape (F,)

    Examples
    --------
    >>> _, cache = conv_transpose2d_forward(np.ones((1, 1, 1, 2)), np.ones((1, 1, 1, 3)), np.zeros(1))
    >>> dx, dw, db = conv_transpose2d_backward(np.array([[[[1.0, 2.0, 3.0, 4.0]]]]), cache)
    >>> dx, dw, db
    (array([[[[6., 9.]]]]), array([[[[3., 5., 7.]]]]), array([10.]))
    """
    x, w, geometry, shape = cache
    same_shape("dout", dout, "out", shape)
    s, d, ends, groups, _ = geometry
    dx, seen = conv2d_forward(
        dout, w, np.zeros(len(w), w.dtype), stride=s, pad=ends, dilation=d, groups=groups
    )
    # In that convolution x stands where the upstream gradient stands, so its weight gradient is ours.
    _, dw = kernels.backward(x, dout, w, seen.geometry, only_filters=True)
    return dx, dw, dout.sum(axis=(0, 2, 3))


def conv_transpose2d_twin(
    x: Any,
    w: Any,
    b: Any,
    *,
    stride: Setting = 1,
    pad: Setting | Borders = 0,
    output_pad: Setting = 0,
    dilation: Setting = 1,
    groups: int = 1,
) -> Any:
    """Compute the same in PyTorch, which cuts the same off both sides; what is left to cut comes after."""
    import torch.nn.functional as F

    ends = borders(pad)
    both = (min(ends[0]), min(ends[1]))
    out = F.conv_transpose2d(
        x,
        w,
        b,
        stride=stride,
        padding=both,
        output_padding=output_pad,
        groups=groups,
        dilation=dilation,
    )
    (top, bottom), (left, right) = (
        tuple(end - least for end in each) for each, least in zip(ends, both, strict=True)
    )
    return F.pad(out, (-left, -right, -top, -bottom))


def _sample(pick: Pick, rng: np.random.Generator) -> Sample:
    groups = pick(1, 2)
    channels, filters = groups * pick(1, 2), pick(1, 2)
    kernel, dilation, stride = ((pick(1, 3), pick(1, 3)), (pick(1, 2), pick(1, 2)), (pick(1, 3), pick(1, 3)))
    image = (pick(1, 3), pick(1, 3))
    full = [(image[a] - 1) * stride[a] + dilation[a] * (kernel[a] - 1) + 1 for a in (0, 1)]
    # At least one pixel must be left.
    ends = tuple((pick(0, min(2, (f - 1) // 2)), pick(0, min(2, (f - 1) // 2))) for f in full)
    shapes = {
        "x": (pick(1, 2), channels, *image),
        "w": (channels, filters, *kernel),
        "b": (groups * filters,),
    }
    options = {
        "stride": stride,
        "pad": ends,
        "output_pad": (pick(0, stride[0] - 1), pick(0, stride[1] - 1)),
        "dilation": dilation,
        "groups": groups,
    }
    return Sample({name: rng.normal(size=shape) for name, shape in shapes.items()}, options)


register(
    Layer(
        name="conv_transpose2d",
        forward=conv_transpose2d_forward,
        backward=conv_transpose2d_backward,
        twin=conv_transpose2d_twin,
        wrt=("x", "w", "b"),
        sample=_sample,
        source="Zeiler et al. (2010)",
        plain=conv_transpose2d_plain,
    )
)
