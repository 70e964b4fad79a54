"""Comparing a net with a population of neurons: linear readout, prediction of neurons, representational similarity.

The neurons here are simulated, from anything that describes the images; no animal has seen them. The measures are
those that are used with recordings: Cadieu et al. (2014), "Deep neural networks rival the representation of primate IT
cortex for core visual object recognition"; Yamins et al. (2014); Kriegeskorte, Mur and Bandettini (2008),
"Representational similarity analysis"; Nili et al. (2014) for the noise ceiling. All of them work on responses of
shape (N, D): N images, D neurons or units of a net.

>>> import numpy as np
>>> from cs_cnn.look import cortex
>>> rng = np.random.default_rng(0)
>>> animal = cortex.simulate(rng.normal(size=(50, 8)), neurons=30, trials=10, rng=rng)
>>> animal.counts.shape
(10, 50, 30)
>>> cortex.rdm(animal.mean).shape
(50, 50)
"""

from __future__ import annotations

from cs_cnn.look.cortex.readout import ceiling, predictivity, readout, reliability
from cs_cnn.look.cortex.similarity import ranks, rdm, rdm_ceiling, similarity
from cs_cnn.look.cortex.simulation import Simulated, simulate
from cs_cnn.look.cortex.tables import standardised

__all__ = [
    "Simulated",
    "ceiling",
    "predictivity",
    "ranks",
    "rdm",
    "rdm_ceiling",
    "readout",
    "reliability",
    "similarity",
    "simulate",
    "standardised",
]
