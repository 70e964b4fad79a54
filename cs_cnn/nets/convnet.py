"""Convolutional networks by the usual pattern: convolutions, ReLUs and pools, then fully connected layers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from cs_cnn.init import Initialiser, he_normal
from cs_cnn.nets.sequential import Sequential
from cs_cnn.nets.steps import Step, affine, conv2d, step


def pattern_net(
    n: int,
    m: int,
    k: int,
    *,
    rng: np.random.Generator,
    input_shape: tuple[int, int, int] = (3, 32, 32),
    filters: int | Sequence[int] = 16,
    kernel: int = 3,
    hidden: int = 64,
    n_classes: int = 10,
    init: Initialiser = he_normal,
    dtype: DTypeLike = np.float64,
) -> Sequential:
    """Build ``{(CONV + RELU) * N + POOL} * M + {FC + RELU} * K + FC``.

    The last layer gives the scores and has no ReLU, since a score may be negative. The convolutions keep height
    and width (stride 1, border of ``(kernel - 1) / 2``), and every pool, 2 by 2, halves them.

    Parameters
    ----------
    n, m, k : int
        N convolutions before each of M pools, and K hidden layers; each at least 0.
    rng : numpy.random.Generator
        Source of the initial weights.
    input_shape : (int, int, int)
        Channels, height and width of an image.
    filters : int or sequence of int
        Filters of every convolution, or one number for each of the M blocks.
    kernel : int
        Height and width of the filters, odd.
    hidden : int
        Units of every hidden layer.
    n_classes : int
    init : callable
        Draws the weights, see `cs_cnn.init`.
    dtype : dtype
        Of the parameters.

    Returns
    -------
    Sequential

    Raises
    ------
    ValueError
        When a number is out of its range, or the pools would leave nothing of the image.

    Examples
    --------
    >>> net = pattern_net(2, 1, 1, rng=np.random.default_rng(0), filters=8, hidden=32)
    >>> net.shapes((3, 32, 32))
    layer                    output  parameters
    input               3 x 32 x 32           0
    conv2d(pad=1)       8 x 32 x 32         224
    relu                8 x 32 x 32           0
    conv2d(pad=1)       8 x 32 x 32         584
    relu                8 x 32 x 32           0
    max_pool2d(size=2)  8 x 16 x 16           0
    affine                       32      65,568
    relu                         32           0
    affine                       10         330
    total                                66,706
    """
    steps = _pattern_steps(n, m, k, rng, input_shape, filters, kernel, hidden, n_classes, init)
    return Sequential(steps, dtype=dtype)


class SmallConvNet(Sequential):
    """Two convolutions, each with ReLU and pool, and one fully connected layer: a LeNet in short.

    Parameters
    ----------
    input_shape : (int, int, int)
        Channels, height and width of an image.
    n_classes : int
    rng : numpy.random.Generator
        Source of the initial weights.
    filters : (int, int)
        Filters of the two convolutions.
    kernel : int
        Height and width of the filters, odd.
    init : callable
        Draws the weights, see `cs_cnn.init`.
    dtype : dtype
        Of the parameters.

    Raises
    ------
    ValueError
        When a number is out of its range, or the image is smaller than 4 by 4.

    Examples
    --------
    >>> SmallConvNet((1, 28, 28), 10, rng=np.random.default_rng(0))
    SmallConvNet(W1 (8, 1, 3, 3), b1 (8,), W2 (16, 8, 3, 3), b2 (16,), W3 (784, 10), b3 (10,); 9,098 parameters)
    """

    def __init__(
        self,
        input_shape: tuple[int, int, int],
        n_classes: int,
        *,
        rng: np.random.Generator,
        filters: tuple[int, int] = (8, 16),
        kernel: int = 3,
        init: Initialiser = he_normal,
        dtype: DTypeLike = np.float64,
    ) -> None:
        steps = _pattern_steps(1, 2, 0, rng, input_shape, filters, kernel, 1, n_classes, init)
        super().__init__(steps, dtype=dtype)


def _pattern_steps(
    n: int,
    m: int,
    k: int,
    rng: np.random.Generator,
    input_shape: tuple[int, int, int],
    filters: int | Sequence[int],
    kernel: int,
    hidden: int,
    n_classes: int,
    init: Initialiser,
) -> list[Step]:
    """Check the numbers of a pattern, and make its steps."""
    for name, value, least in (
        *(("n", n, 0), ("m", m, 0), ("k", k, 0)),
        *(("hidden", hidden, 1), ("n_classes", n_classes, 1), ("kernel", kernel, 1)),
    ):
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < least:
            raise ValueError(f"{name} must be a whole number, at least {least}, got {value!r}")
    if kernel % 2 == 0:
        raise ValueError(f"kernel must be odd, so that the border keeps height and width, got {kernel}")
    widths = [filters] * m if isinstance(filters, (int, np.integer)) else list(filters)
    if len(widths) != m or min(widths, default=1) < 1:
        raise ValueError(
            f"filters must be one positive number, or one for each of the {m} blocks, got {filters}"
        )
    channels, height, width = input_shape
    if min(height, width) < 2**m:
        raise ValueError(
            f"m must be at most {int(min(height, width)).bit_length() - 1} for images of {height} by {width}"
            f" pixels, since every pool halves them, got {m}"
        )
    steps: list[Step] = []
    for n_filters in widths:
        for _ in range(n):
            steps += [conv2d(channels, n_filters, kernel, rng, init=init, pad=kernel // 2), step("relu")]
            channels = n_filters
        steps.append(step("max_pool2d", size=2))
        height, width = height // 2, width // 2
    n_inputs = channels * height * width
    for _ in range(k):
        steps += [affine(n_inputs, hidden, rng, init=init), step("relu")]
        n_inputs = hidden
    return [*steps, affine(n_inputs, n_classes, rng, init=init)]
