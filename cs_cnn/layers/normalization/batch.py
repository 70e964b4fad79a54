"""Batch normalization: every feature gets mean 0 and variance 1 over the batch, then a scale and a shift."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cs_cnn.layers.arguments import match_shapes, positive, same_shape
from cs_cnn.layers.registry import Layer, Pick, Sample, register

__all__ = ["batch_norm2d_backward", "batch_norm2d_forward", "batch_norm_backward", "batch_norm_forward"]


class Cache(NamedTuple):
    """What the backward pass needs: the normalised numbers, the scale, and where the statistics came from."""

    normalised: np.ndarray
    gamma: np.ndarray
    over_deviation: np.ndarray
    axes: tuple[int, ...]
    train: bool


def batch_norm_forward(
    x: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    *,
    running_mean: np.ndarray | None = None,
    running_var: np.ndarray | None = None,
    momentum: float = 0.1,
    eps: float = 1e-5,
    train: bool = True,
) -> tuple[np.ndarray, Cache]:
    """Normalise every feature over the batch: ``out = gamma * (x - mean) / sqrt(var + eps) + beta``.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, D)
        N examples of D features.
    gamma, beta : numpy.ndarray, shape (D,)
        Scale and shift, learned.
    running_mean, running_var : numpy.ndarray, shape (D,), optional
        Averages of the batches' statistics, for the time after training. In training they are **updated in
        place**: this is the one place where a layer changes an argument on purpose. Both or neither.
    momentum : float
        How much the newest batch counts, as in PyTorch: ``running = (1 - momentum) * running + momentum *
        batch``. The older convention writes 0.9 for the same thing, the share of the past.
    eps : float
        Keeps the division finite; it is added to the variance, under the root.
    train : bool
        True takes mean and variance of this batch, False those of `running_mean` and `running_var`, so that
        an example's result does not depend on the others.

    Returns
    -------
    out : numpy.ndarray, shape (N, D)
    cache : tuple
        What `batch_norm_backward` needs.

    Raises
    ------
    TypeError, ValueError
        When an argument is not a float array, the shapes do not fit, a batch of one is to be normalised by
        itself, or the running statistics are needed and missing.

    Notes
    -----
    Ioffe & Szegedy (2015). The batch is divided by its biased variance (over N), while `running_var` collects
    the unbiased one (over N - 1), in the paper as in PyTorch.

    Examples
    --------
    >>> x = np.array([[1.0, 10.0], [3.0, 30.0]])
    >>> mean, var = np.zeros(2), np.ones(2)
    >>> out, _ = batch_norm_forward(x, np.ones(2), np.zeros(2), running_mean=mean, running_var=var)
    >>> out.round(3).tolist(), mean.round(3).tolist(), var.round(3).tolist()
    ([[-1.0, -1.0], [1.0, 1.0]], [0.2, 2.0], [1.1, 20.9])
    """
    match_shapes(x=(x, "N D"), gamma=(gamma, "D"), beta=(beta, "D"))
    return _forward(x, gamma, beta, (0,), running_mean, running_var, momentum, eps, train)


def batch_norm2d_forward(
    x: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    *,
    running_mean: np.ndarray | None = None,
    running_var: np.ndarray | None = None,
    momentum: float = 0.1,
    eps: float = 1e-5,
    train: bool = True,
) -> tuple[np.ndarray, Cache]:
    """Normalise every channel over the batch and all positions (spatial batch normalization).

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C, H, W)
        Images; each channel has N * H * W numbers to take its mean from.
    gamma, beta : numpy.ndarray, shape (C,)
        Scale and shift of each channel.
    running_mean, running_var : numpy.ndarray, shape (C,), optional
        As in `batch_norm_forward`, **updated in place** in training.
    momentum, eps, train
        As in `batch_norm_forward`.

    Returns
    -------
    out : numpy.ndarray, shape (N, C, H, W)
    cache : tuple
        What `batch_norm2d_backward` needs.

    Raises
    ------
    TypeError, ValueError
        As `batch_norm_forward` does.

    Notes
    -----
    Ioffe & Szegedy (2015), section 3.2: a convolution treats all positions alike, so its normalization does.

    Examples
    --------
    >>> x = np.arange(8.0).reshape(1, 2, 2, 2)
    >>> out, _ = batch_norm2d_forward(x, np.ones(2), np.array([0.0, 5.0]))
    >>> out.mean(axis=(0, 2, 3)).round(6).tolist()
    [0.0, 5.0]
    """
    match_shapes(x=(x, "N C H W"), gamma=(gamma, "C"), beta=(beta, "C"))
    return _forward(x, gamma, beta, (0, 2, 3), running_mean, running_var, momentum, eps, train)


def _forward(
    x: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    axes: tuple[int, ...],
    running_mean: np.ndarray | None,
    running_var: np.ndarray | None,
    momentum: float,
    eps: float,
    train: bool,
) -> tuple[np.ndarray, Cache]:
    """Normalise over the given axes; all other axes but the second one are among them."""
    positive("eps", eps)
    if not 0 <= momentum <= 1:
        raise ValueError(f"momentum must lie between 0 and 1, got {momentum!r}")
    running = _running_statistics(running_mean, running_var, len(gamma))
    wide = (-1, *[1] * (x.ndim - 2))  # gives a vector over the features the axes of x behind the batch
    if train:
        n = x.size // max(len(gamma), 1)
        if n < 2:
            raise ValueError(
                f"x must hold at least 2 numbers of each feature to normalise by, got {n}; pass train=False,"
                " or a larger batch"
            )
        mean = x.mean(axis=axes, keepdims=True)
        centred = x - mean
        var = (centred**2).mean(axis=axes, keepdims=True)
        if running:
            for kept, new in zip(running, (mean.ravel(), var.ravel() * (n / (n - 1))), strict=True):
                kept *= 1 - momentum
                kept += momentum * new
    elif running:
        mean, var = (kept.astype(x.dtype).reshape(wide) for kept in running)
        centred = x - mean
    else:
        raise ValueError("train=False needs running_mean and running_var, got None")
    over_deviation = 1 / np.sqrt(var + np.asarray(eps, x.dtype))
    normalised = centred * over_deviation
    out = gamma.reshape(wide) * normalised + beta.reshape(wide)
    return out, Cache(normalised, gamma.reshape(wide), over_deviation, axes, train)


def _running_statistics(
    mean: np.ndarray | None, var: np.ndarray | None, n_features: int
) -> tuple[np.ndarray, ...]:
    """Check the running statistics: two vectors, or none."""
    if mean is None and var is None:
        return ()
    if mean is None or var is None:
        missing = "running_mean" if mean is None else "running_var"
        raise ValueError(f"running_mean and running_var belong together, got no {missing}")
    for name, array in (("running_mean", mean), ("running_var", var)):
        match_shapes(**{name: (array, "D")})
        same_shape(name, array, "gamma", (n_features,))
    return mean, var


def batch_norm_backward(dout: np.ndarray, cache: Cache) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Carry the gradient back through the normalization, and through mean and variance of the batch.

    Moving one entry moves the mean and the variance, and with them every other entry of its feature. In
    training, ``dx`` is therefore what is left of the gradient when the part that shifts all entries alike and
    the part that scales them alike are taken out: neither changes the output.

    Parameters
    ----------
    dout : numpy.ndarray, shape of x
        Gradient of the loss with respect to ``out``.
    cache : tuple
        From `batch_norm_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape of x
    dgamma, dbeta : numpy.ndarray, shape (D,)

    Examples
    --------
    >>> _, cache = batch_norm_forward(np.array([[1.0], [2.0], [6.0]]), np.ones(1), np.zeros(1))
    >>> dx, dgamma, dbeta = batch_norm_backward(np.ones((3, 1)), cache)
    >>> bool(np.allclose(dx, 0)), dbeta.tolist()  # adding 1 to every entry changes nothing
    (True, [3.0])
    """
    normalised, gamma, over_deviation, axes, train = cache
    same_shape("dout", dout, "out", normalised.shape)
    dgamma = (dout * normalised).sum(axis=axes)
    dbeta = dout.sum(axis=axes)
    rest = dout
    if train:
        n = dout.size // dbeta.size
        shift, scale = (sums.reshape(gamma.shape) / n for sums in (dbeta, dgamma))
        rest = dout - shift - normalised * scale
    dx = rest * (gamma * over_deviation)
    return dx, dgamma, dbeta


