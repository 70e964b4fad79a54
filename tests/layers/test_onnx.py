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
    conv2d_forward,
    elu_forward,
    leaky_relu_forward,
    max_pool2d_forward,
    pad2d_forward,
    same_padding,
    softmax,
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
