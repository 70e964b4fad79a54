"""Networks of layers in a row: right gradients, equal to PyTorch, and the shapes that they say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_cnn import gradcheck
from cs_cnn.init import xavier_normal
from cs_cnn.layers.registry import layers
from cs_cnn.nets import (
    MLP,
    Sequential,
    SmallConvNet,
    TwoLayerNet,
    affine,
    batch_norm,
    conv2d,
    dropout,
    fit,
    pattern_net,
    step,
)

IMAGE = (2, 8, 8)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def normalised() -> Sequential:
    return Sequential(
        [
            conv2d(2, 3, 3, rng(), stride=2),
            batch_norm(3, images=True),
            step("leaky_relu", slope=0.1),
            affine(27, 5, rng()),
            batch_norm(5),
            step("tanh"),
            affine(5, 4, rng()),
        ]
    )


MAKERS: dict[str, Callable[[], Sequential]] = {
    "MLP": lambda: MLP([128, 6, 5, 4], rng=rng()),
    "sigmoid MLP": lambda: MLP([128, 6, 5, 4], rng=rng(), activation="sigmoid", init=xavier_normal),
    "SmallConvNet": lambda: SmallConvNet(IMAGE, 4, rng=rng(), filters=(2, 3)),
    "pattern 2, 1, 1": lambda: pattern_net(
        2, 1, 1, rng=rng(), input_shape=IMAGE, filters=2, hidden=5, n_classes=4
    ),
    "normalised": normalised,
}
every_net = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def data(n: int = 6) -> tuple[np.ndarray, np.ndarray]:
    numbers = np.random.default_rng(1)
    return numbers.normal(size=(n, *IMAGE)), numbers.integers(4, size=n)


@every_net
@pytest.mark.parametrize("reg", [0.0, 0.7])
def test_every_gradient_of_the_loss(make: Callable[[], Sequential], reg: float) -> None:
    net = make()
    for value in net.params.values():  # biases of zero would hide a penalty on them
        value += 0.1 * np.random.default_rng(2).normal(size=value.shape)
    x, y = data()
    _, grads = net.loss(x, y, reg=reg)
    assert list(grads) == list(net.params)
    for name, value in net.params.items():
        # Every entry where there are few; a sample where there are many.
        entries = np.random.default_rng(3).permutation(value.size)[:60]

        def loss(changed: np.ndarray, value: np.ndarray = value, entries: np.ndarray = entries) -> float:
            before = value.flat[entries]
            value.flat[entries] = changed
            result = net.loss(x, y, reg=reg)[0]
            value.flat[entries] = before
            return result

        expected = gradcheck.numerical_gradient(loss, value.flat[entries].copy())
        # Biases before a batch norm have no effect: their gradient is 0 but for rounding.
        assert np.allclose(grads[name].flat[entries], expected, rtol=1e-6, atol=1e-9), name


def as_torch(net: Sequential, x: np.ndarray, tensors: dict[str, torch.Tensor]) -> torch.Tensor:
    """Run the twins of the layers one after the other."""
    out, number = torch.tensor(x), 0
    for each in net.steps:
        number += bool(each.params)
        parameters = [tensors[f"{name}{number}"] for name in each.params]
        out = layers()[each.layer].twin(out, *parameters, **each.options)
    return out


@every_net
def test_scores_loss_and_gradients_equal_torch(make: Callable[[], Sequential]) -> None:
    net = make()
    x, y = data()
    tensors = {name: torch.tensor(value, requires_grad=True) for name, value in net.params.items()}
    expected = torch.nn.functional.cross_entropy(as_torch(net, x, tensors), torch.tensor(y))
    expected.backward()
    loss, grads = net.loss(x, y)
    assert np.isclose(loss, expected.item(), rtol=1e-12)
    for name, tensor in tensors.items():
        assert np.allclose(grads[name], tensor.grad.numpy(), rtol=1e-9, atol=1e-12), name


def test_an_mlp_of_two_layers_is_the_two_layer_net_to_the_last_bit() -> None:
    x, y = data(40)
    nets = [MLP([128, 7, 4], rng=rng()), TwoLayerNet(128, 7, 4, rng=rng())]
    histories = [fit(net, x, y, rng=rng(), epochs=3, batch_size=16, lr=0.01, progress=False) for net in nets]
    assert histories[0] == histories[1]
    assert list(nets[0].params) == list(nets[1].params)
    assert all(np.array_equal(value, nets[1].params[name]) for name, value in nets[0].params.items())


def test_published_counts() -> None:
    """F021: 3-4-4-1 has 32 weights and 9 biases. F038: 32 * 32 * 3, 50, 10 has 154,160 parameters."""
    assert MLP([3, 4, 4, 1], rng=rng(), activation="sigmoid").n_params == 41
    assert MLP([32 * 32 * 3, 50, 10], rng=rng()).n_params == 154_160


def test_the_three_layer_formula() -> None:
    """F020: f = W3 max(0, W2 max(0, W1 x)), here with examples as rows and biases of zero."""
    net = MLP([128, 6, 5, 4], rng=rng())
    x = data()[0]
    w1, w2, w3 = (net.params[f"W{i}"] for i in (1, 2, 3))
    assert np.allclose(net.scores(x), np.maximum(np.maximum(x.reshape(6, -1) @ w1, 0) @ w2, 0) @ w3)


# --- the pattern {(CONV + RELU) * N + POOL} * M + {FC + RELU} * K + FC


@given(n=st.integers(0, 3), m=st.integers(0, 3), k=st.integers(0, 3))
@settings(max_examples=40)
def test_any_pattern_is_built_and_says_its_shapes(n: int, m: int, k: int) -> None:
    net = pattern_net(n, m, k, rng=rng(), input_shape=(3, 9, 13), filters=2, hidden=5, n_classes=7)
    names = (["conv2d", "relu"] * n + ["max_pool2d"]) * m + ["affine", "relu"] * k + ["affine"]
    assert [each.layer for each in net.steps] == names
    table = net.shapes((3, 9, 13))
    assert [row.layer.split("(")[0] for row in table] == ["input", *names]
    assert table[-1].shape == (7,) and table[0].shape == (3, 9, 13)
    assert sum(row.n_params for row in table) == net.n_params
    channels = 2 if n and m else 3
    if m:
        last_pool = max(place for place, row in enumerate(table) if row.layer.startswith("max_pool2d"))
        assert table[last_pool].shape == (channels, 9 >> m, 13 >> m)
    x = np.random.default_rng(1).normal(size=(2, 3, 9, 13))
    assert net.scores(x).shape == (2, 7)
    loss, grads = net.loss(x, np.array([0, 6]))
    assert np.isfinite(loss) and all(grads[name].shape == v.shape for name, v in net.params.items())


def test_the_last_layer_has_no_relu() -> None:
    """F018: the printed pattern ends in {FC + RELU} * K + SOFTMAX; with a ReLU no score could be negative."""
    for k in (0, 2):
        net = pattern_net(1, 1, k, rng=rng(), input_shape=IMAGE, filters=2, hidden=5, n_classes=4)
        net.params[list(net.params)[-1]][...] = -100
        assert (net.scores(data()[0]) < 0).all()


def test_filters_for_every_block() -> None:
    net = pattern_net(2, 3, 0, rng=rng(), filters=(4, 8, 16))
    assert [v.shape[:2] for name, v in net.params.items() if v.ndim == 4] == [
        (4, 3), (4, 4), (8, 4), (8, 8), (16, 8), (16, 16),
    ]  # fmt: skip


def test_vgg_16_follows_the_pattern_but_for_its_uneven_blocks() -> None:
    """The last three blocks of VGG-16, on its 56 x 56 x 128 input: N = 3, M = 3."""
    net = pattern_net(
        3,
        3,
        2,
        rng=rng(),
        input_shape=(128, 56, 56),
        filters=(2, 4, 4),
        hidden=8,
        n_classes=10,
        dtype=np.float32,
    )
    assert [row.shape for row in net.shapes((128, 56, 56)) if row.layer.startswith("max")] == [
        (2, 28, 28),
        (4, 14, 14),
        (4, 7, 7),
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"n": -1}, "n must be a whole number, at least 0"),
        ({"m": 1.5}, "m must be a whole number"),
        ({"k": True}, "k must be a whole number"),
        ({"m": 4}, "m must be at most 3 for images of 8 by 9 pixels, since every pool halves them, got 4"),
        ({"kernel": 4}, "kernel must be odd"),
        ({"filters": (1, 2, 3)}, "filters must be one positive number, or one for each of the 2 blocks"),
        ({"filters": 0}, "filters must be"),
        ({"hidden": 0}, "hidden must be"),
    ],
)
def test_patterns_that_cannot_be(arguments: dict, sentence: str) -> None:
    numbers = {"n": 1, "m": 2, "k": 1, "input_shape": (1, 8, 9), **arguments}
    with pytest.raises(ValueError, match=sentence):
        pattern_net(numbers.pop("n"), numbers.pop("m"), numbers.pop("k"), rng=rng(), **numbers)


# --- the row of layers itself


def test_float32_stays_float32() -> None:
    net = SmallConvNet(IMAGE, 4, rng=rng(), dtype=np.float32)
    x, y = data()
    assert net.scores(x.astype(np.float32)).dtype == np.float32
    assert {grad.dtype for grad in net.loss(x.astype(np.float32), y, reg=0.1)[1].values()} == {
        np.dtype("float32")
    }


def test_scores_of_many_examples_are_computed_in_parts() -> None:
    net = MLP([3, 4], rng=rng())
    x = np.random.default_rng(0).normal(size=(1203, 3))
    assert np.allclose(net.scores(x), x @ net.params["W1"])


def test_dropout_drops_in_training_only() -> None:
    net = Sequential([affine(128, 50, rng()), dropout(0.5, rng()), affine(50, 4, rng())])
    x, y = data()
    assert np.array_equal(net.scores(x), net.scores(x))
    assert net.loss(x, y)[0] != net.loss(x, y)[0]
    assert "dropout(p=0.5) " in repr(net.shapes(IMAGE))


def test_batch_norm_learns_its_statistics_in_training_only() -> None:
    net = normalised()
    x, y = data()
    assert list(net.buffers) == ["running_mean2", "running_var2", "running_mean4", "running_var4"]
    before = {name: value.copy() for name, value in net.buffers.items()}
    net.scores(x)
    net.shapes(IMAGE)
    assert all(np.array_equal(value, before[name]) for name, value in net.buffers.items())
    for _ in range(200):
        net.loss(x, y)
    assert not any(np.array_equal(value, before[name]) for name, value in net.buffers.items())
    one_by_one = np.concatenate([net.scores(x[i : i + 1]) for i in range(len(x))])
    assert np.allclose(one_by_one, net.scores(x))


def test_two_networks_of_the_same_steps_share_nothing() -> None:
    steps = [affine(128, 3, rng()), batch_norm(3)]
    one, other = Sequential(steps), Sequential(steps)
    one.params["W1"] += 1
    one.loss(data()[0], np.zeros(6, int))
    assert not np.array_equal(one.params["W1"], other.params["W1"])
    assert not np.array_equal(one.buffers["running_mean2"], other.buffers["running_mean2"])


def test_a_layer_that_does_not_fit_is_named() -> None:
    net = Sequential([conv2d(1, 2, 3, rng()), step("relu"), affine(100, 3, rng())])
    with pytest.raises(ValueError, match=r"layer 3, affine, cannot take shape \(2, 6, 6\): .*D = 72"):
        net.shapes((1, 8, 8))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Sequential([]), "steps must hold at least one layer"),
        (lambda: step("rely"), "there is no layer 'rely'; there are affine, "),
        (lambda: MLP([3], rng=rng()), "sizes must name the inputs"),
        (lambda: MLP([3, 0, 2], rng=rng()), "all positive"),
    ],
)
def test_networks_that_cannot_be(make: Callable[[], object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        make()
