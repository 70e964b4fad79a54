"""Convolution along one axis, for sequences: plain, and causal (no output sees its future)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cs_cnn.layers.arguments import match_shapes, same_shape
from cs_cnn.layers.convolution.conv2d import conv2d_backward, conv2d_forward
from cs_cnn.layers.padding import Borders, Mode, pad2d_forward, pad2d_twin
from cs_cnn.layers.registry import Layer, Pick, Sample, register
from cs_cnn.layers.windows import Pair, place_windows

__all__ = [
    "causal_conv1d_backward",
    "causal_conv1d_forward",
    "conv1d_backward",
    "conv1d_forward",
    "conv1d_plain",
]


class Cache(NamedTuple):
    """What the backward pass needs: the cache of `conv2d_forward`, and the shape of ``out``."""

    conv2d: Any
    shape: tuple[int, ...]


def _whole(name: str, value: int, *, at_least: int) -> int:
    """Read a setting that is one whole number."""
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < at_least:
        raise ValueError(f"{name} must be a whole number >= {at_least}, got {value!r}")
    return int(value)


def _ends(pad: int | Pair) -> Borders:
    """Read a padding, one number or (before, after), as that of an image of height 1."""
    both = pad if isinstance(pad, tuple) else (pad, pad)
    if len(both) != 2:
        raise ValueError(f"pad must be a whole number >= 0 or a pair (before, after), got {pad!r}")
    before, after = (_whole("pad", end, at_least=0) for end in both)
    return (0, 0), (before, after)


def conv1d_plain(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    *,
    stride: int = 1,
    pad: int | Pair = 0,
    dilation: int = 1,
    groups: int = 1,
    fit: str = "floor",
    padding_mode: Mode = "zero",
) -> np.ndarray:
    """Convolve by the formula, one output value at a time; for reading, not for speed.

    Parameters and result are those of `conv1d_forward`, without the cache.

    Examples
    --------
    >>> conv1d_plain(np.array([[[1.0, 2.0, 4.0]]]), np.array([[[-1.0, 1.0]]]), np.zeros(1))
    array([[[1., 2.]]])
    """
    channels, k = w.shape[1:]
    (_, length), ends = place_windows((1, x.shape[2]), (1, k), (1, stride), _ends(pad), (1, dilation), fit)
    padded = pad2d_forward(x[:, :, np.newaxis], pad=ends, mode=padding_mode)[0][:, :, 0]
    out = np.zeros((len(x), len(w), length), np.result_type(x, w, b))
    for n in range(len(x)):
        for f in range(len(w)):
            first = f // (len(w) // groups) * channels  # the first channel this filter sees
            for t in range(length):
                total = b[f]
                for c in range(channels):
                    for i in range(k):
                        total = total + padded[n, first + c, t * stride + i * dilation] * w[f, c, i]
                out[n, f, t] = total
    return out


def conv1d_forward(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    *,
    stride: int = 1,
    pad: int | Pair = 0,
    dilation: int = 1,
    groups: int = 1,
    fit: str = "floor",
    padding_mode: Mode = "zero",
) -> tuple[np.ndarray, Cache]:
    """Slide F filters along N sequences, which are images of height 1.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C, L)
        Sequences of L steps with C numbers each.
    w : numpy.ndarray, shape (F, C / groups, K)
        Filters.
    b : numpy.ndarray, shape (F,)
        Biases.
    stride, dilation : int
        Step of the window and distance between the entries of a filter.
    pad : int or (int, int)
        Steps added at either end, or (before, after).
    groups, fit, padding_mode
        As in `conv2d_forward`.

    Returns
    -------
    out : numpy.ndarray, shape (N, F, L_out)
        Where ``L_out = (L + before + after - dilation * (K - 1) - 1) // stride + 1``.
    cache : tuple
        What `conv1d_backward` needs.

    Raises
    ------
    TypeError, ValueError
        When an argument is not a float array, the shapes do not fit each other, or the window is too large.

    Notes
    -----
    Waibel et al., *Phoneme recognition using time-delay neural networks* (1989).

    Examples
    --------
    >>> x = np.array([[[1.0, 2.0, 4.0, 8.0]]])
    >>> conv1d_forward(x, np.array([[[-1.0, 1.0]]]), np.zeros(1))[0]
    array([[[1., 2., 4.]]])
    >>> conv1d_forward(x, np.array([[[-1.0, 1.0]]]), np.zeros(1), pad=(1, 0))[0]
    array([[[1., 1., 2., 4.]]])
    """
    match_shapes(x=(x, "N C L"), w=(w, "F C/groups K"), b=(b, "F"))
    out, cache = conv2d_forward(
        x[:, :, np.newaxis],
        w[:, :, np.newaxis],
        b,
        stride=(1, _whole("stride", stride, at_least=1)),
        pad=_ends(pad),
        dilation=(1, _whole("dilation", dilation, at_least=1)),
        groups=groups,
        fit=fit,
        padding_mode=padding_mode,
    )
    out = out[:, :, 0]
    return out, Cache(cache, out.shape)


def conv1d_backward(dout: np.ndarray, cache: Cache) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Carry the gradient of the loss back through a convolution along one axis.

    Parameters
    ----------
    dout : numpy.ndarray, shape (N, F, L_out)
        Gradient of the loss with respect to ``out``.
    cache : tuple
        From `conv1d_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape (N, C, L)
    dw : numpy.ndarray, shape (F, C / groups, K)
    db : numpy.ndarray, shape (F,)

    Examples
    --------
    >>> _, cache = conv1d_forward(np.ones((1, 1, 3)), np.ones((1, 1, 2)), np.zeros(1))
    >>> conv1d_backward(np.ones((1, 1, 2)), cache)[0]
    array([[[1., 2., 1.]]])
    """
    same_shape("dout", dout, "out", cache.shape)
    dx, dw, db = conv2d_backward(dout[:, :, np.newaxis], cache.conv2d)
    return dx[:, :, 0], dw[:, :, 0], db


