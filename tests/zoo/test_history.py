from __future__ import annotations

import json

import pytest
import torch
from torch import nn

from cs_cnn import zoo
from cs_cnn.account import account
from cs_cnn.errors import CsCnnError
from cs_cnn.zoo import history


def named(name: str, kind: str = "single", protocol: str = "10 crops") -> history.Result:
    (found,) = [r for r in history.results(kind, protocol=protocol) if r.name == name]
    return found


def test_every_result_is_whole():
    for result in history.results():
        assert result.name and result.source and 2010 <= result.year <= 2017
        assert result.top1 is not None or result.top5 is not None
        errors = [error for error in (result.top5, result.top1) if error is not None]
        assert errors == sorted(errors) and all(0 < error < 50 for error in errors)
        assert (result.images == "validation") == (result.kind == "single")
        assert (result.kind == "single") == (result.nets == 1)
        assert result.net is None or result.layers is not None
        assert not (result.extra_data and result.kind == "single")


def test_no_result_stands_twice():
    keys = [(r.name, r.kind, r.protocol, r.extra_data) for r in history.results()]
    assert len(set(keys)) == len(keys)


def test_results_are_sorted_and_chosen():
    everything = history.results()
    assert [r.year for r in everything] == sorted(r.year for r in everything)
    kinds = ("challenge", "human", "paper", "single")
    assert sum(len(history.results(kind)) for kind in kinds) == len(everything)
    assert {r.protocol for r in history.results(protocol="dense")} == {"dense"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"kind": "team"}, r"kind must be one of challenge, human, paper, single, got 'team'\."),
        ({"protocol": "12 crops"}, r"protocol must be one of 1 crop, 10 crops, .*, got '12 crops'\."),
    ],
)
def test_what_is_not_there(arguments, sentence):
    with pytest.raises(CsCnnError, match=sentence):
        history.results(**arguments)


def test_a_row_with_a_wrong_kind_is_refused():
    row = dict.fromkeys(("name", "net", "layers", "nets", "protocol", "top1", "top5", "source"), "")
    with pytest.raises(ValueError, match="kind must be one of"):
        history._result({**row, "year": "2012", "kind": "guess", "images": "test", "extra_data": "no"})


def test_winners():
    winners = history.winners()
    assert [w.year for w in winners] == list(range(2010, 2018))
    assert [w.year for w in winners if w.extra_data] == [2012, 2013]
    errors = [w.top5 for w in winners]
    assert errors == sorted(errors, reverse=True)
    own_data = history.winners(extra_data=False)
    assert [w.name for w in own_data] == [w.name for w in winners]
    assert not any(w.extra_data for w in own_data)
    assert own_data[2].top5 > winners[2].top5


def layers_on_the_way(net: nn.Module) -> int:
    """Count the convolutions and affine layers, without those of shortcuts: right for nets that are chains."""
    return sum(
        isinstance(layer, nn.Conv2d | nn.Linear) and "shortcut" not in key
        for key, layer in net.named_modules()
    )


@pytest.mark.parametrize("name", sorted({r.net for r in history.results() if r.net}))
def test_layers_are_those_of_the_zoo(name):
    layers = {r.layers for r in history.results() if r.net == name}
    with torch.device("meta"):
        net = zoo.build_published(name)
    if name == "googlenet":  # three convolutions, nine modules of two layers each, one affine layer
        assert layers == {3 + 2 * sum(stage.startswith("inception") for stage in net.stages) + 1}
    else:
        assert layers == {layers_on_the_way(net)}


@pytest.mark.facts
def test_numbers_are_those_of_the_checked_facts(facts_folder):
    facts = json.loads((facts_folder / "seed_facts.json").read_text(encoding="utf-8"))["facts"]
    by_topic = {fact["topic"]: fact for fact in facts}

    def right(topic):
        assert by_topic[topic]["verdict"] in ("ok", "ok_rounded")
        return by_topic[topic]["values"]

    compared = right("resnet.comparison")
    for name, top1, top5 in compared:
        assert (named(name).top1, named(name).top5) == (top1, top5)
    for depth, errors in right("resnet.plain_vs_res").items():
        assert named(f"plain-{depth}").top1 == errors["plain"]
        assert named("ResNet-18" if depth == "18" else "ResNet-34 A").top1 == errors["resnet"]
    letters = {"A": "VGG-11", "B": "VGG-13", "D": "VGG-16", "E": "VGG-19"}
    at_256 = [row for row in right("vgg.eval") if row[1:3] == [256, 256] and row[0] in letters]
    assert len(at_256) == 4
    for letter, _, _, top1, top5 in at_256:
        found = named(letters[letter], protocol="dense")
        assert (found.top1, found.top5) == (top1, top5)

    entries = {(r.name, r.year, r.extra_data): r.top5 for r in history.results("challenge")}
    for team, year, _, error, extra in right("ilsvrc.table"):
        if team == "MSRA":  # the lectures print 7.35; the challenge's own page has 8.06
            continue
        # 6.67 is what the team's paper prints; the challenge's own page has 6.656.
        assert entries[team, year, extra != "no"] == pytest.approx(error, abs=0.05 if year < 2014 else 0.015)
    for year, error in right("ilsvrc.winners").items():
        (winner,) = [w for w in history.winners(extra_data=False) if w.year == int(year)]
        assert round(winner.top5, 2) == error
    assert min(r.top5 for r in history.results("human")) == right("imagenet.human")
    averaged = by_topic["resnet.ensemble"]["values"]
    for name in ("PReLU-net", "BN-Inception"):
        (found,) = [r for r in history.results("paper") if r.name == name]
        assert found.top5 == averaged[{"BN-Inception": "BN-inception"}.get(name, name)]
    assert round(entries["ResNet", 2015, False], 2) == averaged["ResNet ILSVRC15"]
    single = by_topic["alexnet.ensemble"]
    assert named("AlexNet").top5 == single["values"]["single"] and "18.2 = 1 CNN" in single["correct"]


@pytest.mark.facts
def test_costs_are_those_of_the_checked_facts(facts_folder):
    facts = json.loads((facts_folder / "seed_facts.json").read_text(encoding="utf-8"))
    derived = {v["topic"]: v["values"] for v in facts["derived_reference_values"]}
    nets = {r.net for r in history.results() if r.net}
    wanted = {
        "alexnet": derived["alexnet.madds"]["grouped"],
        "googlenet": derived["googlenet.total"]["madds"],
        "mobilenet": derived["mobilenet.total"]["madds"],
    }
    assert set(wanted) <= nets
    for name, multiply_adds in wanted.items():
        assert account(name).multiply_adds == multiply_adds
    for letter, name in {"A": "vgg11", "B": "vgg13", "D": "vgg16", "E": "vgg19"}.items():
        assert name in nets
        assert round(account(name).multiply_adds / 1e9, 3) == derived["vgg.madds_G"][letter]
