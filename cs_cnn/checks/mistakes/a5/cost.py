"""Known mistakes with counting what reduction and separation save."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cs_cnn.checks.mistakes.mistake import Mistake


def _inception(
    *,
    area: Callable[[int], int] = lambda k: k * k,
    reads: Callable[[int, int], int] = lambda c, r: r,
    reduction: int = 1,
    projection: int = 1,
    pool: int = 0,
    biases: int = 0,
    factor: int = 1,
    places: Callable[[int, int], int] = lambda h, w: h * w,
    swapped: bool = False,
) -> Any:
    """Build a count with one thing changed."""

    def inception_cost(shape: Any, n1: int, r3: int, n3: int, r5: int, n5: int, proj: int) -> Any:
        c, h, w = shape
        naive = c * (n1 + area(3) * n3 + area(5) * n5) + pool * 9 * c + biases * (n1 + n3 + n5)
        reduced = c * (n1 + reduction * (r3 + r5) + projection * proj)
        reduced += area(3) * reads(c, r3) * n3 + area(5) * reads(c, r5) * n5
        reduced += biases * (n1 + r3 + n3 + r5 + n5 + proj)
        pair = (factor * naive * places(h, w), factor * reduced * places(h, w))
        return pair[::-1] if swapped else pair

    return inception_cost


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the tasks a5.inception_cost and a5.separable_ratio."""

    def cost(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        return Mistake(name, "a5.inception_cost", {"inception_cost": _inception(**changed)}, loses, hint)

    def ratio(name: str, hint: str, wrong: Callable[..., float]) -> Mistake:
        return Mistake(name, "a5.separable_ratio", {"separable_ratio": wrong}, ("ratio",), hint)

    both = ("naive", "reduced")
    return [
        cost(
            "positions_forgotten",
            both,
            "You counted weights. How often is each of them used?",
            places=lambda h, w: 1,
        ),
        cost("one_side_only", both, "Positions have a row and a column.", places=lambda h, w: h),
        cost(
            "kernels_not_squared",
            both,
            "A window of 5 by 5 looks at more than five places.",
            area=lambda k: k,
        ),
        cost("two_operations", both, "A multiplication with its addition counts as one here.", factor=2),
        cost("biases_counted", both, "A bias is only added: it takes no multiplication.", biases=1),
        cost(
            "large_kernels_read_everything",
            ("reduced",),
            "In the second module, what do the 3 by 3 filters see: x, or what the reduction left of it?",
            reads=lambda c, r: c,
        ),
        cost(
            "reduction_for_free",
            ("reduced",),
            "The reduction is a convolution as well, and reads all maps.",
            reduction=0,
        ),
        cost(
            "projection_forgotten",
            ("reduced",),
            "The fourth branch has something after its pooling.",
            projection=0,
        ),
        cost(
            "pooling_counted", ("naive",), "A maximum is found by comparing; nothing is multiplied.", pool=1
        ),
        cost(
            "swapped",
            both,
            "One of the two should be a good deal smaller. Which do you return first?",
            swapped=True,
        ),
        ratio(
            "upside_down",
            "A separable layer is cheaper, so the ratio is below 1. What is divided by what?",
            lambda c, f, k: 1 / (1 / f + 1 / k**2),
        ),
        ratio(
            "steps_multiplied",
            "The two steps come one after the other: does their work multiply or add?",
            lambda c, f, k: 1 / (f * k**2),
        ),
        ratio(
            "pointwise_forgotten",
            "After the depthwise step every channel is still alone. What mixes them, and what does that cost?",
            lambda c, f, k: 1 / f,
        ),
        ratio(
            "depthwise_forgotten",
            "A 1 by 1 convolution does not look around. What does the step before it cost?",
            lambda c, f, k: 1 / k**2,
        ),
        ratio(
            "channels_for_filters",
            "Does the ratio depend on the channels that come in, or on those that go out?",
            lambda c, f, k: 1 / c + 1 / k**2,
        ),
        ratio(
            "kernel_not_squared",
            "A window has rows and columns; you counted one side.",
            lambda c, f, k: 1 / f + 1 / k,
        ),
        ratio(
            "saving_for_ratio",
            "You say how much is saved. The task asks what is left.",
            lambda c, f, k: 1 - 1 / f - 1 / k**2,
        ),
    ]
