"""Which policies and memberships most escalation paths lead through, for the select of a fact.

What an identity needs on all of its paths to full control is what dominates it, in the words of
graph theory, where things lead to one another and full control is the root. One walk finds for each
policy and membership how many identities lose all of their paths without it. To take the best one
and walk again gives a list in which each closes as much as it can after those before it. Where two
must go together to close anything, as with a group that holds two such policies, no single one
does: then pairs are tried as well.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

MOST = 20  # removals that are listed
_SHARE = 100  # of so many who have paths, each closes those of one at least
# A pair must close so many times as much as a single one: its first half closes little by itself.
_WORTH_TWO = 3
_PAIRS = 12  # so many are tried with another one, those first that most begin with
_FEW_PAIRS = 2  # if there are
_MANY = 2_000  # things in all, each of which takes a while
_WAYS = 8  # who has more ways to begin than that loses none of them with a membership

# A policy by its ID, or a membership by the numbers of identity and group.
Removable = str | tuple[int, int]
Thing = int | Removable


class Link(NamedTuple):
    """What leads from one thing to the next: by a policy, or by nothing that can be removed."""

    source: int
    target: int
    policy: str | None


class Members(NamedTuple):
    """Who is in a group; `are_removable` unless by a rule, or with everybody."""

    group: int
    are_removable: bool
    identities: Sequence[int]


class Choke(NamedTuple):
    """What to remove, and how many identities then lose all of their paths."""

    removed: Removable
    closes: int


class _Graph:
    """What leads where. Policies and memberships are things that paths lead through."""

    def __init__(self, root: int, links: Iterable[Link], groups: Iterable[Members]) -> None:
        self.root = root
        self.onward: dict[Thing, list[Thing]] = defaultdict(list)
        for source, target, policy in links:
            if policy is None:
                self.onward[source].append(target)
            else:
                if policy not in self.onward:
                    self.onward[source].append(policy)
                self.onward[policy].append(target)
        memberships: dict[int, list[tuple[int, bool]]] = defaultdict(list)
        for group, are_removable, identities in groups:
            for identity in identities:
                memberships[identity].append((group, are_removable))
        for identity, held in memberships.items():
            ways = self.onward[identity]
            is_told = len(ways) + len(held) <= _WAYS
            for group, is_removable in held:
                if is_told and is_removable:
                    ways.append((identity, group))
                    self.onward[(identity, group)] = [group]
                else:
                    ways.append(group)
        self.back: dict[Thing, list[Thing]] = defaultdict(list)
        for thing, onward in self.onward.items():
            for way in onward:
                self.back[way].append(thing)

    def walk(self, removed: Collection[Removable]) -> tuple[dict[Thing, int], list[int]]:
        """The place of all that reaches the root without what is removed, the nearest first, and
        for each place that of the nearest thing on all of the ways from there.
        """
        places: dict[Thing, int] = {self.root: 0}
        queue: list[Thing] = [self.root]
        for thing in queue:
            for source in self.back[thing]:
                if source not in places and source not in removed:
                    places[source] = len(queue)
                    queue.append(source)
        nearest = [-1] * len(queue)
        nearest[0] = 0
        changed = True
        while changed:
            changed = False
            for place, thing in enumerate(queue[1:], 1):
                found = -1
                for way in self.onward[thing]:
                    target = places.get(way, -1)
                    if target < 0 or nearest[target] < 0:
                        continue
                    found = target if found < 0 else _common(nearest, found, target)
                    if not found:
                        break
                if nearest[place] != found:
                    nearest[place] = found
                    changed = True
        return places, nearest


def _common(nearest: Sequence[int], one: int, other: int) -> int:
    while one != other:
        while one > other:
            one = nearest[one]
        while other > one:
            other = nearest[other]
    return one


def choke_points(
    root: int,
    starts: Collection[int],
    links: Iterable[Link],
    groups: Iterable[Members],
    most: int = MOST,
) -> list[Choke]:
    """What to remove, each after those before it, until that closes hardly anything more.

    `root` is full control; `starts` are the identities that count. Paths may be of any length.
    """
    graph = _Graph(root, links, groups)
    removed: set[Removable] = set()
    chokes: list[Choke] = []
    while len(chokes) < most:
        best = _best(graph, starts, removed)
        if sum(choke.closes for choke in best) * _SHARE < len(starts) * len(best) or not best:
            break
        chokes += best
        removed.update(choke.removed for choke in best)
    return chokes[:most]


def _best(graph: _Graph, starts: Collection[int], removed: set[Removable]) -> list[Choke]:
    """The next one, or two, by how many identities lose all of their paths for each of them."""
    closes, begins = _effects(graph, starts, removed)
    single = max(closes.items(), key=_preferred, default=("", 0))
    best, gain = ([Choke(*single)] if single[1] else []), _WORTH_TWO * single[1]
    tried = _PAIRS if len(graph.onward) <= _MANY else _FEW_PAIRS
    for one in sorted(begins, key=lambda each: (-begins[each], str(each)))[:tried]:
        then, _ = _effects(graph, starts, removed | {one})
        other = max(then.items(), key=_preferred, default=("", 0))
        both = closes[one] + other[1]
        if both > gain:
            gain = both
            first, second = sorted((one, other[0]), key=lambda each: -closes.get(each, 0))
            best = [Choke(first, closes[first]), Choke(second, both - closes[first])]
    return best


def _preferred(effect: tuple[Removable, int]) -> tuple[int, bool, str]:
    """The most; of equals a policy, without which later members have no path either."""
    removable, closes = effect
    return closes, isinstance(removable, str), str(removable)


def _effects(
    graph: _Graph, starts: Collection[int], removed: Collection[Removable]
) -> tuple[Mapping[Removable, int], Mapping[Removable, int]]:
    """By policy and membership: how many identities lose all of their paths without it, and how
    many ways to begin are lost.
    """
    places, nearest = graph.walk(removed)
    closes, begins = [0] * len(nearest), [0] * len(nearest)
    for start in starts:
        if start in places:
            closes[places[start]] += 1
            for way in graph.onward[start]:
                if way in places:
                    begins[places[way]] += 1
    for place in range(len(nearest) - 1, 0, -1):
        closes[nearest[place]] += closes[place]
        begins[nearest[place]] += begins[place]
    removable = [(thing, place) for thing, place in places.items() if not isinstance(thing, int)]
    return (
        {thing: closes[place] for thing, place in removable},
        {thing: begins[place] for thing, place in removable},
    )


def _choke_points(root: int, starts: str, links: str, groups: str) -> str:
    """choke_points(root, starts, links, groups), all but the first as JSON lists: a JSON list of
    lists, the policy, the identity and the group, of which two are null, and how many it closes.
    """
    found = choke_points(
        root,
        set(json.loads(starts)),
        (Link(*link) for link in json.loads(links)),
        (Members(*members) for members in json.loads(groups)),
    )
    return json.dumps(
        [
            [removed, None, None, closes] if isinstance(removed, str) else [None, *removed, closes]
            for removed, closes in found
        ]
    )


def register(connection: sqlite3.Connection) -> None:
    """Let a connection know choke_points()."""
    connection.create_function("choke_points", 4, _choke_points, deterministic=True)
