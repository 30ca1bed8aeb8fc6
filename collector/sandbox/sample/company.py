"""The fictional company of the sample account: its people, and what it runs.

Lumen Harbour Logistics moves containers through the port of Bremerhaven and sells freight on a
web shop. None of these people, companies and machines exist.
"""

from dataclasses import dataclass

from ..account.account import Account
from ..account.naming import uuid_of

MAIL = "lumenharbour.example.com"

# Login before the @: (name, day of joining, state).
_PEOPLE = {
    "amara.okafor": ("Amara Okafor", "2020-01-15", "ACTIVE"),
    "jonas.brandt": ("Jonas Brandt", "2026-09-01", "ACTIVE"),
    "zoe.mueller": ("Zoë Müller-Lindqvist", "2019-05-06", "ACTIVE"),
    "francois.lefevre": ("François Lefèvre", "2019-06-17", "ACTIVE"),
    "siobhan.oconnor": ("Siobhán O'Connor", "2019-09-02", "ACTIVE"),
    "lukasz.wojcik": ("Łukasz Wójcik", "2020-02-10", "ACTIVE"),
    "aigerim.saparova": ("Айгерим Сапарова", "2020-08-24", "ACTIVE"),
    "dmitri.sokolov": ("Дмитрий Соколов", "2021-01-11", "ACTIVE"),
    "sakura.yamamoto": ("さくら 山本", "2021-04-05", "ACTIVE"),
    "ken.sato": ("健 佐藤", "2021-04-05", "ACTIVE"),
    "xiaoming.wang": ("小明 王", "2021-10-18", "ACTIVE"),
    "layla.haddad": ("ليلى حداد", "2022-02-07", "ACTIVE"),
    "dimitris.pappas": ("Δημήτρης Παππάς", "2022-03-14", "ACTIVE"),
    "ines.carvalho": ("Inês Carvalho", "2022-05-02", "ACTIVE"),
    "tomas.horak": ("Tomáš Horák", "2022-09-19", "ACTIVE"),
    "maren.petersen": ("Maren Petersen", "2019-04-08", "ACTIVE"),
    "kwame.mensah": ("Kwame Mensah", "2022-11-01", "ACTIVE"),
    "priya.raman": ("Priya Raman", "2023-01-09", "ACTIVE"),
    "arjun.nair": ("Arjun Nair", "2023-01-09", "ACTIVE"),
    "elif.yildiz": ("Elif Yıldız", "2023-03-20", "ACTIVE"),
    "noah.fischer": ("Noah Fischer", "2023-06-05", "ACTIVE"),
    "hanna.virtanen": ("Hanna Virtanen", "2023-08-14", "ACTIVE"),
    "mateo.herrera": ("Mateo Herrera", "2023-10-02", "ACTIVE"),
    "grace.adeyemi": ("Grace Adeyemi", "2024-01-22", "ACTIVE"),
    "ruth.goldberg": ("Ruth Goldberg", "2019-07-01", "ACTIVE"),
    "paul.hartmann": ("Paul Hartmann", "2020-10-05", "ACTIVE"),
    "viktor.novak": ("Viktor Novák", "2024-04-15", "ACTIVE"),
    "linh.tran": ("Linh Trần", "2024-07-08", "ACTIVE"),
    "samuel.clarke": ("Samuel Clarke", "2024-09-30", "ACTIVE"),
    "carla.romano": ("Carla Romano", "2025-02-03", "ACTIVE"),
    "bilal.aziz": ("Bilal Aziz", "2025-05-12", "ACTIVE"),
    "freya.lund": ("Freya Lund", "2025-11-03", "ACTIVE"),
    "marcel.dubois": ("Marcel Dubois", "2020-03-02", "SUSPENDED"),
    "helga.stein": ("Helga Stein", "2019-04-29", "SUSPENDED"),
    "oskar.weiss": ("Oskar Weiß", "2019-11-11", "IAMID_INVALID"),
    "new.hire": ("", None, "PENDING"),
    "second.hire": ("", None, "PENDING"),
}

# Name: (day of creation, whether the auditor's token may list it).
_RESOURCE_GROUPS = {
    "platform-prod": ("2019-05-10", True),
    "platform-dev": ("2019-05-10", True),
    "web-shop": ("2020-01-20", True),
    "data-lake": ("2020-06-02", True),
    "finance": ("2021-02-15", True),
    "security": ("2021-09-06", True),
    "tokyo": ("2021-04-12", True),
    "skyline-acquisition": ("2026-06-15", True),
    "legacy-migration": ("2019-05-13", False),
}

