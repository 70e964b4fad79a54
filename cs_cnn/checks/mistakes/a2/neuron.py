"""Known mistakes with the sigmoid and the sigmoid neuron."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from cs_cnn.checks.mistakes.mistake import Mistake

_NEURON = "foundations/two_layer_networks#two-layer-sigmoid-neuron"


def _sigma(z: Any) -> Any:
    return 0.5 * (1.0 + np.tanh(0.5 * np.asarray(z)))


def _overflowing(z: Any) -> Any:
    return np.exp(z) / (1 + np.exp(z))


def _growing_exponent(z: Any) -> Any:
    return 1 / (1 + np.exp(z))


def _tanh(z: Any) -> Any:
    return np.tanh(z)


def _derivative(z: Any) -> Any:
    return _sigma(z) * (1 - _sigma(z))


def _numbers_only(z: Any) -> Any:
    return 1 / (1 + math.exp(-z))


def _branch_on_array(z: Any) -> Any:
    if z >= 0:
        return 1 / (1 + np.exp(-z))
    return np.exp(z) / (1 + np.exp(z))


def _arrays_only(z: Any) -> Any:
    out = np.zeros(z.shape)
    positive = z >= 0
    out[positive] = 1 / (1 + np.exp(-z[positive]))
    out[~positive] = np.exp(z[~positive]) / (1 + np.exp(z[~positive]))
    return out


def _sum_of_exponentials(z: Any) -> Any:
    e = np.exp(z - np.max(z))
    return e / e.sum()


def _mask_swapped(z: Any) -> Any:
    with np.errstate(all="ignore"):
        return np.where(np.asarray(z) >= 0, np.exp(z) / (1 + np.exp(z)), 1 / (1 + np.exp(-np.asarray(z))))


def _neuron(
    *,
    slope: Callable[[Any, Any], Any] = lambda z, a: a * (1 - a),
    error: Callable[[Any, Any], Any] = lambda a, t: a - t,
    loss: Callable[[Any, Any], Any] = lambda a, t: 0.5 * (a - t) ** 2,
    activation: Callable[[Any], Any] = _sigma,
    bias: bool = True,
    swap: bool = False,
    db: Callable[[Any, Any], Any] = lambda delta, x: delta,
) -> Callable[..., Any]:
    """Build a neuron with one thing changed."""

    def neuron_loss(x: Any, w: Any, b: Any, t: Any) -> Any:
        z = float(x @ w) + (b if bias else 0.0)
        a = activation(z)
        delta = error(a, t) * slope(z, a)
        dx, dw = (delta * x, delta * w) if swap else (delta * w, delta * x)
        return loss(a, t), dx, dw, db(delta, x)

    return neuron_loss


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the tasks a2.sigmoid and a2.neuron."""

    def sigmoid(
        name: str, wrong: Callable[..., Any], loses: tuple[str, ...], hint: str, like: tuple[str, ...] = ()
    ) -> Mistake:
        return Mistake(name, "a2.sigmoid", {"sigmoid": wrong}, loses, hint, like=like)

    def neuron(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        functions = {"neuron_loss": _neuron(**changed)}
        return Mistake(name, "a2.neuron", functions, loses, hint, section=_NEURON)

    every = ("values", "number", "large")
    gradients = ("dx", "dw", "db")
    return [
        sigmoid(
            "sign_of_the_exponent",
            _growing_exponent,
            every,
            "Does your curve rise or fall with z? Try z = 2.",
        ),
        sigmoid(
            "overflow",
            _overflowing,
            ("large",),
            "exp(1000) is infinite, and infinite divided by infinite is nan. Can exp see only numbers that "
            "are not "
            "positive?",
        ),
        sigmoid(
            "branches_swapped",
            _mask_swapped,
            ("large",),
            "You have both formulas. For which sign of z is each of them the safe one?",
            like=("overflow",),
        ),
        sigmoid(
            "tanh",
            _tanh,
            every,
            "The curve runs from -1 to 1; a sigmoid runs from 0 to 1. What is its value at 0?",
        ),
        sigmoid(
            "derivative",
            _derivative,
            every,
            "The curve is a bump: this looks like the slope, not the function.",
        ),
        sigmoid(
            "numbers_only",
            _numbers_only,
            ("values", "large"),
            "math.exp knows single numbers only. Which function does the same for every entry of an array?",
        ),
        sigmoid(
            "if_on_an_array",
            _branch_on_array,
            ("values", "large"),
            "An array has no single truth value: some entries are positive, some are not. How can each "
            "entry choose?",
        ),
        sigmoid(
            "arrays_only",
            _arrays_only,
            ("number",),
            "A plain float has no shape. What turns any input into an array first?",
        ),
        sigmoid(
            "softmax",
            _sum_of_exponentials,
            every,
            "Your entries add up to one, so each depends on all others. A sigmoid looks at one entry at a "
            "time.",
        ),
        neuron(
            "slope_of_sigmoid_missing",
            gradients,
            "The path from L to z crosses two boxes. Which local derivative is missing on the way?",
            slope=lambda z, a: 1.0,
        ),
        neuron(
            "error_missing",
            gradients,
            "You return the slope of a. The chain rule needs one more factor: how does L change with a?",
            error=lambda a, t: 1.0,
        ),
        neuron(
            "sign_of_the_error",
            gradients,
            "Every gradient has the wrong sign. If a is larger than t, does L grow or shrink with a?",
            error=lambda a, t: t - a,
        ),
        neuron(
            "slope_uses_z",
            gradients,
            "The formula sigma' = sigma (1 - sigma) holds for the output of the sigmoid. Which of your "
            "variables is that?",
            slope=lambda z, a: z * (1 - z),
        ),
        neuron(
            "sigmoid_twice",
            gradients,
            "You apply the sigmoid to something that has been through it already. What does your function "
            "for the slope "
            "expect: z or a?",
            slope=lambda z, a: _sigma(a) * (1 - _sigma(a)),
        ),
        neuron(
            "slope_with_plus",
            gradients,
            "The slope of the sigmoid is largest at a = 1/2 and vanishes at a = 0 and a = 1. Does yours?",
            slope=lambda z, a: a * (1 + a),
        ),
        neuron(
            "x_and_w_swapped",
            ("dx", "dw"),
            "In the product x w, what multiplies a small change of w? That is what its gradient contains.",
            swap=True,
        ),
        neuron(
            "half_missing",
            ("loss",),
            "The loss is twice what it should be, while the gradients are right. Which constant makes the "
            "derivative "
            "so simple?",
            loss=lambda a, t: (a - t) ** 2,
        ),
        neuron(
            "factor_two",
            ("dx", "dw", "db"),
            "Every gradient is twice too large. What does the 1/2 of the loss do to the derivative of the "
            "square?",
            error=lambda a, t: 2 * (a - t),
        ),
        neuron(
            "bias_missing",
            ("loss", *gradients),
            "Set w to zero: the neuron should still depend on b.",
            bias=False,
        ),
        neuron(
            "cross_entropy",
            ("loss",),
            "This is the cross-entropy, a good loss for a sigmoid, but the task asks for the squared error.",
            loss=lambda a, t: -(t * np.log(a) + (1 - t) * np.log(1 - a)),
            slope=lambda z, a: 1.0,
        ),
        neuron(
            "db_is_a_vector",
            ("db",),
            "There is one bias, so its gradient is one number. By what is b multiplied in z?",
            db=lambda delta, x: delta * x,
        ),
        neuron(
            "db_summed_over_inputs",
            ("db",),
            "The bias is added once, not once for every input. By what is b multiplied in z?",
            db=lambda delta, x: delta * x.sum(),
        ),
        neuron(
            "db_is_one",
            ("db",),
            "dz/db is only the last link of the chain. What comes before it?",
            db=lambda d, x: 1.0,
        ),
    ]
