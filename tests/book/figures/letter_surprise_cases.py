"""Cases of the letters that surprise: the chapter's recursion, and numbers worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache
from itertools import product
from typing import Any

Case = tuple[str, list[Any], Any]
LETTERS = "abcdefghijklmnopqrstuvwxyz}"
NEVER = -1  # a memory that no context fills: shorter contexts count what is to their left
WORDS = ["def", "del", "elif", "else", "import", "in", "is", "yield"]


@cache
def grams(length: int) -> frozenset[tuple[int, int, str]]:
    """Return all n-grams with the word and the place where they stand."""
    return frozenset(
        (n, at, f"{{{word}}}"[at : at + length])
        for n, word in enumerate(WORDS)
        for at in range(len(word) + 3 - length)
    )


def count(gram: str, full: bool) -> int:
    """Count an n-gram, or the different ones that are longer by a letter to the left."""
    if full:
        return sum(found == gram for _, _, found in grams(len(gram)))
    return len({found for _, _, found in grams(len(gram) + 1) if found[1:] == gram})


def chance(letter: str, context: str, memory: int, discount: float) -> float:
    """Return P(letter | context) by the recursion of the chapter, from the longest context down."""
    shorter = chance(letter, context[1:], NEVER, discount) if context else 1 / 27
    full = len(context) == memory or context.startswith("{")
    counts = {each: count(context + each, full) for each in LETTERS}
    total = sum(counts.values())
    if not total:
        return shorter
    kinds = sum(each > 0 for each in counts.values())
    return max(counts[letter] - discount, 0) / total + discount * kinds / total * shorter


def cost(word: str, memory: int, discount: float) -> list[float]:
    """Return the bits of each letter of a word."""
    text = f"{{{word}}}"
    chances = [
        chance(text[at], text[max(at - memory, 0) : at], memory, discount) for at in range(1, len(text))
    ]
    return [-math.log2(each) if each else math.inf for each in chances]


def cases() -> Iterable[Case]:
    # by hand: after "e" stand l (three times: del, elif, else), f (def), l (yield) and the end (else)
    wanted = {"l": 4, "f": 1, "}": 1}
    yield "after", [WORDS, "e", 1], [wanted.get(letter, 0) for letter in LETTERS]
    # as the shorter of two contexts: "el" after d, "{" and i; "ef" after d; "e}" after s
    wanted = {"l": 3, "f": 1, "}": 1}
    yield "after", [WORDS, "e", 2], [wanted.get(letter, 0) for letter in LETTERS]
    yield "after", [WORDS, "zz", 2], [0] * 27
    yield "bits", [["a"], "a", 0, 0], [1, 1]
    yield (
        "bits",
        [["a"], "b", 1, 0],
        [None, 1],
    )  # impossible; then, after an unseen context, one of two letters
    for word, memory, discount in product(("else", "filed", "zest"), range(5), (0.75, 0.5)):
        costs = cost(word, memory, discount)
        yield "bits", [WORDS, word, memory, discount], costs
        yield "perplexity", [WORDS, [word], memory, discount], 2 ** (sum(costs) / len(costs))
    both = cost("else", 2, 0.75) + cost("in", 2, 0.75)
    yield "perplexity", [WORDS, ["else", "in"], 2, 0.75], 2 ** (sum(both) / len(both))
    for past, memory in (("{", 2), ("{de", 1), ("{impor", 4), ("{zz", 4)):
        context = past[len(past) - min(memory, len(past)) :]
        p = [chance(letter, context, memory, 0.75) for letter in LETTERS]
        assert math.isclose(sum(p), 1)
        yield "spread", [WORDS, past, memory, 0.75], p
