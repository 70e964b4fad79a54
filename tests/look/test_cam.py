from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cs_cnn import look, zoo
from cs_cnn.errors import CsCnnError


class Averaged(nn.Module):
    """Convolution, mean over each map, linear: the net of the class activation map."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(2, 5, 3, padding=1), nn.ReLU())
        self.head = nn.Linear(5, 4)

    def forward(self, x):
        return self.head(self.body(x).mean(dim=(2, 3)))


@pytest.fixture
def averaged() -> nn.Module:
    torch.manual_seed(0)
    return Averaged().double()


def test_after_a_global_mean_it_is_the_class_activation_map(averaged, images):
    """Zhou et al. (2016): the maps weighted with the class's own weights; here divided by the number of places."""
    maps = averaged.body(images).detach()
    for label in range(4):
        expected = torch.einsum("k,nkhw->nhw", averaged.head.weight[label], maps) / (13 * 11)
        got = look.grad_cam(averaged, images, label, "body")
        torch.testing.assert_close(got, expected.clamp(min=0).detach())
        assert (expected < 0).any() and (got >= 0).all()


def test_by_hand_where_slopes_differ_from_place_to_place():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.maps = nn.Identity()

        def forward(self, x):
            a = self.maps(x)
            return (a[:, :1, 0, 0] * 3 + a[:, :1, 0, 1] - a[:, 1:, 0, 1] * 2).expand(-1, 2)

    image = torch.tensor([[[[1.0, 2.0]], [[3.0, 0.5]]]])
    # Mean slopes: (3 + 1) / 2 = 2 and (0 - 2) / 2 = -1; so 2 - 3 < 0 at the first place, 4 - 0.5 at the second.
    assert look.grad_cam(Net(), image, 1, "maps").tolist() == [[[0.0, 3.5]]]


def test_frozen_weights_and_a_relu_in_place_change_nothing(images):
    torch.manual_seed(0)
    parts = [nn.Conv2d(2, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(3 * 11 * 9, 4)]
    net = nn.Sequential(*parts).double()
    expected = look.grad_cam(net, images, 1, "0")
    torch.testing.assert_close(
        expected, look.grad_cam(nn.Sequential(parts[0], nn.ReLU(inplace=True), *parts[2:]), images, 1, "0")
    )
    net.requires_grad_(False)
    with torch.no_grad():
        torch.testing.assert_close(look.grad_cam(net, images, 1, net[0]), expected)
    assert not net[0]._forward_hooks


def test_mode_and_gradients_of_the_net_are_left_alone(noisy, images):
    assert torch.equal(look.grad_cam(noisy, images, 1, "0"), look.grad_cam(noisy, images, 1, "0"))
    assert noisy.training and not noisy[1].training
    assert all(parameter.grad is None for parameter in noisy.parameters())


def test_enlarging_keeps_places():
    small = torch.zeros(1, 4, 7)
    small[0, 3, 5] = 1
    large = look.enlarge(small, (40, 70))[0]
    top, left = divmod(int(large.argmax()), 70)
    assert large.shape == (40, 70) and 30 <= top < 40 and 50 <= left < 60
    torch.testing.assert_close(
        F.avg_pool2d(look.enlarge(torch.ones(2, 3, 3), (9, 6)), 3), torch.ones(2, 3, 2)
    )


@pytest.mark.parametrize(
    ("layer", "sentence"),
    [
        ("fc", r"layer must put out feature maps .* 'fc' puts out \(2, 10\)"),
        ("conv9", r"path of a module of this .* \(conv1, conv2_x.* got 'conv9'"),
        ("", "path of a module"),
        (nn.ReLU(), "a ReLU that is no part of this"),
    ],
)
def test_a_wrong_layer_is_named_in_a_sentence(layer, sentence):
    net = zoo.build_small("resnet20", seed=0)
    with pytest.raises(CsCnnError, match=sentence):
        look.grad_cam(net, torch.rand(2, 1, 28, 28), 0, layer)


def test_a_layer_that_takes_no_part_is_told(averaged, images):
    averaged.spare = nn.Conv2d(2, 2, 1)
    for looking in (look.grad_cam, lambda net, x, label, layer: look.activations(net, x, layer)):
        with pytest.raises(CsCnnError, match="take part when the net runs, and 'spare' does not"):
            looking(averaged, images, 0, "spare")
