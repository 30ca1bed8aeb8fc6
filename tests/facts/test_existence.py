"""Gone means: nowhere. What exists, whoever knows of it, and whose account somebody belongs to."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from iaminsights.facts.derived import derive
from iaminsights.sandbox import Account

from ..report_rows import GONE, GONE_GROUP, rows
from ..schema_versions import accounts_of, unpacked

KUBERNETES = "containers-kubernetes"
CLUSTER = "c0ffee00c0ffee00c0ff"


def crn_of(account: Account, guid: str = CLUSTER, rest: str = ":") -> str:
    return f"crn:v1:bluemix:public:{KUBERNETES}:eu-de:a/{account.account_id}:{guid}:{rest}"


# --- Whatever knows of a thing keeps it from being gone -----------------------------------------


def by_instance(account: Account, state: str) -> None:
    account.instance("shop", KUBERNETES, guid=CLUSTER, state=state)


def by_search(account: Account) -> None:
    account.cluster("shop", crn=crn_of(account))


def by_a_part_in_search(account: Account) -> None:
    account.searchable("pool", KUBERNETES, "worker-pool", instance=CLUSTER)


def by_credential(account: Account) -> None:
    keys = account.instances[0]
    account.resource_key(keys, "a credential", source_crn=crn_of(account))


def by_link(account: Account) -> None:
    profile = account.profile("agent")
    account.link(profile, "IKS_SA", crn_of(account), namespace="shop", name="agent")


SOURCES = {
    **{
        f"an instance that is {state}": lambda account, state=state: by_instance(account, state)
        for state in ("active", "provisioning", "inactive", "failed", "pending_reclamation")
    },
    "a removed instance": lambda account: by_instance(account, "removed"),
    "search": by_search,
    "a part of it in search": by_a_part_in_search,
    "a service credential": by_credential,
    "a profile's link": by_link,
}


def account_that_names_a_cluster() -> Account:
    """A policy on a cluster, and the cluster's own authorization to use a key service."""
    account = Account("Acme")
    keys = account.instance("keys", "kms", region="eu-de")
    ada = account.user("Ada Lovelace")
    account.policy(ada, ["Viewer"], service=KUBERNETES, instance=CLUSTER)
    account.policy(
        ada,
        ["Reader"],
        service=KUBERNETES,
        attributes=[("serviceInstance", "stringMatch", "c0ffee*")],
    )
    account.authorization(
        ["Reader"],
        {"serviceName": KUBERNETES, "serviceInstance": CLUSTER},
        {"serviceName": "kms", "serviceInstance": keys},
    )
    return account


def said_to_be_gone(path) -> list[tuple]:
    """What both reports and the words of the policies say of it."""
    words = rows(path, "policies_by_last_permit", "subject", "target")
    return [
        *rows(path, "policy_orphan_target", "gone", "command"),
        *rows(path, "services_referenced_not_existing", "missing_instance", "command"),
        *(row for row in words if "exist" in f"{row}"),
    ]


@pytest.mark.parametrize("source", SOURCES)
def test_what_anything_knows_of_is_not_gone(collected, source):
    account = account_that_names_a_cluster()
    SOURCES[source](account)
    assert said_to_be_gone(collected(account)) == []


def test_what_a_tag_names_is_not_gone(collected):
    # Search tells tags of what it shows; older ones are kept where it could not be asked again.
    account = account_that_names_a_cluster()
    path = collected(account)
    assert said_to_be_gone(path)
    with closing(sqlite3.connect(path)) as database:
        database.execute(
            "insert into tag_attachments (crn, kind, name, account_id) values (?, 'user', 'x', ?)",
            (crn_of(account), account.account_id),
        )
        derive(database)
        database.commit()
    assert said_to_be_gone(path) == []


def test_what_nothing_knows_of_is_gone_and_can_be_deleted(collected):
    account = account_that_names_a_cluster()
    # Near misses: the same name elsewhere, and what is no longer a credential of anything.
    other = Account("Other")
    by_search(other)
    account.resource_key(account.instances[0], "old", source_crn=crn_of(account), state="removed")
    account.cluster("another")
    path = collected(account, other)
    words = [f"{KUBERNETES} instance {CLUSTER} (does not exist)"]
    assert sorted(rows(path, "policy_orphan_target", "gone"), key=str) == [
        ("instance c0ffee*",),
        (f"instance {CLUSTER}",),
        (f"source instance {CLUSTER}",),
    ]
    for report in ("policy_orphan_target", "services_referenced_not_existing"):
        commands = [command for (command,) in rows(path, report, "command")]
        assert len(commands) == 3 and all(commands), report
    subjects = {row[0] for row in rows(path, "policies_by_last_permit", "subject")}
    targets = {row[0] for row in rows(path, "policies_by_last_permit", "target")}
    assert set(words) <= subjects & targets


