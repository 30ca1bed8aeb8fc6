"""The CIS scorecard: each verdict judges its recommendation, by a figure of its own."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta

import pytest

from iaminsights.reports.catalogue import all_reports
from iaminsights.reports.findings import Acknowledgement
from iaminsights.sandbox import ABSENT, Account

from ..report_rows import BUCKET, EVERY_POLICY_LIST, REPORTS, RULE, days_ago, rows
from ..site_helpers import served

ALL = all_reports()
SSO = "https://sso.example.com/saml"
EVERY = {
    "v1.0": [f"1.{number}" for number in range(1, 20)],
    "v2.0": [f"1.{number}" for number in range(1, 21)],
}
UNCHECKED = {
    "v1.0": {
        **dict.fromkeys(("1.1", "1.6", "1.10", "1.11", "1.19"), "not checkable"),
        "1.18": "not read",
    },
    "v2.0": {**dict.fromkeys(("1.1", "1.9", "1.10", "1.11"), "not checkable"), "1.20": "not read"},
}
# What in one version has the number of another in the other.
IN_V1 = {
    **{f"1.{number}": f"1.{number}" for number in (2, 3, 4, 5)},
    **{"1.6": "1.7", "1.7": "1.8", "1.8": "1.9", "1.9": "1.10", "1.14": "1.12", "1.15": "1.13"},
    **{"1.16": "1.14", "1.17": "1.15", "1.18": "1.16", "1.19": "1.17"},
}


def score(path, account="Acme", version="v2.0", column="result") -> dict[str, str]:
    """By number: the result, or another column."""
    found = rows(path, "cis_scorecard", "account", "version", "number", column, version=version)
    return {number: value for who, of, number, value in found if (who, of) == (account, version)}


def exemplary(name="Acme", **fields) -> Account:
    """An account that meets everything that can be checked."""
    account = Account(name, owner="Olga Owner", **fields)
    account.identity_settings(
        mfa="LEVEL3",
        restrict_create_service_id="RESTRICTED",
        restrict_create_platform_apikey="RESTRICTED",
    )
    account.access_settings(user="limited", service="limited", service_id="limited")
    account.group("Team", [account.user("Ada Lovelace")])
    supporters = account.group("Support", [account.user("Sue Support")])
    account.policy(supporters, ["Editor"], service="support")
    account.cbr_rule("keys", "kms", [account.zone("office", "192.0.2.0/24")])
    return account


def verdicts(path, account="Acme") -> dict[str, dict[str, str]]:
    return {version: score(path, account, version) for version in EVERY}


def test_every_recommendation_of_each_version_is_there_once(sample_file):
    for version, numbers in EVERY.items():
        columns = ("version", "number", "reports", "remark")
        found = rows(sample_file, "cis_scorecard", *columns, version=version)
        assert [(of, number) for of, number, *_ in found] == [(version, one) for one in numbers]
        assert all(reports or remark for *_, reports, remark in found)
        for *_, reports, _ in found:
            assert set(reports.split(", ") if reports else []) <= set(REPORTS)


def test_one_version_is_shown_the_newest_unless_another_is_chosen(sample_file):
    for asked, expected in (("", {"v2.0"}), ("v2.0", {"v2.0"}), ("v1.0", {"v1.0"}), ("v9", set())):
        found = rows(sample_file, "cis_scorecard", "version", version=asked)
        assert {version for (version,) in found} == expected


def test_reports_and_scorecard_name_the_same_recommendations(sample_file):
    by_report: dict[str, set[tuple]] = {}
    for version in EVERY:
        columns = ("number", "reports")
        for number, reports in rows(sample_file, "cis_scorecard", *columns, version=version):
            for report in reports.split(", ") if reports else []:
                by_report.setdefault(report, set()).add((version[1], number))
    named = {}
    for name, report in REPORTS.items():
        text = " ".join(r for r in report.references if r.startswith("CIS ") and "section" not in r)
        if text:
            named[name] = {
                (version, number)
                for version, numbers in re.findall(r"v([12])\.0 ([^v]+)", text)
                for number in re.findall(r"1\.\d+", numbers)
            }
    assert by_report == named


def test_an_exemplary_account_passes(collected):
    found = verdicts(collected(exemplary()))
    for version, numbers in EVERY.items():
        assert found[version] == {
            number: UNCHECKED[version].get(number, "pass") for number in numbers
        }


def key_of(account, days_old, days_unused=None, **fields):
    robot = account.service_id(f"robot {len(account.service_ids)}")
    key = account.add_api_key(robot, "key", created_at=days_ago(days_old), **fields)
    seen = None if days_unused is None else days_ago(days_unused)
    account.logins[key["id"]] = [seen, 1 if seen else 0]
    return key


def spoil_unused_key(account):
    key_of(account, 200, 181)


def spoil_key_that_was_never_used(account):
    key_of(account, 181)


def spoil_old_key(account):
    account.add_api_key(account.service_id("r"), "key", created_at=days_ago(91))


def spoil_creation_of_keys(account):
    account.identity_settings(restrict_create_platform_apikey="NOT_SET")


def spoil_creation_of_service_ids(account):
    account.identity_settings(restrict_create_service_id="NOT_RESTRICTED")


def spoil_owner_key(account):
    account.add_api_key(account.owner, "key", created_at=days_ago(1), disabled=True)


def spoil_key_of_an_administrator(account):
    olive = account.user("Olive Officer")
    account.policy(account.group("Admins", [olive]), ["Administrator"], service_type="service")
    account.add_api_key(olive, "key", created_at=days_ago(1))


def spoil_key_of_an_administrator_by_profile(account):
    profile, olive = account.profile("admins"), account.user("Olive Officer")
    account.group("Officers", [olive])
    account.policy(profile, ["Administrator"], service_type="platform_service")
    account.profile_identity(profile, olive)
    account.add_api_key(olive, "key", created_at=days_ago(1))


def spoil_account_without_factor(account):
    account.identity_settings(mfa="NONE_NO_ROPC")


def spoil_plain_user_exempt(account):
    account.mfa(account.users[-1], level="NONE")


def spoil_owner_without_factor(account):
    account.mfa(account.owner, complies=False)


def spoil_administrator_without_factor(account):
    olive = account.user("Olive Officer")
    account.policy(account.group("Admins", [olive]), ["Administrator"], service_type="service")
    account.mfa(olive, complies=False)


def spoil_mail_address(account):
    account.group("Mailless", [account.user("No Mail", email=ABSENT, user_id="no-mail")])


def spoil_context_rule(account):
    account.cbr_rules[0]["enforcement_mode"] = "report"


def spoil_context_rule_by_an_open_zone(account):
    account.zones[0]["addresses"] = [{"type": "subnet", "value": "0.0.0.0/0"}]


def spoil_external_identities(account):
    account.access_settings(service="monitor")


def spoil_direct_policy(account):
    account.policy(account.users[-1], ["Viewer"], service="kms")


def spoil_person_outside(account):
    account.user("In No Group")


def spoil_support_group(account):
    account.policies[-1]["state"] = "deleted"


def spoil_administrator_of_all_services(account):
    account.policy(account.users[-1], ["Administrator"], service_type="service")


def spoil_administrator_of_account_management(account):
    account.policy(account.users[-1], ["Administrator"], service_type="platform_service")


def spoil_administrator_under_a_condition(account):
    account.policy(account.users[-1], ["Administrator"], service_type="service", rule=RULE)


def spoil_service_id_administrator(account):
    robot = account.service_id("robot")
    account.policy(account.group("Robots", [robot]), ["Administrator"], service_type="service")


def spoil_service_id_with_an_administrators_profile(account):
    profile = account.profile("admins")
    account.policy(profile, ["Administrator"], service_type="platform_service")
    account.profile_identity(profile, account.service_id("robot"))


def spoil_public_bucket(account):
    account.access_settings(user="enabled")
    bucket = account.instance("pictures", "cloud-object-storage", "global")
    account.policy(account.public_group(), ["Object Reader"], instance=bucket, attributes=BUCKET)


def spoil_public_registry(account):
    account.access_settings(user="enabled")
    account.policy(account.public_group(), ["Reader"], service="container-registry")


def spoil_inactive_user(account):
    person = account.user("Ike Idle", added_on=days_ago(300))
    account.logins[person["iam_id"]] = [days_ago(40), 1]
    account.group("Idle", [person])


@pytest.mark.parametrize(
    ("spoil", "failing"),
    [
        (spoil_unused_key, {"1.2", "1.3"}),
        (spoil_key_that_was_never_used, {"1.2", "1.3"}),
        (spoil_old_key, {"1.3"}),
        (spoil_creation_of_keys, {"1.4"}),
        (spoil_creation_of_service_ids, {"1.4"}),
        (spoil_owner_key, {"1.5"}),
        (spoil_key_of_an_administrator, {"1.5"}),
        (spoil_key_of_an_administrator_by_profile, {"1.5"}),
        (spoil_account_without_factor, {"1.6", "1.7", "1.8"}),
        (spoil_plain_user_exempt, {"1.6"}),
        (spoil_owner_without_factor, {"1.7"}),
        (spoil_administrator_without_factor, {"1.7"}),
        (spoil_mail_address, {"1.9"}),
        (spoil_context_rule, {"1.12"}),
        (spoil_context_rule_by_an_open_zone, {"1.12"}),
        (spoil_external_identities, {"1.13"}),
        (spoil_direct_policy, {"1.14"}),
        (spoil_person_outside, {"1.14"}),
        (spoil_support_group, {"1.15"}),
        (spoil_administrator_of_all_services, {"1.14", "1.16"}),
        (spoil_administrator_of_account_management, {"1.14", "1.16"}),
        (spoil_administrator_under_a_condition, {"1.14", "1.16"}),
        (spoil_service_id_administrator, {"1.17"}),
        (spoil_service_id_with_an_administrators_profile, {"1.17"}),
        (spoil_public_bucket, {"1.13", "1.18"}),
        (spoil_public_registry, {"1.13", "1.18"}),
        (spoil_inactive_user, {"1.19"}),
    ],
    ids=lambda value: value.__name__.removeprefix("spoil_") if callable(value) else "",
)
def test_one_fault_fails_its_recommendations_and_no_other(collected, spoil, failing):
    account = exemplary()
    spoil(account)
    found = verdicts(collected(account))
    assert {n for n, result in found["v2.0"].items() if result == "fail"} == failing
    only_in_v2 = {"1.12", "1.13"}
    in_v1 = {IN_V1[number] for number in failing - only_in_v2}
    # Version 1.0 asks less of two: keys and factors of the owner only, and of Object Storage only.
    if spoil in (
        *(spoil_key_of_an_administrator, spoil_key_of_an_administrator_by_profile),
        *(spoil_administrator_without_factor, spoil_public_registry),
    ):
        in_v1 = set()
    assert {n for n, result in found["v1.0"].items() if result == "fail"} == in_v1


@pytest.mark.parametrize("number", [1, 2])
def test_figures_agree_with_their_number(collected, number):
    account = exemplary()
    account.access_settings(user="enabled")
    for _ in range(number - 1):
        account.cbr_rule("more keys", "kms", [account.zone("home", "192.0.2.0/24")])
    for each in range(number):
        spoil_unused_key(account)
        spoil_owner_key(account)
        person = account.user(f"Olive {each}", email=ABSENT, user_id=f"olive-{each}")
        account.logins[person["iam_id"]] = [days_ago(400), 1]
        account.policy(person, ["Administrator"], service_type="service")
        account.mfa(person, level="NONE", complies=False)
        robot = account.service_id(f"admin {each}")
        account.policy(robot, ["Administrator"], service_type="service")
        account.policy(account.public_group(), ["Reader"], service="container-registry")
        if each:
            supporters = account.group("More support", [account.users[-1]])
            account.policy(supporters, ["Editor"], service="support")
    words = {
        "1.2": ("1 API key not used for 180 days", "2 API keys not used for 180 days"),
        "1.3": ("1 API key older than 90 days", "2 API keys older than 90 days"),
        "1.5": (
            "1 API key of the owner, 0 of other administrators",
            "2 API keys of the owner, 0 of other administrators",
        ),
        "1.6": (
            "the account requires LEVEL3, 1 person is exempt",
            "the account requires LEVEL3, 2 people are exempt",
        ),
        "1.7": (
            "1 of 2 (owner and administrators) lacks it",
            "2 of 3 (owner and administrators) lack it",
        ),
        "1.9": ("1 person without an email address", "2 people without an email address"),
        "1.12": (
            "1 enforced rule that restricts something",
            "2 enforced rules that restrict something",
        ),
        "1.14": (
            "1 person with direct policies, 1 in no access group and with no trusted profile",
            "2 people with direct policies, 1 in no access group and with no trusted profile",
        ),
        "1.15": (
            "1 access group with members who can open cases",
            "2 access groups with members who can open cases",
        ),
        "1.16": (
            "1 person besides the owner by direct policies, 1 by any path",
            "2 people besides the owner by direct policies, 2 by any path",
        ),
        "1.17": (
            "1 service ID, 0 of them through a trusted profile",
            "2 service IDs, 0 of them through a trusted profile",
        ),
        "1.18": (
            "1 policy of the Public Access group, 1 of them open to everyone",
            "2 policies of the Public Access group, 2 of them open to everyone",
        ),
        "1.19": ("1 person inactive for 30 days", "2 people inactive for 30 days"),
    }
    path = collected(account)
    figures = score(path, column="figure")
    assert {n: figures[n] for n in words} == {n: said[number - 1] for n, said in words.items()}
    in_v1 = score(path, version="v1.0", column="figure")
    keys, people = ("API key", "person") if number == 1 else ("API keys", "people")
    assert in_v1["1.5"] == f"{number} {keys} of the owner"
    assert in_v1["1.12"] == f"{number} {people} with direct policies, 1 in no access group"


def test_what_only_looks_like_a_failure(collected):
    account = exemplary()
    plain = account.users[-1]
    account.identity_settings(  # other settings of the same report
        session_expiration_in_seconds="2592000", max_sessions_per_identity="NOT_SET"
    )
    key_of(account, 10)  # never used, but ten days old
    key_of(account, 400, 200, disabled=True)
    key_of(account, 400, 200, expires_at=days_ago(1))
    account.add_api_key(plain, "of a plain user", created_at=days_ago(1))
    account.mfa(plain, complies=False)  # is asked at the next login
    account.mfa(account.user("Suspended", state="SUSPENDED"), level="NONE")
    long_gone = account.user("Long Gone", state="SUSPENDED")
    account.logins[long_gone["iam_id"]] = [days_ago(400), 1]
    account.user("", state="PENDING", email="invited@example.com")
    account.logins[account.owner["iam_id"]] = [days_ago(400), 1]
    account.policy(account.owner, ["Administrator", "Manager"], service_type="service")
    account.policy(account.owner, ["Administrator"], service_type="platform_service")
    admins = account.group("Admins", [plain, account.users[1]])
    account.policy(admins, ["Administrator", "Manager"], service_type="service")
    account.mfa_states.pop(plain["iam_id"])
    account.api_keys[:] = [key for key in account.api_keys if key["iam_id"] != plain["iam_id"]]
    robot = account.service_id("administers one service")
    account.policy(robot, ["Administrator"], service="kms")
    profile = account.profile("reads")
    account.policy(profile, ["Viewer"], service_type="service")
    account.profile_identity(profile, robot)
    trusted = account.user("By Profile")
    account.profile_identity(profile, trusted)
    account.policy(account.public_group(), ["Reader"], service="kms", state="deleted")
    over = {
        "key": "{{environment.attributes.current_date_time}}",
        "operator": "dateTimeLessThanOrEquals",
        "value": "2024-01-01T00:00:00+00:00",
    }
    for who in (plain, account.public_group()):
        account.policy(who, ["Administrator"], service_type="service", rule=over)
    found = verdicts(collected(account))
    assert [n for n, result in found["v2.0"].items() if result == "fail"] == []
    # Version 1.0 knows no trusted profiles.
    assert [n for n, result in found["v1.0"].items() if result == "fail"] == ["1.12"]
    figures = score(collected(account), column="figure")
    assert figures["1.16"] == "0 people besides the owner by direct policies, 2 by any path"
    assert figures["1.2"] == "0 API keys not used for 180 days"


def test_a_claim_rule_of_their_identity_provider_is_a_way_by_profile(collected):
    account = exemplary()
    account.user("Fay Federated", realm=SSO)
    rule = [("groups", "EQUALS", "team")]
    account.claim_rule(account.profile("team"), rule, realm="https://other.example.com/saml")
    assert score(collected(account))["1.14"] == "fail"
    account.claim_rule(account.profiles[0], rule, realm=SSO, name="theirs")
    assert score(collected(account))["1.14"] == "pass"


@pytest.mark.parametrize(
    ("enabled", "outsiders", "result"),
    [(True, "enabled", "fail"), (False, "enabled", "pass"), (True, "limited", "pass")],
)
def test_a_public_policy_fails_where_the_settings_let_it_work(
    collected, enabled, outsiders, result
):
    account = Account("Acme", public_access=enabled)
    account.access_settings(user=outsiders)
    account.policy(account.public_group(), ["Object Reader"], service="cloud-object-storage")
    path = collected(account)
    assert score(path)["1.18"] == score(path, version="v1.0")["1.16"] == result
    unread = collected(account, path=path.with_name("b"), deny=("group_settings",))
    assert score(unread)["1.18"] == "not read"


STORAGE = "cloud-object-storage"


@pytest.mark.parametrize(
    ("attributes", "result"),
    [
        ([("serviceName", "stringEquals", STORAGE)], "fail"),
        ([("serviceName", "stringMatch", "cloud-?bject-*")], "fail"),
        ([("serviceName", "stringEqualsAnyOf", ["kms", STORAGE])], "fail"),
        ([("serviceType", "stringEquals", "service")], "fail"),
        ([("serviceName", "stringExists", True), ("resourceGroupId", "stringEquals", "g")], "fail"),
        ([("serviceName", "stringMatch", "cloud-{{*}}")], "pass"),
        ([("serviceName", "stringEqualsAnyOf", ["kms", "logs"])], "pass"),
        ([("serviceName", "stringEquals", STORAGE), ("serviceName", "stringMatch", "k*")], "pass"),
        ([("serviceType", "stringEquals", "platform_service")], "pass"),
        ([("service_group_id", "stringEquals", "IAM")], "pass"),
    ],
)
def test_a_public_policy_on_storage_is_one_that_reaches_storage(collected, attributes, result):
    account = Account("Acme", public_access=True)
    account.access_settings(user="enabled")
    account.policy(account.public_group(), ["Reader"], attributes=attributes)
    # The older version asks about Object Storage only.
    assert score(collected(account), version="v1.0")["1.16"] == result


@pytest.mark.parametrize(
    ("denied", "unread"),
    [
        (("api_keys",), {"1.2", "1.3", "1.5"}),
        (("start_activity_report",), {"1.2", "1.19"}),
        (("start_mfa_report",), {"1.7"}),
        (("cbr_rules",), {"1.12"}),
        (("users",), {"1.5", "1.6", "1.7", "1.9", "1.14", "1.16", "1.19"}),
        (EVERY_POLICY_LIST, {"1.5", "1.7", "1.14", "1.15", "1.16", "1.17", "1.18"}),
        (("service_ids",), {"1.17"}),
    ],
)
def test_what_was_not_read_is_neither_met_nor_missed(collected, denied, unread):
    path = collected(exemplary(), deny=denied)
    found = score(path)
    assert {n for n, result in found.items() if result == "not read"} == {*unread, "1.20"}
    assert "fail" not in found.values()
    figures, remarks = score(path, column="figure"), score(path, column="remark")
    assert all(figures[number] is None for number in unread)
    assert all("Could not be read in full: " in remarks[number] for number in unread)


def test_a_failure_that_was_seen_stands_though_the_rest_was_not_read(collected):
    account = exemplary()
    spoil_administrator_of_all_services(account)
    assert score(collected(account, deny=("members",)))["1.14"] == "fail"


def test_accepted_findings_are_counted_and_change_no_verdict(collected):
    acme, bolt = exemplary("Acme"), exemplary("Bolt")
    for account in (acme, bolt):
        spoil_owner_key(account)
    entry = Acknowledgement(
        "owner_api_key", {"account": "Bolt"}, "For emergencies.", date.today() + timedelta(days=9)
    )
    path = collected(acme, bolt, reports=ALL, acknowledgements=[entry])
    assert score(path)["1.5"] == score(path, "Bolt")["1.5"] == "fail"
    assert score(path, column="accepted")["1.5"] is None
    assert score(path, "Bolt", column="accepted")["1.5"] == 1


def test_what_is_to_fix_is_what_nobody_accepts(collected):
    acme, bolt = exemplary("Acme"), exemplary("Bolt")
    for account in (acme, bolt):
        spoil_owner_key(account)
        account.add_api_key(account.owner, "another")
    accepted = {"account": "Bolt", "apikey_id": bolt.api_keys[-1]["id"]}
    entry = Acknowledgement(
        "owner_api_key", accepted, "For emergencies.", date.today() + timedelta(days=9)
    )
    path = collected(acme, bolt, reports=ALL, acknowledgements=[entry])
    for account, to_fix, of_them in (("Acme", 2, None), ("Bolt", 1, 1)):
        assert score(path, account, "v1.0", "to_fix")["1.5"] == to_fix
        assert score(path, account, "v1.0", "accepted")["1.5"] == of_them
    # Nothing to fix is no zero, and no link.
    assert score(path, "Acme", "v1.0", "to_fix")["1.13"] is None


def test_the_page_has_the_score_in_front_and_the_versions_to_choose_from(collected):
    acme, bolt = exemplary("Acme", id="acme"), exemplary("Bolt", id="bolt")
    spoil_owner_key(bolt)
    with served(collected(acme, bolt, reports=ALL)) as site:
        newest = site.text("/iaminsights/cis_scorecard")
        older, page = (
            method("/iaminsights/cis_scorecard?version=v1.0") for method in (site.text, site.page)
        )
        asked = html.unescape(re.findall(r'<a href="([^"]+)">1 not met</a>', page)[0])
        failed = site.get(
            asked.replace("cis_scorecard?", "cis_scorecard.json?_shape=array&")
        ).json()
    for version, text in (("v2.0", newest), ("v1.0", older)):
        unchecked = list(UNCHECKED[version].values())
        unread, never = unchecked.count("not read"), unchecked.count("not checkable")
        checkable = len(EVERY[version]) - never
        benchmark = f"checkable recommendations of the CIS benchmark {version} met"
        rest = f"{unread} not read ; {never} cannot be checked from account data"
        acmes, bolts = text.index("Acme"), text.index("Bolt")
        assert acmes < text.index(f"{checkable - unread} of {checkable} {benchmark}") < bolts
        assert bolts < text.index(f"{checkable - unread - 1} of {checkable} {benchmark} 1 not met")
        assert f"0 not met , {rest}" in text
        assert "version v2.0 v1.0" in text
    assert re.search(r"version=v2\.0[^>]*>v2\.0</a>", page)
    assert re.search(r'version=v1\.0[^>]* aria-current="true">v1\.0</a>', page)
    assert [(row["account"], row["version"], row["number"]) for row in failed] == [
        ("Bolt", "v1.0", "1.5")
    ]


def test_every_report_in_a_row_is_a_link(sample_file):
    with served(sample_file) as site:
        page = site.page("/iaminsights/cis_scorecard?_all=1")
    for name in ("api_key_unused_180_days", "api_key_never_used"):
        assert re.search(rf'<a href="/iaminsights/{name}">{name}</a>', page)
