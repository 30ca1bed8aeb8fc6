"""The Datasette plugin that makes a database of IAM insights the site that it is meant to be.

Datasette loads it twice over: from the installed package and, under `datasette .`, straight from
this folder. It therefore imports nothing of the package, and finds its templates by itself.
"""

from __future__ import annotations

import copy
import functools
import json
import re
import sqlite3
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from weakref import WeakKeyDictionary

from datasette import hookimpl
from datasette.plugins import pm
from datasette.utils import tilde_encode, to_css_class
from jinja2 import ChoiceLoader, Environment, FileSystemLoader
from markupsafe import Markup, escape

from iaminsights.site.databases import USUAL_NAME, holds_insights, is_ours, other_version
from iaminsights.site.explorers import choices, explorer
from iaminsights.site.readers import may_see

if TYPE_CHECKING:
    from datasette.database import Database

MAX_ROWS = 100_000  # of a query, in JSON and CSV
PAGE_ROWS = 5_000  # of a query, on its HTML page: more take a browser many seconds
DATASETTE_ROWS = 1_000  # the limit that Datasette sets when nobody chooses one

SEVERITIES = ("critical", "high", "medium", "low", "info")

# What the home page counts: table, name for people, rows that count as existing.
COUNTED = (
    ("users", "People", None),
    ("serviceids", "Service IDs", None),
    ("trustedprofiles", "Trusted profiles", None),
    ("access_groups", "Access groups", "listed"),
    ("policies", "Policies", None),
    ("resource_service_instances", "Service instances", None),
)

# Parts of a collection whose names are not plain English.
PART_NAMES = {
    "users": "people",
    "serviceids": "service IDs",
    "serviceid_groups": "groups of service IDs",
    "trustedprofiles": "trusted profiles",
    "trustedprofile_links": "compute resources linked to trusted profiles",
    "access_group_members": "members of access groups",
    "resource_service_instances": "service instances",
    "apikeys": "API keys",
    "trustedprofile_rules": "claim rules of trusted profiles",
    "trustedprofile_identities": "identities that may take on trusted profiles",
    "access_group_rules": "dynamic rules of access groups",
    "access_group_settings": "settings of access groups",
    "account_settings": "identity settings",
    "external_identity_settings": "settings for external identities",
    "mfa_enrollments": "the MFA report",
    "inactive_identities": "the report of inactive identities",
    "resource_keys": "service credentials",
    "cbr_zones": "network zones",
    "cbr_zone_addresses": "addresses of network zones",
    "cbr_rules": "context-based restrictions",
    "resources": "search for resources and their tags",
    "enterprises": "the enterprise",
    "enterprise_account_groups": "account groups of the enterprise",
    "enterprise_accounts": "accounts of the enterprise",
}

# Tables that are filled along with another part, and tables that are no part of a collection;
# the account itself counts as known: its ID is, and reports only name it.
PART_OF_TABLE = {
    "policy_roles": "policies",
    "policy_subjects": "policies",
    "policy_resource_attributes": "policies",
    "policy_resource_tags": "policies",
    "role_actions": "roles",
    "user_mfa": "account_settings",
    "cbr_rule_zones": "cbr_rules",
    "tag_attachments": "resources",
}
NO_PARTS = {
    *("accounts", "identities", "collections", "collection_steps"),
    *("acknowledgements", "findings", "report_counts", "changes", "finding_history"),
    *("search", "search_fts", "facts"),
}
NEVER_READ = {"denied": True, "partial": False, "older": False, "read_at": "", "remark": None}

# What is known of each part in each account: what the newest collect that asked for it got, and
# when the rows that are here were read. Of the parts in :parts (JSON), or of all if that is null.
# Looked up part by part, for every page of a report asks for a few of them.
STATES = """
    with states as (
      select
        accounts.account_id,
        coalesce(accounts.name, accounts.account_id) as account,
        parts.value as resource,
        iif(steps.status = 'ok' and steps.lacks like '%.*%', 'partial', steps.status) as status,
        coalesce(
          steps.message,
          'An earlier version of IAM insights read it, without '
            || replace(replace(steps.lacks, '.*', ''), ' ', ', ')
            || ': collect again to have it whole.'
        ) as message,
        steps.collection_id < (
          select max(id) from collections where collections.account_id = accounts.account_id
        ) as older,
        (
          select max(earlier.finished_at)
          from collections
            join collection_steps as earlier on earlier.collection_id = collections.id
          where collections.account_id = accounts.account_id
            and earlier.resource = parts.value
            and earlier.status in ('ok', 'partial')
        ) as read_at
      from accounts
        join json_each(
          coalesce(:parts, (select json_group_array(distinct resource) from collection_steps))
        ) as parts
        left join collection_steps as steps
          on steps.resource = parts.value
          and steps.collection_id = (
            select max(asked.collection_id)
            from collections
              join collection_steps as asked on asked.collection_id = collections.id
            where collections.account_id = accounts.account_id and asked.resource = parts.value
          )
    )
"""

