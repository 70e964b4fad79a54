"""The one base class of errors that are written for a person to read."""

from __future__ import annotations


class CsCnnError(Exception):
    """An error whose message is one sentence for the user: what came, what was expected, what to try.

    The command line prints the sentence and ends with exit status 2; a traceback would only hide it.
    """
