"""Style transfer: a picture with one picture's content and another's style (Gatys, Ecker and Bethge, 2016)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from cs_cnn.errors import CsCnnError
from cs_cnn.zoo.parts.staged import Staged

STYLE_STAGES = ("stem", "blocks1", "blocks2", "blocks3")
CONTENT_STAGE = "blocks3"


def gram(features: Tensor) -> Tensor:
    """Return the mean products of all pairs of channels over the places.

    Nothing is subtracted first: the matrix is not that of covariances, nor of correlations.

    Parameters
    ----------
    features : Tensor (N, C, H, W)

    Returns
    -------
    Tensor (N, C, C)

    Examples
    --------
    >>> gram(torch.tensor([[[[1.0, 2.0, 0.0]], [[0.0, 1.0, 3.0]]]]))[0] * 3  # three places
    tensor([[ 5.,  2.],
            [ 2., 10.]])
    """
    flat = features.flatten(2)
    return flat @ flat.mT / flat.shape[2]


def content_loss(features: Tensor, content: Tensor) -> Tensor:
    """Return the mean squared difference of two pictures' features, place by place.

    Parameters
    ----------
    features, content : Tensor (N, C, H, W)
        Of the picture that is being made, and of the one whose content it shall have.

    Returns
    -------
    Tensor
        One number.
    """
    return (features - content).square().mean()


def style_loss(features: Tensor, style: Tensor) -> Tensor:
    """Return the mean squared difference of two pictures' Gram matrices.

    Parameters
    ----------
    features : Tensor (N, C, H, W)
        Of the picture that is being made.
    style : Tensor (1 or N, C, H', W')
        Of the picture whose style it shall have; its size may differ.

    Returns
    -------
    Tensor
        One number.
    """
    return (gram(features) - gram(style)).square().mean()


def roughness(image: Tensor) -> Tensor:
    """Return the mean squared difference of neighbouring pixels, which keeps a picture from flickering.

    Parameters
    ----------
    image : Tensor (N, C, H, W)

    Returns
    -------
    Tensor
        One number.

    Examples
    --------
    >>> roughness(torch.tensor([[[[0.0, 2.0], [0.0, 2.0]]]]))
    tensor(4.)
    """
    down, right = image.diff(dim=2), image.diff(dim=3)
    return down.square().mean() + right.square().mean()


def stage_features(net: Staged, x: Tensor, stages: Iterable[str]) -> dict[str, Tensor]:
    """Return what several stages of a net put out, in one pass.

    Parameters
    ----------
    net : Staged
        A net of the zoo.
    x : Tensor (N, channels, H, W)
        Pictures.
    stages : iterable of str
        Names of ``net.stages``.

    Returns
    -------
    dict of str to Tensor
        By name, in the order of the net.

    Raises
    ------
    CsCnnError
        When the net has no such stage.
    """
    wanted = set(stages)
    strange = sorted(wanted - set(net.stages))
    if strange or not wanted:
        raise CsCnnError(
            f"stages must be some of {', '.join(net.stages)}, got {', '.join(strange) or 'none'}: "
            "choose the layers by the names of this net."
        )
    # The first stage by `features`, which checks the pictures.
    found, maps = {}, x
    for number, stage in enumerate(net.stages):
        maps = net.run_stage(stage, maps) if number else net.features(x, upto=stage)
        if stage in wanted:
            found[stage] = maps
            if maps.requires_grad:
                maps.register_hook(_in_order)  # type: ignore[no-untyped-call]
        if len(found) == len(wanted):
            break
    return found


def _in_order(gradient: Tensor) -> Tensor:
    """Copy a gradient whose numbers lie in another order than the maps'.

    PyTorch 2.13 misreads such a gradient of a single picture in the backward pass of batch normalisation, on the CPU;
    they come out of products of transposed matrices.
    """
    return gradient.contiguous()


class Transferred(NamedTuple):
    """A picture that was made, and how its loss fell.

    Attributes
    ----------
    image : torch.Tensor, shape (1, C, H, W)
        In the scale of the two pictures that it was made of.
    history : dict of str to list of float
        "content", "style" and "roughness" each time that the loss was computed, each with its weight: their sum is
        the loss.
    """

    image: Tensor
    history: dict[str, list[float]]


def transfer(
    content: Tensor,
    style: Tensor,
    net: Staged,
    *,
    content_stage: str = CONTENT_STAGE,
    style_stages: Mapping[str, float] | Sequence[str] = STYLE_STAGES,
    alpha: float = 1.0,
    beta: float = 10.0,
    smooth: float = 1.0,
    start: Tensor | None = None,
    steps: int = 80,
    limits: tuple[float, float] = (-1.0, 1.0),
) -> Transferred:
    r"""Paint the content of one picture in the style of another, by following the gradient of a loss to its pixels.

    With features f of the picture that is being made, c of the content and a of the style, it lowers

    .. math:: \alpha\, \frac{L_c(f, c)}{L_c(0, c)}
        + \beta \sum_\ell w_\ell \frac{L_s(f^\ell, a^\ell)}{L_s(0, a^\ell)} + s R

    where :math:`L_c` is `content_loss` in one stage, :math:`L_s` is `style_loss`, R is the picture's `roughness` and
    s is `smooth`. Each term is divided by what it is for features 0, so that neither the net nor a stage of it
    decides what the weights mean. The weights of the net stay as they are.

    Parameters
    ----------
    content : Tensor (1, C, H, W)
        A picture in the net's scale, see `Pretrained.preprocess`.
    style : Tensor (1, C, H', W')
        Another; its size may differ.
    net : Staged
        A net of the zoo, in evaluation mode: best a trained one.
    content_stage : str
        Where contents are compared.
    style_stages : mapping of str to float, or sequence of str
        Where styles are compared, and the weights w; without weights all are the same, and 1 together.
    alpha, beta, smooth : float
        What counts how much.
    start : Tensor, optional
        The picture to begin with; by default the content.
    steps : int
        How often the loss is computed, at most. The method, L-BFGS, remembers the last gradients, and learns from
        their changes how far to go in which direction.
    limits : pair of float
        Darkest and brightest value of a pixel, where the result is cut off.

    Returns
    -------
    Transferred

    Raises
    ------
    CsCnnError
        When the pictures do not fit the net, a stage is none, or a number is out of range.

    References
    ----------
    L. A. Gatys, A. S. Ecker and M. Bethge, "Image style transfer using convolutional neural networks", CVPR 2016. The
    paper takes VGG-19, and has other factors before the terms and none for roughness.

    Examples
    --------
    >>> from cs_cnn import zoo
    >>> net = zoo.build_small("resnet20", channels=3, seed=0).eval()
    >>> generator = torch.Generator().manual_seed(0)
    >>> content, style = (torch.rand(1, 3, 32, 32, generator=generator) for _ in range(2))
    >>> made = transfer(content, style, net, content_stage="conv3_x", style_stages=["conv1", "conv2_x"], steps=10)
    >>> made.image.shape, made.history["style"][-1] < made.history["style"][0]
    (torch.Size([1, 3, 32, 32]), True)
    """
    _check(net, content, style, {"alpha": alpha, "beta": beta, "smooth": smooth}, steps)
    if not isinstance(style_stages, Mapping):
        style_stages = dict.fromkeys(style_stages, 1 / max(len(style_stages), 1))
    with torch.no_grad():
        wanted_content = stage_features(net, content, [content_stage])[content_stage]
        wanted = stage_features(net, style, style_stages)
        content_unit = wanted_content.square().mean()
        style_units = {stage: gram(maps).square().mean() for stage, maps in wanted.items()}
    image = (content if start is None else start).detach().clone().requires_grad_()
    history: dict[str, list[float]] = {"content": [], "style": [], "roughness": []}

    def loss() -> Tensor:
        found = stage_features(net, image, {content_stage, *wanted})
        styles = [
            style_stages[stage] * style_loss(found[stage], maps) / style_units[stage]
            for stage, maps in wanted.items()
        ]
        terms = (
            alpha * content_loss(found[content_stage], wanted_content) / content_unit,
            beta * torch.stack(styles).sum(),
            smooth * roughness(image),
        )
        for name, term in zip(history, terms, strict=True):
            history[name].append(float(term.detach()))
        total = torch.stack(terms).sum()
        # Of the pixels only: the net's own gradients stay as they are.
        image.grad = torch.autograd.grad(total, image)[0]
        return total

    optimiser = torch.optim.LBFGS(
        [image], max_iter=steps, max_eval=steps, history_size=20, line_search_fn="strong_wolfe"
    )
    optimiser.step(loss)  # type: ignore[no-untyped-call]
    return Transferred(image.detach().clamp(*limits), history)


def _check(net: Staged, content: Tensor, style: Tensor, weights: Mapping[str, float], steps: int) -> None:
    if net.training:
        raise CsCnnError(
            "The net must be in evaluation mode, or batch normalisation would learn: call net.eval()."
        )
    for name, picture in (("content", content), ("style", style)):
        if picture.ndim != 4 or picture.shape[:2] != (1, net.channels):
            raise CsCnnError(
                f"{name} must be one picture (1, {net.channels}, H, W), got shape {tuple(picture.shape)}."
            )
    for name, value in weights.items():
        if not 0 <= value < math.inf:
            raise CsCnnError(f"{name} must be a number of at least 0, got {value!r}.")
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise CsCnnError(f"steps must be a whole number of at least 1, got {steps!r}.")
