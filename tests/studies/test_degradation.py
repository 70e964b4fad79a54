"""The study of degradation: its mechanics on a few images, and what the recorded run says."""

from __future__ import annotations

import statistics

import pytest

from cs_cnn import studies
from cs_cnn.errors import CsCnnError
from cs_cnn.studies import degradation as it
from cs_cnn.studies import recording

TINY = it.Setting(images=48, test_images=20, epochs=2, milestones=(1,), batch_size=16, lr=0.01, seeds=(0, 3))


def without_time(runs):
    return [{key: value for key, value in run.items() if key != "seconds"} for run in runs]


def test_every_net_is_trained_with_every_seed():
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


def test_an_interrupted_study_goes_on_from_its_folder(tmp_path):
    def stop(run):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        it.study(TINY, nets=("resnet20",), folder=tmp_path, on_run=stop)
    first = (tmp_path / "resnet20-0" / "checkpoint.pt").stat().st_mtime_ns
    runs = it.study(TINY, nets=("resnet20",), folder=tmp_path)
    assert (tmp_path / "resnet20-0" / "checkpoint.pt").stat().st_mtime_ns == first
    assert without_time(runs) == without_time(it.study(TINY, nets=("resnet20",)))


def test_what_is_no_result_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("[]")
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


@pytest.fixture(scope="module")
def recorded():
    return studies.recorded("degradation")


def test_every_epoch_is_recorded(recorded):
    assert len(it.RECORDED.seeds) >= 5
    assert all(len(run["test_accuracies"]) == it.RECORDED.epochs for run in recorded["runs"])


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
