"""Borders around an image: zeros, a mirror, or the edge drawn out."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np

from cs_cnn.layers.arguments import match_shapes, same_shape
from cs_cnn.layers.registry import Layer, Pick, Sample, register

__all__ = ["pad2d_backward", "pad2d_forward"]

Mode = Literal["zero", "reflect", "edge"]
Borders = tuple[tuple[int, int], tuple[int, int]]
Cache = tuple[tuple[int, ...], Borders, str]

_NUMPY = {"zero": "constant", "reflect": "reflect", "edge": "edge"}


def borders(pad: int | tuple[int, int] | Borders) -> Borders:
    """Read a padding: one number, (height, width), or ((top, bottom), (left, right)).

    Parameters
    ----------
    pad : int or tuple
        Pixels, at least 0.

    Returns
    -------
    tuple of tuple of int
        ((top, bottom), (left, right)).

    Raises
    ------
    ValueError
        When it is none of these.

    Examples
    --------
    >>> borders(1), borders((0, 2)), borders(((0, 1), (2, 3)))
    (((1, 1), (1, 1)), ((0, 0), (2, 2)), ((0, 1), (2, 3)))
    """
    both = pad if isinstance(pad, tuple) else (pad, pad)
    ends = tuple(each if isinstance(each, tuple) else (each, each) for each in both)
    numbers = [number for each in ends for number in each]
    whole = all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) and n >= 0 for n in numbers)
    if len(ends) != 2 or len(numbers) != 4 or not whole:
        raise ValueError(
            "pad must be a whole number >= 0, a pair (height, width), or ((top, bottom), (left, right)),"
            f" got {pad!r}"
        )
    (top, bottom), (left, right) = ends
    return (int(top), int(bottom)), (int(left), int(right))


def pad2d_forward(
    x: np.ndarray, *, pad: int | tuple[int, int] | Borders, mode: Mode = "zero"
) -> tuple[np.ndarray, Cache]:
    """Put a border around every image.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C, H, W)
        Images.
    pad : int, (int, int) or ((int, int), (int, int))
        Pixels to add: on every side, by (height, width), or by ((top, bottom), (left, right)).
    mode : {"zero", "reflect", "edge"}
        What the border shows: zeros, the image mirrored at its outermost pixels (which are not repeated), or
        the outermost pixels repeated.

    Returns
    -------
    out : numpy.ndarray, shape (N, C, H + top + bottom, W + left + right)
        `x` itself where there is nothing to add.
    cache : tuple
        What `pad2d_backward` needs.

    Raises
    ------
    TypeError, ValueError
        When an argument does not fit; a mirror must be smaller than the image.

    Examples
    --------
    >>> row = np.array([[[[1.0, 2.0, 3.0]]]])
    >>> for mode in ("zero", "reflect", "edge"):
    ...     print(mode, pad2d_forward(row, pad=(0, 2), mode=mode)[0][0, 0, 0])
    zero [0. 0. 1. 2. 3. 0. 0.]
    reflect [3. 2. 1. 2. 3. 2. 1.]
    edge [1. 1. 1. 2. 3. 3. 3.]
    """
    sizes = match_shapes(x=(x, "N C H W"))
    if mode not in get_args(Mode):
        raise ValueError(f'mode must be "zero", "reflect" or "edge", got {mode!r}')
    ends = borders(pad)
    if mode == "reflect" and (max(ends[0]) >= sizes["H"] or max(ends[1]) >= sizes["W"]):
        raise ValueError(
            f"a mirror of pad {ends} needs an image larger than it, got {sizes['H']} by {sizes['W']} pixels"
        )
    cache = (x.shape, ends, mode)
    if ends == ((0, 0), (0, 0)):  # only saves time
        return x, cache  # only saves time
    return np.pad(x, ((0, 0), (0, 0), *ends), mode=_NUMPY[mode]), cache  # type: ignore[call-overload]


def pad2d_backward(dout: np.ndarray, cache: Cache) -> np.ndarray:
    """Carry the gradient back: a pixel shown several times collects from all its copies.

    Parameters
    ----------
    dout : numpy.ndarray, shape (N, C, H + top + bottom, W + left + right)
        Gradient of the loss with respect to ``out``.
    cache : tuple
        From `pad2d_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape (N, C, H, W)

    Examples
    --------
    >>> _, cache = pad2d_forward(np.zeros((1, 1, 1, 3)), pad=(0, 1), mode="reflect")
    >>> pad2d_backward(np.ones((1, 1, 1, 5)), cache)[0, 0, 0]
    array([1., 3., 1.])
    """
    shape, ((top, bottom), (left, right)), mode = cache
    height, width = shape[2:]
    same_shape("dout", dout, "out", (*shape[:2], top + height + bottom, left + width + right))
    if mode == "zero":  # only saves time
        return dout[:, :, top : top + height, left : left + width]  # only saves time
    by_row = _fold(dout, 2, (top, bottom), mode)
    return _fold(by_row, 3, (left, right), mode)


def _fold(dout: np.ndarray, axis: int, ends: tuple[int, int], mode: str) -> np.ndarray:
    """Add the border of one axis to the pixels that it shows, and take it off."""
    before, after = ends
    size = dout.shape[axis] - before - after
    lines = np.moveaxis(dout, axis, 0)
    out = lines[before : before + size].copy()
    shown = np.pad(np.arange(size), ends, mode=_NUMPY[mode])  # type: ignore[call-overload]
    for place in (*range(before), *range(before + size, len(lines))):
        out[shown[place]] += lines[place]
    return np.moveaxis(out, 0, axis)


def pad2d_twin(x: Any, *, pad: int | tuple[int, int] | Borders, mode: Mode = "zero") -> Any:
    """Compute the same in PyTorch, which names the width first and the edge "replicate"."""
    import torch.nn.functional as F

    (top, bottom), (left, right) = borders(pad)
    names = {"zero": "constant", "reflect": "reflect", "edge": "replicate"}
    return F.pad(x, (left, right, top, bottom), mode=names[mode])


def _sample(pick: Pick, rng: np.random.Generator) -> Sample:
    mode = ("zero", "reflect", "edge")[pick(0, 2)]
    pad = ((pick(0, 2), pick(0, 2)), (pick(0, 2), pick(0, 2)))
    x = rng.normal(size=(pick(1, 3), pick(1, 3), pick(3, 6), pick(3, 6)))
    return Sample({"x": x}, {"pad": pad, "mode": mode})


register(
    Layer(
        name="pad2d",
        forward=pad2d_forward,
        backward=pad2d_backward,
        twin=pad2d_twin,
        wrt=("x",),
        sample=_sample,
        source="Dumoulin & Visin (2016)",
    )
)
