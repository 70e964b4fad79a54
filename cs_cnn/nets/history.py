"""What happened during training, as numbers that can be drawn and tabulated."""

from __future__ import annotations

from dataclasses import dataclass, field

from cs_cnn.optim.schedules import rises


@dataclass
class History:
    """What happened during training.

    Attributes
    ----------
    loss : list of float
        Loss of the batch at every step.
    epoch_loss : list of float
        Mean of those losses over every epoch.
    train_accuracy, val_accuracy : list of float
        Share of right answers after every epoch, from 0 to 1; the second is empty without validation data.
    lr : list of float
        Learning rate of every epoch.
    val_loss : list of float
        Mean cross-entropy of the validation data after every epoch, without the penalty on the weights; empty
        without validation data.
    """

    loss: list[float] = field(default_factory=list)
    epoch_loss: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    val_accuracy: list[float] = field(default_factory=list)
    lr: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)

    @property
    def n_epochs(self) -> int:
        """How many epochs are done."""
        return len(self.epoch_loss)

    def curves(self) -> dict[str, list[float]]:
        """Return the columns that have one value per epoch, under the names of `rows`."""
        columns = {"lr": self.lr, "loss": self.epoch_loss, "train_accuracy": self.train_accuracy}
        if self.val_accuracy:
            columns |= {"val_loss": self.val_loss, "val_accuracy": self.val_accuracy}
        return columns

    def rows(self) -> list[dict[str, float]]:
        """Return one dictionary for every epoch, as a table wants it."""
        columns = self.curves()
        names = ["epoch", *columns]
        return [
            dict(zip(names, (epoch, *values), strict=True))
            for epoch, values in enumerate(zip(*columns.values(), strict=True), start=1)
        ]

    def best_epoch(self, watch: str = "val_loss") -> int:
        """Name the best epoch so far, the first one where several are equal.

        Parameters
        ----------
        watch : {"val_loss", "val_accuracy", "loss", "train_accuracy"}
            The curve to go by.

        Returns
        -------
        int
            From 1; 0 when there is no epoch yet.

        Raises
        ------
        ValueError
            When there is no such curve.

        Examples
        --------
        >>> History(epoch_loss=[2.0, 1.5, 1.7]).best_epoch("loss")
        2
        """
        sign = 1 if rises(watch) else -1
        curve = self.curves().get(watch, [])
        if self.n_epochs and not curve:
            raise ValueError(f"there is no {watch} to go by: train with validation data")
        return 1 + max(range(len(curve)), key=lambda epoch: sign * curve[epoch]) if curve else 0
