"""Architecture search: a recurrent controller that writes cells, against drawing them blindly.

After Zoph and Le, "Neural architecture search with reinforcement learning", ICLR 2017, and Zoph, Vasudevan, Shlens and
Le, "Learning transferable architectures for scalable image recognition", CVPR 2018, in small. There, hundreds of GPUs
train many thousands of nets; here, the space has 256 cells, so that every one of them can be trained, briefly, and a
search looks its results up in a table, as Ying et al. do in "NAS-Bench-101", ICML 2019.

>>> from cs_cnn.studies import search
>>> search.cell([1, 0, 2, 1, 1])
'sep3(x) + p; max3(b1) + sep3(p)'
"""

from __future__ import annotations

from cs_cnn.studies.search.controller import Controller
from cs_cnn.studies.search.searching import Trace, random_search, reinforce, surrogate
from cs_cnn.studies.search.space import COUNT, DECISIONS, INPUTS, OPERATIONS, SIZES, all_choices, cell, number
from cs_cnn.studies.search.summary import LAST, PROPOSALS, SEARCHES, by_cell, compare, noise, summarise
from cs_cnn.studies.search.table import QUICK, RECORDED, REDUCTION, Run, Setting, SmallNet, Table, study

__all__ = [
    "COUNT",
    "DECISIONS",
    "INPUTS",
    "LAST",
    "OPERATIONS",
    "PROPOSALS",
    "QUICK",
    "RECORDED",
    "REDUCTION",
    "SEARCHES",
    "SIZES",
    "Controller",
    "Run",
    "Setting",
    "SmallNet",
    "Table",
    "Trace",
    "all_choices",
    "by_cell",
    "cell",
    "compare",
    "noise",
    "number",
    "random_search",
    "reinforce",
    "study",
    "summarise",
    "surrogate",
]
