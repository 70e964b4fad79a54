"""Known mistakes in assignment 6, inside and beyond."""

from __future__ import annotations

from cs_cnn.checks.mistakes.a6 import boxes, deconvnet, lesion, saliency, style, transfer, yolo
from cs_cnn.checks.mistakes.mistake import Mistake


def mistakes() -> tuple[Mistake, ...]:
    """Return them in the order of the tasks."""
    modules = (saliency, deconvnet, style, transfer, boxes, yolo, lesion)
    return tuple(mistake for module in modules for mistake in module.mistakes())
