"""What a question is about, as policies see it, and which policies reach it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ..resolve import ACCOUNT, INSTANCE, MANAGEMENT, RESOURCE_GROUP, SERVICE, Thing

FULL, PART, CONDITIONAL = "full", "part", "conditional"  # as in the views

Values = Mapping[str, Collection[str | None]]


@dataclass(frozen=True)
class Target:
    """What the question is about.

    `values` has, for each attribute that is compared with what a policy demands, the values that
    the target has: None stands for none. One of them has to fit. `service_name` is the service
    that roles have their actions on; None if there are several.
    """

    thing: Thing
    account_id: str
    account: str
    is_management: bool
    service_name: str | None
    values: Values


@dataclass(frozen=True)
class Reach:
    """How much of a target a policy reaches (as in policy_targets), and with which services of it.

    `services` is None where the target has just one.
    """

    scope: str
    services: frozenset[str] | None = None


def described(connection: sqlite3.Connection, thing: Thing) -> Target:
    """What policies can demand of a thing of resolve.TARGETS."""
    account_id = str(thing.account_id)
    (account,) = connection.execute(
        "select coalesce(name, account_id) from accounts where account_id = ?", (account_id,)
    ).fetchone()
    values, service = _OF_KIND[thing.kind](connection, thing)
    is_management = thing.kind in (MANAGEMENT, ACCOUNT)
    return Target(thing, account_id, account, is_management, service, values)


def reached(
    connection: sqlite3.Connection, target: Target, policies: Collection[str]
) -> dict[str, Reach]:
    """Those of the policies that reach a target, by the facts that decide it for every report."""
    given = {"id": target.thing.id, "policies": json.dumps(sorted(policies))}
    rows = connection.execute(_REACHED[target.thing.kind], given).fetchall()
    if target.thing.kind in (INSTANCE, MANAGEMENT, SERVICE):
        return {policy_id: Reach(scope) for policy_id, scope, _ in rows}
    found: dict[str, Reach] = {}
    for policy_id, scope, service in rows:
        before = found.get(policy_id, Reach(scope, frozenset()))
        found[policy_id] = Reach(scope, (before.services or frozenset()) | {service})
    return found


_Described = tuple[Values, str | None]


def _instance(connection: sqlite3.Connection, thing: Thing) -> _Described:
    guid, service, group, region = connection.execute(
        "select guid, service_name, resource_group_id, region from instance_facts "
        "where instance_id = ?",
        (thing.id,),
    ).fetchone()
    values = {
        "serviceName": [service],
        "serviceInstance": [guid],
        "resourceGroupId": [group],
        "region": [region],
        "tag": _tags(connection, "attached.instance_id = :id", thing.id),
    }
    return values, service or ""


def _management(connection: sqlite3.Connection, thing: Thing) -> _Described:
    (is_iam,) = connection.execute(
        "select is_iam from account_services where service_name = ?", (thing.id,)
    ).fetchone()
    return {"serviceName": [thing.id], "service_group_id": ["IAM" if is_iam else None]}, thing.id


def _service(connection: sqlite3.Connection, thing: Thing) -> _Described:
    return {"serviceName": [thing.id]}, thing.id


def _resource_group(connection: sqlite3.Connection, thing: Thing) -> _Described:
    guids = connection.execute(
        "select guid from instance_facts where resource_group_id = ?", (thing.id,)
    )
    in_group = (
        "attached.instance_id in (select instance_id from instance_facts "
        "where resource_group_id = :id)"
    )
    values = {
        "serviceInstance": sorted({guid for (guid,) in guids if guid}),
        "resourceGroupId": [thing.id],
        "tag": _tags(connection, in_group, thing.id),
    }
    return values, None


def _account(connection: sqlite3.Connection, thing: Thing) -> _Described:
    services = connection.execute("select service_name from account_services order by 1")
    names = [name for (name,) in services]
    return {"serviceName": names, "service_group_id": ["IAM", None]}, None


_OF_KIND = {
    INSTANCE: _instance,
    MANAGEMENT: _management,
    SERVICE: _service,
    RESOURCE_GROUP: _resource_group,
    ACCOUNT: _account,
}


def _tags(connection: sqlite3.Connection, which: str, key: str) -> list[str | None]:
    rows = connection.execute(
        "select distinct attached.name from tag_attachments as attached "
        f"where {which} and attached.kind = 'access' order by 1",
        {"id": key},
    )
    return [name for (name,) in rows]


_AMONG = "policy_id in (select value from json_each(:policies))"
_REACHED = {
    INSTANCE: f"select policy_id, scope, null from policy_instances "
    f"where instance_id = :id and {_AMONG}",
    MANAGEMENT: f"select policy_id, scope, null from policy_account_services "
    f"where service_name = :id and {_AMONG}",
    SERVICE: f"select policy_id, scope, null from policy_services "
    f"where service_type = 'service' and service_name = :id and {_AMONG}",
    # What is not all of account management is a part of the account.
    ACCOUNT: f"""
        select
          policy_id,
          iif(
            scope = 'full' and reach not in ('everything', 'all_account_management'), 'part', scope
          ),
          service_name
        from policy_account_services
        where {_AMONG}
    """,
    # A policy that names instances or tags reaches a group with those of its instances that fit;
    # any other with what is in the group now or later.
    RESOURCE_GROUP: f"""
        with
          reaching as materialized (
            select policy_targets.policy_id, policy_targets.target_id, policy_targets.scope
            from policy_targets
            where policy_targets.{_AMONG}
          ),
          demands as materialized (
            select demands.*
            from reaching
            cross join policy_demands as demands on demands.policy_id = reaching.policy_id
            where demands.name in (
              'serviceName', 'serviceInstance', 'region', 'resourceGroupId', 'tag'
            )
          ),
          elsewhere as materialized (
            select demands.policy_id
            from demands
            where demands.side = 'target'
              and demands.name = 'resourceGroupId'
              and not exists (
                select 1 from json_each(demands.patterns) as each where :id glob each.value
              )
          ),
          narrow as materialized (
            select policy_id from demands where limits and name <> 'resourceGroupId'
          ),
          naming as materialized (
            select policy_id
            from demands
            where limits and (side = 'tag' or name = 'serviceInstance')
          ),
          inside as materialized (
            select number from instance_facts where resource_group_id = :id
          )
        select
          reaching.policy_id,
          iif(
            reaching.scope = 'full' and reaching.policy_id in (select policy_id from narrow),
            'part',
            reaching.scope
          ),
          services.service_name
        from reaching
        cross join policy_services as services
          on services.policy_id = reaching.policy_id and services.service_type = 'service'
        where reaching.policy_id not in (select policy_id from elsewhere)
          and (
            reaching.policy_id not in (select policy_id from naming)
            or exists (
              select 1
              from targets
              cross join inside
              cross join target_pairs
                on target_pairs.target = targets.number and target_pairs.instance = inside.number
              where targets.target_id = reaching.target_id
            )
          )
    """,
}
