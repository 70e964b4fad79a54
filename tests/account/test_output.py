"""An account can be read, pasted, stored and seen."""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner

from cs_cnn import zoo
from cs_cnn.account import CONVENTIONS, Account, account, affine, conv, pool
from cs_cnn.account.commands import FORMATS
from cs_cnn.account.conventions import convention, parse
from cs_cnn.command import main
from cs_cnn.errors import CsCnnError

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def small() -> Account:
    return account([conv(6, 5), "relu", pool(2), affine(10)], (1, 28, 28)).detail("layers")


def test_text_and_markdown_say_the_same(small: Account) -> None:
    text, markdown = small.text(note=False).splitlines(), small.markdown(note=False).splitlines()
    assert len(text) == 1 + len(small) + 1 and len(markdown) == len(text) + 1
    assert markdown[1] == "| :--- | :--- | ---: | ---: | ---: | ---: | :--- |"
    for left, right in zip(text, [markdown[0], *markdown[2:]], strict=True):
        assert left.split() == right.replace("|", " ").split()
    assert small.text().endswith(small.convention.sentence())
    assert "FLOPs" in small.under("flops").text(note=False).splitlines()[0]


def test_latex(small: Account) -> None:
    lines = small.latex(note=False).splitlines()
    assert lines[0] == r"\begin{tabular}{llrrrrl}" and lines[-1] == r"\end{tabular}"
    assert (
        r"conv1 & conv 5$\times$5 & $6 \times 24 \times 24$ & 156 & 86{,}400 & 3{,}456 & 5 / 1 / 0 \\"
        in lines
    )
    columns = {line.count("&") for line in lines if line.endswith(r"\\")}
    assert columns == {6}
    names = account("densenet40").latex()
    assert all(f"{char}" not in names.replace(f"\\{char}", "") for char in "_#%")


def test_csv_and_json_hold_every_row(small: Account) -> None:
    from cs_cnn.account.shown.tables import as_csv, as_json

    rows = list(csv.DictReader(io.StringIO(as_csv(small))))
    assert [int(row["parameters"]) for row in rows] == [row.parameters for row in small]
    assert rows[1]["receptive_size"] == "5"
    content = json.loads(as_json(small))
    assert content["total"]["parameters"] == small.parameters
    assert [row["multiply_adds"] for row in content["rows"]] == [row.multiply_adds for row in small]


