"""What a tensor on its way through a net can see of the image, whatever is done to its shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cs_cnn.account.fields.receptive import Axis, union


@dataclass(frozen=True)
class Sight:
    """The receptive fields of a tensor's numbers.

    Attributes
    ----------
    axes : tuple of Axis
        Along each axis of the image.
    dims : tuple of int or None
        Which dimension of the tensor follows that axis; None where all of the axis has been gathered, as in a
        vector of features.
    """

    axes: tuple[Axis, ...]
    dims: tuple[int | None, ...]

    @classmethod
    def image(cls, shape: Sequence[int]) -> Sight:
        """Begin with a batch of images (N, C, H, W), sequences (N, C, L) or vectors (N, D)."""
        return cls(tuple(Axis.image(pixels) for pixels in shape[2:]), tuple(range(2, len(shape))))

    def along(self, dims: Sequence[int]) -> bool:
        """Whether the axes lie along these dimensions, in this order."""
        return self.dims == tuple(dims)

    def gathered(self, dims: Sequence[int] | None = None, *, keep: bool = True) -> Sight:
        """Look at all places of some dimensions at once: a global pool, a sum, a matrix product.

        Parameters
        ----------
        dims : sequence of int, optional
            All when left out.
        keep : bool
            Whether the dimensions stay, with length 1.

        Returns
        -------
        Sight
        """
        axes, places = [], []
        for axis, dim in zip(self.axes, self.dims, strict=True):
            if dim is None or (dims is not None and dim not in dims):
                gone = 0 if keep or dims is None or dim is None else sum(other < dim for other in dims)
                axes.append(axis)
                places.append(None if dim is None else dim - gone)
            else:
                axes.append(axis.whole())
                places.append(dim if keep and dims is not None else None)
        return Sight(tuple(axes), tuple(places))

    def everywhere(self, shape: Sequence[int]) -> Sight:
        """See along whole dimensions, which keep their length: attention, a softmax over places."""
        axes = [
            axis if dim is None else axis.whole().pick(_zeros(shape[dim]))
            for axis, dim in zip(self.axes, self.dims, strict=True)
        ]
        return Sight(tuple(axes), self.dims)

    def moved(self, order: Sequence[int]) -> Sight:
        """Follow a permutation: new dimension i is the old ``order[i]``."""
        places = tuple(None if dim is None else list(order).index(dim) for dim in self.dims)
        return Sight(self.axes, places)

    def shifted(self, at: int, by: int) -> Sight:
        """Follow dimensions from `at` on that move, because one came or went before them."""
        return Sight(
            self.axes, tuple(dim + by if dim is not None and dim >= at else dim for dim in self.dims)
        )

    def reshaped(self, old: Sequence[int], new: Sequence[int]) -> Sight:
        """Follow a change of shape: a dimension that is still there keeps its sight, the others are gathered.

        A dimension is still there when it has the same length and as many numbers before it as it had.
        """
        axes: list[Axis] = []
        places: list[int | None] = []
        for axis, dim in zip(self.axes, self.dims, strict=True):
            kept = None
            if dim is not None:
                ahead = math.prod(old[:dim])
                kept = next(
                    (i for i in range(len(new)) if new[i] == old[dim] and math.prod(new[:i]) == ahead),
                    None,
                )
            axes.append(axis if dim is None or kept is not None else axis.whole())
            places.append(kept)
        return Sight(tuple(axes), tuple(places))


def _zeros(n: int) -> np.ndarray:
    return np.zeros(n, dtype=np.int64)


def meet(sights: Sequence[tuple[Sight, Sequence[int]]], shape: Sequence[int]) -> Sight:
    """Let tensors meet in a sum, a product or a concatenation.

    Parameters
    ----------
    sights : sequence of (Sight, shape)
        Of the tensors.
    shape : sequence of int
        Of the result; dimensions are matched from the last one, as broadcasting does.

    Returns
    -------
    Sight
    """
    aligned = [
        Sight(sight.axes, tuple(None if dim is None else dim + len(shape) - len(own) for dim in sight.dims))
        for sight, own in sights
    ]
    axes: list[Axis] = []
    places: list[int | None] = []
    for paths in zip(*(zip(sight.axes, sight.dims, strict=True) for sight in aligned), strict=True):
        found = {dim for _, dim in paths if dim is not None}
        place = found.pop() if len(found) == 1 else None
        fitting = [axis if place is not None or dim is None else axis.whole() for axis, dim in paths]
        if place is not None and len({len(axis) for axis in fitting} - {1, shape[place]}):
            fitting, place = [axis.whole() for axis in fitting], None
        axes.append(union(fitting))
        places.append(place)
    return Sight(tuple(axes), tuple(places))
