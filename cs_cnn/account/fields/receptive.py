"""Receptive fields: which part of the image a number in the net can see.

Along each axis of the image a layer's outputs are followed in two ways. `size`, `jump` and `start` are the numbers of
the literature: the field of output i begins at pixel ``start + i * jump`` and spans `size` pixels, as if the image went
on beyond its borders. `first` and `last` are what really is seen of the image, output by output, where padding shows
nothing; these equal the support of the gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

Number = int | Fraction

_NOTHING = np.iinfo(np.int64)


def _whole(number: Number) -> Number:
    return int(number) if Fraction(number).denominator == 1 else Fraction(number)


@dataclass(frozen=True, eq=False)
class Axis:
    """What the outputs of a layer see along one axis of the image.

    Attributes
    ----------
    size : int
        Pixels that one output spans; the largest number where paths of different length meet.
    jump : int or fraction
        Pixels between the fields of neighbouring outputs; below 1 after an upsampling.
    start : int or fraction
        First pixel that output 0 spans; negative where that lies in the padding.
    first, last : numpy.ndarray of int, shape (outputs,)
        First and last pixel of the image that each output really sees; ``first > last`` where it sees none.
    """

    size: Number
    jump: Number
    start: Number
    first: np.ndarray
    last: np.ndarray

    @classmethod
    def image(cls, pixels: int) -> Axis:
        """Begin with the image itself: each pixel sees itself.

        Parameters
        ----------
        pixels : int
            Height or width.

        Returns
        -------
        Axis
        """
        everything = np.arange(pixels, dtype=np.int64)  # also where a plain int has 32 bits
        return cls(1, 1, 0, everything, everything.copy())

    def __len__(self) -> int:
        return len(self.first)

    def gather(self, taps: np.ndarray, size: Number, jump: Number, start: Number) -> Axis:
        """Let new outputs look at old ones.

        Parameters
        ----------
        taps : numpy.ndarray of int, shape (new outputs, K)
            The old outputs that each new one looks at; a number outside of ``range(len(self))`` is padding.
        size, jump, start : number
            Of the new outputs.

        Returns
        -------
        Axis
        """
        inside = (taps >= 0) & (taps < len(self))
        where = np.clip(taps, 0, max(len(self) - 1, 0))
        first = np.where(inside, self.first[where], _NOTHING.max).min(axis=1, initial=_NOTHING.max)
        last = np.where(inside, self.last[where], _NOTHING.min).max(axis=1, initial=_NOTHING.min)
        return Axis(_whole(size), _whole(jump), _whole(start), first, last)

    def slide(
        self, kernel: int, *, stride: int = 1, before: int = 0, dilation: int = 1, positions: int
    ) -> Axis:
        """Slide a window over the outputs, as a convolution or a pool does.

        Parameters
        ----------
        kernel, stride, dilation : int
            Entries of the window, step, and distance between the entries.
        before : int
            Padding before the first output.
        positions : int
            Of the window.

        Returns
        -------
        Axis

        Examples
        --------
        >>> two = Axis.image(9).slide(3, positions=7).slide(3, positions=5)  # two layers of 3 see 5
        >>> two.size, two.jump, two.start
        (5, 1, 0)
        """
        taps = np.arange(positions)[:, None] * stride - before + np.arange(kernel) * dilation
        return self.gather(
            taps,
            self.size + (kernel - 1) * dilation * self.jump,
            self.jump * stride,
            self.start - before * self.jump,
        )

    def spread(
        self, kernel: int, *, stride: int = 1, before: int = 0, dilation: int = 1, positions: int
    ) -> Axis:
        """Spread every output over a window, as a transposed convolution does.

        Parameters
        ----------
        kernel, stride, before, dilation, positions : int
            As in `slide`; `before` is what is cut off at the beginning, and `positions` the number of new outputs.

        Returns
        -------
        Axis
        """
        # Output o receives input i through entry k of the window when o = i * stride - before + k * dilation.
        steps = np.arange(positions)[:, None] + before - np.arange(kernel) * dilation
        taps = np.where(steps % stride == 0, steps // stride, -1)
        seen = -(-((kernel - 1) * dilation + 1) // stride)
        offset = -(-(before - (kernel - 1) * dilation) // stride)
        return self.gather(
            taps,
            self.size + (seen - 1) * self.jump,
            Fraction(self.jump) / stride,
            self.start + offset * self.jump,
        )

    def pick(self, indices: np.ndarray, *, jump: Number = 1) -> Axis:
        """Take some of the outputs, in any order, once or several times.

        Parameters
        ----------
        indices : numpy.ndarray of int, shape (new outputs,)
            Outside of ``range(len(self))`` is padding.
        jump : number
            Old outputs between neighbouring new ones.

        Returns
        -------
        Axis
        """
        start = self.start + (int(indices[0]) if len(indices) else 0) * self.jump
        return self.gather(indices[:, None], self.size, self.jump * jump, start)

    def pool_into(self, positions: int) -> Axis:
        """Divide the outputs into a fixed number of parts, as adaptive pooling does; into one, all of them.

        Parameters
        ----------
        positions : int
            How many parts.

        Returns
        -------
        Axis
        """
        n = len(self)
        begin = np.arange(positions) * n // positions
        end = -(-(np.arange(positions) + 1) * n // positions)
        widest = int((end - begin).max(initial=1))
        taps = begin[:, None] + np.arange(widest)
        taps = np.where(taps < end[:, None], taps, -1)
        jump = self.jump * (n // positions if positions > 1 else 1)
        return self.gather(taps, self.size + (widest - 1) * self.jump, jump, self.start)

    def interpolate(self, positions: int, *, neighbours: int) -> Axis:
        """Resize the outputs: the nearest one, or a mean of some neighbours.

        Parameters
        ----------
        positions : int
            New outputs.
        neighbours : int
            How many old outputs a new one is made of: 1 nearest, 2 linear, 4 cubic.

        Returns
        -------
        Axis
        """
        n = len(self)
        if neighbours == 1:
            taps = (np.arange(positions) * n // positions)[:, None]
        else:
            centre = np.floor((np.arange(positions) + 0.5) * n / positions - 0.5).astype(np.int64)
            taps = np.clip(centre[:, None] + np.arange(neighbours) - neighbours // 2 + 1, 0, n - 1)
        size = self.size + (neighbours - 1) * self.jump
        return self.gather(taps, size, Fraction(self.jump) * n / positions, self.start)

    def whole(self) -> Axis:
        """Let one output see all of them."""
        return self.pool_into(1)


def union(axes: Sequence[Axis]) -> Axis:
    """Let paths of a net meet: an output sees whatever any of the paths shows it.

    Parameters
    ----------
    axes : sequence of Axis
        Of the same length, or of length 1 for what is broadcast (a number for the whole map).

    Returns
    -------
    Axis
        Its `size` spans all the paths.

    Examples
    --------
    >>> x = Axis.image(8)
    >>> union([x, x.slide(3, before=1, positions=8)]).size  # a residual block: the longer path counts
    3
    """
    longest = max(axes, key=len)
    first = np.min(np.broadcast_arrays(*(axis.first for axis in axes)), axis=0)
    last = np.max(np.broadcast_arrays(*(axis.last for axis in axes)), axis=0)
    start = min(axis.start for axis in axes)
    if len({axis.jump for axis in axes}) == 1:
        size = max(axis.start + axis.size for axis in axes) - start
    else:
        size = max(axis.size for axis in axes)
    return Axis(_whole(size), longest.jump, start, first, last)
