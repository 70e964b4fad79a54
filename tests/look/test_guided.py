from __future__ import annotations

import pytest
import torch
from torch import nn

from cs_cnn import look, zoo
from cs_cnn.errors import CsCnnError


class TwoLayers(nn.Module):
    """Scores W2 relu(W1 x), with numbers that show what each rule does."""

    def __init__(
        self, first: list[list[float]], second: list[list[float]], unit: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.first, self.second = torch.tensor(first), torch.tensor(second)
        self.unit = unit or nn.ReLU()

    def forward(self, x):
        return self.unit(x.flatten(1) @ self.first.T) @ self.second.T


def test_the_rules_by_hand():
    # Units 0 and 1 are on, 2 and 3 off; the signals that reach them are 2, -3, 5, -7; every unit sees its own pixel.
    net = TwoLayers(torch.eye(4).tolist(), [[2.0, -3.0, 5.0, -7.0]])
    image = torch.tensor([1.0, 1.0, -1.0, -1.0]).reshape(1, 1, 2, 2)
    found = {}
    for rule in ("gradient", "deconvnet", "guided"):
        with look.relu_rule(net, rule):
            found[rule] = look.gradient(net, image, 0).flatten().tolist()
    assert found["gradient"] == [2.0, -3.0, 0.0, 0.0]
    assert found["deconvnet"] == [2.0, 0.0, 5.0, 0.0]
    assert found["guided"] == [2.0, 0.0, 0.0, 0.0]
    assert look.guided_gradient(net, image, 0).flatten().tolist() == found["guided"]


def test_a_relu_that_saturates_lets_nothing_through_where_it_does():
    net = TwoLayers(torch.eye(4).tolist(), [[1.0, 1.0, 1.0, -1.0]], nn.ReLU6())
    image = torch.tensor([3.0, 9.0, -1.0, 3.0]).reshape(1, 1, 2, 2)
    assert look.guided_gradient(net, image, 0).flatten().tolist() == [1.0, 0.0, 0.0, 0.0]


def test_guided_backpropagation_equals_the_formula_written_out(plain_net, images):
    """The rule is applied by hand, layer by layer, with gradients of single layers."""
    steps, x = [], images
    for module in plain_net:
        steps.append((module, x))
        x = module(x).detach()
    signal = torch.zeros_like(x)
    signal[:, 3] = 1
    for module, seen in reversed(steps):
        seen = seen.clone().requires_grad_()
        (back,) = torch.autograd.grad(module(seen), seen, signal)
        signal = back * (signal > 0) if isinstance(module, nn.ReLU) else back
    guided = look.guided_gradient(plain_net, images, 3)
    torch.testing.assert_close(guided, signal)
    assert not torch.allclose(guided, look.gradient(plain_net, images, 3))


def test_afterwards_the_net_is_as_before_also_when_something_went_wrong(images):
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(2, 3, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(3 * 11 * 9, 4)
    ).double()
    before = look.gradient(net, images, 1)
    look.guided_gradient(net, images, 1)
    with pytest.raises(CsCnnError), look.relu_rule(net, "guided"):
        assert not net[1].inplace
        look.gradient(net, images, 99)
    assert net[1].inplace and not net[1]._backward_hooks
    assert torch.equal(look.gradient(net, images, 1), before)


def test_a_relu_that_is_used_twice_follows_the_rule_each_time(images):
    torch.manual_seed(0)
    unit = nn.ReLU()
    parts = [nn.Conv2d(2, 3, 3), nn.Conv2d(3, 3, 3), nn.Flatten(), nn.Linear(3 * 9 * 7, 4)]
    shared = nn.Sequential(parts[0], unit, parts[1], unit, *parts[2:]).double()
    separate = nn.Sequential(parts[0], nn.ReLU(), parts[1], nn.ReLU(), *parts[2:])
    for rule in ("deconvnet", "guided"):
        with look.relu_rule(shared, rule), look.relu_rule(separate, rule):
            both = [look.gradient(net, images, 2) for net in (shared, separate)]
        assert torch.equal(*both)


def test_it_passes_through_the_residual_nets_of_the_zoo():
    net = zoo.build_small("resnet20", seed=0)
    slopes = look.guided_gradient(net, torch.rand(2, 1, 28, 28), 3)
    assert slopes.shape == (2, 1, 28, 28) and slopes.abs().sum() > 0
    assert not torch.allclose(slopes, look.gradient(net, torch.rand(2, 1, 28, 28), 3))


def test_a_net_without_such_modules_and_an_unknown_rule_are_told(plain_net):
    with (
        pytest.raises(CsCnnError, match=r"ReLUs as modules torch\.nn\.ReLU or torch\.nn\.ReLU6"),
        look.relu_rule(nn.Sequential(nn.Linear(2, 2), nn.Tanh()), "guided"),
    ):
        pass
    with (
        pytest.raises(CsCnnError, match="'gradient' or 'deconvnet' or 'guided', got 'other'"),
        look.relu_rule(plain_net, "other"),
    ):
        pass
