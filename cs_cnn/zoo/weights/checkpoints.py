"""Loading weights from a file, ours or with torchvision's names, into a net of the zoo: whole, or not at all."""

from __future__ import annotations

import os
import pickle
import sys
import warnings
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from cs_cnn.errors import CsCnnError
from cs_cnn.zoo.registry import build_published, entry, options

# Where torchvision's AlexNet and VGG have their fully connected layers; dropout and activations lie between.
_CLASSIFIERS = {"alexnet": (1, 4, 6), "vgg": (0, 3, 6)}


def load(
    name: str, path: str | os.PathLike[str], *, strict: bool = True, seed: int | None = 0, **chosen: Any
) -> nn.Module:
    """Build a net of the zoo with the weights of a file.

    The file is a state dictionary that `torch.save` wrote, with our names or, for AlexNet, VGG, GoogLeNet, ResNet and
    DenseNet, with torchvision's. No code in it is run. Options that torchvision's form of a net needs
    (``variant="one_weird_trick"`` for AlexNet, batch normalisation for VGG, and so on) are set by what the file holds,
    unless they are given.

    torchvision's weights expect colours between 0 and 1, then minus (0.485, 0.456, 0.406) and divided by
    (0.229, 0.224, 0.225); those of its GoogLeNet expect images between -1 and 1.

    Parameters
    ----------
    name : str
        A name of `names()`.
    path : path-like
        The file.
    strict : bool
        Whether every weight of the net must be in the file, in its shape, and nothing else. Without it,
        everything that fits is loaded, the rest starts fresh, and a warning names it: so a net for 1000 classes
        becomes the start of one for 10.
    seed : int, optional
        As for `build`, for what starts fresh.
    **chosen
        Arguments of `build` that differ from the paper's, for instance ``classes=10``.

    Returns
    -------
    torch.nn.Module
        The net, on the CPU, in training mode; call ``eval()`` to use it.

    Raises
    ------
    CsCnnError
        When the file is missing, damaged or something else, or its weights do not fit; the sentence says which.

    Examples
    --------
    >>> import tempfile, pathlib, torch
    >>> from cs_cnn import zoo
    >>> net = zoo.build("lenet5", seed=1)
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "lenet5.pt"
    >>> torch.save(net.state_dict(), path)
    >>> again = zoo.load("lenet5", path, size=28, pooling="average", c3="full", output="affine")
    >>> torch.equal(again.c1.weight, net.c1.weight)
    True
    """
    entry(name)  # an unknown name is told before anything is read
    path = Path(path)
    weights = _read(path)
    net = build_published(name, seed=seed, **{**_implied(name, weights), **chosen})
    own = net.state_dict()
    theirs = _named_as_in(weights, own, net)
    # Counters of batches, which old files lack, matter only where a running mean has no momentum; ours have one.
    missing = [k for k in own if theirs[k] not in weights and not k.endswith("num_batches_tracked")]
    known = set(theirs.values())
    unexpected = [k for k in weights if k not in known]
    reshaped = [k for k in own if theirs[k] in weights and weights[theirs[k]].shape != own[k].shape]
    problems = _problems(missing, unexpected, reshaped, own, weights, theirs)
    if problems:
        sentence = f"The weights in {path} are not those of this {name!r}: {'; '.join(problems)}"
        fitting = len(own) - len(missing) - len(reshaped)
        if strict or not fitting:
            raise CsCnnError(f"{sentence}{_advice(reshaped, own, weights, theirs, strict)}.")
        warnings.warn(f"{sentence}; what does not fit starts fresh.", stacklevel=2)
    fresh = {*missing, *reshaped}
    net.load_state_dict(
        {
            k: weights[theirs[k]] if k not in fresh and theirs[k] in weights else tensor
            for k, tensor in own.items()
        }
    )
    return net


