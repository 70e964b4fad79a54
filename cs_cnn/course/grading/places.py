"""Where submissions are graded: in this process, in a few processes, or on a cluster that is already there."""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from multiprocessing import forkserver, util
from multiprocessing.connection import Connection
from typing import Any, Protocol

from cs_cnn.course.grading import isolation, submissions
from cs_cnn.course.grading.tasks import Graded, Kit, Task
from cs_cnn.errors import CsCnnError

Function = Callable[[Kit, Task], Graded]
MOST_JOBS = 4
"""Processes by default, where there are so many cores: each may need the memory of a whole notebook."""
_PATIENCE = 15


def default_jobs() -> int:
    """Return how many processes grade unless the user says otherwise."""
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1, MOST_JOBS)


class Place(Protocol):
    """Where functions are called; a context manager that leaves nothing running."""

    def room(self) -> int:
        """Return how many submissions should be under way, so that nobody waits and little lies in memory."""
        ...

    def submit(self, function: Function, kit: Kit, task: Task) -> Future[Graded]:
        """Begin with one submission."""
        ...

    def mend(self) -> None:
        """Make it usable again after a future raised `BrokenExecutor`."""
        ...

    def may_be_anothers(self, error: Exception) -> bool:
        """Tell whether a future may have ended so through what was under way beside it."""
        ...


class Here:
    """In this process, one submission after another."""

    def room(self) -> int:
        """Return 1: a call begins only when the one before has ended."""
        return 1

    def submit(self, function: Function, kit: Kit, task: Task) -> Future[Graded]:
        """Call at once."""
        future: Future[Graded] = Future()
        try:
            future.set_result(function(kit, task))
        except Exception as error:
            future.set_exception(error)
        return future

    def mend(self) -> None:
        """Do nothing: this process cannot break and go on."""

    def may_be_anothers(self, error: Exception) -> bool:
        """Return False: nothing else is under way."""
        return False


class Processes:
    """Processes on this machine, forked from one that has imported everything.

    Parameters
    ----------
    jobs : int
        How many.
    """

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["cs_cnn.course.grading.warm"])
        with _deaf():
            forkserver.ensure_running()  # it imports while this process does
        self._ready = False
        self._warm: isolation.Warm | None = None
        self._pool: ProcessPoolExecutor | None = None

    def _begin(self) -> ProcessPoolExecutor:
        # When nobody holds the other end any more, also because this process was killed, the workers leave.
        self._reader, self._lifeline = self._context.Pipe(duplex=False)
        given = (self._reader, None if self._warm is None else self._warm.lend())
        return ProcessPoolExecutor(self._jobs, self._context, initializer=_enter, initargs=given)

    def room(self) -> int:
        """Return one more than there are processes: it waits while results are written."""
        return self._jobs + 1

    def submit(self, function: Function, kit: Kit, task: Task) -> Future[Graded]:
        """Begin with one submission, or queue it."""
        if self._pool is None:
            if kit.sandbox and self._warm is None:
                self._warm = isolation.Warm(kit)  # one for all workers: it takes seconds and memory
            self._pool = self._begin()
        if not self._ready:
            # Ctrl-C while the first process waits to be forked would leave it behind: better one that does nothing.
            first = self._context.Process(target=_nothing)
            first.start()
            first.join()
            self._ready = True
        return self._pool.submit(function, kit, task)

    def mend(self) -> None:
        """Let new processes be started: one of the old ones was killed."""
        self._end()

    def may_be_anothers(self, error: Exception) -> bool:
        """Return False: a process that ends is a `BrokenExecutor`."""
        return False

    def stop(self) -> None:
        """End all processes, whatever they are doing."""
        self._end()
        if self._warm is not None:
            self._warm.close()

    def _end(self) -> None:
        if self._pool is not None:
            self._lifeline.close()
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._reader.close()
            self._pool = None


