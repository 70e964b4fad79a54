"""Rules that turn gradients into steps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


class SGD:
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

    Raises
    ------
    ValueError
        When a setting is out of its range.

    Notes
    -----
    Robbins & Monro (1951); Polyak (1964).

    Examples
    --------
    >>> params = {"w": np.array([1.0])}
    >>> sgd = SGD(params, lr=0.1, momentum=0.9)
    >>> for _ in range(2):
    ...     sgd.step({"w": np.array([1.0])})
    >>> params["w"].round(6)
    array([0.71])
    """

    def __init__(
        self, params: dict[str, np.ndarray], lr: float, *, momentum: float = 0.0, weight_decay: float = 0.0
    ) -> None:
        if not lr > 0:
            raise ValueError(f"lr must be positive, got {lr}")
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum must lie between 0 and 1 (1 excluded), got {momentum}")
        if not weight_decay >= 0:
            raise ValueError(f"weight_decay must be at least 0, got {weight_decay}")
        self.params = params
        self.lr, self.momentum, self.weight_decay = lr, momentum, weight_decay
        self.velocity = {name: np.zeros_like(value) for name, value in params.items()}

    def step(self, grads: Mapping[str, np.ndarray]) -> None:
        """Move every parameter once.

        Parameters
        ----------
        grads : mapping of str to numpy.ndarray
            The gradient of every parameter, of its shape.

        Raises
        ------
        ValueError
            When a gradient is missing or has another shape; no parameter is moved then.
        """
        for name, value in self.params.items():
            if name not in grads or grads[name].shape != value.shape:
                got = grads[name].shape if name in grads else "none"
                raise ValueError(f"the gradient of {name} must have shape {value.shape}, got {got}")
        for name, value in self.params.items():
            velocity = self.velocity[name]
            velocity *= self.momentum
            velocity += grads[name] + self.weight_decay * value
            value -= self.lr * velocity
