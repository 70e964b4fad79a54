"""The grader of forward and backward pairs: what it accepts, what it excuses, and what it does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cs_cnn.checks.bench import Bench
from cs_cnn.checks.pairs import Case, Pair, away_from_zero, distinct, grade_pair, sizes
from cs_cnn.checks.task import PartOfTask, Task

AFFINE = Pair("forward", "backward", lambda x, w, b: x @ w + b, wrt=("x", "w", "b"))
SQUARE = Pair("forward", "backward", lambda x: x**2, wrt=("x",))


def _affine(bench: Bench) -> None:
    for _ in range(bench.rounds):
        n, d, m = sizes(bench.rng, 3)
        x, w, b = (away_from_zero(bench.rng, shape) for shape in ((n, d), (d, m), m))
        grade_pair(bench, AFFINE, Case({"x": x, "w": w, "b": b}))


def _square(bench: Bench) -> None:
    case = Case({"x": away_from_zero(bench.rng, (3, 4))}, part="values", gradients={"x": "slope"})
    grade_pair(bench, SQUARE, case)


def _bench(
    grade: Callable[[Bench], None], parts: tuple[str, ...], forward: Any, backward: Any, seed: int = 0
) -> Bench:
    specs = tuple(PartOfTask(name, 1, "tested", "hint") for name in parts)
    task = Task("a9.layer", "1.1", "forward", ("forward", "backward"), specs, grade, "page#label")
    bench = Bench(task, {"forward": forward, "backward": backward}, seed=seed, rounds=2)
    grade(bench)
    return bench


def _lost(forward: Any, backward: Any) -> tuple[set[str], Bench]:
    bench = _bench(_affine, ("forward", "dx", "dw", "db"), forward, backward)
    return {name for name, verdict in bench.verdicts.items() if verdict.fraction < 1}, bench


def right_forward(x: Any, w: Any, b: Any) -> Any:
    return x @ w + b, (x, w)


def right_backward(dout: Any, cache: Any) -> Any:
    return dout @ cache[1].T, cache[0].T @ dout, dout.sum(axis=0)


def test_a_right_pair_loses_nothing() -> None:
    lost, bench = _lost(right_forward, right_backward)
    assert not lost and not bench.advice


def test_a_wrong_forward_is_punished_once() -> None:
    def forward(x: Any, w: Any, b: Any) -> Any:
        return 2 * x @ w + b, (2 * x, 2 * w)

    lost, bench = _lost(forward, right_backward)
    assert lost == {"forward"} and "own forward pass" in " ".join(bench.advice)


@pytest.mark.parametrize("backward", ["right", "fitted"])
def test_a_forward_of_a_wrong_shape_is_punished_once(backward: str) -> None:
    def forward(x: Any, w: Any, b: Any) -> Any:
        return (x @ w + b)[:-1], (x, w)

    def fitted(dout: Any, cache: Any) -> Any:
        return right_backward(np.concatenate([dout, np.zeros((1, dout.shape[1]))]), cache)

    lost, _ = _lost(forward, right_backward if backward == "right" else fitted)
    assert lost == {"forward"}


def test_a_pair_that_agrees_on_nothing_earns_nothing() -> None:
    def zeros(x: Any, w: Any, b: Any) -> Any:
        return np.zeros((len(x), len(b))), (x, w, b)

    lost, _ = _lost(zeros, lambda dout, cache: tuple(np.zeros_like(a) for a in cache))
    assert lost == {"forward", "dx", "dw", "db"}

    def only_bias(x: Any, w: Any, b: Any) -> Any:
        return np.zeros((len(x), len(b))) + b, (x, w, b)

    def its_slope(dout: Any, cache: Any) -> Any:
        return np.zeros_like(cache[0]), np.zeros_like(cache[1]), dout.sum(axis=0)

    assert _lost(only_bias, its_slope)[0] == {"forward", "dx", "dw"}


def test_a_forward_that_ignores_the_weights_is_no_excuse() -> None:
    def forward(x: Any, w: Any, b: Any) -> Any:
        return x.sum(axis=1, keepdims=True) + b, (x, w)

    def backward(dout: Any, cache: Any) -> Any:
        return (
            np.repeat(dout.sum(axis=1, keepdims=True), cache[0].shape[1], axis=1),
            0 * cache[1],
            dout.sum(axis=0),
        )

    assert _lost(forward, backward)[0] == {"forward", "dx", "dw"}


def test_failures_are_told_part_by_part() -> None:
    lost, bench = _lost(lambda x, w, b: x @ w + b, right_backward)  # no cache
    assert lost == {"forward", "dx", "dw", "db"}
    assert "must return 2 values: out, cache" in bench.verdicts["dx"].message
    lost, bench = _lost(right_forward, lambda dout, cache: (dout @ cache[1].T, cache[0].T @ dout))
    assert lost == {"dx", "dw", "db"}
    assert "must return 3 values: dx, dw, db" in bench.verdicts["db"].message

    def careless(dout: Any, cache: Any) -> Any:
        raise ValueError("oh")

    lost, bench = _lost(right_forward, careless)
    assert lost == {"dx", "dw", "db"} and "ValueError: oh" in bench.verdicts["dw"].message


def test_a_single_gradient_is_bare_and_parts_can_be_named() -> None:
    good = _bench(_square, ("values", "slope"), lambda x: (x**2, x), lambda dout, x: 2 * x * dout)
    assert [verdict.fraction for verdict in good.verdicts.values()] == [1, 1]
    bad = _bench(_square, ("values", "slope"), lambda x: (x**2, x), lambda dout, x: x * dout)
    assert [verdict.fraction for verdict in bad.verdicts.values()] == [1, 0]
    assert "1/2 times" in bad.verdicts["slope"].message


def test_arguments_are_copies_and_changes_are_advice() -> None:
    def forward(x: Any, w: Any, b: Any) -> Any:
        kept = x.copy(), w.copy()
        out = x @ w + b
        x *= 0
        return out, kept

    def backward(dout: Any, cache: Any) -> Any:
        gradients = right_backward(dout.copy(), cache)
        dout += 1
        return gradients

    lost, bench = _lost(forward, backward)
    assert not lost
    assert any("argument x in place" in remark for remark in bench.advice)
    assert any("argument dout in place" in remark for remark in bench.advice)


def test_what_is_drawn_does_not_depend_on_the_student() -> None:
    parts = ("forward", "dx", "dw", "db")
    good = _bench(_affine, parts, right_forward, right_backward, seed=5)
    bad = _bench(_affine, parts, lambda x, w, b: ((x @ w + b)[:-1], (x, w)), lambda dout, cache: None, seed=5)
    assert good.rng.random() == bad.rng.random()


def test_draws() -> None:
    rng = np.random.default_rng(0)
    assert len(set(sizes(rng, 6))) == 6
    away = np.abs(away_from_zero(rng, (50, 50)))
    assert away.min() >= 0.3 and away.max() <= 1.5
    values = distinct(rng, (5, 6))
    assert np.diff(np.sort(values.ravel())).min() > 0.099
    assert (values < 0).any() and (values > 0).any() and np.abs(values).min() > 0.02
