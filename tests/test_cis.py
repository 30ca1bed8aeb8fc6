"""The CIS scorecard: every recommendation with the report that checks it, or why none can."""

from __future__ import annotations

import re

from iaminsights.catalogue import all_reports
from iaminsights.findings import Acknowledgement
from iaminsights.sandbox import Account

from .report_rows import REPORTS, day_in, rows

ALL = all_reports()
EVERY_V1 = {f"1.{number}" for number in range(1, 20)}
EVERY_V2 = {f"1.{number}" for number in range(1, 21)}


def score(path, account="Acme") -> dict[str, list[tuple]]:
    """By number in version 2.0: report, result, accepted."""
    found: dict[str, list[tuple]] = {}
    for who, v2, *rest in rows(
        path, "cis_scorecard", "account", "v2", "report", "result", "accepted"
    ):
        if who == account:
            found.setdefault(v2, []).append(tuple(rest))
    return found


def test_every_recommendation_is_there(sample_file):
    found = rows(sample_file, "cis_scorecard", "v1", "v2", "report", "remark")
    assert {v1 for v1, *_ in found if v1} == EVERY_V1
    assert {v2 for _, v2, *_ in found if v2} == EVERY_V2
    assert all(report or remark for *_, report, remark in found)
    assert {report for _, _, report, _ in found if report} <= set(REPORTS)


def test_reports_and_scorecard_name_the_same_recommendations(sample_file):
    by_report: dict[str, set[tuple]] = {}
    for v1, v2, report in rows(sample_file, "cis_scorecard", "v1", "v2", "report"):
        if report:
            by_report.setdefault(report, set()).update({("1", v1)} - {("1", "")})
            by_report[report].update({("2", v2)} - {("2", "")})
    named = {}
    for name, report in REPORTS.items():
        text = " ".join(r for r in report.references if r.startswith("CIS ") and "section" not in r)
        if text:
            named[name] = {
                (version, number)
                for version, numbers in re.findall(r"v([12])\.0 ([^v]+)", text)
                for number in re.findall(r"1\.\d+", numbers)
            }
    assert by_report == named


def test_results(collected):
    accounts = []
    for name in ("Acme", "Bolt"):
        account = Account(name, public_access=name == "Acme")
        account.add_api_key(account.owner, "owner's", id=f"ApiKey-{name}")
        accounts.append(account)
    entry = Acknowledgement("owner_api_key", {"account": "Bolt"}, "For emergencies.", day_in(9))
    path = collected(*accounts, reports=ALL, acknowledgements=[entry])
    acme, bolt = score(path), score(path, "Bolt")
    assert acme["1.1"] == [(None, "not checked", None)]
    assert ("owner_api_key", "1 open finding", None) in acme["1.5"]
    assert ("owner_api_key", "nothing found", 1) in bolt["1.5"]
    assert ("public_access_enabled", "1 open finding", None) in acme["1.18"]
    assert ("public_access_enabled", "nothing found", None) in bolt["1.18"]


def test_what_was_not_read_is_not_met(collected):
    path = collected(Account("Acme"), deny=("api_keys",), reports=ALL)
    assert score(path)["1.3"] == [("api_key_older_90_days", "not read", None)]
