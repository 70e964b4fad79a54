"""What the relatives of convolution promise beyond right gradients."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_cnn.gradcheck import relative_error
from cs_cnn.layers import (
    causal_conv1d_backward,
    causal_conv1d_forward,
    conv1d_forward,
    conv2d_backward,
    conv2d_forward,
    conv_transpose2d_forward,
    depthwise_conv2d_forward,
    locally_connected2d_backward,
    locally_connected2d_forward,
    output_size,
    pointwise_conv2d_forward,
    separable_filter,
)
from cs_cnn.layers.registry import layers

SOBEL = np.array([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]])
LAPLACE = np.array([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]])


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


class TestTransposed:
    @given(data=st.data())
    def test_it_is_the_adjoint_of_the_convolution(self, data: st.DataObject) -> None:
        """<A x, y> = <x, A' y> for all x and y, with the same filters: the definition of the adjoint."""
        rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
        sample = layers()["conv2d"].sample(lambda low, high: data.draw(st.integers(low, high)), rng)
        x, w, _ = sample.arrays.values()
        options = {name: sample.options[name] for name in ("stride", "pad", "dilation", "groups")}
        ax, _ = conv2d_forward(x, w, np.zeros(len(w)), **options)
        y = rng.normal(size=ax.shape)
        # What the last step of the convolution left out, the transposed one has to be told.
        left_out = tuple(
            (x.shape[2 + a] + sum(options["pad"][a]) - options["dilation"][a] * (w.shape[2 + a] - 1) - 1)
            % options["stride"][a]
            for a in (0, 1)
        )
        aty, _ = conv_transpose2d_forward(y, w, np.zeros(x.shape[1]), output_pad=left_out, **options)
        assert aty.shape == x.shape
        assert np.isclose((ax * y).sum(), (x * aty).sum(), rtol=1e-10, atol=1e-10)

    def test_it_is_the_input_gradient_of_the_convolution(self, rng: np.random.Generator) -> None:
        x, w = rng.normal(size=(2, 3, 7, 7)), rng.normal(size=(4, 3, 3, 3))
        out, cache = conv2d_forward(x, w, np.zeros(4), stride=2, pad=1)
        dout = rng.normal(size=out.shape)
        expected = conv2d_backward(dout, cache)[0]
        assert np.allclose(conv_transpose2d_forward(dout, w, np.zeros(3), stride=2, pad=1)[0], expected)

    def test_it_brings_back_the_size_and_not_the_image(self, rng: np.random.Generator) -> None:
        x, w = rng.normal(size=(1, 1, 6, 6)), rng.normal(size=(1, 1, 3, 3))
        small, _ = conv2d_forward(x, w, np.zeros(1))
        back, _ = conv_transpose2d_forward(small, w, np.zeros(1))
        assert back.shape == x.shape
        assert relative_error(back, x) > 0.1

    @pytest.mark.parametrize(("output_pad", "size"), [(0, 7), (1, 8)])
    def test_output_pad_says_which_size_was_meant(self, output_pad: int, size: int) -> None:
        """3 x 3 with stride 2 and padding 1 makes 4 pixels of 7 and of 8."""
        assert output_size(size, 3, stride=2, pad=1) == 4
        x, w = np.ones((1, 1, 4, 4)), np.ones((1, 1, 3, 3))
        out, _ = conv_transpose2d_forward(x, w, np.zeros(1), stride=2, pad=1, output_pad=output_pad)
        assert out.shape == (1, 1, size, size)

    def test_uneven_overlaps_make_a_checkerboard(self) -> None:
        """A window of 3 with stride 2 covers every other pixel twice; one of 4 covers all of them alike."""
        x, zero = np.ones((1, 1, 1, 6)), np.zeros(1)
        uneven, _ = conv_transpose2d_forward(x, np.ones((1, 1, 1, 3)), zero, stride=(1, 2))
        even, _ = conv_transpose2d_forward(x, np.ones((1, 1, 1, 4)), zero, stride=(1, 2))
        assert uneven[0, 0, 0, 2:-2].tolist() == [2, 1, 2, 1, 2, 1, 2, 1, 2]
        assert set(even[0, 0, 0, 2:-2]) == {2.0}

    @pytest.mark.parametrize(
        ("options", "sentence"),
        [
            ({"output_pad": 1}, r"output_pad must be smaller than stride \(1, 1\), got \(1, 1\)"),
            ({"output_pad": (0, 2), "stride": 2}, "output_pad must be smaller than stride"),
            ({"groups": 3}, "groups must divide C = 4, got 3"),
            ({"groups": 0}, "groups must divide C = 4, got 0"),
            ({"groups": 2}, "b must have 4 entries"),
            ({"pad": 2}, r"pad must leave something of the output, whose height is 4, got \(2, 2\)"),
            ({"stride": 0}, "stride must be a whole number >= 1"),
            ({"dilation": 0}, "dilation must be a whole number >= 1"),
            ({"output_pad": -1}, "output_pad must be a whole number >= 0"),
        ],
    )
    def test_a_wrong_setting_is_a_sentence(self, options: dict[str, Any], sentence: str) -> None:
        with pytest.raises(ValueError, match=sentence):
            conv_transpose2d_forward(np.ones((1, 4, 3, 3)), np.ones((4, 2, 2, 2)), np.zeros(2), **options)

    def test_wrong_channels_are_a_sentence(self) -> None:
        with pytest.raises(ValueError, match=r"w must have shape \(C, F/groups, HH, WW\) with C = 4"):
            conv_transpose2d_forward(np.ones((1, 4, 3, 3)), np.ones((2, 4, 2, 2)), np.zeros(4))


