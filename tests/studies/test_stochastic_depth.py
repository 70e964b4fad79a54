"""Stochastic depth, drawn for whole batches: the block, and what the recorded runs say."""

from __future__ import annotations

import torch
from torch import nn

from cs_cnn import zoo
from cs_cnn.studies import stochastic_depth as it
from cs_cnn.studies.lesion import blocks
from cs_cnn.zoo.parts.residual import PaddedShortcut, Residual, basic_branch


def images(count=4):
    return torch.randn(count, 8, 6, 6, generator=torch.manual_seed(0)).relu()


def test_a_block_is_there_for_the_whole_batch_or_not_at_all():
    x = images()
    block = it.DrawnByBatch(basic_branch(8, 8), nn.Identity(), survival=0.3)
    whole = Residual(block.branch, nn.Identity())(x)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        outs = [block(x) for _ in range(300)]
    there = [torch.equal(out, whole) for out in outs]
    assert [torch.equal(out, x) for out in outs] == [not each for each in there]
    assert 60 < sum(there) < 120  # 90 expected, with a spread of 8
    # A branch that is missing is not computed: its batch normalisation has seen as many batches as it was there.
    assert int(block.branch[0].norm.num_batches_tracked) == sum(there) + 1


def test_a_missing_branch_gets_no_gradient():
    block = it.DrawnByBatch(basic_branch(8, 16, stride=2), PaddedShortcut(8, 2), survival=1e-9)
    out = block(images().requires_grad_())
    out.sum().backward()
    assert out.shape == (4, 16, 3, 3)
    assert all(p.grad is None for p in block.branch.parameters())


def test_in_a_test_it_is_the_block_of_the_zoo():
    x = images()
    block = it.DrawnByBatch(basic_branch(8, 8), nn.Identity(), survival=0.4).eval()
    with torch.no_grad():
        torch.testing.assert_close(block(x), (x + 0.4 * block.branch(x)).relu())
        kept = it.DrawnByBatch(block.branch, nn.Identity()).eval()
        torch.testing.assert_close(kept(x), (x + block.branch(x)).relu())


def test_a_net_keeps_weights_and_probabilities():
    net = zoo.build("resnet20", size=28, width=0.5, survival=0.5, seed=0)
    before = {key: value.clone() for key, value in net.state_dict().items()}
    chances = [block.survival for block in blocks(net)]
    it.drawn_by_batch(net)
    assert all(isinstance(block, it.DrawnByBatch) for block in blocks(net))
    assert [block.survival for block in blocks(net)] == chances and chances[-1] == 0.5
    after = net.state_dict()
    assert list(after) == list(before) and all(torch.equal(after[key], before[key]) for key in before)
