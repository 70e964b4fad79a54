"""Gradients of a score with respect to the pixels: which of them the answer hangs on."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cs_cnn.errors import CsCnnError
from cs_cnn.look.running import check_images, evaluating, scores


def gradient(net: nn.Module, images: Tensor, labels: int | Tensor) -> Tensor:
    """Return the slope of a score with respect to every number of the image.

    The gradients of the weights are left as they were.

    Parameters
    ----------
    net : torch.nn.Module
        Maps images to scores (N, K); run in evaluation mode, its own mode comes back afterwards.
    images : Tensor (N, C, H, W)
    labels : int or Tensor (N,) of int
        Whose score, before any softmax.

    Returns
    -------
    Tensor (N, C, H, W)

    Raises
    ------
    CsCnnError
        When images or labels are not of this kind.

    Examples
    --------
    >>> import torch
    >>> net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 2, bias=False))
    >>> slopes = gradient(net, torch.zeros(1, 1, 2, 2), 1)
    >>> torch.equal(slopes.flatten(), net[1].weight[1])  # of a linear net: its weights
    True
    """
    check_images(images)
    watched = images.detach().clone().requires_grad_()
    with evaluating(net), torch.enable_grad():
        total = scores(net, watched, labels).sum()  # an image's score depends on no other image
        (slopes,) = torch.autograd.grad(total, watched)
    return slopes


def saliency(net: nn.Module, images: Tensor, labels: int | Tensor) -> Tensor:
    """Return for every pixel the largest size of a slope among its channels.

    Parameters
    ----------
    net, images, labels
        As for `gradient`.

    Returns
    -------
    Tensor (N, H, W)
        Not negative.

    References
    ----------
    K. Simonyan, A. Vedaldi and A. Zisserman, "Deep inside convolutional networks: visualising image classification
    models and saliency maps", ICLR workshop 2014, arXiv:1312.6034, section 3.
    """
    return gradient(net, images, labels).abs().amax(dim=1)


def smooth_gradient(
    net: nn.Module,
    images: Tensor,
    labels: int | Tensor,
    *,
    noise: float = 0.15,
    copies: int = 25,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Return the mean gradient of noisy copies of each image (SmoothGrad).

    Parameters
    ----------
    net, images, labels
        As for `gradient`.
    noise : float
        Standard deviation of the noise, as a share of the image's range (its largest number minus its smallest).
    copies : int
        How many.
    generator : torch.Generator, optional
        Rolls the dice; PyTorch's own by default.

    Returns
    -------
    Tensor (N, C, H, W)

    Raises
    ------
    CsCnnError
        When `noise` is negative or `copies` below 1.

    References
    ----------
    D. Smilkov, N. Thorat, B. Kim, F. Viegas and M. Wattenberg, "SmoothGrad: removing noise by adding noise", 2017,
    arXiv:1706.03825.
    """
    check_images(images)
    if copies < 1 or noise < 0:
        raise CsCnnError(f"copies must be at least 1 and noise at least 0, got {copies} and {noise}.")
    flat = images.flatten(1)
    spread = noise * (flat.amax(dim=1) - flat.amin(dim=1))[:, None, None, None]
    total = torch.zeros_like(images)
    for _ in range(copies):
        dice = torch.randn(images.shape, generator=generator, dtype=images.dtype, device=images.device)
        total += gradient(net, images + spread * dice, labels)
    return total / copies
