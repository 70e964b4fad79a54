"""An object is planted in noise, a net learns to name it, and every way of asking where it looks finds the object."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cs_cnn import look, train

SIDE, SHAPE = 20, 5
CROSS, RING = torch.zeros(SHAPE, SHAPE), torch.ones(SHAPE, SHAPE)
CROSS[2], CROSS[:, 2] = 1, 1
RING[1:4, 1:4] = 0


def scenes(count: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(count, 1, SIDE, SIDE, generator=generator) - 0.5
    labels = torch.randint(2, (count,), generator=generator)
    corners = torch.randint(SIDE - SHAPE + 1, (count, 2), generator=generator)
    for image, label, (top, left) in zip(images, labels, corners.tolist(), strict=True):
        image[0, top : top + SHAPE, left : left + SHAPE] += torch.stack([CROSS, RING])[label]
    return images, labels, corners


@pytest.fixture(scope="module")
def net() -> nn.Module:
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(1, 8, 5, padding=2),
        nn.ReLU(),
        nn.Conv2d(8, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Linear(16, 2),
    )
    x, y, _ = scenes(600, 0)
    rows = train.fit(
        net, (x, y), (x, y), epochs=8, batch_size=30, optimiser="adam", lr=0.01, progress=False, device="cpu"
    )
    assert rows[-1]["test_accuracy"] > 0.97
    return net


@pytest.fixture(scope="module")
def known(net) -> list[tuple[Tensor, int, Tensor]]:
    """Unseen scenes that the net names rightly."""
    images, labels, corners = scenes(60, 1)
    right = (train.predict(net, images).argmax(dim=1) == labels).numpy()
    assert right.mean() > 0.9
    return [(images[k], int(labels[k]), corners[k]) for k in np.flatnonzero(right)[:40]]


def on_the_object(heat: Tensor, corner: Tensor, margin: int = 1) -> bool:
    """Whether the largest number lies on the object, or next to it."""
    place = torch.tensor(divmod(int(heat.argmax()), SIDE))
    return bool(((place >= corner - margin) & (place < corner + SHAPE + margin)).all())


def maps_of(net: nn.Module, image: Tensor, label: int) -> dict[str, Tensor]:
    drops = look.occlusion(net, image, label, size=5)
    fine = look.occlusion(net, image, label, size=5, stride=1)
    return {
        "saliency": look.saliency(net, image[None], label)[0],
        "smooth": look.smooth_gradient(net, image[None], label, generator=torch.Generator().manual_seed(0))[0]
        .abs()
        .amax(0),
        "guided": look.guided_gradient(net, image[None], label)[0].abs().amax(0),
        "occlusion side by side": look.per_pixel(drops, (SIDE, SIDE), size=5),
        "occlusion": look.per_pixel(fine, (SIDE, SIDE), size=5, stride=1),
        "grad-cam": look.enlarge(look.grad_cam(net, image[None], label, "4"), (SIDE, SIDE))[0],
    }


def test_every_map_is_strongest_on_the_object(net, known):
    found: dict[str, list[bool]] = {}
    for image, label, corner in known:
        for name, heat in maps_of(net, image, label).items():
            found.setdefault(name, []).append(on_the_object(heat, corner, margin=2))
    share = {name: np.mean(hits) for name, hits in found.items()}
    assert min(share.values()) > 0.85, share  # by chance (9 / 20)^2 = 0.2
    assert share["occlusion"] > 0.95, share


def test_occlusion_and_saliency_agree(net, known):
    """The drop under a patch goes with the sum of saliency under it, though one is a difference and one a slope."""
    likeness = []
    for image, label, _ in known:
        drops = look.occlusion(net, image, label, size=5, stride=1)
        slopes = F.avg_pool2d(look.saliency(net, image[None], label), 5, 1)[0]
        likeness.append(np.corrcoef(drops.flatten(), slopes.flatten())[0, 1])
    assert np.mean(likeness) > 0.6, np.mean(likeness)


def test_without_an_object_the_maps_say_nothing_of_the_kind(net, known):
    """A control: the same corners in scenes whose object was planted elsewhere are hit as often as by chance."""
    hits = [
        on_the_object(look.saliency(net, image[None], label)[0], known[(k + 7) % len(known)][2], margin=2)
        for k, (image, label, _) in enumerate(known)
    ]
    assert np.mean(hits) < 0.5
