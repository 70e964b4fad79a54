"""Launch, repository and report-an-error links at the top of each page, from the addresses said once.

The theme's own links open a chapter's source, which Colab cannot read and a plain Jupyter shows as text, and stop the
build for a repository on a host they do not know. So this extension takes the addresses out of the theme's options
and adds the links itself (see ``addresses``). Without a repository the pages stay as they are.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from addresses import Addresses, read
from notebook_downloads import is_chapter
from sphinx.application import Sphinx
from sphinx.config import Config

from cs_cnn.course import calendar
from cs_cnn.errors import CsCnnError

ICONS = {"Colab": "fas fa-cloud", "Binder": "fas fa-layer-group", "JupyterHub": "fas fa-university"}
REPORT = "Report an error"


def addresses(app: Sphinx) -> Addresses:
    """Return the addresses of this build."""
    return Addresses(**app.config.course_addresses)


def settle(app: Sphinx, config: Config) -> None:
    """Take the addresses out of the theme's options, and let the site's be known to Sphinx."""
    course = Path(app.srcdir).parent / "course.yml"
    if not config.html_baseurl and course.is_file():
        with contextlib.suppress(CsCnnError):  # the calendar's own directives say it, with the line
            config.html_baseurl = calendar.load(course).book
    options = dict(config.html_theme_options)
    config.course_addresses = read(options, config.html_baseurl).values()
    if config.html_baseurl:
        config.html_baseurl = config.html_baseurl.rstrip("/") + "/"
    for name in ("repository_url", "repository_branch", "launch_buttons"):
        options.pop(name, None)
    config.html_theme_options = options


def report_link(known: Addresses, docname: str, title: str) -> str:
    """Return the form for an error on a page; ``report.js`` adds the section and the words that are marked."""
    where = known.page(docname) or f"{docname}.html"
    body = f"Page: {where}\nSection: \n\nWhat is wrong:\n\n\nWhat should stand there:\n\n"
    return known.issue(f"Error in “{title}”", body) if known.repository else ""


def group(icon: str, tooltip: str, label: str, links: list[tuple[str, str, str]]) -> dict[str, Any]:
    """Make one menu of the page's header from (text, address, icon)."""
    buttons = [{"type": "link", "text": text, "url": url, "icon": icon} for text, url, icon in links]
    return {"type": "group", "tooltip": tooltip, "icon": icon, "label": label, "buttons": buttons}


def add_menus(app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Put the menus into the header of a page, before the theme's own."""
    known = addresses(app)
    if not known.repository or doctree is None or "header_buttons" not in context:
        return
    menus = []
    if is_chapter(app, pagename) and (found := known.launches(pagename)):
        links = [(f"Open in {name}", url, ICONS[name]) for name, url in found]
        menus.append(group("fas fa-rocket", "Run this chapter elsewhere", "launch-buttons", links))
    links = [("Repository", known.repository, "fas fa-code-branch")]
    if report := report_link(known, pagename, app.env.titles[pagename].astext()):
        links.append((REPORT, report, "fas fa-flag"))
    menus.append(group("fas fa-pencil-alt", "Source and errors", "source-buttons", links))
    context["header_buttons"][:0] = menus


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    app.add_config_value("course_addresses", {}, "html")
    app.connect("config-inited", settle, priority=1)
    app.connect("html-page-context", add_menus, priority=502)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
