"""Run a study: ``python -m cs_cnn.studies degradation --quick``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cs_cnn.command import Sentence
from cs_cnn.errors import CsCnnError
from cs_cnn.studies import recording


@click.group(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
def main() -> None:
    """Repeat an experiment of the book, with seeds."""


@main.command()
@click.option("--quick", is_flag=True, help="Few images and epochs: less than a minute, and no evidence.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the result to this JSON file.")
@click.option("--folder", type=click.Path(path_type=Path), help="Keep checkpoints here, and go on from them.")
def degradation(quick: bool, out: Path | None, folder: Path | None) -> None:
    """Compare ResNet-20 with plain nets of 20 and 56 layers (about half an hour on one core)."""
    try:
        _degradation(quick, out, folder)
    except CsCnnError as error:
        raise Sentence(str(error)) from error
    except KeyboardInterrupt:
        kept = f"the same command goes on from {folder}" if folder else "with --folder it could go on"
        click.echo(f"Interrupted: {kept}.", err=True)
        raise SystemExit(130) from None


def _degradation(quick: bool, out: Path | None, folder: Path | None) -> None:
    from cs_cnn.studies import degradation as it  # first: it says in a sentence when PyTorch is missing

    import torch  # isort: skip

    torch.set_num_threads(1)
    setting = it.QUICK if quick else it.RECORDED

    def report(run: dict[str, Any]) -> None:
        click.echo(
            f"{run['net']:<10} seed {run['seed']}  test accuracy {run['test_accuracy']:.3f}  "
            f"training error {run['train_error']:.3f}  {run['seconds']:.0f} s"
        )

    runs = it.study(setting, folder=folder, on_run=report)
    summary = it.summarise(runs)
    click.echo(f"\nmean and standard deviation over {len(setting.seeds)} seeds")
    for net, found in summary.items():
        accuracy, error = found["test_accuracy"], found["train_error"]
        click.echo(
            f"{net:<10} test accuracy {accuracy['mean']:.3f} ± {accuracy['spread']:.3f}  "
            f"training error {error['mean']:.3f} ± {error['spread']:.3f}"
        )
    if out is not None:
        recording.write(out, "degradation", it.as_written(setting), runs, summary)
        click.echo(f"written to {out}")


if __name__ == "__main__":
    main(prog_name="python -m cs_cnn.studies")
