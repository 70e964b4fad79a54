"""The adapter between a check and a student's module."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from cs_cnn import checks
from cs_cnn.checks.assignments.a5 import formulas
from cs_cnn.checks.assignments.a5.counting import table_of, vgg16
from cs_cnn.checks.modules import Handle, TorchModule, adapt, linear_net, tensor

Array = NDArray[np.float64]


def test_a_module_of_torch_has_the_handle() -> None:
    handle = TorchModule(nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3)))
    assert isinstance(handle, Handle)
    assert list(handle.parameters()) == ["0.weight", "0.bias", "1.weight", "1.bias"]
    assert list(handle.buffers()) == ["1.running_mean", "1.running_var"]
    values = {
        name: np.full_like(array, 0.5) for name, array in {**handle.parameters(), **handle.buffers()}.items()
    }
    handle.load(values)
    assert all((array == 0.5).all() for array in {**handle.parameters(), **handle.buffers()}.values())
    x = np.ones((2, 2, 4, 4))
    handle.mode(False)
    right = (0.5 * 18 + 0.5 - 0.5) / np.sqrt(0.5 + 1e-5) * 0.5 + 0.5
    np.testing.assert_allclose(handle.forward(x), np.full((2, 3, 2, 2), right), rtol=1e-12)
    assert (handle.buffers()["1.running_mean"] == 0.5).all()
    handle.mode(True)
    handle.forward(x)
    assert not (handle.buffers()["1.running_mean"] == 0.5).any()


def test_gradients_name_what_they_reach() -> None:
    class Half(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.unused = nn.Linear(3, 2), nn.Linear(3, 2)

        def forward(self, x: torch.Tensor) -> Any:
            return self.used(x)

    dout = np.array([[1.0, 2.0]])
    found = TorchModule(Half()).gradients(np.array([[1.0, 2.0, 3.0]]), dout)
    assert set(found) == {"used.weight", "used.bias"}
    np.testing.assert_allclose(found["used.weight"], dout.T @ [[1.0, 2.0, 3.0]])


def test_float32_is_kept_where_a_module_insists() -> None:
    class Insists(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = [nn.Linear(3, 2)]  # hidden from PyTorch

        def forward(self, x: torch.Tensor) -> Any:
            return self.layers[0](x)

    assert TorchModule(Insists()).forward(np.ones((4, 3))).shape == (4, 2)


def test_what_is_no_module_has_no_handle() -> None:
    assert adapt(3) is None and adapt(nn.Linear) is None
    assert tensor([1, 2]).dtype == torch.int64 and tensor([0.5]).dtype == torch.float32
    assert linear_net(4, 2, norm=True).forward(np.ones((3, 2, 2))).shape == (3, 2)


class FromElsewhere:
    """LeNet-5 without PyTorch, as a handle: such could be a module in another process."""

    def __init__(self, channels: int, classes: int) -> None:
        shapes = [(6, channels, 5, 5), (16, 6, 5, 5), (120, 400), (84, 120), (classes, 84)]
        self._all = {
            f"{number}.{name}": np.ones(shape if name == "weight" else shape[0])
            for number, shape in enumerate(shapes)
            for name in ("weight", "bias")
        }

    @property
    def value(self) -> Any:
        return self

    def parameters(self) -> dict[str, Array]:
        return self._all

    def buffers(self) -> dict[str, Array]:
        return {}

    def load(self, values: Mapping[str, Array]) -> None:
        self._all.update(values)

    def mode(self, training: bool) -> None:
        return None

    def forward(self, x: Array) -> Array:
        layers = [formulas.Weights(self._all[f"{k}.weight"], self._all[f"{k}.bias"]) for k in range(5)]
        h = formulas.max_pool(formulas.relu(formulas.conv(x, layers[0], pad=2)), 2, stride=2)
        h = formulas.max_pool(formulas.relu(formulas.conv(h, layers[1])), 2, stride=2).reshape(len(x), -1)
        for layer in layers[2:4]:
            h = formulas.relu(formulas.affine(h, layer))
        return formulas.affine(h, layers[4])

    def gradients(self, x: Array, dout: Array) -> dict[str, Array]:
        return dict(self._all)


def test_a_check_needs_only_the_handle() -> None:
    report = checks.run("a5.lenet5", FromElsewhere, hidden=True)
    assert report.ok, str(report)


def test_the_formulas_are_those_of_torch() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 4, 7, 6))
    for weights, groups in (((5, 4, 3, 3), 1), ((4, 1, 3, 3), 4)):
        w, b = rng.normal(size=weights), rng.normal(size=weights[0])
        right = torch.conv2d(*map(torch.from_numpy, (x, w, b)), stride=2, padding=1, groups=groups)
        mine = formulas.conv(x, formulas.Weights(w, b), stride=2, pad=1)
        np.testing.assert_allclose(mine, right.numpy(), atol=1e-12)
    pooled = torch.max_pool2d(torch.from_numpy(x), 3, 1, 1)
    np.testing.assert_array_equal(formulas.max_pool(x, 3, stride=1, pad=1), pooled.numpy())
    norm = nn.BatchNorm2d(4).double()
    numbers = formulas.Norm(np.ones(4), np.zeros(4), np.zeros(4), np.ones(4))
    for training in (True, False):
        right = (
            norm.train(training)(torch.from_numpy(x)).detach().numpy() if training else x / np.sqrt(1 + 1e-5)
        )
        np.testing.assert_allclose(formulas.normalise(x, numbers, training=training), right, atol=1e-12)


def test_the_table_of_vgg16_adds_up() -> None:
    table = table_of(vgg16(), (3, 224, 224))
    assert sum(count for _, count in table) == 138_357_544
    assert round(sum(int(np.prod(shape)) for shape, _ in table) / 1e6, 1) == 15.2  # and not the printed 24


def test_unfinished_classes_are_told_by_task() -> None:
    class LeNet5(nn.Module):
        def __init__(self, channels: int = 1, classes: int = 10) -> None:
            super().__init__()
            raise NotImplementedError

    class Begun(nn.Module):
        def __init__(self, channels: int = 1, classes: int = 10) -> None:
            super().__init__()
            self.layer = nn.Linear(3, 3)

    for made in (LeNet5, Begun):
        report = checks.run("a5.lenet5", made)
        assert report.points == 0
        assert "Task 5.4 LeNet5 is not implemented yet." in report.messages


@pytest.mark.parametrize(
    ("returned", "says"),
    [(None, "None (is a return missing?)"), (3, "it gave a int"), (nn.Linear, "it gave a type")],
)
def test_what_is_no_module_is_a_sentence(returned: Any, says: str) -> None:
    report = checks.run("a5.inception", lambda *widths: returned)
    assert report.points == 0 and says in report.messages[0]


def test_an_exception_in_forward_is_shown_with_shapes() -> None:
    class Inception(nn.Module):
        def __init__(self, *widths: int) -> None:
            super().__init__()
            self.conv = nn.Conv2d(widths[0], widths[1], 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x @ x

    message = checks.run("a5.inception", Inception).messages[0]
    assert message.startswith("forward: your code raised RuntimeError") and "x of shape (" in message
    assert message.endswith("return x @ x")


def test_parts_of_a_module_count_alone() -> None:
    class OnlyParameters(nn.Module):
        def __init__(self, channels: int = 1, classes: int = 10) -> None:
            super().__init__()
            self.a, self.b = nn.Conv2d(channels, 6, 5), nn.Conv2d(6, 16, 5)
            self.c, self.d, self.e = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, classes)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.zeros(len(x), self.e.out_features)

    report = checks.run("a5.lenet5", OnlyParameters)
    assert [part.name for part in report.parts if part.ok] == ["shape", "parameters"]
    assert report.points == 5


def test_a_random_evaluation_loses_the_values() -> None:
    class Random(nn.Module):
        def __init__(self, c: int, f: int, stride: int = 1) -> None:
            super().__init__()
            self.layers = nn.Sequential(
                nn.Conv2d(c, c, 3, stride, 1, groups=c), nn.BatchNorm2d(c), nn.ReLU(),
                nn.Conv2d(c, f, 1), nn.BatchNorm2d(f), nn.ReLU(),
            )  # fmt: skip

        def forward(self, x: torch.Tensor) -> Any:
            return nn.functional.dropout(self.layers(x), 0.5)  # acts in evaluation too

    report = checks.run("a5.depthwise_separable", Random)
    assert not next(part.ok for part in report.parts if part.name == "values")


def test_listing_needs_no_torch() -> None:
    program = (
        "import sys\n"
        "sys.modules['torch'] = None\n"
        "from cs_cnn import checks\n"
        "from cs_cnn.checks.mistakes import everything\n"
        "assert len([t for t in checks.tasks() if t.name.startswith('a5.')]) == 14\n"
        "assert len([m for m in everything() if m.task.startswith('a5.')]) > 100\n"
        "report = checks.run('a5.lenet5', lambda *a: 3)\n"
        "assert report.points == 0\n"
        "assert checks.run('a5.separable_ratio', lambda c, f, k: 1 / f + 1 / k**2).ok\n"
        "print('fine')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "fine", done.stderr
