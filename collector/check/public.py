"""--no-public-access: nothing for the Public Access group, and public access is not switched on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .overlay import Asked, Overlay
from .proposals import GROUP, PublicAccess
from .verdicts import PUBLIC_ACCESS, Violation, undecided, violation


def check_public_access(
    overlay: Overlay, policies: Iterable[Asked], settings: Iterable[PublicAccess]
) -> Iterator[Violation]:
    """Policies and settings that open something to people without a login."""
    for asked in policies:
        holder = asked.holder
        if asked.policy.type == "authorization" or not overlay.grants(asked):
            continue
        if holder is None:
            yield undecided(PUBLIC_ACCESS, asked.policy, "it does not say who would get it")
        elif holder.kind == GROUP and holder.id is None:
            why = "access_group_id is known only after apply"
            yield undecided(PUBLIC_ACCESS, asked.policy, why)
        elif holder.kind == GROUP and _is_public(overlay, holder.id):
            message = (
                f"the Public Access group, and so everybody, would get {overlay.words(asked.id)}"
            )
            yield violation(PUBLIC_ACCESS, asked.policy, message, holder=str(holder))
    for setting in settings:
        if setting.unknown:
            yield undecided(
                PUBLIC_ACCESS, setting, "public_access_enabled is known only after apply"
            )
        else:
            message = "public access would be switched on for the account"
            yield violation(PUBLIC_ACCESS, setting, message)


def _is_public(overlay: Overlay, group_id: str | None) -> bool:
    return bool(
        group_id
        and (
            group_id.startswith("AccessGroupId-PublicAccess")
            or overlay.connection.execute(
                "select 1 from main.access_groups where is_public = 1 and id = ?", (group_id,)
            ).fetchone()
        )
    )
