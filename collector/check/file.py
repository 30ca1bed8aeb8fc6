"""What the collected file says of those who get access: what they hold, and what they are in."""

from __future__ import annotations

import json
from typing import Any

from .overlay import Overlay
from .proposals import GROUP, Entry, Holder


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
        return _sorted(json.loads(kept or "[]")) == _sorted(proposed)
    return (kept or None) == (proposed or None)


def _sorted(conditions: list[Any]) -> list[str]:
    return sorted(json.dumps(one, sort_keys=True, default=str) for one in conditions)
