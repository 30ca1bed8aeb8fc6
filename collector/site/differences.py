"""Tells what changed as people read it: names for IDs, policies as sentences, values in words.

`changes` holds what differs as JSON, which stays as it is in JSON and CSV. What an ID names is
looked up for all changes of a page at once, and only where the reader may see it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datasette.utils import tilde_encode
from markupsafe import Markup, escape

from ..store.meaning import USUAL_OPERATOR
from ..store.schema import TABLE
from ..store.table import BOOLEAN, JSON, TIME
from .names import sentences
from .readers import may_see
from .times import moment

# Fields that name rows of another table without a foreign key; some name several, parted by blanks.
_NAMING = {("policies", "roles"): "roles", ("resource_keys", "role_crn"): "roles"}
# What the sentence of a policy tells already.
_IN_SENTENCE = {
    *("type", "state", "iam_id", "access_group_id", "roles", "resources", "subjects", "tags"),
}

Names = Mapping[str, Mapping[str, str]]  # by table and key


@dataclass(frozen=True)
class Difference:
    """What a change is about: its name, its page if it is there, whether it was there before and is
    now, and name, old and new value of each field.
    """

    name: str
    url: str | None
    is_change: bool
    fields: tuple[tuple[str, str | None, str | None], ...]

    def link(self) -> Markup:
        """The name, as a link to what it names if that is there."""
        name = Markup(f"<bdi>{escape(self.name)}</bdi>")
        return Markup(f'<a href="{escape(self.url)}">{name}</a>') if self.url else name

    def html(self, *, old: bool = True, new: bool = True) -> Markup:
        """The fields, with both of their values or one of them."""
        parts = []
        for field, before, after in self.fields:
            values = [f"<del>{_shown(before)}</del>"] if old and before is not None else []
            values += [f"<ins>{_shown(after)}</ins>"] if new and after is not None else []
            if old and new and self.is_change and len(values) == 1:
                values.insert(after is None, "nothing")
            if values:
                said = " → ".join(values)
                parts.append(f"<div><dt>{escape(field)}</dt><dd>{said}</dd></div>")
        return Markup(f'<dl class="difference">{"".join(parts)}</dl>' if parts else "")


async def differences(
    datasette: Any, actor: Any, name: str, changes: Sequence[Mapping[str, Any]]
) -> list[Difference]:
    """What changes tell, in their order; each has what, key, name, change, before and after."""
    sides = [
        (json.loads(change["before"] or "{}"), json.loads(change["after"] or "{}"))
        for change in changes
    ]
    wanted: dict[str, set[str]] = defaultdict(set)
    for change, pair in zip(changes, sides, strict=True):
        for values in pair:
            for field, value in values.items():
                if other := _named_by(change["what"], field):
                    wanted[other].update(str(value or "").split())
    names = {
        table: await _names(datasette, actor, name, table, keys) for table, keys in wanted.items()
    }
    policies = {change["key"] for change in changes if change["what"] == "policies"}
    said = await sentences(datasette, actor, name, policies)
    pages = await _pages(datasette, actor, name, changes)
    found = []
    for change, (old, new) in zip(changes, sides, strict=True):
        what, key = change["what"], change["key"]
        called = str(change["name"] or key)
        fields = [
            field for field in {**old, **new} if (old.get(field), new.get(field)) != (None,) * 2
        ]
        if what == "policies":
            called = said.get(key) or _sentence(names, {**old, **new}) or called
            if change["change"] != "changed":
                fields = [field for field in fields if field not in _IN_SENTENCE]
        found.append(
            Difference(
                called,
                pages.get((what, key)),
                change["change"] == "changed",
                tuple(
                    (
                        field.replace("_", " "),
                        _in_words(names, what, field, old.get(field)),
                        _in_words(names, what, field, new.get(field)),
                    )
                    for field in fields
                ),
            )
        )
    return found


def _named_by(what: str, field: str) -> str | None:
    """The table whose keys a field of a table holds, if it holds any."""
    if (what, field) in _NAMING:
        return _NAMING[what, field]
    columns = TABLE[what].columns if what in TABLE else ()
    return next((column.references for column in columns if column.name == field), None)


async def _names(
    datasette: Any, actor: Any, name: str, table: str, keys: Collection[str]
) -> dict[str, str]:
    """The names of rows by key, as far as the reader may see them."""
    declared = TABLE[table]
    if not declared.label or not await may_see(datasette, actor, name, table):
        return {}
    rows = await datasette.databases[name].execute(
        f"select [{declared.key[0]}], [{declared.label}] from [{table}] "
        f"where [{declared.key[0]}] in (select value from json_each(:keys))",
        {"keys": json.dumps([*keys])},
    )
    return {key: label for key, label in rows if label}


async def _pages(
    datasette: Any, actor: Any, name: str, changes: Sequence[Mapping[str, Any]]
) -> dict[tuple[str, str], str]:
    """The pages of what changed and is there, by table and key as `changes` has it."""
    keys: dict[str, set[str]] = defaultdict(set)
    for change in changes:
        keys[change["what"]].add(change["key"])
    found = {}
    for table, of_table in keys.items():
        if table not in TABLE or not await may_see(datasette, actor, name, table):
            continue
        columns = [f"[{column}]" for column in TABLE[table].key]
        key = " || ' ' || ".join(columns)
        rows = await datasette.databases[name].execute(
            f"select {', '.join(columns)} from [{table}] "
            f"where {key} "
            "in (select value from json_each(:keys))",
            {"keys": json.dumps([*of_table])},
        )
        for row in rows:
            path = ",".join(tilde_encode(str(part)) for part in row)
            found[table, " ".join(map(str, row))] = datasette.urls.row(name, table, path)
    return found


def _sentence(names: Names, policy: Mapping[str, Any]) -> str | None:
    """What a policy that is gone said, as far as the change has it."""
    if not policy.get("resources"):
        return None
    if policy.get("access_group_id"):
        group = _in_words(names, "policies", "access_group_id", policy["access_group_id"])
        subject = f"access group {group}"
    else:
        holder = _in_words(names, "policies", "iam_id", policy.get("iam_id"))
        subject = holder or _plain(policy.get("subjects")) or "nobody"
    roles = _in_words(names, "policies", "roles", policy.get("roles")) or "no role"
    # As the sentences of policies that are there: of this account, and a service by its name.
    targets = [
        part.removeprefix("serviceName ")
        for part in _plain(policy["resources"]).split(", ")
        if not part.startswith("accountId ")
    ]
    return f"{subject}: {roles} on {', '.join(targets) or 'everything in the account'}"


def _in_words(names: Names, what: str, field: str, value: Any) -> str | None:
    """A value as people read it; None if there is none."""
    if value is None or value == "":
        return None
    if other := _named_by(what, field):
        known = names.get(other, {})
        several = str(value).split() if field == "roles" else [str(value)]
        return ", ".join(sorted(known.get(key, key) for key in several))
    columns = TABLE[what].columns if what in TABLE else ()
    kind = next((column.kind for column in columns if column.name == field), None)
    if kind == BOOLEAN:
        return "yes" if value else "no"
    if kind == TIME:
        return moment(str(value))
    if kind == JSON:
        try:
            return _of_json(json.loads(value)) or None
        except (TypeError, ValueError):
            return str(value)
    return _plain(value)


def _plain(value: Any) -> str:
    """Attributes as one writes them down, the usual operator left out."""
    return str(value or "").replace(f" {USUAL_OPERATOR} ", " ")


def _of_json(value: Any) -> str:
    """A JSON value in words: a condition as one says it, whatever else part by part."""
    if isinstance(value, list):
        return "; ".join(filter(None, map(_of_json, value)))
    if isinstance(value, dict):
        named = next((value[name] for name in ("claim", "key", "name") if name in value), None)
        if named is not None and "value" in value:
            operator = value.get("operator")
            how = "" if operator == USUAL_OPERATOR else operator
            return " ".join(str(part) for part in (named, how, _of_json(value["value"])) if part)
        fields = ((key.replace("_", " "), _of_json(one)) for key, one in value.items())
        return ", ".join(f"{field} {said}" for field, said in fields if said)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _shown(value: str | None) -> Markup:
    return Markup(f"<bdi>{escape(value)}</bdi>")
