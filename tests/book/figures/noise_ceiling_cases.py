"""Cases of the noise ceiling: counts drawn in Python, numpy's correlations, and cs_cnn's ceiling of the same counts."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from cs_cnn.look import cortex

from ..training_cases import Case, half


def cases() -> Iterable[Case]:
    figure = half("noise_ceiling")
    tuning, other = np.array(figure.TUNING), np.array(figure.OTHER)
    assert abs(np.corrcoef(tuning, other)[0, 1] - figure.LIKENESS) < 1e-3
    for spikes, presentations, seed in ((0.3, 6, 1), (0.15, 2, 2), (2.4, 4, 2**31 + 5)):
        rates = spikes * tuning
        drawn = figure.counts(rates, presentations, seed)
        mean = drawn.mean(axis=0)
        yield "counts", [rates.tolist(), presentations, seed], drawn.tolist()
        yield "mean", [drawn.tolist()], mean.tolist()
        yield "correlation", [other.tolist(), mean.tolist()], float(np.corrcoef(other, mean)[0, 1])
        r = figure.halves(drawn)
        yield "halves", [drawn.tolist()], r
        if presentations > 2:
            limit = cortex.ceiling(drawn[:, :, None], np.random.default_rng(0))[0]
            assert abs(limit - np.sqrt(2 * r / (1 + r))) < 0.03, "other halves of the same counts"
        yield "expected", [rates.tolist(), presentations], long_run(rates, presentations)
        # Twice the spikes or twice the presentations: the same in the long run.
        yield "expected", [(2 * rates).tolist(), presentations], long_run(rates, 2 * presentations)
    yield "ceiling", [0.5], (2 / 3) ** 0.5
    yield "ceiling", [-0.2], 0
    yield "correlation", [[1, 1], [0, 2]], 0


def long_run(rates: np.ndarray, presentations: int) -> float:
    """Return the root of the share of the variance that is the rates'."""
    return float(np.sqrt(rates.var() / (rates.var() + rates.mean() / presentations)))
