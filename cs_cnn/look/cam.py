"""Grad-CAM: where in its feature maps a net finds what speaks for a class."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cs_cnn.errors import CsCnnError
from cs_cnn.look.running import Layer, check_images, evaluating, last_of, scores, watching


def grad_cam(net: nn.Module, images: Tensor, labels: int | Tensor, layer: Layer) -> Tensor:
    """Return the feature maps of a layer, summed with their mean slopes as weights; negative sums count as 0.

    Parameters
    ----------
    net : torch.nn.Module
        Maps images to scores (N, K); run in evaluation mode, its own mode comes back afterwards.
    images : Tensor (N, C, H, W)
    labels : int or Tensor (N,) of int
        Whose score, before any softmax.
    layer : str or torch.nn.Module
        Whose feature maps; usually the last ones, where classes are told apart and places are still known.

    Returns
    -------
    Tensor (N, height, width)
        In the size of these feature maps; `enlarge` brings it to that of the images.

    Raises
    ------
    CsCnnError
        When the layer puts out no feature maps, or the score does not depend on them.

    References
    ----------
    R. R. Selvaraju, M. Cogswell, A. Das, R. Vedantam, D. Parikh and D. Batra, "Grad-CAM: visual explanations from
    deep networks via gradient-based localization", ICCV 2017, equations 1 and 2.

    Examples
    --------
    >>> import torch
    >>> from cs_cnn import zoo
    >>> net = zoo.build_small("resnet20", seed=0)
    >>> grad_cam(net, torch.rand(2, 1, 28, 28), 3, "conv4_x").shape
    torch.Size([2, 7, 7])
    """
    check_images(images)
    with evaluating(net), watching(net, layer) as kept, torch.enable_grad():
        # The images are watched for nets whose weights are frozen: else the maps would have no gradient.
        total = scores(net, images.detach().clone().requires_grad_(), labels).sum()
        maps = last_of(kept, layer)
        if maps.dim() != 4:
            raise CsCnnError(
                f"layer must put out feature maps (N, maps, height, width), and {layer!r} puts out {tuple(maps.shape)}."
            )
        (slopes,) = torch.autograd.grad(total, maps, allow_unused=True)
    if slopes is None:
        raise CsCnnError(f"layer must be one that the score depends on, and {layer!r} is not.")
    weights = slopes.mean(dim=(2, 3), keepdim=True)
    return (weights * maps.detach()).sum(dim=1).clamp(min=0)


def enlarge(maps: Tensor, shape: tuple[int, int]) -> Tensor:
    """Bring maps to the size of the images by linear interpolation.

    Parameters
    ----------
    maps : Tensor (N, height, width)
    shape : (int, int)
        Height and width of the result.

    Returns
    -------
    Tensor (N, *shape)
    """
    return F.interpolate(maps[:, None], size=shape, mode="bilinear", align_corners=False)[:, 0]
