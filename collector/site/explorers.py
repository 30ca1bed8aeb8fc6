"""Reports that answer for one thing: links to them from its page, choices for their forms."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from .databases import is_ours
from .readers import may_see


@dataclass(frozen=True)
class Explorer:
    """Which report tells of a row: its parameter takes what the row has in `column`."""

    report: str
    parameter: str
    column: str
    words: str  # of the link


def _of_identity(words: str, column: str = "iam_id") -> Explorer:
    return Explorer("what_can_identity_do", "identity", column, words)


EXPLORERS = {
    "identities": _of_identity("What can it do?"),
    "users": _of_identity("What can this person do?"),
    "serviceids": _of_identity("What can this service ID do?"),
    "trustedprofiles": _of_identity("What can it do?"),
    "access_groups": _of_identity("What can its members do?", "id"),
    "resource_service_instances": Explorer(
        "who_can_access_instance", "instance", "id", "Who can access it?"
    ),
    "roles": Explorer("who_can_do_action", "role_or_action", "role_id", "Who has this role?"),
}

# What the form of a report offers for a parameter of this name, so that nobody types an ID.
CHOICES = {
    "identity": "select name from identities where kind in ('user', 'service_id', "
    "'trusted_profile') union select name from access_groups where listed = 1",
    "instance": "select name from resource_service_instances",
    # (A field named action would hide the form's own from datasette-vega.)
    "role_or_action": "select display_name from roles union select action from role_actions",
    "role": "select display_name from roles",
    "service": "select service_name from account_services",
}
MOST_CHOICES = 2_000


async def choices(datasette, name: str, parameter: str) -> list[str]:
    """Names to choose from for a parameter of a report; empty if it has none to offer."""
    database = datasette.databases[name]
    if parameter not in CHOICES or not await is_ours(database):
        return []
    sql = f"select * from ({CHOICES[parameter]}) group by 1 order by 1 limit ?"
    return [row[0] for row in await database.execute(sql, [MOST_CHOICES]) if row[0]]


async def explorer(datasette, actor, name: str, table: str, row) -> dict[str, str] | None:
    """The report that tells of this very row, as a link; None if there is none to see."""
    if table not in EXPLORERS:
        return None
    its = EXPLORERS[table]
    known = await datasette.get_canned_queries(name, actor)
    if its.report not in known or not await may_see(
        datasette, actor, name, its.report, action="view-query"
    ):
        return None
    value = quote(str(row[its.column]), safe="")
    url = f"{datasette.urls.query(name, its.report)}?{its.parameter}={value}"
    return {"url": url, "words": its.words}
