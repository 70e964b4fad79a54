"""Interrupts, resuming, and files that are whole or absent."""

from __future__ import annotations

import shutil
import zipfile

import pytest
import torch

from cs_cnn import train
from cs_cnn.errors import CsCnnError
from cs_cnn.train import checkpoint as cp
from cs_cnn.train.history import COLUMNS, write_history


def fit(net, stripes, **settings):
    return train.fit(
        net, *stripes, **{"device": "cpu", "progress": False, "epochs": 4, "lr": 0.05, **settings}
    )


def without_time(rows):
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


def interrupt_after(epoch):
    def on_epoch(row):
        if row["epoch"] == epoch:
            raise KeyboardInterrupt

    return on_epoch


def interrupt_in_step(net, step):
    """Make `net` raise KeyboardInterrupt in its forward pass number `step` of training."""
    count = iter(range(10_000))

    def hook(module, arguments):
        if module.training and next(count) == step:
            raise KeyboardInterrupt

    net.register_forward_pre_hook(hook)
    return net


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


@pytest.fixture
def straight(stripes, small_net, tmp_path):
    """Return the net, the rows and the folder of a run without interruption."""
    net = small_net()
    return net, fit(net, stripes, folder=tmp_path / "straight"), tmp_path / "straight"


@pytest.mark.parametrize("step", [4, 9, 14])  # four steps an epoch: after 1, 2 and 3 epochs
def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(straight, stripes, small_net, tmp_path, step):
    net, rows, folder = straight
    broken = tmp_path / "broken"
    with pytest.raises(KeyboardInterrupt) as caught:
        fit(interrupt_in_step(small_net(), step), stripes, folder=broken)
    assert f"Epoch {step // 4} of 4 is in" in caught.value.__notes__[0]
    assert len(train.read_history(broken / "history.csv")) == step // 4

    torch.manual_seed(99)  # what the new process's global state is must not matter
    resumed = small_net(seed=7)  # nor the weights that the net came with
    again = fit(resumed, stripes, folder=broken, resume=True)
    assert without_time(again) == without_time(rows)
    assert same(resumed.state_dict(), net.state_dict())
    ours, theirs = (train.load_checkpoint(place / "checkpoint.pt") for place in (folder, broken))
    assert same(ours.model, theirs.model)
    assert torch.equal(ours.shuffler, theirs.shuffler) and same(ours.randomness[0], theirs.randomness[0])
    for a, b in zip(*(c.optimiser["state"].values() for c in (ours, theirs)), strict=True):
        assert torch.equal(a["momentum_buffer"], b["momentum_buffer"])
    assert without_time(train.read_history(broken / "history.csv")) == without_time(rows)


def test_an_interrupt_before_the_first_epoch_leaves_nothing(stripes, small_net, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        fit(interrupt_in_step(small_net(), 2), stripes, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_an_error_while_saving_keeps_the_old_checkpoint_whole(
    stripes, small_net, tmp_path, monkeypatch, error
):
    fit(small_net(), stripes, epochs=2, folder=tmp_path, schedule="constant")
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    save = torch.save

    def half(content, file):
        class Full:
            written = 0

            def write(self, part):
                self.written += len(part)
                if self.written > 5000:
                    raise error
                return file.write(part)

            def flush(self):
                file.flush()

        save(content, Full())

    monkeypatch.setattr(torch, "save", half)
    with pytest.raises((KeyboardInterrupt, CsCnnError)) as caught:
        fit(small_net(), stripes, epochs=3, folder=tmp_path, schedule="constant", resume=True)
    if caught.type is CsCnnError:
        assert str(caught.value).startswith("Cannot write") and "\n" not in str(caught.value)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == files
    assert train.load_checkpoint(tmp_path / "checkpoint.pt").epoch == 2


def test_an_interrupt_between_checkpoint_and_history_is_mended(stripes, small_net, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        fit(small_net(), stripes, folder=tmp_path, on_epoch=interrupt_after(2))
    rows = train.read_history(tmp_path / "history.csv")
    write_history(tmp_path / "history.csv", rows[:1])
    fit(small_net(), stripes, folder=tmp_path, resume=True, on_epoch=None)
    assert train.read_history(tmp_path / "history.csv")[:2] == rows


def test_with_a_constant_schedule_a_run_may_be_made_longer(stripes, small_net, tmp_path):
    net, other = small_net(), small_net()
    rows = fit(net, stripes, schedule="constant")
    fit(other, stripes, schedule="constant", epochs=2, folder=tmp_path)
    longer = fit(other, stripes, schedule="constant", folder=tmp_path, resume=True)
    assert without_time(longer) == without_time(rows) and same(net.state_dict(), other.state_dict())


def test_resuming_a_finished_run_changes_nothing(straight, stripes, small_net):
    net, rows, folder = straight
    before = (folder / "checkpoint.pt").read_bytes()
    other = small_net(seed=3)
    assert fit(other, stripes, folder=folder, resume=True) == rows
    assert same(other.state_dict(), net.state_dict())
    assert (folder / "checkpoint.pt").read_bytes() == before


def test_a_forgotten_resume_keeps_the_earlier_run(straight, stripes, small_net):
    _, _, folder = straight
    old = {name: (folder / name).read_bytes() for name in ("checkpoint.pt", "history.csv")}
    fit(small_net(), stripes, folder=folder, epochs=1, seed=5)
    assert (folder / "checkpoint.previous.pt").read_bytes() == old["checkpoint.pt"]
    assert (folder / "history.previous.csv").read_bytes() == old["history.csv"]
    assert train.load_checkpoint(folder / "checkpoint.pt").epoch == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"lr": 0.1}, "was trained with lr = 0.05, now it is 0.1"),
        ({"seed": 4}, "was trained with seed = 0, now it is 4"),
        ({"batch_size": 8}, "was trained with batch_size = 16, now it is 8"),
        ({"epochs": 9}, "was trained with epochs = 4, now it is 9"),
        ({"schedule": "constant"}, "was trained with schedule = cosine, now it is constant"),
        ({"name": "other"}, "is a run of 'Sequential', not of 'other'"),
    ],
)
def test_resuming_with_other_settings_is_refused(straight, stripes, small_net, change, sentence):
    with pytest.raises(CsCnnError, match=sentence):
        fit(small_net(), stripes, folder=straight[2], resume=True, **change)


