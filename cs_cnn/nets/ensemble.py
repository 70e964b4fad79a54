"""Several networks that answer together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cs_cnn.layers.losses import softmax
from cs_cnn.nets.net import Net


class Ensemble:
    """The mean of what several networks believe.

    The mean cross-entropy of the ensemble is never above the mean of its members' cross-entropies (the logarithm
    is concave); its error usually is below theirs, as far as they do not make the same mistakes.

    Parameters
    ----------
    nets : sequence of Net
        Trained networks with the same classes, at least one.

    Raises
    ------
    ValueError
        When there is none.

    Notes
    -----
    Hansen & Salamon (1990). The winners of the ImageNet challenge were ensembles of about seven networks.

    Examples
    --------
    >>> from cs_cnn.nets import LinearClassifier
    >>> nets = [LinearClassifier(2, 3, rng=np.random.default_rng(seed)) for seed in range(5)]
    >>> Ensemble(nets).probabilities(np.ones((4, 2))).sum(axis=1).round(6)
    array([1., 1., 1., 1.])
    """

    def __init__(self, nets: Sequence[Net]) -> None:
        self.nets = tuple(nets)
        if not self.nets:
            raise ValueError("nets must hold at least one network, got none")

    def probabilities(self, x: np.ndarray) -> np.ndarray:
        """Average the networks' probabilities.

        Parameters
        ----------
        x : numpy.ndarray, shape (N, ...)

        Returns
        -------
        numpy.ndarray, shape (N, C)
            Each row adds to 1.
        """
        each = [softmax(net.scores(x)) for net in self.nets]
        if len({probabilities.shape for probabilities in each}) > 1:
            classes = ", ".join(str(probabilities.shape[1]) for probabilities in each)
            raise ValueError(f"the networks must know the same classes, got {classes} of them")
        return np.asarray(np.mean(each, axis=0))

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Name the class with the highest mean probability.

        Parameters
        ----------
        x : numpy.ndarray, shape (N, ...)

        Returns
        -------
        numpy.ndarray of int, shape (N,)
        """
        return np.asarray(self.probabilities(x).argmax(axis=1))
