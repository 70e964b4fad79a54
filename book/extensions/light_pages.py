"""Make a page's first load small, and let nothing in it move while it loads.

The theme sends 1.5 MB of Font Awesome with every page, to draw a dozen icons when the page is there already, and the
whole search index, although the search has a page of its own. Here the icons are drawn when the book is built, scripts
and rules of style without a use go, every picture carries its size (so that its space is there before it is), and
pictures further down are fetched when the reader comes near.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from html import escape
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from light_styles import classes_of, trim, words_of
from mathematics import node_program
from PIL import Image
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging

logger = logging.getLogger(__name__)

FONT_AWESOME = re.compile(r'<script defer src="[^"]*/fontawesome\.js[^"]*"></script>\s*')
SEARCH = re.compile(r'<script src="[^"]*(?:searchtools|language_data|searchindex)\.js[^"]*"></script>\s*')
ICON = re.compile(
    r'<(?P<tag>i|span) class="(?P<classes>[^"]*\bfa[srb]?(?:-solid|-regular|-brands)? [^"]*)"'
    r"(?P<rest>[^>]*)></(?P=tag)>"
)
FAMILIES = {"fa-brands": "fab", "fab": "fab", "fa-regular": "far", "far": "far"}
# The theme learns whether "auto" is light or dark only after the first paint, with both logos and half the colours.
LATE_THEME = 'document.documentElement.dataset.theme = localStorage.getItem("theme") || "auto";'
EARLY_THEME = """{
      const { dataset } = document.documentElement;
      const dark = matchMedia("(prefers-color-scheme: dark)").matches;
      dataset.theme = dataset.mode !== "auto" ? dataset.mode : dark ? "dark" : "light";
    }"""
PICTURE = re.compile(r'<img\b(?P<before>[^>]*?)\bsrc="(?P<src>[^":?#]+)"(?P<after>[^>]*?)\s*/?>')
STYLES = ("styles/pydata-sphinx-theme.css", "sphinx-design.min.css", "mystnb.*[0-9a-f].css")  # the large ones
FONT = re.compile(r"url\(([^)]*/fontawesome/[^)]*?)\.ttf\)")
WOFF2 = re.compile(r'url\([^)]*\.woff2\)\s*format\("woff2"\),')
LARGE = 100_000  # bytes, from which a picture is worth a second form
NOT_SCRIPTS = {"fontawesome.js", "language_data.js"}  # words, but no classes
# Runs Font Awesome in Node, with a window of its own, and takes its table of icons: name -> width, height, ..., path.
READ_ICONS = """
const window = {};
require("vm").runInNewContext(require("fs").readFileSync(process.argv[1], "utf8"), { window });
process.stdout.write(JSON.stringify(window.___FONT_AWESOME___.styles));
"""

Icons = dict[str, dict[str, list]]


def read_icons(script: Path) -> Icons:
    """Return Font Awesome's icons by family and name."""
    done = subprocess.run([node_program(), "-e", READ_ICONS, str(script)], capture_output=True)
    if done.returncode:
        raise ExtensionError(f"The icons could not be read from {script.name}: {done.stderr.decode()[-200:]}")
    icons: Icons = json.loads(done.stdout)
    for family in icons.values():
        for icon in list(family.values()):
            family.update(
                {alias: icon for alias in icon[2] if isinstance(alias, str) and alias not in family}
            )
    return icons


def draw_icon(found: re.Match[str], icons: Icons) -> str:
    """Return the drawing that Font Awesome would put in the place of an icon's element."""
    classes = found["classes"].split()
    family = next((FAMILIES[each] for each in classes if each in FAMILIES), "fas")
    classes = [each for each in classes if each not in (*FAMILIES, "fa", "fas", "fa-solid")]
    name = next((each[3:] for each in classes if each.startswith("fa-") and each[3:] in icons[family]), None)
    if name is None:
        logger.warning("no icon of Font Awesome is called %r", found["classes"], type="light_pages")
        return found[0]
    width, height, _, _, path = icons[family][name]
    rest = found["rest"].replace(' aria-hidden="true"', "").rstrip()
    return (
        f'<svg class="svg-inline--fa {" ".join(classes)}"{rest} viewBox="0 0 {width} {height}" '
        f'style="--wide: {width / height:g}" aria-hidden="true" focusable="false">'
        f'<path fill="currentColor" d="{path}"></path></svg>'
    )


def picture_size(path: Path) -> tuple[int, int] | None:
    """Return a picture's natural width and height in CSS pixels, or None when it has none."""
    if path.suffix != ".svg":
        with Image.open(path) as picture:
            return picture.size
    tag = re.search(r"<svg\b[^>]*>", path.read_text(encoding="utf-8"))
    given = dict(re.findall(r'\b(width|height)="([\d.]+)(?:pt|px)?"', tag[0])) if tag else {}
    scale = 4 / 3 if tag and re.search(r'\bwidth="[\d.]+pt"', tag[0]) else 1
    if len(given) == 2:
        return round(float(given["width"]) * scale), round(float(given["height"]) * scale)
    box = re.search(r'viewBox="[\d.-]+ [\d.-]+ ([\d.]+) ([\d.]+)"', tag[0]) if tag else None
    return (round(float(box[1])), round(float(box[2]))) if box else None


