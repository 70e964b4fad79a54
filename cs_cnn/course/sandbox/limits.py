"""What a submission may use: one number per resource, all of them named."""

from __future__ import annotations

from dataclasses import asdict, dataclass

_MIB = 1024**2


@dataclass(frozen=True)
class Limits:
    """The limits of one sandbox.

    Attributes
    ----------
    memory : int
        Bytes for everything in the sandbox together, beyond what the warm process has loaded; no single process can
        map more, so a large array is a `MemoryError`. More in several processes ends the sandbox.
    processes : int
        Processes and threads; a kernel with idle libraries has about ten.
    file : int
        Bytes of the largest file.
    disk : int
        Bytes in each of the writable folders (home, /tmp, /dev/shm), which live in memory.
    cpu : int
        Seconds of processor time of one process.
    wall : int
        Seconds from the start of the sandbox to its end.
    output : int
        Bytes of output of all cells together.
    """

    memory: int = 4096 * _MIB
    processes: int = 128
    file: int = 256 * _MIB
    disk: int = 256 * _MIB
    cpu: int = 900
    wall: int = 1800
    output: int = 16 * _MIB

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if value < 1:
                raise ValueError(f"the limit {name} must be at least 1, got {value}")

    def sentence(self, what: str) -> str:
        """Say which limit ended a sandbox.

        >>> Limits().sentence("memory")
        'it used more than 4096 MiB of memory'
        """
        return {
            "memory": f"it used more than {self.memory // _MIB} MiB of memory",
            "processes": f"it started more than {self.processes} processes",
            "cpu": f"it used more than {self.cpu} s of processor time",
            "wall": f"it took longer than {self.wall} s in all",
        }[what]
