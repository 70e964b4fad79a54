"""The templates of all pages, and what they share."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from cs_cnn.course.grading import marks

_STYLE = "xcode"  # one of the few Pygments styles whose every colour has a contrast of 4.5 on white


@lru_cache(maxsize=1)
def environment() -> Any:
    """Return the Jinja environment of the folder `templates/`; everything is escaped."""
    import jinja2
    from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]

    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    made.filters["points"] = marks.number
    made.filters["percent"] = lambda share: f"{100 * share:.0f} %"
    colours = HtmlFormatter(style=_STYLE).get_style_defs("pre.code")
    # Only the colours: sizes and backgrounds are the page's own.
    lines = [line for line in colours.splitlines() if re.match(r"^pre\.code \.\w+ \{ (color|font)", line)]
    made.globals["highlight"] = Markup("\n".join(lines))
    return made
