"""The table of all pixels, and the measures, by hand; bad input gets a sentence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, jaccard_score

from cs_cnn.segment import class_accuracy, confusion, iou_by_class, mean_iou, pixel_accuracy

# Ground, a thing of four pixels of which three are found, and one pixel that is found in vain.
TRUE = np.array([[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0]])
SAID = np.array([[0, 0, 0, 1], [0, 1, 1, 0], [0, 1, 0, 0]])


def test_by_hand() -> None:
    counts = confusion(TRUE, SAID, classes=2)
    assert counts.tolist() == [[7, 1], [1, 3]]
    assert pixel_accuracy(counts) == pytest.approx(10 / 12)
    assert class_accuracy(counts).tolist() == pytest.approx([7 / 8, 3 / 4])
    assert iou_by_class(counts).tolist() == pytest.approx([7 / 9, 3 / 5])
    assert mean_iou(counts) == pytest.approx((7 / 9 + 3 / 5) / 2)


def test_rows_are_what_is_there_and_columns_what_is_said() -> None:
    assert confusion([0, 0, 0], [1, 1, 0], classes=2).tolist() == [[1, 2], [0, 0]]


def test_a_class_that_is_nowhere_does_not_count_and_one_that_is_only_said_does() -> None:
    counts = confusion([0, 0, 0, 0], [0, 0, 1, 0], classes=3)
    found = iou_by_class(counts)
    assert found[:2].tolist() == [0.75, 0.0] and np.isnan(found[2])
    assert mean_iou(counts) == pytest.approx(0.375)
    assert np.isnan(class_accuracy(counts)[1:]).all()


def test_saying_ground_everywhere_looks_good_in_pixels_only() -> None:
    counts = confusion(np.repeat([0, 1, 2], [90, 5, 5]), np.zeros(100, dtype=int), classes=3)
    assert pixel_accuracy(counts) == 0.9 and mean_iou(counts) == pytest.approx(0.3)


def test_pixels_that_do_not_count() -> None:
    target = np.array([[0, 1, 255], [255, 1, 0]])
    said = np.array([[0, 0, 7], [-3, 1, 0]])  # where nothing counts, anything may be said
    assert confusion(target, said, classes=2, ignore=255).tolist() == [[2, 0], [1, 1]]


@given(st.integers(0, 10**6), st.integers(2, 5), st.integers(1, 3), st.integers(1, 5))
def test_equal_to_scikit_learn(seed: int, classes: int, images: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    target, said = rng.integers(0, classes, (2, images, size, size + 1))
    counts = confusion(target, said, classes)
    labels = list(range(classes))
    assert np.array_equal(counts, confusion_matrix(target.ravel(), said.ravel(), labels=labels))
    there = np.unique([target.ravel(), said.ravel()])
    theirs = jaccard_score(target.ravel(), said.ravel(), labels=there, average=None)
    assert np.allclose(iou_by_class(counts)[there], theirs)
    assert mean_iou(counts) == pytest.approx(theirs.mean())
    # Images may be counted one by one.
    parts = [confusion(one, other, classes) for one, other in zip(target, said, strict=True)]
    assert np.array_equal(sum(parts), counts)


@given(st.integers(0, 10**6), st.integers(2, 5))
def test_intersection_over_union_is_the_strictest(seed: int, classes: int) -> None:
    counts = np.random.default_rng(seed).integers(0, 20, (classes, classes)) + np.eye(classes, dtype=int)
    assert (iou_by_class(counts) <= class_accuracy(counts) + 1e-12).all()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (([[0, 1]], [[0], [1]], 2), r"must have one shape, got \(1, 2\) and \(2, 1\)"),
        (([0, 2], [0, 1], 2), "target must hold classes from 0 to 1, got 0 to 2"),
        (([0, 1], [-1, 1], 2), "predicted must hold classes from 0 to 1, got -1 to 1"),
        (([0.0, 1.0], [0, 1], 2), "target must hold whole numbers, got float64; take the argmax"),
        (([0, 1], [0, 1], 0), "classes must be a whole number of at least 1, got 0"),
        (([0, 1], [0, 1], True), "classes must be"),
        (([], [], 2), "at least one pixel that counts"),
    ],
)
def test_bad_images(arguments: tuple, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        confusion(*arguments)


def test_only_ignored_pixels() -> None:
    with pytest.raises(ValueError, match="at least one pixel that counts, got none"):
        confusion([255, 255], [0, 1], 2, ignore=255)


@pytest.mark.parametrize("measure", [pixel_accuracy, class_accuracy, iou_by_class, mean_iou])
@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ([1, 2, 3], r"table \(C, C\) from confusion, got shape \(3,\)"),
        ([[1, 2, 3], [4, 5, 6]], r"got shape \(2, 3\)"),
        ([[0, 0], [0, 0]], "at least one of them above 0"),
        ([[1, -1], [0, 2]], "must hold numbers of pixels"),
        ([[1, float("nan")], [0, 2]], "must hold numbers of pixels"),
    ],
)
def test_bad_tables(measure, counts: list, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        measure(counts)
