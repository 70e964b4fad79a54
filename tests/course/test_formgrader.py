"""A person reads a written answer in nbgrader's formgrader; the mark and the comment survive grading again."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook
from playwright.sync_api import expect, sync_playwright

from cs_cnn.course import engine
from tests.jupyter import FLAGS, PATIENCE, serving

from .conftest import Classroom
from .test_grade import RIGHT, run

SHOTS = Path(__file__).parents[2] / "build" / "screenshots"

pytestmark = pytest.mark.browser


def _mark(classroom: Classroom) -> Any:
    with Gradebook(engine.database_url(classroom.folder)) as gradebook:
        grade = gradebook.find_grade("why", "double", "a1_double", "ada")
        found = gradebook.find_comment("why", "double", "a1_double", "ada")
        return grade.manual_score, grade.needs_manual_grade, found.manual_comment


def _saves(response: Any, kind: str) -> bool:
    return response.request.method == "PUT" and f"/formgrader/api/{kind}/" in response.url


def test_a_written_answer_is_read_and_marked(classroom: Classroom, tmp_path: Path) -> None:
    classroom.write("ada", RIGHT, "Because two times is twice.")
    assert run(classroom).results["ada"].state == "needs_reading"
    with Gradebook(engine.database_url(classroom.folder)) as gradebook:
        submitted = gradebook.find_submission("a1_double", "ada").notebooks[0].id
    with (
        serving(tmp_path / "jupyter", classroom.folder, ["formgrader"]) as address,
        sync_playwright() as playwright,
    ):
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        try:
            page = chromium.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(PATIENCE)
            page.goto(f"{address}formgrader/gradebook/a1_double")
            expect(page.get_by_role("link", name="double")).to_be_visible(timeout=PATIENCE)
            # Until marks and comments have come, the page would overwrite what is typed.
            page.goto(f"{address}formgrader/submissions/{submitted}/", wait_until="networkidle")
            expect(page.get_by_text("Because two times is twice.")).to_be_visible(timeout=PATIENCE)
            for field, typed, kind in (
                ("input.score", "3", "grade"),
                ("textarea.comment", "Say what happens to negative numbers.", "comment"),
            ):
                place = page.locator(field).last
                with page.expect_response(partial(_saves, kind=kind)) as answer:
                    place.fill(typed)
                    place.press("Tab")
                assert answer.value.ok
            SHOTS.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=SHOTS / "formgrader.png", full_page=True)
        finally:
            chromium.close()
    kept = (3.0, False, "Say what happens to negative numbers.")
    assert _mark(classroom) == kept
    result = run(classroom, again=True).results["ada"]
    assert (result.state, result.points) == ("graded", 9.0)
    assert _mark(classroom) == kept
