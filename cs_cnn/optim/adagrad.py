"""AdaGrad: a parameter that has moved much moves less."""

from __future__ import annotations

import numpy as np

from cs_cnn.optim.optimiser import Optimiser, small


class AdaGrad(Optimiser):
    """Divide every step by the root of the sum of all squared gradients so far.

    Every step does ``n = n + g ** 2`` and ``w = w - lr * g / (sqrt(n) + eps)``, entry by entry. The sum only
    grows, so the steps only shrink: about as ``1 / sqrt(t)`` for a steady gradient.

    Parameters
    ----------
    params : dict of str to numpy.ndarray
        The parameters by name. The arrays are changed in place.
    lr : float
        Learning rate, positive; may be set to another value between steps.
    eps : float
        Keeps the division finite where no gradient has come yet. It is added outside the root, as in PyTorch
        (whose default is 1e-10); 1e-7 is the value of the lectures' code.
    weight_decay : float
        Strength of the pull towards zero, at least 0.

    Raises
    ------
    ValueError
        When a setting is out of its range.

    Notes
    -----
    Duchi, Hazan & Singer (2011). Some texts print ``sqrt(n + eps)``. That is another rule: for gradients below
    ``sqrt(eps)`` its steps shrink with the gradient, where these keep their length down to ``eps``.

    Examples
    --------
    >>> params = {"w": np.array([1.0, 1.0])}
    >>> AdaGrad(params, lr=0.1).step({"w": np.array([1e-3, 1e3])})
    >>> params["w"].round(4)  # the first step has the length lr, whatever the gradient
    array([0.9, 0.9])
    """

    memory = ("squares",)
    settings = ("eps", "weight_decay")
    squares: dict[str, np.ndarray]

    def __init__(
        self, params: dict[str, np.ndarray], lr: float, *, eps: float = 1e-7, weight_decay: float = 0.0
    ) -> None:
        super().__init__(params, lr, weight_decay=weight_decay)
        self.eps = small("eps", eps)

    def move(self, name: str, w: np.ndarray, g: np.ndarray) -> None:
        """Move one parameter in place, see `Optimiser.move`."""
        n = self.squares[name]
        n += g * g
        w -= self.lr * g / (np.sqrt(n) + self.eps)
