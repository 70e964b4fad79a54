"""Architecture search: the space, the controller's gradient, both searches, and what the recorded table says."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from cs_cnn import studies, zoo
from cs_cnn.errors import CsCnnError
from cs_cnn.studies import recording
from cs_cnn.studies import search as it
from cs_cnn.studies.__main__ import main
from cs_cnn.zoo.parts.cells import parse_cell

TINY = it.Setting(
    images=48, validation_images=20, test_images=20, filters=2, epochs=1, batch_size=24, every=100, again=1,
    seeds=(0, 3),
)  # fmt: skip


# --- the space


def test_every_cell_is_another_and_can_be_read():
    cells = [it.cell(choices) for choices in it.all_choices()]
    assert it.COUNT == 4 * 4 * 4 * 2 * 2 == len(set(cells))
    assert len({parse_cell(cell) for cell in cells}) == it.COUNT
    assert it.cell([0, 0, 0, 0, 0]) == "x + p; b1 + x"
    np.testing.assert_array_equal(it.number(it.all_choices()), np.arange(it.COUNT))


@given(st.tuples(*(st.integers(0, size - 1) for size in it.SIZES)))
def test_a_cell_says_what_was_chosen(choices):
    plan = parse_cell(it.cell(choices))
    first, second = plan.blocks
    words = [f"{b.operation}{b.kernel if b.kernel > 1 else ''}" for b in (*first, *second)]
    assert words == [it.OPERATIONS[choices[k]] for k in (0, 1, 2, 4)]
    assert [b.input for b in (*first, *second)] == ["x", "p", "b1", it.INPUTS[choices[3]]]
    assert plan.result == ("b2",)
    assert (it.all_choices()[it.number(choices)] == choices).all()


@pytest.mark.parametrize("wrong", [[0, 0, 0, 2, 0], [0, 0, 0, 0], [-1, 0, 0, 0, 0], [0.5] * 5])
def test_no_cell_is_a_sentence(wrong):
    with pytest.raises(
        CsCnnError, match="choices must be 5 whole numbers for each cell, below 4, 4, 4, 2, 2, got"
    ):
        it.cell(wrong)


def test_every_cell_makes_a_net_that_learns_and_its_seed_decides():
    x = torch.randn(2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    for choices in it.all_choices()[::37]:
        net = it.SmallNet(it.cell(choices), filters=2, seed=1)
        net(x).square().sum().backward()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())
    state = torch.get_rng_state()
    one, same, other = (it.SmallNet("sep3(x) + p; b1 + x", filters=2, seed=s).eval()(x) for s in (1, 1, 2))
    assert torch.equal(one, same) and not torch.allclose(one, other)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(("cells", "filters"), [(1, 8), (2, 16)])
def test_a_found_cell_is_stacked_by_the_zoo_at_two_sizes(cells, filters):
    net = zoo.build("nasnet", size=28, stem="cifar", normal=it.cell([1, 1, 0, 0, 1]), reduction=it.REDUCTION,
                    cells=cells, filters=filters, seed=0)  # fmt: skip
    assert net(torch.zeros(2, 1, 28, 28)).shape == (2, 10)
    assert len(net.normal1.cells) == cells
    assert net.features(torch.zeros(2, 1, 28, 28)).shape == (2, 4 * filters, 7, 7)


# --- the controller


def probabilities(controller, sizes):
    choices = torch.tensor(np.indices(sizes).reshape(len(sizes), -1).T)
    return choices, controller.log_prob(choices).exp()


def bent(sizes, seed=0):
    """Return a controller in double precision that prefers some choices."""
    controller = it.Controller(sizes, hidden=6, seed=seed).double()
    for head in controller.heads:
        torch.nn.init.normal_(head.weight, generator=torch.Generator().manual_seed(seed))
    return controller


def test_at_first_all_cells_are_equally_likely():
    _, p = probabilities(it.Controller(), it.SIZES)
    torch.testing.assert_close(p, torch.full((it.COUNT,), 1 / it.COUNT))


def test_probabilities_sum_to_one_and_samples_follow_them():
    controller = bent((3, 2, 2))
    _, p = probabilities(controller, (3, 2, 2))
    assert p.sum().item() == pytest.approx(1) and p.max() > 2 * p.min()
    drawn, log_prob, entropy = controller.sample(20_000, torch.Generator().manual_seed(5))
    torch.testing.assert_close(log_prob, controller.log_prob(drawn))
    number = drawn @ torch.tensor([4, 2, 1])
    share = torch.bincount(number, minlength=12) / 20_000
    assert (share - p).abs().max() < 4 * (p.max() * (1 - p.max()) / 20_000).sqrt()
    # The mean over walks of the entropies on the way is the entropy of the whole (chain rule).
    assert entropy.mean().item() == pytest.approx(-(p * p.log()).sum().item(), abs=0.01)


def test_the_gradient_of_reinforce_is_that_of_the_expected_reward_whatever_the_baseline():
    sizes = (3, 2, 2)
    reward = torch.randn(12, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    exact = bent(sizes)
    _, p = probabilities(exact, sizes)
    wanted = torch.autograd.grad((p * reward).sum(), list(exact.parameters()))
    for baseline in (0.0, 0.7):
        # The expectation of the estimate, over all cells with their probabilities.
        choices, p = probabilities(exact, sizes)
        total = [torch.zeros_like(part) for part in wanted]
        for k in range(12):
            loss = it.surrogate(exact.log_prob(choices[k : k + 1]), reward[k : k + 1], baseline)
            for part, own in zip(total, torch.autograd.grad(loss, list(exact.parameters())), strict=True):
                part -= p[k].item() * own
        for part, own in zip(total, wanted, strict=True):
            torch.testing.assert_close(part, own, rtol=1e-9, atol=1e-12)


def test_the_gradient_of_the_log_probability_is_the_numerical_one():
    controller = bent((3, 2))
    choices = torch.tensor([[2, 1], [0, 0]])
    parameters = list(controller.parameters())
    slopes = torch.autograd.grad(controller.log_prob(choices).sum(), parameters, allow_unused=True)
    generator = torch.Generator().manual_seed(2)
    for parameter, slope in zip(parameters, slopes, strict=True):
        way, values = torch.randn(parameter.shape, generator=generator, dtype=torch.float64), []
        with torch.no_grad():
            for step in (1e-6, -2e-6, 1e-6):  # there, to the other side, and back
                values.append(controller.log_prob(choices).sum().item())
                parameter += step * way
        numerical = (values[1] - values[2]) / 2e-6
        assert (slope * way).sum().item() == pytest.approx(numerical, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("wrong", [[[3, 0]], [[0, 0, 0]], [0, 0]])
def test_choices_that_do_not_exist_are_a_sentence(wrong):
    with pytest.raises(CsCnnError, match=r"choices must have shape \(N, 2\), whole numbers below 3, 2"):
        it.Controller((3, 2)).log_prob(torch.tensor(wrong))


# --- searching


def easy(choices):
    """Reward that is best where everything is a separable convolution."""
    return (np.asarray(choices)[:, [0, 1, 2, 4]] == 1).mean(axis=1)


def test_the_controller_learns_an_easy_reward_and_random_search_does_not():
    traces = [it.reinforce(easy, proposals=250, seed=seed) for seed in range(3)]
    blind = [it.random_search(easy, proposals=250, seed=seed) for seed in range(3)]
    assert np.mean([trace.rewards[-50:].mean() for trace in traces]) > 0.6
    assert np.mean([trace.rewards[:25].mean() for trace in traces]) < 0.45
    assert np.mean([trace.rewards[-50:].mean() for trace in blind]) == pytest.approx(1.25 / 4, abs=0.05)


def test_searches_are_repeatable_and_count_what_they_tried():
    asked = []

    def reward(choices):
        asked.append(len(choices))
        return easy(choices)

    one, same = (it.reinforce(reward, proposals=20, batch=5, seed=3) for _ in range(2))
    np.testing.assert_array_equal(one.choices, same.choices)
    assert asked == [5] * 8 and one.choices.shape == (20, 5)
    np.testing.assert_array_equal(one.rewards, easy(one.choices))
    assert one.best[-1] == one.rewards.max() and (np.diff(one.best) >= 0).all()
    every = it.random_search(easy, proposals=it.COUNT, seed=1)
    assert every.distinct == it.COUNT and every.best[-1] == 1
    assert one.distinct == len({tuple(row) for row in one.choices})


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: it.reinforce(easy, proposals=7), "multiple of batch = 5, and at least that, got 7"),
        (lambda: it.reinforce(easy, lr=0), "lr must be above 0"),
        (lambda: it.random_search(easy, proposals=257), "from 1 to the 256 cells of the space, got 257"),
        (lambda: it.Controller(()), "one or more, got"),
        (lambda: it.Table.of([]), "256 are missing, such as 'x"),
        (lambda: it.noise([{"cell": "a", "validation": 1}]), "more than one run"),
    ],
)
def test_what_cannot_be_searched_is_a_sentence(call, sentence):
    with pytest.raises(CsCnnError, match=sentence):
        call()


# --- the study


def without_time(runs):
    return [{key: value for key, value in run.items() if key != "seconds"} for run in runs]


def test_cells_are_trained_again_with_other_seeds_and_the_study_repeats_itself():
    told = []
    runs = it.study(TINY, on_run=told.append)
    assert told == runs and [run["seed"] for run in runs[:3]] == [0, 0, 0]
    best = max(runs[:3], key=lambda run: run["validation"])
    assert {run["cell"] for run in runs[3:]} == {best["cell"]} and runs[3]["seed"] == 3
    assert without_time(it.study(TINY)) == without_time(runs)
    assert set(it.summarise(runs)) == {"table"}


def test_the_command_prints_the_runs_and_writes_a_whole_file(tmp_path, monkeypatch):
    monkeypatch.setattr(it, "QUICK", TINY)
    out = tmp_path / "new folder" / "s.json"
    result = CliRunner().invoke(main, ["search", "--quick", "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert "these cells: accuracy" in result.output and "20 searches of the recorded table" in result.output
    assert "controller last" in result.output and "random     best" in result.output
    assert recording.read(out)["setting"] == recording.as_written(TINY)


def test_the_quick_form_is_a_small_part_of_the_recorded_one():
    work = [it.COUNT / s.every + 2 * s.again * (len(s.seeds) - 1) for s in (it.QUICK, it.RECORDED)]
    assert work[0] * 10 <= work[1]
    assert dataclasses.replace(it.QUICK, every=1, again=8, seeds=(0, 1, 2)) == it.RECORDED


@pytest.fixture(scope="module")
def recorded():
    return studies.recorded("search")


def test_the_recorded_file_is_whole(recorded):
    assert recorded["setting"] == recording.as_written(it.RECORDED)
    values = it.by_cell(recorded["runs"])
    assert len(values) == it.COUNT
    assert {len(each) for each in values.values()} == {1, len(it.RECORDED.seeds)}
    assert "host" not in json.dumps(recorded)


def test_a_cell_trained_today_is_the_recorded_one(recorded):
    """Exactly on the same kind of processor; elsewhere rounding grows, and seeds tell how far it may."""
    (run,) = it.study(dataclasses.replace(it.RECORDED, every=it.COUNT, seeds=(0,)))
    assert run["cell"] == "x + p; b1 + x"
    told = next(each for each in recorded["runs"] if each["cell"] == run["cell"])
    assert run["parameters"] == told["parameters"]
    assert run["validation"] == pytest.approx(
        told["validation"], abs=4 * recorded["summary"]["table"]["noise"]
    )


def test_the_recorded_summary_follows_from_the_runs(recorded):
    found = it.summarise(recorded["runs"])
    assert found["table"] == recorded["summary"]["table"] and found["random"] == recorded["summary"]["random"]
    # Decisions of the controller hang on rounding, which differs from processor to processor.
    for measure, value in found["controller"].items():
        told = recorded["summary"]["controller"][measure]
        assert value["mean"] == pytest.approx(
            told["mean"], abs=3 * max(value["spread"], told["spread"], 1e-4)
        )


def test_the_recorded_claims(recorded):
    """The controller's proposals are better than random ones by far more than both spreads."""
    summary = recorded["summary"]
    mine, blind = summary["controller"]["last"], summary["random"]["last"]
    assert mine["mean"] - blind["mean"] > mine["spread"] + blind["spread"]
    assert summary["table"]["validation"]["spread"] > summary["table"]["noise"]
