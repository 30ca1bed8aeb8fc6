"""The remediation plan of what a page lists: filtered findings, or the rows of a report."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import pytest

from iaminsights.reports.findings import Acknowledgement
from iaminsights.sandbox import Account

from ..report_rows import REPORTS, day_in
from ..site_helpers import metadata_hiding, served

SOME = [
    REPORTS[name] for name in ("api_key_no_expiry", "public_access_enabled", "user_direct_policies")
]
DISABLE = "ibmcloud iam service-api-key-disable 'ApiKey-{}' 'ServiceId-robot'"
DELETE = "ibmcloud iam user-policy-delete 'ada@acme.example.org' 'policy-ada'"


def acme(keys: int = 2) -> Account:
    account = Account("Acme", id="acme")
    robot = account.service_id("robot", id="ServiceId-robot")
    for number in range(keys):
        account.add_api_key(robot, f"key {number}", id=f"ApiKey-{number:03}")
    account.policy(account.user("Ada"), ["Viewer"], service="logs", id="policy-ada")
    return account


@pytest.fixture
def site(collected):
    entry = Acknowledgement("api_key_no_expiry", {"apikey_id": "ApiKey-001"}, "Known.", day_in(9))
    with served(collected(acme(), reports=SOME, acknowledgements=[entry])) as running:
        yield running


def commands(text: str) -> list[str]:
    assert all(line.startswith("#") for line in text.splitlines())
    return re.findall(r"^#(ibmcloud .*)$", text, flags=re.MULTILINE)[1:]


def test_the_plan_is_of_what_is_filtered(site):
    whole = site.get("/iaminsights/findings_to_fix.sh")
    assert whole.headers["content-disposition"] == 'attachment; filename="plan.sh"'
    assert whole.headers["content-type"] == "text/x-shellscript; charset=utf-8"
    assert commands(whole.text) == [DISABLE.format("000"), DELETE]
    assert "1 finding left out, because it is accepted" in whole.text
    assert "3 findings to fix: 2 with a command, 1 without" in whole.text
    filtered = site.get("/iaminsights/findings_to_fix.sh?report=user_direct_policies").text
    assert commands(filtered) == [DELETE] and "Account Acme (acme)" in filtered
    nothing = site.get("/iaminsights/findings_to_fix.sh?who=nobody").text
    assert "# There are no findings in this selection." in nothing


def test_the_page_leads_to_the_plan_with_its_filters(site):
    page = site.page("/iaminsights/findings_to_fix?severity=low&acknowledged__isblank=1")
    (url,) = re.findall(r'<a href="([^"]+)">remediation plan</a>', page)
    assert "severity=low" in url and "acknowledged__isblank=1" in url
    assert commands(site.get(url.replace("&amp;", "&")).text) == [DISABLE.format("000")]


def test_the_plan_has_the_findings_of_all_pages(collected):
    with served(collected(acme(250), reports=SOME)) as site:
        text = site.get("/iaminsights/findings_to_fix.sh?report=api_key_no_expiry").text
        second = site.get("/iaminsights/findings_to_fix.sh?_next=100&_size=50").text
    assert commands(text) == [DISABLE.format(f"{number:03}") for number in range(250)]
    assert len(commands(second)) == 251


def test_a_report_has_a_plan_of_its_own(site):
    page = site.page("/iaminsights/api_key_no_expiry")
    (url,) = re.findall(r'<a href="([^"]+)">remediation plan</a>', page)
    response = site.get(url.replace("&amp;", "&"))
    assert response.headers["content-disposition"] == 'attachment; filename="api_key_no_expiry.sh"'
    assert commands(response.text) == [DISABLE.format("000")]
    assert f"#   low  {REPORTS['api_key_no_expiry'].title}: key 0 (robot)" in response.text


def test_the_plan_of_a_report_is_of_what_is_filtered(collected):
    account = acme(250)
    account.api_keys[7]["name"] = "other"
    with served(collected(account, reports=SOME)) as site:
        page = site.page("/iaminsights/api_key_no_expiry?apikey=other")
        (url,) = re.findall(r'<a href="([^"]+)">remediation plan</a>', page)
        filtered = site.get(url.replace("&amp;", "&")).text
        second = site.page("/iaminsights/api_key_no_expiry?_page=2")
        (url,) = re.findall(r'<a href="([^"]+)">remediation plan</a>', second)
        whole = site.get(url.replace("&amp;", "&")).text
    assert commands(filtered) == [DISABLE.format("007")]
    assert len(commands(whole)) == 250


def test_the_plan_of_a_page_is_that_of_the_command_line(sample_file):
    with served(sample_file) as site:
        page = site.get("/iaminsights/findings_to_fix.sh").text
    with closing(sqlite3.connect(sample_file)) as database:
        written = {
            row[0]
            for row in database.execute("select command from findings where command is not null")
        }
    steps = {step for command in written for step in command.split(" && ")}
    found = commands(page)
    assert len(found) == len(set(found)) and set(found) <= steps
    # What is deleted is not locked before.
    assert all(" service-id-lock " in step for step in steps - set(found))


def test_what_lists_no_findings_has_no_plan(site):
    for path in ("/iaminsights/users", "/iaminsights/identities_by_kind", "/iaminsights/find"):
        assert "remediation plan" not in site.page(path)
        site.get(f"{path}.sh", status=404)
    site.get("/iaminsights/findings_to_fix.sh?_col=severity", status=404)
    site.get("/iaminsights.sh?sql=select+1+as+command", status=404)


def test_the_plan_tells_only_what_its_reader_may_see(collected, tmp_path):
    path = collected(acme(), reports=SOME)
    with served(path, metadata=metadata_hiding(tmp_path, "findings_to_fix")) as site:
        site.get("/iaminsights/findings_to_fix.sh", status=403)
    with served(path, metadata=metadata_hiding(tmp_path, "api_key_no_expiry")) as site:
        site.get("/iaminsights/api_key_no_expiry.sh", status=403)
    with served(path, metadata=metadata_hiding(tmp_path, "serviceids")) as site:
        text = site.get("/iaminsights/findings_to_fix.sh").text
    assert "# Account acme\n" in text
    assert "# Step 1: Disable API key ApiKey-000\n" in text
    assert len(commands(text)) == 3
