"""`cs-cnn check`, `cs-cnn doctor` and `cs-cnn submit`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from cs_cnn.errors import CsCnnError

_FILE = click.argument("file", required=False, type=click.Path(path_type=Path))
_SECONDS = click.option(
    "--seconds",
    default=300.0,
    show_default=True,
    type=click.FloatRange(1, 86_400),
    help="Limit for all cells and checks together.",
)


@click.command()
@click.argument("target")
@_FILE
@_SECONDS
def check(target: str, file: Path | None, seconds: float) -> None:
    """Run your notebook from top to bottom, then its visible checks.

    TARGET is an assignment, one of its tasks, or the path of a notebook, a Python file or a folder. FILE says
    where the work is when TARGET is an assignment or a task. Exit status: 0 for all points, 1 for fewer, 2 when
    nothing could be checked.

    \b
    Examples:
      cs-cnn check a4
      cs-cnn check a4.conv2d_forward
      cs-cnn check a4 my_convolution.ipynb
    """  # noqa: D301
    from cs_cnn.student import finding, printing, running

    work = finding.find(target, file)
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    try:
        with printing.status() as progress:
            outcome = running.run(work, seconds=seconds, colour=colour, progress=progress)
    except KeyboardInterrupt:
        click.echo("Stopped: nothing was checked to the end.", err=True)
        raise click.exceptions.Exit(130) from None
    click.echo(printing.checked(work, outcome))
    if not outcome.ok:
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("target", required=False)
@_FILE
@click.option("--mend", is_flag=True, help="Put the answers back into the notebook as it was handed out.")
def doctor(target: str | None, file: Path | None, mend: bool) -> None:
    """Look for what is wrong with this computer, or with a notebook.

    Without TARGET: Python, packages, the speed of NumPy, data sets, disk. With TARGET (an assignment, or the
    path of a notebook): its cells, compared with the notebook that was handed out. Exit status: 0 when all is well,
    1 when something needs you, 2 when nothing could be examined.

    \b
    Examples:
      cs-cnn doctor
      cs-cnn doctor a4
      cs-cnn doctor a4 --mend
    """  # noqa: D301
    if target is None:
        if mend:
            raise CsCnnError("--mend needs a notebook: say which one, as in `cs-cnn doctor a4 --mend`.")
        _examine_computer()
    else:
        _examine_notebook(target, file, mend)


def _examine_computer() -> None:
    from cs_cnn.student import machine

    states = []
    for finding in machine.examine(Path.cwd()):
        states.append(finding.state)
        click.echo(f"{finding.state:<5}  {finding.about:<12}  {finding.sentence}")
    if "wrong" in states:
        raise click.exceptions.Exit(1)


def _examine_notebook(target: str, file: Path | None, mend: bool) -> None:
    from cs_cnn.student import finding, structure

    work = finding.find(target, file)
    release = finding.released(work)
    found = structure.examine(work, release)
    click.echo(str(work.path))
    if release is None:
        click.echo(
            "The notebook that was handed out was not found (in a folder assignments/ in or above this one), so only "
            "the notebook itself was looked at."
        )
    around = structure.beside(work, release)
    for sentence in [*around, *(note.sentence for note in found.notes)]:
        click.echo(f"wrong  {sentence}")
    if not found.notes:
        click.echo("fine   Every cell is in its place.")
    elif mend:
        target_path, kept = structure.replace(work, found)
        click.echo(f"Mended: {target_path}; the notebook as it was is now {kept.name}. Run all cells again.")
        if target_path.name != found.name:
            click.echo(f"It keeps its name, since there is another file called {found.name}.")
    elif release is not None:
        click.echo("`cs-cnn doctor ... --mend` puts your answers back in their place, and keeps a copy.")
    if around or (found.notes and not mend):
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("target")
@_FILE
@click.option("--to", "to", type=click.Path(path_type=Path), help="The zip file, or the folder for it.")
@click.option(
    "--with", "further", multiple=True, type=click.Path(path_type=Path), help="A further file to hand in."
)
@click.option("--no-check", is_flag=True, help="Do not run the notebook and its checks first.")
@_SECONDS
def submit(
    target: str,
    file: Path | None,
    to: Path | None,
    further: tuple[Path, ...],
    no_check: bool,
    seconds: float,
) -> None:
    """Pack your notebook, and the pictures and tables it names, into one zip to hand in.

    TARGET is an assignment, or the path of its notebook. The visible checks run first, so that you know what you
    hand in; the zip is written whatever they say.

    \b
    Examples:
      cs-cnn submit a4
      cs-cnn submit a4 --no-check --to handed_in/
    """  # noqa: D301
    from cs_cnn.checks.results import number
    from cs_cnn.student import finding, printing, running, structure, submission

    work = finding.find(target, file)
    release = finding.released(work)
    package = submission.pack(work, release, further)
    found = structure.examine(work, release)
    path = Path(package.name) if to is None else to / package.name if to.is_dir() else to
    if path.suffix.lower() != ".zip":
        raise CsCnnError(f"--to {path} is neither a zip file nor a folder that exists.")
    if no_check:
        said = "The visible checks were not run."
    else:
        try:
            with printing.status() as progress:
                outcome = running.run(work, seconds=seconds, progress=progress)
        except KeyboardInterrupt:
            click.echo("Stopped: no zip was written.", err=True)
            raise click.exceptions.Exit(130) from None
        said = f"The visible checks gave {number(outcome.points)} of {number(outcome.of)} points."
    digest = submission.write(package, path)
    click.echo(f"{path.resolve()} holds:")
    width = max(map(len, package.files))
    for name, content in package.files.items():
        click.echo(f"  {name:<{width}}  {submission.shown(len(content))}")
    click.echo(f"SHA-256 {digest}")
    click.echo(said)
    for warning in package.warnings:
        click.echo(f"Look: {warning}")
    if found.notes:
        things = "1 thing is" if len(found.notes) == 1 else f"{len(found.notes)} things are"
        click.echo(f"Look: {things} not as handed out; see `cs-cnn doctor {target}`.")
    click.echo("Hand in this file; the mark comes from the hidden checks and your written answers too.")
