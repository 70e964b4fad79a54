"""Known mistakes with batch normalization, forward: the output, and the running statistics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cs_cnn.checks.mistakes.mistake import Mistake

Statistics = Callable[[Any], tuple[Any, Any]]


def _of_features(x: Any) -> tuple[Any, Any]:
    return x.mean(axis=0), x.var(axis=0)


def _divided(c: Any, var: Any, eps: float) -> Any:
    return c / np.sqrt(var + eps)


def forward(
    *,
    statistics: Statistics = _of_features,
    divided: Callable[[Any, Any, float], Any] = _divided,
    divided_after: Callable[[Any, Any, float], Any] | None = None,
    shifted: Callable[[Any, Any, Any], Any] = lambda h, g, b: g * h + b,
    shifted_after: Callable[[Any, Any, Any], Any] | None = None,
    collect: Callable[[Any, Any, float], Any] = lambda old, new, m: (1 - m) * old + m * new,
    collected_var: Callable[[Any, float], Any] = lambda x, eps: x.var(axis=0, ddof=1),
    after: Callable[[Any, Any], tuple[Any, Any]] = lambda x, running: (running["mean"], running["var"]),
    collect_after: bool = False,
    store: bool = True,
    centred: bool = True,
) -> Callable[..., Any]:
    """Build a forward pass with one thing changed."""

    def batch_norm_forward(
        x: Any,
        gamma: Any,
        beta: Any,
        running: Any,
        train: bool = True,
        momentum: float = 0.1,
        eps: float = 1e-5,
    ) -> Any:
        mean, var = statistics(x) if train else after(x, running)
        hat = (divided if train else divided_after or divided)(x - mean if centred else x, var, eps)
        out = (shifted if train else shifted_after or shifted)(hat, gamma, beta)
        if store and (train or collect_after):
            new_mean, _ = statistics(x)
            running["mean"] = collect(running["mean"], new_mean, momentum)
            running["var"] = collect(running["var"], collected_var(x, eps), momentum)
        return out, (x, hat, gamma, np.sqrt(var + eps))

    return batch_norm_forward


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the task a3.batch_norm_forward."""

    def wrong(
        name: str, loses: tuple[str, ...], hint: str, *, diary: bool = False, **changed: Any
    ) -> Mistake:
        section = "training/batch_norm#batch-norm-running" if diary else ""
        functions = {"batch_norm_forward": forward(**changed)}
        return Mistake(name, "a3.batch_norm_forward", functions, loses, hint, section)

    both, running, after = ("out", "eps"), ("running mean", "running var"), ("after training",)
    return [
        wrong(
            "one_mean_for_everything",
            (*both, "running mean"),
            "You take one mean and one variance of the whole batch. The statistics belong to one feature each.",
            statistics=lambda x: (x.mean(), x.var()),
        ),
        wrong(
            "each_example_normalised",
            (*both, "running mean"),
            "Every row of your output is normalised. Batch normalization takes its name from the other axis.",
            statistics=lambda x: (x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)),
        ),
        wrong(
            "unbiased_in_the_batch",
            both,
            "The variance of your output is a little too small. By how many is the sum of squares divided inside the "
            "batch?",
            statistics=lambda x: (x.mean(axis=0), x.var(axis=0, ddof=1)),
        ),
        wrong(
            "divided_by_the_variance",
            (*both, "after training"),
            "Your output depends on the unit in which x is measured. What has the same unit as x?",
            divided=lambda c, v, eps: c / (v + eps),
        ),
        wrong(
            "mean_not_subtracted",
            (*both, "after training"),
            "The columns of your output do not have the mean beta. Is the centre taken out?",
            centred=False,
        ),
        wrong(
            "eps_outside_the_root",
            ("eps", "after training"),
            "With a small eps all is well. On which side of the root does it stand in the formula?",
            divided=lambda c, v, eps: c / (np.sqrt(v) + eps),
        ),
        wrong(
            "eps_forgotten",
            ("eps", "after training"),
            "What happens to a feature that is the same in all examples of the batch?",
            divided=lambda c, v, eps: c / np.sqrt(v),
        ),
        wrong(
            "eps_forgotten_after_training",
            after,
            "In training eps is there. After training the formula is the same, only with other statistics.",
            divided_after=lambda c, v, eps: c / np.sqrt(v),
        ),
        wrong(
            "gamma_times_beta",
            (*both, "after training"),
            "You multiply the shift too. What comes first, the scale or the shift?",
            shifted=lambda h, g, b: g * (h + b),
        ),
        wrong(
            "no_scale_and_shift",
            (*both, "after training"),
            "Your output has the mean 0 and the variance 1, whatever gamma and beta say.",
            shifted=lambda h, g, b: h,
        ),
        wrong(
            "momentum_swapped",
            running,
            "Which of the two keeps the larger share when momentum is 0.1: the old value or the new one? Read the "
            "formula once more; there are two conventions.",
            diary=True,
            collect=lambda old, new, m: m * old + (1 - m) * new,
        ),
        wrong(
            "overwritten",
            running,
            "Only the last batch is left in the running values. They should remember all of them.",
            diary=True,
            collect=lambda old, new, m: new,
        ),
        wrong(
            "not_stored",
            running,
            "The running values are the same after the call as before. Where do they live between two calls? A new "
            "name inside the function dies with it.",
            diary=True,
            store=False,
        ),
        wrong(
            "added_up",
            running,
            "Your running values grow with every batch. What happens to the share of the old value?",
            diary=True,
            collect=lambda old, new, m: old + m * new,
        ),
        wrong(
            "biased_in_the_diary",
            ("running var",),
            "The batch is divided by N, the running variance is to speak for all images. What does the formula "
            "divide by there?",
            diary=True,
            collected_var=lambda x, eps: x.var(axis=0),
        ),
        wrong(
            "eps_in_the_diary",
            ("running var",),
            "The running variance should be a variance and nothing else. What have you added to it?",
            diary=True,
            collected_var=lambda x, eps: x.var(axis=0, ddof=1) + eps,
        ),
        wrong(
            "deviation_in_the_diary",
            ("running var",),
            "Is it a variance or a standard deviation that you collect?",
            diary=True,
            collected_var=lambda x, eps: x.std(axis=0, ddof=1),
        ),
        wrong(
            "biased_deviation_in_the_diary",
            ("running var",),
            "You collect a root. The name of the entry says what belongs there.",
            diary=True,
            collected_var=lambda x, eps: x.std(axis=0),
        ),
        wrong(
            "batch_after_training",
            after,
            "Ask for the same image alone and in a batch: you get two answers. Which statistics belong to train=False?",
            diary=True,
            after=lambda x, running: _of_features(x),
        ),
        wrong(
            "collects_after_training",
            after,
            "The running values have changed although train is False. What do the test images have to do with them?",
            diary=True,
            collect_after=True,
            collected_var=lambda x, eps: x.var(axis=0, ddof=1) if len(x) > 1 else np.zeros(x.shape[1]),
        ),
        wrong(
            "bare_after_training",
            after,
            "Scale and shift were learned. Are they of no use after training?",
            diary=True,
            shifted_after=lambda h, g, b: h,
        ),
        wrong(
            "variance_for_root_after_training",
            after,
            "After training you divide by the running variance. What do you divide by in training?",
            diary=True,
            divided_after=lambda c, v, eps: c / (v + eps),
        ),
    ]
