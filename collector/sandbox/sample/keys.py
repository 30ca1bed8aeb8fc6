"""API keys and service credentials of Lumen Harbour, and when they were last used."""

from ..account.keys import REDACTED, REDACTED_EXPLICIT


def keys_of_people(company):
    """The owner has one, an old one is still around, and one that would not go when leaked."""
    account, who = company.account, company.people
    owner = account.add_api_key(
        account.owner,
        "first key",
        description="from the day the account was opened",
        created_at="2019-04-02",
    )
    account.last_login(owner, "2021-03-11", 40)
    collector = account.add_api_key(
        who["amara.okafor"],
        "iam-insights collector",
        description="monthly inventory",
        created_at="2026-09-14",
        expires_at="2026-12-14",
    )
    account.last_login(collector, "2026-11-23", 212)
    zoe = account.add_api_key(
        who["zoe.mueller"], "laptop", created_at="2019-05-07", modified_at="2019-05-07"
    )
    account.last_login(zoe, "2026-11-20", 18_400)
    account.add_api_key(
        who["lukasz.wojcik"],
        "demo at the fair",
        action_when_leaked="none",
        support_sessions=True,
        created_at="2023-04-17",
    )
    jonas = account.add_api_key(who["jonas.brandt"], "test", created_at="2026-09-02")
    account.last_login(jonas, "2026-09-02")
    # He is suspended, his keys are not.
    marcel = account.add_api_key(who["marcel.dubois"], "deploy", created_at="2020-03-04")
    account.last_login(marcel, "2024-06-28", 9_120)
    helga = account.add_api_key(
        who["helga.stein"],
        "invoices export",
        disabled=True,
        created_at="2019-05-02",
        modified_at="2023-03-06",
    )
    account.last_login(helga, "2023-01-31", 44)
    ines = account.add_api_key(
        who["ines.carvalho"], "workshop", created_at="2026-10-05", expires_at="2026-11-02"
    )
    account.last_login(ines, "2026-10-05", 3)
    # Too new to be called unused, and too lately disabled to be called forgotten.
    carla = account.add_api_key(
        who["carla.romano"], "new laptop", created_at="2026-11-20", expires_at="2027-02-18"
    )
    account.last_login(carla, None)
    bilal = account.add_api_key(
        who["bilal.aziz"],
        "spike",
        disabled=True,
        created_at="2026-10-26",
        modified_at="2026-11-18",
        expires_at="2027-01-24",
    )
    account.last_login(bilal, "2026-11-17", 61)


def keys_of_machines(company):
    """Terraform has one for every engineer who ever ran it; one key can be read back."""
    account, machine = company.account, _machines(company)
    for number, day in enumerate(
        ("2020-09-14", "2021-02-01", "2022-06-13", "2023-09-04", "2024-11-11", "2026-02-16"), 1
    ):
        key = account.add_api_key(
            machine["terraform"],
            f"terraform-{number}",
            created_at=day,
            locked=number == 1,
            action_when_leaked="delete" if number == 6 else "disable",
        )
        account.last_login(key, "2026-11-23" if number == 6 else day, 15_002 if number == 6 else 9)
    backup = account.add_api_key(
        machine["nightly-backup"], "cron", secret=True, created_at="2019-06-20"
    )
    account.last_login(backup, "2026-11-23", 2_711)
    grafana = account.add_api_key(
        machine["grafana"],
        "datasource",
        secret=True,
        created_at="2026-01-12",
        expires_at="2027-01-12",
    )
    account.last_login(grafana, "2026-11-23", 90_114)
    for name, day in (("import", "2019-05-15"), ("import (copy)", "2019-05-21")):
        key = account.add_api_key(machine["import-2019"], name, locked=True, created_at=day)
        account.last_login(key, None)
    sync = account.add_api_key(
        machine["mainframe-sync"],
        "bridge",
        action_when_leaked="none",
        created_at="2019-05-16",
    )
    account.last_login(sync, "2026-11-23", 1_204_660)
    for name in ("a", "b"):
        account.last_login(
            account.add_api_key(machine["test"], name, created_at="2024-02-13"), "2024-02-14"
        )


