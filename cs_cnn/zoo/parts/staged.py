"""What every net of the zoo has in common: named stages, the features of any of them, a sentence for wrong images."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn


class Supervised(NamedTuple):
    """What a net with auxiliary heads returns in training mode; in evaluation mode it returns only the logits.

    Attributes
    ----------
    logits : Tensor (N, classes)
        Of the last stage.
    auxiliary : tuple of Tensor (N, classes)
        Of the heads on the way, in the order of the stages. Their losses are added with a small weight.
    """

    logits: Tensor
    auxiliary: tuple[Tensor, ...]


class Staged(nn.Module):
    """A net as a row of named stages; the last one gives the logits.

    A family lists its stages, as the paper's table names them, and makes a module of each under that name. What
    lies between two stages (flattening, an activation) belongs to the stage that needs it: it is part of the
    module, or `run_stage` is overridden.

    Parameters
    ----------
    channels : int
        Channels of the images.
    size : int
        Height and width of the images that the net is made for.
    fixed : bool
        Whether the images must have this size, as fully connected layers after feature maps ask for; otherwise
        images of at least `smallest` pixels a side are taken.
    smallest : int
        Least height and width, for nets that end in a global average.

    Attributes
    ----------
    stages : tuple of str
        Names of the stages in order.
    """

    stages: tuple[str, ...] = ()

    def __init__(self, *, channels: int, size: int, fixed: bool = False, smallest: int = 1) -> None:
        super().__init__()
        self.channels, self.size, self.fixed, self.smallest = channels, size, fixed, smallest

    def features(self, x: Tensor, upto: str | None = None) -> Tensor:
        """Return what a stage puts out.

        Parameters
        ----------
        x : Tensor (N, channels, H, W)
            Images.
        upto : str, optional
            A name of `stages`: the last stage to run. By default the one before the logits.

        Returns
        -------
        Tensor
            (N, maps, height, width), or (N, features) from the fully connected stages on.

        Raises
        ------
        ValueError
            When there is no such stage, or the images have a wrong shape.
        """
        upto = self.stages[-2] if upto is None else upto
        if upto not in self.stages:
            raise ValueError(
                f"upto must be a stage of {type(self).__name__} ({', '.join(self.stages)}), got {upto!r}."
            )
        self._check_images(x)
        for stage in self.stages[: self.stages.index(upto) + 1]:
            x = self.run_stage(stage, x)
        return x

    def run_stage(self, stage: str, x: Tensor) -> Tensor:
        """Map what the stage before puts out to what this stage puts out, its activation included.

        Parameters
        ----------
        stage : str
            A name of `stages`.
        x : Tensor
            Output of the stage before; the images for the first.

        Returns
        -------
        Tensor
        """
        out: Tensor = self.get_submodule(stage)(x)
        return out

    def forward(self, x: Tensor) -> Tensor | Supervised:
        """Map images (N, channels, H, W) to logits (N, classes)."""
        return self.features(x, upto=self.stages[-1])

    def _check_images(self, x: Tensor) -> None:
        name, shape = type(self).__name__, tuple(x.shape)
        if self.fixed and shape[1:] != (self.channels, self.size, self.size):
            raise ValueError(
                f"This {name} takes images of shape (N, {self.channels}, {self.size}, {self.size}), got {shape}: "
                "resize the images, or build the net with their size and number of channels."
            )
        if len(shape) != 4 or shape[1] != self.channels or min(shape[2:]) < self.smallest:
            raise ValueError(
                f"This {name} takes images of shape (N, {self.channels}, H, W) with H and W of at least "
                f"{self.smallest}, got {shape}: build the net with the images' size and number of channels."
            )
