"""What a check says: violations, and what it could not decide."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from .documents import Place
from .proposals import Proposal

NEW_ACCESS, NOT_GRANTED = "new-access", "not-granted"
PUBLIC_ACCESS, ESCALATION = "public-access", "escalation"
#: Of what no check can judge.
INPUT = "input"


@dataclass(frozen=True)
class Violation:
    """One sentence on one proposal. `undecided` if it is not known whether it breaks the check.

    `holder` is who would get something; `rule` is the rule of a file that is broken.
    """

    check: str
    place: Place
    label: str
    message: str
    undecided: bool = False
    holder: str | None = None
    rule: str | None = None


def without(secrets: Iterable[str], one: Violation) -> Violation:
    """The same without values that are not to be shown."""
    pattern = "|".join(re.escape(each) for each in sorted(secrets, key=len, reverse=True))
    if not pattern:
        return one

    def hidden(text: str | None) -> str | None:
        return text and re.sub(pattern, "(sensitive)", text, flags=re.IGNORECASE)

    return replace(
        one,
        label=hidden(one.label) or "",
        message=hidden(one.message) or "",
        holder=hidden(one.holder),
    )


def violation(
    check: str,
    proposal: Proposal,
    message: str,
    holder: str | None = None,
    rule: str | None = None,
) -> Violation:
    """Something that breaks a check."""
    return Violation(check, proposal.place, proposal.label, message, False, holder, rule)


def undecided(
    check: str, proposal: Proposal, why: str, holder: str | None = None, rule: str | None = None
) -> Violation:
    """Something of which it cannot be told whether it does; `why` is a clause."""
    message = f"undecided, because {why}"
    return Violation(check, proposal.place, proposal.label, message, True, holder, rule)


def later(names: Sequence[str]) -> str:
    """Which values are not known yet, as a clause."""
    values = "value of {} is" if len(names) == 1 else "values of {} are"
    return f"the {values.format(listed(names))} known only after apply"


def parted(phrases: Iterable[str]) -> str:
    """Phrases with commas in them as people list them."""
    return listed(phrases, comma=";")


def listed(words: Iterable[str], most: int = 3, comma: str = ",") -> str:
    """Words as people list them; only the first ones of many."""
    given = [*dict.fromkeys(words)]
    if len(given) > most + 1:
        given = [*given[:most], f"{len(given) - most} more"]
    if len(given) < 3:
        return f"{'' if comma == ',' else comma} and ".join(given)
    return f"{f'{comma} '.join(given[:-1])}{comma} and {given[-1]}"
