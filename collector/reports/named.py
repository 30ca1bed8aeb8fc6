"""What a file knows of the things that a command names: their names, and what hangs on them.

A command names by ID what can be named so; who reads a plan wants names.
"""

from __future__ import annotations

import shlex
import sqlite3
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from ..store.schema import TABLE
from .commands import Step, one_line

MOST = 5  # names in a list
# All tables and views that are looked at, for whoever must ask first.
READS = (
    *("users", "identities", "access_groups", "access_group_members", "access_group_rules"),
    *("serviceids", "trustedprofiles", "trustedprofile_identities", "trustedprofile_rules"),
    *("trustedprofile_links", "apikeys", "resource_keys", "policies", "policy_sentences"),
    *("cbr_rules", "account_settings", "external_identity_settings", "sole_escalation_policies"),
)

# By what an argument is: how it is told with its name, and the name, by the argument.
_NAMES: Mapping[str, tuple[str, str | None]] = {
    "access group": ("access group {0}", None),
    "new access group": ("access group {0}", None),
    "named service ID": ("service ID {0}", None),
    "value": ("{0}", None),
    "setting": ("{0}", None),
    "external identities": ("{0}", None),
    "link": ("link {0}", None),
    "rule": ("rule {0}", "select name from trustedprofile_rules where id = :it"),
    "identity": ("{0}", "select name from identities where iam_id = :it"),
    "service ID": ("service ID {0}", "select name from serviceids where id = :it"),
    "trusted profile": (
        "trusted profile {0}",
        "select name from trustedprofiles where id = :it",
    ),
    "API key": (
        "API key {0}",
        "select apikeys.name || ' of ' || identities.name from apikeys "
        "join identities on identities.iam_id = apikeys.iam_id where apikeys.id = :it",
    ),
    "service credential": (
        "service credential {0}",
        "select name from resource_keys where id = :it",
    ),
    "context rule": (
        "context rule {0}",
        "select nullif(description, '') from cbr_rules where id = :it",
    ),
}

_POLICIES = (
    "select sentences.sentence from policies join policy_sentences as sentences "
    "on sentences.policy_id = policies.id where policies.state = 'active' and policies."
)
_GROUPS = (
    "select access_groups.name from access_group_members as members "
    "join access_groups on access_groups.id = members.group_id "
    "where access_groups.account_id = :account and members.iam_id = :it"
)
_MEMBERS = (
    "select identities.name from access_group_members as members "
    "join identities on identities.iam_id = members.iam_id where members.group_id = :it"
)
_KEYS = "select name from apikeys where account_id = :account and iam_id = :it"
_CREDENTIALS = "select name from resource_keys where account_id = :account and service_iam_id = :it"
_TRUST = (
    "select identities.name from trustedprofile_identities as allowed "
    "join identities on identities.iam_id = allowed.iam_id where allowed.tp_id = :it "
    "union all select 'rule ' || coalesce(name, id) from trustedprofile_rules where tp_id = :it "
    "union all select 'link ' || coalesce(link_name, name, id) from trustedprofile_links "
    "where tp_id = :it"
)
_RULES = "select coalesce(name, id) from access_group_rules where group_id = :it"

# By command: what hangs on what its first argument names, each under its heading. The argument is
# looked up first: a group by its name, a person by the login.
_HANGING: Mapping[str, tuple[tuple[str, str], ...]] = {
    "iam access-group-policy-delete": (("Members that lose access", _MEMBERS),),
    "iam trusted-profile-policy-delete": (
        ("Identities that lose access by assuming the profile", _TRUST),
    ),
    "iam access-group-delete": (
        ("Members", _MEMBERS),
        ("Dynamic rules", _RULES),
        ("Policies deleted with it", f"{_POLICIES}access_group_id = :it"),
    ),
    "iam service-id-delete": (
        ("API keys deleted with it", _KEYS),
        ("Service credentials deleted with it", _CREDENTIALS),
        ("Access groups", _GROUPS),
        ("Policies deleted with it", f"{_POLICIES}account_id = :account and policies.iam_id = :it"),
    ),
    "iam trusted-profile-delete": (
        ("Who can assume it", _TRUST),
        ("Access groups", _GROUPS),
        ("Policies deleted with it", f"{_POLICIES}account_id = :account and policies.iam_id = :it"),
    ),
    "account user-remove": (
        ("API keys deleted with the user", _KEYS),
        ("Access groups", _GROUPS),
        (
            "Policies deleted with the user",
            f"{_POLICIES}account_id = :account and policies.iam_id = :it",
        ),
    ),
}
# Which of these are looked up by another key than the first argument.
_IDENTITIES = {
    "iam service-id-delete": "select iam_id from serviceids where id = :it",
    "iam trusted-profile-delete": "select iam_id from trustedprofiles where id = :it",
}

# What puts a person back into a group, where all memberships end at once.
_PURGE = "iam access-group-user-purge"
_STATIC_GROUPS = f"{_GROUPS} and members.membership_type = 'static' order by 1"

# The command line writes in capitals what the API does not.
_LEAKED = "select upper(action_when_leaked) from apikeys where id = :it"

