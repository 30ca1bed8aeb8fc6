"""What to do first in each account: the commands that close most, in words."""

from __future__ import annotations

import sqlite3
from typing import Any

from ..reports.actions import TO_DO, Action, first_actions
from ..reports.named import READS, Named
from ..reports.report import WORST_FIRST
from .readers import may_see
from .workbench import OPEN, VIEW, to_fix

MOST = 3
_TABLES = (
    *("open_findings", "findings", "acknowledgements", "current_acknowledgements"),
    "sole_escalation_policies",
)


async def first(datasette: Any, actor: Any, name: str) -> dict[str, list[dict[str, Any]]]:
    """By account the things to do first; none if the reader may not see the findings."""
    if not await may_see(datasette, actor, name, *_TABLES):
        return {}
    by_name = await may_see(datasette, actor, name, *READS)
    leads = await may_see(datasette, actor, name, VIEW)

    def told(connection: sqlite3.Connection) -> dict[str, list[dict[str, Any]]]:
        cursor = connection.cursor()
        cursor.row_factory = None  # plain tuples: there are many, and they are counted
        ranked = first_actions(cursor.execute(TO_DO), MOST)
        return {
            account_id: [
                _told(action, Named(connection if by_name else None, account_id))
                for action in actions
            ]
            for account_id, actions in ranked.items()
        }

    found: dict[str, list[dict[str, Any]]]
    found = await datasette.databases[name].execute_fn(told)
    for account_id, actions in found.items():
        for one in actions:
            commands = one.pop("commands")
            about = {"account_id": account_id, "report": one.pop("reports"), **OPEN}
            filters = {"command": commands if len(commands) > 1 else commands[0], **about}
            one["url"] = to_fix(datasette, name, **filters) if leads else None
    return found


def _told(action: Action, named: Named) -> dict[str, Any]:
    step, *others = action.steps
    more = f", and {len(others)} more step{'s' if len(others) > 1 else ''}" if others else ""
    return {
        "does": named.does(step) + more,
        "policy": None if others else named.policy(step),
        "command": action.command,
        "commands": action.commands,
        "reports": sorted(action.reports),
        "closes": sum(action.closes.values()),
        "begins": action.begins,
        "severities": [(s, action.closes[s]) for s in WORST_FIRST if action.closes[s]],
    }
