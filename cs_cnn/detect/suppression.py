"""Non-maximum suppression: of many boxes around one object, keep the best."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cs_cnn.detect.boxes import as_boxes, iou_matrix


def non_maximum_suppression(
    boxes: ArrayLike, scores: ArrayLike, threshold: float = 0.5, *, labels: ArrayLike | None = None
) -> NDArray[np.int64]:
    """Keep the box with the highest score, drop those that overlap it too much, and go on with what is left.

    Parameters
    ----------
    boxes : array-like, shape (N, 4)
        Corners x1, y1, x2, y2.
    scores : array-like, shape (N,)
        More is better. Among equal scores the earlier box wins.
    threshold : float
        A box is dropped when its intersection over union with a box that was kept is greater than this.
    labels : array-like of int, shape (N,), optional
        Classes; given, a box drops only boxes of its own class.

    Returns
    -------
    numpy.ndarray of int, shape (K,)
        Places of the boxes that are kept, the best first.

    Raises
    ------
    ValueError
        When the shapes do not fit, a score is not a number, or the threshold is not between 0 and 1.

    Notes
    -----
    The operator NonMaxSuppression of ONNX follows the same rule, one class at a time.

    Examples
    --------
    >>> boxes = [[0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10]]
    >>> non_maximum_suppression(boxes, [0.6, 0.9, 0.7])
    array([1, 2])
    >>> non_maximum_suppression(boxes, [0.6, 0.9, 0.7], labels=[0, 1, 1])
    array([1, 2, 0])
    """
    corners, values = as_boxes("boxes", boxes), np.asarray(scores, dtype=np.float64)
    classes = np.zeros(len(corners), dtype=np.int64) if labels is None else np.asarray(labels)
    if values.shape != (len(corners),) or classes.shape != values.shape:
        raise ValueError(
            f"scores and labels must hold one number for each of the {len(corners)} boxes,"
            f" got shapes {values.shape} and {classes.shape}"
        )
    if np.isnan(values).any():
        raise ValueError("scores must be numbers, got nan; a net that has diverged ranks nothing")
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold must be between 0 and 1, got {threshold!r}")
    rivals = (iou_matrix(corners, corners) > threshold) & np.equal.outer(classes, classes)
    alive = np.ones(len(corners), dtype=bool)
    kept = []
    for place in np.argsort(-values, kind="stable"):
        if alive[place]:
            kept.append(place)
            alive &= ~rivals[place]  # itself too, unless it has no area; it is not asked again
    return np.array(kept, dtype=np.int64)
