from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import torch
from click.testing import CliRunner
from torch import nn

from cs_cnn import zoo
from cs_cnn.errors import CsCnnError
from cs_cnn.zoo.__main__ import cost, main
from cs_cnn.zoo.families.vgg import NAMES


def test_names_are_sorted_and_hold_lenet5():
    assert "lenet5" in zoo.names()
    assert zoo.names() == sorted(zoo.names())


def test_published_and_small_forms_are_what_the_entry_says():
    entry = zoo.entry("lenet5")
    assert entry.published["pooling"] == "subsampling" and entry.small == {
        "activation": "relu",
        "pooling": "max",
    }
    published, small = zoo.build_published("lenet5"), zoo.build_small("lenet5", size=32, channels=3)
    assert sum(p.numel() for p in published.parameters()) == 60_000
    assert isinstance(small.s2, nn.MaxPool2d) and (small.size, small.channels) == (32, 3)
    changed = zoo.build_published("lenet5", c3="full", seed=0)
    assert sum(p.numel() for p in changed.parameters()) == 60_900


def test_names_of_a_family_fix_its_option():
    assert "config" not in zoo.options("vgg16")
    with pytest.raises(CsCnnError, match="The net 'vgg16' has no option 'config'"):
        zoo.build("vgg16", config="A")


def test_unknown_name_suggests_the_nearest():
    with pytest.raises(CsCnnError, match=r"no net 'LeNet-5' in the zoo; did you mean 'lenet5'\?"):
        zoo.build("LeNet-5")
    with pytest.raises(CsCnnError, match=r"the names are .*lenet5"):
        zoo.build("qqqq")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"pool": "max"}, "no option 'pool'; did you mean 'pooling'"),
        ({"zzz": 1}, "no option 'zzz'; its options are activation, c3"),
        ({"pooling": "median"}, "pooling must be 'average' or 'max' or 'subsampling', got 'median'"),
        ({"size": 8}, "size must be 28 or 32, got 8"),
        ({"classes": 0}, "classes must be a whole number of at least 1, got 0"),
        ({"channels": 1.5}, r"channels must be a whole number of at least 1, got 1\.5"),
        ({"output": "rbf", "classes": 128}, "at most 127 classes"),
    ],
)
def test_wrong_options_are_sentences(arguments, sentence):
    with pytest.raises(CsCnnError, match=sentence):
        zoo.build("lenet5", **arguments)


def test_a_seed_fixes_the_weights_and_leaves_the_global_generator_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first, second, other = (zoo.build("lenet5", seed=s).state_dict() for s in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert not torch.equal(first["c1.weight"], other["c1.weight"])


def test_without_a_seed_the_global_generator_decides():
    torch.manual_seed(5)
    first = zoo.build("lenet5").state_dict()
    torch.manual_seed(5)
    assert torch.equal(zoo.build("lenet5").state_dict()["c3.weight"], first["c3.weight"])


def test_options_tells_defaults_and_choices():
    assert zoo.options("lenet5")["pooling"] == ("average", ("average", "max", "subsampling"))
    assert "classes" not in zoo.options("lenet5")
    assert zoo.options("alexnet")["without"] == (
        (),
        (),
    )  # any sequence of names, so there is no list of choices


def _command(*arguments: str):
    return CliRunner().invoke(main, list(arguments))


def test_command_lists_names():
    result = _command("--names")
    assert result.exit_code == 0
    assert result.output.split() == zoo.names()


def test_command_prints_parameters_and_multiply_adds_of_the_published_forms():
    result = _command("--table", "alexnet", "vgg16")
    assert result.exit_code == 0, result.output
    head, alexnet, vgg16 = result.output.splitlines()
    assert head.split() == ["name", "input", "classes", "parameters", "multiply-adds"]
    assert alexnet.split() == ["alexnet", "3x227x227", "1,000", "60,965,224", "724,406,816"]
    assert vgg16.split() == ["vgg16", "3x224x224", "1,000", "138,357,544", "15,470,264,320"]
    assert len(head) == len(alexnet) == len(vgg16)


def test_command_prints_json():
    result = _command("--json", "zfnet")
    assert result.exit_code == 0, result.output
    (row,) = json.loads(result.output)
    assert row["name"] == "zfnet" and row["input"] == [3, 224, 224] and row["parameters"] == 62_357_608


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["vgg17"], "Error: There is no net 'vgg17' in the zoo; did you mean 'vgg1"),
        (["--names", "lenet"], "Error: There is no net 'lenet' in the zoo; did you mean 'lenet5'?"),
        (["--names", "--json"], "Error: choose one of --table, --names and --json."),
        (["--tabel"], "--tabel"),
    ],
)
def test_command_answers_bad_input_with_a_sentence(arguments, sentence):
    result = _command(*arguments)
    assert result.exit_code == 2
    assert sentence in result.output and "Traceback" not in result.output


@pytest.mark.facts
def test_multiply_adds_of_the_published_forms_are_those_of_the_checked_facts(facts_folder):
    facts = json.loads((facts_folder / "seed_facts.json").read_text(encoding="utf-8"))
    derived = {v["topic"]: v["values"] for v in facts["derived_reference_values"]}
    assert cost("alexnet")["multiply_adds"] == derived["alexnet.madds"]["grouped"]
    for name, config in NAMES.items():
        billions = cost(name)["multiply_adds"] / 1e9
        assert billions == pytest.approx(derived["vgg.madds_G"][config[0]], abs=5e-4)


def _without_torch(code: str) -> subprocess.CompletedProcess[str]:
    hide = (
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] == 'torch':\n"
        "            raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')\n"
        "sys.meta_path.insert(0, Absent())\n"
    )
    return subprocess.run(
        [sys.executable, "-c", hide + code],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def test_without_torch_the_import_names_the_extra():
    result = _without_torch(
        "try:\n    import cs_cnn.zoo\nexcept ImportError as error:\n"
        "    from cs_cnn.errors import CsCnnError\n    assert isinstance(error, CsCnnError); print(error)"
    )
    assert "install the extra `torch` with: pip install 'cs-cnn[torch]'" in result.stdout, result.stderr


def test_without_torch_the_command_ends_with_the_sentence():
    result = _without_torch(
        "sys.argv = ['train', 'lenet5']\nimport runpy; runpy.run_module('cs_cnn.train', run_name='__main__')"
    )
    assert result.returncode == 2
    assert result.stderr.startswith("Error: cs_cnn.zoo and cs_cnn.train need PyTorch")
    assert "Traceback" not in result.stderr
