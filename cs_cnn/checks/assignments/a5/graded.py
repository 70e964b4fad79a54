"""Assignment 5: grading a module by its parameters, its output and its gradients."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cs_cnn.checks.assignments.a5.formulas import Norm, Weights
from cs_cnn.checks.assignments.a5.roles import Roles, Shape, expected
from cs_cnn.checks.bench import Array, Bench, Outcome
from cs_cnn.checks.compare import agrees, as_array
from cs_cnn.checks.modules import Built, Workshop

TOLERANCE = 1e-4
Formula = Callable[[Mapping[str, int], list[Weights], list[Norm], Array, bool], Array]


@dataclass(frozen=True)
class Net:
    """What a module is to be.

    Attributes
    ----------
    name : str
        Of the student's class.
    layers : callable
        Gives, for the class's arguments, the shapes of all weights and the channels of all normalisations, in the
        order in which the formula takes them.
    formula : callable
        Gives the right output for arguments, weights, normalisations, x, and whether it is in training.
    biased : bool
        Whether the weights have biases; with False both is right, as a normalisation follows.
    """

    name: str
    layers: Callable[[Mapping[str, int]], tuple[list[Shape], list[int]]]
    formula: Formula
    biased: bool = False


@dataclass(frozen=True)
class Case:
    """One module that is built, and the images it gets.

    Attributes
    ----------
    arguments : mapping of str to int
        Of the class, in order.
    x : ndarray
        Images (N, C, H, W).
    values : str
        The part that a wrong output costs.
    seed : int
        What its parameters are drawn from.
    """

    arguments: Mapping[str, int]
    x: Array
    values: str
    seed: int


def grade_module(bench: Bench, net: Net, cases: Sequence[Case]) -> None:
    """Grade a class of modules: "shape", "parameters", the values, and "gradients" and "training" if the task asks.

    Parameters
    ----------
    bench : Bench
    net : Net
    cases : sequence of Case
    """
    shop = Workshop(bench)
    for case in cases:
        built = shop.build(net.name, case.arguments)
        roles = _judge_parameters(bench, net, case, built)
        values = roles.draw(case.seed)
        shop.prepare(built, values, training=False)
        out = shop.forward(built, case.x)
        right = _Right(net, case, roles, values)
        right_shape = _judge_shape(bench, right, out)
        _judge_values(bench, case.values, right, out, right_shape, training=False)
        if not bench.replay and right_shape:
            _judge_again(bench, case, out, shop.forward(built, case.x))
        if "gradients" in bench.verdicts:
            _judge_gradients(bench, shop, case, built, out)
        if "training" in bench.verdicts:
            shop.prepare(built, {}, training=True)
            out = shop.forward(built, case.x)
            right_shape = not out.failed and np.shape(out.value) == right.shape
            _judge_values(bench, "training", right, out, right_shape, training=True)


class _Right:
    """The right output, once it is known which of the module's layers is which."""

    def __init__(self, net: Net, case: Case, roles: Roles, values: Mapping[str, Array]) -> None:
        self._net, self._case, self._roles, self._values = net, case, roles, values
        shapes, norms = net.layers(case.arguments)
        zeros = [Weights(np.zeros(shape)) for shape in shapes]
        flat = [Norm(*(np.ones(size) for _ in range(4))) for size in norms]
        self.shape = net.formula(case.arguments, zeros, flat, case.x, False).shape

    def closest(self, actual: Array | None, *, training: bool) -> Array | None:
        """Return the output of the right module that has these parameters; None when no right module has.

        Where several layers have one shape, any order of registration is right, so all are tried.
        """
        shapes, norms = self._net.layers(self._case.arguments)
        first: Array | None = None
        for weights, norm in self._roles.matches(self._values, shapes, norms):
            right = self._net.formula(self._case.arguments, weights, norm, self._case.x, training)
            if actual is not None and agrees(actual, right, TOLERANCE):
                return right
            first = right if first is None else first
        return first


