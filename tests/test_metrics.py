"""Accuracy and top-k error."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import top_k_accuracy_score

from cs_cnn.metrics import accuracy, rank, top_k_error, wilson_interval

# F049: eight test images of AlexNet, with the true class and the five best guesses.
GUESSES = {
    "mite": ["mite", "black widow", "cockroach", "tick", "starfish"],
    "container ship": ["container ship", "lifeboat", "amphibian", "fireboat", "drilling platform"],
    "motor scooter": ["motor scooter", "go-kart", "moped", "bumper car", "golfcart"],
    "leopard": ["leopard", "jaguar", "cheetah", "snow leopard", "Egyptian cat"],
    "grille": ["convertible", "grille", "pickup", "beach wagon", "fire engine"],
    "mushroom": ["agaric", "mushroom", "jelly fungus", "gill fungus", "dead-man's-fingers"],
    "cherry": ["dalmatian", "grape", "elderberry", "Staffordshire bullterrier", "currant"],
    "Madagascar cat": ["squirrel monkey", "spider monkey", "titi", "indri", "howler monkey"],
}


def test_the_eight_images_of_the_lecture() -> None:
    classes = sorted({*GUESSES, *(guess for guesses in GUESSES.values() for guess in guesses)})
    scores = np.zeros((8, len(classes)))
    for image, guesses in enumerate(GUESSES.values()):
        for place, guess in enumerate(guesses):
            scores[image, classes.index(guess)] = 5 - place
    y = np.array([classes.index(name) for name in GUESSES])
    assert top_k_error(scores, y, k=1) == 0.5
    assert top_k_error(scores, y) == 0.25
    assert rank(scores, y)[:6].tolist() == [0, 0, 0, 0, 1, 1]


def random_scores(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(30, 6)), rng.permutation(np.arange(30) % 6)


@given(st.integers(0, 1000), st.integers(1, 5))
def test_equal_to_scikit_learn(seed: int, k: int) -> None:
    scores, y = random_scores(seed)
    assert np.isclose(top_k_error(scores, y, k=k), 1 - top_k_accuracy_score(y, scores, k=k))


@given(st.integers(0, 1000))
def test_one_guess_is_what_argmax_says_ties_included(seed: int) -> None:
    scores, y = random_scores(seed)
    scores = np.round(scores)  # many ties
    assert np.isclose(top_k_error(scores, y, k=1), 1 - accuracy(scores.argmax(axis=1), y))
    assert top_k_error(scores, y, k=6) == 0
    errors = [top_k_error(scores, y, k=k) for k in range(1, 7)]
    assert errors == sorted(errors, reverse=True)


def test_a_net_that_says_the_same_of_everything_is_not_right() -> None:
    y = np.arange(10)
    assert top_k_error(np.zeros((10, 10)), y, k=1) == 0.9
    assert top_k_error(np.zeros((10, 10)), y, k=5) == 0.5


@pytest.mark.parametrize(
    ("scores", "y", "k", "sentence"),
    [
        (
            np.zeros((2, 3)),
            np.array([0, 1]),
            0,
            "k must be a whole number from 1 to the number of classes, 3",
        ),
        (np.zeros((2, 3)), np.array([0, 1]), 4, "k must be"),
        (np.zeros((2, 3)), np.array([0, 1]), 1.0, "k must be"),
        (np.zeros((2, 3)), np.array([0, 3]), 1, "whole numbers between 0 and 2"),
        (np.zeros((2, 3)), np.array([0.0, 1.0]), 1, "whole numbers between 0 and 2"),
        (np.zeros((2, 3)), np.array([0]), 1, "must have shape"),
        (np.zeros((0, 3)), np.zeros(0, int), 1, "with N at least 1"),
        (np.full((1, 3), np.nan), np.array([0]), 1, "got nan"),
    ],
)
def test_arguments_that_do_not_fit(scores: np.ndarray, y: np.ndarray, k: int, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        top_k_error(scores, y, k=k)


@pytest.mark.parametrize(("predicted", "y"), [([], []), ([1, 2], [1]), ([[1]], [[1]])])
def test_accuracy_of_nothing(predicted: list, y: list) -> None:
    with pytest.raises(ValueError, match="one class for each of the same examples"):
        accuracy(np.array(predicted), np.array(y))


def test_an_interval_after_wilson_holds_the_error_and_stays_a_share() -> None:
    for count in (1, 10, 50, 1000):
        for wrong in {0, 1, count // 2, count}:
            low, high = wilson_interval(wrong, count)
            assert 0 <= low <= wrong / count <= high <= 1
    # By hand: nothing wrong in ten leaves z^2 / (n + z^2) above.
    assert wilson_interval(0, 10) == pytest.approx((0, 1.96**2 / (10 + 1.96**2)), abs=1e-12)
    low, high = wilson_interval(148, 1000)
    assert (low, high) == pytest.approx(
        (0.148 - 0.022, 0.148 + 0.022), abs=2e-3
    )  # the usual one, when N is large


@pytest.mark.parametrize(("wrong", "count"), [(-1, 10), (11, 10), (0, 0)])
def test_an_interval_needs_counts(wrong: int, count: int) -> None:
    with pytest.raises(ValueError, match=f"got {wrong} of {count}"):
        wilson_interval(wrong, count)
