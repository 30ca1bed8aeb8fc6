"""Findings as SARIF 2.1.0, which code scanning of GitHub and others read.

The format: OASIS, Static Analysis Results Interchange Format 2.1.0. A report is a rule, a row a
result. A finding is in no source file: its place is the thing it is about, as a logical location,
and the file of the report, because GitHub shows no result without a file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from .. import __version__
from .output import Answer
from .report import Report

_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
# GitHub's scale from 0 to 10, in the middle of the range that it calls by the same name.
_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0", "info": "0.0"}
_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def sarif(answers: Sequence[Answer]) -> str:
    """The findings as the text of one SARIF file; inventories, which find nothing, are left out."""
    found = [
        (answer.report, dict(zip(answer.columns, row, strict=True)), row[1])
        for answer in answers
        if answer.report.identifiers
        for row in answer.rows
    ]
    # Code scanning takes the severity of the rule: rows of another one are of a rule of their own.
    rules = {one.report.name: _rule(one.report) for one in answers if one.report.identifiers}
    for report, cells, _ in found:
        severity = report.severity_of(cells)
        rules.setdefault(_rule_id(report, severity), _rule(report, severity))
    places = {name: place for place, name in enumerate(rules)}
    return log_of(list(rules.values()), [_result(*one, places) for one in found])


def log_of(rules: Sequence[Mapping[str, Any]], results: Sequence[Mapping[str, Any]]) -> str:
    """The text of a SARIF file with one run: rules, and results that refer to them."""
    driver = {"name": "IAM insights", "version": __version__, "rules": rules}
    log = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }
    return json.dumps(log, ensure_ascii=False, indent=2) + "\n"


def _rule_id(report: Report, severity: str) -> str:
    return report.name if severity == report.severity else f"{report.name}/{severity}"


def _rule(report: Report, severity: str | None = None) -> dict[str, Any]:
    severity = severity or report.severity
    return {
        "id": _rule_id(report, severity),
        "shortDescription": {"text": report.title},
        "fullDescription": {"text": report.question},
        "help": {"text": "\n\n".join(filter(None, (report.why, report.remediation, report.notes)))},
        "defaultConfiguration": {"level": _LEVELS[severity]},
        "properties": {
            "tags": ["security", "iam", report.category, *report.references],
            "security-severity": _SCORES[severity],
        },
    }


def _result(
    report: Report, cells: Mapping[str, Any], what: Any, places: Mapping[str, int]
) -> dict[str, Any]:
    severity = report.severity_of(cells)
    rule = _rule_id(report, severity)
    finding = " ".join(str(cells[name]) for name in report.identifiers)
    about = str(what if what is not None else finding)
    text = f"{report.title}: {about}, in account {cells.get('account')}."
    if command := cells.get("command"):
        text += f" Fix it: {command}"
    if remark := cells.get("remark"):
        text += f" {remark}"
    result = {
        "ruleId": rule,
        "ruleIndex": places[rule],
        "level": _LEVELS[severity],
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
