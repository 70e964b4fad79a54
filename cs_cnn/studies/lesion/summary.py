"""What the runs of the study say together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cs_cnn.studies.lesion.paths import path_counts
from cs_cnn.studies.recording import mean_and_spread


def mean_length(weights: Sequence[float]) -> float:
    """Return the mean length of a path, where length k = 0, 1, ... has this weight.

    Examples
    --------
    >>> mean_length(path_counts(10))
    5.0
    """
    return math.fsum(k * w for k, w in enumerate(weights)) / math.fsum(weights)


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
    found: dict[str, Any] = {}
    for net in dict.fromkeys(run["net"] for run in runs):
        own = [run for run in runs if run["net"] == net]
        measures = {
            "error": [run["error"] for run in own],
            "without_first": [run["without_one"][0] for run in own],
            "without_one": [float(np.mean(run["without_one"][1:])) for run in own],
            "without_most": [float(np.mean(run["without_many"][-1])) for run in own],
            "reordered": [float(np.mean(run["reordered"])) for run in own],
        }
        if "gradient" in own[0]:
            single = [run["gradient"]["one_path"] for run in own]
            measures["length_by_norms"] = [
                mean_length([n * g for n, g in zip(path_counts(len(one) - 1), one, strict=True)])
                for one in single
            ]
            measures["length_by_sums"] = [mean_length(run["gradient"]["together"]) for run in own]
        found[net] = {key: mean_and_spread(values) for key, values in measures.items()}
    return found
