"""Which lists of network addresses leave the way open, and which context rules do so.

A list leaves the way open if it lets in more than half of all IPv4 addresses, or more than half
of the IPv6 addresses that are handed out (2000::/3). However it is written: as one network, as
several that together are everything, or as ranges. Nobody's own networks are that large. Half
of IPv4 exactly still counts as a limit. An entry that is no address lets nobody in.
"""

from __future__ import annotations

import ipaddress
import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Range = tuple[int, int, int]  # version of IP, first and last address

_SPACES = {4: (0, 2**32 - 1), 6: (0x2 << 124, (0x4 << 124) - 1)}


def ranges(text: str) -> Iterator[Range]:
    """The ranges of addresses that a text names: addresses, networks and ranges in any mixture."""
    for entry in re.split(r"[\s,;]+", re.sub(r"\s*([-/])\s*", r"\1", text.strip())):
        first, _, last = entry.partition("-")
        try:
            if last:
                begin, end = ipaddress.ip_address(first), ipaddress.ip_address(last)
            else:
                network = ipaddress.ip_network(first, strict=False)
                begin, end = network[0], network[-1]
        except ValueError:
            continue
        if begin.version == end.version and int(begin) <= int(end):
            yield begin.version, int(begin), int(end)


def is_open(allowed: Iterable[Range]) -> bool:
    """Whether the addresses, taken together, are more than half of those of an IP version."""
    merged = list(_merged(allowed))
    for version, (lowest, highest) in _SPACES.items():
        covered = sum(
            max(0, min(last, highest) - max(first, lowest) + 1)
            for each, first, last in merged
            if each == version
        )
        if 2 * covered > highest - lowest + 1:
            return True
    return False


def without(allowed: Iterable[Range], excluded: Iterable[Range]) -> list[Range]:
    """The addresses of the first that are not among the second."""
    left = list(_merged(allowed))
    for version, first, last in _merged(excluded):
        parts = []
        for each, begin, end in left:
            if each != version or end < first or last < begin:
                parts.append((each, begin, end))
                continue
            if begin < first:
                parts.append((each, begin, first - 1))
            if last < end:
                parts.append((each, last + 1, end))
        left = parts
    return left


def _merged(found: Iterable[Range]) -> Iterator[Range]:
    """The same addresses in as few ranges as possible, none of which overlap."""
    current: Range | None = None
    for version, first, last in sorted(found):
        if current and current[0] == version and first <= current[2] + 1:
            current = (version, current[1], max(current[2], last))
        else:
            if current:
                yield current
            current = (version, first, last)
    if current:
        yield current


def rule_is_open(contexts: Any, zones: Mapping[str, Iterable[Range]]) -> bool:
    """Whether a context rule asks for nothing, or only to come from nearly anywhere.

    `contexts` are the API's; one of them is enough to come in. `zones` are the addresses of each
    network zone. A context with private endpoints only, or MFA of its own, is a
    limit wherever one comes from; so is an attribute that is not known here. A rule without
    contexts lets nobody in.
    """
    reachable: list[Range] = []
    for context in contexts if isinstance(contexts, list) else []:
        attributes = context.get("attributes") if isinstance(context, dict) else None
        listed = attributes if isinstance(attributes, list) else []
        wanted = [one for one in listed if isinstance(one, dict)]
        if any(_limits(one) for one in wanted):
            continue
        places = [_values(one) for one in wanted if one.get("name") == "networkZoneId"]
        if not places:
            return True
        reachable += (each for zone in places[0] for each in zones.get(zone, ()))
    return is_open(reachable)


def _limits(attribute: Mapping[str, Any]) -> bool:
    """Whether an attribute of a context asks for something, its zones aside."""
    name, values = attribute.get("name"), _values(attribute)
    if name == "networkZoneId":
        return False
    if name == "endpointType":
        return "public" not in values
    return not (name == "mfa" and values == ["IAM_ACCOUNT_SETTING"])


def _values(attribute: Mapping[str, Any]) -> list[str]:
    return [one.strip() for one in str(attribute.get("value") or "").split(",")]


def register(connection: sqlite3.Connection) -> None:
    """Lets the SQL of facts ask: lets_in_most(addresses), asks_for_nothing(contexts, zones).

    `zones` is a JSON object: for each zone pairs of whether an address is excluded, and it.
    """
    connection.create_function("lets_in_most", 1, _lets_in_most, deterministic=True)
    connection.create_function("asks_for_nothing", 2, _asks_for_nothing, deterministic=True)


def _lets_in_most(addresses: str | None) -> bool:
    return is_open(ranges(addresses or ""))


def _asks_for_nothing(contexts: str | None, zones: str) -> bool:
    addresses = {}
    for zone, entries in json.loads(zones).items():
        sides: tuple[list[Range], list[Range]] = ([], [])
        for excluded, value in entries:
            sides[bool(excluded)].extend(ranges(value))
        addresses[zone] = without(*sides)
    return rule_is_open(json.loads(contexts or "[]"), addresses)
