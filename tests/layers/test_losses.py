"""The softmax loss where it is hard: large scores, and labels that are none."""

from __future__ import annotations

import numpy as np
import pytest

from cs_cnn.layers import softmax, softmax_loss


def test_scores_of_any_size_are_fine() -> None:
    x = np.array([[1000.0, 0.0], [-1000.0, 0.0], [5000.0, 5000.0]])
    with np.errstate(all="raise", under="ignore"):
        loss, dx = softmax_loss(x, np.array([1, 0, 0]))
    assert np.isclose(loss, (1000 + 1000 + np.log(2)) / 3)
    assert np.allclose(dx.sum(axis=1), 0)


def test_adding_a_constant_to_a_row_changes_nothing() -> None:
    x = np.random.default_rng(0).normal(size=(4, 3))
    shift = np.array([[0.0], [1e3], [-1e3], [5.0]])
    assert np.allclose(softmax(x), softmax(x + shift))


def test_the_printed_formula_of_a_lecture_ranks_the_wrong_way_round() -> None:
    """exp(-z) / sum(exp(-z)), as printed, gives the highest score the lowest probability."""
    z = np.array([3.0, 1.0, 0.2])
    printed = np.exp(-z) / np.exp(-z).sum()
    assert printed.round(2).tolist() == [0.04, 0.30, 0.66]
    assert softmax(z[np.newaxis])[0].round(2).tolist() == [0.84, 0.11, 0.05]
    assert printed.argmax() != z.argmax() == softmax(z[np.newaxis])[0].argmax()


@pytest.mark.parametrize(
    ("y", "sentence"),
    [
        (np.array([0, 3]), "y must lie between 0 and 2, got 0 to 3"),
        (np.array([-1, 0]), "y must lie between 0 and 2"),
        (np.array([0.0, 1.0]), "whole numbers"),
        (np.array([0]), r"shape \(N,\) with N = 2"),
        ([0, 1], "got list"),
    ],
)
def test_labels_that_are_none(y: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        softmax_loss(np.zeros((2, 3)), y)


def test_the_mean_of_nothing() -> None:
    with pytest.raises(ValueError, match="no example"):
        softmax_loss(np.zeros((0, 3)), np.zeros(0, dtype=int))
