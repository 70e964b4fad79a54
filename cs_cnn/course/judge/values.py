"""What can cross between the two processes, and how both speak of one object.

Numbers, text, lists, tuples, dictionaries, arrays, tensors and random generators cross by value; anything else stays
where it is, and the other side gets a note about it. An object that came from the other side goes back as a reference,
so that a cache is the very object that its owner made, and an argument that was changed in place is changed on both
sides. This file is also handed to the student's kernel as source.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from cs_cnn.course.judge.exchange import (
    STREAMS,
    Exchange,
    assign,
    differs,
    generator_of,
    remembered,
    state_of,
)
from cs_cnn.course.judge.wire import PLAIN_KINDS, TooLargeError, WireError, from_npy, to_npy

DEPTH = 20
"""How deep lists, tuples and dictionaries may lie in each other; what is deeper does not cross."""
COUNT = 100_000
"""How many lists, arrays and the like one message may hold."""
_LONGEST_INT = 10_000


class Outgoing:
    """The values of one message on their way out.

    Parameters
    ----------
    exchange : Exchange
    key : str, optional
        The name of the message, when the other side may refer to its objects later.
    mine : str, optional
        A message of this side that the other side still has: its objects are referred to and not sent again.
    """

    def __init__(self, exchange: Exchange, key: str | None = None, *, mine: str | None = None) -> None:
        self.blobs: list[bytes] = []
        self._exchange = exchange
        self._objects = exchange.given.setdefault(key, []) if key else []
        self._key = mine
        self._mine = {id(thing): number for number, thing in enumerate(exchange.given.get(mine or "", ()))}
        self._count = 0

    def blob(self, array: Any) -> int:
        """Add an array, and return how long its bytes are."""
        self.blobs.append(to_npy(array))
        return len(self.blobs[-1])

    def value(self, thing: Any, depth: int = 0) -> Any:
        """Return what is sent for a value."""
        kind = type(thing)
        if thing is None or kind is bool or kind is float:
            return thing
        if kind is int and thing.bit_length() < _LONGEST_INT:
            return thing
        if kind is str:
            return self._exchange.text(thing, self, depth)
        self._count += 1
        if self._count > COUNT:
            raise TooLargeError(f"the value has more than {COUNT:,} entries in lists or dictionaries")
        place = self._exchange.place(thing)
        if place is not None:
            if not differs(thing, self._exchange.before):
                return {"o": place}
            now = self._by_value(thing, depth)
            if id(thing) in self._exchange.before:
                self._exchange.before[id(thing)] = remembered(thing)
            return {"o": place, "v": now}
        if id(thing) in self._mine:
            return {"y": [self._key, self._mine[id(thing)]]}
        return self._by_value(thing, depth)

    def _by_value(self, thing: Any, depth: int) -> Any:
        if isinstance(thing, np.generic):
            return (
                {"s": self.blob(thing)}
                if thing.dtype.kind in PLAIN_KINDS
                else self._exchange.note(thing, self)
            )
        for plain in (int, float, str):
            if isinstance(thing, plain) and type(thing) is not plain:
                return self.value(plain(thing), depth)
        if depth >= DEPTH:
            return self._exchange.note(thing, self)
        if isinstance(thing, np.ndarray):
            if thing.dtype.kind in PLAIN_KINDS:
                self._objects.append(thing)
                return {"a": self.blob(thing)}
            if thing.dtype.kind == "O":
                self._objects.append(thing)
                return {"O": list(thing.shape), "i": [self.value(entry, depth + 1) for entry in thing.flat]}
        elif isinstance(thing, list):
            self._objects.append(thing)
            return [self.value(entry, depth + 1) for entry in thing]
        elif isinstance(thing, tuple):
            self._objects.append(thing)
            return {"t": [self.value(entry, depth + 1) for entry in thing]}
        elif isinstance(thing, dict):
            self._objects.append(thing)
            return {"d": [[self.value(key), self.value(entry, depth + 1)] for key, entry in thing.items()]}
        elif isinstance(thing, np.random.Generator) and thing.bit_generator.state["bit_generator"] in STREAMS:
            self._objects.append(thing)
            return {"g": self.value(state_of(thing), depth + 1)}
        elif _is_tensor(thing):
            try:
                array = thing.detach().cpu().numpy()
            except Exception:  # sparse, quantised, or of a type that NumPy has not
                return self._exchange.note(thing, self)
            self._objects.append(thing)
            return {"T": self.blob(array), "grad": bool(thing.requires_grad)}
        return self._exchange.note(thing, self)


class Incoming:
    """The values of one message that came.

    Parameters
    ----------
    exchange : Exchange
    blob : memoryview
        The bytes of the message.
    key : str, optional
        The name of the message, when its objects may go back later.
    watch : bool
        Whether to notice changes of them.
    """

    def __init__(
        self, exchange: Exchange, blob: memoryview, key: str | None = None, *, watch: bool = False
    ) -> None:
        self.exchange = exchange
        self._blob = blob
        self._key = key
        self._watch = watch
        self._used = 0
        self._count = 0

    def bytes(self, size: Any) -> memoryview:
        """Return the next bytes of the message."""
        if type(size) is not int or not 0 <= size <= len(self._blob) - self._used:
            raise WireError("an answer is shorter than it says")
        self._used += size
        return self._blob[self._used - size : self._used]

    def array(self, size: Any) -> Any:
        """Return the next array of the message."""
        return from_npy(self.bytes(size))

    def value(self, given: Any, depth: int = 0) -> Any:
        """Return the value that was sent.

        Raises
        ------
        WireError
            Whatever is wrong with it.
        """
        try:
            return self._value(given, depth)
        except WireError:
            raise
        except Exception as error:  # a form that no honest side sends
            raise WireError("an answer could not be read") from error

    def _value(self, given: Any, depth: int) -> Any:
        if isinstance(given, str):
            return self.exchange.heard(given)
        if given is None or isinstance(given, (bool, int, float)):
            return given
        self._count += 1
        if depth > DEPTH + 2 or self._count > 2 * COUNT:
            raise WireError("an answer is nested too deep, or has too many entries")
        if isinstance(given, list):
            entries: list[Any] = []
            return self._filled(entries, (self._value(entry, depth + 1) for entry in given))
        if "o" in given:
            thing = self.exchange.own(given["o"])
            if "v" in given:
                assign(thing, self._value(given["v"], depth + 1))
            return thing
        if "y" in given:
            key, number = given["y"]
            return self.exchange.taken[key][number]
        if "a" in given:
            data = self.bytes(given["a"])
            return self._new(from_npy(data), bytes(data) if self._watch else None)
        if "s" in given:
            return self.array(given["s"])[()]
        if "t" in given:
            return self._tuple(given["t"], depth)
        if "d" in given:
            return self._dict(given["d"], depth)
        if "O" in given:
            if math.prod(given["O"]) != len(given["i"]):
                raise WireError("an array is not as large as it says")
            objects = np.empty(tuple(given["O"]), dtype=object)
            self._new(objects)
            for number, entry in enumerate(given["i"]):
                objects.flat[number] = self._value(entry, depth + 1)
            return objects
        if "g" in given:
            place = self._reserve()
            state = self._value(given["g"], depth + 1)
            return self._reserved(place, generator_of(state), state)
        if "T" in given:
            import torch

            tensor = torch.from_numpy(self.array(given["T"]))
            return self._new(tensor.requires_grad_() if given["grad"] is True else tensor)
        return self.exchange.noted(given, self)

    def _new(self, thing: Any, before: Any = None) -> Any:
        if self._key:
            self.exchange.take(self._key, thing, before)
        return thing

    # Objects are counted from the outside in, on both sides; a tuple exists only when all of it has come.
    def _reserve(self) -> int:
        if not self._key:
            return -1
        known = self.exchange.taken.setdefault(self._key, [])
        known.append(None)
        return len(known) - 1

    def _reserved(self, place: int, thing: Any, before: Any = None) -> Any:
        if self._key:
            self.exchange.settle(self._key, place, thing, before if self._watch else None)
        return thing

    def _filled(self, entries: list[Any], values: Iterator[Any]) -> list[Any]:
        self._new(entries)
        entries.extend(values)
        if self._key and self._watch:
            self.exchange.before[id(entries)] = list(entries)
        return entries

    def _tuple(self, given: list[Any], depth: int) -> tuple[Any, ...]:
        place = self._reserve()
        entries = tuple(self._value(entry, depth + 1) for entry in given)
        # An empty tuple is the same object everywhere, and is no cache of anybody.
        if entries:
            self._reserved(place, entries)
        return entries

    def _dict(self, given: list[Any], depth: int) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        self._new(made)
        for key, entry in given:
            name = self._value(key, depth + 1)  # before its entry, as it was sent
            made[name] = self._value(entry, depth + 1)
        if self._key and self._watch:
            self.exchange.before[id(made)] = dict(made)
        return made


def _is_tensor(thing: Any) -> bool:
    kind = getattr(sys.modules.get("torch"), "Tensor", None)
    return isinstance(kind, type) and isinstance(thing, kind)
