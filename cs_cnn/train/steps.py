"""One epoch: a step for every batch, and what is remembered of them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from cs_cnn.errors import CsCnnError
from cs_cnn.train.processes import Group
from cs_cnn.train.recipe import augmentation
from cs_cnn.train.recipe.precision import Precision
from cs_cnn.train.recipe.schedules import Moment, learning_rate
from cs_cnn.train.recipe.settings import Settings
from cs_cnn.zoo.parts.staged import Supervised

# Looking at a loss makes a GPU wait for it, so it is done once in so many steps.
LOOK_EVERY = 20

# Guessing costs log K. A net whose units saturate can diverge and never overflow, so "not finite" is too late.
DIVERGED = 1e6

# GoogLeNet's weight for the loss of each auxiliary head.
AUXILIARY = 0.3


@dataclass
class Trainee:
    """A net with all that its steps need.

    Attributes
    ----------
    model : torch.nn.Module
        The net; with several processes, wrapped so that its gradients are averaged.
    optimiser : torch.optim.Optimizer
        Changes its weights.
    precision : Precision
        Casts the forward pass and scales the loss.
    shuffler : torch.Generator
        Draws the order of the images and their augmentation; on the CPU, the same in every process.
    settings : Settings
        See there.
    epochs : int
        Epochs of the whole run.
    group : Group
        The processes that share every batch.
    """

    model: nn.Module
    optimiser: torch.optim.Optimizer
    precision: Precision
    shuffler: torch.Generator
    settings: Settings
    epochs: int
    group: Group


def check_loss(loss: float, what: str, epoch: int, lr: float, limit: float = DIVERGED) -> None:
    """Say in a sentence that a loss is no longer finite, or far above that of guessing."""
    if not loss < limit:  # true of nan as well
        raise CsCnnError(
            f"The {what} became {loss:.3g} in epoch {epoch}, so the learning rate {lr:g} is too high: "
            "try a tenth of it (what was saved before this epoch is untouched)."
        )


def supervised_loss(output: Tensor | Supervised, y: Tensor, smoothing: float = 0.0) -> tuple[Tensor, Tensor]:
    """Return the mean cross-entropy and the logits; auxiliary heads add 0.3 of theirs to the loss.

    Parameters
    ----------
    output : Tensor (N, K) or Supervised
        What a net returns in training mode.
    y : Tensor of int (N,)
        Labels.
    smoothing : float
        Which part of a label is spread over all classes.
    """
    if isinstance(output, Tensor):
        return F.cross_entropy(output, y, label_smoothing=smoothing), output
    logits, auxiliary = output
    loss = F.cross_entropy(logits, y, label_smoothing=smoothing)
    for head in auxiliary:
        loss = loss + AUXILIARY * F.cross_entropy(head, y, label_smoothing=smoothing)
    return loss, logits


class _Tally:
    """Losses and right answers of an epoch, looked at in blocks: small sums would cost time at every step."""

    def __init__(self) -> None:
        self._block: list[tuple[Tensor, Tensor, Tensor]] = []
        self._counts: list[float] = []
        self._losses: list[Tensor] = []
        self._hits: list[Tensor] = []

    def add(self, loss: Tensor, logits: Tensor, y: Tensor, count: float) -> None:
        """Remember a step whose mean loss counts for `count` images."""
        if not count:
            return  # a share that counts for nothing, see Group.share
        self._block.append((loss.detach(), logits.detach(), y))
        self._counts.append(count)
        if len(self._block) == LOOK_EVERY:
            self._close_block()

    def _close_block(self) -> None:
        if self._block:
            losses, logits, labels = zip(*self._block, strict=True)
            self._losses.append(torch.stack(losses))
            self._hits.append((torch.cat(logits).argmax(1) == torch.cat(labels)).sum())
            self._block = []

    def totals(self) -> Tensor:
        """Return the sum of the losses and the number of right answers, on the CPU."""
        self._close_block()
        if not self._counts:
            return torch.zeros(2, dtype=torch.float64)
        losses = torch.cat(self._losses).cpu().double()
        loss = losses @ torch.tensor(self._counts, dtype=torch.float64)
        return torch.stack([loss, torch.stack(self._hits).cpu().sum().double()])


def one_epoch(
    trainee: Trainee, x: Tensor, y: Tensor, epoch: int, accuracies: list[float], progress: bool
) -> tuple[float, float, float]:
    """Make one step for every batch.

    Parameters
    ----------
    trainee : Trainee
        The net; it is changed.
    x, y : Tensor
        All training images and labels, on the net's device.
    epoch : int
        The number of this epoch, from 1.
    accuracies : list of float
        Test accuracy after each epoch before.
    progress : bool
        Show a progress bar.

    Returns
    -------
    lr, loss, accuracy : float
        The first learning rate; means over the epoch.
    """
    settings, optimiser, group = trainee.settings, trainee.optimiser, trainee.group
    # The order is drawn on the CPU, so that it is the same on every device.
    order = torch.randperm(len(x), generator=trainee.shuffler).to(x.device)
    draws = augmentation.draw(
        len(x), flip=settings.flip, crop=settings.crop, generator=trainee.shuffler, device=x.device
    )
    batches = torch.split(order, settings.batch_size)
    tally, first_lr = _Tally(), 0.0
    trainee.model.train()
    with tqdm(
        total=len(batches), desc=f"epoch {epoch}/{trainee.epochs}", leave=False, disable=not progress
    ) as bar:
        for step, batch in enumerate(batches):
            moment = Moment(epoch - 1 + step / len(batches), trainee.epochs, accuracies)
            lr = learning_rate(settings, moment)
            first_lr = first_lr if step else lr
            for parameters in optimiser.param_groups:
                parameters["lr"] = lr
            mine, weight = group.share(batch)
            images, labels = x[mine], y[mine]
            if draws is not None:
                images = augmentation.apply(images, draws, mine)
            with trainee.precision.casting():
                loss, logits = supervised_loss(trainee.model(images), labels, settings.label_smoothing)
            # A process with more images than another counts for more in the average of the gradients.
            trainee.precision.step(loss if weight == 1.0 else loss * weight, optimiser)
            tally.add(loss, logits, labels, len(batch) * weight / group.size)
            if step % LOOK_EVERY == 0:
                seen = float(group.sum(loss.detach() * (weight / group.size)))
                check_loss(seen, "training loss", epoch, settings.rate)
                bar.set_postfix(loss=f"{seen:.3f}", refresh=False)
            bar.update()
    total, hits = group.sum(tally.totals()).tolist()
    check_loss(total / len(x), "training loss", epoch, settings.rate)
    return first_lr, total / len(x), hits / len(x)
