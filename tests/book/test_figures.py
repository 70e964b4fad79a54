"""The moving figures' numbers: each module runs in Node on cases whose answers cs_cnn gives; and the directive."""

from __future__ import annotations

import doctest
import importlib
import itertools
import json
import math
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cs_cnn.layers import conv2d_forward, output_size

from . import arithmetic_cases, label_cases, training_cases
from .conftest import BOOK, CHAPTERS
from .operating import uses

FIGURES = BOOK / "figures"
NAMES = sorted(path.parent.name for path in FIGURES.glob("*/figure.js"))
RUNNER = """
import { readFileSync } from "node:fs";
const { path, calls } = JSON.parse(readFileSync(0, "utf8"));
const module = await import("data:text/javascript;base64," + readFileSync(path).toString("base64"));
console.log(JSON.stringify(calls.map(([name, ...given]) => module[name](...given) ?? null)));
"""
Case = tuple[str, list[Any], Any]


def python_half(name: str) -> Any:
    """Load a figure's Python half as the book does."""
    from moving import load

    return load(FIGURES / name)


def same(got: Any, wanted: Any) -> bool:
    """Compare what came from JSON: numbers to rounding; of an object only the keys that are wanted."""
    if isinstance(wanted, dict):
        return isinstance(got, dict) and all(same(got.get(key), wanted[key]) for key in wanted)
    if isinstance(wanted, list | tuple):
        return isinstance(got, list) and len(got) == len(wanted) and all(map(same, got, wanted))
    if isinstance(wanted, bool | str) or wanted is None:
        return bool(got == wanted)
    return isinstance(got, int | float) and math.isclose(got, wanted, rel_tol=1e-12, abs_tol=1e-9)


def convolution_cases() -> Iterable[Case]:
    rng = np.random.default_rng(0)
    for stride, pad, flip, (height, width) in itertools.product(
        (1, 2, 3), (0, 1, 2), (False, True), ((3, 3), (2, 4))
    ):
        image, kernel = rng.integers(-9, 10, (6, 7)), rng.integers(-3, 4, (height, width)) / 2
        bias = float(rng.integers(-3, 4))
        used = kernel[::-1, ::-1] if flip else kernel
        out, _ = conv2d_forward(
            image[None, None].astype(float), used[None, None], np.array([bias]), stride=stride, pad=pad
        )
        options = {"stride": stride, "pad": pad, "flip": flip}
        wanted = out[0, 0]
        yield "convolve", [image.tolist(), kernel.tolist(), bias, options], wanted.tolist()
        yield (
            "outputSize",
            [7, width, options],
            output_size(7, width, stride=stride, pad=pad),
        )
        row, column = wanted.shape[0] - 1, wanted.shape[1] - 1
        padded = np.pad(image, pad)
        window = padded[row * stride :, column * stride :][:height, :width]
        products = [
            [{"weight": w, "pixel": x, "product": w * x} for w, x in zip(*pair, strict=True)]
            for pair in zip(used.tolist(), window.tolist(), strict=True)
        ]
        yield "terms", [image.tolist(), kernel.tolist(), row, column, options], products
        given = [image.tolist(), kernel.tolist(), 0.25, row, column, options]
        value = float((used * window).sum()) + 0.25
        other = float((used[::-1, ::-1] * window).sum()) + 0.25
        yield "judge", [value, *given], "right"
        yield "judge", [value - 0.25, *given], "no bias"
        yield "judge", [value + 1000, *given], "wrong"
        if abs(other - value) > 1 and abs(other - value + 0.25) > 1:
            yield "judge", [other, *given], "turned"
    yield "turned", [[[1, 2, 3], [4, 5, 6]]], np.array([[1, 2, 3], [4, 5, 6]])[::-1, ::-1].tolist()
    from moving_still import level, number

    for value in (-7.0, -2.5, -0.01, 0.0, 0.3, 4.0, 7.0):
        yield "level", [value, 7.0], level(value, 7.0)
        yield "written", [value], number(value)


def calculator_cases() -> Iterable[Case]:
    half = python_half("size_calculator")
    grid = itertools.product((7, 8, 32), (1, 3, 5), (1, 2, 3), (0, 1), (1, 2))
    for size, kernel, stride, pad, dilation in grid:
        layer = half.STATE | {
            "size": size,
            "kernel": kernel,
            "stride": stride,
            "pad": pad,
            "dilation": dilation,
        }
        strict = half.refusal(layer)
        try:
            out = output_size(size, kernel, stride=stride, pad=pad, dilation=dilation)
        except ValueError:
            assert strict
            yield "outputSize", [layer, False], {"refusal": strict}
            continue
        yield "outputSize", [layer, False], {"out": out}
        yield "outputSize", [layer, True], {"refusal": strict} if strict else {"out": out}
        for filters, bias in ((1, True), (6, False)):
            costly = layer | {"filters": filters, "bias": bias}
            side, parameters, products = half.cost(costly)
            assert side == out
            yield "parameters", [costly], parameters
            yield "multiplyAdds", [costly, out], products


