"""Adam: momentum and RMSProp together, both corrected for starting at zero."""

from __future__ import annotations

import numpy as np

from cs_cnn.optim.optimiser import Optimiser, share, small


class Adam(Optimiser):
    """Step by the mean gradient over the root of the mean squared gradient.

    Step number ``t = 1, 2, ...`` does, entry by entry::

        m = beta1 * m + (1 - beta1) * g
        n = beta2 * n + (1 - beta2) * g ** 2
        w = w - lr * m / (1 - beta1 ** t) / (sqrt(n / (1 - beta2 ** t)) + eps)

    Both means start at 0, and the divisions by ``1 - beta ** t`` take that back. So the first step is ``lr`` in
    the direction of the sign of the gradient.

    Parameters
    ----------
    params : dict of str to numpy.ndarray
        The parameters by name. The arrays are changed in place.
    lr : float
        Learning rate, positive; may be set to another value between steps.
    beta1, beta2 : float
        Shares of the two means that are kept, from 0 to below 1.
    eps : float
        Keeps the division finite. It is added outside the root and after the correction, as in PyTorch (whose
        default is 1e-8); 1e-7 is the value of the lectures' code.
    weight_decay : float
        Strength of the pull towards zero, at least 0. It is part of the gradient and so of both means, as in
        ``torch.optim.Adam``; ``torch.optim.AdamW`` applies it to the parameter directly.

    Raises
    ------
    ValueError
        When a setting is out of its range.

    Notes
    -----
    Kingma & Ba (2015).

    Examples
    --------
    >>> params = {"w": np.array([1.0, 1.0])}
    >>> Adam(params, lr=0.1).step({"w": np.array([0.02, -300.0])})
    >>> params["w"].round(4)
    array([0.9, 1.1])
    """

    memory = ("mean", "mean_square")
    settings = ("beta1", "beta2", "eps", "weight_decay")
    mean: dict[str, np.ndarray]
    mean_square: dict[str, np.ndarray]

    def __init__(
        self,
        params: dict[str, np.ndarray],
        lr: float = 1e-3,
        *,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-7,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr, weight_decay=weight_decay)
        self.beta1, self.beta2 = share("beta1", beta1), share("beta2", beta2)
        self.eps = small("eps", eps)

    def move(self, name: str, w: np.ndarray, g: np.ndarray) -> None:
        """Move one parameter in place, see `Optimiser.move`."""
        m, n = self.mean[name], self.mean_square[name]
        m *= self.beta1
        m += (1 - self.beta1) * g
        n *= self.beta2
        n += (1 - self.beta2) * g * g
        m_hat = m / (1 - self.beta1**self.t)
        n_hat = n / (1 - self.beta2**self.t)
        w -= self.lr * m_hat / (np.sqrt(n_hat) + self.eps)
