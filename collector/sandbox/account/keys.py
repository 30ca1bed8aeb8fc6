"""The part of an account that opens doors: API keys of identities, credentials of services."""

from .naming import (
    ABSENT,
    MINUTES,
    NANOSECONDS,
    api_object,
    creation_day,
    given,
    hex_of,
    identifier,
    make_crn,
    uuid_of,
)

#: What every secret in a fictional account contains, so that a leak of one is found.
SECRET_MARK = "sandbox-secret"

#: Credentials that the caller may not see, in the two forms that occur.
REDACTED = {"REDACTED": "REDACTED"}
REDACTED_EXPLICIT = {"REDACTED": "REDACTED_EXPLICIT"}


class KeyObjects:
    """Methods of Account that make API keys and service credentials."""

    def add_api_key(self, owner, name, secret=None, **fields):
        """An API key of a user or service ID (`GET /v1/apikeys`).

        `secret` is what the listing gives away of a key that is stored as retrievable: a text,
        or True for one made up. Without it the field is there and empty.
        """
        iam_id = identifier(owner)
        seed = self._seed("api key", iam_id, name)
        key_id = given(fields, "id", f"ApiKey-{uuid_of(*seed)}")
        created = creation_day(fields)
        defaults = {
            "id": key_id,
            "entity_tag": f"1-{hex_of('tag', *seed)}",
            "crn": make_crn("iam-identity", self.account_id, kind="apikey", resource=key_id),
            "locked": False,
            "disabled": False,
            "created_at": created,
            "created_by": self.owner["iam_id"] if iam_id.startswith("iam-") else iam_id,
            "modified_at": created,
            "name": name,
            "support_sessions": False,
            "action_when_leaked": "disable",
            "iam_id": iam_id,
            "account_id": self.account_id,
            "apikey": _secret(secret, seed),
        }
        key = api_object(defaults, fields, MINUTES, *seed)
        self.api_keys.append(key)
        return key

    def resource_key(
        self,
        instance,
        name,
        role="Writer",
        service_id=None,
        secret=True,
        credentials=None,
        **fields,
    ):
        """A service credential of an instance (`GET /v2/resource_keys`).

        `secret` is a text, or True for one made up; `credentials` takes the place of the whole
        member, as REDACTED does. `role` is a name or a role id; None, as for services that know
        no roles, leaves it out.
        """
        service = instance["crn"].split(":")[4]
        seed = self._seed("resource key", instance["guid"], name)
        guid = given(fields, "guid", uuid_of(*seed))
        group_id = instance.get("resource_group_id")
        created = creation_day(fields)
        crn = make_crn(
            service,
            self.account_id,
            region=instance["region_id"],
            instance=instance["guid"],
            kind="resource-key",
            resource=guid,
        )
        role_crn = ABSENT if role is None else self._role_id(role, service)
        if credentials is None:
            credentials = self._credentials(name, role_crn, service_id, _secret(secret, seed), seed)
        defaults = {
            "id": crn,
            "guid": guid,
            "url": f"/v2/resource_keys/{guid}",
            "created_at": created,
            "updated_at": created,
            "deleted_at": None,
            "created_by": self.owner["iam_id"],
            "updated_by": "",
            "deleted_by": "",
            "source_crn": instance["crn"],
            "name": name,
            "role": role_crn,
            "crn": crn,
            "state": "active",
            "account_id": self.account_id,
            "resource_group_id": group_id,
            "resource_id": instance.get("resource_id"),
            "onetime_credentials": False,
            "credentials": credentials,
            "iam_compatible": True,
            "migrated": False,
            "resource_instance_url": f"/v2/resource_instances/{instance['guid']}",
            "resource_alias_url": None,
        }
        key = api_object(defaults, fields, NANOSECONDS, *seed)
        self.resource_keys.append(key)
        return key

    def _credentials(self, name, role_crn, service_id, secret, seed):
        """What most services put into a credential; some add connection strings of their own."""
        credentials = {
            "apikey": secret,
            "iam_apikey_description": f"Auto-generated for key {uuid_of(*seed)}",
            "iam_apikey_id": f"ApiKey-{uuid_of('api key', *seed)}",
            "iam_apikey_name": name,
            "iam_role_crn": role_crn,
            "connection": {"composed": [f"https://user:{secret}@service.example.com:31443/db"]},
        }
        if service_id is not None:
            robot = identifier(service_id).removeprefix("iam-")
            credentials["iam_serviceid_crn"] = make_crn(
                "iam-identity", self.account_id, kind="serviceid", resource=robot
            )
        return {key: value for key, value in credentials.items() if value is not ABSENT}


def _secret(wanted, seed):
    if wanted is True:
        return f"{SECRET_MARK}-{hex_of('secret', *seed)}"
    return wanted or ""
