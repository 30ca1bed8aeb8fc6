"""What an object leaves out and what can be known all the same; what is no identity and no name."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import pytest

from iaminsights.ibmcloud.rows import (
    Context,
    identity_setting_rows,
    instance_rows,
    profile_identity_rows,
    profile_rows,
    resource_key_rows,
    service_id_rows,
)
from iaminsights.reports.catalogue import all_reports
from iaminsights.sandbox import Account

from ..site_helpers import served

CONTEXT = Context("acc", key="Profile-1")
INSTANCE = "crn:v1:bluemix:public:kms:eu-de:a/acc:6666-guid::"
GROUP = "crn:v1:bluemix:public:resource-controller::a/acc::resource-group:7777"
KEY = "crn:v1:bluemix:public:kms:eu-de:a/acc:6666-guid:resource-key:8888-guid"
SERVICE_ID = "crn:v1:bluemix:public:iam-identity::a/acc::serviceid:ServiceId-1"
ROLE = "crn:v1:bluemix:public:iam::::serviceRole:Writer"


def first(function, item):
    return next(iter(function(item, CONTEXT)))[1]


@pytest.mark.parametrize(
    ("function", "item", "expected"),
    [
        (instance_rows, {"id": INSTANCE}, {"guid": "6666-guid", "service_name": "kms"}),
        (instance_rows, {"crn": INSTANCE, "guid": ""}, {"guid": "6666-guid", "id": INSTANCE}),
        (instance_rows, {"id": INSTANCE, "guid": "other"}, {"guid": "other"}),
        (instance_rows, {"id": "no CRN"}, {"guid": None}),
        (
            instance_rows,
            {"id": INSTANCE, "resource_group_crn": GROUP},
            {"resource_group_id": "7777"},
        ),
        (
            instance_rows,
            {"id": INSTANCE, "resource_group_crn": "REDACTED"},
            {"resource_group_id": None},
        ),
        (resource_key_rows, {"crn": KEY}, {"guid": "8888-guid", "id": KEY}),
        (resource_key_rows, {"id": KEY, "guid": None}, {"guid": "8888-guid", "crn": KEY}),
        (
            resource_key_rows,
            {"id": KEY, "credentials": {"iam_serviceid_crn": SERVICE_ID, "iam_role_crn": ROLE}},
            {"service_iam_id": "iam-ServiceId-1", "role_crn": ROLE},
        ),
        (
            resource_key_rows,
            {
                "id": KEY,
                "credentials": {"iam_serviceid_crn": "REDACTED", "iam_role_crn": "REDACTED"},
            },
            {"service_iam_id": None, "role_crn": None},
        ),
        (
            resource_key_rows,
            {"id": KEY, "role": "REDACTED", "credentials": {"iam_role_crn": ROLE}},
            {"role_crn": ROLE},
        ),
        (
            resource_key_rows,
            {"id": KEY, "credentials": {"iam_serviceid_crn": KEY}},  # of something else
            {"service_iam_id": None},
        ),
        (resource_key_rows, {"id": KEY, "credentials": "REDACTED"}, {"service_iam_id": None}),
        (resource_key_rows, {"id": KEY, "created_by": "REDACTED"}, {"created_by": None}),
        (
            resource_key_rows,
            {"id": KEY, "created_by": "REDACTED_EXPLICIT", "updated_by": "IBMid-1"},
            {"created_by": None, "updated_by": "IBMid-1"},
        ),
        (service_id_rows, {"id": "ServiceId-1"}, {"iam_id": "iam-ServiceId-1"}),
        (service_id_rows, {"iam_id": "iam-ServiceId-1"}, {"id": "ServiceId-1"}),
        (profile_rows, {"id": "Profile-1", "iam_id": ""}, {"iam_id": "iam-Profile-1"}),
        (
            profile_identity_rows,
            {"identifier": "ServiceId-1", "type": "serviceid"},
            {"iam_id": "iam-ServiceId-1"},
        ),
        (
            profile_identity_rows,
            {"identifier": "IBMid-1", "type": "user"},
            {"iam_id": "IBMid-1"},
        ),
        (
            profile_identity_rows,
            {"identifier": INSTANCE, "type": "crn"},
            {"iam_id": f"crn-{INSTANCE}"},
        ),
    ],
)
def test_what_can_be_derived_is(function, item, expected):
    row = first(function, item)
    assert {name: row[name] for name in expected} == expected


OFFICE = [{"realm_id": "IBMid", "invitation_email_allow_patterns": ["*@acme.example"]}]
HOME = [{"realm_id": "IBMid", "invitation_email_allow_patterns": ["*@home.example"]}]


@pytest.mark.parametrize(
    ("answer", "domains", "mfa"),
    [
        (
            {"effective": {"mfa": "NONE"}, "account": {"restrict_user_domains": OFFICE}},
            OFFICE,
            "NONE",
        ),
        (
            {
                "effective": {"mfa": "NONE", "restrict_user_domains": None},
                "account": {"restrict_user_domains": OFFICE, "mfa": "LEVEL3"},
                "assigned_templates": [{"restrict_user_domains": HOME, "mfa": "LEVEL1"}],
            },
            HOME,
            "NONE",
        ),
        (
            {
                "effective": {"mfa": "NONE"},
                "account": {"restrict_user_domains": OFFICE},
                "assigned_templates": [{"restrict_user_domains": {"restrictions": HOME}}],
            },
            HOME,
            "NONE",
        ),
        (
            {
                "effective": {"mfa": "NONE"},
                "account": {"restrict_user_domains": OFFICE},
                "assigned_templates": [
                    {"restrict_user_domains": {"restrictions": HOME, "account_sufficient": True}}
                ],
            },
            OFFICE,
            "NONE",
        ),
        (
            {
                "effective": {"mfa": "NONE"},
                "account": {"restrict_user_domains": OFFICE},
                "assigned_templates": [{"restrict_user_domains": []}, {"mfa": "LEVEL1"}],
            },
            OFFICE,
            "NONE",
        ),
        (
            {"effective": {"restrict_user_domains": HOME}, "account": {"mfa": "LEVEL2"}},
            HOME,
            "LEVEL2",
        ),
        ({"mfa": "TOTP", "restrict_user_domains": OFFICE}, OFFICE, "TOTP"),
        ({"effective": {"mfa": "NONE"}, "account": {"restrict_user_domains": []}}, [], "NONE"),
        ({"effective": {"mfa": "NONE"}, "account": None, "assigned_templates": None}, None, "NONE"),
    ],
)
def test_domains_that_may_be_invited_are_found_wherever_they_are(answer, domains, mfa):
    row = first(identity_setting_rows, answer)
    expected = None if domains is None else str(domains).replace("'", '"').replace(": ", ":")
    assert row["restrict_user_domains"] == (expected and expected.replace(", ", ","))
    assert row["mfa"] == mfa


def test_domains_arrive_although_the_effective_settings_lack_them(collected):
    account = Account("Acme")
    account.identity_settings(restrict_user_domains=OFFICE)
    with closing(sqlite3.connect(collected(account))) as db:
        ((domains,),) = db.execute("select restrict_user_domains from account_settings")
    assert "*@acme.example" in domains


BLANKS = ("", " ", "\t\n", "\u00a0", "\u200b\u2060", "\u3000 \ufeff")


def nameless(blank):
    """An account in which everything that may have a name has none that can be seen."""
    account = Account("Acme")
    ada = account.user("Ada Lovelace")
    robot, profile = account.service_id("robot", group="Machines"), account.profile("auditor")
    team = account.group("team", members=[ada, robot, profile])
    keys = account.instance("keys", service="kms", resource_group=account.resource_group("prod"))
    saml = ("https://sso.example.org", [("a", "EQUALS", "b")])
    named = [
        *(ada, robot, profile, team, keys),
        account.link(profile, namespace="n", name="n", crn="crn:v1:x"),
        account.claim_rule(profile, saml[1], realm=saml[0]),
        account.group_rule(team, "rule", *saml),
        account.policy(team, roles=["Administrator"], service="kms"),
        account.policy(ada, roles=["Administrator"], instance=keys, service="kms"),
        account.policy(robot, roles=["Administrator"]),
        account.add_api_key(robot, "key"),
        account.add_api_key(ada, "key"),
        account.resource_key(keys, "credential"),
        account.zone("office", "192.0.2.1"),
        account.custom_role("Lister", "Key Lister", service="kms", actions=["kms.secrets.list"]),
        *account.resource_groups,
        *account.service_id_groups,
    ]
    account.profile_identity(profile, ada)
    for thing in named:
        for name in ("user_id", "firstname", "lastname", "email", "description", "display_name"):
            thing[name] = blank
        thing["name"] = blank
        if "link" in thing:
            thing["link"]["name"] = blank
    return account


@pytest.mark.parametrize("blank", BLANKS, ids=ascii)
def test_name_without_a_visible_character_is_no_name(collected, blank):
    path = collected(nameless(blank))
    with closing(sqlite3.connect(path)) as db:
        assert not [
            (table, column)
            for table, column in db.execute(
                "select m.name, c.name from sqlite_master m join pragma_table_info(m.name) c "
                "where m.type = 'table' and c.name in ('name', 'display_name', 'user_id', "
                "'firstname', 'lastname', 'email', 'description', 'link_name')"
            )
            if db.execute(f"select 1 from [{table}] where [{column}] = ?", (blank,)).fetchone()
        ]
        shown = {name for (name,) in db.execute("select name from identities")}
        iam_ids = {iam_id for (iam_id,) in db.execute("select iam_id from serviceids")}
        assert iam_ids <= shown


def test_no_link_of_the_site_is_without_a_visible_word(collected):
    with served(collected(nameless(" "), reports=all_reports())) as site:
        about = site.get("/iaminsights.json").json()
        things = [table for table in about["tables"] if not table["hidden"]] + about["queries"]
        pages = ["/", "/iaminsights", *(f"/iaminsights/{thing['name']}" for thing in things)]
        empty = []
        for page in pages:
            for link, words in re.findall(r"<a\b([^>]*)>(.*?)</a>", site.page(page), re.DOTALL):
                seen = re.sub(r"<[^>]*>|&nbsp;|&#160;|\s", "", words)
                if not seen and "aria-label" not in link + words:
                    empty.append((page, link))
                if seen in ("None", "null"):
                    empty.append((page, link))
        assert not empty, "\n".join(map(str, empty))
