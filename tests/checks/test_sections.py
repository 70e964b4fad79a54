"""Where a hint sends its reader: the page and the heading exist in the book."""

from __future__ import annotations

import re
from pathlib import Path

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


def test_the_notebook_names_real_chapters_and_sections(root: Path) -> None:
    source = root / "solutions" / "a2_two_layer_net" / "two_layer_net.py"
    text = re.sub(r"\n# ?", " ", source.read_text(encoding="utf-8"))
    titles: set[str] = set()
    for page in (root / "book").rglob("*.md"):
        if "_build" not in page.parts:
            titles |= set(re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE))
    read = re.findall(r"Read: (.+?\.)(?:\s|$)", text)
    assert len(read) >= 8
    for sentence in read:
        for name in re.findall(r"\*(.+?)\*", sentence):
            assert name in titles, name
