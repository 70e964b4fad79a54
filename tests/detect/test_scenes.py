"""Scenes: boxes and masks are exact, seeds decide everything, training and test share nothing."""

from __future__ import annotations

import numpy as np
import pytest

from cs_cnn.detect import compose, iou_matrix
from cs_cnn.detect.scenes import _photographs


@pytest.mark.parametrize("ground", ["photographs", "stripes", "plain"])
def test_boxes_are_the_hulls_of_the_masks(ground: str) -> None:
    scenes = compose(20, ground=ground, rng=np.random.default_rng(0))  # type: ignore[arg-type]
    assert scenes.images.shape == (20, 3, 64, 64) and scenes.images.dtype == np.float32
    assert scenes.images.min() >= 0 and scenes.images.max() <= 1
    for objects, masks in zip(scenes.objects, scenes.masks, strict=True):
        assert 1 <= len(objects.boxes) == len(objects.labels) == len(masks) <= 3
        assert not (masks.sum(axis=0) > 1).any()  # a pixel shows one thing
        for (x1, y1, x2, y2), mask in zip(objects.boxes.astype(int), masks, strict=True):
            inside = mask[y1:y2, x1:x2]
            assert mask.sum() == inside.sum()
            assert inside[0].any() and inside[-1].any() and inside[:, 0].any() and inside[:, -1].any()


def test_the_ground_shows_wherever_no_mask_is() -> None:
    scenes = compose(10, ground="plain", rng=np.random.default_rng(1))
    for image, masks in zip(scenes.images, scenes.masks, strict=True):
        ground = image[:, ~masks.any(axis=0)]
        assert (ground == ground[:, :1]).all()
        assert (image[:, masks.any(axis=0)] != ground[:, :1]).any(axis=0).mean() > 0.99


def test_objects_hardly_overlap() -> None:
    scenes = compose(100, most=4, max_iou=0.1, rng=np.random.default_rng(2))
    assert {len(each.boxes) for each in scenes.objects} >= {1, 2, 3}
    overlaps = [
        iou_matrix(each.boxes, each.boxes)[np.triu_indices(len(each.boxes), 1)] for each in scenes.objects
    ]
    # Covered garments have smaller boxes than they were laid with, so the bound holds nearly.
    assert np.mean(np.concatenate(overlaps) <= 0.1) > 0.95


def test_sides_are_kept() -> None:
    scenes = compose(50, size=48, most=1, sides=(16, 20), rng=np.random.default_rng(3))
    sizes = np.concatenate([each.boxes[:, 2:] - each.boxes[:, :2] for each in scenes.objects])
    assert sizes.max() <= 20 and sizes.max(axis=1).mean() > 12


def test_a_seed_decides_everything() -> None:
    one, other = (compose(5, rng=np.random.default_rng(7)) for _ in range(2))
    assert np.array_equal(one.images, other.images)
    assert all(np.array_equal(a, b) for a, b in zip(one.masks, other.masks, strict=True))
    assert not np.array_equal(one.images, compose(5, rng=np.random.default_rng(8)).images)


def test_training_and_test_share_no_piece_of_a_photograph(monkeypatch: pytest.MonkeyPatch) -> None:
    """With 1 for the left part and 0 for the right, every ground tells its part."""
    marked = []
    for photograph in _photographs():
        mark = np.zeros_like(photograph)
        mark[:, :, : int(0.6 * mark.shape[2])] = 1
        marked.append(mark)
    monkeypatch.setattr("cs_cnn.detect.scenes._photographs", lambda: tuple(marked))
    for part, value in (("train", 1), ("test", 0)):
        scenes = compose(30, part=part, rng=np.random.default_rng(0))  # type: ignore[arg-type]
        for image, masks in zip(scenes.images, scenes.masks, strict=True):
            assert (image[:, ~masks.any(axis=0)] == value).all()


def test_the_class_of_every_pixel() -> None:
    scenes = compose(6, rng=np.random.default_rng(4))
    classes = scenes.semantic()
    assert classes.shape == (6, 64, 64)
    for pixels, objects, masks in zip(classes, scenes.objects, scenes.masks, strict=True):
        assert not pixels[~masks.any(axis=0)].any()
        for label, mask in zip(objects.labels, masks, strict=True):
            assert (pixels[mask] == label + 1).all()


def test_other_classes() -> None:
    scenes = compose(8, classes=("Sandal",), rng=np.random.default_rng(0))
    assert (
        scenes.classes == ("Sandal",) and not np.concatenate([each.labels for each in scenes.objects]).any()
    )


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"classes": ("Trousers",)}, "got Trousers"),
        ({"classes": ()}, "got none"),
        ({"part": "validation"}, "part must be one of train, test"),
        ({"ground": "beach"}, "ground one of photographs, stripes, plain"),
        ({"sides": (30, 20)}, "sides must be two numbers from 8 to the size 64"),
        ({"sides": (20, 65)}, "sides must be"),
        ({"most": 0}, "most at least 1"),
        ({"size": 200}, "size must be at most"),
    ],
)
def test_scenes_that_cannot_be(changed: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        compose(1, rng=np.random.default_rng(0), **changed)
