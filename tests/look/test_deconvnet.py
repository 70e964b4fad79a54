from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from cs_cnn import look, zoo
from cs_cnn.errors import CsCnnError

RULES = ("gradient", "deconvnet", "guided")


@st.composite
def nets(draw):
    """Two convolutions with ReLUs and a pooling of any geometry, in any order that a net may have."""
    torch.manual_seed(draw(st.integers(0, 99)))
    layers, channels = [], 2
    for first in (True, False):
        groups = draw(st.sampled_from((1, 2)))
        out = draw(st.sampled_from((2, 4)))
        layers.append(
            nn.Conv2d(
                channels,
                out,
                (draw(st.integers(1, 3)), draw(st.integers(1, 3))),
                stride=draw(st.integers(1, 2)),
                padding=draw(st.integers(0, 2)),
                dilation=draw(st.integers(1, 2)) if first else 1,
                groups=groups,
            )
        )
        layers.append(nn.ReLU(inplace=draw(st.booleans())))
        channels = out
    size = draw(st.integers(1, 3))
    pool = nn.MaxPool2d(size, draw(st.integers(1, 3)), padding=size // 2, ceil_mode=draw(st.booleans()))
    layers.insert(draw(st.sampled_from((1, 2, 4))), pool)
    return nn.Sequential(*layers).double()


@given(net=nets(), height=st.integers(22, 25), width=st.integers(22, 25))
def test_with_the_gradients_rule_it_is_the_gradient_and_with_the_others_that_of_the_hooks(net, height, width):
    generator = torch.Generator().manual_seed(height * width)
    images = torch.randn(2, 2, height, width, dtype=torch.float64, generator=generator)
    seen = look.Deconvnet(net, images)
    signal = torch.randn(seen.out.shape, dtype=torch.float64, generator=generator)
    # Autograd on copies that do not work in place, since the deconvnet must not need them to.
    apart = nn.Sequential(*(nn.ReLU() if isinstance(module, nn.ReLU) else module for module in net))
    torch.testing.assert_close(seen.out, apart(images).detach())
    for rule in RULES:
        x = images.clone().requires_grad_()
        with look.relu_rule(apart, rule):
            (expected,) = torch.autograd.grad(apart(x), x, signal)
        torch.testing.assert_close(seen.back(signal, rule), expected)


def test_of_a_net_whose_way_back_meets_nothing_negative_all_rules_agree_with_the_linearised_net():
    """Positive weights and images: every unit is on and every signal positive, so the ReLUs are the identity."""
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(3, 2, 2), nn.ReLU()
    ).double()
    for parameter in net.parameters():
        nn.init.uniform_(parameter, 0.1, 1)
    images = torch.rand(2, 1, 10, 12, dtype=torch.float64)
    seen = look.Deconvnet(net, images)
    signal = look.strongest(seen.out, 1)
    x = images.clone().requires_grad_()
    (expected,) = torch.autograd.grad(net(x), x, signal)
    for rule in RULES:
        torch.testing.assert_close(seen.back(signal, rule), expected)


def test_one_filter_is_painted_where_the_unit_looked():
    """A single convolution: the answer is the filter, times the activation, in the window of the strongest place."""
    torch.manual_seed(3)
    net = nn.Sequential(nn.Conv2d(1, 2, (3, 2), bias=True), nn.ReLU()).double()
    images = torch.rand(1, 1, 7, 6, dtype=torch.float64)
    seen = look.Deconvnet(net, images)
    row, column = divmod(int(seen.out[0, 1].argmax()), seen.out.shape[3])
    expected = torch.zeros(1, 1, 7, 6, dtype=torch.float64)
    expected[0, 0, row : row + 3, column : column + 2] = (net[0].weight[1, 0] * seen.out[0, 1].max()).detach()
    torch.testing.assert_close(seen.back(look.strongest(seen.out, 1)), expected)


