"""Put the chapters' notebooks on a branch of their own, which Colab, Binder and nbgitpuller open.

The branch (`launch_buttons: notebook_branch` in `book/_config.yml`) holds the `.ipynb` files that the site serves below
`_sources`, at the same paths. A commit follows the last one, so that a learner's copy can be merged with it. Only the
standard library and git, and no checkout: the working tree stays as it is.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.progress import say

ROOT = Path(__file__).resolve().parents[1]


class NotPublished(Exception):
    """The branch could not be written; the message says why."""


def git(*arguments: str, repository: Path, environment: dict[str, str] | None = None) -> str:
    """Run git and return what it prints; its own words when it fails."""
    command = ["git", "-C", str(repository), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(environment or {})})
    if done.returncode:
        raise NotPublished(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout.strip()


def branch_name(config: Path) -> str:
    """Return the branch that the book's launch links name."""
    found = re.search(r"^\s+notebook_branch:\s*([\w./-]+)", config.read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else "notebooks"


def publish(site: Path, branch: str, *, repository: Path = ROOT, remote: str = "origin") -> bool:
    """Commit the site's notebooks to a branch of a remote repository.

    Parameters
    ----------
    site : pathlib.Path
        The folder of the built pages.
    branch : str
    repository : pathlib.Path
        A clone; its files and its index stay untouched.
    remote : str

    Returns
    -------
    bool
        Whether there was anything new.

    Raises
    ------
    NotPublished
        When the site has no notebooks, or git refuses.
    """
    folder = (site / "_sources").resolve()
    if not any(folder.rglob("*.ipynb")):
        raise NotPublished(f"There are no notebooks in {folder}; build the book first: make book")
    with tempfile.TemporaryDirectory() as scratch:
        index = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
        names = "\0".join(path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.ipynb")))
        listed = Path(scratch) / "names"
        listed.write_text(names, encoding="utf-8")
        git(
            *(f"--work-tree={folder}", "add", "--force"),
            *(f"--pathspec-from-file={listed}", "--pathspec-file-nul"),
            repository=folder,
            environment={**index, "GIT_DIR": git("rev-parse", "--absolute-git-dir", repository=repository)},
        )
        tree = git("write-tree", repository=repository, environment=index)
    parent = git("ls-remote", remote, f"refs/heads/{branch}", repository=repository).partition("\t")[0]
    if parent:
        git("fetch", "--depth=1", remote, parent, repository=repository)
        if git("rev-parse", f"{parent}^{{tree}}", repository=repository) == tree:
            return False
    name, mail, commit = git("log", "-1", "--format=%an%n%ae%n%h", repository=repository).splitlines()
    author = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in
              (("NAME", name), ("EMAIL", mail))}  # fmt: skip
    since = ["-p", parent] if parent else []
    message = f"The chapters as notebooks, from {commit}"
    made = git("commit-tree", tree, *since, "-m", message, repository=repository, environment=author)
    git("push", remote, f"{made}:refs/heads/{branch}", repository=repository)
    return True


def main() -> int:
    """Publish the notebooks of a built site; without an argument, of book/_build/html."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("site", nargs="?", type=Path, default=ROOT / "book" / "_build" / "html")
    site = parser.parse_args().site
    branch = branch_name(ROOT / "book" / "_config.yml")
    try:
        new = publish(site, branch)
    except NotPublished as error:
        say(f"Error: {error}")
        return 1
    say(f"The branch {branch} {'has the new notebooks' if new else 'was up to date'}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
