"""What the policies of a generated account reach and grant, and how often each kind occurs.

A scope is a function of a source of chance and some instance, and returns keywords of
`Account.policy`.
"""

from ..account.catalogue import ACCOUNT_MANAGEMENT
from ..account.naming import uuid_of
from ..sample.conditions import WEEKLY, office_hours

_PARTS = {
    "cloud-object-storage": "bucket",
    "container-registry": "namespace",
    "containers-kubernetes": "namespace",
    "kms": "key",
    "messagehub": "topic",
}
TAGS = ("env:prod", "env:test", "env:dev", "team:blue", "team:green", "data:personal")
_NO_SERVICE_ROLES = (*ACCOUNT_MANAGEMENT, "databases-for-postgresql", "databases-for-redis")
_ROLES = (
    *(("Viewer", "Reader"), ("Viewer", "Reader"), ("Viewer", "Writer"), ("Operator", "Reader")),
    *(("Editor", "Writer"), ("Editor", "Reader"), ("Administrator", "Manager")),
)


def service_of(instance):
    """The service that an instance is one of."""
    return instance["crn"].split(":")[4]


def one_instance(chance, instance):
    """All of one service instance."""
    return {"instance": instance}


def part_of_an_instance(chance, instance):
    """One bucket, key or the like of an instance."""
    kind = _PARTS.get(service_of(instance), "resource")
    name = f"{kind}-{chance.randint(1, 99)}"
    parts = [("resourceType", "stringEquals", kind), ("resource", "stringEquals", name)]
    return {"instance": instance, "attributes": parts}


def instance_that_is_gone(chance, instance):
    """An instance that does not exist any more."""
    return {"service": service_of(instance), "instance": uuid_of("gone", chance.random())}


def service_in_a_group(chance, instance):
    """A service in one resource group."""
    return {"service": service_of(instance), "resource_group": instance["resource_group_id"]}


def everything_in_a_group(chance, instance):
    """Every service in one resource group."""
    return {"resource_group": instance["resource_group_id"]}


def the_group_itself(chance, instance):
    """A resource group itself, not what is in it."""
    itself = [("resourceType", "stringEquals", "resource-group")]
    return {"resource_group": instance["resource_group_id"], "attributes": itself}


def service_in_a_region(chance, instance):
    """A service in one region."""
    return {"service": service_of(instance), "region": instance["region_id"]}


def service_everywhere(chance, instance):
    """A service, wherever it is."""
    return {"service": service_of(instance)}


def instances_by_pattern(chance, instance):
    """Instances whose GUID begins in some way."""
    pattern = ("serviceInstance", "stringMatch", instance["guid"][:2] + "*")
    return {"service": service_of(instance), "attributes": [pattern]}


def several_services(chance, instance):
    """A list of services."""
    others = chance.sample(sorted(_PARTS), 2)
    listed = ("serviceName", "stringEqualsAnyOf", sorted({service_of(instance), *others}))
    return {"attributes": [listed]}


def several_regions(chance, instance):
    """A service in a list of regions."""
    listed = ("region", "stringEqualsAnyOf", sorted({instance["region_id"], "eu-de", "us-south"}))
    return {"service": service_of(instance), "attributes": [listed]}


def by_access_tag(chance, instance):
    """Whatever carries an access tag."""
    name, _, value = chance.choice(TAGS).partition(":")
    return {"service_type": "service", "tags": [(name, "stringEquals", value)]}


def one_instance_in_office_hours(chance, instance):
    """One instance under a condition of time."""
    return {"instance": instance, "rule": office_hours(), "pattern": WEEKLY}


def all_services(chance, instance):
    """All services of the account."""
    return {"service_type": "service"}


def account_management(chance, instance):
    """All account management services."""
    return {"service_type": "platform_service"}


def one_account_management_service(chance, instance):
    """One account management service."""
    return {"service": chance.choice(ACCOUNT_MANAGEMENT)}


# Of a hundred policies, how many there are of each scope: most are narrow.
_SCOPES = {
    one_instance: 20,
    part_of_an_instance: 8,
    instance_that_is_gone: 6,
    service_in_a_group: 19,
    everything_in_a_group: 8,
    the_group_itself: 3,
    service_in_a_region: 3,
    service_everywhere: 2,
    instances_by_pattern: 6,
    several_services: 4,
    several_regions: 4,
    by_access_tag: 7,
    one_instance_in_office_hours: 2,
    all_services: 4,
    account_management: 1,
    one_account_management_service: 3,
}


def some_scope(chance):
    """A scope, each as likely as it is frequent."""
    return chance.choices(list(_SCOPES), list(_SCOPES.values()))[0]


def some_roles(chance, where):
    """Roles that fit the keywords `where`: a platform role, often with a service role."""
    pair = chance.choice(_ROLES)
    service = where.get("service") or ("instance" in where and service_of(where["instance"]))
    if service in _NO_SERVICE_ROLES or where.get("service_type") == "platform_service":
        return pair[:1]
    return pair if chance.random() < 0.7 else pair[:1]


def some_use(chance, day):
    """Fields that say when a policy was last used; four in ten never were."""
    if chance.random() < 0.4:
        return {}
    return {"last_permit_at": day, "last_permit_frequency": int(chance.paretovariate(0.8))}
