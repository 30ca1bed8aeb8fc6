"""From where Lumen Harbour is reached, how its resources are labelled, and what it belongs to."""

from ..account.naming import hex_of


def zones_and_rules(company):
    """Keys are locked away, secrets nearly, and one rule was written to be tried out first."""
    account, things = company.account, company.instances
    office = account.zone(
        "bremerhaven-office",
        *("192.0.2.0/24", "198.51.100.7", "198.51.100.16-198.51.100.31", "203.0.113.200"),
        excluded=["192.0.2.250"],
        description="Both buildings",
        created_at="2023-03-06",
    )
    cloud = account.zone(
        "own-workloads",
        "crn:v1:bluemix:public:is:eu-de:a/" + account.account_id + "::vpc:r010-harbour",
        {"service_name": "codeengine", "location": "eu-de"},
        {"service_type": "platform_service"},
        created_at="2023-03-06",
    )
    anywhere = account.zone("anywhere", "0.0.0.0/0", created_at="2024-08-01")
    account.zone("old-office", "203.0.113.0/28", created_at="2019-06-03")
    account.cbr_rule(
        "keys only from the office and from our own workloads",
        "kms",
        contexts=[
            {"networkZoneId": [office, cloud], "endpointType": "private"},
            {"networkZoneId": [office], "endpointType": "public", "mfa": "LEVEL3"},
        ],
        created_at="2023-03-07",
    )
    account.cbr_rule(
        "vault",
        zones=[office, cloud],
        instance=things["vault"],
        mode="report",
        created_at="2026-08-17",
    )
    account.cbr_rule(
        "data that is personal",
        "cloud-object-storage",
        [anywhere],
        tags=[("data", "personal")],
        created_at="2024-08-01",
    )
    account.cbr_rule(
        "ledger is closed",
        instance=things["ledger"],
        contexts=[],
        mode="disabled",
        created_at="2025-01-20",
    )
    account.cbr_rule(
        "control plane of the clusters",
        "containers-kubernetes",
        [office, gone_zone()],
        operations=["crn:v1:bluemix:public:containers-kubernetes::::api-type:management"],
        created_at="2025-05-05",
    )


def gone_zone():
    """The id of a zone that was deleted while a rule still names it."""
    return hex_of("zone", "container terminal")


def tags_of_everything(company):
    """Access tags, on what a policy by tag reaches, beside tags that only people read."""
    account, things = company.account, company.instances
    for environment, names in {
        "env:dev": ("dev-cluster", "logs-dev", "load-test", "warehouse-next"),
        "env:prod": ("prod-cluster", "orders", "ledger", "vault", "shop", "customers", "backups"),
    }.items():
        for name in names:
            account.tag(things[name], environment, kind="access")
    for name in ("customers", "lake"):
        account.tag(things[name], "data:personal", kind="access")
    account.new_tag("env:staging", kind="access")
    for name in ("orders", "sessions", "shop-assets", "edge"):
        account.tag(things[name], "team-shop", "cost-4711")
    account.tag(things["lake"], "schematics:workspace-1", kind="service")
    rooms = company.resource_groups
    server = account.searchable(
        *("runner-1", "is", "instance", "eu-de-1"), rooms["platform-prod"], created_at="2022-03-09"
    )
    account.tag(server, "env:prod", kind="access")
    network = account.searchable("harbour", "is", "vpc", "eu-de", rooms["platform-prod"])
    account.tag(network, "team-platform")
    account.searchable("nightly", "is", "snapshot", "eu-de", rooms["platform-dev"])


def the_parent_company(company):
    """Lumen Harbour is one of three accounts of an enterprise."""
    company.account.enterprise(
        "Harbour Holding",
        ["Logistics", ("Bremerhaven", "Logistics"), "Group IT"],
        [(company.account, "Bremerhaven"), ("Harbour Cloud Services", "Group IT")],
        enterprise_account_id=hex_of("other account"),
        domain="harbour-holding.example.com",
    )


def analysts_of_the_subsidiaries(company):
    """A rule for each subsidiary: the group may have one more, and then no other."""
    account, team = company.account, company.group("Data Analysts")
    for town in ("Gdynia", "Valparaíso", "Busan"):
        account.group_rule(
            team,
            f"Analytics in {town}",
            "https://sso.lumenharbour.example.com/saml",
            [("department", "EQUALS", "analytics"), ("site", "EQUALS", town)],
            expiration=8,
            created_at="2025-03-10",
        )


NETWORK = (
    zones_and_rules,
    tags_of_everything,
    the_parent_company,
    analysts_of_the_subsidiaries,
)
