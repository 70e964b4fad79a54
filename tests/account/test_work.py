"""Multiply-adds are those of torch's own counter, parameters those of the module, and the net stays as it was."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from cs_cnn import zoo
from cs_cnn.account import account
from cs_cnn.errors import CsCnnError


def counted_by_torch(net: nn.Module, shape: tuple[int, ...]) -> int:
    counter = FlopCounterMode(display=False)
    net = copy.deepcopy(net).to("meta").eval()
    with counter, torch.no_grad():
        net(torch.empty(1, *shape, device="meta"))
    return int(counter.get_total_flops()) // 2


@given(
    st.tuples(*[st.integers(1, 4)] * 2),
    st.integers(1, 3),
    st.integers(0, 2),
    st.integers(1, 2),
    st.sampled_from((1, 2, 4)),
    st.booleans(),
)
def test_convolutions(
    kernel: tuple[int, int], stride: int, pad: int, dilation: int, groups: int, bias: bool
) -> None:
    options: dict[str, Any] = {"stride": stride, "padding": pad, "groups": groups, "bias": bias}
    net = nn.Sequential(
        nn.Conv2d(4, 8, kernel, dilation=dilation, **options),
        nn.ConvTranspose2d(8, 4, kernel, stride=stride, groups=groups, bias=bias),
        nn.Flatten(),
        nn.LazyLinear(3, bias=bias),
    )
    net(torch.zeros(1, 4, 12, 13))
    found = account(net, (4, 12, 13))
    assert found.multiply_adds == counted_by_torch(net, (4, 12, 13))
    assert found.parameters == sum(p.numel() for p in net.parameters())
    assert found.under("flops").total.operations == 2 * found.multiply_adds
    biases = sum(p.numel() for name, p in net.named_parameters() if name.endswith("bias"))
    assert found.under("lectures").parameters == found.parameters - biases


class Functional(nn.Module):
    """Everything by functions, with products that have no layer."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = nn.Parameter(torch.ones(6, 3, 3, 3))
        self.bias_of_kernel = nn.Parameter(torch.ones(6))
        self.project = nn.Linear(6, 6)
        self.unused = nn.Linear(7, 5)
        self.scale = nn.Parameter(torch.ones(6))
        self.constant = torch.ones(6)  # neither parameter nor buffer

    def forward(self, x: Tensor) -> Tensor:
        x = F.conv2d(x, self.kernel * self.scale[:, None, None, None], self.bias_of_kernel, padding="same")
        x = torch.relu_(F.batch_norm(x, torch.zeros(6), torch.ones(6)))
        words = self.project(x.flatten(2).transpose(1, 2)) * self.constant
        mixed = torch.softmax(words @ words.mT, -1) @ words
        return torch.einsum("nld,md->nlm", mixed, self.project.weight).mean(1)


def test_functions_count_as_layers_do() -> None:
    net = Functional()
    found = account(net, (3, 8, 9))
    places = 8 * 9
    by_hand = places * 6 * 27 + places * 36 + 2 * places * places * 6 + places * 36
    assert found.multiply_adds == by_hand
    assert found.parameters == sum(p.numel() for p in net.parameters())
    assert found["conv2d"].parameters == 6 * 27 + 6 + 6
    assert found["unused"].kind == "linear (not run)" and found["unused"].parameters == 40
    assert found["project"].parameters == 42  # used twice, counted once
    assert found.total.shape == (6,)


def test_attention_counts_with_torchs_counter() -> None:
    net = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True)
    found = account(net, (10, 16))
    assert found.parameters == sum(p.numel() for p in net.parameters())
    projections = 10 * (16 * 48 + 16 * 16 + 2 * 16 * 32)
    assert found.multiply_adds == projections + 2 * 10 * 10 * 16


def test_inputs_that_are_no_images() -> None:
    words = nn.Sequential(nn.Embedding(50, 8), nn.Flatten(), nn.Linear(40, 3))
    found = account(words, torch.zeros(1, 5, dtype=torch.long))
    assert found.parameters == 400 + 123 and found.multiply_adds == 120
    vector = account(nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4)), (8,))
    assert vector.parameters == 212 and vector["2"].receptive is None
    assert "receptive" not in vector.text(note=False)


def test_a_net_is_left_as_it_was() -> None:
    net = zoo.build("lenet5", seed=0)
    net.c1.eval()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    account(net, (1, 28, 28))
    assert net.training and not net.c1.training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert all(p.device.type == "cpu" for p in net.parameters())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in net.modules())
    with pytest.raises(CsCnnError):
        account(net, (3, 28, 28))
    assert net.training and not any(module._forward_hooks for module in net.modules())


def test_no_memory_is_taken() -> None:
    with torch.device("meta"):
        net = nn.Sequential(nn.Flatten(), nn.Linear(10**6, 10**6))
    assert account(net, (1, 1000, 1000)).under("lectures").parameters == 10**12


@pytest.mark.parametrize("name", ("lenet5", "resnet18", "densenet40", "mobilenet", "googlenet", "nasnet"))
def test_nets_of_the_zoo_count_as_torch_does(name: str) -> None:
    net = zoo.build_small(name, size=32, channels=3)
    found = account(net, (3, 32, 32))
    assert found.multiply_adds == counted_by_torch(net, (3, 32, 32))
    assert found.parameters == sum(p.numel() for p in net.parameters())


def test_everything_counts_more() -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2))
    found = account(net, (3, 8, 8), convention="everything")
    sums, maps = 27 * 4 * 64, 4 * 64
    # two for each product and one each for bias, normalisation, ReLU; the pool reads every number once
    assert found.total.operations == 2 * sums + 4 * maps
    assert found.total.activations == 3 * 64 + 3 * maps + maps // 4
    assert found.under("standard").total.activations == 3 * 64 + maps + maps // 4
    assert found.under("standard", norms=False).parameters == 112
    assert found.under("standard", input_counted=False, bytes_per_number=2).total.memory == 2 * (
        maps + maps // 4
    )


def test_wrong_inputs_get_a_sentence() -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 5), nn.Flatten(), nn.Linear(100, 2))
    for shape in ((3, 3, 3), (1, 9, 9), (3, 10, 10)):
        with pytest.raises(CsCnnError, match=r"^This net cannot take an input of \d+ x \d+ x \d+: .+\.$"):
            account(net, shape)
    with pytest.raises(CsCnnError, match="lazy"):
        account(nn.Sequential(nn.LazyLinear(3)), (4,))
    for wrong in ((0, 3), (), (1.5, 2), "3x3", None):
        with pytest.raises(CsCnnError, match="input_shape"):
            account(net, wrong)  # type: ignore[arg-type]
    with pytest.raises(CsCnnError, match="net must be"):
        account(42, (3,))


def test_recurrent_and_shared_layers() -> None:
    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.read = nn.LSTM(8, 16, batch_first=True)
            self.score = nn.Linear(16, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.score(self.read(x)[0][:, -1])

    net = Reader()
    found = account(net, (5, 8))
    assert found.parameters == sum(p.numel() for p in net.parameters())
    assert found.multiply_adds == 5 * 4 * 16 * (8 + 16) + 48
    layer = nn.Linear(4, 4)
    twice = account(nn.Sequential(layer, nn.ReLU(), layer), (4,))
    assert (twice.parameters, twice.multiply_adds) == (20, 32)
    assert [row.name for row in twice] == ["input", "0", "1", "0#2"]
