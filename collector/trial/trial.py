"""A trial: changes of one account of a file, made beside it, and what they would do.

Nothing is asked of IBM Cloud, and the file is only read. Policies are given as IBM Cloud's JSON and
become rows as if they had been collected; the facts are derived from these by the same SQL.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from contextlib import ExitStack, closing
from functools import cached_property
from pathlib import Path
from typing import Any

from .. import __version__, resolve
from ..errors import ChangeError, DatabaseError, ObjectError
from ..facts.derived import FACTS, blank, derive, needed
from ..ibmcloud import rows
from ..ibmcloud.rows import LEFT_OUT, Context
from ..store.draft import create_indexes
from ..store.file import check_source, location, reading
from ..store.schema import PUBLIC_ACCESS_GROUP
from .access import GAINED, LOST, AccessChanges
from .edits import POLICY_TABLES, Edits

#: The facts that say who holds what where.
REACH = ("policy_services", "target_pairs")
# Derived from the file as it is: what policies reach is numbered alike before and after.
_GIVEN = "instance_facts"
_KINDS = {"iam-ServiceId-": "service", "iam-Profile-": "profile"}  # of members, by their IAM IDs
# What a policy has by the API that it is written for. What lacks would limit nothing.
_SHAPES = {"v2": ("subject", "control", "resource"), "v1": ("subjects", "roles", "resources")}


class Trial:
    """Changes of one account: make them with the methods below, then ask what they would do.

    `account`, a name or ID, may be left out if the file has one account. `notes` are sentences that
    a reader of the results should know: what a change does not do, and what is not known. Raises
    DatabaseError if the file cannot be used, NameUnresolved for an account that it has not, and
    ChangeError for a change that cannot be made; its sentence says what is possible.
    """

    def __init__(
        self, path: Path, account: str | None = None, connection: sqlite3.Connection | None = None
    ) -> None:
        """`connection`, if there is one, reads the file already, and stays open."""
        self.path = path
        self.notes: list[str] = []
        self._asked_for = account
        self._given = connection

    def __enter__(self) -> Trial:
        with ExitStack() as stack:
            if self._given is None:
                check_source(self.path)
                opened = sqlite3.connect(location(self.path, "ro"), uri=True, timeout=60)
                stack.enter_context(closing(opened))
            self.before = self._given or opened
            # All that is read is of one state of the file, though somebody collects meanwhile.
            self.before.execute("begin")
            stack.callback(self.before.rollback)
            self.edits = Edits(_account(self.before, self._asked_for))
            (public,) = self.before.execute(
                "select max(id) from access_groups where is_public = 1 and account_id = ?",
                (self.account_id,),
            ).fetchone()
            self._context = Context(self.account_id, public_group=public or PUBLIC_ACCESS_GROUP)
            self._collected_at, version = self.before.execute(
                "select max(finished_at), version from collections where account_id = ?",
                (self.account_id,),
            ).fetchone()
            if version not in (None, __version__):
                self.notes.append(
                    f"{self.path} was collected by version {version} of IAM insights; what this "
                    "version judges otherwise shows as a difference. Collect again to avoid that."
                )
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._stack.close()
        if isinstance(error, sqlite3.Error) and self._given is None:
            raise DatabaseError(f"{self.path} cannot be read: {error}.") from error

    @property
    def account_id(self) -> str:
        """The account whose changes are tried."""
        return self.edits.account_id

    def add_policy(self, item: Mapping[str, Any]) -> str:
        """Add a policy, as IBM Cloud's API takes or lists it (v1 or v2); gives its ID.

        One with the ID of a policy of the account takes that one's place; one without any gets
        the ID added-1, added-2, and so on.
        """
        is_old = _check_shape(item)
        policy_id = item.get("id") or f"added-{len(self.edits.added_policies) + 1}"
        defaults = {
            "id": policy_id,
            "state": "active",
            "created_at": self._collected_at,
            "last_modified_at": self._collected_at,
        }
        make = rows.old_policy_rows if is_old else rows.policy_rows
        try:
            found = list(make({**defaults, **item}, self._context))
        except ObjectError as error:
            raise ChangeError(f"The policy cannot be read: {error}.") from None
        for table, row in found:
            if table == LEFT_OUT:
                raise ChangeError(f"The policy cannot be read: {row['problem']}.")
        if not found:
            raise ChangeError(
                f"{policy_id} is what the v1 API shows in place of a v2 policy: it does not say "
                "what the policy grants. Use the v2 API's JSON."
            )
        owner = self._one("select account_id from policies where id = ?", policy_id)
        if owner:
            self._check_account("policy", policy_id, owner)
            self.edits.removed_policies.add(policy_id)
        self.edits.added_policies[policy_id] = found
        self._look_at_policy(policy_id, found)
        return str(policy_id)

    def remove_policy(self, policy_id: str) -> None:
        """Remove a policy."""
        self._check_there("policy", "policies", "id", policy_id)
        self.edits.removed_policies.add(policy_id)

    def add_group(self, name: str, group_id: str | None = None) -> str:
        """Add an access group without members, rules, and policies; gives its ID."""
        group_id = group_id or f"AccessGroupId-added-{len(self.edits.added_groups) + 1}"
        if self._one("select 1 from access_groups where id = ?", group_id):
            raise ChangeError(f"There already is an access group {group_id}.")
        item = {"id": group_id, "name": name, "created_at": self._collected_at}
        ((_, row),) = rows.group_rows({**item, "is_federated": False}, self._context)
        self.edits.added_groups[group_id] = row
        return group_id

    def remove_group(self, group_id: str) -> None:
        """Remove an access group with its members, rules, and policies."""
        self._check_there("access group", "access_groups", "id", group_id)
        if group_id == self._context.public_group:
            raise ChangeError("The Public Access group cannot be removed; remove its policies.")
        self.edits.removed_groups.add(group_id)
        self.edits.removed_policies |= {
            policy_id
            for (policy_id,) in self.before.execute(
                "select id from policies where access_group_id = ?", (group_id,)
            )
        }
        self.edits.removed_members |= {
            (iam_id, group_id, kind)
            for iam_id, kind in self.before.execute(
                "select iam_id, membership_type from access_group_members where group_id = ?",
                (group_id,),
            )
        }

    def add_member(self, group_id: str, iam_id: str) -> None:
        """Add an identity to an access group of the file, or to one that was added."""
        if group_id not in self.edits.added_groups:
            self._check_there("access group", "access_groups", "id", group_id)
        if group_id == self._context.public_group:
            raise ChangeError(
                "The Public Access group represents everybody; nobody can be added to it."
            )
        if "static" in self._kinds(group_id, iam_id):
            self.notes.append(f"{self._called(iam_id)} is a member of {group_id} already.")
            return
        kind = next((word for begin, word in _KINDS.items() if iam_id.startswith(begin)), "user")
        item = {"iam_id": iam_id, "type": kind, "created_at": self._collected_at}
        ((_, row),) = rows.member_rows(
            item, Context(self.account_id, group_id, self._context.public_group)
        )
        self.edits.added_members[iam_id, group_id] = row
        if not self._one("select 1 from identities where iam_id = ?", iam_id):
            self.notes.append(f"{iam_id} is in no list of this file: nothing else is known of it.")

    def remove_member(self, group_id: str, iam_id: str, kind: str = "static") -> None:
        """Remove a member of an access group: one added by hand (static), or one by a rule."""
        kinds = self._kinds(group_id, iam_id)
        if not kinds:
            raise ChangeError(f"{iam_id} is not a member of {group_id}.")
        if kind not in kinds:
            raise ChangeError(
                f"{iam_id} is not a {kind} but a {kinds.pop()} member of {group_id}. Dynamic rules "
                "add their members again at each login: remove the policies of the group instead."
            )
        self.edits.removed_members.add((iam_id, group_id, kind))
        if left := kinds - {kind}:
            self.notes.append(
                f"{self._called(iam_id)} stays a {left.pop()} member of the access group."
            )

    def suspend_user(self, iam_id: str) -> None:
        """Suspend a person: whoever is suspended cannot log in, and keeps all access."""
        owner = self._one(
            "select account_id from users where iam_id = ? and account_id = ?",
            iam_id,
            self.account_id,
        )
        if not owner:
            raise ChangeError(f"No person in {self.account_id} has the IAM ID {iam_id}.")
        self.edits.suspended.add(iam_id)
        self.notes.append(
            f"{self._called(iam_id)} keeps all policies and memberships while suspended, so no "
            "access is lost; only logging in is not possible."
        )

    @cached_property
    def access(self) -> AccessChanges:
        """The rows of access gained and lost; make no further changes once this was asked for."""
        added = self._added() if self.edits.added_policies else None
        access = AccessChanges(self.before, added, self.edits)
        for row in self.edits.policy_rows("policies"):
            if why := _nothing_granted(row, row["id"] in access.without_reach):
                self.notes.append(f"Policy {row['id']} {why}.")
        self._remark_on_owner(access)
        self._remark_on_public_access()
        return access

    def _remark_on_owner(self, access: AccessChanges) -> None:
        """Whoever owns the account neither gains nor loses anything, whatever the rows say."""
        owner = self._one("select owner from accounts where account_id = ?", self.account_id)
        if owner in access.identities(*GAINED, *LOST):
            self.notes.append(
                f"{self._called(owner)} owns the account and has all access without a policy: what "
                "the rows say of policies changes nothing for the owner."
            )

    def _remark_on_public_access(self) -> None:
        """Whether policies of the Public Access group have an effect depends on settings."""
        public = self._context.public_group
        is_changed = (public, True) in self.edits.subjects() or self._one(
            "select 1 from policies where access_group_id = ? "
            "and id in (select value from json_each(?))",
            public,
            json.dumps([*self.edits.removed_policies]),
        )
        effect = is_changed and self._one(
            "select effect from public_access where access_group_id = ?", public
        )
        if effect:
            self.notes.append(f"Policies of the Public Access group: {effect}.")

    def _added(self) -> sqlite3.Connection:
        """A database whose only policies are the added ones, with the facts about what they reach.

        What a policy reaches does not depend on other policies, so these need not be derived again.
        """
        chosen = [fact for fact in needed(REACH, {_GIVEN}) if fact.name != _GIVEN]
        connection = self._stack.enter_context(closing(sqlite3.connect(":memory:")))
        blank().backup(connection)
        tables = {_GIVEN, *(table for fact in chosen for table in fact.rests_on)}
        for table in sorted(tables - {fact.name for fact in chosen} - POLICY_TABLES.keys()):
            rows_of = self.before.execute(f"select * from [{table}]")
            places = ", ".join("?" * len(rows_of.description))
            connection.executemany(f"insert into [{table}] values ({places})", rows_of)
        self.edits.add_policies_to(connection)
        create_indexes(connection)
        derive(connection, chosen)
        return connection

    def whole(self, facts: Collection[str] = ()) -> sqlite3.Connection:
        """The whole file after the changes, with these facts and those they rest on, or with all.

        Others are empty, and so is what is counted (findings). At IBM Cloud's limits all facts take
        some seconds.
        """
        connection = self._stack.enter_context(closing(sqlite3.connect(":memory:")))
        self.before.backup(connection)
        for table in ("findings", "report_counts", "acknowledgements", "reports"):
            connection.execute(f"delete from {table}")
        for fact in reversed(FACTS):
            connection.execute(f"delete from [{fact.name}]")
        self.edits.make_in(connection)
        derive(connection, needed(facts) if facts else FACTS)
        return connection

    def _look_at_policy(self, policy_id: str, found: Iterable[rows.Row]) -> None:
        """Note what is not known of a policy."""
        for table, row in found:
            if table == "policy_roles" and not self._one(
                "select 1 from roles where role_id = ? and listed", row["role_id"]
            ):
                self.notes.append(
                    f"Policy {policy_id}: the role {row['role_id']} is not known in this file, nor "
                    "is what it allows."
                )
            if table != "policies":
                continue
            group, iam_id = row["access_group_id"], row["iam_id"]
            if group and group not in self.edits.added_groups:
                if not self._one("select 1 from access_groups where id = ?", group):
                    self.notes.append(
                        f"Policy {policy_id}: there is no access group {group} in this file, so "
                        "nobody gets its access."
                    )
            elif iam_id and not self._one("select 1 from identities where iam_id = ?", iam_id):
                self.notes.append(f"Policy {policy_id}: nothing is known of {iam_id}, its subject.")

    def _kinds(self, group_id: str, iam_id: str) -> set[str]:
        """How somebody is a member of a group."""
        return {
            kind
            for (kind,) in self.before.execute(
                "select membership_type from access_group_members "
                "where group_id = ? and iam_id = ?",
                (group_id, iam_id),
            )
        }

    def _called(self, iam_id: str) -> str:
        """The name of an identity, or its IAM ID if the file does not know it."""
        return str(self._one("select name from identities where iam_id = ?", iam_id) or iam_id)

    def _check_there(self, what: str, table: str, key: str, value: str) -> None:
        owner = self._one(f"select account_id from [{table}] where [{key}] = ?", value)
        if not owner:
            raise ChangeError(f"There is no {what} {value} in {self.path}.")
        self._check_account(what, value, owner)

    def _check_account(self, what: str, value: str, owner: str) -> None:
        if owner != self.account_id:
            raise ChangeError(
                f"The {what} {value} belongs to the account {owner}, not to {self.account_id}; "
                "changes are tried for one account at a time."
            )

    def _one(self, select: str, *values: str) -> Any:
        found = self.before.execute(select, values).fetchone()
        return found and found[0]


def without(path: Path, key: str) -> dict[str, Any] | None:
    """The change that a policy or access group of the file is removed; None if it has no such ID.

    Raises DatabaseError.
    """
    check_source(path)
    with reading(path) as connection:
        for table, part in (("policies", "policies"), ("access_groups", "groups")):
            found = connection.execute(f"select account_id from {table} where id = ?", (key,))
            for (account_id,) in found:
                return {"account": account_id, "remove": {part: [key]}}
    return None


def _check_shape(item: Mapping[str, Any]) -> bool:
    """Whether a policy is one of the v1 API; raises ChangeError if it is one of neither."""
    version = "v1" if any(name in item for name in _SHAPES["v1"]) else "v2"
    missing = [name for name in _SHAPES[version] if name not in item]
    if missing:
        raise ChangeError(
            f"The policy lacks {', '.join(missing)}. It must be the JSON of IBM Cloud's API: with "
            + ", or with ".join(", ".join(names) for names in _SHAPES.values())
            + "."
        )
    if item.get("type") not in ("access", "authorization"):
        raise ChangeError('The policy needs a "type", which is access or authorization.')
    return version == "v1"


def _nothing_granted(policy: Mapping[str, Any], is_without_reach: bool) -> str | None:
    """Why a policy that is added grants no access, if it does not."""
    if policy["type"] != "access":
        return "is an authorization between services: it gives no identity access"
    if policy["state"] != "active":
        return f"is not active but {policy['state']}: it grants nothing"
    if not (policy["access_group_id"] or policy["iam_id"]):
        return "names neither an identity nor an access group: it grants nothing"
    if is_without_reach:
        return (
            "grants nothing now: the account has no service instance and no account management "
            "service that it reaches, or its condition has expired"
        )
    return None


def _account(connection: sqlite3.Connection, asked_for: str | None) -> str:
    if asked_for is not None:
        return resolve.account(connection, asked_for).id
    known = connection.execute(
        "select account_id, coalesce(name, account_id) from accounts order by 2"
    ).fetchall()
    if len(known) > 1:
        names = ", ".join(f"{name} ({key})" for key, name in known)
        raise ChangeError(f"The file has several accounts; specify one of them: {names}.")
    return str(known[0][0])
