"""The findings workbench: one view of all that is to fix, and the numbers that lead to it."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from iaminsights.facts.derived import VIEWS, empty_database
from iaminsights.reports.findings import Acknowledgement
from iaminsights.sandbox import Account

from .report_rows import REPORTS, day_in
from .site_helpers import BARE_DATASETTE, served

WORST_FIRST = ("critical", "high", "medium", "low", "info")
SOME = [
    REPORTS[name]
    for name in (
        "api_key_no_expiry",
        "authorization_broad",
        "owner_api_key",
        "public_access_enabled",
        "public_policies",
        "sensitive_data_reach",
        "user_direct_policies",
    )
]


def accepted(report: str, days: int, **identifiers: str) -> Acknowledgement:
    return Acknowledgement(report, identifiers, "Known.", day_in(days))


def account_to_fix() -> Account:
    account = Account("Acme", owner="Olga Owner")
    ada = account.user("Ada Lovelace")
    robot = account.service_id("robot")
    account.add_api_key(account.owner, "of the owner", id="ApiKey-owner", expires_at=None)
    for name in ("forgotten", "run out", "known"):
        account.add_api_key(robot, name, id=f"ApiKey-{name.replace(' ', '-')}")
    account.policy(ada, ["Viewer"], service="logs", id="policy-ada")
    account.policy("AccessGroupId-PublicAccess", ["Reader"], service="kms", id="policy-public")
    return account


@pytest.fixture
def to_fix(collected):
    """A file with some findings; two are accepted, one of them until yesterday."""
    entries = [
        accepted("api_key_no_expiry", 9, apikey_id="ApiKey-known"),
        accepted("api_key_no_expiry", -1, apikey_id="ApiKey-run-out"),
    ]
    return collected(account_to_fix(), reports=SOME, acknowledgements=entries)


def found(path, columns: str, where: str = "true") -> list[tuple]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(
            f"select {columns} from findings_to_fix where {where} order by report, finding"
        ).fetchall()


# --- The view -----------------------------------------------------------------------------------


def test_a_finding_says_what_who_and_what_to_do(to_fix):
    rows = found(to_fix, "severity, title, what, who, kind, account, policy")
    key, owner = REPORTS["api_key_no_expiry"], REPORTS["owner_api_key"]
    mine = [row for row in rows if row[1] in (key.title, owner.title)]
    robot = ("robot", "service ID", "Acme", None)
    olga = ("Olga Owner", "person", "Acme", None)
    assert mine == [
        ("low", key.title, "forgotten", *robot),
        ("low", key.title, "known", *robot),
        ("low", key.title, "of the owner", *olga),
        ("low", key.title, "run out", *robot),
        ("critical", owner.title, "of the owner", *olga),
    ]
    (direct,) = found(to_fix, "what, who, kind, policy, policy_id", "policy_id = 'policy-ada'")
    assert direct == (
        "logs",
        "Ada Lovelace",
        "person",
        "Ada Lovelace: Viewer on logs",
        "policy-ada",
    )
    assert found(to_fix, "command", "report = 'user_direct_policies'") == [
        ("ibmcloud iam user-policy-delete 'ada.lovelace@acme.example.org' 'policy-ada'",)
    ]
    # The report names no holder: the policy does.
    assert found(to_fix, "who, kind", "report = 'public_policies'") == [
        ("Public Access", "access group")
    ]
    # A finding about the account is about no holder, and named by what is wrong.
    assert found(to_fix, "what, who, kind, category", "report = 'public_access_enabled'") == [
        ("public access is on", None, None, REPORTS["public_access_enabled"].category)
    ]


def test_rows_about_one_holder_can_be_told_apart(collected):
    account = Account("Acme")
    ada = account.user("Ada Lovelace")
    for service in ("kms", "secrets-manager"):
        account.instance(f"my {service}", service)
        account.policy(ada, ["Manager"], service=service)
    path = collected(account, reports=SOME)
    assert found(path, "what, who, kind", "report = 'sensitive_data_reach'") == [
        ("kms", "Ada Lovelace", "person"),
        ("secrets-manager", "Ada Lovelace", "person"),
    ]


def test_what_a_service_may_do_is_held_by_a_service(collected):
    account = Account("Acme")
    account.authorization(["Manager"], {"serviceName": "is"}, {"serviceName": "kms"})
    path = collected(account, reports=SOME)
    rows = found(path, "who, kind, iam_id", "report = 'authorization_broad'")
    assert [(kind, iam_id) for _, kind, iam_id in rows] == [("service", None)]
    assert "is" in rows[0][0]


def test_what_was_accepted_until_yesterday_is_open(to_fix):
    rows = dict(found(to_fix, "finding, acknowledged", "report = 'api_key_no_expiry'"))
    assert rows == {
        "ApiKey-forgotten": None,
        "ApiKey-known": f"Known. (until {day_in(9)})",
        "ApiKey-owner": None,
        "ApiKey-run-out": None,
    }


def test_the_view_has_every_finding_once_and_the_worst_first(sample_file):
    with closing(sqlite3.connect(sample_file)) as database:
        rows = database.execute("select severity, report, finding from findings_to_fix").fetchall()
        findings = database.execute("select severity, report, finding from findings").fetchall()
        nameless = database.execute(
            "select * from findings_to_fix where title is null or category is null or what = ''"
        ).fetchall()
    assert sorted(rows) == sorted(findings) and len(rows) > 200
    severities = [severity for severity, *_ in rows]
    assert severities == sorted(severities, key=WORST_FIRST.index)
    assert nameless == []


def test_views_that_say_their_columns_say_all_of_them():
    said = {view.name: view for view in VIEWS.values() if view.columns or view.facets}
    assert "findings_to_fix" in said
    with closing(empty_database()) as database:
        for name, view in said.items():
            columns = [c[0] for c in database.execute(f"select * from {name}").description]
            assert list(view.columns) == columns
            assert set(view.facets) <= set(columns)


def test_a_bare_datasette_filters_facets_and_sorts_it(to_fix):
    view = "/iaminsights/findings_to_fix"
    with served(to_fix, command=BARE_DATASETTE) as site:
        page = site.text(view)
        answer = site.get(f"{view}.json?_shape=objects").json()
        keys = site.get(
            f"{view}.json?_shape=array&who=robot&acknowledged__isblank=1&_sort_desc=what"
        ).json()
        words = site.get(f"{view}.json?_shape=array&what__contains=forgot").json()
        table = site.page(f"{view}.csv?severity=critical")
    assert VIEWS["findings_to_fix"].title in page
    assert "Why somebody accepts it, and until when; empty while it is open." in page
    facets = {
        name: {one["value"]: one["count"] for one in facet["results"]}
        for name, facet in answer["facet_results"].items()
    }
    assert set(facets) == {"severity", "category", "account", "kind", "title"}
    assert facets["account"] == {"Acme": answer["filtered_table_rows_count"]}
    assert [row["what"] for row in keys] == ["run out", "forgotten"]
    assert [row["finding"] for row in words] == ["ApiKey-forgotten"]
    assert table.count("\n") == 1 + facets["severity"]["critical"]
