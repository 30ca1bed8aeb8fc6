"""On which parts of a collection each report rests: what could not be read, it cannot tell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import closing

from ..facts.derived import empty_database, parts_behind
from .report import Report, noted_reads

_WORD = re.compile(r"'(\w+)'")


def parts_of(reports: Iterable[Report]) -> dict[str, tuple[str, ...]]:
    """The parts that each report rests on, by its name, told from what its SQL reads.

    What it shows of other reports' findings rests on theirs, too.
    """
    named = {report.name: report for report in reports}
    tables: dict[str, set[str]] = {}
    with closing(empty_database()) as database:
        for report in named.values():
            with noted_reads(database) as tables[report.name]:
                database.execute(f"explain {report.sql}", dict.fromkeys(report.parameters))
    shown = {
        name: {*_WORD.findall(named[name].sql)} & named.keys() if "findings" in read else set()
        for name, read in tables.items()
    }
    return {
        name: tuple(sorted(set().union(*(parts_behind(tables[one]) for one in _all(name, shown)))))
        for name in named
    }


def _all(name: str, shown: dict[str, set[str]]) -> set[str]:
    """A report, those whose findings it shows, those whose findings these show, and so on."""
    found, waiting = set(), [name]
    while waiting:
        if (one := waiting.pop()) not in found:
            found.add(one)
            waiting += shown[one]
    return found