# Columns of reports that hold the key of a row: table, and how such a key begins. Each is a
# foreign key in the tables that reports read, so the row exists wherever the value does.
ROW_KEYS = {
    "account_id": ("accounts", ""),
    "iam_id": ("identities", ""),
    "membership_id": ("users", ""),
    "policy_id": ("policies", ""),
    "access_group_id": ("access_groups", "AccessGroupId-"),
    "instance_id": ("resource_service_instances", "crn:"),
    "resource_group_id": ("resource_groups", ""),
    "role_id": ("roles", "crn:"),
    "apikey_id": ("apikeys", ""),
    "serviceid_id": ("serviceids", ""),
    "profile_id": ("trustedprofiles", ""),
    "link_id": ("trustedprofile_links", ""),
}
# Columns with the name of what another column has the key of: they lead to the same row.
NAMED_BY = {
    "identity": "iam_id",
    "user": "iam_id",
    "access_group": "access_group_id",
    "instance": "instance_id",
    "role": "role_id",
    "administrator": "iam_id",
    "apikey": "apikey_id",
    "serviceid": "serviceid_id",
    "profile": "profile_id",
}

CONSOLE = "https://cloud.ibm.com/"
SHOWN = {*ROW_KEYS, *NAMED_BY, "command", "console", "report", "reports", "name"}

# --- Where things are ------------------------------------------------------------------------


def _templates() -> Path:
    """The templates inside the wheel or, in a checkout, beside plugins/."""
    root = Path(__file__).resolve().parent.parent
    packaged = root / "iaminsights" / "site" / "templates"
    return packaged if packaged.is_dir() else root / "templates"


@hookimpl
def prepare_jinja2_environment(env: Environment, datasette) -> None:
    """Put our templates in front of Datasette's, behind those of a user's --template-dir."""
    folders = [datasette.template_dir] if datasette.template_dir else []
    env.loader = ChoiceLoader([FileSystemLoader([*folders, str(_templates())]), env.loader])
    env.filters["moment"] = _moment


def _moment(time: str | None) -> str:
    """2026-03-05T16:02:11Z as people read it: 5 March 2026, 16:02 UTC."""
    if not time:
        return ""
    moment = datetime.fromisoformat(time.replace("Z", "+00:00")).astimezone(timezone.utc)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


# --- Databases of any name, answers of any length -----------------------------------------------

# By Datasette: the names of the databases that are ours, and the metadata of those that are not
# named as metadata.yml expects.
_ours: WeakKeyDictionary = WeakKeyDictionary()
_borrowed: WeakKeyDictionary = WeakKeyDictionary()


@hookimpl
def startup(datasette):
    """Give each of our databases its reports, and let long reports come out whole."""
    if datasette.max_returned_rows == DATASETTE_ROWS:  # else somebody chose a limit: it stands
        datasette.max_returned_rows = MAX_ROWS
        datasette._settings["max_returned_rows"] = MAX_ROWS  # what /-/settings.json says
    _cut_long_pages()

    async def recognise() -> None:
        described = datasette.metadata("databases") or {}
        ours = [name for name, base in datasette.databases.items() if await is_ours(base)]
        _ours[datasette] = {*ours, USUAL_NAME}
        if USUAL_NAME in described:
            _borrowed[datasette] = {
                name: copy.deepcopy(described[USUAL_NAME]) for name in ours if name not in described
            }
        _remember_metadata(datasette)

    return recognise


def _remember_metadata(datasette) -> None:
    """Put the metadata together once, instead of several times for each thing that is looked at.

    Datasette 0.65 merges and copies all of it for every question about a permission. Only where
    no other plugin has metadata, which might change.
    """
    sources = [found.plugin for found in pm.hook.get_metadata.get_hookimpls()]
    if any(not hasattr(plugin, "USUAL_NAME") for plugin in sources):
        return
    asked: dict[tuple, Any] = {}
    ask = datasette.metadata

    def metadata(key=None, database=None, table=None, fallback=True):
        question = (key, database, table, fallback)
        if question not in asked:
            asked[question] = ask(key, database=database, table=table, fallback=fallback)
        answer = asked[question]
        # Datasette adds the queries of plugins to it, which may be for one reader only.
        return dict(answer) if isinstance(answer, dict) else answer

    datasette.metadata = metadata
    if hasattr(datasette, "_table_permission_allows"):  # since 0.65.2; it copies all of it, too
        datasette._table_permission_allows = functools.cache(datasette._table_permission_allows)


