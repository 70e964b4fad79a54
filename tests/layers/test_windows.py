"""The arithmetic of windows, against the lectures' examples and against counting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_cnn.layers import conv2d_forward, max_pool2d_forward, output_size
from cs_cnn.layers.windows import add_windows, view_windows

# (input, kernel, stride, pad) -> output; the examples of the source lectures
LECTURES = [
    (32, 5, 1, 0, 28),
    (28, 5, 1, 0, 24),
    (7, 3, 1, 0, 5),
    (7, 3, 2, 0, 3),
    (7, 3, 1, 1, 7),
    (32, 5, 1, 2, 32),
    (227, 11, 4, 0, 55),
    (55, 3, 2, 0, 27),
    (224, 2, 2, 0, 112),
    (224, 7, 2, 3, 112),
]


@pytest.mark.parametrize(("size", "kernel", "stride", "pad", "expected"), LECTURES)
def test_the_lectures_examples(size: int, kernel: int, stride: int, pad: int, expected: int) -> None:
    assert output_size(size, kernel, stride=stride, pad=pad) == expected


@given(
    size=st.integers(1, 30),
    kernel=st.integers(1, 6),
    stride=st.integers(1, 5),
    pad=st.integers(0, 4),
    dilation=st.integers(1, 3),
)
def test_it_counts_the_positions(size: int, kernel: int, stride: int, pad: int, dilation: int) -> None:
    starts = [
        start
        for start in range(0, size + 2 * pad, stride)
        if start + dilation * (kernel - 1) < size + 2 * pad
    ]
    if starts:
        assert output_size(size, kernel, stride=stride, pad=pad, dilation=dilation) == len(starts)
    else:
        with pytest.raises(ValueError, match="larger than the input"):
            output_size(size, kernel, stride=stride, pad=pad, dilation=dilation)


@pytest.mark.parametrize("kernel", [1, 3, 5, 7, 11])
def test_half_the_kernel_of_padding_keeps_the_size(kernel: int) -> None:
    assert output_size(19, kernel, pad=(kernel - 1) // 2) == 19


def test_seven_by_three_with_stride_three_does_not_fit() -> None:
    x, w, b = np.ones((1, 1, 7, 7)), np.ones((1, 1, 3, 3)), np.zeros(1)
    with pytest.raises(ValueError, match=r"2\.33 is not a whole number"):
        conv2d_forward(x, w, b, stride=3, fit="strict")
    with pytest.raises(ValueError, match=r"2\.33 is not a whole number"):
        max_pool2d_forward(x, size=3, stride=3, fit="strict")
    assert conv2d_forward(x, w, b, stride=3)[0].shape == (1, 1, 2, 2)


def test_a_stride_of_two_never_fits_five_on_even_sizes() -> None:
    """The lectures advise F = 5, S = 2, P = 'whatever fits': for even sizes no symmetric padding does."""
    for pad in range(8):
        with pytest.raises(ValueError, match="not a whole number"):
            output_size(32, 5, stride=2, pad=pad, fit="strict")


@given(
    n=st.integers(1, 2),
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    dilation=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    extra=st.tuples(st.integers(0, 4), st.integers(0, 4)),
)
def test_adding_windows_is_the_adjoint_of_viewing_them(
    n: int,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    extra: tuple[int, int],
) -> None:
    """<A x, y> = <x, A' y> for all x and y: the definition of the adjoint."""
    rng = np.random.default_rng(0)
    size = tuple(d * (k - 1) + 1 + e for d, k, e in zip(dilation, kernel, extra, strict=True))
    x = rng.normal(size=(n, 2, *size))
    seen = view_windows(x, kernel, stride, dilation)
    y = rng.normal(size=seen.shape)
    assert np.isclose((seen * y).sum(), (x * add_windows(y, x.shape, stride, dilation)).sum())


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"stride": 0}, "stride must be a whole number >= 1"),
        ({"stride": 1.5}, "stride must be a whole number >= 1"),
        ({"stride": (1, 2, 3)}, "stride must be"),
        ({"pad": -1}, "pad must be a whole number >= 0"),
        ({"dilation": True}, "dilation must be"),
        ({"groups": 2}, "groups must divide C = 3 and F = 4"),
        ({"fit": "round"}, 'fit must be "floor", "strict" or "ceil"'),
        ({"dilation": 9}, "larger than the input"),
    ],
)
def test_a_wrong_setting_is_a_sentence(options: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        conv2d_forward(np.ones((1, 3, 5, 5)), np.ones((4, 3, 2, 2)), np.zeros(4), **options)


@pytest.mark.parametrize(
    ("x", "w", "b", "sentence"),
    [
        ((3, 5, 5), (4, 3, 2, 2), (4,), r"x must have shape \(N, C, H, W\), got \(3, 5, 5\)"),
        ((1, 3, 5, 5), (4, 2, 2, 2), (4,), "w must have 3 channels"),
        ((1, 3, 5, 5), (4, 3, 2, 2), (1, 4), r"b must have shape \(F,\) with F = 4, got \(1, 4\)"),
        ((1, 3, 5, 5), (4, 3, 6, 2), (4,), "larger than the input"),
    ],
)
def test_a_wrong_shape_is_a_sentence(x: tuple, w: tuple, b: tuple, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        conv2d_forward(np.ones(x), np.ones(w), np.ones(b))


def test_padding_of_a_pool_is_at_most_half_its_size() -> None:
    with pytest.raises(ValueError, match="at most half"):
        max_pool2d_forward(np.ones((1, 1, 4, 4)), size=2, pad=2)


def test_padding_never_wins_a_maximum() -> None:
    out, _ = max_pool2d_forward(-np.ones((1, 1, 4, 4)), size=3, stride=2, pad=1)
    assert (out == -1).all()
