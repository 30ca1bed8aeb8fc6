"""What changed between two collects, and how the number of findings went.

A new file is compared with the old one while it is made. Only what differs is written: a collect
that finds everything as it was adds nothing here.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from .meaning import USUAL_OPERATOR, meaning
from .schema import TABLE, TABLES

# What is compared: the columns that say what a thing is, not those that move by themselves (when
# something was last used, when a report was made). Key and name are SQL on a row of the table;
# iam_id and access_group_id tell whose history it belongs to. A policy is compared as a whole,
# with its roles, attributes and tags. Members that a rule adds at their login are left out: they
# come and go without anybody changing anything.
_COMPARED: dict[str, dict[str, Any]] = {
    "accounts": {"columns": "name owner state type"},
    "users": {
        "columns": "user_id state email firstname lastname realm allowed_ip_addresses self_manage",
        "name": "user_id",
        "iam_id": "iam_id",
    },
    "serviceids": {"columns": "name description locked group_id", "iam_id": "iam_id"},
    "trustedprofiles": {"columns": "name description email", "iam_id": "iam_id"},
    "trustedprofile_links": {
        "columns": "cr_type link_crn link_namespace link_name component_name component_type",
        "name": "coalesce(name, link_crn)",
        "iam_id": "(select p.iam_id from {side}trustedprofiles p where p.id = t.tp_id)",
    },
    "trustedprofile_rules": {
        "columns": "name type realm_name cr_type expiration conditions",
        "iam_id": "(select p.iam_id from {side}trustedprofiles p where p.id = t.tp_id)",
    },
    "trustedprofile_identities": {
        "columns": "type accounts",
        "name": "identifier",
        "iam_id": "(select p.iam_id from {side}trustedprofiles p where p.id = t.tp_id)",
    },
    "access_groups": {
        "columns": "name description is_federated",
        "access_group_id": "id",
        "where": "t.listed = 1",
    },
    "access_group_members": {
        "columns": "type",
        "name": "(select i.name from {side}identities i where i.iam_id = t.iam_id)",
        "iam_id": "iam_id",
        "access_group_id": "group_id",
        "where": "t.membership_type = 'static'",
    },
    "access_group_rules": {
        "columns": "name realm_name expiration conditions",
        "access_group_id": "group_id",
    },
    "access_group_settings": {"columns": "public_access_enabled", "name": "'settings'"},
    "account_settings": {
        "columns": "mfa restrict_create_service_id restrict_create_platform_apikey "
        "restrict_user_list_visibility allowed_ip_addresses session_expiration_in_seconds "
        "session_invalidation_in_seconds max_sessions_per_identity "
        "system_access_token_expiration_in_seconds system_refresh_token_expiration_in_seconds "
        "restrict_user_domains",
        "name": "'settings'",
    },
    "user_mfa": {"columns": "mfa", "name": "iam_id", "iam_id": "iam_id"},
    "external_identity_settings": {
        "columns": "state external_allowed_accounts",
        "name": "identity_type",
    },
    "policies": {
        "columns": "type state iam_id access_group_id description rule",
        "name": "coalesce(nullif(description, ''), id)",
        "iam_id": "iam_id",
        "access_group_id": "access_group_id",
        "more": {
            "roles": "select json_group_array(role_id) from {side}policy_roles x "
            "where x.policy_id = t.id",
            "resources": "select json_group_array(json_object('name', name, 'operator', operator, "
            "'value', value)) from {side}policy_resource_attributes x where x.policy_id = t.id",
            "tags": "select json_group_array(json_object('name', name, 'operator', operator, "
            "'value', value)) from {side}policy_resource_tags x where x.policy_id = t.id",
            # Those of an access policy are its iam_id and access_group_id.
            "subjects": "select json_group_array(json_object('name', name, 'operator', operator, "
            "'value', value)) from {side}policy_subjects x where x.policy_id = t.id "
            "and t.type = 'authorization'",
        },
    },
    "roles": {
        "columns": "display_name description",
        "name": "display_name",
        "where": "t.kind = 'custom' and t.listed = 1",
        "more": {
            "actions": "select json_group_array(distinct action) from {side}role_actions x "
            "where x.role_id = t.role_id",
        },
    },
    "apikeys": {
        "columns": "name iam_id disabled locked expires_at action_when_leaked",
        "iam_id": "iam_id",
    },
    "resource_groups": {"columns": "name state", "where": "t.listed = 1"},
    "resource_service_instances": {"columns": "name state resource_group_id locked"},
    "resource_keys": {"columns": "name state role_crn", "iam_id": "service_iam_id"},
    "cbr_zones": {
        "columns": "name",
        "where": "t.listed = 1",
        "more": {
            "addresses": "select json_group_array(json_object('excluded', iif(excluded, 'not', "
            "null), 'type', type, 'value', value, 'ref', json(iif(json_valid(ref), ref, null)))) "
            "from {side}cbr_zone_addresses x where x.zone_id = t.id",
        },
    },
    "cbr_rules": {
        "columns": "description enforcement_mode contexts resources operations",
        "name": "coalesce(nullif(description, ''), id)",
    },
    # Service instances are compared above.
    "resources": {
        "columns": "name family type service_name region_id resource_group_id",
        "name": "coalesce(nullif(name, ''), crn)",
        "where": "t.instance_id is null",
    },
    "tag_attachments": {
        "columns": "kind",
        "name": "t.name || ' on ' || t.crn",
        "where": "t.kind = 'access'",
    },
}

# Of what has several fields, how one is written down; else one after the other.
_WRITTEN = {
    **dict.fromkeys(
        ("resources", "subjects"),
        lambda one: f"{one['name']} {one['operator'] or USUAL_OPERATOR} {one['value']}",
    ),
    "tags": lambda one: f"{one['name']}:{one['value']}",
}


def record_changes(
    connection: sqlite3.Connection,
    account_id: str,
    parts: Collection[str],
    at: str,
    partial: Collection[str] = (),
) -> None:
    """Write into `changes` how main differs from old in the parts that both have.

    Of these, in all that the old one asked for: what its version did not know was not absent. What
    is missing in a part that was read in part only need not be gone, and what such a part lacked
    before need not be new.
    """
    before, lacking = {}, set()
    for part, status, lacks in connection.execute(
        "select steps.resource, steps.status, steps.lacks from temp.old_collections as runs "
        "join temp.old_collection_steps as steps on steps.collection_id = runs.id "
        "where runs.account_id = ? and steps.status in ('ok', 'partial') order by runs.id",
        (account_id,),
    ):
        before[part] = set((lacks or "").split())
        (lacking.add if status == "partial" else lacking.discard)(part)
    unsure = {"removed": set(partial), "added": lacking, "changed": set()}
    known = {
        table.name
        for table in TABLES
        if table.filled_by in before
        and table.filled_by in parts
        and f"{table.name}.*" not in before[table.filled_by]
    }
    unknown = set().union(*before.values())
    number = connection.execute("select coalesce(max(id), 0) from changes").fetchone()[0]
    rows = [
        (at, account_id, table, *change)
        for table in _COMPARED
        if known >= {table, *_sources(_owner(table))}
        for change in _differences(
            *(connection, table, account_id),
            # Pieces that are a part of their own may be missing of what is there both times.
            _fields(table, known - _filled_by({*partial, *lacking} - {_part(table)}), unknown),
        )
        if _part(table) not in unsure[change[4]]
    ]
    connection.executemany(
        "insert into changes (id, changed_at, account_id, what, key, name, iam_id, "
        "access_group_id, change, before, after) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(number + place, *row) for place, row in enumerate(rows, 1)],
    )


def _part(table: str) -> str:
    return TABLE[table].filled_by


def _filled_by(parts: Collection[str]) -> set[str]:
    return {table.name for table in TABLES if table.filled_by in parts}


def _fields(table: str, known: Collection[str], unknown: Collection[str]) -> dict[str, str]:
    """What is compared of a row, as SQL by name: what both files asked for."""
    fields = {
        name: f"t.[{name}]"
        for name in _COMPARED[table]["columns"].split()
        if f"{table}.{name}" not in unknown
    }
    for name, sql in _COMPARED[table].get("more", {}).items():
        (source,) = _sources(sql)
        if source in known and not any(one.startswith(f"{source}.") for one in unknown):
            fields[name] = f"json(({sql}))"
    return fields


def _sources(sql: str) -> list[str]:
    """The tables of a side that an expression looks at."""
    return re.findall(r"\{side\}(\w+)", sql)


def _differences(
    connection: sqlite3.Connection, table: str, account_id: str, fields: Mapping[str, str]
) -> Iterator[tuple[Any, ...]]:
    """Key, name, iam_id, access_group_id, change, before and after of each row that differs."""
    for side, rows in (("main.", "main_rows"), ("temp.old_", "old_rows")):
        connection.execute(f"drop table if exists temp.{rows}")
        connection.execute(
            f"create temp table {rows} as {_selected(table, side, fields)}", (account_id,)
        )
        connection.execute(f"create index temp.{rows}_key on {rows} (key)")
    found = connection.execute(
        """
        select new.key, new.name, new.iam_id, new.access_group_id, old.content, new.content
        from temp.main_rows as new
        left join temp.old_rows as old on old.key = new.key
        where old.content is not new.content
        union all
        select old.key, old.name, old.iam_id, old.access_group_id, old.content, null
        from temp.old_rows as old
        where not exists (select 1 from temp.main_rows as new where new.key = old.key)
        order by 1
        """
    )
    for key, name, iam_id, group_id, before, after in found:
        change = "added" if before is None else "removed" if after is None else "changed"
        difference = _only_what_differs(table, before, after)
        if change != "changed" or difference != ("{}", "{}"):
            yield (key, name, iam_id, group_id, change, *difference)


def _only_what_differs(
    table: str, before: str | None, after: str | None
) -> tuple[str | None, str | None]:
    """Two JSON objects without what means the same, nor what is empty where there is but one."""
    old, new = json.loads(before or "{}"), json.loads(after or "{}")
    names = [
        name
        for name in {**old, **new}
        if meaning(table, name, old.get(name)) != meaning(table, name, new.get(name))
    ]
    return tuple(
        json.dumps({name: _written(name, side.get(name)) for name in names}, ensure_ascii=False)
        if text
        else None
        for side, text in ((old, before), (new, after))
    )


def _written(name: str, value: Any) -> Any:
    """A list in words, as people read it."""
    if not isinstance(value, list):
        return value
    if not all(isinstance(one, dict) for one in value):
        return " ".join(sorted(value))
    in_turn = _WRITTEN.get(name, lambda one: " ".join(str(v) for v in one.values() if v))
    return ", ".join(sorted(map(in_turn, value))) or None


def _selected(table: str, side: str, fields: Mapping[str, str]) -> str:
    compared = _COMPARED[table]
    content = ", ".join(f"'{name}', {value}" for name, value in fields.items())
    key = " || ' ' || ".join(f"t.[{name}]" for name in TABLE[table].key)
    return (
        f"select {key} as key, {compared.get('name', 'name')} as name, "
        f"{compared.get('iam_id', 'null')} as iam_id, "
        f"{compared.get('access_group_id', 'null')} as access_group_id, "
        f"json_object({content}) as content "
        f"from {{side}}{table} as t "
        f"where {_owner(table)} = ? and {compared.get('where', 'true')}"
    ).replace("{side}", side)


def _owner(table: str) -> str:
    names = {column.name for column in TABLE[table].columns}
    if "account_id" in names:
        return "t.account_id"
    if "group_id" in names:
        return "(select g.account_id from {side}access_groups g where g.id = t.group_id)"
    return "(select p.account_id from {side}trustedprofiles p where p.id = t.tp_id)"


def record_counts(connection: sqlite3.Connection, at: str) -> None:
    """Write into `finding_history` each count that is not what it was."""
    connection.execute(
        """
        insert into finding_history (
          changed_at, account_id, report, severity, rows, acknowledged
        )
        select :at, account_id, report, severity, rows, acknowledged
        from (
          select
            report_counts.account_id,
            report_counts.report,
            report_counts.severity,
            report_counts.rows,
            (
              select count(*)
              from findings
              join acknowledgements on acknowledgements.id = findings.acknowledgement_id
              where findings.report = report_counts.report
                and findings.account_id = report_counts.account_id
                and findings.severity = report_counts.severity
                and acknowledgements.expires >= date(:at)
            ) as acknowledged
          from report_counts
          union all
          -- Of a severity that a report has no more, none is left.
          select distinct history.account_id, history.report, history.severity, 0, 0
          from finding_history as history
          where exists (
              select 1
              from report_counts
              where report_counts.account_id = history.account_id
                and report_counts.report = history.report
            )
            and not exists (
              select 1
              from report_counts
              where report_counts.account_id = history.account_id
                and report_counts.report = history.report
                and report_counts.severity = history.severity
            )
        ) as counted
        where (rows, acknowledged) is not (
          select rows, acknowledged
          from finding_history as earlier
          where earlier.account_id = counted.account_id
            and earlier.report = counted.report
            and earlier.severity = counted.severity
          order by changed_at desc
          limit 1
        )
        on conflict do update set rows = excluded.rows, acknowledged = excluded.acknowledged
        """,
        {"at": at},
    )


def prune(connection: sqlite3.Connection, at: str, days: int) -> None:
    """Forget what is older than so many days; the newest count of each report stays."""
    oldest = f"-{days} days"
    limit = "strftime('%Y-%m-%dT%H:%M:%SZ', :at, :oldest)"
    values = {"at": at, "oldest": oldest}
    connection.execute(f"delete from changes where changed_at < {limit}", values)
    connection.execute(
        f"""
        delete from finding_history
        where changed_at < {limit}
          and exists (
            select 1
            from finding_history as later
            where later.account_id = finding_history.account_id
              and later.report = finding_history.report
              and later.severity = finding_history.severity
              and later.changed_at > finding_history.changed_at
              and later.changed_at <= {limit}
          )
        """,
        values,
    )
    # Which parts are old is told by the newest run and the newest good one of each part.
    connection.execute(
        f"""
        delete from collection_steps
        where finished_at < {limit}
          and exists (
            select 1
            from collection_steps as later
            join collections as ours on ours.id = collection_steps.collection_id
            join collections as theirs
              on theirs.id = later.collection_id and theirs.account_id = ours.account_id
            where later.resource = collection_steps.resource
              and later.collection_id > collection_steps.collection_id
              and later.status = 'ok'
          )
        """,
        values,
    )
    connection.execute(
        f"""
        delete from collections
        where finished_at < {limit}
          and not exists (select 1 from collection_steps where collection_id = collections.id)
        """,
        values,
    )
