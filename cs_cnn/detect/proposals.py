"""Region proposals: a small net on the features of another one says which anchors hold an object, of whatever class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from cs_cnn.detect.anchors import NOTHING, OBJECT, from_offsets, match, to_offsets
from cs_cnn.detect.boxes import Boxes, Size, clip
from cs_cnn.detect.suppression import non_maximum_suppression
from cs_cnn.detect.yolo import Objects
from cs_cnn.train.descent import descend
from cs_cnn.train.devices import private_randomness
from cs_cnn.zoo.parts.blocks import initialise


class Aims(NamedTuple):
    """What the anchors of many images should say."""

    kind: Tensor
    """1 for an object, 0 for none, -1 for no matter; (N, A)."""
    offsets: Tensor
    """Steps from an anchor to its object, 0 where it has none; (N, A, 4)."""


class ProposalHead(nn.Module):
    """A convolution of 3 by 3 and two of 1 by 1: for every anchor a score and four offsets.

    Parameters
    ----------
    channels : int
        Channels of the feature maps.
    per_place : int
        Anchors at a place of the map.
    hidden : int
        Channels between the convolutions.
    seed : int
        Draws the initial weights.

    Examples
    --------
    >>> scores, offsets = ProposalHead(16, per_place=6)(torch.zeros(2, 16, 8, 8))
    >>> scores.shape, offsets.shape
    (torch.Size([2, 384]), torch.Size([2, 384, 4]))
    """

    def __init__(self, channels: int, *, per_place: int, hidden: int = 64, seed: int = 0) -> None:
        super().__init__()
        with private_randomness(seed, torch.device("cpu")):
            self.shared = nn.Conv2d(channels, hidden, 3, padding=1)
            self.scores = nn.Conv2d(hidden, per_place, 1)
            self.offsets = nn.Conv2d(hidden, 4 * per_place, 1)
            initialise(self)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return scores before the sigmoid (N, A) and offsets (N, A, 4), in the order of `anchor_grid`."""
        hidden = F.relu(self.shared(features))
        scores, offsets = self.scores(hidden), self.offsets(hidden)
        return scores.permute(0, 2, 3, 1).flatten(1), offsets.permute(0, 2, 3, 1).reshape(len(scores), -1, 4)


def aims_of(
    objects: Sequence[Objects], anchors: Boxes, *, enough: float = 0.5, too_little: float = 0.3
) -> Aims:
    """Match the anchors with the objects of every image.

    Parameters
    ----------
    objects : sequence of Objects
        Of N images.
    anchors : numpy.ndarray, shape (A, 4)
        From `anchor_grid`.
    enough, too_little : float
        See `match`.

    Returns
    -------
    Aims
    """
    kinds, offsets = [], np.zeros((len(objects), len(anchors), 4), np.float32)
    for told, each in zip(offsets, objects, strict=True):
        kind, place = match(anchors, each.boxes, enough=enough, too_little=too_little)
        chosen = kind == OBJECT
        told[chosen] = to_offsets(each.boxes[place[chosen]], anchors[chosen])
        kinds.append(kind)
    return Aims(torch.tensor(np.stack(kinds)), torch.tensor(offsets))


def proposal_loss(scores: Tensor, offsets: Tensor, aims: Aims) -> Tensor:
    """Compute the loss of the proposals: logistic for the scores, and a smoothed distance for the offsets.

    Anchors with an object and anchors without are averaged apart, since there are many more of the second kind;
    the paper draws equally many of both instead. Only anchors with an object have offsets to learn.

    Parameters
    ----------
    scores : torch.Tensor, shape (N, A)
        Before the sigmoid.
    offsets : torch.Tensor, shape (N, A, 4)
        As the net says.
    aims : Aims
        What it should say.

    Returns
    -------
    torch.Tensor
        A number.

    Examples
    --------
    >>> aims = Aims(torch.tensor([[1, 0, -1]]), torch.zeros(1, 3, 4))
    >>> loss = proposal_loss(torch.tensor([[0.0, 0.0, 9.0]]), torch.zeros(1, 3, 4), aims)
    >>> round(float(loss), 4)  # log 2: the third anchor does not matter
    0.6931
    """
    there, nothing = aims.kind == OBJECT, aims.kind == NOTHING
    right = F.softplus(-scores[there]).sum() / there.sum().clamp(min=1)
    wrong = F.softplus(scores[nothing]).sum() / nothing.sum().clamp(min=1)
    steps = F.smooth_l1_loss(offsets[there], aims.offsets[there], reduction="sum") / there.sum().clamp(min=1)
    return (right + wrong) / 2 + steps


def fit_proposals(
    head: ProposalHead,
    features: Tensor,
    aims: Aims,
    *,
    epochs: int,
    batch_size: int = 32,
    lr: float = 0.003,
    seed: int = 0,
) -> list[float]:
    """Train a head on features that stay as they are, with Adam.

    Parameters
    ----------
    head : ProposalHead
        Changed in place.
    features : torch.Tensor, shape (N, C, H, W)
        Feature maps of the images.
    aims : Aims
        From `aims_of`.
    epochs, batch_size, lr, seed
        As usual; `seed` draws the order of the images.

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
        scores, offsets = head(features[places])
        return proposal_loss(scores, offsets, Aims(aims.kind[places], aims.offsets[places]))

    optimiser = torch.optim.Adam(head.parameters(), lr=lr)
    draw = torch.Generator().manual_seed(seed)
    return list(
        descend(optimiser, len(features), batch_loss, epochs=epochs, batch_size=batch_size, generator=draw)
    )


@torch.no_grad()
def propose(
    head: ProposalHead, features: Tensor, anchors: Boxes, image_size: Size, *, most: int, overlap: float = 0.7
) -> list[NDArray[np.float64]]:
    """Return the best proposals for every image.

    Parameters
    ----------
    head : ProposalHead
        Trained.
    features : torch.Tensor, shape (N, C, H, W)
        Feature maps of the images.
    anchors : numpy.ndarray, shape (A, 4)
        Those of the training.
    image_size : (int, int)
        Height and width of the images; proposals are clipped to it.
    most : int
        How many boxes an image may have. Suppression looks at ten times as many, the best.
    overlap : float
        Intersection over union above which the worse of two proposals is dropped.

    Returns
    -------
    list of numpy.ndarray, shape (n, 4)
        Corners, the best first.
    """
    out = []
    for scores, offsets in zip(*head(features), strict=True):
        best = torch.argsort(scores, descending=True, stable=True)[: 10 * most].numpy()
        boxes = clip(from_offsets(offsets.double().numpy()[best], anchors[best]), image_size)
        out.append(boxes[non_maximum_suppression(boxes, scores.double().numpy()[best], overlap)[:most]])
    return out
