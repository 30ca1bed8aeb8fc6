"""--not-granted: roles and actions that nobody should get.

Which services a policy applies to is decided by policy_services, so that it does not matter how
the policy names them. What a role allows is what the file says of it, and what the plan says of a
custom role; of a role that neither knows, a rule on actions stays undecided.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase

from .file import is_in, policies_of
from .overlay import SHARED_ROLES, Asked, Overlay
from .proposals import CustomRole, Entry, Holder
from .rules import Rule, plain
from .verdicts import NOT_GRANTED, Violation, later, listed, parted, undecided, violation


def unknown_names(overlay: Overlay, rules: Sequence[Rule]) -> Iterator[str]:
    """Notes on roles and services of rules that nothing else knows: they could be misspelled.

    Without a file, only names that are nearly those of roles that every account has are noted.
    """
    roles = {
        plain(name)
        for names in overlay.connection.execute("select role_id, display_name from temp.roles")
        for name in (names[0] or "", (names[0] or "").rpartition(":")[2], names[1] or "")
    } | SHARED_ROLES.keys()
    services = {
        name
        for (name,) in overlay.connection.execute(
            "select service_name from temp.role_actions where role_id <> '' "
            "union select service_name from main.instance_facts "
            "union select service_name from account_services"
        )
    }
    for rule in rules:
        for role, written in rule.roles.items():
            close = get_close_matches(role, SHARED_ROLES, 1, 0.8)
            if role not in roles and (overlay.has_file or close):
                hint = f"; is it {SHARED_ROLES[close[0]].rpartition(':')[2]}?" if close else "."
                yield f"{rule} names the role {written}, which is not known{hint}"
        for service in sorted(rule.services):
            if service not in services and overlay.has_file:
                yield f"{rule} names the service {service}, which the file does not know."


@dataclass
class _Broken:
    """What of a policy breaks a rule, and what might, in words."""

    surely: list[str] = field(default_factory=list)
    perhaps: list[str] = field(default_factory=list)


def check_policies(
    overlay: Overlay, policies: Iterable[Asked], rules: Sequence[Rule]
) -> Iterator[Violation]:
    """Proposed policies that grant what a rule forbids."""
    for asked in filter(overlay.grants, policies):
        for rule in rules:
            if not _is_excepted(rule, asked.holder):
                yield from _policy(overlay, asked, rule)


def _policy(overlay: Overlay, asked: Asked, rule: Rule) -> Iterator[Violation]:
    broken = _broken(overlay, asked.id, rule)
    wide = _broken(overlay, asked.wide, rule) if asked.wide else broken
    who = str(asked.holder) if asked.holder else "whoever it is for"
    more = {"holder": who, "rule": str(rule)}
    if broken.surely:
        message = f"{who} would get {parted(broken.surely)}, {_forbids(rule)}"
        if rule.exceptions and (asked.holder is None or asked.holder.id is None):
            yield undecided(
                NOT_GRANTED, asked.policy, f"{who} could be an exception of {rule}", **more
            )
        else:
            yield violation(NOT_GRANTED, asked.policy, message, **more)
    elif wide.surely or "roles" in asked.policy.unknown:
        why = f"{later(asked.policy.unknown)}, and {rule} might forbid what {who} would get"
        yield undecided(NOT_GRANTED, asked.policy, why, **more)
    elif perhaps := broken.perhaps or wide.perhaps:
        why = f"it is not known whether {parted(perhaps)} includes an action of {rule}"
        yield undecided(NOT_GRANTED, asked.policy, why, **more)


def check_entries(
    overlay: Overlay, entries: Iterable[Entry], rules: Sequence[Rule]
) -> Iterator[Violation]:
    """Whoever gets what a rule forbids by joining a group or by being trusted by a profile."""
    for entry in entries:
        into = entry.into
        if into.id is None or not (overlay.has_file or into.is_new):
            why = f"it is not known what {into} grants"
            if not overlay.has_file and into.id is not None:
                why += "; specify a file that was collected"
            yield undecided(NOT_GRANTED, entry, why, holder=entry.subject)
            continue
        if is_in(overlay, entry):
            continue
        policies = policies_of(overlay, into, overlay.account_of(None))
        for rule in rules:
            if _is_excepted(rule, into) or _is_excepted(rule, entry.who):
                continue
            found = [_broken(overlay, one, rule, "main") for one in policies]
            surely = [words for one in found for words in one.surely]
            perhaps = [words for one in found for words in one.perhaps]
            more = {"holder": entry.subject, "rule": str(rule)}
            if surely:
                message = f"{entry} and would get {parted(surely)}, {_forbids(rule)}"
                yield violation(NOT_GRANTED, entry, message, **more)
            elif perhaps:
                why = f"it is not known whether {parted(perhaps)} includes an action of {rule}"
                yield undecided(NOT_GRANTED, entry, why, **more)


def check_roles(
    overlay: Overlay, roles: Iterable[CustomRole], rules: Sequence[Rule]
) -> Iterator[Violation]:
    """Custom roles that somebody holds already, and that get a forbidden action."""
    for role in roles:
        role_id = overlay.custom_role(role)
        held = overlay.connection.execute(
            "select count(*) from main.granting_policies as policies join main.policy_roles "
            "on policy_roles.policy_id = policies.id where role_id = ?",
            (role_id,),
        ).fetchone()[0]
        added = [action for action in role.actions if action not in role.before]
        for rule in rules:
            if rule.services and role.service not in rule.services:
                continue
            actions = [action for action in added if _forbids_it(rule, action)]
            if held and actions:
                policies = "1 policy grants" if held == 1 else f"{held:,} policies grant"
                yield violation(
                    NOT_GRANTED,
                    role,
                    f"custom role {role.display_name}, which {policies}, would get "
                    f"{listed(actions)}, {_forbids(rule)}",
                    rule=str(rule),
                )
            elif actions and role.before and not overlay.has_file:
                why = (
                    f"it is not known who holds {role.display_name}; specify a file that was "
                    "collected"
                )
                yield undecided(NOT_GRANTED, role, why, rule=str(rule))
            elif rule.actions and role.unknown and (held or role.before):
                why = f"{later(role.unknown)} for {role.display_name}"
                yield undecided(NOT_GRANTED, role, why, rule=str(rule))


def _broken(overlay: Overlay, policy_id: str, rule: Rule, schema: str = "temp") -> _Broken:
    """What of a policy, of those proposed or of the file's, a rule forbids."""
    found = _Broken()
    services = [
        name
        for (name,) in overlay.connection.execute(
            f"select distinct service_name from {schema}.policy_services where policy_id = ? "
            "order by service_name",
            (policy_id,),
        )
    ]
    concerned = [name for name in services if name in rule.services] if rule.services else services
    if rule.services and not concerned:
        return found
    target = f" on {listed(concerned)}" if rule.services else _target(overlay, policy_id, schema)
    for role_id, name in overlay.connection.execute(
        f"select roles.role_id, coalesce(nullif(roles.display_name, ''), roles.role_id) "
        f"from {schema}.policy_roles as granted join temp.roles on roles.role_id = granted.role_id "
        "where granted.policy_id = ? order by 2",
        (policy_id,),
    ):
        words = f"{name}{target}"
        if not rule.roles.keys().isdisjoint(
            {plain(role_id), plain(role_id.rpartition(":")[2]), plain(name)}
        ):
            found.surely.append(words)
        elif rule.actions:
            actions = _actions(overlay, role_id, concerned)
            forbidden = [
                one for found in actions.values() for one in found if _forbids_it(rule, one)
            ]
            if forbidden:
                found.surely.append(f"{listed(sorted(forbidden))} with {words}")
            elif _is_open(overlay, rule, role_id, actions):
                found.perhaps.append(words)
    return found