def test_frame(small: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(CsCnnError, match="pip install pandas"):
        small.frame()


def test_frame_with_pandas(small: Account) -> None:
    pandas = pytest.importorskip("pandas")
    frame = small.frame()
    assert isinstance(frame, pandas.DataFrame)
    assert frame["parameters"].sum() == small.parameters and list(frame["name"])[1] == "conv1"
    assert frame["receptive"][1] == (5, 1, 0)


@pytest.mark.parametrize("name", ("lenet5", "vgg16", "googlenet", "resnet50", "densenet121", "resnet110"))
def test_picture(name: str, tmp_path: Path) -> None:
    found = account(name)
    picture = found.svg(tmp_path / "net.svg")
    assert (tmp_path / "net.svg").read_text() == picture
    root = ET.fromstring(picture)
    labels = {root.find(f"{SVG}{tag}").get("id") for tag in ("title", "desc")}  # type: ignore[union-attr]
    assert set(root.get("aria-labelledby", "").split()) == labels and root.get("role") == "img"
    style = root.findtext(f"{SVG}style") or ""
    assert "prefers-color-scheme:dark" in style and root.get("fill") == "currentColor"
    blocks = [rect for rect in root.iter(f"{SVG}rect") if rect.find(f"{SVG}title") is not None]
    assert 5 <= len(blocks) <= 120
    width, height = map(float, root.get("viewBox", "").split()[2:])
    assert width <= 960
    names = [float(text.get("x", "nan")) for text in root.iter(f"{SVG}text") if text.get("transform")]
    assert len(names) == len(blocks) and all(b - a >= 11 for a, b in itertools.pairwise(names))
    for rect in blocks:
        x, y, w, h = (float(rect.get(side, "nan")) for side in ("x", "y", "width", "height"))
        assert w > 0 and h > 0 and x >= 0 and x + w <= width and y + h <= height
    assert f"{found.parameters:,} parameters" in (root.findtext(f"{SVG}desc") or "")


def test_blocks_grow_with_channels_and_maps() -> None:
    root = ET.fromstring(account([conv(16, 3, pad=1), conv(64, 3, pad=1), pool(4)], (4, 32, 32)).svg())
    blocks = [rect for rect in root.iter(f"{SVG}rect") if rect.find(f"{SVG}title") is not None]
    widths, heights = ([float(rect.get(side, "0")) for rect in blocks] for side in ("width", "height"))
    assert widths[2] == pytest.approx(4 * widths[1], rel=0.02)
    assert heights[2] == pytest.approx(4 * heights[3], rel=0.02)


def test_conventions_are_found_and_changed() -> None:
    assert parse("lectures,bytes=2,input=no").bytes_per_number == 2
    assert parse("unit=flops").unit == "flops"
    assert convention(CONVENTIONS["flops"], biases=False).name == "flops, biases=False"
    for wrong, words in (
        ("lecture", "did you mean 'lectures'"),
        ("byte=3", "no rule 'byte'"),
        ("bytes=0", "at least 1"),
        ("biases=maybe", "True or False"),
        ("unit=watts", "unit must be"),
    ):
        with pytest.raises(CsCnnError, match=words):
            parse(wrong)
    sentences = {rules.sentence() for rules in CONVENTIONS.values()}
    assert len(sentences) == len(CONVENTIONS)


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["account", *words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


@pytest.mark.parametrize("format_", FORMATS)
def test_command_in_every_format(format_: str, tmp_path: Path) -> None:
    code, output = run("lenet5", "--format", format_)
    assert (code == 0 and "lenet5" in output) or "c1" in output
    target = tmp_path / f"lenet5.{format_}"
    assert run("lenet5", "--format", format_, "--out", str(target)) == (0, f"Wrote {target}.\n")
    assert target.read_text().rstrip("\n") == output.rstrip("\n")


def test_command_takes_sizes_options_and_conventions() -> None:
    assert "138,344,128" in run("vgg16", "--input", "3x224x224", "--convention", "lectures")[1]
    assert "60,965,224" in run("alexnet", "--option", "variant=paper")[1]
    assert run("lenet5", "--rows", "all")[1].count("\n") > run("lenet5", "--rows", "stages")[1].count("\n")
    assert "64 x 160 x 160" in run("vgg16", "--input", "3x160x160")[1]
    assert "6 x 28 x 28" in run("lenet5", "--input", "3x28x28")[1]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("vgg17",), "did you mean 'vgg1"),
        (("vgg16", "--input", "3x8x8"), "at least|cannot|smaller"),
        (("vgg16", "--input", "3x224x200"), "vgg16|takes images|cannot take"),
        (("vgg16", "--input", "3by4"), "--input must be"),
        (("vgg16", "--input", "0x224x224"), "--input must be"),
        (("vgg16", "--input", "224"), "takes images"),
        (("vgg16", "--convention", "lectores"), "did you mean 'lectures'"),
        (("resnet18", "--option", "shortcut"), "name and a value"),
        (("resnet18", "--option", "shortcuts=A"), "did you mean 'shortcut'"),
        ((), "one net, or --all"),
        (("vgg16", "--all"), "one net, or --all"),
        (("--all", "--format", "svg"), "as a table"),
    ],
)
def test_wrong_commands_get_a_sentence(words: tuple[str, ...], sentence: str) -> None:
    import re

    code, output = run(*words)
    assert code == 2 and output.startswith("Error: ") and output.count("\n") == 1, output
    assert re.search(sentence, output), output
    assert "Traceback" not in output


def test_all_nets_in_one_table_with_little_memory() -> None:
    code = (
        "import sys; from cs_cnn.command import main\n"
        "try: main(['account', '--all', '--format', 'json'])\n"
        "except SystemExit: pass\n"
        # Not ru_maxrss, which begins with the memory of whoever starts a process.
        "status = open('/proc/self/status').read()\n"
        "print(status.split('VmHWM:')[1].split()[0], file=sys.stderr)"
    )
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    rows = json.loads(done.stdout)["rows"]
    assert [row["name"] for row in rows] == zoo.names()
    assert {row["name"]: row["parameters"] for row in rows}["vgg16"] == 138_357_544
    assert int(done.stderr.split()[-1]) < 2 * 1024**2  # kibibytes: two gibibytes
