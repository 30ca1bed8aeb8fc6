"""Whatever an API may send: it is loaded, or the object is named; nothing crashes or vanishes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iaminsights.database import Draft
from iaminsights.errors import ObjectError
from iaminsights.resources import RESOURCES
from iaminsights.rows import LEFT_OUT, Context
from iaminsights.schema import TABLE, TABLES

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


@pytest.mark.parametrize("resource", CASES, ids=lambda r: f"{r.part} {r.path}")
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_object_is_loaded_or_named(resource, data, tmp_path_factory):
    item = data.draw(objects_of(resource))
    try:
        rows = list(resource.rows(item, Context("acc", key="parent")))
        problems = [row["problem"] for table, row in rows if table == LEFT_OUT]
        assert all(problem.startswith("an object ") for problem in problems)
        rows = [(table, row) for table, row in rows if table != LEFT_OUT]
    except ObjectError as error:
        assert str(error).startswith("an object ")
        return
    for child in RESOURCES:
        if child.each and child.each.part == resource.part:
            list(child.each.keys(item))
    target = tmp_path_factory.mktemp("any") / "iaminsights.sqlite3"
    with Draft(target) as draft:
        draft.add("accounts", {c.name: "acc" if c.name == "account_id" else None
                               for c in TABLE["accounts"].columns})  # fmt: skip
        for parent in ("trustedprofiles", "access_groups"):
            values = {"id": "parent", "iam_id": "iam", "account_id": "acc",
                      "is_public": 0, "listed": 1}  # fmt: skip
            draft.add(parent, {c.name: values.get(c.name) for c in TABLE[parent].columns})
        for table, row in rows:
            draft.add(table, row)
        draft.complete("acc", kept_parts=(), at="2026-01-01T00:00:00Z")
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
        assert loaded >= len({(t, tuple(r[k] for k in TABLE[t].key)) for t, r in rows})