class TestOneAxis:
    def test_it_is_a_convolution_of_images_of_height_one(self, rng: np.random.Generator) -> None:
        x, w, b = rng.normal(size=(2, 3, 9)), rng.normal(size=(4, 3, 3)), rng.normal(size=4)
        out, _ = conv1d_forward(x, w, b, stride=2, pad=(1, 0), dilation=2)
        image, _ = conv2d_forward(
            x[:, :, None], w[:, :, None], b, stride=(1, 2), pad=((0, 0), (1, 0)), dilation=(1, 2)
        )
        assert np.allclose(out, image[:, :, 0])

    @given(k=st.integers(1, 4), dilation=st.integers(1, 4), length=st.integers(2, 12), data=st.data())
    def test_no_output_sees_its_future(self, k: int, dilation: int, length: int, data: st.DataObject) -> None:
        rng = np.random.default_rng(0)
        x, w, b = rng.normal(size=(1, 2, length)), rng.normal(size=(3, 2, k)), rng.normal(size=3)
        t = data.draw(st.integers(0, length - 2))
        changed = x.copy()
        changed[..., t + 1 :] = rng.normal(size=changed[..., t + 1 :].shape)
        before, _ = causal_conv1d_forward(x, w, b, dilation=dilation)
        after, _ = causal_conv1d_forward(changed, w, b, dilation=dilation)
        assert before.shape == (1, 3, length)
        assert np.allclose(before[..., : t + 1], after[..., : t + 1], atol=1e-12)
        assert not np.isclose(before[..., t + 1], after[..., t + 1]).all(), "an output sees its own step"

    def test_padding_on_both_sides_is_not_causal(self, rng: np.random.Generator) -> None:
        x, w = rng.normal(size=(1, 1, 6)), rng.normal(size=(1, 1, 3))
        changed = x.copy()
        changed[..., 4:] += 1
        same = [conv1d_forward(a, w, np.zeros(1), pad=1)[0] for a in (x, changed)]
        assert not np.isclose(same[0][..., 3], same[1][..., 3]).all()

    @pytest.mark.parametrize(
        ("k", "dilations", "field"),
        [
            (2, (1, 2, 4, 8), 16),
            (2, tuple(2**i for i in range(10)), 1024),
            (3, (1, 2, 4), 15),
            (2, (1,) * 4, 5),
        ],
    )
    def test_the_receptive_field_is_where_the_gradient_is(
        self, k: int, dilations: tuple[int, ...], field: int
    ) -> None:
        length = field + 5
        out, caches = np.ones((1, 1, length)), []
        w = np.full((1, 1, k), 1 / k)  # of one sign: nothing cancels
        for dilation in dilations:
            out, cache = causal_conv1d_forward(out, w, np.zeros(1), dilation=dilation)
            caches.append(cache)
        gradient = np.zeros_like(out)
        gradient[..., -1] = 1
        for cache in reversed(caches):
            gradient, _, _ = causal_conv1d_backward(gradient, cache)
        seen = np.flatnonzero(np.abs(gradient[0, 0]) > 1e-9)
        assert seen.tolist() == list(range(length - field, length))

    @pytest.mark.parametrize(
        ("options", "sentence"),
        [
            ({"stride": 0}, "stride must be a whole number >= 1, got 0"),
            ({"stride": (1, 2)}, "stride must be a whole number >= 1"),
            ({"dilation": True}, "dilation must be a whole number >= 1"),
            ({"pad": -1}, "pad must be a whole number >= 0"),
            ({"pad": (1, 2, 3)}, "pad must be a whole number >= 0 or a pair"),
            ({"dilation": 9}, "larger than the input"),
            ({"groups": 2}, "groups must divide"),
        ],
    )
    def test_a_wrong_setting_is_a_sentence(self, options: dict[str, Any], sentence: str) -> None:
        with pytest.raises(ValueError, match=sentence):
            conv1d_forward(np.ones((1, 3, 5)), np.ones((4, 3, 2)), np.zeros(4), **options)

    def test_a_wrong_shape_speaks_of_sequences(self) -> None:
        _, cache = causal_conv1d_forward(np.ones((1, 3, 5)), np.ones((4, 3, 2)), np.zeros(4))
        with pytest.raises(
            ValueError, match=r"dout must have the shape of out, \(1, 4, 5\), got \(1, 4, 6\)"
        ):
            causal_conv1d_backward(np.ones((1, 4, 6)), cache)
        for forward in (conv1d_forward, causal_conv1d_forward):
            with pytest.raises(ValueError, match=r"x must have shape \(N, C, L\), got \(3, 5\)"):
                forward(np.ones((3, 5)), np.ones((4, 3, 2)), np.zeros(4))


