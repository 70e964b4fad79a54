"""Where the course lies: every link that follows from an address, nothing without one, and notebooks that run."""

from __future__ import annotations

import ast
import doctest
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import nbformat
import pytest
import yaml

from .conftest import BOOK, CHAPTERS, PAGES, ROOT

PAGE = """\
---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {name: python3, display_name: Python 3, language: python}
---

# The & of all

A box holds $10^6 \\times 3$ numbers. It has never been opened by anybody that we know of, and it stands there. So it
has stood for years, in the corner of a room that nobody uses, behind a door without a handle. What is in it?

```{chapter-card}
```

```{reading-progress}
```
"""
EXTENSIONS = ("chapter_card", "launch", "chapter_end", "description", "notebook_downloads")
REPOSITORY = "https://github.com/owner/project"
SERVICES = {
    "colab_url": "https://colab.example/",
    "binderhub_url": "https://binder.example",
    "jupyterhub_url": "https://hub.example/",
}


@pytest.mark.parametrize("name", ["addresses", "cite", "description", "notebook_words", "share_card"])
def test_examples_in_docstrings(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted and not found.failed


def known(repository: str = REPOSITORY, site: str = "https://book.example/cnn/"):
    """Return the addresses of a published course."""
    import addresses

    options = {"repository_url": repository, "repository_branch": "main", "launch_buttons": SERVICES}
    return addresses.read(options, site)


def pulled(query: str) -> dict[str, list[str]]:
    """Read what nbgitpuller is asked for."""
    path, _, rest = query.partition("?")
    assert path == "git-pull"
    return parse_qs(rest, strict_parsing=True)


def test_a_chapter_opens_as_its_notebook_in_each_service() -> None:
    links = dict(known().launches("part/chapter"))
    assert links["Colab"] == "https://colab.example/github/owner/project/blob/notebooks/part/chapter.ipynb"
    binder = urlsplit(links["Binder"])
    assert binder.path == "/v2/gh/owner/project/main"  # the image; what it opens comes from the other branch
    wanted = {
        "repo": [REPOSITORY],
        "branch": ["notebooks"],
        "urlpath": ["lab/tree/project/part/chapter.ipynb"],
    }
    assert pulled(parse_qs(binder.query)["urlpath"][0]) == wanted
    hub = links["JupyterHub"].removeprefix("https://hub.example/hub/user-redirect/")
    assert pulled(hub) == wanted


@pytest.mark.parametrize(
    ("repository", "image"),
    [
        ("https://gitlab.com/group/sub/project.git", "gl/group%2Fsub%2Fproject/main"),
        ("https://git.example/project", "git/https%3A%2F%2Fgit.example%2Fproject/main"),
    ],
)
def test_other_hosts_have_no_colab(repository: str, image: str) -> None:
    links = dict(known(repository).launches("a"))
    assert list(links) == ["Binder", "JupyterHub"]
    assert f"/v2/{image}?" in links["Binder"]


def test_a_report_is_filled_in_where_the_host_takes_it() -> None:
    import launch

    form = urlsplit(launch.report_link(known(), "part/chapter", "Cats & dogs"))
    fields = parse_qs(form.query, strict_parsing=True)
    assert form.path == "/owner/project/issues/new"
    assert fields["title"] == ["Error in “Cats & dogs”"]
    assert "Page: https://book.example/cnn/part/chapter.html\nSection: \n" in fields["body"][0]
    assert "/-/issues/new?issue%5Btitle%5D=" in launch.report_link(known("https://gitlab.com/o/p"), "a", "A")
    assert launch.report_link(known("https://git.example/p"), "a", "A") == ""
    assert launch.report_link(known(""), "a", "A") == ""


def small(small_book, **settings: object) -> tuple[str, Path]:
    """Build one chapter and return its page and the folder of the site."""
    files = {name: (ROOT / name).read_text(encoding="utf-8") for name in ("course.yml", "CITATION.cff")}
    if site := settings.pop("site", ""):
        files["course.yml"] = files["course.yml"].replace(
            "ai_policies:", f"  book: {site}\n\nai_policies:", 1
        )
    out, warnings = small_book(PAGE, *EXTENSIONS, files=files, settings=settings)
    assert not warnings
    return (out / "index.html").read_text(encoding="utf-8"), out


def test_without_an_address_nothing_is_shown(small_book) -> None:
    page, out = small(small_book)
    assert 'class="read-mark"' in page and "Cite this chapter" in page
    for absent in ("og:", "canonical", "issues/new", "Report an error", "git-pull", "colab", "url ="):
        assert absent not in page, absent
    notebook = nbformat.read(out / "_sources" / "index.ipynb", as_version=4)
    assert [cell.cell_type for cell in notebook.cells] == ["markdown", "markdown"]
    assert '%pip install "PATH/TO/THE/PROJECT[pretrained]"' in notebook.cells[0].source


def test_with_its_addresses_all_of_it_is_there(small_book) -> None:
    options = {"repository_url": REPOSITORY, "repository_branch": "main", "launch_buttons": SERVICES}
    page, out = small(small_book, site="https://book.example/cnn", html_theme_options=options)
    assert '<meta property="og:title" content="The &amp; of all" />' in page
    assert '<meta property="og:url" content="https://book.example/cnn/index.html" />' in page
    described = "A box holds 10⁶ × 3 numbers. … What is in it?"
    assert page.count(described) >= 2 and f'<meta name="description" content="{described}" />' in page
    card = re.search(r'property="og:image" content="https://book.example/cnn/([^"]+)"', page)
    assert card and (out / card[1]).read_bytes().startswith(b"\x89PNG")
    assert "url = {https://book.example/cnn/index.html}" in page
    assert page.count(f"{REPOSITORY}/issues/new?") == 1  # at the end; the header is the theme's
    notebook = nbformat.read(out / "_sources" / "index.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[1].id == "install"
    assert f"cs-cnn[pretrained] @ git+{REPOSITORY}@main" in notebook.cells[1].source


def test_the_header_gets_its_menus_from_the_addresses(small_book, monkeypatch: pytest.MonkeyPatch) -> None:
    import launch

    seen: list[dict] = []
    own = launch.add_menus

    def with_header(app, pagename, template, context, doctree) -> None:
        context["header_buttons"] = []
        own(app, pagename, template, context, doctree)
        seen.extend(context["header_buttons"])

    monkeypatch.setattr(launch, "add_menus", with_header)
    small(small_book)
    assert not seen
    options = {"repository_url": REPOSITORY, "launch_buttons": SERVICES}
    small(small_book, html_theme_options=options)
    texts = [[button["text"] for button in menu["buttons"]] for menu in seen]
    assert texts == [
        ["Open in Colab", "Open in Binder", "Open in JupyterHub"],
        ["Repository", "Report an error"],
    ]


def test_the_book_names_its_services_and_no_address_yet() -> None:
    settings = yaml.safe_load((BOOK / "_config.yml").read_text(encoding="utf-8"))
    assert settings["launch_buttons"]["colab_url"] and settings["launch_buttons"]["binderhub_url"]
    repository = settings["repository"]["url"]
    assert not repository or urlsplit(repository).scheme == "https"


def test_citations_keep_names_and_escape_what_tex_reads() -> None:
    import cite

    course = cite.load(ROOT / "CITATION.cff")
    entry = cite.bibtex(course, cite.Chapter("k", "AlexNet & friends", "7"))
    assert "title = {{AlexNet \\& friends}}," in entry and "url" not in entry
    assert f"year = {{{course.year}}}," in entry and entry.count("{") == entry.count("}")
    people = cite.Course("T", ("LeCun, Yann", "The team"), "1998", "")
    assert "author = {LeCun, Yann and {The team}}," in cite.bibtex(people, cite.Chapter("k", "A"))


def imports(code: str) -> set[str]:
    """Return the packages that a cell cannot do without: those imported outside of `try`."""
    tree = ast.parse(re.sub(r"^\s*[%!].*$", "", code, flags=re.M))
    found = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = [node.module or "" if isinstance(node, ast.ImportFrom) else node.names[0].name for node in found]
    return {name.partition(".")[0] for name in names}


def test_notebooks_need_only_what_the_package_brings() -> None:
    # cs-cnn[pretrained] brings PyTorch, matplotlib and scikit-learn, and that SciPy and threadpoolctl.
    brought = {"cs_cnn", "numpy", "matplotlib", "torch", "sklearn", "scipy", "threadpoolctl", "IPython"}
    import notebook_downloads

    for chapter in CHAPTERS:
        source = (BOOK / f"{chapter}.md").read_text(encoding="utf-8")
        notebook = notebook_downloads.chapter_notebook(source, chapter)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                foreign = imports(cell.source) - brought - set(sys.stdlib_module_names)
                assert not foreign, f"{chapter}: {foreign}"


def test_a_notebook_shows_results_titles_and_numbers() -> None:
    import notebook_downloads
    from notebook_words import Words

    words = Words(
        titles={"one": "The first", "/b/two": "The second"},
        equations={"eq-a": "4"},
        sources={"lecun1998": "LeCun et al., 1998"},
        glued={"share": "0.256"},
    )
    text = "{ref}`one`, [](../b/two.md), {cite}`lecun1998`: {glue:text}`share:.0%`.\n\n"
    text += "$$\nx\n$$ (eq-a)\n\nSee {eq}`eq-a`."
    plain = notebook_downloads.plain_markdown(text, "a/one", words)
    assert plain.startswith("The first, The second, (LeCun et al., 1998): 26%.")
    assert "\\tag{4}\n$$" in plain and plain.endswith("See (4).")


def test_the_notebooks_of_the_site_hold_the_results(site: Path) -> None:
    for chapter in CHAPTERS:
        notebook = nbformat.read(site / "_sources" / f"{chapter}.ipynb", as_version=4)
        names = re.findall(r"\{glue:text\}`([\w-]+)", (BOOK / f"{chapter}.md").read_text(encoding="utf-8"))
        words = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
        assert not [name for name in names if f"`{name}`" in words], chapter


def test_a_downloaded_notebook_runs_elsewhere(tmp_path: Path) -> None:
    """Run one as a reader does, in an empty folder, where the book's own tools are not installed."""
    import notebook_downloads

    source = (BOOK / "foundations" / "perceptron.md").read_text(encoding="utf-8")
    notebook = notebook_downloads.chapter_notebook(source, "foundations/perceptron", known=known())
    nbformat.write(notebook, tmp_path / "chapter.ipynb")
    (tmp_path / "myst_nb.py").write_text('raise ImportError("not on this machine")\n', encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "jupyter", "execute", "--inplace", "chapter.ipynb"],
        cwd=tmp_path,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    ran = nbformat.read(tmp_path / "chapter.ipynb", as_version=4)
    assert all(cell.execution_count for cell in ran.cells if cell.cell_type == "code")
    assert ran.metadata.kernelspec.name == "python3"


def test_every_page_says_what_it_is_about(site: Path) -> None:
    described: dict[str, str] = {}
    for page in PAGES:
        found = re.findall(
            r'<meta name="description" content="([^"]*)"', (site / f"{page}.html").read_text("utf-8")
        )
        assert len(found) == 1, page
        assert 30 < len(found[0]) < 260, (page, found)
        assert not re.search(r"[\\${}]|`", found[0]), (page, found)
        assert found[0] not in described, (page, described[found[0]])
        described[found[0]] = page
