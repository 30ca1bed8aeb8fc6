"""What a reader may see: everything that a page looks up is asked here first."""

from __future__ import annotations

from typing import Any

from datasette import Forbidden


async def may_see(
    datasette: Any, actor: Any, database: str, *things: str, action: Any = "view-table"
) -> bool:
    """Whether the reader may see all of these tables, or with another action queries."""
    for thing in things:
        permissions = [(action, (database, thing)), ("view-database", database), "view-instance"]
        try:
            await datasette.ensure_permissions(actor, permissions)
        except Forbidden:
            return False
    return True
