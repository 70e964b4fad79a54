"""A deep autoencoder: a net that must put out what came in, through a code of few numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal, get_args

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from cs_cnn.train.descent import descend
from cs_cnn.train.devices import private_randomness
from cs_cnn.zoo.parts.blocks import Scheme, initialise, require_choice, require_whole

Activation = Literal["relu", "sigmoid", "linear"]
Step = Callable[[Tensor], Tensor]

_BEND: dict[str, Step] = {"relu": torch.relu, "sigmoid": torch.sigmoid, "linear": lambda h: h}


class Autoencoder(nn.Module):
    """Affine layers down to a code and up again; the code and the output are linear.

    Parameters
    ----------
    sizes : sequence of int
        Numbers at every level, from D of the input to M of the code: ``(784, 256, 64, 8)``.
    activation : {"relu", "sigmoid", "linear"}
        Between the layers.
    scheme : str
        How the weights start, see `cs_cnn.zoo.parts.blocks.initialise`.
    std : float
        For the scheme "gaussian".
    seed : int
        Draws them.

    Attributes
    ----------
    down, up : torch.nn.ModuleList of torch.nn.Linear
        The layers of the encoder and of the decoder, in the order of use.

    Raises
    ------
    ValueError
        When there are fewer than two sizes, one is no whole number above 0, or an option is unknown.

    Examples
    --------
    >>> net = Autoencoder((64, 32, 4))
    >>> x = torch.zeros(3, 64)
    >>> net.encode(x).shape, net(x).shape
    (torch.Size([3, 4]), torch.Size([3, 64]))
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        activation: Activation = "relu",
        scheme: Scheme = "he",
        std: float = 0.01,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if len(sizes) < 2:
            raise ValueError(f"sizes must name at least the input and the code, got {tuple(sizes)}.")
        for value in sizes:
            require_whole("every one of sizes", value)
        require_choice("activation", activation, get_args(Activation))
        self.sizes, self.bend = tuple(sizes), _BEND[activation]
        with private_randomness(seed, torch.device("cpu")):
            self.down = nn.ModuleList(nn.Linear(*pair) for pair in pairwise(sizes))
            self.up = nn.ModuleList(nn.Linear(*pair) for pair in pairwise(sizes[::-1]))
            initialise(self, scheme, std=std)

    def encode(self, x: Tensor) -> Tensor:
        """Map rows (N, D) to codes (N, M)."""
        return self._through(self.down, x)

    def decode(self, codes: Tensor) -> Tensor:
        """Map codes (N, M) to rows (N, D)."""
        return self._through(self.up, codes)

    def forward(self, x: Tensor) -> Tensor:
        """Map rows (N, D) to what is left of them after the code."""
        return self.decode(self.encode(x))

    def _through(self, layers: nn.ModuleList, h: Tensor) -> Tensor:
        for layer in layers[:-1]:
            h = self.bend(layer(h))
        out: Tensor = layers[-1](h)
        return out


def fit(
    net: nn.Module,
    x: NDArray[np.floating],
    *,
    epochs: int,
    batch_size: int = 50,
    lr: float = 0.002,
    optimiser: Literal["adam", "sgd"] = "adam",
    noise: float = 0.0,
    seed: int = 0,
    on_epoch: Callable[[float], None] | None = None,
) -> list[float]:
    """Train a net to put out what comes in, with the squared error and a rate that falls to 0 along half a cosine.

    Parameters
    ----------
    net : torch.nn.Module
        Maps rows (N, D) to rows (N, D); changed in place.
    x : numpy.ndarray, shape (N, D)
    epochs, batch_size, lr
        As usual.
    optimiser : {"adam", "sgd"}
        "sgd" has a momentum of 0.9.
    noise : float
        Standard deviation of normal noise that is added to what comes in, not to what should come out: above 0 it
        makes a denoising autoencoder.
    seed : int
        Draws the order of the rows, and the noise.
    on_epoch : callable, optional
        Called with every new error.

    Returns
    -------
    list of float
        The mean squared error of every epoch, over all rows and columns.

    Raises
    ------
    ValueError
        When `optimiser` is unknown.
    CsCnnError
        When the loss is no longer a number.
    """
    require_choice("optimiser", optimiser, ("adam", "sgd"))
    rows = torch.tensor(np.asarray(x), dtype=next(net.parameters()).dtype)
    return _train(net, rows, net.parameters(), epochs, batch_size, lr, optimiser, noise, seed, on_epoch)


