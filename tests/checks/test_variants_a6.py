"""Right maps, unpoolings and rules for a ReLU in many styles earn all points."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cs_cnn import checks

from .conftest import EarnsEverything

Function = Callable[..., Any]

# --- a6.saliency --------------------------------------------------------------------------------------------------


def saliency_grad(net, image, label):
    x = image.clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(net(x.unsqueeze(0))[0, label], x)
    return slope.abs().max(dim=0).values


def saliency_watches_its_argument(net, image, label):
    image.requires_grad_()
    net(image[None])[:, label].sum().backward()
    return image.grad.abs().amax(0)


def saliency_batch(net, image, label):
    batch = image[None].detach().clone().requires_grad_()
    scores = net(batch)
    scores.backward(F.one_hot(torch.tensor([label]), scores.shape[1]).to(scores))
    return batch.grad[0].abs().amax(dim=-3)


def saliency_numpy(net, image, label):
    x = image.detach().requires_grad_()
    net(x[None])[0][label].backward()
    return np.abs(x.grad.numpy()).max(axis=0)


def saliency_habits(net, image, label):
    net.eval()
    net.zero_grad()
    for parameter in net.parameters():
        parameter.requires_grad_(False)
    return saliency_grad(net, image, label).to(torch.float64)


def saliency_functional(net, image, label):
    slope = torch.func.grad(lambda x: net(x[None])[0, label])(image)
    return torch.maximum(slope, -slope).max(0)[0]


def saliency_jacobian(net, image, label):
    slopes = torch.autograd.functional.jacobian(lambda x: net(x[None])[0], image)
    return slopes[label].abs().amax(0)


def saliency_loops(net, image, label):
    x = image.clone().double().requires_grad_()
    net(x[None])[0, label].backward()
    return [
        [max(abs(float(x.grad[k, i, j])) for k in range(len(image))) for j in range(image.shape[2])]
        for i in range(image.shape[1])
    ]


def saliency_negative_score(net, image, label):
    print("slopes", file=sys.stderr)
    x = image.clone().requires_grad_()
    (-net(torch.stack([x]))[0, label]).backward()
    return x.grad.pow(2).amax(dim=0).sqrt()


SALIENCIES = [
    saliency_grad, saliency_watches_its_argument, saliency_batch, saliency_numpy, saliency_habits, saliency_functional,
    saliency_jacobian, saliency_loops, saliency_negative_score,
]  # fmt: skip

# --- a6.occlusion -------------------------------------------------------------------------------------------------


def occlusion_keeps_the_graph(net, image, label, size, stride, fill):
    h, w = image.shape[1:]
    drops = torch.empty((h - size) // stride + 1, (w - size) // stride + 1)
    for i in range(drops.shape[0]):
        for j in range(drops.shape[1]):
            covered = image.clone()
            covered[:, i * stride : i * stride + size, j * stride : j * stride + size] = fill
            drops[i, j] = net(image[None])[0, label] - net(covered[None])[0, label]
    return drops


def occlusion_lists(net, image, label, size, stride, fill):
    def score(x):
        return net(x[None])[0, label].item()

    drops = []
    for top in range(0, image.shape[-2] - size + 1, stride):
        drops.append([])
        for left in range(0, image.shape[-1] - size + 1, stride):
            covered = image.clone()
            covered[:, top : top + size, left : left + size] = fill
            drops[-1].append(score(image) - score(covered))
    return drops


def occlusion_one_batch(net, image, label, size, stride, fill):
    tops = torch.arange(0, image.shape[1] - size + 1, stride)
    lefts = torch.arange(0, image.shape[2] - size + 1, stride)
    batch = image.repeat(len(tops) * len(lefts), 1, 1, 1)
    for number, (top, left) in enumerate(torch.cartesian_prod(tops, lefts).tolist()):
        batch[number, :, top : top + size, left : left + size] = fill
    with torch.inference_mode():
        drops = net(image[None])[0, label] - net(batch)[:, label]
    return drops.reshape(len(tops), len(lefts))


def occlusion_mask(net, image, label, size, stride, fill):
    down, across = ((n - size) // stride + 1 for n in image.shape[1:])
    drops = np.zeros((down, across))
    for place in range(down * across):
        i, j = divmod(place, across)
        mask = torch.zeros(image.shape[1:], dtype=torch.bool)
        mask[i * stride : i * stride + size, j * stride : j * stride + size] = True
        covered = torch.where(mask, torch.tensor(fill, dtype=image.dtype), image)
        drops[i, j] = float(net(image[None])[0, label]) - float(net(covered[None])[0, label])
    return drops


def occlusion_restores(net, image, label, size, stride, fill):
    whole = net(image[None])[0, label].clone()
    rows = []
    for top in range(0, image.shape[1] - size + 1, stride):
        row = []
        for left in range(0, image.shape[2] - size + 1, stride):
            patch = (slice(None), slice(top, top + size), slice(left, left + size))
            before = image[patch].clone()
            image[patch] = fill
            row.append(whole - net(image[None])[0, label])
            image[patch] = before
        rows.append(torch.stack(row))
    return torch.stack(rows)


def occlusion_of_arrays(net, image, label, size, stride, fill):
    pixels = image.numpy()
    down, across = ((n - size) // stride + 1 for n in pixels.shape[1:])
    drops = np.full((down, across), float(net(image[None])[0, label]))
    for i, j in np.ndindex(down, across):
        copy = np.array(pixels)
        copy[:, i * stride :][:, :size][:, :, j * stride :][:, :, :size] = fill
        drops[i, j] -= float(net(torch.from_numpy(copy)[None])[0, label])
    return drops


def occlusion_while(net, image, label, size, stride, fill):
    print("covering", file=sys.stderr)
    drops, top = [], 0
    while top + size <= image.shape[1]:
        left = 0
        while left + size <= image.shape[2]:
            covered = image.detach().clone()
            covered[..., top : top + size, left : left + size].fill_(fill)
            drops.append(float(net(image[None])[0, label] - net(covered[None])[0, label]))
            left += stride
        top += stride
    return torch.tensor(drops).view(-1, (image.shape[2] - size) // stride + 1)


def occlusion_pixel_by_pixel(net, image, label, size, stride, fill):
    down, across = (len(range(0, n - size + 1, stride)) for n in image.shape[1:])
    drops = torch.zeros(down, across, dtype=torch.float64)
    for i in range(down):
        for j in range(across):
            covered = image.clone()
            for channel in range(image.shape[0]):
                for row in range(i * stride, i * stride + size):
                    for column in range(j * stride, j * stride + size):
                        covered[channel, row, column] = fill
            drops[i, j] = (net(torch.stack([image, covered]))[:, label] * torch.tensor([1.0, -1.0])).sum()
    return drops


OCCLUSIONS = [
    occlusion_keeps_the_graph, occlusion_lists, occlusion_one_batch, occlusion_mask, occlusion_restores,
    occlusion_of_arrays, occlusion_while, occlusion_pixel_by_pixel,
]  # fmt: skip

# --- a6.unpool ----------------------------------------------------------------------------------------------------


def pool_torch(x, size):
    out, places = nn.MaxPool2d(size, stride=size, return_indices=True)(x)
    return out, {"places": places, "size": size, "shape": x.shape}


def unpool_torch(y, switches):
    return nn.MaxUnpool2d(switches["size"])(y, switches["places"], output_size=switches["shape"])


def pool_mask(x, size):
    out = F.max_pool2d(x, size)
    grown = out.repeat_interleave(size[0], 2).repeat_interleave(size[1], 3)
    return out, (x == grown, size)


def unpool_mask(y, switches):
    mask, size = switches
    return mask * y.repeat_interleave(size[0], 2).repeat_interleave(size[1], 3)


def _windows(x, size):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // size[0], size[0], w // size[1], size[1]).permute(0, 1, 2, 4, 3, 5)


def pool_loops(x, size):
    n, c, h, w = x.shape
    out = torch.zeros(n, c, h // size[0], w // size[1])
    places = []
    for a, b, i, j in np.ndindex(*out.shape):
        window = x[a, b, i * size[0] : (i + 1) * size[0], j * size[1] : (j + 1) * size[1]]
        row, column = divmod(int(window.argmax()), size[1])
        out[a, b, i, j] = window.max()
        places.append((a, b, i * size[0] + row, j * size[1] + column))
    return out, (places, x.shape)


def unpool_loops(y, switches):
    places, shape = switches
    back = torch.zeros(shape)
    for place, value in zip(places, y.flatten(), strict=True):
        back[place] = value
    return back


def pool_one_hot(x, size):
    flat = _windows(x, size).flatten(4)
    return flat.max(dim=-1).values, (F.one_hot(flat.argmax(dim=-1), flat.shape[-1]), size)


def unpool_one_hot(y, switches):
    hot, size = switches
    n, c, h, w, _ = hot.shape
    windows = (hot * y[..., None]).reshape(n, c, h, w, *size)
    return windows.permute(0, 1, 2, 4, 3, 5).reshape(n, c, h * size[0], w * size[1])


def pool_numpy(x, size):
    windows = _windows(x, size).numpy()
    return windows.max(axis=(4, 5)), windows == windows.max(axis=(4, 5), keepdims=True)


def unpool_numpy(y, switches):
    n, c, h, w, hh, ww = switches.shape
    return np.swapaxes(switches * y.numpy()[..., None, None], 3, 4).reshape(n, c, h * hh, w * ww)


def pool_scatter(x, size):
    out, places = F.max_pool2d(x, size, return_indices=True)
    return [out, [places.flatten(2), list(x.shape)]]


def unpool_scatter(y, switches):
    places, (n, c, h, w) = switches
    return torch.zeros(n, c, h * w).scatter(2, places, y.flatten(2)).reshape(n, c, h, w)


def pool_autograd(x, size):
    """Max pooling's own gradient is unpooling."""
    x = x.clone().requires_grad_()
    out = F.max_pool2d(x, size)
    return out, (x, out)


