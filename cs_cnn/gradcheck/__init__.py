"""Gradient checking: whether the backward code is the derivative of the forward code.

A backward function is right when it agrees with what happens if every input is moved a little. The check is
made in float64, entry by entry, and a failure says which argument and entry is wrong and what it looks like.

Examples
--------
>>> import numpy as np
>>> from cs_cnn import gradcheck
>>> def square_forward(x):
...     return x**2, x
>>> print(gradcheck.check(square_forward, lambda dout, x: dout * x, {"x": np.array([1.0, 2.0, 3.0])}))
dx is wrong: at (...) expected ..., got ...; every entry is 0.5 times the expected one: the 2 of a
    square's derivative is missing
"""

from __future__ import annotations

from cs_cnn.gradcheck.checking import check, compare
from cs_cnn.gradcheck.measuring import numerical_gradient, relative_error
from cs_cnn.gradcheck.report import TOLERANCE, GradientError, Line, Report

__all__ = [
    "TOLERANCE",
    "GradientError",
    "Line",
    "Report",
    "check",
    "compare",
    "numerical_gradient",
    "relative_error",
]
