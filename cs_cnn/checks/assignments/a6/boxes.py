"""Assignment 6, part E: how much two boxes have in common, and which of many boxes to keep."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from cs_cnn.checks.assignments.a6.tensors import as_numbers
from cs_cnn.checks.bench import Array, Bench, Outcome
from cs_cnn.checks.compare import as_array
from cs_cnn.checks.task import PartOfTask, Task

_PAGE = "beyond/detection"


def iou(a: Array, b: Array) -> Array:
    """Return the intersection over union of boxes (N, 4) and (M, 4), given by their corners: (N, M)."""
    from cs_cnn.detect.boxes import iou_matrix  # the checks themselves need NumPy only

    return iou_matrix(a, b)


def _boxes(rng: np.random.Generator, count: int) -> Array:
    """Draw boxes that all contain the point (50, 40)."""
    middle = np.array([50.0, 40.0])
    low, high = (rng.uniform(5, 30, (count, 2)) for _ in range(2))
    return np.concatenate([middle - low, middle + high], axis=1).round(1)


def _far(boxes: Array) -> Array:
    """Move every other box away along both axes, and the rest along one."""
    moved = boxes.copy()
    moved[::2] += 200
    moved[1::2, ::2] -= 150
    return moved


def grade_iou(bench: Bench) -> None:
    """Compare for boxes that all overlap, and for boxes apart, side by side, equal and one inside the other."""
    rng = bench.rng
    for _ in range(bench.rounds):
        n, m = (int(size) for size in rng.permutation([3, 4, 5])[:2])
        a, b = _boxes(rng, n), _boxes(rng, m)
        _expect_iou(bench, "overlapping", a, b)
        inside = np.concatenate([a[0, :2] + 1, a[0, 2:] - 1])[None]
        _expect_iou(bench, "apart and inside", a, np.concatenate([_far(b), inside, a[-1:]]))


def _expect_iou(bench: Bench, part: str, a: Array, b: Array) -> None:
    outcome = bench.call("box_iou", {"a": a, "b": b})
    outcome = Outcome(as_numbers(outcome.value), outcome.where, outcome.failed)
    bench.expect(part, outcome, partial(iou, a, b), name="the matrix", tolerance=1e-5)


def keep(overlaps: Array, scores: Array, threshold: float) -> list[int]:
    """Return the places of the boxes that survive, the best first, for the matrix of their overlaps."""
    left, kept = list(np.argsort(-scores)), []
    while left:
        best = int(left.pop(0))
        kept.append(best)
        left = [other for other in left if overlaps[best, other] <= threshold]
    return kept


def _scene(rng: np.random.Generator, threshold: float) -> tuple[Array, Array]:
    """Draw chains of boxes: neighbours overlap more than the threshold, boxes two steps apart less."""
    step = {0.3: 0.4, 0.6: 0.2}[threshold]
    while True:
        chains, scores = [], []
        for place in rng.permutation(4):
            wide, high = rng.uniform(20, 40, 2)
            x, y = 200.0 * place + rng.uniform(0, 30), rng.uniform(0, 100)
            shifts = wide * (step + rng.uniform(-0.02, 0.02, 3)) * np.arange(3)
            chains += [[x + shift, y, x + shift + wide, y + high] for shift in shifts]
            # In two chains the best is at an end: it removes its neighbour, which would have removed the third. In
            # the two others it is in the middle, and removes both.
            best, middle, worst = np.sort(rng.uniform(0.05, 0.95, 3))[::-1]
            scores += [best, middle, worst] if place < 2 else [middle, best, worst]
        # And two objects that only touch: both stay.
        x, y, wide = 900.0, rng.uniform(0, 100), rng.uniform(20, 40)
        chains += [[x + shift, y, x + shift + wide, y + wide] for shift in (0.0, 0.8 * wide)]
        scores += list(rng.uniform(0.05, 0.95, 2))
        boxes, values = np.array(chains).round(1), np.array(scores).round(3)
        overlaps = iou(boxes, boxes)
        clear = np.abs(overlaps - threshold).min() > 0.02 and np.diff(np.sort(values)).min() > 0.005
        order = rng.permutation(len(boxes))
        chosen = np.zeros(len(boxes), dtype=bool)
        chosen[keep(overlaps, values, threshold)] = True
        if clear and chosen.sum() == 8:
            return boxes[order], values[order]


def _kept(bench: Bench, outcome: Outcome, count: int) -> list[int] | None:
    """Read places of boxes; None, and both parts are lost, when it is something else."""
    if outcome.failed:
        for part in ("kept", "order"):
            bench.expect(part, outcome, lambda: np.zeros(1))
        return None
    found = as_array(as_numbers(outcome.value))
    places = None if found is None or found.ndim != 1 else found
    mask = isinstance(outcome.value, np.ndarray) and outcome.value.dtype == bool
    if places is None or mask or (places != places.round()).any() or not _possible(places, count):
        message = f"nms must return the places of the boxes it keeps: different whole numbers from 0 to {count - 1}."
        record = np.zeros(1) if found is None else found
        for part in ("kept", "order"):
            bench.judge(part, False, message, record=record)
        return None
    return [int(place) for place in places]


def _possible(places: Array, count: int) -> bool:
    return len(set(places.tolist())) == len(places) and all(0 <= place < count for place in places)


def grade_nms(bench: Bench) -> None:
    """Suppress in scenes with chains of boxes, for a low and a high threshold."""
    rng = bench.rng
    for _ in range(bench.rounds):
        for threshold in (0.3, 0.6):
            boxes, scores = _scene(rng, threshold)
            outcome = bench.call("nms", {"boxes": boxes, "scores": scores, "threshold": threshold})
            places = _kept(bench, outcome, len(boxes))
            if places is None:
                continue
            mask = np.isin(np.arange(len(boxes)), places)
            right = partial(_mask, iou(boxes, boxes), scores, threshold)
            own = partial(_own_mask, bench, boxes, scores, threshold)
            seen = Outcome(mask.astype(float), outcome.where)
            bench.expect("kept", seen, right, own=own, name="the mask of the boxes that are kept")
            falls = bool((np.diff(scores[places]) < 0).all()) and len(places) > 0
            message = "the boxes that are kept do not come in the order of falling scores."
            bench.judge("order", falls, message, record=places)


def _mask(overlaps: Array, scores: Array, threshold: float) -> Array:
    return np.isin(np.arange(len(scores)), keep(overlaps, scores, threshold)).astype(np.float64)


def _own_mask(bench: Bench, boxes: Array, scores: Array, threshold: float) -> Array | None:
    """Return what the right suppression makes of the student's own overlaps, if these say anything."""
    outcome = bench.call("box_iou", {"a": boxes, "b": boxes})
    found: Any = as_array(as_numbers(outcome.value))
    if outcome.failed or found is None or found.shape != (len(boxes), len(boxes)) or np.ptp(found) == 0:
        return None
    return _mask(found, scores, threshold)


_CORNERS = (
    "Draw two boxes on squared paper. Where does what they have in common begin and end, along each axis?"
)

TASKS = (
    Task(
        name="a6.box_iou",
        number="6.11",
        asks="box_iou",
        functions=("box_iou",),
        parts=(
            PartOfTask("overlapping", 3, "boxes that all overlap", _CORNERS),
            PartOfTask(
                "apart and inside",
                3,
                "boxes apart, equal, and one inside the other",
                "For two boxes far from each other: which width do you compute for what they have in common?",
            ),
        ),
        grade=grade_iou,
        section=f"{_PAGE}#detection-iou",
    ),
    Task(
        name="a6.nms",
        number="6.12",
        asks="nms",
        functions=("box_iou", "nms"),
        parts=(
            PartOfTask(
                "kept",
                4,
                "which boxes are kept",
                "Three boxes in a row, each overlapping its neighbour: follow your code with the scores 0.9, 0.8, 0.7.",
            ),
            PartOfTask(
                "order", 2, "the best first", "Print the scores of the boxes in the order you return."
            ),
        ),
        grade=grade_nms,
        section=f"{_PAGE}#detection-nms",
    ),
)