def _past(w: np.ndarray, dilation: int) -> Pair:
    """Return the padding that makes a convolution causal: all that the window spans but one step."""
    return (_whole("dilation", dilation, at_least=1) * (w.shape[2] - 1), 0)


def causal_conv1d_forward(
    x: np.ndarray, w: np.ndarray, b: np.ndarray, *, dilation: int = 1, groups: int = 1
) -> tuple[np.ndarray, Cache]:
    """Slide filters along sequences so that the output at step t depends on the input up to step t only.

    Zeros are added before the sequence and none after it, so the length stays the same. The last entry of a
    filter lies on step t, the one before it on ``t - dilation``, and so on. A stack of layers with
    K = 2 and dilations 1, 2, 4, 8 sees 16 steps: ``1 + sum(dilation * (K - 1))``.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C, L)
        Sequences of L steps with C numbers each.
    w : numpy.ndarray, shape (F, C / groups, K)
        Filters.
    b : numpy.ndarray, shape (F,)
        Biases.
    dilation : int
        Distance between the entries of a filter, in steps.
    groups : int
        As in `conv2d_forward`.

    Returns
    -------
    out : numpy.ndarray, shape (N, F, L)
    cache : tuple
        What `causal_conv1d_backward` needs.

    Raises
    ------
    TypeError, ValueError
        When an argument is not a float array, or the shapes do not fit each other.

    Notes
    -----
    van den Oord et al., *WaveNet: a generative model for raw audio* (2016).

    Examples
    --------
    >>> x = np.array([[[1.0, 2.0, 4.0, 8.0]]])
    >>> causal_conv1d_forward(x, np.array([[[10.0, 1.0]]]), np.zeros(1), dilation=2)[0]
    array([[[ 1.,  2., 14., 28.]]])
    """
    match_shapes(x=(x, "N C L"), w=(w, "F C/groups K"), b=(b, "F"))
    return conv1d_forward(x, w, b, pad=_past(w, dilation), dilation=dilation, groups=groups)


