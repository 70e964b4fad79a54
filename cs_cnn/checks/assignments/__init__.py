"""The tasks that have a check: one folder per assignment, each listing its tasks in the notebook's order."""

from __future__ import annotations

import importlib
import pkgutil

from cs_cnn.checks.task import Task

TASKS: dict[str, Task] = {
    task.name: task
    for folder in sorted(module.name for module in pkgutil.iter_modules(__path__))
    for task in importlib.import_module(f"{__name__}.{folder}").TASKS
}
"""Every task by its name, in the order of the course."""
