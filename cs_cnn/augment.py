"""Pictures made from pictures: other views of the same thing, drawn from a generator that is passed in.

Every function takes images (N, C, H, W) and returns new ones of the same type; each image gets a draw of its own.
The same seed gives the same views.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cs_cnn.layers.arguments import match_shapes, pair
from cs_cnn.layers.padding import Mode, pad2d_forward
from cs_cnn.layers.windows import Pair

Augmentation = Callable[[np.ndarray, np.random.Generator], np.ndarray]
"""Makes other views of a batch of images; the training loop applies it to every batch."""


def flip(x: np.ndarray, rng: np.random.Generator, *, p: float = 0.5) -> np.ndarray:
    """Swap left and right in some of the images.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C, H, W)
    rng : numpy.random.Generator
    p : float
        Probability of a flip, from 0 to 1.

    Returns
    -------
    numpy.ndarray, shape (N, C, H, W)

    Examples
    --------
    >>> flip(np.array([[[[1.0, 2.0, 3.0]]]]), np.random.default_rng(0), p=1)[0, 0, 0]
    array([3., 2., 1.])
    """
    match_shapes(x=(x, "N C H W"))
    if not 0 <= p <= 1:
        raise ValueError(f"p must lie between 0 and 1, got {p}")
    flipped = rng.random(len(x)) < p
    return np.where(flipped[:, np.newaxis, np.newaxis, np.newaxis], x[..., ::-1], x)


def random_crop(
    x: np.ndarray, rng: np.random.Generator, *, size: int | Pair, pad: int | Pair = 0, mode: Mode = "zero"
) -> np.ndarray:
    """Cut a window out of every image, each at a place of its own; all places are equally likely.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C, H, W)
    rng : numpy.random.Generator
    size : int or (int, int)
        Height and width of the window, in pixels.
    pad : int or (int, int)
        Border put around the image first, so that the window can reach over the edge.
    mode : {"zero", "reflect", "edge"}
        What the border shows, see `cs_cnn.layers.pad2d_forward`.

    Returns
    -------
    numpy.ndarray, shape (N, C, height, width)

    Raises
    ------
    ValueError
        When the window is larger than the image with its border.

    Notes
    -----
    Krizhevsky, Sutskever & Hinton (2012): 224 x 224 out of 256 x 256.

    Examples
    --------
    >>> x = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> random_crop(x, np.random.default_rng(1), size=2)[0, 0]
    array([[1., 2.],
           [4., 5.]])
    """
    padded, _ = pad2d_forward(x, pad=pad, mode=mode)
    height, width = _window(size, padded)
    top = rng.integers(padded.shape[2] - height + 1, size=len(x))
    left = rng.integers(padded.shape[3] - width + 1, size=len(x))
    # One index array per axis; together they have the axes (N, C, height, width).
    image, channel, row, column = np.ix_(*(np.arange(n) for n in (*x.shape[:2], height, width)))
    row = row + top[:, np.newaxis, np.newaxis, np.newaxis]
    column = column + left[:, np.newaxis, np.newaxis, np.newaxis]
    return np.asarray(padded[image, channel, row, column])


def shift(x: np.ndarray, rng: np.random.Generator, *, by: int | Pair, mode: Mode = "zero") -> np.ndarray:
    """Move every image a few pixels up or down and left or right.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C, H, W)
    rng : numpy.random.Generator
    by : int or (int, int)
        Farthest move, in pixels, as (height, width); every move up to it is equally likely.
    mode : {"zero", "reflect", "edge"}
        What comes in from outside, see `cs_cnn.layers.pad2d_forward`.

    Returns
    -------
    numpy.ndarray, shape (N, C, H, W)

    Examples
    --------
    >>> shift(np.array([[[[1.0, 2.0, 3.0]]]]), np.random.default_rng(0), by=(0, 1))[0, 0, 0]
    array([2., 3., 0.])
    """
    match_shapes(x=(x, "N C H W"))
    return random_crop(x, rng, size=(x.shape[2], x.shape[3]), pad=by, mode=mode)


def jitter(
    x: np.ndarray,
    rng: np.random.Generator,
    *,
    brightness: float = 0.0,
    contrast: float = 0.0,
    colour: float = 0.0,
    limits: tuple[float, float] | None = (0.0, 1.0),
) -> np.ndarray:
    """Change brightness, contrast and the balance of the colours, as another lamp and camera would.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C, H, W)
    rng : numpy.random.Generator
    brightness : float
        A number from ``-brightness`` to ``brightness`` is added to the image.
    contrast : float
        The distance of all pixels to the mean of their channel is multiplied by a number from ``1 - contrast`` to
        ``1 + contrast``; at most 1.
    colour : float
        Each channel is multiplied by a number of its own, from ``1 - colour`` to ``1 + colour``; at most 1.
    limits : (float, float) or None
        Smallest and largest value of a pixel: the result is clipped to them. None where images have been
        standardised and have no limits.

    Returns
    -------
    numpy.ndarray, shape (N, C, H, W)

    Raises
    ------
    ValueError
        When a setting is out of its range.

    Examples
    --------
    >>> x = np.full((1, 3, 1, 1), 0.5)
    >>> jitter(x, np.random.default_rng(0), brightness=0.2).ravel().round(2)
    array([0.55, 0.55, 0.55])
    >>> jitter(x, np.random.default_rng(0), colour=0.2).ravel().round(2)
    array([0.41, 0.4 , 0.56])
    """
    match_shapes(x=(x, "N C H W"))
    for name, value, most in (
        ("brightness", brightness, np.inf),
        ("contrast", contrast, 1),
        ("colour", colour, 1),
    ):
        if not 0 <= value <= most:
            raise ValueError(f"{name} must be at least 0{' and at most 1' if most == 1 else ''}, got {value}")
    n, c = x.shape[:2]
    # All three are drawn, whatever is asked for, so that turning one on leaves the others as they were.
    added = brightness * rng.uniform(-1, 1, size=(n, 1, 1, 1))
    stretch = 1 + contrast * rng.uniform(-1, 1, size=(n, 1, 1, 1))
    gain = 1 + colour * rng.uniform(-1, 1, size=(n, c, 1, 1))
    centre = x.mean(axis=(2, 3), keepdims=True)
    out = (centre + stretch * (x - centre)) * gain + added
    if limits is not None:
        out = np.clip(out, *limits)
    return np.asarray(out, x.dtype)


def ten_crop(x: np.ndarray, size: int | Pair) -> np.ndarray:
    """Cut out the four corners and the centre of every image, and mirror all five.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C, H, W)
    size : int or (int, int)
        Height and width of a crop, in pixels.

    Returns
    -------
    numpy.ndarray, shape (N, 10, C, height, width)
        Top left, top right, bottom left, bottom right, centre; then the same with left and right swapped. Where
        the centre falls between two pixels it is rounded up or down to the even one, as in torchvision.

    Raises
    ------
    ValueError
        When a crop is larger than the image.

    Notes
    -----
    Krizhevsky, Sutskever & Hinton (2012).

    Examples
    --------
    >>> ten_crop(np.array([[[[1.0, 2.0, 3.0]]]]), (1, 1))[0].ravel()
    array([1., 3., 1., 3., 2., 1., 3., 1., 3., 2.])
    """
    match_shapes(x=(x, "N C H W"))
    height, width = _window(size, x)
    bottom, right = x.shape[2] - height, x.shape[3] - width
    places = [(0, 0), (0, right), (bottom, 0), (bottom, right), (round(bottom / 2), round(right / 2))]
    five = [x[:, :, top : top + height, left : left + width] for top, left in places]
    return np.stack([*five, *(crop[..., ::-1] for crop in five)], axis=1)


def average_crops(
    probabilities: Callable[[np.ndarray], np.ndarray], x: np.ndarray, size: int | Pair
) -> np.ndarray:
    """Let a network see ten crops of every image, and average what it says.

    Parameters
    ----------
    probabilities : callable
        Maps images (N, C, height, width) to one number per class, shape (N, K): the network.
    x : numpy.ndarray, shape (N, C, H, W)
    size : int or (int, int)
        Height and width of a crop: the size of the network's input.

    Returns
    -------
    numpy.ndarray, shape (N, K)
        Means over the ten crops.

    Examples
    --------
    >>> average_crops(lambda crops: crops.mean(axis=(2, 3)), np.array([[[[1.0, 2.0, 3.0]]]]), (1, 1))
    array([[2.]])
    """
    crops = ten_crop(x, size)
    each = probabilities(crops.reshape(-1, *crops.shape[2:]))
    return np.asarray(each.reshape(len(x), crops.shape[1], -1).mean(axis=1))


def _window(size: int | Pair, x: np.ndarray) -> Pair:
    """Read the size of a crop, and check that it fits into the images."""
    height, width = pair("size", size, at_least=1)
    if height > x.shape[2] or width > x.shape[3]:
        raise ValueError(
            f"size must be at most the {x.shape[2]} by {x.shape[3]} pixels of the image with its border,"
            f" got {height} by {width}"
        )
    return height, width
