"""Proposed policies over a file that was collected, and what they mean by the file's own facts.

The file is only read. Proposed policies are made into rows by the same functions as collected ones,
in temporary tables that hide the file's, and the facts about them are derived there by the same
selects. Everything else that those read is the file's. Without a file it is empty.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .. import resolve
from ..errors import CheckError, ObjectError
from ..facts.derived import ALL_TABLES, FACTS, VIEWS, blank
from ..ibmcloud.rows import LEFT_OUT, Context, old_policy_rows, policy_rows
from ..store.file import check_source, location, readable_errors
from .proposals import GROUP, CustomRole, Holder, Policy
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

_OF_INSTANCES = ("policy_targets", "targets", "target_pairs")
#: Facts that tell whether proposals lead anywhere, in their order.
STEPS = ("escalation_roles", "target_services", "escalation_steps")
#: Facts that depend on policies, but are taken as the file has them: they say what it knows of
#: names and resources, and who is an administrator already.
AS_THE_FILE_HAS_THEM = frozenset(
    {
        *("absent_identities", "access_group_summaries", "full_administrators", "instance_facts"),
        *("known_resources", "missing_instances", "resource_gifts"),
    }
)
#: Tables that proposals add to: the file's rows stand beside theirs.
EXTENDED_TABLES = ("roles", "role_actions")
# Rows of the file that what is proposed takes the place of.
_UNLESS = {"role_actions": "where role_id not in (select role_id from temp.changed_roles)"}
_VERSIONS = {"v1": old_policy_rows, "v2": policy_rows}
_FACTS = {fact.name: fact for fact in FACTS}
_TABLES_OF = {table.name: table for table in ALL_TABLES}
#: The CRNs of roles that every account has, where no file tells them.
SHARED_ROLES = {
    plain(name): f"crn:v1:bluemix:public:iam::::{kind}:{name}"
    for kind, names in (
        ("role", ("Viewer", "Operator", "Editor", "Administrator")),
        ("serviceRole", ("Reader", "Writer", "Manager")),
    )
    for name in names
}


def _views_in(selects: Iterable[str]) -> set[str]:
    """The views that these selects read, and those that they read in turn."""
    found: set[str] = set()
    waiting = [*selects]
    while waiting:
        named = VIEWS.keys() & {*re.findall(r"\w+", waiting.pop())} - found
        found |= named
        waiting += [VIEWS[name].sql for name in named]
    return found


def not_derived(name: str) -> set[str]:
    """What of that which a fact rests on depends on proposals, but is not derived over the file."""
    changing = {*PROPOSED_TABLES, *EXTENDED_TABLES}
    for fact in FACTS:
        if not changing.isdisjoint(fact.rests_on):
            changing.add(fact.name)
    behind = {*_FACTS[name].rests_on} & _FACTS.keys() & changing
    return behind - {*DERIVED_FACTS, *STEPS} - AS_THE_FILE_HAS_THEM


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
        self._derived: set[str] = set()
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
        for name in _views_in(_FACTS[fact].sql for fact in (*DERIVED_FACTS, *STEPS)):
            connection.execute(f"create temp view [{name}] as {VIEWS[name].sql}")

    def _create(self, table: str, like: str) -> None:
        """Make a temporary table like one of this version, unless it is there."""
        columns = ", ".join(f"[{one.name}] {one.sql_type}" for one in _TABLES_OF[like].columns)
        self.connection.execute(f"create temp table if not exists [{table}] ({columns})")

    @property
    def account(self) -> str | None:
        """The account that was asked for, or the only one of the file."""
        return self._account

    def account_of(self, account_id: str | None) -> str:
        """The account of something that names this one or none; raises CheckError if unsure."""
        if account_id is None and self._account is None and self.has_file:
            raise CheckError(
                f"The file has {len(self.accounts)} accounts; specify one of them with --account: "
                f"{', '.join(self.accounts)}."
            )
        return account_id or self._account or NO_ACCOUNT

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

    def add(self, policy: Policy, holder: Holder | None) -> Asked:
        """Put a policy of a holder over the file; `derive` then tells what it means."""
        account_id = self.account_of(policy.account_id)
        key = self._new_key()
        odd = [*policy.odd]
        odd += self._put(key, policy, policy.item, account_id, holder)
        wide = None
        if policy.wide is not None:
            wide = f"{key} at its widest"
            self._put(wide, policy, policy.wide, account_id, holder)
        if policy.type == "authorization":  # for what it says of its source
            self._put(source_of(key), policy, policy.item, account_id)
        return Asked(policy, holder, account_id, key, wide, tuple(dict.fromkeys(odd)))

    def _new_key(self) -> str:
        self._count += 1
        return f"proposal {self._count}"

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
        except TypeError:  # of names that are no texts
            return ["it is not as IBM Cloud writes policies"]
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
        return str(found or "") or SHARED_ROLES.get(plain(name), name)

    def proposed_ids(self) -> set[str]:
        """What the facts call the policies that are proposed."""
        return {key for (key,) in self.connection.execute("select id from temp.policies")}

    def changed_roles(self) -> list[tuple[str]]:
        """The custom roles whose actions the file does not tell any more."""
        return self.connection.execute("select role_id from temp.changed_roles").fetchall()

    def proposed_rows(self, policies: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        """The rows of these policies, and those of roles that the file does not have."""
        for table in (*PROPOSED_TABLES, *EXTENDED_TABLES):
            is_added = table in EXTENDED_TABLES
            key = "id" if table == "policies" else "policy_id"
            where = "" if is_added else f"where [{key}] in (select value from json_each(?))"
            rows = self.connection.execute(
                f"select * from temp.[{'new_' * is_added}{table}] {where}",
                () if is_added else (json.dumps([*policies]),),
            )
            names = [column[0] for column in rows.description]
            for row in rows:
                yield table, dict(zip(names, row, strict=True))

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

    def derive(self, services: Iterable[str] = (), with_instances: bool = True) -> None:
        """Derive the facts about all that was added; these services count as known, too.

        Which instances policies reach is left out if nobody asks for it.
        """
        for service in services:
            self._add("new_role_actions", {"role_id": "", "service_name": service, "action": ""})
        # What has ended by now grants nothing.
        self.connection.execute(
            "create temp table collections as select distinct account_id, ? as finished_at "
            "from temp.policies",
            (datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),),
        )
        for fact in FACTS:
            if fact.name in DERIVED_FACTS and (with_instances or fact.name not in _OF_INSTANCES):
                self._derive(fact.name)
            if fact.name == "policy_conditions":
                self.connection.execute("drop table temp.collections")

    def _derive(self, fact: str) -> None:
        """Derive a fact about what is proposed into its temporary table."""
        columns = ", ".join(f"[{column.name}]" for column in _FACTS[fact].table.columns)
        self._create(fact, fact)
        self.connection.execute(f"insert into temp.[{fact}] ({columns}) {_FACTS[fact].sql}")
        self._derived.add(fact)

    def grants(self, asked: Asked) -> bool:
        """Whether a policy grants anything: one whose condition has expired does not."""
        return self._one("select 1 from temp.granting_policies where id = ?", asked.id) is not None

    def leads_somewhere(self) -> bool:
        """Whether proposed policies could add a step to a path; True, too, if that is not known."""
        if any(not_derived(fact) for fact in STEPS):
            return True
        self.connection.execute(
            "update temp.policies set iam_id = 'somebody' "
            "where iam_id is null and access_group_id is null"
        )
        for fact in (*_OF_INSTANCES, *STEPS):
            if fact not in self._derived:
                self._derive(fact)
        steps = "select 1 from temp.escalation_steps where policy_id is not null"
        return self._one(steps) is not None

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
