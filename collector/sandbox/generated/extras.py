"""What a generated account has around its access: keys, trust, settings, tags, restrictions.

It draws on a source of chance of its own, so that none of it changes the rest of the account.
"""

import random

from .policies import TAGS, service_of

TODAY = "2026-11-24"
_REALM = "https://sso.measured.example.com/saml"


def add_extras(account, size, name, seed):
    """Everything of this module, onto an account that has its identities and resources."""
    chance = random.Random(f"extras {name} {seed}")
    account.today = TODAY
    _api_keys(account, size.api_keys, chance)
    _trust(account, chance)
    _settings(account, chance)
    _tags(account, chance)
    _restrictions(account, size.zones, size.cbr_rules, chance)
    _credentials(account, size.resource_keys, chance)


def _day(chance, first=2020, last=2026):
    year, month = chance.randint(first, last), chance.randint(1, 10)
    return f"{year}-{month:02}-{chance.randint(1, 28):02}"


def _api_keys(account, count, chance):
    """Two thirds belong to service IDs; the first of those has as many keys as it can."""
    robots, people = account.service_ids, account.users
    for number in range(count):
        of_robot = number < 20 or chance.random() < 0.66
        owner = robots[0] if number < 20 else chance.choice(robots[1:] if of_robot else people)
        key = account.add_api_key(
            owner,
            f"key-{number:05}",
            secret=of_robot and chance.random() < 0.05,
            created_at=_day(chance),
            disabled=chance.random() < 0.03,
            locked=chance.random() < 0.02,
            action_when_leaked=chance.choice(("disable",) * 8 + ("none", "delete")),
            **({"expires_at": _day(chance, 2026, 2028)} if chance.random() < 0.2 else {}),
        )
        if chance.random() < 0.3:
            account.last_login(key, _day(chance, 2024) if chance.random() < 0.7 else None)


def _trust(account, chance):
    """Claim rules on every fourth profile, identities on every tenth, rules of some groups."""
    for number, profile in enumerate(account.profiles):
        if number % 4 == 0:
            if chance.random() < 0.6:
                conditions = [("groups", "CONTAINS", f"team-{chance.randint(1, 99)}")]
                account.claim_rule(profile, conditions, realm=_REALM, name="people")
            else:
                conditions = [("namespace", "EQUALS", chance.choice(("shop", "batch")))]
                account.claim_rule(profile, conditions, cr_type="IKS_SA", name="clusters")
        if number % 10 == 0:
            account.profile_identity(
                profile, chance.choice((account.users, account.service_ids))[0]
            )
    for group in account.groups[1::5]:  # Public Access cannot have any
        for number in range(chance.randint(1, 3)):
            department = f"department-{chance.randint(1, 40)}"
            conditions = [("department", "EQUALS", department)]
            account.group_rule(group, f"rule {number}", _REALM, conditions)


def _settings(account, chance):
    account.identity_settings(mfa="TOTP", restrict_create_service_id="RESTRICTED")
    for person in account.users:
        if chance.random() < 0.02:
            account.mfa(person, level=chance.choice(("NONE", "LEVEL3")), complies=False)
        if chance.random() < 0.15:
            account.last_login(person, _day(chance, 2023))
    for machine in (*account.service_ids, *account.profiles):
        if chance.random() < 0.3:
            account.last_login(machine, _day(chance, 2023) if chance.random() < 0.5 else None)


def _tags(account, chance):
    """A tenth of the instances is tagged."""
    for number, instance in enumerate(account.instances):
        if number % 10 == 0:
            account.tag(instance, chance.choice(TAGS), kind="access")
            account.tag(instance, f"owner-{chance.randint(1, 200)}")
    for number in range(len(account.instances) // 50):
        group = chance.choice(account.resource_groups)
        server = account.searchable(f"server-{number:04}", region="eu-de-1", resource_group=group)
        if number % 3 == 0:
            account.tag(server, chance.choice(TAGS), kind="access")
    for number in range(len(account.instances) // 200):
        group = account.resource_groups[number % len(account.resource_groups)]
        account.cluster(f"cluster-{number:04}", resource_group=group)


def _restrictions(account, zones, rules, chance):
    for number in range(zones):
        third = number // 250
        addresses = [
            f"198.{18 + third}.{number % 250}.{last}" for last in range(chance.randint(1, 12))
        ]
        account.zone(f"zone-{number:04}", *addresses, created_at=_day(chance))
    services = sorted({service_of(row) for row in account.instances})
    for number in range(rules):
        in_use = chance.sample(account.zones, min(len(account.zones), chance.randint(1, 4)))
        instance = chance.choice(account.instances) if chance.random() < 0.5 else None
        account.cbr_rule(
            f"rule {number}",
            service_of(instance) if instance else chance.choice(services),
            in_use,
            instance=instance,
            mode=chance.choice(("enabled",) * 8 + ("report", "disabled")),
            created_at=_day(chance),
        )


def _credentials(account, count, chance):
    for number in range(count):
        account.resource_key(
            chance.choice(account.instances),
            f"credential-{number:05}",
            role=chance.choice(("Reader", "Writer", "Manager")),
            created_at=_day(chance),
            service_id=chance.choice(account.service_ids),
        )
