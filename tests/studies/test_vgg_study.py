"""VGG in small: crops and their scores against direct computation, and what the recorded runs say."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cs_cnn import zoo
from cs_cnn.augment import average_crops
from cs_cnn.studies import vgg as it
from cs_cnn.studies.images import Labelled


def small(seed=0):
    return zoo.build("vgg11", size=it.CROP, width=0.125, poolings=3, init="he", seed=seed).double().eval()


def images(side, count=3):
    return torch.randn(count, 1, side, side, generator=torch.manual_seed(1), dtype=torch.float64)


def test_a_crop_of_the_whole_image_is_the_image_or_its_mirror_image():
    x = images(it.CROP, 20).float()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        crops = it.random_crops(x, (it.CROP, it.CROP))
    same = [torch.allclose(crop, image, atol=1e-5) for crop, image in zip(crops, x, strict=True)]
    mirrored = [torch.allclose(crop, image.flip(-1), atol=1e-5) for crop, image in zip(crops, x, strict=True)]
    assert [a != b for a, b in zip(same, mirrored, strict=True)] == [True] * 20
    assert 3 < sum(same) < 17


def test_crops_show_the_share_of_the_image_that_their_side_says_and_lie_inside():
    ramp = torch.arange(28.0).expand(200, 1, 28, 28)  # a pixel's value is its column
    with torch.random.fork_rng():
        torch.manual_seed(0)
        crops = it.random_crops(ramp, (18, 28))
    step = (crops[..., 1:] - crops[..., :-1]).abs()[:, 0, 0, 5]  # pixels of the image between two of the crop
    assert step.min() >= 28 / 28 - 1e-4 and step.max() <= 28 / 18 + 1e-4
    assert step.min() < 1.1 and step.max() > 1.45
    assert crops.min() >= 0 and crops.max() <= 27
    assert crops.mean() == pytest.approx(13.5, abs=0.7)


def test_ten_crops_are_those_of_the_library():
    net, x = small(), images(23)  # an odd margin: half of it must be rounded alike
    with torch.no_grad():
        told = average_crops(lambda crop: net(torch.tensor(crop)).softmax(dim=1).numpy(), x.numpy(), it.CROP)
        np.testing.assert_allclose(it.ten_crop_scores(net, x).exp(), told, rtol=1e-10)


def test_a_crop_of_the_whole_image_leaves_two_views():
    net, x = small(), images(it.CROP)
    with torch.no_grad():
        both = (net(x).softmax(dim=1) + net(x.flip(-1)).softmax(dim=1)) / 2
        torch.testing.assert_close(it.ten_crop_scores(net, x).exp(), both)


def test_several_sides_are_averaged():
    net = small().float()
    test = Labelled(images(28, 40).float().numpy(), np.arange(40) % 10)
    with torch.no_grad():
        each = [it.ten_crop_scores(net, it.resized(torch.tensor(test.x), side)).exp() for side in (18, 27)]
    share = ((each[0] + each[1]).argmax(dim=1).numpy() == test.y).mean()
    assert it.at_several(net, (18, 27), test) == pytest.approx(share)


def test_published_figures_are_those_of_the_two_tables():
    """D at a single scale with S = 256 stands in both."""
    assert it.PUBLISHED_SCALE["A, 18"]["single"] == it.PUBLISHED_DEPTH["D"]
    assert set(it.PUBLISHED_SCALE) == {it.scale_name(sides) for sides in it.SCALES}
    assert set(it.PUBLISHED_DEPTH) < set(it.DEPTHS)
    for low, high in it.SCALES:  # as many crops to the side as in the paper: 224 of 256, 384 or 512
        assert low / it.CROP == pytest.approx({18: 256, 27: 384}[low] / 224, abs=0.04)
        assert high / it.CROP == pytest.approx({18: 256, 27: 384, 37: 512}[high] / 224, abs=0.05)