@pytest.mark.parametrize("denied", ["instances", "search"])
def test_what_could_not_be_looked_for_is_not_gone(collected, denied):
    account = account_that_names_a_cluster()
    profile = account.profile("agent")
    account.link(profile, "IKS_SA", crn_of(account, "c9"), namespace="a", name="b")
    path = collected(account, deny=[denied])
    assert said_to_be_gone(path) == []
    assert rows(path, "profile_dangling_link") == []


def test_the_target_of_an_authorization_is_not_gone(collected):
    account = account_that_names_a_cluster()
    target = {"serviceName": KUBERNETES, "serviceInstance": CLUSTER}
    proof = account.authorization(["Reader"], {"serviceName": "logs"}, target)
    path = collected(account)
    for report in ("policy_orphan_target", "services_referenced_not_existing"):
        assert rows(path, report, "policy_id") == [(proof["id"],)], report
    words = rows(path, "policies_by_last_permit", "policy_id", "subject", "target")
    assert [row[0] for row in words if "exist" in f"{row}"] == [proof["id"]]


@pytest.mark.parametrize("status", ["ok", "partial", "failed", "denied"])
@pytest.mark.parametrize("part", ["resources", "resource_service_instances"])
def test_what_was_looked_for_in_part_of_a_list_is_not_gone(collected, part, status):
    path = collected(account_that_names_a_cluster())
    with closing(sqlite3.connect(path)) as database:
        database.execute("update collection_steps set status = ? where part = ?", (status, part))
        derive(database)
        database.commit()
    assert bool(said_to_be_gone(path)) == (status == "ok")


def test_a_file_of_before_search_was_kept_knows_of_nothing_that_is_gone(collected, tmp_path):
    path = unpacked(3, tmp_path / "earlier.sqlite3")
    account = accounts_of(2)[0]
    account.policy(account.users[0], ["Viewer"], service="kms", instance=GONE)
    collected(account, path=path, only=["policies"])
    assert rows(path, "services_referenced_not_existing") == []
    assert rows(path, "policy_orphan_target") == []
    collected(account, path=path, only=["resources", "resource_service_instances"])
    found = rows(path, "services_referenced_not_existing", "account_id", "missing_instance")
    assert (account.account_id, GONE) in found


def test_an_authorization_does_not_prove_its_own_target(collected):
    account = Account("Acme")
    account.authorization(
        ["Reader"], {"serviceName": "logs"}, {"serviceName": "kms", "serviceInstance": GONE}
    )
    account.authorization(
        ["Writer"], {"serviceName": "logs"}, {"serviceName": "kms", "serviceInstance": GONE}
    )
    found = rows(collected(account), "services_referenced_not_existing", "missing_instance", "side")
    assert found == [(GONE, "target")] * 2


def test_a_link_does_not_prove_its_own_cluster(collected):
    account = Account("Acme")
    keys = account.instance("keys", "kms")
    agent = account.profile("agent")
    known = {
        "searched": lambda guid: account.cluster("searched", crn=crn_of(account, guid)),
        "authorized": lambda guid: account.authorization(
            ["Reader"],
            {"serviceName": "logs"},
            {"serviceName": KUBERNETES, "serviceInstance": guid},
        ),
        "credential": lambda guid: account.resource_key(
            keys, "writer", source_crn=crn_of(account, guid)
        ),
        "listed": lambda guid: account.instance("listed", KUBERNETES, guid=guid, state="removed"),
    }
    for label, make in known.items():
        make(label)
        account.link(agent, "IKS_SA", crn_of(account, label), label=label)
    for label in ("gone", "gone, too"):
        account.link(agent, "ROKS_SA", crn_of(account, "c1"), namespace=label, label=label)
    found = rows(collected(account), "profile_dangling_link", "link", "command")
    assert [link for link, command in found if command] == ["gone", "gone, too"] and len(found) == 2


# --- Names of what only search shows ------------------------------------------------------------


def test_a_cluster_that_only_search_shows_has_its_name(collected):
    account = account_that_names_a_cluster()
    by_search(account)
    by_a_part_in_search(account)  # which has another name
    found = rows(collected(account), "policies_by_last_permit", "subject", "target")
    assert ("Ada Lovelace", f"{KUBERNETES} instance shop") in found
    assert (f"{KUBERNETES} instance shop", "kms instance keys") in found


