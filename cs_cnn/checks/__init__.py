"""What a graded cell calls: checks that give points by parts, say what was found, and know the usual mistakes.

>>> from cs_cnn import checks
>>> [task.name for task in checks.tasks()][:3]
['a1.perceptron_output', 'a1.perceptron_step', 'a1.perceptron_train']

Only NumPy is needed. The checks carry their own short formulas for forward passes, and measure gradients numerically;
they do not use `cs_cnn.layers`.
"""

from __future__ import annotations

from cs_cnn.checks.door import check, run, tasks
from cs_cnn.checks.like import Likeness, check_like
from cs_cnn.checks.mistakes import Mistake
from cs_cnn.checks.results import Part, Report
from cs_cnn.checks.task import Task

__all__ = ["Likeness", "Mistake", "Part", "Report", "Task", "check", "check_like", "run", "tasks"]
