"""RMSProp: AdaGrad with a memory that fades."""

from __future__ import annotations

import numpy as np

from cs_cnn.optim.optimiser import Optimiser, share, small


class RMSProp(Optimiser):
    """Divide every step by the root of the running mean of the squared gradients.

    Every step does ``n = decay * n + (1 - decay) * g ** 2`` and ``w = w - lr * g / (sqrt(n) + eps)``, entry by
    entry. The mean starts at 0 and is not corrected for it, so the first steps are up to
    ``1 / sqrt(1 - decay)`` times as long as the later ones.

    Parameters
    ----------
    params : dict of str to numpy.ndarray
        The parameters by name. The arrays are changed in place.
    lr : float
        Learning rate, positive; may be set to another value between steps.
    decay : float
        Share of the mean that is kept, from 0 to below 1. The lectures give no value; 0.9 is that of the rule's
        first publication. PyTorch calls it ``alpha``, with 0.99 as its default.
    eps : float
        Keeps the division finite. It is added outside the root, as in PyTorch (whose default is 1e-8); 1e-7 is
        the value of the lectures' code.
    weight_decay : float
        Strength of the pull towards zero, at least 0.

    Raises
    ------
    ValueError
        When a setting is out of its range.

    Notes
    -----
    Tieleman & Hinton, *Neural Networks for Machine Learning*, lecture 6.5 (2012).

    Examples
    --------
    >>> params = {"w": np.array([1.0])}
    >>> RMSProp(params, lr=0.1, decay=0.75).step({"w": np.array([5.0])})
    >>> params["w"].round(4)  # twice lr, since the mean is only a quarter of the square
    array([0.8])
    """

    memory = ("mean_square",)
    settings = ("decay", "eps", "weight_decay")
    mean_square: dict[str, np.ndarray]

    def __init__(
        self,
        params: dict[str, np.ndarray],
        lr: float,
        *,
        decay: float = 0.9,
        eps: float = 1e-7,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr, weight_decay=weight_decay)
        self.decay, self.eps = share("decay", decay), small("eps", eps)

    def move(self, name: str, w: np.ndarray, g: np.ndarray) -> None:
        """Move one parameter in place, see `Optimiser.move`."""
        n = self.mean_square[name]
        n *= self.decay
        n += (1 - self.decay) * g * g
        w -= self.lr * g / (np.sqrt(n) + self.eps)
