"""A small YOLO: its net, a training loop for scenes, and reading what it says."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cs_cnn.detect.boxes import Size, clip
from cs_cnn.detect.scenes import Scenes
from cs_cnn.detect.suppression import non_maximum_suppression
from cs_cnn.detect.yolo import Found, Objects, decode, encode
from cs_cnn.detect.yolo_loss import Parts, yolo_loss
from cs_cnn.train.descent import descend
from cs_cnn.train.devices import private_randomness
from cs_cnn.zoo.parts.blocks import ConvBlock, initialise


class YoloNet(nn.Module):
    """A convolutional net that puts out the grid of YOLO.

    Every stage halves height and width, rounded up, so a cell of the grid stands for 2^stages pixels on a side; a
    last convolution keeps the size and lets a cell see its neighbours. A sigmoid holds x, y, w, h and confidence
    between 0 and 1, and a softmax makes probabilities of the classes. (The paper's last layers are fully connected,
    and linear.)

    Parameters
    ----------
    classes : int
        Number of classes, C.
    per_cell : int
        Boxes of a cell, B.
    widths : sequence of int
        Channels of the stages.
    seed : int
        Draws the initial weights.

    Examples
    --------
    >>> YoloNet(classes=4)(torch.zeros(1, 3, 64, 64)).shape
    torch.Size([1, 4, 4, 14])
    """

    def __init__(
        self, *, classes: int, per_cell: int = 2, widths: Sequence[int] = (16, 32, 64, 128), seed: int = 0
    ) -> None:
        super().__init__()
        self.classes, self.per_cell, self.stride = classes, per_cell, 2 ** len(widths)
        sizes = [3, *widths]
        with private_randomness(seed, torch.device("cpu")):
            stages = [ConvBlock(*pair, 3, stride=2, norm=True) for pair in pairwise(sizes)]
            self.trunk = nn.Sequential(*stages, ConvBlock(sizes[-1], sizes[-1], 3, norm=True))
            self.head = nn.Conv2d(sizes[-1], 5 * per_cell + classes, 1)
            initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return the prediction (N, S, S, 5 B + C) for images (N, 3, H, H) with values from 0 to 1."""
        out = self.head(self.trunk(x - 0.5)).permute(0, 2, 3, 1)
        five = 5 * self.per_cell
        return torch.cat([out[..., :five].sigmoid(), out[..., five:].softmax(dim=-1)], dim=-1)


def targets(objects: Sequence[Objects], image_size: Size, net: YoloNet) -> Tensor:
    """Encode the objects of many images as a net puts them out: (N, S, S, 5 B + C)."""
    grid = -(-image_size[0] // net.stride)  # every stage rounds up
    return torch.tensor(
        np.stack(
            [
                encode(*each, image_size, grid=grid, per_cell=net.per_cell, classes=net.classes)
                for each in objects
            ]
        ),
        dtype=torch.float32,
    )


def fit(
    net: YoloNet,
    scenes: Scenes,
    *,
    epochs: int,
    batch_size: int = 32,
    lr: float = 0.003,
    seed: int = 0,
    on_epoch: Callable[[dict[str, float]], None] | None = None,
) -> list[dict[str, float]]:
    """Train a net on scenes, with Adam and a learning rate that falls to 0 along half a cosine.

    Parameters
    ----------
    net : YoloNet
        Changed in place.
    scenes : Scenes
        What to learn from; whenever an image is seen, it is mirrored with probability 1/2.
    epochs, batch_size, lr
        As usual; `lr` is the rate of the first step.
    seed : int
        Draws the order of the images and which of them are mirrored.
    on_epoch : callable, optional
        Called with every new row.

    Returns
    -------
    list of dict
        For every epoch the mean of each term of the loss, by its name, "loss", and "seconds".

    Raises
    ------
    CsCnnError
        When the loss is no longer a number.
    """
    size = (scenes.images.shape[2], scenes.images.shape[3])
    images, aims = torch.tensor(scenes.images), targets(scenes.objects, size, net)
    mirrored = torch.stack([images, images.flip(3)])
    both = torch.stack([aims, targets([_mirror(each, size[1]) for each in scenes.objects], size, net)])
    draw = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(net.parameters(), lr=lr)
    steps = epochs * -(-len(images) // batch_size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    sums = np.zeros(len(Parts._fields))

    def batch_loss(places: Tensor) -> Tensor:
        side = torch.randint(2, (len(places),), generator=draw)
        parts = yolo_loss(net(mirrored[side, places]), both[side, places], per_cell=net.per_cell)
        sums[:] += len(places) * np.array([float(part.detach()) for part in parts])
        return parts.total()

    rows: list[dict[str, float]] = []
    net.train()
    start = time.perf_counter()
    for _ in descend(
        optimiser,
        len(images),
        batch_loss,
        epochs=epochs,
        batch_size=batch_size,
        generator=draw,
        schedule=schedule,
    ):
        means = (sums / len(images)).tolist()
        row = dict(zip(Parts._fields, means, strict=True))
        rows.append({**row, "loss": sum(means), "seconds": round(time.perf_counter() - start, 3)})
        if on_epoch is not None:
            on_epoch(rows[-1])
        sums[:], start = 0, time.perf_counter()
    net.eval()
    return rows


def _mirror(objects: Objects, width: int) -> Objects:
    x1, y1, x2, y2 = objects.boxes.T
    return Objects(np.stack([width - x2, y1, width - x1, y2], axis=1), objects.labels)


@torch.no_grad()
def predict(net: YoloNet, images: NDArray[np.float32], *, batch_size: int = 100) -> NDArray[np.float64]:
    """Return what a net says of images (N, 3, H, H), before decoding: (N, S, S, 5 B + C)."""
    was_training = net.training
    net.eval()
    said = [net(batch) for batch in torch.split(torch.tensor(images), batch_size)]
    net.train(was_training)
    return torch.cat(said).double().numpy()


def detect(
    net: YoloNet, images: NDArray[np.float32], *, threshold: float = 0.01, overlap: float = 0.5
) -> list[Found]:
    """Find the objects of images: run the net, decode, clip to the image, suppress.

    Parameters
    ----------
    net : YoloNet
        A trained net.
    images : numpy.ndarray, shape (N, 3, H, H)
        From 0 to 1.
    threshold : float
        The smallest score of interest.
    overlap : float
        Intersection over union above which the worse of two boxes of one class is dropped.

    Returns
    -------
    list of Found
        For every image, the surest box first.
    """
    size = (images.shape[2], images.shape[3])
    out = []
    for cells in predict(net, images):
        found = decode(cells, size, per_cell=net.per_cell, threshold=threshold)
        found = found._replace(boxes=clip(found.boxes, size))
        out.append(
            found.take(non_maximum_suppression(found.boxes, found.scores, overlap, labels=found.labels))
        )
    return out
