"""Style transfer: the Gram matrix against NumPy, gradients, and that the loss wants what it should want."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from cs_cnn import zoo
from cs_cnn.errors import CsCnnError
from cs_cnn.transform import content_loss, gram, roughness, stage_features, style_loss, transfer

STAGES = {"content_stage": "conv3_x", "style_stages": ("conv1", "conv2_x")}


def draw(*shape, seed=0, dtype=torch.float64):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@pytest.fixture(scope="module")
def net():
    return zoo.build_small("resnet20", channels=3, seed=0).eval()


@pytest.fixture(scope="module")
def pictures():
    return tuple(draw(1, 3, 32, 32, seed=seed, dtype=torch.float32).clamp(-2, 2) / 2 for seed in (1, 2))


@settings(max_examples=40, deadline=None)
@given(shape=st.tuples(*(st.integers(1, 5) for _ in range(4))), seed=st.integers(0, 99))
def test_gram_matrix_is_covariance_plus_product_of_means(shape, seed):
    maps = draw(*shape, seed=seed) + 0.7
    found = gram(maps).numpy()
    assert found.shape == (shape[0], shape[1], shape[1])
    for table, matrix in zip(maps.flatten(2).numpy(), found, strict=True):
        means = table.mean(axis=1)
        expected = np.cov(table, bias=True).reshape(matrix.shape) + np.outer(means, means)
        np.testing.assert_allclose(matrix, expected, atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 99))
def test_gram_matrix_forgets_places_and_not_channels(seed):
    maps = draw(2, 3, 4, 5, seed=seed)
    order = torch.randperm(20, generator=torch.Generator().manual_seed(seed))
    shuffled = maps.flatten(2)[:, :, order].view_as(maps)
    torch.testing.assert_close(gram(shuffled), gram(maps))
    other = maps.clone()
    other[:, 0] = maps[:, 0].flip(-1)  # one channel moved against the others
    assert not torch.allclose(gram(other), gram(maps))
    torch.testing.assert_close(gram(maps.repeat(1, 1, 2, 3)), gram(maps))  # a larger picture of the same


def test_gradients():
    maps, other = draw(2, 3, 4, 5).requires_grad_(), draw(2, 3, 6, 2, seed=1)
    assert torch.autograd.gradcheck(lambda x: style_loss(x, other), maps)
    assert torch.autograd.gradcheck(roughness, maps)
    same = draw(2, 3, 4, 5, seed=2)
    assert torch.autograd.gradcheck(lambda x: content_loss(x, same), maps)
    # By hand: 4 / (C^2 P) (G - A) F for each of N = 2 pictures, averaged over both.
    (found,) = torch.autograd.grad(style_loss(maps, other), maps)
    by_hand = 4 / (2 * 9 * 20) * (gram(maps) - gram(other)) @ maps.flatten(2)
    torch.testing.assert_close(found.flatten(2), by_hand.detach())


def test_gradient_of_a_single_picture_is_right_behind_batch_normalisation():
    """PyTorch 2.13 computes a wrong one when the gradient comes with its channels last."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU6()).double().eval()
    picture, style = draw(1, 3, 7, 6).requires_grad_(), draw(1, 4, 3, 3, seed=1)
    assert torch.autograd.gradcheck(lambda x: style_loss(net(x), style), picture)
    # A stage that ends in a normalisation.
    staged = zoo.build_small("efficientnet_lite0", channels=3, seed=0).double().eval()

    def loss(x):
        maps = stage_features(staged, x, ["blocks1"])["blocks1"]
        # A product that autograd answers with the channels last.
        return torch.einsum("nchw,ndhw->ncd", maps, maps).square().mean()

    picture, step = draw(1, 3, 12, 12, seed=3), draw(1, 3, 12, 12, seed=4)
    (slope,) = torch.autograd.grad(loss(picture.requires_grad_()), picture)
    with torch.no_grad():
        measured = (loss(picture + 1e-6 * step) - loss(picture - 1e-6 * step)) / 2e-6
    torch.testing.assert_close((slope * step).sum(), measured, rtol=1e-4, atol=0)


def test_features_of_stages_are_those_of_the_net(net, pictures):
    found = stage_features(net, pictures[0], ["conv3_x", "conv1"])
    assert list(found) == ["conv1", "conv3_x"]
    for stage, maps in found.items():
        assert torch.equal(maps, net.features(pictures[0], upto=stage))


