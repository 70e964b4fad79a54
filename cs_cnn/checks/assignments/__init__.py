"""The tasks that have a check, assignment by assignment."""

from __future__ import annotations

from cs_cnn.checks.task import Task
from cs_cnn.checks.assignments import a2_data, a2_net, a2_neuron, a2_train

TASKS: dict[str, Task] = {
    task.name: task for module in (a2_neuron, a2_data, a2_net, a2_train) for task in module.TASKS
}
"""Every task by its name, in the order of the course."""
