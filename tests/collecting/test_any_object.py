"""Whatever an API may send: it is loaded, or the object is named; nothing crashes or vanishes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iaminsights.errors import ObjectError
from iaminsights.ibmcloud.resources import RESOURCES
from iaminsights.ibmcloud.rows import LEFT_OUT, Context
from iaminsights.store.schema import TABLE, TABLES

from ..database_file import add_facts, draft_of

# What a field may hold: what it should, what it should not, and what breaks careless programs.
texts = st.one_of(
    st.sampled_from(["", "a", "\0", "\ud800", "𝔘🔑", "x" * 100_000, "' or 1=1 --", "<script>"]),
    st.sampled_from(["2024-03-05T09:41+0000", "9999-12-31T23:59:59-14:00", "crn:v1:a:b:c", "*"]),
    st.text(max_size=20),
)
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts, st.just(2**70))
attributes = st.one_of(
    st.lists(
        st.one_of(
            scalars,
            st.fixed_dictionaries(
                {}, optional={k: scalars for k in ("key", "name", "value", "operator", "role_id")}
            ),
        ),
        max_size=3,
    ),
    scalars,
)
nested = st.one_of(
    st.fixed_dictionaries({}, optional={"attributes": attributes, "tags": attributes}), scalars
)
control = st.one_of(
    st.fixed_dictionaries(
        {},
        optional={"grant": st.one_of(scalars, st.fixed_dictionaries({"roles": attributes}))},
    ),
    scalars,
)
SPECIAL = {
    "subject": nested,
    "resource": nested,
    "subjects": st.one_of(st.lists(nested, max_size=2), scalars),
    "resources": st.one_of(st.lists(nested, max_size=2), scalars),
    "roles": attributes,
    "control": control,
    "link": st.one_of(st.fixed_dictionaries({}, optional={"crn": texts, "name": scalars}), scalars),
    "system_roles": st.one_of(
        st.lists(
            st.fixed_dictionaries({}, optional={"crn": texts, "actions": attributes}), max_size=2
        ),
        scalars,
    ),
}


def objects_of(resource):
    columns = {column.name for column in TABLE[resource.part].columns}
    fields = {name: scalars for name in columns | {"id", "crn", "iam_id", "owner_iamid", "entity"}}
    fields |= SPECIAL
    identifiers = {name: st.text("abc", min_size=1) for name in ("id", "crn", "iam_id")}
    anything = st.fixed_dictionaries({}, optional=fields)
    rest = {name: values for name, values in fields.items() if name not in identifiers}
    complete = st.fixed_dictionaries(identifiers, optional=rest)
    return st.one_of(anything, complete)


CASES = [
    *RESOURCES,
    *(replace(r.fallback, fallback=None) for r in RESOURCES if r.fallback is not None),
]


# A file takes its time to be made: several objects share one, each in an account of its own.
TOGETHER = 16


@pytest.mark.parametrize("resource", CASES, ids=lambda r: f"{r.part} {r.path}")
@settings(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_object_is_loaded_or_named(resource, data, tmp_path_factory):
    items = data.draw(st.lists(objects_of(resource), min_size=TOGETHER, max_size=TOGETHER))
    waiting: dict[Context, list] = {}
    for number, item in enumerate(items):
        context = Context(f"acc {number}", key=f"parent {number}")
        rows = rows_or_complaint(resource, item, context)
        if rows is None:
            continue
        others = {key_of(*row) for loaded in waiting.values() for row in loaded}
        if others & {key_of(*row) for row in rows}:  # of two with one key the first stands
            assert_loaded(waiting, tmp_path_factory.mktemp("any") / "iaminsights.sqlite3")
            waiting = {}
        waiting[context] = rows
    assert_loaded(waiting, tmp_path_factory.mktemp("any") / "iaminsights.sqlite3")


def rows_or_complaint(resource, item, context):
    """The rows of an object; None if it is none, which is said in words."""
    try:
        rows = list(resource.rows(item, context))
        problems = [row["problem"] for table, row in rows if table == LEFT_OUT]
        assert all(problem.startswith("an object ") for problem in problems)
        rows = [(table, row) for table, row in rows if table != LEFT_OUT]
        for child in RESOURCES:  # what hangs on it is asked for, or else it is left out whole
            if child.each and child.each.part == resource.part:
                list(child.each.keys(item))
    except ObjectError as error:
        assert str(error).startswith("an object ")
        return None
    return rows


def key_of(table, row):
    return table, tuple(row[name] for name in TABLE[table].key)


def assert_loaded(found, target):
    """Write the rows of these objects, by their contexts, and look for them in the file."""
    with draft_of(target) as draft:
        for context in found:
            of_account = {"account_id": context.account_id}
            draft.add("accounts", {c.name: of_account.get(c.name)
                                   for c in TABLE["accounts"].columns})  # fmt: skip
            for parent in ("trustedprofiles", "access_groups"):
                values = {"id": context.key, "iam_id": f"iam {context.key}", **of_account,
                          "is_public": 0, "listed": 1}  # fmt: skip
                draft.add(parent, {c.name: values.get(c.name) for c in TABLE[parent].columns})
        rows = [row for loaded in found.values() for row in loaded]
        for table, row in rows:
            draft.add(table, row)
        draft.complete("acc 0", kept_parts=(), at="2026-01-01T00:00:00Z")
        add_facts(draft)
        draft.publish()
    with closing(sqlite3.connect(target)) as db:
        for table, row in rows:
            key = TABLE[table].key
            where = " and ".join(f"[{name}] = ?" for name in key)
            values = [row[name] for name in key]
            found = db.execute(f"select count(*) from [{table}] where {where}", values).fetchone()
            assert found == (1,), (table, row)
        loaded = sum(
            db.execute(f"select count(*) from [{table.name}]").fetchone()[0] for table in TABLES
        )
        assert loaded >= len({key_of(*row) for row in rows})
