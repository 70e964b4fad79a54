"""Readout and representational similarity: hand-computed cases, scikit-learn and SciPy, and a simulated animal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr, rankdata, spearmanr
from sklearn.linear_model import Ridge

from cs_cnn.errors import CsCnnError
from cs_cnn.look import cortex


@pytest.fixture
def rng():
    return np.random.default_rng(0)


# --- dissimilarity


def test_the_matrix_by_hand():
    # Centred rows: (-1, 0, 1), (1, 0, -1), (-1, 2, -1), (0, -1, 1). Products with the first: -2, 0, 1, and lengths
    # sqrt 2, sqrt 2, sqrt 6, sqrt 2: correlations -1, 0, 1/2.
    found = cortex.rdm([[1, 2, 3], [3, 2, 1], [0, 3, 0], [5, 4, 6]])
    np.testing.assert_allclose(found[0], [0, 2, 1, 0.5], atol=1e-12)
    # third and fourth: (0 - 2 - 1) / sqrt(6 * 2) = -sqrt(3) / 2
    assert found[2, 3] == pytest.approx(1 + np.sqrt(3) / 2)


def test_the_matrix_is_that_of_numpy_and_forgets_units_scale_and_shift(rng):
    responses = rng.normal(size=(7, 11))
    found = cortex.rdm(responses)
    np.testing.assert_allclose(found, 1 - np.corrcoef(responses), atol=1e-12)
    changed = responses[:, rng.permutation(11)] * rng.uniform(1, 3, size=(7, 1)) + rng.normal(size=(7, 1))
    np.testing.assert_allclose(cortex.rdm(changed), found, atol=1e-12)
    assert (found == found.T).all() and (np.diag(found) == 0).all()


def test_similarity_by_hand():
    # Pairs in order: 1, 2, 3 against 1, 3, 2. Ranks differ by 0, 1, 1: 1 - 6 * 2 / (3 * 8) = 1/2.
    first = [[0, 1, 2], [1, 0, 3], [2, 3, 0]]
    second = [[0, 1, 3], [1, 0, 2], [3, 2, 0]]
    assert cortex.similarity(first, second) == pytest.approx(0.5)
    assert cortex.similarity(first, second, method="pearson") == pytest.approx(0.5)
    assert cortex.similarity(first, -np.array(first)) == pytest.approx(-1)


@given(
    st.lists(st.integers(0, 5), min_size=10, max_size=10),
    st.lists(st.integers(0, 5), min_size=10, max_size=10),
)
def test_similarity_is_that_of_scipy_with_ties(first, second):
    matrices = []
    for row in (first, second):
        matrix = np.zeros((5, 5))
        matrix[np.triu_indices(5, 1)] = row
        matrices.append(matrix + matrix.T)
    np.testing.assert_array_equal(cortex.ranks(first), rankdata(first))
    if len(set(first)) == 1 or len(set(second)) == 1:
        with pytest.raises(CsCnnError, match="equally dissimilar"):
            cortex.similarity(*matrices)
        return
    assert cortex.similarity(*matrices) == pytest.approx(spearmanr(first, second).statistic)
    assert cortex.similarity(*matrices, method="pearson") == pytest.approx(pearsonr(first, second).statistic)


def test_the_ceiling_of_two_animals_by_hand():
    # Ranks (1, 2, 3) and (1, 3, 2) correlate 1/2, so the lower end is 1/2. Standardised, their mean is proportional
    # to (-2, 1, 1), and (-1, 0, 1) . (-2, 1, 1) / sqrt(2 * 6) = 3 / sqrt(12) = sqrt(3) / 2.
    first = [[0, 1, 2], [1, 0, 3], [2, 3, 0]]
    second = [[0, 1, 3], [1, 0, 2], [3, 2, 0]]
    lower, upper = cortex.rdm_ceiling([first, second])
    assert (lower, upper) == pytest.approx((0.5, np.sqrt(3) / 2))
    assert cortex.rdm_ceiling([first] * 3) == pytest.approx((1, 1))


def test_a_perfect_model_of_simulated_animals_lies_between_the_ends(rng):
    latents = rng.normal(size=(40, 6))
    truth = cortex.simulate(latents, neurons=400, trials=1, rng=rng, spikes=0.5).rates
    animals = [
        rng.poisson(truth, size=(3, *truth.shape)).mean(axis=0)[:, part]
        for part in np.split(np.arange(400), 5)
    ]
    rdms = [cortex.rdm(animal) for animal in animals]
    lower, upper = cortex.rdm_ceiling(rdms)
    model = np.mean([cortex.similarity(cortex.rdm(truth), each) for each in rdms])
    assert lower - 0.02 < model < upper + 0.02 and lower > 0.2 and upper < 0.95


# --- readout


@settings(max_examples=20)
@given(st.integers(3, 12), st.integers(1, 20), st.floats(0.01, 10))
def test_prediction_is_ridge_regression(n, d, penalty):
    rng = np.random.default_rng(n * 100 + d)
    x, x_test, y, y_test = (rng.normal(size=size) for size in ((n, d), (6, d), (n, 2), (6, 2)))
    found = cortex.predictivity(x, y, x_test, y_test, penalty=penalty)
    scaled, scaled_test = cortex.standardised(x), cortex.standardised(x_test, by=x)
    predicted = Ridge(alpha=penalty * n).fit(scaled, y).predict(scaled_test)
    expected = [pearsonr(predicted[:, k], y_test[:, k]).statistic for k in range(2)]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8)


def test_readout_of_one_unit_by_hand():
    # One unit, -1 and 1 after standardising; the line for class 9 has slope 0.5 / (1 + 0.1): above it wins right of 0.
    train, labels = [[2.0], [2], [6], [6]], [4, 4, 9, 9]
    assert cortex.readout(train, labels, [[3.9], [4.1], [-50], [50]]).tolist() == [4, 9, 4, 9]


def test_readout_needs_no_balance_and_ignores_constant_units(rng):
    y = np.array([0] * 30 + [5] * 10)
    x = rng.normal(size=(40, 3)) + 6 * (y[:, None] == 5)
    still = np.hstack([x, np.full((40, 2), 0.1)])
    assert (cortex.readout(still, y, still) == y).all()
    np.testing.assert_array_equal(cortex.readout(still, y, still), cortex.readout(x, y, x))


def test_the_ceiling_is_what_the_true_rates_reach(rng):
    animal = cortex.simulate(rng.normal(size=(300, 10)), neurons=60, trials=8, rng=rng, spikes=1.0)
    told = cortex.ceiling(animal.counts, rng).mean()
    truth = np.mean([np.corrcoef(animal.rates[:, k], animal.mean[:, k])[0, 1] for k in range(60)])
    assert told == pytest.approx(truth, abs=0.02) and 0.6 < truth < 0.97


def test_reliability_by_hand(rng):
    # Two presentations: halves (1, 2, 3) and (1, 3, 2) correlate 1/2, and 2 * 0.5 / 1.5 = 2/3.
    counts = np.array([[[1.0], [2], [3]], [[1], [3], [2]]])
    assert cortex.reliability(counts, rng)[0] == pytest.approx(2 / 3)
    # Nothing but noise has none; a silent neuron has none either, and no warning.
    noise = rng.poisson(3.0, size=(10, 2000, 4))
    assert np.abs(cortex.reliability(noise, rng)).max() < 0.1
    assert cortex.ceiling(np.zeros((4, 5, 1)), rng).tolist() == [0.0]


# --- the simulation


def test_simulated_counts_are_poisson_around_the_rates(rng):
    animal = cortex.simulate(rng.normal(size=(20, 4)), neurons=15, trials=4000, rng=rng, spikes=3.0)
    np.testing.assert_allclose(animal.rates.mean(axis=0), 3.0)
    assert (animal.rates > 0).all()
    z = (animal.mean - animal.rates) / np.sqrt(animal.rates / 4000)
    assert np.abs(z).max() < 5 and z.std() == pytest.approx(1, abs=0.15)
    np.testing.assert_allclose(animal.counts.var(axis=0), animal.rates, rtol=0.3)


def test_the_same_generator_simulates_the_same_animal():
    one, other = (
        cortex.simulate(np.eye(5), neurons=3, trials=2, rng=np.random.default_rng(4)) for _ in range(2)
    )
    np.testing.assert_array_equal(one.counts, other.counts)


def test_the_measures_prefer_what_the_animal_was_made_of(rng):
    latents, other = rng.normal(size=(2, 240, 8))
    animal = cortex.simulate(latents, neurons=50, trials=10, rng=rng)
    scores = {}
    for name, features in (("its own", latents), ("other", other)):
        units = cortex.simulate(features, neurons=100, trials=1, rng=rng).rates
        fit = cortex.predictivity(units[:160], animal.mean[:160], units[160:], animal.mean[160:])
        scores[name] = fit.mean(), cortex.similarity(cortex.rdm(units), cortex.rdm(animal.mean))
    assert scores["its own"][0] > 0.7 and abs(scores["other"][0]) < 0.15
    assert scores["its own"][1] > 0.5 and abs(scores["other"][1]) < 0.1


# --- bad input


GOOD = np.arange(12.0).reshape(4, 3) ** 2 % 7


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: cortex.rdm(np.zeros(3)), r"responses must have shape \(N, D\).*got \(3,\)"),
        (lambda: cortex.rdm([[1.0, np.nan]]), "finite numbers"),
        (lambda: cortex.rdm([[1, 2], [3, 3]]), "Image 1 has the same response in all 2 units"),
        (lambda: cortex.rdm([[0.1] * 7] * 3), "Image 0 has the same response in all 7 units"),
        (lambda: cortex.similarity(np.eye(3), np.eye(3)), "equally dissimilar"),
        (lambda: cortex.similarity(cortex.rdm(GOOD), cortex.rdm(GOOD[:3])), r"got \(4, 4\), \(3, 3\)"),
        (lambda: cortex.similarity(GOOD, GOOD), r"shape \(N, N\) with N at least 3, got \(4, 3\)"),
        (lambda: cortex.similarity(GOOD[:3], GOOD[:3]), "symmetric"),
        (lambda: cortex.similarity(*[cortex.rdm(GOOD)] * 2, method="kendall"), "'spearman' or 'pearson'"),
        (lambda: cortex.rdm_ceiling([cortex.rdm(GOOD)]), "at least 2 animals, got 1"),
        (lambda: cortex.readout(GOOD, [0, 1, 0], GOOD), r"labels must be 4 whole numbers.*got shape \(3,\)"),
        (lambda: cortex.readout(GOOD, [0.5] * 4, GOOD), "of float64"),
        (lambda: cortex.readout(GOOD, [0, 1, 0, 1], GOOD[:, :2]), "same units, got 3 and 2"),
        (lambda: cortex.readout(GOOD, [0, 1, 0, 1], GOOD, penalty=0), "penalty must be above 0, got 0"),
        (lambda: cortex.predictivity(GOOD, GOOD[:3], GOOD, GOOD), "same images, got 4 and 3"),
        (lambda: cortex.reliability(np.zeros((1, 4, 3)), np.random.default_rng(0)), "at least 2 presentations"),
        (lambda: cortex.simulate(GOOD, neurons=0, trials=2, rng=np.random.default_rng(0)), "neurons must be a whole"),
        (lambda: cortex.simulate(GOOD, neurons=2, trials=1.5, rng=np.random.default_rng(0)), "trials must be a whole"),
        (
            lambda: cortex.simulate(GOOD, neurons=2, trials=1, rng=np.random.default_rng(0), spikes=-1),
            "spikes must be a number above 0, got -1",
        ),
    ],
)  # fmt: skip
def test_bad_input_is_told_in_a_sentence(call, sentence):
    with pytest.raises(CsCnnError, match=sentence):
        call()
