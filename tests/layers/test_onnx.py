"""The operators of ONNX that our layers express, against ONNX's own reference evaluator.

The page "Saying it in ONNX" of the book says in words what these tests say in code.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from cs_cnn.gradcheck import relative_error
from cs_cnn.layers import (
    affine_forward,
    avg_pool2d_forward,
    batch_norm2d_forward,
    conv1d_forward,
    conv2d_forward,
    conv_transpose2d_forward,
    elu_forward,
    global_avg_pool2d_forward,
    grid_sample_forward,
    layer_norm_forward,
    leaky_relu_forward,
    local_response_norm_forward,
    max_pool2d_forward,
    max_pool2d_switches,
    max_unpool2d_forward,
    pad2d_forward,
    same_padding,
    sigmoid_forward,
    softmax,
    softmax_loss_forward,
    tanh_forward,
)

rng = np.random.default_rng(0)


def onnx_run(operator: str, *inputs: np.ndarray, outputs: int = 1, **attributes: Any) -> np.ndarray:
    """Evaluate one operator with ONNX's reference implementation, and return its first output."""
    names = [f"in{i}" for i in range(len(inputs))]
    results = [f"out{i}" for i in range(outputs)]
    node = helper.make_node(operator, names, results, **attributes)
    kinds = {np.dtype(np.float64): TensorProto.DOUBLE, np.dtype(np.int64): TensorProto.INT64}
    graph = helper.make_graph(
        [node],
        operator,
        [
            helper.make_tensor_value_info(name, kinds[a.dtype], a.shape)
            for name, a in zip(names, inputs, strict=True)
        ],
        [helper.make_tensor_value_info(name, TensorProto.DOUBLE, None) for name in results],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
    return ReferenceEvaluator(model).run(None, dict(zip(names, inputs, strict=True)))[0]


@given(
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    dilation=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    ends=st.tuples(
        st.tuples(st.integers(0, 2), st.integers(0, 2)), st.tuples(st.integers(0, 2), st.integers(0, 2))
    ),
    group=st.integers(1, 2),
)
def test_conv(stride: tuple, dilation: tuple, ends: tuple, group: int) -> None:
    """pads=[top, left, bottom, right] is pad=((top, bottom), (left, right)); group is groups."""
    x, w, b = rng.normal(size=(2, 4, 7, 8)), rng.normal(size=(6, 4 // group, 3, 2)), rng.normal(size=6)
    (top, bottom), (left, right) = ends
    expected = onnx_run(
        "Conv", x, w, b, strides=stride, dilations=dilation, pads=[top, left, bottom, right], group=group
    )
    out, _ = conv2d_forward(x, w, b, stride=stride, dilation=dilation, pad=ends, groups=group)
    assert relative_error(out, expected) < 1e-12


@pytest.mark.parametrize(("auto_pad", "extra"), [("SAME_UPPER", "after"), ("SAME_LOWER", "before")])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [2, 3, 5])
def test_auto_pad(auto_pad: str, extra: str, stride: int, kernel: int) -> None:
    """auto_pad is what `same_padding` computes for either axis."""
    x, w, b = rng.normal(size=(1, 1, 7, 10)), rng.normal(size=(1, 1, kernel, kernel)), np.zeros(1)
    expected = onnx_run("Conv", x, w, b, strides=[stride, stride], auto_pad=auto_pad)
    pad = tuple(same_padding(size, kernel, stride=stride, extra=extra) for size in x.shape[2:])
    assert relative_error(conv2d_forward(x, w, b, stride=stride, pad=pad)[0], expected) < 1e-12


# With stride 1 there is nothing to round, yet the reference evaluator (1.23) adds positions that are all zero.
@pytest.mark.parametrize(("ceil_mode", "stride"), [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3)])
def test_max_pool(ceil_mode: int, stride: int) -> None:
    """ceil_mode=1 is fit="ceil"."""
    x = rng.normal(size=(2, 3, 8, 9))
    expected = onnx_run(
        "MaxPool", x, kernel_shape=[3, 3], strides=[stride, stride], pads=[1, 0, 0, 1], ceil_mode=ceil_mode
    )
    fit = "ceil" if ceil_mode else "floor"
    out, _ = max_pool2d_forward(x, size=3, stride=stride, pad=((1, 0), (0, 1)), fit=fit)
    assert relative_error(out, expected) < 1e-12


@pytest.mark.parametrize(("ours", "theirs"), [("zero", "constant"), ("reflect", "reflect"), ("edge", "edge")])
def test_pad(ours: str, theirs: str) -> None:
    x = rng.normal(size=(1, 2, 4, 5))
    pads = np.array([0, 0, 1, 2, 0, 0, 3, 0])
    expected = onnx_run("Pad", x, pads, mode=theirs)
    assert np.array_equal(pad2d_forward(x, pad=((1, 3), (2, 0)), mode=ours)[0], expected)


def test_gemm_leaky_relu_elu_softmax() -> None:
    """Gemm with transB=1 stores the weight as PyTorch does; alpha is our slope for LeakyRelu."""
    x, w, b = rng.normal(size=(3, 4)), rng.normal(size=(4, 2)), rng.normal(size=2)
    out, _ = affine_forward(x, w, b)
    assert relative_error(out, onnx_run("Gemm", x, w.T.copy(), b, transB=1)) < 1e-12
    assert relative_error(leaky_relu_forward(x, slope=0.2)[0], onnx_run("LeakyRelu", x, alpha=0.2)) < 1e-7
    assert relative_error(elu_forward(x, alpha=0.7)[0], onnx_run("Elu", x, alpha=0.7)) < 1e-7
    assert relative_error(softmax(x), onnx_run("Softmax", x, axis=1)) < 1e-12


def test_softmax_cross_entropy_loss() -> None:
    x, y = rng.normal(size=(5, 3)), rng.integers(3, size=5)
    expected = onnx_run("SoftmaxCrossEntropyLoss", x, y, reduction="mean")
    assert relative_error(softmax_loss_forward(x, y)[0], expected) < 1e-12


def test_sigmoid_and_tanh() -> None:
    x = rng.normal(size=(3, 4))
    assert relative_error(sigmoid_forward(x)[0], onnx_run("Sigmoid", x)) < 1e-12
    assert relative_error(tanh_forward(x)[0], onnx_run("Tanh", x)) < 1e-12


def test_conv_in_one_dimension() -> None:
    x, w, b = rng.normal(size=(2, 3, 9)), rng.normal(size=(4, 3, 2)), rng.normal(size=4)
    expected = onnx_run("Conv", x, w, b, strides=[2], dilations=[2], pads=[2, 0])
    assert relative_error(conv1d_forward(x, w, b, stride=2, dilation=2, pad=(2, 0))[0], expected) < 1e-12


@pytest.mark.parametrize("output_pad", [0, 1])
def test_conv_transpose(output_pad: int) -> None:
    """output_padding is output_pad; the weight has ONNX's and PyTorch's order (C, F / group, HH, WW).

    Groups are held to PyTorch only: the reference evaluator (1.23) does not get them right.
    """
    x, w, b = rng.normal(size=(2, 4, 3, 4)), rng.normal(size=(4, 3, 3, 2)), rng.normal(size=3)
    expected = onnx_run(
        "ConvTranspose", x, w, b, strides=[2, 2], pads=[1, 0, 1, 0], output_padding=[output_pad] * 2
    )
    out, _ = conv_transpose2d_forward(x, w, b, stride=2, pad=(1, 0), output_pad=output_pad)
    assert relative_error(out, expected) < 1e-12


@pytest.mark.parametrize("count_include_pad", [0, 1])
def test_average_pool(count_include_pad: int) -> None:
    """Our default counts the padding, as PyTorch's; ONNX's does not."""
    x = rng.normal(size=(2, 3, 7, 8))
    expected = onnx_run(
        "AveragePool",
        x,
        kernel_shape=[3, 2],
        strides=[2, 2],
        pads=[1, 1, 1, 1],
        count_include_pad=count_include_pad,
    )
    out, _ = avg_pool2d_forward(x, size=(3, 2), stride=2, pad=1, count_include_pad=bool(count_include_pad))
    assert relative_error(out, expected) < 1e-12


def test_global_average_pool() -> None:
    x = rng.normal(size=(2, 3, 4, 5))
    out = global_avg_pool2d_forward(x)[0]
    assert relative_error(out.reshape(2, 3, 1, 1), onnx_run("GlobalAveragePool", x)) < 1e-12


def test_max_unpool() -> None:
    """ONNX counts the switches over the whole tensor, we count them within one map."""
    x = rng.normal(size=(2, 3, 4, 6))
    out, cache = max_pool2d_forward(x)
    switches = max_pool2d_switches(cache)
    offsets = np.arange(2 * 3).reshape(2, 3, 1, 1) * (4 * 6)
    shape = np.array(x.shape)
    expected = onnx_run(
        "MaxUnpool", out, (switches + offsets).astype(np.int64), shape, kernel_shape=[2, 2], strides=[2, 2]
    )
    assert np.array_equal(max_unpool2d_forward(out, switches, image=(4, 6))[0], expected)


def test_batch_normalization() -> None:
    """ONNX's momentum is one minus ours, and its running variance is biased where ours (and PyTorch's) is not."""
    x, gamma, beta = rng.normal(size=(4, 3, 2, 5)), rng.normal(size=3), rng.normal(size=3)
    mean, var = rng.normal(size=3), rng.uniform(0.5, 2, size=3)
    expected = onnx_run("BatchNormalization", x, gamma, beta, mean, var, epsilon=2**-10)
    out, _ = batch_norm2d_forward(
        x, gamma, beta, running_mean=mean.copy(), running_var=var.copy(), eps=2**-10, train=False
    )
    assert relative_error(out, expected) < 1e-12

    trained = onnx_run(
        "BatchNormalization",
        x,
        gamma,
        beta,
        mean,
        var,
        outputs=3,
        epsilon=2**-10,
        momentum=0.9,
        training_mode=1,
    )
    running_mean, running_var = mean.copy(), var.copy()
    out, _ = batch_norm2d_forward(
        x, gamma, beta, running_mean=running_mean, running_var=running_var, momentum=0.1, eps=2**-10
    )
    assert relative_error(out, trained) < 1e-12
    count = x.size / 3
    assert np.allclose(running_mean, 0.9 * mean + 0.1 * x.mean(axis=(0, 2, 3)))
    assert np.allclose(running_var, 0.9 * var + 0.1 * x.var(axis=(0, 2, 3)) * count / (count - 1))


def test_layer_normalization() -> None:
    """axis is where the trailing axes begin, which the shape of gamma says here."""
    x, gamma, beta = rng.normal(size=(4, 3, 5)), rng.normal(size=(3, 5)), rng.normal(size=(3, 5))
    expected = onnx_run("LayerNormalization", x, gamma, beta, axis=1, epsilon=1e-5)
    assert relative_error(layer_norm_forward(x, gamma, beta)[0], expected) < 1e-6


def test_local_response_normalization() -> None:
    """ONNX and PyTorch divide alpha by the size; the paper does not."""
    x = rng.normal(
        size=(7, 7, 3, 4)
    )  # the reference evaluator (1.23) normalises as many channels as there are images
    expected = onnx_run("LRN", x, size=5, alpha=0.3, beta=0.75, bias=2.0)
    assert relative_error(local_response_norm_forward(x, alpha=0.3)[0], expected) < 1e-6
    paper, _ = local_response_norm_forward(x, alpha=0.3 / 5, convention="paper")
    assert relative_error(paper, expected) < 1e-6


@pytest.mark.parametrize("align_corners", [0, 1])
def test_grid_sample(align_corners: int) -> None:
    x, grid = rng.normal(size=(2, 3, 5, 6)), rng.uniform(-1.2, 1.2, size=(2, 4, 3, 2))
    expected = onnx_run(
        "GridSample", x, grid, mode="linear", padding_mode="zeros", align_corners=align_corners
    )
    out, _ = grid_sample_forward(x, grid, align_corners=bool(align_corners))
    assert relative_error(out, expected) < 1e-6
