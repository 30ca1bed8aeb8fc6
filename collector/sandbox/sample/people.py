"""Access that bypasses the groups of Lumen Harbour, or outlived its reason: a story a function."""

from .company import gone, used


def the_intern(company):
    """Jonas needed one permission on his first day, and someone in a hurry gave him all of them.

    Administrator and Manager on every service, resource group by resource group, and
    Administrator on account management: nothing stops him from granting himself the rest.
    """
    account, jonas = company.account, company.people["jonas.brandt"]
    for group in company.old_resource_groups:
        account.policy(
            jonas,
            ["Administrator", "Manager"],
            service_type="service",
            resource_group=group,
            description="temporary!! remove after onboarding",
            created_at="2026-09-01",
            created_by_id=company.people["lukasz.wojcik"]["iam_id"],
        )
    account.policy(
        jonas,
        ["Administrator"],
        service_type="platform_service",
        created_at="2026-09-01",
        created_by_id=company.people["lukasz.wojcik"]["iam_id"],
        **used("2026-09-02", 1),
    )


def the_contractor_who_left(company):
    """Removed from the account in 2024, still in three groups, and with a policy of their own."""
    account, contractor = company.account, "IBMid-66C0FFEE01"
    for name in ("Platform Engineering", "Shop Developers", "Data Analysts"):
        account.add_member(company.group(name), contractor, created_at="2023-02-13")
    account.policy(
        contractor,
        ["Editor", "Manager"],
        instance=company.instances["dev-cluster"],
        description="migration project, ends December 2023",
        created_at="2023-02-13",
        **used("2023-12-19", 5_120),
    )


def beside_the_groups(company):
    """Grants straight to people: beside their group, instead of one, or on what is long gone."""
    account, who, things = company.account, company.people, company.instances
    account.policy(  # François has most of this through Shop Developers already.
        who["francois.lefevre"],
        ["Administrator"],
        instance=things["orders"],
        description="pager duty",
        created_at="2020-11-09",
        **used("2026-11-14", 310),
    )
    account.policy(
        who["arjun.nair"],
        ["Viewer", "Writer"],
        service="messagehub",
        resource_group=company.resource_groups["data-lake"],
        created_at="2023-01-10",
        **used("2024-02-29", 65),
    )
    account.policy(
        who["freya.lund"],
        ["Reader"],
        service="logs",
        attributes=[
            ("serviceInstance", "stringEqualsAnyOf", [things["logs-dev"]["guid"], gone("l")])
        ],
        created_at="2025-11-03",
    )
    account.policy(  # He is suspended, his access is not.
        who["marcel.dubois"],
        ["Operator", "Manager"],
        instance=things["prod-cluster"],
        version="v1",
        created_at="2020-03-03",
        **used("2024-06-28", 12_650),
    )
    account.policy(
        who["partner"],
        ["Content Reader"],
        instance=things["shop-assets"],
        attributes=[
            ("resourceType", "stringEquals", "bucket"),
            ("resource", "stringEquals", "brochures"),
        ],
        created_at="2026-06-22",
        **used("2026-07-01", 3),
    )
    account.policy(
        who["zoe.mueller"],
        ["Administrator"],
        instance=gone("cluster-2019"),
        service="containers-kubernetes",
        version="v1",
        created_at="2019-06-03",
        **used("2021-02-26", 4_004),
    )


def leftovers(company):
    """Policies that outlived what they were about, and two that were deleted last week."""
    account, things = company.account, company.instances
    analysts_group = company.group("Data Analysts")
    account.policy(
        analysts_group,
        ["Reader"],
        instance=gone("lake-2019"),
        service="cloud-object-storage",
        created_at="2020-06-08",
        **used("2020-12-18", 2_118),
    )
    account.policy(
        company.group("Shop Developers"),
        ["Viewer"],
        attributes=[("serviceInstance", "stringMatch", gone("shop-2018")[:13] + "*")],
        service="databases-for-postgresql",
        created_at="2020-01-22",
    )
    account.policy(
        analysts_group,
        ["Writer"],
        instance=things["old-queue"],  # in the queue for deletion, so it still exists
        created_at="2020-09-01",
        **used("2026-10-19", 20_551),
    )
    account.policy(
        "AccessGroupId-5f0e1d2c-3b4a-4c5d-8e6f-708192a3b4c5",  # a group that was deleted
        ["Editor"],
        service="internet-svcs",
        created_at="2020-02-10",
        **used("2021-05-07", 19),
    )
    for name in ("skyline-bookings", "ledger"):
        account.policy(
            company.people["mateo.herrera"],
            ["Administrator"],
            instance=things[name],
            state="deleted",
            created_at="2026-06-19",
            last_modified_at="2026-11-18",
        )


def last_weeks_tidying(company):
    """It went too far: the one policy by which anybody may open a case with IBM is deleted.

    The auditors' policy reaches the support service as well, but only to look.
    """
    callers = company.group("Support Callers")["id"]
    for policy in company.account.policies:
        if callers in str(policy.get("subject")):
            policy["state"] = "deleted"


def a_login_without_a_person(company):
    """The terminal in the yard shares a login of the classic infrastructure, and has no mailbox.

    Whoever made it left the name before the @ empty.
    """
    company.account.user(
        "Yard Terminal",
        realm="SL",
        email=f"@{company.account.mail_domain}",
        user_id="yard-terminal",
        added_on="2019-04-15",
    )


PEOPLE = (
    the_intern,
    the_contractor_who_left,
    beside_the_groups,
    leftovers,
    last_weeks_tidying,
    a_login_without_a_person,
)
