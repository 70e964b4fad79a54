"""Words from their characters: filters of several widths, the maximum over time, highway layers; a model of text."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from cs_cnn.sequence.causal import CausalConv1d
from cs_cnn.sequence.spelling import CHARACTERS
from cs_cnn.zoo.families.highway import HighwayLayer
from cs_cnn.zoo.parts.blocks import require_whole

__all__ = ["CharacterEncoder", "SpelledWords", "WordModel", "WordTable"]

FILTERS = {1: 12, 2: 24, 3: 36, 4: 48, 5: 60}
"""Number of filters by width: the wider, the more."""


class CharacterEncoder(nn.Module):
    """Make a vector of a word from its spelling, whatever its length, and whether it was ever seen or not.

    Each character becomes a small vector, so that a word is a matrix. Filters of several widths slide along it; each
    reports the largest value that it met, and not where. Highway layers, the counterpart of
    `cs_cnn.layers.highway_forward`, combine the reports.

    Parameters
    ----------
    characters : int
        Number of codes, see `spell`; code 0 is padding.
    embedding : int
        Length of a character's vector.
    filters : mapping of int to int
        Number of filters by width.
    highway : int
        Number of highway layers; 0 for none.
    gate_bias : float
        Where the biases of their gates start. A negative one lets nearly everything pass at first.

    Attributes
    ----------
    features : int
        Length of a word's vector: the sum of the filters.

    Raises
    ------
    ValueError
        When a number is out of range, or there is no filter.

    Notes
    -----
    Kim, Jernite, Sontag and Rush (2016), whose small model has 25 filters of width 1, 50 of width 2, ... 150 of width
    6. Windows that reach into the padding are left out here, so that the padding cannot be noticed; only a word that
    is shorter than a filter has one such window, its first.

    Examples
    --------
    >>> from cs_cnn.sequence import spell
    >>> encoder = CharacterEncoder(filters={2: 3, 3: 5})
    >>> encoder(torch.from_numpy(spell(["getter", "setter"]))).shape
    torch.Size([2, 8])
    """

    def __init__(
        self,
        characters: int = CHARACTERS,
        *,
        embedding: int = 16,
        filters: Mapping[int, int] = FILTERS,
        highway: int = 1,
        gate_bias: float = -2.0,
    ) -> None:
        super().__init__()
        require_whole("characters", characters)
        require_whole("embedding", embedding)
        require_whole("highway", highway, 0)
        if not filters:
            raise ValueError("filters must name at least one width and its number of filters, got none.")
        for width, number in filters.items():
            require_whole("the width of a filter", width)
            require_whole("the number of filters", number)
        self.embedding = nn.Embedding(characters, embedding, padding_idx=0)
        self.filters = nn.ModuleList(nn.Conv1d(embedding, number, width) for width, number in filters.items())
        self.widths = tuple(filters)
        self.features = sum(filters.values())
        self.highway = nn.Sequential(*(_highway(self.features, gate_bias) for _ in range(highway)))

    def reports(self, spelling: Tensor) -> Tensor:
        """Return what the filters found, before the highway.

        Parameters
        ----------
        spelling : Tensor (W, L) of int64
            Codes of characters; 0 behind the end of a word.

        Returns
        -------
        Tensor (W, features)
            Between -1 and 1: the hyperbolic tangent of the maximum over time.
        """
        if spelling.ndim != 2 or spelling.dtype != torch.int64:
            raise ValueError(
                f"spelling must be a table (W, L) of whole numbers (int64), got shape {tuple(spelling.shape)} and "
                f"type {spelling.dtype}: see cs_cnn.sequence.spell."
            )
        missing = max(self.widths) - spelling.shape[1]
        if missing > 0:
            spelling = nn.functional.pad(spelling, (0, missing))
        lengths = (spelling != 0).sum(dim=1, keepdim=True)
        matrix = self.embedding(spelling).mT  # (W, embedding, L)
        found = []
        for width, conv in zip(self.widths, self.filters, strict=True):
            scores = conv(matrix)
            ends = torch.arange(width, width + scores.shape[2], device=spelling.device)
            outside = (ends > lengths) & (ends > width)  # all but the first window
            found.append(scores.masked_fill(outside[:, None], -math.inf).amax(dim=2))
        return torch.tanh(torch.cat(found, dim=1))

    def forward(self, spelling: Tensor) -> Tensor:
        """Return the vectors (W, features) of words (W, L)."""
        vectors: Tensor = self.highway(self.reports(spelling))
        return vectors


def _highway(features: int, gate_bias: float) -> HighwayLayer:
    gate = nn.Linear(features, features)
    nn.init.constant_(gate.bias, gate_bias)
    return HighwayLayer(nn.Linear(features, features), gate, nn.ReLU())


class SpelledWords(nn.Module):
    """Vectors of numbered words, each made from its spelling.

    Parameters
    ----------
    spelling : numpy.ndarray of int64, shape (W, L)
        Of all words, in the order of their numbers; see `spell`.
    encoder : CharacterEncoder
        Makes the vectors.
    """

    spelling: Tensor

    def __init__(self, spelling: np.ndarray, encoder: CharacterEncoder) -> None:
        super().__init__()
        self.register_buffer("spelling", torch.from_numpy(spelling), persistent=False)
        self.encoder, self.features = encoder, encoder.features

    def forward(self, ids: Tensor) -> Tensor:
        """Return vectors (N, T, features) of words (N, T); each different word is encoded once."""
        different, places = torch.unique(ids, return_inverse=True)
        vectors: Tensor = self.encoder(self.spelling[different])[places]
        return vectors


class WordTable(nn.Module):
    """Vectors of numbered words from a table, a row for each word of the vocabulary and one for all others.

    Parameters
    ----------
    size : int
        Number of words in the vocabulary.
    features : int
        Length of a vector.
    """

    def __init__(self, size: int, features: int) -> None:
        super().__init__()
        require_whole("size", size)
        require_whole("features", features)
        self.size, self.features = size, features
        self.table = nn.Embedding(size + 1, features)

    def forward(self, ids: Tensor) -> Tensor:
        """Return vectors (N, T, features) of words (N, T)."""
        vectors: Tensor = self.table(ids.clamp(max=self.size))
        return vectors


class WordModel(nn.Module):
    """Predict each next word from the last few: word vectors, a gated causal convolution, scores of the vocabulary.

    Parameters
    ----------
    words : SpelledWords or WordTable
        Makes vectors of numbers.
    size : int
        Number of words in the vocabulary; one more class stands for all others.
    hidden : int
        Channels between the convolution and the scores.
    context : int
        How many words the convolution sees.
    dropout : float
        Share of vectors' numbers, and of hidden ones, that training drops.

    Raises
    ------
    ValueError
        When a number is out of range.

    Notes
    -----
    The paper has a recurrent network (LSTM) where the convolution stands here. Dauphin et al. (2017) made such a
    convolution into a deep language model.
    """

    def __init__(
        self,
        words: SpelledWords | WordTable,
        size: int,
        *,
        hidden: int = 96,
        context: int = 4,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        require_whole("size", size)
        self.words = words
        self.both = CausalConv1d(words.features, 2 * hidden, context)
        self.drop = nn.Dropout(dropout)
        self.scores = nn.Conv1d(hidden, size + 1, 1)

    def forward(self, ids: Tensor) -> Tensor:
        """Return scores (N, size + 1, T) of the word that follows each of the words (N, T)."""
        tone, gate = self.both(self.drop(self.words(ids)).mT).chunk(2, dim=1)
        scores: Tensor = self.scores(self.drop(tone * torch.sigmoid(gate)))
        return scores
