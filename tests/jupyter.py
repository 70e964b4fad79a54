"""JupyterLab with nbgrader's extensions, on this machine only, for the tests that use it in Chromium."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

# How those who open Chromium start it, and how long they wait.
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE = 90_000  # milliseconds for one step; an idle machine needs a tenth of it


@contextlib.contextmanager
def serving(base: Path, work: Path, extensions: Sequence[str]) -> Iterator[str]:
    """Start JupyterLab and yield its address; at the end it and its kernels are gone.

    Parameters
    ----------
    base : pathlib.Path
        A folder for everything that Jupyter writes; settings in `base/settings` are read.
    work : pathlib.Path
        The folder that it shows, and in which it runs.
    extensions : sequence of str
        Those of nbgrader's server extensions that are wanted.

    Yields
    ------
    str
        Ends with a slash.
    """
    config = {
        "ServerApp": {
            "jpserver_extensions": {f"nbgrader.server_extensions.{name}": True for name in extensions}
        }
    }
    (base / "config").mkdir(parents=True)
    (base / "config" / "jupyter_server_config.json").write_text(json.dumps(config), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("JUPYTER", "PYTEST"))},
        "JUPYTER_CONFIG_DIR": str(base / "config"),
        "JUPYTER_DATA_DIR": str(base / "data"),
        "JUPYTER_RUNTIME_DIR": str(base / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(base / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(base / "workspaces"),
        "IPYTHONDIR": str(base / "ipython"),
        "PATH": str(Path(sys.executable).parent) + os.pathsep + os.environ.get("PATH", os.defpath),
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.port={port}"]
    command += ["--ServerApp.ip=127.0.0.1", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={work}"]
    command += ["--IdentityProvider.token=", "--ServerApp.password="]
    with (base / "log.txt").open("wb") as log:
        # A group of its own: its kernels are ended with it, and nothing else.
        server = subprocess.Popen(
            command, cwd=work, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    address = f"http://127.0.0.1:{port}/"
    try:
        for _ in range(600):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{address}api", timeout=5).read()
                break
            if server.poll() is not None:
                pytest.fail((base / "log.txt").read_text(encoding="utf-8")[-3000:], pytrace=False)
            time.sleep(0.1)
        yield address
    finally:
        # Asked politely first, so that it ends its kernels, which are in groups of their own.
        with contextlib.suppress(OSError):
            for kernel in json.load(urllib.request.urlopen(f"{address}api/kernels", timeout=5)):
                request = urllib.request.Request(f"{address}api/kernels/{kernel['id']}", method="DELETE")
                urllib.request.urlopen(request, timeout=10).read()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
