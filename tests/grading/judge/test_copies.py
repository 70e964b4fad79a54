"""Nets and optimisers of a check that a student's function works with, and a student's own modules."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from cs_cnn.checks.modules import adapt, linear_net, sgd, tensor
from cs_cnn.course.judge.wire import WireError

from .conftest import Student, current

torch = pytest.importorskip("torch")

STEP = """
import torch
kept = []
def step(model, optimiser, x, y):
    kept.append(model)
    model.train()
    loss = torch.nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimiser.step()
    return loss.item(), kept[0] is model
"""


def _case() -> tuple[Any, Any, Any, Any]:
    torch.manual_seed(0)
    net = linear_net(6, 3, norm=True)
    net.mode(False)
    x = np.random.default_rng(0).normal(size=(5, 1, 2, 3))
    return net, sgd(net, 0.3), tensor(x), tensor(np.array([0, 1, 2, 0, 1]))


def test_a_net_is_trained_there_as_here(student: Student) -> None:
    here: dict[str, Any] = {}
    exec(STEP, here)
    net, optimiser, x, y = _case()
    local = [here["step"](net.value, optimiser, x, y) for _ in range(2)]  # gradients add up from step to step
    with student(STEP, "step") as names:
        other, optimiser, x, y = _case()
        assert [names["step"](other.value, optimiser, x, y) for _ in range(2)] == local
    for mine, theirs in ((net.parameters(), other.parameters()), (net.buffers(), other.buffers())):
        assert list(mine) == list(theirs)
        for name, array in mine.items():
            assert np.array_equal(array, theirs[name]), name
    assert other.value.training and all(module.training for module in other.value.modules())


def test_a_net_with_other_layers_is_refused(student: Student) -> None:
    code = "import torch\ndef f(model): model.linear = torch.nn.Linear(6, 4)"
    with student(code, "f") as names, pytest.raises(WireError, match="other layers"):
        names["f"](linear_net(6, 3).value)


def test_a_students_module_is_held_like_a_local_one(student: Student) -> None:
    code = """
import torch
from torch import nn
class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        torch.manual_seed(width)
        self.linear = nn.Linear(4, width)
        self.norm = nn.BatchNorm1d(width)
    def forward(self, x):
        if x.ndim != 2: raise ValueError("two axes, please")
        return self.norm(self.linear(x))
def same(net, other): return net is other, type(net).__name__
"""
    here: dict[str, Any] = {"__name__": "student"}
    exec(code, here)
    rng = np.random.default_rng(1)
    x, dout = rng.normal(size=(3, 4)), rng.normal(size=(3, 5))
    with student(code, "Net", "same") as names:
        nets = [adapt(source["Net"](5)) for source in (here, names)]
        results = []
        for net in nets:
            assert net is not None
            net.load({"linear.bias": np.arange(5.0)})
            net.mode(True)
            results.append([net.forward(x), net.gradients(x, dout), net.parameters(), net.buffers()])
            with pytest.raises(Exception, match="two axes, please") as caught:
                net.forward(x[0])
            assert type(caught.value).__name__ == "ValueError"
        assert np.array_equal(results[0][0], results[1][0])
        for mine, theirs in zip(results[0][1:], results[1][1:], strict=True):
            assert list(mine) == list(theirs)
            assert all(np.array_equal(mine[name], theirs[name]) for name in mine)
        assert names["same"](nets[1].value, nets[1].value) == (True, "Net")  # type: ignore[union-attr]
        assert not current().broken


class Scale:
    """What a check hands over whole."""

    def __init__(self, w: Any) -> None:
        self.w = w

    def __call__(self, x: Any) -> Any:
        return (x * tensor(self.w)).sum()

    def answer(self) -> Any:
        return self.w


def test_an_object_that_says_how_it_is_made_has_gradients_there(student: Student) -> None:
    class Given(Scale):
        def handed(self) -> tuple[str, str, dict[str, Any]]:
            source = inspect.getsource(Scale).split("    def answer")[0]
            return "from typing import Any\n" + source, "Scale", {"w": self.w}

    code = """
def slope(net, x):
    x.requires_grad_()
    net(x).backward()
    return x.grad, hasattr(net, "answer")
"""
    with student(code, "slope") as names:
        gradient, tells = names["slope"](Given(np.array([2.0, 3.0])), tensor(np.ones(2)))
    assert gradient.tolist() == [2, 3] and tells is False
