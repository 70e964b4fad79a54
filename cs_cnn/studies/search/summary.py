"""What the runs of the study say together."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cs_cnn.errors import CsCnnError
from cs_cnn.studies.recording import mean_and_spread
from cs_cnn.studies.search import space
from cs_cnn.studies.search.searching import Trace, random_search, reinforce
from cs_cnn.studies.search.table import Table

PROPOSALS = 100
LAST = 25
SEARCHES = 20
"""Of each kind, with the seeds 0, 1, ..."""


def by_cell(runs: Sequence[Mapping[str, Any]], key: str = "validation") -> dict[str, list[float]]:
    """Return for each cell the values of all its seeds.

    Parameters
    ----------
    runs : sequence of mappings
        Of `study`.
    key : str
        A field of a run.
    """
    found: dict[str, list[float]] = {}
    for run in runs:
        found.setdefault(run["cell"], []).append(run[key])
    return found


def noise(runs: Sequence[Mapping[str, Any]], key: str = "validation") -> float:
    """Return the standard deviation over seeds within a cell, pooled over the cells that have more than one.

    Parameters
    ----------
    runs : sequence of mappings
        Of `study`.
    key : str
        A field of a run.

    Raises
    ------
    CsCnnError
        When every cell has one run.

    Examples
    --------
    >>> runs = [{"cell": c, "validation": v} for c, v in [("a", 0.7), ("a", 0.9), ("b", 0.5)]]
    >>> round(noise(runs), 4)
    0.1414
    """
    repeated = [values for values in by_cell(runs, key).values() if len(values) > 1]
    if not repeated:
        raise CsCnnError("The noise over seeds needs a cell with more than one run, got none.")
    squares = sum(statistics.variance(values) * (len(values) - 1) for values in repeated)
    return float(np.sqrt(squares / sum(len(values) - 1 for values in repeated)))


def compare(
    table: Table, *, proposals: int = PROPOSALS, searches: int = SEARCHES, **options: Any
) -> dict[str, list[Trace]]:
    """Search a table with both searches, several times each.

    Parameters
    ----------
    table : Table
    proposals : int
        How many cells each search tries.
    searches : int
        How many searches of each kind; the seeds are 0, 1, ...
    **options
        Of `reinforce`.

    Returns
    -------
    dict
        "controller" and "random".
    """
    seeds = range(searches)
    return {
        "controller": [reinforce(table.reward, proposals=proposals, seed=s, **options) for s in seeds],
        "random": [random_search(table.reward, proposals=proposals, seed=s) for s in seeds],
    }


def summarise(runs: Sequence[Mapping[str, Any]], table: Table | None = None) -> dict[str, Any]:
    """Return what the table holds, how noisy it is, and how the searches do on it.

    Parameters
    ----------
    runs : sequence of mappings
        Of `study`.
    table : Table, optional
        What is searched; by default that of these runs, if they have trained every cell.

    Returns
    -------
    dict
        "table": mean and spread over all cells of the validation accuracy of the first seed, the lowest and the
        highest, and the noise within a cell. Where there is a table, "controller" and "random": over the searches,
        mean and spread of the last proposals' mean, of the best reward after half of the proposals and after all, and
        of the number of different cells.
    """
    first = [values[0] for values in by_cell(runs).values()]
    found: dict[str, Any] = {
        "table": {
            "validation": mean_and_spread(first),
            "lowest": min(first),
            "highest": max(first),
            "noise": round(noise(runs), 4),
        }
    }
    if table is None and len(first) < space.COUNT:
        return found
    for name, traces in compare(table or Table.of(runs)).items():
        found[name] = {
            "last": mean_and_spread(float(trace.rewards[-LAST:].mean()) for trace in traces),
            "best_half": mean_and_spread(float(trace.best[PROPOSALS // 2 - 1]) for trace in traces),
            "best": mean_and_spread(float(trace.best[-1]) for trace in traces),
            "distinct": mean_and_spread(trace.distinct for trace in traces),
        }
    return found
