"""Pages load little: icons are drawn, pictures carry their size, styles keep only what some page can use."""

from __future__ import annotations

from pathlib import Path

import light_pages
import numpy as np
import pytest
from light_styles import classes_of, trim, words_of
from PIL import Image

ICONS = {
    "fas": {"bars": [448, 512, [], "f0c9", "M0 96"]},
    "fab": {},
    "far": {"file": [384, 512, [], "f15b", "M1 1"]},
}


def lighten(page: str, folder: Path, *, searches: bool = False) -> str:
    return light_pages.lighten_page(page, folder, ICONS, light_pages.Pictures(), searches=searches)


@pytest.mark.parametrize(
    ("element", "kept"),
    [
        ('<i class="fas fa-bars"></i>', 'class="svg-inline--fa fa-bars" viewBox="0 0 448 512"'),
        ('<span class="fa-solid fa-bars"></span>', 'd="M0 96"'),
        ('<i class="far fa-file"></i>', 'd="M1 1"'),
        (
            '<i class="theme-switch fa-solid fa-bars fa-lg" data-mode="dark" ></i>',
            ' theme-switch fa-bars fa-lg" data-mode="dark" view',
        ),
        ('<i class="fas fa-bars" aria-hidden="true"></i>', 'style="--wide: 0.875" aria-hidden="true"'),
    ],
)
def test_icons_are_drawn(element: str, kept: str, tmp_path: Path) -> None:
    drawn = lighten(element, tmp_path)
    assert kept in drawn and drawn.endswith("</path></svg>")
    assert drawn.count("aria-hidden") == 1
    assert lighten(drawn, tmp_path) == drawn


def test_what_is_no_icon_stays(tmp_path: Path) -> None:
    element = '<i class="fas fa-barz"></i>'
    assert lighten(element, tmp_path) == element
    assert lighten('<i class="fast"></i>', tmp_path) == '<i class="fast"></i>'


def test_scripts_without_a_use_go(tmp_path: Path) -> None:
    page = (
        '<script defer src="../_static/scripts/fontawesome.js?digest=5"></script>\n'
        '<script src="../searchindex.js"></script><script src="../_static/quiz.js?v=1"></script>'
    )
    assert lighten(page, tmp_path) == '<script src="../_static/quiz.js?v=1"></script>'
    assert "searchindex" in lighten(page, tmp_path, searches=True)


def test_pictures_carry_their_size_and_wait_further_down(tmp_path: Path) -> None:
    Image.new("RGB", (30, 20)).save(tmp_path / "a.png")
    (tmp_path / "b.svg").write_text(
        '<?xml version="1.0"?><svg viewBox="0 0 9 9" width="72pt" height="36pt"/>'
    )
    (tmp_path / "c.svg").write_text('<svg xmlns="x" viewBox="0 0 96 48"></svg>')
    page = '<img alt="A" src="a.png" /><img src="b.svg" alt=""/><img src="c.svg" class="logo__image">'
    once = lighten(page, tmp_path)
    assert once == (
        '<img alt="A" src="a.png" width="30" height="20" decoding="async" />'
        '<img src="b.svg" alt="" width="96" height="48" decoding="async" loading="lazy" />'
        '<img src="c.svg" class="logo__image" width="96" height="48" />'
    )
    assert lighten(once, tmp_path) == once
    gone = '<img src="gone.png"><img src="data:image/png;base64,AA==">'
    assert lighten(gone, tmp_path) == gone


def test_a_large_picture_gets_a_smaller_form_with_the_same_pixels(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 64, size=(300, 300, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    assert 'src="a.webp" alt="A" width="300" height="300"' in lighten('<img src="a.png" alt="A">', tmp_path)
    assert (tmp_path / "a.webp").stat().st_size < (tmp_path / "a.png").stat().st_size
    with Image.open(tmp_path / "a.webp") as smaller:
        assert np.array_equal(np.asarray(smaller.convert("RGB")), noise)


def test_the_theme_is_known_before_the_first_paint(tmp_path: Path) -> None:
    page = f"<script>{light_pages.LATE_THEME}</script>"
    once = lighten(page, tmp_path)
    assert "prefers-color-scheme" in once and '"theme"' not in once
    assert lighten(once, tmp_path) == once


STYLE = """@charset "utf-8"; /* .gone { } */
a { b: c }
.kept, .gone { d: e; background: url("data:image/svg+xml;{}") }
.kept .gone { f: g }
.kept:not(.gone) > a[class*=".x"] { h: i }
@media (min-width: 1px) { .gone { j: k } .kept\\.1 { l: m } }
@media print { .gone { n: o } }
@keyframes spin { from { p: q } to { r: s } }
"""


def test_rules_stay_while_an_element_can_meet_them() -> None:
    trimmed = trim(STYLE, classes_of('<p class="kept other kept.1">'))
    assert trimmed.splitlines() == [
        '@charset "utf-8";',
        "a{ b: c }",
        '.kept{ d: e; background: url("data:image/svg+xml;{}") }',
        '.kept:not(.gone) > a[class*=".x"]{ h: i }',
        "@media (min-width: 1px){.kept\\.1{ l: m }}",
        "@keyframes spin{ from { p: q } to { r: s } }",
    ]
    assert trim(trimmed, {"kept", "kept.1"}) == trimmed
    assert ".gone{" in trim(STYLE, words_of("element.classList.add('gone')"))


def test_a_trimmed_sheet_lies_beside_the_whole_one_with_the_icons_it_names(tmp_path: Path) -> None:
    from matplotlib import get_data_path

    fonts = tmp_path / "vendor" / "fontawesome"
    fonts.mkdir(parents=True)
    whole = (Path(get_data_path()) / "fonts" / "ttf" / "cmmi10.ttf").read_bytes()
    (fonts / "solid.ttf").write_bytes(whole)
    sources = 'url(vendor/fontawesome/a.woff2) format("woff2"),url(vendor/fontawesome/solid.ttf)'
    (tmp_path / "sphinx-design.min.css").write_text(f"@font-face{{src:{sources}}}\n.gone{{a:b}}")
    first = light_pages.trim_styles(tmp_path, {"kept"})
    assert list(first) == ["sphinx-design.min"]
    assert (tmp_path / "sphinx-design.min.few.css").read_text() == (
        "@font-face{src:url(vendor/fontawesome/solid.few.ttf)}"
    )
    assert (fonts / "solid.few.ttf").stat().st_size < len(whole) / 4
    assert (fonts / "solid.ttf").read_bytes() == whole
    assert light_pages.trim_styles(tmp_path, {"kept"}) == first
    assert light_pages.trim_styles(tmp_path, {"gone"}) != first


def test_icons_in_style_sheets_are_found_escaped_and_as_they_are() -> None:
    assert light_pages.codes_of('a{content:"\\f03a"} b{content:"\uf105"} c{content:"\\2014"}') == {
        0xF03A,
        0xF105,
    }
