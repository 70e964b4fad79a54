"""Scenes: clothes of Fashion-MNIST laid on photographs or plain grounds, with the exact box and mask of each.

Where the composer knows what it painted, nobody has to draw boxes. Training scenes show garments of the training
images before the left part of the photographs, test scenes those of the test images before the right part.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from cs_cnn import data
from cs_cnn.detect.boxes import Boxes, iou_matrix
from cs_cnn.detect.yolo import Objects

Ground = Literal["photographs", "stripes", "plain"]
Part = Literal["train", "test"]

CLASSES = ("Trouser", "Pullover", "Bag", "Ankle boot")
"""The garments of a scene, as Fashion-MNIST names them, unless others are asked for."""

_LEFT = 0.6  # of a photograph is for training; the rest is for testing
_VISIBLE = 0.08  # darker pixels of a garment's image are its ground


class Scenes(NamedTuple):
    """Composed images, and what is where in them."""

    images: NDArray[np.float32]
    """(N, 3, H, W), from 0 to 1."""
    objects: list[Objects]
    """Boxes and labels of every image."""
    masks: list[NDArray[np.bool_]]
    """The visible pixels of every object; (n, H, W) for each image."""
    classes: tuple[str, ...]
    """What the labels mean."""

    def semantic(self) -> NDArray[np.int64]:
        """Return the class of every pixel: 0 for the ground, label + 1 for an object; (N, H, W)."""
        out = np.zeros((len(self.images), *self.images.shape[2:]), dtype=np.int64)
        for target, objects, masks in zip(out, self.objects, self.masks, strict=True):
            for label, mask in zip(objects.labels, masks, strict=True):
                target[mask] = label + 1
        return out


@cache
def _photographs() -> tuple[NDArray[np.float32], ...]:
    """Return the photographs that come with scikit-learn, at half their size: (3, H, W) each, from 0 to 1."""
    from sklearn.datasets import load_sample_images

    out = []
    for image in load_sample_images().images:
        even = image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2].astype(np.float32) / 255
        halved = even.reshape(even.shape[0] // 2, 2, even.shape[1] // 2, 2, 3).mean(axis=(1, 3))
        out.append(halved.transpose(2, 0, 1).astype(np.float32))
    return tuple(out)


def _ground(kind: Ground, size: int, part: Part, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw what lies behind the garments: (3, size, size)."""
    if kind == "photographs":
        photographs = _photographs()
        photograph = photographs[rng.integers(len(photographs))]
        height, width = photograph.shape[1:]
        split = int(_LEFT * width)
        first, last = (0, split) if part == "train" else (split, width)
        top, left = rng.integers(height - size + 1), rng.integers(first, last - size + 1)
        crop = photograph[:, top : top + size, left : left + size]
        return crop[:, :, ::-1].copy() if rng.random() < 0.5 else crop.copy()
    colours = rng.uniform(0.1, 0.9, (2, 3, 1, 1))
    if kind == "plain":
        return np.broadcast_to(colours[0], (3, size, size)).astype(np.float32)
    angle, period = rng.uniform(0, np.pi), rng.uniform(4, 12)
    rows, columns = np.mgrid[:size, :size]
    wave: NDArray[np.float64] = 0.5 + 0.5 * np.sin(
        2 * np.pi / period * (np.cos(angle) * columns + np.sin(angle) * rows)
    )
    return np.asarray(colours[0] * wave + colours[1] * (1 - wave), dtype=np.float32)


