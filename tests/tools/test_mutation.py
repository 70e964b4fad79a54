"""The mutation run: it finds what the checks miss, and leaves everything as it was."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cs_cnn.layers import affine_backward, conv2d_backward
from cs_cnn.layers.convolution.kernels.geometry import Geometry
from cs_cnn.layers.convolution.kernels.winograd import Winograd
from cs_cnn.layers.registry import Layer, Sample, layers
from tools.mutation import verdicts
from tools.mutation.__main__ import examine, main, table
from tools.mutation.changes import functions_of, mutants

DOUBLE = '''
import numpy as np
from cs_cnn.layers.arguments import same_shape

def forward(x):
    return 2 * x, x.shape

def backward(dout, cache):
    """Double it."""
    same_shape("dout", dout, "x", cache)
    if dout.ndim > 9:
        raise ValueError("too many axes")
    LINES
'''


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Layer]:
    """Return a function that makes a layer with the given last lines of its backward."""

    def make(lines: str) -> Layer:
        file, name = tmp_path / "planted.py", "cs_cnn.layers.planted"
        file.write_text(DOUBLE.replace("LINES", lines.replace("\n", "\n    ")))
        spec = importlib.util.spec_from_file_location(name, file)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        return Layer(
            name="planted",
            forward=module.forward,
            backward=module.backward,
            twin=lambda x: 2 * x,
            wrt=("x",),
            sample=lambda pick, rng: Sample({"x": rng.normal(size=(2, pick(1, 3)))}),
            source="a test",
        )

    return make


def test_the_layers_that_are_there_leave_no_line_unproved(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["affine", "batch_norm", "highway", "--samples", "12", "--threshold", "1"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"5 of +5  affine\.affine_backward  \(affine, highway\)", out)
    assert re.search(r"\(100\.0%\)", out) and "gradient check" in out


def test_a_line_that_nobody_needs_survives(plant: Callable) -> None:
    (result,) = examine([plant("doubled = 2 * dout\nspare = doubled + 1\nreturn doubled")], n_samples=2)
    (survivor,) = result.survivors
    assert survivor.endswith("deleted: spare = doubled + 1")
    assert len(result.killers) == 2  # and neither the docstring nor the refusals were tried
    lines, score = table([result])
    assert (
        score == 2 / 3
        and "2 of 3 changes were noticed (66.7%): 1 by error, 1 by gradient check." in lines[-1]
    )


def test_a_line_that_says_it_only_saves_time_is_left_alone(plant: Callable) -> None:
    lines = "if not dout.any():  # only saves time\n    return dout  # only saves time\nreturn dout * 2"
    (result,) = examine([plant(lines)], n_samples=2)
    assert not result.survivors and len(result.killers) == 1


def test_a_line_that_no_sample_reaches_survives(plant: Callable) -> None:
    (result,) = examine([plant("if dout.ndim == 3:\n    return dout\nreturn dout * 2")], n_samples=2)
    assert [s for s in result.survivors if s.endswith("deleted: return dout  (no sample comes here)")]


def test_what_only_protects_the_arguments_is_proved_too(plant: Callable) -> None:
    (result,) = examine([plant("dout = dout.copy()\ndout *= 2\nreturn dout")], n_samples=2)
    assert not result.survivors and "gradient check" in result.killers


def test_an_exchanged_operator_is_noticed(plant: Callable) -> None:
    layer = plant("return 2 * dout")
    changes = [mutant.change for mutant in mutants(layer.backward, operators=True)]
    assert "2 * dout -> 2 / dout" in changes and "2 -> 3" in changes
    (result,) = examine([layer], n_samples=2, operators=True)
    assert not result.survivors


def test_a_method_that_calls_its_parent_can_be_changed() -> None:
    method = Winograd.__init__
    (found,) = [mutant for mutant in mutants(method) if "super()" in mutant.change]
    with verdicts.changed(found), pytest.raises(AttributeError):  # what the parent prepares is missing
        Winograd(Geometry((1, 1), (1, 1), ((0, 0), (0, 0)), (4, 4), 1), (3, 3))
    assert Winograd(Geometry((1, 1), (1, 1), ((0, 0), (0, 0)), (4, 4), 1), (3, 3)).step == (4, 4)


def test_a_change_that_hangs_is_stopped(plant: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdicts, "_TOO_LONG", 0.3)
    (result,) = examine([plant("i = 0\nwhile i < 1:\n    i += 1\nreturn 2 * dout")], n_samples=1)
    assert any("while" in survivor for survivor in result.survivors)
    assert not any("i += 1" in survivor for survivor in result.survivors)


def test_a_layer_that_fails_as_it_is_takes_no_part(
    plant: Callable, capsys: pytest.CaptureFixture[str]
) -> None:
    assert examine([plant("return 3 * dout")], n_samples=1) == []
    assert (
        "planted is left out, since it fails without any change (gradient check)" in capsys.readouterr().out
    )


def test_a_file_that_has_changed_is_not_guessed_at(plant: Callable) -> None:
    layer = plant("return 2 * dout")
    Path(layer.backward.__code__.co_filename).write_text(DOUBLE.replace("LINES", "return dout + dout"))
    (result,) = examine([layer], n_samples=1)
    assert "not what is running" in result.note and not result.killers


def test_everything_is_as_before() -> None:
    code = affine_backward.__code__
    examine([layers()["affine"]], n_samples=1)
    assert affine_backward.__code__ is code
    dx, _, db = affine_backward(np.ones((2, 1)), (np.ones((2, 3)), np.ones((3, 1))))
    assert dx.shape == (2, 3) and db.tolist() == [2]


def test_functions_in_other_files_of_the_package_count() -> None:
    names = {function.__name__ for function in functions_of(layers()["conv2d"])}
    assert conv2d_backward.__name__ in names and "pad2d_backward" in names
    assert not names & {"same_shape", "match_shapes", "register"}


def test_an_unknown_layer_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["conv9d"])
    assert stopped.value.code == 2 and "there is no layer 'conv9d'" in capsys.readouterr().err
