"""The access groups of Lumen Harbour and what each may do: a story a function.

Dates of last use are as of late November 2026.
"""

from .company import used
from .conditions import ONCE, PATH_PATTERN, WEEKLY, below_path, office_hours, once


def teams_that_do_it_right(company):
    """Most access goes through groups, each on its own resource group, readers apart."""
    account, who = company.account, company.people
    platform = account.group(
        "Platform Engineering",
        [who["zoe.mueller"], who["lukasz.wojcik"], who["dmitri.sokolov"], who["tomas.horak"]],
        description="Runs clusters, registries and logging",
        created_at="2019-05-10",
    )
    for name in ("platform-prod", "platform-dev"):
        account.policy(
            platform,
            ["Administrator", "Manager"],
            resource_group=company.resource_groups[name],
            created_at="2019-05-10",
            **used("2026-11-23", 18_204),
        )
    shop = account.group(
        "Shop Developers",
        [who["francois.lefevre"], who["ines.carvalho"], who["kwame.mensah"], who["noah.fischer"]],
        description="Builds the freight shop; <b>no production data</b> on laptops!",
        created_at="2020-01-21",
    )
    account.policy(
        shop,
        ["Editor", "Writer"],
        service="codeengine",
        attributes=[("region", "stringEqualsAnyOf", ["eu-de", "eu-gb"])],
        resource_group=company.resource_groups["web-shop"],
        description="deploy the shop",
        created_at="2021-11-15",
        **used("2026-11-20", 2_410),
    )
    account.policy(
        shop,
        ["Viewer", "Reader"],
        resource_group=company.resource_groups["web-shop"],
        created_at="2020-01-21",
        **used("2026-11-22", 31_077),
    )
    support = account.group(
        "Support Callers",
        [who["maren.petersen"], who["siobhan.oconnor"], who["grace.adeyemi"]],
        description="May open cases with IBM",
    )
    account.policy(support, ["Editor"], service="support", **used("2026-10-02", 14))


def auditors_who_only_look(company):
    """Whose token this account is read with: Viewer on everything that existed at the time."""
    account, who = company.account, company.people
    auditors = account.group(
        "Auditors", [who["amara.okafor"], who["ruth.goldberg"]], created_at="2021-09-08"
    )
    account.policy(
        auditors,
        ["Viewer"],
        service_type="platform_service",
        created_at="2021-09-08",
        **used("2026-11-23", 840),
    )
    for group in company.old_resource_groups:
        account.policy(
            auditors,
            ["Viewer", "Reader"],
            resource_group=group,
            created_at="2021-09-08",
            **used("2026-11-23", 212),
        )


def editors_everywhere(company):
    """Release managers were made editors in each resource group, one policy after the other."""
    account, who = company.account, company.people
    crew = account.group(
        "🚀 Release crew",
        [who["siobhan.oconnor"], who["elif.yildiz"], who["mateo.herrera"]],
        description="Ships on Thursdays",
        created_at="2022-06-07",
    )
    for group in company.old_resource_groups:
        account.policy(
            crew,
            ["Editor", "Writer"],
            resource_group=group,
            created_at="2022-06-07",
            **used("2026-11-19", 96),
        )


def analysts(company):
    """Read roles of all kinds: on an instance, on a bucket, on buckets by pattern."""
    account, who = company.account, company.people
    team = account.group(
        "Data Analysts",
        [who["aigerim.saparova"], who["xiaoming.wang"], who["priya.raman"], who["layla.haddad"]],
        # Xiaoming was put in by hand before the rule existed, and the rule finds him as well.
        dynamic_members=[who["xiaoming.wang"], who["dimitris.pappas"]],
        created_at="2020-06-08",
    )
    account.group_rule(
        team,
        "Everybody in analytics",
        "https://sso.lumenharbour.example.com/saml",
        [("department", "EQUALS", "analytics")],
        expiration=8,
        created_at="2022-03-01",
    )
    account.policy(
        team,
        ["Content Reader"],
        instance=company.instances["lake"],
        attributes=[
            ("resourceType", "stringEquals", "bucket"),
            ("resource", "stringEquals", "shipments-curated"),
        ],
        created_at="2020-06-08",
        **used("2026-11-21", 44_902),
    )
    account.policy(
        team,
        ["Object Reader"],
        instance=company.instances["invoices"],
        attributes=[
            ("resourceType", "stringEquals", "bucket"),
            ("resource", "stringMatch", "invoices-20??-*"),
        ],
        created_at="2021-03-15",
        **used("2022-01-31", 9_333),  # often, and long ago
    )
    account.policy(
        team,
        ["Viewer"],
        attributes=[("serviceName", "stringMatch", "databases-for-*")],
        resource_group=company.resource_groups["data-lake"],
        created_at="2022-04-04",
        **used("2026-11-12", 2),  # rarely, and just now
    )


