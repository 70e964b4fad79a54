"""Known mistakes with residual blocks and the depthwise separable block."""

from __future__ import annotations

from typing import Any

from cs_cnn.checks.mistakes.a5.lazy import lazily
from cs_cnn.checks.mistakes.mistake import Mistake

_PROJECTION = "architectures/resnet#residual-projection"
_ADD = ("identity", "projection", "training")


def _basic() -> list[Mistake]:
    def build(name: str, loses: tuple[str, ...], hint: str, section: str = "", **changed: Any) -> Mistake:
        functions = {"BasicBlock": lazily("wrong_nets.basic_block", **changed)}
        return Mistake(name, "a5.basic_block", functions, loses, hint, section)

    strided = ("shape", "projection", "training", "gradients")
    return [
        build(
            "relu_missing_after_add",
            _ADD,
            "Your block can put out negative numbers. What comes after the addition?",
            no_relu_after_add=True,
        ),
        build(
            "relu_before_add",
            _ADD,
            "With a ReLU on the branch before the addition, can the block ever make a number smaller?",
            relu_before_add=True,
        ),
        build(
            "shortcut_forgotten",
            ("parameters", *_ADD),
            "With all weights of the branch at zero, your block forgets its input. What should be added?",
            plain=True,
        ),
        build(
            "shortcut_not_added",
            (*_ADD, "gradients"),
            "The shortcut is made in __init__. Where in forward does it take part?",
            shortcut_unused=True,
        ),
        build(
            "stacked_for_added",
            ("shape", *_ADD),
            "Your output has twice as many maps. Residual blocks add; it is Inception that stacks.",
            stacked=True,
        ),
        build(
            "always_projected",
            ("parameters", "identity", "training"),
            "Where the shape stays, the input should pass untouched.",
            _PROJECTION,
            always_projected=True,
        ),
        build(
            "projection_for_channels_only",
            ("parameters", *strided),
            "A block can also change the size alone: equal channels, stride 2.",
            _PROJECTION,
            size_forgotten=True,
        ),
        build(
            "projection_without_stride",
            strided,
            "With stride 2 the branch halves the size. Does your shortcut?",
            _PROJECTION,
            projection_without_stride=True,
        ),
        build(
            "projection_without_norm",
            ("parameters", "projection", "training"),
            "Each of the three convolutions has a batch norm of its own. Count yours.",
            _PROJECTION,
            projection_without_norm=True,
        ),
        build(
            "projection_with_relu",
            ("projection", "training"),
            "The projection is to be linear. What stands behind its batch norm?",
            _PROJECTION,
            projection_with_relu=True,
        ),
        build(
            "stride_in_the_second",
            ("projection", "training"),
            "The size is right, but which of the two convolutions takes the large steps?",
            strides="second",
        ),
        build(
            "stride_twice",
            strided,
            "Two convolutions with stride 2 make a quarter of the size.",
            strides="both",
        ),
        build(
            "stride_ignored",
            strided,
            "With stride 2 your branch keeps the size. Is the argument used?",
            strides="none",
        ),
        build(
            "padding_missing",
            ("shape", *_ADD, "gradients"),
            "Every 3 by 3 convolution of yours cuts off the border, and then the sum does not fit.",
            unpadded=True,
        ),
        build(
            "norm_missing",
            ("parameters", *_ADD),
            "There is no batch norm in your block.",
            no_norm=True,
        ),
        build(
            "one_norm_for_both",
            ("parameters", *_ADD),
            "A batch norm keeps the statistics of one layer. Can two layers share it?",
            one_norm=True,
        ),
        build(
            "relu_missing_inside",
            _ADD,
            "Without a bend between them, two convolutions are one.",
            no_relu_between=True,
        ),
        build(
            "batch_statistics_always",
            ("identity", "projection"),
            "In evaluation your block still uses the statistics of the batch, so one image's output depends on its "
            "neighbours.",
            batch_only=True,
        ),
    ]


