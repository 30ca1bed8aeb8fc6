"""Findings as SARIF 2.1.0, which code scanning of GitHub and others read.

The format: OASIS, Static Analysis Results Interchange Format 2.1.0. A report is a rule, a row a
result. A finding is in no source file: its place is the thing it is about, as a logical location,
and the file of the report, because GitHub shows no result without a file.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from . import __version__
from .terminal import Answer

_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
# GitHub's scale from 0 to 10, in the middle of the range that it calls by the same name.
_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0", "info": "0.0"}
_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def sarif(answers: Sequence[Answer]) -> str:
    """The findings as the text of one SARIF file; inventories, which find nothing, are left out."""
    finding = [answer for answer in answers if answer.report.identifiers]
    log = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "IAM insights",
                        "version": __version__,
                        "rules": [_rule(answer) for answer in finding],
                    }
                },
                "results": [
                    _result(answer, index, row)
                    for index, answer in enumerate(finding)
                    for row in answer.rows
                ],
            }
        ],
    }
    return json.dumps(log, ensure_ascii=False, indent=2) + "\n"


def _rule(answer: Answer) -> dict[str, Any]:
    report = answer.report
    return {
        "id": report.name,
        "shortDescription": {"text": report.title},
        "fullDescription": {"text": report.question},
        "help": {"text": f"{report.why}\n\n{report.remediation}"},
        "defaultConfiguration": {"level": _LEVELS[report.severity]},
        "properties": {
            "tags": ["security", "iam", report.category, *report.references],
            "security-severity": _SCORES[report.severity],
        },
    }


def _result(answer: Answer, index: int, row: tuple[Any, ...]) -> dict[str, Any]:
    report = answer.report
    cells = dict(zip(answer.columns, row, strict=True))
    finding = " ".join(str(cells[name]) for name in report.identifiers)
    about = str(row[1] if row[1] is not None else finding)
    text = f"{report.title}: {about}, in account {cells.get('account')}."
    if command := cells.get("command"):
        text += f" Mend it: {command}"
    result = {
        "ruleId": report.name,
        "ruleIndex": index,
        "level": _LEVELS[report.severity],
        "message": {"text": text},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": f"canned_queries/{report.name}.sql"},
                    "region": {"startLine": 1},
                },
                "logicalLocations": [
                    {
                        "name": about,
                        "fullyQualifiedName": f"{cells['account_id']}/{finding}",
                        "kind": "resource",
                    }
                ],
            }
        ],
        "partialFingerprints": {"finding/v1": f"{report.name}/{cells['account_id']}/{finding}"},
        "properties": {name: value for name, value in cells.items() if value is not None},
    }
    if note := cells.get("acknowledged"):
        result["suppressions"] = [{"kind": "external", "justification": note}]
    return result
