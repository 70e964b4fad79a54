"""Assignment 6, part F: a net that loses a block."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from cs_cnn.checks.assignments.a6.nets import Branch
from cs_cnn.checks.assignments.a6.tensors import ask, single
from cs_cnn.checks.bench import Array, Bench
from cs_cnn.checks.pairs import away_from_zero, sizes
from cs_cnn.checks.task import PartOfTask, Task


def _without(x: Array, blocks: Sequence[Branch], deleted: Sequence[int], residual: bool) -> Array:
    for number, block in enumerate(blocks):
        if number not in deleted:
            x = x * residual + block.of(x)
    return x


def grade_lesion(bench: Bench) -> None:
    """Run small residual and plain nets, whole, without one block and without several."""
    rng = bench.rng
    for _ in range(bench.rounds):
        n, d, count = sizes(rng, 3, 3, 6)
        blocks = [Branch(single(0.7 * away_from_zero(rng, (d, d)))) for _ in range(count)]
        x = single(away_from_zero(rng, (n, d)))
        one = (int(rng.integers(1, count - 1)),)
        several = (0, count - 1)
        cases: list[tuple[str, tuple[int, ...], bool]]
        cases = [("nothing deleted", (), True), ("nothing deleted", (), False)]
        cases += [
            (part, deleted, part == "residual")
            for part in ("residual", "plain")
            for deleted in (one, several)
        ]
        for part, deleted, residual in cases:
            given = {"x": x, "blocks": blocks, "deleted": deleted, "residual": residual}
            right = partial(_without, x, blocks, deleted, residual)
            bench.expect(part, ask(bench, "forward_without", given), right, name="the output", tolerance=1e-4)


TASKS = (
    Task(
        name="a6.forward_without",
        number="6.15",
        asks="forward_without",
        functions=("forward_without",),
        parts=(
            PartOfTask(
                "nothing deleted",
                1,
                "the whole net, with and without shortcuts",
                "Follow one number through two blocks, once with a shortcut around each of them and once without.",
            ),
            PartOfTask(
                "residual",
                2,
                "blocks missing from a residual net",
                "A residual block has two ways through it. Which of them is cut, and what is left for the next block?",
            ),
            PartOfTask(
                "plain",
                2,
                "blocks missing from a plain net",
                "What does the block after a deleted one receive?",
            ),
        ),
        grade=grade_lesion,
        section="inside/lesion#lesion-one-block",
    ),
)
