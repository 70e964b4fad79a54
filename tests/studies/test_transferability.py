"""Transferability by layer: names, halves, and what is copied and frozen."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from cs_cnn import zoo
from cs_cnn.errors import CsCnnError
from cs_cnn.studies import transferability as it
from cs_cnn.studies.images import Labelled


def build(seed):
    return zoo.build("alexnet", classes=5, size=28, variant="one_weird_trick", width=0.125, seed=seed).eval()


def test_names_say_what_is_done():
    assert it.parse("A3B") == ("A", 3, False) and it.parse("B7B+") == ("B", 7, True)
    assert it.parse("B") == ("B", 0, True)
    assert len(set(it.NETS)) == len(it.NETS) == 1 + 14 + 6
    for wrong in ("A", "A0B", "A8B", "C1B", "A1A", "A1B++", ""):
        with pytest.raises(CsCnnError, match="has no net"):
            it.parse(wrong)
    with pytest.raises(CsCnnError, match="has no net 'A9B'"):  # before anything is trained
        it.study(dataclasses.replace(it.QUICK, images=10**9), nets=("B", "A9B"))


@pytest.mark.parametrize("seed", range(4))
def test_halves_share_no_class(seed):
    a, b = it.halves(10, seed)
    assert len(a) == len(b) == 5 and sorted(a + b) == list(range(10))
    y = np.arange(30) % 10
    images = Labelled(y.astype(np.float32)[:, None], y)
    mine = it.half(images, a)
    assert len(mine.y) == 15 and set(mine.y) == set(range(5))
    np.testing.assert_array_equal([a[label] for label in mine.y], mine.x[:, 0].astype(int))


@pytest.mark.parametrize("layers", [0, 1, 2, 4, 5, 6, 7])
def test_the_first_layers_are_copied_and_the_rest_is_not(layers):
    source, target = build(0), build(1)
    fresh = {key: value.clone() for key, value in target.state_dict().items()}
    below, above = it.copied(source, target, layers)
    for number, name in enumerate((*it.LAYERS, "fc8")):
        weight = target.state_dict()[f"{name}.{'linear' if name[0] == 'f' else 'conv'}.weight"]
        key = next(k for k in fresh if k.startswith(name) and k.endswith("weight"))
        old = source.state_dict() if number < layers else fresh
        assert torch.equal(weight, old[key])
    learning = sum(isinstance(m, torch.nn.Conv2d | torch.nn.Linear) for m in above.modules())
    assert learning == 8 - layers
    x = torch.randn(3, 1, 28, 28, generator=torch.manual_seed(0))
    if layers:
        features = it.through(below, Labelled(x.numpy(), np.zeros(3, int)))
        torch.testing.assert_close(above(torch.tensor(features.x)), target(x))


def test_frozen_layers_keep_their_weights_and_have_no_part_in_the_count():
    tiny = dataclasses.replace(it.QUICK, images=60, test_images=40, epochs=1, batch_size=20)
    frozen, tuned = it.study(tiny, nets=("B5B", "B5B+"))
    copied = sum(p.numel() for name in it.LAYERS[:5] for p in build(0).get_submodule(name).parameters())
    assert tuned["parameters"] - frozen["parameters"] == copied
