"""Counts members of many groups at once, by sets of bits, for the select of a fact.

Which identities hold something through several access groups is a union of thousands of members,
over and over. As sets of bits they are united in no time, and nobody is counted twice. With many
accounts in a file, few of all bits are those of one group: then its numbers themselves are shorter.
"""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Sequence
from typing import Any

_BITS, _NUMBERS = b"b", b"n"


def bits(places: Sequence[int]) -> bytes:
    """A set of numbers that is not empty as bits, the lowest first."""
    found = bytearray(max(places) // 8 + 1)
    for place in places:
        found[place >> 3] |= 1 << (place & 7)
    return bytes(found)


def _members(numbers: str) -> bytes:
    """members(list): the set of the numbers in a JSON list that is not empty, as bytes."""
    places = json.loads(numbers)
    listed = array("I", places)
    if listed.itemsize * len(listed) < max(places) // 8 + 1:
        return _NUMBERS + listed.tobytes()
    return _BITS + bits(places)


class _United:
    """united(set): how many numbers are in these sets, each counted once."""

    def __init__(self) -> None:
        self._bits = 0
        self._numbers: set[int] = set()

    def step(self, members: bytes | None) -> None:
        if members is None:
            return
        if members[:1] == _BITS:
            self._bits |= int.from_bytes(memoryview(members)[1:], "little")
        else:
            self._numbers.update(memoryview(members)[1:].cast("I"))

    def finalize(self) -> int:
        bits = self._bits
        alone = sum(not bits >> number & 1 for number in self._numbers) if bits else 0
        return bin(bits).count("1") + (alone if bits else len(self._numbers))


def register(connection: sqlite3.Connection) -> None:
    """Let a connection know members() and united()."""
    connection.create_function("members", 1, _members, deterministic=True)
    # Python's hints know aggregates of whole numbers only.
    united: Any = _United
    connection.create_aggregate("united", 1, united)
