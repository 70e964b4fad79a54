"""The controller: a recurrent net that writes cells, one decision after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from cs_cnn.errors import CsCnnError
from cs_cnn.studies.search import space


class Controller(nn.Module):
    """An LSTM that takes its last decision as input, and has a softmax for the next one.

    The last layers start at 0, so that at first all cells are equally likely.

    Parameters
    ----------
    sizes : sequence of int
        How many choices each decision has.
    hidden : int
        Units of the LSTM, and length of what stands for a choice.
    seed : int
        Where the weights come from.

    Examples
    --------
    >>> controller = Controller((4, 2))
    >>> controller.log_prob(torch.tensor([[3, 1]])).exp()
    tensor([0.1250], grad_fn=<ExpBackward0>)
    """

    def __init__(self, sizes: Sequence[int] = space.SIZES, *, hidden: int = 24, seed: int = 0) -> None:
        super().__init__()
        self.sizes = tuple(int(size) for size in sizes)
        if not self.sizes or min(self.sizes) < 1:
            raise CsCnnError(f"sizes must be whole numbers of at least 1, one or more, got {sizes}.")
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            self.start = nn.Parameter(torch.zeros(hidden))
            self.names = nn.ModuleList(nn.Embedding(size, hidden) for size in self.sizes[:-1])
            self.cell = nn.LSTMCell(hidden, hidden)
            self.heads = nn.ModuleList(nn.Linear(hidden, size) for size in self.sizes)
        for head in self.heads:
            for parameter in head.parameters():
                nn.init.zeros_(parameter)

    def _walk(self, count: int, given: Tensor | None, generator: torch.Generator | None) -> Any:
        """Take decisions, or follow those that are given; return choices, log-probabilities and entropies."""
        word = self.start.expand(count, -1)
        state: tuple[Tensor, Tensor] | None = None
        taken, logs, entropies = [], [], []
        for step, head in enumerate(self.heads):
            state = self.cell(word, state)
            log = head(state[0]).log_softmax(1)
            if given is None:
                choice = torch.multinomial(log.detach().exp(), 1, generator=generator)[:, 0]
            else:
                choice = given[:, step]
            taken.append(choice)
            logs.append(log.gather(1, choice[:, None])[:, 0])
            entropies.append(-(log.exp() * log).sum(1))
            if step < len(self.names):
                word = self.names[step](choice)
        return torch.stack(taken, 1), torch.stack(logs, 1).sum(1), torch.stack(entropies, 1).sum(1)

    def sample(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Write cells.

        Parameters
        ----------
        count : int
            How many.
        generator : torch.Generator
            Draws the decisions.

        Returns
        -------
        choices : Tensor of int (count, D)
        log_prob : Tensor (count,)
            Of each cell: the sum over its decisions.
        entropy : Tensor (count,)
            Of the decisions on the way to each cell, in nats, summed.
        """
        found: tuple[Tensor, Tensor, Tensor] = self._walk(count, None, generator)
        return found

    def log_prob(self, choices: Tensor) -> Tensor:
        """Return the log-probability with which the controller writes given cells.

        Parameters
        ----------
        choices : Tensor of int (N, D)

        Returns
        -------
        Tensor (N,)

        Raises
        ------
        CsCnnError
            When these are no choices.
        """
        sizes = torch.tensor(self.sizes)
        if (
            choices.ndim != 2
            or choices.shape[1] != len(sizes)
            or bool(((choices < 0) | (choices >= sizes)).any())
        ):
            raise CsCnnError(
                f"choices must have shape (N, {len(sizes)}), whole numbers below {', '.join(map(str, self.sizes))}, "
                f"got shape {tuple(choices.shape)}."
            )
        found: Tensor = self._walk(len(choices), choices, None)[1]
        return found
