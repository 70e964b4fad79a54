"""The step rules and schedules, against PyTorch's."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from cs_cnn.optim import SGD, AdaGrad, Adam, Constant, Exponential, Optimiser, Plateau, RMSProp, StepDecay

Make = Callable[..., Any]

# Ours, its settings, and the same in PyTorch. PyTorch adds eps outside the root, as ours do.
PAIRS: dict[str, tuple[Make, dict[str, Any], Make, dict[str, Any]]] = {
    "sgd": (SGD, {}, torch.optim.SGD, {}),
    "momentum 0.9": (SGD, {"momentum": 0.9}, torch.optim.SGD, {"momentum": 0.9}),
    "momentum 0.99": (SGD, {"momentum": 0.99}, torch.optim.SGD, {"momentum": 0.99}),
    "nesterov": (
        SGD,
        {"momentum": 0.9, "nesterov": True},
        torch.optim.SGD,
        {"momentum": 0.9, "nesterov": True},
    ),
    "adagrad": (AdaGrad, {}, torch.optim.Adagrad, {"eps": 1e-7}),
    "adagrad, eps of torch": (AdaGrad, {"eps": 1e-10}, torch.optim.Adagrad, {}),
    "rmsprop": (RMSProp, {}, torch.optim.RMSprop, {"alpha": 0.9, "eps": 1e-7}),
    "rmsprop, settings of torch": (RMSProp, {"decay": 0.99, "eps": 1e-8}, torch.optim.RMSprop, {}),
    "adam": (Adam, {}, torch.optim.Adam, {"eps": 1e-7}),
    "adam, other settings": (
        Adam,
        {"beta1": 0.5, "beta2": 0.9, "eps": 1e-3},
        torch.optim.Adam,
        {"betas": (0.5, 0.9), "eps": 1e-3},
    ),
}
RULES = [SGD, AdaGrad, RMSProp, Adam]
every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize(("ours", "settings", "theirs", "their_settings"), PAIRS.values(), ids=PAIRS)
def test_a_hundred_steps_equal_torch(
    ours: Make, settings: dict, theirs: Make, their_settings: dict, weight_decay: float
) -> None:
    rng = np.random.default_rng(0)
    params = {"W": rng.normal(size=(3, 2)), "b": rng.normal(size=2)}
    tensors = {name: torch.tensor(value, requires_grad=True) for name, value in params.items()}
    rule = ours(params, 0.05, weight_decay=weight_decay, **settings)
    reference = theirs(tensors.values(), lr=0.05, weight_decay=weight_decay, **their_settings)
    for step in range(100):
        # Gradients of very different sizes, at times near eps or 0: where eps sits decides then.
        size = (1.0, 1e-6, 0.0)[step % 3]
        grads = {name: size * rng.normal(size=value.shape) for name, value in params.items()}
        rule.lr = reference.param_groups[0]["lr"] = 0.05 * 0.98**step
        rule.step(grads)
        for name, tensor in tensors.items():
            tensor.grad = torch.tensor(grads[name])
        reference.step()
        for name, tensor in tensors.items():
            assert np.allclose(params[name], tensor.detach().numpy(), rtol=1e-10, atol=1e-13), step


def test_a_steady_gradient_ends_in_steps_ten_times_as_long() -> None:
    """F034: one lecture calls the velocity a running mean; it is a decaying sum: the step grows to 1 / (1 - rho)."""
    params = {"w": np.zeros(1)}
    sgd = SGD(params, 0.1, momentum=0.9)
    for _ in range(300):
        before = params["w"].copy()
        sgd.step({"w": np.ones(1)})
    assert np.isclose((before - params["w"])[0], 0.1 * 10)


@pytest.mark.parametrize("rule", [AdaGrad, RMSProp])
def test_eps_inside_the_root_is_another_rule(rule: Make) -> None:
    """F031, F032: the lectures' formulas have eps inside the root, their code outside. It shows for small gradients."""
    g = np.array([1e-5])
    share = 1.0 if rule is AdaGrad else 0.1
    params = {"w": np.zeros(1)}
    rule(params, 1.0).step({"w": g})
    outside = g / (np.sqrt(share * g**2) + 1e-7)
    inside = g / np.sqrt(share * g**2 + 1e-7)
    assert np.allclose(-params["w"], outside)
    assert outside > 25 * inside


def test_the_first_step_of_adam_is_lr_times_the_sign() -> None:
    """F035: t counts from 1; the lecture's eps is 1e-7."""
    params = {"w": np.zeros(4)}
    adam = Adam(params, 0.001)
    adam.step({"w": np.array([1e-3, -5.0, 1e4, 0.0])})
    assert adam.t == 1 and adam.eps == 1e-7
    assert np.allclose(params["w"], 0.001 * np.array([-1, 1, -1, 0]), rtol=1e-3)


