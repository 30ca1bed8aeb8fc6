"""Accounts of a chosen size, for measuring: up to IBM Cloud's documented limits."""

from __future__ import annotations

import random
from dataclasses import dataclass

from ..account.account import Account
from ..sample.account import sample_account
from .extras import add_extras
from .policies import one_instance, service_of, some_roles, some_scope, some_use


@dataclass(frozen=True)
class Size:
    """How many there are of each thing; `policies` are the active ones of both types."""

    users: int
    service_ids: int  # in the default group
    grouped_service_ids: int  # in each of three further groups
    profiles: int
    groups: int  # Public Access included
    memberships: int
    most_groups_of_a_user: int
    policies: int
    most_policies_of_a_subject: int
    resource_groups: int
    instances: int
    custom_roles: int
    api_keys: int
    zones: int
    cbr_rules: int
    resource_keys: int


#: `limits` is an account with as much access as can be: as many access groups, policies and custom
#: roles as IBM Cloud allows, and nearly everybody in as many groups as one can be in.
SIZES = {
    "medium": Size(
        users=750,
        service_ids=200,
        grouped_service_ids=30,
        profiles=200,
        groups=50,
        memberships=4_000,
        most_groups_of_a_user=20,
        policies=402,
        most_policies_of_a_subject=100,
        resource_groups=100,
        instances=1_000,
        custom_roles=4,
        api_keys=400,
        zones=50,
        cbr_rules=20,
        resource_keys=200,
    ),
    "limits": Size(
        users=2_000,
        service_ids=2_000,
        grouped_service_ids=20,
        profiles=300,
        groups=500,
        memberships=100_000,
        most_groups_of_a_user=50,
        policies=4_020,
        most_policies_of_a_subject=1_000,
        resource_groups=200,
        instances=10_000,
        custom_roles=40,
        api_keys=3_000,
        zones=500,
        cbr_rules=200,
        resource_keys=2_000,
    ),
}

_FIRST_NAMES = (
    *("Aino", "Bruno", "Chiara", "Deniz", "Emeka", "Farah", "Gustav", "Hélène", "Isamu", "Jelena"),
    *("Kofi", "Lucía", "Magnus", "Nadia", "Otto", "Paulo", "Quynh", "Rasa", "Søren", "Tamar"),
    *("Uma", "Vasil", "Wanda", "Xavier", "Yusuf", "Zdeňka", "Андрей", "Оксана", "美咲", "志强"),
)
_LAST_NAMES = (
    *("Albrecht", "Boateng", "Castro", "Dvořák", "Eriksen", "Fontaine", "García", "Hassan"),
    *("Ivanova", "Jansen", "Kowalski", "Lindgren", "Moreau", "Nakamura", "Oliveira", "Petrov"),
    *("Quispe", "Rossi", "Schäfer", "Takahashi", "Uribe", "Varga", "Weber", "Xu", "Yılmaz", "Zhou"),
)
_SERVICES = (
    *("cloud-object-storage", "kms", "secrets-manager", "containers-kubernetes", "codeengine"),
    *("databases-for-postgresql", "databases-for-redis", "messagehub", "logs", "sysdig-monitor"),
    *("container-registry", "appid"),
)
_REGIONS = ("eu-de", "eu-gb", "eu-es", "us-south", "us-east", "jp-tok", "au-syd", "br-sao")
_INSTANCE_STATES = ("active",) * 96 + ("inactive", "pending_reclamation", "removed", "failed")
_USER_STATES = ("ACTIVE",) * 96 + ("PENDING", "PENDING", "SUSPENDED", "VPN_ONLY")


def account_of_size(size: str, seed: int = 0) -> Account:
    """The account that is called `small` (the sample), `medium` or `limits`."""
    return sample_account() if size == "small" else generated_account(size, seed)


def generated_account(size, seed=0):
    """An account of that size; the same for the same seed, on every machine."""
    return _Generator(SIZES[size], size, seed).account


