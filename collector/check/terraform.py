"""What a Terraform plan would change in IAM, as `terraform show -json PLAN` writes it.

The format: HashiCorp, Terraform, JSON Output Format (format_version 1). What the resources mean:
the schemas of IBM-Cloud/terraform-provider-ibm, ibm/service/iampolicy, iamaccessgroup, and
iamidentity, and what flex.GeneratePolicyOptions makes of a policy's arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..errors import CheckError
from .documents import Document, Place
from .plan import UNKNOWN, Change, Plan, known_part
from .policies import group_of, holder_of
from .proposals import (
    GROUP,
    PROFILE,
    SERVICE,
    SERVICE_ID,
    USER,
    CustomRole,
    Entry,
    Holder,
    NotChecked,
    Proposal,
    PublicAccess,
)
from .terraform_policies import access_policy, authorization

# Columns of a link, and what the plan calls them.
_OF_LINKS = (
    ("link_crn", "crn"),
    ("link_namespace", "namespace"),
    ("link_name", "name"),
    ("component_type", "component_type"),
    ("component_name", "component_name"),
)
_CREATED = {
    "ibm_iam_access_group": GROUP,
    "ibm_iam_service_id": SERVICE_ID,
    "ibm_iam_trusted_profile": PROFILE,
}
# Types that give nobody access by themselves.
_HARMLESS = {
    *_CREATED,
    "ibm_iam_access_tag",
    "ibm_iam_authorization_policy_detach",
    "ibm_iam_identity_preference",
    "ibm_iam_serviceid_group",
    "ibm_iam_user_settings",
}


# What comes of values that are of other types than Terraform writes.
_MISREAD = (AttributeError, IndexError, KeyError, TypeError)


def changes_in(document: Document) -> list[Proposal]:
    """What the plan creates or changes in IAM; raises CheckError for a plan that cannot be read."""
    try:
        return [*_changes(Plan.of(document))]
    except _MISREAD:
        raise CheckError(
            f"{document.file}:1: this plan is not as Terraform writes it. Check the output of "
            "terraform show -json PLAN."
        ) from None


def _changes(plan: Plan) -> Iterator[Proposal]:
    for change in plan.changes:
        if not change.type.startswith("ibm_iam_") or change.mode != "managed" or not change.grants:
            continue
        if change.type in _HARMLESS:
            continue
        if reader := _READERS.get(change.type):
            try:
                proposals = [*reader(change)]
            except _MISREAD:
                proposals = [_not_checked(change, "its values are not as the provider writes them")]
        else:
            why = f"{change.type} is not understood; see what it grants yourself"
            proposals = [_not_checked(change, why)]
        for proposal in proposals:
            yield replace(proposal, address=change.address, secrets=change.secrets)
    for place, address, reason in plan.deferred():
        why = f"Terraform puts off its plan for it ({reason})"
        yield NotChecked(place=place, label=address, address=address, why=why)
    if not plan.is_complete:
        why = "Terraform says that the plan is not complete, so there is more to come"
        yield NotChecked(place=Place(plan.document.file, 1, 1), label="the plan", why=why)


def _not_checked(change: Change, why: str) -> Proposal:
    return NotChecked(place=change.place, label=change.address, why=why)


def is_plan(document: Document) -> bool:
    """Whether a file is a plan, and not policies."""
    return "resource_changes" in document.entries or "planned_values" in document.others


def _group_policy(change: Change) -> Iterator[Proposal]:
    yield access_policy(change, _reference(change, "access_group_id", GROUP))


def _user_policy(change: Change) -> Iterator[Proposal]:
    yield access_policy(change, _user(change.values.get("ibm_id")))


def _service_policy(change: Change) -> Iterator[Proposal]:
    yield access_policy(change, _either(change, SERVICE_ID, "iam_id", "iam_service_id"))


def _profile_policy(change: Change) -> Iterator[Proposal]:
    yield access_policy(change, _either(change, PROFILE, "iam_id", "profile_id"))


def _authorization(change: Change) -> Iterator[Proposal]:
    yield authorization(change)


def _invitation(change: Change) -> Iterator[Proposal]:
    """Every invited user gets each policy, and enters each access group."""
    values = change.values
    users = [_user(one) for one in _each(change, "users")]
    groups = _references(change, "access_groups", GROUP)
    policies = values.get("iam_policy")
    if policies is UNKNOWN:
        policies = [{"roles": UNKNOWN, "resources": UNKNOWN}]
    for user in users:
        for number, policy in enumerate(policies or (), 1):
            label = f"{change.address}, policy {number} of {user.name or user}"
            yield access_policy(change, user, policy, label)
        for group in groups:
            yield _joins(change, group, user)
    for name in ("classic_infra_roles", "cloud_foundry_roles"):
        if values.get(name):
            why = f"{name} are permissions outside of IAM"
            yield _not_checked(change, why)


def _members(change: Change) -> Iterator[Proposal]:
    """Those who enter the group: an update only adds whom it did not have before."""
    group = _reference(change, "access_group_id", GROUP)
    users = [_user(one) for one in _each(change, "ibm_ids")]
    programs = _references(change, "iam_service_ids", SERVICE_ID)
    profiles = _references(change, "iam_profile_ids", PROFILE)
    for member in (*users, *programs, *profiles):
        yield _joins(change, group, member)


def _joins(change: Change, group: Holder, member: Holder) -> Entry:
    return Entry(place=change.place, label=change.address, into=group, who=member)


def _group_rule(change: Change) -> Iterator[Proposal]:
    values = change.values
    row = {"realm_name": values.get("identity_provider"), "conditions": values.get("conditions")}
    group = _reference(change, "access_group_id", GROUP)
    yield _rule(change, group, "access_group_rules", row, "whoever meets the dynamic rule")


def _claim_rule(change: Change) -> Iterator[Proposal]:
    row = {
        name: change.values.get(name) for name in ("type", "realm_name", "cr_type", "conditions")
    }
    profile = _reference(change, "profile_id", PROFILE)
    yield _rule(change, profile, "trustedprofile_rules", row, "whoever meets the claim rule")


def _link(change: Change) -> Iterator[Proposal]:
    given = change.values.get("link")
    link = {} if given is UNKNOWN else (given or [{}])[0]
    row: dict[str, Any] = {"cr_type": change.values.get("cr_type")}
    for column, name in _OF_LINKS:
        row[column] = UNKNOWN if given is UNKNOWN else link.get(name)
    profile = _reference(change, "profile_id", PROFILE)
    yield _rule(change, profile, "trustedprofile_links", row, "the compute resource of the link")


def _rule(
    change: Change, into: Holder, table: str, row: Mapping[str, Any], whoever: str
) -> Proposal:
    name = change.values.get("name")
    if isinstance(name, str) and name:
        whoever = f"{whoever} {name}"
    return Entry(
        place=change.place,
        label=change.address,
        into=into,
        who=None,
        whoever=whoever,
        table=table,
        row=row,
    )


def _trusted_identity(change: Change) -> Iterator[Proposal]:
    profile = _reference(change, "profile_id", PROFILE)
    yield _trusts(change, profile, change.values)


def _trusted_identities(change: Change) -> Iterator[Proposal]:
    profile = _reference(change, "profile_id", PROFILE)
    before = change.prior.get("identities") or []
    given = change.values.get("identities")
    for one in [UNKNOWN] if given is UNKNOWN else given or ():
        if one not in before:
            yield _trusts(change, profile, {} if one is UNKNOWN else one)


def _trusts(change: Change, profile: Holder, one: Mapping[str, Any]) -> Entry:
    """An identity by its IAM ID, or by its identifier, which depends on its type."""
    kind = one.get("type") or one.get("identity_type")
    identifier = one.get("iam_id") or one.get("identifier")
    if identifier is UNKNOWN or identifier is None or kind is UNKNOWN:
        who = Holder({"serviceid": SERVICE_ID}.get(str(kind), USER), None)
        if identifier is UNKNOWN and kind == "serviceid":
            who = _reference(change, "identifier", SERVICE_ID)
    elif kind == "serviceid":
        who = _by_id(SERVICE_ID, identifier)
    elif kind == "crn":
        who = Holder(SERVICE, identifier if identifier.startswith("crn-") else f"crn-{identifier}")
    else:
        who = holder_of(identifier)
    return Entry(place=change.place, label=change.address, into=profile, who=who)


def _custom_role(change: Change) -> Iterator[Proposal]:
    values, before = change.values, change.prior
    unknown = [
        n
        for n in ("name", "display_name", "service", "actions")
        if known_part(values.get(n)) != values.get(n)
    ]
    known = known_part(values)
    texts = [known.get(name) or "" for name in ("name", "display_name", "service")]
    if not all(isinstance(text, str) for text in (*texts, *(known.get("actions") or ()))):
        raise TypeError
    yield CustomRole(
        place=change.place,
        label=change.address,
        name=known.get("name") or "",
        display_name=known.get("display_name") or known.get("name") or "",
        service=known.get("service") or "",
        actions=known.get("actions") or (),
        before=[*(before.get("actions") or ())],
        unknown=unknown,
    )


def _group_settings(change: Change) -> Iterator[Proposal]:
    enabled = change.values.get("public_access_enabled")
    if enabled and not change.prior.get("public_access_enabled"):
        yield PublicAccess(place=change.place, label=change.address, unknown=enabled is UNKNOWN)


_READERS: dict[str, Callable[[Change], Iterator[Proposal]]] = {
    "ibm_iam_access_group_policy": _group_policy,
    "ibm_iam_user_policy": _user_policy,
    "ibm_iam_service_policy": _service_policy,
    "ibm_iam_trusted_profile_policy": _profile_policy,
    "ibm_iam_authorization_policy": _authorization,
    "ibm_iam_user_invite": _invitation,
    "ibm_iam_access_group_members": _members,
    "ibm_iam_access_group_dynamic_rule": _group_rule,
    "ibm_iam_access_group_account_settings": _group_settings,
    "ibm_iam_trusted_profile_claim_rule": _claim_rule,
    "ibm_iam_trusted_profile_link": _link,
    "ibm_iam_trusted_profile_identity": _trusted_identity,
    "ibm_iam_trusted_profile_identities": _trusted_identities,
    "ibm_iam_custom_role": _custom_role,
}


def _user(given: Any) -> Holder:
    """A user by email address, or whatever the provider finds people by."""
    return Holder(USER, given) if isinstance(given, str) and given else Holder(USER, None)


def _either(change: Change, kind: str, *names: str) -> Holder:
    """Whom the first of several arguments names that says anything."""
    for name in names:
        if isinstance(value := change.values.get(name), str) and value:
            return _by_id(kind, value)
    found = [_reference(change, name, kind) for name in names]
    return next((one for one in found if one.id), found[0])


def _reference(change: Change, name: str, kind: str) -> Holder:
    """Whom an argument names: by an ID, or as what the same plan creates."""
    value = change.values.get(name)
    if isinstance(value, str) and value:
        return _by_id(kind, value)
    created = change.created_by(name)
    return _created(created[0], kind) if len(created) == 1 else Holder(kind, None)


def _references(change: Change, name: str, kind: str) -> list[Holder]:
    """The same of an argument with several of them."""
    given = _each(change, name)
    later = [one for one in given if one is UNKNOWN]
    created = change.created_by(name) if later else []
    if len(created) == len(later):
        unknown = [_created(one, kind) for one in created]
    else:
        unknown = [Holder(kind, None) for _ in later]
    return [_by_id(kind, one) for one in given if one is not UNKNOWN] + unknown


def _each(change: Change, name: str) -> list[Any]:
    """The entries of a list that are not there yet."""
    given = change.values.get(name)
    before = change.prior.get(name) or []
    return [one for one in ([UNKNOWN] if given is UNKNOWN else given or []) if one not in before]


def _created(change: Change, kind: str) -> Holder:
    if _CREATED.get(change.type) != kind:
        return Holder(kind, None)
    if isinstance(known := change.values.get("id"), str):  # it is there already
        return _by_id(kind, known)
    name = change.values.get("name")
    name = name if isinstance(name, str) else change.address
    # Another plan can have the same address.
    key = f"{change.place.file}: {change.address}"
    return Holder(kind, key, name, is_new=True, names=frozenset({change.address}))


def _by_id(kind: str, value: str) -> Holder:
    """By ID or IAM ID: those of service IDs and trusted profiles differ in a prefix."""
    if kind == GROUP:
        return group_of(value)
    return Holder(kind, value if value.startswith("iam-") else f"iam-{value}")
