"""Rows with a severity of their own: every count, exit code and export follows the row."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import date, timedelta

import pytest
from click.testing import CliRunner

from iaminsights.cli import main
from iaminsights.reports.catalogue import all_reports
from iaminsights.reports.findings import Acknowledgement
from iaminsights.reports.output import run
from iaminsights.reports.report import SEVERITIES
from iaminsights.reports.summary import findings_summary
from iaminsights.sandbox import Account

from ..report_rows import REPORTS, rows
from ..site_helpers import served

ALL = all_reports()


@pytest.fixture
def acme() -> Account:
    """An account in which sessions may be long, and anybody may invite anybody."""
    account = Account("Acme")
    account.identity_settings(
        restrict_create_service_id="RESTRICTED",
        restrict_create_platform_apikey="RESTRICTED",
        restrict_user_list_visibility="RESTRICTED",
        allowed_ip_addresses="192.0.2.0/24",
        session_expiration_in_seconds="2592000",
        max_sessions_per_identity="5",
    )
    account.access_settings(user="limited", service="limited", service_id="limited")
    return account


def counted(path) -> dict[str, int]:
    with closing(sqlite3.connect(path)) as database:
        return dict(
            database.execute(
                "select severity, rows from report_counts where report = 'settings_hardening'"
            )
        )


def test_a_setting_is_as_severe_as_it_is(collected):
    found = dict(rows(collected(Account("Acme")), "settings_hardening", "setting_id", "severity"))
    assert found == {
        "restrict_create_service_id": "high",
        "restrict_create_platform_apikey": "high",
        "restrict_user_list_visibility": "low",
        "allowed_ip_addresses": "medium",
        "max_sessions_per_identity": "low",
        "restrict_user_domains": "medium",
        "external_identity_settings.service": "medium",
        "external_identity_settings.service_id": "medium",
        "external_identity_settings.user": "medium",
    }


def test_counts_and_summary_follow_the_row(collected, acme):
    path = collected(acme, reports=ALL)
    assert counted(path) == {"high": 0, "medium": 1, "low": 1}
    answer = run(findings_summary(ALL), path, {})
    cells = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    assert [
        (row["severity"], row["rows"], row["open"], row["accounts"])
        for row in cells
        if row["report"] == "settings_hardening"
    ] == [("high", 0, 0, 0), ("medium", 1, 1, 1), ("low", 1, 1, 1)]
    with closing(sqlite3.connect(path)) as database:
        assert database.execute(
            "select finding, severity from findings where report = 'settings_hardening' order by 1"
        ).fetchall() == [
            ("restrict_user_domains", "medium"),
            ("session_expiration_in_seconds", "low"),
        ]


@pytest.mark.parametrize(
    ("severity", "code"), [("low", 3), ("medium", 3), ("high", 0), ("critical", 0)]
)
def test_fail_on_follows_the_row(collected, acme, severity, code):
    words = ["report", str(collected(acme)), "settings_hardening", "--fail-on", severity]
    assert CliRunner().invoke(main, words).exit_code == code


def test_an_accepted_row_leaves_the_others(collected, acme):
    entry = Acknowledgement(
        "settings_hardening",
        {"setting_id": "restrict_user_domains"},
        "Partners come and go.",
        date.today() + timedelta(days=9),
    )
    path = collected(acme, reports=ALL, acknowledgements=[entry])
    words = ["report", str(path), "settings_hardening", "--fail-on"]
    assert CliRunner().invoke(main, [*words, "medium"]).exit_code == 0
    assert CliRunner().invoke(main, [*words, "low"]).exit_code == 3
    over_time = rows(path, "findings_over_time", "severity", "open")
    alone = rows(collected(acme, path=path.with_name("b"), reports=ALL), "findings_over_time")
    assert len(over_time) == len(alone) == len(SEVERITIES)
    words = ["report", str(path), "settings_hardening", "--format", "sarif"]
    (log,) = json.loads(CliRunner().invoke(main, words).stdout)["runs"]
    scores = {
        rule["id"]: rule["properties"]["security-severity"]
        for rule in log["tool"]["driver"]["rules"]
    }
    assert scores == {
        "settings_hardening": "8.0",
        "settings_hardening/low": "2.0",
        "settings_hardening/medium": "5.5",
    }
    assert [(one["ruleId"], one["level"]) for one in log["results"]] == [
        ("settings_hardening/low", "note"),
        ("settings_hardening/medium", "warning"),
    ]


def test_history_follows_the_row(collected, acme):
    path = collected(acme, reports=ALL)
    before = {severity: open_ for severity, open_ in _over_time(path)[-1]}
    acme.identity_settings(session_expiration_in_seconds="86400")
    collected(acme, path=path, reports=ALL)
    after = {severity: open_ for severity, open_ in _over_time(path)[-1]}
    assert counted(path) == {"high": 0, "medium": 1}
    assert after == {**before, "low": before["low"] - 1}


def _over_time(path) -> list[list[tuple]]:
    moments: dict[str, list[tuple]] = {}
    for at, severity, open_ in rows(path, "findings_over_time", "at", "severity", "open"):
        moments.setdefault(at, []).append((severity, open_))
    return [moments[at] for at in sorted(moments)]


def test_the_home_page_follows_the_row(collected, acme):
    path = collected(acme, reports=ALL)
    with closing(sqlite3.connect(path)) as database:
        open_ = dict(
            database.execute("select severity, sum(rows) from report_counts group by severity")
        )
    with served(path) as site:
        text = site.text("/")
    for severity, number in open_.items():
        if number:
            assert f"{number} {severity}" in text


def test_another_word_in_the_column_is_not_taken_for_a_severity():
    report = REPORTS["settings_hardening"]
    assert report.severity_of({"severity": "low"}) == "low"
    for odd in (None, "", "dire", "LOW", 3):
        assert report.severity_of({"severity": odd}) == "high"
    assert report.severity_of({}) == "high"
    # An inventory's column may mean anything.
    assert REPORTS["findings_over_time"].severity_of({"severity": "critical"}) == "info"


def test_no_row_is_worse_than_its_report_says(sample_file):
    for report in ALL:
        if not report.identifiers:
            continue
        answer = run(report, sample_file, {})
        for row in answer.rows:
            own = report.severity_of(dict(zip(answer.columns, row, strict=True)))
            assert SEVERITIES.index(own) <= SEVERITIES.index(report.severity), report.name
