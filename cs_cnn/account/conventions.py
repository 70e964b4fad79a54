"""What is counted and what is not: every table of the literature has its own rules, and here they have names."""

from __future__ import annotations

import dataclasses
import difflib
from dataclasses import dataclass
from typing import Any, Literal, get_args

from cs_cnn.errors import CsCnnError

Unit = Literal["multiply-adds", "flops"]


@dataclass(frozen=True)
class Convention:
    """The rules by which a net is counted.

    Attributes
    ----------
    name : str
        How a table names the rules.
    biases : bool
        Whether biases are parameters.
    norms : bool
        Whether the scales and shifts of normalisation layers are parameters.
    unit : str
        Of the work: "multiply-adds" or "flops". A multiply-add is two floating-point operations.
    elementwise : bool
        Whether the work also holds what is not a sum of products: biases, normalisations, activations, pools and
        sums of branches, at one operation for each number that is read (pools) or written (the others).
    bytes_per_number : int
        Memory of one number: 4 for float32, 2 for half precision.
    input_counted : bool
        Whether the image itself is part of the memory.
    in_place : bool
        Whether normalisations, activations, sums and concatenations write where their input lies, and so take no
        memory of their own.

    Notes
    -----
    Four have names. "standard" is that of the attributes' defaults: all parameters, and the multiply-adds of
    convolutions and affine layers, which the papers of ResNet, GoogLeNet and MobileNet call operations or FLOPs.
    "lectures" counts weights alone, without biases and normalisations, as the lectures' table of VGG-16 does. "flops"
    takes two operations for each multiply-add. "everything" does so too, adds one for everything else, and keeps every
    output, as training must.
    """

    name: str = "standard"
    biases: bool = True
    norms: bool = True
    unit: Unit = "multiply-adds"
    elementwise: bool = False
    bytes_per_number: int = 4
    input_counted: bool = True
    in_place: bool = True

    def __post_init__(self) -> None:
        if self.unit not in get_args(Unit):
            raise ValueError(f"unit must be 'multiply-adds' or 'flops', got {self.unit!r}.")
        number = self.bytes_per_number
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise ValueError(f"bytes_per_number must be a whole number of at least 1, got {number!r}.")
        for field in dataclasses.fields(self):
            if field.type == "bool" and not isinstance(getattr(self, field.name), bool):
                raise ValueError(f"{field.name} must be True or False, got {getattr(self, field.name)!r}.")

    def sentence(self) -> str:
        """Say the rules in words, for the line below a table.

        Examples
        --------
        >>> Convention().sentence()
        'Convention "standard": parameters with biases and norms; multiply-adds of convolutions and affine layers;
        4 bytes a number; memory with the input, activations in place.'
        """
        with_: list[str] = []
        without: list[str] = []
        for what, counted in (("biases", self.biases), ("norms", self.norms)):
            (with_ if counted else without).append(what)
        parameters = "parameters" + (f" with {' and '.join(with_)}" if with_ else "")
        if without:
            parameters += f"{',' if with_ else ''} without {' and '.join(without)}"
        work = "multiply-adds" if self.unit == "multiply-adds" else "FLOPs (two a multiply-add)"
        work += " of everything" if self.elementwise else " of convolutions and affine layers"
        memory = f"memory {'with' if self.input_counted else 'without'} the input, "
        memory += "activations in place" if self.in_place else "every output kept"
        return f'Convention "{self.name}": {parameters}; {work}; {self.bytes_per_number} bytes a number; {memory}.'


CONVENTIONS: dict[str, Convention] = {
    rules.name: rules
    for rules in (
        Convention(),
        Convention("lectures", biases=False, norms=False),
        Convention("flops", unit="flops"),
        Convention("everything", unit="flops", elementwise=True, in_place=False),
    )
}
"""The conventions with a name, see `Convention`."""

_SHORT = {"bytes": "bytes_per_number", "input": "input_counted"}
_TRUTH = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


def convention(name: str | Convention = "standard", **changed: Any) -> Convention:
    """Find a convention by name, and change single rules of it.

    Parameters
    ----------
    name : str or Convention
        A name of `CONVENTIONS`.
    **changed
        Attributes of `Convention` that differ.

    Returns
    -------
    Convention
        Where rules were changed its name says which.

    Raises
    ------
    CsCnnError
        For an unknown name or rule, or a wrong value.

    Examples
    --------
    >>> convention("lectures", bytes_per_number=2).name
    'lectures, bytes_per_number=2'
    """
    if isinstance(name, Convention):
        rules = name
    elif name in CONVENTIONS:
        rules = CONVENTIONS[name]
    else:
        near = difflib.get_close_matches(str(name), CONVENTIONS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(CONVENTIONS)}."
        raise CsCnnError(f"There is no convention {name!r}; {hint}")
    known = [field.name for field in dataclasses.fields(Convention) if field.name != "name"]
    for rule in changed:
        if rule not in known:
            near = difflib.get_close_matches(rule, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}."
            raise CsCnnError(f"A convention has no rule {rule!r}; {hint}")
    if not changed:
        return rules
    label = ", ".join([rules.name, *(f"{rule}={value}" for rule, value in changed.items())])
    try:
        return dataclasses.replace(rules, name=label, **changed)
    except ValueError as error:
        raise CsCnnError(f"Cannot use this convention: {error}") from error


def parse(text: str) -> Convention:
    """Read a convention as it is written on a command line: a name, single rules, or both.

    Parameters
    ----------
    text : str
        For instance "lectures", "flops,biases=no" or "bytes=2".

    Returns
    -------
    Convention

    Raises
    ------
    CsCnnError
        When it names what is not there.

    Examples
    --------
    >>> parse("lectures,bytes=2").bytes_per_number, parse("biases=no").biases
    (2, False)
    """
    name, changed = "standard", {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        rule, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            name = rule
            continue
        rule = _SHORT.get(rule, rule.replace("-", "_"))
        changed[rule] = int(value) if value.isdigit() else _TRUTH.get(value.lower(), value)
    return convention(name, **changed)
