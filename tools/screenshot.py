"""Take the README's picture from the built book (`make screenshot`): text, and a figure that the reader moves."""

from __future__ import annotations

import io
from pathlib import Path

import click
from PIL import Image

from cs_cnn.files import atomic_write
from tools import book
from tools.pdf.__main__ import FLAGS, chromium
from tools.progress import StepFailed, say
from tools.serve import serving

TARGET = book.ROOT / ".github" / "screenshot.png"  # outside the book: it is made from what is built
PAGE, FIGURE = "convolution/convolution.html", ".moving[data-figure=convolution_stepper]"
WIDTH, HEIGHT = 1280, 860
ABOVE = 222  # pixels of text above the figure
PREDICTION = "17"  # the right one, so that the arithmetic is on show
LARGEST = 200_000  # bytes, since every visitor of the repository loads it


def picture(site: Path) -> bytes:
    """Return the picture as a PNG of few colours.

    Parameters
    ----------
    site : pathlib.Path
        The folder of the built pages.

    Returns
    -------
    bytes

    Raises
    ------
    StepFailed
        When Chromium or playwright is not here.
    """
    program = chromium()
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise StepFailed("The picture is taken through the package playwright: run `make env`.") from error
    with serving(site) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        page = browser.new_page(
            viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", reduced_motion="reduce"
        )
        page.goto(f"{address}{PAGE}")
        page.wait_for_selector(f"{FIGURE}[data-ready]")
        page.evaluate("async () => { await document.fonts.ready; }")
        figure = page.locator(FIGURE)
        figure.get_by_label("Predict row 0, column 0").fill(PREDICTION)
        figure.get_by_role("button", name="Check").click()
        page.evaluate("document.activeElement.blur()")
        top = figure.evaluate("e => e.getBoundingClientRect().top + scrollY")
        page.evaluate("top => scrollTo({ top, behavior: 'instant' })", top - ABOVE)
        page.wait_for_timeout(500)  # the contents at the side follow the page
        shot = page.screenshot()
        browser.close()
    few = Image.open(io.BytesIO(shot)).convert("RGB").quantize(128, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    few.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


@click.command()
def main() -> None:
    """Write .github/screenshot.png."""
    try:
        chromium()
        content = picture(book.build())
    except StepFailed as error:
        raise click.ClickException(str(error)) from error
    if len(content) > LARGEST:
        raise click.ClickException(f"the picture has {len(content):,} bytes, more than {LARGEST:,}")
    with atomic_write(TARGET, "wb") as file:
        file.write(content)
    say(f"The picture is {TARGET.relative_to(book.ROOT)}: {len(content) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
