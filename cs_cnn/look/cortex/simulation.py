"""Neurons that are simulated, and always called so: random mixtures of what describes the images, and Poisson noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cs_cnn.errors import CsCnnError
from cs_cnn.look.cortex.tables import Array, as_table, standardised


@dataclass(frozen=True)
class Simulated:
    """A simulated population.

    Attributes
    ----------
    rates : numpy.ndarray
        Shape (N, D): spikes that each neuron fires at each image on average; nobody who records can know them.
    counts : numpy.ndarray
        Whole numbers of shape (T, N, D): spikes that were counted in each of T presentations.
    """

    rates: Array
    counts: NDArray[np.int64]

    @property
    def mean(self) -> Array:
        """The mean over the presentations, (N, D): what an experiment has in place of the rates."""
        return np.asarray(self.counts.mean(axis=0), dtype=np.float64)


def simulate(
    latents: Any, *, neurons: int, trials: int, rng: np.random.Generator, spikes: float = 2.0
) -> Simulated:
    """Simulate neurons that are tuned to random mixtures of what describes the images.

    Parameters
    ----------
    latents : array (N, L)
        What the neurons may be tuned to, for instance classes and shapes, or the features of a net. Each column is
        standardised first.
    neurons, trials : int
        How many neurons, and how often each image is shown.
    rng : numpy.random.Generator
        Draws mixtures and spikes.
    spikes : float
        Mean count of every neuron, over all images. The variance of a count is its mean (Poisson), so that fewer
        spikes are noisier.

    Returns
    -------
    Simulated

    Raises
    ------
    CsCnnError
        When the latents are no table of finite numbers, or a number is not above 0.

    Examples
    --------
    >>> found = simulate(np.eye(4), neurons=3, trials=2, rng=np.random.default_rng(0), spikes=5)
    >>> found.rates.mean(axis=0).round(6).tolist()
    [5.0, 5.0, 5.0]
    """
    table = as_table(latents, "latents")
    for name, value in (("neurons", neurons), ("trials", trials), ("spikes", spikes)):
        if not value > 0 or (name != "spikes" and int(value) != value):
            whole = "" if name == "spikes" else "whole "
            raise CsCnnError(f"{name} must be a {whole}number above 0, got {value!r}.")
    weights = rng.normal(size=(table.shape[1], neurons))
    drive = standardised(standardised(table) @ weights)
    rates = np.logaddexp(0, 2 * drive)  # softplus: no neuron fires less than not at all
    rates *= spikes / rates.mean(axis=0)
    return Simulated(rates, rng.poisson(rates, size=(trials, *rates.shape)))
