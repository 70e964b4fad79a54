"""Known mistakes with a training step and with the accuracy."""

from __future__ import annotations

from cs_cnn.checks.mistakes.a5.lazy import lazily
from cs_cnn.checks.mistakes.mistake import Mistake


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the tasks a5.train_step and a5.accuracy."""

    def step(wrong: str, name: str, loses: tuple[str, ...], hint: str, like: tuple[str, ...] = ()) -> Mistake:
        functions = {"train_step": lazily("wrong_training.train_step", wrong=wrong)}
        return Mistake(name, "a5.train_step", functions, loses, hint, like=like)

    def share(wrong: str, name: str, loses: tuple[str, ...], hint: str) -> Mistake:
        functions = {"accuracy": lazily("wrong_training.accuracy", wrong=wrong)}
        return Mistake(name, "a5.accuracy", functions, loses, hint)

    steps, every, both = ("step", "second step"), ("loss", "step", "second step"), ("share", "evaluation")
    return [
        step(
            "gradients_kept",
            "zero_grad_forgotten",
            ("second step",),
            "The first step is right, the second goes too far: backward adds to what it finds.",
        ),
        step(
            "no_step",
            "nothing_moves",
            steps,
            "No parameter moves. Which call changes the parameters, and what does it find in .grad at that moment?",
        ),
        step(
            "emptied_late",
            "emptied_before_the_step",
            steps,
            "No parameter moves. Which call changes the parameters, and what does it find in .grad at that moment?",
            ("nothing_moves",),
        ),
        step(
            "softmax_first",
            "softmax_before_cross_entropy",
            every,
            "F.cross_entropy expects scores: it contains the softmax. With yours it is there twice.",
        ),
        step(
            "no_softmax",
            "nll_of_scores",
            every,
            "This loss expects logarithms of probabilities, and gets scores.",
        ),
        step(
            "summed",
            "sum_for_mean",
            every,
            "A batch of twice the size makes your loss and your step twice as large.",
        ),
        step(
            "uphill",
            "uphill",
            steps,
            "The loss grows. In which direction does the optimiser go, and what did you call backward on?",
        ),
        step(
            "own_rate",
            "own_optimiser",
            steps,
            "The step has not the size that the optimiser was given. Which optimiser do you use?",
        ),
        step(
            "loss_after",
            "loss_after_the_step",
            ("loss",),
            "You return the loss of the changed model. Which loss does the task ask for?",
        ),
        step(
            "mode_left",
            "mode_left",
            ("mode",),
            "The model may come from a test, in evaluation mode. Who switches it back?",
        ),
        share(
            "mode_left",
            "training_mode",
            ("evaluation",),
            "In training mode, batch norm uses the other images of the batch. Which mode is the model in?",
        ),
        share("percent", "percent", both, "The task asks for a share from 0 to 1."),
        share("count", "count", both, "You count right answers. How many images are there?"),
        share("errors", "error_rate", both, "This is the share of wrong answers."),
        share(
            "lowest", "lowest_score", both, "Which score belongs to the answer: the largest, or the smallest?"
        ),
        share(
            "batch_axis",
            "largest_over_the_batch",
            both,
            "There must be one answer for each image. Over which axis do you look for the largest score?",
        ),
    ]
