"""What holds for every layer of the registry, whatever it computes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cs_cnn import gradcheck
from cs_cnn.layers.registry import Layer, Sample, layers

torch.set_num_threads(1)
ALL = list(layers().values())
every_layer = pytest.mark.parametrize("layer", ALL, ids=lambda layer: layer.name)


def draw_sample(layer: Layer, data: st.DataObject) -> Sample:
    """Let Hypothesis choose the shapes, so that a failure shrinks to the smallest one."""
    seed = data.draw(st.integers(0, 10_000), label="seed")
    return layer.sample(lambda low, high: data.draw(st.integers(low, high)), np.random.default_rng(seed))


def as_tuple(gradients: object) -> tuple[np.ndarray, ...]:
    return gradients if isinstance(gradients, tuple) else (gradients,)


def upstream(out: object) -> np.ndarray:
    return np.random.default_rng(1).normal(size=np.shape(out))


def test_the_registry_knows_the_layers() -> None:
    assert {"affine", "relu", "conv2d", "max_pool2d", "softmax_loss"} <= set(layers())


@every_layer
@given(data=st.data())
def test_every_gradient_is_right(layer: Layer, data: st.DataObject) -> None:
    sample = draw_sample(layer, data)
    gradcheck.check(
        layer.forward, layer.backward, sample.arrays, wrt=layer.wrt, options=sample.options
    ).raise_if_wrong()


@every_layer
@given(data=st.data())
def test_the_twin_agrees(layer: Layer, data: st.DataObject) -> None:
    sample = draw_sample(layer, data)
    tensors = {name: torch.tensor(a, requires_grad=name in layer.wrt) for name, a in sample.arrays.items()}
    expected = layer.twin(*tensors.values(), **sample.options)
    out, cache = layer.forward(*sample.arrays.values(), **sample.options)
    assert np.shape(out) == tuple(expected.shape)
    assert gradcheck.relative_error(out, expected.detach().numpy()) < 1e-10

    dout = upstream(out)
    expected.backward(torch.tensor(dout))
    for name, gradient in zip(layer.wrt, as_tuple(layer.backward(dout, cache)), strict=True):
        assert gradcheck.relative_error(gradient, tensors[name].grad.numpy()) < 1e-10, name


@pytest.mark.parametrize("layer", [layer for layer in ALL if layer.plain], ids=lambda layer: layer.name)
@given(data=st.data())
def test_the_plain_version_agrees(layer: Layer, data: st.DataObject) -> None:
    sample = draw_sample(layer, data)
    out, _ = layer.forward(*sample.arrays.values(), **sample.options)
    assert gradcheck.relative_error(out, layer.plain(*sample.arrays.values(), **sample.options)) < 1e-12


@every_layer
@given(data=st.data())
def test_no_argument_is_changed(layer: Layer, data: st.DataObject) -> None:
    sample = draw_sample(layer, data)
    before = {name: a.copy() for name, a in sample.arrays.items()}
    out, cache = layer.forward(*sample.arrays.values(), **sample.options)
    dout = upstream(out)
    first = as_tuple(layer.backward(dout.copy(), cache))
    given_dout = dout.copy()
    second = as_tuple(layer.backward(given_dout, cache))
    assert np.array_equal(given_dout, dout)
    for name, a in sample.arrays.items():
        assert np.array_equal(a, before[name]), name
    for one, other in zip(first, second, strict=True):
        assert np.array_equal(one, other), "the cache was used up"


@every_layer
@given(data=st.data())
def test_float32_stays_float32(layer: Layer, data: st.DataObject) -> None:
    sample = draw_sample(layer, data)
    arrays = [a.astype(np.float32) if name in layer.wrt else a for name, a in sample.arrays.items()]
    out, cache = layer.forward(*arrays, **sample.options)
    assert np.asarray(out).dtype == np.float32
    for gradient in as_tuple(layer.backward(upstream(out).astype(np.float32), cache)):
        assert gradient.dtype == np.float32


@every_layer
@pytest.mark.parametrize(("bad", "kind"), [("a list", list), ("whole numbers", int)])
def test_a_wrong_type_is_a_sentence(layer: Layer, bad: str, kind: type) -> None:
    sample = layer.sample(lambda low, high: high, np.random.default_rng(0))
    first, *others = sample.arrays.values()
    wrong = first.tolist() if kind is list else first.astype(int)
    with pytest.raises(TypeError, match=r"must (be a NumPy array|hold floating-point numbers), got"):
        layer.forward(wrong, *others, **sample.options)


@every_layer
def test_a_wrong_upstream_gradient_is_refused(layer: Layer) -> None:
    sample = layer.sample(lambda low, high: high, np.random.default_rng(0))
    out, cache = layer.forward(*sample.arrays.values(), **sample.options)
    with pytest.raises(ValueError, match="dout must have"):
        layer.backward(np.ones((*np.shape(out), 2)), cache)


@every_layer
def test_the_docstrings_say_shapes_and_source(layer: Layer) -> None:
    assert layer.source
    for function in (layer.forward, layer.backward):
        assert function.__doc__ and "Parameters\n" in function.__doc__ and "Returns\n" in function.__doc__
        assert "shape" in function.__doc__