class TestSeparable:
    @pytest.mark.parametrize(
        ("kernel", "column", "row"),
        [
            (SOBEL, [1, 2, 1], [1, 0, -1]),
            (np.full((3, 3), 1 / 9), [1 / 3] * 3, [1 / 3] * 3),
            (np.array([[2.0, 4.0], [3.0, 6.0], [-1.0, -2.0]]), [2, 3, -1], [1, 2]),
        ],
        ids=["Sobel", "box", "not square"],
    )
    def test_the_lectures_filters_factor(
        self, kernel: np.ndarray, column: list[float], row: list[float]
    ) -> None:
        assert np.allclose(np.outer(column, row), kernel), "the lectures' factors"
        c, r = separable_filter(kernel)
        assert np.allclose(c @ r, kernel)
        assert c[np.abs(c).argmax()] > 0
        assert np.isclose(np.linalg.norm(c), np.linalg.norm(r))
        # The same factors, up to the one number that may move between them.
        assert np.allclose(c.ravel() / c[0, 0], np.divide(column, column[0]))

    @given(seed=st.integers(0, 100), hh=st.integers(1, 5), ww=st.integers(1, 5))
    def test_two_passes_of_a_line_are_one_of_the_whole(self, seed: int, hh: int, ww: int) -> None:
        rng = np.random.default_rng(seed)
        kernel = np.outer(rng.normal(size=hh), rng.normal(size=ww))
        x, zero = rng.normal(size=(1, 1, 8, 8)), np.zeros(1)
        column, row = separable_filter(kernel)
        once, _ = conv2d_forward(x, kernel[None, None], zero)
        half, _ = conv2d_forward(x, column[None, None], zero)
        twice, _ = conv2d_forward(half, row[None, None], zero)
        assert np.allclose(once, twice)

    def test_a_filter_of_higher_rank_is_refused(self, rng: np.random.Generator) -> None:
        with pytest.raises(ValueError, match=r"got rank 2: its singular values are .* a sum of 2 such pairs"):
            separable_filter(LAPLACE)
        with pytest.raises(ValueError, match="got rank 3"):
            separable_filter(rng.normal(size=(3, 4)))
        with pytest.raises(ValueError, match=r"kernel must have shape \(HH, WW\)"):
            separable_filter(np.ones(3))

    def test_rounding_is_not_rank(self) -> None:
        rough = SOBEL.astype(np.float32) / np.float32(3)
        column, row = separable_filter(rough)
        assert column.dtype == row.dtype == np.float32
        assert np.allclose(column @ row, rough, atol=1e-6)
        zero = separable_filter(np.zeros((2, 3)))
        assert not (zero[0] @ zero[1]).any()

    def test_a_depthwise_convolution_keeps_channels_apart(self, rng: np.random.Generator) -> None:
        x, w, b = rng.normal(size=(2, 3, 6, 6)), rng.normal(size=(3, 2, 3, 3)), rng.normal(size=6)
        out, _ = depthwise_conv2d_forward(x, w, b, pad=1)
        for c in range(3):
            alone, _ = conv2d_forward(x[:, c : c + 1], w[c][:, None], b[2 * c : 2 * c + 2], pad=1)
            assert np.allclose(out[:, 2 * c : 2 * c + 2], alone)

    def test_a_pointwise_convolution_is_a_matrix_at_every_pixel(self, rng: np.random.Generator) -> None:
        x, w, b = rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(6, 3)), rng.normal(size=6)
        out, _ = pointwise_conv2d_forward(x, w, b)
        for i, j in np.ndindex(4, 5):
            assert np.allclose(out[:, :, i, j], x[:, :, i, j] @ w.T + b)
        assert np.allclose(out, conv2d_forward(x, w[:, :, None, None], b)[0])

    def test_depthwise_then_pointwise_is_a_convolution_of_rank_one(self, rng: np.random.Generator) -> None:
        """Each of the F filters is a multiple of one and the same filter, channel by channel."""
        x, depth, point = (
            rng.normal(size=(1, 3, 6, 6)),
            rng.normal(size=(3, 1, 3, 3)),
            rng.normal(size=(5, 3)),
        )
        half, _ = depthwise_conv2d_forward(x, depth, np.zeros(3))
        out, _ = pointwise_conv2d_forward(half, point, np.zeros(5))
        whole = point[:, :, None, None] * depth[:, 0]
        assert np.allclose(out, conv2d_forward(x, whole, np.zeros(5))[0])

    @pytest.mark.parametrize(("filters", "saving"), [(64, 7.9), (1024, 8.9)])
    def test_what_mobilenets_parts_cost(self, filters: int, saving: float) -> None:
        """F104: depthwise 3 x 3 and pointwise need 1 / F + 1 / 9 of the products."""
        channels = 16
        whole = np.zeros((filters, channels, 3, 3)).size
        parts = np.zeros((channels, 1, 3, 3)).size + np.zeros((filters, channels)).size
        assert np.isclose(parts / whole, 1 / filters + 1 / 9)
        assert round(whole / parts, 1) == saving

    def test_a_wrong_number_of_biases_is_a_sentence(self) -> None:
        with pytest.raises(ValueError, match=r"b must have C \* M = 3 \* 2 = 6 entries, got 3"):
            depthwise_conv2d_forward(np.ones((1, 3, 4, 4)), np.ones((3, 2, 3, 3)), np.zeros(3))


