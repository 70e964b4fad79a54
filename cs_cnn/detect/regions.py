"""The second stage of Fast and Faster R-CNN: what is in a region, and where exactly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cs_cnn.detect.anchors import OBJECT, from_offsets, match, to_offsets
from cs_cnn.detect.boxes import Boxes, Size, area, clip
from cs_cnn.detect.roi_align import roi_align_forward
from cs_cnn.detect.suppression import non_maximum_suppression
from cs_cnn.detect.yolo import Found, Objects
from cs_cnn.train.descent import descend
from cs_cnn.train.devices import private_randomness
from cs_cnn.zoo.parts.blocks import initialise

# How far proposals usually are off: offsets are learned in units of it, or their errors would hardly count.
_SPREAD = np.array([0.1, 0.1, 0.2, 0.2])


class Lesson(NamedTuple):
    """Regions to learn from."""

    pooled: Tensor
    """What the feature map shows there; (R, C, S, S)."""
    label: Tensor
    """The class of the object, or the number of classes for none; (R,)."""
    offsets: Tensor
    """Steps from the region to the object, in units in which they are about 1; 0 where there is none; (R, 4)."""


class RegionHead(nn.Module):
    """Two fully connected layers: for a pooled region a score for every class and for "nothing", and four offsets.

    Parameters
    ----------
    channels : int
        Channels of the feature map.
    classes : int
        Number of classes.
    size : int
        Side of the grid into which regions are pooled.
    hidden : int
        Units of the hidden layer.
    seed : int
        Draws the initial weights.

    Examples
    --------
    >>> scores, offsets = RegionHead(16, classes=4)(torch.zeros(5, 16, 4, 4))
    >>> scores.shape, offsets.shape
    (torch.Size([5, 5]), torch.Size([5, 4]))
    """

    def __init__(
        self, channels: int, *, classes: int, size: int = 4, hidden: int = 128, seed: int = 0
    ) -> None:
        super().__init__()
        self.classes, self.size = classes, size
        with private_randomness(seed, torch.device("cpu")):
            self.shared = nn.Linear(channels * size * size, hidden)
            self.scores = nn.Linear(hidden, classes + 1)
            self.offsets = nn.Linear(hidden, 4)
            initialise(self)

    def forward(self, pooled: Tensor) -> tuple[Tensor, Tensor]:
        """Return scores before the softmax (R, classes + 1) and offsets (R, 4) for regions (R, C, S, S)."""
        hidden = F.relu(self.shared(pooled.flatten(1)))
        return self.scores(hidden), self.offsets(hidden)


def pool(features: Tensor, boxes: Sequence[Boxes], *, stride: int, size: int) -> Tensor:
    """Read the feature maps of N images at the boxes of each, by RoIAlign.

    Parameters
    ----------
    features : torch.Tensor, shape (N, C, H, W)
        Feature maps.
    boxes : sequence of arrays (n, 4)
        Corners in pixels of the images, for every image.
    stride : int
        Pixels of the image for one step on the map.
    size : int
        Side of the grid of bins.

    Returns
    -------
    torch.Tensor, shape (all boxes, C, size, size)
        In the order of the images.
    """
    out = [torch.zeros(0, features.shape[1], size, size)]
    for image, each in zip(features.numpy(), boxes, strict=True):
        rois = np.column_stack([np.zeros(len(each)), each])
        pooled, _ = roi_align_forward(image[None], rois, size=size, scale=1 / stride)
        out.append(torch.tensor(pooled, dtype=torch.float32))
    return torch.cat(out)


def lessons(
    features: Tensor, proposals: Sequence[Boxes], objects: Sequence[Objects], *, stride: int, head: RegionHead
) -> Lesson:
    """Match proposals with objects, and pool both: true boxes are regions to learn from too.

    A region stands for an object that it overlaps by at least one half.

    Parameters
    ----------
    features : torch.Tensor, shape (N, C, H, W)
        Feature maps.
    proposals : sequence of arrays (n, 4)
        For every image.
    objects : sequence of Objects
        For every image.
    stride : int
        Pixels of the image for one step on the map.
    head : RegionHead
        The net that is going to learn.

    Returns
    -------
    Lesson
    """
    regions, labels, offsets = [], [], []
    for each, there in zip(proposals, objects, strict=True):
        boxes = np.vstack([each[area(each) > 0], there.boxes])
        kind, place = match(boxes, there.boxes, enough=0.5, too_little=0.5)
        is_object = kind == OBJECT
        label, steps = np.full(len(boxes), head.classes), np.zeros((len(boxes), 4))
        label[is_object] = there.labels[place[is_object]]
        steps[is_object] = to_offsets(there.boxes[place[is_object]], boxes[is_object]) / _SPREAD
        regions.append(boxes)
        labels.append(label)
        offsets.append(steps)
    return Lesson(
        pool(features, regions, stride=stride, size=head.size),
        torch.tensor(np.concatenate(labels)),
        torch.tensor(np.concatenate(offsets), dtype=torch.float32),
    )


def fit_regions(
    head: RegionHead, lesson: Lesson, *, epochs: int, batch_size: int = 128, lr: float = 0.001, seed: int = 0
) -> list[float]:
    """Train a head with Adam: cross-entropy for the classes, a smoothed distance for the offsets of objects.

    Parameters
    ----------
    head : RegionHead
        Changed in place.
    lesson : Lesson
        From `lessons`.
    epochs, batch_size, lr, seed
        As usual; `seed` draws the order of the regions.

    Returns
    -------
    list of float
        The mean loss of every epoch.

    Raises
    ------
    CsCnnError
        When the loss is no longer a number.
    """

    def batch_loss(places: Tensor) -> Tensor:
        scores, offsets = head(lesson.pooled[places])
        label = lesson.label[places]
        there = label < head.classes
        far = F.smooth_l1_loss(offsets[there], lesson.offsets[places][there], reduction="sum")
        return F.cross_entropy(scores, label) + far / len(places)

    optimiser = torch.optim.Adam(head.parameters(), lr=lr)
    draw = torch.Generator().manual_seed(seed)
    return list(
        descend(
            optimiser, len(lesson.label), batch_loss, epochs=epochs, batch_size=batch_size, generator=draw
        )
    )


@torch.no_grad()
def detect_regions(
    head: RegionHead,
    features: Tensor,
    proposals: Sequence[Boxes],
    image_size: Size,
    *,
    stride: int,
    overlap: float = 0.5,
) -> list[Found]:
    """Name the proposals, move them, and suppress.

    Parameters
    ----------
    head : RegionHead
        Trained.
    features : torch.Tensor, shape (N, C, H, W)
        Feature maps.
    proposals : sequence of arrays (n, 4)
        For every image.
    image_size : (int, int)
        Height and width of the images.
    stride : int
        Pixels of the image for one step on the map.
    overlap : float
        Intersection over union above which the worse of two boxes of one class is dropped.

    Returns
    -------
    list of Found
        For every image, the surest box first.
    """
    scores, offsets = head(pool(features, proposals, stride=stride, size=head.size))
    sure, labels = (each.numpy() for each in scores.softmax(dim=1)[:, :-1].max(dim=1))
    ends = np.cumsum([len(each) for each in proposals])
    out = []
    for each, end in zip(proposals, ends, strict=True):
        mine = slice(end - len(each), end)
        boxes = clip(from_offsets(offsets[mine].double().numpy() * _SPREAD, each), image_size)
        found = Found(boxes, sure[mine].astype(np.float64), labels[mine])
        out.append(found.take(non_maximum_suppression(boxes, found.scores, overlap, labels=found.labels)))
    return out
