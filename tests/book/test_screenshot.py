"""The README's picture can be taken anew from the book, and is small."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from tools import screenshot


def test_the_picture_in_the_readme_is_small(root: Path) -> None:
    name = str(screenshot.TARGET.relative_to(root))
    assert f"]({name})" in (root / "README.md").read_text()
    assert screenshot.TARGET.stat().st_size < screenshot.LARGEST
    assert Image.open(screenshot.TARGET).size == (screenshot.WIDTH, screenshot.HEIGHT)


@pytest.mark.browser
def test_it_can_be_taken_anew(site: Path) -> None:
    content = screenshot.picture(site)
    taken = Image.open(io.BytesIO(content))
    assert len(content) < screenshot.LARGEST and taken.size == (screenshot.WIDTH, screenshot.HEIGHT)
    assert len(taken.convert("RGB").getcolors(1000) or []) > 20  # a page, and not an empty one
