"""What the build knows about a page: how long it takes to read and to run. Used by several extensions.

Reading: the words of the running text, 200 a minute. Code, outputs, displayed formulas, quizzes and solutions are
left out; they take as long as they take. Running: the time MyST-NB measured when it last executed the page's cells,
kept in jupyter-cache, so a build that reuses cached outputs still reports the true time.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime

from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.environment import BuildEnvironment

WORDS_PER_MINUTE = 200
NOT_PROSE = (nodes.literal_block, nodes.math_block, nodes.comment, nodes.raw, nodes.Invisible)


def is_apart(node: nodes.Node) -> bool:
    """Tell whether a node is a code cell, a quiz or a solution, which the reading time leaves out."""
    is_cell = isinstance(node, nodes.container) and node.get("nb_element") in (
        "cell_code",
        "cell_code_output",
    )
    return is_cell or type(node).__name__ in ("quiz_node", "solution_node")


def words(document: nodes.Node) -> int:
    """Count the words of a page's running text."""
    total, stack = 0, [document]
    while stack:
        node = stack.pop()
        if isinstance(node, nodes.Text):
            total += len(str(node).split())
        elif not (isinstance(node, NOT_PROSE) or is_apart(node)):
            stack.extend(node.children)
    return total


def reading_minutes(count: int) -> int:
    """Turn words into whole minutes, at least one."""
    return max(1, math.ceil(count / WORDS_PER_MINUTE))


def run_seconds(env: BuildEnvironment, docname: str) -> float | None:
    """Return the measured run time of a page's cells in seconds, or None where it has none."""
    data = NbMetadataCollector.get_exec_data(env, docname)
    return None if not data or data["runtime"] is None else float(data["runtime"])


def run_date(env: BuildEnvironment, docname: str) -> str:
    """Return the day (UTC) on which a page's cells last ran, as 2026-11-21, or an empty string."""
    data = NbMetadataCollector.get_exec_data(env, docname)
    return datetime.fromtimestamp(data["mtime"], UTC).strftime("%Y-%m-%d") if data and data["mtime"] else ""


def in_words(seconds: float | None) -> str:
    """Say a duration as a reader wants it: rounded up, without false precision.

    Examples
    --------
    >>> in_words(0.4), in_words(12.1), in_words(75.0), in_words(None)
    ('1 second', '13 seconds', '1 min 15 s', 'nothing to run')
    """
    if seconds is None:
        return "nothing to run"
    whole = max(1, math.ceil(seconds))
    if whole < 60:
        return f"{whole} second{'' if whole == 1 else 's'}"
    return f"{whole // 60} min {whole % 60} s"
