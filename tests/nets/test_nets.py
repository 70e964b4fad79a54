"""The networks: right gradients, equal to PyTorch, and able to learn what they should."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from cs_cnn import gradcheck
from cs_cnn.nets import LinearClassifier, Net, TwoLayerNet, accuracy, fit

MAKERS = {
    "linear": lambda rng: LinearClassifier(3, 4, rng=rng),
    "two-layer": lambda rng: TwoLayerNet(3, 5, 4, rng=rng),
}
every_net = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def data(n: int = 7) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.normal(size=(n, 3)), rng.integers(4, size=n)


@every_net
@pytest.mark.parametrize("reg", [0.0, 0.7, 100.0])
def test_every_gradient_of_the_loss(make: Callable[..., Net], reg: float) -> None:
    net = make(np.random.default_rng(0))
    for value in net.params.values():  # biases of zero would hide a penalty on them
        value += np.random.default_rng(2).normal(size=value.shape)
    x, y = data()
    _, grads = net.loss(x, y, reg=reg)
    assert set(grads) == set(net.params)
    for name, value in list(net.params.items()):

        def loss(changed: np.ndarray, name: str = name) -> float:
            net.params[name] = changed
            return net.loss(x, y, reg=reg)[0]

        expected = gradcheck.numerical_gradient(loss, value.copy())
        net.params[name] = value
        line = gradcheck.compare(name, grads[name], expected)
        assert line.ok, line.message


def test_the_two_layer_net_equals_torch() -> None:
    net = TwoLayerNet(3, 5, 4, rng=np.random.default_rng(0))
    x, y = data()
    tensors = {name: torch.tensor(value, requires_grad=True) for name, value in net.params.items()}
    hidden = torch.relu(torch.tensor(x) @ tensors["W1"] + tensors["b1"])
    scores = hidden @ tensors["W2"] + tensors["b2"]
    expected = torch.nn.functional.cross_entropy(scores, torch.tensor(y))
    expected.backward()
    loss, grads = net.loss(x, y)
    assert np.isclose(loss, expected.item(), rtol=1e-12)
    for name, tensor in tensors.items():
        assert gradcheck.relative_error(grads[name], tensor.grad.numpy()) < 1e-12
    assert np.allclose(net.scores(x), scores.detach().numpy(), rtol=1e-12)


def test_scores_may_be_negative() -> None:
    net = TwoLayerNet(3, 5, 4, rng=np.random.default_rng(0))
    net.params["b2"] -= 1000
    assert (net.scores(data()[0]) < 0).all()


@every_net
def test_training_is_reproducible_and_the_history_is_whole(make: Callable[..., Net]) -> None:
    x, y = data(50)
    nets, histories = [], []
    for _ in range(2):
        rng = np.random.default_rng(3)
        net = make(rng)
        histories.append(
            fit(net, x, y, rng=rng, validation=(x, y), epochs=4, batch_size=16, lr_decay=0.5, progress=False)
        )
        nets.append(net)
    assert histories[0] == histories[1]
    for name, value in nets[0].params.items():
        assert np.array_equal(value, nets[1].params[name])
    history = histories[0]
    assert len(history.loss) == 4 * 4  # 50 examples are three batches of 16 and one of 2
    assert [row["epoch"] for row in history.rows()] == [1, 2, 3, 4]
    assert history.lr == [0.1, 0.05, 0.025, 0.0125]
    assert history.val_accuracy == history.train_accuracy


def test_every_example_is_seen_once_an_epoch_with_its_own_label() -> None:
    class Spy:
        def __init__(self) -> None:
            self.params = {"w": np.zeros(1)}
            self.seen: list[tuple[int, int]] = []

        def loss(self, x: np.ndarray, y: np.ndarray, *, reg: float = 0.0) -> tuple[float, dict]:
            self.seen += zip(x[:, 0].astype(int).tolist(), y.tolist(), strict=True)
            return 1.0, {"w": np.zeros(1)}

        def scores(self, x: np.ndarray) -> np.ndarray:
            return x

        def predict(self, x: np.ndarray) -> np.ndarray:
            return x[:, 0].astype(int)

    x = np.arange(10.0)[:, np.newaxis]
    spy = Spy()
    fit(spy, x, np.arange(10) * 3, rng=np.random.default_rng(0), epochs=2, batch_size=4, progress=False)
    first, second = spy.seen[:10], spy.seen[10:]
    assert sorted(first) == sorted(second) == [(i, 3 * i) for i in range(10)]
    assert first != second


def test_a_hidden_layer_solves_what_a_line_cannot() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, size=(400, 2))
    y = (x[:, 0] * x[:, 1] > 0).astype(int)
    linear = LinearClassifier(2, 2, rng=rng)
    two_layer = TwoLayerNet(2, 16, 2, rng=rng)
    fit(linear, x, y, rng=rng, epochs=30, progress=False)
    fit(two_layer, x, y, rng=rng, epochs=60, progress=False)
    assert accuracy(linear, x, y) < 0.75
    assert accuracy(two_layer, x, y) > 0.97


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"epochs": 0}, "epochs must be"),
        ({"batch_size": 2.5}, "batch_size must be"),
        ({"lr": -1}, "lr must be positive"),
        ({"lr_decay": 0}, "lr_decay must be positive"),
        ({"reg": -1}, "reg must be at least 0"),
    ],
)
def test_settings_out_of_range(settings: dict, sentence: str) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=sentence):
        fit(LinearClassifier(3, 4, rng=rng), *data(), rng=rng, progress=False, **settings)


def test_x_and_y_of_different_length() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="same number of examples"):
        fit(LinearClassifier(3, 4, rng=rng), np.ones((3, 3)), np.zeros(2, int), rng=rng, progress=False)


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning", "ignore:invalid value:RuntimeWarning")
def test_a_loss_that_explodes_is_a_sentence() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(FloatingPointError, match="learning rate 1e\\+200 is too high"):
        fit(TwoLayerNet(3, 5, 4, rng=rng), *data(), rng=rng, lr=1e200, progress=False)
