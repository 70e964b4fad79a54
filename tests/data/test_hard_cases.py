"""The hard cases: a line cannot separate them, a network with one hidden layer can."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from cs_cnn.data import hard_case
from cs_cnn.data.hard_cases import _GAP, _MODE_RADIUS, _MODES, _STREET, Kind

KINDS = get_args(Kind)


def best_line(x: np.ndarray, y: np.ndarray, directions: int = 90) -> float:
    """Return the accuracy of the best of all lines, by trying every threshold in many directions."""
    best = 0.0
    for angle in np.linspace(0, np.pi, directions, endpoint=False):
        order = np.argsort(x @ np.array([np.cos(angle), np.sin(angle)]))
        below = np.concatenate([[0], np.cumsum(2 * y[order] - 1)])  # ones minus zeros below each threshold
        right = (below.max() + np.sum(y == 0)) / len(y), (np.sum(y == 1) - below.min()) / len(y)
        best = max(best, *right)
    return best


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_linear_classifier_fails(kind: Kind, seed: int) -> None:
    x, y = hard_case(kind, 1000, np.random.default_rng(seed))
    assert best_line(x, y) <= 0.75
    assert LogisticRegression().fit(x, y).score(x, y) <= 0.75


def test_best_line_finds_a_separable_set() -> None:
    x = np.random.default_rng(0).normal(size=(200, 2))
    assert best_line(x, (x[:, 0] > 0.3).astype(int)) == 1
    assert best_line(x, (x[:, 0] < 0.3).astype(int)) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_two_layers_succeed(kind: Kind, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = hard_case(kind, 800, rng)
    x_test, y_test = hard_case(kind, 1000, rng)
    net = MLPClassifier((32,), solver="lbfgs", alpha=1e-3, max_iter=500, random_state=seed).fit(x, y)
    assert net.score(x_test, y_test) >= 0.97


@given(n=st.integers(2, 300), seed=st.integers(0, 2**32 - 1), kind=st.sampled_from(KINDS))
def test_shapes_types_and_balance(n: int, seed: int, kind: Kind) -> None:
    x, y = hard_case(kind, n, np.random.default_rng(seed))
    assert x.shape == (n, 2) and x.dtype == np.float64 and y.shape == (n,) and y.dtype == np.int64
    assert np.bincount(y).tolist() == [n - n // 2, n // 2]
    assert np.abs(x).max() <= 3
    again = hard_case(kind, n, np.random.default_rng(seed))
    np.testing.assert_array_equal(x, again[0])
    np.testing.assert_array_equal(y, again[1])


def test_the_rules_of_the_lecture() -> None:
    rng = np.random.default_rng(0)
    x, y = hard_case("quadrants", 2000, rng)
    np.testing.assert_array_equal(y == 0, x[:, 0] * x[:, 1] > 0)
    assert np.abs(x).min() >= _STREET / 2 and len(np.unique(np.sign(x), axis=0)) == 4
    x, y = hard_case("annulus", 2000, rng)
    norm = np.linalg.norm(x, axis=1)
    np.testing.assert_array_equal(y == 0, (norm >= 1) & (norm <= 2))
    off = norm[y == 1]
    assert np.all((off <= 1 - _GAP) | (off >= 2 + _GAP)) and off.min() < 0.3 and off.max() > 2.8
    x, y = hard_case("three-modes", 2000, rng)
    distance = np.linalg.norm(x[:, None] - _MODES, axis=2)
    np.testing.assert_array_equal(y == 0, distance.min(axis=1) <= _MODE_RADIUS)
    assert distance[y == 1].min() >= _MODE_RADIUS + _GAP
    assert set(distance[y == 0].argmin(axis=1)) == {0, 1, 2}


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (("spiral", 10, np.random.default_rng(0)), ValueError, "'three-modes', got 'spiral'"),
        (("annulus", 1, np.random.default_rng(0)), ValueError, "at least 2, one point for each class, got 1"),
        (("annulus", 10.0, np.random.default_rng(0)), ValueError, "got 10.0"),
        (("annulus", 10, 0), TypeError, "rng must be a numpy.random.Generator, .* got 0"),
        (("annulus", 10, np.random), TypeError, "rng must be"),
    ],
)
def test_wrong_arguments(arguments: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        hard_case(*arguments)
