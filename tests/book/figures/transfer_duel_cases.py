"""Cases of the duel of two ways of transfer, from the study's record."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np

from cs_cnn.studies import recorded
from cs_cnn.studies.transferability import NETS, parse


def cases() -> Iterable[tuple[str, list[Any], Any]]:
    runs = recorded("transferability")["runs"]
    accuracies = {
        net: [
            run["test_accuracy"]
            for seed in range(3)
            for run in runs
            if (run["net"], run["seed"]) == (net, seed)
        ]
        for net in NETS
    }
    for net in NETS[1:]:
        plan = parse(net)
        way = {"source": plan.source, "layers": plan.layers, "tuned": plan.tuned}
        yield "nameOf", [way], net
    yield "nameOf", [{"source": "scratch", "layers": 3, "tuned": True}], "B"
    for one, other in itertools.combinations(("B", "A3B", "B5B", "A5B", "A7B", "A7B+", "A1B+"), 2):
        pair = [accuracies[one], accuracies[other]]
        gaps = 100 * np.diff(pair, axis=0)[0]
        yield "differences", pair, gaps.round(1).tolist()
        yield "mean", [gaps.tolist()], float(np.mean(gaps))
        clear = abs(gaps.mean()) > 1 and len(set(np.sign(gaps))) == 1
        yield "winner", pair, ("second" if gaps[0] > 0 else "first") if clear else "neither"
    yield "winner", [[0.9, 0.9], [0.91, 0.91]], "neither"
    yield "winner", [[0.95, 0.9], [0.9, 0.85]], "first"
    yield "winner", [[0.95, 0.9], [0.9, 0.95]], "neither"
