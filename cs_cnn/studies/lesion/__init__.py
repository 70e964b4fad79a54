"""Lesions: a residual net that loses a block hardly notices, a plain one forgets what it knew.

After Veit, Wilber and Belongie, "Residual networks behave like ensembles of relatively shallow networks", NIPS 2016,
in small. There, nets of 110 layers (54 blocks, without an activation after the addition) and VGG learn CIFAR-10 and
ImageNet; here, nets of 32 layers and a quarter of the area see the 5,000 packaged images of Fashion-MNIST. The plain
net is the residual one without its shortcuts, which have no parameters.

>>> from cs_cnn.studies import lesion
>>> lesion.kendall_distance([1, 0, 2])
1
"""

from __future__ import annotations

from cs_cnn.studies.lesion.experiment import (
    MEASURE,
    NETS,
    QUICK,
    QUICK_NETS,
    RECORDED,
    Setting,
    gradient_by_length,
    measured,
    study,
)
from cs_cnn.studies.lesion.paths import Unravelled, norms, path_counts, path_sum, paths
from cs_cnn.studies.lesion.summary import mean_length, summarise
from cs_cnn.studies.lesion.surgery import blocks, exchanges, kendall_distance, reordered, resizing, without

__all__ = [
    "MEASURE",
    "NETS",
    "QUICK",
    "QUICK_NETS",
    "RECORDED",
    "Setting",
    "Unravelled",
    "blocks",
    "exchanges",
    "gradient_by_length",
    "kendall_distance",
    "mean_length",
    "measured",
    "norms",
    "path_counts",
    "path_sum",
    "paths",
    "reordered",
    "resizing",
    "study",
    "summarise",
    "without",
]
