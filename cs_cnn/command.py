"""The command `cs-cnn`: its subcommands are imported only when they are called."""

from __future__ import annotations

import importlib
from typing import Any

import click

from cs_cnn import __version__
from cs_cnn.errors import CsCnnError

# name: (where it is defined, one line of help). The help stands here so that `--help` imports nothing heavy.
_COMMANDS = {
    "init": ("cs_cnn.course.commands.init:init", "Lay out a course directory for a class."),
    "release": ("cs_cnn.course.commands.release:release", "Generate what students receive from solutions/."),
    "export-public": (
        "cs_cnn.course.commands.public:export_public",
        "Write the tree that students may have.",
    ),
    "roster": ("cs_cnn.course.commands.roster:roster", "Bring in the list of students."),
    "collect": ("cs_cnn.course.commands.collect:collect", "Take in what students handed in."),
    "grade": ("cs_cnn.course.commands.grade:grade", "Grade every submission of an assignment."),
    "regrade": ("cs_cnn.course.commands.regrade:regrade", "Show whose marks changed checks change."),
    "feedback": ("cs_cnn.course.commands.feedback:feedback", "Write a feedback page for every student."),
    "export": ("cs_cnn.course.commands.export:export", "Write the marks, also into an LMS's own table."),
    "stats": ("cs_cnn.course.commands.stats:stats", "Write a page on how a class did."),
    "similar": ("cs_cnn.course.commands.similar:similar", "List code that resembles other code, to look at."),
    "check": ("cs_cnn.student.commands:check", "Run a notebook and its visible checks."),
    "doctor": ("cs_cnn.student.commands:doctor", "Look for what is wrong with a computer or a notebook."),
    "submit": ("cs_cnn.student.commands:submit", "Pack what is handed in."),
    "data": ("cs_cnn.data.commands:data", "List, fetch and find data sets."),
    "account": ("cs_cnn.account.commands:account", "Count what a net costs, layer by layer."),
}


class Sentence(click.ClickException):
    """An error of ours on the command line: the sentence alone, and the exit status of wrong usage."""

    exit_code = 2


class _LazyGroup(click.Group):
    """A group that knows its commands by name and imports one when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module_name, attribute = _COMMANDS[cmd_name][0].split(":")
        try:
            command = getattr(importlib.import_module(module_name), attribute)
        except ModuleNotFoundError as error:
            if error.name and error.name.startswith("cs_cnn"):
                reason = (
                    f"this edition of cs_cnn has no {error.name}; it is part of the instructors' edition."
                )
            else:
                reason = f"the package {error.name} is missing; install it with: pip install 'cs-cnn[grade]'."
            raise Sentence(f"`cs-cnn {cmd_name}` cannot run: {reason}") from error
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_) for name, (_, help_) in _COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CsCnnError as error:
            raise Sentence(str(error)) from error
        except ModuleNotFoundError as error:
            # A command that started, and met a missing package on its way.
            raise Sentence(
                f"the package {error.name or error} is missing; `cs-cnn doctor` says how to get it."
            ) from error


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="cs-cnn")
def main() -> None:
    """Work with the course on convolutional networks: its data, its assignments and its marks.

    \b
    A term in five commands:
      cs-cnn init my-class --roster students.csv
      cs-cnn release a2
      cs-cnn grade a2 --course my-class
      cs-cnn feedback a2 --course my-class
      cs-cnn export a2 --course my-class --to marks.csv
    """  # noqa: D301


if __name__ == "__main__":
    main()