def test_unpooling_by_hand_and_where_windows_share_a_maximum():
    x = torch.tensor([[[[1.0, 9.0, 3.0], [4.0, 5.0, 6.0]]], [[[7.0, 1.0, 0.0], [0.0, 0.0, 8.0]]]])
    out, switches = F.max_pool2d(x, 2, 1, return_indices=True)
    assert out.flatten().tolist() == [9.0, 9.0, 7.0, 8.0]
    signal = torch.tensor([[[[2.0, -5.0]]], [[[3.0, 4.0]]]])
    back = look.unpool(signal, switches, x.shape)
    assert back[0].flatten().tolist() == [0.0, -3.0, 0.0, 0.0, 0.0, 0.0]  # both windows chose the 9
    assert back[1].flatten().tolist() == [3.0, 0.0, 0.0, 0.0, 0.0, 4.0]


def test_the_strongest_number_of_a_map_stays_and_nothing_else():
    maps = torch.zeros(2, 3, 2, 4)
    maps[0, 1, 1, 2], maps[0, 1, 0, 0], maps[0, 2, 0, 3] = 5.0, 4.0, 9.0
    maps[1, 1] = -torch.ones(2, 4)
    maps[1, 1, 0, 1] = -0.5
    signal = look.strongest(maps, 1)
    assert signal.shape == maps.shape and signal[0, 1, 1, 2] == 5 and signal[1, 1, 0, 1] == -0.5
    assert (signal != 0).sum() == 2


def test_stages_of_the_zoo_and_a_relu_that_is_used_twice():
    net = zoo.build_small("vgg11", seed=0)
    images = torch.rand(2, 1, 28, 28)
    seen = look.Deconvnet(net, images, upto="pool2")
    torch.testing.assert_close(seen.out, net.eval().features(images, upto="pool2").detach())
    assert [note.name for note in seen.notes][:3] == ["conv1_1.conv", "conv1_1.activation", "pool1"]
    assert (
        look.Deconvnet(net, images).notes[-1].name == "conv5_2.activation"
    )  # the affine layers are left out
    assert look.Deconvnet(net, images, upto="conv1_1.conv").out.min() < 0
    unit = nn.ReLU()
    twice = nn.Sequential(nn.Conv2d(1, 2, 3), unit, nn.Conv2d(2, 2, 3), unit)
    assert len(look.Deconvnet(twice, images).notes) == 4


def test_nothing_of_the_net_changes(plain_net, images):
    seen = look.Deconvnet(plain_net, images)
    kept = images.clone()
    once = seen.back(torch.ones_like(seen.out), "guided")
    assert torch.equal(seen.back(torch.ones_like(seen.out), "guided"), once) and torch.equal(images, kept)
    assert all(parameter.grad is None for parameter in plain_net.parameters())


@pytest.mark.parametrize(
    ("net", "upto", "sentence"),
    [
        (zoo.build_small("zfnet", seed=0), "conv2", "LocalResponseNorm 'norm1'"),
        (zoo.build_small("resnet20", seed=0), "conv1", "CifarResNet has the BatchNorm2d 'conv1.norm'"),
        (
            zoo.build("lenet5", seed=0),
            "c1",
            "this LeNet5 has the LeNet5 ''",
        ),  # its stages squash outside of modules
        (zoo.build_small("vgg11", seed=0), "pool9", "path of a module of this VGG"),
        (nn.Sequential(nn.Conv2d(1, 2, 3, padding=1, padding_mode="reflect")), None, "Conv2d '0'"),
        (nn.Sequential(nn.Conv2d(1, 2, 3, padding="same")), None, "Conv2d '0'"),
    ],
)
def test_a_net_that_is_not_plain_is_told(net, upto, sentence):
    with pytest.raises(CsCnnError, match=sentence):
        look.Deconvnet(net, torch.rand(1, 1, 28, 28), upto)


def test_a_signal_of_another_shape_and_an_unknown_rule_are_told(plain_net, images):
    seen = look.Deconvnet(plain_net, images)
    with pytest.raises(CsCnnError, match=r"shape of the last layer, \(3, 6, 2, 2\), got \(3, 6, 1, 2\)"):
        seen.back(seen.out[:, :, :1])
    with pytest.raises(CsCnnError, match="rule must be"):
        seen.back(seen.out, "relu")
