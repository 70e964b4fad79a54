"""How a class did in an assignment: which tasks went well, which mistakes were made, what to explain once more."""

from __future__ import annotations

from cs_cnn.course.report.stats.counting import Statistics, count
from cs_cnn.course.report.stats.page import FIRST, render

__all__ = ["FIRST", "Statistics", "count", "render"]
