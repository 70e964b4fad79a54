"""N-grams: probabilities that add up to 1, a hand-computed case, and the perplexity of what is known."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_cnn.errors import CsCnnError
from cs_cnn.sequence import KneserNey, perplexity

streams = st.lists(st.integers(0, 4), min_size=4, max_size=60)


@settings(max_examples=60, deadline=None)
@given(stream=streams, order=st.integers(1, 4), context=st.lists(st.integers(0, 4), max_size=5))
def test_probabilities_are_positive_and_add_up_to_one(stream, order, context):
    p = KneserNey(stream, 5, order).distribution(context)
    assert p.shape == (5,) and (p > 0).all()
    assert p.sum() == pytest.approx(1, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(stream=streams, order=st.integers(1, 4), new=st.lists(st.integers(0, 4), min_size=1, max_size=12))
def test_both_ways_to_ask_agree(stream, order, new):
    model = KneserNey(stream, 5, order)
    one_by_one = [math.log(model.distribution(new[:place])[word]) for place, word in enumerate(new)]
    np.testing.assert_allclose(model.log_probabilities(new), one_by_one, rtol=1e-10)


def reference(stream, classes, order, word, context):
    """Compute by the definition: every count is a search through the stream."""
    grams = [[tuple(stream[i : i + n]) for i in range(len(stream) - n + 1)] for n in range(order + 1)]

    def counts(n):
        if n == order:
            return Counter(grams[n])
        longer = set(grams[order])
        for _ in range(order - n - 1):
            longer = {gram[1:] for gram in longer}
        return Counter(gram[1:] for gram in longer)

    def p(n, context):
        if n == 0:
            return 1 / classes
        level = counts(n)
        once, twice = (sum(c == times for c in level.values()) for times in (1, 2))
        discount = once / (once + 2 * twice) if once else 0.5
        after = {gram: c for gram, c in level.items() if gram[:-1] == context}
        lower = p(n - 1, context[1:])
        if not after:
            return lower
        total = sum(after.values())
        own = max(after.get((*context, word), 0) - discount, 0) / total
        return own + discount * len(after) / total * lower

    return p(order, tuple(context)[len(context) - order + 1 :])


@settings(max_examples=40, deadline=None)
@given(stream=streams, order=st.integers(1, 3), data=st.data())
def test_equal_to_a_slow_form_by_the_definition(stream, order, data):
    context = data.draw(st.lists(st.integers(0, 4), min_size=order - 1, max_size=order - 1))
    found = KneserNey(stream, 5, order).distribution(context)
    expected = [reference(stream, 5, order, word, context) for word in range(5)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_case_computed_by_hand():
    # 0 1 0 1 0 2: the bigrams 01, 01, 10, 10, 02; D2 = 1 / (1 + 2 * 2) = 1/5.
    # Left neighbours: 1 and 2 follow one word each, 0 one: D1 = 1, so that all is handed to the uniform 1/4,
    # but that 3 of 3 kinds take max(1 - 1, 0) / 3 = 0.
    model = KneserNey([0, 1, 0, 1, 0, 2], 4, order=2)
    assert model.discounts == pytest.approx((1.0, 0.2))
    assert model.distribution([0])[1] == pytest.approx((2 - 0.2) / 3 + 0.2 * 2 / 3 / 4)


def test_a_word_with_one_left_neighbour_counts_once():
    stream = [0, 1, 0, 1, 0, 1, 0, 1, 2, 3, 0, 3, 1, 3, 2, 4]  # 1 is frequent, but mostly after 0
    model = KneserNey(stream, 6, order=2)
    unseen = model.distribution([5])
    assert stream.count(1) > stream.count(3)
    assert unseen[3] > unseen[1]


@pytest.mark.parametrize("classes", [1, 2, 10, 5000])
def test_perplexity_of_a_uniform_model_is_the_size_of_the_vocabulary(classes):
    assert perplexity(np.full(7, -math.log(classes))) == pytest.approx(classes)


def test_perplexity_of_an_untrained_guess_is_the_number_of_classes():
    model = KneserNey([0, 0], 50, order=1)  # one word, seen twice; 3 was never seen
    uniform = model.distribution([])[3:]
    np.testing.assert_allclose(uniform, uniform[0])
    assert perplexity([0.0, 0.0]) == 1 and perplexity([0.0, -math.inf]) == math.inf


def test_more_context_helps_where_it_decides():
    cycle = [0, 0, 1, 0, 1, 1] * 40  # needs two words to know the next
    found = [perplexity(KneserNey(cycle, 2, order).log_probabilities(cycle)) for order in (1, 2, 3, 4)]
    assert all(later < earlier for earlier, later in itertools.pairwise(found))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: perplexity([]), "log_probabilities must hold at least one number"),
        (lambda: perplexity([0.5]), "at most 0, got 0.5: pass log(p)"),
        (lambda: perplexity([math.nan]), "must be logarithms of probabilities"),
        (lambda: KneserNey([0, 1], 2, 0), "order must be a whole number of at least 1, got 0"),
        (lambda: KneserNey([0, 1], 2, 3), "stream must have at least 3 words for an order of 3, got 2"),
        (lambda: KneserNey([0, 2], 2, 1), "stream must hold classes 0 to 1, got 0 to 2"),
        (lambda: KneserNey([0.0, 1.0], 2, 1), "stream must be a row of whole numbers"),
        (lambda: KneserNey([0, 1, 0], 2, 2).distribution([7]), "stream must hold classes 0 to 1, got 7 to 7"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(call, words):
    with pytest.raises(CsCnnError) as caught:
        call()
    assert words in str(caught.value)
