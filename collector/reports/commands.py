"""What the commands of findings do: taken apart, in words, in a safe order, with what undoes them.

A command is text of a report, with names in it that anybody may have chosen. It is taken apart only
where every character of it is one that a shell takes as it stands, or is quoted: what is not, is no
command to anybody.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

# The stages of a plan, in the order in which they are safe.
UNLOCK = "Unlock what the following steps change"
ADD = "Add replacements"
CHANGE = "Change settings"
DISABLE = "Disable and suspend: this can be undone"
REMOVE = "Remove access"
DELETE = "Delete what is no longer needed"
OTHER = "Commands of your own reports"
LOCK = "Lock"
STAGES = (UNLOCK, ADD, CHANGE, DISABLE, REMOVE, DELETE, OTHER, LOCK)

_NEW_ID = "Cannot be undone: a new one has another ID, and its access must be granted again."
_NEW_SECRET = "Cannot be undone: whatever uses it needs a new one."
_TRUST = "To undo it, create it again in the trusted profile."


@dataclass(frozen=True)
class Kind:
    """What a command of ibmcloud does, and how to take it back.

    `arguments` say what its first arguments are, as named.py knows them. `does` and `undo`
    have a place for each argument; `undo` is a command, or a sentence where there is none. Where a
    command sets something to a value, {before} is the one that it has now.
    """

    stage: str
    does: str
    undo: str
    arguments: tuple[str, ...] = ()

    @property
    def is_undone(self) -> bool:
        """Whether a command takes it back."""
        return self.undo.startswith("ibmcloud ")


def _lock(what: str, *arguments: str, locks: bool) -> Kind:
    verb, other = ("lock", "unlock") if locks else ("unlock", "lock")
    places = " ".join(f"{{{place}}}" for place in range(len(arguments)))
    return Kind(
        LOCK if locks else UNLOCK,
        f"{verb.capitalize()} {{0}}",
        f"ibmcloud iam {what}-{other} {places}",
        arguments,
    )


def _policy(holder: str) -> Kind:
    return Kind(
        REMOVE,
        "Delete a policy of {0}",
        "To undo it, create it again; for 10 days, the API can restore it.",
        (holder, "policy"),
    )


def _member(what: str, argument: str, *, leaves: bool) -> Kind:
    other = "add" if leaves else "remove"
    return Kind(
        REMOVE if leaves else ADD,
        "Remove {1} from {0}" if leaves else "Add {1} to {0}",
        f"ibmcloud iam access-group-{what}-{other} {{0}} {{1}}",
        ("access group", argument),
    )


_HOLDERS = {
    "access-group": "access group",
    "user": "user",
    "service": "service ID",
    "trusted-profile": "trusted profile",
}
_MEMBERS = {"user": "user", "service-id": "named service ID", "trusted-profile": "trusted profile"}
_KEYS = {"api-key": ("API key",), "service-api-key": ("API key", "service ID")}
_WORDS = {"api-key": "{0}", "service-api-key": "{0} {1}"}

# By the two words behind ibmcloud. Within a stage of a plan, commands come in this order.
KINDS: Mapping[str, Kind] = {
    "iam service-id-unlock": _lock("service-id", "service ID", locks=False),
    **{f"iam {key}-unlock": _lock(key, *words, locks=False) for key, words in _KEYS.items()},
    "iam access-group-create": Kind(
        ADD, "Create {0}", "ibmcloud iam access-group-delete {0}", ("new access group",)
    ),
    "iam access-group-policy-create": Kind(
        ADD,
        "Create a policy of {0}",
        "Undo it with the ID that it prints: ibmcloud iam access-group-policy-delete.",
        ("new access group",),
    ),
    **{
        f"iam {key}-policy-create": Kind(
            ADD,
            "Create a policy of {0}",
            f"Undo it with the ID that it prints: ibmcloud iam {key}-policy-delete.",
            (holder,),
        )
        for key, holder in _HOLDERS.items()
        if key != "access-group"
    },
    **{f"iam access-group-{m}-add": _member(m, who, leaves=False) for m, who in _MEMBERS.items()},
    **{
        f"iam {key}-policy-update": Kind(
            CHANGE,
            "Replace a policy of {0} by what the file has",
            "To undo it, replace it by its JSON of before, which the report has.",
            (holder, "policy"),
        )
        for key, holder in _HOLDERS.items()
    },
    "iam account-settings-update": Kind(
        CHANGE,
        "Set {0} of the account to {1}",
        "ibmcloud iam account-settings-update {0} {before}",
        ("setting", "value"),
    ),
    "iam account-settings-external-interaction-update": Kind(
        CHANGE,
        "Limit the access of other accounts' identities of type {0}",
        "ibmcloud iam account-settings-external-interaction-update {0} --state {before}",
        ("external identities",),
    ),
    "cbr rule-patch": Kind(
        CHANGE,
        "Change how {0} is enforced",
        "ibmcloud cbr rule-patch {0} --enforcement-mode {before}",
        ("context rule",),
    ),
    **{
        f"iam {key}-update": Kind(
            CHANGE,
            "Change what happens when {0} leaks",
            f"ibmcloud iam {key}-update {_WORDS[key]} --action-if-leaked {{before}}",
            words,
        )
        for key, words in _KEYS.items()
    },
    **{
        f"iam {key}-disable": Kind(
            DISABLE, "Disable {0}", f"ibmcloud iam {key}-enable {_WORDS[key]}", words
        )
        for key, words in _KEYS.items()
    },
    "account user-status-update": Kind(
        DISABLE, "Suspend {0}", "ibmcloud account user-status-update {0} {before}", ("user",)
    ),
    **{f"iam access-group-{m}-remove": _member(m, who, leaves=True) for m, who in _MEMBERS.items()},
    "iam access-group-user-purge": Kind(
        REMOVE,
        "Remove {0} from all access groups",
        "Cannot be undone for members by a dynamic rule, who come back at the next login.",
        ("user",),
    ),
    **{f"iam {key}-policy-delete": _policy(holder) for key, holder in _HOLDERS.items()},
    "iam authorization-policy-delete": Kind(
        REMOVE,
        "Delete an authorization between services",
        "To undo it, create it again: ibmcloud iam authorization-policy-create.",
        ("policy",),
    ),
    "iam trusted-profile-identity-delete": Kind(
        REMOVE, "Stop {1} from assuming {0}", _TRUST, ("trusted profile", "identity")
    ),
    "iam trusted-profile-link-delete": Kind(
        REMOVE, "Delete a link to compute of {0}", _TRUST, ("trusted profile", "link")
    ),
    "iam trusted-profile-rule-delete": Kind(
        REMOVE, "Delete a rule of {0}", _TRUST, ("trusted profile", "rule")
    ),
    "resource service-key-delete": Kind(DELETE, "Delete {0}", _NEW_SECRET, ("service credential",)),
    **{
        f"iam {key}-delete": Kind(DELETE, "Delete {0}", _NEW_SECRET, words)
        for key, words in _KEYS.items()
    },
    "iam access-group-delete": Kind(DELETE, "Delete {0}", _NEW_ID, ("access group",)),
    "iam trusted-profile-delete": Kind(DELETE, "Delete {0}", _NEW_ID, ("trusted profile",)),
    "iam service-id-delete": Kind(DELETE, "Delete {0}", _NEW_ID, ("service ID",)),
    "account user-remove": Kind(
        DELETE,
        "Remove {0} from the account",
        "To undo it, invite the user again and grant all access again.",
        ("user",),
    ),
    **{f"iam {key}-lock": _lock(key, *words, locks=True) for key, words in _KEYS.items()},
    "iam service-id-lock": _lock("service-id", "service ID", locks=True),
}
UNKNOWN = Kind(OTHER, "Run", "It is not known whether this can be undone.")

_PLACE = {name: place for place, name in enumerate(KINDS)}
_RELOCKED = {f"iam {key}-{verb}" for key in (*_KEYS, "service-id") for verb in ("lock", "unlock")}

# Characters that no shell gives a meaning, quoted text, and a quote between two quoted texts.
_WORD = r"(?:[A-Za-z0-9_@%+=:,./-]|'[^']*'|\\')+"
_WORDS_OF = re.compile(_WORD)
_QUOTED = re.compile(r"'([^']*)'|\\(')")
_STEP = re.compile(rf"{_WORD}(?: {_WORD})*")
_COMMAND = re.compile(rf"{_STEP.pattern}(?: && {_STEP.pattern})*")
# What ends a line or is no text, and what turns the direction in which text is read: with it a
# command could look like another one.
_DANGEROUS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Step:
    """One command of ibmcloud: as it is written, and its words without quotes."""

    text: str
    words: tuple[str, ...]

    @property
    def name(self) -> str:
        """The words that say what it does, as KINDS has them."""
        return " ".join(self.words[1:3])

    @property
    def kind(self) -> Kind:
        """What it does."""
        return KINDS.get(self.name, UNKNOWN)

    @property
    def arguments(self) -> tuple[str, ...]:
        """What stands behind its name."""
        return self.words[3:]

    @property
    def order(self) -> tuple[int, int, str]:
        """Where it comes in a plan."""
        return STAGES.index(self.kind.stage), _PLACE.get(self.name, len(_PLACE)), self.text

    @property
    def only_locks(self) -> bool:
        """Whether all it does is to lock or unlock something."""
        return self.name in _RELOCKED


def steps_of(command: str) -> tuple[Step, ...]:
    """The single commands of a command, in its order; none where it cannot be read safely."""
    if _DANGEROUS.search(command) or not _COMMAND.fullmatch(command):
        return ()
    found = tuple(Step(text, _words(text)) for text in _STEP.findall(command))
    return found if all(len(s.words) > 2 and s.words[0] == "ibmcloud" for s in found) else ()


def _words(text: str) -> tuple[str, ...]:
    """The words of a step without their quotes."""
    return tuple(
        _QUOTED.sub(lambda quoted: quoted[1] if quoted[2] is None else quoted[2], word)
        for word in _WORDS_OF.findall(text)
    )


def core(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps without those that only unlock something for the others and lock it again."""
    return tuple(step for step in steps if not step.only_locks) or steps


def one_line(text: str) -> str:
    """A text that cannot end a line, nor make it look like another one."""
    return _DANGEROUS.sub(" ", text)
