"""Runs the live cells of a page, inside Pyodide: one namespace, text as it comes, errors with their line."""

import ast
import base64
import io
import sys
import time
import traceback

import numpy as np

namespace = {"__name__": "__main__"}
LONGEST = 50_000  # characters of one run; a loop that prints for ever must not drown the page
SMALLEST, LARGEST = 8, 1024  # sides of an array that is shown as a picture too


class Screen(io.TextIOBase):
    """Collect what a cell prints and hand it on in pieces, a few times a second."""

    def __init__(self, send):
        self.send, self.waiting, self.length = send, [], 0
        self.sent = time.monotonic()

    def writable(self):
        """Say that this is a file to write to."""
        return True

    def write(self, text):
        """Take a text."""
        if self.length < LONGEST:
            self.waiting.append(text[: LONGEST - self.length])
            self.length += len(text)
            if self.length >= LONGEST:
                self.waiting.append("\n... and more, which is not shown\n")
            if time.monotonic() - self.sent > 0.2:
                self.flush()
        return len(text)

    def flush(self):
        """Hand on what waits."""
        if self.waiting:
            self.send("".join(self.waiting))
            self.waiting, self.sent = [], time.monotonic()


def run(source, send):
    """Run a cell, and return what stopped it and the pictures it made.

    Parameters
    ----------
    source : str
    send : callable
        Gets the text, piece by piece.

    Returns
    -------
    error : str
        The line and the message; empty when all went well.
    pictures : list of tuple
        ``("png", base64, "")`` or ``("grey" or "signed", "height,width,base64 of bytes", words)``.
    """
    screen, error, value = Screen(send), "", None
    before = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = screen
    try:
        tree = ast.parse(source, "<cell>")
        last = None
        if tree.body and isinstance(tree.body[-1], ast.Expr) and not source.rstrip().endswith(";"):
            last = ast.Expression(tree.body.pop().value)
        exec(compile(tree, "<cell>", "exec"), namespace)
        if last is not None:
            value = eval(compile(last, "<cell>", "eval"), namespace)
            if value is not None:
                namespace["_"] = value
                print(repr(value))
    except BaseException as problem:
        error = describe(problem, source)
    finally:
        screen.flush()
        sys.stdout, sys.stderr = before
    return error, [*figures(), *picture(value)]


def describe(problem, source):
    """Say in which line of the cell an error arose, and which; what happened inside a library is left out."""
    lines = source.splitlines()
    if isinstance(problem, SyntaxError) and problem.filename == "<cell>":
        number = problem.lineno or 1
    else:
        frames = [f.lineno for f in traceback.extract_tb(problem.__traceback__) if f.filename == "<cell>"]
        number = frames[-1] if frames else 0
    words = "".join(traceback.format_exception_only(type(problem), problem)).strip().splitlines()
    if isinstance(problem, SyntaxError):
        words = words[-1:]
    where = f"Line {number}: {lines[number - 1].strip()}\n" if 0 < number <= len(lines) else ""
    advice = ""
    if isinstance(problem, ModuleNotFoundError):
        advice = (
            "\nPython in the page has NumPy and cs_cnn. For other packages, download this chapter's notebook."
        )
    return where + "\n".join(words) + advice


def figures():
    """Return the open figures of matplotlib, if a cell has imported it, and close them."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return
    for number in pyplot.get_fignums():
        file = io.BytesIO()
        pyplot.figure(number).savefig(file, format="png", dpi=110, bbox_inches="tight")
        yield "png", base64.b64encode(file.getvalue()).decode(), "A figure drawn by this cell"
    pyplot.close("all")


def picture(value):
    """Return an array of two axes as a picture: grey, or on a scale around 0 when it has negative entries."""
    if not isinstance(value, np.ndarray) or value.ndim != 2 or value.dtype.kind not in "buif":
        return
    if min(value.shape) < SMALLEST or max(value.shape) > LARGEST or not np.isfinite(value).all():
        return
    low, high = float(value.min()), float(value.max())
    signed = low < 0
    far = max(abs(low), abs(high)) or 1.0
    scaled = (value / far + 1) * 127.5 if signed else (value - low) / ((high - low) or 1.0) * 255
    words = f"The array of shape {value.shape} as a picture, from {low:.3g} to {high:.3g}"
    data = base64.b64encode(scaled.astype(np.uint8).tobytes()).decode()
    yield "signed" if signed else "grey", f"{value.shape[0]},{value.shape[1]},{data}", words
