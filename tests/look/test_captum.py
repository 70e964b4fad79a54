"""The same maps as Captum's, an independent library, on the same nets."""

from __future__ import annotations

import pytest
import torch
from sklearn.datasets import load_sample_image

from cs_cnn import look, zoo

captum = pytest.importorskip("captum.attr", reason="needs captum (pip install captum)")

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # Captum tells that it sets hooks


@pytest.fixture(scope="module")
def lite0() -> zoo.Pretrained:
    return zoo.pretrained("efficientnet_lite0")


@pytest.fixture(scope="module")
def flower(lite0) -> torch.Tensor:
    return lite0.preprocess(load_sample_image("flower.jpg"))


def test_saliency(plain_net, images):
    expected = captum.Saliency(plain_net).attribute(images.clone().requires_grad_(), target=2)
    torch.testing.assert_close(look.saliency(plain_net, images, 2), expected.amax(dim=1))


@pytest.mark.parametrize(("rule", "name"), [("guided", "GuidedBackprop"), ("deconvnet", "Deconvolution")])
def test_rules_for_the_relu(plain_net, images, rule, name):
    theirs = getattr(captum, name)(plain_net).attribute(images.clone().requires_grad_(), target=2)
    with look.relu_rule(plain_net, rule):
        torch.testing.assert_close(look.gradient(plain_net, images, 2), theirs)


def test_guided_backpropagation_through_a_residual_net(images):
    net = zoo.build_small("resnet20", channels=2, seed=0).double().eval()
    theirs = captum.GuidedBackprop(net).attribute(images.clone().requires_grad_(), target=2)
    torch.testing.assert_close(look.guided_gradient(net, images, 2), theirs)


def test_grad_cam_of_a_small_net(plain_net, images):
    for layer in ("0", "3", "5"):
        theirs = captum.LayerGradCam(plain_net, plain_net.get_submodule(layer)).attribute(
            images, target=4, relu_attributions=True
        )
        torch.testing.assert_close(look.grad_cam(plain_net, images, 4, layer), theirs[:, 0])


def test_grad_cam_of_the_pretrained_net_on_a_photograph(lite0, flower):
    label = lite0.classes.index("daisy")
    for layer in ("top", "blocks5"):
        theirs = captum.LayerGradCam(lite0.net, lite0.net.get_submodule(layer)).attribute(
            flower, target=label, relu_attributions=True
        )
        torch.testing.assert_close(look.grad_cam(lite0.net, flower, label, layer), theirs[:, 0])


def test_occlusion(plain_net, images):
    theirs = captum.Occlusion(plain_net).attribute(
        images[:1], sliding_window_shapes=(2, 3, 3), strides=(2, 2, 2), baselines=0.7, target=1
    )
    drops = look.occlusion(plain_net, images[0], 1, size=3, stride=2, fill=0.7)
    # Captum's maps are for pixels: the mean of the patches that covered each.
    torch.testing.assert_close(look.per_pixel(drops, (13, 11), size=3, stride=2).float(), theirs[0, 0])
