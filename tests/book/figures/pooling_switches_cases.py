"""Cases of the pooling switches: PyTorch's pooling, cs_cnn's rules at a ReLU, numpy's cosine."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch.nn.functional as F

from ..training_cases import Case, half


def cases() -> Iterable[Case]:
    figure, rng = half("pooling_switches"), np.random.default_rng(5)
    state = figure.STATE
    for n in range(6):
        z = state["z"] if n == 0 else rng.integers(-9, 10, (4, 4)).tolist() if n < 5 else [[-1] * 4] * 4
        signal = state["signal"] if n == 0 else rng.integers(-9, 10, (2, 2)).tolist()
        out, where = F.max_pool2d(figure.tensor(z).relu(), 2, return_indices=True)
        yield "pooled", [z], out[0, 0].tolist()
        places = (2 * (where // 4 % 2) + where % 2)[0, 0]
        yield "notes", [z], places.tolist()
        back = F.max_unpool2d(figure.tensor(signal), where, 2)[0, 0]
        yield "unpooled", [signal, places.tolist()], back.tolist()
        for rule in figure.RULES:
            ours, passed = figure.painted(state | {"z": z, "signal": signal}, "own", rule)
            assert np.array_equal(ours, back.numpy())
            yield "passed", [back.tolist(), z, rule], passed.tolist()
        other = rng.integers(-9, 10, (4, 4))
        cosine = (other * back.numpy()).sum() / np.linalg.norm(other) / np.linalg.norm(back)
        yield "likeness", [back.tolist(), other.tolist()], float(cosine)
    yield "likeness", [[[0, 0]], [[1, 2]]], None
    # By hand: a unit that was off, and a signal against one that was on.
    yield "passed", [[[5, 6], [-7, -8]], [[4, -3], [2, -1]], "deconvnet"], [[5, 6], [0, 0]]
    yield "passed", [[[5, 6], [-7, -8]], [[4, -3], [2, -1]], "gradient"], [[5, 0], [-7, 0]]
