"""The page of what would be lost without a policy, access group, or member, and its JSON."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import pytest
from datasette.app import Datasette
from datasette.utils import tilde_encode

from iaminsights.sandbox import Account
from iaminsights.site import without
from iaminsights.site.without import MOST
from iaminsights.trial.trial import Trial

from ..site_helpers import metadata_hiding, served
from ..trial.random_changes import access_of, expected, told

PAGE = "/-/iaminsights/without/iaminsights"
LINK = "What would be lost without it?"
PEOPLE = "6d273e70-4830-41df-8b55-e5163a668732"  # of the group People & Access
TOKYO = "9d7810bc-4271-4a7d-b124-ea776585ac8d"  # beside one that gives the same and more


@pytest.fixture(scope="module")
def site(sample_file):
    with served(sample_file) as running:
        yield running


@pytest.fixture(scope="module")
def database(sample_file):
    with closing(sqlite3.connect(sample_file)) as connection:
        yield connection


def group_of(database, name: str) -> str:
    return database.execute("select id from access_groups where name = ?", (name,)).fetchone()[0]


def test_a_policy_that_gives_access(site):
    text = site.text(f"{PAGE}/policies/{PEOPLE}")
    assert (
        "Without access group People & Access: Administrator on All IAM Account Management "
        "services policy What would be lost if this policy were deleted. Nothing is changed."
        in text
    )
    assert "3 identities would lose access. 12 lost: no access is left 0 narrowed:" in text
    assert (
        "lost Maren Petersen Administrator IAM Access Groups iam-groups full → none nothing" in text
    )


def test_a_report_says_of_a_policy_what_would_be_lost_and_leads_there(site):
    page = site.page("/iaminsights/policy_right_size")
    said = "nothing: other policies grant the same 2 rows of access"
    assert f'<a href="{PAGE}/policies/{TOKYO}">{said}</a>' in page


def test_a_policy_that_gives_what_another_gives_as_well(site):
    text = site.text(f"{PAGE}/policies/{TOKYO}")
    assert "Nobody would lose access: all of it is also given in full by other policies." in text
    assert "2 kept in full through other policies" in text
    assert (
        "keys-tokyo kms full access group 東京オペレーション: Editor, Writer on Every service"
        in text
    )


def test_an_access_group_and_a_member_of_it(site, database):
    key = group_of(database, "People & Access")
    found = site.get(f"{PAGE}/access_groups/{key}.json").json()
    assert found["counts"] == {"lost": 15, "narrowed": 0, "removed path": 0}
    who, kind = database.execute(
        "select iam_id, membership_type from access_group_members join identities using (iam_id) "
        "where group_id = ? and name = 'Maren Petersen'",
        (key,),
    ).fetchone()
    member = ",".join(map(tilde_encode, (who, key, kind)))
    found = site.get(f"{PAGE}/access_group_members/{member}.json").json()
    assert found["counts"] == {"lost": 5, "narrowed": 0, "removed path": 0}
    assert {row["identity"] for row in found["rows"]} == {"Maren Petersen"}
    text = site.text(f"{PAGE}/access_group_members/{member}")
    assert "Without Maren Petersen, People & Access" in text
    assert "if this member were removed from the access group" in text


def test_what_gives_nothing_says_so(site, database):
    text = site.text(f"{PAGE}/access_groups/{group_of(database, 'Works Council')}")
    assert "Nobody would lose access: it gives none now." in text


def test_pages_lead_to_it_where_there_is_something_to_tell(site, database):
    key = group_of(database, "Auditors")
    member = database.execute(
        "select iam_id, group_id, membership_type from access_group_members"
    ).fetchone()
    for table, row in (
        ("policies", PEOPLE),
        ("access_groups", key),
        ("access_group_members", ",".join(map(tilde_encode, member))),
    ):
        link = f'<a href="{PAGE}/{table}/{row}">{LINK}</a>'
        assert link in site.page(f"/iaminsights/{table}/{row}")
    (authorization,) = database.execute(
        "select id from policies where type = 'authorization'"
    ).fetchone()
    for table, row in (
        ("policies", authorization),
        ("access_groups", "AccessGroupId-PublicAccess"),
        ("roles", tilde_encode(database.execute("select role_id from roles").fetchone()[0])),
    ):
        assert LINK not in site.page(f"/iaminsights/{table}/{row}")
        site.get(f"{PAGE}/{table}/{row}", status=404)
    for place in ("policies/gone", "access_group_members/gone", f"policies/{PEOPLE},x"):
        site.get(f"{PAGE}/{place}", status=404)


def test_the_page_of_a_person_leads_to_each_of_its_memberships(site, database):
    key, who, group = database.execute(
        "select users.id, iam_id, group_id from users join access_group_members using (iam_id) "
        "join access_groups on access_groups.id = group_id "
        "where firstname = 'Maren' and membership_type = 'static' and name = 'People & Access'"
    ).fetchone()
    member = ",".join(map(tilde_encode, (who, group, "static")))
    page = site.page(f"/iaminsights/users/{key}")
    words = "What would be lost without this membership?"
    link = f'<a href="{PAGE}/access_group_members/{member}">{words}</a>'
    assert link in page[page.index("Its access groups") :]
    assert "Its access groups" not in site.page(f"/iaminsights/access_groups/{group}")


def test_only_some_rows_are_shown_and_all_are_counted(collected):
    account = Account("Acme")
    team = account.group("Team", members=[account.user(f"User {n}") for n in range(11)])
    for number in range(10):
        account.instance(f"instance {number}", "kms")
    account.policy(team, ["Reader"], service="kms", id="policy")
    with served(collected(account)) as site:
        found = site.get(f"{PAGE}/policies/policy.json").json()
        text = site.text(f"{PAGE}/policies/policy")
    assert (found["rows_found"], len(found["rows"])) == (110, MOST)
    assert f"110 rows, of which {MOST} are shown." in text and "iaminsights whatif policy" in text


def test_what_takes_too_long_is_given_up(sample_file, database):
    (account,) = database.execute("select account_id from accounts").fetchone()
    policy = {"id": PEOPLE, "account_id": account}
    site = Datasette([str(sample_file)], settings={"sql_time_limit_ms": 0})
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        asyncio.run(without.lost(site, sample_file.stem, "policies", policy))


def test_only_who_may_see_all_of_it_sees_it(sample_file, tmp_path):
    with served(sample_file, metadata=metadata_hiding(tmp_path, "roles")) as site:
        site.get(f"{PAGE}/policies/{PEOPLE}", status=403)
        site.get(f"{PAGE}/policies/{PEOPLE}.json", status=403)
        assert LINK not in site.page(f"/iaminsights/policies/{PEOPLE}")


def test_the_loss_of_a_policy_is_what_the_list_of_all_access_lacks_without_it(
    sample_file, database
):
    """Its rows are taken out of the view, and what is left is what others give."""
    before = access_of(sample_file)
    found = database.execute("select id from policies where type = 'access' order by 1").fetchall()
    for (key,) in found[::3]:
        with Trial(sample_file) as trial:
            trial.remove_policy(key)
            assert told(trial) == expected(before, {row for row in before if row[3] != key}), key
