"""Known mistakes with AdaGrad, RMSProp and Adam."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cs_cnn.checks.mistakes.mistake import Mistake

Squares = Callable[[Any, Any, float], Any]
Move = Callable[[Any, Any, float], Any]


def _divided(dw: Any, n: Any, eps: float) -> Any:
    return dw / (np.sqrt(n) + eps)


def _adagrad(
    squares: Callable[[Any, Any], Any] = lambda n, dw: n + dw**2,
    *,
    move: Move = _divided,
    store: bool = True,
    late: bool = False,
    fixed: float | None = None,
) -> Callable[..., Any]:
    """Build a step of AdaGrad with one thing changed."""

    def adagrad_step(w: Any, dw: Any, state: Any, lr: float, eps: float) -> Any:
        before = state.get("n", np.zeros_like(w))
        n = squares(before, dw)
        step = move(dw, before if late else n, eps if fixed is None else fixed)
        return w - lr * step, {"n": n} if store else {}

    return adagrad_step


def _rmsprop(
    squares: Squares = lambda n, dw, decay: decay * n + (1 - decay) * dw**2,
    *,
    move: Move = _divided,
    store: bool = True,
    corrected: bool = False,
) -> Callable[..., Any]:
    """Build a step of RMSProp with one thing changed."""

    def rmsprop_step(w: Any, dw: Any, state: Any, lr: float, decay: float, eps: float) -> Any:
        t = state.get("t", 0) + 1
        n = squares(state.get("n", np.zeros_like(w)), dw, decay)
        step = move(dw, n / (1 - decay**t) if corrected else n, eps)
        return w - lr * step, {"n": n, "t": t} if store else {}

    return rmsprop_step


def _adam(
    *,
    first: Squares = lambda m, dw, b: b * m + (1 - b) * dw,
    second: Squares = lambda n, dw, b: b * n + (1 - b) * dw**2,
    power: Callable[[int], int] = lambda t: t,
    correct: tuple[bool, bool] = (True, True),
    keep_corrected: bool = False,
    move: Move = _divided,
    swap: bool = False,
    counts: bool = True,
) -> Callable[..., Any]:
    """Build a step of Adam with one thing changed."""

    def adam_step(w: Any, dw: Any, state: Any, lr: float, beta1: float, beta2: float, eps: float) -> Any:
        if swap:
            beta1, beta2 = beta2, beta1
        t = state.get("t", 0) + 1
        m = first(state.get("m", np.zeros_like(w)), dw, beta1)
        n = second(state.get("n", np.zeros_like(w)), dw, beta2)
        m_hat = m / (1 - beta1 ** power(t)) if correct[0] else m
        n_hat = n / (1 - beta2 ** power(t)) if correct[1] else n
        kept = (m_hat, n_hat) if keep_corrected else (m, n)
        return w - lr * move(m_hat, n_hat, eps), {"t": t if counts else 0, "m": kept[0], "n": kept[1]}

    return adam_step


def _eps_before_correction(
    w: Any, dw: Any, state: Any, lr: float, beta1: float, beta2: float, eps: float
) -> Any:
    t = state.get("t", 0) + 1
    m = beta1 * state.get("m", np.zeros_like(w)) + (1 - beta1) * dw
    n = beta2 * state.get("n", np.zeros_like(w)) + (1 - beta2) * dw**2
    rate = lr * np.sqrt(1 - beta2**t) / (1 - beta1**t)
    return w - rate * m / (np.sqrt(n) + eps), {"t": t, "m": m, "n": n}


def _eps_inside(dw: Any, n: Any, eps: float) -> Any:
    return dw / np.sqrt(n + eps)


def _no_root(dw: Any, n: Any, eps: float) -> Any:
    return dw / (n + eps)


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the tasks a3.adagrad_step, a3.rmsprop_step and a3.adam_step."""

    def adagrad(name: str, loses: tuple[str, ...], hint: str, *args: Any, **changed: Any) -> Mistake:
        functions = {"adagrad_step": _adagrad(*args, **changed)}
        return Mistake(name, "a3.adagrad_step", functions, loses, hint)

    def rmsprop(name: str, loses: tuple[str, ...], hint: str, *args: Any, **changed: Any) -> Mistake:
        functions = {"rmsprop_step": _rmsprop(*args, **changed)}
        return Mistake(name, "a3.rmsprop_step", functions, loses, hint)

    def adam(name: str, loses: tuple[str, ...], hint: str, function: Any = None, **changed: Any) -> Mistake:
        functions = {"adam_step": function or _adam(**changed)}
        return Mistake(name, "a3.adam_step", functions, loses, hint)

    every, later, eps = ("first step", "later steps", "eps"), ("later steps", "eps"), ("eps",)
    all_four, after_one = ("first step", "later steps", "settings", "eps"), ("later steps", "settings", "eps")
    return [
        adagrad(
            "root_forgotten",
            every,
            "Multiply all gradients by 10: the steps should stay as long as they are. Yours do not.",
            move=_no_root,
        ),
        adagrad(
            "gradients_added",
            every,
            "Gradients of opposite signs cancel in your sum, and it may turn negative. What should be added up?",
            lambda n, dw: n + dw,
        ),
        adagrad(
            "absolute_values",
            later,
            "The first step is right. Then you add up sizes where the formula adds up squares.",
            lambda n, dw: (np.sqrt(n) + np.abs(dw)) ** 2,
        ),
        adagrad(
            "not_stored",
            later,
            "Each of your steps is as long as the first one. What does the next call know of the earlier gradients?",
            store=False,
        ),
        adagrad(
            "sum_fades",
            every,
            "Your old squares fade away. That is RMSProp, two paragraphs further on.",
            lambda n, dw: 0.9 * n + 0.1 * dw**2,
        ),
        adagrad(
            "mean_of_the_two",
            every,
            "Nothing is averaged in this rule: the sum only grows.",
            lambda n, dw: (n + dw**2) / 2,
        ),
        adagrad(
            "added_afterwards",
            every,
            "Your first step is enormous: it is divided by eps alone. Does the new gradient count already?",
            late=True,
        ),
        adagrad(
            "eps_inside",
            eps,
            "With a tiny eps all is well. Does it stand under the root here?",
            move=_eps_inside,
        ),
        adagrad("eps_written_out", eps, "Change eps: nothing happens in your result.", fixed=1e-8),
        rmsprop(
            "root_forgotten",
            every,
            "Multiply all gradients by 10: the steps should stay as long as they are. Yours do not.",
            move=_no_root,
        ),
        rmsprop(
            "gradients_averaged",
            every,
            "Under your root stands a mean of gradients, which may be negative. Of what should it be the mean?",
            lambda n, dw, decay: decay * n + (1 - decay) * dw,
        ),
        rmsprop(
            "decay_swapped",
            every,
            "Your first step is too short. Which of the two gets the share decay: the past or the new square?",
            lambda n, dw, decay: (1 - decay) * n + decay * dw**2,
        ),
        rmsprop(
            "sum_never_fades",
            every,
            "This is AdaGrad: nothing fades. Where does decay come in?",
            lambda n, dw, decay: n + dw**2,
        ),
        rmsprop(
            "new_square_in_full",
            every,
            "The past fades, yet the new square counts in full. The two shares should add up to 1.",
            lambda n, dw, decay: decay * n + dw**2,
        ),
        rmsprop(
            "not_stored",
            later,
            "Each of your steps is as long as the first one. What does the next call know of the mean?",
            store=False,
        ),
        rmsprop(
            "corrected",
            every,
            "Your first steps are shorter than the formula says: you take back the start at 0, as Adam does.",
            corrected=True,
        ),
        rmsprop(
            "eps_inside",
            eps,
            "With a tiny eps all is well. Does it stand under the root here?",
            move=_eps_inside,
        ),
        rmsprop(
            "eps_forgotten",
            eps,
            "What happens to a parameter whose gradient has always been 0?",
            move=lambda dw, n, e: dw / np.sqrt(n),
        ),
        adam(
            "no_correction",
            all_four,
            "At the first step every entry should move by lr, whatever the gradient. Yours moves by another length: "
            "both means began at 0.",
            correct=(False, False),
        ),
        adam(
            "only_m_corrected",
            all_four,
            "One of your two means is corrected for its start. Which one is not?",
            correct=(True, False),
        ),
        adam(
            "only_n_corrected",
            all_four,
            "Your first step is too short. Only one of the two means is corrected for its start.",
            correct=(False, True),
        ),
        adam(
            "t_after_use",
            all_four,
            "At the first step you divide by 0. Where does t begin?",
            power=lambda t: t - 1,
        ),
        adam(
            "t_stands_still",
            after_one,
            "The first step is right, and then the correction stays as it was. Does t change between two calls?",
            counts=False,
        ),
        adam(
            "square_for_power",
            all_four,
            "The share is raised to a power that grows with the steps. Yours is always the same.",
            power=lambda t: 2,
        ),
        adam(
            "corrected_stored",
            after_one,
            "The first step is right. What do you keep for the second: the raw means, or the corrected ones?",
            keep_corrected=True,
        ),
        adam(
            "square_forgotten",
            all_four,
            "Under your root stands a mean of gradients, which may be negative. Of what should the second mean be?",
            second=lambda n, dw, b: b * n + (1 - b) * dw,
        ),
        adam(
            "shares_swapped",
            after_one,
            "Which share belongs to the mean of the gradients, and which to that of their squares? The slower one "
            "is for the squares.",
            swap=True,
        ),
        adam(
            "root_forgotten",
            all_four,
            "Multiply all gradients by 10: the steps should stay as long as they are. Yours do not.",
            move=_no_root,
        ),
        adam(
            "gradient_for_mean",
            after_one,
            "Only the length of your step has a memory. Its direction is that of the last gradient alone.",
            first=lambda m, dw, b: (1 - b) * dw,
        ),
        adam(
            "eps_inside",
            eps,
            "With a tiny eps all is well. Does it stand under the root here?",
            move=_eps_inside,
        ),
        adam(
            "eps_before_correction",
            eps,
            "Your formula is the shortcut with one rate for both corrections. Then eps is added to a root that is "
            "not yet corrected.",
            _eps_before_correction,
        ),
    ]
