"""Compare the NumPy layers with their PyTorch twins: forward and backward, one thread, CPU time.

Every line is a ratio measured in this run, the two sides taking turns, since the machine may be busy.
"""

from __future__ import annotations

import json
import platform
import statistics
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch

from cs_cnn.files import atomic_write
from cs_cnn.layers.registry import Layer, layers

Shapes = dict[str, tuple[int, ...]]

# layer: (what it is, shapes, options); float32, as networks are run
CASES: list[tuple[str, str, Shapes, dict[str, Any]]] = [
    ("conv2d", "LeNet conv1", {"x": (32, 1, 28, 28), "w": (6, 1, 5, 5), "b": (6,)}, {"pad": 2}),
    ("conv2d", "LeNet conv2", {"x": (32, 6, 14, 14), "w": (16, 6, 5, 5), "b": (16,)}, {}),
    ("conv2d", "32x32, 3x3, 32 to 64", {"x": (8, 32, 32, 32), "w": (64, 32, 3, 3), "b": (64,)}, {"pad": 1}),
    ("conv2d", "28x28, 1x1, 128 to 256", {"x": (4, 128, 28, 28), "w": (256, 128, 1, 1), "b": (256,)}, {}),
    ("max_pool2d", "28x28, 2x2", {"x": (32, 32, 28, 28)}, {"size": 2}),
    ("affine", "400 to 120", {"x": (256, 400), "w": (400, 120), "b": (120,)}, {}),
    ("relu", "28x28", {"x": (32, 32, 28, 28)}, {}),
]


def _cpu_time(function: Callable[[], object]) -> float:
    started = time.process_time()
    function()
    return time.process_time() - started


def processor() -> str:
    """Return the name of the processor, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def measure(layer: Layer, shapes: Shapes, options: dict[str, Any], repeats: int) -> tuple[float, float]:
    """Return the median CPU seconds of one forward and backward pass: ours, PyTorch's."""
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape).astype(np.float32) for shape in shapes.values()]
    tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
    dout = rng.normal(size=layer.forward(*arrays, **options)[0].shape).astype(np.float32)
    dout_torch = torch.tensor(dout)

    def ours() -> None:
        _, cache = layer.forward(*arrays, **options)
        layer.backward(dout, cache)

    def twin() -> None:
        layer.twin(*tensors, **options).backward(dout_torch)

    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats + 1):
        times[0].append(_cpu_time(ours))
        times[1].append(_cpu_time(twin))
    # The first round pays for caches and memory; it is not counted.
    return statistics.median(times[0][1:]), statistics.median(times[1][1:])


@click.command()
@click.option("--repeats", default=15, show_default=True, help="Rounds of each measurement.")
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path), help="Also write the table to this file."
)
def main(repeats: int, json_file: Path | None) -> None:
    """Print CPU time of forward + backward, ours over PyTorch's (below 1: ours is faster)."""
    torch.set_num_threads(1)
    rows: list[dict[str, Any]] = []
    click.echo(f"{'layer':<12}{'case':<26}{'ours (ms)':>12}{'torch (ms)':>12}{'ratio':>8}")
    for name, title, shapes, options in CASES:
        ours, twin = measure(layers()[name], shapes, options, repeats)
        rows.append(
            {
                "layer": name,
                "case": title,
                "ours_ms": ours * 1e3,
                "torch_ms": twin * 1e3,
                "ratio": ours / twin,
            }
        )
        click.echo(f"{name:<12}{title:<26}{ours * 1e3:>12.2f}{twin * 1e3:>12.2f}{ours / twin:>8.2f}")
    mean = statistics.geometric_mean([row["ratio"] for row in rows])
    click.echo(f"{'geometric mean of the ratios':<62}{mean:>8.2f}")
    if json_file:
        versions = {"numpy": np.__version__, "torch": torch.__version__}
        run = {"date": f"{date.today():%Y-%m-%d}", "cpu": processor(), "threads": 1, **versions}
        with atomic_write(json_file) as file:
            json.dump({**run, "geometric mean": round(mean, 2), "rows": rows}, file, indent=1)


if __name__ == "__main__":
    main()
