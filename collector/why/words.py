"""An answer as text for people: what the command prints, and the sentences of the page."""

from __future__ import annotations

import textwrap

from ..resolve import ACCOUNT, GROUP, INSTANCE, MANAGEMENT, RESOURCE_GROUP, SERVICE
from .answer import Answer, Miss, Way
from .misses import PUBLIC, ROLE, STATE, TIME, TOGETHER
from .targets import CONDITIONAL, FULL, PART, Target

_MOST = 10  # near misses in a text


def verdict(found: Answer) -> str:
    """Allowed or not, in one or two sentences."""
    who = _who(found)
    has = f"{who} can perform" if found.asked.is_action else f"{who} has"
    it = f"{found.asked.thing.name} on {_target(found.target)}"
    if found.is_owner:
        account = found.target.account
        return f"Yes. {who} is the owner of {account} and has all access without a policy."
    if found.scope == CONDITIONAL:
        return f"Yes, but only under a condition. {has} {it} {_conditions(found.ways)}."
    if found.scope == PART:
        return f"Yes, but only on a part of it. {has} {it} as far as the policies below reach."
    if found.allowed:
        return f"Yes. {has} {it}."
    has_not = f"{who} cannot perform" if found.asked.is_action else f"{who} does not have"
    if found.assumable:
        names = ", ".join(one.profile.name for one in found.assumable)
        return (
            f"No, but by assuming a trusted profile. {has_not} {it} itself; it can assume {names}."
        )
    covering = sorted({miss.covers for miss in found.misses if miss.covers})
    if covering:
        return (
            f"No, but with another role. {has_not} the role {it}; it has {', '.join(covering)}, "
            f"which includes every action of {found.asked.thing.name} there."
        )
    return f"No. {has_not} {it}."


def through(way: Way) -> str:
    """How an identity comes to a policy that grants."""
    holder = way.policy.holder
    if holder.group is None:
        return "its own policy"
    member = {"public": "everybody", None: "itself"}.get(holder.membership, holder.membership)
    return f"access group {holder.group} ({member})"


def notes(way: Way) -> list[str]:
    """What limits a policy that grants."""
    return [
        *(["only on a part of it"] if way.scope == PART else []),
        *([f"only {way.policy.condition}"] if way.policy.condition else []),
        *(
            [f"public access: {way.policy.holder.public_access}"]
            if way.policy.holder.public_access
            else []
        ),
    ]


def reason(miss: Miss, target: Target) -> str:
    """The first thing in which a policy fails, with both values, and what else fails."""
    also = {ROLE: "the role", STATE: "the state", TIME: "the condition"}
    more = " and ".join(also.get(name, name) for name in miss.more)
    return _first_reason(miss, target) + (f"; {more} would fail, too" if more else "")


def _first_reason(miss: Miss, target: Target) -> str:
    name, wanted, actual = miss.fails.name, miss.words.wanted, miss.words.actual
    if not miss.fails.side:
        said = _OTHERS[name].format(wanted=wanted, actual=actual)
        return said + (f"; {miss.covers} includes every action of {wanted}" if miss.covers else "")
    if miss.fails.names_nothing:
        return f"{name}: the policy requires {wanted}, but names no account management service"
    if name == "resourceType" and not target.is_management:
        return f"{name}: the policy is about {wanted}, not about what is in a resource group"
    called = "access tag" if miss.fails.side == "tag" else name
    return f"{called}: the policy requires {wanted}, {target.thing.name} has {actual}"


_OTHERS = {
    ROLE: "role: the policy grants {actual}, not {wanted}",
    STATE: "state: the policy is {actual}, not {wanted}",
    TIME: "condition: {wanted}",
    PUBLIC: "public access: it is {actual}, so policies of everybody have no effect",
    TOGETHER: "attributes: each of them fits something, but nothing fits all of them",
}


def text(found: Answer, width: int) -> str:
    """The whole answer, in lines as wide as a terminal."""
    lines = [verdict(found)]
    lines += [one.text for one in found.remarks if one.about == "state"]
    if found.ways:
        lines += ["", "Granted by:", *_granting(found.ways)]
    for one in found.assumable:
        lines += ["", f"Granted to trusted profile {one.profile.name}, which it can assume, by:"]
        lines += _granting(one.ways)
    missing = _missing(found) if found.scope != FULL else []
    lines += ["", *missing] if missing else []
    said = [f"- {one.text}" for one in found.remarks if one.about != "state"]
    lines += ["", *said] if said else []
    if found.collected_at:
        account, moment = found.target.account, found.collected_at
        lines += ["", f"As configured when {account} was collected: {moment}."]
    return "".join(f"{part}\n" for line in lines for part in _wrapped(_plain(line), width))


def _wrapped(line: str, width: int) -> list[str]:
    """A line in as many as it needs, each as far from the left."""
    indent = " " * (len(line) - len(line.lstrip(" -")))
    whole = {"break_long_words": False, "break_on_hyphens": False}
    return textwrap.wrap(line, width, subsequent_indent=indent, **whole) or [""]  # type: ignore


def _granting(ways: tuple[Way, ...]) -> list[str]:
    lines = []
    for way in ways:
        lines.append(f"  {way.sentence}")
        about = "; ".join([f"through {through(way)}", f"role {way.roles}", *notes(way)])
        lines.append(f"    {about}; policy {way.policy.id}")
    return lines


def _missing(found: Answer) -> list[str]:
    lines = []
    if found.misses:
        lines.append("Nearly granted by:" if found.near else "Closest to it:")
        for miss in found.misses[:_MOST]:
            lines += [
                f"  {miss.sentence}",
                f"    {reason(miss, found.target)}; policy {miss.policy.id}",
            ]
        if found.near > _MOST:
            lines.append(f"  and {found.near - _MOST:,} more")
    return [line for line in (*lines, rest(found)) if line]


def rest(found: Answer) -> str:
    """How many policies are not told of."""
    others = found.others - (0 if found.near else len(found.misses))
    if others:
        differ = "policy differs" if others == 1 else "policies differ"
        more = "more " if found.misses or found.ways else ""
        return f"{others:,} {more}{differ} in more than one way."
    return "" if found.misses or found.ways else "It has no policies at all."


def _who(found: Answer) -> str:
    kind = "" if found.identity.kind in ("person", "identity") else f"{found.identity.kind} "
    name = f"{kind}{found.identity.name}"
    name = name[0].upper() + name[1:] if kind else name
    return f"{name} (its members)" if found.identity.kind == GROUP else name


def _target(target: Target) -> str:
    name = target.thing.name
    return {
        INSTANCE: f"{target.service_name or 'service'} instance {name}",
        MANAGEMENT: f"account management service {name}",
        SERVICE: f"service {name}",
        RESOURCE_GROUP: f"what is in resource group {name}",
        ACCOUNT: f"account management of {name}",
    }[target.thing.kind]


def _conditions(ways: tuple[Way, ...]) -> str:
    return ", or ".join(sorted({way.policy.condition or "under a condition" for way in ways}))


def _plain(line: str) -> str:
    """A line without characters that move a cursor or change a terminal."""
    return "".join(c if c.isprintable() else " " for c in line)
