from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cs_cnn import look
from cs_cnn.errors import CsCnnError


@given(
    n=st.integers(1, 7),
    h=st.integers(1, 4),
    w=st.integers(1, 4),
    columns=st.integers(1, 5),
    gap=st.integers(0, 2),
)
def test_every_picture_is_where_it_belongs(n, h, w, columns, gap):
    pictures = np.random.default_rng(n).normal(size=(n, h, w))
    whole = look.tile(pictures, columns=columns, gap=gap, scale="none")
    rows = -(-n // columns)
    assert whole.shape == (rows * (h + gap) - gap, columns * (w + gap) - gap)
    for k in range(n):
        top, left = k // columns * (h + gap), k % columns * (w + gap)
        assert np.array_equal(whole[top : top + h, left : left + w], pictures[k])
    assert np.isnan(whole).sum() == whole.size - n * h * w  # nothing but gaps besides


def test_scales():
    pictures = [[[0.0, 4.0]], [[-2.0, 2.0]]]
    options = {"columns": 1, "gap": 0}
    assert look.tile(pictures, **options).tolist() == [[0, 1], [0, 1]]
    assert look.tile(pictures, scale="all", **options).tolist() == [[1 / 3, 1], [0, 2 / 3]]
    assert look.tile(pictures, signed=True, **options).tolist() == [[0.5, 1], [0, 1]]
    assert look.tile(pictures, signed=True, scale="all", **options).tolist() == [[0.5, 1], [0.25, 0.75]]
    assert look.tile([[[3.0, 3.0]], [[0.0, 0.0]]], **options).tolist() == [[0, 0], [0, 0]]
    assert look.tile([[[0.0, 0.0]]], signed=True, **options).tolist() == [[0.5, 0.5]]


def test_colours_and_tensors():
    filters = torch.randn(5, 3, 2, 2, requires_grad=True)
    whole = look.tile(filters, signed=True)
    assert whole.shape == (5, 8, 3) and whole.min() >= 0 and whole.max() <= 1
    assert np.array_equal(whole[2], np.ones((8, 3)))  # the gap is white
    assert np.array_equal(whole[3:, 6:], np.ones((2, 2, 3)))  # so is the place of the sixth picture
    assert look.tile(torch.rand(4, 1, 3, 3)).shape == (7, 7)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"pictures": np.zeros((3, 3))}, r"pictures must have shape .* got \(3, 3\)"),
        ({"pictures": np.zeros((2, 4, 3, 3))}, "pictures must have shape"),
        ({"pictures": np.zeros((0, 3, 3))}, "pictures must have shape"),
        ({"scale": "some"}, "scale must be 'each' or 'all' or 'none'"),
        ({"columns": 0}, "columns must be at least 1"),
        ({"gap": -1}, "gap at least 0"),
    ],
)
def test_a_wrong_argument_is_named_in_a_sentence(wrong, sentence):
    with pytest.raises(CsCnnError, match=sentence):
        look.tile(**({"pictures": np.zeros((2, 3, 3))} | wrong))
