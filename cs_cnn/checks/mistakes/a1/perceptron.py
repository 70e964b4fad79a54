"""Known mistakes with the perceptron: its output, its rule, its training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cs_cnn.checks.mistakes.mistake import Mistake

Function = Callable[..., Any]


def _output(x: Any, w: Any, b: Any) -> Any:
    return (x @ w + b > 0).astype(int)


def _step(
    *,
    answer: Function = lambda z: float(z > 0),
    error: Function = lambda t, y: t - y,
    dw: Function = lambda lr, e, x: lr * e * x,
    db: Function = lambda lr, e, x: lr * e,
) -> Function:
    """Build one step of the rule with one thing changed."""

    def perceptron_step(x: Any, w: Any, b: Any, t: Any, lr: Any) -> Any:
        e = error(t, answer(x @ w + b))
        return w + dw(lr, e, x), b + db(lr, e, x)

    return perceptron_step


def _train(
    *,
    start: float = 0.0,
    stop: bool = True,
    reset: bool = True,
    note_last: bool = True,
    lr_of: Function = lambda lr: lr,
    share: bool = False,
    first_right: bool = False,
    test_after: bool = False,
    bias: bool = True,
) -> Function:
    """Build a training with one thing changed."""

    def perceptron_train(x: Any, t: Any, lr: Any, epochs: Any) -> Any:
        w, b, mistakes, count = np.zeros(x.shape[1]) + start, 0.0, [], 0
        for _ in range(epochs):
            count = 0 if reset else count
            for row, target in zip(x, t, strict=True):
                e = target - (row @ w + b > 0)
                w = w + lr_of(lr) * e * row
                b = b + (lr_of(lr) * e if bias else 0.0)
                count += int(target != (row @ w + b > 0)) if test_after else int(e != 0)
                if first_right and e == 0:
                    break
            if stop and count == 0 and not note_last:
                break
            mistakes.append(count / len(x) if share else count)
            if stop and count == 0:
                break
        return w, b, mistakes

    return perceptron_train


def _whole_passes(x: Any, t: Any, lr: Any, epochs: Any) -> Any:
    w, b, mistakes = np.zeros(x.shape[1]), 0.0, []
    for _ in range(epochs):
        e = t - (x @ w + b > 0)
        w, b = w + lr * e @ x, b + lr * e.sum()
        mistakes.append(int((e != 0).sum()))
        if mistakes[-1] == 0:
            break
    return w, b, mistakes


def _one_pass_less(x: Any, t: Any, lr: Any, epochs: Any) -> Any:
    return _train()(x, t, lr, epochs - 1)


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the three tasks on the perceptron."""

    def output(name: str, wrong: Function, loses: tuple[str, ...], hint: str) -> Mistake:
        return Mistake(name, "a1.perceptron_output", {"perceptron_output": wrong}, loses, hint)

    def step(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        return Mistake(name, "a1.perceptron_step", {"perceptron_step": _step(**changed)}, loses, hint)

    def train(name: str, loses: tuple[str, ...], hint: str, wrong: Any = None, **changed: Any) -> Mistake:
        functions = {
            "perceptron_train": wrong or _train(**changed),
            "perceptron_step": _step(),
            "perceptron_output": _output,
        }
        return Mistake(name, "a1.perceptron_train", functions, loses, hint)

    every, moved, run = ("values", "border"), ("w", "b"), ("w", "b", "mistakes", "stops")
    return [
        output(
            "relu",
            lambda x, w, b: np.maximum(x @ w + b, 0),
            every,
            "Your unit lets any positive number through. The machine of 1958 knew two answers only: which are they?",
        ),
        output(
            "plus_and_minus_one",
            lambda x, w, b: np.where(x @ w + b > 0, 1, -1),
            every,
            "Some books call the classes -1 and 1. Which two numbers does this task ask for?",
        ),
        output(
            "sign",
            lambda x, w, b: np.sign(x @ w + b),
            every,
            "How many different values can your function return? The unit here has two.",
        ),
        output(
            "raw_sum",
            lambda x, w, b: x @ w + b,
            every,
            "This is the weighted sum. What does the unit do with it before it answers?",
        ),
        output(
            "bias_missing",
            lambda x, w, b: (x @ w > 0).astype(int),
            every,
            "Set w to zero: the answer should still depend on b.",
        ),
        output(
            "border_included",
            lambda x, w, b: (x @ w + b >= 0).astype(int),
            ("border",),
            "Compare your comparison with the formula, sign by sign: what happens at exactly 0?",
        ),
        output(
            "below_instead_of_above",
            lambda x, w, b: (x @ w + b < 0).astype(int),
            every,
            "A point with a large positive sum gets 0 from you. On which side does the unit fire?",
        ),
        output(
            "threshold_one_half",
            lambda x, w, b: (x @ w + b > 0.5).astype(int),
            ("values",),
            "One half is the border between the two answers, and not the border for the sum. With what is the sum "
            "compared?",
        ),
        output(
            "column",
            lambda x, w, b: (x @ w + b > 0)[:, None],
            every,
            "One answer per row of x: that is one axis. Yours has two.",
        ),
        output(
            "one_answer_for_all",
            lambda x, w, b: int((x @ w + b > 0).any()),
            every,
            "You return one answer for the whole batch. How many rows has x?",
        ),
        step(
            "sign_of_the_error",
            moved,
            "If the answer was 0 and should have been 1, the sum must grow for this x. Does it grow after your step?",
            error=lambda t, y: y - t,
        ),
        step(
            "bias_forgotten",
            ("b",),
            "The bias never moves. It behaves like a weight whose input is always the same number: which one?",
            db=lambda lr, e, x: 0.0,
        ),
        step(
            "rate_forgotten",
            moved,
            "Twice the learning rate must move twice as far. What does yours do?",
            dw=lambda lr, e, x: e * x,
            db=lambda lr, e, x: e,
        ),
        step(
            "rate_forgotten_in_the_bias",
            ("b",),
            "The weights follow the learning rate, the bias does not.",
            db=lambda lr, e, x: e,
        ),
        step(
            "bias_times_inputs",
            ("b",),
            "In the sum the bias stands alone, without an x beside it. What does that mean for its step?",
            db=lambda lr, e, x: lr * e * x.sum(),
        ),
        step(
            "input_forgotten",
            ("w",),
            "Every weight moves by the same amount. Should a weight whose input is 0 move at all?",
            dw=lambda lr, e, x: lr * e * np.ones_like(x),
        ),
        step(
            "target_instead_of_error",
            (*moved, "right"),
            "You add the example although the answer was right. Which factor of the rule is 0 then?",
            error=lambda t, y: t,
        ),
        step(
            "sum_instead_of_output",
            (*moved, "right"),
            "Your error compares the target with the weighted sum. The rule compares it with the answer, which is 0 "
            "or 1. With the sum it is another machine, Adaline.",
            answer=lambda z: z,
        ),
        step(
            "relu_instead_of_threshold",
            (*moved, "right"),
            "Is the answer in your step always 0 or 1? A unit that passes on positive sums is not a perceptron.",
            answer=lambda z: max(z, 0.0),
        ),
        step(
            "plus_and_minus_one",
            (*moved, "right"),
            "The targets are 0 and 1. Which values can the error have then, and which has yours?",
            answer=lambda z: 1.0 if z > 0 else -1.0,
        ),
        step(
            "only_adds",
            moved,
            "After the answer 1 for t = 0 your step changes nothing. Who tells the unit that it fired in vain?",
            error=lambda t, y: max(t - y, 0),
        ),
        train(
            "share_instead_of_count",
            run[2:],
            "Your numbers lie between 0 and 1. Are mistakes counted or averaged here?",
            share=True,
        ),
        train(
            "whole_passes",
            run,
            "You collect the errors of a whole pass and move once. Rosenblatt's rule moves after every example, so the "
            "next one meets the new weights.",
            _whole_passes,
        ),
        train(
            "does_not_stop",
            ("stops",),
            "Your list ends with many zeros. What can still change after a pass without a mistake?",
            stop=False,
        ),
        train(
            "count_not_reset",
            run[2:],
            "Your counts never fall. Where does a pass begin to count?",
            reset=False,
        ),
        train(
            "last_pass_not_noted",
            ("stops",),
            "The pass without a mistake is a pass too: its count belongs into the list.",
            note_last=False,
        ),
        train(
            "rate_ignored",
            ("w", "b"),
            "The counts are right, and the weights are a multiple of the right ones. Which argument is not used?",
            lr_of=lambda lr: 1.0,
        ),
        train(
            "starts_at_one",
            run,
            "Print w and b before the first example. Where does the task start?",
            start=1.0,
        ),
        train(
            "stops_at_the_first_right_answer",
            run,
            "A right answer ends your pass. Which rows does the unit never see?",
            first_right=True,
        ),
        train(
            "tested_after_the_step",
            run,
            "You test the answer after the step, so a mistake that the step mended is not counted. When is it made?",
            test_after=True,
        ),
        train(
            "bias_forgotten",
            run,
            "Your border always passes through the origin. What never moves?",
            bias=False,
        ),
        train(
            "one_pass_less",
            ("w", "b", "mistakes"),
            "Count the passes: how many were asked for, and how many entries has your list?",
            _one_pass_less,
        ),
    ]
