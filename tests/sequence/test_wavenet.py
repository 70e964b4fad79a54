"""WaveNet: causality, the receptive field by gradients, layers against NumPy, and that streaming changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_cnn.errors import CsCnnError
from cs_cnn.layers import causal_conv1d_forward, conv1d_forward
from cs_cnn.sequence import (
    CausalConv1d,
    GatedLayer,
    WaveNet,
    fit,
    log_probabilities,
    perplexity,
    receptive_field,
    windows,
)
from cs_cnn.sequence.wavenet import Stream

stacks = st.lists(st.integers(1, 5), min_size=1, max_size=4)


def build(seed=0, **options):
    torch.manual_seed(seed)
    options = {"levels": 8, "channels": 3, "skip": 4, "dilations": [1, 2, 4], **options}
    net = WaveNet(**options).double().eval()
    for layer in (net.layers[-1].skip, net.mix):  # no ReLU sleeps, so that what could move does
        torch.nn.init.constant_(layer.bias, 5.0)
    return net


def draw(net, count, steps, seed=0):
    return torch.randint(net.levels, (count, steps), generator=torch.Generator().manual_seed(seed))


@settings(max_examples=40, deadline=None)
@given(sizes=st.tuples(*(st.integers(1, 4) for _ in range(5))), steps=st.integers(1, 12))
def test_causal_convolution_is_that_of_the_layers(sizes, steps):
    n, channels, filters, kernel, dilation = sizes
    layer = CausalConv1d(channels, filters, kernel, dilation).double()
    x = torch.randn(n, channels, steps, dtype=torch.float64)
    w, b = (part.detach().numpy() for part in (layer.conv.weight, layer.conv.bias))
    expected, _ = causal_conv1d_forward(x.numpy(), w, b, dilation=dilation)
    np.testing.assert_allclose(layer(x).detach().numpy(), expected, atol=1e-12)


def test_gated_layer_is_that_of_the_layers():
    torch.manual_seed(0)
    layer = GatedLayer(3, 4, kernel=2, dilation=2, conditions=2).double()
    x, c = torch.randn(2, 3, 9, dtype=torch.float64), torch.eye(2, dtype=torch.float64)
    w = {name: part.detach().numpy() for name, part in layer.named_parameters()}
    scores, _ = causal_conv1d_forward(x.numpy(), w["both.conv.weight"], w["both.conv.bias"], dilation=2)
    scores = scores + (c.numpy() @ w["shift.weight"].T)[:, :, np.newaxis]
    z = np.tanh(scores[:, :3]) / (1 + np.exp(-scores[:, 3:]))
    on, skip = layer(x, c)
    residual, _ = conv1d_forward(z, w["residual.weight"], w["residual.bias"])
    expected, _ = conv1d_forward(z, w["skip.weight"], w["skip.bias"])
    np.testing.assert_allclose(on.detach().numpy(), x.numpy() + residual, atol=1e-12)
    np.testing.assert_allclose(skip.detach().numpy(), expected, atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(dilations=stacks, kernel=st.integers(1, 3), seed=st.integers(0, 99))
def test_changing_the_future_changes_nothing_before(dilations, kernel, seed):
    net = build(seed, dilations=dilations, kernel=kernel)
    x = draw(net, 1, 40, seed)
    other = x.clone()
    place = seed % 40
    other[0, place] = (other[0, place] + 1) % net.levels
    moved = (net(x) != net(other)).any(dim=1)[0].nonzero()[:, 0]
    assert moved.min() == place
    assert moved.max() <= place + net.receptive_field - 1


@settings(max_examples=30, deadline=None)
@given(dilations=stacks, kernel=st.integers(1, 3), seed=st.integers(0, 99))
def test_the_support_of_the_gradient_ends_with_the_receptive_field(dilations, kernel, seed):
    net = build(seed, dilations=dilations, kernel=kernel)
    steps = net.receptive_field + 4
    vectors = torch.randn(1, 3, steps, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(net.from_vectors(vectors)[0, :, -1].sum(), vectors)
    seen = slope[0].abs().sum(dim=0).nonzero()[:, 0]
    assert seen.min() == steps - net.receptive_field
    assert seen.max() == steps - 1


def test_ten_doubling_layers_see_1024_steps():
    dilations = [2**k for k in range(10)]
    assert receptive_field(dilations) == 1024
    net = build(dilations=dilations)
    assert net.receptive_field == 1024
    vectors = torch.randn(1, 3, 1030, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(net.from_vectors(vectors)[0, 0, -1], vectors)
    seen = slope[0].abs().sum(dim=0) > 0
    assert seen.sum() == 1024  # all of them, without a hole
    assert not seen[:6].any()


@settings(max_examples=20, deadline=None)
@given(dilations=stacks, kernel=st.integers(1, 3), kinds=st.integers(0, 2), seed=st.integers(0, 99))
def test_streaming_gives_the_scores_of_the_whole(dilations, kernel, kinds, seed):
    net = build(seed, dilations=dilations, kernel=kernel, conditions=kinds)
    x = draw(net, 2, 15, seed)
    kind = torch.tensor([0, kinds - 1]) if kinds else None
    stream = Stream(net, 2, kind)
    steps = torch.stack([stream.step(sample) for sample in x.T], dim=2)
    torch.testing.assert_close(steps, net(x, kind))


def test_samples_follow_the_scores():
    net = build(levels=3, dilations=[1])
    start = torch.tensor([[2]]).expand(4000, 1)
    drawn = net.generate(1, start=start, generator=torch.Generator().manual_seed(0))
    shares = torch.bincount(drawn[:, 0], minlength=3) / 4000
    expected = net(start[:1]).softmax(dim=1)[0, :, 0]
    torch.testing.assert_close(shares, expected.float(), atol=0.03, rtol=0)


def test_drawing_again_gives_the_same_and_cold_takes_the_likeliest():
    net = build()
    start = draw(net, 2, 5)
    again = [net.generate(20, start=start, generator=torch.Generator().manual_seed(3)) for _ in range(2)]
    assert torch.equal(*again) and again[0].shape == (2, 20)
    cold = net.generate(6, start=start, temperature=1e-6)
    whole = torch.cat([start, cold], dim=1)
    assert torch.equal(net(whole)[:, :, 4:-1].argmax(dim=1), cold)


def test_the_kind_matters():
    net = build(conditions=3)
    x = draw(net, 1, 10).expand(3, 10)
    scores = net(x, torch.arange(3))
    assert not torch.allclose(scores[0], scores[1]) and not torch.allclose(scores[1], scores[2])


def test_an_untrained_net_with_equal_scores_has_the_perplexity_of_chance():
    net = build()
    for part in net.scores.parameters():
        torch.nn.init.zeros_(part)
    x = draw(net, 3, 20)
    logs = log_probabilities(net, x)
    assert logs.shape == (3, 19)
    assert perplexity(logs.numpy()) == pytest.approx(8)


def test_learns_a_signal_that_needs_its_memory():
    period = torch.tensor([0, 1, 0, 1, 0, 2])  # after 0, 1 or 2, as the last five steps say
    x = period.repeat(40)[None]
    losses = {}
    for dilations in ([1], [1, 2, 4]):
        torch.manual_seed(0)
        net = WaveNet(3, channels=8, skip=8, dilations=dilations)
        fit(net, windows(x, 40, 4, torch.Generator().manual_seed(0)), steps=80, lr=0.02)
        losses[len(dilations)] = -log_probabilities(net, x)[0, 10:].mean().item()
    assert losses[3] < 0.05 < losses[1]


def test_windows_give_what_follows_and_keep_kinds_with_their_sequences():
    x = torch.stack([torch.arange(20), torch.arange(100, 120)])
    draw_one = windows(x, 6, 5, torch.Generator().manual_seed(0), targets=-x, kinds=torch.tensor([7, 9]))
    starts = set()
    for _ in range(40):
        (pieces, kinds), following = draw_one()
        assert pieces.shape == following.shape == (5, 6)
        assert torch.equal(following, -(pieces + 1))
        assert torch.equal(kinds, torch.where(pieces[:, 0] < 50, 7, 9))
        starts |= set((pieces[:, 0] % 100).tolist())
    assert starts == set(range(14))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"levels": 1}, "levels must be a whole number of at least 2, got 1"),
        ({"dilations": []}, "dilations must name at least one layer"),
        ({"dilations": [1, 0]}, "dilation must be a whole number of at least 1, got 0"),
        ({"kernel": 0}, "kernel must be a whole number of at least 1, got 0"),
        ({"skip": 0}, "skip must be a whole number of at least 1, got 0"),
        ({"conditions": -1}, "conditions must be a whole number of at least 0, got -1"),
    ],
)
def test_options_that_cannot_be_are_refused(options, words):
    with pytest.raises(ValueError) as caught:
        build(**options)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("x", "kind", "kinds", "words"),
    [
        (torch.zeros(1, 4), None, 0, "x must be signals (N, T) of whole numbers (int64)"),
        (torch.zeros(4, dtype=torch.int64), None, 0, "got shape (4,)"),
        (torch.full((1, 4), 8), None, 0, "x must hold levels 0 to 7, got 8 to 8"),
        (torch.zeros(1, 4, dtype=torch.int64), torch.tensor([0]), 0, "condition must be left out"),
        (
            torch.zeros(1, 4, dtype=torch.int64),
            None,
            2,
            "condition must be 1 whole numbers (int64), got none",
        ),
        (
            torch.zeros(1, 4, dtype=torch.int64),
            torch.tensor([2]),
            2,
            "condition must hold kinds 0 to 1, got [2]",
        ),
    ],
)
def test_signals_that_do_not_fit_are_refused(x, kind, kinds, words):
    with pytest.raises(ValueError) as caught:
        build(conditions=kinds)(x, kind)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"steps": 0}, "steps must be a whole number of at least 1, got 0"),
        ({"temperature": 0}, "temperature must be a number above 0, got 0"),
        ({"start": torch.zeros(2, 0, dtype=torch.int64)}, "with at least one sample, got shape (2, 0)"),
    ],
)
def test_draws_that_cannot_be_are_refused(options, words):
    with pytest.raises(CsCnnError) as caught:
        build().generate(**{"steps": 3, "start": torch.zeros(1, 1, dtype=torch.int64), **options})
    assert words in str(caught.value)


def test_windows_and_training_refuse_what_cannot_be():
    x, generator = torch.zeros(1, 5, dtype=torch.int64), torch.Generator()
    with pytest.raises(CsCnnError, match=r"sequences must be \(M, T\) with more than 5 steps"):
        windows(x, 5, 1, generator)
    with pytest.raises(CsCnnError, match="count must be a whole number of at least 1, got 0"):
        windows(x, 2, 0, generator)
    with pytest.raises(CsCnnError, match="steps must be a whole number of at least 1, got 0"):
        fit(build(), windows(x, 2, 1, generator), steps=0)
    net = build()
    torch.nn.init.constant_(net.scores.bias, float("nan"))
    with pytest.raises(CsCnnError, match=r"The loss is nan after 0 steps: choose an lr below 0\.003"):
        fit(net, windows(x, 2, 1, generator), steps=1)
