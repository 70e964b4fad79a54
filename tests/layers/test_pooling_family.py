"""What the pooling layers promise beyond right gradients."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cs_cnn.gradcheck import check
from cs_cnn.layers import (
    avg_pool2d_forward,
    global_avg_pool2d_forward,
    max_pool2d_backward,
    max_pool2d_forward,
    max_pool2d_switches,
    max_unpool2d_backward,
    max_unpool2d_forward,
    roi_max_pool2d_backward,
    roi_max_pool2d_forward,
    subsample2d_backward,
    subsample2d_forward,
)
from cs_cnn.layers.registry import layers


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


class TestAverage:
    @pytest.mark.parametrize(
        ("count_include_pad", "corner", "edge"), [(True, 4 / 9, 6 / 9), (False, 1.0, 1.0)]
    )
    def test_whether_the_border_counts(self, count_include_pad: bool, corner: float, edge: float) -> None:
        """ONNX leaves the border out unless told otherwise, PyTorch counts it."""
        out, _ = avg_pool2d_forward(
            np.ones((1, 1, 4, 4)), size=3, stride=1, pad=1, count_include_pad=count_include_pad
        )
        assert np.allclose(out[0, 0, 0], [corner, edge, edge, corner])
        assert np.allclose(out[0, 0, 1:3, 1:3], 1)

    def test_what_ceil_reaches_over_never_counts(self) -> None:
        """The last window of 2 has one pixel: its mean is that pixel, padding counted or not."""
        x = np.arange(1.0, 6).reshape(1, 1, 1, 5)
        for include in (True, False):
            out, _ = avg_pool2d_forward(x, size=(1, 2), fit="ceil", count_include_pad=include)
            assert out.ravel().tolist() == [1.5, 3.5, 5]
        assert avg_pool2d_forward(x, size=(1, 2))[0].ravel().tolist() == [1.5, 3.5]

    def test_a_border_on_one_side_only(self) -> None:
        x = np.array([[[[2.0, 4.0, 6.0]]]])
        for include, expected in ((True, [3, 5, 3]), (False, [3, 5, 6])):
            out, _ = avg_pool2d_forward(
                x, size=(1, 2), stride=1, pad=((0, 0), (0, 1)), count_include_pad=include
            )
            assert out.ravel().tolist() == expected

    def test_the_whole_image_is_one_window(self, rng: np.random.Generator) -> None:
        x = rng.normal(size=(2, 3, 5, 4))
        assert np.allclose(global_avg_pool2d_forward(x)[0], avg_pool2d_forward(x, size=(5, 4))[0][:, :, 0, 0])

    def test_googlenets_head_takes_images_of_any_size(self) -> None:
        assert avg_pool2d_forward(np.ones((1, 1024, 7, 7), np.float32), size=7, stride=1)[0].shape[2:] == (
            1,
            1,
        )
        for size in (7, 9):
            assert global_avg_pool2d_forward(np.ones((1, 16, size, size)))[0].shape == (1, 16)

    @pytest.mark.parametrize(
        ("options", "sentence"),
        [
            ({"size": 0}, "size must be a whole number >= 1"),
            ({"stride": 0}, "stride must be a whole number >= 1"),
            ({"pad": 2}, "pad must be at most half of size"),
            ({"size": 5}, "larger than the input"),
            ({"size": 3, "fit": "strict", "stride": 2}, "not a whole number"),
        ],
    )
    def test_a_wrong_setting_is_a_sentence(self, options: dict[str, Any], sentence: str) -> None:
        with pytest.raises(ValueError, match=sentence):
            avg_pool2d_forward(np.ones((1, 1, 4, 4)), **options)


class TestTheLecturesOnPooling:
    @pytest.mark.parametrize("pool", [max_pool2d_forward, avg_pool2d_forward])
    def test_two_numbers_describe_a_pooling(self, pool: Any) -> None:
        """F014: it "requires three hyperparameters", which are then two, F and S, and no parameters."""
        arrays = [
            p for p in inspect.signature(pool).parameters.values() if p.default is inspect.Parameter.empty
        ]
        assert [p.name for p in arrays] == ["x"], "no parameter is learnt"
        for size, f, s in ((224, 2, 2), (55, 3, 2), (13, 3, 2)):
            out, _ = pool(np.zeros((1, 1, size, size)), size=f, stride=s)
            assert out.shape[2] == (size - f) // s + 1

    @pytest.mark.parametrize(
        ("size", "options", "formula", "published"),
        [
            (112, {"size": 3, "stride": 2, "pad": 1}, 55.5, 56),  # ResNet
            (28, {"size": 3, "stride": 1, "pad": 1}, 26, 28),  # Inception's pooling branch
            (112, {"size": 3, "stride": 2, "fit": "ceil"}, 55.5, 56),  # GoogLeNet
        ],
    )
    def test_padding_and_ceil_are_used_after_all(
        self, size: int, options: dict[str, Any], formula: float, published: int
    ) -> None:
        """F014: "not common to pad"; without it the printed formula misses what these networks do."""
        assert (size - options["size"]) / options["stride"] + 1 == formula != published
        for pool in (max_pool2d_forward, avg_pool2d_forward):
            assert pool(np.zeros((1, 1, size, size)), **options)[0].shape == (1, 1, published, published)

    def test_a_quarter_of_the_numbers_stays(self) -> None:
        """F015: 224 x 224 x 64 to 112 x 112 x 64, each the maximum of 4."""
        x = np.zeros((1, 64, 224, 224), np.float32)
        out, _ = max_pool2d_forward(x)
        assert out.shape == (1, 64, 112, 112)
        assert x.size == 4 * out.size


class TestSubsampling:
    def test_the_mean_and_the_sum_differ_by_the_coefficient(self, rng: np.random.Generator) -> None:
        """F052: the lectures average the four pixels, the paper adds them; a factor of 4 in the coefficient."""
        x, a, b = rng.normal(size=(2, 6, 28, 28)), rng.normal(size=6), rng.normal(size=6)
        paper, cache = subsample2d_forward(x, a, b, reduce="sum")
        lecture, _ = subsample2d_forward(x, a, b, reduce="mean")
        absorbed, absorbed_cache = subsample2d_forward(x, 4 * a, b, reduce="mean")
        assert paper.shape == (2, 6, 14, 14)
        assert not np.allclose(lecture, paper)
        assert np.allclose(absorbed, paper)
        by_hand = x[:, :, ::2, ::2] + x[:, :, 1::2, ::2] + x[:, :, ::2, 1::2] + x[:, :, 1::2, 1::2]
        assert np.allclose(paper, a[:, None, None] * by_hand + b[:, None, None])
        # The same function, and yet gradient descent moves them at different speeds.
        dout = rng.normal(size=paper.shape)
        dx, da, db = subsample2d_backward(dout, cache)
        other_dx, other_da, other_db = subsample2d_backward(dout, absorbed_cache)
        assert np.allclose(dx, other_dx)
        assert np.allclose(da, 4 * other_da)
        assert np.allclose(db, other_db)

    @pytest.mark.parametrize(("channels", "parameters"), [(6, 12), (16, 32)])
    def test_lenets_s2_and_s4(self, channels: int, parameters: int) -> None:
        assert np.zeros(channels).size + np.zeros(channels).size == parameters
        a, b = np.ones(channels), np.zeros(channels)
        assert subsample2d_forward(np.ones((1, channels, 10, 10)), a, b)[0].shape == (1, channels, 5, 5)

    def test_the_rest_of_an_uneven_image_is_left_out(self) -> None:
        x = np.ones((1, 1, 5, 5))
        x[..., 4, :] = x[..., 4] = 100
        assert (subsample2d_forward(x, np.ones(1), np.zeros(1))[0] == 4).all()

    def test_another_word_is_a_sentence(self) -> None:
        with pytest.raises(ValueError, match='reduce must be "sum" or "mean", got \'max\''):
            subsample2d_forward(np.ones((1, 1, 2, 2)), np.ones(1), np.zeros(1), reduce="max")


class TestUnpooling:
    @given(data=st.data())
    def test_switches_name_the_pixels_that_won(self, data: st.DataObject) -> None:
        rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
        sample = layers()["max_pool2d"].sample(lambda low, high: data.draw(st.integers(low, high)), rng)
        x = sample.arrays["x"]
        out, cache = max_pool2d_forward(x, **sample.options)
        switches = max_pool2d_switches(cache)
        assert switches.shape == out.shape
        found = np.take_along_axis(x.reshape(*x.shape[:2], -1), switches.reshape(*x.shape[:2], -1), axis=2)
        assert np.array_equal(found.reshape(out.shape), out)

    def test_switches_are_those_of_pytorch(self, rng: np.random.Generator) -> None:
        x = rng.normal(size=(2, 3, 7, 9))
        _, cache = max_pool2d_forward(x, size=3, stride=2, pad=1)
        _, indices = torch.nn.functional.max_pool2d(torch.tensor(x), 3, 2, 1, return_indices=True)
        assert np.array_equal(max_pool2d_switches(cache), indices.numpy())

    @pytest.mark.parametrize(
        "options", [{"size": 2}, {"size": 3, "stride": 2, "pad": 1}, {"size": 2, "stride": 1}]
    )
    def test_it_puts_the_maxima_back(self, options: dict[str, Any], rng: np.random.Generator) -> None:
        x = rng.normal(size=(2, 3, 6, 8))
        out, cache = max_pool2d_forward(x, **options)
        back, _ = max_unpool2d_forward(out, max_pool2d_switches(cache), image=(6, 8))
        # What won has a gradient; there the image is back, and elsewhere there is nothing.
        won = max_pool2d_backward(np.ones_like(out), cache) > 0
        assert np.array_equal(back, np.where(won, x, 0))
        # So pooling once more finds what was put there.
        positive = max_pool2d_forward(np.abs(x), **options)
        again, _ = max_unpool2d_forward(positive[0], max_pool2d_switches(positive[1]), image=(6, 8))
        assert np.array_equal(max_pool2d_forward(again, **options)[0], positive[0])

    def test_of_two_numbers_for_one_pixel_the_last_one_stays(self) -> None:
        x, switches = np.array([[[[5.0, 7.0, 9.0]]]]), np.array([[[[1, 1, 0]]]])
        out, cache = max_unpool2d_forward(x, switches, image=(1, 3))
        assert out.ravel().tolist() == [9, 7, 0]
        assert max_unpool2d_backward(np.array([[[[1.0, 2.0, 3.0]]]]), cache).ravel().tolist() == [0, 2, 1]
        check(
            max_unpool2d_forward,
            max_unpool2d_backward,
            {"x": x, "switches": switches},
            options={"image": (1, 3)},
            wrt=["x"],
        ).raise_if_wrong()

    @pytest.mark.parametrize("switch", [-1, 4])
    def test_a_switch_beside_the_image_is_a_sentence(self, switch: int) -> None:
        with pytest.raises(
            ValueError, match=f"switches must name pixels from 0 to 3 .* got {switch} to {switch}"
        ):
            max_unpool2d_forward(np.ones((1, 1, 1, 1)), np.full((1, 1, 1, 1), switch), image=2)

    def test_switches_are_whole_numbers_one_for_each(self) -> None:
        x = np.ones((1, 1, 2, 2))
        for wrong in (x, [[0, 1], [2, 3]]):
            with pytest.raises(TypeError, match="switches must be a NumPy array of whole numbers"):
                max_unpool2d_forward(x, wrong, image=4)
        with pytest.raises(ValueError, match="switches must have the shape of x"):
            max_unpool2d_forward(x, np.zeros((1, 1, 2, 1), int), image=4)


def regions(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array(rows, float)


class TestRegions:
    def test_the_whole_image_is_an_ordinary_pooling(self, rng: np.random.Generator) -> None:
        x = rng.normal(size=(2, 3, 6, 8))
        out, _ = roi_max_pool2d_forward(x, regions((1, 0, 0, 7, 5)), size=(3, 4))
        assert np.array_equal(out[0], max_pool2d_forward(x)[0][1])

    def test_both_corners_belong_to_a_region_and_are_rounded(self) -> None:
        x = np.arange(25.0).reshape(1, 1, 5, 5)
        for x2, expected in ((2.0, 2), (2.49, 2), (2.5, 3), (3.0, 3)):
            assert roi_max_pool2d_forward(x, regions((0, 1, 0, x2, 0)), size=1)[0].item() == expected
        assert roi_max_pool2d_forward(x, regions((0, 1, 1, 1, 1)), size=1)[0].item() == 6

    def test_bins_of_an_uneven_region_share_a_row(self) -> None:
        """Five rows in two bins: rows 0 to 2, and rows 2 to 4."""
        x = np.array([0.0, 0.0, 9.0, 0.0, 0.0]).reshape(1, 1, 5, 1)
        out, cache = roi_max_pool2d_forward(x, regions((0, 0, 0, 0, 4)), size=(2, 1))
        assert out.ravel().tolist() == [9, 9]
        assert roi_max_pool2d_backward(np.ones_like(out), cache).ravel().tolist() == [0, 0, 2, 0, 0]

    def test_fewer_pixels_than_bins_are_repeated(self) -> None:
        x = np.array([[[[1.0, 2.0]]]])
        out, _ = roi_max_pool2d_forward(x, regions((0, 0, 0, 1, 0)), size=(1, 4))
        assert out.ravel().tolist() == [1, 1, 2, 2]

    def test_scale_maps_the_image_to_the_feature_map(self, rng: np.random.Generator) -> None:
        x = rng.normal(size=(1, 2, 14, 14))
        on_image, _ = roi_max_pool2d_forward(x, regions((0, 32, 16, 160, 112)), size=7, scale=1 / 16)
        on_map, _ = roi_max_pool2d_forward(x, regions((0, 2, 1, 10, 7)), size=7)
        assert on_image.shape == (1, 2, 7, 7)
        assert np.array_equal(on_image, on_map)

    def test_outside_the_image_there_is_nothing(self) -> None:
        x = -np.ones((1, 1, 3, 3))
        out, cache = roi_max_pool2d_forward(x, regions((0, 2, 0, 5, 0), (0, 7, 7, 9, 9)), size=(1, 2))
        assert out.ravel().tolist() == [-1, 0, 0, 0]
        assert roi_max_pool2d_backward(np.ones_like(out), cache).sum() == 1

    def test_no_regions_no_output(self) -> None:
        out, cache = roi_max_pool2d_forward(np.ones((1, 2, 3, 3)), np.zeros((0, 5)), size=2)
        assert out.shape == (0, 2, 2, 2)
        assert not roi_max_pool2d_backward(out, cache).any()

    @pytest.mark.parametrize(
        ("region", "sentence"),
        [
            ((1, 0, 0, 1, 1), r"rois must name in column 0 an image from 0 to 0, got \[1.0\]"),
            ((-1, 0, 0, 1, 1), "rois must name in column 0 an image"),
            ((0.5, 0, 0, 1, 1), "rois must name in column 0 an image"),
            ((0, 2, 0, 1, 1), "x1 <= x2"),
            ((0, 0, 2, 1, 1), "y1 <= y2"),
            ((0, np.nan, 0, 1, 1), "rois must hold finite numbers"),
            ((0, 0, 1, 1), "rois must have five columns"),
        ],
    )
    def test_a_wrong_region_is_a_sentence(self, region: tuple[float, ...], sentence: str) -> None:
        with pytest.raises(ValueError, match=sentence):
            roi_max_pool2d_forward(np.ones((1, 1, 3, 3)), regions(region), size=1)

    def test_a_wrong_scale_is_a_sentence(self) -> None:
        with pytest.raises(ValueError, match="scale must be positive, got 0"):
            roi_max_pool2d_forward(np.ones((1, 1, 3, 3)), regions((0, 0, 0, 1, 1)), size=1, scale=0)
