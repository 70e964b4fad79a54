"""The architectures of the course in PyTorch, one file per family, all reached by `build`.

>>> from cs_cnn import zoo
>>> zoo.names()
['alexnet', ...'lenet5', ...]
>>> net = zoo.build("lenet5", pooling="max", seed=0)
>>> sum(p.numel() for p in net.parameters())
61706
"""

from __future__ import annotations

try:
    import torch as _torch  # noqa: F401  (asked for here, so that the sentence below is the first thing to fail)
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    from cs_cnn.errors import CsCnnError

    class MissingTorchError(CsCnnError, ImportError):
        """The optional package PyTorch is not installed."""

    raise MissingTorchError(
        "cs_cnn.zoo and cs_cnn.train need PyTorch, which is not installed; "
        "install the extra `torch` with: pip install 'cs-cnn[torch]'."
    ) from error

from cs_cnn.zoo.registry import Entry, build, build_published, build_small, entry, names, options
from cs_cnn.zoo.weights.checkpoints import load
from cs_cnn.zoo.weights.pretrained import Pretrained, pretrained

__all__ = [
    "Entry",
    "Pretrained",
    "build",
    "build_published",
    "build_small",
    "entry",
    "load",
    "names",
    "options",
    "pretrained",
]
