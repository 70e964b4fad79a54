"""Average precision: cases by hand, scikit-learn's curve, and input that says nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import auc, precision_recall_curve

from cs_cnn.detect import (
    Found,
    Objects,
    average_precision,
    hits,
    mean_average_precision,
    precision_recall,
    recall,
)

BOX = np.array([[0.0, 0.0, 10.0, 10.0]])
NONE = np.zeros((0, 4))


@pytest.mark.parametrize(
    ("right", "objects", "expected"),
    [
        ([True], 1, 1.0),
        ([True], 2, 0.5),
        ([False, True], 1, 0.5),
        ([True, False], 1, 1.0),  # an error after the last object costs nothing
        ([True, False, True], 2, 0.5 * 1 + 0.5 * 2 / 3),
        # Precision 0, 1/2, 2/3: the best to be had is 2/3 at either recall.
        ([False, True, True], 2, 2 / 3),
        ([False, False], 3, 0.0),
        ([], 3, 0.0),
    ],
)
def test_average_precision_by_hand(right: list[bool], objects: int, expected: float) -> None:
    scores = np.linspace(0.9, 0.1, len(right))
    assert average_precision(scores, right, objects) == pytest.approx(expected)
    turned = np.arange(len(right))[::-1]
    assert average_precision(scores[turned], np.array(right)[turned], objects) == pytest.approx(expected)


@given(st.integers(0, 10**6), st.integers(1, 30))
def test_the_curve_is_scikit_learns(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    scores, right = rng.permutation(n) / n, rng.random(n) < 0.5
    right[0] = True
    precision, recalls = precision_recall(scores, right, int(right.sum()))
    expected_precision, expected_recall, _ = precision_recall_curve(right, scores)
    assert np.allclose(precision, expected_precision[:-1][::-1])
    assert np.allclose(recalls, expected_recall[:-1][::-1])
    # The area, from scikit-learn's curve made monotone and drawn as steps.
    best = np.maximum.accumulate(expected_precision[:-1])[::-1]
    x = np.repeat(np.concatenate([[0], recalls]), 2)[1:-1]
    area = auc(x, np.repeat(best, 2)) if n > 0 else 0.0
    assert average_precision(scores, right, int(right.sum())) == pytest.approx(area)


@given(st.integers(0, 10**6), st.integers(1, 20))
def test_average_precision_knows_only_the_order(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    scores, right = rng.permutation(n) / n, rng.random(n) < 0.5
    objects = max(1, int(right.sum())) + 2
    value = average_precision(scores, right, objects)
    assert 0 <= value <= 1
    assert average_precision(np.exp(5 * scores), right, objects) == value


def test_one_object_is_found_once() -> None:
    boxes = [[0, 0, 10, 10], [0, 0, 10, 9], [30, 0, 40, 10]]
    assert hits(boxes, [0.9, 0.8, 0.7], BOX).tolist() == [True, False, False]
    assert hits(boxes, [0.8, 0.9, 0.7], BOX).tolist() == [False, True, False]
    # 0.9 is the overlap of the second box.
    assert hits(boxes[1:2], [0.8], BOX, 0.9).tolist() == [True]
    assert hits(boxes[1:2], [0.8], BOX, 0.91).tolist() == [False]


def test_the_object_overlapped_most_counts_even_when_it_is_taken() -> None:
    """The rule of Pascal VOC; others let the second box have the second object."""
    there = [[0, 0, 10, 10], [2, 0, 12, 10]]
    found = [[0, 0, 10, 10], [0.5, 0, 10.5, 10]]
    assert hits(found, [0.9, 0.8], there).tolist() == [True, False]


def test_hits_where_there_is_nothing() -> None:
    assert hits(BOX, [0.9], NONE).tolist() == [False]
    assert hits(NONE, [], BOX).tolist() == []


def test_the_mean_over_classes_and_images() -> None:
    objects = [Objects(BOX, np.array([0])), Objects(BOX, np.array([1])), Objects(NONE, np.zeros(0, int))]
    perfect = [Found(each.boxes, np.ones(len(each.boxes)), each.labels) for each in objects]
    assert mean_average_precision(perfect, objects, classes=2).mean == 1
    # A surer detection in the empty image halves the precision of class 0.
    perfect[2] = Found(BOX, np.array([2.0]), np.array([0]))
    assert mean_average_precision(perfect, objects, classes=2).by_class.tolist() == [0.5, 1.0]
    # The right box with the wrong class is an error in one class and a miss in the other.
    swapped = [Found(BOX, np.ones(1), 1 - each.labels) for each in objects[:2]]
    assert mean_average_precision(swapped, objects[:2], classes=2).mean == 0


def test_a_stricter_threshold() -> None:
    objects = [Objects(BOX, np.array([0]))]
    found = [Found(np.array([[0.0, 0, 10, 8]]), np.ones(1), np.array([0]))]
    assert [mean_average_precision(found, objects, classes=1, threshold=t).mean for t in (0.8, 0.81)] == [
        1,
        0,
    ]


def test_recall_of_proposals() -> None:
    objects = [Objects(np.vstack([BOX, BOX + 50]), np.array([0, 1])), Objects(BOX, np.array([0]))]
    assert recall([BOX, NONE], objects) == pytest.approx(1 / 3)
    assert recall([np.vstack([BOX, BOX + 51]), BOX], objects) == 1
    assert recall([np.vstack([BOX, BOX + 51]), BOX], objects, threshold=0.75) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("scores", "right", "objects", "sentence"),
    [
        ([0.5], [True, False], 2, "same shape"),
        ([[0.5]], [[True]], 2, "same shape"),
        ([np.nan], [True], 2, "scores must be numbers, got nan"),
        ([0.5], [True], 0, "at least the 1 that were found, got 0"),
        ([0.9, 0.8], [True, True], 1, "at least the 2 that were found, got 1"),
        ([], [], 0, "at least 1"),
    ],
)
def test_curves_that_do_not_exist(scores: list, right: list, objects: int, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        average_precision(scores, right, objects)


def test_images_that_do_not_fit() -> None:
    there = [Objects(BOX, np.array([0]))]
    said = [Found(BOX, np.ones(1), np.array([0]))]
    with pytest.raises(ValueError, match="of the same images, got 2 and 1"):
        mean_average_precision(said * 2, there, classes=1)
    with pytest.raises(ValueError, match="at least one object of the classes, got none"):
        mean_average_precision(said, [Objects(NONE, np.zeros(0, int))], classes=1)
    with pytest.raises(ValueError, match="threshold must be above 0"):
        mean_average_precision(said, there, classes=1, threshold=0)
    with pytest.raises(ValueError, match="one number for each of the 1 boxes"):
        hits(BOX, [0.1, 0.2], BOX)
    with pytest.raises(ValueError, match="of the same images, got 1 and 2"):
        recall([BOX], there * 2)
    with pytest.raises(ValueError, match="at least one object, got none"):
        recall([BOX], [Objects(NONE, np.zeros(0, int))])
