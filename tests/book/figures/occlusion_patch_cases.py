"""Cases of the patch that covers a picture: cs_cnn's occlusion and PyTorch's gradients of the same small net."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np
import torch

from cs_cnn import look

from ..training_cases import Case, half


def cases() -> Iterable[Case]:
    figure, rng = half("occlusion_patch"), np.random.default_rng(4)
    net = figure.Crosses()
    pictures = [*figure.PICTURES.values(), rng.integers(0, 10, (9, 9)).tolist(), [[5] * 9] * 9, [[0] * 9] * 9]
    for image in pictures:
        x = torch.tensor(image, dtype=torch.float64)[None].requires_grad_()
        score = net(x[None])[0, 0]
        (slope,) = torch.autograd.grad(score, x)
        answers = torch.nn.functional.conv2d(x.detach()[None], figure_kernel())[0, 0].numpy()
        best = np.argwhere((answers == answers.max()) & (answers > 0)).tolist()
        yield "answer", [image], {"score": score.item(), "best": best}
        if best:  # at 0, PyTorch's slope of the maximum is shared out, and ReLU then stops it
            yield "slopes", [image], slope[0].tolist()
        for size, fill in itertools.product((1, 2, 3, 7), (0, 4, 9)):
            yield (
                "drops",
                [image, size, fill],
                look.occlusion(net, x.detach(), 0, size=size, stride=1, fill=fill).tolist(),
            )
            top, left = 9 - size, min(2, 9 - size)
            after = x.detach().clone()
            after[:, top : top + size, left : left + size] = fill
            yield "covered", [image, [top, left], size, fill], after[0].tolist()
            yield "promised", [image, [top, left], size, fill], (slope * (x - after)).sum().item()


def figure_kernel() -> torch.Tensor:
    return torch.tensor([[-1.0, 1, -1], [1, 1, 1], [-1, 1, -1]], dtype=torch.float64)[None, None]
