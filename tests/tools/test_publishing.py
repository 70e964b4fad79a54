"""What publishes and carries the course elsewhere names only what is here: workflows, Binder, the dev container."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tools import actionlint, npm

WORKFLOWS = ["pages", "tests", "weekly"]
PINNED = re.compile(r"^[\w-]+/[\w-]+@[0-9a-f]{40}$")
SYSTEM = ("apt-get", "sudo", "tar")
PUBLISHING = {"deploy": {"pages": "write", "id-token": "write"}, "notebooks": {"contents": "write"}}
# https://containers.dev: the keys that we use, and what stands under them
DEVCONTAINER = {
    "name": str,
    "image": str,
    "containerEnv": dict,
    "hostRequirements": dict,
    "onCreateCommand": str,
    "updateContentCommand": str,
    "forwardPorts": list,
    "portsAttributes": dict,
    "customizations": dict,
}


def targets(root: Path) -> set[str]:
    """Return the targets of the Makefile."""
    return set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text(), re.MULTILINE))


def assert_is_here(command: str, root: Path) -> None:
    """Require that each part of a command is a target, a module or a script of the project, or the system's."""
    for part in command.split("&&"):
        words = shlex.split(part)
        if words[0] == "make":
            assert set(words[1:]) <= targets(root), part
        elif words[1:2] == ["-m"] and words[0] in (".venv/bin/python", "python3"):
            module = root / words[2].replace(".", "/")
            assert module.with_suffix(".py").is_file() or (module / "__main__.py").is_file(), part
        elif words[0] not in SYSTEM:
            assert (root / words[0]).stat().st_mode & 0o100, part


def workflow(root: Path, name: str) -> dict[Any, Any]:
    return yaml.safe_load((root / ".github" / "workflows" / f"{name}.yml").read_text())


def test_these_are_the_workflows(root: Path) -> None:
    assert sorted(path.stem for path in (root / ".github" / "workflows").iterdir()) == WORKFLOWS


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_calls_only_what_is_here(root: Path, name: str) -> None:
    steps = [step for job in workflow(root, name)["jobs"].values() for step in job["steps"]]
    commands = [step["run"] for step in steps if "run" in step]
    for command in commands:
        assert_is_here(command, root)
    assert commands and all("\n" not in command for command in commands), "longer than a thin call"


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_may_do_little_and_ends(root: Path, name: str) -> None:
    made = workflow(root, name)
    assert made["permissions"] == {"contents": "read"}
    assert made["concurrency"]["group"].startswith(name)
    for job in made["jobs"].values():
        assert job["timeout-minutes"] <= 90
        for step in job["steps"]:
            assert "uses" not in step or PINNED.match(step["uses"]), step
    granted = {name: job["permissions"] for name, job in made["jobs"].items() if "permissions" in job}
    assert granted == (PUBLISHING if name == "pages" else {})


@pytest.fixture(scope="module")
def linter(lacking: Callable[[str], None]) -> Path:
    found = actionlint.module()
    if found is None:
        lacking("actionlint (npm carries it)")
    return found


def test_actionlint_finds_nothing(root: Path, linter: Path) -> None:
    assert actionlint.lint(linter, list((root / ".github" / "workflows").glob("*.yml"))) == []


def test_actionlint_finds_a_slip(root: Path, linter: Path, tmp_path: Path) -> None:
    slip = tmp_path / "slip.yml"
    text = (root / ".github" / "workflows" / "pages.yml").read_text()
    slip.write_text(text.replace("needs: build", "needs: biuld").replace("contents: read", "contents: reed"))
    kinds = {finding.kind for finding in actionlint.lint(linter, [slip])}
    assert kinds >= {"job-needs", "permissions"}


def test_without_npm_the_workflows_are_left_out_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actionlint, "FOLDER", tmp_path / "actionlint")
    monkeypatch.setattr(npm, "program", lambda name: None)
    result = CliRunner().invoke(actionlint.main)
    assert result.exit_code == 0 and result.output.count("\n") == 1
    assert result.output.startswith("The workflows were not checked: actionlint")


def test_binder_installs_the_tested_versions(root: Path) -> None:
    folder = root / ".binder"
    lines = [
        line for line in (folder / "requirements.txt").read_text().splitlines() if not line.startswith("#")
    ]
    options = dict(line.split(maxsplit=1) for line in lines if line.startswith("--"))
    more = [Requirement(line) for line in lines if not line.startswith("--")]
    assert [each.name for each in more] == ["nbgitpuller"] and re.fullmatch(
        r"==[\d.]+", str(more[0].specifier)
    )
    assert (folder / options["--constraint"]).resolve() == root / "constraints.txt"
    project = Requirement(f"cs-cnn{options['--editable'].removeprefix('.')}")
    pyproject = (root / "pyproject.toml").read_text()
    for extra in project.extras:
        assert re.search(rf"^{extra} = \[", pyproject, re.MULTILINE), extra
    version = re.fullmatch(r"python-(3\.\d+)\n", (folder / "runtime.txt").read_text())
    wanted = re.search(r'requires-python = "(.*)"', pyproject)
    assert version and wanted and version[1] in SpecifierSet(wanted[1])
    assert {path.name for path in folder.iterdir()} == {"requirements.txt", "runtime.txt", "postBuild"}


def test_binders_last_step_runs(root: Path, tmp_path: Path) -> None:
    script = root / ".binder" / "postBuild"
    (command,) = [
        line
        for line in script.read_text().splitlines()[1:]
        if line[:1] not in ("#", "") and "set -" not in line
    ]
    program, *arguments = shlex.split(command)
    settings = tmp_path / "settings.json"
    subprocess.run(
        [str(root / ".venv" / "bin" / program), "--settings-file", str(settings), *arguments], check=True
    )
    assert "Jupytext Notebook" in settings.read_text()
    constraints = (root / "constraints.txt").read_text()
    assert canonicalize_name(program.partition("-")[0]) in constraints
    assert script.stat().st_mode & 0o111 == 0o111


def test_the_dev_container_is_whole(root: Path) -> None:
    made = json.loads((root / ".devcontainer" / "devcontainer.json").read_text())
    assert set(made) <= set(DEVCONTAINER)
    assert all(isinstance(value, DEVCONTAINER[key]) for key, value in made.items())
    for key in ("onCreateCommand", "updateContentCommand"):
        assert_is_here(made[key], root)
    assert re.fullmatch(r"python:3\.\d+-\w+", made["image"])
    assert set(made["portsAttributes"]) == {str(port) for port in made["forwardPorts"]}
    assert set(made["customizations"]["vscode"]) == {"extensions", "settings"}
    interpreter = made["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"]
    assert interpreter.startswith("${containerWorkspaceFolder}/.venv/")


@pytest.mark.skipif(shutil.which("apt-cache") is None, reason="needs Debian's apt-cache")
def test_the_system_packages_are_debians(root: Path) -> None:
    made = json.loads((root / ".devcontainer" / "devcontainer.json").read_text())
    named = made["onCreateCommand"].split("--no-install-recommends ")[1].split()
    for path in (root / ".github" / "workflows").glob("*.yml"):
        for found in re.findall(r"--no-install-recommends (.+)", path.read_text()):
            named += found.split()
    known = subprocess.run(["apt-cache", "pkgnames"], capture_output=True, text=True).stdout.split()
    if not known:
        pytest.skip("needs Debian's lists of packages (apt-get update)")
    assert set(named) <= set(known)
