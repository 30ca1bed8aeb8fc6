"""What a name or ID stands for: identities, roles, actions, targets; of several none is guessed.

An ID stands for one thing, and comes before every name. Names are compared in any case and without
blanks around them. Where a name has to be told apart from others, a kind can stand before it:
`group:Auditors`, `service:billing`.
"""

from __future__ import annotations

import difflib
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .errors import NameUnresolved

MOST = 20  # things that are listed where a name is ambiguous
_MOST_SUGGESTED = 5

PERSON, SERVICE_ID, PROFILE, GROUP = "person", "service ID", "trusted profile", "access group"
IDENTITY = "identity"  # one that the file knows only from policies and memberships
INSTANCE, MANAGEMENT, SERVICE = "service instance", "account management service", "service"
RESOURCE_GROUP, ACCOUNT = "resource group", "account"
ROLE, ACTION = "role", "action"


@dataclass(frozen=True)
class Thing:
    """What a name stands for.

    `id` is the IAM ID of an identity, the ID of an access group, resource group, or account, the
    CRN of an instance or role, the name of a service or action. `account_id` is None where it is of
    no single account. `detail` tells it apart from others of its name, and `typed` is what stands
    for nothing but it.
    """

    kind: str
    id: str
    name: str
    account_id: str | None
    detail: str
    typed: str

    def __str__(self) -> str:
        about = f" ({self.detail})" if self.detail else ""
        return f"{self.kind} {self.name}{about}: {self.typed}"


@dataclass(frozen=True)
class _Source:
    """Where things of a kind are: expressions of SQL, over what `rows` selects from.

    `ids` find one thing each, `names` perhaps several. `typed` is what its ID is preceded by to
    stand for it alone.
    """

    kind: str
    prefix: str
    rows: str
    id: str
    name: str
    account: str
    detail: str
    ids: tuple[str, ...]
    names: tuple[str, ...]
    typed: str = ""


_FULL_NAME = "trim(coalesce(users.firstname, '') || ' ' || coalesce(users.lastname, ''))"
IDENTITIES = (
    _Source(
        PERSON,
        "user",
        "users",
        "users.iam_id",
        f"coalesce(nullif({_FULL_NAME}, ''), nullif(users.user_id, ''), users.iam_id)",
        "users.account_id",
        "users.user_id",
        ("users.iam_id", "users.id"),
        ("users.user_id", "users.email", _FULL_NAME),
    ),
    _Source(
        SERVICE_ID,
        "service-id",
        "serviceids",
        "serviceids.iam_id",
        "coalesce(nullif(serviceids.name, ''), serviceids.id)",
        "serviceids.account_id",
        "serviceids.description",
        ("serviceids.iam_id", "serviceids.id"),
        ("serviceids.name",),
    ),
    _Source(
        PROFILE,
        "profile",
        "trustedprofiles",
        "trustedprofiles.iam_id",
        "coalesce(nullif(trustedprofiles.name, ''), trustedprofiles.id)",
        "trustedprofiles.account_id",
        "trustedprofiles.description",
        ("trustedprofiles.iam_id", "trustedprofiles.id"),
        ("trustedprofiles.name",),
    ),
    _Source(
        IDENTITY,
        "identity",
        "(select * from identities where kind in ('unknown', 'service', 'user') and not exists "
        "(select 1 from users where users.iam_id = identities.iam_id)) as others",
        "others.iam_id",
        "others.name",
        "null",
        "null",
        ("others.iam_id",),
        ("others.name",),
    ),
)
GROUPS = (
    _Source(
        GROUP,
        "group",
        "access_groups",
        "access_groups.id",
        "coalesce(nullif(access_groups.name, ''), access_groups.id)",
        "access_groups.account_id",
        "access_groups.description",
        ("access_groups.id",),
        ("access_groups.name",),
    ),
)
_INSTANCES = _Source(
    INSTANCE,
    "instance",
    "resource_service_instances as things",
    "things.id",
    "coalesce(nullif(things.name, ''), things.guid, things.id)",
    "things.account_id",
    "coalesce(nullif(things.service_name, ''), 'unknown service') "
    "|| coalesce(', ' || nullif(things.region_id, ''), '') "
    "|| iif(things.state in ('removed', 'pending_removal'), ', removed', '')",
    ("things.id", "things.guid"),
    ("things.name",),
)
_MANAGEMENT_SERVICES = _Source(
    MANAGEMENT,
    "service",
    "account_services as services cross join accounts",
    "services.service_name",
    "services.name",
    "accounts.account_id",
    "coalesce(accounts.name, accounts.account_id)",
    (),
    ("services.service_name", "services.name"),
    "service:",
)
_SERVICES = _Source(
    SERVICE,
    "service",
    # What is taken once from each costs less to put together.
    "(select distinct service_name from instance_facts "
    "union select distinct service_name from role_actions "
    "union select distinct value from policy_values where side = 'target' "
    "and name = 'serviceName' and operator = 'stringEquals' "
    "union select distinct service_name from policy_services where service_type = 'service' "
    "except select service_name from account_services"
    ") as services cross join accounts on services.service_name <> ''",
    "services.service_name",
    "services.service_name",
    "accounts.account_id",
    "coalesce(accounts.name, accounts.account_id)",
    (),
    ("services.service_name",),
    "service:",
)
_RESOURCE_GROUPS = _Source(
    RESOURCE_GROUP,
    "resource-group",
    "resource_groups",
    "resource_groups.resource_group_id",
    "coalesce(nullif(resource_groups.name, ''), resource_groups.resource_group_id)",
    "resource_groups.account_id",
    "null",
    ("resource_groups.resource_group_id", "resource_groups.crn"),
    ("resource_groups.name",),
)
_ACCOUNTS = _Source(
    ACCOUNT,
    "account",
    "accounts",
    "accounts.account_id",
    "coalesce(nullif(accounts.name, ''), accounts.account_id)",
    "accounts.account_id",
    "null",
    ("accounts.account_id",),
    ("accounts.name", "'account'"),
)
TARGETS = (_INSTANCES, _MANAGEMENT_SERVICES, _SERVICES, _RESOURCE_GROUPS, _ACCOUNTS)
_ROLES = _Source(
    ROLE,
    "role",
    "roles",
    "roles.role_id",
    "coalesce(nullif(roles.display_name, ''), roles.role_id)",
    "roles.account_id",
    "roles.kind || coalesce(' role of ' || roles.service_name, ' role')",
    ("roles.role_id",),
    ("roles.display_name",),
)
_ACTIONS = _Source(
    ACTION,
    "action",
    "(select distinct action from role_actions) as actions",
    "actions.action",
    "actions.action",
    "null",
    "null",
    (),
    ("actions.action",),
    "action:",
)


