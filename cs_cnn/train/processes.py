"""Several processes that train one net together, as `torchrun` starts them; one process is the simplest case.

Every process holds the net and all images, draws the same order, and takes its share of each joint batch; gradients
are averaged (DistributedDataParallel), so that all make the step that one process would make with the joint batch.
What must happen once (writing files) happens in the first process. Batch norm takes its means over the share of its
process unless `sync_batch_norm` joins them; running statistics are those of the first process.

On one machine ``torchrun --standalone --nproc-per-node 2 -m cs_cnn.train ...``; on two, the same command on each:
``torchrun --nnodes 2 --nproc-per-node 1 --rdzv-backend c10d --rdzv-endpoint FIRST:29500 -m cs_cnn.train ...``.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from cs_cnn.errors import CsCnnError

Result = TypeVar("Result")


class LostProcessError(CsCnnError):
    """Another process of the run has ended, so that this one cannot go on."""


@dataclass(frozen=True)
class Group:
    """The processes of a run, seen from one of them.

    Attributes
    ----------
    rank : int
        The number of this process, from 0; process 0 writes.
    size : int
        How many there are.
    local_rank : int
        Its number on its machine, which is the number of its GPU.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0

    @classmethod
    def current(cls) -> Group:
        """Return the group of torch.distributed where that is in use, else a group of one."""
        if not (dist.is_available() and dist.is_initialized()):
            return cls()
        return cls(dist.get_rank(), dist.get_world_size(), int(os.environ.get("LOCAL_RANK", "0")))

    @property
    def first(self) -> bool:
        """Whether this process is the one that writes."""
        return self.rank == 0

    def device(self, device: torch.device) -> torch.device:
        """Return the device of this process: with several, each has its own GPU."""
        if self.size > 1 and device.type == "mps":
            raise CsCnnError("Several processes cannot share Apple's GPU; train with device='cpu'.")
        if self.size == 1 or str(device) != "cuda":
            return device
        if self.local_rank >= torch.cuda.device_count():
            raise CsCnnError(
                f"Process {self.rank} finds no GPU number {self.local_rank}: start at most as many processes on a "
                f"machine as it has GPUs, here {torch.cuda.device_count()}."
            )
        return torch.device("cuda", self.local_rank)

    def seed(self, seed: int) -> int:
        """Return a seed for what the layers of this process draw; dropout must differ from share to share."""
        return (seed + 1_000_003 * self.rank) % 2**63

    def share(self, batch: Tensor) -> tuple[Tensor, float]:
        """Return this process's part of a joint batch, and the weight of its mean loss in the average over processes.

        A process that gets nothing of a small last batch takes one image with weight 0, because all must take part
        in averaging the gradients.
        """
        if self.size == 1:
            return batch, 1.0
        part = batch[self.rank :: self.size]
        return (part, len(part) * self.size / len(batch)) if len(part) else (batch[:1], 0.0)

    def wrap(self, model: nn.Module, device: torch.device) -> nn.Module:
        """Return the model so that its gradients are averaged over the processes."""
        if self.size == 1:
            return model
        return nn.parallel.DistributedDataParallel(
            model, device_ids=[device] if device.type == "cuda" else None
        )

    def sum(self, numbers: Tensor) -> Tensor:
        """Return the sum over all processes, the same in each."""
        if self.size > 1:
            dist.all_reduce(numbers)
        return numbers

    def level(self, model: nn.Module) -> None:
        """Give all processes the buffers of the first: each has its own running statistics of batch norm."""
        if self.size > 1:
            for buffer in model.buffers():
                dist.broadcast(buffer, 0)

    def gather(self, value: Result) -> list[Result]:
        """Return what each process has, in order."""
        if self.size == 1:
            return [value]
        values: list[Any] = [None] * self.size
        dist.all_gather_object(values, value)
        return values

    def together(self, function: Callable[[], Result]) -> Result:
        """Call a function in every process; if it fails in any with a sentence, raise the first one in all."""
        result, sentence = _try(function)
        failed = [other for other in self.gather(sentence) if other is not None]
        if failed:
            raise failed[0]
        return result  # type: ignore[return-value]  # it is None only with a sentence

    def from_first(self, function: Callable[[], Result]) -> Result:
        """Call a function in the first process, and return its result, or raise its sentence, in all."""
        outcome: list[Any] = list(_try(function)) if self.first else [None, None]
        if self.size > 1:
            dist.broadcast_object_list(outcome, 0)
        if outcome[1] is not None:
            raise outcome[1]
        return outcome[0]  # type: ignore[no-any-return]


def _try(function: Callable[[], Result]) -> tuple[Result | None, CsCnnError | None]:
    try:
        return function(), None
    except CsCnnError as error:
        if Group.current().size == 1:
            raise
        return None, CsCnnError(str(error))  # without its causes, so that it can travel


def started_by_torchrun() -> bool:
    """Tell whether this process is one of a group that `torchrun` has started."""
    return "TORCHELASTIC_RUN_ID" in os.environ and "WORLD_SIZE" in os.environ


@contextlib.contextmanager
def joined(device: str) -> Iterator[Group]:
    """Join the group that `torchrun` has started, for the length of a block; otherwise yield a group of one.

    Parameters
    ----------
    device : str
        What was asked for. GPUs talk through NCCL, processors through gloo.
    """
    if not started_by_torchrun():
        yield Group()
        return
    on_gpus = torch.cuda.is_available() and device.split(":")[0] in ("auto", "cuda")
    with _interrupted_once():
        # Sentences travel through gloo even where gradients go through NCCL.
        dist.init_process_group("cpu:gloo,cuda:nccl" if on_gpus else "gloo")
        yield Group.current()
        # Only after a good end: a group whose member is gone may wait for it. The process takes it along.
        dist.destroy_process_group()


@contextlib.contextmanager
def _interrupted_once() -> Iterator[None]:
    """Take the first Ctrl-C, or torchrun's request to end, as an interrupt, and let no second one cut it short."""
    signals = (signal.SIGINT, signal.SIGTERM)

    def once(number: int, frame: object) -> None:
        for each in signals:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = [signal.signal(each, once) for each in signals]
    try:
        yield
    finally:
        for each, handler in zip(signals, before, strict=True):
            if signal.getsignal(each) is once:
                signal.signal(each, handler)


@contextlib.contextmanager
def told_when_lost(group: Group, advice: Callable[[], str]) -> Iterator[None]:
    """Turn the error of a connection that another process has dropped into one sentence.

    Parameters
    ----------
    group : Group
        With one process nothing is caught.
    advice : callable
        Returns the end of the sentence.
    """
    try:
        yield
    except RuntimeError as error:
        lost = any(word in str(error) for word in ("gloo", "Gloo", "NCCL", "Connection"))
        if group.size == 1 or not (lost or isinstance(error, dist.DistBackendError)):
            raise
        raise LostProcessError(f"Another process of this run has ended, so all end; {advice()}") from error
