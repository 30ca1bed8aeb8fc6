"""The services the sandbox knows: which roles each has, and what each role may do.

Role ids are IBM Cloud's own. The actions are plausible rather than complete: they have the
right form and the right weight (who may read keys, who may grant access), but they are not
IBM's action tables.
"""

from dataclasses import dataclass

from .naming import make_crn


@dataclass(frozen=True)
class Role:
    """A role as `GET /v2/roles` describes it."""

    crn: str
    display_name: str
    description: str
    actions: tuple = ()

    @property
    def name(self):
        """The last segment of the CRN, the name by which people and tools write the role."""
        return self.crn.rpartition(":")[2]


# Name: (display name, description, actions that go with it on every service).
# Roles do not contain one another: Editor, for one, may not read roles.
_PLATFORM = {
    "Viewer": (
        "Viewer",
        "Sees service instances and their settings.",
        "iam.role.read resource-controller.instance.retrieve resource-controller.key.retrieve",
    ),
    "Operator": (
        "Operator",
        "Sees service instances and runs them, dashboards and keys included.",
        "resource-controller.instance.retrieve resource-controller.key.create "
        "resource-controller.key.delete resource-controller.key.retrieve",
    ),
    "Editor": (
        "Editor",
        "Creates, changes and deletes service instances, but grants no access.",
        "global-search-tagging.tag.attach-user-tag resource-controller.instance.create "
        "resource-controller.instance.delete resource-controller.instance.retrieve "
        "resource-controller.instance.update resource-controller.key.create "
        "resource-controller.key.retrieve",
    ),
    "Administrator": (
        "Administrator",
        "Does everything to service instances, and grants access to them.",
        "global-search-tagging.tag.attach-access-tag iam.delegationPolicy.create "
        "iam.policy.create iam.policy.delete iam.policy.read iam.policy.update iam.role.assign "
        "iam.role.read resource-controller.credential.retrieve_all "
        "resource-controller.instance.create resource-controller.instance.delete "
        "resource-controller.instance.retrieve resource-controller.instance.update",
    ),
    "ConfigReader": (
        "Service Configuration Reader",
        "Reads how services are configured, for governance.",
        "iam-identity.account.get iam-identity.apikey.list resource-controller.instance.retrieve",
    ),
}

# The service roles that services share. A service says what each may do there, in the table below.
_SHARED = {
    "Reader": "Reads what is in the service.",
    "Writer": "Reads what is in the service, and creates and changes it.",
    "Manager": "Does everything in the service, privileged actions included.",
}

# Service: (actions of Reader, what Writer has besides, what Manager has besides).
_SHARED_ACTIONS = {
    "appid": ("tenant.get users.list", "users.update config.update", "users.delete keys.manage"),
    "cloud-object-storage": (
        "account.get_account_buckets bucket.get object.get object.head",
        "bucket.delete_bucket bucket.put_bucket object.delete object.put",
        "bucket.put_firewall bucket.put_protection",
    ),
    "codeengine": (
        "applications.read jobs.read projects.read",
        "applications.create applications.update jobs.run secrets.read",
        "domainmappings.create projects.delete projects.update",
    ),
    "container-registry": (
        "image.list image.pull",
        "image.delete image.push image.tag",
        "namespace.create namespace.delete retention.set",
    ),
    "containers-kubernetes": (
        "cluster.read kube.read",
        "cluster.update kube.write",
        "cluster.operate kube.manage",
    ),
    "internet-svcs": ("zones.read", "zones.update", "zones.manage"),
    "is": (
        "instance.instance.read vpc.vpc.read",
        "instance.instance.update",
        "instance.instance.operate",
    ),
    "kms": (
        "registrations.list secrets.list secrets.readmetadata",
        "secrets.create secrets.rotate secrets.unwrap secrets.wrap",
        "policies.write secrets.delete secrets.setkeyfordeletion",
    ),
    "logs": (
        "alert-config.read dashboard.read data-access.read",
        "alert-config.manage dashboard.manage events2metrics.manage",
        "data-ingress.send parsing-rule.manage team.manage",
    ),
    "messagehub": ("cluster.read topic.read", "topic.write txnid.write", "group.read topic.manage"),
    "secrets-manager": (
        "secret-groups.list secrets.list",
        "secret.create secret.read secret.rotate secret.update",
        "secret-engine-config.set secret-group.create secret.delete",
    ),
    "sysdig-monitor": ("launch.user launch.viewer", "launch.editor", "launch.admin team.manage"),
}

