"""The check of the book's exercises: right, wrong, unfinished, and never without a sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cs_cnn.checks import check_like

X = np.arange(6.0).reshape(2, 3)


def in_place(x: np.ndarray) -> np.ndarray:
    x *= 2
    return x


def unwritten(x: np.ndarray) -> np.ndarray:
    raise NotImplementedError


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (lambda x: 2 * x, "Right: the same results in 2 cases."),
        (lambda x: None, "Not yet: the function returned None, expected an array of shape (2, 3)"),
        (lambda x: ..., "is its return missing?"),
        (lambda x: "many", "returned a str, expected numbers"),
        (lambda x: -2 * x, "-1 times the expected value"),
        (lambda x: 2 * x.T, "has shape (3, 2), expected (2, 3)"),
        (lambda x: x @ x, "stopped with ValueError"),
        (lambda x: 2 * x + (x == 5), "differs in 1 of 6 entries; the largest difference is at [1, 2]"),
        (unwritten, "unwritten is not written"),
        (in_place, "in_place changed its arguments"),
    ],
)
def test_every_kind_of_result_gets_its_sentence(function: Callable[..., Any], sentence: str) -> None:
    found = check_like(function, lambda x: 2 * x, [(X,), (X + 1,)])
    assert found.ok is sentence.startswith("Right")
    assert sentence in " ".join(repr(found).split())
    assert max(map(len, repr(found).splitlines())) <= 76
    assert (np.arange(6.0).reshape(2, 3) == X).all()


def test_a_later_case_is_named() -> None:
    found = check_like(lambda x: abs(x), lambda x: x, [(1.0,), (-1.0,)])
    assert not found.ok and "in case 2" in found.message


def test_a_reference_without_numbers_is_an_error() -> None:
    with pytest.raises(ValueError, match="known must return a number"):
        check_like(lambda x: x, lambda x: None, [(1.0,)])
