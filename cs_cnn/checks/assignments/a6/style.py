"""Assignment 6, part C: what a style is in numbers, and a loss that wants one picture's content and another's style."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from cs_cnn.checks.assignments.a6.tensors import ask
from cs_cnn.checks.bench import Array, Bench
from cs_cnn.checks.compare import as_array
from cs_cnn.checks.pairs import away_from_zero, sizes
from cs_cnn.checks.task import PartOfTask, Task

_PAGE = "inside/style"
Features = dict[str, Array]


def gram(features: Array) -> Array:
    """Return the mean products of channels over the places of maps (N, C, H, W): (N, C, C)."""
    places = features.shape[2] * features.shape[3]
    return np.asarray(np.einsum("nihw,njhw->nij", features, features) / places)


def _own_gram(bench: Bench, features: Array) -> Array | None:
    """Return the student's Gram matrix, if it has the right shape."""
    found = as_array(ask(bench, "gram_matrix", {"features": features}, exact=True).value)
    return found if found is not None and found.shape == gram(features).shape else None


def grade_gram(bench: Bench) -> None:
    """Compare for one image and for several."""
    for _ in range(bench.rounds):
        for part, n in (("one image", 1), ("batch", 2)):
            c, h, w = sizes(bench.rng, 3, 3, 7)
            # A mean that is not 0, so that a covariance is something else.
            features = away_from_zero(bench.rng, (n, c, h, w)) + 0.5
            outcome = ask(bench, "gram_matrix", {"features": features}, exact=True)
            bench.expect(part, outcome, partial(gram, features), name="the Gram matrix")


def style_term(features: Array, style: Array) -> Array:
    """Return the mean squared difference of two Gram matrices."""
    return np.asarray(((gram(features) - gram(style)) ** 2).mean())


def style_slope(features: Array, style: Array) -> Array:
    """Return the gradient of `style_term` with respect to the features."""
    difference = gram(features) - gram(style)
    factor = 4 / (difference.size * features.shape[2] * features.shape[3])
    return np.asarray(factor * np.einsum("nij,njhw->nihw", difference, features))


def grade_style_loss(bench: Bench) -> None:
    """Compare the loss of one layer and its gradient; the picture with the style has another size."""
    rng = bench.rng
    for _ in range(bench.rounds):
        c, h, w, high, wide = sizes(rng, 5, 2, 7)
        features = away_from_zero(rng, (1, c, h, w)) + 0.3
        style = 1.5 * away_from_zero(rng, (1, c, high, wide)) - 0.2
        outcome = ask(bench, "style_loss", {"features": features, "style": style}, exact=True)
        loss, slope = bench.unpack(outcome, ("loss", "dfeatures"), "style_loss")
        own = partial(_own_style, bench, features, style)
        bench.expect("loss", loss, partial(style_term, features, style), own=own, name="loss")
        own = partial(_own_slope, bench, features, style)
        bench.expect("dfeatures", slope, partial(style_slope, features, style), own=own, name="dfeatures")


def _own_style(bench: Bench, features: Array, style: Array) -> Array | None:
    mine, wanted = _own_gram(bench, features), _own_gram(bench, style)
    return None if mine is None or wanted is None else np.asarray(((mine - wanted) ** 2).mean())


def _own_slope(bench: Bench, features: Array, style: Array) -> Array | None:
    """Differentiate the student's own loss, if that depends on both pictures."""

    def loss(at: Array, wanted: Array = style) -> Any:
        return ask(bench, "style_loss", {"features": at, "style": wanted}, exact=True).value[0]

    try:
        # A covariance does not see a shift, a correlation does not see a factor: a cube is neither.
        alive = loss(features) != loss(features**3) and loss(features) != loss(features, style**3)
    except Exception:  # a loss that fails has no slope to follow
        return None
    return bench.own_gradient(loss, features) if alive else None


def _total(arguments: dict[str, Any], grams: Callable[[Array], Array] = gram) -> Array:
    image, content, style = (arguments[name] for name in ("image", "content", "style"))
    layer = arguments["content_layer"]
    loss = arguments["alpha"] * ((image[layer] - content[layer]) ** 2).mean()
    for name, weight in arguments["style_weights"].items():
        loss += arguments["beta"] * weight * ((grams(image[name]) - grams(style[name])) ** 2).mean()
    return np.asarray(loss)