def _target(overlay: Overlay, policy_id: str, schema: str) -> str:
    (words,) = overlay.connection.execute(
        f"select target from {schema}.policy_descriptions where policy_id = ?", (policy_id,)
    ).fetchone()
    return f" on {words}"


def _actions(overlay: Overlay, role_id: str, services: Sequence[str]) -> dict[str, set[str]]:
    """What a role allows on each of these services, as far as it is known."""
    found: dict[str, set[str]] = {service: set() for service in services}
    for service, action in overlay.connection.execute(
        "select service_name, action from temp.role_actions where role_id = ?", (role_id,)
    ):
        if service in found:
            found[service].add(action)
    return found


def _is_open(overlay: Overlay, rule: Rule, role_id: str, actions: Mapping[str, set[str]]) -> bool:
    """Whether a role could allow what a rule forbids, because what it allows is not known.

    A rule without services is about those that its actions begin with, or else about all of them,
    of which it is enough to know some. A custom role is of one service: it has no other actions.
    """
    is_custom = overlay.connection.execute(
        "select 1 from temp.roles join temp.role_actions on role_actions.role_id = roles.role_id "
        "where roles.role_id = ? and roles.kind = 'custom'",
        (role_id,),
    ).fetchone()
    if is_custom or not actions:
        return False
    concerned = rule.services or rule.action_services & actions.keys()
    if concerned:
        return not all(found for service, found in actions.items() if service in concerned)
    return rule.has_general_actions and not any(actions.values())


def _forbids_it(rule: Rule, action: str) -> bool:
    """Whether a rule forbids an action; in those of a rule, * is any text."""
    return any(
        fnmatchcase(action.casefold(), one.casefold().replace("[", "[[]").replace("?", "[?]"))
        for one in rule.actions
    )


def _is_excepted(rule: Rule, holder: Holder | None) -> bool:
    return holder is not None and rule.excepts(holder.names)


def _forbids(rule: Rule) -> str:
    return f"which {rule} forbids{f': {rule.reason}' if rule.reason else ''}"
