"""The comparison with a bare loop: its mechanics, and the recorded figures."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from click.testing import CliRunner

from benchmarks import train as benchmark

RECORDED = Path(__file__).parents[2] / "benchmarks" / "results" / "train.json"


def test_it_measures_and_writes_a_table(tmp_path):
    threads = torch.get_num_threads()
    result = CliRunner().invoke(
        benchmark.main, ["--rounds", "1", "--images", "130", "--json", str(tmp_path / "t.json")]
    )
    torch.set_num_threads(threads)
    assert result.exit_code == 0, result.output
    rows = json.loads((tmp_path / "t.json").read_text())["rows"]
    assert [(row["net"], row["batch_size"]) for row in rows] == [case[:2] for case in benchmark.CASES]
    assert all(row["ratio"] > 0 and row["images"] == 130 for row in rows)


def test_images_per_second_are_counted_for_both():
    row = benchmark.images_per_second(torch.device("cpu"), name="resnet20", batch_size=8, count=16, rounds=1)
    assert row["precision"] == "float32" and row["fit_images_per_s"] > 0 and row["bare_images_per_s"] > 0


def test_the_bare_loop_makes_the_steps_of_fit(stripes):
    """With one batch an epoch the order does not matter, so that both must end with the same weights."""
    from cs_cnn import train

    training, test = [(torch.from_numpy(x), torch.from_numpy(y)) for x, y in stripes]
    nets = [torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(36, 3)) for _ in range(2)]
    nets[1].load_state_dict(nets[0].state_dict())
    benchmark.bare_loop(nets[0], training, test, epochs=3, batch_size=60)
    train.fit(
        nets[1], training, test, epochs=3, batch_size=60, schedule="constant", device="cpu", progress=False
    )
    torch.testing.assert_close(nets[0][1].weight, nets[1][1].weight)


def test_without_a_gpu_it_is_a_sentence(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    result = CliRunner().invoke(benchmark.main, ["--device", "cuda"])
    assert result.exit_code == 2 and "torch sees no CUDA GPU" in result.stderr


def test_the_recorded_overhead_is_at_most_three_per_cent():
    rows = json.loads(RECORDED.read_text())["rows"]
    assert len(rows) == len(benchmark.CASES) and max(row["ratio"] for row in rows) <= 1.03
