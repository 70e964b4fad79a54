"""Nets of the zoo compute what Keras's independent implementations compute with the same weights."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import nn

from cs_cnn import zoo
from cs_cnn.zoo.parts import cell_modules
from cs_cnn.zoo.parts.same_padding import SamePad2d

CLASSES = 12


@pytest.fixture(scope="module")
def keras(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """Return Keras on PyTorch, counting in float64, with its configuration away from the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "torch")
        patch.setenv("KERAS_HOME", str(tmp_path_factory.mktemp("keras")))
        patch.setenv("CUDA_VISIBLE_DEVICES", "")
        module = importlib.import_module("keras")
        before = module.config.floatx(), module.config.dtype_policy()
        module.config.set_floatx("float64")
        module.config.set_dtype_policy("float64")
        module.config.set_image_data_format("channels_last")
        yield module
        module.config.set_floatx(before[0])
        module.config.set_dtype_policy(before[1])


def randomise(model, variances: tuple[float, float]) -> None:
    """Give every weight a number of its own: shifts and statistics start as 0 and 1, which would hide errors."""
    rng = np.random.default_rng(0)
    for layer in model.layers:
        new = []
        for weight in layer.weights:
            path = weight.path.rsplit("/", 1)[-1]
            if "kernel" in path:
                fan_in = np.prod(weight.shape[:2]) if "depthwise" in path else np.prod(weight.shape[:-1])
                new.append(rng.standard_normal(weight.shape) * np.sqrt(2 / fan_in))
            elif path == "moving_variance":
                new.append(rng.uniform(*variances, weight.shape))
            elif path == "gamma":
                new.append(rng.uniform(0.5, 1.5, weight.shape))
            else:
                new.append(rng.standard_normal(weight.shape) * 0.1)
        for weight, value in zip(layer.weights, new, strict=True):
            weight.assign(torch.from_numpy(np.asarray(value)))


def copy(layer, targets: Iterable[nn.Module]) -> list[np.ndarray]:
    """Copy a layer's weights into our modules, and return the bias of a convolution that has none here."""
    values = [weight.value.detach().cpu() for weight in layer.weights]
    left = []
    for module in targets:
        if isinstance(module, nn.BatchNorm2d):
            parts = (module.weight, module.bias, module.running_mean, module.running_var)
            module.eps = layer.epsilon
        else:
            depthwise = isinstance(module, nn.Conv2d) and module.groups > 1
            kernel = values[0]
            values[0] = (
                kernel.permute((2, 3, 0, 1) if depthwise else (3, 2, 0, 1)[: kernel.ndim])
                if (kernel.ndim == 4)
                else kernel.T
            )
            if isinstance(module, nn.Linear) and values[0].ndim == 4:
                values[0] = values[0].flatten(1)  # a 1x1 convolution on a 1x1 map
            parts = (module.weight, *([] if module.bias is None else [module.bias]))
        for part in parts:
            assert part.shape == values[0].shape, (layer.name, part.shape, values[0].shape)
            with torch.no_grad():
                part.copy_(values.pop(0))
    left += [value.numpy() for value in values]
    return left


def assert_same(keras, net: nn.Module, model, last: tuple[str, str]) -> None:
    """Compare the maps that `last` names, theirs and ours, and the logits; some layers of Keras round to float32."""
    both = keras.Model(model.input, [model.get_layer(last[0]).output, model.output])
    x = np.random.default_rng(1).standard_normal((2, 64, 64, 3))
    maps, logits = (out.detach().cpu() for out in both(x, training=False))
    with torch.no_grad():
        images = torch.from_numpy(x).permute(0, 3, 1, 2)
        our_maps, our_logits = net.eval().features(images, upto=last[1]), net(images)
    if last[1] == "normal3":
        our_maps = our_maps.relu()
    assert logits.shape == (2, CLASSES)
    assert (maps[0] - maps[1]).abs().max() > 1e-3 * maps.abs().max()  # else the images would not matter
    for mine, other in ((our_maps.permute(0, 2, 3, 1), maps), (our_logits, logits)):
        torch.testing.assert_close(mine, other, rtol=0, atol=2e-6 * other.abs().max().item())