def keys_of_pipelines(company):
    """Service IDs outside the default group: their keys are not in the listing by default."""
    account, machine = company.account, _machines(company)
    for name in ("shop-pipeline", "data-pipeline"):
        key = account.add_api_key(
            machine[name],
            f"{name} 2026",
            secret=name == "shop-pipeline",
            created_at="2026-06-01",
            expires_at="2027-06-01",
        )
        account.last_login(key, "2026-11-22", 9_876)
    old = account.add_api_key(
        machine["shop-pipeline"],
        "shop-pipeline 2021",
        disabled=True,
        created_at="2021-11-16",
        modified_at="2022-11-17",
    )
    account.last_login(old, "2022-11-15", 3_310)
    hook = account.add_api_key(
        machine["partner-webhook"],
        "webhook",
        description="known to the partner",
        created_at="2023-05-30",
        modified_at="2023-06-02",
    )
    account.last_login(hook, None)


def credentials_of_services(company):
    """Service credentials: of managers, of readers, for nobody's service ID, not to be seen."""
    account, things, machine = company.account, company.instances, _machines(company)
    made_by_console = next(name for name in machine if name.startswith("auto-generated"))
    account.resource_key(
        things["ledger"],
        "ledger credential",
        "Viewer",
        service_id=machine[made_by_console],
        created_at="2021-02-17",
    )
    account.resource_key(
        things["backups"],
        "nightly-backup",
        "Writer",
        service_id=machine["nightly-backup"],
        created_at="2019-06-20",
    )
    account.resource_key(
        things["shop-assets"], "everything for the agency", "Manager", created_at="2020-02-06"
    )
    account.resource_key(things["events"], "producer", "Writer", created_at="2020-06-22")
    account.resource_key(things["events"], "dashboard", "Reader", created_at="2026-05-11")
    account.resource_key(things["orders"], "shop", None, created_at="2020-02-12")
    account.resource_key(
        things["vault"], "bootstrap", "Manager", credentials=REDACTED, created_at="2021-09-13"
    )
    account.resource_key(
        things["keys"],
        "hsm-proxy",
        "Reader",
        credentials=REDACTED_EXPLICIT,
        created_at="2022-01-10",
    )
    account.resource_key(
        things["mainframe-archive"],
        "one-time",
        "Writer",
        onetime_credentials=True,
        credentials={},
        created_at="2019-05-16",
    )


def who_was_seen_lately(company):
    """Some people and machines were not seen for months, some never."""
    account, who, machine = company.account, company.people, _machines(company)
    for login, day in (
        ("marcel.dubois", "2024-06-28"),
        ("helga.stein", "2023-01-31"),
        ("oskar.weiss", "2022-08-19"),
        ("ken.sato", "2026-04-02"),
        ("arjun.nair", "2024-02-29"),
        ("samuel.clarke", None),
        ("dial-in", None),
    ):
        account.last_login(who[login], day)
    account.last_login(account.owner, "2021-03-11", 91)
    for name, day in (
        ("import-2019", None),
        ("partner-webhook", None),
        ("test", "2024-02-14"),
        ("data-pipeline", "2026-11-22"),
    ):
        account.last_login(machine[name], day)
    for profile in account.profiles:
        if profile["name"] in ("break-glass", "external-support", "any-cluster"):
            day = {"break-glass": "2024-03-17", "external-support": "2026-09-27"}
            account.last_login(profile, day.get(profile["name"]))


def _machines(company):
    """The service IDs by name; of two with the same name the younger."""
    return {robot["name"]: robot for robot in company.account.service_ids}


KEYS = (
    keys_of_people,
    keys_of_machines,
    keys_of_pipelines,
    credentials_of_services,
    who_was_seen_lately,
)
