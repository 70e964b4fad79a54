"""The rows of an account: what was found out about each step of a net, and how a convention counts it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from cs_cnn.account.conventions import Convention
from cs_cnn.account.fields.receptive import Axis, Number

Family = Literal[
    "input", "conv", "affine", "pool", "norm", "activation", "merge", "shape", "other", "not run"
]

_IN_PLACE = ("norm", "activation", "merge", "shape")


class Receptive(NamedTuple):
    """The receptive field of a layer's outputs, in pixels of the image.

    Attributes
    ----------
    size : int
        What one output spans.
    jump : int
        From the field of one output to that of the next.
    start : int
        Where the field of output 0 begins; negative in the padding.

    Notes
    -----
    Each is a number, or a tuple with one number for each axis (height, width) where these differ.
    """

    size: Any
    jump: Any
    start: Any


def _together(numbers: Sequence[Number]) -> Any:
    return numbers[0] if len(set(numbers)) == 1 else tuple(numbers)


@dataclass(frozen=True)
class Operation:
    """What a walk finds out about one step of a net, before any convention decides what counts.

    Attributes
    ----------
    name, kind : str
        Where it is in the net, and what it is.
    family : str
        One of `Family`, for the conventions.
    shape : tuple of int
        Of the output for one example.
    weights, biases : int
        Numbers that are learnt; those that two steps share are counted where they are used first. For a
        normalisation these are its scales and its shifts.
    multiply_adds : int
        Of its sums of products, for one example.
    elementwise : int
        Its other operations.
    norm_weights, norm_biases : int
        How many of the weights and biases belong to normalisations.
    activations : int
        Numbers that it puts out.
    in_place : int
        How many of these can lie where the input was.
    axes : tuple of Axis
        What the output sees along each axis of the image.
    """

    name: str
    kind: str
    family: Family
    shape: tuple[int, ...]
    weights: int = 0
    biases: int = 0
    multiply_adds: int = 0
    elementwise: int = 0
    norm_weights: int = 0
    norm_biases: int = 0
    activations: int = 0
    in_place: int = 0
    axes: tuple[Axis, ...] = ()

    @classmethod
    def step(cls, name: str, kind: str, family: Family, shape: tuple[int, ...], **numbers: Any) -> Operation:
        """Make an operation whose output is one array; what follows from its family is filled in."""
        written = 0 if family == "not run" else math.prod(shape)
        norm = family == "norm"
        return cls(
            name,
            kind,
            family,
            shape,
            norm_weights=numbers.get("weights", 0) if norm else 0,
            norm_biases=numbers.get("biases", 0) if norm else 0,
            activations=written,
            in_place=written if family in _IN_PLACE else 0,
            **numbers,
        )


@dataclass(frozen=True)
class Row:
    """One line of an account, counted under a convention.

    Attributes
    ----------
    name, kind : str
    shape : tuple of int
        Of the output for one example: (C, H, W) of feature maps, (D,) of a vector.
    weights, biases : int
        Under the convention.
    parameters : int
        Their sum.
    multiply_adds : int
        Sums of products alone, whatever the convention, for one example.
    operations : int
        The work in the convention's unit.
    activations : int
        Numbers to be kept, under the convention.
    memory : int
        The same in bytes.
    receptive : Receptive or None
        None where the input has no height and width.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    weights: int
    biases: int
    parameters: int
    multiply_adds: int
    operations: int
    activations: int
    memory: int
    receptive: Receptive | None


def row_of(step: Operation, rules: Convention) -> Row:
    """Count one step under a convention."""
    weights = step.weights - (0 if rules.norms else step.norm_weights)
    biases = step.biases - (0 if rules.norms else step.norm_biases) if rules.biases else 0
    factor = 2 if rules.unit == "flops" else 1
    numbers = step.activations - (step.in_place if rules.in_place else 0)
    if step.family == "input" and not rules.input_counted:
        numbers = 0
    receptive = None
    if step.axes:
        receptive = Receptive(
            _together([axis.size for axis in step.axes]),
            _together([axis.jump for axis in step.axes]),
            _together([axis.start for axis in step.axes]),
        )
    return Row(
        step.name,
        step.kind,
        step.shape,
        weights,
        biases,
        weights + biases,
        step.multiply_adds,
        factor * step.multiply_adds + (step.elementwise if rules.elementwise else 0),
        numbers,
        numbers * rules.bytes_per_number,
        receptive,
    )
