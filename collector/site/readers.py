"""What a reader may see: everything that a page looks up is asked here first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from datasette import Forbidden, Request
from datasette.utils import await_me_maybe


async def actor(datasette: Any, scope: Mapping[str, Any]) -> Any:
    """Who asks, before Datasette has found it out."""
    from datasette.plugins import pm  # it loads our plugins, which import this

    for found in pm.hook.actor_from_request(datasette=datasette, request=Request(scope, None)):
        if known := await await_me_maybe(found):
            return known
    return scope.get("actor")


async def may_see(
    datasette: Any, actor: Any, database: str, *things: str, action: Any = "view-table"
) -> bool:
    """Whether the reader may see all of these tables, or with another action queries."""
    for thing in things:
        if not await may(
            *(datasette, actor),
            [(action, (database, thing)), ("view-database", database), "view-instance"],
        ):
            return False
    return True


async def may_enter(datasette: Any, actor: Any, database: str) -> bool:
    """Whether the reader may see a database at all."""
    return await may(datasette, actor, [("view-database", database), "view-instance"])


async def may(datasette: Any, actor: Any, permissions: Sequence[Any]) -> bool:
    """Whether the reader has permissions, as Datasette lists them: the first that is decided."""
    try:
        await datasette.ensure_permissions(actor, permissions)
    except Forbidden:
        return False
    return True
