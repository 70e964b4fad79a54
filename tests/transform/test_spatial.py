"""The spatial transformer: it begins as the identity, equals the NumPy layers, and its gradient reaches the map."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_cnn.layers import affine_grid_forward, grid_sample_forward
from cs_cnn.transform.spatial import Classifier, SpatialTransformer


def awake(seed: int = 0, **settings: object) -> SpatialTransformer:
    """A transformer in double precision whose maps depend on the image."""
    layer = SpatialTransformer(size=16, out=8, widths=(4, 4), hidden=8, **settings).double()  # type: ignore[arg-type]
    layer.head.weight.data.normal_(std=0.1, generator=torch.Generator().manual_seed(seed))
    return layer


def pictures(n: int = 2, size: int = 16) -> torch.Tensor:
    return torch.rand(n, 1, size, size, generator=torch.Generator().manual_seed(1)).double()


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 3), st.integers(4, 20), st.integers(1, 12), st.sampled_from(["affine", "similarity"]))
def test_untrained_it_hands_on_the_image(n: int, size: int, out: int, freedom: str) -> None:
    layer = SpatialTransformer(size=size, out=out, freedom=freedom, widths=(2, 2), hidden=3)
    x = torch.rand(n, 1, size, size, generator=torch.Generator().manual_seed(size))
    assert torch.equal(layer.maps(x), torch.tensor([[[1.0, 0, 0], [0, 1, 0]]]).expand(n, 2, 3))
    assert layer(x).shape == (n, 1, out, out)
    if out == size:
        torch.testing.assert_close(layer(x), x, atol=1e-5, rtol=0)


@pytest.mark.parametrize("freedom", ["affine", "similarity"])
def test_equal_to_the_numpy_layers(freedom: str) -> None:
    layer, x = awake(freedom=freedom), pictures()
    theta = layer.maps(x).detach().numpy()
    grid, _ = affine_grid_forward(theta, shape=8)
    ours, _ = grid_sample_forward(x.numpy(), grid)
    assert np.allclose(layer(x).detach().numpy(), ours)
    assert not np.allclose(theta[0], theta[1])  # every image has a map of its own


def test_a_similarity_only_turns_resizes_and_moves() -> None:
    linear = awake(freedom="similarity").maps(pictures(5))[:, :, :2].detach()
    products = linear.transpose(1, 2) @ linear  # a multiple of the identity: angles and proportions stay
    torch.testing.assert_close(products, products[:, :1, :1] * torch.eye(2).double())
    assert (torch.linalg.det(linear) > 0).all()


def test_the_gradient_reaches_every_part() -> None:
    layer, x = awake(), pictures(1).requires_grad_()
    assert torch.autograd.gradcheck(layer, (x,), eps=1e-7, atol=1e-5)
    (layer(x) ** 2).sum().backward()
    for name, parameter in layer.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


def test_it_learns_to_look_where_something_is() -> None:
    """A bright spot lies somewhere; the loss wants it in the middle of what is handed on."""
    rng = np.random.default_rng(0)
    centres = rng.uniform(-0.5, 0.5, (200, 2))
    rows, columns = np.mgrid[-1:1:16j, -1:1:16j]
    x = torch.tensor(
        np.exp(-((columns - centres[:, :1, None]) ** 2 + (rows - centres[:, 1:, None]) ** 2) / 0.05),
        dtype=torch.float32,
    )[:, None]
    layer = SpatialTransformer(size=16, out=16, widths=(8, 8), hidden=16, freedom="similarity")
    aim = torch.tensor(np.exp(-(columns**2 + rows**2) / 0.05), dtype=torch.float32).expand_as(x)
    before = F.mse_loss(layer(x), aim).item()
    optimiser = torch.optim.Adam(layer.parameters(), lr=0.01)
    for _ in range(80):
        optimiser.zero_grad()
        F.mse_loss(layer(x), aim).backward()
        optimiser.step()
    assert F.mse_loss(layer(x), aim).item() < before / 3
    # What it shows in the middle is the place of the spot.
    found = layer.maps(x)[:, :, 2].detach().numpy()
    assert np.corrcoef(found[:, 0], centres[:, 0])[0, 1] > 0.8
    assert np.corrcoef(found[:, 1], centres[:, 1])[0, 1] > 0.8


def test_a_classifier_with_and_without() -> None:
    plain = Classifier(size=16, classes=3, widths=(4, 4), hidden=8, seed=2)
    front = SpatialTransformer(size=16, out=16, widths=(4, 4), hidden=8)
    both = Classifier(size=16, classes=3, transformer=front, widths=(4, 4), hidden=8, seed=2)
    x = pictures().float()
    torch.testing.assert_close(both(x), plain(x), atol=1e-4, rtol=1e-4)  # the identity changes nothing


def test_the_global_generator_is_left_alone() -> None:
    state = torch.get_rng_state()
    one, other = (
        Classifier(size=8, transformer=SpatialTransformer(size=16, out=8), seed=1) for _ in range(2)
    )
    assert torch.equal(state, torch.get_rng_state())
    for a, b in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"size": 0}, "size must be a whole number of at least 1, got 0"),
        ({"out": 1.5}, "out must be a whole number"),
        ({"freedom": "projective"}, "freedom must be 'affine' or 'similarity', got 'projective'"),
        ({"size": 3}, "size must be at least 4 for 2 poolings, got 3"),
    ],
)
def test_transformers_that_cannot_be(changed: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        SpatialTransformer(**{"size": 16, "out": 8, **changed})


def test_classifiers_that_cannot_be() -> None:
    front = SpatialTransformer(size=16, out=8)
    with pytest.raises(ValueError, match="must hand on images of the size 16, got one that hands on 8"):
        Classifier(size=16, transformer=front)
    with pytest.raises(ValueError, match="size must be at least 4 for 2 poolings, got 2"):
        Classifier(size=2)
