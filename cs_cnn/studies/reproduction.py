"""Whether a few runs of today are those that were recorded.

The quick form of a study trains some of the recorded nets again, with a recorded seed and everything as it was. On the
same kind of processor the result is the same to the last digit. On another one, rounding makes the run as different
as another seed would; so it is held against the mean of all recorded seeds, and against their spread.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from cs_cnn.studies.recording import Result, over_seeds

# Among some twenty runs one lies beyond two standard deviations; beyond three, hardly any.
SPREADS = 3


@dataclass(frozen=True)
class Agreement:
    """One run beside the recorded ones of the same net.

    Attributes
    ----------
    net : str
    today, recorded : float
        The measure of this run, and the mean of the recorded runs over their seeds.
    spread : float
        The standard deviation over the recorded seeds: of this net, or that of all nets together where it is larger,
        since that of three values may be small by chance.
    """

    net: str
    today: float
    recorded: float
    spread: float

    @property
    def within(self) -> bool:
        """Whether the run lies within three spreads of the recorded mean."""
        return abs(self.today - self.recorded) <= SPREADS * self.spread

    def __str__(self) -> str:
        said = "agrees" if self.within else "DIFFERS"
        return f"{self.net}: {self.today:.3f}, recorded {self.recorded:.3f} ± {self.spread:.3f}: {said}"


def against(
    runs: Sequence[Mapping[str, Any]],
    recorded: Result,
    measure: Callable[[Mapping[str, Any]], float] = itemgetter("test_accuracy"),
) -> list[Agreement]:
    """Hold runs against the recorded result of the same study.

    Parameters
    ----------
    runs : sequence of dict
        With "net" and what the measure asks for.
    recorded : dict
        Of `cs_cnn.studies.recorded`.
    measure : callable
        Maps a run to a number.

    Returns
    -------
    list of Agreement
        One for each run whose net was recorded.

    Examples
    --------
    >>> told = {"runs": [{"net": "A", "test_accuracy": a} for a in (0.80, 0.82)]}
    >>> print(against([{"net": "A", "test_accuracy": 0.84}], told)[0])
    A: 0.840, recorded 0.810 ± 0.014: agrees
    """
    summary = over_seeds(recorded["runs"], lambda run: {"it": measure(run)})
    told = {net: found["it"] for net, found in summary.items()}
    pooled = math.sqrt(math.fsum(own["spread"] ** 2 for own in told.values()) / max(len(told), 1))
    return [
        Agreement(
            run["net"],
            measure(run),
            told[run["net"]]["mean"],
            round(max(told[run["net"]]["spread"], pooled), 4),
        )
        for run in runs
        if run["net"] in told
    ]