class TestLocallyConnected:
    def test_tied_weights_make_it_a_convolution(self, rng: np.random.Generator) -> None:
        x, w, b = rng.normal(size=(2, 3, 7, 6)), rng.normal(size=(4, 3, 3, 2)), rng.normal(size=4)
        options = {"stride": (2, 1), "pad": ((1, 0), (0, 1)), "dilation": (1, 2)}
        out, cache = conv2d_forward(x, w, b, **options)
        h_out, w_out = out.shape[2:]
        everywhere = np.broadcast_to(w, (h_out, w_out, *w.shape))
        local, local_cache = locally_connected2d_forward(
            x, everywhere, np.broadcast_to(b[:, None, None], (4, h_out, w_out)), **options
        )
        assert np.allclose(local, out)
        # And the gradient of shared weights is the sum over the positions that share them.
        dout = rng.normal(size=out.shape)
        dx, dw, db = conv2d_backward(dout, cache)
        local_dx, local_dw, local_db = locally_connected2d_backward(dout, local_cache)
        assert np.allclose(local_dx, dx)
        assert np.allclose(local_dw.sum(axis=(0, 1)), dw)
        assert np.allclose(local_db.sum(axis=(1, 2)), db)

    def test_one_window_of_the_whole_image_is_an_affine_layer(self, rng: np.random.Generator) -> None:
        x, w, b = rng.normal(size=(2, 3, 4, 4)), rng.normal(size=(5, 3, 4, 4)), rng.normal(size=5)
        out, _ = locally_connected2d_forward(x, w[None, None], b[:, None, None])
        assert np.allclose(out[:, :, 0, 0], x.reshape(2, -1) @ w.reshape(5, -1).T + b)

    def test_wrong_positions_are_a_sentence(self) -> None:
        x, w = np.ones((1, 1, 5, 5)), np.ones((2, 3, 1, 1, 3, 3))
        with pytest.raises(
            ValueError, match="w must have filters for 3 by 3 positions of the window, got 2 by 3"
        ):
            locally_connected2d_forward(x, w, np.zeros((1, 2, 3)))
        with pytest.raises(ValueError, match=r"b must have shape \(F, H_out, W_out\) with F = 1"):
            locally_connected2d_forward(x, np.ones((3, 3, 1, 1, 3, 3)), np.zeros(1))


