"""The list of architectures: every family registers its nets, and `build` makes one by name.

Adding a net is one new file in `families`: any module there whose name does not begin with an underscore is
imported when the list is first asked for, and what it decorates with `register` is found.
"""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import functools
import importlib
import inspect
import pkgutil
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, TypeVar

import torch
from torch import nn

from cs_cnn.errors import CsCnnError

Maker = TypeVar("Maker", bound=Callable[..., nn.Module])


@dataclasses.dataclass(frozen=True)
class Entry:
    """What the zoo knows of a net.

    Attributes
    ----------
    name : str
    maker : callable
        Makes the net from `classes`, `channels` and its options.
    published : mapping
        The arguments of `build` that give the net of the paper, with `classes`, `channels` and `size`.
    small : mapping
        The options, besides `size`, of the variant that learns 28x28 or 32x32 images on a CPU in a minute.
    """

    name: str
    maker: Callable[..., nn.Module]
    published: Mapping[str, Any]
    small: Mapping[str, Any]


_ENTRIES: dict[str, Entry] = {}
_ALWAYS = ("classes", "channels")


def register(
    name: str, *, published: Mapping[str, Any], small: Mapping[str, Any] | None = None, **preset: Any
) -> Callable[[Maker], Maker]:
    """Enter a class or a function that makes a net under a name.

    Parameters
    ----------
    name : str
        The name for `build`: lower case, without blanks.
    published, small : mapping
        See `Entry`.
    **preset
        Options that this name fixes, for families whose members share a maker: ``depth=18``.

    Returns
    -------
    callable
        A decorator that returns what it decorates. The decorated maker takes `classes`, `channels` and its
        own options by keyword, and raises ValueError with one sentence when an option has a wrong value.
    """

    def enter(maker: Maker) -> Maker:
        if name in _ENTRIES:
            raise ValueError(f"the name {name!r} is taken twice in cs_cnn.zoo")
        made = functools.partial(maker, **preset) if preset else maker
        _ENTRIES[name] = Entry(name, made, dict(published), dict(small or {}))
        return maker

    return enter


@functools.cache
def _import_families() -> None:
    package = importlib.import_module("cs_cnn.zoo.families")
    for module in pkgutil.iter_modules(package.__path__):
        if not module.name.startswith("_"):
            importlib.import_module(f"cs_cnn.zoo.families.{module.name}")


def names() -> list[str]:
    """Return the names that `build` knows, in alphabetical order.

    Returns
    -------
    list of str
    """
    _import_families()
    return sorted(_ENTRIES)


def entry(name: str) -> Entry:
    """Return what the zoo knows of a net.

    Parameters
    ----------
    name : str
        A name of `names()`.

    Returns
    -------
    Entry

    Raises
    ------
    CsCnnError
        When there is no such net; the nearest name is suggested.
    """
    known = names()
    if name not in known:
        near = difflib.get_close_matches(str(name).lower(), known, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}?" if near else f"the names are {', '.join(known)}."
        raise CsCnnError(f"There is no net {name!r} in the zoo; {hint}")
    return _ENTRIES[name]


def _choices(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) if typing.get_origin(hint) is Literal else ()


def options(name: str) -> dict[str, tuple[Any, tuple[Any, ...]]]:
    """Return the options of a net beyond `classes` and `channels`.

    Parameters
    ----------
    name : str
        A name of `names()`.

    Returns
    -------
    dict of str to (default, values)
        `values` lists what is allowed where the option is a choice; otherwise it is empty.

    Raises
    ------
    CsCnnError
        When there is no such net.

    Examples
    --------
    >>> options("lenet5")["c3"]
    ('full', ('full', 'partial'))
    """
    maker = entry(name).maker
    preset = maker.keywords if isinstance(maker, functools.partial) else {}
    behind = maker.func if isinstance(maker, functools.partial) else maker
    hints = typing.get_type_hints(behind.__init__ if inspect.isclass(behind) else behind)
    return {
        parameter.name: (parameter.default, _choices(hints.get(parameter.name)))
        for parameter in inspect.signature(behind).parameters.values()
        if parameter.name not in _ALWAYS and parameter.name not in preset
    }


