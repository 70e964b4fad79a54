"""List the nets of the zoo with what they cost: ``python -m cs_cnn.zoo --table``."""

from __future__ import annotations

import json
from typing import Any

import click

from cs_cnn import zoo
from cs_cnn.command import Sentence
from cs_cnn.errors import CsCnnError


def cost(name: str) -> dict[str, Any]:
    """Return what the published form of a net costs, found without memory for weights or maps.

    Parameters
    ----------
    name : str
        A name of `zoo.names()`.

    Returns
    -------
    dict
        name, input (channels, height, width), classes, parameters, and the multiply-adds for one image.

    Raises
    ------
    CsCnnError
        When there is no such net.
    """
    published = zoo.entry(name).published
    shape = (published["channels"], published["size"], published["size"])

    import torch

    from cs_cnn.account import account

    with torch.device("meta"):
        net = zoo.build_published(name)
    costs = account(net.eval(), shape)  # as it is used: what only helps training is not counted as work
    return {
        "name": name,
        "input": list(shape),
        "classes": published["classes"],
        "parameters": sum(p.numel() for p in net.parameters()),
        "multiply_adds": costs.multiply_adds,
    }


def table(costs: list[dict[str, Any]]) -> str:
    """Return the costs of nets as lines of text in columns.

    Parameters
    ----------
    costs : list of dict
        As `cost` returns them.

    Returns
    -------
    str
    """
    wide = max([len("name"), *(len(c["name"]) for c in costs)])
    lines = [f"{'name':{wide}}  {'input':>11}  {'classes':>7}  {'parameters':>11}  {'multiply-adds':>14}"]
    for c in costs:
        shape = "x".join(map(str, c["input"]))
        lines.append(
            f"{c['name']:{wide}}  {shape:>11}  {c['classes']:>7,}  {c['parameters']:>11,}  {c['multiply_adds']:>14,}"
        )
    return "\n".join(lines)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("nets", nargs=-1, metavar="[NAME]...")
@click.option("--table", "as_table", is_flag=True, help="Names, parameters and multiply-adds (the default).")
@click.option("--names", "as_names", is_flag=True, help="Only the names, one on a line.")
@click.option("--json", "as_json", is_flag=True, help="The table as JSON.")
def main(nets: tuple[str, ...], as_table: bool, as_names: bool, as_json: bool) -> None:
    """List the nets of the zoo, or only those named, with what their published forms cost.

    Parameters are all that is trained. Multiply-adds are those of one image in evaluation
    mode.
    """
    try:
        if as_table + as_names + as_json > 1:
            raise CsCnnError("choose one of --table, --names and --json.")
        chosen = [zoo.entry(name).name for name in nets] or zoo.names()
        if as_names:
            click.echo("\n".join(chosen))
            return
        costs = [cost(name) for name in chosen]
        click.echo(json.dumps(costs, indent=2) if as_json else table(costs))
    except CsCnnError as error:
        raise Sentence(str(error)) from error


if __name__ == "__main__":
    main(prog_name="python -m cs_cnn.zoo")
