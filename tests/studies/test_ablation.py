"""The ablation of AlexNet: what goes, to the digit, and what the recorded runs say."""

from __future__ import annotations

import pytest

from cs_cnn import studies, zoo
from cs_cnn.studies import alexnet as it


@pytest.mark.parametrize(
    ("net", "one_tower", "two_towers"),
    [
        ("whole", 0, 0),
        ("without 7", 16_781_312, 16_781_312),
        ("without 6, 7", 49_414_144, 49_414_144),
        ("without 3, 4", 2_507_520, 1_696_512),
    ],
)
def test_lost_parameters_are_exact(net, one_tower, two_towers):
    assert it.parameters_lost(net) == one_tower
    assert it.parameters_lost(net, "paper") == two_towers


def test_what_goes_with_all_four_is_what_two_nets_differ_by():
    """Counted on nets that were built (at a quarter of the width), not by the account."""
    counts = {}
    for net, gone in it.NETS.items():
        built = zoo.build("alexnet", width=0.25, size=28, without=gone, seed=0)
        counts[net] = sum(p.numel() for p in built.parameters())
    assert sorted(counts, key=counts.get) == [
        "without 3, 4, 6, 7", "without 6, 7", "without 7", "without 3, 4", "whole"
    ]  # fmt: skip


def test_the_lecture_and_the_table_are_kept_apart():
    """The lecture's points agree with neither column of the published table."""
    whole = it.PUBLISHED["whole"]
    for net, (_, points) in it.LECTURE.items():
        published = [round(other - ours, 1) for other, ours in zip(it.PUBLISHED[net], whole, strict=True)]
        assert points not in published


def test_the_recorded_claims():
    """Without convolutions the small net is worse, without affine layers better; four layers less are no collapse."""
    summary = studies.recorded("alexnet")["summary"]
    middle, dense = summary["without 3, 4"]["lost"], summary["without 6, 7"]["lost"]
    assert dense["mean"] < -dense["spread"] and summary["without 7"]["lost"]["mean"] < 0
    assert middle["mean"] > dense["mean"] + middle["spread"]
    assert min(summary, key=lambda net: summary[net]["test_accuracy"]["mean"]) == "without 3, 4"
    assert summary["without 3, 4, 6, 7"]["lost"]["mean"] < 3