# Roles that one service defines itself:
# (service, segment 9 of the CRN, name, display name, description, actions).
_OWN = (
    (
        *("cloud-object-storage", "serviceRole", "ContentReader", "Content Reader"),
        "Lists and reads the objects of a bucket.",
        "bucket.get object.get object.head",
    ),
    (
        *("cloud-object-storage", "serviceRole", "ObjectReader", "Object Reader"),
        "Reads objects whose names are known.",
        "object.get object.head",
    ),
    (
        *("cloud-object-storage", "serviceRole", "ObjectWriter", "Object Writer"),
        "Writes objects to a bucket.",
        "object.post_initiate_upload object.put",
    ),
    (
        *("iam-identity", "serviceRole", "ServiceIdCreator", "Service ID creator"),
        "Creates service IDs where the account restricts that.",
        "serviceid.create",
    ),
    (
        *("iam-identity", "serviceRole", "UserApiKeyCreator", "User API key creator"),
        "Creates API keys where the account restricts that.",
        "user-apikey.create",
    ),
    (
        *("is", "serviceRole", "ConsoleAdministrator", "Console Administrator"),
        "Opens the console of a virtual server.",
        "instance.instance.console",
    ),
    (
        *("kms", "serviceRole", "KeyPurge", "KeyPurge"),
        "Purges deleted keys before their time is over.",
        "secrets.purge",
    ),
    (
        *("kms", "serviceRole", "ReaderPlus", "ReaderPlus"),
        "Reads the material of standard keys as well.",
        "secrets.list secrets.read secrets.readmetadata",
    ),
    (
        *("logs", "serviceRole", "Sender", "Sender"),
        "Sends logs, and cannot query them.",
        "data-ingress.send",
    ),
    (
        *("resource-controller", "role", "KeyManager", "Key Manager"),
        "Reads the keys of every instance with their credentials.",
        "credential.retrieve_all key.create key.retrieve",
    ),
    (
        *("secrets-manager", "serviceRole", "SecretsReader", "SecretsReader"),
        "Lists secrets and reads what is in them.",
        "secret.read secrets.list",
    ),
)

#: Services that manage the account itself.
ACCOUNT_MANAGEMENT = (
    "billing",
    "context-based-restrictions",
    "enterprise",
    "globalcatalog",
    "iam-access-management",
    "iam-groups",
    "iam-identity",
    "user-management",
    "support",
)

#: Services that have platform roles only, or besides those only roles of their own.
_PLATFORM_ROLES_ONLY = ("databases-for-postgresql", "databases-for-redis", "resource-controller")

#: Every service name for which `GET /v2/roles` has an answer.
SERVICES = frozenset((*_SHARED_ACTIONS, *ACCOUNT_MANAGEMENT, *_PLATFORM_ROLES_ONLY))

#: Only in authorizations: the source service may pass its access on.
DELEGATOR = Role(
    make_crn("iam", kind="role", resource="AuthorizationDelegator"),
    "Authorization Delegator",
    "Passes its access on to the services it depends on.",
)


def platform_roles():
    """The platform roles, with the actions that do not depend on a service."""
    return [
        Role(make_crn("iam", kind="role", resource=name), title, text, tuple(actions.split()))
        for name, (title, text, actions) in _PLATFORM.items()
    ]


def shared_service_roles(service=None):
    """Reader, Writer and Manager with what they may do on `service`; none where it lacks them.

    Without `service` the roles come without actions, for those differ from service to service.
    """
    if service is None:
        steps = ("", "", "")
    elif service in _SHARED_ACTIONS:
        steps = _SHARED_ACTIONS[service]
    else:
        return []
    return [
        Role(
            make_crn("iam", kind="serviceRole", resource=name),
            name,
            text,
            _actions(service, " ".join(steps[: level + 1])),
        )
        for level, (name, text) in enumerate(_SHARED.items())
    ]


def own_roles(service=None):
    """The roles that `service` (without it: any service) defines itself."""
    return [
        Role(make_crn(owner, kind=kind, resource=name), title, text, _actions(owner, words))
        for owner, kind, name, title, text, words in _OWN
        if service in (None, owner)
    ]


def role_named(name, service=None):
    """The role called `name` (short or display name), that of `service` first; None if unknown."""
    general = [*platform_roles(), *shared_service_roles(), DELEGATOR]
    for role in (*general, *own_roles(service), *own_roles()):
        if name in (role.name, role.display_name):
            return role
    return None


def role_with_crn(role_crn):
    """The role behind a role id, or None for custom roles and unknown ones."""
    return _BY_CRN.get(role_crn)


def _actions(service, words):
    return tuple(f"{service}.{word}" for word in words.split())


_BY_CRN = {
    role.crn: role for role in (*platform_roles(), *shared_service_roles(), *own_roles(), DELEGATOR)
}
