"""Training the nets of the zoo on arrays of images: one loop, its history and its checkpoints.

>>> from cs_cnn import data, train, zoo
>>> images = data.load("fashion-mnist")
>>> net = zoo.build("lenet5", seed=0)
>>> rows = train.fit(net, (images.x_train[:64], images.y_train[:64]), (images.x_test[:64], images.y_test[:64]),
...                  epochs=1, progress=False)
>>> sorted(rows[0])
['epoch', 'lr', 'seconds', 'test_accuracy', 'test_loss', 'test_top5', 'train_accuracy', 'train_loss']

From the command line: ``python -m cs_cnn.train lenet5 --epochs 3``; on several processors or machines
``torchrun --nproc-per-node 2 -m cs_cnn.train lenet5 --epochs 3``.

Importing this package does not import PyTorch; its functions are looked up when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cs_cnn.train.checkpoint import Checkpoint, load_checkpoint, load_weights
    from cs_cnn.train.devices import find_device
    from cs_cnn.train.evaluation import evaluate, predict
    from cs_cnn.train.history import read_history
    from cs_cnn.train.loop import fit
    from cs_cnn.train.recipe.settings import Settings

__all__ = [
    "Checkpoint",
    "Settings",
    "evaluate",
    "find_device",
    "fit",
    "load_checkpoint",
    "load_weights",
    "predict",
    "read_history",
]

_HOME = {
    "Checkpoint": "checkpoint",
    "Settings": "recipe.settings",
    "evaluate": "evaluation",
    "find_device": "devices",
    "fit": "loop",
    "load_checkpoint": "checkpoint",
    "load_weights": "checkpoint",
    "predict": "evaluation",
    "read_history": "history",
}


def __getattr__(name: str) -> Any:
    """Import a public function when it is first asked for (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
