from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from cs_cnn import look
from cs_cnn.errors import CsCnnError


class Sum(nn.Module):
    """The score of class 0 is the sum of all numbers, that of class 1 its opposite."""

    def forward(self, x):
        total = x.sum(dim=(1, 2, 3))
        return torch.stack([total, -total], dim=1)


def test_drops_by_hand():
    image = torch.tensor([[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0], [9.0, 10.0, 11.0, 12.0]]])
    # Patches of 2 by 2 at (0, 0), (0, 2): the row that is left over at the bottom has no patch of its own.
    assert look.occlusion(Sum(), image, 0, size=2).tolist() == [[14.0, 22.0]]
    assert look.occlusion(Sum(), image, 0, size=2, stride=1).tolist() == [
        [14.0, 18.0, 22.0],
        [30.0, 34.0, 38.0],
    ]
    assert look.occlusion(Sum(), image, 1, size=2).tolist() == [[-14.0, -22.0]]  # covering may raise a score
    assert look.occlusion(Sum(), image, 0, size=2, fill=10.0).tolist() == [[-26.0, -18.0]]
    assert look.occlusion(Sum(), image, 0, size=3, stride=5).tolist() == [[54.0]]


def test_all_channels_are_covered_each_with_its_own_fill():
    image = torch.stack([torch.ones(2, 2), 2 * torch.ones(2, 2), 3 * torch.ones(2, 2)])
    assert look.occlusion(Sum(), image, 0, size=2).item() == 24
    assert look.occlusion(
        Sum(), image, 0, size=1, fill=torch.tensor([1.0, 2.0, 2.5])[:, None, None]
    ).tolist() == [
        [0.5, 0.5],
        [0.5, 0.5],
    ]


def test_a_patch_can_show_another_image(plain_net, images):
    drops = look.occlusion(plain_net, images[0], 2, size=4, stride=3, fill=images[0])
    torch.testing.assert_close(drops, torch.zeros_like(drops))
    assert look.occlusion(Sum(), images[0], 0, size=11, stride=2, fill=images[1]).shape == (2, 1)
    shown = images[0].clone()
    shown[:, :11] = images[1, :, :11]
    expected = plain_net(images[:1])[0, 2] - plain_net(shown[None])[0, 2]
    torch.testing.assert_close(
        look.occlusion(plain_net, images[0], 2, size=11, fill=images[1])[0, 0], expected
    )


@given(
    height=st.integers(1, 7),
    width=st.integers(1, 7),
    size=st.integers(1, 7),
    stride=st.integers(1, 4),
    batch=st.integers(1, 9),
    fill=st.floats(-2, 2),
)
def test_of_a_linear_net_the_drop_is_the_weighted_sum_under_the_patch(
    weighted, height, width, size, stride, batch, fill
):
    size = min(size, height, width)
    generator = torch.Generator().manual_seed(height * 10 + width)
    weights, image = torch.randn(2, 2, height, width, dtype=torch.float64, generator=generator)
    drops = look.occlusion(
        weighted(weights[None].expand(3, -1, -1, -1)),
        image,
        1,
        size=size,
        stride=stride,
        fill=fill,
        batch=batch,
    )
    share = weights * (image - fill)
    for i, top in enumerate(range(0, height - size + 1, stride)):
        for j, left in enumerate(range(0, width - size + 1, stride)):
            expected = share[:, top : top + size, left : left + size].sum()
            torch.testing.assert_close(drops[i, j], expected, rtol=1e-9, atol=1e-9)
    assert drops.shape == ((height - size) // stride + 1, (width - size) // stride + 1)


def test_dice_and_other_images_play_no_part_and_the_mode_comes_back(noisy, images):
    one_by_one, at_once = (look.occlusion(noisy, images[0], 2, size=5, batch=batch) for batch in (1, 100))
    torch.testing.assert_close(one_by_one, at_once)
    assert noisy.training and not noisy[1].training


def test_every_pixel_gets_the_mean_of_its_patches():
    drops = torch.tensor([[1.0, 3.0], [5.0, 7.0]])
    overlapping = look.per_pixel(drops, (3, 3), size=2, stride=1)
    assert overlapping.tolist() == [[1.0, 2.0, 3.0], [3.0, 4.0, 5.0], [5.0, 6.0, 7.0]]
    apart = look.per_pixel(drops, (3, 3), size=1, stride=2)
    assert apart.tolist() == [[1.0, 0.0, 3.0], [0.0, 0.0, 0.0], [5.0, 0.0, 7.0]]
    assert look.per_pixel(drops[:1], (3, 4), size=2).tolist() == [[1.0, 1.0, 3.0, 3.0]] * 2 + [[0.0] * 4]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"size": 12}, "size must lie between 1 and 11"),
        ({"size": 0}, "size must lie between 1 and 11"),
        ({"stride": 0}, "stride must be at least 1"),
        ({"batch": 0}, "batch must be at least 1"),
        ({"image": torch.rand(1, 2, 13, 11)}, r"image must be a floating-point tensor of shape \(C, H, W\)"),
        ({"label": 9}, "between 0 and 4"),
    ],
)
def test_a_wrong_argument_is_named_in_a_sentence(plain_net, images, wrong, sentence):
    arguments = {"net": plain_net, "image": images[0], "label": 0, "size": 3} | wrong
    with pytest.raises(CsCnnError, match=sentence):
        look.occlusion(**arguments)


def test_drops_of_other_patches_are_told():
    with pytest.raises(
        CsCnnError, match=r"drops must have shape \(2, 2\) for patches of 2 pixels at stride 2"
    ):
        look.per_pixel(torch.zeros(3, 2), (5, 4), size=2)
