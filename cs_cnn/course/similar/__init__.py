"""Code that resembles other code: a list for a person to look at, never a verdict.

Compared are the answer cells of a class, less what was handed out, with each other, with the library's reference
layers and the instructors' solution, and with past years. copydetect does the comparison (winnowed fingerprints of
code without names, comments and blanks).
"""

from __future__ import annotations

from cs_cnn.course.similar.comparing import Compared, Pair, compare
from cs_cnn.course.similar.page import render
from cs_cnn.course.similar.texts import Text, past, references, submitted

__all__ = ["Compared", "Pair", "Text", "compare", "past", "references", "render", "submitted"]
