"""The still of the letters that surprise: what each letter of a word costs, and its perplexity by memory."""

from __future__ import annotations

import keyword
import math
from typing import Any

from moving_still import paragraph, table, wide

TITLE = "An n-gram of letters reads a word"
HEIGHTS = (39.8, 42.2, 57.7, 62)
LETTERS = "abcdefghijklmnopqrstuvwxyz}"  # the last one marks the end of a word
STATE: dict[str, Any] = {
    "words": [word for word in keyword.kwlist if word.islower()],
    "word": "reporter",
    "memory": 1,
    "discount": 0.75,
    "chosen": 2,
}


def after(words: list[str], context: str, memory: int) -> dict[str, int]:
    """Count what follows a context: occurrences if it is a full one, else the different letters to its left."""
    full = len(context) == memory or context.startswith("{")
    found: dict[str, list[str]] = {letter: [] for letter in LETTERS}
    for word in words:
        text = "{" + word + "}"
        for at in range(max(len(context), 1), len(text)):
            start = at - len(context)
            if text[start:at] == context:
                found[text[at]].append(text[start - 1 : start])
    return {letter: len(left) if full else len(set(left)) for letter, left in found.items()}


def spread(words: list[str], past: str, memory: int, discount: float) -> dict[str, float]:
    """Return the probabilities of the next letter, from the shortest context to the longest."""
    chances = dict.fromkeys(LETTERS, 1 / len(LETTERS))
    for length in range(min(memory, len(past)) + 1):
        counts = after(words, past[len(past) - length :], memory)
        total, kinds = sum(counts.values()), sum(count > 0 for count in counts.values())
        if total:
            chances = {
                letter: (max(counts[letter] - discount, 0) + discount * kinds * chances[letter]) / total
                for letter in LETTERS
            }
    return chances


def bits(words: list[str], word: str, memory: int, discount: float) -> list[float]:
    """Return what each letter of a word costs, its end included."""
    text = "{" + word + "}"
    chances = [spread(words, text[:at], memory, discount)[letter] for at, letter in enumerate(text) if at > 0]
    return [-math.log2(chance) if chance else math.inf for chance in chances]


def perplexity(costs: list[float]) -> float:
    """Return the perplexity of letters that cost so many bits."""
    return float(2 ** (sum(costs) / len(costs)))


def still(state: dict[str, Any]) -> str:
    """Write the word letter by letter for each memory, with its perplexity."""
    words, word, discount = state["words"], state["word"], state["discount"]
    rows = []
    for memory in range(5):
        costs = bits(words, word, memory, discount)
        rows.append(
            [memory, *(f"{cost:.1f}" for cost in costs), f"{sum(costs):.1f}", f"{perplexity(costs):.2f}"]
        )
    head = ["Letters remembered", *word, "end", "Sum", "Perplexity"]
    return "\n".join(
        [
            paragraph(
                f"An n-gram of letters has counted the {len(words)} keywords of Python, with a discount of {discount},"
                f" and reads “{word}”. Surprise of each letter in bits:"
            ),
            wide(table(f"What “{word}” costs", head, rows), f"What {word} costs"),
        ]
    )
