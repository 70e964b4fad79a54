"""Assignment 6, part A: which pixels matter to a score, by its gradient and by covering them."""

from __future__ import annotations

from functools import partial

import numpy as np

from cs_cnn.checks.assignments.a6.nets import TinyNet, draw_net
from cs_cnn.checks.assignments.a6.tensors import ask
from cs_cnn.checks.bench import Array, Bench
from cs_cnn.checks.pairs import sizes
from cs_cnn.checks.task import PartOfTask, Task

_PAGE = "inside/saliency"
_LOOSE = 1e-4


def _saliency(net: TinyNet, image: Array, label: int) -> Array:
    return np.asarray(np.abs(net.slope(image, label)).max(axis=0))


def grade_saliency(bench: Bench) -> None:
    """Compare with the known slope of a small net, for images of one channel and of three."""
    for _ in range(bench.rounds):
        for part, channels in (("one channel", 1), ("three channels", 3)):
            high, wide = sizes(bench.rng, 2, 3, 7)
            net, image, label = draw_net(bench.rng, (channels, high, wide), classes=4)
            given = {"net": net, "image": image, "label": label}
            right = partial(_saliency, net, image, label)
            bench.expect(part, ask(bench, "saliency", given), right, name="the map", tolerance=_LOOSE)


def _occlusion(net: TinyNet, image: Array, label: int, size: int, stride: int, fill: float) -> Array:
    rows = range(0, image.shape[1] - size + 1, stride)
    columns = range(0, image.shape[2] - size + 1, stride)
    drops = np.zeros((len(rows), len(columns)))
    for i, top in enumerate(rows):
        for j, left in enumerate(columns):
            covered = image.copy()
            covered[:, top : top + size, left : left + size] = fill
            drops[i, j] = net.scores(image)[label] - net.scores(covered)[label]
    return drops


def grade_occlusion(bench: Bench) -> None:
    """Cover every place, with patches side by side, patches that overlap, and grey patches on colour images."""
    cases = (
        ("side by side", 1, 2, 2, 0.0),
        ("overlapping", 1, 4, 2, 0.0),
        ("colour and fill", 3, 2, 2, 0.75),
    )
    for _ in range(bench.rounds):
        for part, channels, size, stride, fill in cases:
            down, across = sizes(bench.rng, 2, 2, 5)
            shape = (channels, (down - 1) * stride + size, (across - 1) * stride + size)
            net, image, label = draw_net(bench.rng, shape, classes=4)
            given = {"net": net, "image": image, "label": label, "size": size, "stride": stride, "fill": fill}
            right = partial(_occlusion, net, image, label, size, stride, fill)
            bench.expect(part, ask(bench, "occlusion", given), right, name="the map", tolerance=_LOOSE)


TASKS = (
    Task(
        name="a6.saliency",
        number="6.1",
        asks="saliency",
        functions=("saliency",),
        parts=(
            PartOfTask(
                "one channel",
                3,
                "the size of the slope of one score, for grey images",
                "Take a net whose score is 2 times one pixel. What must the map be, in that pixel and elsewhere?",
            ),
            PartOfTask(
                "three channels",
                3,
                "the channels of a pixel become one number",
                "A pixel has three slopes, some negative. In which order do you take sizes and choose the largest?",
            ),
        ),
        grade=grade_saliency,
        section=f"{_PAGE}#saliency-gradient",
    ),
    Task(
        name="a6.occlusion",
        number="6.2",
        asks="occlusion",
        functions=("occlusion",),
        parts=(
            PartOfTask(
                "side by side",
                3,
                "the drop of the score for every patch",
                "Print the score of the image as it is and with the first patch covered. Which number of your map "
                "belongs to these two?",
            ),
            PartOfTask(
                "overlapping",
                2,
                "patches larger than the step",
                "Along an axis of 7 pixels, where do patches of 3 pixels begin when the step is 2?",
            ),
            PartOfTask(
                "colour and fill",
                2,
                "a patch of any value, over all channels",
                "Look at the covered image, channel by channel.",
            ),
        ),
        grade=grade_occlusion,
        section=f"{_PAGE}#saliency-occlusion",
    ),
)