@hookimpl
def get_metadata(datasette):
    """Reports and descriptions for our databases whose file is not named iaminsights."""
    # A new dictionary each time: Datasette writes the local metadata into it.
    return {"databases": dict(_borrowed.get(datasette, {}))}


def _cut_long_pages() -> None:
    """Show at most PAGE_ROWS rows of a query on its HTML page, and leave JSON and CSV whole.

    Datasette 0.65 has one limit for all three and no hook between a query and its page.
    """
    # Datasette loads plugins while it loads its views: only now are these complete.
    from datasette.views.database import QueryView

    whole = QueryView.data
    if hasattr(whole, "cuts_long_pages"):
        return

    @functools.wraps(whole)
    async def data(view, request, *args, **options):
        answer = await whole(view, request, *args, **options)
        if isinstance(answer, tuple) and request.url_vars.get("format") is None:
            context = answer[0]
            context["rows_found"] = len(context["rows"])
            if context["rows_found"] > PAGE_ROWS:
                context["truncated"] = True
                del context["rows"][PAGE_ROWS:]  # the very list that the page is made from
        return answer

    data.cuts_long_pages = True
    QueryView.data = data


# --- Reports: their cells -----------------------------------------------------------------------


@hookimpl
def render_cell(row, value, column, table, database, datasette):
    """Link names and identifiers in a report to the rows that they belong to."""
    # Asked for every cell of every page: most are none of ours.
    if table or column not in SHOWN or not isinstance(value, str) or not value:
        return None
    if database not in _ours[datasette]:
        return None
    if column == "command":
        return Markup(f'<code class="command">{escape(value)}</code>')
    if column == "console":
        at_ibm = value.startswith(CONSOLE)
        return Markup(f'<a href="{escape(value)}" rel="noreferrer">Console</a>') if at_ibm else None
    if column in ("report", "reports"):
        names = value.split(", ")
        links = (f'<a href="{escape(datasette.urls.query(database, n))}">{n}</a>' for n in names)
        return Markup(", ".join(links)) if all(map(str.isidentifier, names)) else None
    if column == "name":
        target, key = _field(row, "table_name"), _field(row, "key")
        if not isinstance(target, str) or key is None:
            return None
        return _link(_table_url(datasette, database, target), str(key), value)
    key_column = NAMED_BY.get(column, column)
    target, beginning = ROW_KEYS[key_column]
    key = value if column == key_column else _field(row, key_column)
    if not isinstance(key, str) or not key.startswith(beginning):
        return None
    return _link(_table_url(datasette, database, target), key, value)


def _field(row: Any, column: str) -> Any:
    """What a row has in a column; None if it has no such column."""
    try:
        return row[column]
    except (IndexError, KeyError):  # of SQLite's rows, of Datasette's
        return None


# Pages name the same few things over and over.
_table_url = functools.lru_cache(1_000)(lambda site, *names: site.urls.table(*names))


@functools.lru_cache(10_000)
def _link(table_url: str, key: str, value: str) -> Markup:
    """A link to a row, which looks like a key where it shows one."""
    attributes = f' class="key" title="{escape(key)}"' if key == value else ""
    url = f"{escape(table_url)}/{tilde_encode(key)}"
    return Markup(f'<a href="{url}"{attributes}>{escape(value)}</a>')


def _table_rows(columns, rows, hidden) -> Markup:
    """The rows of a report as HTML: a template that extends others takes far longer for cells."""
    begin = [
        f'<td class="col-{to_css_class(column)}"{" hidden" if column in hidden else ""}>'
        for column in columns
    ]
    return Markup(
        "".join(
            "<tr>"
            + "".join(f"{td}{escape(cell)}</td>" for td, cell in zip(begin, row, strict=True))
            + "</tr>\n"
            for row in rows
        )
    )


# --- What the templates ask for -----------------------------------------------------------------


@hookimpl
def extra_template_vars(datasette, request):
    """Functions for the templates, which call them only on the pages that need them."""
    if request is None:
        return {}
    return {
        "table_rows": _table_rows,
        "accounts_of": functools.partial(_accounts, datasette, request.actor),
        "reports_of": functools.partial(_reports, datasette, request.actor),
        "tables_of": functools.partial(_tables, datasette, request.actor),
        "gaps_of": functools.partial(_gaps, datasette),
        "choices_of": functools.partial(choices, datasette),
        "explorer_of": functools.partial(explorer, datasette, request.actor),
        "about_row": functools.partial(_about_row, datasette, request.actor),
        "holds_insights": functools.partial(holds_insights, datasette),
        "other_version_of": lambda name: other_version(datasette.databases[name]),
    }


