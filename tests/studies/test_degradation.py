"""The study of degradation: its mechanics on a few images, and what the recorded run says."""

from __future__ import annotations

import json
import statistics

import pytest
from click.testing import CliRunner

from cs_cnn import studies
from cs_cnn.errors import CsCnnError
from cs_cnn.studies import degradation as it
from cs_cnn.studies import recording
from cs_cnn.studies.__main__ import main

TINY = it.Setting(images=48, test_images=20, epochs=2, milestones=(1,), batch_size=16, lr=0.01, seeds=(0, 3))


def without_time(runs):
    return [{key: value for key, value in run.items() if key != "seconds"} for run in runs]


def test_every_net_is_trained_with_every_seed_and_again_gives_the_same():
    told = []
    runs = it.study(TINY, nets=("resnet20", "plain20"), on_run=told.append)
    assert [(run["net"], run["seed"]) for run in runs] == [
        ("resnet20", 0), ("plain20", 0), ("resnet20", 3), ("plain20", 3)
    ]  # fmt: skip
    assert told == runs
    for run in runs:
        assert len(run["test_accuracies"]) == 2 and run["test_accuracies"][-1] == run["test_accuracy"]
        assert 0 <= run["train_error"] <= 1 and run["train_loss"] > 0
    # Shortcuts A have no parameters: the two nets are equally large.
    assert len({run["parameters"] for run in runs}) == 1
    assert without_time(it.study(TINY, nets=("resnet20", "plain20"))) == without_time(runs)


def test_an_interrupted_study_goes_on_from_its_folder(tmp_path):
    def stop(run):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        it.study(TINY, nets=("resnet20",), folder=tmp_path, on_run=stop)
    first = (tmp_path / "resnet20-0" / "checkpoint.pt").stat().st_mtime_ns
    runs = it.study(TINY, nets=("resnet20",), folder=tmp_path)
    assert (tmp_path / "resnet20-0" / "checkpoint.pt").stat().st_mtime_ns == first
    assert without_time(runs) == without_time(it.study(TINY, nets=("resnet20",)))


def test_the_command_prints_the_runs_and_writes_a_whole_file(tmp_path, monkeypatch):
    monkeypatch.setattr(it, "QUICK", TINY)
    out = tmp_path / "new folder" / "d.json"
    result = CliRunner().invoke(main, ["degradation", "--quick", "--out", str(out)])
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines[:6]] == [*it.NETS, *it.NETS]
    assert "mean and standard deviation over 2 seeds" in lines
    written = recording.read(out)
    assert written["study"] == "degradation" and written["setting"] == recording.as_written(TINY)
    assert written["summary"] == it.summarise(written["runs"])
    assert set(written["machine"]) == {"cpu", "cores", "torch"}


def test_bad_input_is_a_sentence(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("[]")
    monkeypatch.setattr(it, "QUICK", it.Setting(images=10**6))
    result = CliRunner().invoke(main, ["degradation", "--quick"])
    assert result.exit_code == 2 and "Error: fashion-mnist has only 5000 + 1000 images." in result.stderr
    for path, sentence in [
        (tmp_path / "none.json", "Cannot read the study"),
        (tmp_path / "file", "is not the result of a study"),
    ]:
        with pytest.raises(CsCnnError, match=sentence):
            recording.read(path)
    with pytest.raises(
        CsCnnError, match="no recorded study 'degradations'; there are alexnet, degradation, "
    ):
        studies.recorded("degradations")


def test_the_quick_form_is_a_small_part_of_the_recorded_one():
    """An epoch of the quick form costs what its images cost; in all it has a fiftieth of the work or less."""
    work = [len(s.seeds) * s.epochs * s.images for s in (it.QUICK, it.RECORDED)]
    assert work[0] * 50 <= work[1]


@pytest.fixture(scope="module")
def recorded():
    return studies.recorded("degradation")


def test_the_recorded_file_is_whole(recorded):
    assert recorded["setting"] == recording.as_written(it.RECORDED)
    pairs = [(run["net"], run["seed"]) for run in recorded["runs"]]
    assert sorted(pairs) == sorted((net, seed) for net in it.NETS for seed in it.RECORDED.seeds)
    assert len(it.RECORDED.seeds) >= 5
    assert all(len(run["test_accuracies"]) == it.RECORDED.epochs for run in recorded["runs"])
    assert recorded["summary"] == it.summarise(recorded["runs"])
    assert "host" not in json.dumps(recorded)


def test_the_recorded_claims_follow_from_the_runs(recorded):
    """ResNet-20 beats both plain nets by more than the spreads; plain-56 has the higher training error."""

    def values(net, key):
        return [run[key] for run in recorded["runs"] if run["net"] == net]

    def apart(lower, higher):
        gap = statistics.fmean(higher) - statistics.fmean(lower)
        return gap > statistics.stdev(lower) + statistics.stdev(higher)

    accuracy = {net: values(net, "test_accuracy") for net in it.NETS}
    error = {net: values(net, "train_error") for net in it.NETS}
    assert apart(accuracy["plain20"], accuracy["resnet20"])
    assert apart(accuracy["plain56"], accuracy["resnet20"])
    # With every seed, too; values() are in the order of the seeds.
    for other in ("plain20", "plain56"):
        assert all(ours > theirs for ours, theirs in zip(accuracy["resnet20"], accuracy[other], strict=True))
    # The degradation itself: deeper is worse on the images it was trained on.
    assert apart(error["plain20"], error["plain56"])
    assert apart(error["resnet20"], error["plain20"])