def account(connection: sqlite3.Connection, text: str) -> Thing:
    """The account with a name or ID; raises NameUnresolved."""
    return _the_one("account", text, find(connection, text, (_ACCOUNTS,)), connection, (_ACCOUNTS,))


def identity(connection: sqlite3.Connection, text: str, account_id: str | None = None) -> Thing:
    """The user, service ID, trusted profile, or access group of a name or ID.

    With an account, access groups are those of it. An identity is known by its IAM ID in whatever
    account it is. Raises NameUnresolved.
    """
    sources = (*IDENTITIES, *GROUPS)
    found = [
        thing
        for thing in find(connection, text, sources)
        if thing.kind != GROUP or account_id in (None, thing.account_id)
    ]
    return _the_one("identity", text, found, connection, sources)


def target(connection: sqlite3.Connection, text: str, account_id: str | None = None) -> Thing:
    """The instance, service, resource group, or account of a name or ID, in any account or in one.

    Raises NameUnresolved.
    """
    found = [
        thing for thing in find(connection, text, TARGETS) if account_id in (None, thing.account_id)
    ]
    if not found:
        _refuse_what_is_no_target(connection, text.strip())
    return _the_one("target", text, found, connection, TARGETS)


def _refuse_what_is_no_target(connection: sqlite3.Connection, text: str) -> None:
    """Say what can be asked instead about a part of an instance, and about what only search shows.

    Raises NameUnresolved.
    """
    instance = _by_id(connection, _INSTANCES, ":".join(text.split(":")[:8]) + "::")
    if text.startswith("crn:") and instance:
        raise NameUnresolved(
            f"{text} is a part of a service instance. Ask about the instance: the answer shows "
            "which parts its policies name.",
            instance,
            False,
        )
    row = connection.execute(
        "select name, service_name, resource_group_id from resources "
        "where instance_id is null and (crn = :text or trim(name) glob :pattern) limit 1",
        {"text": text, "pattern": _in_any_case(text)},
    ).fetchone()
    if text and row:
        name, service, group = row
        places = (
            (_by_name, _SERVICES, service or ""),
            (_by_id, _RESOURCE_GROUPS, group or ""),
        )
        raise NameUnresolved(
            f"{name or text} is not in the list of service instances; only search shows it. Ask "
            "about its service, or about its resource group.",
            [thing for how, source, key in places for thing in how(connection, source, key)],
            False,
        )


def role_or_action(
    connection: sqlite3.Connection,
    text: str,
    account_id: str | None = None,
    service_name: str | None = None,
) -> Thing:
    """The role of a name or CRN, or the action of a name.

    Of several roles with a name, those of other accounts and services than these are left out.
    Raises NameUnresolved.
    """
    sources = (_ROLES, _ACTIONS)
    found = find(connection, text, sources)
    if len(found) > 1:
        found = [thing for thing in found if thing.account_id in (None, account_id)]
    if len(found) > 1 and service_name is not None:
        others = dict(
            connection.execute("select role_id, service_name from roles where service_name <> ''")
        )
        found = [one for one in found if others.get(one.id, service_name) == service_name]
    return _the_one("role or action", text, found, connection, sources)


