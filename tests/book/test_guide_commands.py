"""Every `cs-cnn ...` in the guide and the README is a command with these options, and the guide lists all of them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

from cs_cnn.command import main
from cs_cnn.errors import CsCnnError

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "book" / "guide"
PAGES = [*sorted(GUIDE.glob("*.md")), ROOT / "README.md"]
_BLOCK = re.compile(r"^(`{3,}|:{3,})[^\n]*\n(.*?)^\1[ ]*$", re.MULTILINE | re.DOTALL)
_EXPORT = re.compile(r"^(?:\$ )?export (\w+)=(\S+)$", re.MULTILINE)
_INLINE = re.compile(r"`([^`\n]+)`")
_PROMPT = re.compile(r"^(?:\$ )?(?:[A-Z_]+=\S+ )*(?:\S*/)?cs-cnn(?: |$)")


def in_blocks(text: str) -> list[str]:
    """Return what is typed after `cs-cnn` in code blocks: lines joined, variables filled in, comments cut."""
    found, variables = [], dict(_EXPORT.findall(text))
    for _, body in _BLOCK.findall(text):
        for line in re.sub(r"\\\n\s*", "", body).splitlines():
            if start := _PROMPT.match(line.strip()):
                typed = re.split(r"\s+#\s|\s+\|\s", line.strip()[start.end() :])[0].strip()
                found.append(re.sub(r"\$(\w+)", lambda name: variables[name[1]], typed))
    return found


def inline(text: str) -> list[str]:
    """Return what is typed after `cs-cnn` in running text."""
    outside = _BLOCK.sub("", text)
    return [
        code[start.end() :].strip() for code in _INLINE.findall(outside) if (start := _PROMPT.match(code))
    ]


def resolve(words: list[str]) -> tuple[click.Context, click.Command, list[str]]:
    """Follow the words down the tree of commands, and return the last one with what is left."""
    command: click.Command = main
    context = click.Context(main, info_name="cs-cnn")
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        below = command.get_command(context, words[0])
        assert below is not None, f"there is no command {words[0]!r} below {context.command_path}"
        context, command, words = click.Context(below, context, words[0]), below, words[1:]
    return context, command, words


def options_of(command: click.Command) -> set[str]:
    """Return the long options of a command; `--help` is everywhere."""
    names = {name for each in command.params if isinstance(each, click.Option) for name in each.opts}
    return {name for name in names if name.startswith("--")}


def commands() -> dict[str, click.Command]:
    """Return every command by what is typed after `cs-cnn`."""
    context, found = click.Context(main), {}
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            found |= {f"{name} {below}": each for below, each in command.commands.items()}
        else:
            found[name] = command
    return found


@pytest.mark.parametrize(
    ("page", "typed"),
    [
        pytest.param(page, typed, id=f"{page.stem}: {typed}")
        for page in PAGES
        for typed in dict.fromkeys(in_blocks(page.read_text(encoding="utf-8")))
    ],
)
def test_a_line_of_a_block_can_be_typed(page: Path, typed: str) -> None:
    context, command, words = resolve(shlex.split(typed))
    if {"--help", "-h", "--version"} & set(words) or (command is main and not words):
        return
    with context.scope():
        try:
            command.parse_args(context, words)
        except (click.UsageError, CsCnnError) as error:
            pytest.fail(f"{page.name}: cs-cnn {typed}: {error}")


@pytest.mark.parametrize(
    ("page", "typed"),
    [
        pytest.param(page, typed, id=f"{page.stem}: {typed}")
        for page in PAGES
        for typed in dict.fromkeys(inline(page.read_text(encoding="utf-8")))
    ],
)
def test_a_command_in_running_text_exists(page: Path, typed: str) -> None:
    _, command, words = resolve([word for word in typed.split() if word not in ("...", "…")])
    given = {word.partition("=")[0] for word in words if word.startswith("--")}
    assert given <= {*options_of(command), "--help", "--version"}, f"{page.name}: cs-cnn {typed}"


def listed(text: str) -> dict[str, set[str]]:
    """Return the options of each command, as the instructor's guide lists them at its end."""
    part = text.split("(instructor-commands)=")[1]
    entries = re.findall(r"^`cs-cnn ([^`]+)`\n: (.*)$", part, re.MULTILINE)
    return {name: set(re.findall(r"`(--[\w-]+)`", options)) for name, options in entries}


def test_the_guide_lists_every_command_with_every_option() -> None:
    text = (GUIDE / "instructor.md").read_text(encoding="utf-8")
    assert listed(text) == {name: options_of(command) for name, command in commands().items()}


def test_the_guide_knows_every_state_of_a_submission() -> None:
    from cs_cnn.course.grading.journal import STATES
    from cs_cnn.course.grading.marks import OTHER_STATES

    text = (GUIDE / "instructor.md").read_text(encoding="utf-8").split("(instructor-states)=")[1]
    entries = dict(re.findall(r"^`(\w+)`\n: (.*?)\.", text, re.MULTILINE))
    meanings = {**STATES, **OTHER_STATES}
    assert entries == {state: meaning[0].upper() + meaning[1:] for state, meaning in meanings.items()}


def test_the_learners_guide_has_the_hours_and_rules_of_the_calendar() -> None:
    course = yaml.safe_load((ROOT / "course.yml").read_text(encoding="utf-8"))
    text = (GUIDE / "learner.md").read_text(encoding="utf-8")
    assignments, policies = course["assignments"], course["ai_policies"]
    for each in assignments:
        title = policies[each["ai_policy"]]["title"]
        row = f"| {each['name'].split('_')[0]} | {each['title']} | {each['hours']:g} | {title} |"
        assert row in text, f"learner.md should have the row: {row}"
    hours = sum(each["hours"] for each in assignments)
    assert f"{hours:g} hours" in " ".join(text.split())


def test_lines_are_found_and_read() -> None:
    text = "```sh\n$ .venv/bin/cs-cnn grade a2 \\\n    --course x   # now\nother\n```\nand `cs-cnn stats`."
    assert in_blocks(text) == ["grade a2 --course x"] and inline(text) == ["stats"]
    with pytest.raises(AssertionError, match="no command 'grad'"):
        resolve(["grad", "a2"])
    assert sum(len(in_blocks(page.read_text(encoding="utf-8"))) for page in PAGES) > 20


def test_the_guide_has_the_limits_of_a_sandbox() -> None:
    from cs_cnn.course import engine
    from cs_cnn.course.sandbox import Limits

    limits, settings = Limits(), engine.config(None)
    text = " ".join((GUIDE / "instructor.md").read_text(encoding="utf-8").split())
    assert (
        f"{limits.memory >> 30} GiB of memory, {limits.processes} processes, {limits.cpu // 60} minutes of processor "
        f"time, half an hour in all, files of {limits.file >> 20} MiB, and {limits.output >> 20} MiB of output; a cell "
        f"gets {settings.RunCells.timeout} seconds, and a notebook {settings.RunCells.total // 60} minutes"
    ) in text
    assert limits.wall == 1800


@pytest.mark.parametrize("page", ["instructor.md", "learner.md"])
def test_the_guides_have_the_late_policy_of_the_calendar(page: str) -> None:
    late = yaml.safe_load((ROOT / "course.yml").read_text(encoding="utf-8"))["late"]
    text = " ".join((GUIDE / page).read_text(encoding="utf-8").split())
    assert f"{late['per_day']} per cent for each day begun" in text
    assert re.search(rf"(?:at most|never more than) {late['cap']}\b", text)
    assert late["bank"] == 4 and ("bank of 4 free days" in text or "four days in the whole course" in text)
