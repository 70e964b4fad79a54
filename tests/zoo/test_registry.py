from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch
from torch import nn

from cs_cnn import zoo
from cs_cnn.errors import CsCnnError


def test_names_are_sorted_and_hold_lenet5():
    assert "lenet5" in zoo.names()
    assert zoo.names() == sorted(zoo.names())


@pytest.mark.parametrize("name", zoo.names())
def test_every_net_scores_the_classes_that_were_asked_for(name):
    net = zoo.build(name, classes=7, channels=3, seed=0)
    assert isinstance(net, nn.Module)
    assert net(torch.zeros(2, 3, 28, 28)).shape == (2, 7)


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
