"""What the page of a row tells beside its fields: references, policies, findings, history."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from datasette.utils import tilde_encode

from .links import CONSOLE
from .overview import WORST_FIRST
from .readers import may_see

MOST_POLICIES, MOST_FINDINGS, MOST_CHANGES = 30, 50, 20

# Where the story of a row comes from, by its table. `by` is the column of findings, policies and
# changes that has its key, and `key` the column of the row that holds it; `console` is the view
# that knows its page.
STORIES: dict[str, dict[str, str]] = {
    "identities": {"by": "iam_id", "key": "iam_id", "console": "identity_arguments"},
    "users": {"by": "iam_id", "key": "iam_id", "console": "identity_arguments"},
    "serviceids": {"by": "iam_id", "key": "iam_id", "console": "identity_arguments"},
    "trustedprofiles": {"by": "iam_id", "key": "iam_id", "console": "identity_arguments"},
    "access_groups": {"by": "access_group_id", "key": "id", "console": "access_group_arguments"},
    "policies": {"by": "policy_id", "key": "id", "console": "policy_remedies"},
    "resource_service_instances": {
        "by": "instance_id",
        "key": "id",
        "console": "instance_arguments",
    },
}

# The policies on the page of a row, as sentences: its own, and those of the groups it is in.
POLICIES = {
    "iam_id": """
        select policies.id, words.sentence, '' as via, policies.access_group_id
        from policies
        join policy_sentences as words on words.policy_id = policies.id
        where policies.iam_id = :key
          and policies.state = 'active'
          and (:account is null or policies.account_id = :account)
        union all
        select policies.id, words.sentence, access_groups.name, access_groups.id
        from (
          select distinct group_id from access_group_members where iam_id = :key
        ) as members
        join access_groups on access_groups.id = members.group_id
        join policies on policies.access_group_id = members.group_id
        join policy_sentences as words on words.policy_id = policies.id
        where policies.state = 'active'
          and (:account is null or policies.account_id = :account)
        order by 3, 2, 1
        limit :most
    """,
    "access_group_id": """
        select policies.id, words.sentence, '' as via, policies.access_group_id
        from policies
        join policy_sentences as words on words.policy_id = policies.id
        where policies.access_group_id = :key and policies.state = 'active'
        order by 2, 1
        limit :most
    """,
    "instance_id": """
        select policies.id, words.sentence, '' as via, policies.access_group_id
        from resource_service_instances as instances
        join policy_resource_attributes as attributes
          on attributes.name = 'serviceInstance' and attributes.value = instances.guid
        join policies on policies.id = attributes.policy_id
        join policy_sentences as words on words.policy_id = policies.id
        where instances.id = :key
          and policies.state = 'active'
          and policies.account_id = instances.account_id
        order by 2, 1
        limit :most
    """,
}

FINDINGS = """
    select findings.report, findings.finding, findings.severity, findings.what,
      findings.first_seen, acknowledgements.reason, acknowledgements.expires
    from findings
    left join acknowledgements
      on acknowledgements.id = findings.acknowledgement_id
      and acknowledgements.expires >= date('now')
    where unlikely(findings.{by} = :key)  -- said because SQLite takes null for one more value
      and (:account is null or findings.account_id = :account)
    order by 1, 2
    limit :most
"""

CHANGES = """
    select id, changed_at, what, name, change, before, after
    from changes
    where (what = :table and key = :key {or_by}) and (:account is null or account_id = :account)
    order by changed_at desc, id desc
    limit :most
