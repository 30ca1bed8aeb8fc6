"""The reports on service IDs and trusted profiles: their rows, and beside them the near misses."""

from __future__ import annotations

import pytest

from iaminsights.sandbox import ABSENT, Account

from ..report_rows import EVERY_POLICY_LIST, RULE, days_ago, rows

SSO = "https://sso.example.com/saml"
PARENT = "0123456789abcdef0123456789abcdef"


def crn(service: str, account: str, instance: str, resource: str = ":") -> str:
    return f"crn:v1:bluemix:public:{service}:eu-de:a/{account}:{instance}:{resource}"


# --- Service IDs --------------------------------------------------------------------------------


def test_service_ids_without_key_and_group(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    acme.service_id("left over", created_at=days_ago(900), id="ServiceId-it's")
    locked = acme.service_id("locked", locked=True, description="keep", id="ServiceId-2")
    acme.policy(locked, ["Viewer"], service="kms")
    acme.policy(locked, ["Viewer"], service="logs", state="deleted")
    acme.service_id("everybody is in Public Access", group="Robots", id="ServiceId-3")
    acme.public_group()
    # Near misses.
    acme.add_api_key(acme.service_id("has a key"), "a")
    acme.add_api_key(acme.service_id("has a key, switched off"), "b", disabled=True)
    acme.add_api_key(acme.service_id("has a key, in another group", group="Robots"), "c")
    acme.group("Team", members=[acme.service_id("is in a group")])
    behind = acme.service_id("is behind a service credential")
    acme.resource_key(acme.instance("queue", "messagehub"), "producer", service_id=behind)
    acme.profile_identity(acme.profile("helper"), acme.service_id("may assume a profile"))
    bolt.service_id("forgotten", id="ServiceId-4")

    columns = ("account", "serviceid", "description", "direct_policies", "is_locked", "command")
    delete, unlock = "ibmcloud iam service-id-delete", "ibmcloud iam service-id-unlock"
    path = collected(acme, bolt)
    assert rows(path, "service_id_no_key", *columns) == [
        (
            *("Acme", "everybody is in Public Access", None, 0, "no"),
            f"{delete} 'ServiceId-3'",
        ),
        ("Acme", "left over", None, 0, "no", f"{delete} 'ServiceId-it'\\''s'"),
        (
            *("Acme", "locked", "keep", 1, "yes"),
            f"{unlock} 'ServiceId-2' && {delete} 'ServiceId-2'",
        ),
        ("Bolt", "forgotten", None, 0, "no", f"{delete} 'ServiceId-4'"),
    ]


@pytest.mark.parametrize("denied", ["api_keys", "groups", "members", "resource_keys"])
def test_keys_and_groups_that_were_not_read_are_not_absent(collected, denied):
    acme = Account("Acme")
    acme.service_id("left over")
    acme.group("Team", members=[acme.service_id("is in a group")])
    assert rows(collected(acme), "service_id_no_key", "serviceid") == [("left over",)]
    assert rows(collected(acme, deny=(denied,)), "service_id_no_key") == []


def test_policies_that_were_not_read_are_not_counted(collected):
    acme = Account("Acme")
    acme.service_id("left over")
    path = collected(acme, deny=EVERY_POLICY_LIST)
    assert rows(path, "service_id_no_key", "serviceid", "direct_policies") == [("left over", None)]


def test_service_ids_not_used_for_90_days(collected):
    acme, bolt = Account("Acme"), Account("Bolt")

    def robot(name, seen, made=2000, account=acme, **fields):
        made_one = account.service_id(name, created_at=days_ago(made), **fields)
        account.last_login(made_one, None if seen is None else days_ago(seen))
        return made_one

    robot("92 days", 92, id="ServiceId-1")
    old = robot("two years", 730, id="ServiceId-2", locked=True, description="annual")
    acme.add_api_key(old, "its key", id="ApiKey-1")
    robot("half a year", 200, id="ServiceId-3", group="Robots")
    acme.resource_key(
        acme.instance("queue", "messagehub"), "producer", service_id=robot("never", None)
    )
    # Near misses.
    robot("88 days", 88)
    robot("old and used today", 0)
    robot("never, and younger than 90 days", None, made=80)
    acme.last_login(acme.add_api_key(robot("only a key is unused", 0), "unused"), days_ago(400))
    acme.last_login(acme.profile("a profile"), days_ago(400))
    acme.last_login(acme.user("Ada Lovelace"), days_ago(400))
    robot("elsewhere", 100, account=bolt)

    path = collected(acme, bolt)
    columns = (
        *("account", "serviceid", "description", "unused_for"),
        *("known_api_keys", "known_credentials", "is_locked"),
    )
    assert rows(path, "service_id_inactive", *columns) == [
        ("Acme", "92 days", None, "90 to 179 days", 0, 0, "no"),
        ("Acme", "half a year", None, "180 to 364 days", 0, 0, "no"),
        ("Acme", "never", None, "never used", 0, 1, "no"),
        ("Acme", "two years", "annual", "a year or more", 1, 0, "yes"),
        ("Bolt", "elsewhere", None, "90 to 179 days", 0, 0, "no"),
    ]
    commands = dict(rows(path, "service_id_inactive", "serviceid", "command"))
    assert commands["92 days"] == "ibmcloud iam service-id-delete 'ServiceId-1'"
    assert commands["two years"] == (
        "ibmcloud iam service-api-key-disable 'ApiKey-1' 'ServiceId-2'"
    )
    assert dict(rows(path, "service_id_inactive", "serviceid", "days_unused"))["never"] is None
    # Nobody is called inactive because there is no report.
    assert (
        rows(
            collected(acme, path=path.with_name("b"), deny=("start_activity_report",)),
            "service_id_inactive",
        )
        == []
    )


def test_service_ids_without_any_access(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    acme.policy(acme.public_group(), ["Reader"], service="cloud-object-storage")
    shared = acme.service_id("has only what everybody has", id="ServiceId-1")
    acme.add_api_key(shared, "a", id="ApiKey-1")
    acme.group("Empty-handed", members=[acme.service_id("in a group without policy")])
    deleted = acme.service_id("its policy was deleted", locked=True, id="ServiceId-2")
    acme.policy(deleted, ["Viewer"], service="kms", state="deleted")
    acme.resource_key(acme.instance("queue", "messagehub"), "producer", service_id=deleted)
    over = {
        "key": "{{environment.attributes.current_date_time}}",
        "operator": "dateTimeLessThan",
        "value": "2024-01-31T00:00:00+00:00",
    }
    acme.policy(acme.service_id("its time is over"), ["Viewer"], service="kms", rule=over)
    # Near misses.
    acme.policy(acme.service_id("has a policy"), ["Viewer"], service="kms")
    acme.policy(acme.service_id("has one at times"), ["Viewer"], service="kms", rule=RULE)
    team = acme.group("Team", members=[acme.service_id("has one through a group")])
    acme.policy(team, ["Viewer"], service="kms")
    acme.profile_identity(acme.profile("helper"), acme.service_id("may assume a profile"))
    abroad = acme.service_id("has a policy in another account")
    bolt.policy(abroad, ["Viewer"], service="kms")
    guest = acme.service_id("is in a group of another account")
    bolt.policy(bolt.group("Guests", [guest]), ["Viewer"], service="kms")
    envoy = acme.service_id("may assume a profile of another account")
    bolt.profile_identity(bolt.profile("envoy"), envoy)
    bolt.service_id("forgotten", group="Robots")

    columns = ("account", "serviceid", "has_api_keys", "groups_without_policy", "known_credentials")
    path = collected(acme, bolt)
    assert rows(path, "service_id_no_access", *columns) == [
        ("Acme", "has only what everybody has", "yes", 0, 0),
        ("Acme", "in a group without policy", "no", 1, 0),
        ("Acme", "its policy was deleted", "no", 0, 1),
        ("Acme", "its time is over", "no", 0, 0),
        ("Bolt", "forgotten", "no", 0, 0),
    ]
    commands = dict(rows(path, "service_id_no_access", "serviceid", "command"))
    assert commands["has only what everybody has"] == (
        "ibmcloud iam service-api-key-disable 'ApiKey-1' 'ServiceId-1'"
    )
    assert commands["its policy was deleted"] == (
        "ibmcloud iam service-id-unlock 'ServiceId-2' && "
        "ibmcloud iam service-id-delete 'ServiceId-2'"
    )
    without_keys = collected(acme, path=path.with_name("keys"), deny=("api_keys",))
    assert {row for (row,) in rows(without_keys, "service_id_no_access", "has_api_keys")} == {
        "not known"
    }
    for number, denied in enumerate((EVERY_POLICY_LIST, ("groups",), ("members",))):
        path = collected(acme, path=path.with_name(f"denied{number}"), deny=denied)
        assert rows(path, "service_id_no_access") == []


def test_policies_straight_to_service_ids(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    robot = acme.service_id("robot", id="ServiceId-it's")
    acme.policy(
        robot, ["Reader", "Viewer"], service="kms", id="policy-1", last_permit_at=days_ago(3)
    )
    acme.policy(robot, ["Writer"], service="logs", id="policy-2", rule=RULE)
    locked = acme.service_id("locked", id="ServiceId-2", locked=True, group="Robots")
    acme.policy(locked, ["Viewer"], service="kms", id="policy-3", version="v1")
    # Near misses.
    acme.policy(robot, ["Manager"], service="kms", state="deleted")
    acme.policy(acme.group("Team", members=[robot]), ["Manager"], service="kms")
    acme.policy(acme.user("Ada Lovelace"), ["Manager"], service="kms")
    acme.policy(acme.profile("helper"), ["Manager"], service="kms")
    acme.policy("iam-ServiceId-of-another-account", ["Manager"], service="kms")
    acme.authorization(["Reader"], {"serviceName": "kms"}, {"serviceName": "logs"})
    bolt.policy(
        bolt.service_id("other", id="ServiceId-4"), ["Viewer"], service="kms", id="policy-4"
    )

    columns = ("account", "serviceid", "target", "roles", "is_locked", "command")
    delete = "ibmcloud iam service-policy-delete"
    found = rows(collected(acme, bolt), "service_id_direct_policies", *columns)
    assert found == [
        (
            *("Acme", "locked", "kms", "Viewer", "yes"),
            f"ibmcloud iam service-id-unlock 'ServiceId-2' && {delete} 'ServiceId-2' 'policy-3'"
            " && ibmcloud iam service-id-lock 'ServiceId-2'",
        ),
        (
            *("Acme", "robot", "kms", "Reader, Viewer", "no"),
            f"{delete} 'ServiceId-it'\\''s' 'policy-1'",
        ),
        ("Acme", "robot", "logs", "Writer", "no", f"{delete} 'ServiceId-it'\\''s' 'policy-2'"),
        ("Bolt", "other", "kms", "Viewer", "no", f"{delete} 'ServiceId-4' 'policy-4'"),
    ]


def test_privileged_service_ids_that_are_not_locked(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    both = acme.service_id("both ways", id="ServiceId-it's", description="runs it all")
    acme.policy(both, ["Administrator"], service_type="platform_service")
    in_group = acme.service_id("through a group", group="Robots", id="ServiceId-2")
    admins = acme.group("Admins", members=[both, in_group])
    acme.policy(admins, ["Manager"], service_type="service")
    acme.policy(admins, ["Viewer"], service_type="service")
    unsaid = acme.service_id("says nothing of a lock", id="ServiceId-4", locked=ABSENT)
    acme.policy(unsaid, ["Administrator"], service="iam-identity")
    # Near misses.
    acme.group("Readers", members=[acme.service_id("in a group without privileges")])
    locked = acme.service_id("locked", locked=True)
    acme.policy(locked, ["Administrator"], service_type="platform_service")
    small = acme.service_id("administers one service only")
    acme.policy(small, ["Administrator", "Manager"], service="kms")
    viewer = acme.service_id("views account management")
    acme.policy(viewer, ["Viewer"], service_type="platform_service")
    former = acme.service_id("was privileged")
    acme.policy(former, ["Administrator"], service="iam-groups", state="deleted")
    acme.policy(acme.public_group(), ["Administrator"], service="user-management")
    ada = acme.user("Ada Lovelace")
    acme.policy(ada, ["Administrator"], service_type="platform_service")
    gatekeeper = bolt.service_id("gatekeeper", id="ServiceId-3")
    bolt.policy(gatekeeper, ["Administrator"], service="iam-groups")

    columns = ("account", "serviceid", "privileges", "through", "command")
    lock = "ibmcloud iam service-id-lock"
    found = rows(collected(acme, bolt), "service_id_unlocked_critical", *columns)
    assert found == [
        (
            *("Acme", "both ways"),
            "Administrator on all account management services; "
            "Manager on all services (access group Admins)",
            *("both", f"{lock} 'ServiceId-it'\\''s'"),
        ),
        (
            *("Acme", "says nothing of a lock", "Administrator on iam-identity"),
            *("its own policies", f"{lock} 'ServiceId-4'"),
        ),
        (
            *("Acme", "through a group", "Manager on all services (access group Admins)"),
            *("access groups", f"{lock} 'ServiceId-2'"),
        ),
        (
            *("Bolt", "gatekeeper", "Administrator on iam-groups"),
            *("its own policies", f"{lock} 'ServiceId-3'"),
        ),
    ]


def test_service_ids_that_a_profile_could_replace(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    cluster = acme.instance("prod-cluster", "containers-kubernetes", guid="c0pigdctkkc07fs7pm06")
    shop = acme.instance("shop", "codeengine")
    acme.instance("old-cluster", "containers-kubernetes", state="removed")
    queue = acme.instance("prod-queue", "messagehub")
    profile = acme.profile("price-list")
    acme.link(profile, "IKS_SA", cluster, namespace="web", name="web-reader")
    acme.link(profile, "IKS_SA", cluster, namespace="default", name="default")
    acme.link(profile, "CE", shop, component_type="job", component_name="nightly")

    def robot(name, description="", account=acme, expires_at=None, disabled=False, **fields):
        made = account.service_id(name, description=description, **fields)
        account.add_api_key(made, "key", expires_at=expires_at, disabled=disabled)
        return made

    acme.add_api_key(robot("a", "Runs in (Prod-Cluster)."), "second", expires_at=days_ago(-30))
    robot("b", "on c0pigdctkkc07fs7pm06, namespace web", group="Robots")
    robot("c", unique_instance_crns=[queue["crn"], shop["crn"]])
    robot("Price-List")
    robot("web-reader", "also on prod-cluster")
    robot("nightly")
    # Near misses.
    robot("shop", "works for the shop: a plain word names nothing")
    robot("prod-cluster-2", "the name is part of a longer word")
    robot("d", "used on old-cluster, which is gone")
    robot("e", "reads prod-queue, which is no compute")
    robot("f", unique_instance_crns=[queue["crn"]])
    robot("default")
    robot("cluster-c0pigdctkkc07fs7pm06", "ID for prod-cluster")
    robot("g", "on prod-cluster, with an expired key", expires_at=days_ago(1))
    robot("h", "on prod-cluster, with a disabled key", disabled=True)
    acme.service_id("i", description="on prod-cluster, without a key")
    robot("j", "on prod-cluster, that of another account", account=bolt)
    bolt.instance("bolt1", "containers-kubernetes")
    robot("k", "on bolt1", account=bolt)

    columns = ("account", "serviceid", "indication", "usable_keys", "command")
    names = "names cluster prod-cluster"
    same = "has the same name as"
    assert rows(collected(acme, bolt), "service_id_to_profile", *columns) == [
        ("Acme", "Price-List", f"{same} trusted profile price-list", 1, None),
        ("Acme", "a", names, 2, None),
        ("Acme", "b", names, 1, None),
        ("Acme", "c", "made for Code Engine project shop", 1, None),
        ("Acme", "nightly", f"{same} job nightly of trusted profile price-list", 1, None),
        (
            *("Acme", "web-reader"),
            f"{same} service account web-reader of trusted profile price-list; {names}",
            *(1, None),
        ),
        ("Bolt", "k", "names cluster bolt1", 1, None),
    ]


# --- Trusted profiles ---------------------------------------------------------------------------


def test_claim_rules_that_let_in_too_many_people(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    helpers = acme.profile("helpers", id="Profile-it's")
    acme.policy(helpers, ["Administrator"], service="iam-identity")

    def rule(name, *conditions, profile=helpers, account=acme, realm=SSO, **fields):
        account.claim_rule(profile, conditions, realm=realm, name=name, **fields)

    rule("address", ("email", "CONTAINS", "@"), id="ClaimRule-it's", expiration=7200)
    rule("all but guests", ("groups", "NOT_EQUALS", "guests"))
    rule("all but guests, in any case", ("groups", "NOT_EQUALS_IGNORE_CASE", "Guests"))
    rule("country", ("http://schemas.example.com/claims/Country_Code", "IN", ["DE", "FR"]))
    rule("everybody")
    rule("mixed", ("country", "EQUALS", "DE"), ("groups", "NOT_EQUALS", "guests"))
    rule("one of a list", ("groups", "CONTAINS", "admins"))
    # Near misses.
    rule("one group", ("groups", "EQUALS", "admins"))
    rule("some people", ("mail", "IN", ["ada@example.com", "bob@example.com"]))
    rule("one group, less some", ("groups", "EQUALS", "a"), ("groups", "NOT_EQUALS", "guests"))
    rule("part of a text, and one group", ("email", "CONTAINS", "@"), ("team", "EQUALS", "ops"))
    rule("an operator of the future", ("groups", "STARTS_WITH", "a"))
    acme.claim_rule(helpers, [("region", "EQUALS", "eu-de")], cr_type="VSI", name="compute")
    acme.group_rule(acme.group("Team"), "a group's", SSO, [("email", "CONTAINS", "@")])
    made = bolt.profile("from a template", template_id="ProfileTemplate-1")
    rule("address", ("email", "CONTAINS", "@"), profile=made, account=bolt)

    path = collected(acme, bolt)
    columns = ("account", "rule", "conditions", "weakness", "is_privileged")
    assert ("one of a list", "info") in rows(path, "profile_claim_broad", "rule", "severity")
    assert ("mixed", "high") in rows(path, "profile_claim_broad", "rule", "severity")
    part = "matches part of a text, unless the claim is a list"
    assert rows(path, "profile_claim_broad", *columns) == [
        ("Acme", "address", "email CONTAINS @", part, "yes"),
        ("Acme", "all but guests", "groups NOT_EQUALS guests", "only excludes values", "yes"),
        (
            *("Acme", "all but guests, in any case", "groups NOT_EQUALS_IGNORE_CASE Guests"),
            *("only excludes values", "yes"),
        ),
        (
            *("Acme", "country"),
            'http://schemas.example.com/claims/Country_Code IN ["DE", "FR"]',
            *("shared by many people", "yes"),
        ),
        ("Acme", "everybody", "none", "no condition", "yes"),
        (
            *("Acme", "mixed", "country EQUALS DE and groups NOT_EQUALS guests"),
            *("several weak conditions", "yes"),
        ),
        (
            *("Acme", "one of a list", "groups CONTAINS admins"),
            *("matches one list entry, unless the claim is a text", "yes"),
        ),
        ("Bolt", "address", "email CONTAINS @", part, None),
    ]
    columns = ("profile", "identity_provider", "session_hours", "command")
    found = rows(path, "profile_claim_broad", *columns)
    delete = "ibmcloud iam trusted-profile-rule-delete"
    assert found[0] == ("helpers", SSO, 2, f"{delete} 'Profile-it'\\''s' 'ClaimRule-it'\\''s'")
    assert found[-1] == ("from a template", SSO, 12, None)


def test_compute_rules_that_name_no_instance(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    runner = acme.profile("runner", id="Profile-it's")
    acme.policy(acme.group("Admins", members=[runner]), ["Administrator"], service="iam-groups")

    def rule(name, kind, *conditions, **fields):
        acme.claim_rule(runner, conditions, cr_type=kind, name=name, **fields)

    rule("any server", "VSI", id="ClaimRule-it's")
    rule("less one", "VSI", ("resource", "NOT_EQUALS", "server-1"))
    rule("network", "vsi", ("vpc_id", "EQUALS", "r006-1"), ("zone", "IN", ["eu-de-1", "eu-de-2"]))
    rule("service account", "ROKS_SA", ("namespace", "EQUALS", "a"), ("name", "EQUALS", "b"))
    # Near misses.
    rule(
        "one cluster", "IKS_SA", ("service_instance", "EQUALS", "c1"), ("namespace", "EQUALS", "a")
    )
    rule("some servers", "VSI", ("resource", "IN", ["server-1", "server-2"]))
    rule("by CRN", "IKS_SA", ("crn", "EQUALS", "crn:v1:bluemix:public:containers-kubernetes::"))
    rule("by a claim of the future", "CE", ("project_id", "EQUALS", "p1"))
    acme.link(runner, "VSI", crn("is", acme.account_id, "", "instance:server-1"))
    acme.claim_rule(runner, [], realm=SSO, name="people")
    bolt.claim_rule(bolt.profile("jobs"), [], cr_type="CE", name="any job")

    columns = ("account", "profile", "rule", "compute", "limited_to", "is_privileged")
    path = collected(acme, bolt)
    assert rows(path, "profile_all_compute", *columns) == [
        ("Acme", "runner", "any server", "virtual servers", "nothing", "yes"),
        ("Acme", "runner", "less one", "virtual servers", "resource NOT_EQUALS server-1", "yes"),
        (
            *("Acme", "runner", "network", "virtual servers"),
            *('vpc_id EQUALS r006-1 and zone IN ["eu-de-1", "eu-de-2"]', "yes"),
        ),
        (
            *("Acme", "runner", "service account", "OpenShift clusters"),
            *("namespace EQUALS a and name EQUALS b", "yes"),
        ),
        ("Bolt", "jobs", "any job", "Code Engine", "nothing", None),
    ]
    assert rows(path, "profile_all_compute", "command")[0] == (
        "ibmcloud iam trusted-profile-rule-delete 'Profile-it'\\''s' 'ClaimRule-it'\\''s'",
    )


def test_profiles_for_the_default_namespace_or_service_account(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    cluster = acme.instance("prod-cluster", "containers-kubernetes", guid="c1")
    reader = acme.profile("reader", id="Profile-it's")

    def link(label, kind, namespace, name, **fields):
        acme.link(reader, kind, cluster, namespace=namespace, name=name, label=label, **fields)

    def rule(name, *conditions, **fields):
        acme.claim_rule(reader, conditions, **{"cr_type": "IKS_SA", "name": name, **fields})

    link("1 both", "IKS_SA", "default", "default", id="Link-it's")
    link("2 namespace", "ROKS_SA", "default", "reader")
    link("3 service account", "iks_sa", "web", "default")
    rule(
        "4 rule",
        ("service_instance", "EQUALS", "c1"),
        ("namespace", "IN", ["web", "default"]),
        id="ClaimRule-1",
    )
    rule("5 rule", ("name", "EQUALS", "default"), cr_type="ROKS_SA")
    # Near misses.
    link("neither", "IKS_SA", "web", "reader")
    link("a longer name", "IKS_SA", "default-web", "not-default")
    rule("excluded", ("namespace", "NOT_EQUALS", "default"))
    rule("another claim", ("resource_group_name", "EQUALS", "default"))
    rule("no cluster", ("name", "EQUALS", "default"), cr_type="VSI")
    rule("people", ("name", "EQUALS", "default"), cr_type=None, realm=SSO)
    acme.link(reader, "CE", component_type="job", component_name="default", label="Code Engine")
    other = bolt.instance("other", "containers-kubernetes")
    bolt.link(bolt.profile("scaler"), "IKS_SA", other, namespace="default", name="a", label="6")

    columns = ("account", "trust", "trust_name", "by_default", "cluster", "namespace")
    path = collected(acme, bolt)
    assert rows(path, "profile_default_service_account", *columns, "service_account") == [
        (
            *("Acme", "link", "1 both", "namespace and service account", "prod-cluster"),
            *("default", "default"),
        ),
        ("Acme", "link", "2 namespace", "namespace", "prod-cluster", "default", "reader"),
        ("Acme", "link", "3 service account", "service account", "prod-cluster", "web", "default"),
        ("Acme", "rule", "4 rule", "namespace", "prod-cluster", "default, web", "any"),
        ("Acme", "rule", "5 rule", "service account", "any cluster", "any", "default"),
        ("Bolt", "link", "6", "namespace", "other", "default", "a"),
    ]
    commands = rows(path, "profile_default_service_account", "command")
    assert commands[0] == (
        "ibmcloud iam trusted-profile-link-delete 'Profile-it'\\''s' 'Link-it'\\''s'",
    )
    assert commands[3] == (
        "ibmcloud iam trusted-profile-rule-delete 'Profile-it'\\''s' 'ClaimRule-1'",
    )


def test_profiles_that_other_accounts_can_take_on(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    mine, ours = acme.account_id, bolt.account_id
    ada, bob = acme.user("Ada Lovelace"), acme.user("Bob Both")
    helper = acme.profile("helper", id="Profile-it's")
    acme.policy(helper, ["Administrator"], service_type="platform_service")
    acme.profile_identity(helper, ada, accounts=[ours, PARENT])
    acme.profile_identity(helper, bob, accounts=[mine, PARENT])
    acme.profile_identity(helper, bolt.service_id("bolt's robot", id="ServiceId-it's"))
    acme.profile_identity(helper, "iam-ServiceId-nowhere", description="who is it?")
    acme.profile_identity(helper, crn("codeengine", PARENT, "p1"))
    cluster = crn("containers-kubernetes", PARENT, "c1")
    acme.link(helper, "IKS_SA", cluster, namespace="a", name="b", label="1", id="Link-1")
    acme.link(helper, "CE", component_name="job", label="2", is_cross_account=True, id="Link-2")
    made = acme.profile("made by a template", template_id="ProfileTemplate-1")
    acme.profile_identity(made, "iam-ServiceId-auditor")
    # Near misses.
    safe = acme.profile("safe")
    acme.profile_identity(safe, ada)
    acme.profile_identity(safe, acme.service_id("robot"))
    acme.profile_identity(safe, crn("codeengine", mine, "p1"))
    acme.link(safe, "IKS_SA", crn("containers-kubernetes", mine, "c1"), namespace="a", name="b")
    acme.link(safe, "CE", component_name="job", is_cross_account=False)
    acme.claim_rule(safe, [("groups", "EQUALS", "admins")], realm=SSO, name="people")
    robot = bolt.profile("bolt's profile")
    bolt.profile_identity(robot, "iam-ServiceId-nowhere")

    path = collected(acme, bolt)
    columns = ("account", "profile", "kind", "trusted", "other_accounts", "is_privileged")
    assert rows(path, "profile_cross_account", *columns) == [
        ("Acme", "helper", "compute", "1", PARENT, "yes"),
        ("Acme", "helper", "compute", "2", "not known", "yes"),
        ("Acme", "helper", "person", "Ada Lovelace", f"Bolt, {PARENT}", "yes"),
        ("Acme", "helper", "person", "Bob Both", PARENT, "yes"),
        (
            *("Acme", "helper", "resource", f"crn-{crn('codeengine', PARENT, 'p1')}"),
            *(PARENT, "yes"),
        ),
        ("Acme", "helper", "service ID", "bolt's robot", "Bolt", "yes"),
        ("Acme", "helper", "service ID", "iam-ServiceId-nowhere", "not known", "yes"),
        (
            *("Acme", "made by a template", "service ID", "iam-ServiceId-auditor"),
            *("not known", None),
        ),
        ("Bolt", "bolt's profile", "service ID", "iam-ServiceId-nowhere", "not known", None),
    ]
    identity = "ibmcloud iam trusted-profile-identity-delete 'Profile-it'\\''s'"
    link = "ibmcloud iam trusted-profile-link-delete 'Profile-it'\\''s'"
    commands = [command for (command,) in rows(path, "profile_cross_account", "command")]
    assert commands[:-1] == [
        f"{link} 'Link-1'",
        f"{link} 'Link-2'",
        f"{identity} '{ada['iam_id']}' --id-type USER",
        None,  # it would end his access from Acme, too
        f"{identity} '{crn('codeengine', PARENT, 'p1')}' --id-type CRN",
        f"{identity} 'ServiceId-it'\\''s' --id-type SERVICEID",
        f"{identity} 'ServiceId-nowhere' --id-type SERVICEID",
        None,
    ]


def test_service_ids_that_were_not_read_are_not_of_another_account(collected):
    acme = Account("Acme")
    acme.profile_identity(acme.profile("helper"), acme.service_id("robot"))
    path = collected(acme, deny=("service_ids",))
    assert rows(path, "profile_cross_account") == []


def test_profiles_that_nobody_can_take_on(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    left = acme.profile("left over", id="Profile-it's", description="until May")
    acme.policy(left, ["Viewer"], service="kms")
    acme.policy(left, ["Viewer"], service="logs", state="deleted")
    acme.profile("made by a template", template_id="ProfileTemplate-1")
    # Near misses.
    acme.link(acme.profile("has a link"), "CE", component_name="job")
    acme.claim_rule(acme.profile("has a rule"), [("a", "EQUALS", "b")], realm=SSO)
    acme.profile_identity(acme.profile("has an identity"), acme.user("Ada Lovelace"))
    bolt.profile("forgotten", id="Profile-2")

    columns = ("account", "profile", "description", "direct_policies", "command")
    path = collected(acme, bolt)
    delete = "ibmcloud iam trusted-profile-delete"
    assert rows(path, "profile_no_trust", *columns) == [
        ("Acme", "left over", "until May", 1, f"{delete} 'Profile-it'\\''s'"),
        ("Acme", "made by a template", None, 0, None),
        ("Bolt", "forgotten", None, 0, f"{delete} 'Profile-2'"),
    ]
    for number, denied in enumerate(("profile_links", "profile_rules", "profile_identities")):
        path = collected(acme, path=path.with_name(f"denied{number}"), deny=(denied,))
        assert rows(path, "profile_no_trust") == []


def test_links_to_compute_that_is_gone(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    mine, kubernetes = acme.account_id, "containers-kubernetes"
    agent = acme.profile("agent", id="Profile-it's")

    def link(label, kind, target, account=acme, profile=agent, **fields):
        account.link(profile, kind, target, label=label, **fields)

    link("1 cluster", "IKS_SA", crn(kubernetes, mine, "c1"), namespace="a", name="b", id="Link-1")
    link("2 cluster", "roks_sa", crn(kubernetes, mine, "c2"), namespace="a", name="b", id="Link-2")
    link("3 project", "CE", crn("codeengine", mine, "p1"), component_name="job", id="Link-it's")
    # Near misses.
    cluster = acme.instance("prod-cluster", kubernetes, guid="c3")
    link("exists", "IKS_SA", cluster, namespace="a", name="b")
    link("exists, with another region", "IKS_SA", crn(kubernetes, mine, "c3"))
    waiting = acme.instance("waiting", kubernetes, state="pending_reclamation")
    link("waits for its deletion", "IKS_SA", waiting)
    link("project without CRN", "CE", None, component_name="job")
    link("server", "VSI", crn("is", mine, "", "instance:server-1"))
    link("Power server", "PVS", crn("power-iaas", mine, "w1", "pvm-instance:server-1"))
    link("of an account that is not in the file", "IKS_SA", crn(kubernetes, PARENT, "c1"))
    theirs = bolt.instance("theirs", kubernetes)
    link("of another account in the file", "IKS_SA", theirs)
    other = bolt.profile("other", id="Profile-2")
    gone = crn(kubernetes, mine, "c9")
    link("4 of Acme", "IKS_SA", gone, account=bolt, profile=other, id="Link-4")

    columns = ("account", "profile", "link", "compute", "missing_instance", "command")
    path = collected(acme, bolt)
    delete = "ibmcloud iam trusted-profile-link-delete"
    assert rows(path, "profile_dangling_link", *columns) == [
        ("Acme", "agent", "1 cluster", "cluster", "c1", f"{delete} 'Profile-it'\\''s' 'Link-1'"),
        ("Acme", "agent", "2 cluster", "cluster", "c2", f"{delete} 'Profile-it'\\''s' 'Link-2'"),
        (
            *("Acme", "agent", "3 project", "Code Engine project", "p1"),
            f"{delete} 'Profile-it'\\''s' 'Link-it'\\''s'",
        ),
        ("Bolt", "other", "4 of Acme", "cluster", "c9", f"{delete} 'Profile-2' 'Link-4'"),
    ]
    path = collected(acme, path=path.with_name("denied"), deny=("instances",))
    assert rows(path, "profile_dangling_link") == []
