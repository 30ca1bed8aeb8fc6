"""Reads the escalation paths of this folder and holds each against the schema, version 1.

One file for each path, ibm-iam-NNN.yml, so that others can cite it: a number is never used for
another path, and a path that turns out to be none stays, with a sentence that says so. Nothing
here is read when the program runs: docs/escalation_pages.py makes two facts from it, and the
documentation.

| key | is |
| --- | --- |
| schema | the version of this schema: 1 |
| id | the name of the file |
| title | what somebody does, in a few words: Create an API key for a service ID |
| summary | sentences on why that leads to more access |
| gives | what is reached, one of GIVES |
| outcome | what is reached, in the words of reports |
| step | what the holder does to it, in the words of paths, after its name: creates a key for it |
| prerequisites | what must be the case, besides the role or action |
| steps | what to do, in order |
| allowed_by | the roles and actions that allow it, each with its confidence |
| confidence | that of a path which no role or action stands for |
| means | what makes it possible, where that is no action of IAM |
| inferred | what of it IBM's documentation does not say |
| undecided_because | why a collection cannot decide who can take it; without it, facts decide it |
| audit | the actions of IBM Cloud's activity tracking events that show it |
| no_audit_because | why there are none; if and only if there are none |
| remediation | how to close it |
| sources | the documents that it is taken from |
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

SCHEMA = 1
CONFIDENCES = ("high", "medium", "low")
GIVES = frozenset(
    {
        *("full_control", "group", "service_id", "profile", "user", "role", "resource"),
        *("credential", "claims", "authorization", "project", "settings", "lasting_access"),
        "child_accounts",
    }
)
FOLDER = Path(__file__).parent

_ID = re.compile(r"ibm-iam-(\d{3})")
_ACTION = re.compile(r"[a-z][a-z0-9-]*(\.[A-Za-z][A-Za-z0-9_-]*){2,3}")
_EVENT = re.compile(r"(<service-name>|[a-z][a-z0-9-]*)(\.[a-z][a-z0-9-]*){2,3}")
_NAME = re.compile(r"[A-Z][A-Za-z]+")
_TEXTS = ("title", "summary", "outcome", "step", "remediation")
_OPTIONAL_TEXTS = ("means", "inferred", "undecided_because", "no_audit_because")
_SENTENCES = ("summary", "inferred", "undecided_because", "no_audit_because", "remediation")
_LISTS = ("prerequisites", "steps", "sources", "audit")
_ALLOWED = {"service": None, "platform_roles": _NAME, "service_roles": _NAME, "actions": _ACTION}
_REQUIRED = {"schema", "id", "gives", "allowed_by", *_TEXTS, *_LISTS}
_KEYS = {*_REQUIRED, *_OPTIONAL_TEXTS, "confidence"}


@dataclass(frozen=True)
class Allowed:
    """What allows a path on one service, as policies name it; None is any service.

    Each role and action has its confidence: role:Administrator is a platform role,
    serviceRole:Writer one of services.
    """

    service: str | None
    roles: Mapping[str, str]
    actions: Mapping[str, str]


@dataclass(frozen=True)
class EscalationPath:
    """One path, as its file has it: see the keys above."""

    id: str
    title: str
    summary: str
    gives: str
    outcome: str
    step: str
    prerequisites: tuple[str, ...]
    steps: tuple[str, ...]
    allowed_by: tuple[Allowed, ...]
    confidence: str
    means: str | None
    inferred: str | None
    undecided_because: str | None
    audit: tuple[str, ...]
    no_audit_because: str | None
    remediation: str
    sources: tuple[str, ...]

    @property
    def number(self) -> int:
        """The number in its ID."""
        return int(self.id[-3:])

    @property
    def decided(self) -> bool:
        """Whether facts decide who can take it."""
        return self.undecided_because is None

    @property
    def actions(self) -> tuple[str, ...]:
        """Every action that allows it, each once, in the order of the file."""
        return tuple(dict.fromkeys(name for one in self.allowed_by for name in one.actions))


def read_paths(folder: Path = FOLDER) -> tuple[EscalationPath, ...]:
    """The paths of a folder, by number; raises ValueError where a file is not as it should be."""
    return tuple(
        read_path(path.stem, path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.yml"))
    )


def read_path(name: str, text: str) -> EscalationPath:
    """The path that a file of this name has as its text; raises ValueError with all its faults."""
    try:
        said = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"{name}.yml is not YAML: {error}") from error
    faults = list(_faults(name, said)) if isinstance(said, dict) else ["is no mapping"]
    if faults:
        raise ValueError(f"{name}.yml {'; '.join(faults)}.")
    allowed = tuple(map(_allowed, said["allowed_by"]))
    levels = [level for one in allowed for level in (*one.roles.values(), *one.actions.values())]
    texts = {key: _line(said[key]) for key in (*_TEXTS, *_OPTIONAL_TEXTS) if key in said}
    lists = {key: tuple(map(_line, said[key])) for key in _LISTS}
    return EscalationPath(
        id=said["id"],
        title=texts["title"],
        summary=texts["summary"],
        gives=said["gives"],
        outcome=texts["outcome"],
        step=texts["step"],
        prerequisites=lists["prerequisites"],
        steps=lists["steps"],
        allowed_by=allowed,
        confidence=said.get("confidence") or min(levels, key=CONFIDENCES.index),
        means=texts.get("means"),
        inferred=texts.get("inferred"),
        undecided_because=texts.get("undecided_because"),
        audit=lists["audit"],
        no_audit_because=texts.get("no_audit_because"),
        remediation=texts["remediation"],
        sources=lists["sources"],
    )


def _line(text: str) -> str:
    return " ".join(text.split())


def _allowed(said: Mapping[str, Any]) -> Allowed:
    return Allowed(
        said["service"],
        {
            f"{kind}:{name}": level
            for kind, key in (("role", "platform_roles"), ("serviceRole", "service_roles"))
            for name, level in said.get(key, {}).items()
        },
        said.get("actions", {}),
    )


def _faults(name: str, said: Mapping[str, Any]) -> list[str]:
    faults = [f"lacks {key}" for key in sorted(_REQUIRED - said.keys())]
    faults += [f"has an unknown key: {key}" for key in sorted(said.keys() - _KEYS)]
    if faults:
        return faults
    if said["schema"] != SCHEMA:
        faults.append(f"is of schema {said['schema']}, and this program reads {SCHEMA}")
    if said["id"] != name or not _ID.fullmatch(name):
        faults.append("has an ID that is not its name, or not like ibm-iam-001")
    if said["gives"] not in GIVES:
        faults.append(f"gives {said['gives']}, which is none of {', '.join(sorted(GIVES))}")
    for key in (*_TEXTS, *(key for key in _OPTIONAL_TEXTS if key in said)):
        if not isinstance(said[key], str) or not said[key].strip():
            faults.append(f"has no text in {key}")
        elif (key in _SENTENCES) is not said[key].strip().endswith("."):
            faults.append(f"{'needs' if key in _SENTENCES else 'has'} a full stop in {key}")
    for key in _LISTS:
        if not isinstance(said[key], list) or not all(isinstance(one, str) for one in said[key]):
            faults.append(f"has no list of texts in {key}")
        elif not said[key] and key != "audit":
            faults.append(f"has nothing in {key}")
    if faults:
        return faults
    faults += [
        f"has no event's name in audit: {e}" for e in said["audit"] if not _EVENT.fullmatch(e)
    ]
    if bool(said["audit"]) == ("no_audit_because" in said):
        faults.append("needs either audit or no_audit_because")
    return faults + _faults_of_allowed(said)


def _faults_of_allowed(said: Mapping[str, Any]) -> list[str]:
    entries = said["allowed_by"]
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        return ["has no list of mappings in allowed_by"]
    faults = []
    for one in entries:
        if "service" not in one or one.keys() - _ALLOWED:
            faults.append(
                "needs service in allowed_by, and roles and actions as the schema has them"
            )
            continue
        if not one.keys() - {"service"}:
            faults.append(f"allows {one['service']} by nothing")
        for key in one.keys() - {"service"}:
            pattern = _ALLOWED[key]
            for name, level in one[key].items():
                if not (pattern and pattern.fullmatch(name)) or level not in CONFIDENCES:
                    faults.append(f"has {name}: {level} in {key}")
    services = [one.get("service") for one in entries]
    if len({*services}) != len(services):
        faults.append("has a service twice in allowed_by")
    if bool(entries) == ("confidence" in said) or said.get("confidence", "high") not in CONFIDENCES:
        faults.append("needs confidence where allowed_by is empty, and only there")
    if any(one.get("actions") for one in entries) == ("means" in said):
        faults.append("needs either actions or means")
    return faults
