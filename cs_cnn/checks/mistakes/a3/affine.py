"""Known mistakes with the affine layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cs_cnn.checks.mistakes.mistake import Mistake


def _flat(x: Any) -> Any:
    return x.reshape(len(x), -1)


def _forward(
    *, flat: Callable[[Any], Any] = _flat, out: Callable[[Any, Any, Any], Any] = lambda x, w, b: x @ w + b
) -> Callable[..., Any]:
    """Build a forward pass with one thing changed."""

    def forward(x: Any, w: Any, b: Any) -> Any:
        return out(flat(x), w, b), (x, w, b)

    return forward


def _backward(
    *,
    dx: Callable[[Any, Any, Any], Any] = lambda d, x, w: d @ w.T,
    dw: Callable[[Any, Any], Any] = lambda d, x: x.T @ d,
    db: Callable[[Any], Any] = lambda d: d.sum(axis=0),
    reshape: bool = True,
) -> Callable[..., Any]:
    """Build a backward pass with one thing changed."""

    def backward(dout: Any, cache: Any) -> Any:
        x, w, _ = cache
        inputs = dx(dout, _flat(x), w)
        return inputs.reshape(x.shape) if reshape else inputs, dw(dout, _flat(x)), db(dout)

    return backward


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the tasks a3.affine_forward and a3.affine_backward."""

    def forward(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        return Mistake(name, "a3.affine_forward", {"affine_forward": _forward(**changed)}, loses, hint)

    def backward(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        functions = {"affine_forward": _forward(), "affine_backward": _backward(**changed)}
        return Mistake(name, "a3.affine_backward", functions, loses, hint)

    both = ("rows", "images")
    return [
        forward(
            "bias_forgotten",
            both,
            "What does your layer give for an image that is 0 everywhere? It should be b.",
            out=lambda x, w, b: x @ w,
        ),
        forward(
            "not_flattened",
            ("images",),
            "How many axes has x here? One example should become one row as long as w is high.",
            flat=lambda x: x,
        ),
        forward(
            "examples_mixed",
            both,
            "The first row of your matrix holds numbers of several images. Compare it with x[0].ravel().",
            flat=lambda x: x.reshape(-1, len(x)).T,
        ),
        forward(
            "channels_last",
            ("images",),
            "Your rows are complete, but in another order. In which order does reshape read an image?",
            flat=lambda x: np.moveaxis(x, 1, -1).reshape(len(x), -1),
        ),
        forward(
            "bias_subtracted",
            both,
            "Set w to 0 and look at the sign of what comes out.",
            out=lambda x, w, b: x @ w - b,
        ),
        forward(
            "bias_for_each_input",
            both,
            "You add the bias once for every input. How often does the formula add it?",
            out=lambda x, w, b: x @ w + len(w) * b,
        ),
        forward(
            "bent",
            both,
            "No output is negative. An affine layer has no ReLU: that is a layer of its own.",
            out=lambda x, w, b: np.maximum(x @ w + b, 0),
        ),
        backward(
            "not_reshaped",
            ("images",),
            "dx must have exactly the shape of x. What has the forward pass done to that shape?",
            reshape=False,
        ),
        backward(
            "order_mixed",
            ("dx", "images"),
            "dx has the right shape and its numbers stand in the wrong places. reshape is no transposition.",
            dx=lambda d, x, w: (w @ d.T).reshape(x.shape),
        ),
        backward(
            "w_not_transposed",
            ("dx", "dw", "db", "images"),
            "Output j gets x_i through w_ij. When you go back to x_i, over which of the two indices do you sum?",
            dx=lambda d, x, w: d @ w,
        ),
        backward(
            "dw_transposed",
            ("dw", "images"),
            "dw must have the shape of w. Which of your two factors has to stand first?",
            dw=lambda d, x: d.T @ x,
        ),
        backward(
            "dw_averaged",
            ("dw", "images"),
            "Your dw is divided by the number of examples. That factor belongs to the loss, and dout has it already.",
            dw=lambda d, x: x.T @ d / len(d),
        ),
        backward(
            "db_averaged",
            ("db", "images"),
            "Your db is divided by the number of examples. Does the layer average anything?",
            db=lambda d: d.mean(axis=0),
        ),
        backward(
            "everything_averaged",
            ("dw", "db", "images"),
            "dw and db are both too small by the number of examples. Where is the one place for 1/N?",
            dw=lambda d, x: x.T @ d / len(d),
            db=lambda d: d.mean(axis=0),
        ),
        backward(
            "db_as_a_row",
            ("db", "images"),
            "A parameter and its gradient have the same shape. Yours has one axis more than b.",
            db=lambda d: d.sum(axis=0, keepdims=True),
        ),
        backward(
            "db_over_the_outputs",
            ("db", "images"),
            "Every example adds the same b. Over which axis do their contributions come together?",
            db=lambda d: d.sum(axis=1),
        ),
        backward(
            "db_one_number",
            ("db", "images"),
            "One number per output is needed, not one in total.",
            db=lambda d: d.sum(),
        ),
        backward(
            "first_example_only",
            ("dw", "images"),
            "Your dw does not change when the second example changes.",
            dw=lambda d, x: np.outer(x[0], d[0]),
        ),
        backward(
            "upstream_ignored",
            ("dx", "images"),
            "Your dx is the same whatever dout says. The chain rule has one more factor.",
            dx=lambda d, x, w: np.ones_like(d) @ w.T,
        ),
    ]
