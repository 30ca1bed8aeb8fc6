"""The part of an account that answers "may do what, where": policies and custom roles."""

import json

from .catalogue import role_named
from .naming import (
    ABSENT,
    MILLISECONDS,
    api_object,
    creation_day,
    given,
    identifier,
    make_crn,
    uuid_of,
)
from .policy_shapes import named_role, v1_shape, v2_shape


class PolicyObjects:
    """Methods of Account that make policies, authorizations and custom roles."""

    def policy(
        self,
        subject,
        roles,
        *,
        service=None,
        instance=None,
        resource_group=None,
        region=None,
        service_type=None,
        service_group=None,
        attributes=(),
        tags=(),
        rule=None,
        pattern=None,
        state="active",
        version="v2",
        last_permit_at=ABSENT,
        last_permit_frequency=ABSENT,
        description="",
        **fields,
    ):
        """An access policy (`GET /v2/policies`): `subject` has `roles` on what the rest narrows.

        - `subject`: an identity or access group, or the IAM ID or id of one.
        - `roles`: names ("Viewer", "Reader", "Object Writer", a custom role's name) or role ids.
        - `service` … `service_group`: each one resource attribute. An instance made by this
          account brings the name of its service along; a literal GUID comes alone.
        - `attributes` and `tags`: further (key, operator, value); an attribute `accountId` takes
          the place of this account's, and as ABSENT leaves it out.
        - `version`: which API it was made with; v1 knows no `rule`.
        - `last_permit_at`, `last_permit_frequency`: when it last permitted something and how often;
          left out, or None (sent as null), it never did.
        """
        if service is None and isinstance(instance, dict):
            service = instance["crn"].split(":")[4]
        scopes = (
            ("serviceType", service_type),
            ("service_group_id", service_group),
            ("serviceName", service),
            ("serviceInstance", instance),
            ("region", region),
            ("resourceGroupId", resource_group),
        )
        named = [(key, "stringEquals", identifier(v)) for key, v in scopes if v is not None]
        optional = {
            "description": description or ABSENT,
            "last_permit_at": last_permit_at,
            "last_permit_frequency": last_permit_frequency,
        }
        return self._policy(
            "access",
            [_subject_attribute(subject)],
            self._in_account([*named, *attributes]),
            tags,
            [self._role_id(role, service) for role in roles],
            rule=rule,
            pattern=pattern,
            version=version,
            fields={"state": state, **optional, **fields},
        )

    def authorization(self, roles, source, target, *, version="v2", **fields):
        """An authorization policy: one service may use another.

        `source` and `target` map attribute keys to values; `True` stands for any value. Both
        are in this account unless they name another `accountId`.
        """
        return self._policy(
            "authorization",
            self._in_account(_attributes_of(source)),
            self._in_account(_attributes_of(target)),
            (),
            [self._role_id(role, target.get("serviceName")) for role in roles],
            version=version,
            fields=fields,
        )

    def custom_role(self, name, display_name, service, actions, **fields):
        """A role of the account's own for one service (`GET /v2/roles`)."""
        seed = self._seed("custom role", name)
        created = creation_day(fields)
        owner = self.owner["iam_id"]
        defaults = {
            "id": uuid_of(*seed),
            "name": name,
            "display_name": display_name,
            "actions": list(actions),
            "crn": make_crn(
                "iam-access-management", self.account_id, kind="customRole", resource=name
            ),
            "account_id": self.account_id,
            "service_name": service,
            "created_at": created,
            "created_by_id": owner,
            "last_modified_at": created,
            "last_modified_by_id": owner,
        }
        role = api_object(defaults, fields, MILLISECONDS, *seed)
        self.custom_roles.append(role)
        return role

    def _policy(
        self, kind, subject, resource, tags, roles, *, version, fields, rule=None, pattern=None
    ):
        if version == "v1":
            if rule is not None or pattern is not None:
                raise ValueError("A policy made with v1 has no conditions.")
            named = [named_role(role_id, self.custom_roles) for role_id in roles]
            shape = v1_shape(subject, resource, tags, named)
        else:
            shape = v2_shape(subject, resource, tags, roles, pattern=pattern, rule=rule)
        seed = self._seed("policy", kind, json.dumps(shape, sort_keys=True))
        created = creation_day(fields)
        author = given(fields, "created_by_id", self.owner["iam_id"])
        defaults = {
            "id": uuid_of(*seed),
            "type": kind,
            **shape,
            "state": "active",
            "created_at": created,
            "created_by_id": author,
            "last_modified_at": created,
            "last_modified_by_id": author,
        }
        policy = api_object(defaults, fields, MILLISECONDS, *seed)
        self.policies.append(policy)
        return policy

    def _in_account(self, attributes):
        """`attributes` with this account in front, unless they say which account themselves."""
        if any(key == "accountId" for key, *_ in attributes):
            return [triple for triple in attributes if triple[2] is not ABSENT]
        return [("accountId", "stringEquals", self.account_id), *attributes]

    def _role_id(self, role, service):
        if role.startswith("crn:"):
            return role
        for custom in self.custom_roles:
            if role in (custom["name"], custom["display_name"]):
                return custom["crn"]
        known = role_named(role, service)
        if known is None:
            raise ValueError(f"There is no role {role!r}; give its full role id instead.")
        return known.crn


def _subject_attribute(subject):
    value = identifier(subject)
    key = "access_group_id" if value.startswith("AccessGroupId-") else "iam_id"
    return key, "stringEquals", value


def _attributes_of(mapping):
    return [
        (key, "stringExists", True) if value is True else (key, "stringEquals", identifier(value))
        for key, value in mapping.items()
    ]
