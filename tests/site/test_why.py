"""The page that explains why something is allowed, or not, and the same as JSON."""

from __future__ import annotations

import html
import re
import sqlite3
from contextlib import closing
from urllib.parse import urlencode

import pytest
from datasette.utils import tilde_encode

from iaminsights.site import why
from iaminsights.store.schema import TABLE

from ..site_helpers import metadata_hiding, served

PAGE = "/-/iaminsights/why/iaminsights"


def address(identity: str, role_or_action: str, target: str, kind: str = "") -> str:
    asked = {"identity": identity, "role_or_action": role_or_action, "target": target}
    return f"{PAGE}{kind}?{urlencode(asked)}"


@pytest.fixture(scope="module")
def site(sample_file):
    with served(sample_file) as running:
        yield running


def test_the_page_says_what_the_command_says(site):
    question = ("Data Analysts", "Viewer", "ledger")
    text = site.text(address(*question))
    assert (
        "No. Access group Data Analysts (its members) does not have Viewer on "
        "databases-for-postgresql instance ledger." in text
    )
    assert "Nearly granted by This policy would grant it but for one thing." in text
    assert "resourceGroupId: the policy requires data-lake (" in text
    assert "4 more policies differ in more than one way." in text
    assert "Context-based restriction ledger is closed (disabled) applies to it" in text
    told = site.get(address(*question, ".json")).json()
    assert (told["allowed"], told["near_misses"][0]["fails"]) == (False, "resourceGroupId")
    assert html.escape(address(*question, ".json")) in site.page(address(*question))


def test_the_form_has_examples_with_answers(site):
    page = site.page(PAGE)
    links = re.findall(r'<a href="([^"]+)"', page[page.index('class="examples"') :])
    links = [html.unescape(link) for link in links if "identity=" in link]
    verdicts = [re.search(r'class="verdict \w+"><bdi>(\w+)', site.page(link))[1] for link in links]
    assert verdicts == ["Yes", "No", "No"]
    assert "For example:" not in site.page(address("Data Analysts", "Viewer", "ledger"))


def test_what_limits_an_answer_is_loud(site):
    text = site.text(address("Marcel Dubois", "Manager", "prod-cluster"))
    assert "Marcel Dubois is suspended in the account and cannot use this access" in text
    text = site.text(address("Key Custodians", "Key Lister", "keys-tokyo"))
    assert "Yes, but only under a condition." in text and "only at certain times" in text
    text = site.text(address("shop-pipeline", "Administrator", "tokyo"))
    assert "Granted to trusted profile break-glass , which it can assume, by" in text


def test_a_name_that_stands_for_several_things_leads_to_each(site):
    page = site.page(address("test", "Viewer", "keys"))
    assert "test is ambiguous: it stands for 2 things." in page
    told = site.get(address("test", "Viewer", "keys", ".json"), status=400).json()
    assert [one["kind"] for one in told["things"]] == ["service ID", "service ID"]
    for one in told["things"]:
        instead = html.escape(address(one["id"], "Viewer", "keys"))
        assert f'<a href="{instead}">' in page
    assert "There is no target kyes." in site.page(address("test", "Viewer", "kyes"))
    told = site.get(f"{PAGE}.json?identity=test", status=400).json()
    assert told["error"] == "Specify identity, role_or_action, target."


def test_pages_lead_to_the_question(site, sample_file):
    link = f'<a href="{PAGE}">Why is it allowed, or not?</a>'
    assert link in site.page("/") and link in site.page("/iaminsights")
    with closing(sqlite3.connect(sample_file)) as database:
        for table, (field, column) in why.ASKED_FROM.items():
            key = TABLE[table].key[0]
            row, asked = database.execute(f"select {key}, {column} from {table}").fetchone()
            link = f'<a href="{PAGE}?{urlencode({field: asked})}">Why is it allowed, or not?</a>'
            assert link in site.page(f"/iaminsights/{table}/{tilde_encode(row)}"), table
    page = site.page("/iaminsights/policies/" + "105bab73-736b-4c1f-b460-2df7f1acb2fe")
    assert "Why is it allowed" not in page


def test_a_question_about_a_row_needs_only_the_rest(site):
    page = site.page(f"{PAGE}?identity=IBMid-1")
    assert 'name="identity" value="IBMid-1"' in page and "verdict" not in page
    assert '<option value="Amara Okafor">' in page and '<option value="billing">' in page


def test_only_who_may_see_all_of_an_answer_gets_one(sample_file, tmp_path):
    site_of_others = metadata_hiding(tmp_path, "policy_demands")
    with served(sample_file, metadata=site_of_others) as site:
        site.get(address("Data Analysts", "Viewer", "ledger"), status=403)
        site.get(address("Data Analysts", "Viewer", "ledger", ".json"), status=403)
        assert "Why is it allowed" not in site.page("/")
        site.get("/-/iaminsights/why/nowhere", status=404)
