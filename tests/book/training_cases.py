"""Cases of the figures in which something learns: networks, step rules and running statistics, answered by cs_cnn."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

from cs_cnn.gradcheck import numerical_gradient
from cs_cnn.nets import accuracy

from .conftest import BOOK

Case = tuple[str, list[Any], Any]


def half(name: str) -> Any:
    """Load a figure's Python half as the book does."""
    from moving import load

    return load(BOOK / "figures" / name)


def boundary_cases() -> Iterable[Case]:
    figure = half("decision_boundary")
    places = np.random.default_rng(0).uniform(-2, 2, (5, 2))
    for case, hidden, units in itertools.product(figure.CASES, (0, 1, 4, 16), ("relu", "tanh")):
        x, y = (figure.STATE["points"][case][name] for name in "xy")
        array, labels, seed = np.array(x), np.array(y), 2**31 + 3 * hidden
        own = figure.names(hidden)
        first = {name: value.tolist() for name, value in figure.first_weights(hidden, seed).items()}
        net = figure.start(hidden, units, seed)
        yield "firstWeights", [hidden, seed], first
        yield "scores", [first, units, x], net.scores(array).tolist()
        loss, found = net.loss(array, labels)
        gradients = {name: found[own[name]].tolist() for name in first}
        yield "lossAndGradients", [first, units, x, y], {"loss": loss, "gradients": gradients}

        run = {"net": first, "velocity": None, "losses": []}
        losses = figure.train(net, array, labels, lr=0.05, steps=50)
        trained = {name: net.params[own[name]].tolist() for name in first}
        assert losses[-1] < losses[0]
        yield "train", [run, units, x, y, 0.05, 50], {"net": trained, "losses": losses}
        counts = [round(accuracy(net, array[labels == c], labels[labels == c]) * 60) for c in (0, 1)]
        yield "right", [trained, units, x, y], counts
        for place, belief in zip(places.tolist(), figure.belief(net, places), strict=True):
            yield "belief", [trained, units, *place], float(belief)


def surface_cases() -> Iterable[Case]:
    figure = half("optimizers_surface")
    source = (BOOK / "figures" / "optimizers_surface" / "figure.js").read_text(encoding="utf-8")
    assert f"RATES = {figure.RATES};" in source
    for surface, (_, start) in figure.SURFACES.items():
        for place in (start, [0.3, -1.1], [1.0, 0.0]):
            w = np.array(place, float)
            slope = figure.gradient(surface, w)
            numerical = numerical_gradient(lambda v, surface=surface: figure.loss(surface, v), w)
            np.testing.assert_allclose(slope, numerical, atol=1e-6)
            yield "loss", [surface, place], figure.loss(surface, w)
            yield "gradient", [surface, place], slope.tolist()
        for rule in figure.RULES:
            path = figure.walk(rule, surface, start, 0.01, 100)
            assert len(path) == 101
            yield "walk", [rule, surface, start, 0.01, 100], path.tolist()
            for lr, steps in ((0.002, 0), (0.02, 7), (0.5, 40)):
                after = figure.loss_after(rule, surface, start, lr, steps)
                yield "lossAfter", [rule, surface, start, lr, steps], after
            best = figure.best_rate(rule, surface, start, 40)
            yield "bestRate", [rule, surface, start, 40, figure.RATES], best
    diverged = figure.walk("SGD", "bowl", [-2, 0.7], 0.5, 40)
    assert len(diverged) < 41 and figure.loss_after("SGD", "bowl", [-2, 0.7], 0.5, 40) is None
    yield "walk", ["SGD", "bowl", [-2, 0.7], 0.5, 40], diverged.tolist()


def norm_cases() -> Iterable[Case]:
    figure = half("batch_norm_modes")
    for seed, size in itertools.product((1, 2, 77, 2**32 - 1), (2, 5, 16)):
        values = figure.batch(seed, size)
        yield "batch", [seed, size], values.tolist()
        wanted = {"mean": values.mean(), "variance": values.var(), "unbiased": values.var(ddof=1)}
        yield "statistics", [values.tolist()], wanted
        out, (mean, variance) = figure.forward(values, gamma=1.5, beta=-0.5)
        used = {"mean": float(values.mean()), "variance": float(values.var())}
        yield "normalised", [values.tolist(), used, 1.5, -0.5], out.tolist()

        running, image = (mean, variance), float(values[0]) + 1.3
        together, _ = figure.forward(np.append(image, values), gamma=1.5, beta=-0.5)
        test, _ = figure.forward(np.array([image]), running, gamma=1.5, beta=-0.5, train=False)
        with pytest.raises(
            ValueError, match="at least 2 numbers"
        ):  # alone: the limit is beta, so the figure says it
            figure.forward(np.array([image]))
        wanted = {"alone": -0.5, "accompanied": together[0], "test": test[0]}
        kept = {"mean": mean, "variance": variance}
        yield "answers", [image, values.tolist(), kept, 1.5, -0.5], wanted
    for size, momentum in itertools.product((2, 8), (0.01, 0.1, 1)):
        entries = figure.diary([3, 1, 4, 1, 5], size, momentum)
        wanted = [{"mean": mean, "variance": variance} for mean, variance in entries]
        yield "diary", [[3, 1, 4, 1, 5], size, momentum], wanted


CASES: dict[str, Callable[[], Iterable[Case]]] = {
    "decision_boundary": boundary_cases,
    "optimizers_surface": surface_cases,
    "batch_norm_modes": norm_cases,
}
