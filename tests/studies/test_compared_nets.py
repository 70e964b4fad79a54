"""The studies that train several nets alike: what holds for each of them, and that they come out as recorded."""

from __future__ import annotations

import dataclasses
import json
from operator import itemgetter

import pytest
from click.testing import CliRunner

from cs_cnn import studies
from cs_cnn.studies import (
    alexnet,
    degradation,
    lesion,
    recording,
    reproduction,
    stochastic_depth,
    transferability,
    vgg,
)
from cs_cnn.studies.__main__ import main

STUDIES = {
    "degradation": degradation,
    "lesion": lesion,
    "alexnet": alexnet,
    "vgg": vgg,
    "transferability": transferability,
    "stochastic_depth": stochastic_depth,
}
TINY = {
    "degradation": ("resnet20", "plain20"),
    "lesion": ("residual", "plain"),
    "alexnet": ("whole", "without 3, 4, 6, 7"),
    "vgg": ("A", "A, 18 to 37"),
    "transferability": ("B", "A2B", "B1B+"),
    "stochastic_depth": ("constant", "to 0.2"),
}
# The nets that are trained fastest; a run of the lesions is too long for a test.
FAST = {
    "degradation": "plain20",
    "alexnet": "without 3, 4, 6, 7",
    "vgg": "A",
    "transferability": "B7B",
    "stochastic_depth": "to 0.2",
}

each = pytest.mark.parametrize("name", STUDIES)


def tiny(name):
    more = {
        "degradation": {"milestones": (1,), "epochs": 2},
        "lesion": {"milestones": (1,), "depth": 20, "deleted": 2, "exchanged": 2, "draws": 2, "traced": 10},
        "stochastic_depth": {"deleted": (1, 2), "draws": 2, "depth": 20},
    }
    few = {"images": 60, "test_images": 40, "epochs": 1, "batch_size": 20, "seeds": (0, 3)}
    return dataclasses.replace(STUDIES[name].RECORDED, **few | more.get(name, {}))


def without_time(runs):
    return [{key: value for key, value in run.items() if key != "seconds"} for run in runs]


@each
def test_every_net_is_trained_with_every_seed_and_again_gives_the_same(name):
    it, told = STUDIES[name], []
    runs = it.study(tiny(name), nets=TINY[name], on_run=told.append)
    assert told == runs
    assert [(run["net"], run["seed"]) for run in runs] == [(net, s) for s in (0, 3) for net in TINY[name]]
    rates = [run[key] for run in runs for key in ("test_accuracy", "train_error", "error") if key in run]
    assert len(rates) >= len(runs) and all(0 <= rate <= 1 for rate in rates)
    assert without_time(it.study(tiny(name), nets=TINY[name])) == without_time(runs)


@each
def test_the_quick_command_holds_its_runs_against_the_recorded_ones(name, tmp_path, monkeypatch):
    it = STUDIES[name]
    monkeypatch.setattr(it, "QUICK", tiny(name))
    monkeypatch.setattr(it, "QUICK_NETS", TINY[name])
    out = tmp_path / "new folder" / "result.json"
    result = CliRunner().invoke(main, [name, "--quick", "--out", str(out)])
    assert result.exit_code == 0, result.output
    beside = result.stdout.split("recorded runs\n")[1].splitlines()[:-1]
    assert [line.split(":")[0] for line in beside] == list(TINY[name] * 2)
    assert all("recorded" in line for line in beside)
    written = recording.read(out)
    assert written["study"] == name and written["setting"] == recording.as_written(tiny(name))
    assert written["summary"] == it.summarise(written["runs"])


@each
def test_the_full_command_prints_means(name, monkeypatch):
    it = STUDIES[name]
    some = {net: it.NETS[net] for net in TINY[name]} if isinstance(it.NETS, dict) else TINY[name]
    monkeypatch.setattr(it, "RECORDED", tiny(name))
    monkeypatch.setattr(it, "NETS", some)
    result = CliRunner().invoke(main, [name])
    assert result.exit_code == 0, result.output
    means = result.stdout.split("mean and standard deviation over 2 seeds\n")[1].splitlines()
    assert [line[:18].strip() for line in means] == list(TINY[name])
    first = "error" if name == "lesion" else "test_accuracy"
    assert all(f" {first} 0." in line and "±" in line for line in means)