class TestTheLectures:
    """The worked examples of the lectures, F001 to F012, as the layers answer them."""

    @pytest.mark.parametrize(
        ("filters", "pad", "shape", "parameters"), [(6, 0, (28, 28), 456), (10, 2, (32, 32), 760)]
    )
    def test_five_by_five_on_an_image_of_32(
        self, filters: int, pad: int, shape: tuple[int, int], parameters: int
    ) -> None:
        """F001, F003, F004, F005: sizes, and 5 * 5 * 3 + 1 = 76 parameters for every filter."""
        w, b = np.zeros((filters, 3, 5, 5)), np.zeros(filters)
        out, _ = conv2d_forward(np.zeros((1, 3, 32, 32)), w, b, pad=pad)
        assert out.shape == (1, filters, *shape)
        assert w.size + b.size == parameters == 76 * filters

    @pytest.mark.parametrize(("f", "s", "p"), [(3, 1, 1), (5, 1, 2), (1, 1, 0), (7, 1, 3)])
    def test_the_common_settings_keep_the_size(self, f: int, s: int, p: int) -> None:
        """F002, F010."""
        x, w = np.zeros((1, 1, 9, 9)), np.zeros((2, 1, f, f))
        assert conv2d_forward(x, w, np.zeros(2), stride=s, pad=p)[0].shape == (1, 2, 9, 9)

    def test_five_with_stride_two_and_whatever_fits(self) -> None:
        """F002: on an even size no padding fits, so "whatever fits" is none; one that is uneven does."""
        w, b = np.zeros((1, 1, 5, 5)), np.zeros(1)
        for pad in range(3):
            with pytest.raises(ValueError, match="not a whole number"):
                conv2d_forward(np.zeros((1, 1, 32, 32)), w, b, stride=2, pad=pad, fit="strict")
            assert conv2d_forward(np.zeros((1, 1, 31, 31)), w, b, stride=2, pad=pad, fit="strict")
        uneven = {"stride": 2, "pad": ((1, 2), (1, 2)), "fit": "strict"}
        assert conv2d_forward(np.zeros((1, 1, 32, 32)), w, b, **uneven)[0].shape == (1, 1, 16, 16)

    def test_without_padding_images_shrink(self) -> None:
        """F011: 32, 28, 24."""
        image, sizes = np.zeros((1, 1, 32, 32)), [32]
        for _ in range(2):
            image, _ = conv2d_forward(image, np.zeros((1, 1, 5, 5)), np.zeros(1))
            sizes.append(image.shape[2])
        assert sizes == [32, 28, 24]

    def test_five_neurons_look_at_the_same_region(self, rng: np.random.Generator) -> None:
        """F012: a grid of 28 x 28 x 5 neurons; those of one place see one region of 5 x 5 x 3 pixels."""
        x, w = rng.normal(size=(1, 3, 32, 32)), rng.normal(size=(5, 3, 5, 5))
        out, cache = conv2d_forward(x, w, np.zeros(5))
        assert out.shape == (1, 5, 28, 28)
        for neuron in range(5):
            dout = np.zeros_like(out)
            dout[0, neuron, 10, 20] = 1
            seen = np.argwhere(np.abs(conv2d_backward(dout, cache)[0][0]) > 1e-9)
            assert seen.min(axis=0).tolist() == [0, 10, 20]
            assert seen.max(axis=0).tolist() == [2, 14, 24]
            assert len(seen) == 75

    @pytest.mark.facts
    @pytest.mark.parametrize("number", ["F006", "F007", "F008", "F009"])
    def test_seven_pixels_and_a_window_of_three(self, number: str, facts_folder: Path) -> None:
        facts = json.loads((facts_folder / "seed_facts.json").read_text(encoding="utf-8"))["facts"]
        values = next(fact["values"] for fact in facts if fact["id"] == number)
        n, f = values["N"], values["F"]
        arguments = np.zeros((1, 1, n, n)), np.zeros((1, 1, f, f)), np.zeros(1)
        options = {"stride": values["S"], "pad": values["P"], "fit": "strict"}
        if isinstance(values["out"], int):
            assert conv2d_forward(*arguments, **options)[0].shape[2:] == (values["out"], values["out"])
        else:
            with pytest.raises(ValueError, match=f"= {values['out']} is not a whole number"):
                conv2d_forward(*arguments, **options)