def find(connection: sqlite3.Connection, text: str, sources: Iterable[_Source]) -> list[Thing]:
    """Everything that a text stands for: what has it as its ID, else all that have it as a name."""
    text = text.strip()
    if not text:
        return []
    sources = tuple(sources)
    prefix, _, rest = text.partition(":")
    named = tuple(one for one in sources if one.prefix == prefix and rest.strip())
    for how in (_by_id, _by_name):
        found = [
            *(thing for one in sources for thing in how(connection, one, text)),
            *(thing for one in named for thing in how(connection, one, rest.strip())),
        ]
        if found:
            return list({(one.kind, one.id, _place(one)): one for one in found}.values())
    return []


def _place(thing: Thing) -> str | None:
    """The account that makes two of one ID: an identity is the same one in all accounts."""
    return thing.account_id if thing.kind in (MANAGEMENT, SERVICE) else None


def _by_id(connection: sqlite3.Connection, source: _Source, text: str) -> list[Thing]:
    if not source.ids:
        return []
    return _select(connection, source, " or ".join(f"{one} = :text" for one in source.ids), text)


def _by_name(connection: sqlite3.Connection, source: _Source, text: str) -> list[Thing]:
    pattern = _in_any_case(text)
    wanted = " or ".join(f"trim({one}) glob :text" for one in source.names)
    return _select(connection, source, wanted, pattern)


def _select(
    connection: sqlite3.Connection, source: _Source, wanted: str, text: str | None = None
) -> list[Thing]:
    rows = connection.execute(
        f"select {source.id}, {source.name}, {source.account}, {source.detail} "
        f"from {source.rows} where {wanted} order by 2, 1, 3",
        {"text": text} if text is not None else {},
    )
    return [
        Thing(source.kind, key, name, account_id, detail or "", f"{source.typed}{key}")
        for key, name, account_id, detail in rows
        if key is not None
    ]


def _in_any_case(text: str) -> str:
    """A GLOB pattern that fits a text in any case, and no other text."""
    return "".join(_cases(letter) for letter in text)


def _cases(letter: str) -> str:
    if letter in "*?[":
        return f"[{letter}]"
    cases = {letter, letter.lower(), letter.upper()}
    if "σ" in cases:  # as it is written at the end of a word
        cases.add("ς")
    cases = {one for one in cases if len(one) == 1}
    return letter if len(cases) == 1 else f"[{''.join(sorted(cases))}]"


def _the_one(
    what: str,
    text: str,
    found: Sequence[Thing],
    connection: sqlite3.Connection,
    sources: Iterable[_Source],
) -> Thing:
    if len(found) == 1:
        return found[0]
    if found and len({one.typed for one in found}) == 1:
        raise NameUnresolved(
            f"{text} is ambiguous: it is in {len(found):,} accounts. Specify one of them.",
            found[:MOST],
            True,
        )
    if found:
        more = f", of which {MOST} are listed" if len(found) > MOST else ""
        raise NameUnresolved(
            f"{text} is ambiguous: it stands for {len(found):,} things{more}. "
            "Specify one of them by its ID.",
            found[:MOST],
            True,
        )
    close = _close_to(text, connection, sources)
    words = "Did you mean one of these?" if close else "The file has nothing with a similar name."
    raise NameUnresolved(f"There is no {what} {text or 'without a name'}. {words}", close, False)


def _close_to(text: str, connection: sqlite3.Connection, sources: Iterable[_Source]) -> list[Thing]:
    """Things with similar names: those that contain the text, else those spelled like it."""
    wanted = text.strip().casefold()
    if not wanted:
        return []
    things: dict[tuple[str, str], Thing] = {}
    for source in sources:
        for thing in _select(connection, source, "1"):
            things.setdefault((thing.kind, thing.id), thing)
    called = [(f"{one.name}\n{one.id}\n{one.detail}".casefold(), one) for one in things.values()]
    containing = [thing for words, thing in called if wanted in words]
    if containing:
        return containing[:_MOST_SUGGESTED]
    by_name: dict[str, list[Thing]] = {}
    for thing in things.values():
        for name in {thing.name.casefold(), _login(thing)} - {""}:
            by_name.setdefault(name, []).append(thing)
    close = difflib.get_close_matches(wanted, by_name, _MOST_SUGGESTED)
    found = {(one.kind, one.id): one for name in close for one in by_name[name]}
    return list(found.values())[:_MOST_SUGGESTED]


def _login(thing: Thing) -> str:
    """The name in somebody's login, as people write names: an address begins with it."""
    if thing.kind != PERSON:
        return ""
    return thing.detail.partition("@")[0].replace(".", " ").casefold()