def field_cases() -> Iterable[Case]:
    half, rng = python_half("receptive_field"), np.random.default_rng(1)
    stacks = [half.STATE["layers"]]
    for depth in (1, 2, 3, 4, 4, 4):
        stacks.append(
            [
                {
                    "kernel": int(rng.integers(1, 4)),
                    "stride": int(rng.integers(1, 3)),
                    "pad": int(rng.integers(0, 3)),
                    "dilation": int(rng.integers(1, 3)),
                }
                for _ in range(depth)
            ]
        )
    for layers in stacks:
        rows = half.rows(layers, 32)
        names = ("map", "size", "jump", "start")
        yield "fields", [layers, 32], [dict(zip(names, row, strict=True)) for row in rows]
        for output in {0, rows[-1][0] // 2, rows[-1][0] - 1}:
            yield "seen", [layers, 32, output], half.seen(layers, 32, output)
    too_large = {"kernel": 9, "stride": 1, "pad": 0, "dilation": 4}
    yield "fields", [[too_large], 32], [None]


def pooling_cases() -> Iterable[Case]:
    half = python_half("pooling_shift")
    for seed in (0, 1, 2, 2**32 - 1):
        yield "scene", [seed], half.scene(seed).tolist()
    for window, shift, pool in itertools.product((2, 4), range(half.ROOM + 1), ("max", "mean")):
        pair = half.maps(3, window, shift, pool)
        yield "maps", [3, window, shift, pool], [each.tolist() for each in pair]
        yield "kept", [[each.tolist() for each in pair]], int(np.equal(*pair).sum())
        yield "chance", [window, shift], float(half.chance(window, shift))


def path_cases() -> Iterable[Case]:
    from cs_cnn.studies.lesion.paths import path_counts, paths

    half, slopes = python_half("residual_paths"), [0.5, -0.4, 0.8, -0.6]
    for count in range(1, 5):
        yield "paths", [count], [list(path) for path in paths(count)]
        yield "pathCounts", [count], path_counts(count)
        yield "pathValues", [slopes[:count]], half.values(slopes[:count])
        yield "plainOutput", [slopes[:count]], math.prod(slopes[:count])
        for deleted in ([], [0], list(range(count))):
            yield "output", [slopes[:count], deleted], half.output(slopes[:count], deleted)
            remaining = [path for path in paths(count) if not set(path) & set(deleted)]
            yield "left", [count, deleted], len(remaining)


CASES = {
    "convolution_stepper": convolution_cases,
    "size_calculator": calculator_cases,
    "receptive_field": field_cases,
    "pooling_shift": pooling_cases,
    "residual_paths": path_cases,
    **arithmetic_cases.CASES,
    **training_cases.CASES,
    "label_images": lambda: label_cases.label_cases(python_half),
}
for found in Path(__file__).parent.glob("figures/*_cases.py"):  # the other figures bring a file each
    name = found.stem.removesuffix("_cases")
    CASES[name] = importlib.import_module(f".figures.{found.stem}", __package__).cases


@pytest.mark.parametrize("name", NAMES)
def test_numbers_are_those_of_the_library(name: str, node: str) -> None:
    cases = list(CASES[name]())
    given = json.dumps(
        {
            "path": str(FIGURES / name / "figure.js"),
            "calls": [[function, *arguments] for function, arguments, _ in cases],
        }
    )
    run = subprocess.run(
        [node, "--input-type=module", "--eval", RUNNER], input=given, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr[-2000:]
    wrong = [
        f"{function}{tuple(arguments)}: {got}, not {wanted}"
        for got, (function, arguments, wanted) in zip(json.loads(run.stdout), cases, strict=True)
        if not same(got, wanted)
    ]
    assert not wrong, "\n".join(wrong[:5])


@pytest.mark.parametrize("name", NAMES)
def test_every_function_that_counts_has_cases(name: str) -> None:
    source = (FIGURES / name / "figure.js").read_text(encoding="utf-8")
    exported = set(re.findall(r"^export function (\w+)", source, re.M))
    tried = {function for function, _, _ in CASES[name]()}
    inner = {
        "entry",
        "view",
        "pooled",
        "levels",
        "joined",
    }  # called by the others, which would be wrong with them
    assert exported - tried <= inner
    assert tried <= exported


@pytest.mark.parametrize("name", NAMES)
def test_a_module_needs_nothing_and_keeps_the_contract(name: str) -> None:
    source = (FIGURES / name / "figure.js").read_text(encoding="utf-8")
    assert "export default { render };" in source
    assert re.search(r"^function render\(\{ model, el \}\)", source, re.M)
    assert not re.search(
        r"\bimport\b|\bfetch\b|https?:|XMLHttpRequest|setInterval|requestAnimationFrame", source
    )


def test_every_figure_stands_in_chapters_with_a_sentence_that_refers_to_it() -> None:
    shown = set()
    for page, use in uses():
        text = (BOOK / f"{page}.md").read_text(encoding="utf-8")
        assert f"{{numref}}`{use[2]}`" in text[: use.start()], f"{page} shows {use[1]} unannounced"
        assert (use[1], use[3]) not in shown, f"{page} repeats {use[1]}"
        shown.add((use[1], use[3]))
    offered = {(name, variant) for name in NAMES for variant in getattr(python_half(name), "VARIANTS", {})}
    assert offered <= shown, "a variant that no chapter shows"
    assert {name for name, _ in shown} == set(NAMES)
    assert {page for page, _ in uses()} == set(CHAPTERS), "a chapter without a figure to move"


@pytest.mark.parametrize("name", NAMES)
def test_a_still_says_what_the_figure_says(name: str) -> None:
    from moving import beginning

    half = python_half(name)
    for variant in (None, *getattr(half, "VARIANTS", {})):
        still = half.still(beginning(half, variant)[1])
        tables = re.findall(r"<table.*?</table>", still, re.S)
        assert tables and all("<caption>" in each for each in tables)
        assert not re.search(r"<t[hd][^>]*></t[hd]>", still), "an empty cell"
        assert len(re.findall(r"\d", still)) > 30
        assert "style=" not in still


def test_examples_in_the_docstrings_of_stills() -> None:
    import moving_still

    found = doctest.testmod(moving_still)
    assert found.attempted >= 2 and found.failed == 0


MODULE = "export default { render({ model, el }) { el.textContent = model.get('n'); } };\n"
HALF = """\
TITLE = "A title"
STATE = {"n": 1, "quote": "'\\"<"}
HEIGHTS = (10, 11.5, 12, 13)
VARIANTS = {"two": {"title": "Another", "state": {"n": 2}}}
def still(state):
    return f"<p>{state['n']} as a still</p>"
"""
PAGE = "# Page\n\n```{moving} small\n:name: fig-small\nWith $x$ in the caption.\n```\n"


@pytest.fixture()
def figures(tmp_path: Path) -> Path:
    """Return the folder of figures of a small book, with one figure in it."""
    folder = tmp_path / "book" / "figures" / "small"
    folder.mkdir(parents=True)
    (folder / "figure.js").write_text(MODULE)
    (folder / "still.py").write_text(HALF)
    return folder


def test_the_directive_makes_a_numbered_figure_with_a_still(small_book, figures: Path) -> None:
    out, warnings = small_book(PAGE, "moving")
    page = (out / "index.html").read_text()
    assert not warnings
    assert "<p>1 as a still</p>" in page
    assert re.search(r'<figure[^>]* id="fig-small"', page)
    assert r"\(x\)" in page.partition("<figcaption>")[2]
    state = re.search(r'data-state="([^"]*)"', page)
    assert state and "<" not in state[1]
    assert re.search(r'data-module="small\.js\?v=[0-9a-f]{8}"', page)
    assert 'style="--wide:10rem;--middle:11.5rem;--phone:12rem;--small:13rem"' in page
    assert (out / "_static" / "figures" / "small.js").read_text() == MODULE


def test_a_variant_has_its_own_beginning(small_book, figures: Path) -> None:
    out, warnings = small_book(PAGE.replace("fig-small\n", "fig-small\n:variant: two\n"), "moving")
    page = (out / "index.html").read_text()
    assert not warnings
    assert "<p>2 as a still</p>" in page and 'aria-label="Another"' in page
    _, warnings = small_book(PAGE.replace("fig-small\n", "fig-small\n:variant: three\n"), "moving")
    assert "there is no variant three; there are: two" in warnings


def test_a_page_loads_the_styles_of_its_figures(small_book, figures: Path) -> None:
    out, _ = small_book(PAGE, "moving")
    assert "figures/small.css" not in (out / "index.html").read_text()
    (figures / "figure.css").write_text(".small { color: red; }")
    out, _ = small_book(PAGE, "moving")
    assert re.search(r'href="_static/figures/small\.css\?v=', (out / "index.html").read_text())
    assert (out / "_static" / "figures" / "small.css").is_file()
    assert "figures/small.css" not in (out / "genindex.html").read_text()


def test_a_changed_module_has_another_address(small_book, figures: Path) -> None:
    addresses = []
    for text in (MODULE, MODULE + "// changed\n"):
        (figures / "figure.js").write_text(text)
        out, _ = small_book(PAGE, "moving")
        addresses.append(re.search(r'data-module="([^"]*)"', (out / "index.html").read_text())[1])
    assert addresses[0] != addresses[1]


@pytest.mark.parametrize("missing", ["figure.js", "still.py"])
def test_a_missing_half_is_a_warning(small_book, figures: Path, missing: str) -> None:
    (figures / missing).unlink()
    _, warnings = small_book(PAGE, "moving")
    assert f"there is no file figures/small/{missing}" in warnings


def test_a_figure_without_a_caption_is_a_warning(small_book, figures: Path) -> None:
    _, warnings = small_book("# P\n\n```{moving} small\n:name: fig-small\n```\n", "moving")
    assert "its caption, is empty" in warnings
