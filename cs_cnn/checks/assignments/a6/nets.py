"""Small nets that a check gives to a student's function: they take tensors, and the check knows their slopes."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from cs_cnn.checks.assignments.a6.tensors import single
from cs_cnn.checks.bench import Array
from cs_cnn.checks.modules import tensor
from cs_cnn.checks.pairs import away_from_zero


@dataclass(frozen=True)
class Scores:
    """Scores of images, relu(x w1 + b1) w2 + b2: a function of a tensor (N, C, H, W) that gives (N, classes).

    Attributes
    ----------
    w1, b1, w2, b2 : ndarray
        (C H W, hidden), (hidden,), (hidden, classes) and (classes,).
    """

    w1: Array
    b1: Array
    w2: Array
    b2: Array

    def __call__(self, x: Any) -> Any:
        """Return the scores (N, classes) of a batch of images."""
        if x.ndim != 4:
            raise ValueError(
                f"the net takes a batch of images (N, C, H, W), and it was given {tuple(x.shape)}"
            )
        w1, b1, w2, b2 = (tensor(array).to(x) for array in (self.w1, self.b1, self.w2, self.b2))
        return (x.flatten(1) @ w1 + b1).clamp(min=0) @ w2 + b2

    # What people do to a module out of habit changes nothing here.
    def eval(self) -> Scores:
        """Return the net; it has one mode only."""
        return self

    def train(self, mode: bool = True) -> Scores:
        """Return the net; it has one mode only."""
        return self

    def requires_grad_(self, requires_grad: bool = True) -> Scores:
        """Return the net; it has no parameters that are trained."""
        return self

    def parameters(self) -> list[Any]:
        """Return nothing: no parameter is trained."""
        return []

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Do nothing: there are no parameters with gradients."""


class TinyNet(Scores):
    """The same net, as the check knows it: with its scores and slopes in NumPy."""

    def handed(self) -> tuple[str, str, dict[str, Any]]:
        """Say how a student's process makes this net, since gradients cannot cross: without what the check knows."""
        head = "from __future__ import annotations\nfrom dataclasses import dataclass\nfrom typing import Any\n"
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        return head + inspect.getsource(Scores), Scores.__name__, given

    def scores(self, image: Array) -> Array:
        """Return the scores of one image (C, H, W)."""
        hidden = (image.ravel() @ self.w1 + self.b1).clip(min=0)
        return np.asarray(hidden @ self.w2 + self.b2)

    def slope(self, image: Array, label: int) -> Array:
        """Return how one score answers to every number of an image (C, H, W)."""
        active = image.ravel() @ self.w1 + self.b1 > 0
        return np.asarray((self.w1 @ (active * self.w2[:, label])).reshape(image.shape))


def draw_net(
    rng: np.random.Generator, shape: tuple[int, int, int], classes: int
) -> tuple[TinyNet, Array, int]:
    """Draw a net, an image with no hidden unit near the kink of ReLU, and a class that is not the one predicted."""
    size, hidden = int(np.prod(shape)), 6
    while True:
        net = TinyNet(
            single(away_from_zero(rng, (size, hidden)) / np.sqrt(size)),
            single(away_from_zero(rng, hidden) / 4),
            single(away_from_zero(rng, (hidden, classes))),
            single(away_from_zero(rng, classes)),
        )
        image = single(away_from_zero(rng, shape))
        before = image.ravel() @ net.w1 + net.b1
        scores = net.scores(image)
        label = int(np.argsort(scores)[-2])
        if (
            np.abs(before).min() > 0.02
            and (before > 0).sum() >= 3
            and np.abs(net.slope(image, label)).max() > 0.1
        ):
            return net, image, label


@dataclass(frozen=True)
class Branch:
    """One block of a net: tanh(x w), a function of a tensor (N, D) that gives (N, D).

    Attributes
    ----------
    w : ndarray, shape (D, D)
    """

    w: Array

    def __call__(self, x: Any) -> Any:
        """Return what the block makes of its input."""
        return (x @ tensor(self.w).to(x)).tanh()

    def of(self, x: Array) -> Array:
        """Compute the same for an array."""
        return np.asarray(np.tanh(x @ self.w))