def _bottleneck() -> list[Mistake]:
    def build(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        functions = {"Bottleneck": lazily("wrong_nets.bottleneck", **changed)}
        return Mistake(name, "a5.bottleneck", functions, loses, hint)

    values = ("values", "training")
    return [
        build(
            "stride_in_the_first",
            values,
            "A 1 by 1 convolution with stride 2 skips three pixels of four. Which convolution takes the stride here?",
            strides="first",
        ),
        # In evaluation this computes the same, only with four times the work in the middle.
        build(
            "stride_in_the_last",
            ("training",),
            "In evaluation your block gives the right numbers and works too hard for them. Which of the three "
            "convolutions takes the stride here?",
            strides="third",
        ),
        build(
            "not_widened",
            ("shape", "parameters", *values),
            "The third convolution widens again. How many maps come out?",
            expansion=1,
        ),
        build(
            "compared_with_the_inside",
            ("parameters", *values),
            "The shape stays if what comes in equals what comes out. Which number do you compare in_channels with?",
            compared_inside=True,
        ),
        build("relu_missing_after_add", values, "What comes after the addition?", no_relu_after_add=True),
        build(
            "relu_before_add",
            values,
            "With a ReLU on the branch before the addition, can the block ever make a number smaller?",
            relu_before_add=True,
        ),
        build(
            "relu_missing_inside",
            values,
            "What follows the first and the second batch norm?",
            no_relu_between=True,
        ),
        build(
            "shortcut_forgotten",
            ("parameters", *values),
            "With all weights of the branch at zero, your block forgets its input.",
            plain=True,
        ),
        build(
            "padding_missing",
            ("shape", *values),
            "The 3 by 3 convolution in the middle cuts off the border, and then the sum does not fit.",
            unpadded=True,
        ),
        build("norm_missing", ("parameters", *values), "There is no batch norm in your block.", no_norm=True),
    ]


def _separable() -> list[Mistake]:
    def build(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        functions = {"DepthwiseSeparable": lazily("wrong_nets.depthwise_separable", **changed)}
        return Mistake(name, "a5.depthwise_separable", functions, loses, hint)

    values = ("values", "training")
    return [
        build(
            "groups_forgotten",
            ("parameters", *values),
            "Your first convolution mixes all channels: it is a full one. What keeps each channel alone?",
            no_groups=True,
        ),
        build(
            "pointwise_forgotten",
            ("shape", "parameters", *values),
            "The number of maps has not changed. What comes after the depthwise step?",
            no_pointwise=True,
        ),
        build(
            "pointwise_first",
            ("parameters", *values),
            "First look around, then mix. Yours does it the other way round.",
            pointwise_first=True,
        ),
        build(
            "stride_in_the_pointwise",
            ("training",),
            "A 1 by 1 convolution with stride 2 throws away three of four numbers from the step before it.",
            stride_in_pointwise=True,
        ),
        build(
            "stride_forgotten",
            ("shape", *values),
            "With stride 2 the size should halve.",
            stride_forgotten=True,
        ),
        build(
            "padding_missing",
            ("shape", *values),
            "The 3 by 3 convolution cuts off the border.",
            unpadded=True,
        ),
        build(
            "norm_missing_between",
            ("parameters", *values),
            "Each of the two convolutions has a batch norm of its own. Count yours.",
            no_norm_between=True,
        ),
        build(
            "relu_missing_between",
            values,
            "What follows the depthwise step, beside the batch norm?",
            no_relu_between=True,
        ),
        build(
            "relu_missing_at_the_end",
            values,
            "Your maps contain negative numbers. What ends the block?",
            no_relu_at_the_end=True,
        ),
    ]


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the tasks a5.basic_block, a5.bottleneck and a5.depthwise_separable."""
    return [*_basic(), *_bottleneck(), *_separable()]