def test_a_loop_over_range_1_to_n_makes_one_step_too_few() -> None:
    """F035: with the lecture's `for t in range(1, num_iterations)` a hundred iterations are 99 steps."""
    params = {"w": np.zeros(1)}
    adam = Adam(params)
    for _ in range(100):
        adam.step({"w": np.ones(1)})
    assert adam.t == 100 and len(range(1, 100)) == 99


def test_without_correction_adam_would_start_with_steps_three_times_as_long() -> None:
    m, n = 0.1 * 1.0, 0.001 * 1.0
    assert np.isclose(m / np.sqrt(n), 3.16, atol=0.01)


@every_rule
def test_float32_stays_float32(rule: Make) -> None:
    params = {"w": np.ones(3, np.float32)}
    optimiser = rule(params, 0.1, weight_decay=0.1)
    optimiser.step({"w": np.ones(3, np.float32)})
    assert params["w"].dtype == np.float32
    assert all(value.dtype == np.float32 for name, value in optimiser.state_dict().items() if "." in name)


@every_rule
def test_the_gradients_are_not_changed(rule: Make) -> None:
    grads = {"w": np.array([1.0, -2.0])}
    rule({"w": np.ones(2)}, 0.1, weight_decay=0.5).step(grads)
    assert grads["w"].tolist() == [1.0, -2.0]


@every_rule
def test_a_state_goes_on_where_it_was(rule: Make) -> None:
    rng = np.random.default_rng(0)
    grads = [{"w": rng.normal(size=3)} for _ in range(10)]
    whole, half = {"w": np.ones(3)}, {"w": np.ones(3)}
    straight, first = rule(whole, 0.1), rule(half, 0.1)
    for grad in grads:
        straight.step(grad)
    for grad in grads[:5]:
        first.step(grad)
    state = first.state_dict()
    first.step(grads[0])  # must not leak into the copy
    half["w"][...] = 1
    replay = rule(half, 0.1)
    for grad in grads[:5]:
        replay.step(grad)
    second = rule(half, 77.0)
    second.load_state_dict(state)
    for grad in grads[5:]:
        second.step(grad)
    assert np.array_equal(whole["w"], half["w"])
    assert second.t == 10 and second.lr == 0.1


def test_a_state_that_does_not_fit_changes_nothing() -> None:
    adam = Adam({"w": np.ones(3)}, 0.1)
    adam.step({"w": np.ones(3)})
    before = adam.state_dict()
    for other in (SGD({"w": np.ones(3)}, 0.2), Adam({"w": np.ones(4)}, 0.2), Adam({"v": np.ones(3)}, 0.2)):
        with pytest.raises(ValueError, match=r"the state is of another optimiser or net: .* there and"):
            adam.load_state_dict(other.state_dict())
    assert all(np.array_equal(value, before[name]) for name, value in adam.state_dict().items())


