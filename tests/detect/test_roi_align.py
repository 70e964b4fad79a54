"""RoIAlign equals ONNX's reference, and its backward pass is its transpose."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from cs_cnn.detect import roi_align_backward, roi_align_forward
from cs_cnn.gradcheck import check


def onnx_align(
    x: np.ndarray, rois: np.ndarray, size: tuple[int, int], scale: float, samples: int
) -> np.ndarray:
    node = helper.make_node(
        "RoiAlign",
        ["x", "rois", "images"],
        ["out"],
        mode="avg",
        coordinate_transformation_mode="half_pixel",
        output_height=size[0],
        output_width=size[1],
        sampling_ratio=samples,
        spatial_scale=scale,
    )
    kinds = [TensorProto.DOUBLE, TensorProto.DOUBLE, TensorProto.INT64]
    graph = helper.make_graph(
        [node],
        "align",
        [helper.make_tensor_value_info(n, k, None) for n, k in zip(node.input, kinds, strict=True)],
        [helper.make_tensor_value_info("out", TensorProto.DOUBLE, None)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)])
    values = {"x": x, "rois": rois[:, 1:], "images": rois[:, 0].astype(np.int64)}
    return ReferenceEvaluator(model).run(None, values)[0]


def draw(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    n, channels, height, width = rng.integers(1, [3, 3, 8, 8])
    low = rng.uniform(-3, 8, (3, 2))
    rois = np.column_stack([rng.integers(0, n, 3), low, low + rng.uniform(0.1, 6, (3, 2))])
    return rng.normal(size=(n, channels, height, width)), rois


@given(
    st.integers(0, 10**6),
    st.integers(1, 3),
    st.integers(1, 3),
    st.sampled_from([1.0, 0.5]),
    st.integers(1, 3),
)
def test_equal_to_onnx(seed: int, height: int, width: int, scale: float, samples: int) -> None:
    """Within the image, over its border and beside it."""
    x, rois = draw(seed)
    out, _ = roi_align_forward(x, rois, size=(height, width), scale=scale, samples=samples)
    assert np.allclose(out, onnx_align(x, rois, (height, width), scale, samples), atol=1e-6)


@given(st.integers(0, 10**6), st.integers(1, 3))
def test_backward_is_the_transpose(seed: int, size: int) -> None:
    x, rois = draw(seed)
    out, cache = roi_align_forward(x, rois, size=size)
    dout = np.random.default_rng(seed).normal(size=out.shape)
    assert np.isclose((out * dout).sum(), (x * roi_align_backward(dout, cache)).sum())


def test_the_gradient() -> None:
    x, rois = draw(3)
    assert check(roi_align_forward, roi_align_backward, {"x": x}, options={"rois": rois, "size": 2}).ok


def test_whole_pixels_are_read_as_they_are() -> None:
    """One sample in the middle of every pixel gives the crop itself, which no half step away does."""
    x = np.random.default_rng(0).normal(size=(1, 1, 5, 6))
    out, _ = roi_align_forward(x, np.array([[0.0, 1, 2, 4, 5]]), size=3, samples=1)
    assert np.allclose(out[0], x[0, :, 2:5, 1:4])
    moved, _ = roi_align_forward(x, np.array([[0.0, 1.5, 2, 4.5, 5]]), size=3, samples=1)
    assert np.allclose(moved[0], (x[0, :, 2:5, 1:4] + x[0, :, 2:5, 2:5]) / 2)


@pytest.mark.parametrize(
    ("rois", "sentence"),
    [
        ([[0.0, 1, 1, 2]], "five columns"),
        ([[1.0, 0, 0, 1, 1]], "rois must name in column 0 an image from 0 to 0"),
        ([[0.5, 0, 0, 1, 1]], "rois must name in column 0"),
        ([[0.0, 2, 0, 1, 1]], "x1 <= x2"),
    ],
)
def test_regions_that_are_none(rois: list, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        roi_align_forward(np.ones((1, 1, 3, 3)), np.array(rois), size=2)


def test_a_gradient_of_another_shape() -> None:
    _, cache = roi_align_forward(np.ones((1, 1, 3, 3)), np.array([[0.0, 0, 0, 2, 2]]), size=2)
    with pytest.raises(ValueError, match="dout must have the shape of out"):
        roi_align_backward(np.ones((1, 1, 3, 3)), cache)
