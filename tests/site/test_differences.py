"""How pages tell what changed: no JSON, names for IDs, policies as sentences."""

from __future__ import annotations

import html
import re
from datetime import datetime, timezone
from urllib.parse import quote

import pytest
from datasette.utils import tilde_encode

from iaminsights.reports.catalogue import all_reports
from iaminsights.sandbox import Account
from iaminsights.site.folds import FOLD

from ..site_helpers import metadata_hiding, served
from .test_pages import HOSTILE, row_of

REPORT = "/iaminsights/changes_since_last_collect"
CLEAN = " ".join(HOSTILE.split())


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Acme, collected three times."""
    from iaminsights.sandbox import Sandbox

    from ..conftest import collect_from

    path = tmp_path_factory.mktemp("differences") / "iaminsights.sqlite3"
    acme = Account("Acme")
    ada = acme.user("Ada Lovelace", id="ada", email="ada@acme.example")
    team, ops = acme.group(HOSTILE), acme.group("Ops", id="AccessGroupId-ops")
    keys = acme.resource_group("keys")
    moved = acme.instance("vault", "kms", id="vault")
    acme.policy(ops, ["Viewer"], service="kms", id="kept", description="kept")
    acme.policy(ada, ["Viewer"], service="logs", id="gone", description="gone")
    rule = acme.group_rule(ops, "rule", "https://idp", [("team", "EQUALS", "a")])
    with Sandbox([acme]) as sandbox:

        def collect(day: int) -> None:
            at = datetime(2026, 1, day, 8, tzinfo=timezone.utc)
            collect_from(sandbox, acme, path, reports=all_reports(), now=lambda: at)

        collect(1)
        team["description"] = HOSTILE
        collect(2)
        acme.policies = [policy for policy in acme.policies if policy["id"] == "unknown"]
        acme.policy(ops, ["Viewer", "Editor"], service="kms", id="kept", description="kept")
        acme.policy(team, ["Reader"], service="kms", id="fresh", description="fresh")
        acme.add_member(team, ada)
        rule["conditions"] = [{"claim": "team", "operator": "EQUALS", "value": '"b"'}]
        ada["self_manage"] = True
        moved["resource_group_id"] = keys["id"]
        collect(3)
    return path


@pytest.fixture(scope="module")
def site(path):
    with served(path) as site:
        yield site


def told(page: str) -> str:
    """What the rows of a page say, in one line; on a wide one nothing is folded."""
    body = page.partition("<tbody>")[2].partition("</tbody>")[0].replace(FOLD, "")
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", body)).split())


def test_the_report_on_changes_says_what_differs(site):
    page = site.page(REPORT)
    text = told(page)
    for said in (
        "access group Ops: Editor, Viewer on kms changed roles Viewer → Editor, Viewer",
        "Ada Lovelace: Viewer on logs removed description gone",
        f"access group {CLEAN}: Reader on kms added description fresh",
        'conditions team EQUALS "a" → team EQUALS "b"',
        "Ada Lovelace added type user",
    ):
        assert said in text, text
    assert "crn:v1" not in text and "{" not in text and "<script>alert" not in page
    assert (
        '<a href="/iaminsights/policies/kept"><bdi>access group Ops: Editor, Viewer on kms' in page
    )
    assert "/iaminsights/policies/gone" not in page  # what is gone has no page
    answer = site.get(f"{REPORT}.json?_shape=array").json()
    (kept,) = (row for row in answer if row["key"] == "kept")
    assert kept["before"].startswith('{"roles": "crn:v1:') and kept["what"] == "policies"


def test_two_collections_are_chosen_from_those_of_the_file(site):
    page = site.page(REPORT)
    assert '<option value="2: Acme, 2026-01-02 08:00:00Z">' in page
    text = told(site.page(f"{REPORT}?from_collection=1&to_collection={quote('2: Acme')}"))
    assert text == f"access groups {CLEAN} changed description nothing → {CLEAN}"


def test_the_table_of_changes_and_its_rows_have_no_json(site):
    page = site.page("/iaminsights/changes?key=kept")
    assert "<dt>roles</dt><dd><del><bdi>Viewer</bdi></del></dd>" in page
    assert "<dt>roles</dt><dd><ins><bdi>Editor, Viewer</bdi></ins></dd>" in page
    (row,) = site.get("/iaminsights/changes.json?_shape=array&key=kept").json()
    assert row["before"].startswith('{"roles":')
    page = site.page(f"/iaminsights/changes/{row['id']}")
    assert "<dt>roles</dt><dd><del><bdi>Viewer</bdi></del></dd>" in page


def test_the_history_of_a_row_tells_the_same(site):
    text = site.text(row_of("access_groups", "AccessGroupId-ops"))
    history = text.partition(" History ")[2]
    assert (
        "access group Ops: Editor, Viewer on kms changed roles Viewer → Editor, Viewer" in history
    )
    assert f"description nothing → {CLEAN}" not in history


def test_no_name_is_told_that_the_reader_may_not_see(path, tmp_path):
    metadata = metadata_hiding(tmp_path, "roles", "policy_descriptions", "identities", "policies")
    with served(path, metadata=metadata) as site:
        page = site.page("/iaminsights/changes?key=kept")
        gone = site.text("/iaminsights/changes?key=gone")
    assert "Editor, Viewer on kms" not in page
    assert "role:Viewer" in page and "<bdi>Viewer</bdi>" not in page
    assert "Ada Lovelace: " not in gone
    assert f'href="/iaminsights/policies/{tilde_encode("kept")}"' not in page