def batch_norm2d_backward(dout: np.ndarray, cache: Cache) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Carry the gradient back through the spatial normalization; see `batch_norm_backward`.

    Parameters
    ----------
    dout : numpy.ndarray, shape (N, C, H, W)
        Gradient of the loss with respect to ``out``.
    cache : tuple
        From `batch_norm2d_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape (N, C, H, W)
    dgamma, dbeta : numpy.ndarray, shape (C,)
    """
    return batch_norm_backward(dout, cache)


def batch_norm_twin(
    x: Any,
    gamma: Any,
    beta: Any,
    *,
    running_mean: np.ndarray | None = None,
    running_var: np.ndarray | None = None,
    momentum: float = 0.1,
    eps: float = 1e-5,
    train: bool = True,
) -> Any:
    """Compute the same in PyTorch, for (N, D) as for (N, C, H, W); the running statistics stay as they are."""
    import torch
    import torch.nn.functional as F

    mean, var = (
        None if kept is None else torch.tensor(kept, dtype=x.dtype) for kept in (running_mean, running_var)
    )
    return F.batch_norm(x, mean, var, gamma, beta, training=train, momentum=momentum, eps=eps)


def _options(pick: Pick, rng: np.random.Generator, n_features: int) -> dict[str, Any]:
    running = {"running_mean": rng.normal(size=n_features), "running_var": rng.uniform(0.5, 2, n_features)}
    # A large eps now and then: an eps in the wrong place would hide behind 1e-5.
    options = {"momentum": 0.1 * pick(0, 10), "eps": (1e-5, 0.1)[pick(0, 1)], "train": bool(pick(0, 1))}
    return options | (running if pick(0, 1) or not options["train"] else {})


def _spread(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Draw numbers that are well apart within each column: of equal numbers the variance is 0."""
    columns = np.empty(shape)
    columns[:] = np.arange(shape[0])[:, np.newaxis]
    return rng.permuted(columns, axis=0) - shape[0] / 2 + rng.uniform(-0.3, 0.3, shape)


def _sample(pick: Pick, rng: np.random.Generator) -> Sample:
    # Two examples are always normalised to -1 and 1, with a gradient of nearly 0 that no check could measure.
    n, d = pick(4, 7), pick(1, 4)
    arrays = {"x": _spread(rng, (n, d)), "gamma": rng.normal(size=d), "beta": rng.normal(size=d)}
    return Sample(arrays, _options(pick, rng, d))


def _sample2d(pick: Pick, rng: np.random.Generator) -> Sample:
    n, c, h, w = pick(1, 3), pick(1, 3), pick(2, 4), pick(2, 4)
    x = _spread(rng, (n * h * w, c)).reshape(n, h, w, c).transpose(0, 3, 1, 2).copy()
    return Sample({"x": x, "gamma": rng.normal(size=c), "beta": rng.normal(size=c)}, _options(pick, rng, c))


register(
    Layer(
        name="batch_norm",
        forward=batch_norm_forward,
        backward=batch_norm_backward,
        twin=batch_norm_twin,
        wrt=("x", "gamma", "beta"),
        sample=_sample,
        source="Ioffe & Szegedy (2015)",
    )
)
register(
    Layer(
        name="batch_norm2d",
        forward=batch_norm2d_forward,
        backward=batch_norm2d_backward,
        twin=batch_norm_twin,
        wrt=("x", "gamma", "beta"),
        sample=_sample2d,
        source="Ioffe & Szegedy (2015)",
    )
)
