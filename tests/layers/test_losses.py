"""Losses where they are hard: large scores, margins, and labels that are none."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from cs_cnn.layers import softmax, softmax_loss, svm_loss


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
    for loss in (softmax_loss, svm_loss):
        with pytest.raises(ValueError, match=sentence):
            loss(np.zeros((2, 3)), y)


def test_the_mean_of_nothing() -> None:
    for loss in (softmax_loss, svm_loss):
        with pytest.raises(ValueError, match="no example"):
            loss(np.zeros((0, 3)), np.zeros(0, dtype=int))


def test_equal_scores_cost_the_margin_for_every_wrong_class() -> None:
    """Counting the true class too, a common mistake, would give 10 instead of 9."""
    loss, dx = svm_loss(np.zeros((4, 10)), np.zeros(4, dtype=int))
    assert loss == 9
    assert np.allclose(dx.sum(axis=1), 0) and np.allclose(dx[:, 0], -9 / 4)


def test_a_lead_of_the_margin_is_enough_and_more_is_no_better() -> None:
    for lead in (1.0, 1.5, 1e6):
        loss, dx = svm_loss(np.array([[lead, 0.0, 0.0]]), np.array([0]))
        assert loss == 0 and not dx.any()
        assert softmax_loss(np.array([[lead, 0.0, 0.0]]), np.array([0]))[0] >= 0


def test_the_hinge_loss_of_pytorch_is_divided_by_the_classes() -> None:
    x, y = np.random.default_rng(0).normal(size=(5, 7)), np.arange(5)
    for delta in (1.0, 0.3):
        ours, _ = svm_loss(x, y, delta=delta)
        theirs = F.multi_margin_loss(torch.tensor(x), torch.tensor(y), margin=delta)
        assert np.isclose(ours, 7 * theirs.item())


def test_a_loss_in_float32_has_a_gradient_in_float32() -> None:
    x = np.zeros((2, 3), np.float32)
    for function in (softmax_loss, svm_loss):
        loss, dx = function(x, np.array([0, 2]))
        assert loss.dtype == dx.dtype == np.float32


def test_a_margin_that_is_none() -> None:
    with pytest.raises(ValueError, match="delta must be positive, got 0"):
        svm_loss(np.zeros((2, 3)), np.array([0, 1]), delta=0)
