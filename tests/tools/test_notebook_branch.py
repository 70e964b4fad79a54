"""The chapters' notebooks reach a branch of a remote repository, one commit after the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.notebook_branch import NotPublished, branch_name, git, publish

WHO = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a clone with one commit, of a bare repository beside it."""
    remote, made = tmp_path / "remote.git", tmp_path / "clone"
    git("init", "--bare", "--quiet", str(remote), repository=tmp_path)
    git("clone", "--quiet", str(remote), str(made), repository=tmp_path)
    (made / "README.md").write_text("text")
    (made / ".gitignore").write_text("site/\n")
    git("add", "--all", repository=made)
    git("commit", "--quiet", "-m", "first", repository=made, environment=WHO)
    notebook = made / "site" / "_sources" / "part" / "chapter.ipynb"
    notebook.parent.mkdir(parents=True)
    notebook.write_text("{}")
    notebook.with_suffix(".md").write_text("text")
    return made


def log(clone: Path) -> list[str]:
    """Return the remote branch's messages, newest first."""
    remote = clone.parent / "remote.git"
    return git("log", "--format=%s %an", "notebooks", repository=remote).splitlines()


def test_new_notebooks_follow_the_old_ones(clone: Path) -> None:
    assert publish(clone / "site", "notebooks", repository=clone)
    assert not publish(clone / "site", "notebooks", repository=clone)
    (clone / "site" / "_sources" / "another one.ipynb").write_text("{}")
    assert publish(clone / "site", "notebooks", repository=clone)
    remote = clone.parent / "remote.git"
    files = git("ls-tree", "-r", "--name-only", "notebooks", repository=remote).splitlines()
    assert files == ["another one.ipynb", "part/chapter.ipynb"]
    head = git("rev-parse", "--short", "HEAD", repository=clone)
    assert log(clone) == [f"The chapters as notebooks, from {head} a@b"] * 2


def test_the_working_tree_stays_as_it_is(clone: Path) -> None:
    (clone / "README.md").write_text("being written")
    before = git("status", "--porcelain", "--branch", repository=clone)
    publish(clone / "site", "notebooks", repository=clone)
    assert git("status", "--porcelain", "--branch", repository=clone) == before


def test_what_is_missing_is_a_sentence(clone: Path) -> None:
    with pytest.raises(NotPublished, match=r"There are no notebooks in .*; build the book first: make book"):
        publish(clone, "notebooks", repository=clone)
    with pytest.raises(NotPublished, match=r"git ls-remote failed: .*nowhere"):
        publish(clone / "site", "notebooks", repository=clone, remote="nowhere")


def test_the_branch_is_the_one_that_the_launch_links_name(root: Path, tmp_path: Path) -> None:
    assert (
        f"notebook_branch: {branch_name(root / 'book' / '_config.yml')}"
        in (root / "book" / "_config.yml").read_text()
    )
    (tmp_path / "c.yml").write_text("launch_buttons:\n  notebook_branch: other # why\n")
    assert branch_name(tmp_path / "c.yml") == "other"
