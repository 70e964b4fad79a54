"""LeNet's subsampling: average pooling with one trainable coefficient and bias for every channel."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from cs_cnn.layers.arguments import match_shapes, pair, same_shape
from cs_cnn.layers.pooling.average import avg_pool2d_backward, avg_pool2d_forward
from cs_cnn.layers.registry import Layer, Pick, Sample, register
from cs_cnn.layers.windows import Pair

__all__ = ["subsample2d_backward", "subsample2d_forward"]

Setting = int | Pair
Reduce = Literal["sum", "mean"]


class Cache(NamedTuple):
    """What the backward pass needs: the sums or means, the coefficients, and the cache of the pooling."""

    pooled: np.ndarray
    a: np.ndarray
    factor: int
    pooling: Any


def subsample2d_forward(
    x: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    *,
    size: Setting = 2,
    reduce: Reduce = "sum",
) -> tuple[np.ndarray, Cache]:
    """Reduce windows that touch to one number each, times a coefficient, plus a bias: ``a * sum + b``.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C, H, W)
        Images.
    a : numpy.ndarray, shape (C,)
        Trainable coefficient of every channel.
    b : numpy.ndarray, shape (C,)
        Trainable bias of every channel.
    size : int or (int, int)
        Height and width of the window, and its step, in pixels; what is left over at the bottom and the right
        of an image is left out.
    reduce : {"sum", "mean"}
        LeNet-5 adds the four pixels of a window up; many descriptions average them. The two are the same
        layer with another coefficient: `a` of the mean is `a` of the sum times the number of pixels.

    Returns
    -------
    out : numpy.ndarray, shape (N, C, H_out, W_out)
        LeNet-5 passes it through a sigmoid-shaped function.
    cache : tuple
        What `subsample2d_backward` needs.

    Raises
    ------
    TypeError, ValueError
        When an argument is not a float array, the shapes do not fit each other, or `reduce` is another word.

    Notes
    -----
    LeCun et al., *Gradient-based learning applied to document recognition* (1998).

    Examples
    --------
    >>> x = np.array([[[[1.0, 2.0], [3.0, 6.0]]]])
    >>> subsample2d_forward(x, np.array([0.5]), np.array([1.0]))[0].item()
    7.0
    >>> subsample2d_forward(x, np.array([0.5]), np.array([1.0]), reduce="mean")[0].item()
    2.5
    """
    match_shapes(x=(x, "N C H W"), a=(a, "C"), b=(b, "C"))
    if reduce not in get_args(Reduce):
        raise ValueError(f'reduce must be "sum" or "mean", got {reduce!r}')
    height, width = pair("size", size, at_least=1)
    factor = height * width if reduce == "sum" else 1
    means, pooling = avg_pool2d_forward(x, size=(height, width))
    pooled = factor * means
    out = a[:, np.newaxis, np.newaxis] * pooled + b[:, np.newaxis, np.newaxis]
    return out, Cache(pooled, a, factor, pooling)


def subsample2d_backward(dout: np.ndarray, cache: Cache) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Carry the gradient of the loss back through the subsampling.

    Parameters
    ----------
    dout : numpy.ndarray, shape (N, C, H_out, W_out)
        Gradient of the loss with respect to ``out``.
    cache : tuple
        From `subsample2d_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape (N, C, H, W)
    da : numpy.ndarray, shape (C,)
        Summed over all examples and windows, as is `db`.
    db : numpy.ndarray, shape (C,)

    Examples
    --------
    >>> x = np.array([[[[1.0, 2.0], [3.0, 6.0]]]])
    >>> _, cache = subsample2d_forward(x, np.array([0.5]), np.array([1.0]))
    >>> dx, da, db = subsample2d_backward(np.ones((1, 1, 1, 1)), cache)
    >>> dx.ravel(), da, db
    (array([0.5, 0.5, 0.5, 0.5]), array([12.]), array([1.]))
    """
    pooled, a, factor, pooling = cache
    same_shape("dout", dout, "out", pooled.shape)
    dx = avg_pool2d_backward(dout * (factor * a)[:, np.newaxis, np.newaxis], pooling)
    return dx, (dout * pooled).sum(axis=(0, 2, 3)), dout.sum(axis=(0, 2, 3))


def subsample2d_twin(x: Any, a: Any, b: Any, *, size: Setting = 2, reduce: Reduce = "sum") -> Any:
    """Compute the same in PyTorch, whose average pooling can divide by 1."""
    import torch.nn.functional as F

    divisor = 1 if reduce == "sum" else None
    pooled = F.avg_pool2d(x, size, divisor_override=divisor)
    return a[:, None, None] * pooled + b[:, None, None]


def _sample(pick: Pick, rng: np.random.Generator) -> Sample:
    size, channels = (pick(1, 3), pick(1, 3)), pick(1, 3)
    shapes = {
        "x": (pick(1, 3), channels, size[0] + pick(0, 4), size[1] + pick(0, 4)),
        "a": (channels,),
        "b": (channels,),
    }
    arrays = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    return Sample(arrays, {"size": size, "reduce": ("sum", "mean")[pick(0, 1)]})


register(
    Layer(
        name="subsample2d",
        forward=subsample2d_forward,
        backward=subsample2d_backward,
        twin=subsample2d_twin,
        wrt=("x", "a", "b"),
        sample=_sample,
        source="LeCun et al. (1998)",
    )
)
