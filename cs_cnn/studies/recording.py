"""The file of a study: what was done, on what machine, when, and every number that came out."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from cs_cnn.errors import CsCnnError
from cs_cnn.files import atomic_write

RESULTS = Path(__file__).with_name("results")

Result = dict[str, Any]
Run = dict[str, Any]


def names() -> list[str]:
    """Return the names of the studies that have a recorded result."""
    return sorted(path.stem for path in RESULTS.glob("*.json"))


def recorded(name: str) -> Result:
    """Read the recorded result of a study.

    Parameters
    ----------
    name : str
        A name of `names()`.

    Returns
    -------
    dict
        "study", "date", "machine", "setting", "runs" (one dict for each) and "summary".

    Raises
    ------
    CsCnnError
        When there is no such study, or its file cannot be read.
    """
    if name not in names():
        raise CsCnnError(f"There is no recorded study {name!r}; there are {', '.join(names())}.")
    return read(RESULTS / f"{name}.json")


def read(path: str | os.PathLike[str]) -> Result:
    """Read a result file.

    Raises
    ------
    CsCnnError
        When it is missing or is not one.
    """
    try:
        result = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise CsCnnError(f"Cannot read the study {path}: {error.strerror or error}.") from error
    except ValueError as error:
        raise CsCnnError(f"{path} is not the result of a study: {error}.") from error
    if not isinstance(result, dict):
        raise CsCnnError(f"{path} is not the result of a study: it holds no table of names.")
    missing = {"study", "date", "machine", "setting", "runs", "summary"} - set(result)
    if missing:
        raise CsCnnError(f"{path} is not the result of a study: it lacks {', '.join(sorted(missing))}.")
    return result


def machine() -> dict[str, Any]:
    """Return the processor's name and number of cores, and the version of torch."""
    import torch

    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        lines = []
    told = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {"cpu": told[0] if told else name, "cores": os.cpu_count(), "torch": torch.__version__}


def as_written(setting: Any) -> dict[str, Any]:
    """Return a setting, a dataclass, as a result file holds it: tuples are lists in JSON."""
    written = dataclasses.asdict(setting)
    return {key: list(value) if isinstance(value, tuple) else value for key, value in written.items()}


def write(
    path: str | os.PathLike[str],
    study: str,
    setting: Mapping[str, Any],
    runs: Sequence[Mapping[str, Any]],
    summary: Mapping[str, Any],
) -> Result:
    """Write the result of a study, with the machine and the date; the file is whole or the old one.

    Parameters
    ----------
    path : path-like
        The JSON file.
    study : str
        Its name.
    setting : mapping
        Everything that was the same for all runs.
    runs : sequence of mappings
        One for each run.
    summary : mapping
        What the runs say together.

    Returns
    -------
    dict
        What was written.
    """
    result = {
        "study": study,
        "date": f"{date.today():%Y-%m-%d}",
        "machine": machine(),
        "setting": dict(setting),
        "runs": [dict(run) for run in runs],
        "summary": dict(summary),
    }
    with atomic_write(path) as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    return result


def mean_and_spread(values: Iterable[float]) -> dict[str, float]:
    """Return the mean and the standard deviation of a sample (0 for one value).

    Examples
    --------
    >>> mean_and_spread([0.8, 0.9])
    {'mean': 0.85, 'spread': 0.0707}
    """
    values = list(values)
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return {"mean": round(statistics.fmean(values), 4), "spread": round(spread, 4)}


def every_run(
    nets: Sequence[str],
    seeds: Sequence[int],
    run: Callable[[str, int], Mapping[str, Any]],
    on_run: Callable[[Run], None] | None = None,
) -> list[Run]:
    """Try every net with every seed; all nets with one seed come before the next seed.

    Parameters
    ----------
    nets : sequence of str
    seeds : sequence of int
    run : callable
        Maps a net and a seed to the fields of a run.
    on_run : callable, optional
        Called with every run as soon as it is there.

    Returns
    -------
    list of dict
        For each run: net, seed and its fields.
    """
    runs = []
    for seed in seeds:
        for net in nets:
            runs.append({"net": net, "seed": seed, **run(net, seed)})
            if on_run is not None:
                on_run(runs[-1])
    return runs


def over_seeds(
    runs: Sequence[Mapping[str, Any]], measures: Callable[[Mapping[str, Any]], Mapping[str, float]]
) -> dict[str, dict[str, dict[str, float]]]:
    """Return for every net the mean and the spread over the seeds of some measures of its runs.

    Parameters
    ----------
    runs : sequence of dict
        Of one study.
    measures : callable
        Maps a run to numbers by name; the runs of a net have the same names.

    Examples
    --------
    >>> runs = [{"net": "A", "error": e} for e in (0.1, 0.2)]
    >>> over_seeds(runs, lambda run: {"accuracy": 1 - run["error"]})
    {'A': {'accuracy': {'mean': 0.85, 'spread': 0.0707}}}
    """
    found = {}
    for net in dict.fromkeys(run["net"] for run in runs):
        own = [measures(run) for run in runs if run["net"] == net]
        found[net] = {name: mean_and_spread(each[name] for each in own) for name in own[0]}
    return found
