"""The training loop: batches, rules, schedules, the best epoch, and when to stop."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from cs_cnn import data
from cs_cnn.augment import flip, shift
from cs_cnn.nets import (
    Ensemble,
    LinearClassifier,
    SmallConvNet,
    TwoLayerNet,
    accuracy,
    evaluate,
    fit,
)
from cs_cnn.nets.history import History
from cs_cnn.optim import SGD, AdaGrad, Adam, Optimiser, Plateau, RMSProp, StepDecay


def blobs(n: int = 120, seed: int = 1, spread: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Return points around four centres; the centres are the same for every seed."""
    centres = np.random.default_rng(0).normal(size=(4, 6)) * 2
    rng = np.random.default_rng(seed)
    y = rng.integers(4, size=n)
    return centres[y] + spread * rng.normal(size=(n, 6)), y


def train(seed: int = 0, **settings: Any) -> tuple[TwoLayerNet, History]:
    rng = np.random.default_rng(seed)
    net = TwoLayerNet(6, 8, 4, rng=rng)
    settings = {"epochs": 6, "lr": 0.02, "validation": blobs(60, 2)} | settings
    return net, fit(net, *blobs(), rng=rng, progress=False, **settings)


# --- batch, mini-batch and stochastic descent: one loop, and the mean


@pytest.mark.parametrize(("batch_size", "steps"), [(120, 1), (1000, 1), (32, 4), (1, 120)])
def test_batch_mini_batch_and_stochastic_descent(batch_size: int, steps: int) -> None:
    _, history = train(batch_size=batch_size, momentum=0.0)
    assert len(history.loss) == 6 * steps
    assert history.epoch_loss[-1] < history.epoch_loss[0]


def test_the_step_does_not_grow_with_the_batch() -> None:
    """F033: the lectures print the sum over the batch, where twice the examples are twice the step."""
    x, y = blobs(50)
    net = TwoLayerNet(6, 8, 4, rng=np.random.default_rng(0))
    once, twice = net.loss(x, y)[1], net.loss(np.tile(x, (2, 1)), np.tile(y, 2))[1]
    singles = [net.loss(x[i : i + 1], y[i : i + 1])[1] for i in range(len(x))]
    for name, gradient in once.items():
        assert np.allclose(gradient, twice[name])
        printed = np.sum([single[name] for single in singles], axis=0)
        assert np.allclose(gradient, printed / len(x))
        assert not np.allclose(gradient, printed)


# --- rules and schedules


@pytest.mark.parametrize("rule", [SGD, AdaGrad, RMSProp, Adam, partial(Adam, beta2=0.99)])
def test_every_rule_trains(rule: Any) -> None:
    _, history = train(optimiser=rule, epochs=25)
    assert history.val_accuracy[-1] > 0.85  # AdaGrad slows down before the others do


def test_the_default_is_momentum() -> None:
    assert train()[1] == train(optimiser=partial(SGD, momentum=0.9))[1]
    assert train(lr_decay=0.9)[1] != train()[1]


def test_the_learning_rate_follows_the_schedule() -> None:
    """S35: x 0.9 after every epoch; steps; and a tenth when the validation no longer improves."""
    assert np.allclose(train(lr_decay=0.9)[1].lr, 0.02 * 0.9 ** np.arange(6))
    assert np.allclose(train(schedule=StepDecay(2))[1].lr, [0.02, 0.02, 0.002, 0.002, 0.0002, 0.0002])
    assert np.allclose(train(schedule=lambda epoch, curves: 1 / (1 + epoch))[1].lr, 0.02 / np.arange(1, 7))
    history = train(schedule=Plateau(patience=2), epochs=20)[1]
    assert history.lr[0] == 0.02 and np.isclose(
        history.lr[-1], 0.02 * 0.1 ** round(-np.log10(history.lr[-1] / 0.02))
    )
    first_drop = next(epoch for epoch, lr in enumerate(history.lr) if lr < 0.015)
    assert max(history.val_accuracy[first_drop - 2 : first_drop]) <= max(
        history.val_accuracy[: first_drop - 2]
    )


def test_too_low_does_not_go_down_and_too_high_explodes() -> None:
    """S35: how the loss shows a bad learning rate."""
    low, good = train(lr=1e-6)[1], train(lr=0.02)[1]
    assert low.epoch_loss[-1] > 0.98 * low.epoch_loss[0]
    assert good.epoch_loss[-1] < 0.5 * good.epoch_loss[0]
    with (
        np.errstate(all="ignore"),
        pytest.raises(FloatingPointError, match="learning rate 1e\\+06 is too high"),
    ):
        train(lr=1e6, epochs=100)


# --- the penalty


