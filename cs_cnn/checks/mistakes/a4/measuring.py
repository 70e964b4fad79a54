"""Known mistakes with measuring and comparing gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cs_cnn.checks.mistakes.mistake import Mistake


def _numerical(
    *,
    step: float = 1e-5,
    divisor: float = 2.0,
    above: float = 1.0,
    below: float = -1.0,
    weigh: Callable[[Any, Any], Any] = lambda change, dout: np.sum(change * dout),
    restore: Callable[[Any, Any, float], Any] = lambda old, now, h: old,
    keep: Callable[[Any], Any] = lambda result: np.array(result),
) -> Callable[..., Any]:
    """Build a measurement with one thing changed."""

    def numerical_gradient(f: Any, x: Any, dout: Any) -> Any:
        gradient = np.zeros(x.shape)
        for index in np.ndindex(*x.shape):
            old = x[index]
            x[index] = old + above * step
            high = keep(f(x))
            x[index] = old + below * step
            low = keep(f(x))
            x[index] = restore(old, x[index], step)
            gradient[index] = weigh(high - low, dout) / (divisor * step)
        return gradient

    return numerical_gradient


def _errors(
    *,
    compare: Callable[[Any, Any], Any] | None = None,
    shapes: bool = True,
    weight: Callable[[Any], Any] = lambda dout: dout,
    which: Callable[[int], int] = lambda k: k,
    at: Callable[[Any], Any] = lambda array: array.copy(),
) -> Callable[..., Any]:
    """Build a comparison with one thing changed."""
    measure = _numerical()

    def relative(a: Any, b: Any) -> Any:
        return np.abs(a - b).max() / max(np.abs(a).max(), np.abs(b).max())

    def gradient_errors(forward: Any, backward: Any, arrays: Any, dout: Any) -> Any:
        _, cache = forward(*arrays)
        errors = []
        for k, gradient in enumerate(backward(dout, cache)):

            def f(moved: Any, k: int = k) -> Any:
                return forward(*arrays[: which(k)], moved, *arrays[which(k) + 1 :])[0]

            measured = measure(f, at(arrays[which(k)]), weight(dout))
            if shapes and gradient.shape != measured.shape:
                errors.append(np.inf)
            else:
                errors.append((compare or relative)(gradient, measured))
        return errors

    return gradient_errors


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the tasks a4.numerical_gradient and a4.gradient_errors."""

    def numerical(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        functions = {"numerical_gradient": _numerical(**changed)}
        return Mistake(name, "a4.numerical_gradient", functions, loses, hint)

    def errors(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        return Mistake(name, "a4.gradient_errors", {"gradient_errors": _errors(**changed)}, loses, hint)

    values = ("values", "accuracy", "any function")
    return [
        numerical(
            "divided_by_one_step",
            values,
            "Your gradient is twice the right one. How far apart are the two points you measure at?",
            divisor=1.0,
        ),
        numerical(
            "one_side_only",
            ("accuracy",),
            "Right, but with only five good digits: the slope between x and x + h belongs to the point halfway. "
            "Which two points lie evenly around x?",
            below=0.0,
            divisor=1.0,
        ),
        numerical(
            "step_too_large",
            ("accuracy",),
            "The error of the formula grows with the square of the step. How large is yours?",
            step=1e-2,
        ),
        numerical(
            "step_too_small",
            values,
            "f(x + h) and f(x - h) agree in nearly all their digits. How many are left when you subtract?",
            step=1e-14,
        ),
        numerical(
            "upstream_ignored",
            values,
            "You add up the changes of all outputs. Each of them counts with its own weight.",
            weigh=lambda change, dout: np.sum(change),
        ),
        numerical(
            "changes_averaged",
            values,
            "Your gradient shrinks when there are more outputs. Their effects on the loss add up.",
            weigh=lambda change, dout: np.mean(change * dout),
        ),
        numerical(
            "sign",
            values,
            "Every entry has the wrong sign: which of the two values do you subtract?",
            weigh=lambda change, dout: -np.sum(change * dout),
        ),
        numerical(
            "x_left_moved",
            ("x kept",),
            "After the call x is not what it was: the entries you have visited are still below their place.",
            restore=lambda old, now, h: now,
        ),
        numerical(
            "x_moved_back_once",
            ("x kept",),
            "From x - h, how far is it back to where you started?",
            restore=lambda old, now, h: now + 2 * h,
        ),
        numerical(
            "reference_kept",
            ("any function",),
            "When f returns its own argument, your two values are two names of one array, and their difference is 0.",
            keep=lambda result: result,
        ),
        errors(
            "absolute_error",
            ("wrong gradient",),
            "An error of 0.1 is large for a gradient of 0.1 and small for one of 1000. What do you divide by?",
            compare=lambda a, b: np.abs(a - b).max(),
        ),
        errors(
            "mean_difference",
            ("wrong gradient",),
            "One wrong entry among a million right ones must be seen. Does a mean see it?",
            compare=lambda a, b: np.abs(a - b).mean() / max(np.abs(a).max(), np.abs(b).max()),
        ),
        errors(
            "sign_of_the_difference",
            ("wrong gradient",),
            "Your largest difference may be a small one: -5 is less than 1.",
            compare=lambda a, b: (a - b).max() / max(np.abs(a).max(), np.abs(b).max()),
        ),
        errors(
            "divided_by_the_sum",
            ("wrong gradient",),
            "The task divides by the larger of the two, not by both.",
            compare=lambda a, b: np.abs(a - b).max() / (np.abs(a).max() + np.abs(b).max()),
        ),
        errors(
            "shapes_not_compared",
            ("wrong shape",),
            "Broadcasting makes (1, M) and (M,) look equal. What do you compare before the values?",
            shapes=False,
        ),
        errors(
            "upstream_ignored",
            ("right layer", "wrong gradient"),
            "backward was given dout, and your measurement was not.",
            weight=np.ones_like,
        ),
        errors(
            "always_the_first_array",
            ("right layer", "wrong gradient"),
            "Each gradient belongs to an array of its own; which one do you move for the second gradient?",
            which=lambda k: 0,
            shapes=True,
            compare=lambda a, b: np.abs(a - b).max() / max(np.abs(a).max(), np.abs(b).max()),
        ),
    ]
