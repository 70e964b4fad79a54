"""Right training steps, accuracies and trainings in many styles earn all points."""

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

from .conftest import EarnsEverything, Turns

Function = Callable[..., Any]

# --- a5.train_step ------------------------------------------------------------------------------------------------


def step_short(model, optimiser, x, y):
    model.train()
    optimiser.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimiser.step()
    return loss.item()


def step_tensor(model, optimizer, x, y):
    model.train(True)
    loss = nn.CrossEntropyLoss()(model(x), y)
    optimizer.zero_grad(set_to_none=False)
    loss.backward()
    optimizer.step()
    return loss


def step_empties_at_the_end(model, optimiser, x, y):
    model.train()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimiser.step()
    optimiser.zero_grad()
    return float(loss)


def step_log_softmax(model, optimiser, x, y):
    model.train()
    model.zero_grad()
    loss = F.nll_loss(F.log_softmax(model(x), dim=1), y)
    loss.backward()
    optimiser.step()
    return loss.detach()


def step_by_hand(model, optimiser, x, y):
    optimiser.zero_grad()
    scores = model.train()(x)
    loss = (scores.logsumexp(dim=1) - scores[torch.arange(len(y)), y]).mean()
    loss.backward()
    optimiser.step()
    return loss.detach().numpy()


def step_grad(model, optimiser, x, y):
    model.train()
    loss = F.cross_entropy(model(x), y)
    parameters = list(model.parameters())
    for p, g in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        p.grad = g
    optimiser.step()
    return loss.item()


def step_closure(model, optimiser, x, y):
    model.train()

    def closure():
        optimiser.zero_grad()
        loss = F.cross_entropy(model(x), y, reduction="sum") / len(y)
        loss.backward()
        return loss

    return optimiser.step(closure).item()


def step_noisy(model, optimiser, x, y):
    print("step", file=sys.stderr)
    with torch.enable_grad():
        return step_short(model, optimiser, x.clone(), y)


STEPS = [
    step_short, step_tensor, step_empties_at_the_end, step_log_softmax, step_by_hand, step_grad, step_closure,
    step_noisy,
]  # fmt: skip

# --- a5.accuracy --------------------------------------------------------------------------------------------------


def share_short(model, x, y):
    model.eval()
    with torch.no_grad():
        return (model(x).argmax(1) == y).float().mean().item()


def share_tensor(model, x, y):
    with torch.inference_mode():
        return (model.eval()(x).max(dim=1).indices == y).double().mean()


def share_batches(model, x, y):
    model.train(False)
    right = 0
    for start in range(0, len(x), 7):
        right += int((model(x[start : start + 7]).argmax(-1) == y[start : start + 7]).sum())
    return right / len(x)


def share_numpy(model, x, y):
    model.eval()
    return np.mean(model(x).detach().numpy().argmax(axis=1) == y.numpy())


def share_one_by_one(model, x, y):
    model.eval()
    return sum(
        model(image[None])[0].argmax().item() == label for image, label in zip(x, y, strict=True)
    ) / len(y)


def share_restores(model, x, y):
    before = model.training
    model.eval()
    share = share_short(model, x, y)
    model.train(before)
    return share


def share_topk(model, x, y):
    model.eval()
    return torch.eq(model(x).topk(1, dim=1)[1].squeeze(1), y).sum().item() / y.numel()


def share_softmax(model, x, y):
    model.eval()
    print("probabilities")
    return 1 - (F.softmax(model(x), dim=1).argmax(dim=1) != y).float().mean().item()


SHARES = [
    share_short, share_tensor, share_batches, share_numpy, share_one_by_one, share_restores, share_topk, share_softmax,
]  # fmt: skip

# --- a5.overfit ---------------------------------------------------------------------------------------------------


def _overfit(
    make, *, optimiser=torch.optim.Adam, lr=0.003, steps=150, of_tensors=False, batch=50, last=False, **more
):
    def overfit(x, y, *, seed):
        torch.manual_seed(seed)
        model = make()
        opt = optimiser(model.parameters(), lr=lr, **more)
        losses = []
        for _ in range(steps):
            order = torch.randperm(len(x))
            for rows in order.split(batch):
                loss = F.cross_entropy(model.train()(x[rows]), y[rows])
                opt.zero_grad()
                loss.backward()
                opt.step()
                losses.append(loss.detach() if of_tensors else loss.item())
        return (model.eval() if last else model), losses

    return overfit


def _mlp():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 10))


def _linear():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))


