"""Known mistakes with plain gradient steps and with momentum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cs_cnn.checks.mistakes.mistake import Mistake


def _step(
    velocity: Callable[[Any, Any, float], Any] = lambda v, dw, m: m * v + dw,
    *,
    move: Callable[[Any, Any, Any, float], Any] = lambda w, v, dw, lr: w - lr * v,
    store: Callable[[Any, Any], Any] = lambda v, dw: v,
    fixed: float | None = None,
) -> Callable[..., Any]:
    """Build a step with momentum with one thing changed."""

    def momentum_step(w: Any, dw: Any, state: Any, lr: float, momentum: float) -> Any:
        share = momentum if fixed is None else fixed
        v = velocity(state.get("v", np.zeros_like(w)), dw, share)
        return move(w, v, dw, lr), {"v": store(v, dw)}

    return momentum_step


def _nesterov(w: Any, dw: Any, state: Any, lr: float, momentum: float) -> Any:
    v = momentum * state.get("v", np.zeros_like(w)) + dw
    return w - lr * (dw + momentum * v), {"v": v}


def _begins_with(first: Callable[[Any], Any]) -> Callable[..., Any]:
    def momentum_step(w: Any, dw: Any, state: Any, lr: float, momentum: float) -> Any:
        v = momentum * state.get("v", first(w)) + dw
        return w - lr * v, {"v": v}

    return momentum_step


def _no_first_velocity(w: Any, dw: Any, state: Any, lr: float, momentum: float) -> Any:
    state["v"] = momentum * state["v"] + dw
    return w - lr * state["v"], state


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the tasks a3.sgd_step and a3.momentum_step."""

    def sgd(name: str, hint: str, function: Any) -> Mistake:
        return Mistake(name, "a3.sgd_step", {"sgd_step": function}, ("step",), hint)

    def wrong(name: str, loses: tuple[str, ...], hint: str, function: Any) -> Mistake:
        return Mistake(name, "a3.momentum_step", {"momentum_step": function}, loses, hint)

    every, later = ("first step", "later steps", "settings"), ("later steps", "settings")
    return [
        sgd(
            "uphill",
            "The gradient points to where the loss grows. Where do you want to go?",
            lambda w, dw, lr: w + lr * dw,
        ),
        sgd(
            "rate_forgotten",
            "Your step does not change with lr.",
            lambda w, dw, lr: w - dw,
        ),
        sgd(
            "step_returned",
            "You return the step. The caller wants to know where it leads to.",
            lambda w, dw, lr: -lr * dw,
        ),
        sgd(
            "divided_by_the_rate",
            "A smaller learning rate should make smaller steps. Yours grow.",
            lambda w, dw, lr: w - dw / lr,
        ),
        sgd(
            "sign_only",
            "All entries of w move by the same length. Should a large gradient not move further?",
            lambda w, dw, lr: w - lr * np.sign(dw),
        ),
        sgd(
            "unit_length",
            "The whole step always has the length lr. Who has normalised the gradient?",
            lambda w, dw, lr: w - lr * dw / np.linalg.norm(dw),
        ),
        sgd(
            "weights_shrunk",
            "For a gradient of 0 your w changes all the same.",
            lambda w, dw, lr: (1 - lr) * w - lr * dw,
        ),
        wrong(
            "uphill",
            every,
            "Even the first step goes uphill. Follow the sign of the velocity through both lines.",
            _step(move=lambda w, v, dw, lr: w + lr * v),
        ),
        wrong(
            "running_mean",
            every,
            "Your first step is too small, by the factor 1 - momentum. Here the velocity is a sum and not a mean: "
            "there are two conventions.",
            _step(lambda v, dw, m: m * v + (1 - m) * dw),
        ),
        wrong(
            "not_stored",
            later,
            "Each of your steps is like the first one. What does the next call know of the velocity?",
            _step(store=lambda v, dw: np.zeros_like(v)),
        ),
        wrong(
            "gradient_stored",
            ("later steps", "settings"),
            "Two steps are right and the third is not. What do you keep: the velocity, or the last gradient?",
            _step(store=lambda v, dw: dw),
        ),
        wrong(
            "momentum_written_out",
            ("settings",),
            "Change momentum: nothing happens. Which number stands there in its place?",
            _step(fixed=0.9),
        ),
        wrong(
            "never_fades",
            later,
            "Your velocity keeps every old gradient in full. What is momentum for?",
            _step(lambda v, dw, m: v + dw),
        ),
        wrong(
            "looks_ahead",
            every,
            "This is Nesterov's rule, and a good one. The task asks for the simpler one.",
            _nesterov,
        ),
        wrong(
            "velocity_starts_at_w",
            every,
            "Your first step depends on w. What is the velocity before anything has moved?",
            _begins_with(np.copy),
        ),
        wrong(
            "velocity_starts_at_one",
            every,
            "What is the velocity before the first step? Yours is not 0.",
            _begins_with(np.ones_like),
        ),
        wrong(
            "no_first_velocity",
            every,
            "An empty state has no entries. What should the velocity be when it is looked up for the first time?",
            _no_first_velocity,
        ),
        wrong(
            "old_velocity_used",
            every,
            "Your steps come one call late: w moves by the velocity of the step before.",
            _late,
        ),
    ]


def _late(w: Any, dw: Any, state: Any, lr: float, momentum: float) -> Any:
    v = state.get("v", np.zeros_like(w))
    return w - lr * v, {"v": momentum * v + dw}
