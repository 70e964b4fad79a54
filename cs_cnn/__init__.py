"""Convolutional networks from the inside: NumPy layers, their PyTorch twins, and the tools of a course."""

__version__ = "0.1.0"
