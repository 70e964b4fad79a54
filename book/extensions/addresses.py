"""Where the course lies on the web, said once, and every link that follows from it.

``book/_config.yml`` gives the repository (``repository:``) and the services that run notebooks (``launch_buttons:``);
``course.yml`` gives the address of the site (``book:``). An address that is empty shows nothing. The chapters are
text, which Colab and a plain Jupyter do not open, so what is launched is the generated notebook of each chapter, on a
branch of its own: ``notebook_branch`` holds what the site serves below ``_sources``, at the same paths.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode, urlsplit


@dataclass(frozen=True)
class Addresses:
    """All addresses of a published course; each is empty where there is none, and none ends with a slash.

    Parameters
    ----------
    repository : str
        The project's repository, as a browser opens it.
    branch, notebook_branch : str
        The branch with the project, and the one with the chapters as notebooks.
    colab, binder, hub : str
        The services that open notebooks: Google Colab, a BinderHub, and a JupyterHub with nbgitpuller.
    site : str
        Where readers find the book.
    """

    repository: str = ""
    branch: str = "main"
    notebook_branch: str = "notebooks"
    colab: str = ""
    binder: str = ""
    hub: str = ""
    site: str = ""

    @property
    def host(self) -> str:
        """The kind of host the repository is on: "github", "gitlab" or "git"."""
        name = urlsplit(self.repository).netloc
        return next((host for host in ("github", "gitlab") if host in name), "git")

    @property
    def path(self) -> str:
        """The repository's path on its host, as in "owner/project"."""
        return urlsplit(self.repository).path.strip("/").removesuffix(".git")

    @property
    def folder(self) -> str:
        """The folder that a clone of the repository makes."""
        return self.path.rpartition("/")[2]

    def page(self, docname: str) -> str:
        """Return the address of a page of the site, or "" where the site has none."""
        return f"{self.site}/{quote(docname)}.html" if self.site else ""

    def launches(self, docname: str) -> list[tuple[str, str]]:
        """Return the services that open a chapter's notebook, each with the address that does.

        Examples
        --------
        >>> course = Addresses("https://github.com/o/p", colab="https://colab.example")
        >>> course.launches("a/b")
        [('Colab', 'https://colab.example/github/o/p/blob/notebooks/a/b.ipynb')]
        """
        if not self.repository:
            return []
        found = []
        if self.colab and self.host == "github":
            file = f"{self.path}/blob/{self.notebook_branch}/{docname}.ipynb"
            found.append(("Colab", f"{self.colab}/github/{quote(file)}"))
        if self.binder:
            # The environment is that of the project's branch: a new text of a chapter builds no new image.
            found.append(
                ("Binder", f"{self.binder}/v2/{self.image}?{urlencode({'urlpath': self.pull(docname)})}")
            )
        if self.hub:
            found.append(("JupyterHub", f"{self.hub}/hub/user-redirect/{self.pull(docname)}"))
        return found

    @property
    def image(self) -> str:
        """The project as a BinderHub names it."""
        if self.host == "github":
            return f"gh/{quote(self.path)}/{quote(self.branch)}"
        if self.host == "gitlab":
            return f"gl/{quote(self.path, safe='')}/{quote(self.branch)}"
        return f"git/{quote(self.repository, safe='')}/{quote(self.branch)}"

    def pull(self, docname: str) -> str:
        """Return what nbgitpuller is asked for: the branch with the notebooks, and the one to open."""
        opened = f"lab/tree/{self.folder}/{docname}.ipynb"
        return "git-pull?" + urlencode(
            {"repo": self.repository, "branch": self.notebook_branch, "urlpath": opened}
        )

    def issue(self, title: str, body: str) -> str:
        """Return the form for a new issue, filled in, or "" where the host has none that takes it."""
        if self.host == "github":
            return (
                f"{self.repository}/issues/new?{urlencode({'title': title, 'body': body}, quote_via=quote)}"
            )
        if self.host == "gitlab":
            fields = {"issue[title]": title, "issue[description]": body}
            return f"{self.repository}/-/issues/new?{urlencode(fields, quote_via=quote)}"
        return ""

    def requirement(self) -> str:
        """Return what pip installs to run a chapter, or "" without a repository."""
        return f"cs-cnn[pretrained] @ git+{self.repository}@{self.branch}" if self.repository else ""

    def values(self) -> dict[str, str]:
        """Return the addresses as a plain dictionary, which Sphinx can compare with those of the last build."""
        return asdict(self)


def read(options: dict[str, Any], site: str) -> Addresses:
    """Read what Jupyter Book has made of ``repository:`` and ``launch_buttons:``.

    Parameters
    ----------
    options : dict
        The theme's options.
    site : str
        The address of the site, "" for none.

    Returns
    -------
    Addresses
    """
    launch = options.get("launch_buttons") or {}
    named = {
        "repository": str(options.get("repository_url") or "").removesuffix(".git"),
        "branch": options.get("repository_branch"),
        "notebook_branch": launch.get("notebook_branch"),
        "colab": launch.get("colab_url"),
        "binder": launch.get("binderhub_url"),
        "hub": launch.get("jupyterhub_url"),
        "site": site,
    }
    return replace(
        Addresses(), **{name: str(value).strip().rstrip("/") for name, value in named.items() if value}
    )
