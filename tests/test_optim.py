"""The step rules, against PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cs_cnn.optim import SGD


@pytest.mark.parametrize("momentum", [0.0, 0.9, 0.99])
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_a_hundred_steps_equal_torch(momentum: float, weight_decay: float) -> None:
    rng = np.random.default_rng(0)
    start = {"W": rng.normal(size=(3, 2)), "b": rng.normal(size=2)}
    ours = {name: value.copy() for name, value in start.items()}
    theirs = {name: torch.tensor(value, requires_grad=True) for name, value in start.items()}
    sgd = SGD(ours, 0.05, momentum=momentum, weight_decay=weight_decay)
    reference = torch.optim.SGD(theirs.values(), lr=0.05, momentum=momentum, weight_decay=weight_decay)
    for step in range(100):
        grads = {name: rng.normal(size=value.shape) for name, value in start.items()}
        sgd.lr = reference.param_groups[0]["lr"] = 0.05 * 0.98**step
        sgd.step(grads)
        for name, tensor in theirs.items():
            tensor.grad = torch.tensor(grads[name])
        reference.step()
    for name, tensor in theirs.items():
        assert np.allclose(ours[name], tensor.detach().numpy(), rtol=1e-12, atol=1e-14)


def test_a_steady_gradient_ends_in_steps_ten_times_as_long() -> None:
    """One lecture calls the velocity a running mean; it is a decaying sum, so the step grows to 1 / (1 - rho)."""
    params = {"w": np.zeros(1)}
    sgd = SGD(params, 0.1, momentum=0.9)
    for _ in range(300):
        before = params["w"].copy()
        sgd.step({"w": np.ones(1)})
    assert np.isclose((before - params["w"])[0], 0.1 * 10)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"lr": 0.0}, "lr must be positive"),
        ({"lr": float("nan")}, "lr must be positive"),
        ({"lr": 0.1, "momentum": 1.0}, "momentum must lie"),
        ({"lr": 0.1, "weight_decay": -1.0}, "weight_decay must be"),
    ],
)
def test_settings_out_of_range(settings: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        SGD({"w": np.ones(1)}, **settings)


def test_a_wrong_gradient_moves_nothing() -> None:
    params = {"W": np.ones((2, 2)), "b": np.ones(2)}
    sgd = SGD(params, 0.1)
    for grads in ({"W": np.ones((2, 2)), "b": np.ones((1, 2))}, {"W": np.ones((2, 2))}):
        with pytest.raises(ValueError, match="the gradient of b must have shape"):
            sgd.step(grads)
    assert (params["W"] == 1).all() and (params["b"] == 1).all()
