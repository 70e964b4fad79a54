"""PCA equals scikit-learn's; a linear autoencoder finds it; a deep one beats it; levels can be trained one by one."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from cs_cnn import data
from cs_cnn.errors import CsCnnError
from cs_cnn.transform.autoencoder import Autoencoder, fit, pretrain, reconstruct
from cs_cnn.transform.pca import pca


def error(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.mean((a - b) ** 2))


@given(st.integers(0, 10**6), st.integers(2, 12), st.integers(1, 8), st.data())
def test_pca_equals_scikit_learns(seed: int, n: int, d: int, more: st.DataObject) -> None:
    size = more.draw(st.integers(1, min(n - 1, d)))
    x = np.random.default_rng(seed).normal(size=(n, d)) * np.arange(1, d + 1)
    ours, theirs = pca(x, size), PCA(size).fit(x)
    signs = np.sign((ours.axes * theirs.components_).sum(axis=1))
    assert np.allclose(ours.axes, theirs.components_ * signs[:, None])
    assert np.allclose(ours.variances, theirs.explained_variance_)
    assert np.allclose(ours.encode(x), theirs.transform(x) * signs)
    assert np.allclose(ours.decode(ours.encode(x)), theirs.inverse_transform(theirs.transform(x)))


@given(st.integers(0, 10**6), st.integers(1, 4))
def test_axes_are_orthonormal_and_their_largest_entry_is_positive(seed: int, size: int) -> None:
    found = pca(np.random.default_rng(seed).normal(size=(9, 5)), size)
    assert np.allclose(found.axes @ found.axes.T, np.eye(size))
    assert (found.axes[np.arange(size), np.abs(found.axes).argmax(axis=1)] > 0).all()
    assert (np.diff(found.variances) <= 1e-12).all()


def test_what_pca_loses_is_the_variance_along_the_axes_left_out() -> None:
    x = np.random.default_rng(0).normal(size=(40, 6)) @ np.diag([5, 4, 3, 2, 1, 0.5])
    whole, found = pca(x, 6), pca(x, 2)
    lost = ((x - found.decode(found.encode(x))) ** 2).sum() / 39
    assert lost == pytest.approx(whole.variances[2:].sum())


def test_all_axes_lose_nothing() -> None:
    x = np.random.default_rng(0).normal(size=(10, 4))
    found = pca(x, 4)
    assert np.allclose(found.decode(found.encode(x)), x)


@pytest.mark.parametrize("size", [0, 4, 2.0, True])
def test_sizes_that_cannot_be(size: object) -> None:
    with pytest.raises(ValueError, match="size must be a whole number from 1 to 3"):
        pca(np.eye(3), size)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("x", "sentence"),
    [(np.zeros(3), r"got \(3,\)"), (np.zeros((0, 3)), "N at least 1"), ([[np.inf, 1.0]], "finite numbers")],
)
def test_tables_that_cannot_be(x: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        pca(x, 1)  # type: ignore[arg-type]
    if np.ndim(x) == 1:
        with pytest.raises(ValueError, match=r"x must have shape \(N, 2\)"):
            pca(np.eye(2), 1).encode(x)  # type: ignore[arg-type]


def test_a_linear_autoencoder_finds_the_plane_of_pca() -> None:
    x = np.random.default_rng(0).normal(size=(200, 6)) @ np.diag([3, 2, 0.5, 0.4, 0.3, 0.2]) + 1
    net = Autoencoder((6, 2), activation="linear", scheme="lecun").double()
    fit(net, x, epochs=200, lr=0.02)
    found = pca(x, 2)
    best = error(x, found.decode(found.encode(x)))
    assert best <= error(x, reconstruct(net, x)) < 1.005 * best  # no linear code is better
    # The plane is the same: what the decoder adds up lies in the span of the axes.
    columns = net.up[0].weight.detach().numpy()
    assert np.abs(columns - found.axes.T @ (found.axes @ columns)).max() < 0.05 * np.abs(columns).max()


def test_a_deep_one_beats_pca_of_the_same_size_on_digits() -> None:
    digits = data.load("digits")
    x, new = (part.reshape(len(part), 64) for part in (digits.x_train, digits.x_test))
    net = Autoencoder((64, 128, 64, 6), seed=0)
    rows = fit(net, x, epochs=25, lr=0.004)
    assert len(rows) == 25 and rows[-1] < rows[0] / 2
    found = pca(x, 6)
    assert error(new, reconstruct(net, new)) < 0.9 * error(new, found.decode(found.encode(new)))


def test_levels_are_trained_one_by_one_and_fit_together() -> None:
    """After pretraining, the whole net does what the levels do in turn, and each level has learned."""
    x = np.random.default_rng(0).random((300, 12)) @ np.random.default_rng(1).random((12, 10)) / 6
    net = Autoencoder((10, 8, 6, 3), activation="sigmoid", scheme="xavier").double()
    start = error(x, reconstruct(net, x))
    before = [layer.weight.detach().clone() for layer in [*net.down, *net.up]]
    errors = pretrain(net, x, epochs=30, lr=0.01)
    assert [len(level) for level in errors] == [30] * 3
    assert all(level[-1] < level[0] for level in errors)
    assert all(not torch.equal(a, b.weight) for a, b in zip(before, [*net.down, *net.up], strict=True))
    assert error(x, reconstruct(net, x)) < start / 2
    with torch.no_grad():
        h = torch.tensor(x)
        for layer in net.down[:-1]:
            h = torch.sigmoid(layer(h))
        torch.testing.assert_close(net.encode(torch.tensor(x)), net.down[-1](h))


def test_one_level_pretrained_is_one_level_trained() -> None:
    x = np.random.default_rng(0).random((50, 5))
    one, other = (Autoencoder((5, 2), activation="sigmoid") for _ in range(2))
    assert pretrain(one, x, epochs=3, seed=1)[0] == fit(other, x, epochs=3, seed=1)
    assert torch.equal(one.down[0].weight, other.down[0].weight)


def test_noise_is_added_to_what_comes_in_only() -> None:
    """The best guess from very noisy rows is close to their mean, not to the rows."""
    x = np.random.default_rng(0).normal(size=(400, 4))
    calm, noisy = (Autoencoder((4, 4), activation="linear", scheme="lecun").double() for _ in range(2))
    fit(calm, x, epochs=60, lr=0.02)
    fit(noisy, x, epochs=60, lr=0.02, noise=3.0)
    assert error(x, reconstruct(calm, x)) < 1e-3
    shrunk = np.linalg.norm(reconstruct(noisy, x) - x.mean(axis=0)) / np.linalg.norm(x - x.mean(axis=0))
    assert shrunk < 0.3  # variance 1 against 9 of noise: a factor of 0.1 is best


@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_a_seed_decides_everything(optimiser: str) -> None:
    x = np.random.default_rng(0).random((60, 6))
    state = torch.get_rng_state()
    runs = []
    for seed in (0, 0, 1):
        net = Autoencoder((6, 4, 2), seed=seed)
        runs.append(fit(net, x, epochs=2, noise=0.1, optimiser=optimiser, seed=seed))  # type: ignore[arg-type]
    assert runs[0] == runs[1] != runs[2] and torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize(
    ("sizes", "chosen", "sentence"),
    [
        ((5,), {}, "sizes must name at least the input and the code"),
        ((5, 0), {}, "every one of sizes must be a whole number of at least 1, got 0"),
        ((5, 2), {"activation": "cubic"}, "activation must be 'relu' or 'sigmoid' or 'linear'"),
        ((5, 2), {"scheme": "magic"}, "scheme must be"),
    ],
)
def test_nets_that_cannot_be(sizes: tuple[int, ...], chosen: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Autoencoder(sizes, **chosen)


@pytest.mark.parametrize("train", [fit, pretrain])
def test_training_that_cannot_be(train) -> None:
    with pytest.raises(ValueError, match="optimiser must be 'adam' or 'sgd', got 'lbfgs'"):
        train(Autoencoder((3, 2)), np.eye(3), epochs=1, optimiser="lbfgs")
    with pytest.raises(CsCnnError, match="no longer a number in epoch 1; try a smaller lr"):
        train(Autoencoder((3, 2)), np.full((4, 3), np.nan), epochs=1)
