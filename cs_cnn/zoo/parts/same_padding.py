"""TensorFlow's "same" padding, which nets from there were trained with: it depends on the image's size."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


def same_margins(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Return how many rows of padding go before and after, so that ceil(size / stride) come out.

    An odd one goes to the end, where PyTorch's symmetric padding has as many on both sides.

    Parameters
    ----------
    size, kernel, stride : int
        Along one axis, in pixels.

    Returns
    -------
    tuple of two int

    Examples
    --------
    >>> same_margins(224, 3, 2), same_margins(225, 3, 2), same_margins(28, 5, 1)
    ((0, 1), (1, 1), (2, 2))
    """
    missing = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return missing // 2, missing - missing // 2


class SamePad2d(nn.Module):
    """Pad images as TensorFlow's "same" does before a layer with this kernel and stride.

    Parameters
    ----------
    kernel, stride : int
        Of the layer that follows, which pads nothing itself.
    value : float
        What to pad with: 0 before a convolution, minus infinity before a max pooling.
    """

    def __init__(self, kernel: int, stride: int, value: float = 0.0) -> None:
        super().__init__()
        self.kernel, self.stride, self.value = kernel, stride, value

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C, H', W')."""
        height, width = (same_margins(side, self.kernel, self.stride) for side in x.shape[-2:])
        return F.pad(x, (*width, *height), value=self.value)

    def extra_repr(self) -> str:
        """Return what ``print(net)`` shows."""
        return f"kernel={self.kernel}, stride={self.stride}"