def unpool_autograd(y, switches):
    x, out = switches
    return torch.autograd.grad(out, x, y, retain_graph=True)[0]


class Note:
    """Switches may be anything."""

    def __init__(self, x, size):
        self.out, self.places = F.max_pool2d(x, size, return_indices=True)
        self.size = size


def pool_note(x, size):
    print("noted", file=sys.stderr)
    note = Note(x, size)
    return note.out.double(), note


def unpool_note(y, switches):
    return F.max_unpool2d(y, switches.places, switches.size).double()


UNPOOLINGS = [
    (pool_torch, unpool_torch), (pool_mask, unpool_mask), (pool_loops, unpool_loops), (pool_one_hot, unpool_one_hot),
    (pool_numpy, unpool_numpy), (pool_scatter, unpool_scatter), (pool_autograd, unpool_autograd),
    (pool_note, unpool_note),
]  # fmt: skip

# --- a6.rectify ---------------------------------------------------------------------------------------------------


def rule_masks(dout, x, rule):
    masks = {"gradient": x > 0, "deconvnet": dout > 0, "guided": (x > 0) & (dout > 0)}
    return dout * masks[rule]


def rule_where(dout, x, rule):
    passes = torch.ones_like(x, dtype=torch.bool)
    if rule in ("gradient", "guided"):
        passes = passes & x.gt(0)
    if rule != "gradient":
        passes = passes & dout.gt(0)
    return torch.where(passes, dout, torch.zeros(()))


