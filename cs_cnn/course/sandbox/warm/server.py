"""The warm process: imports the heavy libraries once, then forks a kernel for every request.

Requests come as packets of JSON. The first on the control socket is the configuration; each further one hands over a
socket of its own for a new sandbox. When such a socket closes, its sandbox ends, and when the control socket closes,
which it does however the instructor's process ends, everything ends.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import selectors
import shutil
import signal
import socket
import sys
import time
from typing import Any

from .cgroups import Cgroups
from .job import PACKET, Job

LOOK = 0.25  # seconds between two looks at what the sandboxes use


def main(control: socket.socket) -> None:
    """Serve until the control socket closes."""
    configuration = json.loads(control.recv(PACKET))
    try:
        _warm_up(configuration)
    except BaseException as error:  # the other side must hear of it, whatever a library raises
        control.send(json.dumps({"failed": f"{type(error).__name__}: {error}"}).encode())
        return
    Cgroups.remove_left_over()
    control.send(json.dumps({"ready": True}).encode())
    _Server(control, configuration).serve()


def _warm_up(configuration: dict[str, Any]) -> None:
    sys.path[:] = configuration["path"]
    sys.path_importer_cache.clear()
    for name in configuration["modules"]:
        importlib.import_module(name)
    threads = len(os.listdir("/proc/self/task"))
    if threads > 1:
        raise RuntimeError(
            f"a library started {threads - 1} threads, and a process with threads cannot be forked"
        )
    gc.collect()
    gc.freeze()  # what is here already never needs to be looked at, and so is never copied


class _Server:
    def __init__(self, control: socket.socket, configuration: dict[str, Any]) -> None:
        self._control, self._configuration = control, configuration
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ)
        self._jobs: list[Job] = []

    def serve(self) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # what the kernels shall inherit
        looked = time.monotonic()
        while True:
            for key, _ in self._selector.select(LOOK if self._jobs else None):
                if key.fileobj is self._control:
                    if not self._new_job():
                        self._end_all()
                        return
                elif not key.data.closed:
                    key.data.react(key.fd)
            if time.monotonic() - looked > LOOK:
                for job in self._jobs:
                    job.look()
                looked = time.monotonic()
            self._jobs = [job for job in self._jobs if not job.closed]

    def _new_job(self) -> bool:
        packet, handed, _, _ = socket.recv_fds(self._control, PACKET, 1)
        if not packet:
            return False
        channel = socket.socket(fileno=handed[0])
        job = Job(channel, json.loads(packet), self._configuration, self._selector)
        if not job.closed:
            self._jobs.append(job)
        return True

    def _end_all(self) -> None:
        for job in self._jobs:
            job.end()
        # Its owner does it too, unless it was killed.
        for folder in self._configuration["folders"]:
            shutil.rmtree(folder, ignore_errors=True)
