"""Right Gram matrices, losses, frozen features and heads in many styles earn all points."""

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

# --- a6.gram_matrix -----------------------------------------------------------------------------------------------


def gram_einsum(features):
    return torch.einsum("nkhw,nlhw->nkl", features, features) / (features.shape[2] * features.shape[3])


def gram_bmm(features):
    n, c, h, w = features.shape
    flat = features.reshape(n, c, h * w)
    return torch.bmm(flat, flat.permute(0, 2, 1)).div(h * w)


def gram_mean(features):
    return (features[:, :, None] * features[:, None]).mean(dim=(-2, -1))


def gram_float32(features):
    flat = features.float().flatten(2)
    return flat @ flat.mT / flat.shape[-1]


def gram_numpy(features):
    flat = features.detach().numpy().reshape(*features.shape[:2], -1)
    return np.matmul(flat, flat.swapaxes(1, 2)) / flat.shape[2]


def gram_loops(features):
    n, c, h, w = features.shape
    matrix = torch.zeros(n, c, c, dtype=features.dtype)
    for image in range(n):
        for k in range(c):
            for m in range(c):
                for i in range(h):
                    for j in range(w):
                        matrix[image, k, m] += features[image, k, i, j] * features[image, m, i, j]
    return matrix / (h * w)


def gram_images(features):
    return torch.stack([maps.flatten(1) @ maps.flatten(1).T for maps in features]) / features[0, 0].numel()


def gram_half_by_half(features):
    flat = features.flatten(2) / (features.shape[2] * features.shape[3]) ** 0.5
    return torch.tril(flat @ flat.mT) + torch.triu(flat @ flat.mT, 1)


def gram_places(features):
    print("matrix", file=sys.stderr)
    total = 0
    for place in features.flatten(2).unbind(dim=2):
        total = total + place[:, :, None] * place[:, None, :]
    return total / features[0, 0].numel()


GRAMS = [
    gram_einsum, gram_bmm, gram_mean, gram_float32, gram_numpy, gram_loops, gram_images, gram_half_by_half, gram_places,
]  # fmt: skip

# --- a6.style_loss ------------------------------------------------------------------------------------------------


def style_autograd(features, style):
    x = features.detach().requires_grad_()
    loss = F.mse_loss(gram_einsum(x), gram_einsum(style))
    return loss, torch.autograd.grad(loss, x)[0]


def style_by_hand(features, style):
    n, c, h, w = features.shape
    difference = gram_bmm(features) - gram_bmm(style)
    slope = 4 / (c * c * h * w) * difference @ features.reshape(n, c, h * w)
    return difference.square().mean().item(), slope.reshape(features.shape)


def style_numpy(features, style):
    f, difference = features.numpy(), gram_numpy(features) - gram_numpy(style)
    slope = np.einsum("nkl,nlhw->nkhw", difference, f) * 4 / (difference.size * f.shape[2] * f.shape[3])
    return (difference**2).mean(), slope


def style_watches_its_argument(features, style):
    features.requires_grad_(True)
    loss = (gram_mean(features) - gram_mean(style)).pow(2).sum() / features.shape[1] ** 2
    loss.backward()
    return loss, features.grad


def style_functional(features, style):
    wanted = gram_images(style)
    slope, loss = torch.func.grad_and_value(lambda x: ((gram_images(x) - wanted) ** 2).mean())(features)
    return loss, slope


def style_float32(features, style):
    x = features.float().requires_grad_()
    loss = nn.MSELoss()(gram_float32(x), gram_float32(style))
    loss.backward()
    return [loss.detach().numpy(), x.grad.numpy()]


def style_norm(features, style):
    print("loss", file=sys.stderr)
    x = features.clone().requires_grad_()
    distance = torch.linalg.matrix_norm(gram_einsum(x) - gram_einsum(style).detach())
    ((distance / x.shape[1]) ** 2).sum().backward()
    return float((distance[0] / x.shape[1]) ** 2), x.grad.clone()


def style_of_numbers(features, style):
    loss, slope = style_by_hand(features, style)
    return torch.tensor(loss), slope.contiguous()


STYLES = [
    style_autograd, style_by_hand, style_numpy, style_watches_its_argument, style_functional, style_float32, style_norm,
    style_of_numbers,
]  # fmt: skip

# --- a6.transfer_loss ---------------------------------------------------------------------------------------------


def transfer_mse(image, content, style, content_layer, style_weights, alpha, beta):
    loss = alpha * F.mse_loss(image[content_layer], content[content_layer])
    for layer in style_weights:
        term = F.mse_loss(gram_einsum(image[layer]), gram_einsum(style[layer]))
        loss += beta * style_weights[layer] * term
    return loss


