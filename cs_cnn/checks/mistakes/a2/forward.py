"""Known mistakes with the forward pass of a two-layer network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cs_cnn.checks.mistakes.mistake import Mistake


def _relu(z: Any) -> Any:
    return np.maximum(z, 0)


def _forward(
    *,
    act: Callable[[Any], Any] = _relu,
    b1: float = 1.0,
    b2: float = 1.0,
    late: bool = False,
    out: Callable[[Any], Any] = lambda s: s,
) -> Callable[..., Any]:
    """Build a forward pass with one thing changed."""

    def forward(params: Any, x: Any) -> Any:
        z = x @ params["W1"]
        h = act(z) + params["b1"] if late else act(z + b1 * params["b1"])
        return out(h @ params["W2"] + b2 * params["b2"]), (x, z, h, params)

    return forward


def _one_layer(params: Any, x: Any) -> Any:
    h = _relu(x @ params["W1"] + params["b1"])
    return h, (x, h, params)


def _first_row(params: Any, x: Any) -> Any:
    h = _relu(x @ params["W1"] + params["b1"])
    return (h @ params["W2"] + params["b2"])[0], (x, h, params)


def _turned(params: Any, x: Any) -> Any:
    h = _relu(x @ params["W1"] + params["b1"])
    return (h @ params["W2"] + params["b2"]).T, (x, h, params)


def _weights_first(params: Any, x: Any) -> Any:
    h = _relu(np.dot(params["W1"], x) + params["b1"])
    return np.dot(params["W2"], h) + params["b2"], (x, h, params)


def _softmax(s: Any) -> Any:
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the task a2.forward."""

    def build(name: str, loses: tuple[str, ...], hint: str, wrong: Any = None, **changed: Any) -> Mistake:
        return Mistake(name, "a2.forward", {"forward": wrong or _forward(**changed)}, loses, hint)

    every, biased = ("affine", "relu", "scores"), ("affine", "relu")
    return [
        build(
            "relu_on_scores",
            ("scores",),
            "A score may be negative: it says how little a class fits. Is there a non-linearity after the "
            "last layer?",
            out=_relu,
        ),
        build(
            "relu_missing",
            ("relu",),
            "Without a non-linearity between them, two layers are one linear layer. What happens to a "
            "negative hidden unit?",
            act=lambda z: z,
        ),
        build(
            "absolute_value",
            ("relu",),
            "What should become of a negative hidden unit: its size, or nothing?",
            act=np.abs,
        ),
        build(
            "leaky",
            ("relu",),
            "A little of the negative side comes through. The task asks for the plain ReLU.",
            act=lambda z: np.where(z > 0, z, 0.01 * z),
        ),
        build(
            "sigmoid",
            every,
            "Your hidden units never exceed 1. Which activation does this network use?",
            act=lambda z: 0.5 * (1 + np.tanh(0.5 * z)),
        ),
        build(
            "tanh",
            every,
            "Your hidden units never exceed 1. Which activation does this network use?",
            act=np.tanh,
        ),
        build(
            "max_for_maximum",
            every,
            "np.max(z, 0) takes the largest number of every column; np.maximum compares entry by entry. "
            "Print the shape of h.",
            act=lambda z: np.max(z, 0),
        ),
        build(
            "step",
            every,
            "Your hidden units are only 0 or 1: you keep whether a unit is active and lose how much.",
            act=lambda z: (z > 0).astype(float),
        ),
        build(
            "b1_missing",
            biased,
            "For x = 0 the hidden units are not all the same. What decides them then?",
            b1=0.0,
        ),
        build("b2_missing", biased, "If every hidden unit is 0, which scores remain?", b2=0.0),
        build(
            "b1_after_relu",
            ("relu",),
            "The bias shifts the point at which a unit wakes up. On which side of the ReLU must it be added?",
            late=True,
        ),
        build("b1_twice", biased, "How often is b1 added on the way to the hidden units?", b1=2.0),
        build(
            "softmax_in_forward",
            every,
            "Every row of your result adds up to 1: these are probabilities. The task asks for the scores "
            "before that.",
            out=_softmax,
        ),
        build(
            "hidden_returned",
            every,
            "Your result has one column for every hidden unit. How many classes are there?",
            _one_layer,
        ),
        build(
            "one_example_only",
            every,
            "Your result has one axis. How many rows has x, and how many the scores?",
            _first_row,
        ),
        build(
            "scores_transposed",
            every,
            "One row for every example: look at the shape of your result.",
            _turned,
        ),
        build(
            "factors_swapped",
            every,
            "The examples are the rows of x, so x stands on the left: write the shapes beside the product.",
            _weights_first,
        ),
    ]