# By command: the value that is there now, which would have to come back.
_BEFORE: Mapping[str, str] = {
    "iam account-settings-external-interaction-update": (
        "select state from external_identity_settings "
        "where account_id = :account and identity_type = :it"
    ),
    "cbr rule-patch": "select enforcement_mode from cbr_rules where id = :it",
    "iam api-key-update": _LEAKED,
    "iam service-api-key-update": _LEAKED,
    "account user-status-update": (
        "select state from users where account_id = :account and user_id = :it"
    ),
}
_SETTINGS = {column.name for column in TABLE["account_settings"].columns} - {"account_id"}


class Named:
    """What a file knows of the things that the commands of one account name.

    Without a connection it knows nothing, and tells them as the commands do.
    """

    def __init__(self, connection: sqlite3.Connection | None, account_id: str) -> None:
        self._connection = connection
        self._account = account_id

    def does(self, step: Step) -> str:
        """What a step does, with names."""
        kind = step.kind
        if not kind.arguments:
            return f"{kind.does} {' '.join(step.words[:3])}"
        told = [
            self._named(what, argument)
            for what, argument in zip(kind.arguments, step.arguments, strict=False)
            if what != "policy"
        ]
        return kind.does.format(*told) if len(told) >= kind.does.count("{") else kind.does

    def policy(self, step: Step) -> str | None:
        """What the policy grants that a step deletes, with who holds it where `does` cannot say."""
        said = "roles || ' on ' || target" if len(step.kind.arguments) > 1 else "sentence"
        for what, argument in zip(step.kind.arguments, step.arguments, strict=False):
            if what == "policy":
                sql = f"select {said} from policy_sentences where policy_id = :it"
                return self._one(sql, argument)
        return None

    def hanging(self, step: Step) -> Iterator[str]:
        """What else hangs on what a step takes away, one line for each kind of thing."""
        key = self._key(step)
        for heading, sql in _HANGING.get(step.name, ()) if key else ():
            names = sorted({one_line(str(row[0])) for row in self._ask(sql, key)})
            if names:
                more = f" and {len(names) - MOST:,} more" if len(names) > MOST else ""
                yield f"{heading} ({len(names):,}): {'; '.join(names[:MOST])}{more}"

    def undo(self, step: Step) -> list[str]:
        """The commands that take a step back, or a sentence why none does."""
        kind = step.kind
        words = [shlex.quote(one_line(word)) for word in step.arguments]
        if step.name == _PURGE and (person := self._key(step)):
            groups = [shlex.quote(one_line(row[0])) for row in self._ask(_STATIC_GROUPS, person)]
            if groups:
                return [f"ibmcloud iam access-group-user-add {one} {words[0]}" for one in groups]
        if not kind.is_undone:
            return [kind.undo]
        before = self._before(step) if "{before}" in kind.undo else ""
        if before is None:
            return ["To undo it, restore the current value, which is not in the file."]
        return [kind.undo.format(*words, before=shlex.quote(one_line(before)))]

    def _before(self, step: Step) -> str | None:
        sql = _BEFORE.get(step.name, "")
        if step.name == "iam account-settings-update":
            setting = step.arguments[0].lstrip("-").replace("-", "_")
            if setting not in _SETTINGS:
                return None
            sql = f"select {setting} from account_settings where account_id = :account"
        return self._one(sql, step.arguments[0])

    def _key(self, step: Step) -> str | None:
        """The key by which the things are found that hang on the first argument."""
        if not step.arguments or not step.kind.arguments:
            return None
        first, what = step.arguments[0], step.kind.arguments[0]
        if what == "access group":
            return self._groups.get(first)
        if what == "user":
            return self._people.get(first, (None, None))[0]
        if step.name in _IDENTITIES:
            return self._one(_IDENTITIES[step.name], first)
        return first

    def _named(self, what: str, argument: str) -> str:
        if what == "user":
            name = self._people.get(argument, (None, None))[1]
            return one_line(f"{name} ({argument})" if name not in (None, argument) else argument)
        if what == "setting":
            return one_line(argument.lstrip("-").replace("-", " "))
        words, sql = _NAMES[what]
        return words.format(one_line((sql and self._one(sql, argument)) or argument))

    @cached_property
    def with_one_way(self) -> set[str]:
        """The identities whose paths of escalation all begin with one and the same policy."""
        sql = "select iam_id from sole_escalation_policies where account_id = :account"
        return {row[0] for row in self._ask(sql)}

    @cached_property
    def _people(self) -> dict[str, tuple[str, str]]:
        return {
            row[0]: (row[1], row[2])
            for row in self._ask(
                "select users.user_id, users.iam_id, identities.name from users "
                "join identities on identities.iam_id = users.iam_id "
                "where users.account_id = :account and users.user_id is not null",
            )
        }

    @cached_property
    def _groups(self) -> dict[str, str]:
        sql = "select name, id from access_groups where account_id = :account"
        return {row[0]: row[1] for row in self._ask(sql)}

    def _one(self, sql: str, it: str) -> str | None:
        return next((str(row[0]) for row in self._ask(sql, it) if row[0] is not None), None)

    def _ask(self, sql: str, it: str | None = None) -> list[Any]:
        if self._connection is None:
            return []
        return self._connection.execute(sql, {"account": self._account, "it": it}).fetchall()
