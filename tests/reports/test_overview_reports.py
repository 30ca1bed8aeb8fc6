"""Reports on content, context rules and limits, and inventories: their rows and near misses."""

from __future__ import annotations

from iaminsights.sandbox import ABSENT, Account

from ..report_rows import BUCKET, EVERY_POLICY_LIST, GONE, GONE_GROUP, RULE, days_ago, rows

SSO = "https://sso.example.com/saml"

# --- sensitive_data_reach -----------------------------------------------------------------------

REACH = ("holder", "kind", "service", "roles", "reach", "how", "instances", "policies", "members")


def test_who_reads_secrets_keys_and_objects(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    prod, dev = acme.resource_group("prod"), acme.resource_group("dev")
    vault = acme.instance("vault", "secrets-manager", "eu-de", prod)
    removed = acme.instance("old vault", "secrets-manager", "eu-de", dev, "removed")
    acme.instance("keys", "kms", "eu-de", prod)
    dev_keys = acme.instance("dev keys", "kms", "eu-gb", dev, "pending_reclamation")
    pictures = acme.instance("pictures", "cloud-object-storage", "global", prod)
    acme.instance("tapes", "cloud-object-storage", "global", dev)
    acme.instance("orders", "databases-for-postgresql", "eu-de", prod)

    team = acme.group("Team", [acme.user("Ada Lovelace"), acme.user("Bob Builder")])
    acme.policy(team, ["Reader", "Manager"], resource_group=prod)
    acme.policy(team, ["Writer"], service="kms", last_permit_at="2025-03-01")
    acme.policy(team, ["Writer"], instance=dev_keys, last_permit_at="2026-03-01")
    acme.policy(team, ["Object Reader"], instance=pictures, attributes=BUCKET)
    robot = acme.service_id("robot")
    acme.policy(robot, ["SecretsReader"], instance=vault, rule=RULE)
    acme.policy(robot, ["ReaderPlus"], service="kms")
    acme.policy(robot, ["Reader"], service_type="service")
    profile = acme.profile("profile")
    acme.custom_role("Opener", "Opener", "secrets-manager", ["secrets-manager.secret.read"])
    acme.policy(profile, ["Opener"], instance=vault)
    acme.policy(profile, ["Content Reader"], service="cloud-object-storage", region="global")
    acme.policy(acme.public_group(), ["Object Reader"], instance=pictures, attributes=BUCKET)
    acme.policy("IBMid-GONE1", ["Writer"], attributes=[("serviceInstance", "stringMatch", "*")])
    # Near misses.
    nobody = acme.user("Lists secrets and keys, writes objects")
    acme.custom_role("Lister", "Lister", "kms", ["kms.secrets.list"])
    acme.policy(nobody, ["Reader"], service="secrets-manager")
    acme.policy(nobody, ["Reader", "KeyPurge", "Lister"], service="kms")
    acme.policy(nobody, ["Object Writer"], service="cloud-object-storage")
    acme.policy(acme.user("Instances only"), ["Administrator", "Editor"], service="secrets-manager")
    acme.policy(acme.user("Account only"), ["Administrator"], service_type="platform_service")
    acme.policy(acme.user("Instance gone"), ["Manager"], service="kms", instance=GONE)
    acme.policy(acme.user("Removed only"), ["Manager"], instance=removed)
    acme.policy(acme.user("Database"), ["Manager"], service="databases-for-postgresql")
    deleted = acme.user("Deleted policy")
    acme.policy(deleted, ["Manager"], service_type="service", state="deleted")
    itself = [("resourceType", "stringEquals", "resource-group")]
    acme.policy(acme.user("Group itself"), ["Manager"], resource_group=prod, attributes=itself)
    tagged = acme.user("By a tag that nothing has")
    acme.policy(tagged, ["Manager"], service_type="service", tags=[("a", "stringEquals", "b")])
    acme.policy(GONE_GROUP, ["Manager"], service_type="service")
    acme.authorization(["Writer"], {"serviceName": "logs"}, {"serviceName": "kms"})
    # The same person in another account.
    bolt.instance("vault", "secrets-manager")
    bolt.policy(bolt.user("Bo", iam_id=deleted["iam_id"]), ["Manager"], service_type="service")

    path = collected(acme, bolt)
    buckets, secrets = "cloud-object-storage", "secrets-manager"
    in_part = ("part of an instance", "part")
    assert rows(path, "sensitive_data_reach", "account", *REACH) == [
        ("Acme", "IBMid-GONE1", "unknown", buckets, "Writer", "all services", "full", 2, 1, None),
        ("Acme", "robot", "service_id", buckets, "Reader", "all services", "full", 2, 1, None),
        ("Acme", "profile", "trusted_profile", buckets, "Content Reader", "one service", "full")
        + (2, 1, None),
        ("Acme", "Team", "access_group", buckets, "Manager, Object Reader, Reader")
        + ("resource group", "full", 1, 2, 2),
        ("Acme", "Public Access", "access_group", buckets, "Object Reader", *in_part, 1, 1, 13),
        ("Acme", "IBMid-GONE1", "unknown", "kms", "Writer", "all services", "full", 2, 1, None),
        ("Acme", "Team", "access_group", "kms", "Manager, Writer", "one service", "full", 2, 3, 2),
        ("Acme", "robot", "service_id", "kms", "ReaderPlus", "one service", "full", 2, 1, None),
        ("Acme", "IBMid-GONE1", "unknown", secrets, "Writer", "all services", "full", 1, 1, None),
        ("Acme", "Team", "access_group", secrets, "Manager", "resource group", "full", 1, 1, 2),
        ("Acme", "profile", "trusted_profile", secrets, "Opener", "one instance", "full")
        + (1, 1, None),
        ("Acme", "robot", "service_id", secrets, "SecretsReader", "one instance", "conditional")
        + (1, 1, None),
        ("Bolt", "Bo", "user", secrets, "Manager", "all services", "full", 1, 1, None),
    ]
    facts = ("account", "holder", "service", "all_instances", "last_permit_at", "command")
    assert ("Acme", "Team", "kms", 2, "2026-03-01", None) in [
        (*row[:4], row[4] and row[4][:10], row[5])
        for row in rows(path, "sensitive_data_reach", *facts)
    ]
    consoles = dict(rows(path, "sensitive_data_reach", "holder", "console"))
    iam = "https://cloud.ibm.com/iam"
    assert consoles["Team"] == f"{iam}/groups/{team['id']}?tab=iam"
    assert consoles["robot"] == f"{iam}/serviceids/{robot['id']}?tab=iam"
    assert consoles["profile"] == f"{iam}/trusted-profiles/{profile['iam_id']}?tab=iam"
    assert consoles["Bo"] == f"{iam}/users/{deleted['iam_id']}?tab=iam"
    assert consoles["IBMid-GONE1"] is None


def test_roles_whose_actions_are_not_known_count_by_name(collected):
    acme = Account("Acme")
    group = acme.resource_group("all")
    for service in ("secrets-manager", "kms", "hs-crypto", "cloud-object-storage"):
        acme.instance(service, service, resource_group=group)
    own = {
        "sm": "crn:v1:bluemix:public:secrets-manager::::serviceRole:SecretsReader",
        "cos": "crn:v1:bluemix:public:cloud-object-storage::::serviceRole:ObjectReader",
        "kms": "crn:v1:bluemix:public:kms::::serviceRole:ReaderPlus",
        "another": "crn:v1:bluemix:public:logs::::serviceRole:ObjectReader",
        "custom": "crn:v1:bluemix:public:iam-access-management::a/x::customRole:Manager",
    }
    for role in ("Reader", "Writer", "Viewer", "Administrator", "ConfigReader"):
        given = "Service Configuration Reader" if role == "ConfigReader" else role
        acme.policy(acme.user(role), [given], resource_group=group)
    for name, role in own.items():
        acme.policy(acme.user(name), [role], resource_group=group)
    assert rows(collected(acme), "sensitive_data_reach", "service", "holder", "reach") == [
        ("cloud-object-storage", "Reader", "resource group"),
        ("cloud-object-storage", "Writer", "resource group"),
        ("cloud-object-storage", "cos", "resource group"),
        ("hs-crypto", "Reader", "resource group"),
        ("hs-crypto", "Writer", "resource group"),
        ("kms", "Reader", "resource group"),
        ("kms", "Writer", "resource group"),
        ("kms", "kms", "resource group"),
        ("secrets-manager", "Writer", "resource group"),
        ("secrets-manager", "sm", "resource group"),
    ]


def test_instances_that_several_policies_reach_are_counted_once(collected):
    acme = Account("Acme")
    first, second = acme.resource_group("first"), acme.resource_group("second")
    for number, group in enumerate((first, first, second, None)):
        acme.instance(f"keys {number}", "kms", "eu-de" if number else "eu-gb", group)
    ada = acme.user("Ada Lovelace")
    acme.policy(ada, ["Writer"], resource_group=first)
    acme.policy(ada, ["Writer"], service="kms", resource_group=second)
    acme.policy(ada, ["Writer"], region="eu-gb")
    facts = ("reach", "instances", "all_instances", "policies")
    assert rows(collected(acme), "sensitive_data_reach", *facts) == [("region", 3, 4, 3)]


# --- sensitive_services_without_cbr -------------------------------------------------------------

CONTEXT = ("account", "instance", "service", "problem", "rules")


def test_instances_without_an_enforced_rule(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    office = acme.zone("office", "192.0.2.0/24")
    anywhere = acme.zone("anywhere", "198.51.100.0/24", "0.0.0.0/0", excluded=["192.0.2.9"])
    but_v6 = acme.zone("closed again", "192.0.2.7", excluded=["::/0"])
    locked, dev = acme.resource_group("locked"), acme.resource_group("dev")

    def instance(name, service="kms", region="eu-de", group=dev, state="active"):
        return acme.instance(name, service, region, group, state)

    instance("no rule", "secrets-manager")
    instance("waiting", "hs-crypto", state="pending_reclamation")
    recorded, off = instance("recorded"), instance("switched off")
    acme.cbr_rule("try it", zones=[office], instance=recorded, mode="report")
    acme.cbr_rule("later", zones=[office], instance=recorded, mode="disabled")
    acme.cbr_rule("not now", zones=[office], instance=off, mode="disabled")
    acme.cbr_rule("from anywhere", zones=[office, anywhere], instance=instance("open to all"))
    public = {"endpointType": "public,private"}
    acme.cbr_rule("any endpoint", contexts=[public], instance=instance("every endpoint"))
    wide = [{"networkZoneId": [office]}, {"mfa": "IAM_ACCOUNT_SETTING"}]
    acme.cbr_rule("one way is open", contexts=wide, instance=instance("one context open"))
    acme.cbr_rule("nothing asked", contexts=[{}], instance=instance("empty context"))
    in_part = instance("one bucket", "cloud-object-storage", "global")
    acme.cbr_rule("bucket", zones=[office], instance=in_part, attributes=_cbr(BUCKET))
    open_part = instance("one open bucket", "cloud-object-storage", "global")
    acme.cbr_rule("open bucket", contexts=[{}], instance=open_part, attributes=_cbr(BUCKET))
    rule_of = "crn:v1:bluemix:public:context-based-restrictions::::"
    platform = [f"{rule_of}platform-api-type:"]
    managed = instance("instances only", "cloud-object-storage", "global")
    acme.cbr_rule("platform", zones=[office], instance=managed, operations=platform)
    tried = instance("nothing but tried", "cloud-object-storage", "global")
    acme.cbr_rule("p", zones=[office], instance=tried, operations=platform, mode="report")
    acme.cbr_rule("another instance", "kms", [office], instance=GONE)
    acme.cbr_rule("other region", "kms", [office], region="au-syd")
    acme.cbr_rule("a tag", "kms", [office], tags=[("env", "prod")])
    acme.tag(instance("a user's tag only"), "env:prod", kind="user")
    acme.cbr_rule("the account itself", zones=[office], attributes=[_GROUP_OF_IAM])
    # Near misses.
    acme.cbr_rule("all of a kind", "hs-crypto", [office], region="eu-es")
    instance("by its service", "hs-crypto", "eu-es")
    acme.cbr_rule("its instance", zones=[office], instance=instance("by its ID"))
    acme.cbr_rule("its group", "kms", [office], resource_group=locked)
    instance("by its resource group", group=locked)
    acme.tag(instance("by its tag"), "env:prod", kind="access")
    acme.cbr_rule("nobody", instance=instance("nobody comes in"), contexts=[])
    private = [{"endpointType": "private"}]
    acme.cbr_rule("private", instance=instance("private only"), contexts=private)
    factor = [{"networkZoneId": [anywhere], "mfa": "LEVEL3"}]
    acme.cbr_rule("factor", instance=instance("a second factor"), contexts=factor)
    acme.cbr_rule("closed", zones=[but_v6], instance=instance("zone that leaves everything out"))
    acme.cbr_rule("both", zones=[office], instance=instance("one of two rules"))
    acme.cbr_rule("open too", zones=[anywhere], instance=acme.instances[-1])
    only = ["crn:v1:bluemix:public:kms::::api-type:data-plane"]
    acme.cbr_rule("data", zones=[office], instance=instance("operations"), operations=only)
    both = [*platform, f"{rule_of}api-type:"]
    acme.cbr_rule("all", zones=[office], instance=instance("all operations"), operations=both)
    pattern = [("serviceInstance", "stringMatch", instance("a pattern")["guid"][:9] + "*")]
    acme.cbr_rule("pattern", "kms", [office], attributes=_cbr(pattern))
    acme.cbr_rule("no mode", zones=[office], instance=instance("no mode"), mode=ABSENT)
    instance("gone", "secrets-manager", state="removed")
    instance("database", "databases-for-postgresql")
    bolt.instance("vault", "secrets-manager")

    path = collected(acme, bolt)
    nothing, storage = "the rule restricts nothing", "cloud-object-storage"
    assert rows(path, "sensitive_services_without_cbr", *CONTEXT) == [
        ("Acme", "instances only", storage, "the rule covers only the platform API", "platform"),
        ("Acme", "nothing but tried", storage, "there is no rule", None),
        ("Acme", "one bucket", storage, "the rule covers only a part of it", "bucket"),
        ("Acme", "one open bucket", storage, "there is no rule", None),
        ("Acme", "waiting", "hs-crypto", "there is no rule", None),
        ("Acme", "a user's tag only", "kms", "there is no rule", None),
        ("Acme", "empty context", "kms", nothing, "nothing asked"),
        ("Acme", "every endpoint", "kms", nothing, "any endpoint"),
        ("Acme", "one context open", "kms", nothing, "one way is open"),
        ("Acme", "open to all", "kms", nothing, "from anywhere"),
        ("Acme", "recorded", "kms", "the rule is in report-only mode", "later, try it"),
        ("Acme", "switched off", "kms", "the rule is disabled", "not now"),
        ("Acme", "no rule", "secrets-manager", "there is no rule", None),
        ("Bolt", "vault", "secrets-manager", "there is no rule", None),
    ]
    console = "https://cloud.ibm.com/context-based-restrictions/rules"
    found = rows(path, "sensitive_services_without_cbr", "instance", "command", "console")
    assert {page for _, _, page in found} == {console}
    ids = {rule["description"]: rule["id"] for rule in acme.cbr_rules}
    patch = "ibmcloud cbr rule-patch '{}' --enforcement-mode enabled"
    assert {name: command for name, command, _ in found if command} == {
        "recorded": patch.format(ids["try it"]),
        "switched off": patch.format(ids["not now"]),
    }
    # What cannot be decided is not listed: the tag may be on it.
    unread = collected(acme, path=path.with_name("unread"), deny=("search",))
    names = [name for (name,) in rows(unread, "sensitive_services_without_cbr", "instance")]
    assert "a user's tag only" not in names and "waiting" in names


_GROUP_OF_IAM = ("service_group_id", "stringEquals", "IAM")


def _cbr(attributes):
    """Attributes of policies as those of context-based restrictions."""
    return [(name, operator, value) for name, operator, value in attributes]


def test_rules_that_were_not_read_are_not_missing(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    acme.instance("vault", "secrets-manager")
    bolt.instance("keys", "kms")
    path = collected(acme, deny=("cbr_rules",))
    assert rows(path, "sensitive_services_without_cbr") == []
    assert rows(collected(acme, path=path), "sensitive_services_without_cbr", "instance") == [
        ("vault",)
    ]
    collected(acme, path=path, deny=("cbr_rules",))
    collected(bolt, path=path)
    assert rows(path, "sensitive_services_without_cbr", "instance") == [("keys",)]


# --- limit_headroom -----------------------------------------------------------------------------


def test_limits_that_are_nearly_reached(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    ada, robot = acme.user("Ada Lovelace"), acme.service_id("robot", id="ServiceId-1")
    for number in range(16):
        acme.add_api_key(ada, f"{number}", disabled=number < 4, expires_at=days_ago(9))
    for number in range(20):
        acme.add_api_key(robot, f"{number}")
    joined = acme.user("In forty groups")
    for number in range(40):
        acme.group(f"group {number}", [joined], dynamic_members=[joined] if number < 9 else [])
        acme.add_member(acme.groups[-1], robot)
    ruled, full = acme.group("Four rules"), acme.group("Five rules")
    for group, count in ((ruled, 4), (full, 5)):
        for number in range(count):
            acme.group_rule(group, f"{number}", SSO, [("dep", "EQUALS", f"{number}")])
    profile = acme.profile("profile")
    for number in range(16):
        acme.claim_rule(profile, [("dep", "EQUALS", f"{number}")], realm=SSO, name=f"{number}")
    for number in range(32):
        acme.custom_role(f"Role{number}", f"Role {number}", "kms", ["kms.secrets.list"])
    # Near misses: one fewer of each.
    bea = acme.user("Fifteen keys, thirty-nine groups")
    for number in range(15):
        acme.add_api_key(bea, f"{number}")
    for group in acme.groups[:39]:
        acme.add_member(group, bea)
    acme.add_member(acme.public_group(), bea)
    three = acme.group("Three rules")
    for number in range(3):
        acme.group_rule(three, f"{number}", SSO, [("dep", "EQUALS", f"{number}")])
    both = bolt.user("Ada Lovelace", iam_id=ada["iam_id"])
    for number in range(15):
        bolt.add_api_key(both, f"{number}")
    for number in range(31):
        bolt.custom_role(f"Role{number}", f"Role {number}", "kms", ["kms.secrets.list"])
    crew = bolt.group("Crew")
    for number in range(4):
        bolt.group_rule(crew, f"{number}", SSO, [("dep", "EQUALS", f"{number}")])

    path = collected(acme, bolt)
    rules = "dynamic rules of an access group"
    columns = ("account", "about", "limited", "used", "maximum", "percent", "fullness")
    nearly = (80, "80 to 89 %")
    assert rows(path, "limit_headroom", *columns) == [
        ("Acme", "Five rules", rules, 5, 5, 100, "100 % or more"),
        ("Acme", "robot", "API keys of an identity", 20, 20, 100, "100 % or more"),
        ("Acme", "In forty groups", "access groups of a person", 40, 50, *nearly),
        ("Acme", "Four rules", rules, 4, 5, *nearly),
        ("Acme", "profile", "claim rules of a trusted profile", 16, 20, *nearly),
        ("Acme", "Ada Lovelace", "API keys of an identity", 16, 20, *nearly),
        ("Acme", "the account", "custom roles", 32, 40, *nearly),
        ("Bolt", "Crew", rules, 4, 5, *nearly),
    ]
    iam = "https://cloud.ibm.com/iam"
    assert dict(rows(path, "limit_headroom", "about", "console")) == {
        "Five rules": f"{iam}/groups/{full['id']}?tab=iam",
        "robot": f"{iam}/serviceids/ServiceId-1?tab=apikeys",
        "In forty groups": f"{iam}/users/{joined['iam_id']}?tab=userdetails",
        "Four rules": f"{iam}/groups/{ruled['id']}?tab=iam",
        "profile": f"{iam}/trusted-profiles/{profile['iam_id']}?tab=trustrelationship",
        "Ada Lovelace": f"{iam}/apikeys",
        "the account": f"{iam}/roles",
        "Crew": f"{iam}/groups/{crew['id']}?tab=iam",
    }
    about = rows(path, "limit_headroom", "limit_id", "about_id", "iam_id", "access_group_id")
    assert ("keys_of_identity", robot["iam_id"], robot["iam_id"], None) in about
    assert ("rules_of_group", full["id"], None, full["id"]) in about
    assert ("custom_roles", acme.account_id, None, None) in about


def test_limits_of_policies_groups_and_machines(collected):
    acme = Account("Acme")
    team, ada = acme.group("Team"), acme.user("Ada Lovelace")
    for number in range(400):
        tags = [("number", "stringEquals", f"{number}")]
        acme.policy(team, ["Viewer"], service_type="service", tags=tags)
        acme.zone(f"zone {number}", "192.0.2.1")
    others = [acme.group(f"group {number}") for number in range(400)]
    for number in range(2400):
        acme.policy(others[number % 4], ["Viewer"], service="kms", resource_group=f"{number:032x}")
    for number in range(400):
        acme.policy(team, ["Viewer"], service="logs", resource_group=f"{number:032x}")
        acme.cbr_rule(f"rule {number}", "kms", ["no such zone"], region=f"region-{number}")
    acme.policy(ada, ["Viewer"], service="logs", state="deleted")
    for number in range(1600):
        acme.service_id(f"robot {number}", group="Fleet")
    for number in range(1599):
        acme.service_id(f"loner {number}")
        acme.profile(f"profile {number}")
    columns = ("about", "limited", "used", "maximum", "percent")
    path = collected(acme)
    policies = "policies and context-based restrictions"
    assert rows(path, "limit_headroom", *columns) == [
        ("the account", policies, 3600, 4020, 89),
        ("Team", "policies of an identity or access group", 800, 1000, 80),
        ("the account", "policies by access tag", 400, 500, 80),
        ("the account", "access groups", 401, 500, 80),
        ("Fleet", "service IDs in one group of service IDs, or in none", 1600, 2000, 80),
        ("the account", "network zones", 400, 500, 80),
    ]


# --- Inventories --------------------------------------------------------------------------------


def inventory_accounts() -> tuple[Account, Account]:
    acme, bolt = Account("Acme", owner="Olga Owner"), Account("Bolt", owner="Otto Other")
    prod = acme.resource_group("prod")
    keys = acme.instance("keys", "kms", "eu-de", prod)
    acme.instance("archive", "cloud-object-storage", "global", prod)
    acme.instance("gone", "logs", "eu-de", prod, "removed")
    ada, bob = acme.user("Ada Lovelace"), acme.user("Bob Builder", state="SUSPENDED")
    robot, idle = acme.service_id("robot", locked=True), acme.service_id("idle")
    team = acme.group("Team", [ada, bob, robot], dynamic_members=[ada])
    acme.group("Empty")
    acme.add_api_key(ada, "first")
    acme.add_api_key(ada, "second")
    acme.custom_role("KeyLister", "Key Lister", "kms", ["kms.secrets.list"])
    acme.policy(team, ["Reader"], service="kms", last_permit_at="2026-05-06")
    acme.policy(team, ["Viewer"], resource_group=prod, last_permit_at="2026-07-08")
    acme.policy(ada, ["Reader"], instance=keys, rule=RULE)
    acme.policy(robot, ["Key Lister"], attributes=[("serviceInstance", "stringEquals", GONE)])
    acme.policy(acme.profile("profile"), ["Administrator"], service="iam-groups")
    acme.policy("IBMid-GONE1", ["Viewer"], service_type="service")
    # Near misses.
    acme.policy(idle, ["Manager"], service_type="service", state="deleted")
    acme.authorization(["Reader"], {"serviceName": "logs"}, {"serviceName": "kms"})
    bolt.policy(bolt.user("Ada", iam_id=ada["iam_id"]), ["Viewer"], service_group="IAM")
    return acme, bolt


def test_policies_by_scope(collected):
    columns = ("account", "breadth", "type", "policies", "conditional_policies", "never_used")
    path = collected(*inventory_accounts())
    assert rows(path, "policies_by_scope", *columns, "access_groups", "identities") == [
        ("Acme", "all services", "access", 1, 0, 1, 0, 1),
        ("Acme", "resource group", "access", 1, 0, 0, 1, 0),
        ("Acme", "one service", "access", 2, 0, 1, 1, 1),
        ("Acme", "one service", "authorization", 1, 0, 1, 0, 0),
        ("Acme", "one instance", "access", 2, 1, 2, 0, 2),
        ("Bolt", "all IAM services", "access", 1, 0, 1, 0, 1),
    ]


def test_every_scope_has_its_place(collected):
    acme = Account("Acme")
    ada = acme.user("Ada Lovelace")
    group = acme.resource_group("group")
    itself = [("resourceType", "stringEquals", "resource-group")]
    for scope in (
        {},
        {"service_type": "service"},
        {"service_type": "platform_service"},
        {"service_group": "IAM"},
        {"service_type": "service", "tags": [("env", "stringEquals", "dev")]},
        {"region": "eu-de"},
        {"resource_group": group},
        {"resource_group": group, "attributes": itself},
        {"service": "kms"},
        {"service": "kms", "resource_group": group},
        {"service": "kms", "instance": GONE},
        {"service": "kms", "instance": GONE, "attributes": BUCKET},
    ):
        acme.policy(ada, ["Viewer"], **scope)
    path = collected(acme)
    assert rows(path, "policies_by_scope", "place", "policies") == [(n, 1) for n in range(1, 13)]


def test_roles_in_use(collected):
    columns = ("account", "role", "kind", "service", "policies", "authorizations")
    path = collected(*inventory_accounts())
    holders = ("access_groups", "own_identities", "identities", "last_permit_at")
    found = rows(path, "roles_in_use", *columns, *holders)
    assert [(*row[:-1], row[-1] and row[-1][:10]) for row in found] == [
        ("Acme", "Reader", "service", "every service", 3, 1, 1, 1, 3, "2026-05-06"),
        ("Acme", "Viewer", "platform", "every service", 2, 0, 1, 1, 4, "2026-07-08"),
        ("Acme", "Administrator", "platform", "every service", 1, 0, 0, 1, 1, None),
        ("Acme", "Key Lister", "custom", "kms", 1, 0, 0, 1, 1, None),
        ("Bolt", "Viewer", "platform", "every service", 1, 0, 0, 1, 1, None),
    ]


def test_access_by_service(collected):
    columns = ("account", "service", "kind", "instances", "naming_policies", "broad_policies")
    path = collected(*inventory_accounts())
    management = "account management"
    of_iam = ("iam-access-management", "iam-groups", "iam-identity", "user-management")
    assert rows(path, "access_by_service", *columns, "holders", "identities") == [
        ("Acme", "cloud-object-storage", "service", 1, 0, 2, 2, 4),
        ("Acme", "kms", "service", 1, 2, 2, 3, 4),
        ("Acme", "iam-groups", management, 0, 1, 0, 1, 1),
        *(("Bolt", service, management, 0, 0, 1, 1, 1) for service in of_iam),
    ]


def test_services_by_lists_and_patterns_and_for_everybody(collected):
    acme = Account("Acme", owner="Olga Owner")
    for service in ("kms", "logs", "databases-for-redis"):
        acme.instance(service, service)
    ada = acme.user("Ada Lovelace")
    acme.service_id("robot")
    acme.profile("no member of the Public Access group")
    acme.policy(
        ada, ["Viewer"], attributes=[("serviceName", "stringEqualsAnyOf", ["kms", "appid"])]
    )
    acme.policy(ada, ["Viewer"], attributes=[("serviceName", "stringMatch", "databases-*")])
    acme.policy(ada, ["Viewer"], attributes=[("serviceName", "stringExists", True)])
    acme.policy(acme.public_group(), ["Viewer"], service="logs")
    columns = ("service", "instances", "naming_policies", "broad_policies", "identities")
    found = rows(collected(acme), "access_by_service", *columns)
    assert [row for row in found if row[0] in ("kms", "logs", "databases-for-redis", "appid")] == [
        ("logs", 1, 1, 1, 3),
        ("appid", 0, 1, 0, 1),
        ("databases-for-redis", 1, 0, 2, 1),
        ("kms", 1, 1, 1, 1),
    ]


def test_identities_by_kind(collected):
    columns = ("account", "kind", "state", "identities")
    has = ("in_access_groups", "with_policies", "with_api_keys")
    acme, bolt = inventory_accounts()
    bolt.group("Crew", [bolt.users[-1], bolt.users[-1]["iam_id"], "IBMid-GONE1"])
    path = collected(acme, bolt)
    in_bolt = [
        ("Bolt", "user", "ACTIVE", 2, 1, 1, 0),
        ("Bolt", "unknown", "not in the account", 1, 1, 0, 0),
    ]
    assert rows(path, "identities_by_kind", *columns, *has) == [
        ("Acme", "user", "ACTIVE", 2, 1, 1, 1),
        ("Acme", "user", "SUSPENDED", 1, 1, 0, 0),
        ("Acme", "service_id", "locked", 1, 1, 1, 0),
        ("Acme", "service_id", "not locked", 1, 0, 0, 0),
        ("Acme", "trusted_profile", "no state", 1, 0, 1, 0),
        ("Acme", "unknown", "not in the account", 1, 0, 1, 0),
        *in_bolt,
    ]
    # Who is not in a list that could not be read may be in the account.
    collected(acme, path=path, deny=("profiles",))
    left = rows(path, "identities_by_kind", "account", "kind")
    assert ("Acme", "unknown") not in left and ("Bolt", "unknown") in left


def test_how_completely_accounts_were_read(collected):
    acme, bolt = inventory_accounts()
    columns = ("account", "part", "status", "completeness", "objects")
    path = collected(acme, bolt, deny=("cbr_rules",))
    found = rows(path, "collection_coverage", *columns)
    assert [row[0] for row in found] == ["Acme"] * 30 + ["Bolt"] * 30
    assert found[0] == ("Acme", "cbr_rules", "denied", "never read", 0)
    assert [row[2] for row in found[1:30]] == ["ok"] * 29
    assert ("Acme", "policies", "ok", "read") in [row[:4] for row in found]
    messages = rows(path, "collection_coverage", "part", "read_at", "message")
    assert messages[0][:2] == ("cbr_rules", None) and "answered 403" in messages[0][2]
    collected(acme, path=path, deny=EVERY_POLICY_LIST)
    assert rows(path, "collection_coverage", *columns)[0][:4] == (
        *("Acme", "policies", "denied", "kept from an earlier collection"),
    )
    assert rows(path, "collection_coverage", *columns)[30][:3] == ("Bolt", "cbr_rules", "denied")
    read = {row[:4] for row in rows(path, "collection_coverage", *columns)}
    assert ("Acme", "cbr_rules", "ok", "read") in read
