"""The study of lesions: surgery and paths against direct computation, and what the recorded run says."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.stats import kendalltau

from cs_cnn import studies, zoo
from cs_cnn.studies import lesion as it

TINY = it.Setting(
    images=48, test_images=20, depth=20, epochs=1, milestones=(1,), batch_size=16, lr=0.01, draws=2, deleted=2,
    exchanged=2, traced=4, seeds=(0, 3),
)  # fmt: skip


def build(name="resnet20", **options):
    """Return a small net in double precision whose normalisation is not the identity."""
    net = zoo.build(name, classes=10, channels=1, size=28, width=0.5, stem_stride=2, seed=0, **options)
    generator = torch.Generator().manual_seed(1)
    for layer in net.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.running_mean.normal_(generator=generator)
            layer.running_var.uniform_(0.5, 2, generator=generator)
            torch.nn.init.uniform_(layer.weight, 0.2, 0.8, generator=generator)
    return net.double().eval()


def images(count=3):
    generator = torch.Generator().manual_seed(2)
    return torch.randn(count, 1, 28, 28, generator=generator, dtype=torch.float64), torch.arange(count)


def walk(net, x, modules):
    """Run a net with other modules in the places of its blocks."""
    x = net.conv1(x)
    for module in modules:
        x = module(x)
    return net.fc(net.average_pool(x))


# --- surgery


def test_a_deleted_block_leaves_its_shortcut():
    net, (x, _) = build(), images()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    with torch.no_grad():
        for number in range(9):
            alone = [
                (lambda x, b=block: F.relu(b.shortcut(x))) if i == number else block
                for i, block in enumerate(it.blocks(net))
            ]
            hurt = it.without(net, [number])
            assert not hurt.training
            torch.testing.assert_close(hurt(x), walk(net, x, alone))
            assert not torch.allclose(hurt(x), net(x))
        everything = it.without(net, range(9))(x)
        way = net.conv1(x)  # shortcuts A: every second pixel, and zeros for new maps
        way = F.pad(way[:, :, ::4, ::4], (0, 0, 0, 0, 0, 24)).mean(dim=(2, 3))
        torch.testing.assert_close(everything, net.fc(way))
        assert torch.equal(it.without(net, [])(x), net(x))
    assert all(torch.equal(before[key], value) for key, value in net.state_dict().items())


def test_a_deleted_plain_block_hands_on_what_it_would_get():
    net, (x, _) = build("plain20"), images()
    identity = torch.nn.Identity()
    with torch.no_grad():
        whole = it.blocks(net)
        for number in (0, 1, 8):
            kept = [identity if i == number else block for i, block in enumerate(whole)]
            torch.testing.assert_close(it.without(net, [number])(x), walk(net, x, kept))
        assert it.without(net, it.resizing(net))(x).shape == (3, 10)


def test_orders():
    net, (x, _) = build(), images()
    order = [2, 1, 0, 3, 5, 4, 6, 7, 8]
    with torch.no_grad():
        row = it.blocks(net)
        torch.testing.assert_close(it.reordered(net, order)(x), walk(net, x, [row[i] for i in order]))
        assert torch.equal(it.reordered(net, range(9))(x), net(x))
    rng = np.random.default_rng(0)
    for swaps in (0, 1, 6):
        drawn = it.exchanges(net, swaps, rng)
        it.reordered(net, drawn)
        assert drawn[0] == 0 and [drawn[i] for i in it.resizing(net)] == it.resizing(net)
        assert sum(a != b for a, b in enumerate(drawn)) <= 2 * swaps
    assert sum(a != b for a, b in enumerate(it.exchanges(net, 1, rng))) == 2


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda net: it.without(net, [2, 9]), "from 0 to 8, got 9"),
        (lambda net: it.reordered(net, [0] * 9), "every number from 0 to 8 once"),
        (lambda net: it.reordered(net, [0, 1, 3, 2, 4, 5, 6, 7, 8]), "Block 3 cannot stand in place 2"),
        (lambda net: it.Unravelled(net.train(), *images()), "evaluation mode"),
        (lambda net: it.Unravelled(build("plain20"), *images()), "without shortcuts"),
    ],
)
def test_bad_input_is_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call(build())


def test_kendall_distance_agrees_with_scipy():
    for order in permutations(range(5)):
        tau = kendalltau(range(5), order).statistic
        assert 1 - 4 * it.kendall_distance(order) / (5 * 4) == pytest.approx(tau)


# --- paths


def test_paths_are_counted_by_the_binomial_distribution():
    for count in (0, 1, 7):
        lengths = [len(path) for path in it.paths(count)]
        assert len(set(it.paths(count))) == len(lengths) == 2**count
        assert [lengths.count(k) for k in range(count + 1)] == it.path_counts(count)
        assert it.mean_length(it.path_counts(count)) == count / 2
    # ResNet-110 has 54 blocks: paths of 10 to 34 layers (5 to 17 blocks) are rare.
    counts = it.path_counts(54)
    assert sum(counts) == 2**54
    assert sum(counts[5:18]) / 2**54 == pytest.approx(0.0045, abs=1e-4)
    assert sum(counts[19:36]) / 2**54 == pytest.approx(0.980, abs=1e-3)


def test_path_sum_is_the_output_for_linear_branches_only():
    generator = torch.Generator().manual_seed(0)
    weights = [torch.randn(4, 4, generator=generator, dtype=torch.float64) / 2 for _ in range(6)]
    x = torch.randn(5, 4, generator=generator, dtype=torch.float64)

    def output(branches):
        y = x
        for branch in branches:
            y = y + branch(y)
        return y

    linear = [lambda y, w=w: y @ w for w in weights]
    torch.testing.assert_close(it.path_sum(x, linear), output(linear), rtol=1e-13, atol=1e-13)
    # A deleted branch takes the half of the paths that pass it with it.
    torch.testing.assert_close(it.path_sum(x, linear[1:]), output(linear[1:]))
    bent = [lambda y, w=w: torch.tanh(y @ w) for w in weights]
    assert (it.path_sum(x, bent) - output(bent)).abs().max() > 0.1


@pytest.mark.parametrize("options", [{}, {"shortcut": "B"}, {"survival": 0.5}])
@pytest.mark.parametrize("count", [1, 3])
def test_gradients_of_paths_add_up_to_the_gradient(options, count):
    net, (x, y) = build(**options), images(count)
    before = net.conv1(x).detach().requires_grad_()
    maps = before
    for block in it.blocks(net):
        maps = block(maps)
    loss = F.cross_entropy(net.fc(net.average_pool(maps)), y, reduction="sum")
    (gradient,) = torch.autograd.grad(loss, before)
    parts = it.Unravelled(net, x, y).by_length()
    assert len(parts) == 10
    torch.testing.assert_close(torch.stack(parts).sum(dim=0), gradient)


def test_each_length_is_the_sum_of_its_paths():
    net, (x, y) = build(), images()
    taken_apart = it.Unravelled(net, x, y)
    parts = taken_apart.by_length()
    for length in (0, 1, 2, 9):
        alone = [taken_apart.along(path) for path in it.paths(9) if len(path) == length]
        assert len(alone) == math.comb(9, length)
        torch.testing.assert_close(torch.stack(alone).sum(dim=0), parts[length])
    rng = np.random.default_rng(0)
    every = np.mean([it.norms(taken_apart.along([i])) for i in range(9)])
    assert taken_apart.norm_of_a_path(1, 9, rng) == pytest.approx(every)
    some = taken_apart.norm_of_a_path(1, 3, rng)
    assert some > 0 and some != pytest.approx(every)


# --- the study


def test_every_net_is_hurt_with_every_seed():
    told = []
    runs = it.study(TINY, on_run=told.append)
    assert [(run["net"], run["seed"]) for run in runs] == [(net, seed) for seed in (0, 3) for net in it.NETS]
    assert told == runs
    assert len({run["parameters"] for run in runs}) == 1
    for run in runs:
        assert len(run["without_one"]) == 9
        assert [len(errors) for errors in run["without_many"]] == [2, 2]
        assert len(run["reordered"]) == len(run["distances"]) == 4
        assert ("gradient" in run) == (run["net"] != "plain")
        everything = [run["error"], *run["without_one"], *np.ravel(run["without_many"]), *run["reordered"]]
        assert all(0 <= error <= 1 for error in everything)


@pytest.fixture(scope="module")
def recorded():
    return studies.recorded("lesion")


def runs_of(recorded, net):
    return [run for run in recorded["runs"] if run["net"] == net]


def test_recorded_a_block_more_or_less(recorded):
    """With every seed: a residual net hardly misses a block after the first, a plain one is lost without any."""
    for residual, plain in zip(runs_of(recorded, "residual"), runs_of(recorded, "plain"), strict=True):
        assert np.mean(residual["without_one"][1:]) < residual["error"] + 0.05
        assert np.mean(plain["without_one"]) > 0.8 and min(plain["without_one"]) > 0.4
        assert max(residual["without_one"][1:]) < min(plain["without_one"])


def test_recorded_many_and_reordered(recorded):
    for net in ("residual", "stochastic"):
        curve = np.mean(
            [[np.mean(errors) for errors in run["without_many"]] for run in runs_of(recorded, net)], axis=0
        )
        assert np.all(np.diff(curve) > -0.02) and curve[-1] > curve[0] + 0.1
        distances = np.concatenate([run["distances"] for run in runs_of(recorded, net)])
        errors = np.concatenate([run["reordered"] for run in runs_of(recorded, net)])
        assert np.corrcoef(distances, errors)[0, 1] > 0.3
    for run in runs_of(recorded, "plain"):
        assert np.mean(run["without_many"][0]) > 0.7


def test_recorded_gradient_comes_back_on_short_paths(recorded):
    for run in runs_of(recorded, "residual"):
        one, together = run["gradient"]["one_path"], run["gradient"]["together"]
        counts = it.path_counts(len(one) - 1)
        assert it.mean_length(counts) == 7.5
        assert it.mean_length([n * g for n, g in zip(counts, one, strict=True)]) < 6
        assert it.mean_length(together) < 6
        assert one[-1] < one[0] / 100