def _resize(image: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """Read a square image at side x side points, bilinear."""
    points = (np.arange(side) + 0.5) * len(image) / side - 0.5
    near = np.abs(points[:, None] - np.arange(len(image)))
    weights = np.maximum(1 - near, 0)
    weights /= weights.sum(axis=1, keepdims=True)  # at the edge only one pixel is near
    return np.asarray(weights @ image @ weights.T, dtype=np.float32)


def _hull(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Return the box around the pixels of a mask that has some."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def compose(
    n: int,
    *,
    size: int = 64,
    most: int = 3,
    sides: tuple[int, int] = (20, 36),
    max_iou: float = 0.2,
    ground: Ground = "photographs",
    part: Part = "train",
    classes: Sequence[str] = CLASSES,
    rng: np.random.Generator,
) -> Scenes:
    """Compose scenes.

    Every scene has from 1 to `most` garments. Each is drawn from the packaged Fashion-MNIST, enlarged or reduced,
    perhaps mirrored, given a colour, and laid where its box overlaps no earlier one by more than `max_iou`; a
    garment for which there is no room is left out. Later garments lie on top: masks are what remains visible, and
    boxes are drawn around the masks.

    Parameters
    ----------
    n : int
        Number of scenes.
    size : int
        Height and width, in pixels.
    most : int
        The largest number of garments in a scene.
    sides : (int, int)
        The smallest and the largest side of the square in which a garment lies, in pixels.
    max_iou : float
        How much two boxes may overlap when they are laid.
    ground : {"photographs", "stripes", "plain"}
        What lies behind: the two photographs of scikit-learn, stripes of two colours, or one colour.
    part : {"train", "test"}
        From which images garments and photographs are taken.
    classes : sequence of str
        Names of classes of Fashion-MNIST; a label is a place in this sequence.
    rng : numpy.random.Generator
        Draws everything.

    Returns
    -------
    Scenes

    Raises
    ------
    ValueError
        When a class, a part or a ground does not exist, or the sizes do not fit.

    Examples
    --------
    >>> scenes = compose(2, rng=np.random.default_rng(0))
    >>> scenes.images.shape, [len(found.boxes) for found in scenes.objects]
    ((2, 3, 64, 64), [1, 2])
    """
    clothes = data.load("fashion-mnist")
    unknown = [name for name in classes if name not in clothes.classes]
    if unknown or not classes:
        raise ValueError(
            f"classes must be among {', '.join(clothes.classes)}, got {', '.join(unknown) or 'none'}"
        )
    if part not in get_args(Part) or ground not in get_args(Ground):
        raise ValueError(
            f"part must be one of {', '.join(get_args(Part))} and ground one of {', '.join(get_args(Ground))},"
            f" got {part!r} and {ground!r}"
        )
    if not 8 <= sides[0] <= sides[1] <= size or most < 1:
        raise ValueError(
            f"sides must be two numbers from 8 to the size {size}, and most at least 1, got {sides} and {most}"
        )
    room = min(_photographs()[0].shape[1], int((1 - _LEFT) * _photographs()[0].shape[2]))
    if ground == "photographs" and size > room:
        raise ValueError(f"size must be at most {room} for photographs, got {size}; take another ground")
    x, y = (clothes.x_train, clothes.y_train) if part == "train" else (clothes.x_test, clothes.y_test)
    stock = [x[y == clothes.classes.index(name), 0] for name in classes]
    images, objects, masks = np.empty((n, 3, size, size), np.float32), [], []
    for image in images:
        image[:] = _ground(ground, size, part, rng)
        found, visible = _lay(image, stock, rng, most=most, sides=sides, max_iou=max_iou)
        objects.append(found)
        masks.append(visible)
    return Scenes(images, objects, masks, tuple(classes))


def _lay(
    image: NDArray[np.float32],
    stock: Sequence[NDArray[np.float32]],
    rng: np.random.Generator,
    *,
    most: int,
    sides: tuple[int, int],
    max_iou: float,
) -> tuple[Objects, NDArray[np.bool_]]:
    """Lay garments on an image, which is changed, and return what can be seen of them."""
    size = image.shape[1]
    labels: list[int] = []
    masks: list[NDArray[np.bool_]] = []
    boxes: Boxes = np.zeros((0, 4))
    for _ in range(rng.integers(1, most + 1)):
        label = int(rng.integers(len(stock)))
        garment = stock[label][rng.integers(len(stock[label]))]
        if rng.random() < 0.5:
            garment = garment[:, ::-1]
        garment = _resize(garment, int(rng.integers(sides[0], sides[1] + 1)))
        shape = garment > _VISIBLE
        colour = rng.uniform(0.3, 1.0, (3, 1))
        x1, y1, x2, y2 = _hull(shape)
        for _ in range(20):  # tries to find room
            left, top = rng.integers(-x1, size - x2 + 1), rng.integers(-y1, size - y2 + 1)
            box = np.array([[left + x1, top + y1, left + x2, top + y2]], dtype=np.float64)
            if not len(boxes) or iou_matrix(box, boxes).max() <= max_iou:
                break
        else:
            continue
        mask = np.zeros((size, size), dtype=bool)
        mask[top + y1 : top + y2, left + x1 : left + x2] = shape[y1:y2, x1:x2]
        # Dark cloth on a dark ground could not be seen, so brightness begins at a fifth.
        image[:, mask] = colour * (0.2 + 0.8 * garment[shape])
        masks = [earlier & ~mask for earlier in masks] + [mask]
        labels.append(label)
        boxes = np.concatenate([boxes, box])
    seen = [place for place, mask in enumerate(masks) if mask.any()]
    around = np.array([_hull(masks[place]) for place in seen], dtype=np.float64)
    return Objects(around, np.array(labels)[seen]), np.stack([masks[place] for place in seen])
