"""Known mistakes with intersection over union and non-maximum suppression."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cs_cnn.checks.mistakes.mistake import Mistake


def _area(boxes: Any) -> Any:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def _iou(
    *,
    clip: Callable[[Any], Any] = lambda lengths: lengths.clip(min=0),
    extra: float = 0.0,
    under: Callable[[Any, Any, Any], Any] = lambda a, b, common: a + b - common,
    corners: Callable[[Any], Any] = lambda boxes: boxes,
    low: Callable[[Any, Any], Any] = np.maximum,
    high: Callable[[Any, Any], Any] = np.minimum,
    final: Callable[[Any], Any] = lambda result: result,
) -> Callable[..., Any]:
    """Build a matrix of overlaps with one thing changed."""

    def box_iou(a: Any, b: Any) -> Any:
        a, b = corners(a), corners(b)
        first, second = a[:, None], b[None]
        lengths = high(first[..., 2:], second[..., 2:]) - low(first[..., :2], second[..., :2]) + extra
        common = clip(lengths).prod(axis=2)
        areas = [(boxes[:, 2:] - boxes[:, :2] + extra).prod(axis=1) for boxes in (a, b)]
        return final(common / under(areas[0][:, None], areas[1][None], common))

    return box_iou


def _centres(boxes: Any) -> Any:
    half = boxes[:, 2:] / 2
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)


_RIGHT = _iou()


def _nms(
    *,
    sort: Callable[[Any], Any] = lambda scores: np.argsort(-scores),
    against: Callable[[list[int], list[int]], list[int]] = lambda kept, seen: kept,
    suppressed: Callable[[Any, float], Any] = lambda overlap, threshold: overlap > threshold,
    final: Callable[[list[int], Any], Any] = lambda kept, order: kept,
) -> Callable[..., Any]:
    """Build a suppression with one thing changed; `against` chooses which boxes a new one is compared with."""

    def nms(boxes: Any, scores: Any, threshold: Any) -> Any:
        overlaps = _RIGHT(boxes, boxes)
        order = sort(scores)
        kept: list[int] = []
        seen: list[int] = []
        for place in map(int, order):
            others = against(kept, seen)
            seen.append(place)
            if not others or not suppressed(overlaps[place, others], threshold).any():
                kept.append(place)
        return final(kept, order)

    return nms


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the tasks a6.box_iou and a6.nms."""

    def overlap(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        return Mistake(name, "a6.box_iou", {"box_iou": _iou(**changed)}, loses, hint)

    def suppression(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        return Mistake(name, "a6.nms", {"box_iou": _RIGHT, "nms": _nms(**changed)}, loses, hint)

    both = ("overlapping", "apart and inside")
    every = ("kept", "order")
    return [
        overlap(
            "negative_lengths",
            ("apart and inside",),
            "Two boxes apart along both axes: two negative lengths have a positive product.",
            clip=lambda lengths: lengths,
        ),
        overlap(
            "size_of_the_gap",
            ("apart and inside",),
            "Boxes that are apart have nothing in common, however far they are. What does your code make of a gap?",
            clip=np.abs,
        ),
        overlap(
            "pixels_counted",
            both,
            "Corners here are points and not pixels: a box from 2 to 5 is 3 wide. Where does your 1 come from?",
            extra=1.0,
        ),
        overlap(
            "common_part_counted_twice",
            both,
            "A box compared with itself must give 1. Which part of the union did you count twice?",
            under=lambda a, b, common: a + b,
        ),
        overlap(
            "over_the_smaller_box",
            both,
            "A small box inside a large one is not the same box. What stands below the line of a union?",
            under=lambda a, b, common: np.minimum(a, b),
        ),
        overlap(
            "over_the_first_box",
            both,
            "The overlap of a with b equals that of b with a. Is your matrix for (b, a) that for (a, b), turned?",
            under=lambda a, b, common: a + 0 * b,
        ),
        overlap(
            "centre_and_size",
            both,
            "The four numbers of a box are two corners here, not a centre with a width and a height.",
            corners=_centres,
        ),
        overlap(
            "hull_instead_of_intersection",
            both,
            "What two boxes have in common begins at the later of the two left edges. Which one do you take?",
            low=np.minimum,
            high=np.maximum,
        ),
        overlap(
            "transposed",
            both,
            "Rows belong to a, columns to b.",
            final=lambda result: result.T,
        ),
        overlap(
            "rows_only",
            both,
            "Every box of a meets every box of b. How many numbers is that?",
            final=lambda result: result[:, 0],
        ),
        suppression(
            "worst_first",
            every,
            "Which box deserves to stay when two overlap? argsort counts upwards.",
            sort=lambda scores: np.argsort(scores),
        ),
        suppression(
            "scores_not_sorted",
            every,
            "Boxes come in no particular order. Which of them is looked at first?",
            sort=lambda scores: np.arange(len(scores)),
        ),
        suppression(
            "compared_with_the_best_only",
            ("kept",),
            "There may be several objects. A box has to be compared with every box that stays, not with the first.",
            against=lambda kept, seen: kept[:1],
        ),
        suppression(
            "compared_with_the_one_before",
            ("kept",),
            "Two boxes of one object need not stand next to each other in the order of scores.",
            against=lambda kept, seen: kept[-1:],
        ),
        suppression(
            "removed_boxes_remove_others",
            ("kept",),
            "A box that was removed is gone. May it still remove another one?",
            against=lambda kept, seen: list(seen),
        ),
        suppression(
            "threshold_ignored",
            ("kept",),
            "Give your function the thresholds 0.1 and 0.9. Does the answer change?",
            suppressed=lambda overlap, threshold: overlap > 0.5,
        ),
        suppression(
            "everything_apart_removed",
            ("kept",),
            "Boxes far from each other can both stay. Which ones does your comparison remove?",
            suppressed=lambda overlap, threshold: overlap < threshold,
        ),
        suppression(
            "any_overlap_removes",
            ("kept",),
            "Two objects may touch. Below the threshold an overlap is allowed.",
            suppressed=lambda overlap, threshold: overlap > 0,
        ),
        suppression(
            "in_the_order_of_the_list",
            ("order",),
            "The right boxes, in the order of their places. Which order does the task ask for?",
            final=lambda kept, order: sorted(kept),
        ),
        suppression(
            "places_in_the_sorted_list",
            every,
            "Your numbers count the boxes after sorting. Which number had the box in the list that was given?",
            final=lambda kept, order: [list(order).index(place) for place in kept],
        ),
    ]
