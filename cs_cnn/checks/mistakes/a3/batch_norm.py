"""Known mistakes with batch normalization, backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cs_cnn.checks.mistakes.a3.diary import forward
from cs_cnn.checks.mistakes.mistake import Mistake


def _dx(g: Any, hat: Any, root: Any, count: int) -> Any:
    return (g - g.sum(axis=0) / count - hat * (g * hat).sum(axis=0) / count) / root


def _right(g: Any, hat: Any, root: Any) -> Any:
    return _dx(g, hat, root, len(g))


def _backward(
    *,
    scaled: Callable[[Any, Any], Any] = lambda d, gamma: d * gamma,
    dx: Callable[[Any, Any, Any], Any] = _right,
    dgamma: Callable[[Any, Any, Any], Any] = lambda d, hat, x: (d * hat).sum(axis=0),
    dbeta: Callable[[Any], Any] = lambda d: d.sum(axis=0),
) -> Callable[..., Any]:
    """Build a backward pass with one thing changed."""

    def backward(dout: Any, cache: Any) -> Any:
        x, hat, gamma, root = cache
        return dx(scaled(dout, gamma), hat, root), dgamma(dout, hat, x), dbeta(dout)

    return backward


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the task a3.batch_norm_backward."""

    def wrong(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        functions = {"batch_norm_forward": forward(), "batch_norm_backward": _backward(**changed)}
        return Mistake(name, "a3.batch_norm_backward", functions, loses, hint)

    dx, dgamma, dbeta = ("dx",), ("dgamma",), ("dbeta",)
    return [
        wrong(
            "statistics_as_constants",
            dx,
            "You treat mean and variance as constants. When one x moves, which other quantities of its column move?",
            dx=lambda g, hat, root: g / root,
        ),
        wrong(
            "variance_path_forgotten",
            dx,
            "The columns of your dx add up to 0, as they should. Stretch a column of x about its mean: the output "
            "stays, and your gradient does not know it.",
            dx=lambda g, hat, root: (g - g.mean(axis=0)) / root,
        ),
        wrong(
            "mean_path_forgotten",
            dx,
            "Add a constant to a column of x: the output stays. So what must a column of dx add up to?",
            dx=lambda g, hat, root: (g - hat * (g * hat).mean(axis=0)) / root,
        ),
        wrong(
            "gamma_forgotten",
            dx,
            "dout arrives behind the scale. What does it become on the way back through it?",
            scaled=lambda d, gamma: d,
        ),
        wrong(
            "divided_by_the_features",
            dx,
            "How many terms were averaged in each mean: as many as there are examples, or features?",
            dx=lambda g, hat, root: _dx(g, hat, root, g.shape[1]),
        ),
        wrong(
            "sums_for_means",
            dx,
            "The two extra paths are right but too strong. What was divided by N on the way forward?",
            dx=lambda g, hat, root: _dx(g, hat, root, 1),
        ),
        wrong(
            "root_forgotten",
            dx,
            "All three paths are there. They pass the division on their way; have you divided?",
            dx=lambda g, hat, root: _right(g, hat, root) * root,
        ),
        wrong(
            "divided_by_the_variance",
            dx,
            "You divide by the variance where the forward pass divided by its root.",
            dx=lambda g, hat, root: _right(g, hat, root) / root,
        ),
        wrong(
            "paths_added",
            dx,
            "The extra paths work against the direct one. Look at their signs.",
            dx=lambda g, hat, root: (g + g.mean(axis=0) + hat * (g * hat).mean(axis=0)) / root,
        ),
        wrong(
            "sums_over_the_features",
            dx,
            "The means of the forward pass ran down the columns. Along which axis do you average?",
            dx=lambda g, hat, root: (
                (g - g.mean(axis=1, keepdims=True) - hat * (g * hat).mean(axis=1, keepdims=True)) / root
            ),
        ),
        wrong(
            "dgamma_from_x",
            dgamma,
            "gamma is not multiplied with x. With what?",
            dgamma=lambda d, hat, x: (d * x).sum(axis=0),
        ),
        wrong(
            "dgamma_without_the_factor",
            dgamma,
            "Your dgamma is the gradient of the shift. What does gamma multiply?",
            dgamma=lambda d, hat, x: d.sum(axis=0),
        ),
        wrong(
            "dgamma_averaged",
            dgamma,
            "Your dgamma is divided by the number of examples. Does the layer average over gamma?",
            dgamma=lambda d, hat, x: (d * hat).mean(axis=0),
        ),
        wrong(
            "dgamma_not_summed",
            dgamma,
            "One gamma serves all examples. Where do their contributions come together?",
            dgamma=lambda d, hat, x: d * hat,
        ),
        wrong(
            "dgamma_as_a_row",
            dgamma,
            "Compare the shape of dgamma with that of gamma.",
            dgamma=lambda d, hat, x: (d * hat).sum(axis=0, keepdims=True),
        ),
        wrong(
            "dbeta_averaged",
            dbeta,
            "Your dbeta is divided by the number of examples. Every example adds the same beta.",
            dbeta=lambda d: d.mean(axis=0),
        ),
        wrong(
            "dbeta_as_a_row",
            dbeta,
            "dbeta must have the shape of beta: count the axes.",
            dbeta=lambda d: d.sum(axis=0, keepdims=True),
        ),
        wrong(
            "dbeta_over_the_features",
            dbeta,
            "Which axis counts the examples? Their contributions to one feature come together.",
            dbeta=lambda d: d.sum(axis=1),
        ),
    ]
