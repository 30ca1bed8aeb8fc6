"""Looks things up for the picture of one row's access, for one reader."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from datasette.utils import tilde_encode

from .explorers import explorers
from .readers import may_see
from .subjects import SUBJECTS

MOST = 25  # nodes in a column; where there are more, the last one stands for the rest

# What a reader must be allowed to see for each part of the picture.
PARTS = {
    "access groups": (
        *("access_groups", "access_group_summaries"),
        *("access_group_members", "access_group_identities"),
    ),
    "policies": (
        *("policies", "policy_descriptions", "policy_sentences", "policy_roles", "roles"),
        "privileged_policies",
    ),
    "service instances": ("policy_instances", "resource_service_instances"),
    "account management": ("policy_account_services", "policy_account_resources"),
    "identities": ("identities",),
}
# Beyond those, what is told with the picture, where it may be seen.
EXTRAS = (
    *("accounts", "trustedprofiles", "trustedprofile_identities"),
    *("administrators", "shortest_escalation_paths"),
)


def address(datasette: Any, name: str, table: str, key: str) -> str:
    """Where the picture of a row is."""
    url: str = datasette.urls.path(
        f"/-/iaminsights/graph/{tilde_encode(name)}/{table}/{tilde_encode(key)}"
    )
    return url


def some(things: Sequence[Any]) -> Sequence[Any]:
    """As many as a column has room for; one place is kept for those that are left out."""
    return things if len(things) <= MOST else things[: MOST - 1]


class Lookup:
    """One row, and what one reader may see of all that leads to it or from it.

    `key` is what facts know it by, `account` the account that it is in: None for an identity,
    which may have access in several. `sees` has the names of PARTS and EXTRAS.
    """

    def __init__(self, datasette: Any, actor: Any, name: str, table: str, row: Any) -> None:
        self.datasette, self.actor, self.name = datasette, actor, name
        self.table, self.row = table, row
        self.is_identity = SUBJECTS[table].is_identity
        self.is_instance = table == "resource_service_instances"
        self.key = row[SUBJECTS[table].key]
        self.account = None if table == "identities" else row["account_id"]
        self.sees: set[str] = set()
        self.as_report: str | None = None  # the address of a report that tells the same

    async def prepare(self) -> Lookup:
        """Find out what the reader may see."""
        for part, tables in {**PARTS, **{table: (table,) for table in EXTRAS}}.items():
            if await may_see(self.datasette, self.actor, self.name, *tables):
                self.sees.add(part)
        told = await explorers(self.datasette, self.actor, self.name, self.table, self.row)
        self.as_report = told[0]["url"] if told else None
        return self

    async def ask(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        """The rows of a query: lists are given to it as JSON, the row's key and account always."""
        given = {
            name: json.dumps(sorted(value)) if isinstance(value, (list, set, dict)) else value
            for name, value in values.items()
        }
        database = self.datasette.databases[self.name]
        rows = await database.execute(sql, {"key": self.key, "account": self.account, **given})
        return [dict(row) for row in rows]

    def url(self, table: str, key: str) -> str:
        """The address of a row's page."""
        url: str = self.datasette.urls.row(self.name, table, tilde_encode(key))
        return url