async def _reports(datasette, actor, database: str) -> list[dict[str, Any]]:
    """The reports that the reader may see, worst first, each with the address of its page."""
    reports = []
    for name, query in (await datasette.get_canned_queries(database, actor)).items():
        if await may_see(datasette, actor, database, name, action="view-query"):
            fragment = f"#{query['fragment']}" if query.get("fragment") else ""
            url = datasette.urls.query(database, name) + fragment
            named = {"title": name, "category": "Other", **query, "name": name}
            reports.append({**named, "url": url})
    return sorted(reports, key=lambda report: (_rank(report), report["title"]))


def _rank(report: Mapping[str, Any]) -> int:
    severity = report.get("severity")
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


async def _accounts(datasette, actor, name: str) -> list[dict[str, Any]] | None:
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
    parts = await _parts(database)
    counted = [
        (table, label, condition, await _count(database, table, condition))
        for table, label, condition in COUNTED
        if await may_see(datasette, actor, name, table)
    ]
    accounts = []
    for row in rows:
        account_id = row["account_id"]
        of_account = {part: state for (owner, part), state in parts.items() if owner == account_id}
        counts = []
        for table, label, condition, number in counted:
            query = f"account_id={quote(account_id)}" + (f"&{condition}=1" if condition else "")
            counts.append(
                {
                    "label": label,
                    "rows": number.get(account_id, 0),
                    "url": f"{datasette.urls.table(name, table)}?{query}",
                    **of_account.get(table, NEVER_READ),
                }
            )
        accounts.append(
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
    return accounts


async def _count(database: Database, table: str, condition: str | None) -> dict[str, int]:
    where = f"where {condition} = 1 " if condition else ""
    sql = f"select account_id, count(*) from {table} {where}group by account_id"
    return {account_id: number for account_id, number in await database.execute(sql)}


async def _tables(datasette, actor, name: str) -> list[dict[str, str]]:
    """The tables and views that the reader may see."""
    database = datasette.databases[name]
    hidden = set(await database.hidden_table_names())
    return [
        {"name": table, "url": datasette.urls.table(name, table)}
        for table in [*await database.table_names(), *await database.view_names()]
        if table not in hidden and await may_see(datasette, actor, name, table)
    ]


async def _about_row(datasette, actor, name: str, table: str, row) -> dict[str, Any]:
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


async def _parts(database: Database) -> dict[tuple[str, str], dict[str, Any]]:
    """What is known of each part that a collect asked for, by account and part."""
    states = await database.execute(
        f"{STATES} select * from states where status is not null order by account_id, resource",
        {"parts": None},
    )
    return {(state["account_id"], state["resource"]): _state(state) for state in states}


def _state(known: sqlite3.Row) -> dict[str, Any]:
    """How old a part is and what it lacks; of one never asked for there are only nulls."""
    read, partial = known["status"] == "ok", known["status"] == "partial"
    return {
        "name": _part_name(known["resource"]),
        "denied": not (read or partial),
        "partial": partial,
        "older": read and bool(known["older"]),
        "read_at": _moment(known["read_at"]),
        "remark": known["message"] if read or partial else None,
    }


def _part_name(part: str) -> str:
    return PART_NAMES.get(part, part.replace("_", " "))


async def _gaps(datasette, name: str, sql: str) -> list[dict[str, Any]]:
    """What a report rests on but could not be read, by account."""
    database = datasette.databases[name]
    if not await is_ours(database):
        return []
    known = _needed.setdefault(database, {})
    if sql not in known:
        read = {PART_OF_TABLE.get(t, t) for t in await _tables_read(database, sql)} - NO_PARTS
        known[sql] = json.dumps(sorted(read))
    states = await database.execute(
        f"{STATES} select * from states where status is not 'ok' or message is not null "
        "order by account, account_id, resource",
        {"parts": known[sql]},
    )
    return [{**_state(state), "account": state["account"]} for state in states]


# By database and SQL of a report: the parts of a collection that it rests on.
_needed: WeakKeyDictionary = WeakKeyDictionary()


async def _tables_read(database: Database, sql: str) -> set[str]:
    """The tables that a query names, itself or through views and facts, facts themselves left out.

    Rather one too many than too few.
    """
    tables, views = set(await database.table_names()), set(await database.view_names())
    facts = {}
    if "facts" in tables:
        facts = dict(
            tuple(row) for row in await database.execute("select name, rests_on from facts")
        )
    read, waiting = set(), [sql]
    while waiting:
        words = set(re.findall(r"\w+", waiting.pop())) - read
        waiting += [await database.get_view_definition(view) for view in words & views]
        waiting += [facts[fact] for fact in words & facts.keys()]
        read |= words & (tables | views)
    return (read & tables) - facts.keys()
