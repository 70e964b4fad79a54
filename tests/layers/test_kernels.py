"""The ways to compute a convolution: each is right, each is chosen for something, and none needs much memory."""

from __future__ import annotations

import tracemalloc
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from cs_cnn import gradcheck
from cs_cnn.layers import (
    affine_backward,
    affine_forward,
    conv2d_backward,
    conv2d_forward,
    conv2d_plain,
    conv_transpose2d_backward,
    conv_transpose2d_forward,
)
from cs_cnn.layers.convolution import kernels
from cs_cnn.layers.convolution.kernels import depthwise, direct, fft, im2col, lines, tiles, winograd
from cs_cnn.layers.convolution.kernels.geometry import Geometry, geometry_of

EXACT = 1e-10
"""Largest relative error in float64."""
WINOGRAD = 1e-4
"""Largest relative error of Winograd's way, in float32 against float64: the bound its module states."""

SETTINGS: dict[str, Any] = {"stride": 1, "pad": 0, "dilation": 1, "groups": 1, "fit": "floor"}


def arguments(
    x: tuple[int, ...], w: tuple[int, ...], options: dict[str, Any], dtype: type = np.float64
) -> tuple[np.ndarray, np.ndarray, np.ndarray, Geometry]:
    """Return random arrays, and where the windows lie."""
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape).astype(dtype) for shape in (x, w, w[:1])]
    return *arrays, geometry_of(*arrays, *(SETTINGS | options).values())


# (N, C, H, W), (F, C / groups, HH, WW) and the options; images and filters are not square, batches are odd.
SOME = [
    ((3, 2, 7, 9), (4, 2, 3, 2), {}),
    ((2, 3, 9, 8), (2, 3, 3, 3), {"pad": ((1, 0), (2, 1))}),
    ((1, 1, 11, 7), (1, 1, 5, 3), {"stride": (2, 3), "pad": 1}),
]
MORE = [
    ((2, 4, 9, 10), (6, 2, 3, 2), {"groups": 2, "stride": (3, 1), "pad": (0, 1)}),
    ((3, 2, 12, 11), (2, 2, 3, 3), {"dilation": (2, 3), "stride": (2, 1), "pad": ((2, 3), (1, 4))}),
]
OF_ONE_CHANNEL = [
    ((3, 5, 7, 9), (5, 1, 3, 2), {"groups": 5}),
    ((2, 3, 9, 8), (3, 1, 3, 4), {"groups": 3, "stride": (2, 3), "pad": ((1, 2), (0, 3))}),
    ((1, 2, 14, 11), (2, 1, 3, 3), {"groups": 2, "dilation": (3, 2), "stride": (2, 1), "pad": 2}),
]
OF_ONE_PIXEL = [((3, 4, 5, 7), (6, 4, 1, 1), {}), ((3, 4, 5, 7), (6, 2, 1, 1), {"groups": 2})]
LARGE = [
    ((2, 2, 40, 37), (3, 2, 11, 13), {"pad": ((5, 4), (0, 6))}),
    ((3, 4, 33, 32), (2, 2, 16, 16), {"groups": 2}),
]
EXACTLY = [
    *((im2col, *case) for case in [*SOME, *MORE, *OF_ONE_CHANNEL]),
    *((lines, *case) for case in SOME),
    *((depthwise, *case) for case in OF_ONE_CHANNEL),
    *((direct, *case) for case in OF_ONE_PIXEL),
    *((fft, *case) for case in LARGE),
]
IN_SINGLE = [
    ((2, 5, 9, 8), (4, 5, 3, 3), {"pad": 1}),
    ((3, 4, 13, 10), (6, 2, 4, 5), {"groups": 2, "pad": ((1, 3), (2, 0))}),
    ((2, 3, 23, 27), (5, 3, 11, 9), {"stride": (4, 3), "pad": 2}),
    ((1, 2, 12, 13), (3, 2, 5, 5), {"stride": 2, "pad": 2}),
]


