"""Reading and mending students' notebooks with JSON alone: no Jupyter and no nbgrader is needed.

A notebook is handled as the plain dictionary that its JSON holds. `read` makes one from whatever bytes a student's
editor wrote, and `mend` puts the student's answers back into the notebook that was handed out.
"""

from __future__ import annotations

from cs_cnn.notebooks.cells import Cell, cells_of, untouched
from cs_cnn.notebooks.choosing import choose
from cs_cnn.notebooks.reading import Note, read, written
from cs_cnn.notebooks.repair import Mended, mend

__all__ = ["Cell", "Mended", "Note", "cells_of", "choose", "mend", "read", "untouched", "written"]
