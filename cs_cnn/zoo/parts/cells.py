"""Cells of a net as strings: "sep3(x) + p; max3(b1) + x -> b1, b2" read into a plan; errors tell the position."""

from __future__ import annotations

import re
from typing import NamedTuple


class Branch(NamedTuple):
    """An operation on an input.

    `operation` is "sep", "max", "avg" or "same", `kernel` its side (1 for "same"), `input` is "x", "p" or a block.
    """

    operation: str
    kernel: int
    input: str


class Block(NamedTuple):
    """Two branches, whose results are added."""

    left: Branch
    right: Branch


class CellPlan(NamedTuple):
    """The blocks of a cell, and the names of what is stacked as its result."""

    blocks: tuple[Block, ...]
    result: tuple[str, ...]

    def only_separable(self, name: str) -> bool:
        """Tell whether nothing but separable convolutions takes this input."""
        takers = [branch.operation for block in self.blocks for branch in block if branch.input == name]
        return name not in self.result and set(takers) <= {"sep"}


_OPERATIONS = {"sep": (3, 5, 7), "max": (3, 5, 7), "avg": (3, 5, 7)}
_NAMED = "sep3, sep5, sep7, max3, max5, max7, avg3, avg5 and avg7"


def parse_cell(text: str, name: str = "cell") -> CellPlan:
    """Read a cell.

    ::

        cell   = block {";" block} ["->" result {"," result}]
        block  = branch "+" branch
        branch = input | operation "(" input ")"
        input  = "x" | "p" | "b1" | "b2" ...

    ``x`` is what the cell before put out, ``p`` what the one before that did, ``b1`` the first block, and so on;
    a block may only use earlier ones. The operations are ``sep3``, ``sep5``, ``sep7`` (separable convolution),
    ``max3`` ... and ``avg3`` ... (pooling); an input alone is handed on as it is. Without ``->`` the result is
    every block that no other block uses. Blanks do not matter.

    Parameters
    ----------
    text : str
        The cell.
    name : str
        What errors call it.

    Returns
    -------
    CellPlan

    Raises
    ------
    ValueError
        One sentence with the position (from 1) of what is wrong.

    Examples
    --------
    >>> plan = parse_cell("sep3(x) + p; b1 + max3(x)")
    >>> plan.blocks[0].left
    Branch(operation='sep', kernel=3, input='x')
    >>> plan.result
    ('b2',)
    """
    return _Reader(text, name).cell()


class _Reader:
    def __init__(self, text: str, name: str) -> None:
        if not isinstance(text, str):
            raise ValueError(f"{name} must be a string such as 'sep3(x) + p', got {text!r}.")
        self.text, self.name = text, name
        # (what, where it begins); the end is an empty word after the last character.
        self.words = [(m[0], m.start()) for m in re.finditer(r"->|\w+|[^\s\w]", text)] + [("", len(text))]
        self.at = 0
        self.blocks: list[Block] = []

    def fail(self, sentence: str, position: int) -> ValueError:
        return ValueError(f"{self.name}: at position {position + 1} of {self.text!r}: {sentence}.")

    def take(self) -> tuple[str, int]:
        word = self.words[self.at]
        self.at = min(self.at + 1, len(self.words) - 1)
        return word

    def expect(self, wanted: str, why: str) -> None:
        word, position = self.take()
        if word != wanted:
            raise self.fail(f"{why}, not {_shown(word)}", position)

    def cell(self) -> CellPlan:
        while True:
            left = self.branch()
            self.expect("+", "a block adds two branches, so '+' is expected here")
            self.blocks.append(Block(left, self.branch()))
            word, position = self.take()
            if word != ";":
                break
        if word == "->":
            result = [self.input()]
            while (following := self.take())[0] == ",":
                result.append(self.input())
            if following[0]:
                raise self.fail(f"results are separated by commas, not {_shown(following[0])}", following[1])
            return CellPlan(tuple(self.blocks), tuple(result))
        if word:
            raise self.fail(f"';' for a further block or '->' is expected here, not {_shown(word)}", position)
        used = {branch.input for block in self.blocks for branch in block}
        names = [f"b{i}" for i in range(1, len(self.blocks) + 1)]
        return CellPlan(tuple(self.blocks), tuple(name for name in names if name not in used))

    def branch(self) -> Branch:
        word, position = self.words[self.at]
        if self.words[min(self.at + 1, len(self.words) - 1)][0] != "(":
            return Branch("same", 1, self.input())
        self.at += 2
        known = re.fullmatch(r"([a-z]+)(\d+)", word)
        if not known or int(known[2]) not in _OPERATIONS.get(known[1], ()):
            raise self.fail(f"there is no operation {_shown(word)}; there are {_NAMED}", position)
        branch = Branch(known[1], int(known[2]), self.input())
        self.expect(")", "the input of an operation ends with ')'")
        return branch

    def input(self) -> str:
        word, position = self.take()
        if not re.fullmatch(r"x|p|b[1-9]\d*", word):
            raise self.fail(f"an input is x, p or an earlier block such as b1, not {_shown(word)}", position)
        if word.startswith("b") and int(word[1:]) > len(self.blocks):
            there = f"there are {len(self.blocks)} so far" if self.blocks else "this is the first block"
            raise self.fail(f"{word} is no earlier block; {there}", position)
        return word


def _shown(word: str) -> str:
    return repr(word) if word else "the end"
