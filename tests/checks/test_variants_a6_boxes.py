"""Right overlaps, suppressions, targets of YOLO and nets with lesions in many styles earn all points."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from cs_cnn import checks

from .conftest import EarnsEverything

Function = Callable[..., Any]

# --- a6.box_iou ---------------------------------------------------------------------------------------------------


def iou_loops(a, b):
    out = np.zeros((len(a), len(b)))
    for i, (x1, y1, x2, y2) in enumerate(a):
        for j, (u1, v1, u2, v2) in enumerate(b):
            wide = max(0, min(x2, u2) - max(x1, u1))
            high = max(0, min(y2, v2) - max(y1, v1))
            out[i, j] = wide * high / ((x2 - x1) * (y2 - y1) + (u2 - u1) * (v2 - v1) - wide * high)
    return out


def iou_outer(a, b):
    x1, y1, x2, y2 = (
        np.maximum.outer(a[:, k], b[:, k]) if k < 2 else np.minimum.outer(a[:, k], b[:, k]) for k in range(4)
    )
    common = np.maximum(x2 - x1, 0) * np.maximum(y2 - y1, 0)
    area = lambda boxes: (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])  # noqa: E731
    return common / (np.add.outer(area(a), area(b)) - common)


def iou_torch(a, b):
    a, b = torch.from_numpy(a), torch.from_numpy(b)
    low = torch.max(a[:, None, :2], b[:, :2])
    high = torch.min(a[:, None, 2:], b[:, 2:])
    common = (high - low).clamp(min=0).prod(2)
    area_a, area_b = ((x[:, 2:] - x[:, :2]).prod(1) for x in (a, b))
    return common / (area_a[:, None] + area_b[None] - common)


def iou_float32(a, b):
    return iou_outer(a.astype(np.float32), b.astype(np.float32))


def iou_lists(a, b):
    def area(box):
        return (box[2] - box[0]) * (box[3] - box[1])

    def one(p, q):
        corners = [*map(max, p[:2], q[:2]), *map(min, p[2:], q[2:])]
        if corners[0] >= corners[2] or corners[1] >= corners[3]:
            return 0.0
        return area(corners) / (area(p) + area(q) - area(corners))

    return [[one(list(p), list(q)) for q in b] for p in a]


def iou_centres(a, b):
    """Compute along each axis: half the lengths minus the distance of the centres, at most the shorter length."""
    ca, cb = (a[:, :2] + a[:, 2:]) / 2, (b[:, :2] + b[:, 2:]) / 2
    la, lb = a[:, 2:] - a[:, :2], b[:, 2:] - b[:, :2]
    common = (la[:, None] + lb) / 2 - np.abs(ca[:, None] - cb)
    common = np.clip(common, 0, np.minimum(la[:, None], lb)).prod(-1)
    return common / (la.prod(1)[:, None] + lb.prod(1) - common)


def iou_in_place(a, b):
    origin = min(a.min(), b.min())
    a -= origin
    b -= origin
    return np.array([iou_outer(row[None], b)[0] for row in a])


def iou_repeat(a, b):
    print("boxes", file=sys.stderr)
    first, second = np.repeat(a, len(b), axis=0), np.tile(b, (len(a), 1))
    wide, high = (np.minimum(first[:, 2:], second[:, 2:]) - np.maximum(first[:, :2], second[:, :2])).T
    common = np.where((wide > 0) & (high > 0), wide * high, 0)
    areas = np.prod(first[:, 2:] - first[:, :2], axis=1) + np.prod(second[:, 2:] - second[:, :2], axis=1)
    return (common / (areas - common)).reshape(len(a), len(b))


IOUS = [iou_loops, iou_outer, iou_torch, iou_float32, iou_lists, iou_centres, iou_in_place, iou_repeat]

# --- a6.nms -------------------------------------------------------------------------------------------------------


def nms_sorted(boxes, scores, threshold):
    kept = []
    for place in scores.argsort()[::-1]:
        if all(iou_outer(boxes[place][None], boxes[other][None])[0, 0] <= threshold for other in kept):
            kept.append(place)
    return kept


def nms_arrays(boxes, scores, threshold):
    order, kept = np.argsort(-scores), []
    while order.size:
        kept.append(order[0])
        order = order[1:][iou_outer(boxes[order[:1]], boxes[order[1:]])[0] <= threshold]
    return np.array(kept)


def nms_marks(boxes, scores, threshold):
    overlaps = iou_loops(boxes, boxes)
    gone, kept = np.zeros(len(boxes), dtype=bool), []
    while not gone.all():
        best = int(np.argmax(np.where(gone, -np.inf, scores)))
        kept.append(best)
        gone |= overlaps[best] > threshold
    return tuple(kept)


def nms_strict(boxes, scores, threshold):
    """Remove an overlap that equals the threshold, too."""
    kept = []
    for place in sorted(range(len(scores)), key=lambda place: scores[place], reverse=True):
        overlaps = iou_outer(boxes[[place]], boxes[kept])[0] if kept else np.zeros(1)
        if (overlaps < threshold).all():
            kept.append(place)
    return kept


def nms_torch(boxes, scores, threshold):
    order = torch.from_numpy(scores).argsort(descending=True).tolist()
    kept = []
    while order:
        best, *order = order
        kept.append(best)
        order = [place for place in order if float(iou_torch(boxes[[best]], boxes[[place]])) <= threshold]
    return torch.tensor(kept)


def nms_changes_scores(boxes, scores, threshold):
    kept = []
    while scores.max() > 0:
        best = scores.argmax()
        kept.append(best)
        scores[iou_outer(boxes[best][None], boxes)[0] > threshold] = 0
    return np.array(kept, dtype=np.int32)


def nms_recursive(boxes, scores, threshold):
    def keep(places):
        if not places:
            return []
        best = max(places, key=scores.__getitem__)
        apart = [p for p in places if p != best and iou_lists([boxes[best]], [boxes[p]])[0][0] <= threshold]
        return [best, *keep(apart)]

    return keep(list(range(len(boxes))))


def nms_floats(boxes, scores, threshold):
    print("suppressing", file=sys.stderr)
    return [float(place) for place in nms_sorted(boxes, scores, threshold)]


SUPPRESSIONS = [
    nms_sorted, nms_arrays, nms_marks, nms_strict, nms_torch, nms_changes_scores, nms_recursive, nms_floats,
]  # fmt: skip

# --- a6.yolo_encode -----------------------------------------------------------------------------------------------


def encode_floor(boxes, labels, image_size, grid, per_cell, classes):
    out = np.zeros((grid, grid, per_cell * 5 + classes))
    for box, label in zip(boxes, labels, strict=True):
        cx = (box[0] + box[2]) / 2 / image_size[1]
        cy = (box[1] + box[3]) / 2 / image_size[0]
        j, i = int(np.floor(cx * grid)), int(np.floor(cy * grid))
        for k in range(per_cell):
            out[i, j, 5 * k + 0] = cx * grid - j
            out[i, j, 5 * k + 1] = cy * grid - i
            out[i, j, 5 * k + 2] = (box[2] - box[0]) / image_size[1]
            out[i, j, 5 * k + 3] = (box[3] - box[1]) / image_size[0]
            out[i, j, 5 * k + 4] = 1
        out[i, j, 5 * per_cell + label] = 1
    return out


def encode_modf(boxes, labels, image_size, grid, per_cell, classes):
    size = np.array(image_size)[::-1]
    within, cells = np.modf((boxes[:, :2] + boxes[:, 2:]) / 2 * grid / size)
    five = np.concatenate([within, (boxes[:, 2:] - boxes[:, :2]) / size, np.ones((len(boxes), 1))], axis=1)
    out = np.zeros((grid, grid, 5 * per_cell + classes))
    columns, rows = cells.astype(int).T
    out[rows, columns] = np.concatenate([np.tile(five, per_cell), np.eye(classes)[labels]], axis=1)
    return out


def encode_torch(boxes, labels, image_size, grid, per_cell, classes):
    return torch.from_numpy(encode_modf(boxes, labels, image_size, grid, per_cell, classes)).float()


def encode_cell_size(boxes, labels, image_size, grid, per_cell, classes):
    high, wide = image_size[0] / grid, image_size[1] / grid
    out = np.zeros((grid, grid, 5 * per_cell + classes), dtype=np.float32)
    for (x1, y1, x2, y2), label in zip(boxes.tolist(), labels.tolist(), strict=True):
        column, x = divmod((x1 + x2) / 2, wide)
        row, y = divmod((y1 + y2) / 2, high)
        five = [x / wide, y / high, (x2 - x1) / image_size[1], (y2 - y1) / image_size[0], 1.0]
        out[int(row), int(column)] = five * per_cell + [float(k == label) for k in range(classes)]
    return out


def encode_every_cell(boxes, labels, image_size, grid, per_cell, classes):
    out = [[[0.0] * (5 * per_cell + classes) for _ in range(grid)] for _ in range(grid)]
    for row in range(grid):
        for column in range(grid):
            for (x1, y1, x2, y2), label in zip(boxes, labels, strict=True):
                x = (x1 + x2) / (2 * image_size[1]) * grid - column
                y = (y1 + y2) / (2 * image_size[0]) * grid - row
                if 0 <= x < 1 and 0 <= y < 1:
                    w, h = (x2 - x1) / image_size[1], (y2 - y1) / image_size[0]
                    out[row][column][: 5 * per_cell] = [x, y, w, h, 1.0] * per_cell
                    out[row][column][5 * per_cell + label] = 1.0
    return out


def encode_split(boxes, labels, image_size, grid, per_cell, classes):
    numbers, kinds = np.zeros((grid, grid, per_cell, 5)), np.zeros((grid, grid, classes))
    for n in range(len(boxes)):
        w, h = boxes[n, 2] - boxes[n, 0], boxes[n, 3] - boxes[n, 1]
        x, y = (boxes[n, 0] + w / 2) * grid / image_size[1], (boxes[n, 1] + h / 2) * grid / image_size[0]
        numbers[int(y), int(x)] = [x % 1, y % 1, w / image_size[1], h / image_size[0], 1]
        kinds[int(y), int(x), labels[n]] += 1
    return np.concatenate([numbers.reshape(grid, grid, -1), kinds], axis=-1)


def encode_in_place(boxes, labels, image_size, grid, per_cell, classes):
    boxes[:, ::2] /= image_size[1]
    boxes[:, 1::2] /= image_size[0]
    return encode_floor(boxes, labels, (1, 1), grid, per_cell, classes)


def encode_noisy(boxes, labels, image_size, grid, per_cell, classes):
    print("target", file=sys.stderr)
    return encode_split(boxes[::-1], labels[::-1], image_size, grid, per_cell, classes)


ENCODERS = [
    encode_floor, encode_modf, encode_torch, encode_cell_size, encode_every_cell, encode_split, encode_in_place,
    encode_noisy,
]  # fmt: skip

# --- a6.yolo_decode -----------------------------------------------------------------------------------------------


def decode_loops(prediction, image_size, per_cell, threshold):
    grid = prediction.shape[0]
    found = []
    for i in range(grid):
        for j in range(grid):
            kinds = prediction[i, j, 5 * per_cell :]
            for k in range(per_cell):
                x, y, w, h, c = prediction[i, j, 5 * k : 5 * k + 5]
                if c * kinds.max() > threshold:
                    x, y = (j + x) * image_size[1] / grid, (i + y) * image_size[0] / grid
                    w, h = w * image_size[1], h * image_size[0]
                    corners = (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
                    found.append((corners, c * kinds.max(), np.argmax(kinds)))
    return tuple(np.array(each) for each in zip(*found, strict=True))


def decode_arrays(prediction, image_size, per_cell, threshold):
    grid = len(prediction)
    slots = prediction[..., : 5 * per_cell].reshape(grid, grid, per_cell, 5)
    kinds = prediction[..., 5 * per_cell :]
    scores = slots[..., 4] * kinds.max(axis=-1, keepdims=True)
    rows, columns, which = np.nonzero(scores > threshold)
    good = slots[rows, columns, which]
    size = np.array([image_size[1], image_size[0]])
    centre = (np.stack([columns, rows], axis=1) + good[:, :2]) / grid * size
    half = good[:, 2:4] * size / 2
    labels = kinds.argmax(axis=-1)[rows, columns]
    return np.concatenate([centre - half, centre + half], axis=1), scores[rows, columns, which], labels


def decode_torch(prediction, image_size, per_cell, threshold):
    return [torch.from_numpy(each) for each in decode_arrays(prediction, image_size, per_cell, threshold)]


def decode_float32(prediction, image_size, per_cell, threshold):
    return decode_arrays(prediction.astype(np.float32), image_size, per_cell, threshold)


def decode_lists(prediction, image_size, per_cell, threshold):
    return tuple(each.tolist() for each in decode_loops(prediction, image_size, per_cell, threshold))


def decode_everything_first(prediction, image_size, per_cell, threshold):
    boxes, scores, labels = decode_arrays(prediction, image_size, per_cell, -1.0)
    good = scores > threshold
    return boxes[good], scores[good], labels[good].astype(float)


def decode_whole_meshgrid(prediction, image_size, per_cell, threshold):
    grid = len(prediction)
    rows, columns = np.meshgrid(np.arange(grid), np.arange(grid), indexing="ij")
    boxes, scores = [], []
    for k in range(per_cell):
        x, y, w, h, c = np.moveaxis(prediction[..., 5 * k : 5 * k + 5], -1, 0)
        x, y = (columns + x) / grid, (rows + y) / grid
        corners = np.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], axis=-1)
        boxes.append(corners * np.array([*image_size[::-1]] * 2))
        scores.append(c * prediction[..., 5 * per_cell :].max(-1))
    boxes, scores = np.stack(boxes, axis=2).reshape(-1, 4), np.stack(scores, axis=2).ravel()
    labels = np.repeat(prediction[..., 5 * per_cell :].argmax(-1).ravel(), per_cell)
    return boxes[scores > threshold], scores[scores > threshold], labels[scores > threshold]


def decode_all_classes(prediction, image_size, per_cell, threshold):
    print("reading", file=sys.stderr)
    boxes, *_ = decode_arrays(prediction, image_size, per_cell, -1.0)
    products = np.repeat(
        prediction[..., 5 * per_cell :].reshape(-1, prediction.shape[2] - 5 * per_cell), per_cell, axis=0
    )
    confidences = prediction[..., 4 : 5 * per_cell : 5].reshape(-1, 1)
    best = (confidences * products).max(axis=1)
    return (
        boxes[best > threshold],
        best[best > threshold],
        (confidences * products).argmax(axis=1)[best > threshold],
    )


DECODERS = [
    decode_loops, decode_arrays, decode_torch, decode_float32, decode_lists, decode_everything_first,
    decode_whole_meshgrid, decode_all_classes,
]  # fmt: skip

# --- a6.forward_without -------------------------------------------------------------------------------------------


def without_short(x, blocks, deleted, residual):
    for number, block in enumerate(blocks):
        if number in deleted:
            continue
        x = block(x) + (x if residual else 0)
    return x


def without_list(x, blocks, deleted, residual):
    for block in [block for number, block in enumerate(blocks) if number not in set(deleted)]:
        fx = block(x)
        x = torch.add(x, fx) if residual else fx
    return x


def without_factor(x, blocks, deleted, residual):
    for number, block in enumerate(blocks):
        alive = float(number not in deleted)
        skip = 1.0 if residual else 1 - alive
        x = skip * x + alive * block(x)
    return x


def without_pop(x, blocks, deleted, residual):
    for number in sorted(deleted, reverse=True):
        blocks.pop(number)
    while blocks:
        block = blocks.pop(0)
        x = x + block(x) if residual else block(x)
    return x


def without_in_place(x, blocks, deleted, residual):
    for number in range(len(blocks)):
        if number not in deleted:
            if residual:
                x += blocks[number](x)
            else:
                x = blocks[number](x)
    return x


def without_recursion(x, blocks, deleted, residual, number=0):
    if number == len(blocks):
        return x
    if number not in deleted:
        x = x * bool(residual) + blocks[number](x)
    return without_recursion(x, blocks, deleted, residual, number + 1)


def without_reduce(x, blocks, deleted, residual):
    with torch.no_grad():
        alive = (block for number, block in enumerate(blocks) if number not in deleted)
        return functools.reduce(lambda x, block: x + block(x) if residual else block(x), alive, x).numpy()


def without_exact(x, blocks, deleted, residual):
    print("lesion", file=sys.stderr)
    return without_short(x.double(), blocks, list(deleted), residual)


def without_paths(x, blocks, deleted, residual):
    """Put functions together before anything runs."""
    run: Function = lambda x: x  # noqa: E731
    for number, block in enumerate(blocks):
        if number not in deleted:

            def run(x, before=run, block=block):
                y = before(x)
                return block(y).add(y) if residual else block(y)

    return run(x)


LESIONS = [
    without_short, without_list, without_factor, without_pop, without_in_place, without_recursion, without_reduce,
    without_exact, without_paths,
]  # fmt: skip

CASES: list[tuple[str, tuple[Function, ...]]] = [
    *(("a6.box_iou", (f,)) for f in IOUS),
    *(("a6.nms", (iou_outer, f)) for f in SUPPRESSIONS),
    *(("a6.yolo_encode", (f,)) for f in ENCODERS),
    *(("a6.yolo_decode", (f,)) for f in DECODERS),
    *(("a6.forward_without", (f,)) for f in LESIONS),
]


def _name(value: Any) -> str:
    return value if isinstance(value, str) else value[-1].__name__


@pytest.mark.parametrize(("task", "functions"), CASES, ids=_name)
def test_a_right_solution_earns_everything(
    task: str, functions: tuple[Function, ...], earns_everything: EarnsEverything
) -> None:
    earns_everything(task, functions)


@pytest.mark.parametrize("task", sorted({task for task, _ in CASES}))
def test_two_hundred_seeds_give_the_same_verdict(task: str) -> None:
    functions = next(functions for name, functions in CASES if name == task)
    assert all(checks.run(task, functions, hidden=True, seed=seed).ok for seed in range(200))


@pytest.mark.parametrize("task", sorted({task for task, _ in CASES}))
def test_every_task_has_eight_right_variants(task: str) -> None:
    assert len([name for name, _ in CASES if name == task]) >= 8
