"""Right modules in many styles earn all points: names, order, Sequential or not, bias or not do not matter."""

from __future__ import annotations

import sys
import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cs_cnn import checks

from .conftest import EarnsEverything

Function = Callable[..., Any]

# --- a5.lenet5 ----------------------------------------------------------------------------------------------------


def lenet_sequential(channels=1, classes=10):
    return nn.Sequential(
        nn.Conv2d(channels, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, classes),
    )  # fmt: skip


class LenetConvolutional(nn.Module):
    """The paper's C5 is a convolution that covers the map."""

    def __init__(self, channels=1, classes=10):
        super().__init__()
        self.c1, self.c3 = nn.Conv2d(channels, 6, 5, padding="same"), nn.Conv2d(6, 16, 5)
        self.c5, self.f6, self.out = nn.Conv2d(16, 120, 5), nn.Linear(120, 84), nn.Linear(84, classes)

    def forward(self, x):
        x = torch.max_pool2d(torch.relu(self.c1(x)), 2)
        x = torch.max_pool2d(torch.relu(self.c3(x)), 2)
        return self.out(self.f6(self.c5(x).relu().squeeze(3).squeeze(2)).relu())


class LenetBackwards(nn.Module):
    """Makes its layers in the opposite order."""

    def __init__(self, channels=1, classes=10):
        super().__init__()
        self.last = nn.Linear(84, classes)
        self.second = nn.Linear(120, 84)
        self.first = nn.Linear(400, 120)
        self.convs = nn.ModuleList([nn.Conv2d(6, 16, 5), nn.Conv2d(channels, 6, 5, padding=2)])

    def forward(self, x):
        for conv in reversed(self.convs):
            x = F.relu(F.max_pool2d(conv(x), 2, 2))  # the maximum and ReLU may change places
        x = x.reshape(len(x), -1)
        return self.last(F.relu(self.second(F.relu(self.first(x)))))


class LenetParameters(nn.Module):
    """Keeps tensors instead of layers."""

    def __init__(self, channels=1, classes=10):
        super().__init__()
        self.w = nn.ParameterList()
        for shape in ((6, channels, 5, 5), (16, 6, 5, 5), (120, 400), (84, 120), (classes, 84)):
            self.w.append(nn.Parameter(0.05 * torch.randn(shape)))
            self.w.append(nn.Parameter(torch.zeros(shape[0])))

    def forward(self, x):
        w = self.w
        x = F.max_pool2d(F.conv2d(x, w[0], w[1], padding=2).clamp(min=0), (2, 2))
        x = F.max_pool2d(F.conv2d(x, w[2], w[3]).clamp(min=0), (2, 2)).flatten(1)
        return F.linear(F.linear(F.linear(x, w[4], w[5]).relu(), w[6], w[7]).relu(), w[8], w[9])


class LenetDropout(nn.Module):
    def __init__(self, channels=1, classes=10):
        super(LenetDropout, self).__init__()  # noqa: UP008
        self.features = nn.Sequential(
            nn.ZeroPad2d(2), nn.Conv2d(channels, 6, 5), nn.ReLU(inplace=True), nn.MaxPool2d(2),
            nn.Conv2d(6, 16, 5), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        )  # fmt: skip
        self.classifier = nn.Sequential(
            nn.Linear(16 * 5 * 5, 120), nn.ReLU(), nn.Dropout(0.5), nn.Linear(120, 84), nn.ReLU(),
            nn.Linear(84, classes),
        )  # fmt: skip

    def forward(self, x):
        x = self.features(x)
        return self.classifier(x.view(x.size(0), -1))


class LenetNoisy(LenetConvolutional):
    def forward(self, x):
        print("forward", tuple(x.shape), file=sys.stderr)
        warnings.warn("a harmless warning", stacklevel=1)
        return super().forward(x)


