"""Train a net of the zoo from the command line: ``python -m cs_cnn.train lenet5 --epochs 3``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from cs_cnn.command import Sentence
from cs_cnn.errors import CsCnnError

INTERRUPTED = 130


def _option_value(text: str) -> Any:
    words = {"true": True, "false": False}
    return words.get(text.lower(), int(text) if text.lstrip("-").isdecimal() else text)


def _net_options(given: tuple[str, ...]) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not (key and equals and value):
            raise CsCnnError(f"--option takes KEY=VALUE, for instance pooling=max, got {text!r}.")
        chosen[key] = _option_value(value)
    return chosen


def _command_to_resume(ctx: click.Context) -> str:
    """Return the command line that goes on with this run: what was typed, and --resume."""
    words = ["python", "-m", "cs_cnn.train"]
    for parameter in ctx.command.params:
        name, value = parameter.name, ctx.params.get(parameter.name or "")
        if name == "resume" or name is None or ctx.get_parameter_source(name) != ParameterSource.COMMANDLINE:
            continue
        for one in value if isinstance(value, tuple) else (value,):
            words += [str(one)] if isinstance(parameter, click.Argument) else [parameter.opts[-1], str(one)]
    return shlex.join([*words, "--resume"])


def _report(row: dict[str, Any], epochs: int) -> str:
    return (
        f"epoch {row['epoch']}/{epochs}  lr {row['lr']:.4f}  "
        f"train loss {row['train_loss']:.3f} accuracy {row['train_accuracy']:.3f}  "
        f"test loss {row['test_loss']:.3f} accuracy {row['test_accuracy']:.3f}  {row['seconds']:.1f} s"
    )


def _train(
    ctx: click.Context,
    name: str,
    options: tuple[str, ...],
    data: str,
    out: str | None,
    threads: int,
    epochs: int,
    seed: int,
    device: str,
    resume: bool,
    **settings: Any,
) -> None:
    from cs_cnn import zoo  # first, because it says in a sentence when PyTorch is missing

    if threads < 1:
        raise CsCnnError(f"threads must be a whole number of at least 1, got {threads}.")
    known = zoo.options(name)
    chosen = _net_options(options)

    import torch

    from cs_cnn.data import load
    from cs_cnn.train.checkpoint import FILE, HISTORY_FILE
    from cs_cnn.train.devices import find_device
    from cs_cnn.train.loop import fit

    torch.set_num_threads(threads)
    target = find_device(device)
    images = load(data)
    if images.x_train.ndim != 4:
        raise CsCnnError(
            f"The data set {data!r} is a table, not images; choose one with images, such as mnist."
        )
    _, channels, height, _ = images.x_train.shape
    named = {key: value for key, value in chosen.items() if key not in known or value != known[key][0]}
    if "size" in known:
        chosen.setdefault("size", height)
    if not 0 <= seed < 2**63:
        raise CsCnnError(f"seed must be a whole number from 0 to 2^63 - 1, got {seed}.")
    net = zoo.build(name, classes=len(images.classes), channels=channels, seed=seed, **chosen)
    folder = Path(out) if out is not None else Path("runs") / name
    click.echo(
        f"{name}: {sum(p.numel() for p in net.parameters()):,} parameters, on {target}; "
        f"{images.name}: {len(images.x_train):,} + {len(images.x_test):,} images"
    )
    done: list[dict[str, Any]] = []

    def on_epoch(row: dict[str, Any]) -> None:
        done.append(row)
        click.echo(_report(row, epochs))

    try:
        rows = fit(
            net,
            (images.x_train, images.y_train),
            (images.x_test, images.y_test),
            epochs=epochs,
            seed=seed,
            device=target,
            folder=folder,
            resume=resume,
            name=" ".join([name, *(f"{key}={named[key]}" for key in sorted(named))]),
            progress=sys.stderr.isatty(),
            on_epoch=on_epoch,
            **settings,
        )
    except KeyboardInterrupt:
        if done or resume:
            click.echo(
                f"Interrupted: {folder / FILE} holds the last whole epoch; go on with\n  {_command_to_resume(ctx)}",
                err=True,
            )
        else:
            click.echo("Interrupted before the first epoch was done; nothing was saved.", err=True)
        ctx.exit(INTERRUPTED)
    if not done:
        click.echo(f"all {len(rows)} epochs were done already")
    click.echo(f"test accuracy {rows[-1]['test_accuracy']:.3f}")
    click.echo(f"checkpoint {folder / FILE}")
    click.echo(f"history {folder / HISTORY_FILE}")


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.argument("name")
@click.option("--epochs", type=int, default=10, help="How many times every image is seen.")
@click.option(
    "--data", default="fashion-mnist", help="A data set with images; `cs-cnn data list` shows them."
)
@click.option("--out", help="Folder for the checkpoint and the history.  [default: runs/NAME]")
@click.option("--resume", is_flag=True, help="Go on from the checkpoint in the folder.")
@click.option("--device", default="auto", help="auto, cpu, cuda or mps.")
@click.option("--seed", type=int, default=0, help="Decides initial weights and the order of the images.")
@click.option("--lr", type=float, default=0.02, help="Learning rate at the start.")
@click.option("--batch-size", type=int, default=16, help="Images per step.")
@click.option("--momentum", type=float, default=0.9, help="Momentum of SGD.")
@click.option("--weight-decay", type=float, default=0.0, help="L2 penalty of SGD.")
@click.option("--schedule", default="cosine", help="Learning rate over time: cosine or constant.")
@click.option(
    "-o", "--option", "options", multiple=True, metavar="KEY=VALUE", help="An option of the net; repeatable."
)
@click.option("--threads", type=int, default=1, help="CPU threads; more can be far slower on busy cores.")
@click.pass_context
def main(ctx: click.Context, /, **arguments: Any) -> None:
    """Train the net NAME of the zoo, and save a checkpoint and the history after every epoch.

    \b
    Examples:
      python -m cs_cnn.train lenet5 --epochs 3
      python -m cs_cnn.train lenet5 --epochs 3 --resume
      python -m cs_cnn.train lenet5 -o pooling=max -o activation=relu --out runs/modern
    """  # noqa: D301  (click wants the character itself)
    try:
        _train(ctx, **arguments)
    except CsCnnError as error:
        raise Sentence(str(error)) from error


if __name__ == "__main__":
    main(prog_name="python -m cs_cnn.train")
