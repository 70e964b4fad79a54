"""The multi-layer perceptron: affine layers with an activation between them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from cs_cnn.init import Initialiser, he_normal
from cs_cnn.nets.sequential import Sequential
from cs_cnn.nets.steps import Step, affine, step


class MLP(Sequential):
    """Any number of affine layers, with an activation after each but the last.

    With two layers and ReLU it is `TwoLayerNet`, to the last bit.

    Parameters
    ----------
    sizes : sequence of int
        Number of inputs, of units in every hidden layer, and of classes.
    rng : numpy.random.Generator
        Source of the initial weights.
    activation : str
        Name of a layer of the registry, such as ``"relu"``, ``"tanh"`` or ``"sigmoid"``.
    init : callable
        Draws the weights: `cs_cnn.init.he_normal` for ReLUs, `cs_cnn.init.xavier_normal` for tanh.
    dtype : dtype
        Of the parameters.

    Raises
    ------
    ValueError
        When there are fewer than two sizes, or one is not positive.

    Notes
    -----
    Rumelhart, Hinton & Williams (1986).

    Examples
    --------
    >>> MLP([3, 4, 4, 1], rng=np.random.default_rng(0), activation="sigmoid").n_params
    41
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        rng: np.random.Generator,
        activation: str = "relu",
        init: Initialiser = he_normal,
        dtype: DTypeLike = np.float64,
    ) -> None:
        if len(sizes) < 2 or min(sizes) < 1:
            raise ValueError(
                f"sizes must name the inputs, the hidden layers and the classes, all positive, got {list(sizes)}"
            )
        steps: list[Step] = []
        for n_inputs, n_outputs in itertools.pairwise(sizes):
            if steps:
                steps.append(step(activation))
            steps.append(affine(n_inputs, n_outputs, rng, init=init))
        super().__init__(steps, dtype=dtype)
