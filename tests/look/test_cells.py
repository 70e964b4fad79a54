from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_cnn.errors import CsCnnError
from cs_cnn.look import cells

ANGLES = st.floats(0, math.pi)
WAVES = st.floats(4, 9)
TURNS = np.arange(12) * math.pi / 12


def one(function: Callable[..., np.ndarray], picture: np.ndarray, *arguments: object) -> float:
    """The response of the one cell whose field is the whole picture."""
    out = function(picture[None], *arguments)
    assert out.shape == (1, 1, 1)
    return float(out[0, 0, 0])


@settings(max_examples=15, deadline=None)
@given(ANGLES, WAVES, st.floats(0, 2 * math.pi))
def test_a_field_adds_up_to_nothing_and_answers_its_own_wave_with_one(
    angle: float, wavelength: float, phase: float
) -> None:
    tuning = cells.Tuning(angle, wavelength)
    field = cells.gabor(tuning, phase)
    assert field.shape == (tuning.size, tuning.size)
    assert abs(field.sum()) < 1e-12
    wave = cells.grating(tuning.size, angle, wavelength=wavelength, phase=phase)
    assert one(cells.simple_cells, wave, tuning, phase) == pytest.approx(1, abs=0.01)
    assert one(cells.simple_cells, -wave, tuning, phase) == 0


def test_the_phases_have_a_stripe_or_an_edge_in_the_middle() -> None:
    tuning = cells.Tuning(0.6)
    even, edge = cells.gabor(tuning, 0.0), cells.gabor(tuning, math.pi / 2)
    np.testing.assert_allclose(even, even[::-1, ::-1], atol=1e-15)
    np.testing.assert_allclose(edge, -edge[::-1, ::-1], atol=1e-15)
    assert even[tuning.radius, tuning.radius] == even.max() > 0
    np.testing.assert_allclose(cells.gabor(tuning, math.pi), -even, atol=1e-15)


@pytest.mark.parametrize("angle", [0.0, 0.3, 1.1])
def test_angles_run_anticlockwise_for_fields_and_for_what_they_are_shown(angle: float) -> None:
    quarter = angle + math.pi / 2
    np.testing.assert_allclose(
        cells.gabor(cells.Tuning(quarter), 0.7), np.rot90(cells.gabor(cells.Tuning(angle), 0.7)), atol=1e-15
    )
    long = {"offset": 3.0, "length": 12.0, "width": 3.0}
    np.testing.assert_allclose(
        cells.bar(31, quarter, **long), np.rot90(cells.bar(31, angle, **long)), atol=1e-12
    )


def test_an_upward_slope_is_an_angle_between_0_and_a_quarter() -> None:
    picture = cells.bar(9, math.pi / 4, width=1)
    assert [picture[0, 8], picture[8, 0]] == pytest.approx([1, 1]) and picture[0, 0] == picture[8, 8] == 0


@settings(max_examples=10, deadline=None)
@given(ANGLES, WAVES)
def test_a_complex_cell_does_not_care_for_the_phase(angle: float, wavelength: float) -> None:
    tuning = cells.Tuning(angle, wavelength)
    phases = np.linspace(0, 2 * math.pi, 16, endpoint=False)
    waves = np.stack([cells.grating(tuning.size, angle, wavelength=wavelength, phase=p) for p in phases])
    steady = cells.complex_cells(waves, tuning)[:, 0, 0]
    assert np.ptp(steady) < 0.01 * steady.mean()
    moody = cells.simple_cells(waves, tuning)[:, 0, 0]
    assert moody.min() == 0 and moody.max() > 0.9 * steady.mean()


def test_a_complex_cell_is_made_of_four_simple_ones() -> None:
    x = np.random.default_rng(0).normal(size=(2, 30, 34))
    tuning = cells.Tuning(0.4, 5.0, 1.0)
    squares = sum(cells.simple_cells(x, tuning, k * math.pi / 2) ** 2 for k in range(4))
    found = cells.complex_cells(x, tuning)
    assert found.shape == (2, 30 - tuning.size + 1, 34 - tuning.size + 1)
    np.testing.assert_allclose(found, np.sqrt(squares), rtol=1e-12)


def test_a_sheet_holds_one_cell_for_each_place() -> None:
    x = np.random.default_rng(1).normal(size=(1, 20, 22))
    tuning = cells.Tuning(1.0, 4.0, 1.2)
    field, sheet = cells.gabor(tuning, 0.5), cells.simple_cells(x, tuning, 0.5)
    k = tuning.size
    for i, j in np.ndindex(*sheet.shape[1:]):
        assert sheet[0, i, j] == pytest.approx(max((field * x[0, i : i + k, j : j + k]).sum(), 0), abs=1e-12)


@pytest.mark.parametrize("mine", [0, 3, 5, 8])
def test_simple_and_complex_cells_are_tuned_to_an_orientation(mine: int) -> None:
    tuning = cells.Tuning(TURNS[mine])
    bars = np.stack([cells.bar(tuning.size, angle) for angle in TURNS])
    for function in (cells.simple_cells, cells.complex_cells):
        found = function(bars, tuning)[:, 0, 0]
        assert found.argmax() == mine
        assert found[(mine + 6) % 12] < 0.02 * found[mine]
        assert found[(mine + 3) % 12] < 0.2 * found[mine]


