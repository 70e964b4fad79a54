"""Convolution along sequences: words from their characters, and signals from their own past.

>>> from cs_cnn.sequence import mu_law_decode, mu_law_encode, receptive_field
>>> receptive_field([2**k for k in range(10)])
1024
>>> mu_law_encode([-1.0, 0.0, 1.0])
array([  0, 128, 255])

Importing this package does not import PyTorch; its functions are looked up when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cs_cnn.sequence.causal import CausalConv1d, GatedLayer, receptive_field
    from cs_cnn.sequence.characters import CharacterEncoder, SpelledWords, WordModel, WordTable
    from cs_cnn.sequence.language import KneserNey, perplexity
    from cs_cnn.sequence.mulaw import mu_law_decode, mu_law_encode
    from cs_cnn.sequence.spelling import spell
    from cs_cnn.sequence.text import Corpus, corpus, documentation
    from cs_cnn.sequence.training import fit, log_probabilities, windows
    from cs_cnn.sequence.vowels import FORMANTS, RATE, vowel_sounds
    from cs_cnn.sequence.wavenet import WaveNet

_HOMES = {
    "causal": ("CausalConv1d", "GatedLayer", "receptive_field"),
    "characters": ("CharacterEncoder", "SpelledWords", "WordModel", "WordTable"),
    "language": ("KneserNey", "perplexity"),
    "mulaw": ("mu_law_decode", "mu_law_encode"),
    "spelling": ("spell",),
    "text": ("Corpus", "corpus", "documentation"),
    "training": ("fit", "log_probabilities", "windows"),
    "vowels": ("FORMANTS", "RATE", "vowel_sounds"),
    "wavenet": ("WaveNet",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "FORMANTS",
    "RATE",
    "CausalConv1d",
    "CharacterEncoder",
    "Corpus",
    "GatedLayer",
    "KneserNey",
    "SpelledWords",
    "WaveNet",
    "WordModel",
    "WordTable",
    "corpus",
    "documentation",
    "fit",
    "log_probabilities",
    "mu_law_decode",
    "mu_law_encode",
    "perplexity",
    "receptive_field",
    "spell",
    "vowel_sounds",
    "windows",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
