from __future__ import annotations

import pytest
import torch
from torch import nn

from cs_cnn import look, zoo
from cs_cnn.errors import CsCnnError


@pytest.fixture(scope="module")
def vgg() -> nn.Module:
    return zoo.build_small("vgg11", seed=0).double()


@pytest.fixture(scope="module")
def pictures() -> torch.Tensor:
    return torch.rand(12, 1, 28, 28, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_they_are_the_largest_numbers_one_for_each_image(vgg, pictures):
    maps = look.activations(vgg, pictures, "conv2_1")
    found = look.top_patches(vgg, pictures, "conv2_1", channels=[3, 0], count=5, batch=7)
    assert list(found) == [3, 0]
    for channel, patches in found.items():
        by_image = maps[:, channel].flatten(1).max(dim=1).values
        assert [patch.value for patch in patches] == pytest.approx(
            by_image.sort(descending=True).values[:5].tolist()
        )
        assert len({patch.image for patch in patches}) == 5
        for patch in patches:
            assert maps[patch.image, channel, patch.row, patch.column] == pytest.approx(patch.value)
    assert len(look.top_patches(vgg, pictures, "conv2_1", count=1)) == 16  # all maps


@pytest.mark.parametrize(
    "layer", ["conv1_1", "pool1", "conv2_1.conv", "conv2_1.activation", "pool2", "conv3_2"]
)
def test_a_box_holds_just_what_the_unit_can_see(vgg, layer):
    """The number stays when everything outside of its box changes, and its gradient is zero there."""
    torch.manual_seed(1)
    size = 56
    net = zoo.build_small("vgg11", size=size, seed=0).double()
    images = torch.rand(4, 1, size, size, dtype=torch.float64)
    for patches in look.top_patches(net, images, layer, channels=range(4), count=3).values():
        for patch in patches:
            top, left, bottom, right = patch.box
            inside = torch.zeros(1, size, size, dtype=torch.bool)
            inside[:, max(0, top) : bottom, max(0, left) : right] = True
            other = torch.where(inside, images[patch.image], torch.rand(1, size, size, dtype=torch.float64))
            maps = look.activations(net, torch.stack([other]), layer)
            channel = (
                (look.activations(net, images, layer)[patch.image, :, patch.row, patch.column] - patch.value)
                .abs()
                .argmin()
            )
            assert maps[0, channel, patch.row, patch.column] == pytest.approx(patch.value)
            assert bottom - top == right - left == look.receptive_field(net, layer, (1, size, size))[0].size


def test_a_planted_pattern_is_cut_out_where_it_was_planted():
    """A filter that looks like a cross finds the crosses, and its patches show them."""
    cross = torch.tensor([[0.0, 1, 0], [1, 1, 1], [0, 1, 0]])
    net = nn.Sequential(nn.Conv2d(1, 1, 3, padding=1, bias=False), nn.ReLU(), nn.MaxPool2d(2))
    net[0].weight.data = (cross * 2 - 1)[None, None]
    images = 0.1 * torch.rand(20, 1, 16, 20)
    planted = {}
    for image in (3, 7, 12):
        top, left = 13 - image, image + 1
        images[image, 0, top : top + 3, left : left + 3] = cross
        planted[image] = (top, left)
    patches = look.top_patches(net, images, "2", count=3)[0]
    assert {patch.image for patch in patches} == set(planted)
    for patch in patches:
        top, left = planted[patch.image]
        cut = look.crop(images[patch.image], patch.box, fill=-1)
        assert cut.shape == (1, 4, 4)
        row, column = top - patch.box[0], left - patch.box[1]
        assert torch.equal(cut[0, row : row + 3, column : column + 3], cross)


def test_receptive_fields_may_differ_along_the_two_axes():
    net = nn.Sequential(nn.Conv2d(1, 2, (3, 1), stride=(2, 1), padding=(1, 0)), nn.MaxPool2d((1, 2)))
    down, across = look.receptive_field(net, "1", (1, 9, 9))
    assert tuple(down) == (3, 2, -1) and tuple(across) == (2, 2, 0)
    assert down.span(0) == (-1, 2) and across.span(3) == (6, 8)


def test_crops_beyond_every_edge():
    image = torch.arange(6.0).reshape(1, 2, 3)
    assert look.crop(image, (-1, -1, 3, 4), fill=9)[0].tolist() == [
        [9, 9, 9, 9, 9],
        [9, 0, 1, 2, 9],
        [9, 3, 4, 5, 9],
        [9, 9, 9, 9, 9],
    ]
    assert look.crop(image, (0, 1, 1, 3))[0].tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"count": 13}, "between 1 and the number of images, 12"),
        ({"count": 0}, "between 1 and the number of images"),
        ({"batch": 0}, "batch be at least 1"),
        ({"channels": [16]}, "channels must lie between 0 and 15"),
        ({"channels": [-1]}, "channels must lie between 0 and 15"),
        ({"layer": "fc6"}, "'fc6' puts out"),
        ({"layer": "conv7"}, "path of a module"),
    ],
)
def test_a_wrong_argument_is_named_in_a_sentence(vgg, pictures, wrong, sentence):
    arguments = {"net": vgg, "images": pictures, "layer": "conv2_1"} | wrong
    with pytest.raises(CsCnnError, match=sentence):
        look.top_patches(**arguments)
