"""Random search: the right distribution, reproducible, and chosen on validation only."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from cs_cnn.nets import TwoLayerNet, accuracy, fit
from cs_cnn.search import Choice, LogUniform, Trial, Uniform, log_uniform, random_search


def test_every_decade_is_equally_likely() -> None:
    rng = np.random.default_rng(0)
    exponents = [math.log10(log_uniform(1e-5, 1e5, rng)) for _ in range(5000)]
    counts, _ = np.histogram(exponents, bins=10, range=(-5, 5))
    assert counts.sum() == 5000 and counts.min() > 400 and counts.max() < 600


def test_the_order_of_the_bounds_does_not_matter() -> None:
    """F038: the lecture's uniform(-3, -6) has low above high, which today's generator refuses."""
    with pytest.raises(ValueError, match="high - low < 0"):
        np.random.default_rng(0).uniform(-3, -6)
    draws = [log_uniform(low, high, np.random.default_rng(0)) for low, high in ((1e-3, 1e-6), (1e-6, 1e-3))]
    assert draws[0] == draws[1]
    assert Uniform(3, 1)(np.random.default_rng(0)) == Uniform(1, 3)(np.random.default_rng(0))


@pytest.mark.parametrize("bounds", [(-3, -6), (0, 1), (1, float("inf")), (float("nan"), 1)])
def test_bounds_that_have_no_logarithm(bounds: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match=r"must be positive, got .*; pass the bound itself"):
        LogUniform(*bounds)


def test_the_search_of_the_lecture() -> None:
    """S36: a hundred trials of a two-layer net of 154,160 parameters, here on a few images drawn from a hat."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(10, 32 * 32 * 3)).astype(np.float32)
    y_all = np.tile(np.arange(10), 6)
    x_all = 5 * (centres[y_all] + rng.normal(size=(60, 32 * 32 * 3)).astype(np.float32))
    train, held_out = slice(0, 40), slice(40, 60)
    sizes = set()

    def trial(settings: dict[str, Any], rng: np.random.Generator) -> float:
        net = TwoLayerNet(32 * 32 * 3, 50, 10, rng=rng)
        sizes.add(net.n_params)
        fit(
            net,
            x_all[train],
            y_all[train],
            rng=rng,
            epochs=5,
            batch_size=100,
            momentum=0.9,
            lr_decay=0.9,
            progress=False,
            **settings,
        )
        return accuracy(net, x_all[held_out], y_all[held_out])

    space = {"reg": LogUniform(1e-5, 1e5), "lr": LogUniform(1e-3, 1e-6)}
    trials = random_search(trial, space, trials=100, rng=np.random.default_rng(1))
    assert sizes == {154_160}
    assert len(trials) == 100 and sorted(each.number for each in trials) == list(range(1, 101))
    scores = [each.score for each in trials]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 0.5 > np.median(scores)
    assert all(1e-5 <= each.settings["reg"] <= 1e5 and 1e-6 <= each.settings["lr"] <= 1e-3 for each in trials)
    assert trials[0].settings["lr"] > 1e-4, "the best is found near the upper edge"


def test_reproducible_and_the_first_trials_of_a_longer_search() -> None:
    def train(settings: dict[str, Any], rng: np.random.Generator) -> float:
        return float(settings["a"]) + rng.normal()

    space = {"a": Uniform(0, 1), "b": Choice([8, 16])}
    runs = [random_search(train, space, trials=n, rng=np.random.default_rng(5)) for n in (10, 10, 30)]
    assert runs[0] == runs[1]
    assert sorted(runs[0], key=lambda t: t.number) == sorted(runs[2], key=lambda t: t.number)[:10]
    assert runs[0] != random_search(train, space, trials=10, rng=np.random.default_rng(6))
    assert {trial.settings["b"] for trial in runs[2]} == {8, 16}


def test_what_a_trial_draws_does_not_matter_to_the_next() -> None:
    drawn = []
    for n_draws in (0, 7):

        def train(settings: dict[str, Any], rng: np.random.Generator, n_draws: int = n_draws) -> float:
            rng.normal(size=n_draws)
            return 0.0

        trials = random_search(train, {"a": Uniform(0, 1)}, trials=5, rng=np.random.default_rng(0))
        drawn.append([trial.settings["a"] for trial in trials])
    assert drawn[0] == drawn[1] and len(set(drawn[0])) == 5


def test_only_the_validation_score_decides() -> None:
    """The trial with the best training and test scores loses to the one with the best validation score."""
    scores = {"overfit": (0.5, 0.99), "honest": (0.7, 0.8)}

    def train(settings: dict[str, Any], rng: np.random.Generator) -> tuple[float, float]:
        return scores[settings["kind"]]

    trials = random_search(train, {"kind": Choice(list(scores))}, trials=10, rng=np.random.default_rng(0))
    assert trials[0].settings == {"kind": "honest"} and trials[0].result == 0.8
    assert [trial.score for trial in trials[-1:]] == [0.5]


def test_a_trial_that_diverges_comes_last() -> None:
    def train(settings: dict[str, Any], rng: np.random.Generator) -> float:
        if settings["lr"] > 0.1:
            raise FloatingPointError("the loss is nan")
        return math.nan if settings["lr"] < 0.01 else settings["lr"]

    trials = random_search(train, {"lr": LogUniform(1e-3, 1)}, trials=30, rng=np.random.default_rng(0))
    finite = [trial for trial in trials if trial.score > -math.inf]
    assert 0 < len(finite) < 30
    assert trials[: len(finite)] == finite and 0.01 <= trials[0].settings["lr"] <= 0.1


def test_equal_scores_stay_in_order() -> None:
    trials = random_search(
        lambda settings, rng: 1.0, {"a": Uniform(0, 1)}, trials=5, rng=np.random.default_rng(0)
    )
    assert [trial.number for trial in trials] == [1, 2, 3, 4, 5]


def test_a_trial_prints_like_the_lectures_log() -> None:
    trial = Trial(9, {"lr": 4.296863e-04, "reg": 6.642555e-01, "hidden": 50}, 0.482)
    assert str(trial) == "score: 0.482000, lr: 4.296863e-04, reg: 6.642555e-01, hidden: 50 (trial 9)"


@pytest.mark.parametrize(
    ("space", "trials", "sentence"),
    [
        ({}, 3, "space must name at least one setting"),
        ({"a": Uniform(0, 1)}, 0, "trials must be a whole number, at least 1"),
        ({"a": Uniform(0, 1)}, 2.0, "trials must be"),
    ],
)
def test_nothing_to_search(space: dict, trials: int, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        random_search(lambda settings, rng: 0.0, space, trials=trials, rng=np.random.default_rng(0))


def test_a_choice_of_nothing() -> None:
    with pytest.raises(ValueError, match="options must hold at least one value"):
        Choice([])
