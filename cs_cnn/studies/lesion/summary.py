"""What the runs of the study say together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cs_cnn.studies.lesion.paths import path_counts
from cs_cnn.studies.recording import over_seeds


def mean_length(weights: Sequence[float]) -> float:
    """Return the mean length of a path, where length k = 0, 1, ... has this weight.

    Examples
    --------
    >>> mean_length(path_counts(10))
    5.0
    """
    return math.fsum(k * w for k, w in enumerate(weights)) / math.fsum(weights)


def measures(run: Mapping[str, Any]) -> dict[str, float]:
    """Return what the chapter says about one run of `study`, see `summarise`."""
    found = {
        "error": run["error"],
        "without_first": run["without_one"][0],
        "without_one": float(np.mean(run["without_one"][1:])),
        "without_most": float(np.mean(run["without_many"][-1])),
        "reordered": float(np.mean(run["reordered"])),
    }
    if "gradient" in run:
        single, together = run["gradient"]["one_path"], run["gradient"]["together"]
        counts = path_counts(len(single) - 1)
        found["length_by_norms"] = mean_length([n * g for n, g in zip(counts, single, strict=True)])
        found["length_by_sums"] = mean_length(together)
    return found


def summarise(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return for every net the mean and the spread over the seeds of what the chapter says about it.

    Parameters
    ----------
    runs : sequence of dict
        Of `study`.

    Returns
    -------
    dict
        For each net: `error` of the whole net; `without_first`, without the first block; `without_one`, without one
        of the others; `without_most`, with as many deleted as were deleted at once; `reordered`, after exchanges;
        with shortcuts also the mean length of a path, where a length has the weight of all its single paths'
        gradients, `length_by_norms`, or of their sum, `length_by_sums`.
    """
    return over_seeds(runs, measures)
