"""The benchmark: its baselines are right, and what it writes can be read again."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks import layers as command
from benchmarks import machine, timing
from benchmarks.cases import CASES, Case
from benchmarks.measuring import DIRECTIONS, means
from benchmarks.peers import PEERS, Peer
from cs_cnn.layers import conv2d_backward, conv2d_forward

SMALL = (
    Case("conv2d", "a small one", {"x": (2, 3, 8, 7), "w": (4, 3, 3, 2), "b": (4,)}, {"stride": 2, "pad": 1}),
    Case("affine", "a small product", {"x": (5, 6), "w": (6, 3), "b": (3,)}),
    Case("max_pool2d", "a small pool", {"x": (2, 3, 8, 8)}, {"size": 2}),
)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command measure small cases, each call once."""
    monkeypatch.setattr(command, "CASES", SMALL)
    monkeypatch.setattr(timing, "SHORTEST", 0.0)


@pytest.mark.parametrize("peer", PEERS.values(), ids=PEERS)
@pytest.mark.parametrize("options", [{}, {"pad": 2}, {"stride": 2, "pad": 1}, {"stride": 3}])
def test_a_baseline_computes_what_the_layer_does(peer: Peer, options: dict[str, int]) -> None:
    rng = np.random.default_rng(0)
    x, w, b = (rng.normal(size=shape) for shape in ((3, 2, 9, 8), (4, 2, 3, 2), (4,)))
    out, cache = conv2d_forward(x, w, b, **options)
    theirs, kept = peer.forward(x, w, b, **options)
    np.testing.assert_allclose(theirs, out, rtol=1e-10, atol=1e-12)
    dout = rng.normal(size=out.shape)
    for got, expected in zip(peer.backward(dout, kept), conv2d_backward(dout, cache), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-12)


def test_the_operations_of_a_case_are_those_of_the_formula() -> None:
    by_title = {case.title: case for case in CASES}
    assert by_title["VGG conv3_2"].flop == 2 * 2 * 256 * 56 * 56 * 256 * 9
    assert by_title["AlexNet conv1"].flop == 2 * 4 * 96 * 55 * 55 * 3 * 11 * 11
    assert by_title["affine, 4096 to 1000"].flop == 2 * 64 * 4096 * 1000
    assert by_title["VGG pool1, 2x2"].flop == 0
    assert sum(case.layer == "conv2d" for case in CASES) == 9


def test_everyone_has_as_many_turns() -> None:
    calls: list[str] = []
    times = timing.in_turns({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=3)
    assert set(times) == {"a", "b"} and all(value > 0 for value in times.values())
    assert min(calls.count("a"), calls.count("b")) >= 3 + 2


def test_a_mean_is_geometric_and_over_the_convolutions() -> None:
    def row(layer: str, ours: float) -> dict[str, Any]:
        ms = {"ours": ours, "torch": 1.0} | dict.fromkeys(PEERS, 2.0)
        return {"layer": layer} | {direction: {"ms": ms} for direction in DIRECTIONS}

    found = means([row("conv2d", 1.0), row("conv2d", 4.0), row("affine", 100.0)])
    assert found["forward"]["torch"] == 2.0 and found["forward"]["tensordot"] == 1.0
    assert means([row("affine", 100.0)]) == {}


@pytest.mark.usefixtures("small")
def test_the_table_is_printed_and_written(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    result = CliRunner().invoke(command.main, ["--quick", "--json", str(file)])
    assert result.exit_code == 0, result.output
    assert "geometric mean" in result.output and "a small one" in result.output
    record = json.loads(file.read_text())
    assert record["settings"] == {"dtype": "float32", "threads": 1, "time": "CPU", "rounds": 3}
    (run,) = record["runs"]
    assert [row["case"] for row in run["rows"]] == [case.title for case in SMALL]
    assert set(run["rows"][0]["forward"]["ms"]) == {"ours", "torch", *PEERS}
    assert set(run["means"]["forward"]) == {"torch", *PEERS}
    assert os.uname().nodename not in file.read_text() and str(Path.home()) not in file.read_text()


@pytest.mark.usefixtures("small")
def test_the_second_run_is_another_process_with_other_kernels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, str]] = []

    def run(arguments: list[str], *, env: dict[str, str], check: bool) -> None:
        seen.append(env)
        assert check and arguments[1:3] == ["-m", "benchmarks.layers"] and "--quick" in arguments
        Path(arguments[-1]).write_text(json.dumps({"runs": [{"blas": "the other"}]}))

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(command, "has_avx512", lambda: True)
    file = tmp_path / "run.json"
    result = CliRunner().invoke(command.main, ["--quick", "--both-blas", "--json", str(file)])
    assert result.exit_code == 0, result.output
    assert seen[0]["OPENBLAS_CORETYPE"] == "SkylakeX"
    assert json.loads(file.read_text())["runs"][1] == {"blas": "the other"}


@pytest.mark.usefixtures("small")
def test_without_avx512_there_is_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "has_avx512", lambda: False)
    result = CliRunner().invoke(command.main, ["--quick", "--both-blas", "--only", "product"])
    assert result.exit_code == 0 and "has no AVX-512" in result.output
    assert "a small product" in result.output and "a small one" not in result.output


def test_a_case_that_is_not_there_is_a_sentence() -> None:
    result = CliRunner().invoke(command.main, ["--only", "no such layer"])
    assert result.exit_code == 2 and "no case has 'no such layer' in its name" in result.output


def test_the_machine_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.blas_kernels() != "unknown" and machine.processor()
    monkeypatch.setattr(machine, "_told", lambda key: "fpu avx2")
    assert not machine.has_avx512()


def test_the_recorded_run_is_complete() -> None:
    file = Path(command.__file__).parent / "results" / "layers.json"
    record = json.loads(file.read_text(encoding="utf-8"))
    assert {"date", "cpu", "versions", "settings", "runs"} <= set(record)
    for run in record["runs"]:
        assert [row["case"] for row in run["rows"]] == [case.title for case in CASES]
        assert run["means"] == means(run["rows"])
