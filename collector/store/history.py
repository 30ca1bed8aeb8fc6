"""What changed between two collects, and how the number of findings went.

A new file is compared with the old one while it is made. Only what differs is written: a collect
that finds everything as it was adds nothing here.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from .meaning import USUAL_OPERATOR, meaning
from .schema import TABLES, account_of
from .table import Compared, Table

# Of what has several fields, how one is written down; else one after the other.
_WRITTEN = {
    **dict.fromkeys(
        ("resources", "subjects"),
        lambda one: f"{one['name']} {one['operator'] or USUAL_OPERATOR} {one['value']}",
    ),
    "tags": lambda one: f"{one['name']}:{one['value']}",
}


def record_changes(
    connection: sqlite3.Connection,
    account_id: str,
    parts: Collection[str],
    at: str,
    partial: Collection[str] = (),
) -> None:
    """Write into `changes` how main differs from old in the parts that both have.

    Of these, in all that the old one asked for: what its version did not know was not absent. What
    is missing in a part that was read in part only need not be gone, and what such a part lacked
    before need not be new.
    """
    before: dict[str, set[str]] = {}
    lacking: set[str] = set()
    for part, status, lacks in connection.execute(
        "select steps.part, steps.status, steps.lacks from temp.old_collections as runs "
        "join temp.old_collection_steps as steps on steps.collection_id = runs.id "
        "where runs.account_id = ? and steps.status in ('ok', 'partial') order by runs.id",
        (account_id,),
    ):
        before[part] = set((lacks or "").split())
        (lacking.add if status == "partial" else lacking.discard)(part)
    unsure = {"removed": set(partial), "added": lacking, "changed": set()}
    known = {
        table.name
        for table in TABLES
        if table.filled_by in before
        and table.filled_by in parts
        and f"{table.name}.*" not in before[table.filled_by]
    }
    unknown = set().union(*before.values())
    number = connection.execute("select coalesce(max(id), 0) from changes").fetchone()[0]
    rows = [
        (at, account_id, table.name, *change)
        for table in TABLES
        if table.compared and known >= {table.name, *_sources(_account(table))}
        for change in _differences(
            connection,
            table,
            account_id,
            # Pieces that are a part of their own may be missing of what is there both times.
            _fields(table, known - _filled_by({*partial, *lacking} - {table.filled_by}), unknown),
        )
        if table.filled_by not in unsure[change[4]]
    ]
    connection.executemany(
        "insert into changes (id, changed_at, account_id, what, key, name, iam_id, "
        "access_group_id, change, before, after) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(number + place, *row) for place, row in enumerate(rows, 1)],
    )


def _filled_by(parts: Collection[str]) -> set[str]:
    return {table.name for table in TABLES if table.filled_by in parts}


def _fields(table: Table, known: Collection[str], unknown: Collection[str]) -> dict[str, str]:
    """What is compared of a row, as SQL by name: what both files asked for."""
    fields = {
        name: f"t.[{name}]" for name in table.watched if f"{table.name}.{name}" not in unknown
    }
    for name, sql in (table.compared or Compared()).more.items():
        (source,) = _sources(sql)
        if source in known and not any(one.startswith(f"{source}.") for one in unknown):
            fields[name] = f"json(({sql}))"
    return fields


def _sources(sql: str) -> list[str]:
    """The tables of a side that an expression looks at."""
    return re.findall(r"\{side\}(\w+)", sql)


def _differences(
    connection: sqlite3.Connection, table: Table, account_id: str, fields: Mapping[str, str]
) -> Iterator[tuple[Any, ...]]:
    """Key, name, iam_id, access_group_id, change, before and after of each row that differs."""
    for side, rows in (("main.", "main_rows"), ("temp.old_", "old_rows")):
        connection.execute(f"drop table if exists temp.{rows}")
        connection.execute(
            f"create temp table {rows} as {_selected(table, side, fields)}", (account_id,)
        )
        connection.execute(f"create index temp.{rows}_key on {rows} (key)")
    found = connection.execute(
        """
        select new.key, new.name, new.iam_id, new.access_group_id, old.content, new.content
        from temp.main_rows as new
        left join temp.old_rows as old on old.key = new.key
        where old.content is not new.content
        union all
        select old.key, old.name, old.iam_id, old.access_group_id, old.content, null
        from temp.old_rows as old
        where not exists (select 1 from temp.main_rows as new where new.key = old.key)
        order by 1
        """
    )
    for key, name, iam_id, group_id, before, after in found:
        change = "added" if before is None else "removed" if after is None else "changed"
        difference = _only_what_differs(table, before, after)
        if change != "changed" or difference != ("{}", "{}"):
            yield (key, name, iam_id, group_id, change, *difference)


def _only_what_differs(
    table: Table, before: str | None, after: str | None
) -> tuple[str | None, str | None]:
    """Two JSON objects without what means the same, nor what is empty where there is but one."""
    old, new = json.loads(before or "{}"), json.loads(after or "{}")
    names = [
        name
        for name in {**old, **new}
        if meaning(table.name, name, old.get(name)) != meaning(table.name, name, new.get(name))
    ]

    def said(side: Mapping[str, Any]) -> str:
        return json.dumps({n: _written(n, side.get(n)) for n in names}, ensure_ascii=False)

    return said(old) if before else None, said(new) if after else None


def _written(name: str, value: Any) -> Any:
    """A list in words, as people read it."""
    if not isinstance(value, list):
        return value
    if not all(isinstance(one, dict) for one in value):
        return " ".join(sorted(value))
    in_turn = _WRITTEN.get(name, lambda one: " ".join(str(v) for v in one.values() if v))
    return ", ".join(sorted(map(in_turn, value))) or None


def _selected(table: Table, side: str, fields: Mapping[str, str]) -> str:
    compared = table.compared or Compared()
    content = ", ".join(f"'{name}', {value}" for name, value in fields.items())
    key = " || ' ' || ".join(f"t.[{name}]" for name in table.key)
    return (
        f"select {key} as key, {compared.name or f't.[{table.label or table.key[0]}]'} as name, "
        f"{compared.iam_id} as iam_id, {compared.access_group_id} as access_group_id, "
        f"json_object({content}) as content "
        f"from {{side}}{table.name} as t "
        f"where {_account(table)} = ? and {compared.where}"
    ).replace("{side}", side)


def _account(table: Table) -> str:
    return account_of(table, "t", "{side}")


def record_counts(connection: sqlite3.Connection, at: str) -> None:
    """Write into `finding_history` each count that is not what it was."""
    connection.execute(
        """
        insert into finding_history (
          changed_at, account_id, report, severity, rows, acknowledged
        )
        select :at, account_id, report, severity, rows, acknowledged
        from (
          select
            report_counts.account_id,
            report_counts.report,
            report_counts.severity,
            report_counts.rows,
            (
              select count(*)
              from findings
              join acknowledgements on acknowledgements.id = findings.acknowledgement_id
              where findings.report = report_counts.report
                and findings.account_id = report_counts.account_id
                and findings.severity = report_counts.severity
                and acknowledgements.expires >= date(:at)
            ) as acknowledged
          from report_counts
          union all
          -- Of a severity that a report has no more, none is left.
          select distinct history.account_id, history.report, history.severity, 0, 0
          from finding_history as history
          where exists (
              select 1
              from report_counts
              where report_counts.account_id = history.account_id
                and report_counts.report = history.report
            )
            and not exists (
              select 1
              from report_counts
              where report_counts.account_id = history.account_id
                and report_counts.report = history.report
                and report_counts.severity = history.severity
            )
        ) as counted
        where (rows, acknowledged) is not (
          select rows, acknowledged
          from finding_history as earlier
          where earlier.account_id = counted.account_id
            and earlier.report = counted.report
            and earlier.severity = counted.severity
          order by changed_at desc
          limit 1
        )
        on conflict do update set rows = excluded.rows, acknowledged = excluded.acknowledged
        """,
        {"at": at},
    )


def prune(connection: sqlite3.Connection, at: str, days: int) -> None:
    """Forget what is older than so many days; the newest count of each report stays."""
    oldest = f"-{days} days"
    limit = "strftime('%Y-%m-%dT%H:%M:%SZ', :at, :oldest)"
    values = {"at": at, "oldest": oldest}
    connection.execute(f"delete from changes where changed_at < {limit}", values)
    connection.execute(
        f"""
        delete from finding_history
        where changed_at < {limit}
          and exists (
            select 1
            from finding_history as later
            where later.account_id = finding_history.account_id
              and later.report = finding_history.report
              and later.severity = finding_history.severity
              and later.changed_at > finding_history.changed_at
              and later.changed_at <= {limit}
          )
        """,
        values,
    )
    # Which parts are old is told by the newest run and the newest good one of each part.
    connection.execute(
        f"""
        delete from collection_steps
        where finished_at < {limit}
          and exists (
            select 1
            from collection_steps as later
            join collections as ours on ours.id = collection_steps.collection_id
            join collections as theirs
              on theirs.id = later.collection_id and theirs.account_id = ours.account_id
            where later.part = collection_steps.part
              and later.collection_id > collection_steps.collection_id
              and later.status = 'ok'
          )
        """,
        values,
    )
    connection.execute(
        f"""
        delete from collections
        where finished_at < {limit}
          and not exists (select 1 from collection_steps where collection_id = collections.id)
        """,
        values,
    )