def _read(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise CsCnnError(
            f"There is no file {path} to load weights from; give the path of a state dictionary."
        )
    try:
        if zipfile.is_zipfile(path):
            # torch.load does not compare the check sums of the archive, so a flipped bit would pass unseen.
            with zipfile.ZipFile(path) as archive:
                if damaged := archive.testzip():
                    raise zipfile.BadZipFile(f"{damaged} does not match its check sum")
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, EOFError, RuntimeError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise _unreadable(path) from error
    except (pickle.UnpicklingError, zipfile.BadZipFile) as error:
        raise _unreadable(path) from error
    if isinstance(content, Mapping) and content.get("format") and not isinstance(content["format"], Tensor):
        raise CsCnnError(
            f"{path} is a checkpoint of a training run, not a state dictionary: use cs_cnn.train.load_weights."
        )
    if not isinstance(content, Mapping) or not content:
        raise CsCnnError(
            f"{path} holds {_what(content)} in place of a state dictionary: save net.state_dict() with torch.save."
        )
    for key, tensor in content.items():
        if not isinstance(key, str) or not isinstance(tensor, Tensor):
            raise CsCnnError(
                f"{path} holds {_what(tensor)} under {key!r}, where a state dictionary has tensors under names: "
                "save net.state_dict() with torch.save."
            )
    # Weights of DenseNet that were published first write norm.1 for norm1.
    return {_without_dot(key): tensor for key, tensor in content.items()}


def _without_dot(key: str) -> str:
    if ".denselayer" in key:
        for layer in ("norm", "conv"):
            for number in "12":
                key = key.replace(f".{layer}.{number}.", f".{layer}{number}.")
    return key


def _unreadable(path: Path) -> CsCnnError:
    return CsCnnError(
        f"Cannot read weights from {path}: it is damaged, or not a file of numbers that torch.save wrote; get it again."
    )


def _what(thing: Any) -> str:
    kind = type(thing).__name__
    if isinstance(thing, Mapping) and not thing:
        return f"an empty {kind}"
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _implied(name: str, weights: Mapping[str, Tensor]) -> dict[str, Any]:
    """Return the options that make the net whose weights have these names."""
    implied: dict[str, Any] = {}
    if name == "alexnet" and "features.0.weight" in weights:
        implied = {"variant": "one_weird_trick", "size": 224}
    elif name.startswith("vgg") and "features.0.weight" in weights:
        implied = {"norm": "features.1.running_mean" in weights}
    elif name == "googlenet" and "inception3a.branch1.conv.weight" in weights:
        implied = {"variant": "torchvision", "auxiliary": "aux1.fc1.weight" in weights}
    elif name.startswith("resnet") and "layer1.0.conv1.weight" in weights:
        implied = {"stride_in": "3x3"}
    known = options(name)
    return {option: value for option, value in implied.items() if option in known or option == "size"}


def torchvision_names(net: nn.Module) -> dict[str, str]:
    """Return the name that each weight of a net has in torchvision's checkpoint of that net.

    Parameters
    ----------
    net : torch.nn.Module
        Of the zoo. For GoogLeNet and AlexNet the names are right for torchvision's variants.

    Returns
    -------
    dict of str to str
        Our name to theirs; empty for a family that torchvision does not have.

    Examples
    --------
    >>> from cs_cnn import zoo
    >>> torchvision_names(zoo.build_small("vgg11"))["conv1_1.conv.bias"]
    'features.0.bias'
    """
    family = sys.modules[type(net).__module__]
    kind = family.__name__.rpartition(".")[2]
    if kind in _CLASSIFIERS:
        return _sequential_names(net, _CLASSIFIERS[kind])
    rule = getattr(family, "torchvision_name", None) or getattr(family, "published_name", None)
    return {} if rule is None else {key: rule(key) for key in net.state_dict()}


def _sequential_names(net: nn.Module, classifier: Iterable[int]) -> dict[str, str]:
    """Return the names of nets that torchvision writes as two rows, `features` and `classifier`, by position."""
    names, position, places = {}, 0, iter(classifier)
    for path, module in net.named_modules():
        if isinstance(module, nn.Linear):
            place = f"classifier.{next(places, 'more')}"
        else:
            place = f"features.{position}"
            position += isinstance(module, nn.Conv2d | nn.BatchNorm2d | nn.ReLU | nn.MaxPool2d)
        if isinstance(module, nn.Conv2d | nn.BatchNorm2d | nn.Linear):
            names.update({f"{path}.{key}": f"{place}.{key}" for key in module.state_dict()})
    return names


def _named_as_in(weights: Mapping[str, Tensor], own: Mapping[str, Tensor], net: nn.Module) -> dict[str, str]:
    """Return for each weight of the net its name in the file: ours, or torchvision's where more of those are there."""
    theirs = torchvision_names(net)
    ours_there = sum(k in weights for k in own)
    theirs_there = sum(k in weights for k in theirs.values())
    return {k: theirs.get(k, k) for k in own} if theirs_there > ours_there else {k: k for k in own}


def _some(keys: list[str]) -> str:
    return ", ".join(keys[:3]) + (f" and {len(keys) - 3} more" if len(keys) > 3 else "")


def _problems(
    missing: list[str],
    unexpected: list[str],
    reshaped: list[str],
    own: Mapping[str, Tensor],
    weights: Mapping[str, Tensor],
    theirs: Mapping[str, str],
) -> list[str]:
    problems = []
    if missing:
        problems.append(f"missing are {_some([theirs[k] for k in missing])}")
    if unexpected:
        problems.append(f"unexpected are {_some(unexpected)}")
    if reshaped:
        k = reshaped[0]
        there, here = tuple(weights[theirs[k]].shape), tuple(own[k].shape)
        more = f" (and {len(reshaped) - 1} more)" if len(reshaped) > 1 else ""
        problems.append(f"of another shape is {theirs[k]}, {there} in the file and {here} in the net{more}")
    return problems


def _advice(
    reshaped: list[str],
    own: Mapping[str, Tensor],
    weights: Mapping[str, Tensor],
    theirs: Mapping[str, str],
    strict: bool,
) -> str:
    """Return what to try, when the only difference is the number of classes."""
    shapes = {(tuple(weights[theirs[k]].shape), tuple(own[k].shape)) for k in reshaped}
    outputs = {(there[0], here[0]) for there, here in shapes if there[1:] == here[1:] and there}
    if not strict or len(outputs) != 1 or len(shapes) != len([s for s in shapes if s[0][1:] == s[1][1:]]):
        return ""
    ((there_classes, here_classes),) = outputs
    return (
        f"; if these are {there_classes} classes in place of {here_classes}, give classes={there_classes}, "
        "or strict=False to train a fresh last layer"
    )
