from __future__ import annotations

import warnings
from pathlib import Path

import pytest
import torch

from cs_cnn import zoo
from cs_cnn.errors import CsCnnError
from cs_cnn.zoo.weights.checkpoints import torchvision_names

REFERENCE = Path(__file__).with_name("reference_keys")

# our name, torchvision's list, the options of our net that torchvision's form needs
PAIRS = [
    ("alexnet", "alexnet", {"variant": "one_weird_trick", "size": 224}),
    ("vgg11", "vgg11", {}),
    ("vgg11", "vgg11_bn", {"norm": True}),
    ("vgg13", "vgg13", {}),
    ("vgg16", "vgg16", {}),
    ("vgg16", "vgg16_bn", {"norm": True}),
    ("vgg19", "vgg19", {}),
    ("googlenet", "googlenet", {"variant": "torchvision", "auxiliary": True}),
    ("resnet18", "resnet18", {}),
    ("resnet34", "resnet34", {}),
    ("resnet50", "resnet50", {"stride_in": "3x3"}),
    ("resnet101", "resnet101", {"stride_in": "3x3"}),
    ("resnet152", "resnet152", {"stride_in": "3x3"}),
    ("densenet121", "densenet121", {}),
]


def reference(listing: str) -> dict[str, tuple[int, ...]]:
    lines = (REFERENCE / f"{listing}.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.partition(" ") for line in lines)
    return {key: tuple(int(n) for n in shape.split("x") if n) for key, _, shape in pairs}


def of_reference(listing: str) -> dict[str, torch.Tensor]:
    """Return a state dictionary with torchvision's names and shapes; a tensor's numbers tell its place."""
    return {
        key: torch.full(shape, i, dtype=torch.long if key.endswith("tracked") else torch.float32)
        for i, (key, shape) in enumerate(reference(listing).items())
    }


def test_every_list_is_used():
    assert {path.stem for path in REFERENCE.glob("*.txt")} == {listing for _, listing, _ in PAIRS}


@pytest.mark.parametrize(("name", "listing", "options"), PAIRS)
def test_names_and_shapes_are_torchvisions(name, listing, options):
    with torch.device("meta"):
        net = zoo.build_published(name, **options)
    names, own = torchvision_names(net), net.state_dict()
    assert {names[key]: tuple(tensor.shape) for key, tensor in own.items()} == reference(listing)


@pytest.mark.parametrize(
    ("name", "listing", "options"),
    [pair for pair in PAIRS if pair[1] in ("alexnet", "vgg11_bn", "googlenet", "resnet50", "densenet121")],
)
def test_a_file_with_torchvisions_names_is_loaded_whole(name, listing, options, tmp_path):
    weights = of_reference(listing)
    if listing == "densenet121":  # as in the file that was published first
        weights = {
            key.replace("norm1.", "norm.1.").replace("conv2.", "conv.2.")
            if "denselayer" in key
            else key: tensor
            for key, tensor in weights.items()
            if not key.endswith("num_batches_tracked")
        }
    torch.save(weights, tmp_path / "w.pth", _use_new_zipfile_serialization=listing != "alexnet")
    net = zoo.load(name, tmp_path / "w.pth")
    for option, value in options.items():
        if hasattr(net, option):
            assert getattr(net, option) == value
    names, places = torchvision_names(net), {key: i for i, key in enumerate(reference(listing))}
    for key, tensor in net.state_dict().items():
        if listing == "densenet121" and key.endswith("num_batches_tracked"):
            assert tensor == 0
        else:
            assert (tensor == places[names[key]]).all(), key
    assert net.training and all(p.requires_grad for p in net.parameters())


@pytest.mark.parametrize("name", ["lenet5", "highway", "googlenet", "nasnet", "mobilenet", "resnet20"])
def test_a_file_of_ours_is_loaded_whole(name, tmp_path):
    small = {"size": 28, "classes": 4, "channels": 1, **zoo.entry(name).small}
    net = zoo.build(name, seed=1, **small)
    torch.save(net.state_dict(), tmp_path / "w.pt")
    changed = {
        key: value
        for key, value in small.items()
        if key in zoo.options(name) or key in ("classes", "channels")
    }
    again = zoo.load(name, tmp_path / "w.pt", **{**_defaults(name), **changed})
    assert all(torch.equal(tensor, again.state_dict()[key]) for key, tensor in net.state_dict().items())


def _defaults(name: str) -> dict[str, object]:
    """Return the options' defaults, where `load` would take the paper's form."""
    return {option: default for option, (default, _) in zoo.options(name).items()}


@pytest.fixture
def lenet_file(tmp_path) -> Path:
    path = tmp_path / "lenet5.pt"
    torch.save(zoo.build("lenet5", seed=3).state_dict(), path)
    return path


def load_lenet(path, **options):
    return zoo.load(
        "lenet5", path, **{"size": 28, "pooling": "average", "c3": "full", "output": "affine", **options}
    )


def test_another_number_of_classes_is_a_sentence_or_a_fresh_last_layer(lenet_file):
    with pytest.raises(
        CsCnnError,
        match=r"of another shape is output.weight, \(10, 84\) in the file and \(4, 84\) in the net \(and 1 more\); "
        r"if these are 10 classes in place of 4, give classes=10, or strict=False to train a fresh last layer\.$",
    ):
        load_lenet(lenet_file, classes=4)
    with pytest.warns(UserWarning, match=r"output.weight.*; what does not fit starts fresh\.$"):
        net = load_lenet(lenet_file, classes=4, strict=False, seed=5)
    file = torch.load(lenet_file, weights_only=True)
    assert torch.equal(net.c1.weight, file["c1.weight"])
    assert torch.equal(net.output.weight, zoo.build("lenet5", classes=4, seed=5).output.weight)


def test_other_channels_get_no_advice_on_classes(lenet_file):
    with pytest.raises(
        CsCnnError, match=r"c1.weight, \(6, 1, 5, 5\) in the file and \(6, 3, 5, 5\) in the net\.$"
    ):
        load_lenet(lenet_file, channels=3)


def test_missing_and_unexpected_are_named(lenet_file, tmp_path):
    weights = torch.load(lenet_file, weights_only=True)
    weights["c9.weight"] = weights.pop("c3.weight")
    torch.save(weights, tmp_path / "changed.pt")
    with pytest.raises(CsCnnError, match=r"missing are c3.weight; unexpected are c9.weight\.$"):
        load_lenet(tmp_path / "changed.pt")
    with pytest.raises(CsCnnError, match=r"missing are .* and 19 more; unexpected are .* and 7 more\.$"):
        zoo.load("vgg11", lenet_file)
    with pytest.raises(CsCnnError, match="missing are"):  # nothing fits: not even without strict
        zoo.load("vgg11", lenet_file, strict=False)


def test_a_whole_file_loads_without_a_warning_and_without_touching_the_generator(lenet_file):
    state = torch.get_rng_state()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net = load_lenet(lenet_file, strict=False)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(net.output.bias, zoo.build("lenet5", seed=3).output.bias)


def test_damaged_files_are_sentences(lenet_file, tmp_path):
    content = bytearray(lenet_file.read_bytes())
    place = content.find(torch.load(lenet_file, weights_only=True)["c5.weight"].numpy().tobytes()[:64])
    assert place > 0
    content[place] ^= 1
    for name, damaged in (
        ("flipped", bytes(content)),
        ("cut", bytes(content[: len(content) // 2])),
        ("empty", b""),
        ("page", b"<!DOCTYPE html><html>404</html>"),
    ):
        (tmp_path / name).write_bytes(damaged)
        with pytest.raises(CsCnnError, match=r"^Cannot read weights from .* damaged.*get it again\.$"):
            load_lenet(tmp_path / name)


def test_a_file_that_would_run_code_is_refused(tmp_path):
    torch.save(torch.nn.Linear(2, 2), tmp_path / "module.pt")  # a whole module, as a pickle
    with pytest.raises(CsCnnError, match=r"^Cannot read weights from .*get it again\.$"):
        load_lenet(tmp_path / "module.pt")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ([1, 2], "holds a list in place of a state dictionary"),
        ({}, "holds an empty dict in place of"),
        (torch.zeros(3), "holds a Tensor in place of"),
        ({"model": {"c1.weight": torch.zeros(1)}}, "holds a dict under 'model', where"),
        ({0: torch.zeros(1)}, "holds a Tensor under 0, where"),
        ({"format": "cs-cnn checkpoint", "model": {}}, "use cs_cnn.train.load_weights"),
    ],
)
def test_other_contents_are_sentences(content, sentence, tmp_path):
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(CsCnnError, match=sentence):
        load_lenet(tmp_path / "w.pt")


def test_wrong_names_and_places_are_sentences(tmp_path):
    with pytest.raises(CsCnnError, match=r"There is no file .*nowhere\.pt to load weights from"):
        load_lenet(tmp_path / "nowhere.pt")
    with pytest.raises(CsCnnError, match="There is no file"):
        load_lenet(tmp_path)
    with pytest.raises(CsCnnError, match="no net 'lenet6' in the zoo; did you mean 'lenet5'"):
        zoo.load("lenet6", tmp_path / "nowhere.pt")
