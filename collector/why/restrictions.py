"""Which context-based restrictions apply to a target: they can refuse what policies grant."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

from ..resolve import ACCOUNT, INSTANCE, MANAGEMENT, RESOURCE_GROUP, SERVICE
from .targets import Target

_MODES = {"enabled": "enforced", "report": "report-only", "disabled": "disabled"}
# What narrows a rule to a part of each kind of target, beside what services call their parts.
_NARROWING = {
    INSTANCE: (),
    MANAGEMENT: ("serviceInstance",),
    SERVICE: ("serviceInstance", "resourceGroupId", "region", "tag"),
    RESOURCE_GROUP: ("serviceName", "serviceInstance", "region", "tag"),
    ACCOUNT: ("serviceName", "service_group_id"),
}
_KNOWN = {"accountId", "serviceType", "serviceName", "serviceInstance", "resourceGroupId"}
_KNOWN |= {"region", "service_group_id", "tag"}
_APPLYING = """
    with fitting as (
      select rule_id, max(name not in (select value from json_each(:whole))) as is_part
      from restriction_demands as demands
      where account_id = :account
      group by rule_id, place
      having min(
        case
          when demands.name is null then 1
          when demands.name not in (select key from json_each(:values)) then 1
          when demands.wants_absent then exists (
            select 1 from json_each(:values, '$.' || demands.name) as own where own.value is null
          )
          else exists (
            select 1
            from json_each(:values, '$.' || demands.name) as own
            where own.value glob demands.pattern
          )
        end
      )
    )
    select
      rules.id,
      coalesce(nullif(rules.description, ''), rules.id),
      rules.enforcement_mode,
      rules.contexts,
      rules.operations,
      min(coalesce(fitting.is_part, 0)),
      exists (select 1 from open_context_rules where open_context_rules.rule_id = rules.id)
    from fitting
    join cbr_rules as rules on rules.id = fitting.rule_id
    group by rules.id
    order by rules.enforcement_mode <> 'enabled', 2, 1
"""


def restrictions(connection: sqlite3.Connection, target: Target) -> Iterator[str]:
    """A sentence for each rule that applies to a target or to a part of it."""
    given = {
        "account": target.account_id,
        "values": json.dumps(_values(connection, target)),
        "whole": json.dumps(sorted(_KNOWN.difference(_NARROWING[target.thing.kind]))),
    }
    for row in connection.execute(_APPLYING, given):
        _, name, mode, contexts, operations, is_part, is_open = row
        said = _MODES.get(mode, str(mode)) + _apis(operations)
        on = "a part of it" if is_part else "it"
        allowed = "it restricts nothing" if is_open else _allowed(connection, contexts)
        yield f"Context-based restriction {name} ({said}) applies to {on}: {allowed}."


def _values(connection: sqlite3.Connection, target: Target) -> dict[str, list[str | None]]:
    """The values of the target under every name that rules can use; it has no others."""
    values = {name: list(its) for name, its in target.values.items()}
    values["accountId"] = [target.account_id]
    values["serviceType"] = ["platform_service" if target.is_management else "service"]
    if target.is_management:
        return {"resourceGroupId": [None], "region": [None], "tag": [None], **values}
    if target.thing.kind == RESOURCE_GROUP:
        rows = connection.execute(
            "select service_name, region from instance_facts where resource_group_id = ?",
            (target.thing.id,),
        ).fetchall()
        values["serviceName"] = sorted({service for service, _ in rows if service})
        values["region"] = sorted({region for _, region in rows if region})
    return {"service_group_id": [None], **values}


def _apis(operations: str | None) -> str:
    """The APIs that a rule is limited to."""
    types = json.loads(operations or "{}").get("api_types") or ()
    names = [str(one.get("api_type_id")).rpartition(":")[2] for one in types]
    return f", only the API types {', '.join(names)}" if names else ""


def _allowed(connection: sqlite3.Connection, contexts: str | None) -> str:
    """From where and how requests are allowed: one of the contexts has to hold."""
    found = [_context(connection, one) for one in json.loads(contexts or "[]")]
    return ", or ".join(found) if found else "no request is allowed"


def _context(connection: sqlite3.Connection, context: dict[str, Any]) -> str:
    words = []
    for attribute in context.get("attributes") or ():
        name, value = attribute.get("name"), str(attribute.get("value") or "")
        if name == "networkZoneId":
            zones = [_zone(connection, one.strip()) for one in value.split(",")]
            words.append(f"from network zone {' or '.join(zones)}")
        elif name == "endpointType":
            words.append(f"through {value.replace(',', ' or ')} endpoints")
        else:
            words.append(f"with {name} {value}")
    return " ".join(words) or "every request is allowed"


def _zone(connection: sqlite3.Connection, key: str) -> str:
    row = connection.execute("select name from cbr_zones where id = ?", (key,)).fetchone()
    return row[0] if row and row[0] else key
