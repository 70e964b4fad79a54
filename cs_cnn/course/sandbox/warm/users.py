"""Who a student's processes can be on this machine."""

from __future__ import annotations

import os

NOBODY = 65534


def _ranges(name: str) -> list[tuple[int, int]]:
    """Return first and number of the ids that exist in this user namespace."""
    with open(f"/proc/self/{name}") as file:
        return [(int(words[0]), int(words[2])) for words in map(str.split, file)]


def can_become_nobody() -> bool:
    """Whether this process is root and may give its children the id of nobody.

    Root's processes are exempt from the limit on processes, so a student's must not be root's; everybody else has
    only one id to give.
    """
    exists = all(
        any(first <= NOBODY < first + many for first, many in _ranges(f"{kind}_map"))
        for kind in ("uid", "gid")
    )
    return os.getuid() == 0 and exists


def same_ids(name: str) -> str:
    """Return the content of a new namespace's `uid_map` or `gid_map` in which every id is what it is here."""
    return "".join(f"{first} {first} {many}\n" for first, many in _ranges(name))
