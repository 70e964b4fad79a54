"""Words of the command line: what is typed, and the line that goes on with an interrupted run."""

from __future__ import annotations

import os
import shlex
from typing import Any

import click
from click.core import ParameterSource

from cs_cnn.errors import CsCnnError


def option_value(text: str) -> Any:
    """Return what a word after ``KEY=`` means: true or false, a number, or the word.

    Examples
    --------
    >>> [option_value(word) for word in ("true", "20", "0.5", "max")]
    [True, 20, 0.5, 'max']
    """
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            pass
    return text


def net_options(given: tuple[str, ...]) -> dict[str, Any]:
    """Return the options of the net from words such as ``pooling=max``."""
    chosen: dict[str, Any] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not (key and equals and value):
            raise CsCnnError(f"--option takes KEY=VALUE, for instance pooling=max, got {text!r}.")
        chosen[key] = option_value(value)
    return chosen


def epochs_list(text: str) -> tuple[int, ...]:
    """Return numbers of epochs from a word such as ``30,60``."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not all(word.isdecimal() for word in words):
        raise CsCnnError(
            f"--milestones takes numbers of epochs with commas, for instance 30,60, got {text!r}."
        )
    return tuple(int(word) for word in words)


def command_to_resume(ctx: click.Context, processes: int) -> str:
    """Return the command line that goes on with this run: what was typed, and --resume."""
    words = ["python"]
    if processes > 1:
        machines, on_this = (
            int(os.environ.get(key, "1")) for key in ("GROUP_WORLD_SIZE", "LOCAL_WORLD_SIZE")
        )
        where = ["--standalone"] if machines == 1 else ["--nnodes", str(machines)]
        words = ["torchrun", *where, "--nproc-per-node", str(on_this)]
    words += ["-m", "cs_cnn.train"]
    for parameter in ctx.command.params:
        name, value = parameter.name, ctx.params.get(parameter.name or "")
        if name == "resume" or name is None or ctx.get_parameter_source(name) != ParameterSource.COMMANDLINE:
            continue
        if isinstance(parameter, click.Option) and parameter.is_flag:
            words.append(parameter.opts[-1])
            continue
        for one in value if isinstance(value, tuple) else (value,):
            words += [str(one)] if isinstance(parameter, click.Argument) else [parameter.opts[-1], str(one)]
    return shlex.join([*words, "--resume"])
