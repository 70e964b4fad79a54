"""NumPy layers: each a forward and a backward function, with its twin in PyTorch beside it.

A layer lives in one module, which registers it and lists its public functions in ``__all__``; this package
finds the modules by itself, also in the folders below, so that adding a layer is one file and no other edit.
PyTorch is imported only when a twin is called.

Examples
--------
>>> import numpy as np
>>> from cs_cnn.layers import affine_backward, affine_forward
>>> out, cache = affine_forward(np.ones((2, 3)), np.ones((3, 4)), np.zeros(4))
>>> out.shape
(2, 4)
>>> [gradient.shape for gradient in affine_backward(np.ones((2, 4)), cache)]
[(2, 3), (3, 4), (4,)]
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

__all__: list[str] = []

for _info in pkgutil.walk_packages(__path__, f"{__name__}."):
    _module = importlib.import_module(_info.name)
    for _name in getattr(_module, "__all__", ()):
        globals()[_name] = getattr(_module, _name)
        __all__.append(_name)


def __getattr__(name: str) -> Any:
    # Tells type checkers that names arrive at run time, and a person which names there are.
    raise AttributeError(f"cs_cnn.layers has no {name!r}; it has {', '.join(sorted(__all__))}")
