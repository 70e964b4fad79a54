"""One tree, one version: the packages named in several places are the same packages."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import cs_cnn

# pyproject's name: conda-forge's name, where they differ
CONDA_NAMES = {"torch": "pytorch"}


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def requirements(project: dict[str, Any]) -> dict[str, Requirement]:
    """Return everything the extra `all` installs, by canonical name."""
    lines = [*project["dependencies"], *chain.from_iterable(project["optional-dependencies"].values())]
    parsed = [Requirement(line) for line in lines]
    return {canonicalize_name(r.name): r for r in parsed if canonicalize_name(r.name) != "cs-cnn"}


@pytest.fixture(scope="module")
def tested(root: Path) -> dict[str, str]:
    """Return the versions of constraints.txt."""
    lines = [line for line in (root / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    pairs = (line.split("==") for line in lines)
    return {canonicalize_name(name): version for name, version in pairs}


def test_every_requirement_has_a_tested_version_above_its_floor(
    requirements: dict[str, Requirement], tested: dict[str, str]
) -> None:
    for name, requirement in requirements.items():
        assert name in tested, f"{name} is missing in constraints.txt"
        assert requirement.specifier.contains(tested[name]), (
            f"{requirement} excludes the tested {tested[name]}"
        )


def test_conda_users_get_the_same_packages(root: Path, requirements: dict[str, Requirement]) -> None:
    environment = yaml.safe_load((root / "environment.yml").read_text())
    plain = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    (from_pip,) = (entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    names = {re.split(r"[<>=]", entry)[0] for entry in [*plain, *from_pip]} - {
        "python",
        "pip",
        "--editable .",
    }
    expected = {CONDA_NAMES.get(name, name) for name in requirements}
    assert {canonicalize_name(name) for name in names} == expected


def test_all_means_all(project: dict[str, Any]) -> None:
    extras = project["optional-dependencies"]
    assert set(extras) == {"torch", "book", "grade", "cluster", "pretrained", "test", "dev", "all"}
    reached, waiting = set(), ["all"]
    while waiting:
        extra = waiting.pop()
        reached.add(extra)
        for line in extras[extra]:
            requirement = Requirement(line)
            if requirement.name == "cs-cnn":
                waiting += requirement.extras
    assert reached == set(extras)


def test_one_version(root: Path) -> None:
    citation = yaml.safe_load((root / "CITATION.cff").read_text())
    assert citation["version"] == cs_cnn.__version__
    assert re.search(
        rf"^## {re.escape(cs_cnn.__version__)}\b", (root / "CHANGELOG.md").read_text(), re.MULTILINE
    )


def test_importing_the_numpy_side_imports_no_torch() -> None:
    code = (
        "import cs_cnn, cs_cnn.layers, cs_cnn.nets, cs_cnn.gradcheck, cs_cnn.checks, cs_cnn.data, cs_cnn.command, sys;"
        "heavy = {'torch', 'nbgrader', 'sklearn', 'matplotlib', 'pooch'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_wheel_holds_what_students_need_and_nothing_else(root: Path, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=root,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "py.typed",
        "data/packaged/NOTICE",
        "data/packaged/two_layer_lookalike.txt",
        "layers/affine.py",
    ):
        assert f"cs_cnn/{needed}" in names
    assert any(name.endswith(".npz") for name in names)
    assert all(name.startswith("cs_cnn") for name in names)
    assert not [name for name in names if "solution" in name or name.endswith((".ipynb", ".pyc", ".db"))]
