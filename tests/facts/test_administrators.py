"""Who is an administrator is decided once: by what policies mean, and by every way to them."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from iaminsights.cli import main
from iaminsights.reports.catalogue import all_reports
from iaminsights.sandbox import ABSENT, Account
from iaminsights.sandbox.sample.conditions import once

from ..report_rows import RULE, day_in, rows


def administrators(database, *columns):
    """The rows of the fact, by name of account and identity, the owner left out."""
    return database.execute(
        f"""
        select accounts.name, identities.name, {", ".join(columns)}
        from administrators
        join accounts on accounts.account_id = administrators.account_id
        join identities on identities.iam_id = administrators.iam_id
        where rank <> 'owner'
        order by accounts.name, identities.name
        """
    ).fetchall()


def make_full(account: Account, subject) -> None:
    account.policy(subject, ["Administrator", "Manager"], service_type="service")
    account.policy(subject, ["Administrator"], service_type="platform_service")


def test_administrators_by_every_way(collected, opened):
    acme, bolt = Account("Acme", owner="Olga Owner"), Account("Bolt", owner="Otto Other")
    ada, bea, cora = acme.user("Ada"), acme.user("Bea"), acme.user("Cora")
    robot, idle = acme.service_id("robot"), acme.service_id("idle")
    make_full(acme, ada)
    acme.policy(
        acme.group("Team", [ada, cora], dynamic_members=[bea]), ["Manager"], service_type="service"
    )
    profile = acme.profile("helper")
    make_full(acme, acme.group("Helpers", [profile]))
    for who in (robot, cora):
        acme.profile_identity(profile, who)
    # Half of it itself, the rest by a profile.
    half, rest = acme.user("Half"), acme.profile("rest")
    acme.policy(half, ["Administrator", "Manager"], service_type="service")
    acme.policy(rest, ["Administrator"], service_type="platform_service")
    acme.profile_identity(rest, half)
    acme.policy(acme.user("At times"), ["Administrator"], service_group="IAM", rule=RULE)
    # Near misses: a profile without privileges, an Editor, another account.
    plain = acme.profile("plain")
    acme.policy(plain, ["Editor"], service_type="platform_service")
    acme.profile_identity(plain, idle)
    acme.policy(acme.group("Empty"), ["Administrator"])
    bolt.user("Ada", iam_id=ada["iam_id"])
    bolt.policy(bolt.public_group(), ["Administrator"], service="iam-groups")

    columns = ("rank", "direct_rank", "through", "is_conditional", "is_public_only", "ways")
    full, some = "full administrator", "privileged"
    own, groups, profiles = "its own policies", "access groups", "trusted profiles"
    assert [tuple(row) for row in administrators(opened(collected(acme, bolt)), *columns)] == [
        ("Acme", "Ada", full, full, "both", 0, 0, 3),
        ("Acme", "At times", some, some, own, 1, 0, 1),
        ("Acme", "Bea", some, some, groups, 0, 0, 1),
        ("Acme", "Cora", full, some, f"{groups} and {profiles}", 0, 0, 3),
        ("Acme", "Half", full, some, f"{own} and {profiles}", 0, 0, 2),
        ("Acme", "helper", full, full, groups, 0, 0, 2),
        ("Acme", "rest", some, some, own, 0, 0, 1),
        ("Acme", "robot", full, None, profiles, 0, 0, 2),
        ("Bolt", "Ada", some, some, groups, 0, 1, 1),
    ]


def test_administrators_are_told_by_what(collected, opened):
    acme = Account("Acme", owner="Olga Owner")
    ada, profile = acme.user("Ada"), acme.profile("helper")
    acme.policy(ada, ["Administrator"], service="iam-groups")
    acme.policy(profile, ["Administrator"], service_type="platform_service")
    acme.policy(acme.group("Team", [ada, profile]), ["Manager"], service_type="service")
    acme.profile_identity(profile, ada)
    database = opened(collected(acme))
    directly = "Administrator on iam-groups; Manager on all services (access group Team)"
    rows = administrators(database, "direct_privileges", "privileges")
    assert [tuple(row) for row in rows if row[1] == "Ada"] == [
        (
            *("Acme", "Ada", directly),
            f"{directly}; Administrator on all account management services (trusted profile "
            "helper); Manager on all services (access group Team of trusted profile helper)",
        )
    ]
    owner = database.execute(
        "select rank, direct_rank, through, ways from administrators where rank = 'owner'"
    )
    assert [tuple(row) for row in owner] == [("owner", "owner", None, 0)]


# --- However a policy is worded -----------------------------------------------------------------

EQUALS, ANY_EQUALS = "stringEquals", "stringEqualsAnyOf"
MATCH, ANY_MATCH, EXISTS = "stringMatch", "stringMatchAnyOf", "stringExists"
SERVICES = ("serviceType", EQUALS, "service")
PLATFORM = ("serviceType", EQUALS, "platform_service")

# Each makes whoever holds Administrator on it privileged, and says the same of everybody.
WORDINGS = {
    "type": [PLATFORM],
    "type in a list of one": [("serviceType", ANY_EQUALS, ["platform_service"])],
    "type in a list of two": [("serviceType", ANY_EQUALS, ["service", "platform_service"])],
    "type by a pattern": [("serviceType", MATCH, "platform_*")],
    "type by a list of patterns": [("serviceType", ANY_MATCH, ["x*", "plat*"])],
    "type by one sign": [("serviceType", MATCH, "platform?service")],
    "any type": [("serviceType", EQUALS, "*")],
    "any type by a pattern": [("serviceType", MATCH, "*")],
    "any type that there is": [("serviceType", EXISTS, True)],
    "type without an operator": [("serviceType", None, "platform_service")],
    "services without an operator": [("serviceType", None, "service")],
    "nothing but the account": [],
    "any account": [("accountId", EXISTS, True), PLATFORM],
    "no account": [("accountId", EQUALS, ABSENT), PLATFORM],
    "name": [("serviceName", EQUALS, "iam-identity")],
    "name by a pattern": [("serviceName", MATCH, "iam-*")],
    "name in a list": [("serviceName", ANY_EQUALS, ["iam-identity", "kms"])],
    "name by a list of patterns": [("serviceName", ANY_MATCH, ["kms*", "iam-acc*"])],
    "any name": [("serviceName", EQUALS, "*")],
    "any name that there is": [("serviceName", EXISTS, True)],
    "any name of a type": [PLATFORM, ("serviceName", MATCH, "*")],
    "users": [("serviceName", MATCH, "user-*")],
    "group": [("service_group_id", EQUALS, "IAM")],
    "group in a list": [("service_group_id", ANY_EQUALS, ["IAM"])],
    "group by a pattern": [("service_group_id", MATCH, "IA?")],
    "any region": [SERVICES, ("region", EXISTS, True)],
    "any region by a star": [SERVICES, ("region", EQUALS, "*")],
    "any resource group": [SERVICES, ("resourceGroupId", EXISTS, True)],
    "any resource group by a star": [SERVICES, ("resourceGroupId", EQUALS, "*")],
    "any instance": [SERVICES, ("serviceInstance", EXISTS, True)],
    "any instance by a pattern": [SERVICES, ("serviceInstance", MATCH, "*")],
    "any of all": [
        SERVICES,
        *[(name, EQUALS, "*") for name in ("serviceInstance", "region", "resourceGroupId")],
    ],
}
# What looks like it, and is something else.
OTHERS = {
    "another name": [("serviceName", MATCH, "iam-x*")],
    "other names": [("serviceName", ANY_EQUALS, ["kms", "billing"])],
    "no pattern": [("serviceName", EQUALS, "iam-*")],
    "literal star": [("serviceName", MATCH, "iam-{{*}}")],
    "literal star alone": [("serviceType", MATCH, "{{*}}")],
    "other case": [("serviceType", EQUALS, "Platform_Service")],
    "empty list": [("serviceType", ANY_EQUALS, [])],
    "list as text": [("serviceType", EQUALS, '["platform_service"]')],
    "no name": [("serviceName", EXISTS, False)],
    "region": [SERVICES, ("region", EQUALS, "eu-de")],
    "region by a pattern": [SERVICES, ("region", MATCH, "eu-*")],
    "resource group": [SERVICES, ("resourceGroupId", EQUALS, "0123")],
    "instance": [SERVICES, ("serviceInstance", MATCH, "a*")],
    "another group": [("service_group_id", EQUALS, "OTHER")],
    "another account": [("accountId", EQUALS, "f" * 32), PLATFORM],
    "part": [("serviceName", EQUALS, "iam-groups"), ("resource", EQUALS, "AccessGroupId-1")],
    "unknown operator": [("serviceType", "stringNotEquals", "service")],
}


def hold(account: Account, name: str, attributes, roles=("Administrator",), **fields) -> None:
    """A person, a service ID, a profile and a group that each hold such a policy."""
    weak = [("country", "EQUALS", "DE")]
    person, robot = account.user(f"{name}, user"), account.service_id(f"{name}, service ID")
    account.add_api_key(person, f"{name}, key")
    account.mfa(person, "NONE")
    profile = account.profile(f"{name}, profile")
    account.claim_rule(profile, weak, realm="https://sso.example.org", name=f"{name}, claim")
    account.profile_identity(profile, account.user(f"{name}, by profile"))
    crowd = [account.user(f"{name}, member {number}") for number in (1, 2)]
    group = account.group(f"{name}, group", [*crowd, account.service_id(f"{name}, helper")])
    account.group_rule(group, f"{name}, rule", "https://sso.example.org", weak)
    for subject in (person, robot, profile, group):
        account.policy(subject, list(roles), attributes=attributes, **fields)


def told_of(path, name: str, column: str, **where) -> set[str]:
    """What a report tells in a column, in the rows with these values."""
    wanted = rows(path, name, column, *where)
    return {first for first, *rest in wanted if tuple(rest) == tuple(where.values())}


def test_however_it_is_worded_an_administrator_is_one(collected):
    account = Account("Acme", owner="Olga Owner")
    for name, attributes in {**WORDINGS, **OTHERS}.items():
        hold(account, name, attributes)

    def each(*kinds):
        return {f"{name}, {kind}" for name in WORDINGS for kind in kinds}

    path = collected(account)
    assert told_of(path, "user_admins", "user") == each("user", "member 1", "member 2")
    assert told_of(path, "people_administrators", "user") == each(
        "user", "member 1", "member 2", "by profile"
    )
    for name in ("service_id_admins", "service_id_unlocked_critical"):
        assert told_of(path, name, "serviceid") == each("service ID", "helper")
    assert told_of(path, "profile_admins", "profile") == each("profile")
    for name in ("group_large_admin", "group_mixed_identities"):
        assert told_of(path, name, "access_group") == each("group")
    privileged = {"administrator": "privileged"}
    assert told_of(path, "mfa_weak_or_exempt", "identity", **privileged) == each("user")
    is_privileged = {"is_privileged": "yes"}
    assert told_of(path, "dynamic_rule_broad", "rule", **is_privileged) == each("rule")
    assert told_of(path, "profile_claim_broad", "rule", **is_privileged) == each("claim")
    assert told_of(path, "admin_user_api_keys", "apikey", rank="privileged") == each("key")
    # A part of groups, and all that is in a place, is no privilege, but may lead to one.
    assert told_of(path, "admin_user_api_keys", "apikey") <= each("key") | {"part, key"}
    assert rows(path, "account_full_admins") == []


@pytest.mark.parametrize(
    "name",
    ["name in a list", "name by a pattern", "any type that there is", "type without an operator"]
    + ["any region by a star", "group by a pattern"],
)
def test_however_it_is_worded_the_exit_code_tells(collected, name):
    account = Account("Acme", owner="Olga Owner")
    account.policy(account.user("Ada"), ["Administrator"], attributes=WORDINGS[name])
    path = collected(account, reports=all_reports())
    found = CliRunner().invoke(main, ["report", str(path), "user_admins", "--fail-on", "high"])
    assert found.exit_code == 3, found.output


@pytest.mark.parametrize(
    "fields",
    [
        {"rule": once(str(day_in(-30)), str(day_in(-20))), "pattern": "time-based-conditions:once"},
        {"state": "deleted"},
        {"roles": ("Editor", "Operator", "Viewer", "Writer")},
    ],
    ids=["ended", "deleted", "other roles"],
)
def test_what_grants_nothing_makes_no_administrator(collected, opened, fields):
    account = Account("Acme", owner="Olga Owner")
    hold(account, "once", [PLATFORM], **fields)
    hold(account, "bare", [], **fields)
    path = collected(account)
    assert administrators(opened(path), "rank") == []
    for name in ("user_admins", "people_administrators", "service_id_admins", "profile_admins"):
        assert rows(path, name) == []


def test_authorizations_and_policies_of_other_accounts_make_no_administrator(collected, opened):
    acme, bolt = Account("Acme", owner="Olga Owner"), Account("Bolt", owner="Otto Other")
    ada = acme.user("Ada")
    acme.authorization(["Administrator"], {"serviceName": "kms"}, {"serviceName": "iam-identity"})
    bolt.user("Ada", iam_id=ada["iam_id"])
    bolt.policy(ada, ["Administrator"], attributes=[PLATFORM])
    found = administrators(opened(collected(acme, bolt)), "rank")
    assert [tuple(row) for row in found] == [("Bolt", "Ada", "privileged")]


@pytest.mark.parametrize(
    "wording",
    ["nothing but the account", "any type", "any type by a pattern", "type in a list of two"],
)
def test_however_it_is_worded_a_full_administrator_is_one(collected, wording):
    account = Account("Acme", owner="Olga Owner")
    hold(account, "x", WORDINGS[wording], ("Administrator", "Manager"))
    path = collected(account)
    everybody = {f"x, {kind}" for kind in ("user", "service ID", "profile", "member 1", "member 2")}
    assert told_of(path, "account_full_admins", "identity") == everybody | {"x, helper"}
    full = {"rank": "full administrator"}
    assert len(rows(path, "people_administrators")) == 4
    assert len(told_of(path, "people_administrators", "user", **full)) == 4
    assert told_of(path, "service_id_admins", "serviceid", **full) == {"x, service ID", "x, helper"}
    assert told_of(path, "profile_admins", "profile", **full) == {"x, profile"}
    assert rows(path, "user_admins") == []


# --- The owner is no finding --------------------------------------------------------------------


def owned(**settings) -> Account:
    """An account that only its owner administers, with a policy and a group for it, too."""
    account = Account("Acme", owner="Olga Owner")
    account.identity_settings(mfa="LEVEL3", **settings)
    make_full(account, account.owner)
    ada, bea = account.user("Ada"), account.user("Bea")
    team = account.group("Readers", [ada, bea])
    account.policy(team, ["Viewer"], service_type="service")
    admins = account.group("Admins", [account.owner])
    account.policy(admins, ["Administrator"], service_type="platform_service")
    profile = account.profile("reader")
    account.policy(profile, ["Viewer"], service_type="service")
    for who in (account.owner, ada):
        account.profile_identity(profile, who)
    return account


def test_an_account_of_its_owner_alone_has_no_critical_finding(collected):
    path = collected(owned(), reports=all_reports())
    run = CliRunner().invoke(main, ["report", str(path), "--fail-on", "critical"])
    assert run.exit_code == 0, run.output
    for name in (
        *("account_full_admins", "user_admins", "people_administrators", "service_id_admins"),
        *("profile_admins", "group_large_admin", "admin_user_api_keys", "escalation_paths"),
        *("mfa_weak_or_exempt", "new_administrators", "group_mixed_identities"),
    ):
        assert rows(path, name) == [], name


def test_the_owner_makes_no_group_large(collected):
    account = owned()
    admins = account.groups[-1]
    for name in ("Cora", "Dora"):
        account.add_member(admins, account.user(name))
    assert rows(collected(account), "group_large_admin", "members") == []
    account.add_member(admins, account.user("Edda"))
    path = collected(account)
    assert rows(path, "group_large_admin", "members", "users") == [(3, 3)]


def test_with_another_full_administrator_the_exit_code_tells(collected):
    account = owned()
    make_full(account, account.user("Cora"))
    path = collected(account, reports=all_reports())
    run = CliRunner().invoke(main, ["report", str(path), "--fail-on", "critical"])
    assert run.exit_code == 3
    assert rows(path, "account_full_admins", "identity") == [("Cora",)]


# --- People -------------------------------------------------------------------------------------


def test_privileged_people(collected):
    acme, bolt = Account("Acme", owner="Olga Owner"), Account("Bolt", owner="Otto Other")
    ada, bea = acme.user("Ada", email="ada@x.org"), acme.user("Bea", email="bea@x.org")
    own = acme.policy(ada, ["Administrator"], service="iam-groups")["id"]
    acme.add_api_key(ada, "one")
    acme.add_api_key(ada, "off", disabled=True)
    team = acme.group("Team", [ada, bea, "IBMid-GONE1"])
    acme.policy(team, ["Administrator"], service_group="IAM")
    dora = acme.user("Dora", email="dora@x.org", state="SUSPENDED")
    once_more = acme.group("Dynamic", dynamic_members=[dora])
    acme.policy(once_more, ["Manager"], service_type="service", rule=RULE)
    made = acme.user("Made", email="made@x.org")
    template = {"id": "policyTemplate-1", "version": "1"}
    acme.policy(made, ["Administrator"], service="iam-identity", template=template)
    # Near misses: everything, nothing, only as a profile, programs.
    make_full(acme, acme.user("Full"))
    acme.policy(acme.user("Editor"), ["Editor"], service_group="IAM")
    profile = acme.profile("helper")
    acme.policy(profile, ["Administrator"], service_group="IAM")
    acme.profile_identity(profile, acme.user("By profile"))
    acme.policy(acme.service_id("robot"), ["Administrator"], service_group="IAM")
    # Privileged in one account, a simple user in the other.
    bolt.user("Ada", iam_id=ada["iam_id"])
    bo = bolt.user("Bo", email="bo@x.org")
    of_bo = bolt.policy(bo, ["Manager"], service_type="service")["id"]

    by_team = "Administrator on all IAM services (access group Team)"
    columns = ("account", "user", "privileges", "through", "is_conditional", "user_state")
    path = collected(acme, bolt)
    assert rows(path, "user_admins", *columns, "enabled_keys") == [
        (
            *("Acme", "Ada", f"{by_team}; Administrator on iam-groups"),
            *("both", "no", "ACTIVE", 1),
        ),
        ("Acme", "Bea", by_team, "access groups", "no", "ACTIVE", 0),
        (
            *("Acme", "Dora", "Manager on all services, under a condition (access group Dynamic)"),
            *("access groups", "yes", "SUSPENDED", 0),
        ),
        ("Acme", "IBMid-GONE1", by_team, "access groups", "no", "not in the account", 0),
        (
            *("Acme", "Made", "Administrator on iam-identity"),
            *("its own policies", "no", "ACTIVE", 0),
        ),
        ("Bolt", "Bo", "Manager on all services", "its own policies", "no", "ACTIVE", 0),
    ]
    delete, remove = "ibmcloud iam user-policy-delete", "ibmcloud iam access-group-user-remove"
    assert dict(rows(path, "user_admins", "user", "command")) == {
        "Ada": f"{delete} 'ada@x.org' '{own}' && {remove} 'Team' 'ada@x.org'",
        "Bea": f"{remove} 'Team' 'bea@x.org'",
        "Dora": None,
        "IBMid-GONE1": None,
        "Made": None,
        "Bo": f"{delete} 'bo@x.org' '{of_bo}'",
    }
    denied = collected(bolt, path=path.with_name("b"), deny=("api_keys", "users"))
    assert rows(denied, "user_admins", "user_state", "enabled_keys") == [(None, None)]


def test_people_who_are_administrators_by_any_route(collected):
    acme, bolt = Account("Acme", owner="Olga Owner"), Account("Bolt", owner="Otto Other")
    for account in (acme, bolt):
        account.identity_settings(mfa="LEVEL2")
    profile = acme.profile("helper", id="Profile-1")
    helpers = acme.group("Helpers", [profile])
    make_full(acme, helpers)
    ada, bea = acme.user("Ada", email="ada@x.org"), acme.user("Bea", email="bea@x.org")
    for who in (ada, bea, "IBMid-ABROAD"):
        acme.profile_identity(profile, who)
    acme.policy(acme.group("Team", [bea]), ["Administrator"], service="user-management")
    acme.mfa(ada, complies=False)
    acme.mfa(bea, level="NONE")
    acme.add_api_key(ada, "laptop")
    cora = acme.user("Cora", email="cora@x.org")
    make_full(acme, cora)
    made = acme.profile("made", template_id="ProfileTemplate-1")
    acme.policy(made, ["Administrator"], service_group="IAM")
    acme.profile_identity(made, acme.user("Dora"))
    # Near misses.
    acme.profile_identity(profile, acme.owner)
    acme.profile_identity(profile, acme.service_id("robot"))
    plain = acme.profile("plain")
    acme.policy(plain, ["Administrator"], service="kms")
    acme.profile_identity(plain, acme.user("Plain"))
    bolt.user("Ada", iam_id=ada["iam_id"])
    bolt.policy(bolt.user("Bo"), ["Administrator"], service_group="IAM")

    full, some, profiles = "full administrator", "privileged", "trusted profiles"
    columns = ("account", "user", "rank", "through", "second_factor", "enabled_keys", "severity")
    path = collected(acme, bolt)
    assert rows(path, "people_administrators", *columns) == [
        ("Acme", "Ada", full, profiles, "not enrolled", 1, "critical"),
        ("Acme", "Bea", full, f"access groups and {profiles}", "exempt", 0, "critical"),
        ("Acme", "Cora", full, "its own policies", "LEVEL2", 0, "high"),
        (
            *("Acme", "IBMid-ABROAD", full, profiles),
            *("LEVEL2 required, enrollment not known", 0, "high"),
        ),
        ("Acme", "Dora", some, profiles, "LEVEL2", 0, "high"),
        ("Bolt", "Bo", some, "its own policies", "LEVEL2", 0, "high"),
    ]
    leave = "ibmcloud iam trusted-profile-identity-delete 'Profile-1' '{}' --id-type USER"
    found = {
        user: (command, remark)
        for user, command, remark in rows(
            path, "people_administrators", "user", "command", "remark"
        )
    }
    assert found["Ada"] == (leave.format(ada["iam_id"]), None)
    assert found["Bea"] == (
        "ibmcloud iam access-group-user-remove 'Team' 'bea@x.org' && "
        + leave.format(bea["iam_id"]),
        None,
    )
    assert found["IBMid-ABROAD"] == (leave.format("IBMid-ABROAD"), None)
    assert found["Dora"][0] is None and "template" in found["Dora"][1]


@pytest.mark.parametrize(
    ("settings", "denied", "said", "severity"),
    [
        ({"mfa": "NONE"}, (), "not required", "critical"),
        ({"mfa": "NONE_NO_ROPC"}, ("start_mfa_report",), "not required", "critical"),
        ({"mfa": "TOTP"}, (), "TOTP, unless federated", "high"),
        ({"mfa": "LEVEL3"}, (), "LEVEL3", "high"),
        (
            *({"mfa": "LEVEL3"}, ("start_mfa_report",)),
            *("LEVEL3 required, enrollment not read", "high"),
        ),
        (
            {"mfa": "LEVEL3"},
            ("start_mfa_report", "identity_settings", "effective_identity_settings"),
            "not read",
            "high",
        ),
    ],
)
def test_the_second_factor_of_an_administrator(collected, settings, denied, said, severity):
    account = Account("Acme", owner="Olga Owner")
    account.identity_settings(**settings)
    make_full(account, account.user("Ada"))
    path = collected(account, deny=(*denied, "api_keys"))
    columns = ("second_factor", "severity", "enabled_keys")
    assert rows(path, "people_administrators", *columns) == [(said, severity, "not read")]


def test_a_service_id_that_may_assume_an_administrators_profile(collected):
    account = Account("Acme", owner="Olga Owner")
    profile, robot = (
        account.profile("helper", id="Profile-1"),
        account.service_id("robot", id="ServiceId-1"),
    )
    make_full(account, profile)
    account.profile_identity(profile, robot)
    plain = account.profile("plain")
    account.policy(plain, ["Editor"], service_type="platform_service")
    account.profile_identity(plain, account.service_id("idle"))
    path = collected(account)
    columns = ("serviceid", "rank", "through", "command")
    assert rows(path, "service_id_admins", *columns) == [
        (
            *("robot", "full administrator", "trusted profiles"),
            "ibmcloud iam trusted-profile-identity-delete 'Profile-1' 'ServiceId-1' "
            "--id-type SERVICEID",
        )
    ]
    assert rows(path, "service_id_unlocked_critical", "serviceid", "through") == [
        ("robot", "trusted profiles")
    ]
