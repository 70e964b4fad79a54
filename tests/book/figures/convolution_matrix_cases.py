"""Cases of the matrix of a convolution, answered by conv2d_to_affine and by what the convolution itself does."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from cs_cnn.layers import conv2d_forward, conv2d_to_affine

from ..training_cases import Case


def cases() -> Iterable[Case]:
    rng = np.random.default_rng(0)
    for size in (2, 3):
        kernel = rng.permutation(np.arange(1, 10))[: size * size]  # all different, so that a place is known
        weights = kernel.reshape(1, 1, size, size).astype(float)
        matrix = conv2d_to_affine(weights, np.zeros(1), (1, 4, 4))[0]
        outputs = matrix.shape[1]
        yield "fromKernel", [size, kernel.tolist()], matrix.tolist()
        for pixel in (0, 5):  # row by row, the matrix is what single bright pixels give
            image = np.zeros((1, 1, 4, 4))
            image.flat[pixel] = 1
            out = conv2d_forward(image, weights, np.zeros(1))[0].ravel()
            assert np.array_equal(out, matrix[pixel])
        for output in range(outputs):
            yield "windowOf", [size, output], np.flatnonzero(matrix[:, output]).tolist()
        free = {"shared": size**2, "local": size**2 * outputs, "full": 16 * outputs}
        noise = rng.integers(1, 10, matrix.shape).astype(float)
        for kind, count in free.items():
            found = {"entries": matrix.size, "free": count, "nonzero": np.count_nonzero(matrix)}
            yield "counts", [matrix.tolist(), kind, size], found
            pixel, output = 5, 1
            held = matrix == matrix[pixel, output] if kind == "shared" else np.zeros_like(matrix, bool)
            held[pixel, output] = True
            places = sorted(np.argwhere(held).tolist(), key=lambda place: place[1])
            yield "tied", [kind, size, pixel, output], places
            yield (
                "typed",
                [matrix.tolist(), kind, size, pixel, output, -7],
                np.where(held, -7, matrix).tolist(),
            )
            chosen = noise[np.flatnonzero(matrix[:, 1]), 1].reshape(weights.shape)
            wanted = {
                "shared": conv2d_to_affine(chosen, np.zeros(1), (1, 4, 4))[0],
                "local": np.where(matrix != 0, noise, 0),
                "full": noise,
            }[kind]
            yield "constrained", [noise.tolist(), kind, size, 1], wanted.tolist()
            yield "movesAlong", [wanted.tolist(), size], kind == "shared"
