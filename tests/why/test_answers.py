"""Questions about a small account, with the whole answer to each written out."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timezone

import pytest

from iaminsights.errors import NameUnresolved
from iaminsights.reports.report import noted_reads
from iaminsights.sandbox import Account, Sandbox
from iaminsights.why.answer import RESTS_ON, as_json, ask
from iaminsights.why.words import reason, text, verdict

from ..conftest import collect_from
from ..facts.test_policy_reach import derive_reach

AT = datetime(2026, 5, 1, 8, tzinfo=timezone.utc)
ELSEWHERE = "f" * 32
MONDAYS = {
    "key": "{{environment.attributes.day_of_week}}",
    "operator": "dayOfWeekEquals",
    "value": 1,
}


def until(moment):
    return {
        "key": "{{environment.attributes.current_date_time}}",
        "operator": "dateTimeLessThanOrEquals",
        "value": moment,
    }


def acme() -> Account:
    account = Account("Acme", owner="Olga Owner")
    prod, dev = account.resource_group("prod"), account.resource_group("dev")
    keys = account.instance("keys", "kms", "eu-de", prod, guid="1111-aaaa")
    account.instance("keys-dev", "kms", "eu-gb", dev, guid="1111-bbbb")
    archive = account.instance("archive", "cloud-object-storage", "global", prod, guid="2222-cccc")
    account.tag(keys, "env:prod", kind="access")
    account.instance("twin", "kms", "eu-de", dev, guid="3333-dddd")
    account.instance("twin", "logs", "eu-de", dev, guid="4444-eeee")

    ada = account.user("Ada Lovelace")
    account.policy(ada, ["Reader"], instance=keys, id="direct")
    account.policy(ada, ["Viewer"], service="kms", region="eu-gb", id="region")
    account.policy(ada, ["Writer"], service="kms", resource_group=dev, id="group-of-resources")
    account.policy(ada, ["Manager"], service="kms", tags=[("env", "stringEquals", "dev")], id="tag")
    account.policy(
        ada,
        ["Operator"],
        service="kms",
        attributes=[("serviceInstance", "stringMatch", "1111-b*")],
        id="match",
    )
    account.policy(
        ada,
        ["Editor"],
        attributes=[("serviceName", "stringEqualsAnyOf", ["logs", "atracker"])],
        id="any-of",
    )
    account.policy(
        ada,
        ["Administrator"],
        service="kms",
        attributes=[("resourceGroupId", "stringExists", "false")],
        id="absent",
    )
    account.policy(
        ada, ["ReaderPlus"], service="kms", rule=until("2026-04-01T00:00:00+00:00"), id="over"
    )
    account.policy(
        ada,
        ["KeyPurge"],
        service="kms",
        rule=MONDAYS,
        pattern="time-based-conditions:weekly:all-day",
        id="mondays",
    )
    gus = account.user("Gus Group")
    account.policy(
        gus,
        ["Viewer"],
        attributes=[
            ("resourceType", "stringEquals", "resource-group"),
            ("resource", "stringEquals", prod["id"]),
        ],
        id="group-itself",
    )
    account.policy(
        ada,
        ["Object Reader"],
        instance=archive,
        attributes=[
            ("resourceType", "stringEquals", "bucket"),
            ("resource", "stringEquals", "reports"),
        ],
        id="bucket",
    )
    account.policy(ada, ["Viewer"], service="billing", id="billing")

    sam = account.user("Sam Suspended", state="SUSPENDED")
    dora = account.user("Dora Dynamic")
    team = account.group("Team", [sam], [dora], id="AccessGroupId-team")
    account.policy(team, ["Viewer", "Manager"], service="kms", resource_group=prod, id="team")
    account.policy(
        account.public_group(),
        ["Object Reader"],
        instance=archive,
        attributes=[
            ("resourceType", "stringEquals", "bucket"),
            ("resource", "stringEquals", "press"),
        ],
        id="public",
    )

    robot = account.service_id("robot <b>&\x1b[2J", locked=True)
    rescue = account.profile("rescue")
    account.policy(rescue, ["Administrator"], service_type="platform_service", id="rescue")
    account.profile_identity(rescue, robot)
    account.profile_identity(rescue, sam)
    account.policy("iam-ServiceId-GONE", ["Reader"], service="kms", id="of-nobody")
    account.add_member(account.group("Empty"), "IBMid-NOBODY")
    account.user("Twin Tester", email="one@acme.example.org")
    account.user("Twin Tester", email="two@acme.example.org")

    office = account.zone("office", "192.0.2.0/24")
    account.cbr_rule("keys from the office", "kms", [office], endpoint="private")
    account.cbr_rule("tokyo only", "kms", [office], region="jp-tok")
    account.cbr_rule("dev watched", "kms", [office], resource_group=dev, mode="report")
    account.cbr_rule("tagged", "kms", [office], tags=[("env", "prod")], mode="disabled")
    account.cbr_rule(
        "bucket",
        "cloud-object-storage",
        [],
        attributes=[("resource", "stringMatch", "rep*")],
        contexts=[],
    )
    account.cbr_rule("groups", "iam-groups", [office])
    account.access_settings(service_id=("limited", [ELSEWHERE]))
    return account


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("acme") / "acme.sqlite3"
    account = acme()
    with Sandbox(account) as sandbox:
        collect_from(sandbox, account, path, now=lambda: AT)
    with closing(sqlite3.connect(path)) as database:
        yield database


ADA, OLGA, SAM, DORA = "Ada Lovelace", "Olga Owner", "Sam Suspended", "Dora Dynamic"
ROBOT = "robot <b>&\x1b[2J"


@pytest.mark.parametrize(
    ("question", "scope", "policies"),
    [
        ((ADA, "Reader", "keys"), "full", ["direct"]),
        ((ADA, "kms.secrets.list", "keys"), "full", ["direct"]),
        ((ADA, "Writer", "keys-dev"), "full", ["group-of-resources"]),
        ((ADA, "Operator", "keys-dev"), "full", ["match"]),
        ((ADA, "KeyPurge", "keys"), "conditional", ["mondays"]),
        ((ADA, "Object Reader", "archive"), "part", ["public", "bucket"]),
        ((ADA, "Viewer", "billing"), "full", ["billing"]),
        ((ADA, "Viewer", "account"), "part", ["billing"]),
        ((ADA, "Reader", "service:kms"), "part", ["direct"]),
        ((ADA, "Writer", "resource-group:dev"), "part", ["group-of-resources"]),
        ((ADA, "Reader", "resource-group:prod"), "part", ["direct"]),
        ((ADA, "Editor", "service:logs"), "full", ["any-of"]),
        ((SAM, "Viewer", "keys"), "full", ["team"]),
        ((DORA, "Manager", "keys"), "full", ["team"]),
        (("Team", "Manager", "keys"), "full", ["team"]),
        (("Public Access", "Object Reader", "archive"), "part", ["public"]),
        ((ROBOT, "Object Reader", "archive"), "part", ["public"]),
        (("rescue", "Administrator", "account"), "full", ["rescue"]),
        (("rescue", "Administrator", "iam-groups"), "full", ["rescue"]),
        ((OLGA, "Administrator", "keys"), "full", []),
        (("iam-ServiceId-GONE", "Reader", "keys"), "full", ["of-nobody"]),
    ],
)
def test_what_is_allowed_is_told_with_every_policy_that_grants_it(file, question, scope, policies):
    found = ask(file, *question)
    assert (found.allowed, found.scope) == (True, scope)
    assert sorted(way.policy.id for way in found.ways) == sorted(policies)


NEAR = [
    ((ADA, "Viewer", "keys"), "region: the policy requires eu-gb, keys has eu-de"),
    (
        (ADA, "Writer", "keys"),
        "resourceGroupId: the policy requires dev ({dev}), keys has prod ({prod})",
    ),
    ((ADA, "Manager", "keys"), "access tag: the policy requires env:dev, keys has env:prod"),
    (
        (ADA, "Operator", "keys"),
        "serviceInstance: the policy requires matching 1111-b*, keys has keys (1111-aaaa)",
    ),
    ((ADA, "Editor", "keys"), "serviceName: the policy requires logs or atracker, keys has kms"),
    (
        (ADA, "Administrator", "keys"),
        "resourceGroupId: the policy requires none, keys has prod ({prod})",
    ),
    ((ADA, "ReaderPlus", "keys"), "condition: until 2026-04-01 00:00 UTC, expired"),
    (
        ("Gus Group", "Viewer", "resource-group:prod"),
        "resourceType: the policy is about resource-group, not about what is in a resource group",
    ),
    (
        (ADA, "Viewer", "support"),
        "serviceName: the policy requires billing, Support Center has support",
    ),
    (
        ("Team", "Viewer", "keys-dev"),
        "resourceGroupId: the policy requires prod ({prod}), keys-dev has dev ({dev})",
    ),
    (
        ("Team", "Reader", "keys"),
        "role: the policy grants Manager, Viewer, not Reader; Manager includes every action of "
        "Reader",
    ),
    (("rescue", "Viewer", "billing"), "role: the policy grants Administrator, not Viewer"),
    (
        ("rescue", "Administrator", "keys"),
        "serviceType: the policy requires platform_service, keys has service",
    ),
]


@pytest.mark.parametrize(("question", "said"), NEAR)
def test_a_near_miss_is_told_by_what_fails_with_both_values(file, question, said):
    found = ask(file, *question)
    groups = dict(file.execute("select name, resource_group_id from resource_groups"))
    assert not found.allowed
    assert said.format(**groups) in [reason(miss, found.target) for miss in found.misses]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ((ADA, "Reader", "keys"), "Yes. Ada Lovelace has Reader on kms instance keys."),
        (
            (ADA, "kms.secrets.list", "keys"),
            "Yes. Ada Lovelace can perform kms.secrets.list on kms instance keys.",
        ),
        (
            (ADA, "KeyPurge", "keys"),
            "Yes, but only under a condition. Ada Lovelace has KeyPurge on kms instance keys at "
            "certain times.",
        ),
        (
            (ADA, "Object Reader", "archive"),
            "Yes, but only on a part of it. Ada Lovelace has Object Reader on "
            "cloud-object-storage instance archive as far as the policies below reach.",
        ),
        (
            (OLGA, "Administrator", "account"),
            "Yes. Olga Owner is the owner of Acme and has all access without a policy.",
        ),
        (
            (SAM, "Administrator", "account"),
            "No, but by assuming a trusted profile. Sam Suspended does not have Administrator on "
            "account management of Acme itself; it can assume rescue.",
        ),
        (
            ("Team", "Reader", "keys"),
            "No, but with another role. Access group Team (its members) does not have the role "
            "Reader on kms instance keys; it has Manager, which includes every action of Reader "
            "there.",
        ),
        (
            (DORA, "Viewer", "billing"),
            "No. Dora Dynamic does not have Viewer on account management service Billing.",
        ),
    ],
)
def test_the_verdict_is_a_sentence(file, question, said):
    assert verdict(ask(file, *question)) == said


def remarks(found):
    return [(one.about, one.text) for one in found.remarks]


def test_what_else_decides_is_named(file):
    assert remarks(ask(file, SAM, "Viewer", "keys"))[0] == (
        "state",
        "Sam Suspended is suspended in the account and cannot use this access until reactivated "
        "(state SUSPENDED).",
    )
    assert ("dynamic", "Dynamic membership is as of the last login before the collection.") in (
        remarks(ask(file, DORA, "Viewer", "keys"))
    )
    assert [about for about, _ in remarks(ask(file, ROBOT, "Viewer", "billing"))] == ["locked"]
    assert remarks(ask(file, "iam-ServiceId-GONE", "Reader", "archive"))[0] == (
        "external",
        "iam-ServiceId-GONE is not in Acme: it is deleted, or of an account that the file does not "
        "know.",
    )


def test_an_identity_of_another_account_is_told_with_the_setting_for_such(file):
    file.execute("update absent_identities set kind = 'service ID', other_accounts = 'Bolt'")
    try:
        about, said = remarks(ask(file, "iam-ServiceId-GONE", "Reader", "archive"))[0]
    finally:
        file.rollback()
    assert (about, said) == (
        "external",
        "iam-ServiceId-GONE is not in Acme, but of account Bolt; external identities cannot use "
        f"their access, except those of account {ELSEWHERE} (setting: limited).",
    )


def test_where_no_policy_is_near_the_closest_are_told(file):
    found = ask(file, "rescue", "Viewer", "keys")
    assert (found.near, found.others) == (0, 1)
    assert [reason(miss, found.target) for miss in found.misses] == [
        "serviceType: the policy requires platform_service, keys has service; the role would fail, "
        "too"
    ]
    assert as_json(found)["near_misses"][0]["also_fails"] == ["role"]
    assert "Closest to it:" in text(found, 100) and "more than one way" not in text(found, 100)
    assert "It has no policies at all." in text(ask(file, "IBMid-NOBODY", "Viewer", "keys"), 100)


@pytest.mark.parametrize(
    ("target", "rules"),
    [
        (
            "keys",
            [
                "keys from the office (enforced) applies to it: from network zone office through "
                "private endpoints.",
                "tagged (disabled) applies to it: from network zone office.",
            ],
        ),
        (
            "keys-dev",
            [
                "keys from the office (enforced) applies to it: from network zone office through "
                "private endpoints.",
                "dev watched (report-only) applies to it: from network zone office.",
            ],
        ),
        ("archive", ["bucket (enforced) applies to a part of it: no request is allowed."]),
        ("iam-groups", ["groups (enforced) applies to it: from network zone office."]),
        ("account", ["groups (enforced) applies to a part of it: from network zone office."]),
        (
            "resource-group:dev",
            [
                "keys from the office (enforced) applies to a part of it: from network zone office "
                "through private endpoints.",
                "dev watched (report-only) applies to a part of it: from network zone office.",
            ],
        ),
        ("billing", []),
    ],
)
def test_context_based_restrictions_that_apply_are_named(file, target, rules):
    found = ask(file, OLGA, "Viewer", target)
    said = [text for about, text in remarks(found) if about == "restriction"]
    assert said == [f"Context-based restriction {rule}" for rule in rules]


def test_the_access_of_a_profile_is_not_access_of_its_own(file):
    found = ask(file, ROBOT, "Administrator", "iam-identity")
    assert not found.allowed and found.ways == ()
    (one,) = found.assumable
    assert one.profile.name == "rescue" and [way.policy.id for way in one.ways] == ["rescue"]
    assert ask(file, ROBOT, "Viewer", "iam-identity").assumable == ()
    assert as_json(found)["can_assume"][0]["profile"]["name"] == "rescue"


def test_a_policy_that_is_not_active_grants_nothing(file):
    file.execute("update policies set state = 'inactive' where id = 'direct'")
    derive_reach(file)
    try:
        found = ask(file, ADA, "Reader", "keys")
        assert "state: the policy is inactive, not active" in [
            reason(miss, found.target) for miss in found.misses
        ]
        assert not found.allowed
    finally:
        file.rollback()


@pytest.mark.parametrize(
    "target", ["keys", "billing", "service:kms", "resource-group:dev", "account"]
)
def test_an_answer_is_made_of_what_it_is_said_to_be_made_of(file, target):
    """Readers of the site who may not see one of these get no answer."""
    with noted_reads(file) as tables:
        ask(file, SAM, "Administrator", target)
        ask(file, "iam-ServiceId-GONE", "Reader", target)
    assert tables - {"json_each"} <= {*RESTS_ON}


def test_public_access_that_is_off_grants_nothing(file):
    file.execute("update public_access set effect = 'no effect now: public access is off'")
    try:
        found = ask(file, DORA, "Object Reader", "archive")
        assert not found.allowed
        assert [reason(miss, found.target) for miss in found.misses] == [
            "public access: it is off, so policies of everybody have no effect"
        ]
    finally:
        file.rollback()


def test_the_text_has_the_whole_answer(file):
    assert text(ask(file, ADA, "Object Reader", "archive"), 100) == WHOLE


WHOLE = """\
Yes, but only on a part of it. Ada Lovelace has Object Reader on cloud-object-storage instance
archive as far as the policies below reach.

