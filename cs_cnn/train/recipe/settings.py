"""The settings of a run: what they are, and what they may be."""

from __future__ import annotations

import dataclasses
import difflib
import math
from dataclasses import dataclass
from typing import Any

from cs_cnn.errors import CsCnnError
from cs_cnn.train.recipe.optimisers import OPTIMISERS
from cs_cnn.train.recipe.precision import PRECISIONS
from cs_cnn.train.recipe.schedules import SCHEDULES


@dataclass(frozen=True)
class Settings:
    """Everything that decides a run, beside the net and the images.

    Parameters
    ----------
    batch_size : int
        Images per step, at most as many as there are; the last batch of an epoch may be smaller. With several
        processes this is the joint batch, of which each takes a share.
    optimiser : {"sgd", "adam", "rmsprop"}
        Those of `torch.optim`. SGD's update is v = momentum v + g, w = w - lr v.
    lr : float, optional
        Learning rate at the start; by default 0.02 for sgd (chosen by measurement for LeNet-5 on the packaged
        5,000 images) and 0.001 for adam and rmsprop.
    momentum : float
        From 0 up to but not including 1; for adam the decay of the mean of the gradients.
    weight_decay : float
        Added to every gradient: weight_decay times the parameter.
    schedule : str
        How the learning rate moves, see `cs_cnn.train.recipe.schedules`: "constant", "cosine", "linear", "polynomial",
        "exponential", "step" or "plateau".
    factor : float, optional
        What step and plateau multiply the learning rate by (by default 0.1, as in AlexNet, VGG and ResNet), and
        exponential after every epoch (by default 0.95).
    milestones : tuple of int
        For step: after which epochs.
    patience : int
        For plateau: after how many epochs in a row without a better test accuracy.
    power : float
        For polynomial: the exponent.
    warmup : int
        For how many epochs the learning rate rises in a straight line to the schedule's.
    flip, crop : bool, int
        Augmentation of the training images: mirror every other one at random; shift by up to `crop` pixels each
        way, that is pad with zeros and crop to the old size.
    label_smoothing : float
        Which part of a label is spread over all classes. The test loss is without it.
    stop_after : int, optional
        End early after so many epochs in a row without a better test accuracy.
    precision : {"auto", "float32", "bfloat16", "float16"}
        In what the forward pass computes products; weights stay as they are. "auto" is bfloat16 (on older GPUs
        float16) under CUDA, and float32 elsewhere.
    sync_batch_norm : bool
        With several GPUs: let batch norm take its means over the joint batch and not over each process's share.
    seed : int
        Decides the order of the images, the augmentation and what layers such as dropout draw. torch's global
        generators are left as they were. Same seed, same weights, same CPU and number of threads: same result, bit
        for bit.
    """

    batch_size: int = 16
    optimiser: str = "sgd"
    lr: float | None = None
    momentum: float = 0.9
    weight_decay: float = 0.0
    schedule: str = "cosine"
    factor: float | None = None
    milestones: tuple[int, ...] = ()
    patience: int = 3
    power: float = 2.0
    warmup: int = 0
    flip: bool = False
    crop: int = 0
    label_smoothing: float = 0.0
    stop_after: int | None = None
    precision: str = "auto"
    sync_batch_norm: bool = False
    seed: int = 0

    @property
    def rate(self) -> float:
        """The learning rate at the start, given or by default."""
        return OPTIMISERS[self.optimiser].lr if self.lr is None else self.lr

    def identity(self, epochs: int) -> dict[str, Any]:
        """Return what must be equal when a run goes on; the number of epochs where the schedule depends on it."""
        own = {**dataclasses.asdict(self), "lr": self.rate}
        del own["stop_after"]  # a run that has stopped early may be allowed to go on
        return {**own, "epochs": epochs} if SCHEDULES[self.schedule].ends else own


def make_settings(**chosen: Any) -> Settings:
    """Return settings, or say which name is not one of them."""
    known = [field.name for field in dataclasses.fields(Settings)]
    for name in chosen:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}."
            raise CsCnnError(f"Training has no setting {name!r}; {hint}")
    if "milestones" in chosen:
        chosen["milestones"] = tuple(chosen["milestones"])
    return Settings(**chosen)


def _whole(value: Any, low: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= low


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def check_settings(settings: Settings, count: int, epochs: int, processes: int = 1) -> None:
    """Say which setting is out of range.

    Parameters
    ----------
    settings : Settings
        See there.
    count : int
        Number of training images.
    epochs : int
        How many times every image is seen.
    processes : int
        How many processes share a batch.

    Raises
    ------
    CsCnnError
        For the first setting that is out of range.
    """
    s = settings
    for name, allowed in (("optimiser", OPTIMISERS), ("schedule", SCHEDULES), ("precision", PRECISIONS)):
        if getattr(s, name) not in allowed:
            words = [repr(word) for word in allowed]
            raise CsCnnError(
                f"{name} must be {', '.join(words[:-1])} or {words[-1]}, got {getattr(s, name)!r}."
            )
    for name, value, low in (
        ("epochs", epochs, 1),
        ("batch_size", s.batch_size, 1),
        ("patience", s.patience, 1),
        ("warmup", s.warmup, 0),
        ("crop", s.crop, 0),
        ("stop_after", 1 if s.stop_after is None else s.stop_after, 1),
    ):
        if not _whole(value, low):
            raise CsCnnError(f"{name} must be a whole number of at least {low}, got {value!r}.")
    if s.batch_size > count:
        raise CsCnnError(
            f"batch_size must be at most the number of training images, {count}, got {s.batch_size}."
        )
    if s.batch_size < processes:
        raise CsCnnError(
            f"batch_size is the joint batch of all {processes} processes, so it must be at least {processes}, "
            f"got {s.batch_size}."
        )
    if not (_number(s.rate) and s.rate > 0):
        raise CsCnnError(f"lr, the learning rate, must be a number above 0, got {s.lr!r}.")
    if not (_number(s.momentum) and 0 <= s.momentum < 1):
        raise CsCnnError(f"momentum must be at least 0 and less than 1, got {s.momentum!r}.")
    if not (_number(s.weight_decay) and s.weight_decay >= 0):
        raise CsCnnError(f"weight_decay must be a number of at least 0, got {s.weight_decay!r}.")
    if not (_number(s.label_smoothing) and 0 <= s.label_smoothing < 1):
        raise CsCnnError(f"label_smoothing must be at least 0 and less than 1, got {s.label_smoothing!r}.")
    if not (_number(s.power) and s.power > 0):
        raise CsCnnError(f"power must be a number above 0, got {s.power!r}.")
    if s.factor is not None and not (_number(s.factor) and 0 < s.factor < 1):
        raise CsCnnError(f"factor must lie between 0 and 1, got {s.factor!r}.")
    if s.warmup >= epochs and s.warmup:
        raise CsCnnError(f"warmup must be less than the {epochs} epochs of the run, got {s.warmup}.")
    if not all(_whole(m, 1) for m in s.milestones) or list(s.milestones) != sorted(set(s.milestones)):
        raise CsCnnError(f"milestones must be rising numbers of epochs from 1, got {list(s.milestones)}.")
    if (s.schedule == "step") != bool(s.milestones):
        raise CsCnnError(
            "The schedule 'step' and milestones belong together: schedule='step', milestones=(30, 60)."
        )
    if not _whole(s.seed, 0) or s.seed >= 2**63:
        raise CsCnnError(f"seed must be a whole number from 0 to 2^63 - 1, got {s.seed!r}.")
