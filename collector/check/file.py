"""What the collected file says of those who get access: what they hold, and what they are in."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from ..store.schema import PUBLIC_ACCESS_GROUP
from .overlay import Overlay
from .proposals import GROUP, PROFILE, SERVICE_ID, USER, Entry, Holder

_TABLES = {SERVICE_ID: "serviceids", PROFILE: "trustedprofiles", GROUP: "access_groups"}


def known(overlay: Overlay, holder: Holder) -> Holder:
    """A holder as the file knows it: by IAM ID, with the names that it has."""
    if not isinstance(holder.id, str):  # a plan can have anything there
        return replace(holder, id=None)
    if holder.kind == USER:
        return _user(overlay, holder)
    names = {*holder.names, holder.id, holder.name, holder.id.removeprefix("iam-")}
    name, key = holder.name, holder.id
    if holder.kind == GROUP and key == PUBLIC_ACCESS_GROUP:
        own = overlay.connection.execute(
            "select id from main.access_groups where is_public = 1 and account_id = ?",
            (overlay.account,),
        ).fetchone()
        key = own[0] if own else key
    elif (table := _TABLES.get(holder.kind)) and not holder.is_new:
        column = "id" if holder.kind == GROUP else "iam_id"
        found = overlay.connection.execute(
            f"select name from main.[{table}] where {column} = ?", (key,)
        ).fetchone()
        name = found[0] if found else name
    return replace(holder, id=key, name=name, names=frozenset(filter(None, {*names, name})))


def _user(overlay: Overlay, holder: Holder) -> Holder:
    """A user by IAM ID or, as Terraform's provider finds them, by email in any case."""
    found = overlay.connection.execute(
        "select distinct iam_id, email, user_id from main.users where iam_id = :id "
        "or lower(email) = lower(:id)",
        {"id": holder.id},
    ).fetchall()
    named = str(holder.id)
    if len({iam_id for iam_id, *_ in found}) != 1:
        return replace(holder, name=holder.name or named, names=frozenset({named}))
    iam_id, email, user_id = found[0]
    names = frozenset(filter(None, (iam_id, email, user_id, named)))
    return replace(holder, id=iam_id, name=email or user_id or iam_id, names=names)


def policies_of(overlay: Overlay, holder: Holder, account_id: str) -> list[str]:
    """The policies of an account that a holder has in the file, those of its groups included.

    Not those of the Public Access group: outside of the account they apply to some buckets alone.
    """
    if holder.id is None or holder.is_new:
        return []
    if holder.kind == GROUP:
        select = "access_group_id = :id"
    else:
        select = (
            "access_group_id is null and iam_id = :id or access_group_id in "
            "(select group_id from main.access_group_members where iam_id = :id)"
        )
    return [
        policy_id
        for (policy_id,) in overlay.connection.execute(
            "select id from main.granting_policies where type = 'access' "
            f"and account_id = :account and ({select})",
            {"id": holder.id, "account": account_id},
        )
    ]


def is_owner(overlay: Overlay, holder: Holder, account_id: str) -> bool:
    """Whether somebody owns an account, and so has all access to it without a policy."""
    owned = overlay.connection.execute(
        "select 1 from main.accounts where owner = ? and account_id = ?", (holder.id, account_id)
    )
    return owned.fetchone() is not None


def is_in(overlay: Overlay, entry: Entry) -> bool:
    """Whether the file has a membership, an identity that is trusted, or a rule already."""
    into, who = entry.into, entry.who
    if into.id is None or into.is_new:
        return False
    key = into.id.removeprefix("iam-")
    if who is not None:
        table, column = (
            ("access_group_members", "group_id")
            if into.kind == GROUP
            else ("trustedprofile_identities", "tp_id")
        )
        select = f"select 1 from main.[{table}] where [{column}] = ? and iam_id = ?"
        return overlay.connection.execute(select, (key, who.id)).fetchone() is not None
    column = "group_id" if into.kind == GROUP else "tp_id"
    columns = ", ".join(f"[{name}]" for name in entry.row)
    same = overlay.connection.execute(
        f"select {columns} from main.[{entry.table}] where [{column}] = ?", (key,)
    )
    return any(all(map(_is_same, row, entry.row.values())) for row in same)


def _is_same(kept: Any, proposed: Any) -> bool:
    """Whether the file has a value as it is proposed; what is known only after apply is in none."""
    if isinstance(proposed, list):
        if not str(kept or "[]").startswith("["):
            return False
        return _sorted(json.loads(kept or "[]")) == _sorted(proposed)
    return (kept or None) == (proposed or None)


def _sorted(conditions: list[Any]) -> list[str]:
    return sorted(json.dumps(one, sort_keys=True, default=str) for one in conditions)
