"""Pages that say what they are about, in title, heading and on the way to them."""

from __future__ import annotations

import html
import re

import pytest
from datasette.utils import tilde_encode

from iaminsights.reports.catalogue import all_reports
from iaminsights.sandbox import Account

from ..site_helpers import metadata_hiding, served
from .test_pages import HOSTILE, row_of

LONG = "a name that is far longer than any heading, " * 8


def said(page: str, element: str) -> str:
    """The text of the first element of a page, in one line."""
    found = re.search(rf"<{element}[ >].*?</{element.split(' ')[0]}>", page, flags=re.DOTALL)[0]
    return " ".join(html.unescape(re.sub("<[^>]*>", "", found)).split())


def title(page: str) -> str:
    """The title of a page, without what keeps a name's direction to the name."""
    return re.sub("[\u2068\u2069]", "", said(page, "title"))


@pytest.fixture(scope="module")
def acme():
    account = Account("Acme")
    account.ada = account.user("Ada Lovelace", email="ada@acme.example", id="ada")
    account.nameless = account.user(
        "Ben", email="ben@acme.example", firstname="", lastname="", id="ben"
    )
    account.team = account.group("Team", members=[account.ada])
    account.robot = account.service_id("robot", id="robot")
    account.vault = account.instance("", "kms", id="vault")
    account.policy(account.team, ["Writer"], service="kms", id="to-team")
    account.authorization(
        ["Reader"],
        {"serviceName": "cloud-object-storage"},
        {"serviceName": "kms"},
        id="between",
    )
    account.evil = account.group(HOSTILE)
    account.endless = account.group(LONG)
    return account


@pytest.fixture(scope="module")
def path(acme, tmp_path_factory):
    from iaminsights.sandbox import Sandbox

    from ..conftest import collect_from

    path = tmp_path_factory.mktemp("names") / "iaminsights.sqlite3"
    with Sandbox([acme]) as sandbox:
        collect_from(sandbox, acme, path, reports=all_reports())
    return path


@pytest.fixture(scope="module")
def site(path):
    with served(path) as site:
        yield site


def test_the_page_of_a_row_says_what_it_is(site, acme):
    team = acme.team["id"]
    for table, key, name, kind in (
        ("users", acme.ada["id"], "Ada Lovelace", "person"),
        ("identities", acme.ada["iam_id"], "Ada Lovelace", "person"),
        ("users", acme.nameless["id"], "ben@acme.example", "person"),
        ("serviceids", acme.robot["id"], "robot", "service ID"),
        ("access_groups", team, "Team", "access group"),
        ("resource_service_instances", acme.vault["id"], acme.vault["id"], "service instance"),
        ("policies", "to-team", "access group Team: Writer on kms", "policy"),
        ("policies", "between", "cloud-object-storage: Reader on kms", "authorization"),
        ("account_settings", acme.account_id, "Acme", "identity settings"),
        ("access_groups", acme.evil["id"], " ".join(HOSTILE.split()), "access group"),
    ):
        page = site.page(row_of(table, key))
        assert said(page, "h1") == f"{name} {kind}", table
        assert title(page) == f"{name}, {kind}", table
        assert "<script>alert" not in page


def test_a_row_without_a_name_is_called_by_what_its_key_names(site, acme):
    key = ",".join(map(tilde_encode, (acme.ada["iam_id"], acme.team["id"], "static")))
    page = site.page(f"/iaminsights/access_group_members/{key}")
    assert said(page, "h1") == "Ada Lovelace, Team, static member of an access group"


def test_a_long_name_is_whole_in_the_heading_and_cut_in_the_title(site, acme):
    page = site.page(row_of("access_groups", acme.endless["id"]))
    assert said(page, "h1") == f"{LONG.strip()} access group"
    assert len(title(page)) < 150 and title(page).endswith("..., access group")


def test_the_way_to_a_page_is_by_name(site, acme):
    member = row_of("users", acme.ada["id"])
    for path, way in (
        (member, "home / Reports / Tables / People / Ada Lovelace"),
        (f"/-/iaminsights/graph{member}", "home / Reports / Tables / People / Ada Lovelace"),
        ("/iaminsights/trustedprofiles", "home / Reports / Tables"),
        ("/iaminsights/user_admins", "home / Reports"),
    ):
        assert said(site.page(path), "p") == way


def test_a_table_is_called_as_people_call_it(site):
    for table, name in (
        ("users", "People"),
        ("resource_service_instances", "Service instances"),
        ("mfa_enrollments", "MFA report"),
        ("policy_descriptions", "Policy descriptions"),
        ("cis_settings", "CIS settings (view)"),
    ):
        page = site.page(f"/iaminsights/{table}")
        assert said(page, "h1") == name
        assert title(page).startswith(name.removesuffix(" (view)"))


def test_policies_in_a_table_are_what_they_say(site):
    page = site.page("/iaminsights/policies?id=to-team")
    assert (
        '<a class="said" href="/iaminsights/policies/to-team">'
        "<bdi>access group Team: Writer on kms</bdi></a>" in page
    )
    roles = site.text("/iaminsights/policy_roles?policy_id=to-team")
    assert "access group Team: Writer on kms" in roles
    (row,) = site.get("/iaminsights/policies.json?_shape=array&id=to-team").json()
    assert row["id"] == "to-team"


def test_who_may_not_see_what_policies_say_sees_their_ids(path, tmp_path):
    metadata = metadata_hiding(tmp_path, "policy_descriptions")
    with served(path, metadata=metadata) as site:
        page = site.page(row_of("policies", "to-team"))
        assert said(page, "h1") == "to-team policy" and "Writer on kms" not in page
        assert "Writer on kms" not in site.page("/iaminsights/policies")


def test_who_may_not_see_people_does_not_see_their_names_in_memberships(path, acme, tmp_path):
    key = ",".join(map(tilde_encode, (acme.ada["iam_id"], acme.team["id"], "static")))
    metadata = metadata_hiding(tmp_path, "identities")
    with served(path, metadata=metadata) as site:
        page = site.page(f"/iaminsights/access_group_members/{key}")
    assert said(page, "h1").startswith(f"{acme.ada['iam_id']}, Team, static")


def test_a_table_of_another_database_stays_as_it_is(tmp_path):
    import sqlite3
    from contextlib import closing

    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as database:
        database.execute("create table policies (id text primary key, name text)")
        database.execute("insert into policies values ('p', 'mine')")
        database.commit()
    with served(other) as site:
        assert said(site.page("/other/policies/p"), "h1") == "mine row of policies"
        assert said(site.page("/other/policies"), "h1") == "policies"
