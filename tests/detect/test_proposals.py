"""Proposals: the order of the anchors, the loss, and a head that learns where objects are."""

from __future__ import annotations

import numpy as np
import torch

from cs_cnn.detect import Objects, anchor_grid, compose, match, recall
from cs_cnn.detect.proposals import Aims, ProposalHead, aims_of, fit_proposals, proposal_loss, propose
from cs_cnn.detect.yolo_net import YoloNet

ANCHORS = anchor_grid((8, 8), 8, sides=[16, 28])


def test_scores_and_offsets_come_in_the_order_of_the_anchors() -> None:
    """A head that looks at one place and puts out the number of its anchor."""
    head = ProposalHead(2, per_place=6, hidden=2)
    for layer in (head.shared, head.scores, head.offsets):
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    with torch.no_grad():
        head.shared.weight[[0, 1], [0, 1], 1, 1] = 1
        head.scores.weight[:, 0, 0, 0], head.scores.weight[:, 1, 0, 0] = 8, 1
        head.scores.bias[:] = torch.arange(6) / 10
        head.offsets.weight[:, 0, 0, 0] = 1
        head.offsets.bias[:] = torch.arange(24) / 100
    rows, columns = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij")
    scores, offsets = head(torch.stack([rows, columns])[None])
    place = torch.arange(384) // 6
    assert torch.allclose(scores[0], place + torch.arange(384) % 6 / 10)
    expected = (place // 8)[:, None] + (torch.arange(384) % 6)[:, None] * 0.04 + torch.arange(4) / 100
    assert torch.allclose(offsets[0], expected, atol=1e-5)


def test_the_loss_by_hand() -> None:
    aims = Aims(torch.tensor([[1, 1, 0, -1]]), torch.zeros(1, 4, 4))
    scores, offsets = torch.zeros(1, 4), torch.zeros(1, 4, 4)
    offsets[0, 0, 0], offsets[0, 1, 1], offsets[0, 2:] = 3.0, 0.5, 100.0
    # Smoothed: 3 - 1/2 beyond 1, 0.5^2 / 2 below; over two anchors.
    expected = np.log(2) + (2.5 + 0.125) / 2
    assert np.isclose(float(proposal_loss(scores, offsets, aims)), expected)


def test_an_image_without_objects_has_a_loss() -> None:
    aims = aims_of([Objects(np.zeros((0, 4)), np.zeros(0, np.int64))], ANCHORS)
    loss = proposal_loss(torch.zeros(1, len(ANCHORS)), torch.zeros(1, len(ANCHORS), 4), aims)
    assert np.isclose(float(loss), np.log(2) / 2)


def test_aims_are_the_matches() -> None:
    scenes = compose(5, rng=np.random.default_rng(0))
    aims = aims_of(scenes.objects, ANCHORS, enough=0.6)
    for kind, offsets, objects in zip(aims.kind, aims.offsets, scenes.objects, strict=True):
        expected = match(ANCHORS, objects.boxes, enough=0.6, too_little=0.3).kind
        assert np.array_equal(kind.numpy(), expected)
        assert not offsets[kind != 1].any() and offsets[kind == 1].any(dim=1).all()


def test_a_trained_head_proposes_what_is_there() -> None:
    scenes = compose(60, most=2, ground="plain", rng=np.random.default_rng(0))
    with torch.no_grad():
        features = YoloNet(classes=4, widths=(16, 32, 64)).trunk[:3](torch.tensor(scenes.images) - 0.5)
    head = ProposalHead(64, per_place=6)

    def found() -> float:
        return recall(propose(head, features, ANCHORS, (64, 64), most=5), scenes.objects)

    before = found()
    aims = aims_of(scenes.objects, ANCHORS)
    losses = fit_proposals(head, features, aims, epochs=80, batch_size=10)
    assert losses[-1] < losses[0] / 2
    assert found() > 0.8 > 0.4 > before
    boxes = propose(head, features[:3], ANCHORS, (64, 64), most=2)
    assert [len(each) for each in boxes] == [2, 2, 2]
    assert all((each >= 0).all() and (each <= 64).all() for each in boxes)
