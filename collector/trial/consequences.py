"""Compares what follows from access before and after changes: escalation paths and findings."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from ..reports.findings import Earlier, acknowledgements_in, count
from ..reports.report import Report, rank

ESCALATION = ("shortest_escalation_paths", "full_administrators")
ESCALATION_COLUMNS = (
    *("change", "identity", "kind", "hops", "path", "path_before", "confidence", "via"),
    *("account", "iam_id", "policy_id", "account_id"),
)
FINDING_COLUMNS = (
    *("change", "severity", "title", "what", "who", "kind", "severity_before", "acknowledged"),
    *("found_by", "account", "finding", "iam_id", "access_group_id", "policy_id", "instance_id"),
    "account_id",
)
_Row = dict[str, Any]
_ORDER = (
    *("full administrator", "opened", "changed", "closed", "no longer full administrator"),
    *("appeared", "worse", "milder", "gone"),
)


def escalations(before: sqlite3.Connection, after: sqlite3.Connection) -> list[_Row]:
    """What changes of the shortest path of each identity to full control of an account.

    `change` is full administrator or no longer full administrator (who has full control needs no
    path), opened, closed, or changed.
    """
    old, new = _paths(before), _paths(after)
    were, are = _administrators(before), _administrators(after)
    found = []
    for key in old.keys() | new.keys() | (were ^ are):
        first, last = old.get(key), new.get(key)
        change = _change(first, last, key in were, key in are)
        if change:
            named = _named(after, key) or _named(before, key)
            found.append(
                {
                    **dict.fromkeys(ESCALATION_COLUMNS),
                    **named,
                    **(last or {}),
                    "change": change,
                    "path_before": first and first["path"],
                }
            )
    return sorted(found, key=_place)


def findings(
    before: sqlite3.Connection, after: sqlite3.Connection, reports: Sequence[Report]
) -> list[_Row]:
    """The findings of reports that appear or are gone, or whose severity differs (worse, milder).

    `before` is the file; if it was counted by other reports than these, they are run again.
    `after` has all facts, and is filled with what is counted.
    """
    accepted = acknowledgements_in(before)
    if _is_counted_by(before, reports):
        old = _findings(before)
    else:
        with closing(sqlite3.connect(":memory:")) as copy:
            before.backup(copy)
            count(copy, reports, accepted, None, Earlier())
            old = _findings(copy)
    count(after, reports, accepted, None, Earlier())
    new = _findings(after)
    found = []
    for key in old.keys() | new.keys():
        first, last = old.get(key), new.get(key)
        severities = [one and one["severity"] for one in (first, last)]
        if severities[0] != severities[1]:
            change = "appeared" if first is None else "gone"
            if first and last:
                change = "worse" if rank(severities[1]) < rank(severities[0]) else "milder"
            row = {**(last or first or {}), "change": change, "severity_before": severities[0]}
            found.append({name: row.get(name) for name in FINDING_COLUMNS})
    return sorted(found, key=lambda row: (_place(row)[0], rank(row["severity"]), _place(row)))


def _change(first: _Row | None, last: _Row | None, was: bool, is_now: bool) -> str | None:
    if was != is_now:
        return "full administrator" if is_now else "no longer full administrator"
    if (first is None) != (last is None):
        return "opened" if first is None else "closed"
    return "changed" if first != last else None


def _paths(connection: sqlite3.Connection) -> dict[tuple[str, str], _Row]:
    rows = connection.execute(
        "select account_id, iam_id, hops, path, confidence, via, first_policy_id "
        "from shortest_escalation_paths"
    )
    names = ("hops", "path", "confidence", "via", "policy_id")
    return {
        (account_id, iam_id): dict(zip(names, rest, strict=True))
        for account_id, iam_id, *rest in rows
    }


def _administrators(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    return set(
        connection.execute("select account_id, id from full_administrators where kind = 'identity'")
    )


def _named(connection: sqlite3.Connection, key: tuple[str, str]) -> _Row:
    account_id, iam_id = key
    found = connection.execute(
        "select coalesce(accounts.name, accounts.account_id), identities.name, identities.kind "
        "from identities join accounts on accounts.account_id = ? where identities.iam_id = ?",
        key,
    ).fetchone()
    if not found:
        return {}
    named = dict(zip(("account", "identity", "kind"), found, strict=True))
    return {**named, "iam_id": iam_id, "account_id": account_id}


def _is_counted_by(connection: sqlite3.Connection, reports: Sequence[Report]) -> bool:
    counted = set(connection.execute("select distinct report, fingerprint from report_counts"))
    return counted == {(one.name, one.fingerprint) for one in reports if one.identifiers}


def _findings(connection: sqlite3.Connection) -> dict[tuple[str, str, str], _Row]:
    found = connection.execute(
        "select findings.*, findings.report as found_by, "
        "coalesce(accounts.name, accounts.account_id) as account, reports.title, "
        "acknowledgements.reason as acknowledged from findings "
        "join accounts on accounts.account_id = findings.account_id "
        "join reports on reports.name = findings.report "
        "left join acknowledgements on acknowledgements.id = findings.acknowledgement_id"
    )
    names = [column[0] for column in found.description]
    rows = (dict(zip(names, row, strict=True)) for row in found)
    return {(row["account_id"], row["found_by"], row["finding"]): row for row in rows}


def _place(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return (
        _ORDER.index(row["change"]),
        *(str(row.get(key)) for key in ("account", "identity", "found_by", "what", "iam_id")),
        str(row.get("finding")),
    )