def transfer_sum(image, content, style, content_layer, style_weights, alpha, beta):
    terms = [
        weight * (gram_bmm(image[name]) - gram_bmm(style[name])).square().mean()
        for name, weight in style_weights.items()
    ]
    where = (image[content_layer] - content[content_layer]).square().mean()
    return alpha * where + beta * sum(terms)


def transfer_all_layers(image, content, style, content_layer, style_weights, alpha, beta):
    loss = torch.zeros((), dtype=torch.float64)
    for layer in image:
        if layer == content_layer:
            loss = loss + alpha * ((image[layer] - content[layer]) ** 2).mean()
        if layer in style_weights:
            loss = (
                loss
                + beta
                * style_weights[layer]
                * ((gram_mean(image[layer]) - gram_mean(style[layer])) ** 2).mean()
            )
    return loss


def transfer_get(image, content, style, content_layer, style_weights, alpha, beta):
    c = style_weights.get
    parts = [c(name, 0) * nn.MSELoss()(gram_images(image[name]), gram_images(style[name])) for name in image]
    return (
        alpha * nn.MSELoss()(image[content_layer], content[content_layer]) + beta * torch.stack(parts).sum()
    )


def transfer_numpy(image, content, style, content_layer, style_weights, alpha, beta):
    d = image[content_layer].numpy() - content[content_layer].numpy()
    loss = alpha * np.mean(d**2)
    for name, weight in style_weights.items():
        loss += beta * weight * np.mean((gram_numpy(image[name]) - gram_numpy(style[name])) ** 2)
    return loss


def transfer_float32(image, content, style, content_layer, style_weights, alpha, beta):
    image, content, style = ({k: v.float() for k, v in each.items()} for each in (image, content, style))
    return transfer_sum(image, content, style, content_layer, style_weights, alpha, beta)


def transfer_empties_its_arguments(image, content, style, content_layer, style_weights, alpha, beta):
    loss = alpha * (image[content_layer] - content.pop(content_layer)).pow(2).mean()
    while style_weights:
        name, weight = style_weights.popitem()
        loss = (
            loss + beta * weight * (gram_einsum(image.pop(name)) - gram_einsum(style.pop(name))).pow(2).mean()
        )
    return loss.item()


def transfer_one_axis(image, content, style, content_layer, style_weights, alpha, beta):
    print("transfer", file=sys.stderr)
    names = list(style_weights)
    style_term = torch.tensor(0.0)
    for name in names:
        c = image[name].shape[1]
        style_term = (
            style_term
            + style_weights[name] * torch.dist(gram_bmm(image[name]), gram_bmm(style[name])) ** 2 / c**2
        )
    content_term = (
        torch.dist(image[content_layer], content[content_layer]) ** 2 / image[content_layer].numel()
    )
    return alpha * content_term + beta * style_term


TRANSFERS = [
    transfer_mse, transfer_sum, transfer_all_layers, transfer_get, transfer_numpy, transfer_float32,
    transfer_empties_its_arguments, transfer_one_axis,
]  # fmt: skip

# --- a6.extract_features ------------------------------------------------------------------------------------------


def extract_lists(net, images, batch_size):
    net.eval()
    rows = []
    for start in range(0, len(images), batch_size):
        with torch.no_grad():
            rows.extend(net(images[start : start + batch_size]).mean(dim=(2, 3)))
    return torch.stack(rows)


def extract_inference(net, images, batch_size):
    with torch.inference_mode():
        return torch.vstack([net.eval()(batch).flatten(2).mean(2) for batch in images.split(batch_size)])


def extract_loader(net, images, batch_size):
    net.train(False)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(images), batch_size=batch_size)
    with torch.no_grad():
        return torch.cat([F.adaptive_avg_pool2d(net(batch), 1).flatten(1) for (batch,) in loader])


def extract_detached(net, images, batch_size):
    net.eval()
    return torch.cat([net(batch).mean((-1, -2)) for batch in images.split(batch_size)]).detach()


@torch.no_grad()
def extract_filled(net, images, batch_size):
    net.eval()
    out = None
    for start in range(0, images.shape[0], batch_size):
        numbers = net(images[start : start + batch_size]).mean(dim=[2, 3])
        out = torch.empty(len(images), numbers.shape[1]) if out is None else out
        out[start : start + batch_size] = numbers
    return out


def extract_numpy(net, images, batch_size):
    net.eval()
    with torch.no_grad():
        return np.concatenate([net(batch).numpy().mean(axis=(2, 3)) for batch in images.split(batch_size)])


