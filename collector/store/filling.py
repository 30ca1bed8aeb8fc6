"""Puts rows into the tables for what IBM Cloud says, and adds what follows from all of them."""

from __future__ import annotations

import sqlite3
from operator import itemgetter

from .schema import TABLES
from .table import Table


def _insert_statement(table: Table) -> str:
    columns = ", ".join(f"[{column.name}]" for column in table.columns)
    places = ", ".join("?" * len(table.columns))
    return f"insert into [{table.name}] ({columns}) values ({places}) on conflict do nothing"


#: By table, the statement that adds a row unless its key is there: the first one stands.
INSERT = {table.name: _insert_statement(table) for table in TABLES}
#: By table, the values of a row in the order of its columns, as that statement takes them.
VALUES = {table.name: itemgetter(*(c.name for c in table.columns)) for table in TABLES}

# Kind of an IAM ID that no listing explains: the platform writes "IAM", a bare service name
# or the CRN of a resource; everything else is deleted or belongs to another account.
_UNKNOWN_KIND = """case when {id} = 'IAM' or {id} glob 'crn-*' or {id} not glob '*[^a-z-]*'
    then 'service' else 'unknown' end"""


def add_identities(connection: sqlite3.Connection) -> None:
    """Give each IAM ID that any table has its row in identities."""
    for table in TABLES:
        if table.identity:
            names = ", ".join(f"nullif({name}, '')" for name in table.identity.names)
            connection.execute(
                "insert into identities (iam_id, kind, name) "
                f"select iam_id, '{table.identity.kind}', coalesce({names}, iam_id) "
                f"from [{table.name}] where true order by account_id on conflict do nothing"
            )
    for table in TABLES:
        for column in table.columns:
            if column.references == "identities":
                kind = _UNKNOWN_KIND.format(id=f"[{column.name}]")
                connection.execute(
                    f"insert into identities (iam_id, kind, name) "
                    f"select distinct [{column.name}], {kind}, [{column.name}] "
                    f"from [{table.name}] where [{column.name}] is not null "
                    f"on conflict do nothing"
                )


def name_roles(connection: sqlite3.Connection) -> None:
    """Give roles of policies their names: a v2 policy names its roles by CRN only."""
    connection.execute(
        "update policy_roles set display_name = (select roles.display_name from roles "
        "where roles.role_id = policy_roles.role_id) where display_name is null"
    )