class LenetSingle(nn.Module):
    """Insists on float32."""

    def __init__(self, channels=1, classes=10):
        super().__init__()
        self.net = lenet_sequential(channels, classes)

    def forward(self, x):
        self.net.float()
        return self.net(x.float())


def lenet_initialised(channels=1, classes=10):
    net = lenet_sequential(channels=channels, classes=classes)
    for layer in net:
        if hasattr(layer, "weight"):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    return net.eval()


LENETS = [
    lenet_sequential, LenetConvolutional, LenetBackwards, LenetParameters, LenetDropout, LenetNoisy, LenetSingle,
    lenet_initialised,
]  # fmt: skip

# --- a5.inception -------------------------------------------------------------------------------------------------


def _relu_conv(*given, **named):
    return nn.Sequential(nn.Conv2d(*given, **named), nn.ReLU())


class InceptionBranches(nn.Module):
    def __init__(self, in_channels, n1x1, r3x3, n3x3, r5x5, n5x5, pool_proj):
        super().__init__()
        c = in_channels
        self.branch1 = _relu_conv(c, n1x1, 1)
        self.branch2 = nn.Sequential(_relu_conv(c, r3x3, 1), _relu_conv(r3x3, n3x3, 3, padding=1))
        self.branch3 = nn.Sequential(_relu_conv(c, r5x5, 1), _relu_conv(r5x5, n5x5, 5, padding=2))
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, 1, 1), _relu_conv(c, pool_proj, 1))

    def forward(self, x):
        return torch.cat((self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)), 1)


class InceptionList(InceptionBranches):
    def forward(self, x):
        return torch.cat([branch(x) for branch in self.children()], dim=-3)


class InceptionBackwards(nn.Module):
    def __init__(self, c, a, b, d, e, f, g):
        super().__init__()
        self.convs = nn.ModuleDict(
            {"p": nn.Conv2d(c, g, 1), "5": nn.Conv2d(e, f, 5, 1, 2), "5r": nn.Conv2d(c, e, 1),
             "3": nn.Conv2d(b, d, 3, 1, 1), "3r": nn.Conv2d(c, b, 1), "1": nn.Conv2d(c, a, 1)}
        )  # fmt: skip

    def forward(self, x):
        k = self.convs
        parts = [k["1"](x), k["3"](k["3r"](x).relu()), k["5"](k["5r"](x).relu())]
        return torch.concat([*parts, k["p"](F.max_pool2d(x, 3, 1, 1))], axis=1).relu()


class InceptionFilled(InceptionBranches):
    """Writes into a tensor made beforehand."""

    def forward(self, x):
        outs = [branch(x) for branch in (self.branch1, self.branch2, self.branch3, self.branch4)]
        n, _, h, w = x.shape
        out = x.new_zeros(n, sum(o.shape[1] for o in outs), h, w)
        at = 0
        for o in outs:
            out[:, at : at + o.shape[1]] = o
            at += o.shape[1]
        return out


class InceptionPadded(InceptionBranches):
    """Pads by hand with minus infinity before the pooling."""

    def forward(self, x):
        pooled = F.max_pool2d(F.pad(x, (1, 1, 1, 1), value=float("-inf")), 3, stride=1)
        parts = (self.branch1(x), self.branch2(x), self.branch3(x), self.branch4[1](pooled))
        return torch.hstack(parts)


class InceptionTogether(InceptionBackwards):
    """Runs the three 1x1 convolutions of x as one."""

    def forward(self, x):
        k = self.convs
        w = torch.cat([k[name].weight for name in ("1", "3r", "5r")])
        b = torch.cat([k[name].bias for name in ("1", "3r", "5r")])
        sizes = [k[name].out_channels for name in ("1", "3r", "5r")]
        one, three, five = F.conv2d(x, w, b).relu().split(sizes, dim=1)
        pooled = k["p"](F.max_pool2d(x, (3, 3), (1, 1), (1, 1)))
        return F.relu(torch.cat([one, k["3"](three), k["5"](five), pooled], 1))