def causal_conv1d_backward(dout: np.ndarray, cache: Cache) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Carry the gradient of the loss back through a causal convolution: from later steps to earlier ones.

    Parameters
    ----------
    dout : numpy.ndarray, shape (N, F, L)
        Gradient of the loss with respect to ``out``.
    cache : tuple
        From `causal_conv1d_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape (N, C, L)
    dw : numpy.ndarray, shape (F, C / groups, K)
    db : numpy.ndarray, shape (F,)

    Examples
    --------
    >>> _, cache = causal_conv1d_forward(np.ones((1, 1, 4)), np.ones((1, 1, 2)), np.zeros(1), dilation=2)
    >>> causal_conv1d_backward(np.array([[[0.0, 0.0, 0.0, 1.0]]]), cache)[0]
    array([[[0., 1., 0., 1.]]])
    """
    return conv1d_backward(dout, cache)


def conv1d_twin(
    x: Any,
    w: Any,
    b: Any,
    *,
    stride: int = 1,
    pad: int | Pair = 0,
    dilation: int = 1,
    groups: int = 1,
    fit: str = "floor",
    padding_mode: Mode = "zero",
) -> Any:
    """Compute the same in PyTorch; a border that is not zero, or not the same at both ends, comes first."""
    import torch.nn.functional as F

    _, ends = place_windows((1, x.shape[2]), (1, w.shape[2]), (1, stride), _ends(pad), (1, dilation), fit)
    x = pad2d_twin(x[:, :, None], pad=ends, mode=padding_mode)[:, :, 0]
    return F.conv1d(x, w, b, stride=stride, dilation=dilation, groups=groups)


def causal_conv1d_twin(x: Any, w: Any, b: Any, *, dilation: int = 1, groups: int = 1) -> Any:
    """Compute the same in PyTorch, whose padding is the same at both ends: so pad first."""
    import torch.nn.functional as F

    return F.conv1d(F.pad(x, _past(w, dilation)), w, b, dilation=dilation, groups=groups)


def _arrays(pick: Pick, rng: np.random.Generator, k: int, length: int, groups: int) -> dict[str, np.ndarray]:
    channels, filters = pick(1, 2), groups * pick(1, 2)
    shapes = {"x": (pick(1, 3), groups * channels, length), "w": (filters, channels, k), "b": (filters,)}
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


def _sample(pick: Pick, rng: np.random.Generator) -> Sample:
    k, dilation, groups = pick(1, 3), pick(1, 3), pick(1, 3)
    # At least what the window spans, and larger than the border, so that the border can be a mirror.
    length = max(dilation * (k - 1) + 1, 3) + pick(0, 4)
    options = {
        "stride": pick(1, 3),
        "pad": (pick(0, 2), pick(0, 2)),
        "dilation": dilation,
        "groups": groups,
        "fit": ("floor", "ceil")[pick(0, 1)],
        "padding_mode": ("zero", "reflect", "edge")[pick(0, 2)],
    }
    return Sample(_arrays(pick, rng, k, length, groups), options)


def _causal_sample(pick: Pick, rng: np.random.Generator) -> Sample:
    k, dilation, groups = pick(1, 3), pick(1, 4), pick(1, 2)
    return Sample(_arrays(pick, rng, k, pick(1, 8), groups), {"dilation": dilation, "groups": groups})


register(
    Layer(
        name="conv1d",
        forward=conv1d_forward,
        backward=conv1d_backward,
        twin=conv1d_twin,
        wrt=("x", "w", "b"),
        sample=_sample,
        source="Waibel et al. (1989)",
        plain=conv1d_plain,
    )
)
register(
    Layer(
        name="causal_conv1d",
        forward=causal_conv1d_forward,
        backward=causal_conv1d_backward,
        twin=causal_conv1d_twin,
        wrt=("x", "w", "b"),
        sample=_causal_sample,
        source="van den Oord et al. (2016)",
    )
)
