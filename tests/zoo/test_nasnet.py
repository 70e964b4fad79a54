from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from cs_cnn import zoo
from cs_cnn.errors import CsCnnError
from cs_cnn.zoo.families.nasnet import NORMAL, REDUCTION, NASNet
from cs_cnn.zoo.parts.cell_modules import Cell, Halve, SameAveragePool
from cs_cnn.zoo.parts.cells import Block, Branch, parse_cell
from cs_cnn.zoo.parts.same_padding import SamePad2d, same_margins


def parameters(net: torch.nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


def test_published_form():
    with torch.device("meta"):
        net, image = zoo.build_published("nasnet").eval(), torch.empty(1, 3, 224, 224)
        assert parameters(net) == 5_289_978  # NASNet-A (4 @ 1056), as the outside reference counts it
        shapes = {stage: tuple(net.features(image, upto=stage).shape[1:]) for stage in net.stages}
    for stage in net.stages:
        (line,) = (line for line in NASNet.__doc__.splitlines() if line.split()[:1] == [stage])
        assert f" {' x '.join(map(str, shapes[stage]))} " in line
        assert f" {parameters(net.get_submodule(stage)):,}" in line


def test_a_plan_is_what_was_written():
    plan = parse_cell("sep3(x)+p ; avg5( b1 ) + max7(x); b1 + x")
    assert plan.blocks[:2] == (
        Block(Branch("sep", 3, "x"), Branch("same", 1, "p")),
        Block(Branch("avg", 5, "b1"), Branch("max", 7, "x")),
    )
    assert plan.result == ("b2", "b3")  # what no other block uses
    assert parse_cell("x + p -> b1, p").result == ("b1", "p")
    assert [len(parse_cell(cell).blocks) for cell in (NORMAL, REDUCTION)] == [5, 5]


inputs = st.sampled_from(["x", "p", "b1", "b2"])
branches = st.one_of(
    inputs,
    st.builds("{}{}({})".format, st.sampled_from(["sep", "max", "avg"]), st.sampled_from([3, 5, 7]), inputs),
)


@given(st.lists(st.tuples(branches, branches), min_size=1, max_size=3))
def test_any_cell_either_runs_or_is_a_sentence_with_a_position(blocks):
    text = "; ".join(f"{left} + {right}" for left, right in blocks)
    try:
        plan = parse_cell(text)
    except ValueError as error:
        assert "b1" in text or "b2" in text
        assert str(error).startswith("cell: at position ")
        return
    for reduces, side in ((False, 7), (True, 4)):
        for halve_before, first in ((False, False), (True, False), (False, True)):
            with torch.device("meta"):
                cell = Cell(plan, 6, 5, 4, reduces=reduces, halve_before=halve_before, first=first)
                p = torch.empty(2, 6, 13 if halve_before else 7, 13 if halve_before else 7)
                out = cell(p, torch.empty(2, 5, 7, 7))
            assert out.shape == (2, cell.out_channels, side, side)


@pytest.mark.parametrize(
    ("text", "position", "sentence"),
    [
        ("", 1, "an input is x, p or an earlier block such as b1, not the end"),
        ("sep3(x)", 8, r"a block adds two branches, so '\+' is expected here, not the end"),
        ("sep4(x) + p", 1, "there is no operation 'sep4'; there are sep3"),
        ("x + p;", 7, "an input is .* not the end"),
        ("max3(x + p", 8, r"the input of an operation ends with '\)', not '\+'"),
        ("x + b1", 5, "b1 is no earlier block; this is the first block"),
        ("x + p; b3 + x", 8, "b3 is no earlier block; there are 1 so far"),
        ("x + p -> b1 p", 13, "results are separated by commas, not 'p'"),
        ("x + p -> b2", 10, "b2 is no earlier block"),
        ("x + p)", 6, "';' for a further block or '->' is expected here"),
        ("x + q", 5, "an input is .* not 'q'"),
    ],
)
def test_wrong_cells_are_sentences_with_the_position(text, position, sentence):
    with pytest.raises(
        CsCnnError, match=rf"^Cannot build 'nasnet': normal: at position {position} .*: {sentence}"
    ):
        zoo.build("nasnet", normal=text)


def test_a_cell_computes_what_its_string_says():
    torch.manual_seed(0)
    cell = Cell(parse_cell("max3(x) + p; b1 + avg3(p) -> b2, x"), 4, 4, 4).eval()
    p, x = torch.randn(2, 4, 6, 6), torch.randn(2, 4, 6, 6)
    fitted = cell.fit_x(x)
    b1 = F.max_pool2d(fitted, 3, 1, 1) + p
    b2 = b1 + F.avg_pool2d(p, 3, 1, 1, count_include_pad=False)
    torch.testing.assert_close(cell(p, x), torch.cat([b2, fitted], dim=1))


def test_halving_sees_every_pixel_of_an_even_image():
    halve = Halve(1, 2)
    image = torch.rand(1, 1, 6, 6, requires_grad=True)
    halve.eval()(image).sum().backward()
    seen = image.grad[0, 0] != 0
    assert seen[::2, ::2].all() and seen[1::2, 1::2].all() and seen.sum() == 18


@pytest.mark.parametrize(("side", "stride"), [(7, 2), (8, 2), (9, 1)])
def test_padding_does_not_count_in_the_mean(side, stride):
    pool = SameAveragePool(3, stride)
    assert torch.equal(
        pool(torch.ones(1, 2, side, side)), torch.ones(1, 2, -(-side // stride), -(-side // stride))
    )


@given(st.integers(1, 40), st.sampled_from([1, 2, 3, 5, 7]), st.integers(1, 3))
def test_same_padding_gives_the_size_divided_by_the_stride(size, kernel, stride):
    before, after = same_margins(size, kernel, stride)
    assert 0 <= before <= after <= before + 1
    if kernel >= stride:
        assert (size + before + after - kernel) // stride + 1 == -(-size // stride)
    x = SamePad2d(kernel, stride, value=-1.0)(torch.zeros(1, 1, size, size))
    assert x.shape[2] == size + before + after and x.sum() == -(x.numel() - size * size)


@pytest.mark.parametrize("stem", ["imagenet", "cifar"])
@pytest.mark.parametrize("size", [28, 32])
def test_the_same_cells_stack_at_two_sizes(stem, size):
    net = zoo.build("nasnet", size=size, stem=stem, cells=2, filters=4, classes=3, seed=0)
    assert ("reduce0" in net.stages) is (stem == "imagenet")
    assert net(torch.rand(2, 1, size, size)).shape == (2, 3)
    kinds = [[cell.plan for cell in net.get_submodule(stage).cells] for stage in net.stages[1:-1]]
    assert {plan for plans in kinds for plan in plans} == {parse_cell(NORMAL), parse_cell(REDUCTION)}


def test_a_stage_wants_what_the_stage_before_gave():
    net = zoo.build_small("nasnet", seed=0).eval()
    x = torch.rand(2, 1, 28, 28)
    with pytest.raises(ValueError, match=r"run_stage.'normal2', x. takes x as run_stage gave it"):
        net.run_stage("normal2", net.features(x, upto="reduce1"))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"cells": 0}, "cells must be a whole number of at least 1, got 0"),
        ({"filters": 1.5}, "filters must be a whole number"),
        ({"stem": "large"}, "stem must be 'imagenet' or 'cifar'"),
        ({"normal": 3}, "normal must be a string such as"),
        ({"reduction": "x"}, "reduction: at position 2"),
    ],
)
def test_wrong_options_are_sentences(options, sentence):
    with pytest.raises(CsCnnError, match=sentence):
        zoo.build("nasnet", **options)