def _conv(norm=False, drop=0.0):
    return nn.Sequential(
        nn.Conv2d(1, 16, 5, stride=2), nn.BatchNorm2d(16) if norm else nn.Identity(), nn.ReLU(),
        nn.Conv2d(16, 32, 5, stride=2), nn.ReLU(), nn.Flatten(), nn.Dropout(drop), nn.Linear(512, 10),
    )  # fmt: skip


OVERFITS = [
    _overfit(_mlp),
    _overfit(_mlp, of_tensors=True, last=True),
    _overfit(_mlp, optimiser=torch.optim.SGD, lr=0.1, momentum=0.9),
    _overfit(_linear, lr=0.02, steps=250),
    _overfit(_conv),
    _overfit(lambda: _conv(norm=True), steps=120),
    _overfit(lambda: _conv(drop=0.2), steps=200),
    _overfit(_conv, batch=10, steps=40),
    _overfit(_mlp, optimiser=torch.optim.AdamW, weight_decay=1e-4),
]

# --- a5.train_resnet ----------------------------------------------------------------------------------------------


class _Block(nn.Module):
    def __init__(self, c, f, stride):
        super().__init__()
        self.f = nn.Sequential(
            nn.Conv2d(c, f, 3, stride, 1, bias=False), nn.BatchNorm2d(f), nn.ReLU(),
            nn.Conv2d(f, f, 3, 1, 1, bias=False), nn.BatchNorm2d(f),
        )  # fmt: skip
        self.s = nn.Sequential(nn.Conv2d(c, f, 1, stride, bias=False), nn.BatchNorm2d(f))

    def forward(self, x):
        return (self.f(x) + self.s(x)).relu()


def _resnet(*, width=12, blocks=2, epochs=5, adam=False, lr=0.1, size=100, stem=3, mirror=False):
    def train_resnet(x, y, *, seed):
        torch.manual_seed(seed)
        layers: list[nn.Module] = [nn.Conv2d(1, width, stem, 2, stem // 2), nn.BatchNorm2d(width), nn.ReLU()]
        for number in range(blocks):
            layers.append(_Block(width << number, width << (number + 1), 2))
        model = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width << blocks, 10))
        opt: Any = torch.optim.Adam(model.parameters()) if adam else torch.optim.SGD(
            model.parameters(), lr=lr, momentum=0.9
        )  # fmt: skip
        schedule = torch.optim.lr_scheduler.OneCycleLR(opt, 0.01 if adam else lr, epochs * (len(x) // size))
        for _ in range(epochs):
            for rows in torch.randperm(len(x)).split(size)[: len(x) // size]:
                images = x[rows].flip(3) if mirror and torch.rand(()) < 0.5 else x[rows]
                loss = F.cross_entropy(model(images), y[rows])
                opt.zero_grad()
                loss.backward()
                opt.step()
                schedule.step()
        return model

    return train_resnet


RESNETS = [
    _resnet(),
    _resnet(adam=True),
    _resnet(blocks=3, width=8),
    _resnet(size=50, lr=0.05),
    _resnet(stem=5),
    _resnet(width=16, epochs=6, mirror=True),
    _resnet(width=16, epochs=4),
    _resnet(size=50, lr=0.05, epochs=4, width=16),
]

CASES: list[tuple[str, Function]] = [
    *(("a5.train_step", f) for f in STEPS),
    *(("a5.accuracy", f) for f in SHARES),
    *(("a5.overfit", f) for f in OVERFITS),
    *(("a5.train_resnet", f) for f in RESNETS),
]


def _name(value: Any) -> str:
    return value if isinstance(value, str) else value.__name__


@pytest.mark.parametrize(("task", "written"), CASES, ids=_name)
def test_a_right_solution_earns_everything(
    task: str, written: Function, earns_everything: EarnsEverything
) -> None:
    # A whole training takes seconds, so it is done once.
    once = task in ("a5.overfit", "a5.train_resnet")
    turns: Turns = ((True, 20417),) if once else ((False, None), (True, 1), (True, 20417))
    earns_everything(task, written, turns)


@pytest.mark.parametrize("task", ["a5.train_step", "a5.accuracy"])
def test_two_hundred_seeds_give_the_same_verdict(task: str) -> None:
    written = next(written for name, written in CASES if name == task)
    assert all(checks.run(task, written, hidden=True, seed=seed).ok for seed in range(200))


@pytest.mark.parametrize("task", sorted({task for task, _ in CASES}))
def test_every_task_has_eight_right_variants(task: str) -> None:
    assert len([name for name, _ in CASES if name == task]) >= 8
