"""Cases of the pieces of two texts, answered by PyTorch's convolution and by many random filters."""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.nn.functional as F

from ..training_cases import Case, half


def cases() -> Iterable[Case]:
    figure = half("text_pieces")
    torch.manual_seed(0)
    filters = {width: torch.randn(64, 27, width, dtype=torch.float64) for width in range(1, 6)}
    for _, first, second, _ in figure.PAIRS:
        x = [torch.tensor(figure.one_hot(text))[None] for text in (first, second)]
        told = []
        for width, w in filters.items():
            sets = [{text[t : t + width] for t in range(len(text) - width + 1)} for text in (first, second)]
            most = [F.conv1d(each, w).amax(2) for each in x]
            told.append(not torch.allclose(*most))
            assert told[-1] == (sets[0] != sets[1]), "pieces are all that a maximum over time knows"
            in_order = [figure.pieces(text, width) for text in (first, second)]
            assert [set(each) for each in in_order] == sets
            yield "pieces", [first, width], in_order[0]
            wanted = {
                "both": [piece for piece in in_order[0] if piece in sets[1]],
                "first": [piece for piece in in_order[0] if piece not in sets[1]],
                "second": [piece for piece in in_order[1] if piece not in sets[0]],
            }
            yield "compare", [first, second, width], wanted
            for piece in (in_order[0][-1], in_order[1][-1]):
                kernel = torch.tensor(figure.one_hot(piece))[None]
                out = F.relu(F.conv1d(x[0], kernel, torch.tensor([1.0 - width], dtype=torch.float64)))
                yield "answers", [first, piece], out[0, 0].tolist()
        yield "smallestWidth", [first, second], told.index(True) + 1 if any(told) else 0
