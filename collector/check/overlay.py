"""Proposed policies over a file that was collected, and what they mean by the file's own facts.

The file is only read. Proposed policies are made into rows by the same functions as collected ones,
in temporary tables that hide the file's, and the facts about them are derived there by the same
selects. Everything else that those read is the file's. Without a file it is empty.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .. import resolve
from ..errors import CheckError, ObjectError
from ..facts.derived import ALL_TABLES, FACTS, VIEWS, blank
from ..ibmcloud.rows import LEFT_OUT, Context, old_policy_rows, policy_rows
from ..store.file import check_source, location, readable_errors
from ..store.schema import PUBLIC_ACCESS_GROUP
from .policies import group_of, holder_of
from .proposals import GROUP, PROFILE, SERVICE_ID, USER, CustomRole, Holder, Policy
from .rules import plain
from .verdicts import listed

#: Stands for the account of a policy that names none, where no file knows it.
NO_ACCOUNT = "account"

#: Tables that hold nothing but what is proposed.
PROPOSED_TABLES = (
    *("policies", "policy_roles", "policy_subjects", "policy_resource_attributes"),
    "policy_resource_tags",
)
#: Facts about it that are always derived.
DERIVED_FACTS = (
    *("policy_values", "policy_conditions", "policy_demands", "policy_services", "policy_targets"),
    *("targets", "target_pairs", "policy_descriptions"),
)

#: Tables that proposals add to: the file's rows stand beside theirs.
EXTENDED_TABLES = (
    *("roles", "role_actions", "access_groups", "access_group_members", "serviceids"),
    *("trustedprofiles", "trustedprofile_identities"),
)
# Rows of the file that what is proposed takes the place of.
_UNLESS = {"role_actions": "where role_id not in (select role_id from temp.changed_roles)"}
_VERSIONS = {"v1": old_policy_rows, "v2": policy_rows}
_FACTS = {fact.name: fact for fact in FACTS}
_TABLES_OF = {table.name: table for table in ALL_TABLES}
# Roles that every account has, where no file tells their CRNs.
_SHARED = {
    plain(name): f"crn:v1:bluemix:public:iam::::{kind}:{name}"
    for kind, names in (
        ("role", ("Viewer", "Operator", "Editor", "Administrator")),
        ("serviceRole", ("Reader", "Writer", "Manager")),
    )
    for name in names
}
_TABLES = {SERVICE_ID: "serviceids", PROFILE: "trustedprofiles", GROUP: "access_groups"}


def source_of(key: str) -> str:
    """What the facts call an authorization by, of which they know both sides."""
    return f"{key} as authorization"


@dataclass(frozen=True)
class Asked:
    """A policy with its holder as the file knows it; `id` is what the facts call it.

    `wide` is the same for its widest wording, where a value is not known yet. `odd` says what of
    the policy cannot be understood.
    """

    policy: Policy
    holder: Holder | None
    account_id: str
    id: str
    wide: str | None
    odd: tuple[str, ...] = ()


class Overlay:
    """The file with what is proposed over it. `has_file` is False if there is none."""

    def __init__(self, connection: sqlite3.Connection, has_file: bool, account: str | None) -> None:
        """Raises NameUnresolved for an account, by name or ID, that the file does not have."""
        self.connection = connection
        self.has_file = has_file
        self.accounts = dict(connection.execute("select account_id, name from main.accounts"))
        if account is not None and has_file:
            account = resolve.account(connection, account).id
        self._account = account or (next(iter(self.accounts)) if len(self.accounts) == 1 else None)
        self._count = 0
        self._known_columns: dict[str, list[str]] = {}
        for table in (*PROPOSED_TABLES, *DERIVED_FACTS):
            self._create(table, table)
        connection.execute("create temp table changed_roles (role_id)")
        for table in EXTENDED_TABLES:
            self._create(f"new_{table}", table)
            connection.execute(
                f"create temp view [{table}] as select * from main.[{table}] "
                f"{_UNLESS.get(table, '')} union all select * from temp.[new_{table}]"
            )
        # What a view of the file names is the file's: these look at what is proposed first.
        for view in VIEWS.values():
            connection.execute(f"create temp view [{view.name}] as {view.sql}")

    def _create(self, table: str, like: str) -> None:
        """Make a temporary table like one of this version, unless it is there."""
        columns = ", ".join(f"[{one.name}] {one.sql_type}" for one in _TABLES_OF[like].columns)
        self.connection.execute(f"create temp table if not exists [{table}] ({columns})")

    def account_of(self, account_id: str | None) -> str:
        """The account of something that names this one or none; raises CheckError if unsure."""
        if account_id is None and self._account is None and self.has_file:
            raise CheckError(
                f"The file has {len(self.accounts)} accounts; specify one of them with --account: "
                f"{', '.join(self.accounts)}."
            )
        return account_id or self._account or NO_ACCOUNT

    def holder(self, holder: Holder) -> Holder:
        """The holder as the file knows it: by IAM ID, with the names that it has."""
        if holder.id is None:
            return holder
        if holder.kind == GROUP and holder.id == PUBLIC_ACCESS_GROUP:
            found = self._one(
                "select id from main.access_groups where is_public = 1 and account_id = ?",
                self._account,
            )
            return replace(holder, id=found or holder.id, names=frozenset((holder.id, holder.name)))
        if holder.kind == USER:
            return self._user(holder)
        names = {*holder.names, holder.id, holder.name, holder.id.removeprefix("iam-")}
        name = holder.name
        if (table := _TABLES.get(holder.kind)) and not holder.is_new:
            key = "id" if holder.kind == GROUP else "iam_id"
            name = self._one(f"select name from main.[{table}] where {key} = ?", holder.id) or name
        return replace(holder, name=name, names=frozenset(filter(None, {*names, name})))

    def _user(self, holder: Holder) -> Holder:
        """A user by IAM ID or, as Terraform's provider finds them, by email in any case."""
        found = self.connection.execute(
            "select distinct iam_id, email, user_id from main.users where iam_id = :id "
            "or lower(email) = lower(:id)",
            {"id": holder.id},
        ).fetchall()
        if len({iam_id for iam_id, *_ in found}) != 1:
            return replace(
                holder, name=holder.name or holder.id or "", names=frozenset({holder.id or ""})
            )
        (iam_id, email, user_id) = found[0]
        names = frozenset(filter(None, (iam_id, email, user_id, holder.id)))
        return replace(holder, id=iam_id, name=email or user_id or iam_id, names=names)

    def _one(self, select: str, *values: Any) -> Any:
        found = self.connection.execute(select, values).fetchone()
        return found[0] if found else None

    def _text(self, select: str, *values: Any) -> str | None:
        found = self._one(select, *values)
        return None if found is None else str(found)

    def add_role(self, role: CustomRole) -> None:
        """Let a custom role have its new actions."""
        role_id = self.custom_role(role) or f"custom role {role.name}"
        self.connection.execute("insert into temp.changed_roles values (?)", (role_id,))
        if not self._one("select 1 from temp.roles where role_id = ?", role_id):
            self._add(
                "new_roles",
                {
                    "role_id": role_id,
                    "display_name": role.display_name,
                    "kind": "custom",
                    "service_name": role.service,
                    "listed": 1,
                },
            )
        for action in role.actions:
            self._add(
                "new_role_actions",
                {
                    "role_id": role_id,
                    "service_name": role.service,
                    "action": action,
                },
            )

    def custom_role(self, role: CustomRole) -> str | None:
        """The role as the file has it already."""
        return self._text(
            "select role_id from main.roles where kind = 'custom' and service_name = ? "
            "and role_id like '%:customRole:' || ?",
            role.service,
            role.name,
        )

    def add(self, policy: Policy) -> Asked:
        """Put a policy over the file; `derive` then tells what it means."""
        holder = self.holder(policy.holder) if policy.holder else None
        account_id = self.account_of(policy.account_id)
        self._count += 1
        key = f"proposal {self._count}"
        odd = [*policy.odd]
        odd += self._put(key, policy, policy.item, account_id, holder)
        wide = None
        if policy.wide is not None:
            wide = f"{key} at its widest"
            self._put(wide, policy, policy.wide, account_id, holder)
        if policy.type == "authorization":  # for what it says of its source
            self._put(source_of(key), policy, policy.item, account_id)
        return Asked(policy, holder, account_id, key, wide, tuple(dict.fromkeys(odd)))

    def add_again(self, role: CustomRole) -> list[Asked]:
        """Put the file's policies with a custom role over it, where that role has other actions."""
        found = []
        for policy_id, iam_id, group, account_id in self.connection.execute(
            "select policies.id, iam_id, access_group_id, account_id from main.granting_policies "
            "as policies join main.policy_roles on policy_roles.policy_id = policies.id "
            "where type = 'access' and role_id = ? order by policies.id",
            (self.custom_role(role),),
        ).fetchall():
            self._count += 1
            key = f"proposal {self._count}"
            for table in PROPOSED_TABLES:
                columns = self._columns(table)
                name = "id" if table == "policies" else "policy_id"
                listed_columns = ", ".join(f"[{one}]" for one in columns)
                values = ", ".join("?" if one == name else f"[{one}]" for one in columns)
                self.connection.execute(
                    f"insert into temp.[{table}] ({listed_columns}) select {values} "
                    f"from main.[{table}] where [{name}] = ?",
                    (key, policy_id),
                )
            holder = self.holder(group_of(group) if group else holder_of(iam_id))
            policy = Policy(place=role.place, label=role.label, item={}, holder=holder)
            found.append(Asked(policy, holder, account_id, key, None))
        return found

    def _put(
        self,
        key: str,
        policy: Policy,
        item: Mapping[str, Any],
        account_id: str,
        holder: Holder | None = None,
    ) -> list[str]:
        """Add the rows of one wording, and say what of it cannot be kept.

        With a holder it is an access policy of it. So is an authorization: which services the
        target of either reaches is decided alike.
        """
        whole = {**item, "id": key, "type": "access", "state": "active"}
        if holder is None:
            whole["type"] = policy.type
        else:
            name = "access_group_id" if holder.kind == GROUP else "iam_id"
            attributes = [{"key": name, "name": name, "value": holder.id}] if holder.id else []
            whole["subject"] = {"attributes": attributes}
            whole["subjects"] = [whole["subject"]]
        if policy.role_names:
            roles = [{"role_id": self.role(one, item)} for one in policy.role_names]
            whole["control"] = {"grant": {"roles": roles}}
        try:
            rows = [*_VERSIONS[policy.version](whole, Context(account_id))]
        except ObjectError as error:
            return [str(error)]
        for table, row in rows:
            if table in PROPOSED_TABLES:
                self._add(table, row)
            elif table == "roles" and not self._one(
                "select 1 from temp.roles where role_id = ?", row["role_id"]
            ):
                self._add("new_roles", row)
        return [row["problem"] for table, row in rows if table == LEFT_OUT]

    def role(self, name: str, item: Mapping[str, Any]) -> str:
        """The CRN of a role by its name, as Terraform's provider looks for it: a custom role of the
        service before one that the service defines, before one that all have. The name, if there
        is none.
        """
        services = [
            one["value"]
            for one in (item.get("resource") or {}).get("attributes", ())
            if one.get("key") == "serviceName"
        ]
        found = self._one(
            "select role_id from temp.roles where display_name = ? and "
            "(coalesce(service_name, '') = '' or service_name = ?) "
            "order by kind <> 'custom', coalesce(service_name, '') = '', kind <> 'service' limit 1",
            name,
            services[0] if services else None,
        )
        return str(found or "") or _SHARED.get(plain(name), name)

    def add_row(self, table: str, row: Mapping[str, Any]) -> None:
        """Put a row beside those of a table of the file."""
        self._add(f"new_{table}", row)

    def _add(self, table: str, row: Mapping[str, Any]) -> None:
        columns = self._columns(table)
        self.connection.execute(
            f"insert into temp.[{table}] ({', '.join(f'[{name}]' for name in columns)}) "
            f"values ({', '.join('?' * len(columns))})",
            [row.get(name) for name in columns],
        )

    def _columns(self, table: str) -> list[str]:
        """The columns of a temporary table."""
        if table not in self._known_columns:
            self._known_columns[table] = [
                name
                for (name,) in self.connection.execute(
                    "select name from pragma_table_info(?, 'temp')", (table,)
                )
            ]
        return self._known_columns[table]

    def derive(self, services: Iterable[str] = ()) -> None:
        """Derive the facts about all that was added; these services count as known, too."""
        for service in services:
            self._add("new_role_actions", {"role_id": "", "service_name": service, "action": ""})
        # What has ended by now grants nothing.
        self.connection.execute(
            "create temp table collections as select distinct account_id, ? as finished_at "
            "from temp.policies",
            (datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),),
        )
        for fact in FACTS:
            if fact.name in DERIVED_FACTS:
                self.derive_into(fact.name, fact.name)
            if fact.name == "policy_conditions":
                self.connection.execute("drop table temp.collections")

    def derive_into(self, fact: str, table: str) -> None:
        """Derive a fact about what is proposed into a temporary table."""
        select = _FACTS[fact].sql
        columns = ", ".join(f"[{column.name}]" for column in _FACTS[fact].table.columns)
        self._create(table, fact)
        self.connection.execute(f"insert into temp.[{table}] ({columns}) {select}")

    def misunderstood(self, asked: Asked) -> list[str]:
        """What of a policy the facts cannot decide, in a clause each."""
        return [
            f"the operator {operator} of {name} is not known"
            for name, operator in self.connection.execute(
                "select distinct name, operator from temp.policy_values where policy_id = ? "
                "and operator not in ('stringEquals', 'stringMatch', 'stringExists') "
                "order by position",
                (asked.id,),
            )
        ]

    def words(self, policy_id: str, schema: str = "temp") -> str:
        """What a policy grants, in words: roles, target, and condition."""
        target, condition = self.connection.execute(
            f"select target, condition from {schema}.policy_descriptions where policy_id = ?",
            (policy_id,),
        ).fetchone()
        roles = listed(
            name
            for (name,) in self.connection.execute(
                "select coalesce(nullif(roles.display_name, ''), roles.role_id) "
                f"from {schema}.policy_roles as granted "
                "join temp.roles on roles.role_id = granted.role_id "
                "where granted.policy_id = ? order by 1",
                (policy_id,),
            )
        )
        return f"{roles or 'no role'} on {target}{f', {condition}' if condition else ''}"


@contextmanager
def overlay_of(database: Path | None, account: str | None = None) -> Iterator[Overlay]:
    """An overlay of a file, or of an empty one; raises DatabaseError and NameUnresolved."""
    if database is None:
        connection = sqlite3.connect(":memory:")
        blank().backup(connection)
    else:
        check_source(database)
        connection = sqlite3.connect(location(database, "ro"), uri=True)
    with closing(connection), readable_errors(database or Path("memory")):
        connection.execute("pragma temp_store = memory")
        # All that is read is of one state of the file, though somebody collects meanwhile.
        connection.execute("begin")
        yield Overlay(connection, database is not None, account)
