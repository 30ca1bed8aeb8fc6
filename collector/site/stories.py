"""What the page of a row tells beside its fields: policies, findings, history."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from datasette.utils import tilde_encode

from ..reports.report import rank
from .catalogue import known, named
from .databases import holds_insights
from .differences import differences
from .links import CONSOLE
from .readers import may_see
from .subjects import SUBJECTS, Subject
from .workbench import VIEW, to_fix

MOST_POLICIES, MOST_CHANGES = 30, 20

# The policies on the page of a row, as sentences: its own, and those of the groups it is in. Of an
# instance those that name it, be it by a list or pattern; authorizations reach nothing themselves.
POLICIES = {
    "iam_id": """
        select policies.id, words.sentence, '' as through
        from granting_policies as policies
        join policy_sentences as words on words.policy_id = policies.id
        where policies.iam_id = :key
          and (:account is null or policies.account_id = :account)
        union all
        select policies.id, words.sentence, access_groups.name
        from access_group_identities as members
        join access_groups on access_groups.id = members.access_group_id
        join granting_policies as policies on policies.access_group_id = access_groups.id
        join policy_sentences as words on words.policy_id = policies.id
        where members.iam_id = :key
          and (:account is null or policies.account_id = :account)
        order by 3, 2, 1
        limit :most
    """,
    "access_group_id": """
        select policies.id, words.sentence
        from granting_policies as policies
        join policy_sentences as words on words.policy_id = policies.id
        where policies.access_group_id = :key
        order by 2, 1
        limit :most
    """,
    "instance_id": """
        select policies.id, words.sentence
        from resource_service_instances as instances
        join policy_values as named
          on named.name = 'serviceInstance'
          and named.side = 'target'
          and not named.is_any
          and instances.guid glob named.pattern
        join granting_policies as policies
          on policies.id = named.policy_id and policies.account_id = instances.account_id
        join policy_sentences as words on words.policy_id = policies.id
        where instances.id = :key
          and (
            policies.type = 'authorization'
            or policies.id in (
              select policy_id from policy_instances where instance_id = :key
            )
          )
        group by policies.id
        order by 2, 1
        limit :most
    """,
}

FINDINGS = """
    select report, severity, count(*) as rows, json_group_array(distinct acknowledged) as accepted
    from findings_to_fix
    where unlikely({by} = :key)  -- said because SQLite takes null for one more value
      and (:account is null or account_id = :account)
    group by report, severity
"""

CHANGES = """
    select id, changed_at, what, key, name, change, before, after
    from changes
    where (what = :table and key = :key {or_by}) and (:account is null or account_id = :account)
    order by changed_at desc, id desc
    limit :most
"""


async def story(
    datasette: Any, actor: Any, name: str, table: str, row: Any
) -> dict[str, Any] | None:
    """What a row's page tells: its policies in words, findings, history, its console page.

    None for tables that have no story.
    """
    if table not in SUBJECTS or not await holds_insights(datasette, name):
        return None
    if not await may_see(datasette, actor, name, "policy_descriptions", "policies"):
        return None
    its = SUBJECTS[table]
    account = row["account_id"] if "account_id" in row.keys() else None  # noqa: SIM118
    values = {"key": row[its.key], "account": account}
    policies = await _policies_of(datasette, name, its, values)
    return {
        "console": await _console_of(datasette, name, its, values),
        "policies": policies[:MOST_POLICIES],
        "more": len(policies) > MOST_POLICIES,
        "findings": await _findings_about(datasette, actor, name, its, values),
        "changes": await _changes_of(datasette, actor, name, table, its, values),
    }


async def _console_of(
    datasette: Any, name: str, its: Subject, values: Mapping[str, Any]
) -> str | None:
    """The page of a thing in the IBM Cloud console, if it has one."""
    pages = await datasette.databases[name].execute(
        f"select console from {its.console} where {its.by} = :key and console is not null limit 1",
        values,
    )
    page = pages.rows[0]["console"] if pages.rows else ""
    return page if page.startswith(CONSOLE) else None


async def _policies_of(
    datasette: Any, name: str, its: Subject, values: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Policies as sentences, with links; one more than there is room for, if there are more."""
    if its.by not in POLICIES:
        return []
    policies = await datasette.databases[name].execute(
        POLICIES[its.by], {**values, "most": MOST_POLICIES + 1}
    )
    return [
        {**dict(policy), "url": _row_url(datasette, name, "policies", policy["id"])}
        for policy in policies
    ]


async def _findings_about(
    datasette: Any, actor: Any, name: str, its: Subject, values: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The findings about one thing by report and severity, the worst first."""
    if not await may_see(datasette, actor, name, "findings", "acknowledgements"):
        return []
    rows = await datasette.databases[name].execute(FINDINGS.format(by=its.by), values)
    if not rows.rows:
        return []
    catalogue = await known(datasette, actor, name)
    leads = await may_see(datasette, actor, name, VIEW)
    findings = []
    for row in rows:
        # One that was counted may be gone from the metadata.
        report = catalogue.get(row["report"]) or named(datasette, name, row["report"], {})
        about = {
            its.by: values["key"],
            "account_id": values["account"],
            "report": row["report"],
            "severity": row["severity"],
        }
        findings.append(
            {
                "title": report["title"],
                "severity": row["severity"],
                "url": report["url"],
                "rows": row["rows"],
                "rows_url": to_fix(datasette, name, **about) if leads else None,
                "accepted": [note for note in json.loads(row["accepted"]) if note],
            }
        )
    return sorted(
        findings,
        key=lambda finding: (rank(finding["severity"]), finding["title"]),
    )


async def _changes_of(
    datasette: Any, actor: Any, name: str, table: str, its: Subject, values: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """What earlier collects found changed about one thing, the newest first."""
    if not await may_see(datasette, actor, name, "changes"):
        return []
    or_by = f"or {its.by} = :key" if its.by in ("iam_id", "access_group_id") else ""
    rows = await datasette.databases[name].execute(
        CHANGES.format(or_by=or_by), {**values, "table": table, "most": MOST_CHANGES}
    )
    told = await differences(datasette, actor, name, rows.rows)
    return [
        {
            **dict(row),
            "name": difference.name,
            "what": row["what"].replace("_", " "),
            "url": _row_url(datasette, name, "changes", str(row["id"])),
            "difference": difference.html() if row["change"] == "changed" else "",
        }
        for row, difference in zip(rows.rows, told, strict=True)
    ]


def _row_url(datasette: Any, database: str, table: str, key: str) -> str:
    url: str = datasette.urls.row(database, table, tilde_encode(key))
    return url