def security_operations(company):
    """Whoever looks after keys and secrets may do so in every region and resource group."""
    account, who = company.account, company.people
    team = account.group(
        "Security Operations",
        [who["ruth.goldberg"], who["hanna.virtanen"]],
        created_at="2021-09-06",
    )
    for service in ("kms", "secrets-manager"):
        account.policy(
            team,
            ["Administrator", "Manager"],
            service=service,
            created_at="2021-09-06",
            **used("2026-11-18", 731),
        )
    account.custom_role(
        "KeyLister",
        "Key Lister",
        "kms",
        ["kms.secrets.list", "kms.registrations.list"],
        description="Lists keys, cannot use them",
        created_at="2023-01-16",
    )
    custodians = account.group("Key Custodians", [who["paul.hartmann"]], created_at="2023-01-16")
    account.policy(
        custodians,
        ["Key Lister"],
        service="kms",
        region="jp-tok",
        rule=office_hours(),
        pattern=WEEKLY,
        created_at="2023-01-16",
        **used("2026-08-05", 58),
    )
    account.policy(
        custodians,
        ["SecretsReader"],
        instance=company.instances["vault"],
        rule=once("2025-12-01", "2025-12-31"),
        pattern=ONCE,
        description="year-end access",
        created_at="2025-11-24",
        **used("2025-12-30", 11),
    )


def account_management(company):
    """Those who run the account itself: each service, IAM's part of it, all of it."""
    account, who = company.account, company.people
    people_team = account.group("People & Access", [who["maren.petersen"], who["paul.hartmann"]])
    account.policy(
        people_team,
        ["Administrator"],
        service_group="IAM",
        **used("2026-11-17", 402),
    )
    account.policy(people_team, ["Editor"], service="user-management")
    money = account.group("Billing", [who["helga.stein"], who["carla.romano"]])
    account.policy(
        money,
        ["Administrator"],
        service="billing",
        version="v1",
        created_at="2019-04-29",
        **used("2026-11-02", 89),
    )
    account.policy(
        who["maren.petersen"],
        ["User API key creator", "Service ID creator"],
        service="iam-identity",
        created_at="2022-12-05",
    )
    account.policy(
        who["zoe.mueller"],
        ["Administrator"],
        service="iam-groups",
        attributes=[("resource", "stringEquals", company.group("Platform Engineering")["id"])],
        **used("2025-06-30", 7),
    )


def tokyo(company):
    """A branch whose boundary is its region, whatever the service and resource group."""
    account, who = company.account, company.people
    branch = account.group(
        "東京オペレーション", [who["sakura.yamamoto"], who["ken.sato"]], created_at="2021-04-12"
    )
    account.policy(
        branch,
        ["Editor", "Writer"],
        region="jp-tok",
        created_at="2021-04-12",
        **used("2026-11-20", 3_818),
    )
    # Seeing the resource group itself, which says nothing about what is in it.
    account.policy(
        branch,
        ["Viewer"],
        resource_group=company.resource_groups["tokyo"],
        attributes=[("resourceType", "stringEquals", "resource-group")],
        created_at="2021-04-12",
    )


