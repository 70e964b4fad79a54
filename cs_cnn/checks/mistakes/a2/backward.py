"""Known mistakes with the backward pass of a two-layer network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cs_cnn.checks.mistakes.mistake import Mistake


def _forward(params: Any, x: Any) -> Any:
    z = x @ params["W1"] + params["b1"]
    h = np.maximum(z, 0)
    return h @ params["W2"] + params["b2"], (x, z, h, params["W2"])


def _backward(
    *,
    gate: Callable[[Any, Any], Any] = lambda dh, z: dh * (z > 0),
    gate_bias: bool = True,
    gate_weights: bool = True,
    into: Callable[[Any, Any], Any] = lambda d, w: d @ w.T,
    bias: Callable[[Any], Any] = lambda d: d.sum(axis=0),
    first: Callable[[Any, Any, Any], Any] = lambda x, h, dz: x.T @ dz,
    second: Callable[[Any, Any, Any], Any] = lambda h, z, d: h.T @ d,
) -> Callable[..., Any]:
    """Build a backward pass with one thing changed."""

    def backward(dscores: Any, cache: Any) -> Any:
        x, z, h, w2 = cache
        dh = into(dscores, w2)
        dz = gate(dh, z)
        return {
            "W2": second(h, z, dscores),
            "b2": bias(dscores),
            "W1": first(x, h, dz if gate_weights else dh),
            "b1": bias(dz if gate_bias else dh),
        }

    return backward


def _scalar(d: Any) -> Any:
    return d.sum()


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the task a2.backward."""

    def build(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        return Mistake(
            name, "a2.backward", {"forward": _forward, "backward": _backward(**changed)}, loses, hint
        )

    first, biases, every = ("dW1", "db1"), ("db1", "db2"), ("dW1", "db1", "dW2", "db2")
    return [
        build(
            "relu_forgotten",
            first,
            "On the way from the scores to W1 the gradient passes the ReLU. Which hidden units let it "
            "through?",
            gate=lambda dh, z: dh,
        ),
        build(
            "relu_forgotten_for_the_weights",
            ("dW1",),
            "db1 is right and dW1 is not: which of your two gradients of the hidden layer does each of "
            "them use?",
            gate_weights=False,
        ),
        build(
            "relu_forgotten_for_the_bias",
            ("db1",),
            "dW1 is right and db1 is not: which of your two gradients of the hidden layer does each of "
            "them use?",
            gate_bias=False,
        ),
        build(
            "gate_from_the_gradient",
            first,
            "What decides whether a unit was active: the gradient that arrives, or what went into the ReLU?",
            gate=lambda dh, z: np.maximum(dh, 0),
        ),
        build(
            "gate_inverted",
            first,
            "Does the gradient flow through the active units or through the silent ones?",
            gate=lambda dh, z: dh * (z <= 0),
        ),
        build(
            "gate_replaces_the_gradient",
            first,
            "You pass on the slope of the ReLU alone. The chain rule multiplies it with what comes from "
            "above.",
            gate=lambda dh, z: (z > 0).astype(float),
        ),
        build(
            "multiplied_by_the_activation",
            first,
            "The slope of the ReLU at an active unit is 1, not its value.",
            gate=lambda dh, z: dh * np.maximum(z, 0),
        ),
        build(
            "row_biases",
            biases,
            "A parameter and its gradient have the same shape: one axis, not a matrix with one row.",
            bias=lambda d: d.sum(axis=0, keepdims=True),
        ),
        build(
            "biases_averaged",
            biases,
            "Your bias gradients are 1/N of the right ones. The 1/N of the loss is in dscores already; "
            "here examples add up.",
            bias=lambda d: d.mean(axis=0),
        ),
        build(
            "biases_over_the_wrong_axis",
            biases,
            "Every example adds the same b. Along which axis do their contributions add up?",
            bias=lambda d: d.sum(axis=1),
        ),
        build(
            "biases_summed_to_a_number",
            biases,
            "One number comes out, but there is one bias for every unit. Which axis should remain?",
            bias=_scalar,
        ),
        build(
            "weights_averaged",
            ("dW1", "dW2"),
            "Your weight gradients are 1/N of the right ones. The 1/N of the loss is in dscores already.",
            first=lambda x, h, dz: x.T @ dz / len(x),
            second=lambda h, z, d: h.T @ d / len(d),
        ),
        build(
            "all_averaged",
            every,
            "Every gradient is 1/N of the right one. The 1/N of the loss is in dscores already; here "
            "examples add up.",
            first=lambda x, h, dz: x.T @ dz / len(x),
            second=lambda h, z, d: h.T @ d / len(d),
            bias=lambda d: d.mean(axis=0),
        ),
        build(
            "weights_transposed",
            ("dW1", "dW2"),
            "A gradient has the shape of its parameter. Which factor of the product must be transposed for "
            "that?",
            first=lambda x, h, dz: dz.T @ x,
            second=lambda h, z, d: d.T @ h,
        ),
        build(
            "before_the_relu",
            ("dW2",),
            "W2 multiplies the hidden units as they are after the ReLU. What did the forward pass multiply?",
            second=lambda h, z, d: z.T @ d,
        ),
        build(
            "w2_not_transposed",
            every,
            "dh has one column for every hidden unit. Over which index of W2 must the sum run?",
            into=lambda d, w: d @ w,
        ),
        build(
            "w2_left_out",
            every,
            "A change of a hidden unit reaches the scores through W2. Where is W2 in your gradient?",
            into=lambda d, w: d,
        ),
        build(
            "first_example_only",
            ("dW1", "dW2"),
            "Your gradient does not change when the other examples change. Do all of them contribute?",
            first=lambda x, h, dz: np.outer(x[0], dz[0]),
            second=lambda h, z, d: np.outer(h[0], d[0]),
        ),
        build(
            "hidden_for_input",
            ("dW1",),
            "W1 multiplies the inputs. What stands on the left in the gradient of a product?",
            first=lambda x, h, dz: h.T @ dz,
        ),
        build(
            "ascent",
            every,
            "Every gradient has the wrong sign. The minus belongs to the step, not to the gradient.",
            first=lambda x, h, dz: -x.T @ dz,
            second=lambda h, z, d: -h.T @ d,
            bias=lambda d: -d.sum(axis=0),
        ),
    ]
