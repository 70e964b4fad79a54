"""The loss of YOLO (version 1): squared errors, each cell's box of choice, and weights that keep them in balance."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor


class Parts(NamedTuple):
    """The terms of the loss, weighed, and averaged over the images."""

    place: Tensor
    size: Tensor
    confidence: Tensor
    nothing: Tensor
    classes: Tensor

    def total(self) -> Tensor:
        """Return their sum."""
        return torch.stack(tuple(self)).sum()


def _overlap(a: Tensor, b: Tensor, grid: int) -> Tensor:
    """Compute intersection over union of boxes (..., 4) as the target has them, of the same cells."""
    ends = []
    for box in (a, b):
        middle, half = box[..., :2] / grid, box[..., 2:4] / 2  # both as shares of the image
        ends.append((middle - half, middle + half))
    shared = (torch.minimum(ends[0][1], ends[1][1]) - torch.maximum(ends[0][0], ends[1][0])).clamp(min=0)
    common = shared.prod(dim=-1)
    union = a[..., 2:4].prod(dim=-1) + b[..., 2:4].prod(dim=-1) - common
    return common / union.clamp(min=1e-9)


def yolo_loss(
    prediction: Tensor, target: Tensor, *, per_cell: int, place: float = 5.0, nothing: float = 0.5
) -> Parts:
    """Compute the loss of YOLO: squared errors of what the cells in charge of an object say, and of confidences.

    Of the boxes of a cell in charge, the one that overlaps the object most is responsible: it learns the place, the
    size (as square roots, so that a pixel counts more for a small box) and, as its confidence, how much it
    overlaps. All other boxes learn the confidence 0.

    Parameters
    ----------
    prediction, target : torch.Tensor, shape (N, S, S, 5 B + C)
        From a net, and from `encode`.
    per_cell : int
        Boxes of a cell, B.
    place : float
        Weight of the errors of places and sizes.
    nothing : float
        Weight of the confidences that should be 0; there are many more of them than of the others.

    Returns
    -------
    Parts
        The five terms; `total()` is the loss.

    Raises
    ------
    ValueError
        When the shapes differ or are not those of a grid.

    Notes
    -----
    Equation 3 of Redmon, Divvala, Girshick and Farhadi, *You only look once* (2016).

    Examples
    --------
    >>> target = torch.zeros(1, 2, 2, 7)
    >>> target[0, 0, 1] = torch.tensor([0.5, 0.5, 0.4, 0.4, 1.0, 0.0, 1.0])
    >>> [round(float(part), 3) for part in yolo_loss(target, target, per_cell=1)]
    [0.0, 0.0, 0.0, 0.0, 0.0]
    """
    if prediction.shape != target.shape or target.ndim != 4 or target.shape[3] <= 5 * per_cell:
        raise ValueError(
            f"prediction and target must have one shape (N, S, S, 5 B + C) with B = {per_cell},"
            f" got {tuple(prediction.shape)} and {tuple(target.shape)}"
        )
    n, grid = target.shape[:2]
    told = prediction[..., : 5 * per_cell].reshape(n, grid, grid, per_cell, 5)
    true = target[..., : 5 * per_cell].reshape(n, grid, grid, per_cell, 5)
    charge = true[..., 0, 4]  # 1 in the cells with an object
    overlap = _overlap(told.detach(), true, grid)
    responsible = F.one_hot(overlap.argmax(dim=-1), per_cell) * charge[..., None]
    errors = (told - true) ** 2
    roots = (told[..., 2:4].clamp(min=1e-9).sqrt() - true[..., 2:4].sqrt()) ** 2
    return Parts(
        place * (responsible[..., None] * errors[..., :2]).sum() / n,
        place * (responsible[..., None] * roots).sum() / n,
        (responsible * (told[..., 4] - overlap) ** 2).sum() / n,
        nothing * ((1 - responsible) * told[..., 4] ** 2).sum() / n,
        (charge[..., None] * (prediction - target)[..., 5 * per_cell :] ** 2).sum() / n,
    )
