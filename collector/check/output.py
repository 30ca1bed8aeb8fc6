"""What the checks found, as text, JSON, or SARIF 2.1.0."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..errors import CheckError
from ..reports.sarif import log_of
from .running import Outcome
from .verdicts import ESCALATION, INPUT, NEW_ACCESS, NOT_GRANTED, PUBLIC_ACCESS, Violation

# Each check with what it holds to, and why.
_CHECKS = {
    NEW_ACCESS: (
        "New access",
        "Nobody gets access that the collected file does not have for them.",
        "Remove what is new, or accept the change and collect the account after it is made.",
    ),
    NOT_GRANTED: (
        "Access that nobody should get",
        "Nobody gets a role or an action that the rules forbid.",
        "Grant less, or name who may have it under except in the rules.",
    ),
    PUBLIC_ACCESS: (
        "Public access",
        "Nothing is granted to people without a login.",
        "Grant it to an access group with members.",
    ),
    ESCALATION: (
        "Privilege escalation",
        "Nobody gets a path to full control of the account.",
        "Grant a role that cannot change access, or limit it to what it is for.",
    ),
    INPUT: (
        "Not checked",
        "Everything that is proposed can be understood.",
        "Look at it yourself, or write it in a way that can be checked.",
    ),
}


def as_text(outcome: Outcome) -> str:
    """One line for each violation, and one with the numbers."""
    lines = [f"{one.place}: {one.label}: {one.message} [{one.check}]" for one in outcome.violations]
    return "\n".join(map(_on_one_line, (*lines, _summary(outcome)))) + "\n"


def _on_one_line(text: str) -> str:
    """Without what could begin a line or steer a terminal: names are whatever a proposal says."""
    return "".join(c if c.isprintable() else " " for c in text)


def as_json(outcome: Outcome) -> str:
    """An object with violations and numbers; docs/check.md describes it."""
    log = {
        "violations": [
            {
                "check": one.check,
                "undecided": one.undecided,
                "file": one.place.file,
                "line": one.place.line,
                "column": one.place.column,
                "proposal": one.label,
                "holder": one.holder,
                "rule": one.rule,
                "message": one.message,
            }
            for one in outcome.violations
        ],
        "checked": dict(outcome.checked),
        "notes": list(outcome.notes),
    }
    return json.dumps(log, ensure_ascii=False, indent=2) + "\n"


def as_sarif(outcome: Outcome) -> str:
    """The text of a SARIF file: what is undecided is a warning, everything else an error."""
    names = [*_CHECKS]
    return log_of(
        [_rule(name) for name in names],
        [_result(one, names.index(one.check)) for one in outcome.violations],
    )


def write_sarif(outcome: Outcome, path: Path) -> None:
    """Write the SARIF file; raises CheckError if that is not possible."""
    try:
        path.write_text(as_sarif(outcome), encoding="utf-8")
    except OSError as error:
        raise CheckError(f"{path} cannot be written: {error.strerror}.") from None


#: What --format can be.
FORMATS: Mapping[str, Callable[[Outcome], str]] = {
    "text": as_text,
    "json": as_json,
    "sarif": as_sarif,
}


def _summary(outcome: Outcome) -> str:
    surely = sum(not one.undecided for one in outcome.violations)
    perhaps = len(outcome.violations) - surely
    policies = _count(outcome.checked["policies"], "policy", "policies")
    others = _count(outcome.checked["other_changes"], "other change", "other changes")
    violations = _count(surely, "violation", "violations")
    return f"Checked {policies} and {others}: {violations}, {perhaps:,} undecided."


def _count(number: int, one: str, several: str) -> str:
    return f"{number:,} {one if number == 1 else several}"


def _rule(check: str) -> dict[str, Any]:
    title, text, fix = _CHECKS[check]
    return {
        "id": check,
        "shortDescription": {"text": title},
        "fullDescription": {"text": text},
        "help": {"text": fix},
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["security", "iam"], "security-severity": "8.0"},
    }


def _result(one: Violation, index: int) -> dict[str, Any]:
    path = Path(one.place.file)
    uri = path.as_uri() if path.is_absolute() else quote(path.as_posix())
    properties = {"undecided": one.undecided, "holder": one.holder, "rule": one.rule}
    return {
        "ruleId": one.check,
        "ruleIndex": index,
        "level": "warning" if one.undecided else "error",
        "message": {"text": f"{one.label}: {one.message}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": uri},
                    "region": {"startLine": one.place.line, "startColumn": one.place.column},
                },
                "logicalLocations": [{"name": one.label, "kind": "resource"}],
            }
        ],
        "partialFingerprints": {"proposal/v1": f"{one.check}/{one.label}/{one.message}"},
        "properties": {name: value for name, value in properties.items() if value is not None},
    }
