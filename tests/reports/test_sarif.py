"""Findings as SARIF: what the format demands, and what code scanning makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft4Validator, FormatChecker

from iaminsights.cli import main
from iaminsights.reports.catalogue import all_reports
from iaminsights.reports.findings import Acknowledgement
from iaminsights.sandbox import Account

from ..report_rows import day_in

# By OASIS, from https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/
SCHEMA = json.loads(Path(__file__).with_name("sarif-schema-2.1.0.json").read_text("utf-8"))


def sarif_of(path: Path, *words: str) -> dict:
    result = CliRunner().invoke(main, ["report", str(path), "--format", "sarif", *words])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def problems(log: dict) -> list[str]:
    validator = Draft4Validator(SCHEMA, format_checker=FormatChecker())
    return [error.message for error in validator.iter_errors(log)]


@pytest.fixture
def acme() -> Account:
    account = Account("Acme")
    robot = account.service_id("<robot>")
    account.add_api_key(robot, 'key "one" 🗝', id="ApiKey-1")
    account.add_api_key(robot, "accepted", id="ApiKey-2")
    return account


def test_all_reports_of_the_sample_are_valid(sample_file):
    log = sarif_of(sample_file)
    assert problems(log) == []
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    # Rows with another severity than their report's are of a rule of their own.
    reports = {report.name for report in all_reports() if report.identifiers}
    assert {rule.partition("/")[0] for rule in rules} == reports
    assert {result["ruleId"] for result in run["results"]} | reports == set(rules)
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"])
    marks = [result["partialFingerprints"]["finding/v1"] for result in run["results"]]
    assert len(set(marks)) == len(marks)


def test_a_file_that_breaks_the_format_is_noticed(sample_file):
    log = sarif_of(sample_file, "api_key_no_expiry")
    log["runs"][0]["results"][0]["level"] = "dire"
    assert problems(log)


def test_a_finding_in_full(collected, acme):
    entry = Acknowledgement(
        "api_key_no_expiry",
        {"apikey_id": "ApiKey-2"},
        "Replaced in March.",
        day_in(9),
    )
    path = collected(acme, reports=all_reports(), acknowledgements=[entry])
    log = sarif_of(path, "api_key_no_expiry")
    assert problems(log) == []
    accepted, first = log["runs"][0]["results"]
    service_id = acme.service_ids[0]["id"]
    assert first["message"]["text"] == (
        'API keys that never expire: key "one" 🗝, in account Acme. Fix it: '
        f"ibmcloud iam service-api-key-disable 'ApiKey-1' '{service_id}' "
        "If nothing fails after you disable it, delete it: "
        f"ibmcloud iam service-api-key-delete 'ApiKey-1' '{service_id}'"
    )
    assert (first["ruleId"], first["level"]) == ("api_key_no_expiry", "note")
    (place,) = first["locations"][0]["logicalLocations"]
    assert place["fullyQualifiedName"] == f"{acme.account_id}/ApiKey-1"
    assert "suppressions" not in first
    assert accepted["suppressions"][0]["kind"] == "external"
    assert accepted["suppressions"][0]["justification"].startswith("Replaced in March. (until ")


def test_inventories_are_no_findings(sample_file):
    log = sarif_of(sample_file, "policies_by_last_permit")
    assert problems(log) == []
    assert log["runs"][0]["results"] == []
