"""Known mistakes with initial weights; the check tells them by the spread of the numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cs_cnn.checks.assignments.a3.initialisation import HE_ELSE, XAVIER_ELSE, Rule
from cs_cnn.checks.mistakes.mistake import Mistake

_HINTS = {
    "a3.xavier": {
        "fan_in_only": "Your weights keep the signal on its way forward and think of nothing else. Xavier's rule is a "
        "compromise of two wishes; which is the other one?",
        "fan_out_only": "Your weights keep the gradient on its way back and think of nothing else. The rule is a "
        "compromise of two wishes.",
        "variance_as_deviation": "The rule states a variance. What does your generator ask for?",
        "two_forgotten": "Your weights are too small by a factor of 1.41. The mean of two numbers has a 2 in it.",
        "reciprocal": "Your weights are far larger than 1. More inputs should make each weight smaller.",
        "small_numbers": "The size of your weights does not depend on the layer at all.",
        "not_scaled": "Your weights have the standard deviation 1, for every layer. Where do the fans come in?",
        "six_for_a_normal": "A 6 belongs to the bounds of a uniform distribution. Yours is a normal one.",
    },
    "a3.he": {
        "as_printed": "Your standard deviation is far above 1, the reciprocal of what it should be. The formula "
        "printed in one of the lectures does this: the signal then grows 250-fold in a layer of 500 units.",
        "two_forgotten": "A ReLU lets half of the mean square through. What makes up for it?",
        "outputs_counted": "The sum in one unit has as many terms as it has inputs. Which of the two fans is that?",
        "xavier": "This rule is for activations that are straight at 0. What does a ReLU do with half of its inputs?",
        "variance_as_deviation": "The rule states a variance. What does your generator ask for?",
        "root_of_one_factor": "How far does the root reach?",
        "small_numbers": "The size of your weights does not depend on the layer at all.",
        "not_scaled": "Your weights have the standard deviation 1, for every layer. Where does fan_in come in?",
    },
}


def _normal(rule: Rule) -> Callable[..., Any]:
    def draw(fan_in: int, fan_out: int, rng: Any) -> Any:
        return rng.normal(0, rule(fan_in, fan_out), size=(fan_in, fan_out))

    return draw


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the tasks a3.xavier and a3.he."""
    found = []
    for task, others, right in (
        ("a3.xavier", XAVIER_ELSE, lambda i, o: (2 / (i + o)) ** 0.5),
        ("a3.he", HE_ELSE, lambda i, o: (2 / i) ** 0.5),
    ):
        name = task.split(".")[1]

        def wrong(
            key: str, loses: tuple[str, ...], hint: str, function: Any, task: str = task, name: str = name
        ) -> Mistake:
            return Mistake(key, task, {name: function}, loses, hint, told_by_check=True)

        found += [wrong(key, ("size",), hint, _normal(others[key])) for key, hint in _HINTS[task].items()]
        found += [
            wrong(
                "only_positive",
                ("size",),
                "All your weights are positive. What is the mean of the distribution you draw from?",
                lambda i, o, rng, right=right: rng.random((i, o)) * right(i, o),
            ),
            wrong(
                "turned",
                ("shape",),
                "In x @ w, how many rows must w have: one for each input or one for each output?",
                lambda i, o, rng, right=right: rng.normal(0, right(i, o), size=(o, i)),
            ),
            wrong(
                "another_generator",
                ("source",),
                "The weights cannot be drawn a second time. Which generator is the one you were given?",
                lambda i, o, rng, right=right: np.random.default_rng().standard_normal((i, o)) * right(i, o),
            ),
            wrong(
                "seed_inside",
                ("source",),
                "Two layers of the same size would get the same weights. Is a seed set inside the function?",
                lambda i, o, rng, right=right: np.random.default_rng(0).normal(0, right(i, o), size=(i, o)),
            ),
        ]
    return found