def test_the_penalty_is_the_weight_decay_of_torch() -> None:
    """S37: reg in the loss, and weight_decay on the weights alone, give the same hundred steps."""
    x, y = blobs(40)
    net = TwoLayerNet(6, 8, 4, rng=np.random.default_rng(0))
    tensors = {name: torch.tensor(value, requires_grad=True) for name, value in net.params.items()}
    groups = [
        {"params": [tensors["W1"], tensors["W2"]], "weight_decay": 0.1},
        {"params": [tensors["b1"], tensors["b2"]], "weight_decay": 0.0},
    ]
    reference = torch.optim.SGD(groups, lr=0.05, momentum=0.9)
    sgd = SGD(net.params, 0.05, momentum=0.9)
    for _ in range(100):
        sgd.step(net.loss(x, y, reg=0.1)[1])
        reference.zero_grad()
        hidden = torch.relu(torch.tensor(x) @ tensors["W1"] + tensors["b1"])
        torch.nn.functional.cross_entropy(hidden @ tensors["W2"] + tensors["b2"], torch.tensor(y)).backward()
        reference.step()
    for name, tensor in tensors.items():
        assert np.allclose(net.params[name], tensor.detach().numpy(), rtol=1e-9, atol=1e-12)


def test_a_strong_penalty_makes_small_weights() -> None:
    norms = [float((train(reg=reg)[0].params["W1"] ** 2).sum()) for reg in (0.0, 0.1, 1.0)]
    assert norms[0] > norms[1] > norms[2]


# --- validation


def test_the_validation_is_measured_and_changes_nothing() -> None:
    net, history = train(reg=0.5)
    plain, without = train(reg=0.5, validation=None)
    assert history.loss == without.loss
    assert np.array_equal(net.params["W1"], plain.params["W1"])
    assert without.val_loss == without.val_accuracy == []
    x_val, y_val = blobs(60, 2)
    assert history.val_accuracy[-1] == accuracy(net, x_val, y_val)
    assert np.isclose(history.val_loss[-1], net.loss(x_val, y_val)[0])
    assert evaluate(net, x_val, y_val) == (history.val_loss[-1], history.val_accuracy[-1])
    assert list(history.rows()[0]) == ["epoch", "lr", "loss", "train_accuracy", "val_loss", "val_accuracy"]
    assert list(without.rows()[0]) == ["epoch", "lr", "loss", "train_accuracy"]


def over_trained(**settings: Any) -> tuple[TwoLayerNet, History]:
    """Train on noisy labels until the validation loss rises."""
    x, y = blobs(60, 3, spread=3.0)
    rng = np.random.default_rng(0)
    net = TwoLayerNet(6, 60, 4, rng=rng)
    settings = {"epochs": 40, "lr": 0.1, "validation": blobs(200, 4, spread=3.0)} | settings
    return net, fit(net, x, y, rng=rng, progress=False, **settings)


def test_training_stops_when_the_validation_no_longer_improves() -> None:
    _, whole = over_trained()
    best = whole.best_epoch()
    assert best == 1 + int(np.argmin(whole.val_loss)) and best < 30
    _, stopped = over_trained(patience=6)
    first_best = stopped.best_epoch()
    assert stopped.n_epochs == first_best + 6 < 40
    assert stopped.val_loss == whole.val_loss[: stopped.n_epochs]


@pytest.mark.parametrize("watch", ["val_loss", "val_accuracy"])
def test_the_best_epoch_can_be_kept(watch: str) -> None:
    net, history = over_trained(keep_best=True, watch=watch)
    best = history.best_epoch(watch) - 1
    loss, share = evaluate(net, *blobs(200, 4, spread=3.0))
    assert history.n_epochs == 40
    assert loss == history.val_loss[best] and share == history.val_accuracy[best]
    last, _ = over_trained()
    assert not np.array_equal(net.params["W1"], last.params["W1"])


def test_on_epoch_is_told_every_row() -> None:
    seen: list[dict[str, float]] = []
    _, history = train(on_epoch=seen.append)
    assert seen == history.rows()


# --- augmentation and convolutions


