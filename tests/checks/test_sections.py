"""Where a hint sends its reader: the page and the heading exist in the book."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cs_cnn import checks
from cs_cnn.checks.mistakes import everything


def test_every_section_exists(root: Path) -> None:
    sections = {task.section for task in checks.tasks()} | {
        mistake.section for mistake in everything() if mistake.section
    }
    for section in sections:
        page, label = section.split("#")
        text = (root / "book" / f"{page}.md").read_text(encoding="utf-8")
        assert f"({label})=" in text, section


def _headings(book: Path) -> dict[str, set[str]]:
    """Return the headings of every chapter by its title."""
    found: dict[str, set[str]] = {}
    for page in book.rglob("*.md"):
        if "_build" not in page.parts:
            text = re.sub(
                r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
            )
            title, *rest = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE) or [""]
            found[title] = set(rest)
    return found


@pytest.mark.parametrize("assignment", ["a1", "a2", "a3", "a4", "a5", "a6"])
def test_the_notebooks_name_real_chapters_and_sections(assignment: str, root: Path) -> None:
    (source,) = (root / "solutions").glob(f"{assignment}_*/*.py")
    headings = _headings(root / "book")
    text = re.sub(r"\n# ?", " ", source.read_text(encoding="utf-8"))
    read = re.findall(r"Read: (chapter .+?\.)(?:\s|$)", text)
    assert len(read) >= 8
    for sentence in read:
        for part in sentence.split("; chapter"):
            chapter, *sections = re.findall(r"\*(.+?)\*", part)
            assert chapter in headings, chapter
            assert set(sections) <= headings[chapter], (chapter, sections)
