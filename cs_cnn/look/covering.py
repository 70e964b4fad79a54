"""Occlusion: cover a place of the image, and see how far a score drops."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cs_cnn.errors import CsCnnError
from cs_cnn.look.running import check_images, evaluating, scores

_PIXELS_AT_ONCE = 100_000


def _places(pixels: int, size: int, stride: int) -> range:
    return range(0, pixels - size + 1, stride)


def _check_patch(shape: tuple[int, ...], size: int, stride: int) -> None:
    if not 1 <= size <= min(shape):
        raise CsCnnError(
            f"size must lie between 1 and {min(shape)}, the shorter side of the image, got {size}."
        )
    if stride < 1:
        raise CsCnnError(f"stride must be at least 1, got {stride}.")


def occlusion(
    net: nn.Module,
    image: Tensor,
    label: int,
    *,
    size: int,
    stride: int | None = None,
    fill: float | Tensor = 0.0,
    batch: int | None = None,
) -> Tensor:
    """Return how far the score of a class drops when a square patch covers each place of an image.

    Parameters
    ----------
    net : torch.nn.Module
        Maps images to scores (N, K); run in evaluation mode, its own mode comes back afterwards.
    image : Tensor (C, H, W)
    label : int
        Whose score, before any softmax.
    size : int
        Side of the patch in pixels. Patches lie wholly on the image.
    stride : int, optional
        Pixels from one patch to the next; by default `size`, side by side.
    fill : float or Tensor
        What the patch shows: a number, one for each channel (C, 1, 1), or an image (C, H, W), say a blurred one.
    batch : int, optional
        How many covered images the net gets at once; by default as many as make about 100,000 pixels, since more are
        slower on a processor. A graphics card likes more.

    Returns
    -------
    Tensor ((H - size) // stride + 1, (W - size) // stride + 1)
        Positive where covering lowers the score, negative where it raises it.

    Raises
    ------
    CsCnnError
        When the patch does not fit on the image, or an argument is of the wrong kind.

    References
    ----------
    M. D. Zeiler and R. Fergus, "Visualizing and understanding convolutional networks", ECCV 2014, section 4.2.

    Examples
    --------
    >>> import torch
    >>> class Sum(torch.nn.Module):
    ...     def forward(self, x):
    ...         return x.sum(dim=(2, 3))
    >>> occlusion(Sum(), torch.arange(16.0).reshape(1, 4, 4), 0, size=2)
    tensor([[10., 18.],
            [42., 50.]])
    """
    check_images(image, 3, "image")
    height, width = image.shape[1:]
    stride = size if stride is None else stride
    _check_patch((height, width), size, stride)
    batch = max(1, _PIXELS_AT_ONCE // (height * width)) if batch is None else batch
    if batch < 1:
        raise CsCnnError(f"batch must be at least 1, got {batch}.")
    rows, columns = _places(height, size, stride), _places(width, size, stride)
    corners = torch.cartesian_prod(torch.tensor(rows), torch.tensor(columns)).to(image.device)
    down, across = (torch.arange(n, device=image.device) for n in (height, width))
    cover = torch.as_tensor(fill, dtype=image.dtype, device=image.device)
    after = []
    with evaluating(net), torch.no_grad():
        whole = scores(net, image[None], label)
        for part in torch.split(corners, batch):
            top, left = part[:, 0, None], part[:, 1, None]
            in_rows, in_columns = (
                (down >= top) & (down < top + size),
                (across >= left) & (across < left + size),
            )
            mask = in_rows[:, None, :, None] & in_columns[:, None, None, :]
            after.append(scores(net, torch.where(mask, cover, image), label))
    return (whole - torch.cat(after)).reshape(len(rows), len(columns))


def per_pixel(drops: Tensor, shape: tuple[int, int], *, size: int, stride: int | None = None) -> Tensor:
    """Return for every pixel the mean drop of the patches that covered it.

    Parameters
    ----------
    drops : Tensor (rows, columns)
        From `occlusion`.
    shape : (int, int)
        Height and width of the image.
    size, stride : int
        As they were given to `occlusion`.

    Returns
    -------
    Tensor (H, W)
        0 where no patch has been.

    Raises
    ------
    CsCnnError
        When such patches give a map of another shape on such an image.

    Examples
    --------
    >>> per_pixel(torch.tensor([[4.0, 2.0]]), (2, 3), size=2, stride=1)
    tensor([[4., 3., 2.],
            [4., 3., 2.]])
    """
    stride = size if stride is None else stride
    _check_patch(shape, size, stride)
    expected = tuple(len(_places(pixels, size, stride)) for pixels in shape)
    if tuple(drops.shape) != expected:
        raise CsCnnError(
            f"drops must have shape {expected} for patches of {size} pixels at stride {stride} on {shape[0]} by "
            f"{shape[1]} pixels, got {tuple(drops.shape)}."
        )

    def laid_out(values: Tensor) -> Tensor:
        patches = values.reshape(1, 1, -1).expand(1, size * size, -1)
        return F.fold(patches, shape, kernel_size=size, stride=stride)[0, 0]

    return laid_out(drops) / laid_out(torch.ones_like(drops)).clamp(min=1)