@contextlib.contextmanager
def _drawing_from(seed: int | None) -> Iterator[None]:
    """Let layers initialise themselves from `seed`, and leave torch's global generator as it was."""
    if seed is None:
        yield
        return
    with torch.random.fork_rng(devices=[]):  # weights are drawn on the CPU, so no other generator is touched
        torch.default_generator.manual_seed(seed)
        yield


def build(
    name: str, *, classes: int = 10, channels: int = 1, seed: int | None = None, **chosen: Any
) -> nn.Module:
    """Build a net of the zoo with fresh weights.

    Parameters
    ----------
    name : str
        A name of `names()`, for instance "lenet5".
    classes : int
        How many classes the last layer scores.
    channels : int
        How many channels the images have: 1 for grey, 3 for colour.
    seed : int, optional
        Where the initial weights come from. With a seed the weights are the same every time and torch's global
        generator is left as it was; without one they come from that global generator, so that
        `torch.manual_seed` before the call decides.
    **chosen
        The net's own options, see `options(name)` and its class.

    Returns
    -------
    torch.nn.Module
        The net, on the CPU, in training mode, float32. It maps images (N, channels, H, W) to logits (N, classes).

    Raises
    ------
    CsCnnError
        For an unknown name (the nearest one is suggested), an unknown option, or a wrong value.

    Examples
    --------
    >>> import torch
    >>> build("lenet5", classes=4, size=32)(torch.zeros(2, 1, 32, 32)).shape
    torch.Size([2, 4])
    >>> build("lenet")
    Traceback (most recent call last):
    cs_cnn.errors.CsCnnError: There is no net 'lenet' in the zoo; did you mean 'lenet5'?
    """
    maker = entry(name).maker
    known = options(name)
    for option in chosen:
        if option not in known:
            near = difflib.get_close_matches(option, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"its options are {', '.join(sorted(known))}."
            raise CsCnnError(f"The net {name!r} has no option {option!r}; {hint}")
    for argument, value in (("classes", classes), ("channels", channels)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise CsCnnError(f"{argument} must be a whole number of at least 1, got {value!r}.")
    try:
        with _drawing_from(seed):
            return maker(classes=classes, channels=channels, **chosen)
    except ValueError as error:
        raise CsCnnError(f"Cannot build {name!r}: {error}") from error


def build_published(name: str, *, seed: int | None = None, **changed: Any) -> nn.Module:
    """Build a net as its paper has it: for ImageNet or whatever it was made for.

    Parameters
    ----------
    name : str
        A name of `names()`.
    seed : int, optional
        As for `build`. To count and not to compute, build under ``with torch.device("meta")``: that takes no memory.
    **changed
        Arguments of `build` that differ from the paper's.

    Returns
    -------
    torch.nn.Module

    Examples
    --------
    >>> sum(p.numel() for p in build_published("lenet5").parameters())
    60000
    """
    return build(name, seed=seed, **{**entry(name).published, **changed})


def build_small(
    name: str, *, size: int = 28, classes: int = 10, channels: int = 1, seed: int | None = None
) -> nn.Module:
    """Build the variant of a net that learns small images on a CPU in about a minute.

    Parameters
    ----------
    name : str
        A name of `names()`.
    size : {28, 32}
        Height and width of the images.
    classes, channels, seed
        As for `build`.

    Returns
    -------
    torch.nn.Module

    Examples
    --------
    >>> import torch
    >>> build_small("lenet5", size=32)(torch.zeros(2, 1, 32, 32)).shape
    torch.Size([2, 10])
    """
    return build(name, classes=classes, channels=channels, seed=seed, size=size, **entry(name).small)
