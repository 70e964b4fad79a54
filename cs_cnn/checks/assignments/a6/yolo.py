"""Assignment 6, part E: boxes written into a grid, and read from it."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from cs_cnn.checks.assignments.a6.tensors import as_numbers
from cs_cnn.checks.bench import Array, Bench, Outcome
from cs_cnn.checks.compare import as_array
from cs_cnn.checks.task import PartOfTask, Task

_SECTION = "beyond/detection#detection-yolo-target"
_ENCODED = ("confidence", "box", "class")
_DECODED = ("boxes", "scores", "labels")


def encode(
    boxes: Array, labels: Any, image_size: tuple[int, int], grid: int, per_cell: int, classes: int
) -> Array:
    """Write boxes (corners in pixels) into a target (grid, grid, 5 per_cell + classes)."""
    target = np.zeros((grid, grid, 5 * per_cell + classes))
    high, wide = image_size
    for (x1, y1, x2, y2), label in zip(boxes, labels, strict=True):
        x, y = (x1 + x2) / 2 / wide * grid, (y1 + y2) / 2 / high * grid
        entry = [x - int(x), y - int(y), (x2 - x1) / wide, (y2 - y1) / high, 1.0]
        target[int(y), int(x), : 5 * per_cell] = np.tile(entry, per_cell)
        target[int(y), int(x), 5 * per_cell + label] = 1
    return target


def decode(
    prediction: Array, image_size: tuple[int, int], per_cell: int, threshold: float
) -> tuple[Array, Array, Array]:
    """Read boxes, scores and labels from a prediction, cell by cell and row by row."""
    grid, high, wide = prediction.shape[0], *image_size
    boxes, scores, labels = [], [], []
    for row, column, slot in np.ndindex(grid, grid, per_cell):
        cell = prediction[row, column]
        x, y, w, h, confidence = cell[5 * slot : 5 * slot + 5]
        score = confidence * cell[5 * per_cell :].max()
        if score > threshold:
            x, y = (column + x) / grid * wide, (row + y) / grid * high
            boxes.append([x - w * wide / 2, y - h * high / 2, x + w * wide / 2, y + h * high / 2])
            scores.append(score)
            labels.append(float(cell[5 * per_cell :].argmax()))
    return np.array(boxes), np.array(scores), np.array(labels)


def _objects(rng: np.random.Generator, image_size: tuple[int, int], grid: int, count: int) -> Array:
    """Draw boxes in different cells, none of them on the diagonal and no centre near the border of a cell."""
    cells = [(row, column) for row in range(grid) for column in range(grid) if row != column]
    chosen = [cells[place] for place in rng.permutation(len(cells))[:count]]
    centres = (np.array(chosen) + rng.uniform(0.15, 0.85, (count, 2))) / grid
    # Large enough to begin in another cell than the one with the centre.
    sizes = rng.uniform(1.7, 2.6, (count, 2)) / grid
    high, wide = image_size
    y, x = centres[:, 0] * high, centres[:, 1] * wide
    h, w = sizes[:, 0] * high, sizes[:, 1] * wide
    return np.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], axis=1)


def _draw(rng: np.random.Generator) -> tuple[tuple[int, int], int, int, int]:
    """Draw the size of an image, of the grid, how many boxes a cell has, and how many classes there are."""
    high, wide = (int(size) for size in rng.permutation([96, 128, 160, 224])[:2])
    return (high, wide), int(rng.integers(4, 7)), int(rng.integers(2, 4)), int(rng.integers(3, 6))


def grade_encode(bench: Bench) -> None:
    """Compare the three kinds of numbers in a target one by one."""
    rng = bench.rng
    for _ in range(bench.rounds):
        image_size, grid, per_cell, classes = _draw(rng)
        boxes = _objects(rng, image_size, grid, 3)
        labels = rng.permutation(classes)[:3]
        given: dict[str, Any] = {"boxes": boxes, "labels": labels, "image_size": image_size}
        given |= {"grid": grid, "per_cell": per_cell, "classes": classes}
        outcome = bench.call("yolo_encode", given)
        outcome = Outcome(as_numbers(outcome.value), outcome.where, outcome.failed)
        actual = None if outcome.failed else as_array(outcome.value)
        right = partial(encode, **given)
        shape = (grid, grid, 5 * per_cell + classes)
        for part in _ENCODED:
            if actual is None or actual.shape != shape:
                bench.expect(part, outcome, right, name="the target")
                continue
            seen = Outcome(_pick(actual, part, per_cell), outcome.where)
            bench.expect(
                part,
                seen,
                partial(_picked, right, part, per_cell),
                name=f"the {part} part of the target",
                tolerance=1e-5,
            )


def _picked(right: Any, part: str, per_cell: int) -> Array:
    return _pick(right(), part, per_cell)


def _pick(target: Array, part: str, per_cell: int) -> Array:
    if part == "class":
        return target[..., 5 * per_cell :]
    slots = target[..., : 5 * per_cell].reshape(*target.shape[:2], per_cell, 5)
    return np.asarray(slots[..., 4] if part == "confidence" else slots[..., :4])


def grade_decode(bench: Bench) -> None:
    """Read predictions with a clear threshold: about half of all boxes are good enough."""
    rng = bench.rng
    for _ in range(bench.rounds):
        image_size, grid, per_cell, classes = _draw(rng)
        prediction, threshold = _prediction(rng, grid, per_cell, classes)
        given = {
            "prediction": prediction,
            "image_size": image_size,
            "per_cell": per_cell,
            "threshold": threshold,
        }
        outcome = bench.call("yolo_decode", given)
        if not outcome.failed:
            outcome = Outcome(as_numbers(outcome.value), outcome.where)
        for number, found in enumerate(bench.unpack(outcome, _DECODED, "yolo_decode")):
            right = partial(_decoded, prediction, image_size, per_cell, threshold, number)
            bench.expect(
                _DECODED[number], found, right, name=f"the array of {_DECODED[number]}", tolerance=1e-5
            )


def _decoded(
    prediction: Array, image_size: tuple[int, int], per_cell: int, threshold: float, number: int
) -> Array:
    return decode(prediction, image_size, per_cell, threshold)[number]


def _prediction(rng: np.random.Generator, grid: int, per_cell: int, classes: int) -> tuple[Array, float]:
    """Draw a prediction and a threshold that no score is near."""
    while True:
        prediction = rng.uniform(0.05, 1, (grid, grid, 5 * per_cell + classes))
        likely = prediction[..., 5 * per_cell :]
        prediction[..., 5 * per_cell :] = likely**2 / (likely**2).sum(axis=2, keepdims=True)
        slots = prediction[..., : 5 * per_cell].reshape(grid, grid, per_cell, 5)
        scores = slots[..., 4] * prediction[..., 5 * per_cell :].max(axis=2)[..., None]
        threshold = round(float(np.median(scores)), 2)
        if np.abs(scores - threshold).min() > 1e-4:
            return prediction, threshold


_CELL = (
    "Take one box and find the column and the row of its centre on paper. Which axis of an array is the row?"
)
_BOX = "A box of the size of the image with its centre in the middle of a cell: which four numbers stand in the target?"
_BACK = "Decode what you encoded: which corner of which box is wrong, and by what factor?"

TASKS = (
    Task(
        name="a6.yolo_encode",
        number="6.13",
        asks="yolo_encode",
        functions=("yolo_encode",),
        parts=(
            PartOfTask("confidence", 3, "1 in the cells that have an object, 0 in the others", _CELL),
            PartOfTask("box", 3, "centre within the cell, size within the image", _BOX),
            PartOfTask(
                "class", 2, "one 1 for the class, after all boxes", "At which place do the classes begin?"
            ),
        ),
        grade=grade_encode,
        section=_SECTION,
    ),
    Task(
        name="a6.yolo_decode",
        number="6.14",
        asks="yolo_decode",
        functions=("yolo_decode",),
        parts=(
            PartOfTask("boxes", 3, "corners in pixels", _BACK),
            PartOfTask(
                "scores",
                2,
                "confidence times the probability of the class",
                "Of what is the score a product?",
            ),
            PartOfTask(
                "labels", 2, "the likeliest class", "Among which numbers do you look for the largest?"
            ),
        ),
        grade=grade_decode,
        section=_SECTION,
    ),
)
