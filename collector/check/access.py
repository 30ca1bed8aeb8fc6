"""--no-new-access: whether anybody would get what the file does not let them do yet.

An access group holds access, whether it has members or not; whoever joins it is compared with it.
Access counts as held through whichever of a holder's policies; reach.py decides what these give.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from .file import is_in, is_owner, policies_of
from .overlay import Asked, Overlay, source_of
from .proposals import CustomRole, Entry, Holder, PublicAccess
from .reach import Reach, Reaches, Service
from .verdicts import NEW_ACCESS, Violation, later, listed, parted, undecided, violation


class Comparison:
    """What proposed policies give that the file does not give."""

    def __init__(self, overlay: Overlay, policies: Sequence[Asked]) -> None:
        self._overlay = overlay
        self._policies = policies
        self._reaches = Reaches(overlay)

    def check_policies(self) -> Iterator[Violation]:
        """Policies that give their holder something new."""
        for asked in filter(self._overlay.grants, self._policies):
            if asked.policy.type == "authorization":
                yield from self._authorization(asked)
                continue
            holder = asked.holder
            if holder is None or holder.id is None:
                yield undecided(NEW_ACCESS, asked.policy, "it is not known who would get it")
                continue
            if asked.account_id not in self._overlay.accounts:
                why = f"the file does not have its account {asked.account_id}"
                yield undecided(NEW_ACCESS, asked.policy, why)
                continue
            yield from self._policy(asked, holder)

    def _policy(self, asked: Asked, holder: Holder) -> Iterator[Violation]:
        if is_owner(self._overlay, holder, asked.account_id):
            return
        who = str(holder)
        held = self._file(policies_of(self._overlay, holder, asked.account_id))
        asked_of = self._reaches.of("temp", asked.wide or asked.id)
        missing = self._reaches.missing(asked_of, held)
        if not missing and "roles" not in asked.policy.unknown:
            return
        narrow = self._reaches.of("temp", asked.id)
        if asked.policy.unknown and not self._reaches.missing(narrow, held, later_too=True):
            why = f"{later(asked.policy.unknown)}, and {who} might get something new"
            yield undecided(NEW_ACCESS, asked.policy, why, holder=who)
            return
        message = f"{who} would get {self._overlay.words(asked.id)}, which is new"
        if 0 < len(missing) < len(asked_of.roles) * len(asked_of.concerned):
            message += f": {self._words(missing)}"
        yield violation(NEW_ACCESS, asked.policy, message, holder=who)

    def check_entries(self, entries: Iterable[Entry]) -> Iterator[Violation]:
        """Whoever gets something new by joining a group or being trusted by a profile."""
        for entry in entries:
            into = entry.into
            if into.id is None:
                yield undecided(NEW_ACCESS, entry, f"it is not known what {into} grants")
                continue
            if is_in(self._overlay, entry):
                continue
            account_id = self._overlay.account_of(None)
            given = [("main", one) for one in policies_of(self._overlay, into, account_id)]
            given += [
                ("temp", one.wide or one.id)
                for one in self._policies
                if one.holder
                and one.holder.id == into.id
                and one.policy.type == "access"
                and self._overlay.grants(one)
            ]
            who = entry.who
            if not given or (who and is_owner(self._overlay, who, account_id)):
                continue
            if who and who.id is None:
                yield undecided(NEW_ACCESS, entry, "it is not known who would get it")
                continue
            held = self._file(policies_of(self._overlay, who, account_id)) if who else []
            if new := [one for one in given if self._reaches.missing(self._reaches.of(*one), held)]:
                words = parted(self._overlay.words(key, schema) for schema, key in new)
                message = f"{entry} and would get {words}, which is new"
                yield violation(NEW_ACCESS, entry, message, holder=entry.subject)

    def check_roles(self, roles: Iterable[CustomRole]) -> Iterator[Violation]:
        """Custom roles that somebody holds already, and that get more actions."""
        for role in roles:
            role_id = self._overlay.custom_role(role)
            (held,) = self._overlay.connection.execute(
                "select count(*) from main.granting_policies as policies join main.policy_roles "
                "on policy_roles.policy_id = policies.id where role_id = ?",
                (role_id,),
            ).fetchone()
            if not held:
                continue
            policies = "1 policy grants" if held == 1 else f"{held:,} policies grant"
            before = {
                action
                for (action,) in self._overlay.connection.execute(
                    "select action from main.role_actions where role_id = ?", (role_id,)
                )
            }
            if added := [action for action in role.actions if action not in before]:
                yield violation(
                    NEW_ACCESS,
                    role,
                    f"custom role {role.display_name}, which {policies}, would get "
                    f"{listed(added)}, which is new",
                )
            elif role.unknown:
                yield undecided(NEW_ACCESS, role, later(role.unknown))

    def check_settings(self, settings: Iterable[PublicAccess]) -> Iterator[Violation]:
        """Public access that is switched on where the file does not have it on."""
        for setting in settings:
            is_on = self._overlay.connection.execute(
                "select 1 from main.access_group_settings where public_access_enabled = 1"
            ).fetchone()
            if is_on is None:
                message = (
                    "policies of the Public Access group would apply to everybody, which is new"
                )
                yield violation(NEW_ACCESS, setting, message)

    def _authorization(self, asked: Asked) -> Iterator[Violation]:
        """An authorization is new unless the file has one with its roles that asks no more."""
        key = source_of(asked.id)
        proposed = self._stated("temp", [key])[key]
        roles = self._reaches.of("temp", asked.id).roles
        for policy_id, stated in self._stated("main", self._authorizations()).items():
            if stated <= proposed and roles <= self._reaches.roles("main", policy_id):
                return
        if asked.policy.unknown:
            yield undecided(NEW_ACCESS, asked.policy, later(asked.policy.unknown))
            return
        who = str(asked.holder)
        message = f"{who} would get {self._overlay.words(asked.id)}, which is new"
        yield violation(NEW_ACCESS, asked.policy, message, holder=who)

    def _authorizations(self) -> list[str]:
        return [
            policy_id
            for (policy_id,) in self._overlay.connection.execute(
                "select id from main.granting_policies where type = 'authorization'"
            )
        ]

    def _stated(self, schema: str, policies: Sequence[str]) -> dict[str, set[tuple[str, ...]]]:
        """What authorizations say of their two sides, the account that all name left out."""
        found: dict[str, set[tuple[str, ...]]] = {one: set() for one in policies}
        for policy_id, side, name, patterns, absent in self._overlay.connection.execute(
            "select policy_id, side, name, json_group_array(pattern), max(wants_absent) "
            f"from (select * from {schema}.policy_values where not is_any order by pattern) "
            "where policy_id in (select value from json_each(?)) "
            "and not (name = 'accountId' and value = account_id) "
            "group by policy_id, side, position",
            (json.dumps([*policies]),),
        ):
            found[policy_id].add((side, name, patterns, str(absent)))
        return found

    def _file(self, policies: Iterable[str]) -> list[Reach]:
        return [self._reaches.of("main", one) for one in policies]

    def _words(self, missing: Iterable[tuple[str, Service | None]]) -> str:
        """What is missing, role by role."""
        by_role: dict[str, list[str]] = defaultdict(list)
        for role, service in missing:
            by_role[role].append(_service_words(service))
        return listed(
            " on ".join(filter(None, (self._role(role), listed(filter(None, services)))))
            for role, services in by_role.items()
        )

    def _role(self, role: str) -> str:
        found = self._overlay.connection.execute(
            "select display_name from temp.roles where role_id = ?", (role,)
        ).fetchone()
        return str(found[0]) if found and found[0] else role.rpartition(":")[2]


def _service_words(service: Service | None) -> str:
    if service is None:
        return ""
    kind, name = service
    if name.startswith("("):
        return "services to come" if kind == "service" else "account management"
    return name or "services that are not known"