@pytest.mark.parametrize(
    ("rule", "settings", "sentence"),
    [
        (SGD, {"lr": 0.0}, "lr must be positive"),
        (SGD, {"lr": float("nan")}, "lr must be positive"),
        (SGD, {"lr": float("inf")}, "lr must be positive and finite"),
        (SGD, {"lr": 0.1, "momentum": 1.0}, "momentum must lie"),
        (SGD, {"lr": 0.1, "nesterov": True}, "nesterov needs a momentum above 0"),
        (SGD, {"lr": 0.1, "weight_decay": -1.0}, "weight_decay must be"),
        (AdaGrad, {"lr": 0.1, "eps": 0.0}, "eps must be positive, so that nothing is divided by 0"),
        (RMSProp, {"lr": 0.1, "decay": 1.0}, "decay must lie between 0 and 1"),
        (RMSProp, {"lr": 0.1, "eps": -1.0}, "eps must be positive"),
        (Adam, {"lr": -0.1}, "lr must be positive"),
        (Adam, {"beta1": -0.1}, "beta1 must lie"),
        (Adam, {"beta2": 1.0}, "beta2 must lie"),
        (Adam, {"eps": float("nan")}, "eps must be positive"),
    ],
)
def test_settings_out_of_range(rule: Make, settings: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        rule({"w": np.ones(1)}, **settings)


def test_the_learning_rate_is_checked_between_steps_too() -> None:
    sgd = SGD({"w": np.ones(1)}, 0.1)
    with pytest.raises(ValueError, match="lr must be positive"):
        sgd.lr = -0.1
    assert sgd.lr == 0.1


def test_a_rule_prints_its_settings() -> None:
    assert repr(Adam({})) == "Adam(lr=0.001, beta1=0.9, beta2=0.999, eps=1e-07, weight_decay=0.0)"


@every_rule
def test_a_wrong_gradient_moves_nothing(rule: Make) -> None:
    params = {"W": np.ones((2, 2)), "b": np.ones(2)}
    optimiser: Optimiser = rule(params, 0.1)
    for grads in ({"W": np.ones((2, 2)), "b": np.ones((1, 2))}, {"W": np.ones((2, 2))}):
        with pytest.raises(ValueError, match="the gradient of b must have shape"):
            optimiser.step(grads)
    assert (params["W"] == 1).all() and (params["b"] == 1).all() and optimiser.t == 0


# --- schedules


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (Constant(), lambda o: torch.optim.lr_scheduler.ConstantLR(o, factor=1)),
        (Exponential(0.9), lambda o: torch.optim.lr_scheduler.ExponentialLR(o, 0.9)),
        (StepDecay(3), lambda o: torch.optim.lr_scheduler.StepLR(o, 3)),
        (StepDecay(2, 0.5), lambda o: torch.optim.lr_scheduler.StepLR(o, 2, gamma=0.5)),
    ],
)
def test_schedules_equal_torch(ours: Callable[..., float], theirs: Make) -> None:
    reference = torch.optim.SGD([torch.zeros(1)], lr=0.3)
    schedule = theirs(reference)
    for epoch in range(12):
        assert np.isclose(0.3 * ours(epoch, {}), reference.param_groups[0]["lr"], rtol=1e-12)
        reference.step()
        schedule.step()


@pytest.mark.parametrize(("watch", "mode"), [("val_loss", "min"), ("val_accuracy", "max")])
@pytest.mark.parametrize("patience", [1, 2, 5])
@pytest.mark.parametrize("min_change", [0.0, 0.25])
def test_plateau_equals_torch(watch: str, mode: str, patience: int, min_change: float) -> None:
    rng = np.random.default_rng(patience)
    curve = np.round(rng.normal(size=60), 1).tolist()  # rounded: ties happen
    reference = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(
        reference,
        mode,
        factor=0.5,
        patience=patience - 1,  # torch waits one epoch longer
        threshold=min_change,
        threshold_mode="abs",
        eps=0,
    )
    ours = Plateau(patience=patience, factor=0.5, watch=watch, min_change=min_change)
    for epoch, value in enumerate(curve):
        assert np.isclose(ours(epoch, {watch: curve[:epoch]}), reference.param_groups[0]["lr"], rtol=1e-12)
        schedule.step(value)
    assert ours(60, {watch: curve}) < 1


def test_plateau_without_its_curve_is_a_sentence() -> None:
    assert Plateau()(0, {}) == 1
    with pytest.raises(ValueError, match="the schedule watches val_accuracy, and there is none"):
        Plateau()(1, {"loss": [1.0]})


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Exponential(0), "factor must be positive"),
        (lambda: StepDecay(0), "every must be a whole number, at least 1"),
        (lambda: StepDecay(2, -1), "factor must be positive"),
        (lambda: Plateau(patience=1.5), "patience must be a whole number"),  # type: ignore[arg-type]
        (lambda: Plateau(watch="test_accuracy"), "watch must be one of val_accuracy, val_loss"),
        (lambda: Plateau(min_change=-1), "min_change must be at least 0"),
    ],
)
def test_schedules_out_of_range(make: Callable[[], object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        make()


@every_rule
def test_every_rule_finds_the_bottom_of_a_long_valley(rule: Make) -> None:
    steep = np.array([1.0, 30.0])
    params = {"w": np.array([1.0, 1.0])}
    optimiser = rule(params, {SGD: 0.03, AdaGrad: 0.5, RMSProp: 0.003, Adam: 0.03}[rule])
    for _ in range(600):
        optimiser.step({"w": steep * params["w"]})
    assert np.abs(params["w"]).max() < 0.01


def test_momentum_crosses_a_long_valley_faster() -> None:
    def steps(momentum: float) -> int:
        params = {"w": np.array([1.0, 1.0])}
        sgd = SGD(params, 0.01, momentum=momentum)
        for step in itertools.count():
            if np.abs(params["w"]).max() < 0.01:
                return step
            sgd.step({"w": np.array([1.0, 30.0]) * params["w"]})
        raise AssertionError

    assert steps(0.9) < steps(0.0) / 3