Granted by:
  Ada Lovelace: Object Reader on bucket reports of cloud-object-storage instance archive
    through its own policy; role Object Reader; only on a part of it; policy bucket
  access group Public Access: Object Reader on bucket press of cloud-object-storage instance archive
    through access group Public Access (everybody); role Object Reader; only on a part of it; public
    access: open to everybody; policy public

10 more policies differ in more than one way.

- Context-based restriction bucket (enforced) applies to a part of it: no request is allowed.

As configured when Acme was collected: 2026-05-01T08:00:00Z.
"""


def test_a_text_is_as_wide_as_the_terminal_and_cannot_change_it(file):
    written = text(ask(file, ROBOT, "Object Reader", "archive"), 60)
    assert "\x1b" not in written and max(map(len, written.splitlines())) <= 60
    assert written.startswith("Yes, but only on a part of it. Service ID robot <b>& [2J has\n")


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (("Twin Tester", "Viewer", "keys"), "Twin Tester is ambiguous: it stands for 2 things"),
        ((ADA, "Viewer", "twin"), "twin is ambiguous: it stands for 2 things"),
        (("Ada Lovelaze", "Viewer", "keys"), "There is no identity Ada Lovelaze. Did you mean"),
        ((ADA, "Viewr", "keys"), "There is no role or action Viewr. Did you mean"),
        ((ADA, "Viewer", "kyes"), "There is no target kyes. Did you mean"),
        (
            (ADA, "kms.secrets.list", "archive"),
            "No role that the file knows allows kms.secrets.list on service instance archive: it "
            "is an action of kms.",
        ),
        (
            (ADA, "kms.secrets.list", "account"),
            "No role that the file knows allows kms.secrets.list on account Acme: it is an action "
            "of kms.",
        ),
    ],
)
def test_a_name_that_is_not_one_thing_is_refused(file, question, said):
    with pytest.raises(NameUnresolved) as refused:
        ask(file, *question)
    assert str(refused.value).startswith(said)