def extract_frozen(net, images, batch_size):
    net.eval().requires_grad_(False)
    pool = nn.Sequential(net, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return torch.cat([pool(batch) for batch in torch.split(images, batch_size)]).double()


def extract_restores(net, images, batch_size):
    print("features", file=sys.stderr)
    before = net.training
    net.eval()
    with torch.no_grad():
        maps = torch.cat([net(batch) for batch in images.split(batch_size)])
    net.train(before)
    return maps.sum(dim=(2, 3)) / (maps.shape[2] * maps.shape[3])


def extract_chunks(net, images, batch_size):
    net.eval()
    with torch.no_grad():
        return torch.cat([net(b).mean(2).mean(2) for b in images.chunk(-(-len(images) // batch_size))])


EXTRACTIONS = [
    extract_lists, extract_inference, extract_loader, extract_detached, extract_filled, extract_numpy, extract_frozen,
    extract_restores, extract_chunks,
]  # fmt: skip

# --- a6.train_head ------------------------------------------------------------------------------------------------


def _head(
    optimiser=torch.optim.Adam, *, steps=200, batch=150, form=lambda w, b: (w, b), scaled=False, **options
):
    def train_head(features, labels, classes, seed):
        torch.manual_seed(seed)
        mean, spread = (features.mean(0), features.std(0)) if scaled else (0.0, torch.ones(features.shape[1]))
        w = (0.01 * torch.randn(features.shape[1], classes)).requires_grad_()
        b = torch.zeros(classes, requires_grad=True)
        opt = optimiser([w, b], **options)
        for _ in range(steps):
            for rows in torch.randperm(len(features)).split(batch):
                opt.zero_grad()
                F.cross_entropy((features[rows] - mean) / spread @ w + b, labels[rows]).backward()
                opt.step()
        with torch.no_grad():
            # A head on scaled features is one on the features themselves, with other numbers.
            w_raw = w / spread[:, None]
            return form(w_raw, b - (mean * torch.ones(len(w))) @ w_raw)

    return train_head


def head_numpy(features, labels, classes, seed):
    x, y = features.numpy().astype(np.float64), labels.numpy()
    w, b = np.zeros((x.shape[1], classes)), np.zeros(classes)
    for _ in range(500):
        scores = x @ w + b
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        p[np.arange(len(y)), y] -= 1
        w, b = w - 0.2 * x.T @ p / len(x), b - 0.2 * p.mean(axis=0)
    return w, b


def head_lbfgs(features, labels, classes, seed):
    head = nn.Linear(features.shape[1], classes)
    opt = torch.optim.LBFGS(head.parameters(), max_iter=50)

    def closure():
        opt.zero_grad()
        loss = F.cross_entropy(head(features), labels) + 1e-3 * head.weight.square().sum()
        loss.backward()
        return loss

    opt.step(closure)
    return head.weight.t(), head.bias


def head_sequential(features, labels, classes, seed):
    print("training", file=sys.stderr)
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(features.shape[1], classes), nn.LogSoftmax(dim=1))
    opt = torch.optim.RMSprop(model.parameters(), lr=0.01)
    for _ in range(300):
        loss = nn.NLLLoss()(model(features), labels)
        model.zero_grad()
        loss.backward()
        opt.step()
    state = model.state_dict()
    return [state["0.weight"].T.numpy(), state["0.bias"].numpy()]


HEADS = [
    _head(lr=0.05),
    _head(torch.optim.SGD, lr=0.2, steps=500),
    _head(torch.optim.SGD, lr=0.05, momentum=0.9, batch=32, steps=40),
    _head(torch.optim.AdamW, lr=0.05, weight_decay=1e-3),
    _head(lr=0.05, scaled=True),
    _head(lr=0.03, form=lambda w, b: (w.double().numpy(), b.tolist())),
    head_numpy,
    head_lbfgs,
    head_sequential,
]

CASES: list[tuple[str, tuple[Function, ...]]] = [
    *(("a6.gram_matrix", (f,)) for f in GRAMS),
    *(("a6.style_loss", (gram_einsum, f)) for f in STYLES),
    *(("a6.transfer_loss", (gram_einsum, f)) for f in TRANSFERS),
    *(("a6.extract_features", (f,)) for f in EXTRACTIONS),
    *(("a6.train_head", (f,)) for f in HEADS),
]


def _name(value: Any) -> str:
    return value if isinstance(value, str) else value[-1].__name__


@pytest.mark.parametrize(("task", "functions"), CASES, ids=_name)
def test_a_right_solution_earns_everything(
    task: str, functions: tuple[Function, ...], earns_everything: EarnsEverything
) -> None:
    earns_everything(task, functions)


@pytest.mark.parametrize("task", sorted({task for task, _ in CASES}))
def test_many_seeds_give_the_same_verdict(task: str) -> None:
    functions = next(functions for name, functions in CASES if name == task)
    # A whole training takes a while.
    seeds = range(40 if task == "a6.train_head" else 200)
    assert all(checks.run(task, functions, hidden=True, seed=seed).ok for seed in seeds)


@pytest.mark.parametrize("task", sorted({task for task, _ in CASES}))
def test_every_task_has_eight_right_variants(task: str) -> None:
    assert len([name for name, _ in CASES if name == task]) >= 8