# Name: (service, region, resource group, state, day of creation).
_INSTANCES = {
    "prod-cluster": ("containers-kubernetes", "eu-de", "platform-prod", "active", "2021-03-01"),
    "dev-cluster": ("containers-kubernetes", "eu-de", "platform-dev", "active", "2021-03-02"),
    "tokyo-cluster": ("containers-kubernetes", "jp-tok", "tokyo", "active", "2021-06-21"),
    "images": ("container-registry", "eu-de", "platform-prod", "active", "2019-05-14"),
    "logs-prod": ("logs", "eu-de", "platform-prod", "active", "2024-10-08"),
    "logs-dev": ("logs", "eu-de", "platform-dev", "active", "2024-10-08"),
    "metrics": ("sysdig-monitor", "eu-de", "platform-prod", "active", "2022-01-17"),
    "edge": ("internet-svcs", "global", "web-shop", "active", "2020-02-03"),
    "shop": ("codeengine", "eu-de", "web-shop", "active", "2021-11-15"),
    "shop-london": ("codeengine", "eu-gb", "web-shop", "active", "2023-05-08"),
    "orders": ("databases-for-postgresql", "eu-de", "web-shop", "active", "2020-02-11"),
    "orders-replica": ("databases-for-postgresql", "eu-gb", "web-shop", "active", "2023-05-09"),
    "sessions": ("databases-for-redis", "eu-de", "web-shop", "active", "2020-02-11"),
    "customers": ("appid", "eu-de", "web-shop", "active", "2020-03-23"),
    "shop-assets": ("cloud-object-storage", "global", "web-shop", "active", "2020-02-05"),
    "lake": ("cloud-object-storage", "global", "data-lake", "active", "2020-06-03"),
    "events": ("messagehub", "eu-de", "data-lake", "active", "2020-06-22"),
    "warehouse": ("databases-for-postgresql", "eu-de", "data-lake", "active", "2022-04-04"),
    "warehouse-next": (
        *("databases-for-postgresql", "eu-de", "data-lake", "provisioning", "2026-11-16"),
    ),
    "ledger": ("databases-for-postgresql", "eu-de", "finance", "active", "2021-02-16"),
    "invoices": ("cloud-object-storage", "global", "finance", "active", "2021-02-16"),
    "keys": ("kms", "eu-de", "security", "active", "2021-09-07"),
    "keys-tokyo": ("kms", "jp-tok", "security", "active", "2021-09-07"),
    "vault": ("secrets-manager", "eu-de", "security", "active", "2021-09-13"),
    "backups": ("cloud-object-storage", "global", "platform-prod", "active", "2019-05-20"),
    # Waiting for deletion, switched off, or gone: listings show these only when asked for a state.
    "old-queue": ("messagehub", "eu-gb", "data-lake", "pending_reclamation", "2020-09-01"),
    "test-vault": ("secrets-manager", "eu-gb", "security", "pending_reclamation", "2023-07-19"),
    "trial-logs": ("logs", "us-south", "platform-dev", "inactive", "2024-09-16"),
    "beta-shop": ("codeengine", "us-south", "web-shop", "removed", "2022-08-08"),
    "load-test": ("databases-for-redis", "eu-de", "platform-dev", "failed", "2025-03-27"),
    # Bought with a company; nobody has written a policy for them yet.
    "skyline-site": ("codeengine", "us-south", "skyline-acquisition", "active", "2026-06-16"),
    "skyline-bookings": (
        *("databases-for-redis", "us-south", "skyline-acquisition", "active", "2026-06-16"),
    ),
    "skyline-tracking": ("messagehub", "us-south", "skyline-acquisition", "active", "2026-06-18"),
    "skyline-photos": (
        *("cloud-object-storage", "global", "skyline-acquisition", "active", "2026-06-18"),
    ),
    # From before the resource groups were tidied up, in a group that the auditor cannot see.
    "mainframe-bridge": ("messagehub", "us-south", "legacy-migration", "active", "2019-05-15"),
    "mainframe-archive": (
        *("cloud-object-storage", "global", "legacy-migration", "active", "2019-05-15"),
    ),
}


@dataclass(frozen=True)
class Company:
    """The account and what the stories refer to by name: people by login, the rest by name."""

    account: Account
    people: dict
    resource_groups: dict
    instances: dict

    @property
    def old_resource_groups(self):
        """The groups for which policies were once written: all but the newest and the hidden."""
        left_out = ("skyline-acquisition", "legacy-migration")
        return [group for name, group in self.resource_groups.items() if name not in left_out]

    def group(self, name):
        """The access group of that name."""
        return next(group for group in self.account.groups if group["name"] == name)


def used(day, times):
    """The fields of a policy that last permitted something on `day`, having done so `times`."""
    return {"last_permit_at": day, "last_permit_frequency": times}


def gone(name):
    """The GUID of an instance that was deleted long ago."""
    return uuid_of("gone", name)


def found_company():
    """The company before anybody was given access to anything."""
    account = Account("Lumen Harbour Logistics", owner="Ingrid Sørensen", mail_domain=MAIL)
    people = {
        login: account.user(
            name, state=state, email=f"{login}@{MAIL}", **({"added_on": day} if day else {})
        )
        for login, (name, day, state) in _PEOPLE.items()
    }
    # Outside IBM's own directory: a classic-infrastructure user who only dials in, and a partner
    # who logs in through an identity provider of the company's own.
    people["dial-in"] = account.user(
        "Werner Kolb", state="VPN_ONLY", realm="SL", email=f"wkolb@{MAIL}", added_on="2019-04-15"
    )
    people["partner"] = account.user(
        "Aaliyah Brooks", realm="harbour-partners", email="aaliyah@skyline.example.com"
    )
    resource_groups = {"Default": account.default_resource_group()} | {
        name: account.resource_group(name, listed=listed, created_at=day)
        for name, (day, listed) in _RESOURCE_GROUPS.items()
    }
    instances = {
        name: account.instance(name, service, region, resource_groups[group], state, created_at=day)
        for name, (service, region, group, state, day) in _INSTANCES.items()
    }
    # Auditing is what the collector does, so the account is read with the auditor's token.
    account.caller = people["amara.okafor"]
    return Company(account, people, resource_groups, instances)
