"""Duties that should not be in one hand."""

from __future__ import annotations

from iaminsights.sandbox import Account
from iaminsights.sandbox.sample.conditions import once

from ..report_rows import day_in, rows

READS, GRANTS = "reads data and changes keys", "grants access and changes audit routing"


def stocked(name: str, owner: str) -> tuple[Account, dict, dict]:
    account = Account(name, owner=owner)
    return (
        account,
        account.instance("archive", "cloud-object-storage"),
        account.instance("keys", "kms"),
    )


def test_duties_in_one_hand(collected):
    acme, archive, keys = stocked("Acme", "Olga Owner")
    bolt, of_bolt, keys_of_bolt = stocked("Bolt", "Otto Other")
    # Both by policies of its own; by a group; by a group and itself; by two groups.
    ada, bea, cora = acme.user("Ada"), acme.user("Bea"), acme.user("Cora")
    acme.policy(ada, ["Object Reader"], instance=archive)
    acme.policy(ada, ["Manager"], service="kms")
    both = acme.group("Both", [acme.user("Member"), acme.service_id("robot")])
    acme.policy(both, ["Reader"], instance=archive)
    acme.policy(both, ["Manager"], instance=keys)
    readers, keepers = acme.group("Readers", [bea, cora]), acme.group("Keepers", [cora])
    acme.policy(readers, ["Reader"], service="cloud-object-storage")
    acme.policy(keepers, ["Manager"], instance=keys)
    acme.policy(bea, ["Manager"], attributes=[("serviceName", "stringMatch", "km*")])
    # Access and audit, one half of it by a trusted profile.
    dora, profile = acme.user("Dora"), acme.profile("router")
    acme.policy(dora, ["Editor"], service="iam-groups")
    acme.policy(profile, ["Administrator"], service="atracker", region="eu-de")
    acme.profile_identity(profile, dora)
    edda = acme.service_id("edda")
    acme.policy(edda, ["Administrator"], attributes=[("service_group_id", "stringMatch", "I*")])
    acme.policy(edda, ["Manager"], service="logs-router")

    # Near misses.
    for name, first, second in (
        ("Reads", {"instance": archive}, None),
        ("Two accounts", {"instance": archive}, None),
        ("Deleted", {"instance": archive}, {"service": "kms", "state": "deleted"}),
        ("Tagged", {"service": "cloud-object-storage", "tags": [("a", "stringEquals", "b")]}, {}),
        (
            "Ended",
            {"instance": archive},
            {"service": "kms", "rule": once(str(day_in(-9)), str(day_in(-5)))},
        ),
    ):
        person = acme.user(name)
        acme.policy(person, ["Reader"], **first)
        if second is not None:
            acme.policy(person, ["Manager"], **{"service": "kms", **second})
    viewer = acme.user("Key reader")
    acme.policy(viewer, ["Reader"], service_type="service")
    acme.policy(acme.user("Routes"), ["Administrator"], service="atracker")
    grants = acme.user("Grants, and routes in a resource group")
    acme.policy(grants, ["Administrator"], service="iam-access-management")
    group = acme.resource_group("prod")
    acme.policy(grants, ["Administrator"], service_type="service", resource_group=group)
    sees = acme.user("Grants, and sees")
    acme.policy(sees, ["Administrator"], service="iam-access-management")
    acme.policy(sees, ["Viewer"], service="atracker")
    acme.policy(acme.group("Nobody in one half"), ["Manager"], service="kms")
    acme.policy(acme.owner, ["Manager"], service_type="service")
    whole = acme.profile("whole")
    acme.policy(whole, ["Manager"], service_type="service")
    acme.profile_identity(whole, acme.user("By a whole profile"))
    two = bolt.user("Two accounts", iam_id=acme.users[-1]["iam_id"])
    bolt.policy(two, ["Manager"], instance=keys_of_bolt)
    bolt.policy(bolt.user("Bo"), ["Manager"], service_type="service")

    columns = ("account", "holder", "kind", "combination", "first_half", "second_half", "members")
    path = collected(acme, bolt)
    manager, reader = "Manager on kms", "Reader on cloud-object-storage"
    assert rows(path, "duties_combined", *columns) == [
        ("Acme", "Ada", "user", READS, "Object Reader on cloud-object-storage", manager, None),
        (
            *("Acme", "Bea", "user", READS, f"{reader} (access group Readers)"),
            *(manager, None),
        ),
        ("Acme", "Both", "access group", READS, reader, manager, 2),
        (
            *("Acme", "Cora", "user", READS, f"{reader} (access group Readers)"),
            *(f"{manager} (access group Keepers)", None),
        ),
        (
            *("Acme", "Dora", "user", GRANTS, "Editor on iam-groups"),
            *("Administrator on atracker (trusted profile router)", None),
        ),
        (
            *("Acme", "edda", "service id", GRANTS),
            *("Administrator on iam-access-management, iam-groups", "Manager on logs-router", None),
        ),
        (
            *("Acme", "whole", "trusted profile", READS),
            *("Manager on cloud-object-storage", manager, None),
        ),
        (
            *("Bolt", "Bo", "user", READS),
            *("Manager on cloud-object-storage", manager, None),
        ),
    ]
