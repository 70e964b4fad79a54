"""Rules that turn gradients into steps, and plans for the learning rate."""

from __future__ import annotations

from cs_cnn.optim.adagrad import AdaGrad
from cs_cnn.optim.adam import Adam
from cs_cnn.optim.optimiser import Optimiser
from cs_cnn.optim.rmsprop import RMSProp
from cs_cnn.optim.schedules import Constant, Exponential, Plateau, Schedule, StepDecay
from cs_cnn.optim.sgd import SGD

__all__ = [
    "SGD",
    "AdaGrad",
    "Adam",
    "Constant",
    "Exponential",
    "Optimiser",
    "Plateau",
    "RMSProp",
    "Schedule",
    "StepDecay",
]
