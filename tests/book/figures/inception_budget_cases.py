"""Cases of the Inception module's budget: the zoo's modules, built and counted by the library."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..training_cases import half

KINDS = {"naive": False, "reduced": True}


def cases() -> Iterable[tuple[str, list[Any], Any]]:
    figure = half("inception_budget")
    rng = np.random.default_rng(0)
    settings = [figure.STATE]
    for _ in range(3):
        drawn = {name: int(rng.integers(1, 200)) for name in ("channels", *figure.WIDTHS)}
        settings.append(figure.STATE | drawn)
    for state in settings:
        channels, widths = state["channels"], {name: state[name] for name in figure.WIDTHS}
        parts = [
            {
                "name": name,
                "naive": {"maps": maps[0], "weights": weights[0]},
                "reduced": {"maps": maps[1], "weights": weights[1]},
            }
            for name, *numbers in figure.branches(state)[:-1]
            for maps, weights in [np.reshape([int(n.replace(",", "")) for n in numbers], (2, 2)).tolist()]
        ]
        yield "branches", [channels, widths], parts
        for kind, reduced in KINDS.items():
            found = figure.counted(state, channels, reduced)
            yield "sum", [parts, kind], {"maps": found.rows[-1].shape[0], "weights": found.parameters}
            for modules in (1, 3):
                entering, leaving, work = figure.row(state, modules, reduced)
                wanted = {"entering": entering, "leaving": leaving, "weights": work / state["side"] ** 2}
                yield "row", [channels, widths, modules, kind], wanted
        for kernel, name in ((3, "three"), (5, "five")):
            filters, area = state[name], kernel**2
            # where channels * r + area * r * filters = area * channels * filters
            line = np.array([[channels + area * filters]], dtype=float)
            most = np.linalg.solve(line, [area * channels * filters])[0]
            yield "breakEven", [kernel, channels, filters], float(most)
