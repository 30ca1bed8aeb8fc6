"""The reports on people and account settings: their rows, and beside them the near misses."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from iaminsights.sandbox import ABSENT, Account

from ..report_rows import EVERY_POLICY_LIST, GONE_GROUP, RULE, days_ago, rows

SETTINGS = ("account_settings", "effective_identity_settings")
SSO = "https://sso.example.com/saml"


def change(path, sql: str, *values) -> None:
    """Make a file older, or otherwise what no collect of today could make it."""
    with closing(sqlite3.connect(path)) as database:
        database.execute(sql, values)
        database.commit()


# --- Users --------------------------------------------------------------------------------------


def test_users_not_seen_for_30_days(collected):
    acme, bolt = Account("Acme", owner="Olga Owner"), Account("Bolt", owner="Olga Owner")

    def user(name, seen, account=acme, joined=2000, **fields):
        person = account.user(name, **{"added_on": days_ago(joined), **fields})
        account.last_login(person, None if seen is None else days_ago(seen))
        return person

    user("32 days", 32, user_id="o'hara@acme.example.org")
    acme.add_api_key(user("92 days", 92), "may still be in use")
    user("half a year", 200, state="DISABLED_CLASSIC_INFRASTRUCTURE")
    user("never", None, joined=32)
    user("two years", 730)
    undated = user("joined when nobody noted it", None)
    del undated["added_on"]
    # Near misses.
    user("28 days", 28)
    user("never and only joined last week", None, joined=7)
    user("suspended already", 400, state="SUSPENDED")
    user("IBMid gone", 400, state="IAMID_INVALID")
    user("only dials in", None, state="VPN_ONLY")
    acme.user("", state="PENDING", email="invited@acme.example.org")
    acme.last_login(acme.owner, days_ago(1000))
    acme.last_login(acme.service_id("a program"), days_ago(1000))
    acme.last_login(acme.add_api_key(acme.user("has an old key"), "old"), days_ago(1000))
    user("elsewhere", 100, account=bolt)

    path = collected(acme, bolt)
    columns = ("account", "user", "state", "not_seen_for", "known_api_keys")
    assert rows(path, "user_inactive", *columns) == [
        ("Acme", "32 days", "ACTIVE", "30 to 89 days", 0),
        ("Acme", "92 days", "ACTIVE", "90 to 179 days", 1),
        ("Acme", "half a year", "DISABLED_CLASSIC_INFRASTRUCTURE", "180 to 364 days", 0),
        ("Acme", "joined when nobody noted it", "ACTIVE", "never seen", 0),
        ("Acme", "never", "ACTIVE", "never seen", 0),
        ("Acme", "two years", "ACTIVE", "a year or more", 0),
        ("Bolt", "elsewhere", "ACTIVE", "90 to 179 days", 0),
    ]
    found = {row[0]: row[1:] for row in rows(path, "user_inactive", "user", "days_not_seen")}
    assert found["never"] == (None,) and found["32 days"] == (32,)
    commands = dict(rows(path, "user_inactive", "user", "command"))
    assert commands["32 days"] == (
        "ibmcloud account user-status-update 'o'\\''hara@acme.example.org' SUSPENDED"
    )
    unread = collected(acme, path=path.with_name("b"), deny=("start_activity_report",))
    assert rows(unread, "user_inactive") == []


def test_somebody_seen_in_one_account_only(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    here = acme.user("Guest Gus", added_on=days_ago(900))
    there = bolt.user("Guest Gus", iam_id=here["iam_id"], added_on=days_ago(900))
    bolt.last_login(there, days_ago(60))
    assert rows(collected(acme, bolt), "user_inactive", "account", "user") == [
        ("Bolt", "Guest Gus")
    ]


def invite(account: Account, name: str, **fields):
    return account.user("", state="PENDING", email=f"{name}@{account.mail_domain}", **fields)


def test_invitations_that_nobody_accepted(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    invited = invite(acme, "o'hara")
    acme.policy(invited, ["Viewer"], service="kms")
    acme.group("Team", members=[invited])
    invite(acme, "dated and old", added_on=days_ago(40))
    invite(acme, "dated and new", added_on=days_ago(20))
    acme.user("Has Accepted", added_on=days_ago(400))
    acme.user("Was Suspended", state="SUSPENDED", added_on=days_ago(400))
    invite(bolt, "elsewhere")
    path = collected(acme, bolt)
    columns = ("account", "user", "pending_for", "known_direct_policies", "known_access_groups")
    assert rows(path, "user_pending_old", *columns) == [
        ("Acme", "dated and old@acme.example.org", "30 days or more", 0, 0),
        ("Acme", "o'hara@acme.example.org", "not known", 1, 1),
        ("Bolt", "elsewhere@bolt.example.org", "not known", 0, 0),
    ]
    commands = dict(rows(path, "user_pending_old", "user", "command"))
    assert commands["o'hara@acme.example.org"] == (
        "ibmcloud account user-remove 'o'\\''hara@acme.example.org'"
    )


def test_an_invitation_is_as_old_as_its_first_sight(collected):
    acme = Account("Acme")
    invite(acme, "first")
    path = collected(acme)
    steps = "update collection_steps set finished_at = ? where collection_id = 1"
    change(path, steps, days_ago(100))
    change(path, "update collections set finished_at = ? where id = 1", days_ago(100))
    invite(acme, "later")
    invite(acme, "just now")
    then = days_ago(45)  # before the collect that it is compared with
    collected(acme, path=path)
    later = "update changes set changed_at = ? where what = 'users' and name like 'later%'"
    change(path, later, then)
    columns = ("user", "days_at_least", "pending_for")
    assert rows(path, "user_pending_old", *columns) == [
        ("first@acme.example.org", 100, "90 days or more"),
        ("later@acme.example.org", 45, "30 days or more"),
    ]


def test_users_who_cannot_log_in_but_keep_access(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    grouped = acme.user("Grouped", state="SUSPENDED", user_id="o'hara@acme.example.org")
    direct = acme.user("Direct", state="IAMID_INVALID")
    both = acme.user("Both", state="VPN_ONLY")
    by_rule = acme.user("By Rule", state="SUSPENDED")
    first = acme.policy(direct, ["Viewer"], service="kms", id="1a")
    second = acme.policy(direct, ["Viewer"], service="logs", id="1b", rule=RULE)
    third = acme.policy(both, ["Viewer"], service="kms", id="2")
    acme.add_api_key(both, "works"), acme.add_api_key(both, "does not", disabled=True)
    team = acme.group("Team", members=[grouped, both], dynamic_members=[grouped, by_rule])
    crew = acme.group("Crew", members=[grouped])
    for group in (team, crew):
        acme.policy(group, ["Viewer"], service="kms")
    # Near misses.
    acme.user("Suspended and empty-handed", state="SUSPENDED")
    acme.group("Grants nothing", members=[acme.user("In a group for nothing", state="SUSPENDED")])
    old = acme.user("His policy was deleted", state="SUSPENDED")
    acme.policy(old, ["Viewer"], service="kms", state="deleted")
    hidden = acme.user("In a group that is gone", state="SUSPENDED")
    acme.add_member(GONE_GROUP, hidden)
    acme.policy(GONE_GROUP, ["Viewer"], service="kms")
    acme.policy(acme.public_group(), ["Reader"], service="cloud-object-storage")
    acme.policy(acme.user("Active"), ["Viewer"], service="kms")
    acme.policy(invite(acme, "invited"), ["Viewer"], service="kms")
    classic = acme.user("Without classic", state="DISABLED_CLASSIC_INFRASTRUCTURE")
    acme.policy(classic, ["Viewer"], service="kms")
    acme.policy("IBMid-GONE1", ["Viewer"], service="kms")
    bolt.policy(bolt.user("Abroad", iam_id=old["iam_id"]), ["Viewer"], service="kms")
    bolt.policy(bolt.user("Elsewhere", state="SUSPENDED"), ["Viewer"], service="kms", id="3")

    path = collected(acme, bolt)
    columns = ("account", "user", "direct_policies", "access_group_names", "known_api_keys")
    assert rows(path, "user_suspended_with_grants", *columns) == [
        ("Acme", "Both", 1, "Team", 1),
        ("Acme", "By Rule", 0, "Team", 0),
        ("Acme", "Direct", 2, None, 0),
        ("Acme", "Grouped", 0, "Crew, Team", 0),
        ("Bolt", "Elsewhere", 1, None, 0),
    ]
    assert [policy["id"] for policy in (first, second, third)] == ["1a", "1b", "2"]
    delete, purge = "ibmcloud iam user-policy-delete", "ibmcloud iam access-group-user-purge"
    commands = rows(path, "user_suspended_with_grants", "command")
    assert [command for (command,) in commands] == [
        f"{purge} 'both@acme.example.org' && {delete} 'both@acme.example.org' '2'",
        None,
        f"{delete} 'direct@acme.example.org' '1a' && {delete} 'direct@acme.example.org' '1b'",
        f"{purge} 'o'\\''hara@acme.example.org'",
        f"{delete} 'elsewhere@bolt.example.org' '3'",
    ]


def test_policies_straight_to_users(collected):
    acme, bolt = Account("Acme", owner="Olga Owner"), Account("Bolt")
    ada = acme.user("Ada Lovelace", user_id="o'hara@acme.example.org")
    acme.policy(ada, ["Viewer", "Reader"], service="kms", id="1")
    acme.policy(ada, ["Editor"], service="logs", id="2", rule=RULE)
    acme.policy(acme.owner, ["Viewer"], service="kms", id="3")
    # Near misses.
    acme.policy(ada, ["Editor"], service="kms", state="deleted")
    acme.policy(acme.group("Team", [ada]), ["Viewer"], service="kms")
    acme.policy(acme.service_id("robot"), ["Viewer"], service="kms")
    acme.policy(acme.profile("profile"), ["Viewer"], service="kms")
    acme.policy("IBMid-GONE1", ["Viewer"], service="kms")
    abroad = bolt.user("Abroad")
    acme.policy(abroad, ["Viewer"], service="kms")  # a member of the other account only
    bolt.policy(abroad, ["Viewer"], service="kms", id="4")

    path = collected(acme, bolt)
    columns = ("account", "user", "target", "roles", "condition", "policy_id")
    assert rows(path, "user_direct_policies", *columns) == [
        ("Acme", "Ada Lovelace", "kms", "Reader, Viewer", None, "1"),
        ("Acme", "Ada Lovelace", "logs", "Editor", "under a condition", "2"),
        (
            "Acme",
            acme.owner["firstname"] + " " + acme.owner["lastname"],
            "kms",
            "Viewer",
            None,
            "3",
        ),
        ("Bolt", "Abroad", "kms", "Viewer", None, "4"),
    ]
    assert rows(path, "user_direct_policies", "command")[0] == (
        "ibmcloud iam user-policy-delete 'o'\\''hara@acme.example.org' '1'",
    )


def no_access_account(name: str = "Acme") -> Account:
    acme = Account(name)
    acme.policy(acme.public_group(), ["Reader"], service="cloud-object-storage")
    acme.user("Has only what everybody has", user_id="o'hara@acme.example.org")
    acme.group("Empty-handed", members=[acme.user("In a group for nothing")])
    deleted = acme.user("Policy was deleted", state="IAMID_INVALID")
    acme.policy(deleted, ["Viewer"], service="kms", state="deleted")
    acme.add_api_key(deleted, "useless")
    # Near misses.
    acme.policy(acme.user("Has a policy"), ["Viewer"], service="kms")
    acme.policy(acme.user("Has one at times"), ["Viewer"], service="kms", rule=RULE)
    team = acme.group("Team", [acme.user("Static")], dynamic_members=[acme.user("Dynamic")])
    acme.policy(team, ["Viewer"], service="kms")
    acme.group_rule(team, "by claim", SSO, [("dep", "EQUALS", "IT")])
    acme.profile_identity(acme.profile("helper"), acme.user("May be the profile"))
    acme.claim_rule(acme.profiles[0], [("dep", "EQUALS", "IT")], realm=SSO)
    acme.claim_rule(acme.profiles[0], [("namespace", "EQUALS", "x")], cr_type="IKS_SA", name="c")
    acme.user("Suspended", state="SUSPENDED")
    acme.user("Dials in", state="VPN_ONLY")
    invite(acme, "invited")
    return acme


def test_users_without_any_access(collected):
    acme, bolt = no_access_account(), Account("Bolt")
    (static,) = (user for user in acme.users if user["firstname"] == "Static")
    bolt.user("Static", iam_id=static["iam_id"])
    path = collected(acme, bolt)
    columns = (
        *("account", "user", "state", "groups_without_policy", "known_api_keys", "claim_rules"),
    )
    assert rows(path, "user_no_access", *columns) == [
        ("Acme", "Has only what everybody has", "ACTIVE", 0, 0, 2),
        ("Acme", "In a group for nothing", "ACTIVE", 1, 0, 2),
        ("Acme", "Policy was deleted", "IAMID_INVALID", 0, 1, 2),
        ("Bolt", "Static", "ACTIVE", 0, 0, 0),
    ]
    assert rows(path, "user_no_access", "command")[0] == (
        "ibmcloud account user-remove 'o'\\''hara@acme.example.org'",
    )


@pytest.mark.parametrize(
    "denied", [EVERY_POLICY_LIST, ("groups",), ("members",), ("profile_identities",)]
)
def test_access_that_was_not_read_is_not_absent(collected, denied):
    acme = no_access_account()
    path = collected(acme)
    assert len(rows(path, "user_no_access")) == 3
    assert rows(collected(acme, path=path, deny=denied), "user_no_access") == []


def mixed_company(name: str, **settings) -> Account:
    account = Account(name, owner="Olga Owner", mail_domain="acme.example.com")
    account.identity_settings(**settings)
    account.user("In A Branch", email="branch@de.acme.example.com")
    account.user("Upper Case", email="UPPER@ACME.example.com")
    account.user("Lookalike", email="x@notacme.example.com")
    account.user("Partner", email="o'hara@partner.example.org")
    account.user("Two Dots", email="two.dots@partner.example.org")
    account.user("", state="PENDING", email="invited@mail.example.net")
    account.user("Login Tells", email=ABSENT, user_id="login@mail.example.net")
    account.user("No Mail", email=ABSENT, user_id="no-mail")
    return account


COMPANY = "acme.example.com"
OUTSIDE = [
    ("mail.example.net", "Login Tells"),
    ("mail.example.net", "invited@mail.example.net"),
    ("notacme.example.com", "Lookalike"),
    ("partner.example.org", "Partner"),
    ("partner.example.org", "Two Dots"),
]


def test_users_outside_the_owners_mail_domain(collected):
    path = collected(mixed_company("Acme"), Account("Bolt"))
    found = rows(path, "user_external_domain", "domain", "user")
    assert found == OUTSIDE
    why = {*rows(path, "user_external_domain", "account", "approved_by", "approved")}
    assert why == {("Acme", "owner's domain", COMPANY)}
    commands = dict(rows(path, "user_external_domain", "user", "command"))
    assert commands["Partner"] == "ibmcloud account user-remove 'o'\\''hara@partner.example.org'"


@pytest.mark.parametrize(
    ("domains", "outside"),
    [
        (" @Acme.example.com, partner.example.org,", OUTSIDE[:3]),
        ("example.com", [OUTSIDE[0], OUTSIDE[1], OUTSIDE[3], OUTSIDE[4]]),
        (", ,", OUTSIDE),
        ('acme.example.com,"],\\\t%', OUTSIDE),
    ],
)
def test_users_outside_the_domains_that_were_entered(collected, domains, outside):
    path = collected(mixed_company("Acme"))
    found = rows(path, "user_external_domain", "domain", "user", domains=domains)
    assert found == outside


def test_an_owner_outside_is_listed_and_not_removed(collected):
    path = collected(mixed_company("Acme"))
    found = rows(path, "user_external_domain", "user", "command", domains="mail.example.net")
    assert ("Olga Owner", None) in found


def restriction(*patterns: str, restrict: bool = True, realm: str = "IBMid") -> dict:
    return {
        "realm_id": realm,
        "invitation_email_allow_patterns": list(patterns),
        "restrict_invitation": restrict,
    }


@pytest.mark.parametrize(
    ("restrictions", "allowed"),
    [
        ([restriction("*@PARTNER.example.org")], {"Partner"}),  # a single * matches no dot
        ([restriction("*.*@partner.example.org")], {"Two Dots"}),
        ([restriction("**@partner.example.org")], {"Partner", "Two Dots"}),
        ([restriction("*@*.example.net", realm="other")], {"Login Tells", "invited"}),
        ([restriction("[x]@notacme.example.com")], set()),
        ([restriction("?@notacme.example.com")], {"Lookalike"}),
        ([restriction("two?dots@partner.example.org")], {"Two Dots"}),
        ([restriction("**@*.example.org")], {"Partner", "Two Dots"}),
        ([restriction("**@*.org", "**@*.net")], set()),
        ([restriction("**")], {"Partner", "Two Dots", "Lookalike", "Login Tells", "invited"}),
        (
            {"account_sufficient": True, "restrictions": [restriction("x@notacme.example.com")]},
            {"Lookalike"},
        ),
    ],
)
def test_users_outside_what_the_account_restricts_invitations_to(collected, restrictions, allowed):
    company = restriction("**@acme.example.com", "**@de.acme.example.com")
    if isinstance(restrictions, list):
        restrictions = [company, *restrictions]
    else:
        restrictions["restrictions"].append(company)
    path = collected(mixed_company("Acme", restrict_user_domains=restrictions))
    found = {user.partition("@")[0] for (user,) in rows(path, "user_external_domain", "user")}
    everybody = {user.partition("@")[0] for _, user in OUTSIDE}
    assert found == everybody - allowed
    approved_by = {*rows(path, "user_external_domain", "approved_by")}
    assert approved_by <= {("account setting",)}


@pytest.mark.parametrize(
    "restrictions", [[restriction("**@partner.example.org", restrict=False)], [restriction()]]
)
def test_patterns_that_restrict_nothing_are_no_approval(collected, restrictions):
    path = collected(mixed_company("Acme", restrict_user_domains=restrictions))
    assert rows(path, "user_external_domain", "domain", "user") == OUTSIDE


def test_settings_that_were_not_read_approve_of_nobody_and_disapprove_of_nobody(collected):
    path = collected(mixed_company("Acme"), deny=("identity_settings", SETTINGS[1]))
    assert rows(path, "user_external_domain") == []
    assert rows(path, "user_external_domain", "domain", "user", domains=COMPANY) == OUTSIDE


def test_users_without_an_email_address(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    acme.user("No Mail", email=ABSENT, user_id="no-mail", realm="SL")
    acme.user("Blank", **{"email": "blank@acme.example.com"})["email"] = ""
    acme.user("Not An Address")["email"] = "see intranet"
    acme.user("Has One", email="one@acme.example.com")
    invite(acme, "invited")
    bolt.user("Elsewhere", email=ABSENT)
    path = collected(acme, bolt)
    columns = ("account", "user", "email", "realm", "command")
    assert rows(path, "user_contact_missing", *columns) == [
        ("Acme", "Blank", None, "IBMid", None),
        ("Acme", "No Mail", None, "SL", None),
        ("Acme", "Not An Address", "see intranet", "IBMid", None),
        ("Bolt", "Elsewhere", None, "IBMid", None),
    ]


# --- Account settings ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mfa", "problem"),
    [
        ("NONE", "no MFA"),
        ("NONE_NO_ROPC", "no MFA"),
        ("NONE_NORPC", "no MFA"),
        ("TOTP", "not for federated users"),
        ("TOTP4ALL", None),
        ("LEVEL1", None),
        ("LEVEL2", None),
        ("LEVEL3", None),
    ],
)
def test_the_accounts_second_factor(collected, mfa, problem):
    acme, bolt = Account("Acme"), Account("Bolt")
    acme.identity_settings(mfa=mfa)
    bolt.identity_settings(mfa="LEVEL3")
    found = rows(
        collected(acme, bolt),
        "mfa_weak_or_exempt",
        *("account", "identity", "kind", "problem", "mfa", "command", "subject_id"),
    )
    command = "ibmcloud iam account-settings-update --mfa LEVEL2"
    expected = ("Acme", "everybody", "account", problem, mfa, command, acme.account_id)
    assert found == ([expected] if problem else [])


def test_people_exempt_from_a_second_factor_or_without_one(collected):
    acme, bolt = Account("Acme", owner="Olga Owner"), Account("Bolt")
    acme.identity_settings(mfa="LEVEL2")
    bolt.identity_settings(mfa="NONE")
    acme.mfa(acme.owner, level="NONE")
    acme.mfa(acme.user("Exempt"), level="NONE_NO_ROPC")
    acme.mfa(acme.user("Mail Code"), level="LEVEL1")
    acme.mfa(acme.user("Unless Federated"), level="TOTP", complies=False)
    acme.mfa(acme.user("Not Enrolled"), complies=False)
    acme.mfa(
        acme.user("Older Factors"),
        effective_mfa_type="account_based_mfa",
        account_based_mfa={"complies": False},
    )
    acme.mfa(acme.user("Classic", state="DISABLED_CLASSIC_INFRASTRUCTURE"), complies=False)
    # Near misses.
    acme.mfa(acme.user("Same"), level="TOTP4ALL")
    acme.mfa(acme.user("Stricter"), level="LEVEL3")
    acme.mfa(acme.user("Unknown Level"), level="LEVEL9")
    acme.mfa(acme.user("Suspended", state="SUSPENDED"), level="NONE")
    acme.mfa(acme.user("Gone", state="IAMID_INVALID"), complies=False)
    for state in ("PENDING", "PROCESSING", "VPN_ONLY"):
        acme.mfa(acme.user(f"Not Yet {state}", state=state), level="NONE", complies=False)
    acme.identity_settings(user_mfa=[{"iam_id": "IBMid-GONE1", "mfa": "NONE"}])
    acme.user("Complies")
    invite(acme, "invited")
    bolt.mfa(bolt.user("Ahead Of The Account"), level="TOTP")

    path = collected(acme, bolt)
    columns = ("account", "identity", "problem", "mfa", "administrator", "command")
    assert rows(path, "mfa_weak_or_exempt", *columns) == [
        ("Acme", "Classic", "not enrolled", "LEVEL2", None, None),
        ("Acme", "Exempt", "exempt", "NONE_NO_ROPC", None, None),
        ("Acme", "Mail Code", "weaker than the account's", "LEVEL1", None, None),
        ("Acme", "Not Enrolled", "not enrolled", "LEVEL2", None, None),
        ("Acme", "Older Factors", "not enrolled", "LEVEL2", None, None),
        ("Acme", "Olga Owner", "exempt", "NONE", "account owner", None),
        (
            *("Acme", "Unless Federated", "weaker than the account's, not enrolled", "TOTP"),
            *(None, None),
        ),
        (
            *("Bolt", "everybody", "no MFA", "NONE", None),
            "ibmcloud iam account-settings-update --mfa LEVEL2",
        ),
    ]
    unread = collected(acme, path=path.with_name("b"), deny=("start_mfa_report",))
    assert ("Not Enrolled",) not in rows(unread, "mfa_weak_or_exempt", "identity")
    assert ("Exempt",) in rows(unread, "mfa_weak_or_exempt", "identity")
    unread = collected(acme, path=path.with_name("c"), deny=("users",))
    assert rows(unread, "mfa_weak_or_exempt", "identity") == [(acme.owner["iam_id"],)]


UPDATE = "ibmcloud iam account-settings-update"
EXTERNAL = "ibmcloud iam account-settings-external-interaction-update"


def test_settings_weaker_than_recommended(collected):
    acme, bolt, fine = Account("Acme"), Account("Bolt"), Account("Fine")
    acme.identity_settings(
        restrict_create_platform_apikey="NOT_RESTRICTED",
        allowed_ip_addresses="192.0.2.0/24, 0.0.0.0/0",
        session_expiration_in_seconds="2592000",
        session_invalidation_in_seconds="86400",
        restrict_user_domains=[restriction("**@acme.example.com", restrict=False)],
    )
    acme.access_settings(service="monitor", service_id="limited")
    hard = {
        "restrict_create_service_id": "RESTRICTED",
        "restrict_create_platform_apikey": "RESTRICTED",
        "restrict_user_list_visibility": "RESTRICTED",
        "allowed_ip_addresses": "192.0.2.0/24",
        "session_expiration_in_seconds": "86400",
        "session_invalidation_in_seconds": "NOT_SET",
        "max_sessions_per_identity": "5",
        "restrict_user_domains": [restriction("**@acme.example.com")],
    }
    for account in (bolt, fine):
        account.identity_settings(**hard)
        account.access_settings(user="limited", service="limited", service_id=("limited", ["x"]))
    bolt.access_settings(user="enabled")
    # What the answer does not have is not known.
    fine.identity_settings(restrict_user_list_visibility=ABSENT, restrict_user_domains=ABSENT)

    columns = ("account", "setting", "present", "recommended", "command")
    assert rows(collected(acme, bolt, fine), "settings_hardening", *columns) == [
        (
            *("Acme", "Creation of service IDs", "NOT_SET", "RESTRICTED"),
            f"{UPDATE} --restrict-create-service-id RESTRICTED",
        ),
        (
            *("Acme", "Creation of API keys", "NOT_RESTRICTED", "RESTRICTED"),
            f"{UPDATE} --restrict-create-platform-apikey RESTRICTED",
        ),
        ("Acme", "Visibility of the user list", "NOT_RESTRICTED", "RESTRICTED", None),
        (
            *("Acme", "IP addresses allowed to log in", "192.0.2.0/24, 0.0.0.0/0"),
            *("your own networks", None),
        ),
        (
            *("Acme", "Maximum session length", "2592000 seconds", "86400 seconds or less"),
            f"{UPDATE} --session-expiration-in-seconds 86400",
        ),
        (
            *("Acme", "Maximum idle time", "86400 seconds", "7200 seconds or less"),
            f"{UPDATE} --session-invalidation-in-seconds 7200",
        ),
        (
            *("Acme", "Concurrent sessions", "no limit", "a limit, such as 5"),
            f"{UPDATE} --max-sessions-per-identity 5",
        ),
        ("Acme", "Email domains that can be invited", "any", "your own domains", None),
        (
            *("Acme", "Access of other accounts' services", "monitor", "limited"),
            f"{EXTERNAL} 'service' --state limited",
        ),
        (
            *("Acme", "Access of other accounts' users", "enabled", "limited"),
            f"{EXTERNAL} 'user' --state limited",
        ),
        (
            *("Bolt", "Access of other accounts' users", "enabled", "limited"),
            f"{EXTERNAL} 'user' --state limited",
        ),
    ]


def test_settings_of_a_new_account_and_those_that_a_template_overrules(collected):
    acme = Account("Acme")
    acme.settings_template("harbour", max_sessions_per_identity="5", allowed_ip_addresses="::/0")
    found = rows(collected(acme), "settings_hardening", "setting_id", "present")
    assert found == [
        ("restrict_create_service_id", "NOT_SET"),
        ("restrict_create_platform_apikey", "NOT_SET"),
        ("restrict_user_list_visibility", "NOT_RESTRICTED"),
        ("allowed_ip_addresses", "::/0"),
        ("restrict_user_domains", "any"),
        ("external_identity_settings.service", "enabled"),
        ("external_identity_settings.service_id", "enabled"),
        ("external_identity_settings.user", "enabled"),
    ]


CREATE = "ibmcloud iam access-group-create Support && "
GRANT = "ibmcloud iam access-group-policy-create 'Support' --roles Editor --service-name support"


def test_accounts_without_a_group_for_support_cases(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    ada = acme.user("Ada Lovelace")
    lookers = acme.group("Lookers", members=[ada])
    acme.policy(lookers, ["Viewer"], service_type="platform_service")
    acme.policy(acme.group("Nobody"), ["Editor"], service="support")
    acme.policy(acme.group("Deleted", [ada]), ["Editor"], service="support", state="deleted")
    acme.policy(acme.group("Narrow", [ada]), ["Administrator"], service_group="IAM")
    acme.policy(acme.group("Elsewhere", [ada]), ["Administrator"], service_type="service")
    acme.policy(acme.group("Billing", [ada]), ["Administrator"], service="billing")
    acme.policy(ada, ["Editor"], service="support")
    acme.policy(GONE_GROUP, ["Editor"], service="support")
    bolt.group("Support", [bolt.user("Bo")])
    twice = Account("Twice")
    twice.group("Support"), twice.group("SUPPORT")
    columns = ("account", "groups_that_fall_short", "command", "remark")
    found = rows(collected(acme, bolt, twice), "support_access_group", *columns)
    assert found[:2] == [
        ("Acme", "Lookers (view only), Nobody (no members)", CREATE + GRANT, None),
        ("Bolt", None, GRANT, None),
    ]
    ((account, _, command, remark),) = found[2:]
    assert (account, command) == ("Twice", None) and "another has the same" in remark


@pytest.mark.parametrize("role", ["Editor", "Administrator", "own"])
@pytest.mark.parametrize("scope", [{"service": "support"}, {"service_type": "platform_service"}])
@pytest.mark.parametrize("members", ["static", "dynamic", "rule"])
def test_a_group_for_support_cases(collected, role, scope, members):
    acme = Account("Acme")
    ada = acme.user("Ada Lovelace")
    group = acme.group("Callers")
    if members == "rule":
        acme.group_rule(group, "by claim", SSO, [("dep", "EQUALS", "IT")])
    else:
        acme.add_member(group, ada, members)
    if role == "own":
        own = acme.custom_role("Caller", "Caller", "support", ["support.case.create"])
        role = own["crn"]
    acme.policy(group, [role], **scope)
    assert rows(collected(acme), "support_access_group") == []


@pytest.mark.parametrize("denied", [EVERY_POLICY_LIST, ("groups",), ("members",)])
def test_groups_that_were_not_read_may_be_there_for_support_cases(collected, tmp_path, denied):
    acme = Account("Acme")
    acme.group("Callers")
    assert rows(collected(acme), "support_access_group", "account") == [("Acme",)]
    path = collected(acme, deny=denied, path=tmp_path / "b")
    assert rows(path, "support_access_group") == []
