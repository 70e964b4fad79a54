"""Data sets behind one door: packaged ones first, downloads with a SHA-256 second.

>>> from cs_cnn.data import load, names
>>> names()
['fashion-mnist', 'fashion-mnist-full', 'mnist', 'cifar10', 'digits', 'two-layer-homework', 'two-layer-lookalike']
>>> load("fashion-mnist").x_train.shape
(5000, 1, 28, 28)

Importing this package imports neither PyTorch nor scikit-learn nor the downloader; each is looked up
when a data set needs it.
"""

from __future__ import annotations

from cs_cnn.data.dataset import Dataset
from cs_cnn.data.formats.table import homework_table
from cs_cnn.data.hard_cases import hard_case
from cs_cnn.data.loading import load, names

__all__ = ["Dataset", "hard_case", "homework_table", "load", "names"]
