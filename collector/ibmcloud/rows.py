"""From an object of the API to rows of tables: pure functions, no HTTP and no SQL.

A function gets one API object and the Context and yields (table, row) pairs. What is flat
needs none of its own: `flat` copies the columns by name. A piece of the object that cannot be
used is yielded as LEFT_OUT, in place of a table, with the problem in words; if it is the object
itself, ObjectError is raised.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cache, partial
from typing import Any

from ..errors import ObjectError
from ..store.schema import PUBLIC_ACCESS_GROUP, TABLE, TABLES
from ..store.table import BOOLEAN, INTEGER, JSON, TEXT, TIME, Column

LEFT_OUT = "left out"

Object = Mapping[str, Any]
Row = tuple[str, dict[str, Any]]
_Copied = tuple[Column, str, str, tuple[str, ...] | None]  # a column, its name, field and path
RowFunction = Callable[[Object, "Context"], Iterable[Row]]

_SURROGATES = re.compile("[\ud800-\udfff]")  # JSON can hold them, SQLite's UTF-8 cannot
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(?:\.\d+)?(?:Z|([+-]\d\d):?(\d\d))?", re.ASCII
)
_ROLE_ARRAYS = (
    ("system_roles", "platform"),
    ("service_roles", "service"),
    ("custom_roles", "custom"),
)
# What comes before an identifier of this type in an IAM ID.
_IAM_ID_PREFIXES = {"user": "", "serviceid": "iam-", "crn": "crn-"}
_UNSUPPORTED_VERSION = ":role:UnsupportedVersion"
_REDACTED = re.compile(r"redacted\w*", re.IGNORECASE)  # in place of what may not be seen
# Columns that people read as a name. One without a visible character is none: another is shown.
_NAMES = frozenset(
    {
        *("name", "display_name", "description", "link_name", "component_name"),
        *("firstname", "lastname", "user_id", "username", "email", "owner_user_id"),
    }
)


# What other rows refer to is shown there by its label: without a name that is its identifier.
_REFERRED_TO = {column.references for table in TABLES for column in table.columns}
_LABELLED = {
    table.name: (table.label, table.key[0])
    for table in TABLES
    if table.label and table.name in _REFERRED_TO
}


@dataclass(frozen=True)
class Context:
    """What a row needs to know besides its object.

    `key` is the object of the parent listing that was asked about (a group's ID, say);
    `public_group` is the ID under which the file keeps this account's Public Access group.
    """

    account_id: str
    key: str = ""
    public_group: str = PUBLIC_ACCESS_GROUP

    def group(self, group_id: Any) -> Any:
        """The ID under which the file has a group that IBM Cloud calls so."""
        return self.public_group if group_id == PUBLIC_ACCESS_GROUP else group_id


def flat(table: str, fields: Mapping[str, str] | None = None, **constant: Any) -> RowFunction:
    """A function that copies an object's fields into one row of the table, by name.

    `fields` names another field for a column (a dotted path for a nested one); `constant`
    sets a column. Raises ValueError if no such table is declared.
    """
    if table not in TABLE:
        raise ValueError(f"Rows are made for {table}, which store/schema.py does not declare.")

    def rows(item: Object, context: Context) -> Iterator[Row]:
        yield table, record(table, item, context, fields, **constant)

    return rows


def record(
    table: str,
    item: Object,
    context: Context,
    fields: Mapping[str, str] | None = None,
    **constant: Any,
) -> dict[str, Any]:
    """One row of the table; every column is there, None where the object has no such field.

    Raises ObjectError if a required column has no value or a value has the wrong type.
    """
    copied, others = _plan(table, tuple((fields or {}).items()), tuple(constant))
    row: dict[str, Any] = {}
    for column, name, field, path in copied:
        value = item.get(field) if path is None else _dig(item, path)
        # Most values are words that are kept as they are.
        if type(value) is str and column.kind == TEXT and value.isascii() and _is_plain(value):
            row[name] = value
        elif value is None and not column.required:
            row[name] = None
        else:
            row[name] = _kept(value, column, field, item)
    for column, name in others:
        row[name] = _kept(constant.get(name, context.account_id), column, name, item)
    if table in _LABELLED:
        label, key = _LABELLED[table]
        row[label] = row[label] or row[key]
    return row


def _kept(value: Any, column: Column, field: str, item: Object) -> Any:
    try:
        value = stored(value, column)
    except ValueError as error:
        raise _object_error(item, f"{field} {error}") from None
    if value is None and column.required:
        raise _object_error(item, f'has no "{field}"')
    return value


@cache
def _plan(
    table: str, fields: tuple[tuple[str, str], ...], constant: tuple[str, ...]
) -> tuple[tuple[_Copied, ...], tuple[tuple[Column, str], ...]]:
    """The table's columns: those copied from the object's fields (with the path of a nested one),
    and those that the context or a constant gives.
    """
    named = dict(fields)
    copied, others = [], []
    for column in TABLE[table].columns:
        if column.name in constant or column.name == "account_id":
            others.append((column, column.name))
            continue
        field = named.get(column.name, column.name)
        path = tuple(field.split(".")) if "." in field else None
        copied.append((column, column.name, field, path))
    return tuple(copied), tuple(others)


def stored(value: Any, column: Column) -> Any:
    """An API value as the column keeps it; raises ValueError if it cannot be kept."""
    if value is None:
        return None
    if column.kind == INTEGER:
        return _integer(value)
    if column.kind == BOOLEAN:
        return _boolean(value)
    if column.kind == JSON:
        return _clean(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    text = _text(value)
    if text == "" and (column.references or column.required or column.kind == TIME):
        return None
    if column.name in _NAMES and not _is_visible(text):
        return None
    if column.references == "identities" and (_REDACTED.fullmatch(text) or not _is_visible(text)):
        return None
    return _utc(text) if column.kind == TIME else text


def account_rows(item: Object, context: Context) -> Iterator[Row]:
    """An account of GET /v4/accounts/{id}."""
    fields = {
        "account_id": "id",
        "owner": "owner_iamid",
        "owner_user_id": "owner_userid",
        "state": "status",
    }
    yield "accounts", record("accounts", item, context, fields)


def old_account_rows(item: Object, context: Context) -> Iterator[Row]:
    """An account of GET /v1/accounts/{id}, which has no type."""
    fields = {
        "name": "entity.name",
        "owner": "entity.owner_iam_id",
        "owner_user_id": "entity.primary_owner.ibmid",
        "state": "entity.state",
        "created_at": "metadata.created_at",
    }
    yield "accounts", record("accounts", item, context, fields)


def service_id_rows(item: Object, context: Context) -> Iterator[Row]:
    """A service ID, and the group of service IDs that it names."""
    group = item.get("group_id") or context.key or None
    yield "serviceids", record("serviceids", item, context, group_id=group, **_identifiers(item))
    if group:
        yield "serviceid_groups", _unlisted("serviceid_groups", context, id=group, name=group)


def profile_rows(item: Object, context: Context) -> Iterator[Row]:
    """A trusted profile."""
    yield "trustedprofiles", record("trustedprofiles", item, context, **_identifiers(item))


def link_rows(item: Object, context: Context) -> Iterator[Row]:
    """A trusted profile's link; a Code Engine link may have no CRN."""
    fields = {
        "link_crn": "link.crn",
        "link_namespace": "link.namespace",
        "link_name": "link.name",
        "component_type": "link.component_type",
        "component_name": "link.component_name",
    }
    table = "trustedprofile_links"
    yield table, record(table, item, context, fields, tp_id=context.key)


def group_rows(item: Object, context: Context) -> Iterator[Row]:
    """An access group; the Public Access group has the same ID in every account."""
    yield (
        "access_groups",
        record(
            "access_groups",
            item,
            context,
            id=context.group(item.get("id")),
            is_public=item.get("id") == PUBLIC_ACCESS_GROUP,
            listed=True,
        ),
    )


def member_rows(item: Object, context: Context) -> Iterator[Row]:
    """A member of the group that was asked about."""
    yield (
        "access_group_members",
        record(
            "access_group_members",
            item,
            context,
            group_id=context.group(context.key),
            membership_type=item.get("membership_type") or "static",
        ),
    )


def instance_rows(item: Object, context: Context) -> Iterator[Row]:
    """A service instance, and the resource group that it names; what lacks is in the CRNs."""
    crn = item.get("id") or item.get("crn")
    row = record(
        "resource_service_instances",
        item,
        context,
        id=crn,
        crn=item.get("crn") or crn,
        guid=item.get("guid") or _crn_segment(crn, 7) or None,
        resource_group_id=_resource_group(item),
        service_name=_crn_segment(crn, 4),
        region_id=item.get("region_id") or _crn_segment(crn, 5) or None,
    )
    yield "resource_service_instances", row
    if group := row["resource_group_id"]:
        yield (
            "resource_groups",
            _unlisted(
                "resource_groups",
                context,
                resource_group_id=group,
                name=group,
                crn=item.get("resource_group_crn"),
            ),
        )


def policy_rows(item: Object, context: Context) -> Iterator[Row]:
    """A policy of GET /v2/policies, with its roles, subject, resource attributes and tags."""
    grant = _dict(_dict(item.get("control")).get("grant"))
    yield from _policy_rows(
        item,
        context,
        version="v2",
        roles=_list(grant.get("roles")),
        subject=_list(_dict(item.get("subject")).get("attributes")),
        resource=_list(_dict(item.get("resource")).get("attributes")),
        tags=_list(_dict(item.get("resource")).get("tags")),
        name="key",
    )


def old_policy_rows(item: Object, context: Context) -> Iterator[Row]:
    """A policy of GET /v1/policies; the placeholder of a v2 policy grants nothing: no row."""
    roles = _list(item.get("roles"))
    if any(str(_dict(role).get("role_id")).endswith(_UNSUPPORTED_VERSION) for role in roles):
        return
    subjects = [_dict(subject) for subject in _list(item.get("subjects"))]
    resources = [_dict(resource) for resource in _list(item.get("resources"))]
    yield from _policy_rows(
        item,
        context,
        version="v1",
        roles=roles,
        subject=[a for subject in subjects for a in _list(subject.get("attributes"))],
        resource=[a for resource in resources for a in _list(resource.get("attributes"))],
        tags=[tag for resource in resources for tag in _list(resource.get("tags"))],
        name="name",
    )


def role_rows(item: Object, context: Context) -> Iterator[Row]:
    """The whole answer of GET /v2/roles, for the account or for the service `context.key`."""
    if item.keys().isdisjoint(array for array, _ in _ROLE_ARRAYS):
        raise ObjectError("an object in the response has no list of roles")

    def rows_of(kind: str, role: Object) -> Iterator[Row]:
        custom = kind == "custom"
        service = role.get("service_name") if custom else _role_service(role.get("crn"))
        row = record(
            "roles",
            role,
            context,
            {"role_id": "crn"},
            kind=kind,
            service_name=service,
            account_id=context.account_id if custom else None,
            listed=True,
        )
        yield "roles", row
        # Without a service the answer's actions belong to no service in particular.
        asked = service if custom else context.key
        for action in _list(role.get("actions")) if asked else ():
            values = {"role_id": row["role_id"], "service_name": asked}
            name = _dict(action).get("id") or action
            yield "role_actions", record("role_actions", {}, context, **values, action=name)

    for array, kind in _ROLE_ARRAYS:
        yield from _each(item.get(array), partial(rows_of, kind))


def user_rows(item: Object, context: Context) -> Iterator[Row]:
    """A person of the listing with include_settings."""
    settings = _dict(item.get("settings"))
    yield (
        "users",
        record(
            "users",
            item,
            context,
            allowed_ip_addresses=settings.get("allowed_ip_addresses"),
            self_manage=settings.get("self_manage"),
        ),
    )


def group_rule_rows(item: Object, context: Context) -> Iterator[Row]:
    """A dynamic rule of the group that was asked about."""
    table = "access_group_rules"
    yield table, record(table, item, context, group_id=context.group(context.key))


def profile_rule_rows(item: Object, context: Context) -> Iterator[Row]:
    """A claim rule of the trusted profile that was asked about."""
    table = "trustedprofile_rules"
    yield table, record(table, item, context, tp_id=context.key)


def profile_identity_rows(item: Object, context: Context) -> Iterator[Row]:
    """An identity that may assume the trusted profile that was asked about."""
    table = "trustedprofile_identities"
    identifier, kind = item.get("identifier"), item.get("type")
    iam_id = item.get("iam_id")
    if not iam_id and identifier:
        iam_id = f"{_IAM_ID_PREFIXES[kind]}{identifier}" if kind in _IAM_ID_PREFIXES else None
    yield table, record(table, item, context, tp_id=context.key, iam_id=iam_id)


def identity_setting_rows(item: Object, context: Context) -> Iterator[Row]:
    """The identity settings that count, with the MFA settings of single people.

    What the effective settings lack is in those of the templates, which go before the account's.
    """
    own = _dict(item.get("account"))
    templates = [_dict(template) for template in reversed(_list(item.get("assigned_templates")))]
    given = [_dict(item.get("effective")), *templates, own]
    if not any(given):
        given = [item]
    settings = {
        name: next((one[name] for one in given if one.get(name) is not None), None)
        for name in dict.fromkeys(name for one in given for name in one)
    }
    settings["restrict_user_domains"] = _user_domains(given, own)
    yield "account_settings", record("account_settings", settings, context)
    yield from _each(
        settings.get("user_mfa"),
        lambda exemption: [("user_mfa", record("user_mfa", exemption, context))],
    )


def _user_domains(given: list[Object], own: Object) -> Any:
    """The first restrictions that there are; those of a template may give way to the account's."""
    none = None
    for settings in given:
        domains = settings.get("restrict_user_domains")
        if isinstance(domains, dict):  # of a template
            own_domains = own.get("restrict_user_domains")
            if domains.get("account_sufficient") and own_domains:
                return own_domains
            domains = domains.get("restrictions")
        if domains:
            return domains
        none = domains if none is None else none
    return none


def external_identity_rows(item: Object, context: Context) -> Iterator[Row]:
    """One row for each type of identity that may act from other accounts."""
    interaction = _dict(item.get("external_account_identity_interaction"))
    table = "external_identity_settings"
    for name, settings in _dict(interaction.get("identity_types")).items():
        yield table, record(table, _dict(settings), context, identity_type=name)


def mfa_report_rows(item: Object, context: Context) -> Iterator[Row]:
    """The whole MFA report: one row for each person."""
    fields = {
        "trait_account_default": "id_based_mfa.trait_account_default",
        "trait_effective": "id_based_mfa.trait_effective",
        "comply_state": "id_based_mfa.comply_state",
    }
    table = "mfa_enrollments"

    def rows_of(person: Object) -> Iterator[Row]:
        by_identity = _dict(person.get("id_based_mfa"))
        by_account = _dict(person.get("account_based_mfa"))
        by_older_rules = person.get("effective_mfa_type") == "account_based_mfa"
        yield (
            table,
            record(
                table,
                person,
                context,
                fields,
                report_time=item.get("report_time"),
                trait_user_specific=by_identity.get("trait_user_specific"),
                complies=(by_account if by_older_rules else by_identity).get("complies"),
            ),
        )

    yield from _each(item.get("users"), rows_of)


def inactivity_report_rows(item: Object, context: Context) -> Iterator[Row]:
    """The whole report of inactive identities: one row for each identity and API key."""
    kinds = (
        ("users", "user"),
        ("apikeys", "apikey"),
        ("serviceids", "service_id"),
        ("profiles", "trusted_profile"),
    )
    table = "inactive_identities"

    def rows_of(kind: str, found: Object) -> Iterator[Row]:
        owner = _dict(found.get("user")).get("iam_id") or found.get("iam_id")
        key = found.get("id") or found.get("iam_id")
        service_id = _dict(found.get("serviceid")).get("id") if kind == "apikey" else None
        if kind in ("service_id", "trusted_profile"):
            service_id = key
        yield (
            table,
            record(
                table,
                found,
                context,
                kind=kind,
                id=key,
                iam_id=owner or (f"iam-{service_id}" if service_id else None),
                name=_visible(found.get("name")) or found.get("username"),
                report_duration=item.get("report_duration"),
                report_end_time=item.get("report_end_time"),
            ),
        )

    for array, kind in kinds:
        yield from _each(item.get(array), partial(rows_of, kind))


def resource_key_rows(item: Object, context: Context) -> Iterator[Row]:
    """A service credential: of what it holds only the role and the service ID are kept."""
    held = _dict(item.get("credentials"))
    service_id = _crn_resource(held.get("iam_serviceid_crn"), "serviceid")
    crn = item.get("crn") or item.get("id")
    row = record(
        "resource_keys",
        item,
        context,
        id=crn,
        crn=crn,
        guid=item.get("guid") or _crn_resource(crn, "resource-key"),
        resource_group_id=_resource_group(item),
        instance_id=item.get("source_crn"),
        role_crn=_unredacted(item.get("role")) or _unredacted(held.get("iam_role_crn")),
        service_iam_id=f"iam-{service_id}" if service_id else None,
    )
    yield "resource_keys", row
    if group := row["resource_group_id"]:
        yield (
            "resource_groups",
            _unlisted("resource_groups", context, resource_group_id=group, name=group),
        )


def zone_rows(item: Object, context: Context) -> Iterator[Row]:
    """A network zone as it is listed, with no more than three of its addresses."""
    yield "cbr_zones", record("cbr_zones", item, context, listed=True)


def zone_address_rows(item: Object, context: Context) -> Iterator[Row]:
    """All addresses of one network zone."""
    table = "cbr_zone_addresses"
    for array, excluded in (("addresses", False), ("excluded", True)):
        for position, address in enumerate(map(_dict, _list(item.get(array)))):
            yield (
                table,
                record(
                    table,
                    address,
                    context,
                    zone_id=context.key,
                    excluded=excluded,
                    position=position,
                ),
            )


def restriction_rows(item: Object, context: Context) -> Iterator[Row]:
    """A context-based restriction, and the zones that it names (one text of several IDs)."""
    rule = record("cbr_rules", item, context)
    yield "cbr_rules", rule
    attributes = [
        _dict(attribute)
        for permitted in map(_dict, _list(item.get("contexts")))
        for attribute in _list(permitted.get("attributes"))
    ]
    named = ",".join(str(a.get("value")) for a in attributes if a.get("name") == "networkZoneId")
    for zone in filter(None, (part.strip() for part in named.split(","))):
        yield "cbr_zones", _unlisted("cbr_zones", context, id=zone, name=zone)
        yield (
            "cbr_rule_zones",
            record("cbr_rule_zones", {}, context, rule_id=rule["id"], zone_id=zone),
        )


def tag_rows(kind: str) -> RowFunction:
    """Rows for the tags of one kind."""
    return flat("tags", kind=kind)


def found_rows(item: Object, context: Context) -> Iterator[Row]:
    """A resource that search found, its resource group, and a row for each tag that it carries."""
    crn = item.get("crn")
    row = record(
        "resources",
        item,
        context,
        {"created_at": "creation_date"},
        service_name=item.get("service_name") or _crn_segment(crn, 4) or None,
        region_id=item.get("region") or _crn_segment(crn, 5) or None,
        guid=_crn_segment(crn, 7) or None,
        instance_id=crn,
    )
    yield "resources", row
    if group := row["resource_group_id"]:
        yield (
            "resource_groups",
            _unlisted("resource_groups", context, resource_group_id=group, name=group),
        )
    table = "tag_attachments"
    for array, kind in (("tags", "user"), ("access_tags", "access"), ("service_tags", "service")):
        for name in _list(item.get(array)):
            yield table, record(table, item, context, kind=kind, name=name, instance_id=crn)


def no_rows(item: Object, context: Context) -> Iterator[Row]:
    """For an answer that only leads to another one."""
    return iter(())


def services_of_policy(item: Object) -> set[str]:
    """Services that a v2 policy names literally, for whose roles IAM can be asked."""
    attributes = _list(_dict(item.get("resource")).get("attributes"))
    named: set[Any] = set()
    for attribute in map(_dict, attributes):
        if attribute.get("key") != "serviceName":
            continue
        value, operator = attribute.get("value"), attribute.get("operator")
        if operator in ("stringEquals", "stringEqualsAnyOf", None):
            named.update(value if isinstance(value, list) else [value])
    return {name for name in named if isinstance(name, str) and name not in ("", "*")}


def _policy_rows(
    item: Object,
    context: Context,
    *,
    version: str,
    roles: list[Any],
    subject: list[Any],
    resource: list[Any],
    tags: list[Any],
    name: str,
) -> Iterator[Row]:
    subjects = {_dict(attribute).get(name): _dict(attribute).get("value") for attribute in subject}
    group = context.group(subjects.get("access_group_id"))
    policy = record(
        "policies",
        item,
        context,
        {"template_id": "template.id"},
        version=version,
        iam_id=subjects.get("iam_id"),
        access_group_id=group,
    )
    yield "policies", policy
    if policy["access_group_id"]:
        yield (
            "access_groups",
            _unlisted(
                "access_groups",
                context,
                id=group,
                name="Public Access" if group == context.public_group else group,
                is_public=group == context.public_group,
            ),
        )

    def role_rows_of(role: Object) -> Iterator[Row]:
        values = {"policy_id": policy["id"], "role_id": role.get("role_id")}
        yield "policy_roles", record("policy_roles", role, context, **values)
        yield "roles", _unlisted_role(role, context)

    yield from _each(roles, role_rows_of)
    attributes = (
        ("policy_subjects", subject),
        ("policy_resource_attributes", resource),
        ("policy_resource_tags", tags),
    )
    for table, entries in attributes:
        for position, entry in enumerate(map(_dict, entries)):
            yield (
                table,
                record(
                    table,
                    entry,
                    context,
                    {"name": name},
                    policy_id=policy["id"],
                    position=position,
                ),
            )


def _unlisted_role(role: Object, context: Context) -> dict[str, Any]:
    role_id = str(role.get("role_id"))
    segment = _crn_segment(role_id, 8)
    return _unlisted(
        "roles",
        context,
        role_id=role_id,
        display_name=_visible(role.get("display_name")) or role_id.rpartition(":")[2],
        kind={"role": "platform", "customRole": "custom"}.get(segment, "service"),
        service_name=_role_service(role_id),
        account_id=context.account_id if segment == "customRole" else None,
    )


def _unlisted(table: str, context: Context, **values: Any) -> dict[str, Any]:
    """A row for what another object mentions; it gives way to the row of a listing."""
    return record(table, {}, context, listed=False, **values)


def _role_service(role_id: Any) -> str | None:
    """The service that defines a role, from its CRN; None for the roles of every service."""
    service = _crn_segment(role_id, 4)
    return None if service in ("", "iam", "iam-access-management") else service


def _crn_segment(crn: Any, index: int) -> str:
    segments = str(crn or "").split(":", 9)
    return segments[index] if len(segments) > index else ""


def _crn_resource(crn: Any, kind: str) -> str | None:
    """What a CRN of this resource type names; None for any other text, such as REDACTED."""
    return _crn_segment(crn, 9) or None if _crn_segment(crn, 8) == kind else None


def _resource_group(item: Object) -> Any:
    group = item.get("resource_group_id")
    return group or _crn_resource(item.get("resource_group_crn"), "resource-group")


def _identifiers(item: Object) -> dict[str, Any]:
    """`id` and `iam_id` of a service ID or trusted profile: each can be made of the other."""
    key, iam_id = item.get("id"), item.get("iam_id")
    if not key and isinstance(iam_id, str) and iam_id.startswith("iam-"):
        key = iam_id.removeprefix("iam-")
    return {"id": key, "iam_id": iam_id or (f"iam-{key}" if key else None)}


def _each(entries: Any, rows_of: Callable[[Object], Iterable[Row]]) -> Iterator[Row]:
    """The rows of each entry of a list; an odd one costs only itself."""
    for entry in _list(entries):
        try:
            found = list(rows_of(_dict(entry)))
        except ObjectError as error:
            found = [(LEFT_OUT, {"problem": str(error)})]
        yield from found


def _dict(value: Any) -> Object:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    """A list; null or nothing in its place is an empty one, anything else an error."""
    if value is not None and not isinstance(value, list):
        raise ObjectError(f"an object has {value!r:.80} where a list belongs")
    return value or []


def _unredacted(value: Any) -> Any:
    return None if isinstance(value, str) and _REDACTED.fullmatch(value) else value


def _visible(value: Any) -> Any:
    """A name, None if there is nothing to see of it."""
    return value if isinstance(value, str) and _is_visible(value) else None


def _is_visible(text: str) -> bool:
    """Whether a text has a character that is neither blank, nor control, nor formatting."""
    return any(unicodedata.category(character)[0] not in "CZ" for character in text)


def _is_plain(text: str) -> bool:
    """Whether a text is certain to be kept as it is: printable, and no word of IBM Cloud's."""
    return text[:1] > " " and text[:1] not in "Rr"


def _dig(item: Object, path: tuple[str, ...]) -> Any:
    value: Any = item
    for name in path:
        value = _dict(value).get(name)
    return value


def _text(value: Any) -> str:
    if isinstance(value, str):
        return _clean(value)
    return _clean(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _clean(text: str) -> str:
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)


def _integer(value: Any) -> int:
    if isinstance(value, float) and not value.is_integer():
        raise ValueError("is not a whole number")
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("is not a whole number") from None
    if not -(2**63) <= number < 2**63:
        raise ValueError("is too large a number")
    return number


def _boolean(value: Any) -> int:
    truth = {"true": 1, "false": 0, "1": 1, "0": 0}.get(str(value).lower())
    if truth is None:
        raise ValueError("is neither true nor false")
    return truth


def _utc(text: str) -> str:
    """A time in any of IBM Cloud's notations as 2026-02-04T08:00:00Z; other text as it is."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return text
    day, minute, second, hours, minutes = match.groups()
    local = f"{day}T{minute}{second or ':00'}"
    if hours is None or hours + minutes in ("+0000", "-0000"):
        return f"{local}Z"
    sign = -1 if hours.startswith("-") else 1
    try:
        moment = datetime.fromisoformat(local)
        moment -= sign * timedelta(hours=abs(int(hours)), minutes=int(minutes))
    except (ValueError, OverflowError):
        return text
    return moment.replace(tzinfo=timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _object_error(item: Object, problem: str) -> ObjectError:
    names = ("id", "iam_id", "crn", "guid", "name", "user_id", "email")
    known = [f"{name} {item[name]!s:.80}" for name in names if item.get(name)]
    return ObjectError(f"an object {problem} ({', '.join(known) or 'nothing else names it'})")
