"""Cases of a digit's code, answered by cs_cnn.transform.pca and by the chapter's own digits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from moving import load

from cs_cnn import data
from cs_cnn.transform.pca import pca

from ..conftest import BOOK

Case = tuple[str, list[Any], Any]


def cases() -> Iterable[Case]:
    """Yield calls of the module's functions with the library's answers."""
    basis = load(BOOK / "figures" / "code_of_digit").BASIS
    digits = data.load("digits")
    found = pca(digits.x_train.reshape(-1, 64), 12)
    assert np.abs(found.axes - np.array(basis["axes"]) / 10000).max() < 5.1e-5
    assert np.abs(found.mean - np.array(basis["mean"]) / 10000).max() < 5.1e-5
    test = digits.x_test.reshape(-1, 64).astype(float)
    mean, axes = found.mean.tolist(), found.axes.tolist()
    for name, values in basis["digits"].items():
        place = np.flatnonzero((test * 16 == values).all(axis=1))
        assert digits.y_test[place].astype(str).tolist() == [name]
        x = test[place]
        code = found.encode(x)
        yield "encode", [x[0].tolist(), mean, axes], code[0].tolist()
        yield "decode", [code[0].tolist(), mean, axes], found.decode(code)[0].tolist()
        lost = [float(np.mean((x - found.mean) ** 2))]
        lost += [
            lost[0] - float((code[0, :k] ** 2).sum()) / 64 for k in range(1, 13)
        ]  # as the axes are at right angles
        yield "errors", [x[0].tolist(), mean, axes], lost
    line = pca([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]], 1)  # the chapter's three points
    yield "encode", [[6, 8], line.mean.tolist(), line.axes.tolist()], [5]
    yield "decode", [[-5], line.mean.tolist(), line.axes.tolist()], [0, 0]
    yield "error", [[0, 0], [3, 4]], 12.5
