"""Counts members of many groups at once, by sets of bits, for the select of a fact.

Which identities hold something through several access groups is a union of thousands of members,
over and over. As sets of bits they are united in no time, and nobody is counted twice.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any


def members(numbers: str) -> bytes:
    """members(list): the set of the numbers in a JSON list that is not empty, as bytes."""
    places = json.loads(numbers)
    found = bytearray(max(places) // 8 + 1)
    for place in places:
        found[place >> 3] |= 1 << (place & 7)
    return bytes(found)


class _United:
    """united(set): how many numbers are in these sets, each counted once."""

    def __init__(self) -> None:
        self._set = 0

    def step(self, members: bytes | None) -> None:
        self._set |= int.from_bytes(members or b"", "little")

    def finalize(self) -> int:
        return bin(self._set).count("1")


def register(connection: sqlite3.Connection) -> None:
    """Let a connection know members() and united()."""
    connection.create_function("members", 1, members, deterministic=True)
    # Python's hints know aggregates of whole numbers only.
    united: Any = _United
    connection.create_aggregate("united", 1, united)
