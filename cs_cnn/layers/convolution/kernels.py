"""The three products of a convolution on images that are padded already: forward, and both gradients.

All windows are gathered as the columns of a matrix, so that one matrix product does the work ("im2col",
Chellapilla et al. 2006).
"""

from __future__ import annotations

import numpy as np

from cs_cnn.layers.windows import Pair, add_windows, view_windows


def _columns(x: np.ndarray, kernel: Pair, stride: Pair, dilation: Pair, groups: int) -> np.ndarray:
    """Gather the windows: (N, groups, C / groups * HH * WW, H_out * W_out)."""
    windows = view_windows(x, kernel, stride, dilation)
    n, positions = len(x), windows.shape[2] * windows.shape[3]
    gathered: np.ndarray = windows.transpose(0, 1, 4, 5, 2, 3).reshape(n, groups, -1, positions)
    return gathered


def correlate(x: np.ndarray, w: np.ndarray, stride: Pair, dilation: Pair, groups: int) -> np.ndarray:
    """Slide filters (F, C / groups, HH, WW) over images (N, C, H, W): (N, F, H_out, W_out)."""
    n, f, kernel = len(x), len(w), (w.shape[2], w.shape[3])
    h_out, w_out = view_windows(x, kernel, stride, dilation).shape[2:4]
    columns = _columns(x, kernel, stride, dilation, groups)
    out: np.ndarray = w.reshape(groups, f // groups, -1) @ columns
    return out.reshape(n, f, h_out, w_out)


def weight_gradient(
    x: np.ndarray, dout: np.ndarray, kernel: Pair, stride: Pair, dilation: Pair, groups: int
) -> np.ndarray:
    """Return the gradient of the filters, (F, C / groups, HH, WW)."""
    n, f = dout.shape[:2]
    columns = _columns(x, kernel, stride, dilation, groups)
    per_group = dout.reshape(n, groups, f // groups, -1)
    dw: np.ndarray = (per_group @ columns.swapaxes(-1, -2)).sum(axis=0)
    return dw.reshape(f, -1, *kernel)


def input_gradient(
    dout: np.ndarray, w: np.ndarray, shape: tuple[int, ...], stride: Pair, dilation: Pair, groups: int
) -> np.ndarray:
    """Return the gradient of the padded images of the given shape: a pixel collects from all its windows."""
    n, f, h_out, w_out = dout.shape
    per_group = dout.reshape(n, groups, f // groups, -1)
    columns = w.reshape(groups, f // groups, -1).swapaxes(-1, -2) @ per_group
    windows = columns.reshape(n, shape[1], *w.shape[2:], h_out, w_out).transpose(0, 1, 4, 5, 2, 3)
    return add_windows(windows, shape, stride, dilation)
