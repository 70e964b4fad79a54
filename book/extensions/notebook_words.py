"""What the roles of a chapter stand for, where plain Jupyter cannot look it up: titles, numbers, names, results.

A notebook for download shows "Fig. 12", "(LeCun et al., 1998)" and the number that the build computed, as the page
does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from myst_nb.core.variables import format_plain_text
from myst_nb.ext.glue.crossref import read_glue_cache
from sphinx.environment import BuildEnvironment

ROLE = re.compile(r"\{(?P<name>[\w:]+)\}`(?P<text>[^`]+)`")
NAMED = re.compile(r"^(?P<shown>.*?)\s*<(?P<target>[^>]*)>$", re.S)


@dataclass(frozen=True)
class Words:
    """What is known of labels, figures, equations, sources and results; a role that is not known keeps its words.

    Parameters
    ----------
    titles, figures, equations, sources, glued : dict of str to str
        By label, key or name: the title of a section, "Fig. 3", "7", "LeCun et al., 1998", and the text of a result.
    """

    titles: dict[str, str] = field(default_factory=dict)
    figures: dict[str, str] = field(default_factory=dict)
    equations: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    glued: dict[str, str] = field(default_factory=dict)

    def plain(self, text: str) -> str:
        """Put the roles of a text into plain words.

        Examples
        --------
        >>> words = Words(figures={"fig-a": "Fig. 1"}, glued={"n": "2.25"})
        >>> words.plain("{numref}`fig-a` shows {glue:text}`n:.1f` of {term}`stride` {math}`s`.")
        'Fig. 1 shows 2.2 of stride $s$.'
        """
        return ROLE.sub(self.role, text)

    def role(self, match: re.Match[str]) -> str:
        """Put one role into words."""
        name, text = match["name"], match["text"]
        if name == "math":
            return f"${text}$"
        if name.startswith("glue"):
            return self.result(text)
        if name.startswith("cite"):
            found = "; ".join(self.sources.get(key.strip(), key.strip()) for key in text.split(","))
            return found if name == "cite:t" else f"({found})"
        if (named := NAMED.match(text)) and "%s" not in named["shown"]:
            return named["shown"]
        target = named["target"] if named else text
        if name == "eq":
            return f"({self.equations.get(target, target)})"
        spoken = target.replace("-", " ") if name in ("ref", "numref", "prf:ref") else target
        return self.titles.get(target, spoken) if name != "numref" else self.figures.get(target, spoken)

    def result(self, text: str) -> str:
        """Format a result as the page does; one that is not there keeps its name."""
        key, _, style = text.partition(":")
        return format_plain_text(self.glued[key], style) if key in self.glued else f"`{key}`"


def short_name(people: list[str], year: str) -> str:
    """Name the authors of a source as a text does.

    Examples
    --------
    >>> short_name(["LeCun", "Bottou", "Bengio"], "1998")
    'LeCun et al., 1998'
    """
    who = " and ".join(people) if len(people) < 3 else f"{people[0]} et al."
    return f"{who}, {year}" if who else year


def of_book(env: BuildEnvironment) -> Words:
    """Collect what holds for all chapters."""
    standard, figures = env.get_domain("std"), {}
    for label, (docname, target) in standard.anonlabels.items():
        for kind, numbers in env.toc_fignumbers.get(docname, {}).items():
            if target in numbers and kind in env.config.numfig_format:
                number = ".".join(map(str, numbers[target]))
                figures[label] = env.config.numfig_format[kind] % number
    equations = {label: str(found[1]) for label, found in env.get_domain("math").equations.items()}
    sources = {}
    if "cite" in env.domains:
        for key, entry in env.get_domain("cite").bibdata.data.entries.items():
            people = [
                " ".join([*each.prelast_names, *each.last_names]) for each in entry.persons.get("author", [])
            ]
            sources[key] = short_name(
                [re.sub(r"[{}]", "", each) for each in people], entry.fields.get("year", "")
            )
    titles = {label: title for label, (_, _, title) in standard.labels.items()}
    return Words(titles, figures, equations, sources)


def results(env: BuildEnvironment, docname: str) -> dict[str, str]:
    """Return the results that a chapter's cells glued when the book was built, as text."""
    folder = str(getattr(env.mystnb_config, "output_folder", ""))
    kept = read_glue_cache(folder, docname)
    return {
        key: str(value["data"]["text/plain"]) for key, value in kept.items() if "text/plain" in value["data"]
    }
