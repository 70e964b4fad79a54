"""Known mistakes with whole trainings; the checks tell them from their symptoms."""

from __future__ import annotations

from typing import Any

from cs_cnn.checks.mistakes.a5.lazy import lazily
from cs_cnn.checks.mistakes.mistake import Mistake

_LAG = (
    "In training mode the answers are right, in evaluation mode they are not: the running statistics of batch norm "
    "have not caught up. How many steps, and which momentum, do they need?"
)
_BARE = "There should be ten numbers for each image: one score for each class. What does your model return?"


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the tasks a5.overfit and a5.train_resnet."""

    def overfit(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        functions = {"overfit": lazily("wrong_training.overfit", **changed)}
        return Mistake(name, "a5.overfit", functions, loses, hint, told_by_check=True)

    def resnet(name: str, hint: str, **changed: Any) -> Mistake:
        functions = {"train_resnet": lazily("wrong_training.train_resnet", **changed)}
        return Mistake(name, "a5.train_resnet", functions, ("accuracy",), hint, told_by_check=True)

    learns = ("learns", "any labels")
    return [
        overfit(
            "never_steps",
            ("losses", *learns),
            "The loss is the same at every step. Which parameters does your optimiser know, and is its step called?",
            wrong="never_steps",
            steps=10,
        ),
        overfit(
            "diverges",
            ("losses", *learns),
            "The loss grows. If the sign is right, is the learning rate a hundred times too large?",
            wrong="diverges",
            steps=10,
        ),
        overfit(
            "stopped_early",
            ("losses", *learns),
            "The loss is on its way down, and the training ends. How many steps do you take, and how large are they?",
            steps=12,
            lr=0.001,
        ),
        overfit(
            "softmax_before_loss",
            ("losses", *learns),
            "The loss falls to about 1.5 and no further. The loss contains a softmax: is there another before it?",
            wrong="softmax_first",
            steps=12,
            lr=0.005,
        ),
        overfit(
            "losses_not_a_list",
            ("losses",),
            "One loss for each step is asked for. What do you collect?",
            wrong="last_loss",
        ),
        overfit(
            "not_reproducible",
            ("seed",),
            "Some random number does not come from the seed. Is it set before the layers are made?",
            wrong="unseeded",
        ),
        overfit("statistics_lag", learns, _LAG, wrong="lag", steps=100),
        overfit("features_for_scores", learns, _BARE, wrong="bare"),
        resnet(
            "untrained",
            "The answers are hardly better than guessing. Does the loss fall? Do images and labels of a batch belong "
            "together?",
        ),
        resnet(
            "stopped_early",
            "The model has learned something, not enough. Does the loss still fall at the end? Train longer, or with a "
            "larger rate that shrinks towards the end.",
            steps=20,
        ),
        resnet("statistics_lag", _LAG, wrong="lag", steps=60),
        resnet("features_for_scores", _BARE, wrong="bare"),
    ]
