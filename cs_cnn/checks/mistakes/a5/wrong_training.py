"""Training with something changed; imported only when one of these functions is called."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import nn


def _backward(loss: Any) -> None:
    loss.backward()


def train_step(model: Any, optimiser: Any, x: Any, y: Any, *, wrong: str = "") -> Any:
    """Take one step with something changed."""
    if wrong != "mode_left":
        model.train()
    if wrong == "own_rate":
        optimiser = torch.optim.SGD(model.parameters(), lr=0.01)
    scores = model(x)
    if wrong == "softmax_first":
        scores = torch.softmax(scores, dim=1)
    loss = F.cross_entropy(scores, y, reduction="sum" if wrong == "summed" else "mean")
    if wrong == "no_softmax":
        loss = F.nll_loss(scores, y)
    if wrong != "gradients_kept":
        optimiser.zero_grad()
    _backward(-loss if wrong == "uphill" else loss)
    if wrong == "emptied_late":
        optimiser.zero_grad()
    if wrong != "no_step":
        optimiser.step()
    if wrong == "loss_after":
        loss = F.cross_entropy(model(x), y)
    return loss.item()


def accuracy(model: Any, x: Any, y: Any, *, wrong: str = "") -> Any:
    """Measure the accuracy with something changed."""
    if wrong != "mode_left":
        model.eval()
    scores = model(x)
    if wrong == "lowest":
        scores = -scores
    right = scores.argmax(dim=0 if wrong == "batch_axis" else 1) == y
    if wrong == "errors":
        right = ~right
    share = right.float().sum().item() if wrong == "count" else right.float().mean().item()
    return 100 * share if wrong == "percent" else share


class _Linear(nn.Module):
    """A linear classifier, perhaps with a normalisation in front whose statistics lag, or without its last layer."""

    def __init__(self, lag: bool, bare: bool) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(1, momentum=1e-4) if lag else nn.Identity()
        self.shift = 4.0 if lag else 0.0
        self.last = nn.Linear(784, 10)
        self.bare = bare

    def forward(self, x: Any) -> Any:
        x = self.norm(3 * x + self.shift).flatten(1)
        if self.bare and not self.training:
            return x
        return self.last(x)


def overfit(x: Any, y: Any, *, seed: int, wrong: str = "", steps: int = 60, lr: float = 0.01) -> Any:
    """Learn a few images by heart with something changed."""
    if wrong != "unseeded":
        torch.manual_seed(seed)
    model = _Linear(wrong == "lag", wrong == "bare")
    optimiser: Any = torch.optim.Adam(model.parameters(), lr=lr)
    if wrong == "diverges":
        optimiser = torch.optim.SGD(model.parameters(), lr=1e4)
    losses = []
    for _ in range(steps):
        scores = model(x)
        if wrong == "softmax_first":
            scores = torch.softmax(scores, dim=1)
        loss = F.cross_entropy(scores, y)
        optimiser.zero_grad()
        _backward(loss)
        if wrong != "never_steps":
            optimiser.step()
        losses.append(loss.item())
    return model, losses[-1] if wrong == "last_loss" else losses


def train_resnet(x: Any, y: Any, *, seed: int, wrong: str = "", steps: int = 0) -> Any:
    """Train for a few steps, with something changed."""
    torch.manual_seed(seed)
    model = _Linear(wrong == "lag", wrong == "bare")
    optimiser = torch.optim.Adam(model.parameters(), lr=0.003)
    for _ in range(steps):
        rows = torch.randint(len(x), (100,))
        loss = F.cross_entropy(model(x[rows]), y[rows])
        optimiser.zero_grad()
        _backward(loss)
        optimiser.step()
    return model
