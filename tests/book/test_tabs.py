"""NumPy | PyTorch: both ran, one choice for all, remembered on the next page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .conftest import BOOK, CHAPTERS

WITH_TABS = [page for page in CHAPTERS if "tab-torch" in (BOOK / f"{page}.md").read_text(encoding="utf-8")]


@pytest.mark.parametrize("page", WITH_TABS)
def test_every_tab_has_its_partner(page: str, site: Path) -> None:
    html = (site / f"{page}.html").read_text(encoding="utf-8")
    for library in ("numpy", "torch"):
        assert html.count(f'data-sync-id="{library}"') == (BOOK / f"{page}.md").read_text().count(
            f"tab-{library}"
        )


@pytest.mark.browser
def test_a_choice_holds_for_all_tabs_and_the_next_page(browser: Any, address: str) -> None:
    if not WITH_TABS:
        pytest.skip("no chapter has tabs")
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}{WITH_TABS[0]}.html")
    page.locator('label[data-sync-id="torch"]').first.click()
    checked = "l => l.map(e => document.getElementById(e.htmlFor).checked)"
    assert all(page.locator('label[data-sync-id="torch"]').evaluate_all(checked))
    page.goto(f"{address}{WITH_TABS[-1]}.html")
    assert all(page.locator('label[data-sync-id="torch"]').evaluate_all(checked))
    first = page.locator(".code-tabs input").first
    page.locator(".code-tabs input:checked").first.focus()
    page.keyboard.press("ArrowLeft")
    assert first.is_checked()
    context.close()