class InceptionSame(nn.Module):
    def __init__(self, in_channels, n1x1, r3x3, n3x3, r5x5, n5x5, pool_proj):
        super().__init__()
        self.a = nn.Conv2d(in_channels, n1x1, kernel_size=1, padding="same")
        self.b1, self.c1 = nn.Conv2d(in_channels, r3x3, 1), nn.Conv2d(in_channels, r5x5, 1)
        self.b2 = nn.Conv2d(r3x3, n3x3, (3, 3), padding="same")
        self.c2 = nn.Conv2d(r5x5, n5x5, (5, 5), padding="same")
        self.pool, self.d = nn.MaxPool2d(3, stride=1, padding=1), nn.Conv2d(in_channels, pool_proj, 1)
        self.act = nn.ReLU()

    def forward(self, x):
        act = self.act
        b, c = self.b2(act(self.b1(x))), self.c2(act(self.c1(x)))
        return torch.cat([act(self.a(x)), act(b), act(c), act(self.d(self.pool(x)))], dim=1)


class InceptionNoisy(InceptionSame):
    def forward(self, x):
        print(x.shape)
        return super().forward(x)


INCEPTIONS = [
    InceptionBranches, InceptionList, InceptionBackwards, InceptionFilled, InceptionPadded, InceptionTogether,
    InceptionSame, InceptionNoisy,
]  # fmt: skip

# --- a5.basic_block and a5.bottleneck ------------------------------------------------------------------------------


class _Torchvision(nn.Module):
    """As in torchvision: numbered layers, and a downsample that may be None."""

    expansion, kernels = 1, (3, 3)

    def __init__(self, inplanes, planes, stride=1):
        super().__init__()
        out = planes * self.expansion
        widths = [inplanes, *[planes] * (len(self.kernels) - 1), out]
        wide = self.kernels.index(3)
        for number, kernel in enumerate(self.kernels):
            step = stride if number == wide else 1
            conv = nn.Conv2d(widths[number], widths[number + 1], kernel, step, kernel // 2, bias=False)
            setattr(self, f"conv{number + 1}", conv)
            setattr(self, f"bn{number + 1}", nn.BatchNorm2d(widths[number + 1]))
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride != 1 or inplanes != out:
            self.downsample = nn.Sequential(
                nn.Conv2d(inplanes, out, 1, stride, bias=False), nn.BatchNorm2d(out)
            )

    def forward(self, x):
        identity, out = x, x
        last = len(self.kernels)
        for number in range(1, last + 1):
            out = getattr(self, f"bn{number}")(getattr(self, f"conv{number}")(out))
            if number < last:
                out = self.relu(out)
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)