def test_what_else_uses_an_instance_that_no_policy_reaches(collected):
    account = Account("Acme")
    alone, used = account.instance("alone", "kms"), account.instance("used", "kms")
    account.resource_key(used, "writer")
    account.authorization(
        ["Reader"], {"serviceName": "logs"}, {"serviceName": "kms", "serviceInstance": used}
    )
    account.link(account.profile("agent"), "CE", alone, label="a project, say")
    account.resource_key(alone, "old", state="removed")
    columns = ("instance", "used_by", "command")
    assert rows(collected(account), "unreferenced_service_instances", *columns) == [
        ("alone", "profile link", None),
        ("used", "authorization, service credential", None),
    ]


def test_what_only_search_shows_can_be_found_and_has_a_history(collected):
    account = Account("Acme")
    account.cluster("old")
    path = collected(account)
    account.searchables.clear()
    cluster = account.cluster("shop")
    account.instance("shop keys", "kms")  # which has its history as an instance
    collected(account, path=path)
    with closing(sqlite3.connect(path)) as database:
        changes = database.execute("select what, name, change from changes order by what, name")
        assert changes.fetchall() == [
            ("resource_service_instances", "shop keys", "added"),
            ("resources", "old", "removed"),
            ("resources", "shop", "added"),
        ]
    found = rows(path, "find", "kind", "name", "table_name", "key", text="shop")
    assert ("k8-cluster", "shop", "resources", cluster["crn"]) in found
    assert [kind for kind, name, *_ in found if name == "shop keys"] == ["service instance"]


# --- Resource groups -----------------------------------------------------------------------------


def test_a_resource_group_that_something_is_in_is_not_gone(collected):
    account = Account("Acme")
    ada = account.user("Ada Lovelace")
    hidden = [account.resource_group(f"hidden {n}", listed=False) for n in range(3)]
    account.cluster("shop", resource_group=hidden[0])
    account.instance("waits", "kms", resource_group=hidden[1], state="pending_reclamation")
    keys = account.instance("keys", "kms")
    account.resource_key(keys, "writer", resource_group_id=hidden[2]["id"])
    for group in hidden:
        account.policy(ada, ["Viewer"], resource_group=group)
    gone = account.policy(ada, ["Viewer"], resource_group="9" * 32)
    path = collected(account)
    ((kind, command),) = rows(path, "policy_orphan_target", "missing", "command")
    assert kind == "resource group" and command.endswith(f"'{gone['id']}'")
    described = [target for (target,) in rows(path, "policies_by_last_permit", "target")]
    assert [words for words in described if "exist" in words] == [
        f"Every service in resource group {'9' * 32} (does not exist)"
    ]
    for denied in ("resource_groups", "search"):
        path = collected(account, path=path.with_name(denied), deny=[denied])
        assert rows(path, "policy_orphan_target") == []
        described = [target for (target,) in rows(path, "policies_by_last_permit", "target")]
        assert not any("exist" in words for words in described)


# --- People and programs -------------------------------------------------------------------------

SERVICE_ID = "iam-ServiceId-99999999-0000-4000-8000-000000000001"
OTHER = "0" * 31 + "7"


def test_an_identity_with_a_key_or_credential_is_not_gone(collected):
    account = Account("Acme")
    keys = account.instance("keys", "kms")
    has_key, has_credential, has_nothing = (SERVICE_ID[:-1] + digit for digit in "123")
    account.add_api_key(account.service_id("robot"), "pipeline", iam_id=has_key)
    crn = f"crn:v1:bluemix:public:iam-identity::a/{account.account_id}::serviceid:"
    for number, (iam_id, state) in enumerate(
        ((has_credential, "active"), (has_nothing, "removed"))
    ):
        held = {"iam_serviceid_crn": crn + iam_id.removeprefix("iam-")}
        account.resource_key(keys, f"writer {number}", credentials=held, state=state)
    for iam_id in (has_key, has_credential, has_nothing):
        account.policy(iam_id, ["Viewer"], service="kms")
    path = collected(account)
    assert rows(path, "policy_orphan_subject", "iam_id") == [(has_nothing,)]
    words = [subject for (subject,) in rows(path, "policies_by_last_permit", "subject")]
    assert [subject for subject in words if "not in" in subject] == [
        f"{has_nothing} (not in the account)"
    ]