class _Generator:
    """Fills an account step by step; each step draws on what the earlier ones made."""

    def __init__(self, size, name, seed):
        self.size = size
        self.chance = random.Random(f"{name} {seed}")
        self.account = Account(f"Measured {name} {seed}", owner="Marta Measure")
        self._resources()
        self._people()
        self._machines()
        self._groups()
        self._custom_roles()
        self._authorizations(size.policies // 25)
        self._policies(size.policies - len(self.account.policies))
        add_extras(self.account, size, name, seed)

    def _day(self, first=2019, last=2026):
        year, month = self.chance.randint(first, last), self.chance.randint(1, 10)
        return f"{year}-{month:02}-{self.chance.randint(1, 28):02}"

    def _resources(self):
        """One resource group in a hundred is hidden from the token, as in real accounts."""
        self.account.default_resource_group()
        for number in range(1, self.size.resource_groups):
            self.account.resource_group(f"project-{number:04}", listed=number % 100 != 99)
        for number in range(self.size.instances):
            service = self.chance.choice(_SERVICES)
            is_global = service == "cloud-object-storage"
            self.account.instance(
                f"{service}-{number:05}",
                service,
                "global" if is_global else self.chance.choice(_REGIONS),
                self.chance.choice(self.account.resource_groups),
                self.chance.choice(_INSTANCE_STATES),
                created_at=self._day(),
            )

    def _people(self):
        for number in range(1, self.size.users):  # the owner is there already
            first, last = self.chance.choice(_FIRST_NAMES), self.chance.choice(_LAST_NAMES)
            self.account.user(
                f"{first} {last}",
                state=self.chance.choice(_USER_STATES),
                email=f"person{number}@{self.account.mail_domain}",
            )

    def _machines(self):
        for number in range(self.size.service_ids):
            self.account.service_id(f"robot-{number:04}", created_at=self._day())
        for group in ("pipelines", "partners", "migrations"):
            for number in range(self.size.grouped_service_ids):
                self.account.service_id(f"{group}-{number:04}", group=group)
        clusters = self._instances_of("containers-kubernetes")
        for number in range(self.size.profiles):
            profile = self.account.profile(f"workload-{number:04}", created_at=self._day())
            for _ in range(self.chance.choice((0, 1, 1, 1, 2))):
                self.account.link(
                    profile,
                    self.chance.choice(("IKS_SA", "ROKS_SA")),
                    self.chance.choice(clusters),
                    namespace=self.chance.choice(("default", "shop", "batch", "monitoring")),
                    name=self.chance.choice(("default", "worker")),
                )

    def _groups(self):
        """A few users are in as many groups as a user can be, one in twenty is in none.

        A seventh of the memberships is of service IDs.
        """
        account, most = self.account, self.size.most_groups_of_a_user
        for number in range(1, self.size.groups):  # Public Access is there already
            account.group(f"team-{number:03}", created_at=self._day())
        self.teams = account.groups[1:]
        machines = self.chance.sample(account.service_ids, self.size.service_ids // 2)
        of_each = max(1, self.size.memberships // 7 // len(machines))
        for who in machines:
            for team in self.chance.sample(self.teams, of_each):
                account.add_member(team, who)
        left = self.size.memberships - of_each * len(machines)
        mean = left / (0.95 * len(account.users))
        for number, who in enumerate(account.users):
            if mean > most / 2:
                wanted = round(self.chance.uniform(2 * mean - most, most))
            else:
                wanted = 1 + round(self.chance.expovariate(1 / (mean - 1)))
            wanted = most if number < 5 else wanted
            if number >= 5 and self.chance.random() < 0.05:
                continue
            count = min(wanted, most, left)
            left -= count
            for team in self.chance.sample(self.teams, count):
                dynamic = self.chance.random() < 0.1
                account.add_member(team, who, "dynamic" if dynamic else "static")

    def _custom_roles(self):
        for number in range(self.size.custom_roles):
            service = self.chance.choice(_SERVICES)
            self.account.custom_role(
                f"Custom{number}", f"Custom {number}", service, [f"{service}.thing.read"]
            )

    def _authorizations(self, count):
        """Services that use a key service, some of them from any of their instances."""
        keys = self._instances_of("kms")
        for _ in range(count):
            user = self.chance.choice(self.account.instances)
            source = {"serviceName": service_of(user)}
            if self.chance.random() < 0.7:
                source["serviceInstance"] = user
            target = {"serviceName": "kms", "serviceInstance": self.chance.choice(keys)}
            self.account.authorization(["Reader"], source, target)

    def _policies(self, count):
        """One service ID has as many policies as a subject can have; the rest is spread."""
        deployer = self.account.service_ids[0]
        for number in range(count):
            # The deployer has a policy for each of its targets, and none that is wider.
            is_deployer = number < self.size.most_policies_of_a_subject
            scope = one_instance if is_deployer else some_scope(self.chance)
            where = scope(self.chance, self.chance.choice(self.account.instances))
            self.account.policy(
                deployer if is_deployer else self._subject(),
                some_roles(self.chance, where),
                created_at=self._day(),
                version="v1" if self._is_plain(where) and self.chance.random() < 0.05 else "v2",
                **where,
                **some_use(self.chance, self._day(2022)),
            )

    @staticmethod
    def _is_plain(where):
        """Whether the older version of policies can say it, too: it has no rules and no lists."""
        lists = any(operator.endswith("AnyOf") for _, operator, _ in where.get("attributes", ()))
        return "rule" not in where and not lists

    def _subject(self):
        """Mostly groups; two in a hundred are somebody who is gone."""
        gone = [f"IBMid-66GONE{number:04}" for number in range(40)]
        users, machines = self.account.users, self.account.service_ids[1:]
        kinds = (self.teams, users, machines, self.account.profiles, gone)
        return self.chance.choice(self.chance.choices(kinds, (62, 22, 9, 5, 2))[0])

    def _instances_of(self, service):
        return [row for row in self.account.instances if service_of(row) == service]