class _Biased(nn.Module):
    """Convolutions with superfluous biases, normalisations registered first, an empty Sequential as identity."""

    expansion, kernels = 1, (3, 3)

    def __init__(self, c, f, s=1):
        super().__init__()
        out = f * self.expansion
        widths = [f] * (len(self.kernels) - 1) + [out]
        self.norms = nn.ModuleList(nn.BatchNorm2d(w) for w in reversed(widths))
        self.convs = nn.ModuleList()
        for number, (kernel, i, o) in enumerate(zip(self.kernels, [c, *widths[:-1]], widths, strict=True)):
            step = s if number == self.kernels.index(3) else 1
            self.convs.append(nn.Conv2d(i, o, kernel, step, kernel // 2))
        same = s == 1 and c == out
        self.short = nn.Sequential() if same else nn.Sequential(nn.Conv2d(c, out, 1, s), nn.BatchNorm2d(out))

    def forward(self, x):
        h = x
        for conv, norm in zip(self.convs, reversed(self.norms), strict=True):
            if h is not x:
                h = F.relu(h)
            h = norm(conv(h))
        return torch.relu(torch.add(self.short(x), h))


class _ShortcutFirst(nn.Module):
    """Registers the projection before the branch."""

    expansion, kernels = 1, (3, 3)

    def __init__(self, in_channels, channels, stride=1):
        super().__init__()
        out = channels * self.expansion
        self.project = stride > 1 or in_channels != out
        if self.project:
            self.skip_norm = nn.BatchNorm2d(out)
            self.skip = nn.Conv2d(in_channels, out, 1, stride=stride, bias=False)
        layers, c = [], in_channels
        for number, kernel in enumerate(self.kernels):
            o = out if number == len(self.kernels) - 1 else channels
            step = stride if number == self.kernels.index(3) else 1
            layers += [nn.Conv2d(c, o, kernel, step, kernel // 2, bias=False), nn.BatchNorm2d(o), nn.ReLU()]
            c = o
        self.branch = nn.Sequential(*layers[:-1])

    def forward(self, x):
        short = self.skip_norm(self.skip(x)) if self.project else x.clone()
        return (self.branch(x) + short).clamp(min=0)


class _Functional(_ShortcutFirst):
    """Where stride leaves pixels out, the projection may leave them out first."""

    def forward(self, x):
        short = x
        if self.project:
            step = self.skip.stride[0]
            short = self.skip_norm(F.conv2d(x[:, :, ::step, ::step], self.skip.weight))
        return F.relu(short + self.branch(x))


class _InPlace(_ShortcutFirst):
    def forward(self, x):
        out = self.branch(x)
        out += self.skip_norm(self.skip(x)) if self.project else x
        return out.relu_()


class _Noisy(_Torchvision):
    def forward(self, x):
        print("block", file=sys.stderr)
        return super().forward(x)


class _Single(_Biased):
    """Makes a float32 tensor of its own on the way."""

    def forward(self, x):
        return super().forward(x) + torch.zeros(1)


class _Named(nn.Module):
    expansion, kernels = 1, (3, 3)

    def __init__(self, in_channels, channels, stride=1):
        super().__init__()
        out, c, names = channels * self.expansion, in_channels, OrderedDict()
        for number, kernel in enumerate(self.kernels):
            o = out if number == len(self.kernels) - 1 else channels
            step = stride if number == self.kernels.index(3) else 1
            names[f"{number}_conv"] = nn.Conv2d(c, o, kernel, step, padding=kernel // 2, bias=number % 2 == 0)
            names[f"{number}_norm"] = nn.BatchNorm2d(o)
            names[f"{number}_relu"] = nn.ReLU()
            c = o
        names.popitem()
        self.f = nn.Sequential(names)
        self.s = nn.Identity()
        if (in_channels, 1) != (out, stride):
            self.s = nn.Sequential(nn.Conv2d(in_channels, out, (1, 1), (stride, stride), bias=False))
            self.s.append(nn.BatchNorm2d(out))

    def forward(self, x):
        return torch.stack([self.f(x), self.s(x)]).sum(0).relu()


_RESIDUALS = (_Torchvision, _Biased, _ShortcutFirst, _Functional, _InPlace, _Noisy, _Single, _Named)
BASICS = [type(f"Basic{made.__name__}", (made,), {}) for made in _RESIDUALS]
BOTTLENECKS = [
    type(f"Bottleneck{made.__name__}", (made,), {"expansion": 4, "kernels": (1, 3, 1)}) for made in _RESIDUALS
]

# --- a5.depthwise_separable ---------------------------------------------------------------------------------------


def separable_sequential(in_channels, out_channels, stride=1):
    return nn.Sequential(
        nn.Conv2d(in_channels, in_channels, 3, stride, 1, groups=in_channels, bias=False),
        nn.BatchNorm2d(in_channels), nn.ReLU(),
        nn.Conv2d(in_channels, out_channels, 1, bias=False), nn.BatchNorm2d(out_channels), nn.ReLU(),
    )  # fmt: skip


class SeparableNamed(nn.Module):
    def __init__(self, c, f, s=1):
        super().__init__()
        self.pw, self.pn = nn.Conv2d(c, f, 1), nn.BatchNorm2d(f)
        self.dw, self.dn = nn.Conv2d(c, c, (3, 3), (s, s), (1, 1), groups=c), nn.BatchNorm2d(c)

    def forward(self, x):
        return F.relu(self.pn(self.pw(F.relu(self.dn(self.dw(x))))))


class SeparableLoop(SeparableNamed):
    """One channel at a time."""

    def forward(self, x):
        maps = [
            F.conv2d(x[:, k : k + 1], self.dw.weight[k : k + 1], self.dw.bias[k : k + 1], self.dw.stride, 1)
            for k in range(x.shape[1])
        ]
        x = torch.cat(maps, dim=1)
        return self.pn(self.pw(self.dn(x).relu())).relu()


class SeparableEinsum(SeparableNamed):
    """The pointwise step as a product of matrices."""

    def forward(self, x):
        h = F.relu(self.dn(self.dw(x)))
        out = torch.einsum("nchw,fc->nfhw", h, self.pw.weight[:, :, 0, 0]) + self.pw.bias[:, None, None]
        return self.pn(out).relu()


class SeparableLinear(nn.Module):
    """The pointwise step as a linear layer over the channels."""

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.depth = nn.Sequential(
            nn.ZeroPad2d(1), nn.Conv2d(in_channels, in_channels, 3, stride, groups=in_channels, bias=False)
        )
        self.norms = nn.ModuleList([nn.BatchNorm2d(in_channels), nn.BatchNorm2d(out_channels)])
        self.mix = nn.Linear(in_channels, out_channels, bias=False)

    def forward(self, x):
        x = self.norms[0](self.depth(x)).relu()
        x = self.mix(x.movedim(1, 3)).movedim(3, 1)
        return self.norms[1](x).relu()


class SeparableNested(nn.Module):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        full = separable_sequential(in_channels, out_channels, stride)
        self.first, self.second = full[:3], full[3:]

    def forward(self, x):
        return self.second(self.first(x))


class SeparableInPlace(SeparableNamed):
    def forward(self, x):
        return self.pn(self.pw(self.dn(self.dw(x)).relu_())).clamp_(min=0)


class SeparableNoisy(SeparableNested):
    def forward(self, x):
        print(x.mean(), file=sys.stderr)
        return super().forward(x)


SEPARABLES = [
    separable_sequential, SeparableNamed, SeparableLoop, SeparableEinsum, SeparableLinear, SeparableNested,
    SeparableInPlace, SeparableNoisy,
]  # fmt: skip

CASES: list[tuple[str, Function]] = [
    *(("a5.lenet5", f) for f in LENETS),
    *(("a5.inception", f) for f in INCEPTIONS),
    *(("a5.basic_block", f) for f in BASICS),
    *(("a5.bottleneck", f) for f in BOTTLENECKS),
    *(("a5.depthwise_separable", f) for f in SEPARABLES),
]


def _name(value: Any) -> str:
    return value if isinstance(value, str) else value.__name__


@pytest.mark.parametrize(("task", "made"), CASES, ids=_name)
def test_a_right_module_earns_everything(
    task: str, made: Function, earns_everything: EarnsEverything
) -> None:
    earns_everything(task, made)


@pytest.mark.parametrize("task", sorted({task for task, _ in CASES}))
def test_many_seeds_give_the_same_verdict(task: str) -> None:
    made = next(made for name, made in CASES if name == task)
    assert all(checks.run(task, made, hidden=True, seed=seed).ok for seed in range(40))


@pytest.mark.parametrize("task", sorted({task for task, _ in CASES}))
def test_every_task_has_eight_right_variants(task: str) -> None:
    assert len([name for name, _ in CASES if name == task]) >= 8
