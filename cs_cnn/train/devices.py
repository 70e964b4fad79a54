"""Where a net is trained, and keeping torch's global random state out of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch

from cs_cnn.errors import CsCnnError

RandomState = dict[str, torch.Tensor]


def find_device(wanted: str | torch.device = "auto") -> torch.device:
    """Turn a choice of device into a device that is there.

    Parameters
    ----------
    wanted : {"auto", "cpu", "cuda", "cuda:N", "mps"}
        "auto" takes a CUDA GPU, else Apple's MPS, else the CPU.

    Returns
    -------
    torch.device

    Raises
    ------
    CsCnnError
        When the device is not there or the name is none of these.

    Examples
    --------
    >>> find_device("cpu")
    device(type='cpu')
    """
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if str(wanted) == "auto":
        return torch.device("cuda" if cuda else "mps" if mps else "cpu")
    try:
        device = torch.device(wanted)
    except (RuntimeError, TypeError):
        device = None
    if device is None or device.type not in ("cpu", "cuda", "mps"):
        raise CsCnnError(f"The device must be auto, cpu, cuda or mps, got {str(wanted)!r}.")
    if device.type == "cuda" and not cuda:
        raise CsCnnError(f"The device {str(wanted)!r} is not there: torch sees no CUDA GPU; use cpu or auto.")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise CsCnnError(
            f"The device {str(wanted)!r} is not there: the GPUs are cuda:0 to cuda:{torch.cuda.device_count() - 1}."
        )
    if device.type == "mps" and not mps:
        raise CsCnnError("The device 'mps' is not there: it needs a Mac with Apple silicon; use cpu or auto.")
    return device


def random_state(device: torch.device) -> RandomState:
    """Return the states of torch's global generators that training on `device` may use (CPU tensors)."""
    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    elif device.type == "mps":
        state["mps"] = torch.mps.get_rng_state()
    return state


def set_random_state(state: RandomState, device: torch.device) -> None:
    """Put back what `random_state` returned; a state of another kind of device is passed over."""
    torch.set_rng_state(state["cpu"])
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)
    elif device.type == "mps" and "mps" in state:
        torch.mps.set_rng_state(state["mps"])


@contextlib.contextmanager
def private_randomness(seed: int, device: torch.device) -> Iterator[None]:
    """Seed the global generators for the length of a block, and restore them after it.

    Layers such as dropout can only draw from the global generators; inside this block what they draw depends
    on `seed` alone, and outside nobody notices.

    Parameters
    ----------
    seed : int
        Any integer that torch takes as a seed.
    device : torch.device
        The device of the training.
    """
    before = random_state(device)
    try:
        torch.default_generator.manual_seed(seed)
        if device.type == "cuda":
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        elif device.type == "mps":
            torch.mps.manual_seed(seed)
        yield
    finally:
        set_random_state(before, device)
