"""Reports on service credentials: their rows and near misses."""

from __future__ import annotations

from iaminsights.sandbox import ABSENT, Account

from ..report_rows import days_ago, rows


def credentials(account: Account, *made) -> None:
    """Service credentials of one queue: (name, role, service ID or None, age in days, fields)."""
    queue = account.instance("queue", "messagehub", "eu-de")
    for name, role, robot, age, fields in made:
        fields = {"created_at": days_ago(age), **fields}
        account.resource_key(queue, name, role, service_id=robot, **fields)


def test_service_credentials_older_than_90_days(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    used, idle, never = (acme.service_id(name) for name in ("used", "idle", "never used"))
    acme.logins[idle["iam_id"]] = [days_ago(200.5), 1]
    acme.last_login(never, None)
    credentials(
        acme,
        ("a", "Writer", used, 91.5, {}),
        ("b", "Manager", idle, 200.5, {"guid": "it's"}),
        ("c", "Reader", never, 400.5, {}),
        ("d", None, None, 2000.5, {}),
        ("e", "Writer", "iam-ServiceId-of-nobody", 91.5, {"state": ABSENT}),
        # Near misses.
        ("young", "Writer", used, 89.5, {}),
        ("removed", "Writer", used, 300, {"state": "removed"}),
        ("of unknown age", "Writer", used, 300, {"created_at": ABSENT}),
    )
    gone = acme.instance("gone", "messagehub", state="removed")
    acme.resource_key(gone, "of what is removed", created_at=days_ago(300))
    waiting = acme.instance("waiting", "messagehub", state="pending_reclamation")
    acme.resource_key(waiting, "of what can be restored", created_at=days_ago(300))
    credentials(bolt, ("z", "Writer", None, 100.5, {}))

    path = collected(acme, bolt)
    columns = ("account", "credential", "instance", "service", "role", "days_old", "age")
    assert rows(path, "resource_key_old", *columns, "last_use", "service_id") == [
        ("Acme", "a", "queue", "messagehub", "Writer", 91, "90 to 179 days", "lately", "used"),
        (
            *("Acme", "b", "queue", "messagehub", "Manager", 200, "180 to 364 days"),
            *("200 days ago", "idle"),
        ),
        (
            *("Acme", "c", "queue", "messagehub", "Reader", 400, "1 to 3 years"),
            *("never", "never used"),
        ),
        (
            *("Acme", "d", "queue", "messagehub", None, 2000, "3 years or more"),
            *("not known", None),
        ),
        ("Acme", "e", "queue", "messagehub", "Writer", 91, "90 to 179 days", "not known", None),
        (
            *("Acme", "of what can be restored", "waiting", "messagehub", "Writer", 300),
            *("180 to 364 days", "not known", None),
        ),
        ("Bolt", "z", "queue", "messagehub", "Writer", 100, "90 to 179 days", "not known", None),
    ]
    commands = dict(rows(path, "resource_key_old", "credential", "command"))
    crn = {key["name"]: key["id"] for key in acme.resource_keys}
    assert commands["a"] == f"ibmcloud resource service-key-delete '{crn['a']}'"
    assert crn["b"].endswith("it's")
    escaped = crn["b"].replace("'", "'\\''")
    assert commands["b"] == f"ibmcloud resource service-key-delete '{escaped}'"
    # Nobody is called unused, or used, without the report on it.
    unread = collected(acme, path=path.with_name("b"), deny=("start_activity_report",))
    assert {use for (use,) in rows(unread, "resource_key_old", "last_use")} == {"not known"}
    unread = collected(acme, path=path.with_name("c"), deny=("resource_keys",))
    assert rows(unread, "resource_key_old") == []


def test_service_credentials_that_can_do_everything(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    admin, in_group, plain = (acme.service_id(name) for name in ("admin", "in group", "plain"))
    acme.policy(admin, ["Administrator"], service_type="platform_service")
    acme.policy(acme.group("Admins", [in_group]), ["Manager"], service_type="service")
    acme.policy(plain, ["Manager"], service="kms")
    trusted, profile = acme.service_id("trusted"), acme.profile("Admins")
    acme.policy(profile, ["Administrator"], service_type="platform_service")
    acme.profile_identity(profile, trusted)
    credentials(
        acme,
        ("administrator", "Administrator", None, 1, {}),
        ("manager", "Manager", plain, 1, {}),
        ("of a privileged service ID", "Reader", admin, 1, {}),
        ("through a group", "Reader", in_group, 1, {}),
        ("through a profile", "Reader", trusted, 1, {}),
        # Near misses.
        ("editor", "Editor", plain, 1, {}),
        ("writer", "Writer", plain, 1, {}),
        ("no role", None, None, 1, {}),
        ("removed", "Manager", None, 1, {"state": "removed"}),
    )
    # The same service ID, by another account's privileges.
    bolt.policy(plain, ["Administrator"], service_type="platform_service")
    # What everybody has through Public Access does not count either.
    bolt.policy(bolt.public_group(), ["Administrator"], service="iam-groups")
    robot = bolt.service_id("robot")
    credentials(bolt, ("manager", "Manager", None, 1, {}), ("as everybody", "Reader", robot, 1, {}))

    path = collected(acme, bolt)
    columns = ("account", "credential", "role", "privileges_of_service_id", "severity")
    management = "Administrator on all account management services"
    through_group = "Manager on all services (access group Admins)"
    by_profile = f"{management} (trusted profile Admins)"
    assert rows(path, "resource_key_privileged", *columns) == [
        ("Acme", "administrator", "Administrator", None, "high"),
        ("Acme", "manager", "Manager", None, "medium"),
        ("Acme", "of a privileged service ID", "Reader", management, "high"),
        ("Acme", "through a group", "Reader", through_group, "high"),
        ("Acme", "through a profile", "Reader", by_profile, "high"),
        ("Bolt", "manager", "Manager", None, "medium"),
    ]
