"""Known mistakes with ReLU and sigmoid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cs_cnn.checks.mistakes.mistake import Mistake


def _relu(out: Callable[[Any], Any] = lambda x: np.maximum(x, 0)) -> Callable[..., Any]:
    return lambda x: (out(x), x)


def _relu_back(dx: Callable[[Any, Any], Any] = lambda d, x: d * (x > 0)) -> Callable[..., Any]:
    return lambda dout, x: dx(dout, x)


def _s(x: Any) -> Any:
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, small) / (1 + small)


def _sigmoid(out: Callable[[Any], Any] = _s) -> Callable[..., Any]:
    return lambda x: (out(x), x)


def _sigmoid_back(dx: Callable[[Any, Any, Any], Any] = lambda d, x, s: d * s * (1 - s)) -> Callable[..., Any]:
    return lambda dout, x: dx(dout, x, _s(x))


def _overflowing(x: Any) -> Any:
    return np.exp(x) / (1 + np.exp(x))


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the tasks a3.relu and a3.sigmoid."""

    def relu(name: str, loses: tuple[str, ...], hint: str, **functions: Any) -> Mistake:
        right = {"relu_forward": _relu(), "relu_backward": _relu_back()}
        return Mistake(name, "a3.relu", {**right, **functions}, loses, hint)

    def sigmoid(name: str, loses: tuple[str, ...], hint: str, **functions: Any) -> Mistake:
        right = {"sigmoid_forward": _sigmoid(), "sigmoid_backward": _sigmoid_back()}
        return Mistake(name, "a3.sigmoid", {**right, **functions}, loses, hint)

    forward, back = ("forward",), ("dx",)
    return [
        relu(
            "mask_returned",
            forward,
            "Your output is 0 or 1. It should say by how much a unit is active, not only whether.",
            relu_forward=_relu(lambda x: (x > 0) * 1.0),
        ),
        relu(
            "largest_of_an_axis",
            forward,
            "np.max looks for the largest number along an axis. Which function compares two numbers, place by place?",
            relu_forward=_relu(lambda x: np.max(x, 0)),
        ),
        relu(
            "absolute_value",
            forward,
            "What should become of negative numbers? Yours turn positive.",
            relu_forward=_relu(np.abs),
        ),
        relu(
            "minimum",
            forward,
            "You keep what should go, and let go what should stay.",
            relu_forward=_relu(lambda x: np.minimum(x, 0)),
        ),
        relu(
            "leaky",
            forward,
            "A little of the negative numbers comes through. That is another activation.",
            relu_forward=_relu(lambda x: np.where(x > 0, x, 0.01 * x)),
        ),
        relu(
            "at_most_one",
            forward,
            "Your output never exceeds 1. Where does the formula say so?",
            relu_forward=_relu(lambda x: np.clip(x, 0, 1)),
        ),
        relu(
            "mask_from_dout",
            back,
            "What decides whether a unit was active: the gradient that comes back, or the number that went in?",
            relu_backward=_relu_back(lambda d, x: d * (d > 0)),
        ),
        relu(
            "upstream_ignored",
            back,
            "You return the slope of the layer alone. The chain rule has one more factor.",
            relu_backward=_relu_back(lambda d, x: (x > 0) * 1.0),
        ),
        relu(
            "mask_inverted",
            back,
            "Through which units does the gradient come back: those that were active, or the others?",
            relu_backward=_relu_back(lambda d, x: d * (x < 0)),
        ),
        relu(
            "times_the_output",
            back,
            "When an active input grows by 0.1, by how much does the output grow? Its value does not matter.",
            relu_backward=_relu_back(lambda d, x: d * np.maximum(x, 0)),
        ),
        relu(
            "everything_passes",
            back,
            "A gradient comes back also where the output was stuck at 0.",
            relu_backward=_relu_back(lambda d, x: d),
        ),
        sigmoid(
            "sign_of_the_exponent",
            ("forward", "large"),
            "Large inputs should give numbers near 1. Yours are near 0: look at the sign in the exponent.",
            sigmoid_forward=_sigmoid(lambda x: _s(-x)),
        ),
        sigmoid(
            "infinity_over_infinity",
            ("large",),
            "For x = 1000 you divide infinity by infinity. Can the formula be written so that this quotient never "
            "occurs?",
            sigmoid_forward=_sigmoid(_overflowing),
        ),
        sigmoid(
            "tanh",
            ("forward", "large"),
            "Your values run from -1 to 1. Where does a sigmoid begin?",
            sigmoid_forward=_sigmoid(np.tanh),
        ),
        sigmoid(
            "one_forgotten",
            ("forward", "large"),
            "At 0 your result is 1 and not 1/2. Something is missing in the denominator.",
            sigmoid_forward=_sigmoid(lambda x: np.exp(np.clip(x, -700, 700))),
        ),
        sigmoid(
            "clipped_too_early",
            ("forward", "large"),
            "You cut the inputs off where the curve still changes.",
            sigmoid_forward=_sigmoid(lambda x: _s(np.clip(x, -1, 1))),
        ),
        sigmoid(
            "one_factor_missing",
            back,
            "The slope at 0 is 1/4. Yours is 1/2: one of two factors is missing.",
            sigmoid_backward=_sigmoid_back(lambda d, x, s: d * (1 - s)),
        ),
        sigmoid(
            "other_factor_missing",
            back,
            "Your slope is large where the curve is already flat, on the right. Which factor makes it small there?",
            sigmoid_backward=_sigmoid_back(lambda d, x, s: d * s),
        ),
        sigmoid(
            "input_for_output",
            back,
            "The formula speaks of the output of the layer. Which number have you put in?",
            sigmoid_backward=_sigmoid_back(lambda d, x, s: d * x * (1 - x)),
        ),
        sigmoid(
            "sigmoid_twice",
            back,
            "Was the sigmoid taken already in the forward pass? Yours is taken twice.",
            sigmoid_backward=_sigmoid_back(lambda d, x, s: d * _s(s) * (1 - _s(s))),
        ),
        sigmoid(
            "upstream_ignored",
            back,
            "This is the slope of the layer alone. What came back from above is missing.",
            sigmoid_backward=_sigmoid_back(lambda d, x, s: s * (1 - s)),
        ),
        sigmoid(
            "slope_of_tanh",
            back,
            "A square appears in the slope of tanh. This is not tanh.",
            sigmoid_backward=_sigmoid_back(lambda d, x, s: d * (1 - s**2)),
        ),
    ]
