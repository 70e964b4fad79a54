"""Known mistakes with reading the data file and with the first parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cs_cnn.checks.mistakes.mistake import Mistake


def _load(
    *,
    features: slice = slice(0, 8),
    shift: int = 1,
    label: Callable[[Any], Any] = lambda y: y.astype(int),
    train: slice = slice(0, 400),
    test: slice = slice(400, None),
    shuffle: bool = False,
    skip: int = 0,
) -> Callable[..., Any]:
    """Build a reader with one thing changed."""

    def load_data(path: str) -> Any:
        table = np.loadtxt(path, skiprows=skip)
        if shuffle:
            table = np.random.default_rng(1).permutation(table)
        x, y = table[:, features], label(table[:, 8] - shift)
        return x[train], y[train], x[test], y[test]

    return load_data


def _init(
    *,
    weights: Callable[[Any, tuple[int, int]], Any] = lambda rng, s: rng.normal(0, np.sqrt(2 / s[0]), s),
    last: Callable[[Any, tuple[int, int]], Any] | None = None,
    bias: Callable[[Any, int], Any] = lambda rng, n: np.zeros(n),
    turn: bool = False,
) -> Callable[..., Any]:
    """Build an initialisation with one thing changed."""

    def init_params(n_inputs: int, n_hidden: int, n_classes: int, rng: Any) -> Any:
        first = weights(rng, (n_inputs, n_hidden))
        second = (last or weights)(rng, (n_hidden, n_classes))
        if turn:
            first, second = first.T, second.T
        return {"W1": first, "b1": bias(rng, n_hidden), "W2": second, "b2": bias(rng, n_classes)}

    return init_params


def _global(rng: Any, shape: tuple[int, int]) -> Any:
    # The point of the mistake is the generator that everybody shares.
    return np.random.randn(*shape) * np.sqrt(2 / shape[0])  # noqa: NPY002


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the tasks a2.load and a2.init."""

    def load(name: str, loses: tuple[str, ...], hint: str, *, told: bool = False, **changed: Any) -> Mistake:
        return Mistake(name, "a2.load", {"load_data": _load(**changed)}, loses, hint, told_by_check=told)

    def init(
        name: str, loses: tuple[str, ...], hint: str, like: tuple[str, ...] = (), **changed: Any
    ) -> Mistake:
        functions = {"init_params": _init(**changed)}
        return Mistake(name, "a2.init", functions, loses, hint, told_by_check=True, like=like)

    both, biases = ("W1", "W2"), ("b1", "b2")
    return [
        load(
            "labels_from_one",
            ("labels",),
            "The file counts the classes from 1. Later a label picks a column of the scores: which column "
            "does the "
            "last class need?",
            shift=0,
        ),
        load(
            "labels_are_floats",
            ("labels",),
            "Labels will be used as indices, and NumPy accepts only integers there. What is their dtype?",
            label=lambda y: y,
        ),
        load(
            "labels_in_a_column",
            ("labels",),
            "Your labels have two axes. How do table[:, 8] and table[:, 8:] differ?",
            label=lambda y: y.astype(int)[:, None],
        ),
        load(
            "label_among_the_features",
            ("features",),
            "With the label among the features the network only needs to copy it. How many columns has x?",
            features=slice(0, 9),
        ),
        load(
            "last_feature_missing",
            ("features",),
            "How many features has a line of the file, and how many columns has x? The end of a slice is "
            "not included.",
            features=slice(0, 7),
        ),
        load(
            "last_rows_train",
            ("split",),
            "The first 400 rows are for training. Print the first row of x_train beside the first line of "
            "the file.",
            train=slice(100, None),
            test=slice(0, 100),
        ),
        load(
            "one_row_short",
            ("split",),
            "Count the rows of your two parts: together they must be all rows of the file. The end of a "
            "slice is not "
            "included.",
            train=slice(0, 399),
        ),
        load(
            "header_skipped",
            ("split",),
            "The file has no header line. Which row is lost?",
            skip=1,
        ),
        load(
            "test_rows_overlap",
            ("split",),
            "Some rows are in both parts, so the test would ask what was learned by heart. Where does the "
            "test part start?",
            test=slice(399, None),
        ),
        load(
            "shuffled",
            ("split",),
            "Everybody is graded on the same last 100 rows. Shuffle later, and the training rows only.",
            told=True,
            shuffle=True,
        ),
        init(
            "zeros",
            both,
            "With all weights zero, every hidden unit computes the same and gets the same gradient. What "
            "could ever make "
            "them differ?",
            weights=lambda rng, shape: np.zeros(shape),
        ),
        init(
            "equal_units",
            both,
            "All units of a layer start with equal weights, so they stay equal for ever. What breaks the "
            "symmetry?",
            weights=lambda rng, shape: np.repeat(rng.normal(0, 0.1, (shape[0], 1)), shape[1], axis=1),
        ),
        init(
            "all_positive",
            both,
            "Look at a histogram of the weights: are any of them negative? Uniform numbers from 0 to 1 are "
            "not centred.",
            weights=lambda rng, shape: 0.1 * rng.random(shape),
        ),
        init(
            "not_scaled",
            both,
            "With 120 inputs, 120 random terms add up: how large are the first scores? Let the spread "
            "shrink with the "
            "number of inputs.",
            weights=lambda rng, shape: rng.normal(size=shape),
        ),
        init(
            "not_scaled_in_one_layer",
            ("W2",),
            "With 120 inputs, 120 random terms add up: how large are the first scores? Let the spread "
            "shrink with the "
            "number of inputs.",
            like=("not_scaled",),
            last=lambda rng, shape: rng.normal(size=shape),
        ),
        init(
            "global_random",
            both,
            "Your numbers come from the generator that everybody shares, so nobody can repeat the run. "
            "Which argument "
            "should they come from?",
            weights=_global,
        ),
        init(
            "fixed_seed",
            both,
            "The same numbers come out whatever generator is handed over. Is the argument rng used, or "
            "replaced?",
            weights=lambda rng, shape: np.random.default_rng(0).normal(0, 0.1, shape),
        ),
        init(
            "transposed",
            both,
            "In x W1 every row of x meets every column of W1. Which axis of W1 belongs to the inputs?",
            turn=True,
        ),
        init(
            "scalar_bias",
            biases,
            "A single number is shared by all units. How many biases does a layer with H units have?",
            bias=lambda rng, n: 0.0,
        ),
        init(
            "row_bias",
            biases,
            "(1, H) and (H,) add to a matrix alike, but the task asks for one axis: a gradient must have "
            "the same shape.",
            bias=lambda rng, n: np.zeros((1, n)),
        ),
        init(
            "random_biases",
            biases,
            "The random weights break the symmetry already. Where do biases start?",
            bias=lambda rng, n: rng.normal(0, 0.1, n),
        ),
    ]