def test_a_moved_bar_loses_the_simple_cell_and_keeps_the_complex_one() -> None:
    tuning = cells.Tuning(0.0)
    moved = cells.bar(tuning.size, 0.0, offset=tuning.wavelength / 2)
    middle = cells.bar(tuning.size, 0.0)
    assert one(cells.simple_cells, moved, tuning) == 0
    assert one(cells.complex_cells, moved, tuning) > 0.5 * one(cells.complex_cells, middle, tuning)


@pytest.mark.parametrize("angle", [0.0, 0.5, math.pi / 2, 2.2])
def test_end_stopping_falls_for_long_bars_and_the_complex_cell_does_not(angle: float) -> None:
    tuning = cells.Tuning(angle)
    size = tuning.size + 2 * tuning.radius
    lengths = [3, 9, 18, 27, 60, 200]
    bars = np.stack([cells.bar(size, angle, length=length) for length in lengths])
    stopped = cells.end_stopped_cells(bars, tuning)[:, 0, 0]
    middle = cells.complex_cells(bars, tuning)[:, tuning.radius, tuning.radius]
    assert lengths[stopped.argmax()] in (18, 27)
    assert stopped[-1] < 0.05 * stopped.max()
    assert np.all(np.diff(middle) > -0.01 * middle.max()) and middle[-1] == pytest.approx(
        middle.max(), rel=0.01
    )
    assert stopped[0] < 0.5 * stopped.max()


def test_an_end_stopped_cell_is_a_difference_of_three_complex_ones() -> None:
    x = np.random.default_rng(2).normal(size=(1, 30, 31))
    tuning = cells.Tuning(math.pi / 2, 4.0, 1.0)
    c = cells.complex_cells(x, tuning)
    found = cells.end_stopped_cells(x, tuning, 3)
    assert found.shape == (1, c.shape[1] - 6, c.shape[2] - 6)
    want = c[:, 3:-3, 3:-3] - (c[:, :-6, 3:-3] + c[:, 6:, 3:-3]) / 2
    np.testing.assert_allclose(found, np.maximum(want, 0), atol=1e-12)


@pytest.mark.parametrize("function", [cells.simple_cells, cells.complex_cells, cells.end_stopped_cells])
def test_even_light_is_nothing_and_a_moved_image_moves_the_sheet(function: Callable[..., np.ndarray]) -> None:
    tuning = cells.Tuning(0.8, 4.0, 1.0)
    assert np.abs(function(np.ones((1, 40, 40)), tuning)).max() < 1e-12
    x = np.random.default_rng(3).normal(size=(1, 40, 40))
    np.testing.assert_allclose(function(x[:, 2:, 1:], tuning), function(x, tuning)[:, 2:, 1:], atol=1e-12)


def test_a_batch_is_worked_on_in_double_precision() -> None:
    tuning = cells.Tuning(0.8, 4.0, 1.0)
    x = np.random.default_rng(4).normal(size=(3, 20, 20)).astype(np.float32)
    sheet = cells.complex_cells(x, tuning)
    assert sheet.dtype == np.float64
    np.testing.assert_allclose(sheet[1:2], cells.complex_cells(x[1:2].astype(np.float64), tuning), rtol=1e-12)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda: cells.Tuning(math.nan), "orientation must be a finite angle in radians, got nan"),
        (lambda: cells.Tuning(0.0, 1.0), "wavelength must be at least 2 pixels, got 1.0"),
        (lambda: cells.Tuning(0.0, elongation=0.0), "elongation must be a positive number, got 0.0"),
        (lambda: cells.gabor(cells.Tuning(0.0), math.inf), "phase must be a finite angle"),
        (
            lambda: cells.simple_cells(np.ones((40, 40)), cells.Tuning(0.0)),
            r"shape \(N, H, W\), got shape \(40, 40\)",
        ),
        (
            lambda: cells.complex_cells(np.ones((1, 40, 40), int), cells.Tuning(0.0)),
            "floating-point .* int64",
        ),
        (
            lambda: cells.simple_cells(np.ones((1, 37, 36)), cells.Tuning(0.0)),
            "at least 37 by 37 .* got 37 by 36",
        ),
        (
            lambda: cells.end_stopped_cells(np.ones((1, 72, 73)), cells.Tuning(0.0)),
            "at least 73 by 73 .* got 72 by 73",
        ),
        (
            lambda: cells.end_stopped_cells(np.ones((1, 99, 99)), cells.Tuning(0.0), 0),
            "reach must be at least 1 pixel",
        ),
        (lambda: cells.bar(0, 0.0), "size must be at least 1 pixel, got 0"),
        (lambda: cells.bar(9, 0.0, width=0.0), "length and width must be positive, got inf and 0.0"),
        (lambda: cells.grating(9, 0.0, wavelength=-1.0), "wavelength must be positive, got -1.0"),
    ],
)
def test_a_wrong_argument_is_named(wrong: Callable[[], object], sentence: str) -> None:
    with pytest.raises(CsCnnError, match=sentence):
        wrong()
