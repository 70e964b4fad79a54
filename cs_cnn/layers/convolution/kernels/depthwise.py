"""Convolution of every channel with a filter of its own: shifted images, weighted and added.

There is no sum over channels, so there is no product of matrices: an entry of the filter weighs one number for every
output. Instead a whole plane is taken at a time. Written in one line with its border, a plane that is shifted by
(k, m) is the same line from entry ``k * width + m`` on, so each entry of the filter is one long multiplication and
one long addition; what they compute at the ends of the rows is thrown away. A stride is undone first: pixels
[p::s, q::s] become planes of their own.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cs_cnn.layers.convolution.kernels.geometry import Geometry, overlap, pieces
from cs_cnn.layers.windows import Pair

__all__: list[str] = []

BLOCK = 2**19
"""Bytes of planes at a time; a single plane may need more."""


class Planes:
    """How the planes of one image lie in lines, for a kernel of the given size.

    Parameters
    ----------
    geometry : Geometry
    kernel : tuple of int
        (HH, WW).
    image : tuple of int
        (H, W).
    """

    def __init__(self, geometry: Geometry, kernel: Pair, image: Pair) -> None:
        self.geometry, self.kernel = geometry, kernel
        (h_out, w_out), stride, dilation = geometry.positions, geometry.stride, geometry.dilation
        # Of every plane, once the stride is undone: a row more than is seen, since the last shift runs into it.
        reach = [d * (size - 1) // s for d, size, s in zip(dilation, kernel, stride, strict=True)]
        self.size = (h_out + reach[0] + 1, w_out + reach[1])
        self.length = h_out * self.size[1]
        place = [
            overlap(-ends[0], size * s, length)
            for ends, size, s, length in zip(geometry.ends, self.size, stride, image, strict=True)
        ]
        self.inside, self.seen = (place[0][0], place[1][0]), (place[0][1], place[1][1])

    def shifts(self, lines: np.ndarray) -> Iterator[tuple[int, int, np.ndarray]]:
        """Yield for each entry (k, m) of the kernel what it sees of lines (C, s, s, length): (C, length)."""
        (sh, sw), (dh, dw) = self.geometry.stride, self.geometry.dilation
        for k, m in np.ndindex(*self.kernel):
            (down, p), (across, q) = divmod(k * dh, sh), divmod(m * dw, sw)
            first = down * self.size[1] + across
            yield k, m, lines[:, p, q, first : first + self.length]

    def spread(self, lines: np.ndarray) -> np.ndarray:
        """View lines (C, s, s, length) as images (C, H / s, s, W / s, s)."""
        return lines.reshape(*lines.shape[:3], *self.size).transpose(0, 3, 1, 4, 2)

    def load(self, x: np.ndarray) -> np.ndarray:
        """Copy channels (C, H, W) into lines (C, s, s, length), with zeros around them."""
        (sh, sw), (height, width) = self.geometry.stride, self.size
        padded = np.zeros((len(x), height * sh, width * sw), x.dtype)
        padded[:, *self.inside] = x[:, *self.seen]
        sorted_pixels = padded.reshape(len(x), height, sh, width, sw).transpose(0, 2, 4, 1, 3)
        return sorted_pixels.reshape(len(x), sh, sw, height * width)

    def add_back(self, dlines: np.ndarray, dx: np.ndarray) -> None:
        """Add the gradient of lines to that of the channels: the adjoint of `load`."""
        padded = self.spread(dlines).reshape(
            len(dx), self.size[0] * self.geometry.stride[0], self.size[1] * self.geometry.stride[1]
        )
        dx[:, *self.seen] += padded[:, *self.inside]

    def outputs(self, lines: np.ndarray) -> np.ndarray:
        """View lines (C, length) as outputs (C, H_out, W_out); the ends of the rows are left out."""
        h_out, w_out = self.geometry.positions
        return lines.reshape(len(lines), h_out, self.size[1])[:, :, :w_out]

    def blocks(self, x: np.ndarray) -> Iterator[tuple[int, slice]]:
        """Yield an image and some of its channels at a time."""
        (sh, sw), (height, width) = self.geometry.stride, self.size
        for n in range(len(x)):
            for channels in pieces(x.shape[1], BLOCK // (sh * sw * height * width * x.itemsize)):
                yield n, channels


def forward(x: np.ndarray, w: np.ndarray, b: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Convolve; as in `cs_cnn.layers.convolution.kernels`, with one channel and one filter in each group."""
    planes = Planes(geometry, (w.shape[2], w.shape[3]), (x.shape[2], x.shape[3]))
    out = np.empty((len(x), len(w), *geometry.positions), np.result_type(x, w, b))
    for n, channels in planes.blocks(x):
        total = np.zeros((channels.stop - channels.start, planes.length), out.dtype)
        weighted = np.empty_like(total)
        for k, m, seen in planes.shifts(planes.load(x[n, channels])):
            np.multiply(seen, w[channels, :, k, m], out=weighted)
            total += weighted
        np.add(planes.outputs(total), b[channels, np.newaxis, np.newaxis], out=out[n, channels])
    return out


def backward(
    dout: np.ndarray, x: np.ndarray, w: np.ndarray, geometry: Geometry, *, only_filters: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients of the images and of the filters."""
    planes = Planes(geometry, (w.shape[2], w.shape[3]), (x.shape[2], x.shape[3]))
    dtype = np.result_type(x, w, dout)
    dx, dw = np.zeros(x.shape, dtype), np.zeros(w.shape, dtype)
    for n, channels in planes.blocks(x):
        dtotal = np.zeros((channels.stop - channels.start, planes.length), dtype)
        planes.outputs(dtotal)[...] = dout[n, channels]
        lines = planes.load(x[n, channels])
        for k, m, seen in planes.shifts(lines):
            dw[channels, 0, k, m] += np.einsum("cl,cl->c", dtotal, seen)
        if only_filters:  # only saves time
            continue  # only saves time
        dlines, weighted = np.zeros(lines.shape, dtype), np.empty_like(dtotal)
        for k, m, dseen in planes.shifts(dlines):
            np.multiply(dtotal, w[channels, :, k, m], out=weighted)
            dseen += weighted
        planes.add_back(dlines, dx[n, channels])
    return dx, dw