def compressed(path: Path, source: str) -> str:
    """Return the address of a large picture's lossless WebP, which lies beside it; else its own."""
    if path.suffix != ".png" or path.stat().st_size < LARGE:
        return source
    smaller = path.with_suffix(".webp")
    if not smaller.is_file() or smaller.stat().st_mtime < path.stat().st_mtime:
        with Image.open(path) as picture:
            picture.save(smaller, lossless=True, exact=True)
    return source.removesuffix(".png") + ".webp"


class Pictures:
    """Gives the pictures of pages their size; a file is measured once."""

    def __init__(self) -> None:
        self.sizes: dict[Path, tuple[int, int] | None] = {}

    def size(self, path: Path) -> tuple[int, int] | None:
        """Return the size of a file that exists."""
        if path not in self.sizes:
            self.sizes[path] = picture_size(path) if path.is_file() else None
        return self.sizes[path]

    def reserve(self, page: str, folder: Path) -> str:
        """Give each picture width and height; all but the first of the text wait until the reader comes near."""
        seen = 0

        def replace(found: re.Match[str]) -> str:
            nonlocal seen
            attributes = found["before"] + found["after"]
            size = self.size((folder / found["src"]).resolve())
            if size is None or " width=" in attributes:
                return found[0]
            source = compressed(folder / found["src"], found["src"])
            extra = f' width="{size[0]}" height="{size[1]}"'
            if "logo__image" not in attributes:
                seen += 1
                extra += ' decoding="async"' + (' loading="lazy"' if seen > 1 else "")
            return f'<img{found["before"]}src="{escape(source)}"{found["after"].rstrip()}{extra} />'

        return PICTURE.sub(replace, page)


def lighten_page(page: str, folder: Path, icons: Icons, pictures: Pictures, *, searches: bool) -> str:
    """Return the text of one page without what it does not need; doing it twice changes nothing more."""
    page = FONT_AWESOME.sub("", page).replace(LATE_THEME, EARLY_THEME)
    if not searches:
        page = SEARCH.sub("", page)
    page = ICON.sub(lambda found: draw_icon(found, icons), page)
    return pictures.reserve(page, folder)


def trim_styles(static: Path, known: set[str]) -> dict[str, str]:
    """Write a trimmed copy beside each large style sheet of the theme; return a digest of it by the sheet's name."""
    sheets = {path: path.read_text(encoding="utf-8") for path in static.rglob("*.css")}
    large = {path for pattern in STYLES for path in static.glob(pattern)}
    sheets = {
        path: trim(sheet, known) if path in large else sheet
        for path, sheet in sheets.items()
        if not path.name.endswith(".few.css")
    }
    codes = set().union(*map(codes_of, sheets.values()))
    digests = {}
    for path in large:
        for font in set(FONT.findall(sheets[path])):
            subset_font((path.parent / f"{font}.ttf").resolve(), codes)
        trimmed = FONT.sub(r"url(\1.few.ttf)", WOFF2.sub("", sheets[path]))
        path.with_suffix(".few.css").write_text(trimmed, encoding="utf-8")
        digests[path.stem] = hashlib.sha256(trimmed.encode()).hexdigest()[:8]
    return digests


def codes_of(style: str) -> set[int]:
    """Return the characters for private use, as icons are, that a style sheet names, escaped or as they are."""
    return {int(code, 16) for code in re.findall(r"\\([ef][0-9a-f]{3})\b", style)} | {
        ord(letter) for letter in style if 0xE000 <= ord(letter) <= 0xF8FF
    }


def subset_font(path: Path, codes: set[int]) -> None:
    """Write a copy of a font of icons that has only those of some characters."""
    options = Options(layout_features=[], notdef_outline=True)
    with TTFont(path) as font:
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=codes)
        subsetter.subset(font)
        font.save(path.with_suffix(".few.ttf"))


def lighten(app: Sphinx, exception: Exception | None) -> None:
    """Rewrite the pages and style sheets of a finished build in place."""
    out = Path(app.outdir)
    script = out / "_static" / "scripts" / "fontawesome.js"
    if exception or app.builder.format != "html" or not script.is_file():
        return
    icons, pictures = read_icons(script), Pictures()
    found = {path: path.read_text(encoding="utf-8") for path in out.rglob("*.html")}
    # The book's own pages; what else lies in the site is left as it is.
    found = {path: page for path, page in found.items() if "data-content_root=" in page[:500]}
    pages = {
        path: lighten_page(page, path.parent, icons, pictures, searches=path.name == "search.html")
        for path, page in found.items()
    }
    scripts = [path for path in (out / "_static").rglob("*.js") if path.name not in NOT_SCRIPTS]
    known = set().union(
        *map(classes_of, pages.values()), *(words_of(path.read_text(encoding="utf-8")) for path in scripts)
    )
    for name, digest in trim_styles(out / "_static", known).items():
        link = re.compile(rf'({re.escape(name)})(?:\.few)?\.css(?:\?[^"]*)?"')
        pages = {path: link.sub(rf'\1.few.css?v={digest}"', page) for path, page in pages.items()}
    for path, page in pages.items():
        if page != found[path]:
            path.write_text(page, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    app.connect("build-finished", lighten, priority=900)  # after the repairs, which know the theme's elements
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