def foreigners() -> tuple[Account, Account, dict[str, str]]:
    """Acme, with subjects of other accounts; Bolt, which is in the file; who they are."""
    acme, bolt = Account("Acme", owner="Olga Owner"), Account("Bolt", owner="Bo Bolt")
    acme.user("Ada Lovelace")
    crn = f"crn:v1:bluemix:public:is:eu-de:a/{OTHER}::instance:1"
    acme.enterprise("Holding", accounts=["Third"])
    (third,) = (row for row in acme.enterprise_accounts if row["name"] == "Third")
    third["owner_iam_id"] = "IBMid-66THIRD001"
    acme.profile_identity(acme.profile("partners"), "IBMid-66PARTNER1", accounts=[OTHER])
    who = {
        "person": bolt.user("Guest Gus")["iam_id"],
        "service ID": bolt.service_id("bolt-robot")["iam_id"],
        "trusted profile": bolt.profile("bolt-profile")["iam_id"],
        "resource": f"crn-{crn}",
        "owner": "IBMid-66THIRD001",
        "partner": "IBMid-66PARTNER1",
    }
    return acme, bolt, who


def test_subjects_of_other_accounts_are_no_orphans(collected):
    acme, bolt, who = foreigners()
    for iam_id in who.values():
        acme.policy(iam_id, ["Viewer"], service="kms")
    acme.policy("IBMid-GONE1", ["Viewer"], service="kms")
    acme.policy(SERVICE_ID, ["Viewer"], service="kms")
    # Near misses: in both accounts, somebody's own service, and what grants nothing.
    both = bolt.user("Ada Lovelace", email=acme.users[1]["email"])
    assert both["iam_id"] == acme.users[1]["iam_id"]
    acme.policy(both, ["Viewer"], service="kms")
    own = f"crn-crn:v1:bluemix:public:is:eu-de:a/{acme.account_id}::instance:1"
    acme.policy(own, ["Viewer"], service="kms")
    acme.policy(who["person"], ["Manager"], service="kms", state="deleted")
    path = collected(acme, bolt)
    columns = ("kind", "who", "other_accounts", "known_from", "via", "roles", "target", "command")
    held = ("direct", "Viewer", "kms", None)
    assert rows(path, "cross_account_access", *columns) == [
        ("person", "Guest Gus", "Bolt", "users", *held),
        ("person", "IBMid-66PARTNER1", OTHER, "trusted profile partners", *held),
        ("person", "IBMid-66THIRD001", "Third", "owner of an account of the enterprise", *held),
        ("resource", who["resource"], OTHER, "its CRN", *held),
        ("service ID", "bolt-robot", "Bolt", "service IDs", *held),
        ("trusted profile", "bolt-profile", "Bolt", "trusted profiles", *held),
    ]
    assert sorted(rows(path, "policy_orphan_subject", "account", "iam_id")) == [
        ("Acme", "IBMid-GONE1"),
        ("Acme", SERVICE_ID),
    ]
    words = {subject for (subject,) in rows(path, "policies_by_last_permit", "subject")}
    assert {
        "Guest Gus (of account Bolt)",
        "service ID bolt-robot (of account Bolt)",
        "IBMid-GONE1 (not in the account)",
        "Ada Lovelace",
    } <= words


def test_a_member_of_another_account_has_what_its_group_has(collected):
    acme, bolt, who = foreigners()
    team = acme.group("Team", [who["person"], "IBMid-GONE1", acme.users[1]])
    acme.group("Grants nothing", [who["service ID"]])
    acme.policy(team, ["Administrator"], service="iam-groups")
    acme.policy(team, ["Manager"], service="kms")
    bolt.policy(bolt.group("Their team", [who["person"]]), ["Viewer"], service="kms")
    columns = ("account", "who", "other_accounts", "via", "roles", "console", "command")
    console = f"https://cloud.ibm.com/iam/groups/{team['id']}?tab=iam"
    assert sorted(rows(collected(acme, bolt), "cross_account_access", *columns)) == [
        ("Acme", "Guest Gus", "Bolt", "access group Team", role, console, None)
        for role in ("Administrator", "Manager")
    ]


@pytest.mark.parametrize("denied", ["users", "service_ids", "profiles"])
def test_who_could_not_be_looked_for_may_be_in_the_account(collected, denied):
    acme, bolt, who = foreigners()
    for iam_id in (who["person"], who["service ID"], who["trusted profile"]):
        acme.policy(iam_id, ["Viewer"], service="kms")
    path = collected(bolt)
    collected(acme, path=path, deny=[denied])
    kinds = {"users": "person", "service_ids": "service ID", "profiles": "trusted profile"}
    found = {kind for (kind,) in rows(path, "cross_account_access", "kind")}
    assert found == set(kinds.values()) - {kinds[denied]}
    assert rows(path, "policy_orphan_subject") == []


