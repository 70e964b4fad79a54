"""Known mistakes with the target of YOLO and with reading a prediction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cs_cnn.checks.mistakes.mistake import Mistake


def _encode(
    *,
    point: Callable[[Any], Any] = lambda box: ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2),
    image: Callable[[Any], Any] = lambda size: (size[1], size[0]),
    within: Callable[[float, int], float] = lambda place, grid: place * grid - int(place * grid),
    extent: Callable[[float, int], float] = lambda length, grid: length,
    turned: bool = False,
    slots: Callable[[int], int] = lambda per_cell: per_cell,
    confidence: float = 1.0,
    mark: Callable[[int], tuple[int, float]] = lambda label: (label, 1.0),
    layout: Callable[[Any, int], Any] = lambda target, per_cell: target,
) -> Callable[..., Any]:
    """Build a target with one thing changed."""

    def yolo_encode(boxes: Any, labels: Any, image_size: Any, grid: Any, per_cell: Any, classes: Any) -> Any:
        target = np.zeros((grid, grid, 5 * per_cell + classes))
        wide, high = image(image_size)
        for box, label in zip(boxes, labels, strict=True):
            x, y = point(box)
            x, y = min(max(x / wide, 0), 0.999), min(max(y / high, 0), 0.999)
            w, h = (box[2] - box[0]) / wide, (box[3] - box[1]) / high
            column, row = int(x * grid), int(y * grid)
            cell = (column, row) if turned else (row, column)
            entry = [within(x, grid), within(y, grid), extent(w, grid), extent(h, grid), confidence]
            for slot in range(slots(per_cell)):
                target[cell][5 * slot : 5 * slot + 5] = entry
            place, value = mark(int(label))
            target[cell][5 * per_cell + place % classes] = value
        return layout(target, per_cell)

    return yolo_encode


def _classes_first(target: Any, per_cell: int) -> Any:
    return np.concatenate([target[..., 5 * per_cell :], target[..., : 5 * per_cell]], axis=2)


def _by_kind(target: Any, per_cell: int) -> Any:
    """Order the numbers by kind: all x, then all y, and so on."""
    slots = target[..., : 5 * per_cell].reshape(*target.shape[:2], per_cell, 5)
    by_kind = slots.transpose(0, 1, 3, 2).reshape(*target.shape[:2], -1)
    return np.concatenate([by_kind, target[..., 5 * per_cell :]], axis=2)


def _decode(
    *,
    cell: Callable[[int, int], tuple[int, int]] = lambda row, column: (row, column),
    divide: bool = True,
    image: Callable[[Any], Any] = lambda size: (size[1], size[0]),
    half: float = 2.0,
    lengths: Callable[[float, float, int], tuple[float, float]] = lambda w, h, grid: (w, h),
    score: Callable[[float, Any], float] = lambda confidence, probabilities: confidence * probabilities.max(),
    good: Callable[[float, float, float], bool] = lambda score, confidence, threshold: score > threshold,
    slots: Callable[[int], int] = lambda per_cell: per_cell,
    label: Callable[[Any], int] = lambda cell: int(cell.argmax()),
    offset: Callable[[int], int] = lambda per_cell: 5 * per_cell,
    form: Callable[[Any], Any] = lambda corners: corners,
) -> Callable[..., Any]:
    """Build a reading with one thing changed."""

    def yolo_decode(prediction: Any, image_size: Any, per_cell: Any, threshold: Any) -> Any:
        grid = prediction.shape[0]
        wide, high = image(image_size)
        boxes, scores, labels = [], [], []
        for i, j, slot in np.ndindex(grid, grid, slots(per_cell)):
            numbers = prediction[i, j]
            x, y, w, h, confidence = numbers[5 * slot : 5 * slot + 5]
            probabilities = numbers[5 * per_cell :]
            value = score(confidence, probabilities)
            if not good(confidence * probabilities.max(), confidence, threshold):
                continue
            row, column = cell(i, j)
            x, y = ((column + x) / grid, (row + y) / grid) if divide else (x, y)
            w, h = lengths(w, h, grid)
            x, y, w, h = x * wide, y * high, w * wide, h * high
            boxes.append(form([x - w / half, y - h / half, x + w / half, y + h / half]))
            scores.append(value)
            labels.append(label(numbers[offset(per_cell) :]))
        return np.array(boxes), np.array(scores), np.array(labels)

    return yolo_decode


def _centre(corners: Any) -> Any:
    x1, y1, x2, y2 = corners
    return [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1]


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the tasks a6.yolo_encode and a6.yolo_decode."""

    def target(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        return Mistake(name, "a6.yolo_encode", {"yolo_encode": _encode(**changed)}, loses, hint)

    def reading(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        return Mistake(name, "a6.yolo_decode", {"yolo_decode": _decode(**changed)}, loses, hint)

    every = ("confidence", "box", "class")
    return [
        target(
            "row_and_column_exchanged",
            every,
            "The first index of the target is the row, and a row is a place along which axis of the picture?",
            turned=True,
        ),
        target(
            "corner_instead_of_centre",
            every,
            "The cell that holds the centre of a box is in charge of it. Which point of the box do you look up?",
            point=lambda box: (box[0], box[1]),
        ),
        target(
            "height_and_width_exchanged",
            every,
            "The size of an image is given as height and width. By which of them is an x divided?",
            image=lambda size: (size[0], size[1]),
        ),
        target(
            "centre_within_the_image",
            ("box",),
            "A centre in the middle of its cell must give 0.5 and 0.5, whichever cell it is.",
            within=lambda place, grid: place,
        ),
        target(
            "cell_not_subtracted",
            ("box",),
            "Your x and y can be larger than 1. They say where in its cell a centre lies, from 0 to 1.",
            within=lambda place, grid: place * grid,
        ),
        target(
            "size_in_cells",
            ("box",),
            "A box as large as the image has the size 1, for every grid.",
            extent=lambda length, grid: length * grid,
        ),
        target(
            "root_of_the_size",
            ("box",),
            "The square root stands in the loss of the paper. The target keeps the size as it is.",
            extent=lambda length, grid: float(np.sqrt(length)),
        ),
        target(
            "half_of_the_size",
            ("box",),
            "The numbers are the whole width and height, not the distance from the centre to the edge.",
            extent=lambda length, grid: length / 2,
        ),
        target(
            "only_the_first_place",
            ("confidence", "box"),
            "A cell has room for several boxes, and the loss may choose any of them. What does it find in the second?",
            slots=lambda per_cell: 1,
        ),
        target(
            "confidence_forgotten",
            ("confidence",),
            "How does the loss know which cells have an object?",
            confidence=0.0,
        ),
        target(
            "number_of_the_class",
            ("class",),
            "The last numbers of a cell are one place for each class, with a single 1 among them.",
            mark=lambda label: (0, float(label)),
        ),
        target(
            "classes_counted_from_one",
            ("class",),
            "The first class has the number 0. At which place after the boxes does it stand?",
            mark=lambda label: (label + 1, 1.0),
        ),
        target(
            "classes_first",
            every,
            "First all boxes of a cell, then its classes. What stands first in yours?",
            layout=_classes_first,
        ),
        target(
            "ordered_by_kind",
            ("confidence", "box"),
            "The five numbers of one box stand together, and then come those of the next.",
            layout=_by_kind,
        ),
        reading(
            "row_and_column_exchanged",
            ("boxes",),
            "Which of the two indices of a cell moves a box to the right?",
            cell=lambda row, column: (column, row),
        ),
        reading(
            "cell_forgotten",
            ("boxes",),
            "All your boxes lie in one place. From where do x and y count?",
            divide=False,
        ),
        reading(
            "height_and_width_exchanged",
            ("boxes",),
            "Encode and decode one box in an image that is not square. By what did you multiply x?",
            image=lambda size: (size[0], size[1]),
        ),
        reading(
            "whole_size_to_both_sides",
            ("boxes",),
            "Your boxes are twice as wide as they should be. How far is it from the centre to the edge?",
            half=1.0,
        ),
        reading(
            "size_within_the_cell",
            ("boxes",),
            "The size of a box is a share of the image, not of a cell.",
            lengths=lambda w, h, grid: (w / grid, h / grid),
        ),
        reading(
            "centre_and_size",
            ("boxes",),
            "What comes out is four numbers for two corners.",
            form=_centre,
        ),
        reading(
            "confidence_alone",
            ("scores",),
            "The confidence says that there is something. How sure is the net of what it is?",
            score=lambda confidence, probabilities: confidence,
        ),
        reading(
            "class_alone",
            ("scores",),
            "The probability of a class holds if there is an object at all. How sure is the net of that?",
            score=lambda confidence, probabilities: float(probabilities.max()),
        ),
        reading(
            "labels_among_all_numbers",
            ("labels",),
            "Your labels can be larger than the number of classes. Among which numbers do you look?",
            label=lambda cell: int(cell.argmax()),
            offset=lambda per_cell: 0,
        ),
        reading(
            "labels_begin_too_early",
            ("labels",),
            "How many numbers do the boxes of a cell take, and where do the classes begin?",
            offset=lambda per_cell: 5 * (per_cell - 1),
        ),
        reading(
            "threshold_of_the_confidence",
            ("boxes", "scores", "labels"),
            "The threshold is for the score of a box, which is smaller than its confidence.",
            good=lambda score, confidence, threshold: confidence > threshold,
        ),
        reading(
            "everything_kept",
            ("boxes", "scores", "labels"),
            "You return a box for every place of the grid. Which of them are worth keeping?",
            good=lambda score, confidence, threshold: True,
        ),
        reading(
            "only_the_first_box",
            ("boxes", "scores", "labels"),
            "A cell has more than one box. Which of them do you read?",
            slots=lambda per_cell: 1,
        ),
    ]
