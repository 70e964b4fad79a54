"""Stochastic gradient descent: follow the gradient, perhaps with momentum."""

from __future__ import annotations

import numpy as np

from cs_cnn.optim.optimiser import Optimiser, share


class SGD(Optimiser):
    """Stochastic gradient descent, with momentum and weight decay where wanted.

    Every step does ``v = momentum * v + g`` and ``w = w - lr * v``, where ``g`` is the gradient plus
    ``weight_decay * w``. This is the convention of the lectures and of ``torch.optim.SGD``: the velocity is a
    decaying sum, not a mean, so that a steady gradient ends in steps ``1 / (1 - momentum)`` times as long.

    Parameters
    ----------
    params : dict of str to numpy.ndarray
        The parameters by name. The arrays are changed in place.
    lr : float
        Learning rate, positive; may be set to another value between steps.
    momentum : float
        Share of the velocity that is kept, from 0 to below 1.
    weight_decay : float
        Strength of the pull towards zero, at least 0.
    nesterov : bool
        Whether to step by ``g + momentum * v`` with the new ``v``: where the velocity is about to lead, instead
        of where it points now.

    Raises
    ------
    ValueError
        When a setting is out of its range.

    Notes
    -----
    Robbins & Monro (1951); Polyak (1964); Nesterov (1983), in the form of Sutskever et al. (2013).

    Examples
    --------
    >>> params = {"w": np.array([1.0])}
    >>> sgd = SGD(params, lr=0.1, momentum=0.9)
    >>> for _ in range(2):
    ...     sgd.step({"w": np.array([1.0])})
    >>> params["w"].round(6)
    array([0.71])
    """

    memory = ("velocity",)
    settings = ("momentum", "nesterov", "weight_decay")
    velocity: dict[str, np.ndarray]

    def __init__(
        self,
        params: dict[str, np.ndarray],
        lr: float,
        *,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(params, lr, weight_decay=weight_decay)
        self.momentum = share("momentum", momentum)
        self.nesterov = nesterov
        if nesterov and not momentum:
            raise ValueError(
                "nesterov needs a momentum above 0: without velocity there is nowhere to look ahead"
            )

    def move(self, name: str, w: np.ndarray, g: np.ndarray) -> None:
        """Move one parameter in place, see `Optimiser.move`."""
        v = self.velocity[name]
        v *= self.momentum
        v += g
        w -= self.lr * (g + self.momentum * v if self.nesterov else v)
