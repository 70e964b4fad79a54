"""Mixed precision: products in half the bits where the device has units for them, weights in float32."""

from __future__ import annotations

import contextlib
from typing import Any

import torch
from torch import Tensor

from cs_cnn.errors import CsCnnError

PRECISIONS: dict[str, torch.dtype | None] = {
    "auto": None,
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


def resolve(precision: str, device: torch.device) -> str:
    """Return the precision that "auto" means on a device, or the one that was asked for if the device has it.

    Raises
    ------
    CsCnnError
        When the device cannot train in it.

    Examples
    --------
    >>> resolve("auto", torch.device("cpu"))
    'float32'
    """
    if precision == "auto":
        if device.type != "cuda":
            return "float32"
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"
    if precision == "float16" and device.type != "cuda":
        raise CsCnnError("precision 'float16' needs a CUDA GPU; choose bfloat16 or float32 on this device.")
    return precision


class Precision:
    """Where the forward pass is cast, and how the loss is scaled so that small gradients survive in float16.

    Parameters
    ----------
    name : {"float32", "bfloat16", "float16"}
        As `resolve` returns it.
    device : torch.device
        Where the net is.
    """

    def __init__(self, name: str, device: torch.device) -> None:
        self._device, self._dtype = device.type, PRECISIONS[name]
        self._mixed = self._dtype is not torch.float32
        self.scaler = torch.amp.GradScaler(device.type) if name == "float16" else None

    def casting(self) -> contextlib.AbstractContextManager[Any]:
        """Return the context for the forward pass and the loss."""
        if not self._mixed:
            return contextlib.nullcontext()
        return torch.autocast(self._device, self._dtype)

    def step(self, loss: Tensor, optimiser: torch.optim.Optimizer) -> None:
        """Go back through the net, and change the weights."""
        optimiser.zero_grad()
        if self.scaler is None:
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        else:
            self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
            self.scaler.step(optimiser)
            self.scaler.update()

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint must hold: the scale of the loss."""
        return {} if self.scaler is None else self.scaler.state_dict()

    def load(self, state: dict[str, Any]) -> None:
        """Put back what `state` returned."""
        if self.scaler is not None and state:
            self.scaler.load_state_dict(state)
