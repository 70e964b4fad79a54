"""Known mistakes with windows as columns of a matrix."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cs_cnn.checks.mistakes.mistake import Mistake


def _pad(x: Any, p: int) -> Any:
    return np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))


def _matrix(seen: Any) -> Any:
    # (N, C, H_out, W_out, HH, WW) to (C * HH * WW, N * H_out * W_out)
    c, hh, ww = seen.shape[1], seen.shape[4], seen.shape[5]
    return seen.transpose(1, 4, 5, 0, 2, 3).reshape(c * hh * ww, -1)


def _im2col(
    *,
    matrix: Callable[[Any], Any] = _matrix,
    padding: Callable[[Any, int], Any] = _pad,
    step: Callable[[int], int] = lambda s: s,
    step_down: Callable[[int], int] | None = None,
) -> Callable[..., Any]:
    """Build an im2col with one thing changed."""

    def im2col(x: Any, kernel: Any, stride: int = 1, pad: int = 0) -> Any:
        xp = padding(x, pad)
        every = np.lib.stride_tricks.sliding_window_view(xp, tuple(kernel), axis=(2, 3))
        return matrix(every[:, :, :: (step_down or step)(stride), :: step(stride)])

    return im2col


def _col2im(
    *,
    add: Callable[[Any, Any], Any] = lambda old, new: old + new,
    step: Callable[[int], int] = lambda s: s,
    crop: Callable[[Any, int, Any], Any] = lambda d, p, s: d[:, :, p : p + s[2], p : p + s[3]],
    order: Callable[[Any, Any, Any, Any], Any] | None = None,
    counted: bool = False,
) -> Callable[..., Any]:
    """Build a col2im with one thing changed."""

    def sort(columns: Any, shape: Any, kernel: Any, out: Any) -> Any:
        values = columns.reshape(shape[1], *kernel, shape[0], *out)
        return values.transpose(3, 0, 4, 5, 1, 2)

    def col2im(columns: Any, shape: Any, kernel: Any, stride: int = 1, pad: int = 0) -> Any:
        (hh, ww), (n, c, h, w) = kernel, shape
        out = ((h + 2 * pad - hh) // stride + 1, (w + 2 * pad - ww) // stride + 1)
        values = (order or sort)(columns, shape, tuple(kernel), out)
        padded = np.zeros((n, c, h + 2 * pad, w + 2 * pad))
        count = np.zeros(padded.shape)
        for i in range(out[0]):
            for j in range(out[1]):
                top, left = i * step(stride), j * step(stride)
                here = (slice(None), slice(None), slice(top, top + hh), slice(left, left + ww))
                padded[here] = add(padded[here], values[:, :, i, j])
                count[here] += 1
        return crop(padded / count if counted else padded, pad, shape)

    return col2im


def _batch_last(columns: Any, shape: Any, kernel: Any, out: Any) -> Any:
    values = columns.reshape(shape[1], *kernel, *out, shape[0])
    return values.transpose(5, 0, 3, 4, 1, 2)


def _batch_first(columns: Any, shape: Any, kernel: Any, out: Any) -> Any:
    values = columns.reshape(shape[0], *out, shape[1], *kernel)
    return values.transpose(0, 3, 1, 2, 4, 5)


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the tasks a4.im2col and a4.col2im."""

    def there(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        return Mistake(name, "a4.im2col", {"im2col": _im2col(**changed)}, loses, hint)

    def back(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        return Mistake(name, "a4.col2im", {"col2im": _col2im(**changed)}, loses, hint)

    every, all_back = ("windows", "stride", "pad"), ("apart", "overlapping", "pad")
    return [
        there(
            "rows_for_columns",
            every,
            "Your windows lie in rows. In w.reshape(F, -1) @ columns, which axis of the matrix is summed?",
            matrix=lambda seen: _matrix(seen).T,
        ),
        there(
            "reshaped_without_transposing",
            every,
            "The shape is right, but reshape does not move numbers: it reads them in their old order. Which axes "
            "must come first?",
            matrix=lambda seen: seen.reshape(seen.shape[1] * seen.shape[4] * seen.shape[5], -1),
        ),
        there(
            "channels_innermost",
            every,
            "Each column holds the right numbers in another order: in w, the channel is the slowest index.",
            matrix=lambda seen: seen.transpose(4, 5, 1, 0, 2, 3).reshape(_matrix(seen).shape),
        ),
        there(
            "batch_innermost",
            every,
            "The columns are right, and in another order: all windows of image 0 come first.",
            matrix=lambda seen: seen.transpose(1, 4, 5, 2, 3, 0).reshape(_matrix(seen).shape),
        ),
        there(
            "window_transposed",
            every,
            "Inside a window you go down before you go right. Which of the two is the faster index of w?",
            matrix=lambda seen: seen.transpose(1, 5, 4, 0, 2, 3).reshape(_matrix(seen).shape),
        ),
        there(
            "positions_transposed",
            every,
            "Your second window lies below the first. Where does the second output number stand in memory?",
            matrix=lambda seen: seen.transpose(1, 4, 5, 0, 3, 2).reshape(_matrix(seen).shape),
        ),
        there(
            "stride_ignored",
            ("stride",),
            "You have too many columns. Which windows does the stride skip?",
            step=lambda s: 1,
        ),
        there(
            "stride_for_columns_only",
            ("stride",),
            "The stride skips pixels to the right. Does it skip rows as well?",
            step_down=lambda s: 1,
        ),
        there(
            "padding_forgotten",
            ("pad",),
            "You have too few columns. What does the padding add to the image?",
            padding=lambda x, p: x,
        ),
        there(
            "edge_for_zeros",
            ("pad",),
            "There should be zeros beyond the border of the image; yours repeats its edge.",
            padding=lambda x, p: np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)), mode="edge"),
        ),
        there(
            "padded_on_one_side",
            ("pad",),
            "The shape is right, and the image has slid into a corner: how many zeros stand at each end?",
            padding=lambda x, p: np.pad(x, ((0, 0), (0, 0), (2 * p, 0), (2 * p, 0))),
        ),
        back(
            "assigned_not_added",
            ("overlapping", "pad"),
            "A pixel stands in several columns, and each of them returns something. What happens to what was there?",
            add=lambda old, new: new,
        ),
        back(
            "averaged",
            ("overlapping", "pad"),
            "You divide by the number of windows. That inverts im2col; a gradient needs the sum.",
            counted=True,
        ),
        back(
            "border_kept",
            ("pad",),
            "The result must have the given shape. What belongs to the padding?",
            crop=lambda d, p, s: d,
        ),
        back(
            "cropped_at_one_end",
            ("pad",),
            "The shape is right, and the image is shifted: where in the padded image does it begin?",
            crop=lambda d, p, s: d[:, :, : s[2], : s[3]],
        ),
        back(
            "empty_without_padding",
            ("apart", "overlapping"),
            "What is a[0:-0]? Try your last line with pad 0.",
            crop=lambda d, p, s: d[:, :, p:-p, p:-p],
        ),
        back(
            "batch_innermost",
            all_back,
            "In im2col all windows of image 0 come first. In which order do you read the columns?",
            order=_batch_last,
        ),
        back(
            "batch_slowest",
            all_back,
            "The rows of the matrix are places in a window, its columns are windows. Which axes does your reshape "
            "give to the rows?",
            order=_batch_first,
        ),
    ]
