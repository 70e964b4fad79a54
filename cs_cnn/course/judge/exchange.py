"""The objects that both processes speak of: which came from where, whether they changed, and how they are changed.

This file is also handed to the student's kernel as source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cs_cnn.course.judge.wire import WireError, to_npy

if TYPE_CHECKING:
    from cs_cnn.course.judge.values import Incoming, Outgoing

STREAMS = ("PCG64", "PCG64DXSM", "SFC64", "Philox", "MT19937")
"""The kinds of random generators that can cross."""


class Exchange:
    """What one side knows of the objects that both sides speak of; each side says what becomes of other objects."""

    def __init__(self) -> None:
        self.given: dict[str, list[Any]] = {}
        self.taken: dict[str, list[Any]] = {}
        self.before: dict[int, Any] = {}
        self._places: dict[int, tuple[str, int]] = {}
        self._held: dict[int, Any] = {}
        self._numbers: dict[int, int] = {}
        self._notes: dict[int, int] = {}
        self._last = 0

    def hold(self, thing: Any) -> int:
        """Keep an object that does not cross, and return the number it is known by."""
        number = self._numbers.get(id(thing))
        if number is None:
            self._last += 1
            number = self._last
            self._held[number] = thing
            self._numbers[id(thing)] = number
        self._notes[number] = self._notes.get(number, 0) + 1
        return number

    def held(self, number: Any) -> Any:
        """Return the object with a number."""
        if not isinstance(number, int) or number not in self._held:
            raise WireError("an answer speaks of something that does not exist")
        return self._held[number]

    def drop(self, number: int) -> None:
        """Let go of a held object, when each of its notes was dropped."""
        self._notes[number] -= 1
        if not self._notes[number]:
            del self._notes[number]
            del self._numbers[id(self._held.pop(number))]

    def place(self, thing: Any) -> tuple[str, int] | None:
        """Return in which message an object came from the other side, and as which of its objects."""
        return self._places.get(id(thing))

    def take(self, key: str, thing: Any, before: Any = None) -> None:
        """Remember an object that came in a message, and optionally what it was like."""
        known = self.taken.setdefault(key, [])
        self._places[id(thing)] = (key, len(known))
        known.append(thing)
        if before is not None:
            self.before[id(thing)] = before

    def settle(self, key: str, number: int, thing: Any, before: Any = None) -> None:
        """Put in place an object that was counted before all of it had come."""
        self.taken[key][number] = thing
        self._places[id(thing)] = (key, number)
        if before is not None:
            self.before[id(thing)] = before

    def own(self, place: Any) -> Any:
        """Return the object that the other side knows by its place in a message of this side."""
        try:
            key, number = place
            if number < 0:
                raise IndexError
            return self.given[key][number]
        except (TypeError, ValueError, LookupError) as error:
            raise WireError("an answer speaks of something that does not exist") from error

    def forget(self, key: str) -> None:
        """Forget the objects of a message, both those sent and those received."""
        self.given.pop(key, None)
        for thing in self.taken.pop(key, ()):
            self._places.pop(id(thing), None)
            self.before.pop(id(thing), None)

    def note(self, thing: Any, out: Outgoing) -> dict[str, Any]:
        """Return what is said of an object that does not cross."""
        raise NotImplementedError

    def noted(self, note: dict[str, Any], come: Incoming) -> Any:
        """Return what stands for an object of the other side."""
        raise NotImplementedError

    def text(self, text: str, out: Outgoing, depth: int) -> Any:
        """Return what is sent for a text."""
        return text

    def heard(self, text: str) -> str:
        """Return a text that came."""
        return text


def remembered(thing: Any) -> Any:
    """Return what tells later whether an object was changed since."""
    if isinstance(thing, np.ndarray):
        return to_npy(thing)
    if isinstance(thing, np.random.Generator):
        return state_of(thing)
    return list(thing) if isinstance(thing, list) else dict(thing)


def differs(thing: Any, before: dict[int, Any]) -> bool:
    """Tell whether an object, or one in it, is not what it was when it came."""
    then = before.get(id(thing))
    if isinstance(thing, np.ndarray):
        return isinstance(then, bytes) and to_npy(thing) != then
    if isinstance(thing, np.random.Generator):
        return then is not None and bool(_plain(state_of(thing)) != _plain(then))
    if isinstance(thing, tuple):
        return any(differs(entry, before) for entry in thing)
    if isinstance(thing, list):
        return then is not None and (
            len(thing) != len(then)
            or any(new is not old or differs(new, before) for new, old in zip(thing, then, strict=True))
        )
    if isinstance(thing, dict):
        return then is not None and (
            list(thing) != list(then)
            or any(thing[key] is not then[key] or differs(thing[key], before) for key in thing)
        )
    return False


def assign(thing: Any, now: Any) -> None:
    """Make an object what the other side made of it."""
    if isinstance(thing, np.ndarray) and isinstance(now, np.ndarray) and thing.dtype == now.dtype:
        if thing.shape != now.shape:
            if thing.size == now.size:
                thing.shape = now.shape
            else:
                thing.resize(now.shape, refcheck=False)
        thing[...] = now
    elif isinstance(thing, list) and isinstance(now, list):
        thing[:] = now
    elif isinstance(thing, dict) and isinstance(now, dict):
        thing.clear()
        thing.update(now)
    elif isinstance(thing, np.random.Generator) and isinstance(now, np.random.Generator):
        thing.bit_generator.state = now.bit_generator.state
    elif not (isinstance(thing, tuple) and isinstance(now, tuple)):
        raise WireError("an answer changes what cannot be changed")


def state_of(generator: np.random.Generator) -> dict[str, Any]:
    """Return all that a generator's next numbers, and its children, depend on."""
    bits = generator.bit_generator
    seeds = getattr(bits, "seed_seq", None)
    found: dict[str, Any] = {"state": bits.state}
    if isinstance(seeds, np.random.SeedSequence):
        found["seeds"] = [seeds.entropy, list(seeds.spawn_key), seeds.n_children_spawned]
    return found


def generator_of(found: dict[str, Any]) -> np.random.Generator:
    """Return a generator that goes on as the one whose state this is."""
    name = found["state"]["bit_generator"]
    if name not in STREAMS:
        raise WireError("a random generator is of an unknown kind")
    entropy, key, spawned = found.get("seeds", (0, (), 0))
    seeds = np.random.SeedSequence(entropy, spawn_key=tuple(key), n_children_spawned=spawned)
    bits = getattr(np.random, name)(seeds)
    bits.state = found["state"]
    return np.random.Generator(bits)


def _plain(value: Any) -> Any:
    """Return a state in a form that == compares."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, np.ndarray):
        return value.tolist()
    return [_plain(entry) for entry in value] if isinstance(value, (list, tuple)) else value
