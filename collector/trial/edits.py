"""What is changed of an account, as rows of the tables for what IBM Cloud says."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..ibmcloud.rows import Row
from ..store.filling import INSERT, VALUES, add_identities, name_roles
from ..store.schema import TABLES

# What a policy consists of: tables, each with the column that holds the policy's ID.
POLICY_TABLES = {
    "policies": "id",
    **{t.name: "policy_id" for t in TABLES if t.set_of and t.set_of.table == "policies"},
}
# What only other objects may mention, by the tables that do: it is gone with the last of them.
_MENTIONED = {
    "roles": ("role_id", (("policy_roles", "role_id"), ("role_actions", "role_id"))),
    "access_groups": (
        "id",
        (("policies", "access_group_id"), ("access_group_members", "group_id")),
    ),
}


@dataclass
class Edits:
    """Changes that are made together: first what is removed, then what is added.

    Policies, groups and members that are added are the rows that collecting them would make.
    Members are told by IAM ID, group and kind of membership; suspended people by IAM ID. The rules
    of a removed group, and what it has of the others here, go with it.
    """

    account_id: str
    removed_policies: set[str] = field(default_factory=set)
    removed_groups: set[str] = field(default_factory=set)
    removed_members: set[tuple[str, str, str]] = field(default_factory=set)
    added_groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    added_members: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    added_policies: dict[str, list[Row]] = field(default_factory=dict)
    suspended: set[str] = field(default_factory=set)

    def keeps(self, policy_id: str) -> bool:
        """Whether a policy of the file stays as it is."""
        return policy_id not in self.removed_policies

    def policy_rows(self, table: str) -> Iterator[dict[str, Any]]:
        """The rows of one table of all added policies."""
        for rows in self.added_policies.values():
            yield from (row for name, row in rows if name == table)

    def subjects(self) -> set[tuple[str, bool]]:
        """Who holds the added access policies, and whether that is an access group."""
        return {
            (row["access_group_id"] or row["iam_id"], bool(row["access_group_id"]))
            for row in self.policy_rows("policies")
            if row["type"] == "access" and (row["access_group_id"] or row["iam_id"])
        }

    def roles(self) -> set[str]:
        """The IDs of the roles of all added policies."""
        return {row["role_id"] for row in self.policy_rows("policy_roles")}

    def groups_later(self, iam_id: str, memberships: Mapping[str, Collection[str]]) -> set[str]:
        """The groups that somebody is in afterwards who is in these now, each in several ways."""
        left = {
            group
            for group, kinds in memberships.items()
            if group not in self.removed_groups
            and any((iam_id, group, kind) not in self.removed_members for kind in kinds)
        }
        return left | {group for member, group in self.added_members if member == iam_id}

    def make_in(self, connection: sqlite3.Connection) -> None:
        """Make the changes in a database that holds all of the account, and no findings yet."""
        for table, key in POLICY_TABLES.items():
            _delete(connection, table, (key,), [(one,) for one in self.removed_policies])
        _delete(
            connection,
            "access_group_members",
            ("iam_id", "group_id", "membership_type"),
            self.removed_members,
        )
        groups = [(one,) for one in self.removed_groups]
        for piece in TABLES:
            if piece.owner == "access_groups":
                _delete(connection, piece.name, (piece.piece_of,), groups)
        _delete(connection, "access_groups", ("id",), groups)
        connection.executemany(
            "update users set state = 'SUSPENDED' where iam_id = ? and account_id = ?",
            [(one, self.account_id) for one in self.suspended],
        )
        insert(connection, (("access_groups", row) for row in self.added_groups.values()))
        insert(connection, (("access_group_members", row) for row in self.added_members.values()))
        for mentioned, (key, places) in _MENTIONED.items():
            unused = " and ".join(
                f"not exists (select 1 from [{table}] where [{column}] = [{mentioned}].[{key}])"
                for table, column in places
            )
            connection.execute(f"delete from [{mentioned}] where listed = 0 and {unused}")
        connection.execute("delete from identities")
        self.add_policies_to(connection)

    def add_policies_to(self, connection: sqlite3.Connection) -> None:
        """Add the added policies to a database, with what only they mention and every identity.

        What is only mentioned comes last: it gives way to what is there.
        """
        rows = [row for rows in self.added_policies.values() for row in rows]
        insert(connection, sorted(rows, key=lambda one: one[1].get("listed") == 0))
        add_identities(connection)
        name_roles(connection)


def insert(connection: sqlite3.Connection, rows: Iterable[Row]) -> None:
    """Add rows whose keys are not there yet."""
    for table, row in rows:
        connection.execute(INSERT[table], VALUES[table](row))


def _delete(
    connection: sqlite3.Connection,
    table: str,
    key: tuple[str, ...],
    keys: Iterable[tuple[Any, ...]],
) -> None:
    same = " and ".join(f"[{name}] = ?" for name in key)
    connection.executemany(f"delete from [{table}] where {same}", list(keys))