def _own_total(bench: Bench, arguments: dict[str, Any]) -> Array | None:
    """Return what the right loss makes of the student's own Gram matrices, if they have the right shape."""
    found: list[Array | None] = []

    def grams(features: Array) -> Array:
        found.append(_own_gram(bench, features))
        return gram(features) if found[-1] is None else found[-1]

    total = _total(arguments, grams)
    return None if any(each is None for each in found) else total


def grade_transfer_loss(bench: Bench) -> None:
    """Compare with the content alone, with the style alone, and with both."""
    rng = bench.rng
    for _ in range(bench.rounds):
        # Four layers; the content is compared in one of them and the style in two others.
        names = [f"layer{number}" for number in rng.permutation(4) + 1]
        chosen, first, second, _ = names
        ours, theirs = sizes(rng, 2, 3, 5), sizes(rng, 2, 6, 8)
        depth = dict(zip(sorted(names), sizes(rng, 4, 2, 6), strict=True))

        def draw(size: list[int], shift: float, depth: dict[str, int] = depth) -> Features:
            return {name: away_from_zero(rng, (1, c, *size)) + shift for name, c in depth.items()}

        given: dict[str, Any] = {"image": draw(ours, 0.3), "content": draw(ours, -0.4)}
        given |= {"style": draw(theirs, 0.6), "content_layer": chosen}
        weights = rng.uniform([0.3, 1.5], [0.6, 2.5])
        given["style_weights"] = dict(zip((first, second), map(float, weights), strict=True))
        for part, alpha, beta in (("content", 1.7, 0.0), ("style", 0.0, 2.6), ("both", 0.4, 3.1)):
            arguments = {**given, "alpha": alpha, "beta": beta}
            handed = {**arguments, "style_weights": dict(given["style_weights"])}
            outcome = ask(bench, "transfer_loss", handed, exact=True)
            own = partial(_own_total, bench, arguments)
            bench.expect(part, outcome, partial(_total, arguments), own=own, name="the loss")


_GRAM = "Two channels and two places are enough for a Gram matrix on paper: which products are added, and how many?"

TASKS = (
    Task(
        name="a6.gram_matrix",
        number="6.5",
        asks="gram_matrix",
        functions=("gram_matrix",),
        parts=(
            PartOfTask("one image", 4, "mean products of channels", _GRAM),
            PartOfTask(
                "batch",
                2,
                "one matrix for each image",
                "Compute the matrix of each image alone and compare it with the one in the batch.",
            ),
        ),
        grade=grade_gram,
        section=f"{_PAGE}#style-gram",
    ),
    Task(
        name="a6.style_loss",
        number="6.6",
        asks="style_loss",
        functions=("gram_matrix", "style_loss"),
        parts=(
            PartOfTask(
                "loss",
                3,
                "the mean squared difference",
                "What is the loss of a picture compared with itself?",
            ),
            PartOfTask(
                "dfeatures",
                3,
                "the gradient of the loss",
                "Move one number of features up and down by a little. Which entry of your gradient says what the loss "
                "does?",
            ),
        ),
        grade=grade_style_loss,
        section=f"{_PAGE}#style-loss",
    ),
    Task(
        name="a6.transfer_loss",
        number="6.7",
        asks="transfer_loss",
        functions=("gram_matrix", "transfer_loss"),
        parts=(
            PartOfTask(
                "content",
                2,
                "one layer, compared place by place",
                "With beta = 0, which two pictures matter?",
            ),
            PartOfTask(
                "style",
                3,
                "several layers, weighted, compared by their Gram matrices",
                "With alpha = 0 the loss must be 0 for image = style, whatever the content is. Is yours?",
            ),
            PartOfTask("both", 1, "the weighted sum", "Each of the two terms has a weight of its own."),
        ),
        grade=grade_transfer_loss,
        section=f"{_PAGE}#style-loss",
    ),
)
