"""TensorBoard, whether it is installed or not."""

from __future__ import annotations

import sys
import types

import pytest

from cs_cnn import train
from cs_cnn.errors import CsCnnError


class Writer:
    made: list[Writer]

    def __init__(self, folder, purge_step):
        self.folder, self.purge_step, self.scalars, self.closed = folder, purge_step, [], False
        Writer.made.append(self)

    def add_scalar(self, tag, value, step):
        self.scalars.append((tag, value, step))

    def flush(self):
        pass

    def close(self):
        self.closed = True


@pytest.fixture
def writers(monkeypatch):
    Writer.made = []
    module = types.ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = Writer
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    return Writer.made


def fit(net, stripes, folder, **settings):
    return train.fit(
        net, *stripes, epochs=2, device="cpu", progress=False, folder=folder, schedule="constant", **settings
    )


def test_every_row_is_written_and_a_resumed_run_goes_on_after_them(stripes, small_net, tmp_path, writers):
    rows = fit(small_net(), stripes, tmp_path, tensorboard=True)
    (writer,) = writers
    assert writer.folder == str(tmp_path / "tensorboard") and writer.purge_step == 1 and writer.closed
    assert ("test/accuracy", rows[1]["test_accuracy"], 2) in writer.scalars
    assert ("lr", rows[0]["lr"], 1) in writer.scalars
    assert len(writer.scalars) == 2 * (len(rows[0]) - 1)
    fit(small_net(), stripes, tmp_path, tensorboard=True, resume=True)
    assert writers[1].purge_step == 3 and not writers[1].scalars


def test_it_is_closed_after_an_interrupt_too(stripes, small_net, tmp_path, writers):
    def stop(row):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(small_net(), stripes, tmp_path, tensorboard=True, on_epoch=stop)
    assert writers[0].closed and len(writers[0].scalars) > 0


def test_where_it_is_not_installed_it_is_a_sentence_only_when_asked_for(
    stripes, small_net, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    fit(small_net(), stripes, tmp_path)
    with pytest.raises(CsCnnError, match=r"TensorBoard is not installed; install it with `pip install"):
        fit(small_net(), stripes, tmp_path, tensorboard=True)
