"""Networks made of the NumPy layers, and the loop that trains them."""

from __future__ import annotations

from cs_cnn.nets.convnet import SmallConvNet, pattern_net
from cs_cnn.nets.ensemble import Ensemble
from cs_cnn.nets.history import History
from cs_cnn.nets.linear import LinearClassifier
from cs_cnn.nets.mlp import MLP
from cs_cnn.nets.net import Classifier, Net
from cs_cnn.nets.sequential import Sequential, ShapeTable
from cs_cnn.nets.steps import Step, affine, batch_norm, conv2d, dropout, step
from cs_cnn.nets.training import accuracy, evaluate, fit
from cs_cnn.nets.two_layer import TwoLayerNet

__all__ = [
    "MLP",
    "Classifier",
    "Ensemble",
    "History",
    "LinearClassifier",
    "Net",
    "Sequential",
    "ShapeTable",
    "SmallConvNet",
    "Step",
    "TwoLayerNet",
    "accuracy",
    "affine",
    "batch_norm",
    "conv2d",
    "dropout",
    "evaluate",
    "fit",
    "pattern_net",
    "step",
]
