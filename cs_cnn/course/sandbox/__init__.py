"""Kernels that run what students wrote: forked from a warm process into namespaces of bubblewrap.

The instructor's process (`running`) starts one warm process (`warm`), which has imported NumPy, perhaps PyTorch, and
the edition of the library that the kernels shall see (`edition`). For every kernel bubblewrap makes an empty world
(`view`): its own processes, network, users and files. A fork of the warm process enters it, gives up every privilege,
takes its limits (`limits`) and becomes an ordinary ipykernel that jupyter_client talks to (`provisioning`).
"""

from __future__ import annotations

from cs_cnn.course.sandbox.limits import Limits
from cs_cnn.course.sandbox.running import Sandboxes

__all__ = ["Limits", "Sandboxes"]
