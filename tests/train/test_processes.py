"""Two processes that train one net together."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from cs_cnn import train
from cs_cnn.train.processes import Group

SCRIPT = Path(__file__).with_name("together.py")
ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(
    not (torch.distributed.is_available() and torch.distributed.is_gloo_available()),
    reason="this torch is built without gloo",
)


def torchrun(*words: object, cwd: Path) -> subprocess.Popen[str]:
    # --standalone finds a free port; a session of its own, so that a signal reaches all and nobody else.
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [*command, *map(str, words)],
        cwd=cwd, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def finish(process: subprocess.Popen[str], seconds: float = 300) -> tuple[str, str]:
    try:
        return process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, errors = process.communicate()
        pytest.fail(f"the processes did not end:\n{output}\n{errors}")


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("together", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("together")
    (folder / "taken").write_text("a file")
    process = torchrun(SCRIPT, "library", folder, cwd=folder)
    _, errors = finish(process)
    assert process.returncode == 0, errors
    return json.loads((folder / "found.json").read_text()), folder


@pytest.mark.parametrize("name", ["sevens", "one left"])
def test_two_processes_give_the_curve_of_one_with_the_joint_batch(found, script, name):
    together, folder = found
    mine = together["curves"][name]
    model = script.net()
    rows = script.without_time(script.run(model, **script.SETTINGS[name]))
    assert mine["equal"]
    for ours, theirs in zip(mine["rows"], rows, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-9)
    weights = torch.cat([p.detach().flatten() for p in model.parameters()]).numpy()
    np.testing.assert_allclose(mine["weights"], weights, rtol=1e-7, atol=1e-9)
    assert script.without_time(train.read_history(folder / name / "history.csv")) == mine["rows"]
    saved = train.load_checkpoint(folder / name / "checkpoint.pt")
    assert saved.settings["processes"] == 2 and len(saved.randomness) == 2


def test_a_joint_run_resumes_bit_for_bit(found):
    assert found[0]["resumes"] is True


def test_what_is_wrong_in_one_process_ends_all_with_the_same_sentence(found):
    labels_0, labels_1, folder, batch = found[0]["sentences"]
    assert labels_0 == labels_1 and labels_0[0] == labels_0[1]
    assert "holds the label 7, but the model scores only 3 classes" in labels_0[0]
    assert folder[0] == folder[1] and folder[0].startswith("Cannot write to the folder FOLDER/taken/run")
    assert batch[0].startswith("batch_size is the joint batch of all 2 processes, so it must be at least 2")


def test_only_the_first_process_writes(found):
    assert found[0]["writers"] == [True, False]
    assert sorted(path.name for path in (found[1] / "sevens").iterdir()) == ["checkpoint.pt", "history.csv"]


def of_ours(errors: str) -> list[str]:
    """Return what the command says on standard error, without the report of torchrun itself."""
    return [line for line in errors.splitlines() if re.match(r"(Error|Interrupted|Aborted|Usage)", line)]


def test_a_process_that_dies_ends_all_with_one_sentence(tmp_path):
    process = torchrun(
        SCRIPT, "command", tmp_path, "resnet20", "--small", "--data", "digits", "--batch-size", "256",
        "--epochs", "50", "--device", "cpu", "--out", "run", "--dies", cwd=tmp_path,
    )  # fmt: skip
    _, errors = finish(process)
    assert process.returncode != 0
    (sentence,) = of_ours(errors)
    # torchrun may ask the other process to end before that one notices that its partner is gone.
    assert sentence.startswith(("Error: Another process of this run has ended", "Interrupted: "))
    assert train.load_checkpoint(tmp_path / "run" / "checkpoint.pt").epoch == 1


def test_an_interrupt_ends_all_with_one_sentence(tmp_path):
    process = torchrun(
        "-m", "cs_cnn.train", "resnet20", "--small", "--data", "digits", "--batch-size", "256",
        "--epochs", "5000", "--device", "cpu", "--out", "run", cwd=tmp_path,
    )  # fmt: skip
    deadline = time.monotonic() + 240
    while not (tmp_path / "run" / "history.csv").exists() and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)  # what Ctrl-C does
    _, errors = finish(process)
    assert process.returncode != 0
    (sentence,) = of_ours(errors)
    assert sentence.startswith("Interrupted: run/checkpoint.pt holds the last whole epoch; go on with")
    assert (
        "torchrun --standalone --nproc-per-node 2 -m cs_cnn.train resnet20 --epochs 5000 --data digits"
        in errors
    )
    assert train.load_checkpoint(tmp_path / "run" / "checkpoint.pt").epoch >= 1


def test_shares_cover_every_batch_and_their_weights_average_to_one():
    for size in (1, 2, 3):
        for count in (1, 2, 7, 16):
            batch = torch.arange(count)
            shares = [Group(rank, size).share(batch) for rank in range(size)]
            kept = torch.cat([share for share, weight in shares if weight])
            assert sorted(kept.tolist()) == list(range(count))
            assert sum(weight for _, weight in shares) == pytest.approx(size)
            # every image counts the same: its share's mean, times the weight, averaged over the processes
            assert {round(weight / len(share) / size, 12) for share, weight in shares if weight} == {
                round(1 / count, 12)
            }
            assert all(len(share) for share, _ in shares)


def test_processes_draw_different_numbers():
    assert len({Group(rank, 4).seed(3) for rank in range(4)}) == 4
    assert Group().seed(3) == 3 and 0 <= Group(3, 4).seed(2**63 - 1) < 2**63
