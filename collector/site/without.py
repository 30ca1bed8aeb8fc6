"""What would be lost without a policy, an access group, or a member of one, for one reader."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from datasette.utils import sqlite_timelimit, tilde_decode, tilde_encode

from ..store.schema import TABLE
from ..trial.access import LOST
from ..trial.trial import Trial
from .names import sentences
from .readers import may_see
from .subjects import SUBJECTS

MOST = 100  # rows that are shown
_QUERIES = 5  # an answer is made of several queries, and may take as long as so many of them

# How each kind of row is removed.
_REMOVED: Mapping[str, Callable[[Trial, Any], None]] = {
    "policies": lambda trial, row: trial.remove_policy(row["id"]),
    "access_groups": lambda trial, row: trial.remove_group(row["id"]),
    "access_group_members": lambda trial, row: trial.remove_member(
        row["group_id"], row["iam_id"], row["membership_type"]
    ),
}
TABLES = frozenset(_REMOVED)
_RESTS_ON = (
    *("access_group_identities", "access_group_members", "access_groups", "accounts"),
    *("effective_access", "effective_account_access", "identities", "policies", "roles"),
    "resource_service_instances",
)
MOST_GROUPS = 30  # of an identity that are shown
_GROUPS = """
    select members.*, coalesce(nullif(groups.name, ''), groups.id) as name
    from access_group_members as members
    join access_groups as groups on groups.id = members.group_id
    where members.iam_id = :key and (:account is null or groups.account_id = :account)
    order by name, members.group_id, members.membership_type
    limit :most
"""
_ACCOUNT = "select account_id from access_groups where id = ?"


@dataclass(frozen=True)
class Lost:
    """Rows of access that would go, as AccessChanges has them: the first, and how many there are.

    `counts` has their number by change, `identities` how many lose something.
    """

    counts: Mapping[str, int]
    identities: int
    rows: tuple[Mapping[str, Any], ...]
    notes: tuple[str, ...]

    @property
    def total(self) -> int:
        """Number of all rows."""
        return sum(self.counts.values())

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "counts": dict(self.counts),
            "identities": self.identities,
            "rows_found": self.total,
            "rows": [dict(row) for row in self.rows],
            "notes": list(self.notes),
        }


async def may_ask(datasette: Any, actor: Any, name: str) -> bool:
    """Whether the reader may see all that an answer is made of."""
    return await may_see(datasette, actor, name, *_RESTS_ON)


def can_go(table: str, row: Any) -> bool:
    """Whether a row gives access and can be removed, so that there is something to tell of it."""
    if table == "policies":
        return bool(row["type"] == "access")
    if table == "access_groups":
        return not row["is_public"]
    return table in TABLES


def is_identity(table: str) -> bool:
    """Whether the rows of a table are somebody, who can be in access groups."""
    return table in SUBJECTS and SUBJECTS[table].is_identity


def address(datasette: Any, name: str, table: str, row: Any) -> str:
    """Where the page of a row is."""
    key = ",".join(tilde_encode(str(row[column])) for column in TABLE[table].key)
    url: str = datasette.urls.path(f"/-/iaminsights/without/{tilde_encode(name)}/{table}/{key}")
    return url


async def groups_of(datasette: Any, name: str, table: str, row: Any) -> dict[str, Any]:
    """The access groups that an identity is in, as links, each with what it would lose without it.

    `shown` has as many as there is room for, `more` says whether there are others.
    """
    account = row["account_id"] if table != "identities" else None
    found = await datasette.databases[name].execute(
        _GROUPS, {"key": row["iam_id"], "account": account, "most": MOST_GROUPS + 1}
    )
    shown = [
        {
            "name": member["name"],
            "membership": member["membership_type"],
            "url": datasette.urls.row(name, "access_groups", tilde_encode(member["group_id"])),
            "without_url": address(datasette, name, "access_group_members", member),
        }
        for member in found.rows[:MOST_GROUPS]
    ]
    return {"shown": shown, "more": len(found.rows) > MOST_GROUPS}


async def row_of(datasette: Any, name: str, table: str, key: str) -> Any:
    """The row of a key as addresses have it; None if there is none."""
    columns, values = TABLE[table].key, [tilde_decode(part) for part in key.split(",")]
    if len(columns) != len(values):
        return None
    same = " and ".join(f"[{column}] = ?" for column in columns)
    found = await datasette.databases[name].execute(f"select * from [{table}] where {same}", values)
    return found.first()


async def lost(datasette: Any, name: str, table: str, row: Any) -> Lost:
    """What would be lost without a row.

    It is worked out on a thread, beside other pages. Raises sqlite3.OperationalError if it takes
    longer than the site allows.
    """
    limit = _QUERIES * datasette.setting("sql_time_limit_ms")

    def told(connection: sqlite3.Connection) -> Lost:
        with sqlite_timelimit(connection, limit):
            account = row["account_id"] if table != "access_group_members" else None
            if account is None:
                (account,) = connection.execute(_ACCOUNT, (row["group_id"],)).fetchone()
            with Trial(Path(name), account, connection) as trial:
                _REMOVED[table](trial, row)
                access = trial.access
                return Lost(
                    {change: access.count(change) for change in LOST},
                    len(access.identities(*LOST[:2])),
                    tuple(islice(access.rows(*LOST), MOST)),
                    tuple(trial.notes),
                )

    found: Lost = await datasette.databases[name].execute_fn(told)
    return found


async def policies_of(
    datasette: Any, actor: Any, name: str, found: Lost
) -> dict[str, tuple[str, str]]:
    """Sentence and address of the policies by which access stays, by ID."""
    named = {key for row in found.rows for key in (row["also_policy_ids"] or "").split(", ") if key}
    said = await sentences(datasette, actor, name, named)
    return {
        key: (said.get(key, key), datasette.urls.row(name, "policies", tilde_encode(key)))
        for key in named
    }
