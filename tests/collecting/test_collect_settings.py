"""Keys, trust, settings, reports, restrictions and tags: what arrives, and what must never."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner

from iaminsights.cli import main
from iaminsights.ibmcloud.resources import REPORTS
from iaminsights.sandbox import Account, Fault, Sandbox, sample_account

from ..conftest import collect_from


def rows_of(path, query, *values):
    with closing(sqlite3.connect(path)) as db:
        return db.execute(query, values).fetchall()


def test_keys_arrive_without_their_secrets(collected):
    account = Account("Acme")
    ada, robot = account.user("Ada Lovelace"), account.service_id("robot")
    trainer = account.service_id("trainer", group="Machine learning")
    keys = account.instance("keys", "kms")
    account.add_api_key(ada, "laptop", disabled=True)
    account.add_api_key(robot, "pipeline", secret="sandbox-secret-1", action_when_leaked="none")
    account.add_api_key(trainer, "nightly", secret=True, expires_at="2027-01-01")
    account.resource_key(keys, "writer", service_id=robot, secret=True)
    gone = "crn:v1:bluemix:public:kms:eu-de:a/x:gone::"
    account.resource_key(keys, "of a gone one", secret=True, source_crn=gone)
    path = collected(account)
    assert rows_of(
        path,
        "select identities.name, apikeys.name, disabled, action_when_leaked, "
        "substr(expires_at, 1, 10) from apikeys join identities using (iam_id) order by 1",
    ) == [
        ("Ada Lovelace", "laptop", 1, "disable", None),
        ("robot", "pipeline", 0, "none", None),
        ("trainer", "nightly", 0, "disable", "2027-01-01"),
    ]
    found = rows_of(
        path,
        "select resource_keys.name, instance_id, source_crn, identities.name from resource_keys "
        "left join identities on iam_id = service_iam_id order by 1 desc",
    )
    assert [row[:2] for row in found] == [("writer", keys["crn"]), ("of a gone one", None)]
    assert found[0][3] == "robot"
    assert b"sandbox-secret" not in path.read_bytes()


def test_no_secret_of_the_sample_account_is_kept(sample_file):
    assert b"sandbox-secret" not in sample_file.read_bytes()
    assert rows_of(sample_file, "select count(*) from apikeys")[0][0] >= 20
    assert rows_of(sample_file, "select count(*) from resource_keys")[0][0] >= 5
    with Sandbox(sample_account()) as sandbox:  # there is something to keep out
        key = json.dumps([sandbox.accounts[0].api_keys, sandbox.accounts[0].resource_keys])
    assert "sandbox-secret" in key


def test_no_secret_is_shown_where_an_object_cannot_be_kept(tmp_path):
    account = Account("Acme")
    robot = account.service_id("robot")
    account.add_api_key(robot, "broken", secret="sandbox-secret-1", locked="perhaps")
    with Sandbox(account) as sandbox:
        arguments = ["collect", str(tmp_path / "acme.sqlite3"), "--verbose"]
        result = CliRunner().invoke(main, arguments, env=sandbox.environment)
    assert result.exit_code == 4
    assert "1 object was left out: an object locked is neither true nor false" in result.stderr
    assert "sandbox-secret" not in result.output


def test_trust_and_dynamic_rules(collected):
    account = Account("Acme")
    profile = account.profile("auditor")
    ada = account.user("Ada Lovelace")
    account.claim_rule(
        profile, [("blueGroups", "EQUALS", "audit")], realm="https://sso.example.org", name="audit"
    )
    account.profile_identity(profile, ada, accounts=["b" * 32])
    team = account.group("Team")
    account.group_rule(team, "all of it", "https://sso.example.org", [("dep", "CONTAINS", "IT")])
    account.group("Without rules")
    with Sandbox(account) as sandbox:
        path = collected(account)
    rule = rows_of(
        path,
        "select trustedprofiles.name, rules.name, rules.type, realm_name, conditions "
        "from trustedprofile_rules as rules join trustedprofiles on trustedprofiles.id = tp_id",
    )
    assert rule[0][:4] == ("auditor", "audit", "Profile-SAML", "https://sso.example.org")
    assert json.loads(rule[0][4])[0]["operator"] == "EQUALS"
    assert rows_of(path, "select iam_id, type, accounts from trustedprofile_identities") == [
        (ada["iam_id"], "user", json.dumps(["b" * 32]))
    ]
    assert rows_of(
        path,
        "select access_groups.name, rules.name, expiration from access_group_rules as rules "
        "join access_groups on access_groups.id = group_id",
    ) == [("Team", "all of it", 12)]
    asked = []
    with Sandbox(account) as sandbox:
        collect_from(sandbox, account, path)
        asked = [r.path for r in sandbox.requests if r.operation == "group_rules"]
    assert asked == [f"/v2/groups/{team['id']}/rules"]  # not for the group that has none


def test_settings(collected):
    account = Account("Acme")
    ada = account.user("Ada Lovelace")
    account.identity_settings(mfa="LEVEL2", restrict_create_platform_apikey="RESTRICTED")
    account.mfa(ada, level="NONE", complies=False)
    account.user_settings(ada, allowed_ip_addresses="192.0.2.7", self_manage=True)
    account.access_settings(user=("limited", ["c" * 32]), service_id="enabled", service="monitor")
    path = collected(account)
    assert rows_of(path, "select mfa, restrict_create_platform_apikey from account_settings") == [
        ("LEVEL2", "RESTRICTED")
    ]
    assert rows_of(path, "select iam_id, mfa from user_mfa") == [(ada["iam_id"], "NONE")]
    assert rows_of(
        path,
        "select allowed_ip_addresses, self_manage from users where iam_id = ?",
        ada["iam_id"],
    ) == [("192.0.2.7", 1)]
    assert rows_of(
        path,
        "select identity_type, state, external_allowed_accounts from external_identity_settings "
        "order by 1",
    ) == [
        ("service", "monitor", "[]"),
        ("service_id", "enabled", "[]"),
        ("user", "limited", json.dumps(["c" * 32])),
    ]
    assert rows_of(path, "select public_access_enabled from access_group_settings") == [(1,)]


def test_settings_that_an_enterprise_overrules(collected):
    account = Account("Acme")
    account.identity_settings(mfa="NONE")
    account.settings_template("all accounts", mfa="LEVEL3")
    assert rows_of(collected(account), "select mfa from account_settings") == [("LEVEL3",)]


def test_own_settings_do_where_the_effective_ones_are_refused(collected):
    account = Account("Acme")
    account.identity_settings(mfa="LEVEL1")
    path = collected(account, deny=["effective_identity_settings"])
    assert rows_of(path, "select mfa from account_settings") == [("LEVEL1",)]
    assert rows_of(path, "select count(*) from collection_steps where status <> 'ok'") == [(0,)]


def test_restrictions_with_all_addresses_of_a_zone(collected):
    account = Account("Acme")
    addresses = [f"192.0.2.{number}" for number in range(1, 8)]
    office = account.zone("office", *addresses, excluded=["192.0.2.3"])
    gone = "f" * 32
    account.cbr_rule("keys from the office", service="kms", zones=[office, gone], mode="report")
    path = collected(account)
    assert rows_of(
        path,
        "select excluded, value from cbr_zone_addresses order by excluded, position",
    ) == [*((0, address) for address in addresses), (1, "192.0.2.3")]
    assert rows_of(
        path,
        "select cbr_rules.description, enforcement_mode, cbr_zones.name, listed "
        "from cbr_rules join cbr_rule_zones on rule_id = cbr_rules.id "
        "join cbr_zones on cbr_zones.id = zone_id order by listed desc",
    ) == [
        ("keys from the office", "report", "office", 1),
        ("keys from the office", "report", gone, 0),
    ]


def test_tags_and_what_carries_them(collected):
    account = Account("Acme")
    keys = account.instance("keys", "kms")
    server = account.searchable("vsi-1")
    account.tag(keys, "env:prod", kind="access")
    account.tag(keys, "team-blue")
    account.tag(server, "env:prod", kind="access")
    account.new_tag("env:dev", kind="access")
    for number in range(1100):  # a second page of the search
        account.tag(account.searchable(f"vsi-x{number}"), "many")
    path = collected(account)
    assert rows_of(path, "select kind, name from tags order by 1, 2") == [
        ("access", "env:dev"),
        ("access", "env:prod"),
        ("user", "many"),
        ("user", "team-blue"),
    ]
    assert rows_of(
        path, "select crn, kind, name, instance_id from tag_attachments where name <> 'many'"
        " order by instance_id is null, kind",
    ) == [
        (keys["crn"], "access", "env:prod", keys["crn"]),
        (keys["crn"], "user", "team-blue", keys["crn"]),
        (server["crn"], "access", "env:prod", None),
    ]  # fmt: skip
    assert rows_of(path, "select count(*) from tag_attachments where name = 'many'") == [(1100,)]


def test_every_resource_that_search_shows(collected):
    account = Account("Acme")
    prod = account.resource_group("prod")
    hidden = account.resource_group("hidden", listed=False)
    keys = account.instance("keys", "kms", region="eu-de", resource_group=prod)
    account.instance("waiting", "kms", state="pending_reclamation")
    server = account.searchable("vsi-1", region="eu-de-1", resource_group=prod)
    cluster = account.cluster("shop", region="eu-gb", resource_group=hidden)
    bare = account.searchable("bare")
    for name in ("family", "type", "service_name", "region", "resource_group_id"):
        bare[name] = None
    path = collected(account)
    assert rows_of(
        path,
        "select name, resources.crn, family, type, service_name, region_id, resource_group_id, "
        "guid, instance_id, account_id from resources order by name desc",
    ) == [
        (
            *("vsi-1", server["crn"], "is", "instance", "is", "eu-de-1", prod["id"]),
            *(None, None, account.account_id),
        ),
        (
            *("shop", cluster["crn"], "containers", "k8-cluster", "containers-kubernetes"),
            *("eu-gb", hidden["id"], cluster["crn"].split(":")[7], None, account.account_id),
        ),
        (
            *("keys", keys["crn"], "resource_controller", "resource-instance", "kms"),
            *("eu-de", prod["id"], keys["guid"], keys["crn"], account.account_id),
        ),
        # What the answer leaves out is in the CRN.
        ("bare", bare["crn"], None, None, "is", "us-south", *[None] * 3, account.account_id),
    ]
    assert rows_of(
        path, "select listed from resource_groups where resource_group_id = ?", hidden["id"]
    ) == [(0,)]
    assert rows_of(path, "select part, status from collection_steps where rows = 4") == [
        ("resources", "ok")
    ]


def test_enterprise_and_none(collected, tmp_path):
    account = Account("Acme")
    account.enterprise("Holding", groups=["Europe"], accounts=[account.account_id, "Other"])
    path = collected(account)
    assert rows_of(path, "select name from enterprises") == [("Holding",)]
    assert rows_of(path, "select name from enterprise_account_groups") == [("Europe",)]
    assert rows_of(path, "select count(*) from enterprise_accounts") == [(2,)]
    alone = collected(Account("Bolt"), path=tmp_path / "bolt.sqlite3", deny=["enterprise"])
    steps = rows_of(alone, "select distinct status from collection_steps")
    assert steps == [("ok",)]  # a refusal is how some accounts learn that they are in none


# Reports that IBM Cloud has to make first


def reported(account, path, *, delays=1, faults=(), deny=(), patience=60.0, **options):
    with Sandbox(account, report_delays=delays, faults=faults, deny=deny) as sandbox:
        summary = collect_from(sandbox, account, path, report_patience=patience, **options)
        return summary, [(r.method, r.operation, r.status) for r in sandbox.requests]


def account_with_reports():
    account = Account("Acme")
    ada, robot = account.user("Ada Lovelace"), account.service_id("robot")
    profile = account.profile("auditor")
    key = account.add_api_key(robot, "old")
    account.mfa(ada, level="LEVEL3", complies=False)
    account.last_login(ada, "2020-02-03")
    account.last_login(robot, None)
    account.last_login(key, None)
    account.last_login(profile, "2021-01-01")
    return account


def test_reports_are_waited_for(tmp_path):
    account, path = account_with_reports(), tmp_path / "acme.sqlite3"
    summary, asked = reported(account, path, delays=3)
    assert not summary.incomplete
    for start, result in (
        ("start_mfa_report", "mfa_report"),
        ("start_activity_report", "activity_report"),
    ):
        assert [status for method, name, status in asked if name == start] == [202]
        assert [status for _, name, status in asked if name == result] == [204, 204, 204, 200]
    assert rows_of(
        path,
        "select identities.name, trait_effective, complies from mfa_enrollments "
        "join identities using (iam_id) where trait_user_specific <> 'NONE' or complies = 0",
    ) == [("Ada Lovelace", "LEVEL3", 0)]
    assert rows_of(
        path,
        "select inactive.kind, identities.name, inactive.name, substr(last_authn, 1, 10), "
        "report_duration from inactive_identities as inactive "
        "join identities using (iam_id) order by 1",
    ) == [
        ("apikey", "robot", "old", None, 720),
        ("service_id", "robot", "robot", None, 720),
        ("trusted_profile", "auditor", "auditor", "2021-01-01", 720),
        ("user", "Ada Lovelace", "Ada Lovelace", "2020-02-03", 720),
    ]


def test_report_that_is_never_ready_gives_way_to_the_newest(tmp_path):
    account, path = account_with_reports(), tmp_path / "acme.sqlite3"
    account.older_reports = True
    summary, asked = reported(account, path, delays=None, patience=0.3)
    assert not summary.incomplete
    assert rows_of(path, "select count(*) > 0 from mfa_enrollments") == [(1,)]
    assert asked[-1][2] == 200


def test_report_that_is_never_ready_and_has_no_older_one_is_said_to_be_missing(tmp_path):
    account, path = account_with_reports(), tmp_path / "acme.sqlite3"
    reported(account, path)
    before = rows_of(path, "select * from mfa_enrollments")
    assert before
    with Sandbox(account, report_delays=None) as sandbox:
        summary = collect_from(sandbox, account, path, report_patience=0.3)
        latest = [r.path for r in sandbox.requests if r.path.endswith("/latest")]
    assert len(latest) == len(set(latest)) == 2  # not waited for once more
    assert {step.part: step.status for step in summary.incomplete} == dict.fromkeys(
        REPORTS, "failed"
    )
    assert all("Collect it later with --only" in step.messages[0] for step in summary.incomplete)
    assert rows_of(path, "select * from mfa_enrollments") == before  # kept, and marked as older


def test_reports_that_may_not_be_read_are_denied_with_their_role(tmp_path):
    account = account_with_reports()
    summary, _ = reported(account, tmp_path / "acme.sqlite3", deny=["start_mfa_report"])
    (step,) = summary.incomplete
    assert (step.part, step.status) == ("mfa_enrollments", "denied")
    assert step.roles == {"Administrator or Service Configuration Reader on IAM Identity"}


@pytest.mark.parametrize("operation", ["start_mfa_report", "mfa_report", "search"])
def test_passing_trouble_with_what_is_asked_by_post(tmp_path, operation):
    account = account_with_reports()
    account.tag(account.instance("keys", "kms"), "env:prod", kind="access")
    fault = Fault(operation, "status", status=503, times=1)
    summary, _ = reported(account, tmp_path / "acme.sqlite3", faults=[fault])
    assert not summary.incomplete
    assert sum(step.retries for step in summary.steps) == 1


def test_no_reports_leaves_them_as_they_were(tmp_path):
    account, path = account_with_reports(), tmp_path / "iaminsights.sqlite3"
    reported(account, path)
    before = rows_of(path, "select * from inactive_identities")
    with Sandbox(account, report_delays=None) as sandbox:
        arguments = ["collect", str(path), "--no-reports", "--quiet"]
        result = CliRunner().invoke(main, arguments, env=sandbox.environment)
        assert (result.exit_code, result.output) == (0, "")
        assert not [r for r in sandbox.requests if "report" in r.operation]
    assert rows_of(path, "select * from inactive_identities") == before != []