def gradients_of(
    dout: np.ndarray, x: np.ndarray, w: np.ndarray, b: np.ndarray, options: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients of the images and of the filters as PyTorch computes them."""
    import torch
    import torch.nn.functional as F

    (top, bottom), (left, right) = geometry_of(x, w, b, *(SETTINGS | options).values()).ends
    tensors = [torch.tensor(a, requires_grad=True) for a in (x, w)]
    rest = {k: v for k, v in options.items() if k != "pad"}
    padded = F.pad(tensors[0], (left, right, top, bottom))
    F.conv2d(padded, tensors[1], torch.tensor(b), **rest).backward(torch.tensor(dout))
    dx, dw = (tensor.grad.numpy() for tensor in tensors)
    return dx, dw


def worst(ours: np.ndarray, right: np.ndarray) -> float:
    """Return the largest error, relative to the largest right entry."""
    return float(np.abs(ours - right).max() / np.abs(right).max())


@pytest.mark.parametrize(("module", "x", "w", "options"), EXACTLY)
@pytest.mark.parametrize("block", [None, 1, 700])
def test_a_kernel_is_the_formula(
    module: ModuleType,
    x: tuple[int, ...],
    w: tuple[int, ...],
    options: dict[str, Any],
    block: int | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if block is not None:  # so that a batch, an image and the filters are cut into several pieces
        monkeypatch.setattr(tiles if module is fft else module, "BLOCK", block)
        monkeypatch.setattr(fft.Fourier, "at_once", 1)
    x, w, b, geometry = arguments(x, w, options)
    out = module.forward(x, w, b, geometry)
    assert worst(out, conv2d_plain(x, w, b, **options)) < EXACT
    dout = np.random.default_rng(1).normal(size=out.shape)
    for ours, right in zip(
        module.backward(dout, x, w, geometry), gradients_of(dout, x, w, b, options), strict=True
    ):
        assert worst(ours, right) < EXACT


@pytest.mark.parametrize(("x", "w", "options"), IN_SINGLE)
@pytest.mark.parametrize("small", [False, True])
def test_winograd_is_the_formula_within_its_bound(
    x: tuple[int, ...],
    w: tuple[int, ...],
    options: dict[str, Any],
    small: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if small:
        monkeypatch.setattr(tiles, "BLOCK", 1)
        monkeypatch.setattr(winograd, "COLUMNS", 4)
        monkeypatch.setattr(winograd.Winograd, "at_once", 3)
    x, w, b, geometry = arguments(x, w, options, np.float32)
    wide = [a.astype(np.float64) for a in (x, w, b)]
    out = winograd.forward(x, w, b, geometry)
    assert out.dtype == np.float32 and worst(out, conv2d_plain(*wide, **options)) < WINOGRAD
    dout = np.random.default_rng(1).normal(size=out.shape).astype(np.float32)
    right = gradients_of(dout.astype(np.float64), *wide, options)
    for ours, expected in zip(winograd.backward(dout, x, w, geometry), right, strict=True):
        assert ours.dtype == np.float32 and worst(ours, expected) < WINOGRAD


def test_winograd_keeps_its_bound_on_a_layer_of_vgg() -> None:
    x, w, b, geometry = arguments((1, 256, 28, 28), (128, 256, 3, 3), {"pad": 1}, np.float32)
    wide = [a.astype(np.float64) for a in (x, w, b)]
    right = im2col.forward(*wide, geometry)
    error = worst(winograd.forward(x, w, b, geometry), right)
    assert (
        worst(im2col.forward(x, w, b, geometry), right) < error < WINOGRAD
    )  # the price is real, and bounded


CHOICES = [
    (direct, (1, 2, 5, 5), (3, 2, 1, 1), {}, np.float64),
    (im2col, (1, 2, 5, 5), (3, 2, 1, 1), {"pad": 1}, np.float64),
    (im2col, (1, 2, 5, 5), (3, 2, 1, 1), {"stride": 2}, np.float64),
    (depthwise, (1, 3, 5, 5), (3, 1, 3, 3), {"groups": 3}, np.float32),
    (im2col, (1, 3, 5, 5), (6, 1, 3, 3), {"groups": 3}, np.float32),
    (lines, (256, 1, 5, 5), (1, 1, 3, 3), {}, np.float32),
    (im2col, (256, 1, 5, 5), (1, 1, 3, 3), {"dilation": 2}, np.float32),
    (winograd, (1, 32, 24, 24), (32, 32, 3, 3), {"pad": 1}, np.float32),
    (im2col, (1, 32, 24, 24), (32, 32, 3, 3), {"pad": 1}, np.float64),
    (im2col, (1, 32, 5, 5), (32, 32, 3, 3), {}, np.float32),
    (im2col, (1, 32, 24, 24), (8, 32, 3, 3), {"pad": 1}, np.float32),
    (winograd, (1, 3, 227, 227), (96, 3, 11, 11), {"stride": 4}, np.float32),
    (im2col, (1, 3, 227, 227), (96, 3, 11, 11), {"stride": 4}, np.float64),
    (im2col, (1, 3, 224, 224), (64, 3, 7, 7), {"stride": 2, "pad": 3}, np.float32),
    (lines, (64, 6, 14, 14), (16, 6, 5, 5), {}, np.float64),
    (im2col, (64, 20, 14, 14), (16, 20, 5, 5), {}, np.float32),
    (im2col, (64, 6, 14, 14), (20, 6, 5, 5), {}, np.float32),
    (im2col, (1, 6, 14, 14), (16, 6, 5, 5), {}, np.float32),
    (im2col, (2, 4, 224, 224), (4, 2, 3, 3), {"groups": 2}, np.float64),
    (fft, (1, 32, 60, 60), (32, 32, 13, 13), {}, np.float32),
    (fft, (1, 32, 60, 60), (32, 32, 11, 16), {}, np.float64),
    (im2col, (1, 32, 60, 60), (32, 32, 9, 13), {}, np.float32),
    (im2col, (1, 32, 60, 60), (32, 32, 13, 17), {}, np.float32),
    (im2col, (1, 32, 40, 60), (32, 32, 13, 13), {}, np.float32),
    (im2col, (1, 32, 60, 60), (32, 32, 13, 13), {"stride": 2}, np.float64),
]


@pytest.mark.parametrize(("module", "x", "w", "options", "dtype"), CHOICES)
def test_every_way_is_chosen_for_something(
    module: ModuleType, x: tuple[int, ...], w: tuple[int, ...], options: dict[str, Any], dtype: type
) -> None:
    x, w, _, geometry = arguments(x, w, options, dtype)
    assert kernels.choose(x, w, geometry) is module


@pytest.mark.parametrize(
    "module", [direct, depthwise, winograd, fft, lines, im2col], ids=lambda m: m.__name__.rpartition(".")[2]
)
def test_what_is_chosen_is_right(module: ModuleType) -> None:
    _, shape, of_w, options, dtype = next(c for c in CHOICES if c[0] is module and c[1][0] * c[1][2] < 2000)
    x, w, b, geometry = arguments(shape, of_w, options, dtype)
    wide = [a.astype(np.float64) for a in (x, w, b)]
    out = kernels.forward(x, w, b, geometry)
    right = im2col.forward(*wide, geometry)
    assert out.dtype == dtype and worst(out, right) < WINOGRAD
    dout = np.random.default_rng(1).normal(size=out.shape).astype(dtype)
    dx, dw = kernels.backward(dout, x, w, geometry)
    for ours, expected in zip(
        (dx, dw), im2col.backward(dout.astype(np.float64), *wide[:2], geometry), strict=True
    ):
        assert ours.dtype == dtype and worst(ours, expected) < WINOGRAD
    nothing, alone = kernels.backward(dout, x, w, geometry, only_filters=True)
    assert not nothing.any() and worst(alone, dw) < 1e-6


MEMORY = [
    (direct, (16, 32, 32), (24, 16, 1, 1), {}),
    (depthwise, (32, 48, 48), (32, 1, 3, 3), {"groups": 32, "pad": 1}),
    (winograd, (32, 30, 30), (48, 32, 3, 3), {"pad": 1}),
    (winograd, (3, 100, 100), (32, 3, 11, 11), {"stride": 4}),
    (fft, (24, 52, 52), (24, 24, 11, 11), {}),
    (lines, (3, 64, 64), (16, 3, 5, 5), {"pad": 2}),
    (im2col, (20, 48, 48), (20, 20, 3, 3), {"pad": 1}),
]


def extra_memory(
    images: int, image: tuple[int, ...], of_w: tuple[int, ...], options: dict[str, Any]
) -> list[int]:
    """Return the bytes that forward and backward need at most, beyond what they are given and what they return."""
    x, w, b, geometry = arguments((images, *image), of_w, options, np.float32)
    dout = np.ones((images, len(w), *geometry.positions), np.float32)
    found = []

    def forward() -> tuple[np.ndarray, ...]:
        out, kept = conv2d_forward(x, w, b, **options)
        cache.append(kept)
        return (out,)

    cache: list[Any] = []
    forward()
    for run in (forward, lambda: conv2d_backward(dout, cache[0])):
        run()  # what is kept from a first call is not counted
        tracemalloc.start()
        results = run()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        found.append(peak - sum(result.nbytes for result in results))
    return found


def bound(module: ModuleType, x: np.ndarray, w: np.ndarray, geometry: Geometry) -> int:
    """Return the bytes that the docstring of `kernels` promises not to exceed."""
    if module in (winograd, fft):
        tiling = (winograd.Winograd if module is winograd else fft.Fourier)(geometry, w.shape[2:])
        numbers = tiling.at_once * tiling.bytes * (x.shape[1] * np.prod(geometry.stride) + len(w))
        return int((2 if module is winograd else 4) * (numbers + tiles.BLOCK))
    return (4 if module is depthwise else 2) * module.BLOCK


@pytest.mark.parametrize(("module", "image", "w", "options"), MEMORY)
def test_extra_memory_is_bounded_by_the_blocks_and_not_by_the_batch(
    module: ModuleType, image: tuple[int, ...], w: tuple[int, ...], options: dict[str, Any]
) -> None:
    x, weights, _, geometry = arguments((32, *image), w, options, np.float32)
    assert kernels.choose(x, weights, geometry) is module
    few, many = extra_memory(32, image, w, options), extra_memory(128, image, w, options)
    for of_few, of_many in zip(few, many, strict=True):
        assert of_many <= of_few * 1.1 + 2**16
        assert of_many <= bound(module, x, weights, geometry)


def test_an_input_gradient_that_is_not_asked_for_is_not_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    out, cache = conv_transpose2d_forward(
        rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(3, 2, 3, 3)), np.zeros(2)
    )

    def refuse(*_: object) -> None:
        raise AssertionError("the gradient of the images was computed")

    monkeypatch.setattr(im2col.Gather, "give_back", refuse)
    dx, dw, _ = conv_transpose2d_backward(np.ones_like(out), cache)
    assert dx.any() and dw.any()


def test_affine_of_no_example() -> None:
    out, cache = affine_forward(np.zeros((0, 2, 3)), np.ones((6, 4)), np.ones(4))
    assert out.shape == (0, 4)
    dx, dw, db = affine_backward(np.zeros((0, 4)), cache)
    assert dx.shape == (0, 2, 3) and not dw.any() and dw.shape == (6, 4) and not db.any()
    with pytest.raises(ValueError, match="w must"):
        affine_forward(np.zeros((0, 2, 3)), np.ones((5, 4)), np.ones(4))


def test_gradients_are_checked_by_differences_too() -> None:
    arrays = dict(zip(("x", "w", "b"), arguments((2, 3, 7, 6), (3, 1, 3, 2), {"groups": 3})[:3], strict=True))
    report = gradcheck.check(
        conv2d_forward,
        conv2d_backward,
        arrays,
        wrt=("x", "w", "b"),
        options={"groups": 3, "stride": (2, 1), "pad": 1},
    )
    assert report.ok, report
