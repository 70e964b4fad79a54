"""What a net costs: shapes, parameters, multiply-adds, memory and receptive fields, counted by rules with names.

>>> from cs_cnn.account import account, affine, conv, pool
>>> small = account([conv(16, 3, pad=1), "relu", pool(2), affine(10)], (1, 28, 28))
>>> small.parameters, small.multiply_adds
(31530, 144256)
>>> small.under("lectures").parameters  # weights alone
31504

From the command line: ``cs-cnn account lenet5``.
"""

from __future__ import annotations

from cs_cnn.account.conventions import CONVENTIONS, Convention
from cs_cnn.account.counting import account
from cs_cnn.account.fields.receptive import Axis
from cs_cnn.account.rows import Operation, Receptive, Row
from cs_cnn.account.walks.specs import (
    Spec,
    affine,
    batch_norm,
    branches,
    conv,
    global_pool,
    locally_connected,
    pool,
    residual,
)
from cs_cnn.account.whole import Account

__all__ = [
    "CONVENTIONS",
    "Account",
    "Axis",
    "Convention",
    "Operation",
    "Receptive",
    "Row",
    "Spec",
    "account",
    "affine",
    "batch_norm",
    "branches",
    "conv",
    "global_pool",
    "locally_connected",
    "pool",
    "residual",
]
