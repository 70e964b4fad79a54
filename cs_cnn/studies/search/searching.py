"""Two searches over the same space: one that learns from what it has seen, and one that draws blindly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cs_cnn.errors import CsCnnError
from cs_cnn.studies.search import space
from cs_cnn.studies.search.controller import Controller

Reward = Callable[[NDArray[np.int64]], Any]
"""Maps choices (n, D) to rewards (n,); more is better."""


@dataclass(frozen=True)
class Trace:
    """What a search has tried, in order.

    Attributes
    ----------
    choices : numpy.ndarray
        The decisions of each of the T cells, whole numbers of shape (T, D).
    rewards : numpy.ndarray
        What each was worth, shape (T,).
    """

    choices: NDArray[np.int64]
    rewards: NDArray[np.float64]

    @property
    def best(self) -> NDArray[np.float64]:
        """The best reward so far, (T,)."""
        return np.asarray(np.maximum.accumulate(self.rewards))

    @property
    def distinct(self) -> int:
        """How many different cells were tried: a net that was trained before needs no second training."""
        return len(np.unique(self.choices, axis=0))


def surrogate(log_prob: Tensor, reward: Tensor, baseline: float) -> Tensor:
    """Return what gradient descent shall make small: its gradient is REINFORCE's estimate, with the sign turned.

    Parameters
    ----------
    log_prob, reward : Tensor (N,)
        Log-probabilities of what was drawn, and what it was worth.
    baseline : float
        Taken off the rewards. The mean gradient does not change with it, its scatter does.

    Returns
    -------
    Tensor ()
        ``-mean((reward - baseline) * log_prob)``; rewards count as constants.

    Notes
    -----
    Williams (1992), "Simple statistical gradient-following algorithms for connectionist reinforcement learning".
    """
    return -((reward - baseline).detach() * log_prob).mean()


def reinforce(
    reward: Reward,
    *,
    proposals: int = 100,
    batch: int = 5,
    lr: float = 0.02,
    decay: float = 0.8,
    entropy: float = 0.0,
    baseline: bool = True,
    seed: int = 0,
    controller: Controller | None = None,
) -> Trace:
    """Search with a controller that is trained by REINFORCE.

    Parameters
    ----------
    reward : callable
        See `Reward`.
    proposals : int
        How many cells are tried in all; a multiple of `batch`.
    batch : int
        How many before each step of the controller.
    lr : float
        Learning rate of Adam.
    decay : float
        The baseline is a moving mean of the rewards, of which a step keeps so much.
    entropy : float
        Reward for being undecided, in reward per nat.
    baseline : bool
        Without, every reward counts from 0.
    seed : int
        Draws weights and decisions.
    controller : Controller, optional
        By default a new one for the space of this study; it is trained in place.

    Returns
    -------
    Trace

    Raises
    ------
    CsCnnError
        When a number is out of range.
    """
    if batch < 1 or proposals < batch or proposals % batch:
        raise CsCnnError(
            f"proposals must be a multiple of batch = {batch}, and at least that, got {proposals}."
        )
    if not (lr > 0 and 0 <= decay < 1):
        raise CsCnnError(f"lr must be above 0, and decay from 0 to below 1, got {lr} and {decay}.")
    writer = Controller(seed=seed) if controller is None else controller
    optimiser = torch.optim.Adam(writer.parameters(), lr=lr)
    generator = torch.Generator().manual_seed(seed)
    tried, told = [], []
    level: float | None = None
    for _ in range(proposals // batch):
        choices, log_prob, undecided = writer.sample(batch, generator)
        tried.append(choices.numpy())
        told.append(np.asarray(reward(tried[-1]), dtype=float))
        mean = float(told[-1].mean())
        # Earlier rewards only: a baseline that holds a batch's own would shrink its gradient. The first has no other.
        before = mean if level is None else level
        level = mean if level is None else decay * level + (1 - decay) * mean
        gain = torch.as_tensor(told[-1], dtype=log_prob.dtype)
        loss = surrogate(log_prob, gain, before if baseline else 0.0) - entropy * undecided.mean()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return Trace(np.concatenate(tried), np.concatenate(told))


def random_search(reward: Reward, *, proposals: int = 100, seed: int = 0) -> Trace:
    """Try different cells of the space, drawn without looking at any reward.

    Parameters
    ----------
    reward : callable
        See `Reward`.
    proposals : int
        How many; at most as many as there are cells, as none is tried twice.
    seed : int
        Draws them.

    Returns
    -------
    Trace

    Raises
    ------
    CsCnnError
        When there are not so many cells.
    """
    if not 1 <= proposals <= space.COUNT:
        raise CsCnnError(
            f"proposals must be from 1 to the {space.COUNT} cells of the space, got {proposals}."
        )
    order = np.random.default_rng(seed).permutation(space.COUNT)[:proposals]
    choices = space.all_choices()[order]
    return Trace(choices, np.asarray(reward(choices), dtype=float))