def test_resuming_with_other_data_or_another_net_is_refused(straight, stripes, small_net):
    (x, y), test = stripes
    with pytest.raises(CsCnnError, match="other images"):
        fit(small_net(), ((x + 0.1, y), test), folder=straight[2], resume=True)
    other = torch.nn.Sequential(torch.nn.Conv2d(1, 5, 3), torch.nn.Flatten(), torch.nn.Linear(80, 3))
    weights = {key: tensor.clone() for key, tensor in other.state_dict().items()}
    with pytest.raises(
        CsCnnError, match=r"another net: 0.weight has shape \(4, 1, 3, 3\) there and \(5, 1, 3, 3\)"
    ):
        fit(other, stripes, folder=straight[2], resume=True)
    assert same(other.state_dict(), weights)


def test_fewer_epochs_than_are_done_is_refused(stripes, small_net, tmp_path):
    fit(small_net(), stripes, schedule="constant", epochs=2, folder=tmp_path)
    with pytest.raises(CsCnnError, match="has 2 epochs already, which is more than epochs = 1"):
        fit(small_net(), stripes, schedule="constant", epochs=1, folder=tmp_path, resume=True)


def test_damaged_checkpoints_are_one_sentence(straight, tmp_path, small_net):
    whole = (straight[2] / "checkpoint.pt").read_bytes()
    with zipfile.ZipFile(straight[2] / "checkpoint.pt") as archive:
        weights = max((i for i in archive.infolist() if "/data/" in i.filename), key=lambda i: i.file_size)
    flipped = bytearray(whole)
    flipped[weights.header_offset + 200] ^= 1
    net = small_net(seed=2)
    before = {key: tensor.clone() for key, tensor in net.state_dict().items()}
    for name, content in {
        "empty": b"",
        "short": whole[: len(whole) // 2],
        "shorter by a byte": whole[:-1],
        "flipped": bytes(flipped),
        "text": b"epoch,lr\n",
    }.items():
        path = tmp_path / f"{name}.pt"
        path.write_bytes(content)
        with pytest.raises(CsCnnError, match="is damaged or no checkpoint") as caught:
            train.load_weights(net, path)
        assert "\n" not in str(caught.value)
    assert same(net.state_dict(), before)


def test_other_files_are_named_for_what_they_are(tmp_path, straight):
    torch.save({"weight": torch.zeros(3)}, tmp_path / "other.pt")
    with pytest.raises(CsCnnError, match=r"is not a checkpoint of cs_cnn\.train"):
        train.load_checkpoint(tmp_path / "other.pt")
    torch.save({"format": cp.FORMAT, "version": 99}, tmp_path / "new.pt")
    with pytest.raises(CsCnnError, match="has version 99, and this cs_cnn reads version 2"):
        train.load_checkpoint(tmp_path / "new.pt")
    torch.save({"format": cp.FORMAT, "version": cp.VERSION, "model": {}}, tmp_path / "part.pt")
    with pytest.raises(CsCnnError, match="lacks model_name, optimiser"):
        train.load_checkpoint(tmp_path / "part.pt")
    with pytest.raises(CsCnnError, match="There is no checkpoint"):
        train.load_checkpoint(tmp_path / "none.pt")


def test_a_checkpoint_runs_no_code(tmp_path):
    class Trap:
        def __reduce__(self):
            return shutil.rmtree, (str(tmp_path / "precious"),)

    (tmp_path / "precious").mkdir()
    torch.save({"format": cp.FORMAT, "version": 1, "model": Trap()}, tmp_path / "trap.pt")
    with pytest.raises(CsCnnError, match="damaged or no checkpoint"):
        train.load_checkpoint(tmp_path / "trap.pt")
    assert (tmp_path / "precious").is_dir()


def test_history_reads_back_what_was_written(straight, tmp_path):
    _, rows, folder = straight
    text = (folder / "history.csv").read_text(encoding="utf-8")
    assert text.splitlines()[0] == ",".join(COLUMNS) and len(text.splitlines()) == 5 and text.endswith("\n")
    assert train.read_history(folder / "history.csv") == rows
    with pytest.raises(CsCnnError, match="Cannot read the history"):
        train.read_history(tmp_path / "none.csv")
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    with pytest.raises(CsCnnError, match="is not a history"):
        train.read_history(tmp_path / "bad.csv")
    (tmp_path / "short.csv").write_text(",".join(COLUMNS) + "\n1,0.1\n")
    with pytest.raises(CsCnnError, match="is not a history"):
        train.read_history(tmp_path / "short.csv")


@pytest.mark.parametrize(
    "settings",
    [
        {"optimiser": "adam", "lr": 0.01, "flip": True, "crop": 2},
        {"optimiser": "rmsprop", "lr": 0.003, "schedule": "polynomial", "warmup": 2},
        {"schedule": "plateau", "patience": 1, "label_smoothing": 0.1},
        {"schedule": "step", "milestones": (1, 3), "crop": 1},
        {"schedule": "exponential", "factor": 0.7, "precision": "bfloat16"},
        {"schedule": "plateau", "patience": 1, "stop_after": 3, "lr": 1e-6},  # stops after epoch 4 of 6
    ],
)
def test_with_every_option_a_resumed_run_equals_an_uninterrupted_one(stripes, small_net, tmp_path, settings):
    net, broken = small_net(), tmp_path / "broken"
    rows = fit(net, stripes, epochs=6, folder=tmp_path / "straight", **settings)
    for step in (6, 9):  # in epoch 2, and then in the second epoch after that: interrupted twice
        with pytest.raises(KeyboardInterrupt):
            fit(
                interrupt_in_step(small_net(seed=5 if step > 6 else 0), step - (step > 6) * 4),
                stripes,
                epochs=6,
                folder=broken,
                resume=step > 6,
                **settings,
            )
    resumed = small_net(seed=7)
    again = fit(resumed, stripes, epochs=6, folder=broken, resume=True, **settings)
    assert without_time(again) == without_time(rows) and same(resumed.state_dict(), net.state_dict())
    assert len(rows) == (4 if "stop_after" in settings else 6)
    finished = fit(small_net(seed=8), stripes, epochs=6, folder=broken, resume=True, **settings)
    assert finished == again


def test_a_run_in_another_number_of_processes_is_refused(straight, stripes, small_net):
    _, _, folder = straight
    content = torch.load(folder / "checkpoint.pt", weights_only=True)
    content["settings"]["processes"] = 2
    torch.save(content, folder / "checkpoint.pt")
    with pytest.raises(CsCnnError, match="was trained with processes = 2, now it is 1"):
        fit(small_net(), stripes, folder=folder, resume=True)


def test_a_history_with_a_top_five_column_is_whole_when_resumed(stripes, tmp_path):
    def net():
        return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(36, 6))

    fit(net(), stripes, epochs=2, schedule="constant", folder=tmp_path)
    rows = fit(net(), stripes, epochs=3, schedule="constant", folder=tmp_path, resume=True)
    assert train.read_history(tmp_path / "history.csv") == rows and "test_top5" in rows[0]


def test_a_run_that_stopped_early_may_go_on_with_more_patience(stripes, small_net, tmp_path):
    settings = {"lr": 1e-6, "epochs": 5, "schedule": "constant"}
    net, other = small_net(), small_net()
    rows = fit(net, stripes, **settings)
    stopped = fit(other, stripes, stop_after=1, folder=tmp_path, **settings)
    assert len(stopped) < 5
    again = fit(other, stripes, folder=tmp_path, resume=True, **settings)
    assert without_time(again) == without_time(rows) and same(net.state_dict(), other.state_dict())
