"""Cases of the voting subnetworks, answered by PyTorch one after the other, and by the dropout layer itself."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np
import torch

from cs_cnn.layers import dropout_forward

from ..training_cases import Case


def cases() -> Iterable[Case]:
    rests = {
        "affine": lambda s: s,
        "softmax": lambda s: torch.stack([s, torch.zeros_like(s)]).softmax(0)[0],
        "relu": torch.relu,
    }
    nets = [
        {"h": [2, 1, 4, 3], "w": [1, -1, 0.5, 0.5], "b": -2.5, "p": 0.5},
        {"h": [2, 1, 4, 3], "w": [-1, 2, 0.5, -1.5], "b": 0.5, "p": 0.25},
        {"h": [1, 1], "w": [1, -1], "b": 0, "p": 0.5},
    ]
    for net in nets:
        h, w = (torch.tensor(net[name], dtype=torch.float64) for name in "hw")
        kept = [list(each) for each in itertools.product((0, 1), repeat=len(h))]
        out, mask = dropout_forward(np.array([net["h"]], float), p=net["p"], rng=3)
        drawn = (mask[0] > 0).astype(int).tolist()  # the layer's own dice
        yield "score", [net, drawn], float(out[0] @ np.array(net["w"])) + net["b"]
        scores = torch.stack(
            [(h * torch.tensor(each, dtype=h.dtype) / (1 - net["p"])) @ w + net["b"] for each in kept]
        )
        chances = torch.tensor(
            [np.prod([1 - net["p"] if each else net["p"] for each in mask]) for mask in kept]
        )
        wanted = [{"kept": k, "chance": c} for k, c in zip(kept, chances.tolist(), strict=True)]
        yield "masks", [len(h), net["p"]], wanted
        whole = (h * w).sum() + net["b"]
        for kind, rest in rests.items():
            yield "rest", [kind, float(scores[1])], float(rest(scores[1]))
            found = {"mean": float(chances @ rest(scores)), "scaled": float(rest(whole))}
            if kind == "affine":
                assert abs(found["mean"] - found["scaled"]) < 1e-12
            if kind == "softmax":
                found["geometric"] = found["scaled"]  # the theorem
            yield "votes", [net, kind], found
    yield "votes", [nets[2], "relu"], {"mean": 0.5, "scaled": 0}  # by hand, in the chapter's exercise
    for mean, scaled, how in ((0.5, 0.5000001, "equal"), (0.4, 0.5, "lower"), (0.6, 0.5, "higher")):
        yield "relation", [mean, scaled], how
