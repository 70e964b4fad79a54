"""Anchors: where they lie, which match, and offsets there and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_cnn.detect import anchor_grid, area, from_offsets, iou_matrix, match, to_centres, to_offsets

from .test_boxes import draw_boxes


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(1, 3))
def test_the_grid(height: int, width: int, sides: int, ratios: int) -> None:
    sizes, shapes = [10.0 * (k + 1) for k in range(sides)], [2.0**k for k in range(ratios)]
    anchors = anchor_grid((height, width), 8, sides=sizes, ratios=shapes)
    assert anchors.shape == (height * width * sides * ratios, 4)
    centres = to_centres(anchors).reshape(height, width, sides, ratios, 4)
    for i, j, k, m in np.ndindex(height, width, sides, ratios):
        x, y, w, h = centres[i, j, k, m]
        assert (x, y) == pytest.approx((8 * j + 4, 8 * i + 4))
        assert (w * h, h / w) == pytest.approx((sizes[k] ** 2, shapes[m]))


def test_the_grid_of_the_paper() -> None:
    """An image of 600 by 1000 has a map of about 60 by 40 under VGG-16, and some 20,000 anchors."""
    anchors = anchor_grid((38, 63), 16, sides=[128, 256, 512])
    assert len(anchors) == 38 * 63 * 9 == 21546
    assert set(area(anchors[:9]).round()) == {128**2, 256**2, 512**2}


@pytest.mark.parametrize(
    ("size", "stride", "sides", "ratios"),
    [((0, 2), 8, [8], [1]), ((2, 2), 0, [8], [1]), ((2, 2), 8, [], [1]), ((2, 2), 8, [8], [-1])],
)
def test_no_grid(size: tuple, stride: int, sides: list, ratios: list) -> None:
    with pytest.raises(ValueError, match="that are positive"):
        anchor_grid(size, stride, sides=sides, ratios=ratios)


@given(st.integers(0, 10**6), st.integers(1, 5))
def test_matching_follows_its_three_rules(seed: int, n: int) -> None:
    boxes = draw_boxes(np.random.default_rng(seed), n, 32)
    anchors = anchor_grid((4, 4), 8, sides=[8, 16])
    kind, place = match(anchors, boxes, enough=0.6, too_little=0.3)
    overlaps = iou_matrix(anchors, boxes)
    best = overlaps.max(axis=1)
    assert (kind[best >= 0.6] == 1).all()
    promoted = (kind == 1) & (best < 0.6)
    top = overlaps.max(axis=0)
    for anchor in np.flatnonzero(promoted):  # nearest to its box, though not near
        assert overlaps[anchor, place[anchor]] == pytest.approx(top[place[anchor]])
    assert (kind[(best < 0.3) & ~promoted] == 0).all()
    assert (kind[(best >= 0.3) & (best < 0.6) & ~promoted] == -1).all()
    # Unless two boxes compete for the same anchor, every box that an anchor touches has one.
    if n == 1 and top[0] > 0:
        assert (kind == 1).any()


def test_an_image_without_objects_is_background() -> None:
    kind, place = match(anchor_grid((2, 2), 8, sides=[8], ratios=[1]), [])
    assert kind.tolist() == place.tolist() == [0, 0, 0, 0]


def test_an_object_beside_all_anchors_has_none() -> None:
    assert match([[0, 0, 8, 8]], [[20, 20, 30, 30]]).kind.tolist() == [0]


def test_thresholds_in_the_wrong_order() -> None:
    with pytest.raises(ValueError, match="0 <= too_little <= enough <= 1"):
        match([[0, 0, 8, 8]], [[0, 0, 8, 8]], enough=0.3, too_little=0.7)


@given(st.integers(0, 10**6), st.integers(1, 6))
def test_offsets_and_back(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    boxes, anchors = draw_boxes(rng, n), draw_boxes(rng, n)
    offsets = to_offsets(boxes, anchors)
    assert np.allclose(from_offsets(offsets, anchors), boxes)
    # The same object seen twice as large has the same offsets from anchors twice as large.
    assert np.allclose(to_offsets(2 * boxes, 2 * anchors), offsets)


def test_a_wild_net_does_not_overflow() -> None:
    assert np.isfinite(from_offsets([[0, 0, 1e9, 1e9]], [[0, 0, 8, 8]])).all()


def test_offsets_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="must be as many, got 1 and 2"):
        to_offsets([[0, 0, 1, 1]], [[0, 0, 1, 1]] * 2)
    with pytest.raises(ValueError, match="must have areas"):
        to_offsets([[0, 0, 0, 1]], [[0, 0, 1, 1]])
    with pytest.raises(ValueError, match="offsets must have the shape of anchors"):
        from_offsets([[0, 0, 0]], [[0, 0, 1, 1]])