def _nothing() -> None: ...


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """Let processes that start in the block ignore Ctrl-C, which the terminal sends to all of them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _enter(lifeline: Connection, lent: isolation.Lent | None) -> None:
    """Begin a worker process."""
    from cs_cnn.course.grading import one

    if lent is not None:
        isolation.borrow(lent)

    once = threading.RLock()  # a second signal may come while the first is obeyed

    def tidy() -> None:
        with once:
            one.tidy()

    def leave(*_: object) -> None:
        try:
            tidy()
        finally:
            os._exit(1)

    def watch() -> None:
        with contextlib.suppress(EOFError, OSError):
            lifeline.recv()
        leave()

    # Ctrl-C is for the process that asked. A handler, and not SIG_IGN, which kernels would inherit.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, leave)  # the pool sends it to all when one has ended
    one.on_stuck = leave
    threading.Thread(target=watch, daemon=True).start()
    util.Finalize(None, tidy, exitpriority=1)  # when the pool lets it go


class Cluster:
    """A dask.distributed cluster that is already there.

    Parameters
    ----------
    address : str
        Of its scheduler, such as tcp://10.0.0.5:8786.

    Raises
    ------
    CsCnnError
        When there is no such scheduler, or it has no workers.
    """

    def __init__(self, address: str) -> None:
        from distributed import Client

        try:
            client: Any = Client(address, timeout=_PATIENCE, set_as_default=False)  # type: ignore[no-untyped-call]
        except (OSError, ValueError, TypeError) as error:
            raise CsCnnError(
                f"There is no dask scheduler at {address}; give its address as `dask scheduler` prints it."
            ) from error
        try:
            client.wait_for_workers(1, timeout=_PATIENCE)
        except TimeoutError as error:
            client.close()
            raise CsCnnError(
                f"The scheduler at {address} has no workers; start some with `dask worker`."
            ) from error
        self._client = client
        self._executor: Executor = client.get_executor(pure=False)
        self._kit: Any = None

    def room(self) -> int:
        """Return two for each thread of the workers that are there now."""
        threads: dict[str, int] = self._client.nthreads()
        return max(2, 2 * sum(threads.values()))

    def submit(self, function: Function, kit: Kit, task: Task) -> Future[Graded]:
        """Begin with one submission, or queue it."""
        if self._kit is None:
            # A result of the cluster's, not scattered data, which would be gone with the workers that hold it.
            self._kit = self._client.submit(_same, kit, pure=False)
        return self._executor.submit(_alike, function, self._kit, task)

    def mend(self) -> None:
        """Do nothing: the scheduler replaces what breaks."""

    def may_be_anothers(self, error: Exception) -> bool:
        """Tell whether it was given up because its worker ended, perhaps under the work beside it."""
        from distributed.scheduler import KilledWorker

        return isinstance(error, KilledWorker)

    def stop(self) -> None:
        """Take back what is not finished, and leave the cluster as it was."""
        self._executor.shutdown(wait=False)
        self._client.close()


def _same(kit: Kit) -> Kit:
    return kit


_own_environment = functools.cache(submissions.environment)


def _alike(function: Function, kit: Kit, task: Task) -> Graded:
    """Call a function on a machine that gives the same marks as the one that asks."""
    if _own_environment() != kit.environment:
        raise CsCnnError(
            "A worker has other versions of cs-cnn, Python, nbgrader or NumPy than this machine; "
            "install the same ones there, and start its workers again."
        )
    return function(kit, task)


@contextlib.contextmanager
def place(jobs: int | None, scheduler: str | None) -> Iterator[Place]:
    """Open the place that is meant, and leave nothing running at the end.

    Parameters
    ----------
    jobs : int or None
        Processes on this machine; None for this process.
    scheduler : str or None
        The address of a dask scheduler, instead.

    Yields
    ------
    Place
        Here, `Processes` or a `Cluster`.
    """
    if scheduler is None and jobs is None:
        yield Here()
        return
    opened: Processes | Cluster = Cluster(scheduler) if scheduler is not None else Processes(jobs or 1)
    try:
        yield opened
    finally:
        opened.stop()
