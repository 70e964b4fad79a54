from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from cs_cnn import look
from cs_cnn.errors import CsCnnError
from cs_cnn.gradcheck import numerical_gradient, relative_error


def test_the_gradient_equals_a_numerical_one_for_every_pixel(plain_net, images):
    labels = torch.tensor([4, 0, 2])
    slopes = look.gradient(plain_net, images, labels)
    for n, label in enumerate(labels):

        def score(x, n=n, label=label):
            with torch.no_grad():
                return float(plain_net(torch.from_numpy(x)[None])[0, label])

        expected = numerical_gradient(score, images[n].numpy().copy())
        assert relative_error(slopes[n].numpy(), expected) < 1e-7


def test_saliency_is_the_largest_size_among_the_channels(weighted):
    weights = torch.tensor([[[[1.0, 0.0]], [[-5.0, -1.0]], [[2.0, 0.5]]]])
    net = weighted(weights)
    assert look.saliency(net, torch.rand(2, 3, 1, 2), 0).tolist() == [[[5.0, 1.0]]] * 2


def test_the_score_is_taken_before_any_softmax_and_of_the_class_that_was_asked_for(weighted):
    weights = torch.randn(4, 1, 3, 5)
    slopes = look.gradient(weighted(weights), torch.rand(4, 1, 3, 5), torch.tensor([2, 0, 3, 1]))
    assert torch.equal(slopes, weights[[2, 0, 3, 1]])


def test_images_of_a_batch_do_not_mix_and_the_net_is_left_as_it_was(noisy, images):
    state = {name: value.clone() for name, value in noisy.state_dict().items()}
    modes = [module.training for module in noisy.modules()]
    together = look.gradient(noisy, images, 1)
    alone = torch.cat([look.gradient(noisy, image[None], 1) for image in images])
    torch.testing.assert_close(together, alone)
    assert [module.training for module in noisy.modules()] == modes and True in modes and False in modes
    assert all(torch.equal(value, state[name]) for name, value in noisy.state_dict().items())
    assert all(parameter.grad is None for parameter in noisy.parameters())
    assert images.grad is None and not images.requires_grad


def test_it_works_where_gradients_are_off_and_weights_are_frozen(plain_net, images):
    expected = look.gradient(plain_net, images, 3)
    plain_net.requires_grad_(False)
    with torch.no_grad():
        assert torch.equal(look.gradient(plain_net, images, 3), expected)


def test_the_mean_of_noisy_gradients_of_a_linear_net_is_its_gradient(weighted):
    weights = torch.randn(2, 1, 4, 4, dtype=torch.float64)
    smooth = look.smooth_gradient(weighted(weights), torch.rand(3, 1, 4, 4, dtype=torch.float64), 1, copies=7)
    torch.testing.assert_close(smooth, weights[[1, 1, 1]])


def test_the_noise_is_a_share_of_the_range_of_each_image():
    """For the score sum of x^2 / 2 the gradient is x itself, so the mean gradient is x plus the mean of the noise."""

    class Squares(nn.Module):
        def forward(self, x):
            return (x**2).sum(dim=(2, 3)) / 2

    x = torch.zeros(2, 1, 100, 100, dtype=torch.float64)
    x[0, 0, 0, 0], x[1, 0, 0, 0] = 1, -3
    generator = torch.Generator().manual_seed(0)
    noise = look.smooth_gradient(Squares(), x, 0, noise=0.2, copies=4, generator=generator) - x
    expected = 0.2 * torch.tensor([1.0, 3.0], dtype=torch.float64) / np.sqrt(4)
    torch.testing.assert_close(noise.flatten(1).std(dim=1), expected, rtol=0.03, atol=0)
    assert noise.mean().abs() < 0.01
    still = look.smooth_gradient(Squares(), x, 0, noise=0.0, copies=1)
    assert torch.equal(still, x)


def test_the_same_dice_give_the_same_gradient(plain_net, images):
    once, again = (
        look.smooth_gradient(plain_net, images, 0, copies=2, generator=torch.Generator().manual_seed(5))
        for _ in range(2)
    )
    assert torch.equal(once, again)
    assert not torch.equal(once, look.gradient(plain_net, images, 0))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"images": torch.rand(2, 13, 11)}, r"shape \(N, C, H, W\), got shape \(2, 13, 11\)"),
        ({"images": torch.zeros(1, 2, 13, 11, dtype=torch.int64)}, "floating-point"),
        ({"images": np.zeros((1, 2, 13, 11))}, "floating-point tensor"),
        ({"labels": 5}, "between 0 and 4"),
        ({"labels": -1}, "between 0 and 4"),
        ({"labels": 1.0}, "whole number"),
        ({"labels": True}, "whole number"),
        ({"labels": torch.tensor([0, 1])}, "one for each of the 3 images"),
        ({"net": nn.Identity()}, r"scores of shape \(N, K\), got \(3, 2, 13, 11\)"),
    ],
)
def test_a_wrong_argument_is_named_in_a_sentence(plain_net, images, change, sentence):
    arguments = {"net": plain_net, "images": images, "labels": 0} | change
    with pytest.raises(CsCnnError, match=sentence) as told:
        look.gradient(**arguments)
    assert str(told.value).endswith(".") and "\n" not in str(told.value)


@pytest.mark.parametrize("wrong", [{"copies": 0}, {"noise": -0.1}])
def test_wrong_settings_of_the_noise(plain_net, images, wrong):
    with pytest.raises(CsCnnError, match="copies must be at least 1 and noise at least 0"):
        look.smooth_gradient(plain_net, images, 0, **wrong)