def ours(name: str, **options) -> nn.Module:
    return zoo.build_published(name, classes=CLASSES, **options).double()


def transfer(model, net: nn.Module, names, variances: tuple[float, float] = (0.5, 1.5)) -> None:
    """Copy every layer of a Keras model to where `names` sends its name; nothing may be left over on either side."""
    modules = {
        name: m for name, m in net.named_modules() if isinstance(m, nn.Conv2d | nn.BatchNorm2d | nn.Linear)
    }
    biases = {}
    randomise(model, variances)
    for layer in model.layers:
        if layer.weights:
            targets = names(layer.name)
            left = copy(layer, [modules.pop(name) for name in targets])
            if left:
                (biases[targets[0]],) = left
    assert not modules
    # Keras's ResNet has biases before batch normalisation, which takes them away again with the mean.
    for name, bias in biases.items():
        norm = net.get_submodule(re.sub(r"conv$", "norm", name))
        assert isinstance(norm, nn.BatchNorm2d)
        norm.running_mean -= torch.from_numpy(bias)


def test_vgg16(keras):
    model = keras.applications.VGG16(
        weights=None, input_shape=(64, 64, 3), classes=CLASSES, classifier_activation=None
    )
    net = ours("vgg16", size=64)
    full = {"fc1": "fc6.linear", "fc2": "fc7.linear", "predictions": "fc8.linear"}
    transfer(
        model, net, lambda name: [full.get(name) or re.sub(r"block(\d)_conv(\d)", r"conv\1_\2.conv", name)]
    )
    with torch.no_grad():  # Keras flattens (H, W, C), and we (C, H, W)
        weight = net.fc6.linear.weight
        weight.copy_(weight.view(-1, 2, 2, 512).permute(0, 3, 1, 2).flatten(1))
    assert_same(keras, net, model, ("block5_pool", "pool5"))


def test_resnet50(keras):
    model = keras.applications.ResNet50(
        weights=None, input_shape=(64, 64, 3), classes=CLASSES, classifier_activation=None
    )
    net = ours("resnet50", stride_in="1x1")

    def names(name: str) -> list[str]:
        kinds = {"conv": "conv", "bn": "norm"}
        found = re.fullmatch(r"conv(\d)_block(\d)_(\d)_(conv|bn)", name)
        if not found:
            return ["fc" if name == "predictions" else f"conv1.{kinds[name.split('_')[1]]}"]
        place = "shortcut" if found[3] == "0" else f"branch.{int(found[3]) - 1}"
        return [f"conv{found[1]}_x.{int(found[2]) - 1}.{place}.{kinds[found[4]]}"]

    transfer(model, net, names)
    assert_same(keras, net, model, ("conv5_block3_out", "conv5_x"))


def test_densenet121(keras):
    model = keras.applications.DenseNet121(
        weights=None, input_shape=(64, 64, 3), classes=CLASSES, classifier_activation=None
    )
    net = ours("densenet121")
    first = {
        "conv1_conv": "convolution.conv",
        "conv1_bn": "convolution.norm",
        "bn": "norm.norm",
        "predictions": "fc",
    }
    kinds = {"conv": "conv", "bn": "norm"}
    layers = {"0_bn": "0.norm", "1_conv": "0.conv", "1_bn": "1.norm", "2_conv": "1.conv"}

    def names(name: str) -> list[str]:
        if name in first:
            return [first[name]]
        if found := re.fullmatch(r"pool(\d)_(bn|conv)", name):
            return [f"transition{int(found[1]) - 1}.{kinds[found[2]]}"]
        found = re.fullmatch(r"conv(\d)_block(\d+)_(\d_\w+)", name)
        return [f"dense{int(found[1]) - 1}.{int(found[2]) - 1}.branch.{layers[found[3]]}"]

    transfer(model, net, names)
    assert_same(keras, net, model, ("relu", "norm"))


