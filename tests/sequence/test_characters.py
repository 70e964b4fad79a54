"""The character-aware model: the maximum against a loop, the highway against NumPy, and that spelling is used."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_cnn.layers import highway_forward
from cs_cnn.sequence import CharacterEncoder, SpelledWords, WordModel, WordTable, fit, spell, windows

WORDS = st.lists(st.text("abcdefgh_", min_size=1, max_size=12), min_size=1, max_size=5)


def encoder(**options):
    torch.manual_seed(options.pop("seed", 0))
    return CharacterEncoder(embedding=3, **{"filters": {1: 2, 3: 4, 5: 3}, **options}).double()


@settings(max_examples=40, deadline=None)
@given(words=WORDS, seed=st.integers(0, 99), more=st.integers(0, 6))
def test_maximum_over_time_equals_a_loop(words, seed, more):
    net = encoder(seed=seed)
    rows = spell(words, length=2 + max(map(len, words)) + more)
    found = net.reports(torch.from_numpy(rows)).detach().numpy()
    table = net.embedding.weight.detach().numpy()
    for word, row, reports in zip(words, rows, found, strict=True):
        place = 0
        for width, conv in zip(net.widths, net.filters, strict=True):
            w, b = conv.weight.detach().numpy(), conv.bias.detach().numpy()
            letters = table[row[: max(len(word) + 2, width)]] if len(row) >= width else None
            if letters is None:
                letters = np.vstack([table[row], np.zeros((width - len(row), table.shape[1]))])
            for kernel, bias in zip(w, b, strict=True):
                best = max(
                    bias + sum(kernel[:, i] @ letters[start + i] for i in range(width))
                    for start in range(len(letters) - width + 1)
                )
                assert reports[place] == pytest.approx(np.tanh(best), abs=1e-12)
                place += 1
        assert place == net.features


@settings(max_examples=15, deadline=None)
@given(words=WORDS, more=st.integers(1, 9))
def test_padding_cannot_be_noticed(words, more):
    net = encoder()
    short = spell(words)
    long = spell(words, length=short.shape[1] + more)
    torch.testing.assert_close(net(torch.from_numpy(short)), net(torch.from_numpy(long)))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 99), bias=st.floats(-4, 4))
def test_highway_is_that_of_the_layers(seed, bias):
    net = encoder(seed=seed, gate_bias=bias)
    x = net.reports(torch.from_numpy(spell(["getter", "a", "__init__"])))
    layer = net.highway[0]
    arrays = [
        part.detach().numpy()
        for affine in (layer.transform, layer.gate)
        for part in (affine.weight.T, affine.bias)
    ]
    expected, _ = highway_forward(x.detach().numpy(), *arrays)
    np.testing.assert_allclose(net.highway(x).detach().numpy(), expected, atol=1e-12)


def test_the_bias_of_the_gate_decides_how_much_changes():
    rows = torch.from_numpy(spell(["getter", "setter", "__init__"]))
    moved = []
    for bias in (-60.0, -2.0, 0.0, 60.0):
        net = encoder(gate_bias=bias)
        reports = net.reports(rows)
        moved.append((net(rows) - reports).norm().item())
        if bias == 60:  # shut to what came: nothing but the transformation
            transformed = net.highway[0].transform(reports).relu()
            torch.testing.assert_close(net(rows), transformed)
    assert moved[0] < 1e-12
    assert moved == sorted(moved)
    assert moved[1] < moved[3] / 3


def test_without_highway_the_reports_are_the_vector():
    net = encoder(highway=0)
    rows = torch.from_numpy(spell(["getter"]))
    torch.testing.assert_close(net(rows), net.reports(rows))
    assert encoder(highway=2).highway[1].gate.bias.tolist() == [-2.0] * net.features


def test_gradients():
    net = encoder(filters={2: 2})
    rows = torch.from_numpy(spell(["abba", "c"]))
    weight = net.filters[0].weight.detach().clone().requires_grad_()

    def loss(w):
        return torch.func.functional_call(net, {"filters.0.weight": w}, (rows,))

    assert torch.autograd.gradcheck(loss, weight)


def test_every_word_is_encoded_once_and_put_back_in_place():
    words = ["get", "set", "reset", "get_set"]
    net = encoder()
    spelled = SpelledWords(spell(words), net)
    ids = torch.tensor([[3, 0, 0, 1], [1, 3, 2, 0]])
    seen = []
    net.register_forward_hook(lambda _, arguments, __: seen.append(arguments[0].shape[0]))
    found = spelled(ids)
    assert seen == [4] and found.shape == (2, 4, net.features)
    torch.testing.assert_close(found, net(torch.from_numpy(spell(words)))[ids])
    assert "spelling" not in dict(spelled.state_dict())


@pytest.mark.parametrize("kind", ["spelled", "table"])
def test_the_model_is_causal_and_sees_as_many_words_as_it_says(kind):
    words = [f"w{number}" for number in range(9)]
    torch.manual_seed(0)
    table = SpelledWords(spell(words), encoder()) if kind == "spelled" else WordTable(6, 5)
    net = WordModel(table, 6, hidden=8, context=3).double().eval()
    ids = torch.tensor([[0, 1, 2, 3, 4, 5, 0, 1]])
    other = ids.clone()
    other[0, 3] = 0
    moved = (net(other) != net(ids)).any(dim=1)[0]
    assert moved.tolist() == [False, False, False, True, True, True, False, False]
    assert net(ids).shape == (1, 7, 8)


def test_a_table_cannot_tell_unknown_words_apart_and_spelling_can():
    words = ["the", "of", "getter", "setter"]  # a vocabulary of two
    torch.manual_seed(0)
    ids = torch.tensor([[2], [3]])
    for table, same in ((WordTable(2, 5), True), (SpelledWords(spell(words), encoder()), False)):
        net = WordModel(table, 2, hidden=4, context=1, dropout=0).double()
        assert torch.equal(*net(ids)) == same


def test_learns_what_only_the_spelling_says():
    # Every word that ends in "ing" is followed by "yes", every other by "no"; at the end, words it has never seen.
    stems = ["walk", "talk", "sing", "read", "writ", "mov", "pull", "push"]
    words = ["yes", "no", *(stem + end for stem in stems for end in ("ing", "ed"))]
    stream = []
    rng = np.random.default_rng(0)
    for number in rng.integers(2, 14, size=300):  # not those of "pull" and "push"
        stream += [int(number), 0 if words[number].endswith("ing") else 1]
    torch.manual_seed(0)
    net = WordModel(
        SpelledWords(spell(words), CharacterEncoder(filters={4: 16})), 14, hidden=16, context=1, dropout=0
    )
    losses = fit(
        net, windows(torch.tensor([stream]), 10, 6, torch.Generator().manual_seed(0)), steps=100, lr=0.02
    )
    assert np.mean(losses[-10:]) < losses[0]
    answers = net(torch.tensor([[14, 15, 16, 17]])).argmax(dim=1)[0]
    assert answers.tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"filters": {}}, "filters must name at least one width"),
        ({"filters": {0: 3}}, "the width of a filter must be a whole number of at least 1, got 0"),
        ({"filters": {2: 0}}, "the number of filters must be a whole number of at least 1, got 0"),
        ({"highway": -1}, "highway must be a whole number of at least 0, got -1"),
        ({"characters": 0}, "characters must be a whole number of at least 1, got 0"),
    ],
)
def test_options_that_cannot_be_are_refused(options, words):
    with pytest.raises(ValueError) as caught:
        CharacterEncoder(**options)
    assert words in str(caught.value)


@pytest.mark.parametrize("rows", [torch.zeros(2, 3), torch.zeros(3, dtype=torch.int64)])
def test_what_is_no_spelling_is_refused(rows):
    with pytest.raises(ValueError, match=r"spelling must be a table \(W, L\) of whole numbers"):
        encoder()(rows)
