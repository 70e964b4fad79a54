"""Delete the backward functions line by line, and see whether the checks notice.

For each layer of the registry: its backward function, and every function of `cs_cnn.layers` that it calls.
One statement is left out at a time; then the gradient check, the comparison with PyTorch and the rules that
hold for all layers run on a few samples. A change that none of them notices has *survived*: a gap in the
checks, or a line that nobody needs.

Run with ``python -m tools.mutation``; ``--operators`` also exchanges operators, numbers and arguments.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from cs_cnn.layers.registry import Layer, layers
from tools.mutation.changes import PACKAGE, Mutant, functions_of, mutants
from tools.mutation.verdicts import Expectation, changed, expectations, fault, lines_run
from tools.progress import say

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Result:
    """What became of the changes to one function.

    Attributes
    ----------
    function : function
    layers : list of str
        The layers whose backward pass leads to it. Any layer that runs the changed line may notice.
    killers : list of str
        For each change that was noticed, by what.
    survivors : list of str
        The changes that were not.
    note : str
        Why the function was not changed, if so.
    """

    function: FunctionType
    layers: list[str]
    killers: list[str] = field(default_factory=list)
    survivors: list[str] = field(default_factory=list)
    note: str = ""


def examine(chosen: Sequence[Layer], *, n_samples: int = 24, operators: bool = False) -> list[Result]:
    """Change every function that the backward passes of some layers use, and see who notices.

    Parameters
    ----------
    chosen : sequence of Layer
    n_samples : int
        How many samples of each layer the checks run on.
    operators : bool
        As in `mutants`.

    Returns
    -------
    list of Result
        One for every function. A layer that fails as it is takes no part, and is named in a line.
    """
    users: dict[FunctionType, list[Layer]] = {}
    expected: dict[str, list[Expectation]] = {}
    for layer in chosen:
        try:
            expected[layer.name] = expectations(layer, n_samples)
            found = fault(layer, expected[layer.name])
        except Exception as error:  # a layer that is being written
            found = f"{type(error).__name__}: {error}"
        if found:
            say(f"{layer.name} is left out, since it fails without any change ({found}).")
            continue
        for function in functions_of(layer):
            users.setdefault(function, []).append(layer)
    files = {function.__code__.co_filename for function in users}
    taking_part = {layer.name: layer for of_one in users.values() for layer in of_one}
    reached = {
        name: [(lines_run(layer, one, files), one) for one in expected[name]]
        for name, layer in taking_part.items()
    }
    results = []
    planned: list[tuple[Result, list[Mutant]]] = []
    for function, of_one in users.items():  # first all changes: somebody may edit the files meanwhile
        results.append(Result(function, [layer.name for layer in of_one]))
        try:
            planned.append((results[-1], mutants(function, operators=operators)))
        except (LookupError, OSError, SyntaxError) as error:
            results[-1].note = str(error)
    for result, changes in planned:
        function, of_one = result.function, users[result.function]
        file = function.__code__.co_filename
        for mutant in changes:
            place = f"{_short(file)}:{mutant.lines.start}: {mutant.change}"
            others = [layer for layer in taking_part.values() if layer not in of_one]
            touched = {(file, line) for line in mutant.lines}
            # Only the samples that come to the line can tell that it is gone.
            reaching = [
                (layer, [one for lines, one in reached[layer.name] if lines & touched])
                for layer in [*of_one, *others]
            ]
            if not any(samples for _, samples in reaching):
                result.survivors.append(f"{place}  (no sample comes here)")
                continue
            with changed(mutant):
                killer = next(filter(None, (fault(layer, samples) for layer, samples in reaching)), "")
            if killer:
                result.killers.append(killer)
            else:
                result.survivors.append(place)
    return results


def _short(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name


def table(results: Sequence[Result]) -> tuple[list[str], float]:
    """Write the results, function by function; return the lines and the share that was noticed."""
    lines = []
    for result in results:
        killed, total = len(result.killers), len(result.killers) + len(result.survivors)
        name = f"{result.function.__module__.removeprefix(PACKAGE + '.')}.{result.function.__name__}"
        users = ", ".join(result.layers[:3]) + (", ..." if len(result.layers) > 3 else "")
        lines.append(f"{killed:4d} of {total:4d}  {name}  ({users})" + (result.note and f": {result.note}"))
        lines += [f"              survived: {survivor}" for survivor in result.survivors]
    killers = [killer for result in results for killer in result.killers]
    total = len(killers) + sum(len(result.survivors) for result in results)
    score = len(killers) / total if total else 0.0
    by = ", ".join(f"{killers.count(killer)} by {killer}" for killer in sorted(set(killers)))
    lines.append(f"{len(killers)} of {total} changes were noticed ({score:.1%}): {by or 'none'}.")
    if unchanged := sum(bool(result.note) for result in results):
        lines.append(f"{unchanged} functions could not be changed; see above.")
    return lines, score


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the mutations and print the score; 1 when it is below the threshold."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.mutation", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("layers", nargs="*", help="names of layers; all when left out")
    parser.add_argument("--samples", type=int, default=24, help="samples of each layer (default 24)")
    parser.add_argument(
        "--operators", action="store_true", help="also exchange operators, numbers and arguments"
    )
    parser.add_argument("--threshold", type=float, default=0.95, help="smallest share to pass (default 0.95)")
    given = parser.parse_args(arguments)
    known = layers()
    if unknown := [name for name in given.layers if name not in known]:
        parser.error(f"there is no layer {unknown[0]!r}; there are {', '.join(known)}")
    started = time.monotonic()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        results = examine(
            [known[name] for name in given.layers or known],
            n_samples=given.samples,
            operators=given.operators,
        )
    lines, score = table(results)
    for line in lines:
        say(line)
    say(f"{time.monotonic() - started:.0f} seconds; the threshold is {given.threshold:.0%}.")
    return 0 if score >= given.threshold else 1


if __name__ == "__main__":
    raise SystemExit(main())
