"""Receptive fields are what the gradient says: an output sees the pixels that its derivative depends on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from cs_cnn.account import account, conv, pool
from cs_cnn.account.fields.receptive import Axis, union


def seen_by_gradient(net: nn.Module, shape: tuple[int, int, int], axis: int) -> list[tuple[int, int] | None]:
    """Return for each place of the output the first and last pixel with a gradient; weights are positive."""
    net = net.double().eval()
    for parameter in net.parameters():
        nn.init.uniform_(parameter, 0.5, 1.5)  # positive, so that nothing cancels and no ReLU is off
    x = torch.rand(1, *shape, dtype=torch.double, requires_grad=True)
    out = net(x).sum(1)
    other = 2 if axis == 2 else 1
    found: list[tuple[int, int] | None] = []
    for part in out.sum(other).flatten():
        (gradient,) = torch.autograd.grad(part, x, retain_graph=True)
        where = gradient.abs().sum(tuple(i for i in range(4) if i != axis)).flatten().nonzero().flatten()
        found.append((int(where.min()), int(where.max())) if len(where) else None)
    return found


def counted(net: nn.Module, shape: tuple[int, int, int], axis: int) -> list[tuple[int, int] | None]:
    sight = account(net.double(), shape).steps[-1].axes[axis - 2]
    fields = [(int(a), int(b)) if a <= b else None for a, b in zip(sight.first, sight.last, strict=True)]
    with torch.no_grad():
        places = net.float().eval()(torch.zeros(1, *shape)).shape[axis]
    return fields * places if len(fields) == 1 else fields  # one field that all of them share


layer = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(("conv", "average", "transposed")),
        "kernel": st.integers(1, 4),
        "stride": st.integers(1, 3),
        "pad": st.integers(0, 3),
        "dilation": st.integers(1, 2),
    }
)


def build(settings: list[dict[str, Any]]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for each in settings:
        k, s, p, d = each["kernel"], each["stride"], each["pad"], each["dilation"]
        if each["kind"] == "conv":
            layers += [nn.Conv2d(2, 2, k, stride=s, padding=p, dilation=d), nn.ReLU()]
        elif each["kind"] == "average":
            layers.append(nn.AvgPool2d(k, stride=s, padding=min(p, k // 2)))
        else:
            layers.append(nn.ConvTranspose2d(2, 2, k, stride=s, padding=min(p, k - 1), dilation=d))
    return nn.Sequential(*layers)


@settings(max_examples=60)
@given(st.lists(layer, min_size=1, max_size=4), st.integers(9, 17), st.integers(9, 13))
def test_fields_equal_the_support_of_the_gradient(
    choice: list[dict[str, Any]], height: int, width: int
) -> None:
    net = build(choice)
    try:
        positions = net(torch.zeros(1, 2, height, width)).numel()
    except RuntimeError:
        positions = 0  # a window larger than what is left of the image
    assume(0 < positions <= 4000)
    for axis in (2, 3):
        assert counted(net, (2, height, width), axis) == seen_by_gradient(net, (2, height, width), axis)


class Branching(nn.Module):
    """All that a net can do with shapes between its layers, with functions instead of modules."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(2, 4, 3, padding=1)
        self.left = nn.Conv2d(4, 4, 1)
        self.right = nn.Conv2d(4, 4, 5, padding=2)
        self.last = nn.Conv2d(8, 4, 3, stride=2, padding=1)
        self.weight = nn.Parameter(torch.ones(4, 4, 3, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.first(x))
        x = torch.cat([self.left(x), self.right(x)], dim=1)
        n, c, h, w = x.shape
        x = x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)  # a channel shuffle
        short = F.pad(x[:, :4, ::2, ::2], (0, 0, 0, 0, 0, 0))
        x = self.last(x) + short
        x = x.permute(0, 2, 3, 1).flip(-1).permute(0, 3, 1, 2)
        x = F.conv2d(F.pad(x, (1, 0, 2, 1), mode="reflect"), self.weight)
        x = F.avg_pool2d(x, 2, stride=1)
        return x[..., 1:, :-1]


class Broken(nn.Module):
    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how
        self.conv = nn.Conv2d(2, 2, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        if self.how == "nearest":
            return F.interpolate(x, scale_factor=2)
        if self.how == "linear":
            return F.interpolate(x, size=(9, 14), mode="bilinear")
        if self.how == "adaptive":
            return F.adaptive_avg_pool2d(x, 3)
        if self.how == "gate":
            return x * x.mean((2, 3), keepdim=True)
        if self.how == "row":
            return x[:, :, 2:3] + x.mean(2, keepdim=True)[..., :1]
        if self.how == "circular":
            return F.conv2d(F.pad(x, (2, 2, 2, 2), mode="circular"), torch.ones(2, 2, 3, 3).to(x))
        if self.how == "softmax":
            return torch.softmax(x.flatten(2), dim=-1).view_as(x) ** 2
        return torch.stack([x, x + 1], 2).sum(2)


@pytest.mark.parametrize("axis", (2, 3))
def test_branches_and_functions(axis: int) -> None:
    assert counted(Branching(), (2, 19, 16), axis) == seen_by_gradient(Branching(), (2, 19, 16), axis)


@pytest.mark.parametrize("how", ("nearest", "adaptive", "gate", "row", "stack", "softmax"))
@pytest.mark.parametrize("axis", (2, 3))
def test_resizing_gates_and_slices(how: str, axis: int) -> None:
    assert counted(Broken(how), (2, 12, 11), axis) == seen_by_gradient(Broken(how), (2, 12, 11), axis)


@pytest.mark.parametrize("how", ("linear", "circular"))
def test_never_less_than_the_gradient(how: str) -> None:
    for axis in (2, 3):
        counts, gradients = (way(Broken(how), (2, 12, 11), axis) for way in (counted, seen_by_gradient))
        assert len(counts) == len(gradients)
        for count, gradient in zip(counts, gradients, strict=True):
            assert count and gradient and count[0] <= gradient[0] and gradient[1] <= count[1]


def test_the_numbers_of_the_literature() -> None:
    field = account([conv(8, 7, stride=2, pad=3), pool(3, stride=2, pad=1)], (3, 224, 224))["pool1"].receptive
    assert field == (11, 4, -5)
    stacks = [account([conv(4, 3)] * depth, (4, 32, 32))[f"conv{depth}"].receptive for depth in (1, 2, 3)]
    assert [stack.size for stack in stacks if stack] == [3, 5, 7]
    for powers, expected in ((4, 16), (10, 1024)):
        dilated = [conv(2, 2, dilation=2**i) for i in range(powers)]
        field = account(dilated, (2, 2000))[f"conv{powers}"].receptive
        assert field and field.size == expected


def test_axes_may_differ() -> None:
    field = account([conv(4, (3, 5), stride=(1, 2), pad=(1, 0))], (1, 20, 30))["conv1"].receptive
    assert field == ((3, 5), (1, 2), (-1, 0))


def test_longer_path_counts() -> None:
    image = Axis.image(10)
    both = union([image.slide(5, before=2, positions=10), image.slide(3, before=1, positions=10)])
    assert (both.size, both.jump, both.start) == (5, 1, -2)
    pairs = image.slide(2, positions=9)
    one_sided = union([pairs.pick(np.arange(-1, 9)), pairs.pick(np.arange(10))])
    assert one_sided.size == 3 and one_sided.start == -1
