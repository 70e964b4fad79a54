"""The target of YOLO, its decoding, its loss, and a net that learns a few scenes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cs_cnn.detect import compose, decode, encode, mean_average_precision
from cs_cnn.detect.yolo_loss import yolo_loss
from cs_cnn.detect.yolo_net import YoloNet, detect, fit, predict, targets
from cs_cnn.errors import CsCnnError


def draw_objects(seed: int, grid: int, n: int, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Draw objects whose centres lie in different cells."""
    rng = np.random.default_rng(seed)
    cells = rng.permutation(grid * grid)[:n]
    middle = (np.stack([cells % grid, cells // grid], axis=1) + rng.uniform(0, 1, (n, 2))) / grid
    half = rng.uniform(0.02, 0.5, (n, 2))
    scale = np.tile(size[::-1], 2)
    return np.hstack([middle - half, middle + half]) * scale, rng.integers(0, 3, n)


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 3), st.integers(0, 6))
def test_decoding_gives_back_what_was_encoded(seed: int, grid: int, per_cell: int, n: int) -> None:
    boxes, labels = draw_objects(seed, grid, min(n, grid * grid), (60, 90))
    target = encode(boxes, labels, (60, 90), grid=grid, per_cell=per_cell, classes=3)
    assert target.shape == (grid, grid, 5 * per_cell + 3)
    found = decode(target, (60, 90), per_cell=per_cell, threshold=0.5)
    assert len(found.boxes) == per_cell * len(boxes) and (found.scores == 1).all()
    # Row by row; each object as often as a cell has boxes.
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2 // (np.array([90, 60]) / grid)
    order = np.lexsort((centres[:, 0], centres[:, 1]))
    assert np.allclose(found.boxes[::per_cell], boxes[order])
    assert found.labels[::per_cell].tolist() == labels[order].tolist()
    assert np.array_equal(found.boxes[::per_cell], found.boxes[per_cell - 1 :: per_cell])


def test_the_numbers_by_hand() -> None:
    """100 by 200, four cells on a side; the example of the homework."""
    target = encode([[60, 40, 100, 80]], [1], (100, 200), grid=4, per_cell=2, classes=3)
    assert target[2, 1].tolist() == pytest.approx([0.6, 0.4, 0.2, 0.4, 1] * 2 + [0, 1, 0])
    assert target.sum() == pytest.approx(target[2, 1].sum())


def test_equal_to_the_functions_that_grade_the_homework() -> None:
    from cs_cnn.checks.assignments.a6 import yolo as graded

    for seed in range(5):
        boxes, labels = draw_objects(seed, 5, 4, (64, 96))
        target = encode(boxes, labels, (64, 96), grid=5, per_cell=2, classes=3)
        assert np.allclose(target, graded.encode(boxes, labels, (64, 96), 5, 2, 3))
        noisy = np.random.default_rng(seed).uniform(0, 1, target.shape)
        for ours, other in zip(
            decode(noisy, (64, 96), per_cell=2, threshold=0.4),
            graded.decode(noisy, (64, 96), 2, 0.4),
            strict=True,
        ):
            assert np.allclose(ours, other)


def test_of_two_centres_in_a_cell_the_first_stays() -> None:
    boxes = [[10, 10, 20, 20], [11, 11, 21, 21]]
    found = decode(encode(boxes, [0, 1], (64, 64), grid=2, per_cell=1, classes=2), (64, 64), per_cell=1)
    assert found.boxes.tolist() == [boxes[0]] and found.labels.tolist() == [0]


def test_a_centre_on_the_last_edge_belongs_to_the_last_cell() -> None:
    target = encode([[60, 60, 68, 68]], [0], (64, 64), grid=4, per_cell=1, classes=1)
    assert target[3, 3].tolist() == pytest.approx([1, 1, 1 / 8, 1 / 8, 1, 1])


@pytest.mark.parametrize(
    ("boxes", "labels", "sentence"),
    [
        ([[0, 0, 4, 4]], [0, 1], "labels must hold one class for each of the 1 boxes"),
        ([[0, 0, 4, 4]], [3], r"labels must be whole numbers from 0 to 2, got \[3\]"),
        ([[0, 0, 4, 4]], [-1], "labels must be"),
        ([[80, 0, 90, 4]], [0], r"centres in the image of \(64, 64\)"),
        ([[9, 0, 4, 4]], [0], "x1 <= x2"),
    ],
)
def test_what_cannot_be_encoded(boxes: list, labels: list, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        encode(boxes, labels, (64, 64), grid=4, per_cell=2, classes=3)


@pytest.mark.parametrize("shape", [(4, 4, 10), (4, 5, 14), (4, 14)])
def test_what_cannot_be_decoded(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"shape \(S, S, 5 B \+ C\)"):
        decode(np.zeros(shape), (64, 64), per_cell=2)


def slow_loss(prediction: np.ndarray, target: np.ndarray, per_cell: int) -> list[float]:
    """Compute the terms of the paper's equation 3 with loops, in the order of `Parts`."""
    sums = np.zeros(5)
    grid = target.shape[1]
    for n, row, column in np.ndindex(*target.shape[:3]):
        told, true = prediction[n, row, column], target[n, row, column]
        overlaps = []
        for k in range(per_cell):
            ends = []
            for x, y, w, h in (told[5 * k : 5 * k + 4], true[:4]):
                x, y = x / grid, y / grid
                ends.append((x - w / 2, y - h / 2, x + w / 2, y + h / 2))
            a, b = ends
            shared = max(min(a[2], b[2]) - max(a[0], b[0]), 0) * max(min(a[3], b[3]) - max(a[1], b[1]), 0)
            areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in ends]
            overlaps.append(shared / (sum(areas) - shared))
        for k in range(per_cell):
            x, y, w, h, confidence = told[5 * k : 5 * k + 5]
            if true[4] and k == int(np.argmax(overlaps)):
                sums[0] += 5 * ((x - true[0]) ** 2 + (y - true[1]) ** 2)
                sums[1] += 5 * ((w**0.5 - true[2] ** 0.5) ** 2 + (h**0.5 - true[3] ** 0.5) ** 2)
                sums[2] += (confidence - overlaps[k]) ** 2
            else:
                sums[3] += 0.5 * confidence**2
        if true[4]:
            sums[4] += ((told[5 * per_cell :] - true[5 * per_cell :]) ** 2).sum()
    return list(sums / len(target))


@pytest.mark.parametrize("per_cell", [1, 2, 3])
def test_the_loss_is_equation_3(per_cell: int) -> None:
    rng = np.random.default_rng(per_cell)
    target = np.stack(
        [
            encode(*draw_objects(seed, 3, 4, (60, 60)), (60, 60), grid=3, per_cell=per_cell, classes=3)
            for seed in range(2)
        ]
    )
    prediction = rng.uniform(0.05, 0.95, target.shape)
    parts = yolo_loss(torch.tensor(prediction), torch.tensor(target), per_cell=per_cell)
    assert [float(part) for part in parts] == pytest.approx(slow_loss(prediction, target, per_cell))
    assert float(parts.total()) == pytest.approx(sum(map(float, parts)))


def test_the_gradient_of_the_loss() -> None:
    rng = np.random.default_rng(0)
    objects = draw_objects(0, 2, 2, (60, 60))
    target = torch.tensor(encode(*objects, (60, 60), grid=2, per_cell=2, classes=3))[None]
    said = torch.tensor(rng.uniform(0.2, 0.8, target.shape), requires_grad=True)

    def without_aim(x: torch.Tensor) -> torch.Tensor:
        """Leave the confidence out: its aim is the overlap, which counts as a constant."""
        parts = yolo_loss(x, target, per_cell=2)
        return parts.place + parts.size + parts.nothing + parts.classes

    assert torch.autograd.gradcheck(without_aim, said)
    confidence = yolo_loss(said, target, per_cell=2).confidence
    (gradient,) = torch.autograd.grad(confidence, said)
    moved = gradient.flatten(0, 2)[:, :10].unflatten(1, (2, 5))
    assert moved[..., 4].any() and not moved[..., :4].any()


def test_the_loss_of_other_shapes() -> None:
    with pytest.raises(ValueError, match="must have one shape"):
        yolo_loss(torch.zeros(1, 2, 2, 7), torch.zeros(1, 2, 2, 8), per_cell=1)
    with pytest.raises(ValueError, match="must have one shape"):
        yolo_loss(torch.zeros(1, 2, 2, 5), torch.zeros(1, 2, 2, 5), per_cell=1)


def test_a_small_net_learns_a_few_scenes() -> None:
    scenes = compose(24, most=2, ground="plain", rng=np.random.default_rng(0))
    net = YoloNet(classes=4, widths=(16, 16, 32, 32))
    before = mean_average_precision(detect(net, scenes.images), scenes.objects, classes=4).mean
    rows = fit(net, scenes, epochs=80, batch_size=8, lr=0.01)
    after = mean_average_precision(detect(net, scenes.images), scenes.objects, classes=4).mean
    assert before < 0.1 and after > 0.6
    assert rows[-1]["loss"] < 0.3 * rows[0]["loss"]
    assert not net.training
    for found in detect(net, scenes.images, threshold=0.3):
        assert (found.scores > 0.3).all() and (np.diff(found.scores) <= 0).all()
        assert (found.boxes >= 0).all() and (found.boxes <= 64).all()


def test_a_run_can_be_repeated_and_leaves_the_global_generator_alone() -> None:
    scenes = compose(8, rng=np.random.default_rng(0))
    state, runs = torch.get_rng_state(), []
    for _ in range(2):
        net = YoloNet(classes=4, widths=(8, 8), seed=3)
        fit(net, scenes, epochs=1, batch_size=4)
        runs.append(predict(net, scenes.images))
    assert np.array_equal(*runs) and torch.equal(torch.get_rng_state(), state)


def test_a_mirrored_target_is_the_target_of_the_mirrored_image() -> None:
    """What `fit` learns from mirrored images decodes to mirrored boxes."""
    from cs_cnn.detect.yolo_net import _mirror

    objects = compose(1, most=1, rng=np.random.default_rng(0)).objects
    net = YoloNet(classes=4)
    turned = decode(targets([_mirror(objects[0], 64)], (64, 64), net)[0], (64, 64), per_cell=2, threshold=0.5)
    x1, y1, x2, y2 = turned.boxes[0]
    assert np.allclose([64 - x2, y1, 64 - x1, y2], objects[0].boxes[0], atol=1e-4)


def test_sizes_that_the_cells_do_not_divide() -> None:
    scenes = compose(4, size=72, rng=np.random.default_rng(0))
    net = YoloNet(classes=4)
    assert (
        targets(scenes.objects, (72, 72), net).shape
        == net(torch.tensor(scenes.images)).shape
        == (4, 5, 5, 14)
    )


def test_a_loss_that_leaves_the_numbers() -> None:
    scenes = compose(4, rng=np.random.default_rng(0))
    scenes.images[0] = np.nan
    with pytest.raises(CsCnnError, match="no longer a number in epoch 1"):
        fit(YoloNet(classes=4, widths=(8, 8)), scenes, epochs=1)
