"""What a file proposes, however it is written: policies, memberships, trust, roles, settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .documents import Place

#: Stands in a policy for a value that Terraform knows only when it applies the plan.
KNOWN_LATER = "(known after apply)"

GROUP, USER, SERVICE_ID, PROFILE = "access group", "user", "service ID", "trusted profile"
SERVICE = "service"


@dataclass(frozen=True)
class Holder:
    """Who gets access. `id` is an ID of IBM Cloud, an email address for a user who is named by it,
    the address of what a plan creates, or None if it is not known.

    `is_new` is set for what the plan creates; `names` are the ways in which rules can name it.
    """

    kind: str
    id: str | None
    name: str = ""
    is_new: bool = False
    names: frozenset[str] = frozenset()

    def __str__(self) -> str:
        if self.kind == SERVICE and not self.id:
            return "any service"
        if self.id is None:
            return f"a {self.kind} that is not known yet"
        return f"{'the new ' if self.is_new else ''}{self.kind} {self.name or self.id}"


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """Something that a file asks for: where it stands, and how messages call it.

    `address` is that of its resource in a plan. `secrets` are values of it that are not to be
    shown, because Terraform does not show them.
    """

    place: Place
    label: str
    address: str = ""
    secrets: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Policy(Proposal):
    """A policy as IBM Cloud's JSON of this version has it.

    Its holder stands outside of it; that of an authorization, in its subject too. `role_names` are
    roles that are named as people see them. `unknown` names fields that are known only after apply:
    in `item` a word stands for each of their values, and `wide` is the policy without them, because
    a value that turns out to be empty limits nothing. `odd` says in a clause each what cannot be
    understood.
    """

    item: Mapping[str, Any]
    wide: Mapping[str, Any] | None = None
    version: str = "v2"
    type: str = "access"
    holder: Holder | None = None
    role_names: Sequence[str] = ()
    account_id: str | None = None
    unknown: Sequence[str] = ()
    odd: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Entry(Proposal):
    """Somebody enters an access group, or may assume a trusted profile.

    `who` is None for a dynamic rule, a claim rule, or a link: `whoever` describes them. `row` is
    how the file keeps such a rule: table, and the columns that tell one from another.
    """

    into: Holder
    who: Holder | None
    whoever: str = ""
    table: str = ""
    row: Mapping[str, Any] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        """Who enters, in words."""
        return str(self.who or self.whoever)

    def __str__(self) -> str:
        return f"{self.subject} {'joins' if self.into.kind == GROUP else 'can assume'} {self.into}"


@dataclass(frozen=True, kw_only=True)
class CustomRole(Proposal):
    """A custom role is created, or its actions are changed; `before` are those it has now."""

    name: str
    display_name: str
    service: str
    actions: Sequence[str]
    before: Sequence[str] = ()
    unknown: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class PublicAccess(Proposal):
    """Public access is switched on; `unknown` if that is known only after apply."""

    unknown: bool = False


@dataclass(frozen=True, kw_only=True)
class NotChecked(Proposal):
    """Something that nothing here can judge; `why` is a clause. It is `harmless` if it cannot
    grant anything.
    """

    why: str
    harmless: bool = False
