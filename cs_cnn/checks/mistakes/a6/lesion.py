"""Known mistakes with nets that lose blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cs_cnn.checks.mistakes.mistake import Mistake


def _run(
    *,
    whole: Callable[[Any, Any, bool], Any] = lambda x, fx, residual: x + fx if residual else fx,
    lost: Callable[[Any, Any, bool], Any] = lambda x, fx, residual: x,
    gone: Callable[[int, Any, int], bool] = lambda number, deleted, count: number in deleted,
    stop: bool = False,
) -> Callable[..., Any]:
    """Build a net with one thing changed."""

    def forward_without(x: Any, blocks: Any, deleted: Any, residual: Any) -> Any:
        for number, block in enumerate(blocks):
            if not gone(number, deleted, len(blocks)):
                x = whole(x, block(x), residual)
            elif stop:
                break
            else:
                x = lost(x, block(x), residual)
        return x

    return forward_without


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the task a6.forward_without."""

    def build(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        return Mistake(
            name,
            "a6.forward_without",
            {"forward_without": _run(**changed)},
            loses,
            hint,
            "inside/lesion#lesion-one-block",
        )

    return [
        build(
            "shortcut_deleted_too",
            ("residual",),
            "The lesion cuts the branch. The shortcut around it is still there: what does it carry?",
            lost=lambda x, fx, residual: 0 * x if residual else x,
        ),
        build(
            "branch_kept_shortcut_cut",
            ("residual",),
            "There are two ways through a block. You have cut the other one.",
            lost=lambda x, fx, residual: fx if residual else x,
        ),
        build(
            "zeros_go_on",
            ("plain",),
            "A layer that is taken out of a chain leaves no hole: the next one gets what it would have got.",
            lost=lambda x, fx, residual: x if residual else 0 * x,
        ),
        build(
            "input_doubled",
            ("residual",),
            "Without its branch a block adds nothing. What does yours add?",
            lost=lambda x, fx, residual: 2 * x if residual else x,
        ),
        build(
            "nothing_is_deleted",
            ("residual", "plain"),
            "The output is that of the whole net, whatever deleted says.",
            gone=lambda number, deleted, count: False,
        ),
        build(
            "everything_after_is_deleted",
            ("residual", "plain"),
            "How many blocks does the signal still pass after the one that is missing?",
            stop=True,
        ),
        build(
            "counted_from_one",
            ("residual", "plain"),
            "The first block has the number 0. Which one is missing in your net?",
            gone=lambda number, deleted, count: number + 1 in deleted,
        ),
        build(
            "only_one_is_deleted",
            ("residual", "plain"),
            "Deleting one block works. How many may the argument name?",
            gone=lambda number, deleted, count: bool(deleted) and number == deleted[0],
        ),
        build(
            "always_residual",
            ("nothing deleted", "plain"),
            "With residual=False there is no way around a block.",
            whole=lambda x, fx, residual: x + fx,
        ),
        build(
            "never_residual",
            ("nothing deleted", "residual"),
            "With residual=True a block adds to what it was given.",
            whole=lambda x, fx, residual: fx,
        ),
    ]
