"""Reads files, and runs the checks that were asked for on all that they propose together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from .access import Comparison
from .documents import read_document
from .escalation import escalations
from .file import known
from .granted import check_entries, check_policies, check_roles, unknown_names
from .overlay import Asked, Overlay, overlay_of
from .policies import policies_in
from .proposals import CustomRole, Entry, NotChecked, Policy, Proposal, PublicAccess
from .public import check_public_access
from .rules import Rule
from .sources import Sources
from .terraform import changes_in, is_plan
from .verdicts import INPUT, Violation, undecided, without

_Kind = TypeVar("_Kind", bound=Proposal)


@dataclass(frozen=True)
class Checks:
    """Which checks to run. Without rules nothing is held against them."""

    rules: Sequence[Rule] = ()
    no_new_access: bool = False
    no_public_access: bool = False
    no_escalation: bool = False


@dataclass(frozen=True)
class Outcome:
    """What the checks found, in the order of the files, how many of each kind was checked, and what
    else somebody should know, in sentences.
    """

    violations: tuple[Violation, ...]
    checked: Counter[str]
    notes: tuple[str, ...] = ()


def read_proposals(files: Iterable[Path], terraform: Path | None = None) -> list[Proposal]:
    """All that the files propose, in order; raises CheckError.

    What plans propose stands where its blocks do in `terraform`, the folder of the configuration.
    """
    found: list[Proposal] = []
    sources = Sources(terraform) if terraform else None
    for file in files:
        document = read_document(file)
        if not is_plan(document):
            found += policies_in(document)
            continue
        for one in changes_in(document):
            place = sources.place(document, one.address) if sources else None
            found.append(replace(one, place=place) if place else one)
    return found


def run(
    proposals: Sequence[Proposal], checks: Checks, database: Path | None, account: str | None = None
) -> Outcome:
    """Run the checks against a file, if there is one; `account` is the name or ID of one of its
    accounts. Raises CheckError, DatabaseError, and NameUnresolved.
    """
    with overlay_of(database, account) as overlay:
        return outcome_of(overlay, proposals, checks)


def outcome_of(overlay: Overlay, proposals: Sequence[Proposal], checks: Checks) -> Outcome:
    """Run the checks over a file that is open; raises CheckError."""
    for role in _of(CustomRole, proposals):
        overlay.add_role(role)
    policies = [
        overlay.add(one, known(overlay, one.holder) if one.holder else None)
        for one in _of(Policy, proposals)
    ]
    services = {one for rule in checks.rules for one in rule.services | rule.action_services}
    overlay.derive(
        sorted(one for one in services if "*" not in one),
        with_instances=checks.no_new_access,
    )
    entries = [
        replace(
            one, into=known(overlay, one.into), who=known(overlay, one.who) if one.who else None
        )
        for one in _of(Entry, proposals)
    ]
    found = [
        *_not_understood(overlay, policies, proposals),
        *_run(overlay, policies, entries, proposals, checks),
    ]
    places = {id(one.place): number for number, one in enumerate(proposals)}
    found.sort(key=lambda one: places[id(one.place)])
    secrets = {secret for one in proposals for secret in one.secrets}
    found = [without(secrets, one) for one in found]
    others = _of((Entry, CustomRole, PublicAccess), proposals)
    kinds = Counter({"policies": len(policies), "other_changes": len(others)})
    return Outcome(tuple(dict.fromkeys(found)), kinds, tuple(unknown_names(overlay, checks.rules)))


def _run(
    overlay: Overlay,
    policies: Sequence[Asked],
    entries: Sequence[Entry],
    proposals: Sequence[Proposal],
    checks: Checks,
) -> Iterator[Violation]:
    roles, settings = _of(CustomRole, proposals), _of(PublicAccess, proposals)
    if checks.no_public_access:
        yield from check_public_access(overlay, policies, settings)
    if checks.rules:
        yield from check_policies(overlay, policies, checks.rules)
        yield from check_entries(overlay, entries, checks.rules)
        yield from check_roles(overlay, roles, checks.rules)
    if checks.no_new_access:
        comparison = Comparison(overlay, policies)
        yield from comparison.check_policies()
        yield from comparison.check_entries(entries)
        yield from comparison.check_roles(roles)
        yield from comparison.check_settings(settings)
    if checks.no_escalation:
        yield from escalations(overlay, policies, entries, roles)


def _not_understood(
    overlay: Overlay, policies: Sequence[Asked], proposals: Sequence[Proposal]
) -> Iterator[Violation]:
    for asked in policies:
        for why in (*asked.odd, *overlay.misunderstood(asked)):
            yield undecided(INPUT, asked.policy, why)
    for one in _of(NotChecked, proposals):
        if not one.harmless:
            yield undecided(INPUT, one, one.why)


def _of(kind: type[_Kind] | tuple[type[_Kind], ...], proposals: Iterable[Proposal]) -> list[_Kind]:
    return [one for one in proposals if isinstance(one, kind)]
