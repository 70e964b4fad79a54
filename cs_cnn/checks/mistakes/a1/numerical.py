"""Known mistakes with a numerical gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cs_cnn.checks.mistakes.mistake import Mistake

Function = Callable[..., Any]


def _gradient(
    quotient: Function = lambda f, above, below, x, h: (f(above) - f(below)) / (2 * h), step: float = 0.0
) -> Function:
    """Build a numerical gradient with one thing changed; `quotient` sees the two moved copies."""

    def numerical_gradient(f: Any, x: Any, h: float = 1e-5) -> Any:
        gradient = np.zeros_like(x)
        for index in np.ndindex(x.shape):
            above, below = x.copy(), x.copy()
            above[index] += step or h
            below[index] -= step or h
            gradient[index] = quotient(f, above, below, x, step or h)
        return gradient

    return numerical_gradient


def _not_restored(f: Any, x: Any, h: float = 1e-5) -> Any:
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        x[index] += h
        above = f(x)
        x[index] -= 2 * h
        gradient[index] = (above - f(x)) / (2 * h)
    return gradient


def _restored_once(f: Any, x: Any, h: float = 1e-5) -> Any:
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        x[index] += h
        above = f(x)
        x[index] -= h
        below = f(x)
        gradient[index] = (above - below) / (2 * h)
    return gradient


def _alias(f: Any, x: Any, h: float = 1e-5) -> Any:
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        above, below = x, x
        above[index] += h
        below[index] -= h
        gradient[index] = (f(above) - f(below)) / (2 * h)
    return gradient


def _all_at_once(f: Any, x: Any, h: float = 1e-5) -> Any:
    return np.ones_like(x) * (f(x + h) - f(x - h)) / (2 * h)


def _one_number(f: Any, x: Any, h: float = 1e-5) -> Any:
    return (f(x + h) - f(x - h)) / (2 * h)


def _rows_only(f: Any, x: Any, h: float = 1e-5) -> Any:
    gradient = np.zeros_like(x)
    for i in range(len(x)):
        above, below = x.copy(), x.copy()
        above[i] += h
        below[i] -= h
        gradient[i] = (f(above) - f(below)) / (2 * h)
    return gradient


def _flat(f: Any, x: Any, h: float = 1e-5) -> Any:
    return _gradient()(f, x, h).ravel()


def _two_axes_only(f: Any, x: Any, h: float = 1e-5) -> Any:
    gradient = np.zeros_like(x)
    if x.ndim == 1:
        return _gradient()(f, x, h)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            above, below = x.copy(), x.copy()
            above[i, j] += h
            below[i, j] -= h
            gradient[i, j] = (f(above) - f(below)) / (2 * h)
    return gradient


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the task a1.numerical_gradient."""

    def build(name: str, wrong: Function, loses: tuple[str, ...], hint: str) -> Mistake:
        return Mistake(name, "a1.numerical_gradient", {"numerical_gradient": wrong}, loses, hint)

    every = ("vector", "matrix", "accuracy")
    return [
        build(
            "divided_by_h",
            _gradient(lambda f, above, below, x, h: (f(above) - f(below)) / h),
            every,
            "The two points lie on both sides of x. How far are they from each other?",
        ),
        build(
            "sign",
            _gradient(lambda f, above, below, x, h: (f(below) - f(above)) / (2 * h)),
            every,
            "Where f rises the gradient is positive. Is yours?",
        ),
        build(
            "precedence",
            _gradient(lambda f, above, below, x, h: f(above) - f(below) / (2 * h)),
            every,
            "Your numbers are huge. Which part of the numerator is divided?",
        ),
        build(
            "multiplied_by_h",
            _gradient(lambda f, above, below, x, h: (f(above) - f(below)) / 2 * h),
            every,
            "Your numbers are tiny. Read the denominator from left to right as Python does.",
        ),
        build(
            "one_sided",
            _gradient(lambda f, above, below, x, h: (f(above) - f(x)) / h),
            ("accuracy",),
            "Right to four digits, not to six: where f bends, a step to one side alone measures the slope beside x. "
            "What does a step to the other side cancel?",
        ),
        build(
            "one_sided_backwards",
            _gradient(lambda f, above, below, x, h: (f(x) - f(below)) / h),
            ("accuracy",),
            "You only look back. What does a step forward cancel?",
        ),
        build(
            "step_too_large",
            _gradient(step=0.1),
            ("accuracy",),
            "Over a wide step the slope changes. The error of the centred quotient grows with the square of h.",
        ),
        build(
            "step_too_small",
            _gradient(step=3e-14),
            every,
            "The two values of f agree in nearly all their digits. What is left when you subtract them?",
        ),
        build(
            "not_restored",
            _not_restored,
            ("accuracy",),
            "The first entry is right and the later ones drift. Where does x stand when the next entry begins?",
        ),
        build(
            "restored_to_x",
            _restored_once,
            every,
            "How far apart are the two points that you compare, and by what do you divide? From x + h, going back by h "
            "leads where?",
        ),
        build(
            "alias",
            _alias,
            every,
            "An assignment gives an array a second name. How many arrays do you have?",
        ),
        build(
            "all_at_once",
            _all_at_once,
            every,
            "All entries move together, so all slopes are added up. The gradient asks for one entry at a time.",
        ),
        build(
            "one_number",
            _one_number,
            every,
            "You return one number. A gradient has the shape of x.",
        ),
        build(
            "rows_only",
            _rows_only,
            ("matrix",),
            "For a matrix, x[i] is a whole row. How do you move a single entry of any array?",
        ),
        build(
            "flat",
            _flat,
            ("matrix",),
            "The numbers are right, and the shape is not: the gradient has the shape of x.",
        ),
        build(
            "two_axes_only",
            _two_axes_only,
            ("matrix",),
            "Images have more than two axes. Which function of NumPy gives the places in an array of any shape?",
        ),
    ]
