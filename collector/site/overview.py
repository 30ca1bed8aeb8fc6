"""What the home page tells: accounts, what is in them, what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from datasette.utils import tilde_encode

from ..store.schema import TABLE
from .gaps import NEVER_READ, parts
from .readers import may_see

if TYPE_CHECKING:
    from datasette.database import Database

# What the home page counts of each account; of what only other objects mention, nothing.
COUNTED = (
    *("users", "serviceids", "trustedprofiles", "access_groups", "policies"),
    "resource_service_instances",
)


async def accounts(datasette: Any, actor: Any, name: str) -> list[dict[str, Any]] | None:
    """Each account of a database: when it was collected, what is in it, what could not be read.

    None if the reader may not see accounts at all.
    """
    if not await may_see(datasette, actor, name, "accounts"):
        return None
    database = datasette.databases[name]
    rows = await database.execute(
        "select accounts.account_id, coalesce(accounts.name, accounts.account_id) as name, "
        "max(collections.finished_at) as collected_at from accounts left join collections "
        "on collections.account_id = accounts.account_id "
        "group by accounts.account_id order by 2, 1"
    )
    states = await parts(database)
    counted = [
        (table, _only(table), await _count(database, table))
        for table in COUNTED
        if await may_see(datasette, actor, name, table)
    ]
    found = []
    for row in rows:
        account_id = row["account_id"]
        of_account = {part: state for (owner, part), state in states.items() if owner == account_id}
        counts = []
        for table, condition, number in counted:
            query = f"account_id={quote(account_id)}" + (f"&{condition}=1" if condition else "")
            counts.append(
                {
                    "label": TABLE[table].human_name[0].upper() + TABLE[table].human_name[1:],
                    "rows": number.get(account_id, 0),
                    "url": f"{datasette.urls.table(name, table)}?{query}",
                    **of_account.get(table, NEVER_READ),
                }
            )
        found.append(
            {
                **dict(row),
                "url": datasette.urls.row(name, "accounts", tilde_encode(account_id)),
                "counts": counts,
                "denied": [state for state in of_account.values() if state["denied"]],
                "partial": [state for state in of_account.values() if state["partial"]],
                "older": [state for state in of_account.values() if state["older"]],
                "remarks": [state for state in of_account.values() if state["remark"]],
            }
        )
    return found


def _only(table: str) -> str | None:
    """The column that says which rows of a table exist, where it has others."""
    return next((c.name for c in TABLE[table].columns if c.name == "listed"), None)


async def _count(database: Database, table: str) -> dict[str, int]:
    condition = _only(table)
    where = f"where {condition} = 1 " if condition else ""
    sql = f"select account_id, count(*) from {table} {where}group by account_id"
    return {account_id: number for account_id, number in await database.execute(sql)}


async def tables(datasette: Any, actor: Any, name: str) -> list[dict[str, str]]:
    """The tables and views that the reader may see."""
    database = datasette.databases[name]
    hidden = set(await database.hidden_table_names())
    return [
        {"name": table, "url": datasette.urls.table(name, table)}
        for table in [*await database.table_names(), *await database.view_names()]
        if table not in hidden and await may_see(datasette, actor, name, table)
    ]