def _train(
    through: Callable[[Tensor], Tensor],
    rows: Tensor,
    parameters: object,
    epochs: int,
    batch_size: int,
    lr: float,
    optimiser: str,
    noise: float,
    seed: int,
    on_epoch: Callable[[float], None] | None = None,
) -> list[float]:
    chosen: torch.optim.Optimizer = (
        torch.optim.Adam(parameters, lr=lr)  # type: ignore[arg-type]
        if optimiser == "adam"
        else torch.optim.SGD(parameters, lr=lr, momentum=0.9)  # type: ignore[arg-type]
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(chosen, epochs * -(-len(rows) // batch_size))
    draw = torch.Generator().manual_seed(seed)

    def batch_loss(places: Tensor) -> Tensor:
        aim = rows[places]
        given = aim + noise * torch.randn(aim.shape, generator=draw, dtype=aim.dtype) if noise else aim
        return F.mse_loss(through(given), aim)

    errors: list[float] = []
    for error in descend(
        chosen, len(rows), batch_loss, epochs=epochs, batch_size=batch_size, generator=draw, schedule=schedule
    ):
        errors.append(error)
        if on_epoch is not None:
            on_epoch(error)
    return errors


def pretrain(
    net: Autoencoder,
    x: NDArray[np.floating],
    *,
    epochs: int,
    batch_size: int = 50,
    lr: float = 0.002,
    optimiser: Literal["adam", "sgd"] = "adam",
    seed: int = 0,
) -> list[list[float]]:
    """Train an autoencoder level by level, as was done before nets could be trained from a random start.

    Each level is an autoencoder of one layer down and one up. It learns to put out what the trained levels below make
    of the data, and then rests. (Hinton and Salakhutdinov trained restricted Boltzmann machines instead.)

    Parameters
    ----------
    net : Autoencoder
        Changed in place; train all of it with `fit` afterwards.
    x : numpy.ndarray, shape (N, D)
    epochs, batch_size, lr, optimiser, seed
        As for `fit`; for every level.

    Returns
    -------
    list of list of float
        For every level its mean squared error, epoch by epoch.

    Raises
    ------
    ValueError
        When `optimiser` is unknown.
    CsCnnError
        When the loss is no longer a number.

    Notes
    -----
    Bengio, Lamblin, Popovici & Larochelle, *Greedy layer-wise training of deep networks* (2007).
    """
    require_choice("optimiser", optimiser, ("adam", "sgd"))
    rows = torch.tensor(np.asarray(x), dtype=next(net.parameters()).dtype)
    errors = []
    last = len(net.down) - 1
    for level, (down, up) in enumerate(zip(net.down, reversed(net.up), strict=True)):
        inner = net.bend if level < last else _BEND["linear"]  # the code is linear, and so is the output
        outer = net.bend if level else _BEND["linear"]

        def through(
            h: Tensor, down: nn.Module = down, up: nn.Module = up, inner: Step = inner, outer: Step = outer
        ) -> Tensor:
            return outer(up(inner(down(h))))

        parameters = [*down.parameters(), *up.parameters()]
        errors.append(_train(through, rows, parameters, epochs, batch_size, lr, optimiser, 0.0, seed))
        with torch.no_grad():
            rows = inner(down(rows))
    return errors


@torch.no_grad()
def reconstruct(net: nn.Module, x: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return what a net makes of rows (N, D): (N, D)."""
    out: Tensor = net(torch.tensor(np.asarray(x), dtype=next(net.parameters()).dtype))
    return out.double().numpy()
