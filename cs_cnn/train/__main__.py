"""Train a net of the zoo from the command line: ``python -m cs_cnn.train lenet5 --epochs 3``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cs_cnn.command import Sentence
from cs_cnn.errors import CsCnnError
from cs_cnn.train.words import command_to_resume, epochs_list, net_options

if TYPE_CHECKING:
    from torch import nn

    from cs_cnn.data import Dataset
    from cs_cnn.train.processes import Group

INTERRUPTED = 130


def _report(row: dict[str, Any], epochs: int) -> str:
    return (
        f"epoch {row['epoch']}/{epochs}  lr {row['lr']:.4f}  "
        f"train loss {row['train_loss']:.3f} accuracy {row['train_accuracy']:.3f}  "
        f"test loss {row['test_loss']:.3f} accuracy {row['test_accuracy']:.3f}  {row['seconds']:.1f} s"
    )


def _build(
    name: str, options: tuple[str, ...], small: bool, data: str, seed: int
) -> tuple[nn.Module, str, Dataset]:
    """Return the net, its name with the options that differ from the defaults, and the images."""
    from cs_cnn import zoo
    from cs_cnn.data import load

    known = zoo.options(name)
    chosen = {**(zoo.entry(name).small if small else {}), **net_options(options)}
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
    return net, " ".join([name, *(f"{key}={named[key]}" for key in sorted(named))]), images


def _train(
    ctx: click.Context,
    group: Group,
    name: str,
    options: tuple[str, ...],
    small: bool,
    data: str,
    out: str | None,
    epochs: int,
    seed: int,
    device: str,
    resume: bool,
    milestones: str,
    **settings: Any,
) -> None:
    from cs_cnn.train.checkpoint import FILE, HISTORY_FILE
    from cs_cnn.train.devices import find_device
    from cs_cnn.train.loop import fit

    def say(text: str, err: bool = False) -> None:
        if group.first:
            click.echo(text, err=err)

    target = group.together(lambda: find_device(device))
    passed = group.together(lambda: epochs_list(milestones))
    net, full_name, images = group.together(lambda: _build(name, options, small, data, seed))
    folder = Path(out) if out is not None else Path("runs") / name
    shared = f" in {group.size} processes" if group.size > 1 else ""
    say(
        f"{name}: {sum(p.numel() for p in net.parameters()):,} parameters, on {target}{shared}; "
        f"{images.name}: {len(images.x_train):,} + {len(images.x_test):,} images"
    )
    done: list[dict[str, Any]] = []

    def on_epoch(row: dict[str, Any]) -> None:
        done.append(row)
        say(_report(row, epochs))

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
            name=full_name,
            progress=sys.stderr.isatty(),
            on_epoch=on_epoch,
            milestones=passed,
            **settings,
        )
    except KeyboardInterrupt:
        if done or resume:
            command = command_to_resume(ctx, group.size)
            say(f"Interrupted: {folder / FILE} holds the last whole epoch; go on with\n  {command}", err=True)
        else:
            say("Interrupted before the first epoch was done; nothing was saved.", err=True)
        ctx.exit(INTERRUPTED)
    if group.first and not done:
        say(f"all {len(rows)} epochs were done already")
    elif len(rows) < epochs:
        say(f"stopped after epoch {len(rows)}: no better test accuracy in {settings['stop_after']} epochs")
    say(f"test accuracy {rows[-1]['test_accuracy']:.3f}")
    say(f"checkpoint {folder / FILE}")
    say(f"history {folder / HISTORY_FILE}")


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.argument("name")
@click.option("--epochs", type=int, default=10, help="How many times every image is seen.")
@click.option(
    "--data", default="fashion-mnist", help="A data set with images; `cs-cnn data list` shows them."
)
@click.option("--small", is_flag=True, help="The small variant of the net, for small images on a CPU.")
@click.option(
    "-o", "--option", "options", multiple=True, metavar="KEY=VALUE", help="An option of the net; repeatable."
)
@click.option("--out", help="Folder for the checkpoint and the history.  [default: runs/NAME]")
@click.option("--resume", is_flag=True, help="Go on from the checkpoint in the folder.")
@click.option("--device", default="auto", help="auto, cpu, cuda or mps.")
@click.option("--precision", default="auto", help="auto, float32, bfloat16 or float16.")
@click.option("--threads", type=int, default=1, help="CPU threads; more can be far slower on busy cores.")
@click.option(
    "--seed", type=int, default=0, help="Decides initial weights, order of the images and augmentation."
)
@click.option("--batch-size", type=int, default=16, help="Images per step, of all processes together.")
@click.option("--optimiser", default="sgd", help="sgd, adam or rmsprop.")
@click.option(
    "--lr", type=float, help="Learning rate at the start.  [default: 0.02 for sgd, 0.001 for the others]"
)
@click.option("--momentum", type=float, default=0.9, help="Momentum of the optimiser.")
@click.option("--weight-decay", type=float, default=0.0, help="L2 penalty.")
@click.option(
    "--schedule",
    default="cosine",
    help="Learning rate over time: constant, cosine, linear, polynomial, exponential, step or plateau.",
)
@click.option(
    "--milestones",
    default="",
    metavar="EPOCHS",
    show_default=False,
    help="For step: after which epochs, for instance 30,60.",
)
@click.option(
    "--factor", type=float, help="For step and plateau [default: 0.1], exponential [default: 0.95]."
)
@click.option("--patience", type=int, default=3, help="For plateau: epochs without a better test accuracy.")
@click.option("--power", type=float, default=2.0, help="For polynomial: the exponent.")
@click.option("--warmup", type=int, default=0, help="Epochs in which the learning rate rises.")
@click.option("--flip", is_flag=True, help="Mirror every other training image at random.")
@click.option("--crop", type=int, default=0, help="Shift training images by up to so many pixels at random.")
@click.option(
    "--label-smoothing", type=float, default=0.0, help="Part of a label that is spread over all classes."
)
@click.option("--stop-after", type=int, help="Stop after so many epochs without a better test accuracy.")
@click.option("--sync-batch-norm", is_flag=True, help="On several GPUs: batch norm over the joint batch.")
@click.option("--tensorboard", is_flag=True, help="Also write the history for TensorBoard.")
@click.pass_context
def main(ctx: click.Context, /, threads: int, **arguments: Any) -> None:
    """Train the net NAME of the zoo, and save a checkpoint and the history after every epoch.

    \b
    Examples:
      python -m cs_cnn.train lenet5 --epochs 3
      python -m cs_cnn.train lenet5 --epochs 3 --resume
      python -m cs_cnn.train lenet5 -o pooling=max -o activation=relu --out runs/modern
      python -m cs_cnn.train resnet20 --small --schedule step --milestones 5,8 --lr 0.1 --flip --crop 2
      torchrun --standalone --nproc-per-node 2 -m cs_cnn.train resnet20 --small --batch-size 64

    Under torchrun the processes share every batch; batch norm then takes its means over the share of each process,
    unless --sync-batch-norm joins them (GPUs only). Running statistics are those of the first process.
    """  # noqa: D301  (click wants the character itself)
    try:
        from cs_cnn import zoo  # noqa: F401  (first, because it says in a sentence when PyTorch is missing)

        if threads < 1:
            raise CsCnnError(f"threads must be a whole number of at least 1, got {threads}.")
    except CsCnnError as error:
        raise Sentence(str(error)) from error

    import torch

    from cs_cnn.train.processes import joined, told_when_lost

    torch.set_num_threads(threads)
    with joined(str(arguments["device"])) as group:
        try:
            with told_when_lost(group, lambda: "training had not begun."):
                _train(ctx, group, **arguments)
        except CsCnnError as error:
            # All processes end for the same reason, and one of them says it.
            if not group.first:
                ctx.exit(Sentence.exit_code)
            raise Sentence(str(error)) from error
        except KeyboardInterrupt:
            if group.first:
                click.echo("Interrupted before training began; nothing was saved.", err=True)
            ctx.exit(INTERRUPTED)


if __name__ == "__main__":
    main(prog_name="python -m cs_cnn.train")
