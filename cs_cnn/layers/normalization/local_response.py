"""Local response normalization: a strong answer of one channel damps its neighbours (AlexNet)."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from cs_cnn.layers.arguments import match_shapes, positive, same_shape
from cs_cnn.layers.registry import Layer, Pick, Sample, register

__all__ = [
    "local_response_norm_backward",
    "local_response_norm_forward",
    "local_response_norm_plain",
]

Convention = Literal["torch", "paper"]


class Cache(NamedTuple):
    """What the backward pass needs; `weight` is what the sum of squares is multiplied by."""

    x: np.ndarray
    base: np.ndarray
    size: int
    weight: float
    beta: float


def _weight(x: np.ndarray, size: int, alpha: float, convention: Convention) -> float:
    """Check the settings; return the factor before the sum of squares."""
    match_shapes(x=(x, "N C H W"))
    if not isinstance(size, (int, np.integer)) or isinstance(size, bool) or size < 1 or size % 2 == 0:
        raise ValueError(
            f"size must be an odd number of channels, got {size!r}: an even window has no middle, and PyTorch and"
            " ONNX put it on different sides"
        )
    if convention not in get_args(Convention):
        raise ValueError(f'convention must be "torch" or "paper", got {convention!r}')
    return alpha / size if convention == "torch" else alpha


def _sum_of_neighbours(x: np.ndarray, size: int) -> np.ndarray:
    """Add up the `size` channels around each one; beyond the first and the last there are none."""
    half, channels = size // 2, x.shape[1]
    padded = np.pad(x, ((0, 0), (half, half), (0, 0), (0, 0)))
    total = np.zeros_like(x)
    for start in range(size):
        total += padded[:, start : start + channels]
    return total


def local_response_norm_plain(
    x: np.ndarray,
    *,
    size: int = 5,
    alpha: float = 1e-4,
    beta: float = 0.75,
    k: float = 2.0,
    convention: Convention = "torch",
) -> np.ndarray:
    """Normalise by the formula, one channel at a time; for reading, not for speed.

    Parameters and result are those of `local_response_norm_forward`, without the cache.

    Examples
    --------
    >>> x = np.array([1.0, 2.0, 3.0]).reshape(1, 3, 1, 1)
    >>> local_response_norm_plain(x, size=3, alpha=1, beta=1, k=0, convention="paper").ravel()
    array([0.2       , 0.14285714, 0.23076923])
    """
    weight = _weight(x, size, alpha, convention)
    out = np.empty_like(x)
    for i in range(x.shape[1]):
        neighbours = x[:, max(i - size // 2, 0) : i + size // 2 + 1]
        out[:, i] = x[:, i] / (k + weight * (neighbours**2).sum(axis=1)) ** beta
    return out


def local_response_norm_forward(
    x: np.ndarray,
    *,
    size: int = 5,
    alpha: float = 1e-4,
    beta: float = 0.75,
    k: float = 2.0,
    convention: Convention = "torch",
) -> tuple[np.ndarray, Cache]:
    """Divide each number by a measure of what the neighbouring channels say at the same pixel.

    ``out = x / (k + alpha / size * sum of squares) ** beta``, where the sum runs over `size` channels around
    each one, as far as there are any.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C, H, W)
        Images.
    size : int
        How many channels the sum runs over, odd; the paper's n.
    alpha, beta, k : float
        The constants of the formula, with the paper's numbers. PyTorch and ONNX have ``k = 1`` (ONNX: `bias`)
        when nothing is said.
    convention : {"torch", "paper"}
        What `alpha` is. PyTorch, ONNX and Caffe divide it by `size` (a mean of squares); the paper does not
        (a sum). AlexNet as published is ``convention="paper"``, in PyTorch ``alpha=5 * 1e-4``.

    Returns
    -------
    out : numpy.ndarray, shape (N, C, H, W)
    cache : tuple
        What `local_response_norm_backward` needs.

    Raises
    ------
    TypeError, ValueError
        When `x` is not a float array of that shape, or a setting does not make sense.

    Notes
    -----
    Krizhevsky, Sutskever & Hinton (2012), section 3.3. Simonyan & Zisserman (2015) found no gain from it, and
    batch normalization took its place.

    Examples
    --------
    >>> x = np.full((1, 3, 1, 1), 2.0)
    >>> out, _ = local_response_norm_forward(x, size=3, alpha=3.0, beta=1.0, k=1.0)
    >>> out.ravel()  # 2 / (1 + 4 + 4) at the ends, 2 / (1 + 4 + 4 + 4) between two neighbours
    array([0.22222222, 0.15384615, 0.22222222])
    """
    weight = _weight(x, size, alpha, convention)
    positive("k", k)
    base = _sum_of_neighbours(x**2, size) * np.asarray(weight, x.dtype) + np.asarray(k, x.dtype)
    return x * base**-beta, Cache(x, base, size, weight, beta)


def local_response_norm_backward(dout: np.ndarray, cache: Cache) -> np.ndarray:
    """Carry the gradient back: to each number, and to all the neighbours that damped it.

    Parameters
    ----------
    dout : numpy.ndarray, shape (N, C, H, W)
        Gradient of the loss with respect to ``out``.
    cache : tuple
        From `local_response_norm_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape (N, C, H, W)
        Channel i is in the sum of channel j exactly when j is in that of i, so the same sum runs backward.
    """
    x, base, size, weight, beta = cache
    same_shape("dout", dout, "out", x.shape)
    direct = dout * base**-beta
    damping = _sum_of_neighbours(direct * x / base, size)
    return np.asarray(direct - (2 * weight * beta) * x * damping)


def local_response_norm_twin(
    x: Any,
    *,
    size: int = 5,
    alpha: float = 1e-4,
    beta: float = 0.75,
    k: float = 2.0,
    convention: Convention = "torch",
) -> Any:
    """Compute the same in PyTorch, which divides alpha by the size."""
    import torch.nn.functional as F

    alpha = alpha if convention == "torch" else alpha * size
    return F.local_response_norm(x, size, alpha=alpha, beta=beta, k=k)


def _sample(pick: Pick, rng: np.random.Generator) -> Sample:
    x = rng.normal(size=(pick(1, 3), pick(1, 6), pick(1, 3), pick(1, 3)))
    options: dict[str, Any] = {
        "size": 2 * pick(0, 3) + 1,
        "alpha": (1e-4, 0.7)[pick(0, 1)],
        "beta": (0.75, 0.5)[pick(0, 1)],
        "k": (2.0, 1.0)[pick(0, 1)],
        "convention": ("torch", "paper")[pick(0, 1)],
    }
    return Sample({"x": x}, options)


register(
    Layer(
        name="local_response_norm",
        forward=local_response_norm_forward,
        backward=local_response_norm_backward,
        twin=local_response_norm_twin,
        wrt=("x",),
        sample=_sample,
        source="Krizhevsky, Sutskever & Hinton (2012)",
        plain=local_response_norm_plain,
    )
)