def test_mobilenet(keras):
    model = keras.applications.MobileNet(
        weights=None, input_shape=(64, 64, 3), classes=CLASSES, classifier_activation=None
    )
    net = ours("mobilenet")

    def names(name: str) -> list[str]:
        if name in ("conv1", "conv1_bn", "conv_preds"):
            return [{"conv1": "conv1.conv", "conv1_bn": "conv1.norm", "conv_preds": "fc"}[name]]
        found = re.fullmatch(r"conv_(dw|pw)_(\d+)(_bn)?", name)
        part = {"dw": "depthwise", "pw": "pointwise"}[found[1]]
        return [f"block{found[2]}.{part}.{'norm' if found[3] else 'conv'}"]

    # Small variances keep the signal of 28 clipped layers alive: else all images would get the same logits.
    transfer(model, net, names, variances=(0.02, 0.06))
    # TensorFlow pads an even image for stride 2 at its end only, ours pads both ends.
    for path, module in list(net.named_modules()):
        if isinstance(module, nn.Conv2d) and module.stride == (2, 2):
            module.padding = (0, 0)
            net.set_submodule(path, nn.Sequential(SamePad2d(3, 2), module))
    for module in net.modules():
        if isinstance(module, nn.ReLU):
            module.forward = nn.functional.relu6  # Keras clips at 6
    assert_same(keras, net, model, ("conv_pw_13_relu", "block13"))


def test_nasnet(keras, monkeypatch):
    # NASNetMobile itself refuses this backend for the sake of its pretrained files; what builds it does not.
    build = importlib.import_module("keras.src.applications.nasnet").NASNet
    model = build(
        weights=None,
        input_shape=(64, 64, 3),
        classes=CLASSES,
        penultimate_filters=24 * 24,
        num_blocks=2,
        stem_block_filters=32,
        skip_reduction=False,
        filter_multiplier=2,
        classifier_activation=None,
        default_size=64,
    )
    net = ours("nasnet", cells=2, filters=24)
    ids = ["stem_1", "stem_2", "0", "1", "reduce_2", "3", "4", "reduce_4", "5", "6"]
    stages = ("reduce0", "normal1", "reduce1", "normal2", "reduce2", "normal3")
    places = [f"{stage}.cells.{i}" for stage in stages for i in range(len(net.get_submodule(stage).cells))]
    cells = dict(zip(ids, places, strict=True))
    ends = "|".join(sorted(cells, key=len, reverse=True))

    def names(name: str) -> list[str]:
        whole = {"stem_conv1": "conv0.0", "stem_bn1": "conv0.1"}
        if name in whole or name.startswith("predictions"):
            return [whole.get(name) or next(n for n, m in net.named_modules() if isinstance(m, nn.Linear))]
        what, identity = re.fullmatch(rf"(.+?)_({ends})", name).groups()
        cell = cells[identity]
        if found := re.fullmatch(r"separable_conv_(\d)(_bn)?_(normal|reduction)_(left|right)(\d)", what):
            number, norm, kind, side, block = found.groups()
            # Keras calls the separable convolution of the reduction cell's last block left4, too.
            index = 4 if (kind, side, block) == ("reduction", "left", "4") else int(block) - 1
            place = f"{cell}.{side}.{index}"
            return (
                [f"{place}.norm{number}"]
                if norm
                else [f"{place}.depthwise{number}", f"{place}.pointwise{number}"]
            )
        halves = (
            isinstance(net.get_submodule(f"{cell}.fit_p")[0], cell_modules.Halve)
            if "adjust" in what
            else False
        )
        return [
            {
                "normal_conv_1": f"{cell}.fit_x.1",
                "normal_bn_1": f"{cell}.fit_x.2",
                "reduction_conv_1": f"{cell}.fit_x.1",
                "reduction_bn_1": f"{cell}.fit_x.2",
                "adjust_conv_1": f"{cell}.fit_p.0.even",
                "adjust_conv_2": f"{cell}.fit_p.0.odd",
                "adjust_bn": f"{cell}.fit_p.0.norm" if halves else f"{cell}.fit_p.2",
                "adjust_conv_projection": f"{cell}.fit_p.1",
            }[what]
        ]

    transfer(model, net, names)
    # Keras pads with zeros before pooling in reduction cells, where the published net leaves the padding out.
    monkeypatch.setattr(cell_modules.SameAveragePool, "forward", lambda self, x: self.pool(self.pad(x)))
    for module in net.modules():
        if isinstance(module, SamePad2d):
            module.value = 0.0
    assert_same(keras, net, model, (model.layers[-3].name, "normal3"))
