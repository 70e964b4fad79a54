"""The second stage: pooling of many images, what regions learn, and a head that names and moves them."""

from __future__ import annotations

import numpy as np
import torch

from cs_cnn.detect import Objects, compose, mean_average_precision, roi_align_forward
from cs_cnn.detect.regions import RegionHead, detect_regions, fit_regions, lessons, pool
from cs_cnn.detect.yolo_net import YoloNet


def test_pooling_goes_image_by_image() -> None:
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(3, 2, 8, 8))
    boxes = [np.array([[0.0, 0, 32, 32], [8, 8, 64, 40]]), np.zeros((0, 4)), np.array([[16.0, 8, 48, 64]])]
    out = pool(torch.tensor(maps), boxes, stride=8, size=3)
    rois = np.array([[0, 0, 0, 4, 4], [0, 1, 1, 8, 5], [2, 2, 1, 6, 8.0]])
    assert np.allclose(out, roi_align_forward(maps, rois, size=3)[0], atol=1e-6)


def test_what_regions_learn() -> None:
    """One on the object, one half off, one beside; and the true box itself."""
    there = Objects(np.array([[10.0, 10, 30, 30]]), np.array([2]))
    regions = np.array([[10.0, 10, 30, 34], [20, 10, 40, 30], [40, 40, 60, 60], [5, 5, 5, 9]])
    head = RegionHead(1, classes=4, size=2)
    lesson = lessons(torch.zeros(1, 1, 8, 8), [regions], [there], stride=8, head=head)
    assert lesson.label.tolist() == [2, 4, 4, 2]  # the one without area is gone
    assert lesson.pooled.shape == (4, 1, 2, 2)
    assert not lesson.offsets[1:].any()
    # The centre is 2 of 24 pixels too low, the height 24 instead of 20.
    expected = [0, -2 / 24 / 0.1, 0, np.log(20 / 24) / 0.2]
    assert np.allclose(lesson.offsets[0], expected, atol=1e-5)


def test_a_head_that_changes_nothing_returns_the_proposals() -> None:
    """Offsets of 0, and one class for all: boxes come back, but for those that suppression drops."""
    head = RegionHead(1, classes=2, size=2)
    for layer in (head.shared, head.scores, head.offsets):
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    with torch.no_grad():
        head.scores.bias[1] = 2.0
    boxes = [np.array([[0.0, 0, 20, 20], [1, 0, 21, 20], [40, 40, 60, 60]]), np.zeros((0, 4))]
    found = detect_regions(head, torch.zeros(2, 1, 8, 8), boxes, (64, 64), stride=8)
    assert np.allclose(found[0].boxes, boxes[0][[0, 2]]) and found[0].labels.tolist() == [1, 1]
    assert np.allclose(found[0].scores, np.exp(2) / (np.exp(2) + 2))
    assert len(found[1].boxes) == 0


def test_a_trained_head_names_and_moves() -> None:
    """Proposals are true boxes, moved and swollen: half of them count at 0.7 before, most of them after."""
    rng = np.random.default_rng(0)
    scenes = compose(80, most=2, ground="plain", rng=rng)
    with torch.no_grad():
        features = YoloNet(classes=4, widths=(16, 32, 64)).trunk[:3](torch.tensor(scenes.images) - 0.5)
    proposals = []
    for each in scenes.objects:
        size = np.tile(each.boxes[:, 2:] - each.boxes[:, :2], 2)
        noisy = [each.boxes + rng.uniform(-0.15, 0.15, each.boxes.shape) * size for _ in range(3)]
        proposals.append(np.clip(np.vstack(noisy), 0, 64))
    head = RegionHead(64, classes=4)

    def precision() -> float:
        found = detect_regions(head, features, proposals, (64, 64), stride=8)
        return mean_average_precision(found, scenes.objects, classes=4, threshold=0.7).mean

    before = precision()
    losses = fit_regions(head, lessons(features, proposals, scenes.objects, stride=8, head=head), epochs=30)
    assert losses[-1] < losses[0] / 3
    assert precision() > 0.8 > 0.3 > before
