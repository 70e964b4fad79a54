"""Becoming a kernel: the last step of a fork of the warm process."""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Callable
from typing import Any

from .output import limit


def become_kernel(request: dict[str, Any], started: Callable[[], None]) -> None:
    """Run an ipykernel until it is told to end.

    Parameters
    ----------
    request : dict
        The connection, the environment, the arguments and the bytes of output, as `provisioning` wrote them.
    started : callable
        To be called when the kernel answers.
    """
    os.environ.clear()
    os.environ.update(request["environment"])
    with open("/kernel/connection.json", "w") as file:
        json.dump(request["connection"], file)
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    _forget_folders()
    sys.path.insert(0, "")  # as in every kernel: a module beside the notebook can be imported
    sys.argv = ["ipykernel_launcher", "-f", "/kernel/connection.json", *request["arguments"]]
    from ipykernel.kernelapp import IPKernelApp  # imported long ago; this only finds it

    app = IPKernelApp.instance()
    app.initialize()  # type: ignore[no-untyped-call]
    limit(request["output"])
    started()
    app.start()  # type: ignore[no-untyped-call]


def _forget_folders() -> None:
    """Drop the paths that libraries remembered before the files around them changed."""
    sys.path_importer_cache.clear()
    matplotlib = sys.modules.get("matplotlib")
    for name in ("get_configdir", "get_cachedir"):
        forget = getattr(getattr(matplotlib, name, None), "cache_clear", None)
        if forget is not None:
            forget()
