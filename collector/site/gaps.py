"""What could not be read of what a page tells: the state of each part of a collection."""

from __future__ import annotations

import functools
import json
import re
import sqlite3
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from ..facts.derived import parts_behind
from ..reports.report import noted_reads
from ..store.schema import TABLE
from .databases import is_ours

if TYPE_CHECKING:
    from datasette.database import Database

NEVER_READ = {"denied": True, "partial": False, "older": False, "read_at": "", "remark": None}

# What is known of each part in each account: what the newest collect that asked for it got, and
# when the rows that are here were read. Of the parts in :parts (JSON), or of all if that is null.
# Looked up part by part, for every page of a report asks for a few of them.
STATES = """
    with states as (
      select
        accounts.account_id,
        coalesce(accounts.name, accounts.account_id) as account,
        parts.value as resource,
        iif(steps.status = 'ok' and steps.lacks like '%.*%', 'partial', steps.status) as status,
        coalesce(
          steps.message,
          'An earlier version of IAM insights read it, without '
            || replace(replace(steps.lacks, '.*', ''), ' ', ', ')
            || ': collect again to have it whole.'
        ) as message,
        steps.collection_id < (
          select max(id) from collections where collections.account_id = accounts.account_id
        ) as older,
        (
          select max(earlier.finished_at)
          from collections
            join collection_steps as earlier on earlier.collection_id = collections.id
          where collections.account_id = accounts.account_id
            and earlier.resource = parts.value
            and earlier.status in ('ok', 'partial')
        ) as read_at
      from accounts
        join json_each(
          coalesce(:parts, (select json_group_array(distinct resource) from collection_steps))
        ) as parts
        left join collection_steps as steps
          on steps.resource = parts.value
          and steps.collection_id = (
            select max(asked.collection_id)
            from collections
              join collection_steps as asked on asked.collection_id = collections.id
            where collections.account_id = accounts.account_id and asked.resource = parts.value
          )
    )
"""


def moment(time: str | None) -> str:
    """2026-03-05T16:02:11Z as people read it: 5 March 2026, 16:02 UTC."""
    if not time:
        return ""
    moment = datetime.fromisoformat(time.replace("Z", "+00:00")).astimezone(timezone.utc)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


async def parts(database: Database) -> dict[tuple[str, str], dict[str, Any]]:
    """What is known of each part that a collect asked for, by account and part."""
    states = await database.execute(
        f"{STATES} select * from states where status is not null order by account_id, resource",
        {"parts": None},
    )
    return {(state["account_id"], state["resource"]): _state(state) for state in states}


def _state(known: sqlite3.Row) -> dict[str, Any]:
    """How old a part is and what it lacks; of one never asked for there are only nulls."""
    read, partial = known["status"] == "ok", known["status"] == "partial"
    return {
        "name": _name_of(known["resource"]),
        "denied": not (read or partial),
        "partial": partial,
        "older": read and bool(known["older"]),
        "read_at": moment(known["read_at"]),
        "remark": known["message"] if read or partial else None,
    }


def _name_of(part: str) -> str:
    # A part that a later or earlier version knows still has a name.
    return TABLE[part].human_name if part in TABLE else part.replace("_", " ")


async def gaps(datasette, name: str, sql: str) -> list[dict[str, Any]]:
    """What a report rests on but could not be read, by account."""
    database = datasette.databases[name]
    if not await is_ours(database):
        return []
    known = _needed.setdefault(database, {})
    if sql not in known:
        known[sql] = json.dumps(sorted(await _parts_needed(datasette, name, sql)))
    states = await database.execute(
        f"{STATES} select * from states where status is not 'ok' or message is not null "
        "order by account, account_id, resource",
        {"parts": known[sql]},
    )
    return [{**_state(state), "account": state["account"]} for state in states]


# By database and SQL of a report: the parts of a collection that it rests on.
_needed: WeakKeyDictionary = WeakKeyDictionary()


class _Nulls(dict):
    """A value for whatever parameter a query has."""

    def __missing__(self, name: str) -> None:
        return None


async def _parts_needed(datasette, name: str, sql: str) -> set[str]:
    """The parts that a query rests on; what it shows of other reports rests on theirs, too."""
    database = datasette.databases[name]
    reports = await datasette.get_canned_queries(name, None)
    parts: set[str] = set()
    waiting, seen = [sql], {sql}
    while waiting:
        text = waiting.pop()
        tables = await database.execute_fn(functools.partial(_tables_read, sql=text))
        parts |= parts_behind(tables)
        if "findings" in tables:  # of the reports that it names
            named = {reports[word]["sql"] for word in _WORD.findall(text) if word in reports}
            waiting += named - seen
            seen |= named
    return parts


_WORD = re.compile(r"'(\w+)'")


def _tables_read(connection: sqlite3.Connection, sql: str) -> set[str]:
    """The tables that a query reads; none if SQLite cannot compile it, which its page says."""
    try:
        with noted_reads(connection) as tables:
            connection.execute(f"explain {sql}", _Nulls()).fetchone()
    except sqlite3.Error:
        return set()
    return tables