def _judge_parameters(bench: Bench, net: Net, case: Case, built: Built) -> Roles:
    if built.handle is None:
        bench.expect("parameters", Outcome(None, built.where, built.failed), lambda: np.zeros(1))
        return Roles({}, {})
    roles = Roles(built.handle.parameters(), built.handle.buffers())
    shapes, norms = net.layers(case.arguments)
    table, right = roles.table(biased=net.biased), expected(shapes, norms, biased=net.biased)
    ok = bench.replay or agrees(table, right, 1e-9)
    bench.judge("parameters", ok, "" if ok else _counts(net, case, roles), record=table)
    return roles


def _counts(net: Net, case: Case, roles: Roles) -> str:
    shapes, norms = net.layers(case.arguments)
    given = ", ".join(f"{name}={value}" for name, value in case.arguments.items())
    weights = sum(math.prod(layer.shape) for layer in roles.weights)
    plural = "" if len(roles.weights) == 1 else "s"
    sentence = f"{net.name}({given}) has {weights:,} weights in {len(roles.weights)} layer{plural}"
    wanted = f"{sum(map(math.prod, shapes)):,} in {len(shapes)}"
    if net.biased:
        biases = sum(layer.shape[0] for layer in roles.weights if layer.second)
        sentence += f" and {biases:,} biases"
        wanted += f" and {sum(shape[0] for shape in shapes):,}"
    if norms or roles.norms:
        sentence += f", and normalises {len(roles.norms)} times"
        wanted += f", and {len(norms)} times"
    return f"{sentence}; expected {wanted}."


def _judge_shape(bench: Bench, right: _Right, out: Outcome) -> bool:
    if out.failed:
        bench.expect("shape", out, lambda: np.zeros(1))
        return False
    shape = np.shape(out.value)
    ok: bool = shape == right.shape
    message = f"The output has shape {shape}, expected {right.shape}. (For {out.where}.)"
    bench.judge("shape", ok, message, record=np.array(shape, dtype=np.float64))
    return ok


def _judge_values(
    bench: Bench, part: str, right: _Right, out: Outcome, right_shape: bool, *, training: bool
) -> None:
    if out.failed or bench.replay:
        bench.expect(part, out, lambda: np.zeros(1))
        return
    if not right_shape:
        bench.judge(part, False, "Values can be compared when the shape is right.", record=out.value)
        return
    truth = right.closest(as_array(out.value), training=training)
    if truth is None:
        message = "Values can be compared when the layers have the right parameters."
        bench.judge(part, False, message, record=out.value)
        return
    known = truth
    bench.expect(part, out, lambda: known, name="the output", tolerance=TOLERANCE)


def _judge_again(bench: Bench, case: Case, out: Outcome, again: Outcome) -> None:
    same = not again.failed and np.allclose(out.value, again.value, rtol=1e-6, atol=1e-9, equal_nan=True)
    message = "In evaluation, the same images give two different outputs."
    bench.judge(case.values, bool(same), message)


def _judge_gradients(bench: Bench, shop: Workshop, case: Case, built: Built, out: Outcome) -> None:
    if out.failed or built.handle is None:
        bench.expect("gradients", out, lambda: np.zeros(1))
        return
    rng = np.random.default_rng(case.seed)
    found = shop.gradients(built, case.x, rng.normal(0, 1, np.shape(out.value)))
    if found.failed:
        bench.expect("gradients", found, lambda: np.zeros(1))
        return
    names = list(built.handle.parameters())
    silent = [name for name in names if name not in found.value or not np.isfinite(found.value[name]).all()]
    some = ", ".join(silent[:4]) + (" and others" if len(silent) > 4 else "")
    message = f"No gradient reaches {some}." if names else "The module has no parameters."
    bench.judge("gradients", not silent and bool(names), message, record=[len(silent), len(names)])


def images(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw images with numbers of both signs."""
    drawn: Array = rng.normal(0, 1, shape)
    return drawn


def seed_of(rng: np.random.Generator) -> int:
    """Draw what the parameters of one module are drawn from."""
    return int(rng.integers(1, 2**31))


__all__ = ["Case", "Net", "grade_module", "images", "seed_of"]
