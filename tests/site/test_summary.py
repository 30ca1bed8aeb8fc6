"""The summary of an account: one page, to read or to print, with the same as JSON."""

from __future__ import annotations

import re
from datetime import datetime, timezone

import pytest

from iaminsights.reports.catalogue import all_reports
from iaminsights.sandbox import Account

from ..browser import new_page
from ..report_rows import REPORTS
from ..site_helpers import metadata_hiding, served

ALL = all_reports()
SUMMARY = "/-/iaminsights/summary/iaminsights"
SIZE = {"width": 1280, "height": 900}
KEYS = [REPORTS[name] for name in ("api_key_no_expiry", "owner_api_key", "user_direct_policies")]


@pytest.fixture
def on_day(collected):
    """Collects accounts as on a day of May 2026."""

    def collect(day: int, *accounts: Account, reports=KEYS, **options):
        at = datetime(2026, 5, day, 8, tzinfo=timezone.utc)
        return collected(*accounts, reports=reports, now=lambda: at, **options)

    return collect


def acme(name="Acme") -> Account:
    account = Account(name, owner="Olga Owner")
    account.robot = account.service_id("robot")
    account.add_api_key(account.robot, "first")
    return account


def test_a_policy_that_is_gone_is_told_as_what_it_said(on_day):
    account = acme()
    ada = account.user("Ada Lovelace")
    for number in range(5):
        account.policy(ada, ["Viewer"], service="logs", id=f"gone-{number}")
    on_day(1, account)
    account.policies.clear()
    with served(on_day(8, account)) as site:
        text = site.text(f"{SUMMARY}/{account.account_id}")
    said = " ; ".join(["Ada Lovelace: Viewer on logs"] * 3)
    assert f"Policies : 5 removed ( {said} ; ...)" in text
    assert "gone-" not in text


def test_the_summary_has_what_matters_and_its_json_the_same(on_day):
    account = acme()
    ada = account.user("Ada Lovelace")
    on_day(1, account)
    account.add_api_key(account.owner, "of the owner")
    account.policy(ada, ["Viewer"], service="logs", id="policy-ada")
    account.group("Team", [ada])
    with served(on_day(8, account)) as site:
        text = site.text(f"{SUMMARY}/{account.account_id}")
        (told,) = site.get(f"{SUMMARY}/{account.account_id}.json").json()
    assert "IAM of Acme As collected on 8 May 2026, 08:00 UTC" in text
    assert "compared with 1 May 2026, 08:00 UTC" in text
    assert (
        "1 critical and 0 high findings are open, 1 more than at the previous collection." in text
    )
    assert "Critical 1 +1" in text.title() and "From 1 May 2026 to 8 May 2026" in text
    title, question = REPORTS["owner_api_key"].title, REPORTS["owner_api_key"].question
    assert f"Top risks critical {title} {question} 1 open" in text
    command = "ibmcloud iam user-policy-delete 'ada.lovelace@acme.example.org' 'policy-ada'"
    assert f"Closes 1 finding : 1 medium {command}" in text
    assert "What changed since 1 May 2026" in text and f"1 new critical finding : {title}" in text
    assert "Access groups : 1 added ( Team )" in text
    assert "Policies : 1 added ( Ada Lovelace: Viewer on logs )" in text
    assert re.search(r"Coverage All \d+ parts of the account were read\.", text)
    assert told["collected_at"] == "2026-05-08T08:00:00Z"
    assert told["previous_collection_at"] == "2026-05-01T08:00:00Z"
    assert told["open_findings"]["critical"] == {
        "open": 1,
        "change": 1,
        "trend": [
            {"at": "2026-05-01T08:00:00Z", "open": 0},
            {"at": "2026-05-08T08:00:00Z", "open": 1},
        ],
    }
    assert told["do_first"][0] == {
        "does": "Delete a policy of Ada Lovelace (ada.lovelace@acme.example.org)",
        "policy": "Viewer on logs",
        "command": command,
        "closes": 1,
        "begins": 0,
        "severities": {"medium": 1},
    }
    assert told["new"]["critical"] == {"number": 1, "names": [f"{title}: of the owner"]}
    assert told["top_risks"][0]["name"] == "owner_api_key"


def test_home_leads_to_the_summary_of_each_account(on_day):
    accounts = acme("Acme"), acme("Bolt")
    with served(on_day(1, *accounts)) as site:
        page = site.page("/")
        for account, other in (accounts, accounts[::-1]):
            address = f"{SUMMARY}/{account.account_id}"
            assert f'<a href="{address}">Summary to print</a>' in page
            text = site.text(address)
            assert f"IAM of {account.name}" in text and f"IAM of {other.name}" not in text
        both = site.text(SUMMARY)
        assert both.index("IAM of Acme") < both.index("IAM of Bolt")
        assert [one["name"] for one in site.get(f"{SUMMARY}.json").json()] == ["Acme", "Bolt"]


def test_what_was_not_read_is_said_where_findings_are_counted(on_day):
    with served(on_day(1, acme(), deny=("api_keys",), reports=ALL)) as site:
        text = site.text(SUMMARY)
    assert "Not everything could be read: there may be more." in text
    assert "parts of the account were read in full. Missing data can hide findings:" in text
    assert "API keys (never read)" in text
    assert "What changed" not in text and "one collection" in text


def test_only_who_may_see_a_thing_is_told_of_it(on_day, tmp_path):
    path = on_day(1, acme())
    with served(path) as site:
        for wrong in (f"{SUMMARY}/nobody", "/-/iaminsights/summary/nowhere"):
            site.get(wrong, status=404)
            site.get(f"{wrong}.json", status=404)
    with served(path, metadata=metadata_hiding(tmp_path, "accounts")) as site:
        site.get(SUMMARY, status=403)
        site.get(f"{SUMMARY}.json", status=403)
    with served(path, metadata=metadata_hiding(tmp_path, "findings")) as site:
        text = site.text(SUMMARY)
        assert "IAM of Acme" in text and "Top risks" not in text and "ibmcloud" not in text


def test_the_summary_of_the_sample_is_two_sheets_at_most(sample_file, browser):
    with served(sample_file) as site, new_page(browser, SIZE) as page:
        page.goto(site.url + SUMMARY)
        pdf = page.pdf(format="A4")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 2


def test_each_account_begins_on_a_sheet_of_its_own(on_day, browser):
    with served(on_day(1, acme("Acme"), acme("Bolt"))) as site, new_page(browser, SIZE) as page:
        page.goto(site.url + SUMMARY)
        pdf = page.pdf(format="A4")
        assert page.locator("article.summary").count() == 2
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 2
