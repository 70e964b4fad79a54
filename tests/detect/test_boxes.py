"""Boxes, their overlaps, and suppression; equal to ONNX's NonMaxSuppression."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from cs_cnn.detect import area, clip, iou_matrix, non_maximum_suppression, to_centres, to_corners


def draw_boxes(rng: np.random.Generator, n: int, size: int = 40) -> np.ndarray:
    corners = rng.integers(0, size, (n, 2, 2)).astype(float)
    low = corners.min(axis=1)
    return np.hstack([low, low + rng.integers(1, size // 2, (n, 2))])


def painted(box: np.ndarray, size: int = 64) -> np.ndarray:
    """Paint the pixels of a box whose corners are whole numbers."""
    x1, y1, x2, y2 = box.astype(int)
    mask = np.zeros((size, size), dtype=bool)
    mask[y1:y2, x1:x2] = True
    return mask


@given(st.integers(0, 10**6), st.integers(0, 4), st.integers(0, 4))
def test_overlaps_are_those_of_painted_pixels(seed: int, n: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = draw_boxes(rng, n), draw_boxes(rng, m)
    overlaps = iou_matrix(a, b)
    assert overlaps.shape == (n, m)
    for i, j in np.ndindex(n, m):
        one, other = painted(a[i]), painted(b[j])
        assert np.isclose(overlaps[i, j], (one & other).sum() / (one | other).sum())
    assert np.array_equal(overlaps.T, iou_matrix(b, a))


@pytest.mark.parametrize(
    ("b", "expected"),
    [
        ([0, 0, 2, 2], 1.0),
        ([1, 0, 3, 2], 1 / 3),
        ([1, 1, 3, 3], 1 / 7),
        ([2, 0, 4, 2], 0.0),  # they share an edge
        ([5, 5, 7, 7], 0.0),  # apart along both axes: two negative lengths
        ([0.5, 0.5, 1.5, 1.5], 0.25),
        ([1, 0, 1, 2], 0.0),  # no area
    ],
)
def test_overlaps_by_hand(b: list[float], expected: float) -> None:
    assert iou_matrix([[0, 0, 2, 2]], [b]).item() == pytest.approx(expected)


def test_two_boxes_without_area_are_not_nan() -> None:
    assert iou_matrix([[1, 1, 1, 1]], [[1, 1, 1, 1]]).item() == 0


@given(st.integers(0, 10**6), st.integers(0, 5))
def test_centres_and_back(seed: int, n: int) -> None:
    boxes = draw_boxes(np.random.default_rng(seed), n)
    centres = to_centres(boxes)
    assert np.allclose(to_corners(centres), boxes)
    assert np.allclose(centres[:, 2] * centres[:, 3], area(boxes))


def test_clipping() -> None:
    boxes = [[-5.0, -5, 200, 200], [10, 20, 30, 40], [120, 5, 130, 9]]
    assert clip(boxes, (80, 100)).tolist() == [[0, 0, 100, 80], [10, 20, 30, 40], [100, 5, 100, 9]]


@pytest.mark.parametrize(
    ("boxes", "sentence"),
    [
        ([[0, 0, 1]], r"a must have shape \(N, 4\), corners x1, y1, x2, y2, got \(1, 3\)"),
        ([0, 0, 1, 1], r"got \(4,\)"),
        ([[0, 0, np.nan, 1]], "a must hold finite numbers"),
        ([[50, 50, 20, 20]], r"a must have x1 <= x2 and y1 <= y2, got \[50.0, 50.0, 20.0, 20.0\]"),
    ],
)
def test_what_is_no_box(boxes: list, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        iou_matrix(boxes, [[0, 0, 1, 1]])


@pytest.mark.parametrize(
    ("centres", "sentence"), [([[0, 0, 1]], "centres must have shape"), ([[0, 0, -1, 1]], "not negative")]
)
def test_what_is_no_centre(centres: list, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        to_corners(centres)


def onnx_keeps(boxes: np.ndarray, scores: np.ndarray, threshold: float) -> np.ndarray:
    """Return what ONNX's reference keeps: rows of (image, class, box) for scores (classes, N) of at least 0."""
    names = ["boxes", "scores", "most", "overlap", "least"]
    node = helper.make_node("NonMaxSuppression", names, ["kept"])
    kinds = [TensorProto.FLOAT, TensorProto.FLOAT, TensorProto.INT64, TensorProto.FLOAT, TensorProto.FLOAT]
    graph = helper.make_graph(
        [node],
        "suppression",
        [helper.make_tensor_value_info(name, kind, None) for name, kind in zip(names, kinds, strict=True)],
        [helper.make_tensor_value_info("kept", TensorProto.INT64, None)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)])
    turned = boxes[None][..., [1, 0, 3, 2]]  # ONNX has y before x
    values = [turned, scores[None], np.array([len(boxes)]), np.array([threshold]), np.array([-1.0])]
    return ReferenceEvaluator(model).run(None, dict(zip(names, values, strict=True)))[0]


@given(st.integers(0, 10**6), st.integers(1, 12), st.sampled_from([0.0, 0.2, 0.5, 0.8]))
def test_suppression_equals_onnx(seed: int, n: int, threshold: float) -> None:
    rng = np.random.default_rng(seed)
    boxes, scores = draw_boxes(rng, n, 16), rng.integers(1, 8, n) / 8  # with ties
    chosen = onnx_keeps(boxes, scores[None], threshold)
    assert non_maximum_suppression(boxes, scores, threshold).tolist() == chosen[:, 2].tolist()


@given(st.integers(0, 10**6), st.integers(1, 12))
def test_suppression_by_class_equals_onnx(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    boxes, scores, labels = draw_boxes(rng, n, 16), rng.permutation(n) / n, rng.integers(0, 3, n)
    each = np.where(labels == np.arange(3)[:, None], scores, -2.0)
    kept = onnx_keeps(boxes, each, 0.3)
    expected = sorted((int(place) for _, _, place in kept), key=lambda place: -scores[place])
    assert non_maximum_suppression(boxes, scores, 0.3, labels=labels).tolist() == expected


def test_a_dropped_box_drops_no_other() -> None:
    """Three in a row: the second falls to the first, and the third is spared by that."""
    row = [[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]]
    assert non_maximum_suppression(row, [0.9, 0.8, 0.7], 0.3).tolist() == [0, 2]
    assert non_maximum_suppression(row, [0.8, 0.9, 0.7], 0.3).tolist() == [1]


def test_exactly_the_threshold_stays() -> None:
    assert non_maximum_suppression([[0, 0, 2, 2], [1, 0, 3, 2]], [2, 1], 1 / 3).tolist() == [0, 1]


def test_suppression_of_nothing_and_of_boxes_without_area() -> None:
    assert non_maximum_suppression([], []).shape == (0,)
    assert non_maximum_suppression([[1, 1, 1, 1], [1, 1, 1, 1]], [0.5, 0.6]).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("scores", "threshold", "labels", "sentence"),
    [
        ([1.0], 0.5, None, "one number for each of the 2 boxes"),
        ([1.0, 2.0], 0.5, [0], "one number for each of the 2 boxes"),
        ([1.0, np.nan], 0.5, None, "scores must be numbers, got nan"),
        ([1.0, 2.0], 1.5, None, "threshold must be between 0 and 1, got 1.5"),
        ([1.0, 2.0], float("nan"), None, "threshold must be between 0 and 1"),
    ],
)
def test_arguments_that_do_not_fit(
    scores: list, threshold: float, labels: list | None, sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        non_maximum_suppression([[0, 0, 1, 1], [0, 0, 2, 2]], scores, threshold, labels=labels)
