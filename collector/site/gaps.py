"""What could not be read of what a page tells: the state of each part of a collection."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias
from weakref import WeakKeyDictionary

from ..store.schema import TABLE
from .databases import is_ours, state_of
from .times import moment

if TYPE_CHECKING:
    from datasette.database import Database

Gaps: TypeAlias = "list[dict[str, Any]]"

NEVER_READ = {"denied": True, "partial": False, "older": False, "read_at": "", "remark": None}

STATES = "select * from collected_parts order by account_id, part"

# What is not known in full of the parts in :parts (JSON), or of all that any collect asked for if
# that is null. A part that an account was never asked for has only nulls.
GAPS = """
    select
      coalesce(accounts.name, accounts.account_id) as account,
      parts.value as part,
      state.status,
      state.read_at,
      state.message,
      state.is_older
    from accounts
    join json_each(
      coalesce(:parts, (select json_group_array(distinct part) from collected_parts))
    ) as parts
    left join collected_parts as state
      on state.account_id = accounts.account_id and state.part = parts.value
    where state.status is not 'ok' or state.message is not null
    order by 1, accounts.account_id, 2
"""


async def parts(database: Database) -> dict[tuple[str, str], dict[str, Any]]:
    """What is known of each part that a collect asked for, by account and part."""
    states = await database.execute(STATES)
    return {(state["account_id"], state["part"]): _state(state) for state in states}


# Each page of a report asks: by database, the state of its file, and what was found then.
_found: WeakKeyDictionary[Database, tuple[tuple[int, ...], dict[str | None, Gaps]]] = (
    WeakKeyDictionary()
)


async def gaps(datasette: Any, name: str, rests_on: Iterable[str] | None) -> Gaps:
    """What could not be read of the parts that a report rests on, by account.

    Of all parts, where nobody has said on which it rests.
    """
    database = datasette.databases[name]
    if not await is_ours(database):
        return []
    asked = None if rests_on is None else json.dumps(sorted(rests_on))
    # Looked at before the question: an answer is never remembered for a later state than its own.
    state = state_of(str(database.path)) if database.path else ()
    known = _found.get(database)
    if known is None or known[0] != state or not state:
        known = _found[database] = (state, {})
    if asked not in known[1]:
        states = await database.execute(GAPS, {"parts": asked})
        known[1][asked] = [{**_state(one), "account": one["account"]} for one in states]
    return known[1][asked]


def _state(known: sqlite3.Row) -> dict[str, Any]:
    """How old a part is and what it lacks; of one never asked for there are only nulls."""
    read, partial = known["status"] == "ok", known["status"] == "partial"
    return {
        "name": _name_of(known["part"]),
        "denied": not (read or partial),
        "partial": partial,
        "older": read and bool(known["is_older"]),
        "read_at": moment(known["read_at"]),
        "remark": known["message"] if read or partial else None,
    }


def _name_of(part: str) -> str:
    # A part that a later or earlier version knows still has a name.
    return TABLE[part].human_name if part in TABLE else part.replace("_", " ")