def groups_with_a_catch(company):
    """Groups nobody is in, groups that grant nothing, groups that cannot read what they write."""
    account, who = company.account, company.people
    ikarus = account.group("Project Ikarus", description="ended 2023", created_at="2022-10-03")
    account.policy(
        ikarus,
        ["Administrator", "Manager"],
        instance=company.instances["events"],
        created_at="2022-10-03",
        **used("2023-03-28", 640),
    )
    account.group("Walk-in Kiosk", description="reserved", created_at="2024-05-21")
    account.group("Works Council", [who["grace.adeyemi"], who["bilal.aziz"]])
    backup = account.group("Backup Operators", [who["viktor.novak"], who["samuel.clarke"]])
    account.policy(
        backup,
        ["Object Writer"],
        instance=company.instances["backups"],
        attributes=[
            ("resourceType", "stringEquals", "bucket"),
            ("resource", "stringEquals", "nightly"),
        ],
        rule=below_path("db/"),
        pattern=PATH_PATTERN,
        **used("2026-11-23", 1_512),
    )
    tagged = account.group("Test Drivers", [who["linh.tran"], who["bilal.aziz"]])
    account.policy(
        tagged,
        ["Operator", "Writer"],
        service_type="service",
        tags=[("env", "stringEquals", "dev")],
        created_at="2024-07-09",
        **used("2026-10-30", 77),
    )


def open_to_the_world(company):
    """The press pictures are for everybody, log-in or not."""
    account = company.account
    account.policy(
        account.public_group(),
        ["Object Reader"],
        instance=company.instances["shop-assets"],
        attributes=[
            ("resourceType", "stringEquals", "bucket"),
            ("resource", "stringEquals", "press"),
        ],
        created_at="2021-07-12",
        **used("2026-11-23", 812_440),
    )


def access_that_grew(company):
    """Given twice, given to a service without a limit, and hidden in a role with a modest name."""
    account, things = company.account, company.instances
    account.policy(  # The branch may do this, and more, by its policy on the whole region.
        company.group("東京オペレーション"),
        ["Writer"],
        service="kms",
        region="jp-tok",
        description="keys for the new cluster",
        created_at="2021-09-07",
        **used("2026-11-12", 204),
    )
    account.authorization(
        ["Writer"],
        {"serviceName": "codeengine", "serviceInstance": things["shop-london"]},
        {},
        description="until we know what it needs",
        created_at="2023-05-09",
    )
    account.authorization(  # It sees all services, and changes none.
        ["Reader"],
        {"serviceName": "sysdig-monitor", "serviceInstance": things["metrics"]},
        {"serviceType": "service"},
        created_at="2022-01-18",
    )
    account.custom_role(
        "Greeter",
        "Greeter",
        "iam-groups",
        ["iam-groups.groups.read", "iam-groups.members.add"],
        description="Welcomes new colleagues",
        created_at="2024-01-29",
    )
    callers = company.group("Support Callers")
    account.policy(
        callers,
        ["Greeter"],
        service="iam-groups",
        attributes=[("resource", "stringEquals", callers["id"])],
        created_at="2024-01-29",
        **used("2026-10-05", 6),
    )


def the_duty_officer(company):
    """Who is on duty for access puts on a profile that sits in the group of the people team."""
    account, who = company.account, company.people
    officer = account.profile(
        "duty-officer",
        description="one of us, a week at a time",
        created_at="2023-04-17",
    )
    for login in ("ruth.goldberg", "hanna.virtanen"):
        account.profile_identity(officer, who[login])
    account.claim_rule(
        officer,
        [("groups", "EQUALS", "access-duty")],
        realm="https://sso.lumenharbour.example.com/saml",
        name="whoever is on duty",
        created_at="2023-04-17",
    )
    account.add_member(company.group("People & Access"), officer, created_at="2023-04-17")


def one_desk_under_two_names(company):
    """The desk was renamed, and somebody made the group again instead of renaming it."""
    account, who = company.account, company.people
    desk = account.group(
        "Accounts Payable",
        [who["carla.romano"], who["bilal.aziz"]],
        description="was: Billing",
        created_at="2025-06-10",
    )
    account.policy(
        desk,
        ["Administrator"],
        service="billing",
        created_at="2025-06-10",
        **used("2026-11-20", 51),
    )
    clerks = account.group("Billing Clerks", [who["samuel.clarke"]], created_at="2025-06-10")
    account.policy(  # Not the same: they only look.
        clerks, ["Viewer"], service="billing", created_at="2025-06-10", **used("2026-11-19", 230)
    )


TEAMS = (
    teams_that_do_it_right,
    auditors_who_only_look,
    editors_everywhere,
    analysts,
    security_operations,
    account_management,
    tokyo,
    groups_with_a_catch,
    open_to_the_world,
    access_that_grew,
    the_duty_officer,
    one_desk_under_two_names,
)