"""


async def about_row(datasette, actor, name: str, table: str, row) -> dict[str, Any]:
    """The name of a row, and by column the rows that it refers to; Datasette 0.65 shows neither."""
    database = datasette.databases[name]
    label = await database.label_column_for_table(table)
    refers_to = {}
    for key in await database.foreign_keys_for_table(table):
        value, other = row[key["column"]], key["other_table"]
        if value is not None and await may_see(datasette, actor, name, other):
            labels = await datasette.expand_foreign_keys(name, table, key["column"], [value])
            refers_to[key["column"]] = {
                "name": labels.get((key["column"], value), value),
                "url": datasette.urls.row(name, other, tilde_encode(str(value))),
            }
    return {"name": label and row[label], "refers_to": refers_to}


async def story(datasette, actor, name: str, table: str, row) -> dict[str, Any] | None:
    """What a row's page tells: its policies in words, findings, history, its console page.

    None for tables that have no story.
    """
    database = datasette.databases[name]
    if table not in STORIES or not {"policy_descriptions", "findings"} <= set(
        await database.table_names()
    ):
        return None
    if not await may_see(datasette, actor, name, "policy_descriptions", "policies"):
        return None
    its = STORIES[table]
    columns = row.keys()
    key, account = row[its["key"]], row["account_id"] if "account_id" in columns else None
    values = {"key": key, "account": account}
    found: dict[str, Any] = {"console": None, "sentence": None, "policies": [], "more": False}
    console = await database.execute(
        f"select console from {its['console']} where {its['by']} = :key "
        "and console is not null limit 1",
        values,
    )
    if console.rows and console.rows[0]["console"].startswith(CONSOLE):
        found["console"] = console.rows[0]["console"]
    if table == "policies":
        sentences = await database.execute(
            "select sentence from policy_sentences where policy_id = :key", values
        )
        found["sentence"] = sentences.rows[0]["sentence"] if sentences.rows else None
    elif its["by"] in POLICIES:
        policies = await database.execute(
            POLICIES[its["by"]], {**values, "most": MOST_POLICIES + 1}
        )
        found["more"] = len(policies.rows) > MOST_POLICIES
        found["policies"] = [
            {
                **dict(policy),
                "url": _row_url(datasette, name, "policies", policy["id"]),
                "via_url": policy["via"]
                and _row_url(datasette, name, "access_groups", policy["access_group_id"]),
            }
            for policy in policies.rows[:MOST_POLICIES]
        ]
    found["findings"] = await _findings_about(datasette, actor, name, its["by"], values)
    found["changes"] = await _changes_of(datasette, actor, name, table, its["by"], values)
    return found


async def _findings_about(
    datasette, actor, name: str, by: str, values: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The findings about one thing, the worst first."""
    if not await may_see(datasette, actor, name, "findings", "acknowledgements"):
        return []
    rows = await datasette.databases[name].execute(
        FINDINGS.format(by=by), {**values, "most": MOST_FINDINGS}
    )
    if not rows.rows:
        return []
    queries = await datasette.get_canned_queries(name, actor)
    findings: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        query = queries.get(row["report"]) or {}
        finding = findings.setdefault(
            (row["report"], row["severity"]),
            {
                "title": query.get("title", row["report"]),
                "severity": row["severity"],
                "url": datasette.urls.query(name, row["report"]),
                "rows": 0,
                "accepted": set(),
            },
        )
        finding["rows"] += 1
        if row["reason"]:
            finding["accepted"].add(f"{row['reason']} (until {row['expires']})")
    return sorted(
        findings.values(),
        key=lambda finding: (WORST_FIRST.index(finding["severity"]), finding["title"]),
    )


async def _changes_of(
    datasette, actor, name: str, table: str, by: str, values: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """What earlier collects found changed about one thing, the newest first."""
    if not await may_see(datasette, actor, name, "changes"):
        return []
    or_by = f"or {by} = :key" if by in ("iam_id", "access_group_id") else ""
    rows = await datasette.databases[name].execute(
        CHANGES.format(or_by=or_by), {**values, "table": table, "most": MOST_CHANGES}
    )
    return [
        {
            **dict(row),
            "what": row["what"].replace("_", " "),
            "url": _row_url(datasette, name, "changes", str(row["id"])),
            "fields": _fields(row["before"], row["after"]),
        }
        for row in rows
    ]


def _fields(before: str | None, after: str | None) -> list[tuple[str, Any, Any]]:
    """Name, old and new value of each field that a change is about."""
    old, new = json.loads(before or "{}"), json.loads(after or "{}")
    return [
        (name.replace("_", " "), old.get(name), new.get(name))
        for name in {**old, **new}
        if old.get(name) is not None or new.get(name) is not None
    ]


def _row_url(datasette, database: str, table: str, key: str) -> str:
    return datasette.urls.row(database, table, tilde_encode(key))