def test_augmentation_is_for_training_only() -> None:
    digits = data.load("digits")
    x, y = digits.x_train[:300], digits.y_train[:300]
    seen = []

    def augment(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        seen.append(len(images))
        return shift(flip(images, rng, p=0.1), rng, by=1)

    runs = []
    for _ in range(2):
        rng = np.random.default_rng(0)
        net = SmallConvNet((1, 8, 8), 10, rng=rng, dtype=np.float32)
        runs.append(fit(net, x, y, rng=rng, epochs=2, augment=augment, progress=False))
    assert runs[0] == runs[1]
    assert seen == ([32] * 9 + [12]) * 4
    assert runs[0].train_accuracy[-1] == accuracy(net, x, y)


def test_a_small_convnet_reads_digits() -> None:
    digits = data.load("digits")
    rng = np.random.default_rng(0)
    net = SmallConvNet((1, 8, 8), 10, rng=rng, dtype=np.float32)
    fit(net, digits.x_train, digits.y_train, rng=rng, epochs=5, lr=0.003, optimiser=Adam, progress=False)
    assert accuracy(net, digits.x_test, digits.y_test) > 0.93


# --- ensembles


def test_an_ensemble_beats_the_mean_of_its_members() -> None:
    """S39: seven nets that differ in their seed, on handwritten digits."""
    digits = data.load("digits")
    nets = []
    for seed in range(7):
        rng = np.random.default_rng(seed)
        net = TwoLayerNet(64, 16, 10, rng=rng)
        few = rng.permutation(len(digits.y_train))[:300]
        fit(net, digits.x_train[few], digits.y_train[few], rng=rng, epochs=15, lr=0.05, progress=False)
        nets.append(net)
    together = Ensemble(nets)
    single = [1 - accuracy(net, digits.x_test, digits.y_test) for net in nets]
    joint = 1 - float(np.mean(together.predict(digits.x_test) == digits.y_test))
    assert joint < 0.8 * np.mean(single)
    probabilities = together.probabilities(digits.x_test)
    assert np.allclose(probabilities.sum(axis=1), 1)
    true = probabilities[np.arange(len(digits.y_test)), digits.y_test]
    assert -np.log(true).mean() < np.mean([evaluate(net, digits.x_test, digits.y_test)[0] for net in nets])


def test_an_ensemble_of_one_is_that_one() -> None:
    net, _ = train()
    x, _ = blobs()
    assert np.array_equal(Ensemble([net]).predict(x), net.predict(x))


def test_ensembles_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="at least one network"):
        Ensemble([])
    nets = [LinearClassifier(6, classes, rng=np.random.default_rng(0)) for classes in (3, 4)]
    with pytest.raises(ValueError, match="must know the same classes, got 3, 4 of them"):
        Ensemble(nets).predict(np.zeros((1, 6)))


# --- the lecture's call


def test_the_call_of_the_lectures_trainer() -> None:
    """S40, in today's words.

    best_model, stats = trainer.train(X_train, y_train, X_val, y_val, model, two_layer_net, num_epochs=5, reg=reg,
    update='momentum', learning_rate_decay=0.9, sample_batches=True, batch_size=100, learning_rate=lr, verbose=False)
    """
    digits = data.load("digits")
    x, y = digits.x_train.reshape(len(digits.x_train), -1), digits.y_train
    X_train, y_train, X_val, y_val = x[:1000], y[:1000], x[1000:], y[1000:]
    rng = np.random.default_rng(0)
    model = TwoLayerNet(64, 50, 10, rng=rng)
    stats = fit(
        model,
        X_train,
        y_train,
        validation=(X_val, y_val),
        epochs=5,
        reg=1e-4,
        momentum=0.9,
        lr_decay=0.9,
        batch_size=100,
        lr=0.1,
        keep_best=True,
        watch="val_accuracy",
        progress=False,
        rng=rng,
    )
    assert len(stats.loss) == 5 * 10
    assert np.allclose(stats.lr, 0.1 * 0.9 ** np.arange(5))
    assert accuracy(model, X_val, y_val) == max(stats.val_accuracy) > 0.85


# --- what cannot be


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"patience": 0}, "patience must be a whole number"),
        ({"patience": 3, "validation": None}, "go by val_loss: pass validation data"),
        ({"keep_best": True, "validation": None}, "go by val_loss: pass validation data"),
        ({"keep_best": True, "watch": "test_loss"}, "watch must be one of"),
        ({"schedule": StepDecay(2), "lr_decay": 0.9}, "give either schedule or lr_decay"),
        ({"schedule": lambda epoch, curves: -1.0}, "lr must be positive"),
        ({"schedule": Plateau(), "validation": None}, "the schedule watches val_accuracy"),
        (
            {"validation": (np.zeros((3, 6)), np.zeros(2, int))},
            "x and y of the validation must hold the same number",
        ),
        ({"validation": (np.zeros((0, 6)), np.zeros(0, int))}, "at least 1, got 0 and 0"),
        ({"resume": True}, "resume needs the folder"),
        ({"optimiser": partial(Adam, beta1=2)}, "beta1 must lie"),
    ],
)
def test_settings_that_do_not_fit(settings: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        train(**settings)


def test_patience_by_the_training_loss_needs_no_validation() -> None:
    assert train(patience=2, watch="loss", validation=None)[1].n_epochs == 6


def test_best_epoch_of_nothing() -> None:
    assert History().best_epoch() == 0
    with pytest.raises(ValueError, match="there is no val_loss to go by"):
        History(epoch_loss=[1.0]).best_epoch()


def test_an_optimiser_of_ones_own() -> None:
    class SignDescent(Optimiser):
        def move(self, name: str, w: np.ndarray, g: np.ndarray) -> None:
            w -= self.lr * np.sign(g)

    assert train(optimiser=SignDescent, lr=0.01)[1].val_accuracy[-1] > 0.8