@each
def test_too_many_images_are_a_sentence(name, monkeypatch):
    it = STUDIES[name]
    monkeypatch.setattr(it, "QUICK", dataclasses.replace(it.QUICK, images=10**6))
    result = CliRunner().invoke(main, [name, "--quick"])
    assert result.exit_code == 2 and "Error: fashion-mnist has only 5000 + 1000 images." in result.stderr


@each
def test_the_quick_form_is_a_part_of_the_recorded_one(name):
    it = STUDIES[name]
    assert dataclasses.replace(it.QUICK, seeds=it.RECORDED.seeds, epochs=it.RECORDED.epochs) == it.RECORDED
    assert it.QUICK.seeds == it.RECORDED.seeds[:1] and set(it.QUICK_NETS) <= set(it.NETS)
    share = it.QUICK.epochs / it.RECORDED.epochs
    took = {net: [] for net in it.QUICK_NETS}
    for run in studies.recorded(name)["runs"]:
        took.get(run["net"], []).append(run["seconds"] * share)
    # Some were recorded on a busy machine, by the clock: the fastest run of a net says what it takes.
    assert sum(map(min, took.values())) < 55


@each
def test_the_recorded_file_is_whole(name):
    it, recorded = STUDIES[name], studies.recorded(name)
    assert recorded["study"] == name and recorded["setting"] == recording.as_written(it.RECORDED)
    pairs = [(run["net"], run["seed"]) for run in recorded["runs"]]
    assert sorted(pairs) == sorted((net, seed) for net in it.NETS for seed in it.RECORDED.seeds)
    assert len(it.RECORDED.seeds) >= 3
    assert recorded["summary"] == it.summarise(recorded["runs"])
    assert set(recorded["machine"]) == {"cpu", "cores", "torch"}
    assert "host" not in json.dumps(recorded)


@pytest.mark.parametrize("name", FAST)
def test_a_net_trained_today_is_the_recorded_one(name):
    """Exactly on the same kind of processor; elsewhere rounding grows, and the seeds tell how far it may."""
    it, recorded = STUDIES[name], studies.recorded(name)
    runs = it.study(it.QUICK, nets=(FAST[name],))
    measured = getattr(it, "measured", itemgetter(it.MEASURE))
    (agreement,) = reproduction.against(runs, recorded, measured)
    assert agreement.within, str(agreement)
    told = next(run for run in recorded["runs"] if (run["net"], run["seed"]) == (FAST[name], 0))
    assert runs[0]["parameters"] == told["parameters"]


# --- agreement


def result(**nets):
    return {"runs": [{"net": net, "test_accuracy": a} for net, values in nets.items() for a in values]}


def test_a_run_agrees_within_three_spreads():
    recorded = result(A=(0.80, 0.82), B=(0.50, 0.56))
    pooled = ((0.01**2 * 2 + 0.03**2 * 2) / 2) ** 0.5  # variances 0.0002 and 0.0018, and their mean
    for accuracy, within in [(0.81, True), (0.81 + 2.9 * pooled, True), (0.81 - 3.1 * pooled, False)]:
        (found,) = reproduction.against([{"net": "A", "test_accuracy": accuracy}], recorded)
        assert found.within == within and ("agrees" in str(found)) == within
        assert found.recorded == 0.81 and found.spread == pytest.approx(pooled, abs=1e-4)
    (found,) = reproduction.against([{"net": "B", "test_accuracy": 0.5}], recorded)
    assert found.spread == pytest.approx(0.0424, abs=1e-4)  # its own is the larger one


def test_a_net_that_was_not_recorded_has_nothing_beside_it():
    assert reproduction.against([{"net": "C", "test_accuracy": 1.0}], result(A=(0.8,))) == []
