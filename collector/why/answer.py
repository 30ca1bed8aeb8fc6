"""The answer to a question: allowed or not, through what, and what nearly grants it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from .. import resolve
from ..resolve import GROUP, PROFILE, Thing
from .asked import Asked, asked_for, narrowed
from .holders import Policy, policies_of, role_names
from .misses import ROLE, Failing, Words, failing, words_of
from .remarks import Remark, remarks
from .targets import CONDITIONAL, FULL, PART, Target, described, reached

MOST_MISSES = 50
_MOST_CLOSE = 5

# Every table and view that an answer is made of: who may not see one of them gets no answer.
RESTS_ON = (
    *("absent_identities", "access_group_identities", "access_group_members"),
    *("access_groups", "account_services", "accounts", "cbr_rules", "cbr_zones"),
    *("collected_parts", "collection_steps", "collections", "external_identity_settings"),
    *(
        "identities",
        "inactive_identities",
        "known_identities",
        "instance_facts",
        "open_context_rules",
    ),
    *("policies", "policy_account_services", "policy_conditions", "policy_demands"),
    *("policy_descriptions", "policy_instances", "policy_roles", "policy_sentences"),
    *("policy_services", "policy_targets", "policy_values", "public_access"),
    *("resource_groups", "resources", "resource_service_instances", "restriction_demands"),
    *("role_actions", "roles", "serviceids", "tag_attachments", "target_instances"),
    *("target_pairs", "targets", "trustedprofile_identities", "trustedprofiles", "users"),
)


@dataclass(frozen=True)
class Way:
    """A policy that grants what is asked for, the roles by which it does, and how much of it."""

    policy: Policy
    sentence: str
    roles: str
    scope: str


@dataclass(frozen=True)
class Miss:
    """A policy that nearly grants what is asked for: the first thing that fails, with both values.

    `more` is what else fails of it, by name. `covers` has the roles of the policy that allow every
    action of the role that is asked for, if only the role fails.
    """

    policy: Policy
    sentence: str
    fails: Failing
    words: Words
    covers: str
    more: tuple[str, ...]


@dataclass(frozen=True)
class Assumable:
    """A trusted profile that the identity can assume, and what grants it to that profile."""

    profile: Thing
    ways: tuple[Way, ...]


@dataclass(frozen=True)
class Answer:
    """What is to be said about one question.

    `ways` are the policies of the identity that grant it; `assumable` the trusted profiles that
    have it, which is no access of its own. `near` is how many policies fail in one thing, and
    `others` how many in more. `misses` are the first MOST_MISSES of the near ones, or where nothing
    grants it and none is near, the closest of the others.
    """

    identity: Thing
    asked: Asked
    target: Target
    is_owner: bool
    ways: tuple[Way, ...]
    assumable: tuple[Assumable, ...]
    misses: tuple[Miss, ...]
    near: int
    others: int
    remarks: tuple[Remark, ...]
    collected_at: str | None

    @property
    def allowed(self) -> bool:
        """Whether the identity itself has it, if only in part or under a condition."""
        return self.is_owner or bool(self.ways)

    @property
    def scope(self) -> str | None:
        """How much of it: full, part, or conditional; None if it is not allowed."""
        scopes = {FULL} if self.is_owner else {way.scope for way in self.ways}
        return next((one for one in (FULL, PART, CONDITIONAL) if one in scopes), None)


def ask(
    connection: sqlite3.Connection,
    identity: str,
    role_or_action: str,
    target: str,
    account: str | None = None,
) -> Answer:
    """The answer to a question in names and IDs; raises NameUnresolved.

    All of it is of one state of the file, should a collection end meanwhile.
    """
    with _unchanging(connection):
        return _ask(connection, identity, role_or_action, target, account)


@contextmanager
def _unchanging(connection: sqlite3.Connection) -> Iterator[None]:
    if connection.in_transaction:
        yield
        return
    connection.execute("begin")
    try:
        yield
    finally:
        connection.rollback()


def _ask(
    connection: sqlite3.Connection,
    identity: str,
    role_or_action: str,
    target: str,
    account: str | None,
) -> Answer:
    account_id = resolve.account(connection, account).id if account else None
    about = described(connection, resolve.target(connection, target, account_id))
    who = resolve.identity(connection, identity, about.account_id)
    what = resolve.role_or_action(connection, role_or_action, about.account_id, about.service_name)
    return answer(connection, who, what, about)


def answer(
    connection: sqlite3.Connection, identity: Thing, role_or_action: Thing, target: Target
) -> Answer:
    """The answer to a question about things that are known."""
    asked = asked_for(connection, role_or_action, target)
    target = narrowed(target, asked)
    policies, fails, ways = _granted(connection, identity, asked, target)
    (owner, collected_at) = connection.execute(
        "select owner, (select max(finished_at) from collections "
        "where collections.account_id = accounts.account_id) from accounts where account_id = ?",
        (target.account_id,),
    ).fetchone()
    near = [key for key, its in fails.items() if len(its) == 1]
    closest = near or ([] if ways else _closest(fails))
    misses = _misses(connection, asked, target, policies, {key: fails[key] for key in closest})
    dynamic = any(way.policy.holder.membership == "dynamic" for way in ways)
    return Answer(
        identity=identity,
        asked=asked,
        target=target,
        is_owner=owner is not None and owner == identity.id,
        ways=ways,
        assumable=_assumable(connection, identity, asked, target),
        misses=misses,
        near=len(near),
        others=sum(len(its) > 1 for its in fails.values()),
        remarks=tuple(remarks(connection, identity, target, dynamic)),
        collected_at=collected_at,
    )


def _granted(
    connection: sqlite3.Connection, identity: Thing, asked: Asked, target: Target
) -> tuple[Mapping[str, Policy], Mapping[str, list[Failing]], tuple[Way, ...]]:
    """The policies of an identity, what of each fails, and those of which nothing does."""
    policies = policies_of(connection, identity, target.account_id)
    reaches = reached(connection, target, policies)
    fails = failing(connection, target, asked, list(policies.values()), reaches)
    granting = [key for key, its in fails.items() if not its]
    sentences = _sentences(connection, granting)
    ways = [
        Way(
            policies[key],
            sentences[key],
            role_names(connection, asked.of(policies[key], reaches[key])),
            reaches[key].scope,
        )
        for key in granting
    ]
    order = (FULL, PART, CONDITIONAL)
    ways.sort(key=lambda way: (order.index(way.scope), way.sentence, way.policy.id))
    return policies, fails, tuple(ways)


def _assumable(
    connection: sqlite3.Connection, identity: Thing, asked: Asked, target: Target
) -> tuple[Assumable, ...]:
    if identity.kind in (GROUP, PROFILE):  # a profile cannot assume another one
        return ()
    rows = connection.execute(
        "select profiles.iam_id, coalesce(nullif(profiles.name, ''), profiles.id) "
        "from trustedprofile_identities as allowed "
        "join trustedprofiles as profiles on profiles.id = allowed.tp_id "
        "where allowed.iam_id = ? and profiles.account_id = ? order by 2, 1",
        (identity.id, target.account_id),
    ).fetchall()
    found = []
    for iam_id, name in rows:
        profile = Thing(PROFILE, iam_id, name, target.account_id, "", iam_id)
        *_, ways = _granted(connection, profile, asked, target)
        if ways:
            found.append(Assumable(profile, ways))
    return tuple(found)


def _closest(fails: Mapping[str, list[Failing]]) -> list[str]:
    """The policies of which least fails: an attribute rather than the role, and a few of them."""
    keys = sorted(fails, key=lambda key: (len(fails[key]), fails[key][-1].name != ROLE, key))
    return keys[:_MOST_CLOSE]


def _misses(
    connection: sqlite3.Connection,
    asked: Asked,
    target: Target,
    policies: Mapping[str, Policy],
    fails: Mapping[str, list[Failing]],
) -> tuple[Miss, ...]:
    """Policies with what fails of each: first those that reach the target with another role."""
    sentences = _sentences(connection, fails)

    def order(key: str) -> tuple[object, ...]:
        first = fails[key][0].name
        return len(fails[key]), first != ROLE, first, sentences[key], key

    return tuple(
        Miss(
            policies[key],
            sentences[key],
            fails[key][0],
            words_of(connection, target, asked, policies[key], fails[key][0]),
            _covering(connection, asked, target, policies[key])
            if fails[key][0].name == ROLE
            else "",
            tuple(one.name for one in fails[key][1:]),
        )
        for key in sorted(fails, key=order)[:MOST_MISSES]
    )


def _covering(connection: sqlite3.Connection, asked: Asked, target: Target, policy: Policy) -> str:
    """The roles of a policy that allow every action of the role asked for; empty if none does."""
    if asked.is_action or target.service_name is None:
        return ""
    actions: dict[str, set[str]] = {}
    for role, action in connection.execute(
        "select role_id, action from role_actions where service_name = ?", (target.service_name,)
    ):
        actions.setdefault(role, set()).add(action)
    wanted = actions.get(asked.thing.id)
    covering = [role for role in policy.roles if wanted and wanted <= actions.get(role, set())]
    return role_names(connection, covering) if covering else ""


def _sentences(connection: sqlite3.Connection, policies: Collection[str]) -> dict[str, str]:
    rows = connection.execute(
        "select words.policy_id, words.sentence from json_each(:policies) as wanted "
        "cross join policy_sentences as words on words.policy_id = wanted.value",
        {"policies": json.dumps(list(policies))},
    )
    return dict(rows.fetchall())


def as_json(found: Answer) -> dict[str, Any]:
    """An answer as other programs read it."""
    target = found.target.thing
    return {
        "allowed": found.allowed,
        "scope": found.scope,
        "account_owner": found.is_owner,
        "identity": _thing(found.identity),
        "role_or_action": _thing(found.asked.thing),
        "target": _thing(target),
        "account": {"id": found.target.account_id, "name": found.target.account},
        "granted_by": [_way(way) for way in found.ways],
        "can_assume": [
            {"profile": _thing(one.profile), "granted_by": [_way(way) for way in one.ways]}
            for one in found.assumable
        ],
        "near_misses": [
            {
                **_policy(miss.policy, miss.sentence),
                "fails": miss.fails.name,
                "fails_in": _PLACES[miss.fails.side],
                "policy_requires": miss.words.wanted,
                "found": miss.words.actual,
                "also_fails": list(miss.more),
                "roles_that_include_it": miss.covers or None,
            }
            for miss in found.misses
        ],
        "near_misses_found": found.near,
        "other_policies": found.others,
        "remarks": [{"about": one.about, "text": one.text} for one in found.remarks],
        "collected_at": found.collected_at,
    }


_PLACES = {"": "policy", "target": "attribute", "tag": "access tag"}


def _thing(thing: Thing) -> dict[str, Any]:
    return {"kind": thing.kind, "id": thing.id, "name": thing.name}


def _policy(policy: Policy, sentence: str) -> dict[str, Any]:
    return {
        "policy_id": policy.id,
        "policy": sentence,
        "access_group_id": policy.holder.group_id,
        "access_group": policy.holder.group,
        "membership": policy.holder.membership,
        "public_access": policy.holder.public_access,
        "condition": policy.condition,
        "last_permit_at": policy.last_permit_at,
    }


def _way(way: Way) -> dict[str, Any]:
    return {**_policy(way.policy, way.sentence), "roles": way.roles, "scope": way.scope}