def test_authorizations_of_other_accounts_are_their_access(collected):
    acme, bolt, _ = foreigners()

    def authorization(account_id, **target):
        source = {"accountId": account_id, "serviceName": "logs"}
        return acme.authorization(["Reader"], source, {"serviceName": "kms", **target})["id"]

    authorization(acme.account_id)
    acme.authorization(["Reader"], {"serviceName": "logs"}, {"serviceName": "kms"})
    of_bolt, of_other = authorization(bolt.account_id), authorization(OTHER)
    columns = ("kind", "who", "other_accounts", "known_from", "via", "command")
    delete = "ibmcloud iam authorization-policy-delete"
    known = ("the authorization", "authorization")
    assert rows(collected(acme, bolt), "cross_account_access", *columns) == [
        ("service", f"logs of account {OTHER}", OTHER, *known, f"{delete} '{of_other}'"),
        ("service", "logs of account Bolt", "Bolt", *known, f"{delete} '{of_bolt}'"),
    ]


def test_whether_the_setting_lets_other_accounts_in(collected, tmp_path):
    acme, bolt, who = foreigners()
    for iam_id in (who["person"], who["service ID"], who["trusted profile"]):
        acme.policy(iam_id, ["Viewer"], service="kms")
    acme.policy(who["partner"], ["Viewer"], service="kms")
    acme.access_settings(user=("limited", [bolt.account_id]), service_id="monitor")
    columns = ("who", "setting_lets_it_work")
    found = dict(rows(collected(acme, bolt), "cross_account_access", *columns))
    assert found == {
        "Guest Gus": "yes, as an exception",
        "IBMid-66PARTNER1": "no",
        "bolt-robot": "yes, but monitored",
        "bolt-profile": "not known",
    }


def test_a_list_of_one_person_proves_nothing_unless_the_setting_is_known(collected):
    account = Account("Acme")
    account.policy("IBMid-GONE1", ["Viewer"], service="kms")
    account.policy(GONE_GROUP, ["Viewer"], service="kms")
    path = collected(account, deny=["identity_settings", "effective_identity_settings"])
    assert rows(path, "policy_orphan_subject", "missing") == [("access group",)]
    words = {subject for (subject,) in rows(path, "policies_by_last_permit", "subject")}
    assert "IBMid-GONE1" in words


# --- Sources of authorizations -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({}, "Every service of the account"),
        ({"accountId": OTHER}, f"Every service of account {OTHER}"),
        ({"accountId": True}, "Every service of any account"),
        ({"serviceName": "logs"}, "logs"),
        ({"resourceGroupId": True}, "Every service in any resource group"),
    ],
)
def test_an_authorization_of_nothing_but_an_account_is_every_services(collected, source, words):
    account = Account("Acme")
    keys = account.instance("keys", "kms")
    account.authorization(["Reader"], source, {"serviceName": "kms", "serviceInstance": keys})
    path = collected(account)
    for report in ("service_authorizations", "authorization_broad"):
        assert rows(path, report, "source") == [(words,)], report
    found = rows(path, "find", "name", text="keys")
    assert (f"{words}: Reader on kms instance keys",) in found


def test_a_service_id_that_has_a_key_here_is_of_this_account(collected):
    account = Account("Acme")
    helper = account.profile("helper")
    elsewhere = f"crn:v1:bluemix:public:iam-identity::a/{OTHER}::serviceid:ServiceId-1"
    has_key, has_nothing = SERVICE_ID[:-1] + "1", SERVICE_ID[:-1] + "2"
    account.add_api_key(account.service_id("robot"), "pipeline", iam_id=has_key)
    account.profile_identity(helper, has_key)
    account.profile_identity(helper, has_nothing)
    account.profile_identity(helper, "iam-ServiceId-1", identifier=elsewhere)
    found = rows(collected(account), "profile_cross_account", "trusted_id", "other_accounts")
    assert sorted(found) == [("iam-ServiceId-1", OTHER), (has_nothing, "not known")]


def test_service_ids_of_clusters_that_only_search_shows(collected):
    account = Account("Acme")
    account.cluster("blue-shop-1", crn=crn_of(account))
    own = account.service_id(f"cluster-{CLUSTER}", description="ID for blue-shop-1")
    runs_there = account.service_id("pricing", description=f"runs on {CLUSTER}")
    named = account.service_id("carts", description="in blue-shop-1, namespace carts")
    for robot in (own, runs_there, named):
        account.add_api_key(robot, "key")
    found = rows(collected(account), "service_id_to_profile", "serviceid")
    assert sorted(found) == [("carts",), ("pricing",)]
