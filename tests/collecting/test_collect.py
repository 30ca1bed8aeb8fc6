"""Whole collects over real HTTP: what arrives, what is kept, and what no trouble may break."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing

import pytest

from iaminsights.collect import PARTS, collect
from iaminsights.errors import DatabaseError, RequestError
from iaminsights.facts.derived import ALL_TABLES, VIEWS
from iaminsights.ibmcloud.client import Client
from iaminsights.ibmcloud.credentials import Credential, find_credential
from iaminsights.ibmcloud.endpoints import SERVICES
from iaminsights.sandbox import ABSENT, Account, Fault, Sandbox
from iaminsights.store.draft import Draft
from iaminsights.store.schema import TABLE

from ..conftest import collect_from
from ..database_file import content_of
from ..scripted import Answer, scripted
from ..tokens import make_token


def rows_of(path, query, *values):
    with closing(sqlite3.connect(path)) as db:
        return db.execute(query, values).fetchall()


def column_of(path, query, *values):
    return [row[0] for row in rows_of(path, query, *values)]


def acme():
    """A small account in which nearly everything occurs once."""
    account = Account("Acme", owner="Olga Owner")
    ada = account.user("Ada Lovelace")
    robot = account.service_id("robot")
    account.service_id("trainer", group="Machine learning")
    profile = account.profile("cluster-reader")
    account.link(profile, namespace="default", name="default", crn="crn:v1:x")
    account.link(profile, cr_type="CE", component_type="job", component_name="nightly")
    team = account.group("Developers", members=[ada, robot, profile], dynamic_members=[ada])
    prod = account.resource_group("prod")
    keys = account.instance("keys", service="kms", region="eu-de", resource_group=prod)
    account.policy(team, roles=["Viewer", "Reader"], instance=keys, service="kms")
    account.policy(ada, roles=["Operator"], service="kms", version="v1")
    account.authorization(
        roles=["Reader"],
        source={"serviceName": "cloud-object-storage"},
        target={"serviceName": "kms"},
    )
    account.custom_role("KeyLister", "Key Lister", service="kms", actions=["kms.secrets.list"])
    return account


def test_every_object_arrives(collected):
    account = acme()
    path = collected(account)
    assert rows_of(path, "select account_id, name, owner from accounts") == [
        (account.account_id, "Acme", account.owner["iam_id"])
    ]
    assert sorted(column_of(path, "select iam_id from users")) == sorted(
        user["iam_id"] for user in account.users
    )
    assert rows_of(
        path,
        "select serviceids.name, serviceid_groups.name from serviceids "
        "left join serviceid_groups on serviceid_groups.id = group_id order by 1",
    ) == [("robot", None), ("trainer", "Machine learning")]
    assert rows_of(
        path,
        "select cr_type, link_crn, link_namespace, link_name, component_name "
        "from trustedprofile_links order by cr_type",
    ) == [("CE", None, None, None, "nightly"), ("IKS_SA", "crn:v1:x", "default", "default", None)]
    assert rows_of(
        path,
        "select identities.name, type, membership_type from access_group_members "
        "join identities using (iam_id) order by 1, 3",
    ) == [
        ("Ada Lovelace", "user", "dynamic"),
        ("Ada Lovelace", "user", "static"),
        ("cluster-reader", "profile", "static"),
        ("robot", "service", "static"),
    ]
    assert rows_of(path, "select name, service_name, guid from resource_service_instances") == [
        ("keys", "kms", account.instances[0]["guid"])
    ]
    assert rows_of(path, "select type, version from policies order by created_at, 1, 2")
    assert sorted(rows_of(path, "select type, version from policies")) == [
        ("access", "v2"),
        ("access", "v2"),  # made with v1, and shown by v2 in its own shape
        ("authorization", "v2"),
    ]
    assert rows_of(
        path, "select display_name, count(*) from policy_roles group by 1 order by 1"
    ) == [("Operator", 1), ("Reader", 2), ("Viewer", 1)]
    assert rows_of(path, "select display_name, kind from roles where kind = 'custom'") == [
        ("Key Lister", "custom")
    ]
    assert "kms" in column_of(path, "select distinct service_name from role_actions")
    steps = dict(rows_of(path, "select part, status from collection_steps"))
    assert steps == dict.fromkeys(PARTS, "ok")


def test_file_is_sound_private_and_quiet(collected):
    path = collected(acme())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    assert rows_of(path, "pragma foreign_key_check") == []
    assert rows_of(path, "pragma integrity_check") == [("ok",)]
    assert rows_of(path, "pragma journal_mode") == [("delete",)]


def test_every_declared_column_and_foreign_key_is_in_the_file(collected):
    path = collected(Account("Empty"))
    for table in ALL_TABLES:
        columns = [row[1] for row in rows_of(path, f"pragma table_info([{table.name}])")]
        assert columns == [column.name for column in table.columns]
        keys = {row[3]: row[2] for row in rows_of(path, f"pragma foreign_key_list([{table.name}])")}
        assert keys == {c.name: c.references for c in table.columns if c.references}


def test_every_view_has_a_sentence(collected):
    path = collected(Account("Empty"))
    views = column_of(path, "select name from sqlite_master where type = 'view'")
    assert sorted(views) == sorted(VIEWS)
    assert all(view.title.endswith(".") for view in VIEWS.values())


def test_every_foreign_key_is_indexed(collected):
    path = collected(Account("Empty"))
    for table in ALL_TABLES:
        leading = {table.key[0]} | {
            rows_of(path, f"pragma index_info([{row[1]}])")[0][2]
            for row in rows_of(path, f"pragma index_list([{table.name}])")
        }
        assert {c.name for c in table.columns if c.references and c.indexed} <= leading


def test_foreign_keys_are_enforced(collected):
    path = collected(acme())
    with closing(sqlite3.connect(path)) as db:
        db.execute("pragma foreign_keys = on")
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            db.execute("delete from resource_groups")
            db.commit()


def test_every_page_of_every_listing(collected):
    account = Account("Many")
    people = [account.user(f"Person {n}") for n in range(230)]
    for n in range(230):
        account.service_id(f"robot {n}")
        account.service_id(f"trainer {n}", group="Machine learning")
        profile = account.profile(f"profile {n}")
        account.link(profile)
        account.group(f"group {n}")
        account.instance(f"keys {n}", service="kms", state=["active", "removed"][n % 2])
        account.policy(people[n], roles=["Viewer"], service="kms")
    account.group("everyone", members=people, dynamic_members=people)
    path = collected(account)
    counts = {
        table: column_of(path, f"select count(*) from {table}")[0]
        for table in (
            *("users", "serviceids", "trustedprofiles", "trustedprofile_links"),
            *("access_groups", "access_group_members", "policies", "resource_service_instances"),
        )
    }
    assert counts == {
        "users": 231,
        "serviceids": 460,
        "trustedprofiles": 230,
        "trustedprofile_links": 230,
        "access_groups": 232,
        "access_group_members": 460,
        "policies": 230,
        "resource_service_instances": 230,
    }


def test_only_reads_and_asks_nothing_twice(tmp_path):
    """Nothing but reports is made, and a report is asked for again only until it is ready."""
    account = acme()
    with Sandbox(account) as sandbox:
        environment = {**sandbox.environment, "IBMCLOUD_TOKEN": ""}
        with closing(Client(find_credential(None, environment), environment)) as client:
            collect(client, tmp_path / "iaminsights.sqlite3")
        asked = [
            (r.method, r.service, r.path, tuple(r.query.items()))
            for r in sandbox.requests
            if r.status != 204
        ]
    assert {ask[:3] for ask in asked if ask[0] != "GET"} == {
        ("POST", "iam-token", "/identity/token"),
        ("POST", "global-search", "/v3/resources/search"),
        ("POST", "iam-identity", f"/v1/mfa/accounts/{account.account_id}/report"),
        ("POST", "iam-identity", f"/v1/activity/accounts/{account.account_id}/report"),
    }
    assert len(asked) == len(set(asked))


def test_connections_are_kept_and_never_more_than_the_concurrency(tmp_path):
    account = Account("Acme")
    for number in range(30):
        account.group(f"Team {number}")
    with Sandbox(account, latency=0.01) as sandbox:
        environment = sandbox.environment
        with closing(Client(find_credential(None, environment), environment, 5)) as client:
            collect(client, tmp_path / "acme.sqlite3", concurrency=5)
        assert len(sandbox.requests) > 40
        assert sandbox.most_connections == 5


def test_second_run_replaces_what_is_gone(collected):
    account = acme()
    path = collected(account)
    before = content_of(path)
    collected(account, path=path)
    assert content_of(path) == before

    account.users.pop()
    account.policies.pop()
    account.instances.clear()
    collected(account, path=path)
    assert column_of(path, "select iam_id from users") == [account.owner["iam_id"]]
    assert column_of(path, "select count(*) from policies") == [2]
    assert column_of(path, "select count(*) from resource_service_instances") == [0]
    # Ada is still a member of her group, now as somebody whom no listing knows.
    assert rows_of(
        path, "select distinct kind, identities.name = iam_id from access_group_members "
        "join identities using (iam_id) where type = 'user'"
    ) == [("unknown", 1)]  # fmt: skip
    assert column_of(path, "select count(*) from collections") == [3]


def test_what_is_mentioned_but_gone_is_kept(collected):
    account = Account("Ghosts")
    hidden = account.resource_group("hidden", listed=False)
    account.instance("keys", service="kms", resource_group=hidden, created_by="", updated_by="IAM")
    account.group("Old", members=["IBMid-GONE"], created_by_id="IBMid-CREATOR")
    account.policy("AccessGroupId-GONE", roles=["Viewer"], service="kms")
    account.policy("iam-Profile-GONE", roles=["Viewer"], instance="guid-gone", service="kms")
    account.policy("IBMid-GONE", roles=["crn:v1:bluemix:public:odd::::serviceRole:Gone"])
    path = collected(account)
    assert rows_of(path, "select resource_group_id, name, crn, listed from resource_groups") == [
        (hidden["id"], hidden["id"], hidden["crn"], 0)
    ]
    assert rows_of(path, "select name, is_public, listed from access_groups order by 1") == [
        ("AccessGroupId-GONE", 0, 0),
        ("Old", 0, 1),
        ("Public Access", 1, 1),
    ]
    assert rows_of(
        path, "select iam_id, kind, name from identities where kind in ('unknown', 'service') "
        "order by 1"
    ) == [
        ("IAM", "service", "IAM"),
        ("IBMid-CREATOR", "unknown", "IBMid-CREATOR"),
        ("IBMid-GONE", "unknown", "IBMid-GONE"),
        ("iam-Profile-GONE", "unknown", "iam-Profile-GONE"),
    ]  # fmt: skip
    assert column_of(path, "select created_by from resource_service_instances") == [None]
    assert rows_of(
        path, "select display_name, kind, service_name, listed from roles where listed = 0"
    ) == [("Gone", "service", "odd", 0)]
    assert rows_of(path, "pragma foreign_key_check") == []


def test_fullest_mention_of_what_is_not_listed_stands(tmp_path):
    poor, rich = (
        {column.name: values.get(column.name) for column in TABLE["resource_groups"].columns}
        for values in (
            {"resource_group_id": "rg", "account_id": "a", "name": "rg", "listed": 0},
            {
                "resource_group_id": "rg",
                "account_id": "a",
                "name": "rg",
                "listed": 0,
                "crn": "crn:1",
            },
        )
    )
    for order in ((poor, rich), (rich, poor)):
        path = tmp_path / "file.sqlite3"
        path.unlink(missing_ok=True)
        with Draft(path) as draft:
            account = {column.name: None for column in TABLE["accounts"].columns}
            draft.add("accounts", {**account, "account_id": "a"})
            for row in order:
                draft.mention("resource_groups", row)
            draft.complete("a", (), "2026-01-01T00:00:00Z")
            draft.publish()
        assert column_of(path, "select crn from resource_groups") == ["crn:1"]


def test_optional_fields_that_are_absent_or_null(collected):
    account = Account("Sparse")
    account.user("Ada Lovelace", email=ABSENT, added_on=None, lastname=ABSENT, firstname=None)
    account.service_id("robot", created_at=ABSENT, description=None, locked=ABSENT)
    account.group("Devs", created_at=ABSENT, created_by_id=ABSENT)
    path = collected(account)
    (ada,) = rows_of(
        path,
        "select email, added_on, firstname, identities.name from users "
        "join identities using (iam_id) where users.iam_id <> ?",
        account.owner["iam_id"],
    )
    assert ada == (None, None, None, account.users[1]["user_id"])
    assert rows_of(path, "select created_at, description, locked from serviceids") == [
        (None, None, None)
    ]


def test_v1_shows_what_v2_lacks_once(collected):
    account = Account("Versions")
    ada = account.user("Ada Lovelace")
    account.policy(ada, roles=["Viewer"], service="kms", version="v2", description="new")
    old = account.policy(ada, roles=["Editor"], service="kms", version="v1", description="old")
    path = collected(account)
    assert rows_of(path, "select description, version from policies order by 1") == [
        ("new", "v2"),
        ("old", "v2"),
    ]
    collected(account, path=path, hide=["v2_policies"])
    assert rows_of(path, "select id, version from policies") == [(old["id"], "v1")]
    assert column_of(path, "select display_name from policy_roles") == ["Editor"]


def test_two_accounts_in_one_file(collected):
    acme_account, bolt = acme(), Account("Bolt")
    ada = bolt.user("Ada Lovelace", iam_id=acme_account.users[1]["iam_id"])
    bolt.group("Developers", members=[ada])
    bolt.policy(bolt.public_group(), roles=["Reader"], service="cloud-object-storage")
    path = collected(acme_account)
    alone = content_of(path)
    collected(bolt, path=path)
    assert sorted(column_of(path, "select name from accounts")) == ["Acme", "Bolt"]
    assert column_of(path, "select count(*) from users where iam_id = ?", ada["iam_id"]) == [2]
    assert sorted(column_of(path, "select id from access_groups where is_public")) == [
        "AccessGroupId-PublicAccess",
        f"AccessGroupId-PublicAccess/{bolt.account_id}",
    ]
    assert rows_of(
        path, "select accounts.name from policies join access_groups "
        "on access_groups.id = access_group_id join accounts "
        "on accounts.account_id = access_groups.account_id where is_public"
    ) == [("Bolt",)]  # fmt: skip
    both = content_of(path)
    for name, rows in alone.items():
        assert set(rows) <= set(both[name]), name
    collected(acme_account, path=path)
    assert content_of(path) == both


def test_denied_part_is_told_apart_and_its_old_rows_stay(collected):
    account = acme()
    path = collected(account)
    members = rows_of(path, "select * from access_group_members")
    account.users.pop()
    collected(account, path=path, deny=["members", "users"])
    assert rows_of(path, "select * from access_group_members") == members
    assert column_of(path, "select count(*) from users") == [2]
    assert column_of(
        path,
        "select part from collection_steps "
        "where collection_id = 2 and status = 'denied' order by 1",
    ) == ["access_group_members", "users"]
    assert column_of(path, "select status from collections order by id") == ["ok", "denied"]
    (message,) = column_of(
        path,
        "select message from collection_steps where part = 'users' and status = 'denied'",
    )
    assert "answered 403" in message


def test_list_of_users_that_shows_only_the_caller_is_remarked(collected):
    query = "select status, message from collection_steps where part = 'users'"
    account = acme()
    path = collected(account, hide=["users"])
    ((status, message),) = rows_of(path, query)
    assert status == "ok" and "Viewer on User Management" in message
    collected(account, path=path)
    assert rows_of(path, f"{query} and collection_id = 2") == [("ok", None)]


def test_part_of_a_denied_part_counts_as_denied(collected):
    path = collected(acme(), deny=["groups"])
    statuses = dict(rows_of(path, "select part, status from collection_steps"))
    assert statuses["access_groups"] == statuses["access_group_members"] == "denied"
    assert statuses["policies"] == "ok"
    # The group that a policy names is there, so that no key is broken.
    assert column_of(path, "select listed from access_groups") == [0]


def test_account_that_may_not_be_read_still_has_its_row(collected):
    account = acme()
    path = collected(account, deny=["v4_account", "v1_account"])
    assert rows_of(path, "select account_id, name, owner from accounts") == [
        (account.account_id, account.account_id, None)
    ]


def test_account_that_may_no_longer_be_read_keeps_its_name(collected):
    account = acme()
    path = collected(account)
    before = rows_of(path, "select * from accounts")
    collected(account, path=path, deny=["v4_account", "v1_account"])
    assert rows_of(path, "select * from accounts") == before


def test_account_falls_back_to_the_older_api(collected):
    account = acme()
    path = collected(account, deny=["v4_account"])
    assert rows_of(path, "select name, owner, owner_user_id, type from accounts") == [
        ("Acme", account.owner["iam_id"], account.owner["user_id"], None)
    ]
    assert column_of(path, "select status from collections") == ["ok"]


def test_only_refreshes_one_part(tmp_path):
    account, path = acme(), tmp_path / "iaminsights.sqlite3"
    with Sandbox(account) as sandbox:
        collect_from(sandbox, account, path)
        before = content_of(path)
        account.policies.clear()
        account.users.clear()
        summary = collect_from(sandbox, account, path, only=["policies"])
    assert [step.part for step in summary.steps] == ["accounts", "policies"]
    after = content_of(path)
    assert after["policies"] == after["policy_roles"] == []
    for name in ("users", "serviceids", "access_groups", "access_group_members", "roles"):
        assert after[name] == before[name]


def test_only_members_asks_for_groups_without_touching_them(tmp_path):
    account, path = acme(), tmp_path / "iaminsights.sqlite3"
    with Sandbox(account) as sandbox:
        collect_from(sandbox, account, path)
        groups = content_of(path)["access_groups"]
        account.groups[-1]["name"] = "Renamed"
        account.members[account.groups[-1]["id"]].clear()
        collect_from(sandbox, account, path, only=["access_group_members"])
    assert content_of(path)["access_groups"] == groups
    assert content_of(path)["access_group_members"] == []


def test_error_in_mid_run_leaves_the_old_file(collected, tmp_path):
    account = acme()
    path = collected(account)
    before = path.read_bytes()
    account.policies.clear()
    fault = Fault("resource_keys", "html")
    with Sandbox(account, faults=[fault]) as sandbox, pytest.raises(RequestError):
        collect_from(sandbox, account, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_second_collect_into_the_same_file_says_so(collected):
    account = acme()
    path = collected(account)
    with (
        Draft(path),
        Sandbox(account) as sandbox,
        pytest.raises(DatabaseError, match="Another collection"),
    ):
        collect_from(sandbox, account, path)


def test_what_a_killed_collect_left_behind_is_no_obstacle(collected, tmp_path):
    (tmp_path / ".iaminsights.sqlite3.collecting").write_bytes(b"half a file")
    path = collected(acme())
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_nothing_secret_in_the_file(tmp_path):
    account, path = acme(), tmp_path / "iaminsights.sqlite3"
    account.instance("leaky", service="kms", parameters={"password": "s3cr3t-parameter"})
    with Sandbox(account) as sandbox:
        collect_from(sandbox, account, path)
        token = sandbox.environment["IBMCLOUD_TOKEN"].split(".")[1]
    content = path.read_bytes()
    for secret in (token, account.api_key, "s3cr3t-parameter"):
        assert secret.encode() not in content


def test_listing_that_never_ends_is_an_error(tmp_path):
    body = {"resources": [], "next_url": "/v2/accounts/a/users?_start=x"}
    with (
        scripted(lambda target: Answer(body if "/users" in target else {}, 200)) as server,
        pytest.raises(RequestError, match="users: .* same next page again"),
    ):
        environ = {service.variable: server.url for service in SERVICES}
        credential = Credential("X", token=make_token())
        with closing(Client(credential, environ)) as client:
            collect(client, tmp_path / "iaminsights.sqlite3", only=["users"])
    assert list(tmp_path.iterdir()) == []
