"""How good a detector is: precision, recall, average precision, and its mean over the classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cs_cnn.detect.boxes import Boxes, as_boxes, iou_matrix
from cs_cnn.detect.yolo import Found, Objects


class Curve(NamedTuple):
    """Precision and recall after the first, the first two, the first three, ... detections, the surest first."""

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]


class MeanPrecision(NamedTuple):
    """Average precision of every class, and the mean of those that occur."""

    mean: float
    by_class: NDArray[np.float64]
    """(C,); nan for a class of which the images have no object."""


def hits(
    boxes: ArrayLike, scores: ArrayLike, objects: ArrayLike, threshold: float = 0.5
) -> NDArray[np.bool_]:
    """Say which detections of an image are right, for one class.

    The surest detection comes first. It is right when the object which it overlaps most is overlapped by at least
    `threshold` and no earlier detection had it: a second box around the same object is an error.

    Parameters
    ----------
    boxes : array-like, shape (n, 4)
        What was found: corners x1, y1, x2, y2.
    scores : array-like, shape (n,)
        How sure the detector is.
    objects : array-like, shape (m, 4)
        What is there.
    threshold : float
        Intersection over union.

    Returns
    -------
    numpy.ndarray of bool, shape (n,)
        In the order of `boxes`.

    Raises
    ------
    ValueError
        When the shapes do not fit, a score is not a number, or the threshold is not above 0 and at most 1.

    Examples
    --------
    >>> hits([[0, 0, 10, 10], [0, 0, 10, 9], [50, 0, 60, 10]], [0.6, 0.9, 0.8], [[0, 0, 10, 10]])
    array([False,  True, False])
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold must be above 0 and at most 1, got {threshold!r}")
    found, values = as_boxes("boxes", boxes), _as_scores(scores)
    if values.shape != (len(found),):
        raise ValueError(
            f"scores must hold one number for each of the {len(found)} boxes, got {values.shape}"
        )
    overlap = iou_matrix(found, objects)
    right = np.zeros(len(found), dtype=bool)
    taken: set[int] = set()
    for number in np.argsort(-values, kind="stable") if overlap.shape[1] else ():
        nearest = int(overlap[number].argmax())
        if overlap[number, nearest] >= threshold and nearest not in taken:
            right[number] = True
            taken.add(nearest)
    return right


def _as_scores(scores: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(scores, dtype=np.float64)
    if np.isnan(values).any():
        raise ValueError("scores must be numbers, got nan; a net that has diverged ranks nothing")
    return values


def precision_recall(scores: ArrayLike, right: ArrayLike, objects: int) -> Curve:
    """Compute precision and recall at every place where one may stop to believe the detector.

    Parameters
    ----------
    scores : array-like, shape (n,)
        How sure the detector is, over all images.
    right : array-like of bool, shape (n,)
        Which detections are right.
    objects : int
        How many objects there are, found or not.

    Returns
    -------
    Curve
        Two arrays (n,). Precision is the share of the detections that are right, recall that of the objects that
        are found.

    Raises
    ------
    ValueError
        When the shapes differ, there is no object, or more detections are right than there are objects.

    Examples
    --------
    >>> precision_recall([0.9, 0.8, 0.7], [True, False, True], 4)
    Curve(precision=array([1. , 0.5 , 0.66666667]), recall=array([0.25, 0.25, 0.5 ]))
    """
    values, correct = _as_scores(scores), np.asarray(right, dtype=bool)
    if values.ndim != 1 or correct.shape != values.shape:
        raise ValueError(
            f"scores and right must have the same shape (n,), got {values.shape} and {correct.shape}"
        )
    if objects < max(1, int(correct.sum())):
        raise ValueError(
            f"objects must be at least 1 and at least the {int(correct.sum())} that were found, got {objects}"
        )
    count = np.cumsum(correct[np.argsort(-values, kind="stable")])
    return Curve(count / np.arange(1, len(values) + 1), count / objects)


def average_precision(scores: ArrayLike, right: ArrayLike, objects: int) -> float:
    """Compute the area under precision over recall, where precision is the best to be had at that recall or more.

    Parameters
    ----------
    scores, right, objects
        See `precision_recall`.

    Returns
    -------
    float
        From 0 to 1; 0 when nothing was found.

    Notes
    -----
    The rule of the Pascal VOC challenge from 2010 on; up to 2009 precision was read at eleven recalls.

    Examples
    --------
    >>> average_precision([0.9, 0.8, 0.7], [True, False, True], 2)
    0.8333333333333333
    """
    precision, recall = precision_recall(scores, right, objects)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * best))


def mean_average_precision(
    found: Sequence[Found], objects: Sequence[Objects], *, classes: int, threshold: float = 0.5
) -> MeanPrecision:
    """Compute the average precision of every class over all images, and the mean.

    Parameters
    ----------
    found : sequence of Found
        What the detector says of each image; with a low threshold, since every detection may count.
    objects : sequence of Objects
        What is in each image.
    classes : int
        How many classes there are.
    threshold : float
        Intersection over union from which a box is right.

    Returns
    -------
    MeanPrecision

    Raises
    ------
    ValueError
        When the numbers of images differ, or there is no object at all.

    Examples
    --------
    >>> box = np.array([[0.0, 0.0, 10.0, 10.0]])
    >>> there = [Objects(box, np.array([0])), Objects(box, np.array([1]))]
    >>> said = [Found(box, np.array([0.9]), np.array([0])), Found(box, np.array([0.8]), np.array([0]))]
    >>> mean_average_precision(said, there, classes=3)
    MeanPrecision(mean=0.5, by_class=array([ 1.,  0., nan]))
    """
    if len(found) != len(objects):
        raise ValueError(f"found and objects must be of the same images, got {len(found)} and {len(objects)}")
    by_class = np.full(classes, np.nan)
    for label in range(classes):
        there = [each.boxes[each.labels == label] for each in objects]
        count = sum(map(len, there))
        if not count:
            continue
        said = [each.take(np.flatnonzero(each.labels == label)) for each in found]
        right = [
            hits(one.boxes, one.scores, boxes, threshold) for one, boxes in zip(said, there, strict=True)
        ]
        by_class[label] = average_precision(
            np.concatenate([one.scores for one in said]), np.concatenate(right), count
        )
    if np.isnan(by_class).all():
        raise ValueError("objects must have at least one object of the classes, got none")
    return MeanPrecision(float(np.nanmean(by_class)), by_class)


def recall(boxes: Sequence[Boxes], objects: Sequence[Objects], *, threshold: float = 0.5) -> float:
    """Compute the share of objects that some box overlaps, whatever its score and class: the measure of proposals.

    Parameters
    ----------
    boxes : sequence of arrays (n, 4)
        Proposals for each image.
    objects : sequence of Objects
        What is in each image.
    threshold : float
        Intersection over union from which a box counts.

    Returns
    -------
    float
        From 0 to 1.

    Examples
    --------
    >>> there = [Objects(np.array([[0.0, 0, 10, 10], [20.0, 0, 30, 10]]), np.array([0, 0]))]
    >>> recall([np.array([[1.0, 0, 11, 10], [1.0, 1, 11, 11]])], there)
    0.5
    """
    if len(boxes) != len(objects):
        raise ValueError(f"boxes and objects must be of the same images, got {len(boxes)} and {len(objects)}")
    best = [
        iou_matrix(each, one.boxes).max(axis=0, initial=0.0) for each, one in zip(boxes, objects, strict=True)
    ]
    reached = np.concatenate(best) if best else np.zeros(0)
    if not reached.size:
        raise ValueError("objects must have at least one object, got none")
    return float(np.mean(reached >= threshold))
