"""Counts members of many groups at once, by sets of bits, for the select of a fact.

Which identities hold something through several access groups is a union of thousands of members,
over and over. As sets of bits they are united in no time, and nobody is counted twice.
"""

from __future__ import annotations

import sqlite3


class _Bits:
    """members(number): the set of these numbers, as bytes."""

    def __init__(self) -> None:
        self._set = bytearray()

    def step(self, number: int) -> None:
        place, bit = divmod(number, 8)
        if place >= len(self._set):
            self._set.extend(bytes(place + 1 - len(self._set)))
        self._set[place] |= 1 << bit

    def finalize(self) -> bytes:
        return bytes(self._set)


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
    connection.create_aggregate("members", 1, _Bits)
    connection.create_aggregate("united", 1, _United)
