"""Nearest neighbours and the measures of an order: by hand, against scikit-learn, and with bad input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score
from sklearn.metrics.pairwise import cosine_distances, euclidean_distances
from sklearn.neighbors import NearestNeighbors

from cs_cnn.look.retrieval import average_precision, distances, mean_average_precision, nearest, precision_at


def test_distances_by_hand() -> None:
    queries, gallery = [[3.0, 4.0]], [[3.0, 4.0], [6.0, 8.0], [-4.0, 3.0], [0.0, 4.0]]
    assert distances(queries, gallery, "euclidean")[0].tolist() == pytest.approx([0, 5, np.sqrt(50), 3])
    assert distances(queries, gallery)[0].tolist() == pytest.approx([0, 0, 1, 0.2])


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 6), st.integers(1, 5))
def test_equal_to_scikit_learn(seed: int, n: int, m: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(n, size)), rng.normal(size=(m, size))
    assert np.allclose(distances(a, b), cosine_distances(a, b))
    assert np.allclose(distances(a, b, "euclidean"), euclidean_distances(a, b))
    for metric in ("cosine", "euclidean"):
        theirs = NearestNeighbors(metric=metric, algorithm="brute").fit(b).kneighbors(a, n_neighbors=m)[1]
        if size > 1 or metric == "euclidean":  # on a line all angles are 0 or 180 degrees: ties
            assert np.array_equal(nearest(a, b, metric=metric), theirs)  # type: ignore[arg-type]


def test_pictures_are_read_as_rows() -> None:
    images = np.arange(1.0, 25).reshape(2, 1, 3, 4)
    assert distances(images, images, "euclidean")[0, 1] == pytest.approx(12 * np.sqrt(12))


def test_rounding_does_not_make_a_distance_imaginary() -> None:
    far = np.full((1, 3), 1e8) + np.array([[0.1, 0.2, 0.3]])
    assert distances(far, far, "euclidean")[0, 0] >= 0


def test_of_equal_distances_the_lower_place_comes_first() -> None:
    gallery = [[0.0, 1.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]
    assert nearest([[1.0, 0.0]], gallery, 3).tolist() == [[1, 3, 0]]


def test_precision_by_hand() -> None:
    relevant = np.array([[1, 0, 1, 0, 0], [0, 0, 0, 1, 1]], dtype=bool)
    assert precision_at(relevant, 1).tolist() == [1, 0]
    assert precision_at(relevant, 4).tolist() == [0.5, 0.25]
    # Right at places 1 and 3: (1/1 + 2/3) / 2. Right at places 4 and 5: (1/4 + 2/5) / 2.
    assert average_precision(relevant).tolist() == pytest.approx([5 / 6, 13 / 40])
    assert mean_average_precision(relevant) == pytest.approx((5 / 6 + 13 / 40) / 2)


def test_the_best_and_the_worst_order() -> None:
    best = np.array([[True] * 3 + [False] * 7])
    assert average_precision(best) == 1
    assert average_precision(best[:, ::-1])[0] == pytest.approx((1 / 8 + 2 / 9 + 3 / 10) / 3)


@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(2, 12))
def test_average_precision_equals_scikit_learns(seed: int, n: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    relevant = rng.random((n, m)) < 0.4
    relevant[np.arange(n), rng.integers(m, size=n)] = True
    theirs = [average_precision_score(row, -np.arange(m)) for row in relevant]
    assert np.allclose(average_precision(relevant), theirs)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (([[1.0, 2.0]], [[1.0]]), "rows of one length, got 2 and 1"),
        (([1.0, 2.0], [[1.0]]), r"queries must have shape \(n, ...\) with at least one image, got \(2,\)"),
        (([[1.0]], np.zeros((0, 1))), r"gallery must have shape .* got \(0, 1\)"),
        (([[np.nan]], [[1.0]]), "queries must hold finite numbers"),
        (([[1.0]], [[0.0]]), "gallery must have no row of zeros"),
        (([[1.0]], [[1.0]], "manhattan"), 'metric must be "cosine" or "euclidean", got'),
    ],
)
def test_bad_features(arguments: tuple, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        distances(*arguments)


@pytest.mark.parametrize("k", [0, 3, 1.5, True])
def test_bad_numbers_of_answers(k: object) -> None:
    with pytest.raises(ValueError, match="k must be a whole number from 1 to the size of the gallery, 2"):
        nearest([[1.0]], [[1.0], [2.0]], k)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="k must be a whole number from 1 to the number of answers, 2"):
        precision_at([[True, False]], k)  # type: ignore[arg-type]


@pytest.mark.parametrize("relevant", [[True, False], [[1, 0]], np.zeros((0, 3), dtype=bool)])
def test_answers_that_are_not_rows_of_yes_and_no(relevant: object) -> None:
    with pytest.raises(ValueError, match="relevant must be an array of bool"):
        average_precision(relevant)  # type: ignore[arg-type]


def test_a_query_without_a_right_answer() -> None:
    with pytest.raises(ValueError, match="a right answer for every query, got none for query 1"):
        mean_average_precision([[True, False], [False, False]])
