"""`cs-cnn account`: what a net of the zoo costs, as a table, a picture or a file."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from cs_cnn.account.conventions import CONVENTIONS, Convention, parse
from cs_cnn.account.whole import Account, Detail
from cs_cnn.errors import CsCnnError

FORMATS = ("text", "markdown", "latex", "json", "csv", "svg")


def parse_shape(text: str) -> tuple[int, ...]:
    """Read a shape as it is written on a command line.

    Parameters
    ----------
    text : str
        Numbers with an x between them, such as "3x224x224".

    Returns
    -------
    tuple of int

    Raises
    ------
    CsCnnError
        When it is no shape.

    Examples
    --------
    >>> parse_shape("3x224x224")
    (3, 224, 224)
    """
    parts = re.split(r"[x×,]", text.replace(" ", "").lower())
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise CsCnnError(
            f"--input must be the shape of one image, channels x height x width, such as 3x224x224, got {text!r}."
        )
    return tuple(int(part) for part in parts)


def parse_options(pairs: Sequence[str]) -> dict[str, Any]:
    """Read options of a net as they are written on a command line.

    Parameters
    ----------
    pairs : sequence of str
        Such as "shortcut=A" or "width=0.5".

    Returns
    -------
    dict
        Numbers, True, False and None as themselves, everything else as text.

    Raises
    ------
    CsCnnError
        When a pair has no equals sign.

    Examples
    --------
    >>> parse_options(["shortcut=A", "width=0.5", "norm=True"])
    {'shortcut': 'A', 'width': 0.5, 'norm': True}
    """
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise CsCnnError(f"--option must be a name and a value, such as shortcut=A, got {pair!r}.")
        try:
            found[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            found[name] = value
    return found


def render(found: Account, format_: str) -> str:
    """Write an account in one of `FORMATS`."""
    from cs_cnn.account.shown import tables

    if format_ in ("json", "csv"):
        return tables.as_json(found) if format_ == "json" else tables.as_csv(found)
    if format_ == "svg":
        return found.svg()
    return str({"text": found.text, "markdown": found.markdown, "latex": found.latex}[format_]())


def overview(rules: Convention) -> Account:
    """Count every published net of the zoo, one row each.

    Parameters
    ----------
    rules : Convention

    Returns
    -------
    Account
        Its totals are the sums over all nets, which mean little.
    """
    import dataclasses

    from cs_cnn import zoo
    from cs_cnn.account.counting import account

    steps = []
    for name in zoo.names():
        found = account(name, convention=rules)
        whole = dataclasses.replace(
            found, steps=tuple(dataclasses.replace(s, name="net") for s in found.steps)
        )
        whole = dataclasses.replace(whole, stages=("net",)).detail("stages")
        image = found.steps[0].shape
        steps.append(
            dataclasses.replace(
                whole.steps[0], name=name, kind=f"takes {' x '.join(map(str, image))}", family="other"
            )
        )
    return Account("zoo", tuple(steps), rules)


@click.command()
@click.argument("name", required=False)
@click.option("--all", "every", is_flag=True, help="One row for every net of the zoo.")
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="NAME=VALUE",
    help="An option of the net, such as shortcut=A; may be repeated.",
)
@click.option("--input", "input_", metavar="CxHxW", help="Shape of an image; by default the published one.")
@click.option(
    "--convention",
    "rules",
    default="standard",
    show_default=True,
    metavar="RULES",
    help="What counts, see above.",
)
@click.option(
    "--rows",
    type=click.Choice(("layers", "all", "stages")),
    default="layers",
    show_default=True,
    help="Layers, every step (activations, sums), or the stages of the paper's table.",
)
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write to.")
def account(
    name: str | None,
    every: bool,
    options: tuple[str, ...],
    input_: str | None,
    rules: str,
    rows: Detail,
    format_: str,
    out: Path | None,
) -> None:
    """Count what a net of the zoo costs: parameters, multiply-adds, memory and receptive fields.

    \b
    RULES is one of
      standard    all parameters, multiply-adds of convolutions and affine layers
      lectures    weights alone, without biases and normalisations
      flops       two operations for each multiply-add
      everything  the same, and pools, activations, sums; every output kept
    or single rules, or both: "lectures,bytes=2", "biases=no,input=no".

    \b
    Examples:
      cs-cnn account vgg16 --convention lectures
      cs-cnn account lenet5 --rows stages --format markdown
      cs-cnn account vgg16 --format svg --out vgg16.svg
    """  # noqa: D301 (click reads \b as a character)
    from cs_cnn.account.counting import account as count

    if every == (name is not None):
        raise CsCnnError("Give the name of one net, or --all for a row for each.")
    chosen = parse(rules)
    if every and (input_ or options or format_ == "svg"):
        raise CsCnnError(
            "--all shows every net at its published size, as a table: leave --input, --option and svg out."
        )
    if every:
        found = overview(chosen)
    else:
        assert name is not None
        found = count(
            name, parse_shape(input_) if input_ else None, convention=chosen, **parse_options(options)
        )
        found = found if format_ == "svg" and rows == "layers" else found.detail(rows)
    written = render(found, format_)
    if out is None:
        click.echo(written.rstrip("\n"))
        return
    from cs_cnn.files import atomic_write

    with atomic_write(out) as file:
        file.write(written.rstrip("\n") + "\n")
    click.echo(f"Wrote {out}.")


assert CONVENTIONS.keys() == {"standard", "lectures", "flops", "everything"}  # as the help above has it
