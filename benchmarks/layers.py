"""Compare the NumPy layers with PyTorch and with the usual ways to write convolution in NumPy.

One thread, float32, CPU time, all taking turns in one run: read the ratios, since a machine may be busy. NumPy's
BLAS chooses its kernels when it is loaded, and on some processors not the fastest ones; ``--both-blas`` measures
once more with those for AVX-512, which a second process loads.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from benchmarks.cases import CASES, Case
from benchmarks.machine import has_avx512
from benchmarks.measuring import DIRECTIONS, begin, means, measure_case, ratio, settings
from benchmarks.peers import PEERS
from cs_cnn.files import atomic_write

OTHERS = ("torch", *PEERS)
AVX512 = "SkylakeX"
"""OpenBLAS's name for its kernels with AVX-512."""


def show_heading(run: dict[str, Any]) -> None:
    """Print what is measured with, and the heads of the columns."""
    click.echo(f"\n{run['blas']}; a product of matrices: {run['gemm gflops']:.0f} GFLOP/s")
    head = f"{'ms':>9}{'GFLOP/s':>9}{'of gemm':>8}" + "".join(f"{name:>15}" for name in OTHERS)
    click.echo(f"{'our time, and over that of':<46}{head}")


def show_row(row: dict[str, Any]) -> None:
    """Print a case: two lines."""
    for direction in DIRECTIONS:
        measured = row[direction]
        line = f"{row['case'] if direction == DIRECTIONS[0] else '':<27}{direction:<19}{measured['ms']['ours']:>9.2f}"
        if "gflops" in measured:
            line += f"{measured['gflops']:>9.0f}{measured['of gemm']:>8.0%}"
        else:
            line += " " * 17
        click.echo(
            line + "".join(f"{ratio(row, direction, o):>15.2f}" for o in OTHERS if o in measured["ms"])
        )


def show_means(run: dict[str, Any]) -> None:
    """Print the geometric means over the convolutions."""
    for direction, of_each in run["means"].items():
        line = f"{'geometric mean, conv2d':<27}{direction:<45}"
        click.echo(line + "".join(f"{of_each[other]:>15.2f}" for other in OTHERS))


def run_here(cases: Sequence[Case], rounds: int) -> dict[str, Any]:
    """Measure with the BLAS of this process, and print as it comes."""
    run = begin()
    show_heading(run)
    run["rows"] = []
    for case in cases:
        run["rows"].append(measure_case(case, rounds, run["gemm gflops"]))
        show_row(run["rows"][-1])
    run["means"] = means(run["rows"])
    show_means(run)
    return run


def run_with_avx512(arguments: Sequence[str]) -> list[dict[str, Any]]:
    """Measure in another process, whose NumPy loads the kernels for AVX-512."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "run.json"
        command = [sys.executable, "-m", "benchmarks.layers", *arguments, "--json", str(file)]
        subprocess.run(command, env=os.environ | {"OPENBLAS_CORETYPE": AVX512}, check=True)
        runs: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))["runs"]
    return runs


@click.command()
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path), help="Also write the table to this file."
)
@click.option("--both-blas", is_flag=True, help="Measure once more with NumPy's kernels for AVX-512.")
@click.option("--quick", is_flag=True, help="Three rounds of each measurement instead of nine.")
@click.option("--only", default="", help="Only the cases with this text in their name.")
def main(json_file: Path | None, both_blas: bool, quick: bool, only: str) -> None:
    """Print the CPU time of the NumPy layers, and its ratio to that of PyTorch and of the usual NumPy."""
    cases = [case for case in CASES if only.lower() in f"{case.layer} {case.title}".lower()]
    if not cases:
        titles = ", ".join(case.title for case in CASES)
        raise click.BadParameter(f"no case has {only!r} in its name; there are {titles}", param_hint="--only")
    rounds = 3 if quick else 9
    runs = [run_here(cases, rounds)]
    if both_blas and not has_avx512():
        click.echo("This processor has no AVX-512, so there is nothing else to measure.")
    elif both_blas:
        runs += run_with_avx512(["--only", only, *(["--quick"] if quick else [])])
    if json_file:
        with atomic_write(json_file) as file:
            json.dump({**settings(rounds), "runs": runs}, file, indent=1)


if __name__ == "__main__":
    main()
