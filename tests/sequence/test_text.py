"""The text of Python's documentation, its split, and the spelling of words."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from cs_cnn.errors import CsCnnError
from cs_cnn.sequence import corpus, documentation, spell
from cs_cnn.sequence.spelling import ALPHABET, CHARACTERS
from cs_cnn.sequence.text import END


@pytest.fixture(scope="module")
def paragraphs():
    return documentation()


def test_the_documentation_is_english_about_python(paragraphs):
    words = [word for paragraph in paragraphs for word in paragraph]
    assert 30_000 < len(words) < 200_000
    assert words.count("the") / len(words) > 0.03
    assert {"statement", "object", "object.__getattr__", ".", ","} < set(words)
    assert not any(word != word.lower() or word.isspace() for word in words)
    assert len({tuple(paragraph) for paragraph in paragraphs}) == len(paragraphs)


def test_the_split_hides_whole_paragraphs(paragraphs):
    found = corpus(paragraphs, at_least=3, every=10)
    held = [[found.words[number] for number in part] for part in (found.train, found.test)]
    assert sum(part.count(END) for part in held) == len(paragraphs)
    assert held[1].count(END) == len(paragraphs) // 10
    first = " ".join(held[1][: held[1].index(END)])
    assert first == " ".join(paragraphs[9])
    assert f"{END} {first} {END}" not in " ".join(held[0])


def test_the_vocabulary_is_what_occurs_often_enough_in_the_training_part(paragraphs):
    found = corpus(paragraphs, at_least=3)
    counts = np.bincount(found.train, minlength=len(found.words))
    assert (counts[: found.size] >= 3).all() and (counts[found.size :] < 3).all()
    assert (np.diff(counts) <= 0).all()
    assert len(set(found.words)) == len(found.words)
    targets = found.targets(found.test)
    assert targets.max() == found.size
    np.testing.assert_array_equal(targets == found.size, found.test >= found.size)


def test_a_python_without_documentation_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    with pytest.raises(CsCnnError, match="This Python came without pydoc_data"):
        documentation()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"at_least": 0}, "at_least must be a whole number of at least 1, got 0"),
        ({"every": 1}, "every must be a whole number of at least 2, got 1"),
        ({"every": 3}, "paragraphs must be at least 3, or none is held out, got 2"),
    ],
)
def test_a_split_that_cannot_be_is_refused(options, words):
    with pytest.raises(CsCnnError) as caught:
        corpus([["a"], ["b"]], **options)
    assert words in str(caught.value)


def test_spelling_marks_both_ends_and_reads_back():
    rows = spell(["Getter", "x_1", "naïve"])
    letters = dict(enumerate(ALPHABET, start=4)) | {1: "{", 2: "}", 3: "?", 0: ""}
    assert ["".join(letters[code] for code in row) for row in rows.tolist()] == [
        "{getter}",
        "{x_1}",
        "{na?ve}",
    ]
    assert rows.max() < CHARACTERS
    assert spell(["long"], length=4).tolist() == spell(["lo"]).tolist()


@pytest.mark.parametrize(
    ("words", "length", "sentence"),
    [
        (["a", ""], None, "words must be a list of words that are not empty"),
        ("word", None, "words must be a list of words"),
        (["a"], 2, "length must be a whole number of at least 3, got 2"),
    ],
)
def test_what_cannot_be_spelled_is_refused(words, length, sentence):
    with pytest.raises(CsCnnError) as caught:
        spell(words, length)
    assert sentence in str(caught.value)


def test_counting_needs_no_torch():
    code = (
        "import sys; from cs_cnn.sequence import KneserNey, documentation, mu_law_encode, perplexity, vowel_sounds;"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
