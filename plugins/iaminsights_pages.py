"""What the pages of the site tell beyond their rows: findings, stories of rows, search.

Like its neighbour it imports nothing of the package: Datasette loads it from the package and,
under `datasette .`, straight from this folder. Each function here is called by a template, and
looks at what the reader may see only.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from datasette import Response, hookimpl
from datasette.utils import tilde_encode

from iaminsights.site.readers import may_see

SEVERITIES = ("critical", "high", "medium", "low", "info")
WORST = 6  # reports on the home page
MOST_POLICIES, MOST_FINDINGS, MOST_CHANGES = 30, 50, 20  # on the page of a row
CONSOLE = "https://cloud.ibm.com/"

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

COUNTS = """
    select
      report_counts.account_id,
      report_counts.report,
      report_counts.severity,
      report_counts.rows,
      report_counts.unread,
      coalesce(accepted.findings, 0) as acknowledged
    from report_counts
    left join (
      select findings.report, findings.account_id, findings.severity, count(*) as findings
      from findings
      join acknowledgements on acknowledgements.id = findings.acknowledgement_id
      where acknowledgements.expires >= date('now')
      group by findings.report, findings.account_id, findings.severity
    ) as accepted
      on accepted.report = report_counts.report
      and accepted.account_id = report_counts.account_id
      and accepted.severity = report_counts.severity
"""


# --- Files that the pages load ------------------------------------------------------------------


def _file(name: str) -> Path:
    """A file of the templates, inside the wheel or, in a checkout, beside plugins/."""
    root = Path(__file__).resolve().parent.parent
    packaged = root / "iaminsights" / "site" / "templates"
    return (packaged if packaged.is_dir() else root / "templates") / name


_TYPES = {"site.css": "text/css; charset=utf-8", "site.js": "text/javascript; charset=utf-8"}


@functools.cache
def _fingerprint(name: str) -> str:
    return hashlib.sha256(_file(name).read_bytes()).hexdigest()[:12]


@hookimpl
def register_routes():
    """The style and the script, each a file that a browser keeps."""

    async def file(request):
        name = request.url_vars["name"]
        return Response(
            _file(name).read_text(encoding="utf-8"),
            content_type=_TYPES[name],
            headers={"Cache-Control": "max-age=31536000, immutable"},
        )

    return [(r"^/-/iaminsights/(?P<name>site\.css|site\.js)$", file)]


@hookimpl(tryfirst=True)
def extra_js_urls(datasette):
    """The script comes before that of datasette-vega, which looks at the screen when it loads."""
    return [datasette.urls.path(f"/-/iaminsights/site.js?{_fingerprint('site.js')}")]


@hookimpl
def prepare_jinja2_environment(env, datasette):
    """Where the files are, also for the page of an error, which gets nothing else from plugins."""
    env.globals["site_file"] = lambda name: datasette.urls.path(
        f"/-/iaminsights/{name}?{_fingerprint(name)}"
    )


# --- What the templates ask for -----------------------------------------------------------------


@hookimpl
def extra_template_vars(datasette, request):
    """Functions for the templates, which call them only on the pages that need them."""
    if request is None:
        return {}
    actor = request.actor
    return {
        "findings_of": functools.partial(_findings, datasette, actor),
        "story_of": functools.partial(_story, datasette, actor),
        "search_url": functools.partial(_search_url, datasette, actor),
    }


async def _findings(datasette, actor, name: str) -> dict[str, Any] | None:
    """What the reports found when the file was made: by account, by severity, by report.

    None if the reader may not see it, or if nothing was counted.
    """
    if not await may_see(datasette, actor, name, "report_counts", "findings", "acknowledgements"):
        return None
    rows = [dict(row) for row in await datasette.databases[name].execute(COUNTS)]
    if not rows:
        return None
    reports: dict[str, dict[str, Any]] = {}
    ranked: dict[tuple[str, str], dict[str, Any]] = {}
    accounts: dict[str, dict[str, int]] = {}
    for row in rows:
        open_rows = row["rows"] - row["acknowledged"]
        account = accounts.setdefault(row["account_id"], dict.fromkeys(SEVERITIES, 0))
        account[row["severity"]] += open_rows
        report = reports.setdefault(row["report"], {"open": 0, "acknowledged": 0})
        its = ranked.setdefault(
            (row["report"], row["severity"]),
            {"name": row["report"], "severity": row["severity"], "open": 0, "acknowledged": 0},
        )
        for counted in (report, its):
            counted["open"] += open_rows
            counted["acknowledged"] += row["acknowledged"]
        report["unread"] = report.get("unread") or row["unread"]
    worst = sorted(
        (its for its in ranked.values() if its["open"]),
        key=lambda its: (SEVERITIES.index(its["severity"]), -its["open"], its["name"]),
    )
    queries = await datasette.get_canned_queries(name, actor)
    for report in worst[:WORST]:
        query = queries.get(report["name"]) or {}
        report["title"], report["question"] = (
            query.get("title", report["name"]),
            query.get("question"),
        )
        fragment = f"#{query['fragment']}" if query.get("fragment") else ""
        report["url"] = datasette.urls.query(name, report["name"]) + fragment
    return {"accounts": accounts, "reports": reports, "worst": worst[:WORST]}


async def _story(datasette, actor, name: str, table: str, row) -> dict[str, Any] | None:
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
    story = STORIES[table]
    columns = row.keys()
    key, account = row[story["key"]], row["account_id"] if "account_id" in columns else None
    values = {"key": key, "account": account}
    found: dict[str, Any] = {"console": None, "sentence": None, "policies": [], "more": False}
    console = await database.execute(
        f"select console from {story['console']} where {story['by']} = :key "
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
    elif story["by"] in POLICIES:
        policies = await database.execute(
            POLICIES[story["by"]], {**values, "most": MOST_POLICIES + 1}
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
    found["findings"] = await _findings_about(datasette, actor, name, story["by"], values)
    found["changes"] = await _changes_of(datasette, actor, name, table, story["by"], values)
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
        key=lambda finding: (SEVERITIES.index(finding["severity"]), finding["title"]),
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


async def _search_url(datasette, actor) -> str | None:
    """Where a search is sent to; None if there is nothing to search or it may not be seen."""
    for name in datasette.databases:
        if await datasette.get_canned_query(name, "find", actor) and await may_see(
            datasette, actor, name, "find", action="view-query"
        ):
            return datasette.urls.query(name, "find")
    return None


def _row_url(datasette, database: str, table: str, key: str) -> str:
    return datasette.urls.row(database, table, tilde_encode(key))
