"""Dropout: in training, some numbers are set to zero at random and the others grow to make up for it."""

from __future__ import annotations

from typing import Any

import numpy as np

from cs_cnn.layers.arguments import match_shapes, same_shape
from cs_cnn.layers.registry import Layer, Pick, Sample, register

__all__ = ["dropout2d_backward", "dropout2d_forward", "dropout_backward", "dropout_forward"]

Rng = np.random.Generator | int


def dropout_forward(
    x: np.ndarray, *, p: float = 0.5, train: bool = True, rng: Rng
) -> tuple[np.ndarray, np.ndarray]:
    """Set each number to zero with probability `p`, and divide the others by ``1 - p``.

    Parameters
    ----------
    x : numpy.ndarray, any shape
    p : float
        Probability to **drop** a number, 0 <= p < 1, as in PyTorch. (Others name the probability to keep it:
        their p is our 1 - p.)
    train : bool
        False leaves `x` as it is: nothing is dropped after training, and nothing needs to be scaled then.
    rng : numpy.random.Generator or int
        Where the random numbers come from. A generator gives a new mask at every call, which is what training
        wants; a whole number is a seed and gives the same mask each time, for checks and comparisons.

    Returns
    -------
    out : numpy.ndarray, shape of x
        On average over the masks it is `x`.
    cache : numpy.ndarray, shape of x
        The mask: 0 where a number was dropped, ``1 / (1 - p)`` where it was kept.

    Raises
    ------
    TypeError, ValueError
        When `x` is not a float array, or `p` is not a probability below 1.

    Notes
    -----
    Srivastava et al. (2014). They scale by ``1 - p`` at test time instead; scaling in training ("inverted
    dropout") has the same average and leaves the tested network alone.

    Examples
    --------
    >>> out, mask = dropout_forward(np.ones(6), p=0.5, rng=0)
    >>> out
    array([2., 0., 0., 0., 2., 2.])
    >>> dropout_forward(np.ones(3), p=0.5, train=False, rng=0)[0]
    array([1., 1., 1.])
    """
    match_shapes(x=(x, "..."))
    mask = _mask(x.shape, x.shape, p, train, rng).astype(x.dtype)
    return x * mask, mask


def dropout2d_forward(
    x: np.ndarray, *, p: float = 0.5, train: bool = True, rng: Rng
) -> tuple[np.ndarray, np.ndarray]:
    """Drop whole channels of an image (spatial dropout).

    Neighbouring pixels say nearly the same, so dropping single ones hides little.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C, H, W)
        Images; each channel of each image is kept or dropped as a whole.
    p, train, rng
        As in `dropout_forward`.

    Returns
    -------
    out : numpy.ndarray, shape (N, C, H, W)
    cache : numpy.ndarray, shape (N, C, H, W)
        The mask, constant over each channel.

    Raises
    ------
    TypeError, ValueError
        As `dropout_forward` does.

    Notes
    -----
    Tompson et al. (2015).

    Examples
    --------
    >>> out, _ = dropout2d_forward(np.ones((1, 4, 1, 2)), p=0.5, rng=0)
    >>> out[0, :, 0].tolist()
    [[2.0, 2.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]
    """
    match_shapes(x=(x, "N C H W"))
    mask = _mask((*x.shape[:2], 1, 1), x.shape, p, train, rng).astype(x.dtype)
    return x * mask, mask


def _mask(drawn: tuple[int, ...], shape: tuple[int, ...], p: float, train: bool, rng: Rng) -> np.ndarray:
    """Draw a mask, and repeat it to the full shape."""
    if not 0 <= p < 1:
        raise ValueError(f"p must be a probability to drop, 0 <= p < 1, got {p!r}")
    if not train:
        return np.ones(shape)
    kept = np.random.default_rng(rng).random(drawn) >= p
    return np.broadcast_to(kept / (1 - p), shape)


def dropout_backward(dout: np.ndarray, cache: np.ndarray) -> np.ndarray:
    """Let the gradient through where the number was let through, with the same factor.

    Parameters
    ----------
    dout : numpy.ndarray, shape of x
        Gradient of the loss with respect to ``out``.
    cache : numpy.ndarray
        The mask from `dropout_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape of x

    Examples
    --------
    >>> _, mask = dropout_forward(np.ones(6), p=0.5, rng=0)
    >>> dropout_backward(np.full(6, 0.5), mask)
    array([1., 0., 0., 0., 1., 1.])
    """
    same_shape("dout", dout, "x", cache.shape)
    return np.asarray(dout * cache)


def dropout2d_backward(dout: np.ndarray, cache: np.ndarray) -> np.ndarray:
    """Let the gradient through in the channels that were kept, with the same factor.

    Parameters
    ----------
    dout : numpy.ndarray, shape (N, C, H, W)
        Gradient of the loss with respect to ``out``.
    cache : numpy.ndarray
        The mask from `dropout2d_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape (N, C, H, W)
    """
    return dropout_backward(dout, cache)


def dropout_twin(x: Any, *, p: float = 0.5, train: bool = True, rng: Rng) -> Any:
    """Compute the same in PyTorch with the same mask: ``F.dropout`` would draw one of its own."""
    import torch

    return x * torch.tensor(_mask(tuple(x.shape), tuple(x.shape), p, train, rng), dtype=x.dtype)


def dropout2d_twin(x: Any, *, p: float = 0.5, train: bool = True, rng: Rng) -> Any:
    """Compute the same in PyTorch with the same mask: ``F.dropout2d`` would draw one of its own."""
    import torch

    mask = _mask((*x.shape[:2], 1, 1), tuple(x.shape), p, train, rng)
    return x * torch.tensor(mask, dtype=x.dtype)


def _options(pick: Pick) -> dict[str, Any]:
    return {"p": 0.1 * pick(0, 8), "train": bool(pick(0, 3)), "rng": pick(0, 1000)}


def _sample(pick: Pick, rng: np.random.Generator) -> Sample:
    shape = tuple(pick(1, 4) for _ in range(pick(1, 3)))
    return Sample({"x": rng.normal(size=shape)}, _options(pick))


def _sample2d(pick: Pick, rng: np.random.Generator) -> Sample:
    shape = (pick(1, 3), pick(1, 4), pick(1, 3), pick(1, 3))
    return Sample({"x": rng.normal(size=shape)}, _options(pick))


register(
    Layer(
        name="dropout",
        forward=dropout_forward,
        backward=dropout_backward,
        twin=dropout_twin,
        wrt=("x",),
        sample=_sample,
        source="Srivastava et al. (2014)",
    )
)
register(
    Layer(
        name="dropout2d",
        forward=dropout2d_forward,
        backward=dropout2d_backward,
        twin=dropout2d_twin,
        wrt=("x",),
        sample=_sample2d,
        source="Tompson et al. (2015)",
    )
)
