"""The part of an account that says from where: network zones and context-based restrictions."""

from .naming import (
    ABSENT,
    MILLISECONDS,
    api_object,
    creation_day,
    given,
    hex_of,
    identifier,
    make_crn,
)


class RestrictionObjects:
    """Methods of Account that make network zones and rules."""

    def zone(self, name, *addresses, excluded=(), **fields):
        """A network zone (`GET /v1/zones` of CBR).

        An address is a text (`192.0.2.7`, `192.0.2.0/24`, `192.0.2.1-192.0.2.9`, the CRN of a
        VPC), or a dict: an address as the API sends it, or the members of a reference to a
        service, such as `{"service_name": "codeengine"}`.
        """
        places = [self._address(address) for address in addresses]
        left_out = [self._address(address) for address in excluded]
        own = {
            "name": name,
            "description": "",
            "addresses": places,
            "excluded": left_out,
            "address_count": len(places),
            "excluded_count": len(left_out),
        }
        made = self._restriction("zone", name, own, fields)
        self.zones.append(made)
        return made

    def cbr_rule(
        self,
        description,
        service=None,
        zones=(),
        *,
        endpoint=None,
        contexts=None,
        instance=None,
        resource_group=None,
        region=None,
        attributes=(),
        tags=(),
        mode="enabled",
        operations=(),
        **fields,
    ):
        """A rule (`GET /v1/rules` of CBR): what the middle names is reached from `zones` alone.

        - `contexts`: in the place of `zones` and `endpoint`, if there are several: each a dict of
          attributes, in which a list of zones is one value. An empty list lets nobody in.
        - `attributes`: further (name, operator, value) of the resource; `tags`: (name, value).
        - `operations`: ids of API types.
        """
        if service is None and isinstance(instance, dict):
            service = instance["crn"].split(":")[4]
        if contexts is None:
            context = {"networkZoneId": zones, "endpointType": endpoint}
            context = {key: value for key, value in context.items() if value}
            contexts = [context] if context else []
        scopes = (
            ("accountId", self.account_id),
            ("serviceName", service),
            ("serviceInstance", instance),
            ("resourceGroupId", resource_group),
            ("region", region),
        )
        resource = [{"name": n, "value": identifier(v)} for n, v in scopes if v is not None]
        resource += [{"name": n, "value": v, "operator": o} for n, o, v in attributes]
        own = {
            "description": description,
            "contexts": [{"attributes": _context(context)} for context in contexts],
            "resources": [
                {"attributes": resource}
                | ({"tags": [{"name": n, "value": v} for n, v in tags]} if tags else {})
            ],
            "operations": {"api_types": [{"api_type_id": name} for name in operations]}
            if operations
            else ABSENT,
            "enforcement_mode": mode,
        }
        made = self._restriction("rule", description, own, fields)
        self.cbr_rules.append(made)
        return made

    def _restriction(self, kind, name, own, fields):
        """What zones and rules have in common."""
        seed = self._seed(kind, name)
        made_id = given(fields, "id", hex_of(*seed))
        created = creation_day(fields)
        author = given(fields, "created_by_id", self.owner["iam_id"])
        service = "context-based-restrictions"
        defaults = {
            "id": made_id,
            "crn": make_crn(service, self.account_id, region="global", kind=kind, resource=made_id),
            "account_id": self.account_id if kind == "zone" else ABSENT,
            **own,
            "created_at": created,
            "created_by_id": author,
            "last_modified_at": created,
            "last_modified_by_id": author,
        }
        return api_object(defaults, fields, MILLISECONDS, *seed)

    def _address(self, address):
        if isinstance(address, dict):
            if "type" in address:
                return address
            return {"type": "serviceRef", "ref": {"account_id": self.account_id, **address}}
        if address.startswith("crn:"):
            kind = "vpc"
        elif "/" in address:
            kind = "subnet"
        else:
            kind = "ipRange" if "-" in address else "ipAddress"
        return {"type": kind, "value": address}


def _context(attributes):
    """The attributes of a context; several zones are one text."""
    return [
        {
            "name": name,
            "value": value if isinstance(value, str) else ",".join(map(identifier, value)),
        }
        for name, value in attributes.items()
    ]
