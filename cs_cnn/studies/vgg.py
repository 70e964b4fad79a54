"""VGG in small: how deep, whether normalisation helps, and at which scales to train and to test.

After Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR 2015, tables 3
and 4. There, crops of 224 pixels from photographs whose shorter side S is 256 or 384, or any between 256 and 512; here,
an eighth of the channels, the first three of the five poolings, and 2,000 packaged images of Fashion-MNIST, which have
28 pixels a side. For depth they are seen whole. For scale, crops of 16 pixels are taken from images of S = 18 or 27, or
any between 18 and 37, which are the paper's proportions. Their tests average the probabilities of ten crops. The paper
slides its affine layers over larger maps; here the last maps are so small that most of them is rim.

The paper had to start its deep nets from a trained shallow one. Here all start from He's initialisation, and for the
shallowest and the deepest there is a second form with batch normalisation, which the paper could not know. Scale is
studied with A in this form, which learns most in so few steps; of the paper's tables D stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cs_cnn import train, zoo
from cs_cnn.studies import training
from cs_cnn.studies.images import Labelled, centred
from cs_cnn.studies.recording import Run, every_run, over_seeds
from cs_cnn.studies.training import fitted
from cs_cnn.zoo.families.vgg import VGG

Sides = tuple[int, int]

# The paper's letter: the zoo's name, and whether batch normalisation follows every convolution.
DEPTHS = {
    "A": ("vgg11", False),
    "A-LRN": ("vgg11_lrn", False),
    "B": ("vgg13", False),
    "C": ("vgg16_1x1", False),
    "D": ("vgg16", False),
    "E": ("vgg19", False),
    "A, normalised": ("vgg11", True),
    "E, normalised": ("vgg19", True),
}

CROP = 16
POOLINGS = 3
# Lowest and highest side in training: the one side of a single test, and the three that a multiple test averages.
SCALES: dict[Sides, tuple[int, tuple[int, int, int]]] = {
    (18, 18): (18, (16, 18, 20)),
    (27, 27): (27, (25, 27, 29)),
    (18, 37): (27, (18, 27, 37)),
}

# Errors on ImageNet's validation images in per cent, (top-1, top-5): table 3, S = 256.
PUBLISHED_DEPTH = {
    "A": (29.6, 10.4),
    "A-LRN": (29.7, 10.5),
    "B": (28.7, 9.9),
    "C": (28.1, 9.4),
    "D": (27.0, 8.8),
    "E": (27.3, 9.0),
}
# D, tested at one scale (table 3) and at three (table 4), by what we call A at the same proportions.
PUBLISHED_SCALE = {
    "A, 18": {"train": "256", "single": (27.0, 8.8), "multiple": (26.6, 8.6)},
    "A, 27": {"train": "384", "single": (26.8, 8.7), "multiple": (26.5, 8.6)},
    "A, 18 to 37": {"train": "256 to 512", "single": (25.6, 8.1), "multiple": (24.8, 7.5)},
}


@dataclass(frozen=True)
class Setting(training.Setting):
    """What is the same for all nets, see `cs_cnn.studies.training.Setting`.

    Parameters
    ----------
    width : float
        Multiplies the channels and hidden features of VGG.
    dropout : float
        After fc6 and fc7. The paper's one half is too much for nets as narrow as these.
    """

    width: float = 0.125
    dropout: float = 0.2
    images: int = 2000
    batch_size: int = 25
    epochs: int = 6
    lr: float = 2e-3


RECORDED = Setting()
# The quick form: some of the recorded nets with the first of the recorded seeds, and what is held against them.
QUICK = Setting(seeds=(0,))
QUICK_NETS = ("A", "A-LRN", "A, 18")
MEASURE = "test_accuracy"


def scale_name(sides: Sides) -> str:
    """Return how the runs call a net that saw these sides in training.

    Examples
    --------
    >>> scale_name((18, 18)), scale_name((18, 37))
    ('A, 18', 'A, 18 to 37')
    """
    low, high = sides
    return f"A, {low}" if low == high else f"A, {low} to {high}"


NETS = (*DEPTHS, *(scale_name(sides) for sides in SCALES))


class Cropped(nn.Module):
    """A VGG net that learns from crops of images at any side of a range, and is tested with ten crops.

    Parameters
    ----------
    net : VGG
        Made for images of `CROP` pixels, with `POOLINGS` poolings.
    sides : pair of int
        While training, each image is brought to a side drawn between them, cropped at random and mirrored half of the
        time, in a single bilinear sampling.
    tested : int
        In evaluation mode, images are brought to this side, see `ten_crop_scores`.
    """

    def __init__(self, net: VGG, sides: Sides, tested: int) -> None:
        super().__init__()
        self.net, self.sides, self.tested = net, sides, tested

    def forward(self, x: Tensor) -> Tensor:
        """Map images (N, C, H, W) of any size to scores (N, classes)."""
        if not self.training:
            return ten_crop_scores(self.net, resized(x, self.tested))
        scores: Tensor = self.net(random_crops(x, self.sides))
        return scores


def resized(x: Tensor, side: int) -> Tensor:
    """Return images (N, C, H, W) with another side, by bilinear interpolation, as `random_crops` does."""
    return F.interpolate(x, size=(side, side), mode="bilinear")


def random_crops(x: Tensor, sides: Sides, crop: int = CROP) -> Tensor:
    """Return a crop of every image at a side drawn between the two, half of the crops mirrored.

    Parameters
    ----------
    x : Tensor (N, C, H, W)
    sides : pair of int
        At least `crop`.
    crop : int

    Returns
    -------
    Tensor (N, C, crop, crop)
    """
    low, high = sides
    side = low + (high - low) * torch.rand(len(x))
    share = crop / side  # of the image's height and width that the crop shows
    mirror = 1 - 2 * torch.randint(0, 2, (len(x),))
    theta = torch.zeros(len(x), 2, 3)
    theta[:, 0, 0], theta[:, 1, 1] = share * mirror, share
    theta[:, :, 2] = (1 - share)[:, None] * (2 * torch.rand(len(x), 2) - 1)
    grid = F.affine_grid(theta, [len(x), x.shape[1], crop, crop], align_corners=False)
    return F.grid_sample(x, grid.to(x), align_corners=False, padding_mode="border")


def ten_crop_scores(net: nn.Module, x: Tensor, crop: int = CROP) -> Tensor:
    """Return what a net says of crops in the corners and the centre of images, and of their mirror images.

    Parameters
    ----------
    net : torch.nn.Module
        In evaluation mode.
    x : Tensor (N, C, H, H)
        Images, at least as large as the crops.
    crop : int

    Returns
    -------
    Tensor (N, classes)
        The logarithm of the mean probabilities. Where the centre falls between two pixels it is the even one, as in
        `cs_cnn.augment.ten_crop`.
    """
    last = x.shape[-1] - crop
    places = [(0, 0), (0, last), (last, 0), (last, last), (round(last / 2), round(last / 2))]
    views = [x[..., top : top + crop, left : left + crop] for top, left in places]
    views += [view.flip(-1) for view in views]
    return torch.stack([net(view).softmax(dim=1) for view in views]).mean(dim=0).log()


def at_several(net: VGG, sides: Iterable[int], test: Labelled) -> float:
    """Return the accuracy of a net whose probabilities are averaged over several sides of the test images."""
    label = torch.as_tensor(test.y)
    each = [
        train.predict(Cropped(net, (CROP, CROP), side).eval(), test.x).softmax(dim=1).double()
        for side in sides
    ]
    return float((torch.stack(each).mean(dim=0).argmax(dim=1) == label).double().mean())


def study(
    setting: Setting = RECORDED,
    *,
    nets: Sequence[str] = NETS,
    on_run: Callable[[Run], None] | None = None,
) -> list[Run]:
    """Train every net with every seed.

    Parameters
    ----------
    setting : Setting
        See there.
    nets : sequence of str
        Of `NETS`: keys of `DEPTHS`, for depth, and A by the sides in training, for scale.
    on_run : callable, optional
        Called with the result of every run.

    Returns
    -------
    list of dict
        For each run: net, seed, and what `cs_cnn.studies.training.fitted` returns; where scale is studied,
        `test_accuracy` is that of the single side, and `several` that of the three together.
    """
    images, test, classes = centred(setting.data, setting.images, setting.test_images)
    form: dict[str, Any] = {
        "classes": len(classes),
        "channels": images.x.shape[1],
        "width": setting.width,
        "dropout": setting.dropout,
        "poolings": POOLINGS,
        "init": "he",
    }
    by_name = {scale_name(sides): sides for sides in SCALES}

    def run(name: str, seed: int) -> Run:
        if name in DEPTHS:
            kind, norm = DEPTHS[name]
            net = zoo.build(kind, size=images.x.shape[2], norm=norm, seed=seed, **form)
            return fitted(net, images, test, setting, seed)
        sides = by_name[name]
        single, several = SCALES[sides]
        inner = zoo.build("vgg11", size=CROP, norm=True, seed=seed, **form)
        assert isinstance(inner, VGG)
        found = fitted(Cropped(inner, sides, single), images, test, setting, seed)
        return {**found, "several": round(at_several(inner, several, test), 4)}

    return every_run(nets, setting.seeds, run, on_run)


def summarise(runs: Sequence[Run]) -> dict[str, Any]:
    """Return for every net the mean and the spread over the seeds of test accuracy and training error.

    Where scale is studied, `several` stands with them: the accuracy with three scales of the test images together.

    Examples
    --------
    >>> runs = [{"net": "A", "test_accuracy": a, "train_error": 0.1} for a in (0.8, 0.9)]
    >>> summarise(runs)["A"]["test_accuracy"]
    {'mean': 0.85, 'spread': 0.0707}
    """
    keys = ("test_accuracy", "train_error", "several")
    return over_seeds(runs, lambda run: {key: run[key] for key in keys if key in run})