def test_style_moves_to_the_content(net, pictures):
    content, style = pictures
    before = [p.clone() for p in net.parameters()]
    made = transfer(content, style, net, **STAGES, steps=25)
    style_term = made.history["style"]
    assert len(style_term) <= 26 and style_term[-1] < 0.4 * style_term[0]
    for stage in STAGES["style_stages"]:

        def distance(x, stage=stage):
            ours, theirs = (stage_features(net, each, [stage])[stage] for each in (x, style))
            return style_loss(ours, theirs).item()

        assert distance(made.image) < distance(content)
    total = np.sum(list(made.history.values()), axis=0)
    assert total[-1] < total[0]
    assert made.image.shape == content.shape and made.image.abs().max() <= 1
    assert all(torch.equal(a, b) and a.grad is None for a, b in zip(net.parameters(), before, strict=True))
    assert torch.equal(transfer(content, style, net, **STAGES, steps=25).image, made.image)


def test_what_the_loss_wants(net, pictures):
    content, style = pictures
    quiet = {"smooth": 0.0, "steps": 2}
    # Without a style term the content itself is perfect, and nothing happens.
    still = transfer(content, style, net, **STAGES, beta=0, **quiet)
    assert still.history["content"] == [0] and torch.equal(still.image, content)
    # Without a content term the style picture is, whatever the content.
    for any_content in (content, -content):
        perfect = transfer(any_content, style, net, **STAGES, alpha=0, start=style, **quiet)
        assert perfect.history["style"][0] == 0
    # The style picture enters: another one, another loss. (The lecture's formula fails here.)
    first, second = (
        transfer(content, each, net, **STAGES, **quiet).history["style"][0] for each in (style, -style)
    )
    assert first != second


def test_terms_are_measured_in_features_of_0(net, pictures):
    """In this unit a picture without any features has loss 1 in both terms; beta multiplies."""
    content, style = pictures
    found = transfer(content, style, net, **STAGES, beta=3.0, steps=1).history["style"][0]
    by_hand = 0.0
    for stage in STAGES["style_stages"]:
        ours, theirs = (stage_features(net, each, [stage])[stage] for each in (content, style))
        by_hand += 3 / 2 * (style_loss(ours, theirs) / style_loss(torch.zeros_like(ours), theirs)).item()
    assert found == pytest.approx(by_hand, rel=1e-5)


def test_weights_of_stages_add(net, pictures):
    content, style = pictures

    def term(stages):
        rest = {"content_stage": "conv3_x", "smooth": 0.0, "steps": 1}
        return transfer(content, style, net, style_stages=stages, **rest).history["style"][0]

    one, two = term({"conv1": 1.0}), term({"conv2_x": 1.0})
    assert term({"conv1": 0.3, "conv2_x": 2.0}) == pytest.approx(0.3 * one + 2 * two, rel=1e-5)
    assert term(["conv1", "conv2_x"]) == pytest.approx((one + two) / 2, rel=1e-5)


def test_style_of_another_size(net, pictures):
    content, style = pictures
    made = transfer(content[:, :, :20], style, net, **STAGES, steps=3)
    assert made.image.shape == (1, 3, 20, 32)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"content_stage": "conv9"}, "stages must be some of conv1, .*, got conv9"),
        ({"style_stages": ()}, "got none"),
        ({"beta": -1.0}, "beta must be a number of at least 0"),
        ({"alpha": float("nan")}, "alpha must be"),
        ({"steps": 0}, "steps must be a whole number"),
        ({"content": torch.zeros(3, 32, 32)}, "content must be one picture"),
        ({"style": torch.zeros(1, 1, 32, 32)}, "style must be one picture"),
    ],
)
def test_bad_input_is_a_sentence(net, pictures, change, sentence):
    given = {"content": pictures[0], "style": pictures[1], **STAGES, **change}
    with pytest.raises(CsCnnError, match=sentence):
        transfer(given.pop("content"), given.pop("style"), net, **given)


def test_a_net_in_training_mode_is_refused(pictures):
    with pytest.raises(CsCnnError, match=r"net\.eval\(\)"):
        transfer(*pictures, zoo.build_small("resnet20", channels=3, seed=0), **STAGES)
