"""Known mistakes with dropout; the check tells them by their symptoms, since masks are random."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cs_cnn.checks.mistakes.mistake import Mistake

Numbers = Callable[[Any, Any], Any]


def _numbers(rng: Any, shape: Any) -> Any:
    return rng.random(shape)


def _forward(
    *,
    numbers: Numbers = _numbers,
    keep: Callable[[Any, float], Any] = lambda u, p: u >= p,
    factor: Callable[[float], float] = lambda p: 1 / (1 - p),
    test: Callable[[Any, float, Any], Any] = lambda x, p, mask: np.ones_like(x),
) -> Callable[..., Any]:
    """Build a forward pass with one thing changed; the cache is what x was multiplied with."""

    def forward(x: Any, p: float, rng: Any, train: bool = True) -> Any:
        mask = keep(numbers(rng, x.shape), p) * factor(p) * np.ones_like(x)
        if not train:
            mask = test(x, p, mask)
        return x * mask, mask

    return forward


def _backward(dx: Callable[[Any, Any], Any] = lambda d, m: d * m) -> Callable[..., Any]:
    return lambda dout, mask: dx(dout, mask)


def _always_scaled(x: Any, p: float, rng: Any, train: bool = True) -> Any:
    mask = (rng.random(x.shape) >= p) / (1 - p)
    return (x * mask, mask) if train else (x, np.full(x.shape, 1 / (1 - p)))


def _not_told(dout: Any, mask: Any) -> Any:
    return dout * mask


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the tasks a3.dropout_forward and a3.dropout_backward."""

    def forward(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        functions = {"dropout_forward": _forward(**changed)}
        return Mistake(name, "a3.dropout_forward", functions, loses, hint, told_by_check=True)

    def backward(name: str, loses: tuple[str, ...], hint: str, function: Any, first: Any = None) -> Mistake:
        functions = {"dropout_forward": first or _forward(), "dropout_backward": function}
        return Mistake(name, "a3.dropout_backward", functions, loses, hint, told_by_check=True)

    after = ("after training",)
    return [
        forward(
            "not_scaled",
            ("size",),
            "On average your output is smaller than x. By which factor, and what would make up for it?",
            factor=lambda p: 1.0,
        ),
        forward(
            "scaled_by_p",
            ("size",),
            "The share of zeros is right. For p = 0.25, how many of four numbers survive, and what has each to carry?",
            factor=lambda p: 1 / p,
        ),
        forward(
            "multiplied",
            ("size",),
            "The survivors become even smaller. Should they grow or shrink to make up for the others?",
            factor=lambda p: 1 - p,
        ),
        forward(
            "p_is_keep",
            ("share", "size"),
            "Here p is the probability to drop a number. Other texts write p for the probability to keep it.",
            keep=lambda u, p: u < p,
            factor=lambda p: 1 / p,
        ),
        forward(
            "nothing_dropped",
            ("share", "size", "masks"),
            "Nothing is dropped. Does a division reach further, or less far, than it looks in your line?",
            keep=lambda u, p: u < 2.0,
            factor=lambda p: 1.0,
        ),
        forward(
            "gaussian_numbers",
            ("share",),
            "Your random numbers follow a bell curve. How often is such a number below p?",
            numbers=lambda rng, shape: rng.standard_normal(shape),
        ),
        forward(
            "one_mask_for_all",
            ("masks",),
            "All examples lose the same numbers. What shape have your random numbers?",
            numbers=lambda rng, shape: np.broadcast_to(rng.random(shape[1:]), shape),
            keep=lambda u, p: (
                np.argsort(np.argsort(u[0], axis=None)).reshape(u[0].shape)[None] >= p * u[0].size
            ),
        ),
        forward(
            "whole_examples",
            ("masks",),
            "You keep or drop whole examples. One random number for each number of x is needed.",
            numbers=lambda rng, shape: rng.permutation((np.arange(shape[0]) + 0.5) / shape[0]).reshape(
                -1, *[1] * (len(shape) - 1)
            ),
        ),
        forward(
            "same_mask_each_time",
            ("masks",),
            "Each call drops the same numbers. Is a seed set inside the function?",
            numbers=lambda rng, shape: np.random.default_rng(1).random(shape),
        ),
        forward(
            "another_generator",
            ("masks",),
            "The result cannot be repeated. Which generator is the one you were given?",
            numbers=lambda rng, shape: np.random.default_rng().random(shape),
        ),
        forward(
            "rows_only",
            ("share", "size", "masks", "after training"),
            "It works for rows and not for images. Where do you write out the axes of x one by one?",
            numbers=lambda rng, shape: rng.random(shape if len(shape) == 2 else shape[:2]),
        ),
        forward(
            "scaled_after_training",
            after,
            "You scale once more after training. The training pass has scaled so that nothing is left to do here.",
            test=lambda x, p, mask: np.full(x.shape, 1 - p),
        ),
        forward(
            "dropped_after_training",
            after,
            "Numbers are dropped although train is False. Do you use train?",
            test=lambda x, p, mask: mask,
        ),
        forward(
            "still_scaled",
            after,
            "Nothing is dropped after training, and yet everything grows. What is left to make up for?",
            test=lambda x, p, mask: np.full(x.shape, 1 / (1 - p)),
        ),
        backward(
            "mask_ignored",
            ("training",),
            "A number that was dropped had no influence on the loss. Is its gradient 0?",
            _mask_ignored,
        ),
        backward(
            "factor_forgotten",
            ("training",),
            "The zeros are right. By how much does an output grow when a number that was kept grows by 1?",
            lambda dout, mask: dout * (mask > 0),
        ),
        backward(
            "factor_twice",
            ("training",),
            "The factor of the forward pass acts twice. Is it already in what you kept?",
            lambda dout, mask: dout * mask * mask,
        ),
        backward(
            "new_mask",
            ("training", "after training"),
            "Your zeros are not those of the forward pass. Which mask decided there, and where is it now?",
            lambda dout, mask: dout * (np.random.default_rng(3).random(dout.shape) >= 0.3) * mask.max(),
        ),
        backward(
            "upstream_ignored",
            ("training", "after training"),
            "You return what x was multiplied with. The gradient that came back is missing.",
            lambda dout, mask: mask,
        ),
        backward(
            "times_the_output",
            ("training", "after training"),
            "Your gradient contains x. With the mask fixed, the layer multiplies: does its slope depend on x?",
            lambda dout, cache: dout * cache[0],
            _with_output,
        ),
        backward(
            "always_scaled",
            ("after training",),
            "After training nothing was multiplied. Your gradient is scaled all the same.",
            _not_told,
            _always_scaled,
        ),
    ]


def _with_output(x: Any, p: float, rng: Any, train: bool = True) -> Any:
    out, mask = _forward()(x, p, rng, train)
    return out, (out, mask)


def _mask_ignored(dout: Any, mask: Any) -> Any:
    return dout
