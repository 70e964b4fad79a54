"""Known mistakes with LeNet-5 and the Inception module."""

from __future__ import annotations

from typing import Any

from cs_cnn.checks.mistakes.a5.lazy import lazily
from cs_cnn.checks.mistakes.mistake import Mistake


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the tasks a5.lenet5 and a5.inception."""

    def lenet(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        return Mistake(name, "a5.lenet5", {"LeNet5": lazily("wrong_nets.lenet5", **changed)}, loses, hint)

    def inception(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        return Mistake(
            name, "a5.inception", {"Inception": lazily("wrong_nets.inception", **changed)}, loses, hint
        )

    values = ("values",)
    fails = ("shape", "values", "gradients")
    return [
        lenet(
            "softmax_in_the_model",
            values,
            "Every row of your output adds up to 1: these are probabilities. The loss contains a softmax already, and "
            "twice is too often.",
            softmax="softmax",
        ),
        lenet(
            "log_softmax_in_the_model",
            values,
            "Your outputs are never positive: they are logarithms of probabilities. What comes before them?",
            softmax="log",
        ),
        lenet(
            "relu_on_scores",
            values,
            "A score may be negative: it says how little a class fits. What stands behind your last layer?",
            softmax="relu",
        ),
        lenet(
            "relu_missing_after_convolutions",
            values,
            "Two linear layers in a row are one. What bends the output of your convolutions?",
            convs_without_relu=True,
        ),
        lenet(
            "relu_missing_after_affine",
            values,
            "Two linear layers in a row are one. What stands between your fully connected layers?",
            affines_without_relu=True,
        ),
        lenet(
            "average_pooling",
            values,
            "The paper takes means. What does the table say?",
            pool="average",
        ),
        lenet(
            "tanh",
            values,
            "The paper has another activation than this task. Read the table again.",
            act="tanh",
        ),
        lenet(
            "sigmoid",
            values,
            "Your hidden units are never 0. Which activation is asked for?",
            act="sigmoid",
        ),
        lenet(
            "padding_missing",
            ("parameters", "values"),
            "After your first convolution a map has 24 rows. How many does the table say, and what keeps them?",
            unpadded=True,
        ),
        lenet(
            "bias_missing",
            ("parameters",),
            "No normalisation follows here, so every layer needs its bias.",
            no_bias=True,
        ),
        lenet(
            "filters_swapped",
            ("parameters", "values"),
            "Which of the two convolutions has 6 filters, and which 16?",
            filters_swapped=True,
        ),
        lenet(
            "classes_fixed",
            ("shape", "parameters", "values"),
            "Your last layer has ten outputs, whatever the argument classes says.",
            ten_classes=True,
        ),
        lenet(
            "channels_fixed",
            ("shape", "parameters", "values", "gradients"),
            "Does your first convolution use the argument channels? Coloured images have three.",
            grey_only=True,
        ),
        lenet(
            "batch_flattened_too",
            fails,
            "Which axis says which image it is? It must survive until the end.",
            flattened_batch=True,
        ),
        lenet(
            "layers_in_a_list",
            ("parameters", "values", "gradients"),
            "PyTorch does not look into a Python list, so it does not know your layers. Is there a list that it knows?",
            plain_list=True,
        ),
        lenet(
            "no_grad_in_forward",
            ("gradients",),
            "The output is right, and nothing can be learned from it: something in forward cuts the graph.",
            without_gradient=True,
        ),
        inception(
            "stacked_along_the_batch",
            fails,
            "The branches have different numbers of maps. Along which axis may stacked tensors differ?",
            axis=0,
        ),
        inception(
            "stacked_along_the_rows",
            fails,
            "The branches have different numbers of maps. Axis 2 counts rows.",
            axis=2,
        ),
        inception(
            "other_order",
            values,
            "All maps are there, but not where the task puts them. In which order do you stack?",
            other_order=True,
        ),
        inception(
            "relu_missing_after_reduction",
            values,
            "Without a bend between them, a 1 by 1 and a 3 by 3 convolution are one 3 by 3 convolution.",
            no_relu_between=True,
        ),
        inception(
            "relu_missing_at_the_end",
            values,
            "Your maps contain negative numbers. What follows every convolution?",
            no_relu_at_the_end=True,
        ),
        inception(
            "pooling_after_projection",
            values,
            "In the fourth branch, what comes first: the pooling or the convolution?",
            project_first=True,
        ),
        inception("average_pooling", values, "Which pooling does the fourth branch ask for?", average=True),
        inception(
            "pooling_with_large_steps",
            fails,
            "Unless told otherwise, a pooling window moves by its own size. What do your maps have after it?",
            large_steps=True,
        ),
        inception(
            "five_by_five_shrinks",
            fails,
            "A 5 by 5 window needs a wider border than a 3 by 3 window, if the size is to stay.",
            thin_border=True,
        ),
        inception(
            "reduction_missing",
            ("parameters", "values"),
            "This is the naive module with a projection: your large kernels read every map of x.",
            no_reduction=True,
        ),
        inception(
            "projection_missing",
            ("shape", "parameters", "values"),
            "The pooled maps come out as many as went in. What should thin them?",
            no_projection=True,
        ),
        inception(
            "bias_missing",
            ("parameters",),
            "No normalisation follows here, so every convolution needs its bias.",
            no_bias=True,
        ),
    ]
