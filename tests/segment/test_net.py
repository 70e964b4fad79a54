"""The net: sizes, the skip connection, where it looks; and that it learns."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_cnn.errors import CsCnnError
from cs_cnn.segment import compose, confusion, mean_iou
from cs_cnn.segment.net import Fcn
from cs_cnn.segment.training import fit, predict


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4), st.sampled_from([None, 1, 2]))
def test_a_score_for_every_pixel(n: int, rows: int, columns: int, skip: int | None) -> None:
    net = Fcn(classes=4, widths=(4, 4, 4), skip=skip).eval()
    x = torch.zeros(n, 3, 8 * rows, 8 * columns)
    assert net(x).shape == (n, 4, 8 * rows, 8 * columns)


def test_the_skip_begins_with_nothing_and_then_matters() -> None:
    net = Fcn(classes=4, widths=(4, 4, 4), skip=1).eval()
    x = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    before = net(x)
    for parameter in net.stages[0].parameters():  # what the first stage says reaches the end by two ways
        assert parameter.requires_grad
    net.fine.weight.data[:] = 1
    assert not torch.allclose(net(x), before)
    net.fine.weight.data[:] = 0
    assert torch.equal(net(x), before)


def test_fine_scores_reach_only_the_pixels_they_stand_for() -> None:
    """One place of the finer grid, two pixels wide and enlarged by four weights: four rows of the image."""
    net = Fcn(classes=1, widths=(4, 4, 4), skip=1).eval()
    x = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    before = net(x)
    kept = net.fine.forward

    def one_place(h: torch.Tensor) -> torch.Tensor:
        out = kept(h).clone()
        out[0, 0, 6, 9] += 1
        return out

    net.fine.forward = one_place  # type: ignore[method-assign]
    moved = (net(x) - before).abs()[0, 0] > 1e-9
    rows, columns = np.flatnonzero(moved.any(dim=1)), np.flatnonzero(moved.any(dim=0))
    assert (rows.min(), rows.max()) == (11, 14) and (columns.min(), columns.max()) == (17, 20)


def test_windows_lie_evenly_around_the_pixels_they_stand_for() -> None:
    """A mirrored image through mirrored kernels gives mirrored scores: nothing is shifted by half a pixel."""
    net = Fcn(classes=3, widths=(4, 4, 4), skip=1).double().eval()
    net.fine.weight.data.normal_(generator=torch.Generator().manual_seed(1))
    x = torch.rand(1, 3, 16, 24, generator=torch.Generator().manual_seed(0)).double()
    out = net(x)
    for module in net.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.ConvTranspose2d):
            module.weight.data = module.weight.data.flip(3)
    torch.testing.assert_close(net(x.flip(3)).flip(3), out)


def test_the_gradient_is_right() -> None:
    net = Fcn(classes=2, widths=(2, 2), skip=1).double().eval()
    net.fine.weight.data.fill_(0.3)
    x = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0)).double()
    target = torch.randint(2, (1, 8, 8), generator=torch.Generator().manual_seed(1))

    def loss(weight: torch.Tensor) -> torch.Tensor:
        named = {"enlarge.weight": weight}
        return F.cross_entropy(torch.func.functional_call(net, named, (x,)), target)

    weight = net.enlarge.weight.detach().clone().requires_grad_()
    assert torch.autograd.gradcheck(loss, (weight,))


def test_it_learns_scenes() -> None:
    how = {"size": 32, "most": 1, "sides": (16, 24), "ground": "plain", "classes": ("Trouser", "Bag")}
    train = compose(300, **how, rng=np.random.default_rng(0))  # type: ignore[arg-type]
    test = compose(60, **how, part="test", rng=np.random.default_rng(1))  # type: ignore[arg-type]
    net = Fcn(classes=3, widths=(8, 16, 32), skip=1, seed=0)
    seen: list[dict[str, float]] = []
    rows = fit(net, train.images, train.semantic(), epochs=8, batch_size=16, lr=0.01, on_epoch=seen.append)
    assert rows == seen and rows[-1]["loss"] < rows[0]["loss"] / 3 and not net.training
    target = test.semantic()
    score = mean_iou(confusion(target, predict(net, test.images), 3))
    nothing = mean_iou(confusion(target, np.zeros_like(target), 3))
    assert nothing < 0.3 and score > 0.6


def test_a_seed_decides_everything() -> None:
    scenes = compose(20, size=32, sides=(16, 24), rng=np.random.default_rng(0))
    said = []
    for seed in (3, 3, 4):
        net = Fcn(classes=5, widths=(4, 8), skip=1, seed=seed)
        torch.rand(seed)  # the global generator does not matter, and is left alone
        state = torch.get_rng_state()
        fit(net, scenes.images, scenes.semantic(), epochs=1, seed=seed)
        assert torch.equal(state, torch.get_rng_state())
        said.append(net(torch.tensor(scenes.images)))
    assert torch.equal(said[0], said[1]) and not torch.equal(said[0], said[2])


def test_predicting_leaves_the_mode_alone() -> None:
    net = Fcn(classes=3, widths=(4, 4), skip=None).train()
    images = np.zeros((3, 3, 8, 8), np.float32)
    assert predict(net, images, batch_size=2).shape == (3, 8, 8) and net.training


@pytest.mark.parametrize("skip", [0, 3, -1])
def test_stages_that_are_not_there(skip: int) -> None:
    with pytest.raises(ValueError, match="skip must be a stage from 1 to 2, before the last of 3, or None"):
        Fcn(classes=2, widths=(4, 4, 4), skip=skip)


@pytest.mark.parametrize("shape", [(1, 3, 20, 16), (1, 1, 16, 16), (3, 16, 16)])
def test_images_that_do_not_fit(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"H and W multiples of 16, got"):
        Fcn(classes=2)(torch.zeros(shape))


def test_targets_that_do_not_fit() -> None:
    images, target = np.zeros((2, 3, 16, 16), np.float32), np.zeros((2, 8, 8), np.int64)
    with pytest.raises(CsCnnError, match=r"target \(N, H, W\)"):
        fit(Fcn(classes=2), images, target, epochs=1)


def test_a_loss_that_is_no_number() -> None:
    images = np.full((4, 3, 16, 16), np.nan, np.float32)
    with pytest.raises(CsCnnError, match="no longer a number in epoch 1; try a smaller lr"):
        fit(Fcn(classes=2), images, np.zeros((4, 16, 16), np.int64), epochs=1)
