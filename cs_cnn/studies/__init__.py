"""Studies: experiments with seeds, a command, and a small recorded file of what came out.

>>> from cs_cnn import studies
>>> "degradation" in studies.names()
True
>>> sorted(studies.recorded("degradation")["summary"])
['plain20', 'plain56', 'resnet20']

A chapter reads the recorded file; ``python -m cs_cnn.studies degradation`` makes it anew.
"""

from __future__ import annotations

from cs_cnn.studies.recording import names, recorded

__all__ = ["names", "recorded"]
