"""What `label_images.js` counts, counted by Python and by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from cs_cnn.metrics import top_k_error, wilson_interval

Case = tuple[str, list[Any], Any]


def label_cases(half: Callable[[str], Any]) -> Iterable[Case]:
    """Give calls of the module's functions with what they must return; `half` loads the Python half."""
    still = half("label_images")
    rng = np.random.default_rng(0)
    labels = rng.integers(10, size=40)
    scores = rng.normal(size=(40, 10))
    scores[np.arange(40), labels] += 1.0
    guesses = ["".join(map(str, row)) for row in np.argsort(-scores, axis=1)[:, :5]]
    told = "".join(map(str, labels))
    for k in (1, 2, 5):
        missed = round(40 * top_k_error(scores, labels, k=k))
        assert still.misses(guesses, told, k) == missed
        yield "misses", [guesses, told, k], missed
    yield "misses", [["3", "", "53"], "335", 5], 1
    # By hand: nothing wrong in ten leaves 0 to z^2 / (n + z^2).
    yield "wilson", [0, 10], [0.0, 1.96**2 / (10 + 1.96**2)]
    for wrong, count in ((1, 10), (25, 50), (3, 50), (50, 50), (148, 1000)):
        yield "wilson", [wrong, count], list(wilson_interval(wrong, count))
    yield "toggled", ["", "7"], "7"
    yield "toggled", ["731", "3"], "71"
    yield "toggled", ["01234", "9"], "01234"
    yield "toggled", ["01234", "4"], "0123"
