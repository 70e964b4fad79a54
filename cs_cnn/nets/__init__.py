"""Networks made of the NumPy layers, and the loop that trains them."""

from __future__ import annotations

from cs_cnn.nets.linear import LinearClassifier
from cs_cnn.nets.net import Net
from cs_cnn.nets.training import History, accuracy, fit
from cs_cnn.nets.two_layer import TwoLayerNet

__all__ = ["History", "LinearClassifier", "Net", "TwoLayerNet", "accuracy", "fit"]
