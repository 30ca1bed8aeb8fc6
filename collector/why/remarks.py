"""What else decides about the access of an identity to a target, and is not in its policies."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from ..resolve import GROUP, Thing
from .restrictions import restrictions
from .targets import Target


@dataclass(frozen=True)
class Remark:
    """A sentence, and what it is about.

    That is target, state, external, inactive, locked, restriction, dynamic, or unread.
    """

    about: str
    text: str


_STATES = {
    "SUSPENDED": "is suspended in the account and cannot use this access until reactivated",
    "PENDING": "was invited and has not accepted yet, so cannot use this access yet",
    "VPN_ONLY": "is a VPN-only user, who cannot log in to the account",
    "IAMID_INVALID": "has an IAM ID that is no longer valid, and cannot log in",
}
# What an answer rests on: where one was not read in full, access can be missing from it.
_PARTS = (
    *("policies", "roles", "access_groups", "access_group_members", "users", "serviceids"),
    *("trustedprofiles", "trustedprofile_identities", "resource_service_instances", "resources"),
)


def remarks(
    connection: sqlite3.Connection, identity: Thing, target: Target, membership: bool
) -> list[Remark]:
    """What there is to say of an identity in the account of a target.

    `membership` says whether access through dynamic membership matters.
    """
    found = [
        *_gone(connection, target),
        *_state(connection, identity, target),
        *_external(connection, identity, target),
        *_activity(connection, identity, target),
        *_locked(connection, identity),
        *(Remark("restriction", text) for text in restrictions(connection, target)),
    ]
    if membership:
        found.append(
            Remark("dynamic", "Dynamic membership is as of the last login before the collection.")
        )
    return [*found, *_unread(connection, target)]


def _gone(connection: sqlite3.Connection, target: Target) -> list[Remark]:
    """An instance that cannot be used, whatever policies grant."""
    row = connection.execute(
        "select state from resource_service_instances where id = ?", (target.thing.id,)
    ).fetchone()
    if not row or row[0] in ("active", None, ""):
        return []
    return [Remark("target", f"{target.thing.name} is not active (state {row[0]}).")]


def _state(connection: sqlite3.Connection, identity: Thing, target: Target) -> list[Remark]:
    row = connection.execute(
        "select state from users where iam_id = ? and account_id = ?",
        (identity.id, target.account_id),
    ).fetchone()
    if not row or row[0] in ("ACTIVE", None, ""):
        return []
    said = _STATES.get(row[0], f"is in state {row[0]}")
    return [Remark("state", f"{identity.name} {said} (state {row[0]}).")]


_TYPES = {"service ID": "service_id", "person": "user"}


def _external(connection: sqlite3.Connection, identity: Thing, target: Target) -> list[Remark]:
    """An identity of another account, and whether the account lets such identities use access."""
    row = connection.execute(
        "select kind, other_accounts from absent_identities where account_id = ? and iam_id = ?",
        (target.account_id, identity.id),
    ).fetchone()
    if row is None:
        return _unlisted(connection, identity, target)
    kind, others = row
    if not others:
        return [
            Remark(
                "external",
                f"{identity.name} is not in {target.account}: it is deleted, or of an account "
                "that the file does not know.",
            )
        ]
    text = f"{identity.name} is not in {target.account}, but of account {others}"
    setting = connection.execute(
        "select state, external_allowed_accounts from external_identity_settings "
        "where account_id = ? and identity_type = ?",
        (target.account_id, _TYPES.get(kind, "service")),
    ).fetchone()
    if setting is None:
        return [Remark("external", f"{text}; the setting for external identities was not read.")]
    state, allowed = setting
    except_for = ", ".join(map(str, json.loads(allowed or "[]")))
    said = {
        "enabled": "external identities can use their access",
        "monitor": "external identities can use their access, which is monitored",
        "limited": "external identities cannot use their access"
        + (f", except those of account {except_for}" if except_for else ""),
    }.get(state, f"the setting for external identities is {state}")
    return [Remark("external", f"{text}; {said} (setting: {state}).")]


def _unlisted(connection: sqlite3.Connection, identity: Thing, target: Target) -> list[Remark]:
    """Somebody who has nothing in the account, and is in none of its lists."""
    known = connection.execute(
        "select 1 from known_identities where iam_id = ? and account_id = ?",
        (identity.id, target.account_id),
    ).fetchone()
    if known or identity.kind == GROUP:
        return []
    return [Remark("external", f"{identity.name} is not listed in {target.account}.")]


def _activity(connection: sqlite3.Connection, identity: Thing, target: Target) -> list[Remark]:
    row = connection.execute(
        "select last_authn, report_duration from inactive_identities "
        "where account_id = ? and iam_id = ? and kind <> 'apikey'",
        (target.account_id, identity.id),
    ).fetchone()
    if row is None:
        return []
    last, hours = row
    since = f"since {last[:10]}" if last else "as far as IBM Cloud reports"
    return [
        Remark(
            "inactive",
            f"{identity.name} is inactive: no login {since} (the report covers {hours} hours).",
        )
    ]


def _locked(connection: sqlite3.Connection, identity: Thing) -> list[Remark]:
    row = connection.execute(
        "select locked from serviceids where iam_id = ?", (identity.id,)
    ).fetchone()
    if not row or not row[0]:
        return []
    text = f"{identity.name} is locked, which keeps it from being changed, not from using access."
    return [Remark("locked", text)]


def _unread(connection: sqlite3.Connection, target: Target) -> list[Remark]:
    rows = connection.execute(
        "select part from collected_parts where account_id = :account "
        "and (status <> 'ok' or lacks is not null) "
        "and part in (select value from json_each(:parts)) order by 1",
        {"account": target.account_id, "parts": json.dumps(_PARTS)},
    )
    parts = ", ".join(part for (part,) in rows)
    if not parts:
        return []
    text = f"Not read in full: {parts}. There may be access that this answer does not know."
    return [Remark("unread", text)]
