"""`assignments/CHANGELOG.md`: what changed for students since they received an assignment.

There is one entry for each assignment in each version of the course. It has no date but the version, so that it comes
out the same on every machine. Changes within one version are gathered in one entry.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TITLE = """\
# Changes to the assignments

Written by `cs-cnn release` when what students receive changes; `--note` adds a sentence. Names are those of cells.
"""
FIRST = "First release."
_NAMED = ("Cells added", "Cells removed", "Cells changed", "Files added", "Files removed", "Files changed")
_LISTED = re.compile(rf"^- ({'|'.join(_NAMED)}): (.*)\.$")
_POINTS = re.compile(r"^- (Points(?: of `[\w-]+`)?): (\S+) → (\S+)\.$")


@dataclass
class Changes:
    """What differs: names by heading, points before and after, and sentences."""

    named: dict[str, list[str]] = field(default_factory=dict)
    points: dict[str, tuple[str, str]] = field(default_factory=dict)
    sentences: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Return the lines of the entry."""
        lines = [f"- {sentence}" for sentence in self.sentences if sentence == FIRST]
        for heading in _NAMED:
            if names := self.named.get(heading):
                lines.append(f"- {heading}: {', '.join(f'`{name}`' for name in names)}.")
        lines += [f"- {what}: {before} → {after}." for what, (before, after) in self.points.items()]
        return lines + [f"- {sentence}" for sentence in self.sentences if sentence != FIRST]

    def add(self, later: Changes) -> None:
        """Go on with changes that were made after these."""
        for kind in ("Cells", "Files"):
            before = {
                verb: list(self.named.get(f"{kind} {verb}", [])) for verb in ("added", "removed", "changed")
            }
            for name in later.named.get(f"{kind} added", []):
                verb = "changed" if name in before["removed"] else "added"
                before["removed"] = [each for each in before["removed"] if each != name]
                before[verb].append(name)
            for name in later.named.get(f"{kind} removed", []):
                if name not in before["added"]:
                    before["removed"].append(name)
                for verb in ("added", "changed"):
                    before[verb] = [each for each in before[verb] if each != name]
            for name in later.named.get(f"{kind} changed", []):
                if name not in before["added"]:
                    before["changed"].append(name)
            for verb, names in before.items():
                self.named[f"{kind} {verb}"] = list(dict.fromkeys(names))
        for what, (old, new) in later.points.items():
            first = self.points.get(what, (old, new))[0]
            self.points[what] = (first, new)
            if first == new:
                del self.points[what]
        self.sentences = list(dict.fromkeys(self.sentences + later.sentences))


def _cells(notebook: Mapping[str, Any]) -> dict[str, tuple[str, str, float]]:
    """Map the name of each cell to its kind, text and points; free cells have no lasting name and count together."""
    found: dict[str, tuple[str, str, float]] = {}
    for cell in notebook["cells"]:
        grading = cell["metadata"].get("nbgrader")
        if grading:
            text = "".join(cell["source"])
            found[grading["grade_id"]] = (cell["cell_type"], text, float(grading.get("points", 0)))
    return found


def _free(notebook: Mapping[str, Any]) -> Counter[str]:
    return Counter(
        "".join(cell["source"]) for cell in notebook["cells"] if not cell["metadata"].get("nbgrader")
    )


def compare(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    old_files: Mapping[str, bytes],
    new_files: Mapping[str, bytes],
) -> Changes:
    """Say what differs between two releases of an assignment.

    Parameters
    ----------
    old, new : mapping
        The notebooks.
    old_files, new_files : mapping of str to bytes
        The data files beside them.

    Returns
    -------
    Changes
    """
    changes = Changes()
    before, after = _cells(old), _cells(new)
    changes.named["Cells added"] = [name for name in after if name not in before]
    changes.named["Cells removed"] = [name for name in before if name not in after]
    common = [name for name in after if name in before]
    changes.named["Cells changed"] = [name for name in common if before[name][:2] != after[name][:2]]
    totals = [sum(points for _, _, points in cells.values()) for cells in (before, after)]
    if totals[0] != totals[1]:
        changes.points["Points"] = (f"{totals[0]:g}", f"{totals[1]:g}")
    for name in common:
        if before[name][2] != after[name][2]:
            changes.points[f"Points of `{name}`"] = (f"{before[name][2]:g}", f"{after[name][2]:g}")
    if _free(old) != _free(new):
        changes.sentences.append("Cells without a name changed.")
    changes.named["Files added"] = [name for name in sorted(new_files) if name not in old_files]
    changes.named["Files removed"] = [name for name in sorted(old_files) if name not in new_files]
    both = sorted(new_files.keys() & old_files.keys())
    changes.named["Files changed"] = [name for name in both if new_files[name] != old_files[name]]
    return changes


def _read(lines: list[str]) -> Changes:
    changes = Changes()
    for line in lines:
        if listed := _LISTED.match(line):
            changes.named[listed.group(1)] = re.findall(r"`([^`]+)`", listed.group(2))
        elif points := _POINTS.match(line):
            changes.points[points.group(1)] = (points.group(2), points.group(3))
        elif line.startswith("- "):
            changes.sentences.append(line[2:])
        elif line.startswith("  ") and changes.sentences:
            changes.sentences[-1] += f" {line.strip()}"  # a sentence that somebody wrapped
    return changes


def _sections(text: str) -> dict[str, dict[str, Changes]]:
    """Return the entries of a changelog: by version, then by assignment."""
    found: dict[str, dict[str, Changes]] = {}
    for version in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        heading, *body = version.split("\n", 1)
        entries = found.setdefault(heading.strip(), {})
        for entry in re.split(r"^### ", body[0] if body else "", flags=re.MULTILINE)[1:]:
            name, *lines = entry.splitlines()
            entries[name.strip()] = _read(lines)
    return found


def has_entry(text: str, assignment: str) -> bool:
    """Tell whether a changelog has any entry for an assignment."""
    return any(assignment in entries for entries in _sections(text).values())


def add(text: str, version: str, assignment: str, changes: Changes) -> str:
    """Add changes to a changelog.

    Parameters
    ----------
    text : str
        The changelog so far; may be empty.
    version : str
        Version of the course; a new one is put at the top.
    assignment : str
        Full name.
    changes : Changes

    Returns
    -------
    str
        The whole changelog. Adding nothing changes nothing.
    """
    sections = _sections(text)
    if version not in sections:
        sections = {version: {}, **sections}
    entries = sections[version]
    entries.setdefault(assignment, Changes()).add(changes)
    parts = [TITLE]
    for heading, found in sections.items():
        filled = {name: each.lines() for name, each in sorted(found.items()) if each.lines()}
        if filled:
            parts.append(f"\n## {heading}\n")
            parts += ["\n" + "\n".join([f"### {name}", "", *lines]) + "\n" for name, lines in filled.items()]
    return "".join(parts)
