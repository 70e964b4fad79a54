"""Run a study: ``python -m cs_cnn.studies degradation --quick``."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any

import click

from cs_cnn.command import Sentence
from cs_cnn.errors import CsCnnError
from cs_cnn.studies import recording
from cs_cnn.studies.reproduction import against


@click.group(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
def main() -> None:
    """Repeat an experiment of the book, with seeds."""


@main.command()
@click.option(
    "--quick", is_flag=True, help="Train one cell in 16, and search the recorded table: less than a minute."
)
@click.option("--out", type=click.Path(path_type=Path), help="Write the result to this JSON file.")
def search(quick: bool, out: Path | None) -> None:
    """Train every cell of a small space, and search the table with a controller (six minutes on one core)."""
    with _in_sentences("nothing was kept"):
        _search(quick, out)


def _compares(
    measures: Sequence[str], *, resumes: bool = False
) -> Callable[[Callable[[], None]], click.Command]:
    """Make the command of a study that compares nets; its name and help are those of the function.

    The measures are printed where a run, or a net's summary, has them; with `resumes`, the study keeps checkpoints.
    """

    def made(described: Callable[[], None]) -> click.Command:
        def command(quick: bool, out: Path | None, folder: Path | None = None) -> None:
            kept = f"the same command goes on from {folder}" if folder else "nothing was kept"
            with _in_sentences(kept + "; with --folder it could go on" * (resumes and not folder)):
                options = {"folder": folder} if resumes else {}
                _compared(described.__name__, quick, out, measures, **options)

        if resumes:
            command = click.option(
                "--folder",
                type=click.Path(path_type=Path),
                help="Keep checkpoints here, and go on from them.",
            )(command)
        command = click.option(
            "--out", type=click.Path(path_type=Path), help="Write the result to this JSON file."
        )(command)
        command = click.option(
            "--quick", is_flag=True, help="Repeat a small part of the recorded runs: less than a minute."
        )(command)
        return main.command(name=described.__name__, help=described.__doc__)(command)

    return made


@_compares(("test_accuracy", "train_error"), resumes=True)
def degradation() -> None:
    """Compare ResNet-20 with plain nets of 20 and 56 layers (about half an hour on one core)."""


LESIONS = (
    "error",
    "without_first",
    "without_one",
    "without_most",
    "reordered",
    "length_by_norms",
    "length_by_sums",
)


@_compares(LESIONS)
def lesion() -> None:
    """Delete and exchange blocks of residual and plain nets of 32 layers (some ten minutes on one core)."""


@_compares(("test_accuracy", "train_error", "lost"))
def alexnet() -> None:
    """Take layers away from a small AlexNet and train again (some three minutes on one core)."""


@_compares(("test_accuracy", "train_error", "several"))
def vgg() -> None:
    """Compare small VGG nets by depth, normalisation and scale (some five minutes on one core)."""


@_compares(("test_accuracy", "gain"))
def transferability() -> None:
    """Copy the first layers of a net into one for other classes (some three minutes on one core)."""


@_compares(("test_accuracy", "train_error", "without_most", "time"))
def stochastic_depth() -> None:
    """Train residual nets with branches missing, and delete blocks (some four minutes on one core)."""


@_compares(("test_accuracy",))
def labels() -> None:
    """Train a LeNet-5, and keep its five best classes for every test image (half a minute on one core)."""


@contextlib.contextmanager
def _in_sentences(kept: str) -> Iterator[None]:
    """Say what went wrong, or what an interrupt has left, in a sentence."""
    try:
        yield
    except CsCnnError as error:
        raise Sentence(str(error)) from error
    except KeyboardInterrupt:
        click.echo(f"Interrupted: {kept}.", err=True)
        raise SystemExit(130) from None


def _save(out: Path | None, study: str, setting: Any, runs: Any, summary: Any) -> None:
    if out is not None:
        recording.write(out, study, recording.as_written(setting), runs, summary)
        click.echo(f"written to {out}")


def _search(quick: bool, out: Path | None) -> None:
    from cs_cnn import zoo  # noqa: F401  (first: it says in a sentence when PyTorch is missing)
    from cs_cnn.studies import search as it

    import torch  # isort: skip

    torch.set_num_threads(1)
    setting = it.QUICK if quick else it.RECORDED

    def report(run: dict[str, Any]) -> None:
        click.echo(
            f"{run['cell']:<42} seed {run['seed']}  accuracy on validation {run['validation']:.3f}, "
            f"test {run['test']:.3f}  {run['seconds']:.1f} s"
        )

    runs = it.study(setting, on_run=report)
    table = it.Table.of(recording.recorded("search")["runs"]) if quick else None
    summary = it.summarise(runs, table)
    own = summary["table"]
    click.echo(
        f"\nthese cells: accuracy {own['validation']['mean']:.3f} ± {own['validation']['spread']:.3f}, "
        f"{own['lowest']:.3f} to {own['highest']:.3f}; one cell with other seeds: ± {own['noise']:.3f}"
    )
    click.echo(f"{it.SEARCHES} searches of the {'recorded' if quick else 'new'} table")
    for name in ("controller", "random"):
        for measure, value in summary[name].items():
            click.echo(f"{name:<10} {measure:<10} {value['mean']:.3f} ± {value['spread']:.3f}")
    _save(out, "search", setting, runs, summary)


def _compared(study: str, quick: bool, out: Path | None, measures: Sequence[str], **options: Any) -> None:
    from cs_cnn import zoo  # noqa: F401  (first, as above)

    import torch  # isort: skip

    torch.set_num_threads(1)
    it = importlib.import_module(f"cs_cnn.studies.{study}")
    setting = it.QUICK if quick else it.RECORDED

    def report(run: dict[str, Any]) -> None:
        found = [f"{key} {run[key]:.3f}" for key in measures if isinstance(run.get(key), float)]
        click.echo(f"{run['net']:<18} seed {run['seed']}  {'  '.join(found)}  {run['seconds']:.1f} s")

    runs = it.study(setting, nets=it.QUICK_NETS if quick else it.NETS, on_run=report, **options)
    summary = it.summarise(runs)
    if quick:
        click.echo(f"\n{it.MEASURE}, beside the mean and standard deviation of the recorded runs")
        measured = getattr(it, "measured", itemgetter(it.MEASURE))
        for agreement in against(runs, recording.recorded(study), measured):
            click.echo(str(agreement))
    else:
        click.echo(f"\nmean and standard deviation over {len(setting.seeds)} seeds")
        for net, found in summary.items():
            told = [
                f"{key} {found[key]['mean']:.3f} ± {found[key]['spread']:.3f}"
                for key in measures
                if key in found
            ]
            click.echo(f"{net:<18} {'  '.join(told)}")
    _save(out, study, setting, runs, summary)


if __name__ == "__main__":
    main(prog_name="python -m cs_cnn.studies")