def rule_in_place(dout, x, rule):
    if rule != "deconvnet":
        dout[x <= 0] = 0
    if rule != "gradient":
        dout[dout < 0] = 0
    return dout


def rule_autograd(dout, x, rule):
    if rule == "deconvnet":
        return F.relu(dout)
    x = x.clone().requires_grad_()
    F.relu(x).backward(F.relu(dout) if rule == "guided" else dout)
    return x.grad


def rule_numpy(dout, x, rule):
    signal, before = dout.numpy(), x.numpy()
    if rule == "gradient":
        return np.where(before > 0, signal, 0)
    return np.maximum(signal, 0) * (1 if rule == "deconvnet" else before > 0)


def rule_loops(dout, x, rule):
    out = torch.zeros(dout.shape)
    for place in np.ndindex(*dout.shape):
        on, positive = x[place] > 0, dout[place] > 0
        if {"gradient": on, "deconvnet": positive, "guided": on and positive}[rule]:
            out[place] = dout[place]
    return out


def rule_sign(dout, x, rule):
    on, up = (x.sign() + 1) / 2, (dout.sign() + 1) / 2
    return {"gradient": dout * on, "deconvnet": dout * up, "guided": dout * on * up}[rule]


def rule_match(dout, x, rule):
    match rule:
        case "gradient":
            return dout * torch.heaviside(x, torch.zeros(1))
        case "deconvnet":
            return dout.relu().double()
        case _:
            return (dout.relu() * (x >= 0)).tolist()


RULES = [
    rule_masks, rule_where, rule_in_place, rule_autograd, rule_numpy, rule_loops, rule_sign, rule_match,
]  # fmt: skip

CASES: list[tuple[str, tuple[Function, ...]]] = [
    *(("a6.saliency", (f,)) for f in SALIENCIES),
    *(("a6.occlusion", (f,)) for f in OCCLUSIONS),
    *(("a6.unpool", pair) for pair in UNPOOLINGS),
    *(("a6.rectify", (f,)) for f in RULES),
]


def _name(value: Any) -> str:
    return value if isinstance(value, str) else value[0].__name__


@pytest.mark.parametrize(("task", "functions"), CASES, ids=_name)
def test_a_right_solution_earns_everything(
    task: str, functions: tuple[Function, ...], earns_everything: EarnsEverything
) -> None:
    earns_everything(task, functions)


@pytest.mark.parametrize("task", sorted({task for task, _ in CASES}))
def test_two_hundred_seeds_give_the_same_verdict(task: str) -> None:
    functions = next(functions for name, functions in CASES if name == task)
    assert all(checks.run(task, functions, hidden=True, seed=seed).ok for seed in range(200))


@pytest.mark.parametrize("task", sorted({task for task, _ in CASES}))
def test_every_task_has_eight_right_variants(task: str) -> None:
    assert len([name for name, _ in CASES if name == task]) >= 8
