"""LeNet-5, the Inception module and the blocks with something changed; imported only when one of them is built."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class _Wrong(nn.Module):
    """A module that keeps what is changed in it."""

    def __init__(self, **changed: Any) -> None:
        super().__init__()
        self.changed = changed

    def has(self, name: str) -> Any:
        return self.changed.get(name, False)


def _nothing(x: Tensor) -> Tensor:
    return x


class _LeNet5(_Wrong):
    def __init__(self, channels: int, classes: int, **changed: Any) -> None:
        super().__init__(**changed)
        bias = not self.has("no_bias")
        pad, side = (0, 4) if self.has("unpadded") else (2, 5)
        first, second = (16, 6) if self.has("filters_swapped") else (6, 16)
        layers: list[nn.Module] = [
            nn.Conv2d(1 if self.has("grey_only") else channels, first, 5, padding=pad, bias=bias),
            nn.Conv2d(first, second, 5, bias=bias),
            nn.Linear(second * side * side, 120, bias=bias),
            nn.Linear(120, 84, bias=bias),
            nn.Linear(84, 10 if self.has("ten_classes") else classes, bias=bias),
        ]
        if self.has("plain_list"):
            for layer in layers:
                layer.requires_grad_(True)
            object.__setattr__(self, "layers", layers)
        else:
            self.layers = nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Tensor:
        if self.has("without_gradient"):
            with torch.no_grad():
                return self._forward(x)
        return self._forward(x)

    def _forward(self, x: Tensor) -> Tensor:
        c1, c3, f5, f6, out = self.layers
        act = self.has("act") or F.relu
        in_convs = _nothing if self.has("convs_without_relu") else act
        in_affines = _nothing if self.has("affines_without_relu") else act
        pool = self.has("pool") or F.max_pool2d
        x = pool(in_convs(c1(x)), 2)
        x = pool(in_convs(c3(x)), 2)
        x = x.flatten() if self.has("flattened_batch") else x.flatten(1)
        x = in_affines(f6(in_affines(f5(x))))
        last = self.has("last") or _nothing
        scores: Tensor = last(out(x))
        return scores


def lenet5(
    channels: int = 1, classes: int = 10, *, softmax: str = "", pool: str = "", act: str = "", **changed: Any
) -> Any:
    """Build LeNet-5 with something changed."""
    if softmax:
        changed["last"] = {
            "softmax": lambda s: torch.softmax(s, dim=1),
            "log": lambda s: torch.log_softmax(s, dim=1),
            "relu": F.relu,
        }[softmax]
    if pool:
        changed["pool"] = F.avg_pool2d
    if act:
        changed["act"] = {"tanh": torch.tanh, "sigmoid": torch.sigmoid}[act]
    return _LeNet5(channels, classes, **changed)


class _Inception(_Wrong):
    def __init__(
        self, c: int, n1: int, r3: int, n3: int, r5: int, n5: int, proj: int, **changed: Any
    ) -> None:
        super().__init__(**changed)
        bias = not self.has("no_bias")
        reduced = not self.has("no_reduction")
        self.one = nn.Conv2d(c, n1, 1, bias=bias)
        self.three = nn.Conv2d(r3 if reduced else c, n3, 3, padding=1, bias=bias)
        self.five = nn.Conv2d(
            r5 if reduced else c, n5, 5, padding=1 if self.has("thin_border") else 2, bias=bias
        )
        if reduced:
            self.thin3 = nn.Conv2d(c, r3, 1, bias=bias)
            self.thin5 = nn.Conv2d(c, r5, 1, bias=bias)
        if not self.has("no_projection"):
            self.project = nn.Conv2d(c, proj, 1, bias=bias)

    def _pooled(self, x: Tensor) -> Tensor:
        if self.has("average"):
            return F.avg_pool2d(x, 3, stride=1, padding=1)
        return F.max_pool2d(x, 3, stride=3 if self.has("large_steps") else 1, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        between = _nothing if self.has("no_relu_between") else F.relu
        three = self.three(x if self.has("no_reduction") else between(self.thin3(x)))
        five = self.five(x if self.has("no_reduction") else between(self.thin5(x)))
        if self.has("no_projection"):
            pooled = self._pooled(x)
        elif self.has("project_first"):
            pooled = self._pooled(F.relu(self.project(x)))
        else:
            pooled = self.project(self._pooled(x))
        branches = [self.one(x), three, five, pooled]
        if self.has("other_order"):
            branches = [branches[0], branches[2], branches[1], branches[3]]
        out = torch.cat(branches, dim=self.has("axis") if "axis" in self.changed else 1)
        return out if self.has("no_relu_at_the_end") else F.relu(out)


def inception(*widths: int, **changed: Any) -> Any:
    """Build an Inception module with something changed."""
    return _Inception(*widths, **changed)


class _Residual(_Wrong):
    """A basic block or a bottleneck: kernels and widths say which."""

    def __init__(
        self, c: int, widths: list[int], kernels: list[int], strides: list[int], stride: int, **changed: Any
    ) -> None:
        super().__init__(**changed)
        out = widths[-1]
        inputs = [c, *widths[:-1]]
        self.convs = nn.ModuleList(
            nn.Conv2d(i, o, k, s, padding=0 if self.has("unpadded") else k // 2, bias=False)
            for i, o, k, s in zip(inputs, widths, kernels, strides, strict=True)
        )
        track = not self.has("batch_only")
        self.norms = nn.ModuleList(
            nn.Identity() if self.has("no_norm") else nn.BatchNorm2d(width, track_running_stats=track)
            for width in ([out] if self.has("one_norm") else widths)
        )
        project = c != out or (stride != 1 and not self.has("size_forgotten"))
        if self.has("compared_with"):
            project = stride != 1 or c != self.has("compared_with")
        project = (project or self.has("always_projected")) and not self.has("plain")
        self.shortcut: nn.Module = nn.Identity()
        if project:
            step = 1 if self.has("projection_without_stride") else stride
            layers: list[nn.Module] = [nn.Conv2d(c, out, 1, step, bias=False)]
            if not self.has("no_norm") and not self.has("projection_without_norm"):
                layers.append(nn.BatchNorm2d(out, track_running_stats=track))
            if self.has("projection_with_relu"):
                layers.append(nn.ReLU())
            self.shortcut = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        h: Tensor = x
        last = len(self.convs) - 1
        for number, conv in enumerate(self.convs):
            h = self.norms[0 if self.has("one_norm") else number](conv(h))
            if number < last and not self.has("no_relu_between"):
                h = F.relu(h)
        if self.has("plain") or self.has("shortcut_unused"):
            return torch.relu(h)
        if self.has("relu_before_add"):
            h = torch.relu(h) + self.shortcut(x)
            return h
        if self.has("stacked"):
            return F.relu(torch.cat([h, self.shortcut(x)], dim=1))
        h = h + self.shortcut(x)
        return h if self.has("no_relu_after_add") else F.relu(h)


def basic_block(c: int, f: int, stride: int = 1, *, strides: str = "first", **changed: Any) -> Any:
    """Build a basic block with something changed."""
    steps = {"first": [stride, 1], "second": [1, stride], "both": [stride, stride], "none": [1, 1]}[strides]
    return _Residual(c, [f, f], [3, 3], steps, stride, **changed)


def bottleneck(
    c: int, inner: int, stride: int = 1, *, strides: str = "second", expansion: int = 4, **changed: Any
) -> Any:
    """Build a bottleneck with something changed."""
    steps = {"first": [stride, 1, 1], "second": [1, stride, 1], "third": [1, 1, stride]}[strides]
    if changed.pop("compared_inside", False):
        changed["compared_with"] = inner
    return _Residual(c, [inner, inner, expansion * inner], [1, 3, 1], steps, stride, **changed)


class _Separable(_Wrong):
    def __init__(self, c: int, f: int, stride: int, **changed: Any) -> None:
        super().__init__(**changed)
        first_step, second_step = (1, stride) if self.has("stride_in_pointwise") else (stride, 1)
        if self.has("stride_forgotten"):
            first_step = second_step = 1
        groups = 1 if self.has("no_groups") else c
        pad = 0 if self.has("unpadded") else 1
        depthwise: nn.Module = nn.Conv2d(c, c, 3, first_step, padding=pad, groups=groups, bias=False)
        pointwise: nn.Module = nn.Conv2d(c, f, 1, second_step, bias=False)
        if self.has("pointwise_first"):
            depthwise = nn.Conv2d(f, f, 3, stride, padding=1, groups=f, bias=False)
            pointwise = nn.Conv2d(c, f, 1, bias=False)
        between: list[nn.Module] = [] if self.has("no_norm_between") else [nn.BatchNorm2d(c)]
        if not self.has("no_relu_between"):
            between.append(nn.ReLU())
        end: list[nn.Module] = [] if self.has("no_relu_at_the_end") else [nn.ReLU()]
        layers = [depthwise, *between, pointwise, nn.BatchNorm2d(f), *end]
        if self.has("pointwise_first"):
            layers = [pointwise, nn.BatchNorm2d(f), nn.ReLU(), depthwise, nn.BatchNorm2d(f), nn.ReLU()]
        if self.has("no_pointwise"):
            layers = [depthwise, nn.BatchNorm2d(c), nn.ReLU()]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layers(x)
        return out


def depthwise_separable(c: int, f: int, stride: int = 1, **changed: Any) -> Any:
    """Build a depthwise separable block with something changed."""
    return _Separable(c, f, stride, **changed)
