"""The part of an account that answers "who": users, service IDs, profiles, access groups."""

import json

from .naming import (
    ABSENT,
    DEFAULT_DAY,
    MILLISECONDS,
    MINUTES,
    api_object,
    creation_day,
    given,
    hex_of,
    identifier,
    make_crn,
    number_of,
    slug,
    user_iam_id,
    uuid_of,
)

PUBLIC_ACCESS_ID = "AccessGroupId-PublicAccess"


class IdentityObjects:
    """Methods of Account that make identities and groups, each named for what it makes."""

    def user(self, name, state="ACTIVE", email=None, realm="IBMid", **fields):
        """A member of the account, as `GET /v2/accounts/{id}/users` lists it.

        Somebody who is only invited (PENDING) has no name and no `added_on` yet.
        """
        first, _, last = name.partition(" ")
        login = f"{slug(name, '.')}@{self.mail_domain}" if email in (None, ABSENT) else email
        invited = state == "PENDING"
        seed = self._seed("user", login)
        defaults = {
            "id": hex_of(*seed),
            "iam_id": user_iam_id(realm, login),
            "realm": realm,
            "user_id": login,
            "firstname": "" if invited else first,
            "lastname": "" if invited else last,
            "state": state,
            "email": ABSENT if email is ABSENT else login,
            "phonenumber": "",
            "altphonenumber": "",
            "photo": "",
            "account_id": self.account_id,
            "added_on": ABSENT if invited else DEFAULT_DAY,
        }
        person = _keep(self.users, api_object(defaults, fields, MILLISECONDS, *seed))
        return self._known(person)

    def service_id_group(self, name, **fields):
        """A group of service IDs beside the default one (`GET /v1/serviceid_groups`)."""
        return _keep(self.service_id_groups, self._iam_object("serviceidgroup", name, fields))

    def service_id(self, name, group=None, **fields):
        """A service ID (`GET /v1/serviceids`), in the service ID group of that name.

        Without `group` it is in the default group, whose members alone are listed when a
        listing does not ask for a group.
        """
        robot = self._iam_object("serviceid", name, {"locked": False, **fields})
        if group:
            robot["group_id"] = self._service_id_group_named(group)["id"]
        return self._known(_keep(self.service_ids, robot))

    def profile(self, name, **fields):
        """A trusted profile (`GET /v1/profiles`)."""
        return self._known(_keep(self.profiles, self._iam_object("profile", name, fields)))

    def link(
        self,
        profile,
        cr_type="IKS_SA",
        crn=None,
        namespace=None,
        name=None,
        *,
        component_type=None,
        component_name=None,
        label=None,
        **fields,
    ):
        """A compute resource that may become `profile` (`GET /v1/profiles/{id}/links`).

        `crn` is an instance or a literal; `name` is the service account inside a cluster,
        `label` the name of the link itself.
        """
        target = {
            "crn": crn["crn"] if isinstance(crn, dict) else crn,
            "namespace": namespace,
            "name": name,
            "component_type": component_type,
            "component_name": component_name,
        }
        target = {key: value for key, value in target.items() if value not in (None, ABSENT)}
        seed = self._seed("link", profile_id(profile), json.dumps(target))
        defaults = _trust_defaults("Link", seed, fields) | {
            "name": ABSENT if label is None else label,
            "cr_type": cr_type,
            "link": target,
        }
        made = api_object(defaults, fields, MINUTES, *seed)
        return _keep(self.links.setdefault(profile_id(profile), []), made)

    def claim_rule(self, profile, conditions=(), *, realm=None, cr_type=None, name="", **fields):
        """A rule by which people of a `realm`, or a class of compute (`cr_type`), become `profile`.

        `conditions` are (claim, operator, value); the API sends each value as JSON in a string.
        """
        seed = self._seed("claim rule", profile_id(profile), name)
        defaults = _trust_defaults("ClaimRule", seed, fields) | {
            "name": name,
            "type": "Profile-SAML" if realm else "Profile-CR",
            "realm_name": realm or ABSENT,
            "cr_type": cr_type or ABSENT,
            "expiration": 43200,
            "conditions": _conditions(conditions),
        }
        made = api_object(defaults, fields, MINUTES, *seed)
        return _keep(self.claim_rules.setdefault(profile_id(profile), []), made)

    def profile_identity(self, profile, who, *, accounts=None, **fields):
        """A user, service ID or resource that may assume `profile` (`…/identities`)."""
        iam_id = identifier(who)
        if iam_id.startswith("crn:"):
            iam_id = f"crn-{iam_id}"
        kind = {"service": "serviceid", "user": "user"}.get(member_type(iam_id), "crn")
        if iam_id.startswith("crn-"):
            kind = "crn"
        identity = {
            "iam_id": iam_id,
            "identifier": iam_id if kind == "user" else iam_id.partition("-")[2],
            "type": kind,
            "accounts": (accounts or [self.account_id]) if kind == "user" else ABSENT,
        }
        made = api_object(identity, fields, MINUTES)
        return _keep(self.profile_identities.setdefault(profile_id(profile), []), made)

    def group(self, name, members=(), dynamic_members=(), **fields):
        """An access group (`GET /v2/groups`) with members put in by hand and by a rule."""
        group_id = given(fields, "id", f"AccessGroupId-{uuid_of(*self._seed('group', name))}")
        created = creation_day(fields)
        defaults = {
            "id": group_id,
            "name": name,
            "account_id": self.account_id,
            "created_at": created,
            "created_by_id": self.owner["iam_id"],
            "last_modified_at": created,
            "last_modified_by_id": given(fields, "created_by_id", self.owner["iam_id"]),
        }
        group = _keep(self.groups, api_object(defaults, fields, MILLISECONDS, group_id))
        self.members[group_id] = []
        for who in members:
            self.add_member(group_id, who)
        for who in dynamic_members:
            self.add_member(group_id, who, "dynamic")
        return group

    def add_member(self, group, who, membership_type="static", **fields):
        """One membership (`GET /v2/groups/{id}/members`), static or dynamic."""
        iam_id, group_id = identifier(who), identifier(group)
        by_hand = membership_type == "static"
        defaults = {
            "iam_id": iam_id,
            "type": member_type(iam_id),
            "membership_type": membership_type,
            # Nobody put a dynamic member in, so nobody and no time is named.
            "created_at": DEFAULT_DAY if by_hand else ABSENT,
            "created_by_id": self.owner["iam_id"] if by_hand else ABSENT,
        }
        member = api_object(defaults, fields, MILLISECONDS, group_id, iam_id)
        return _keep(self.members.setdefault(group_id, []), member)

    def group_rule(self, group, name, realm, conditions, expiration=12, **fields):
        """A dynamic rule of an access group (`GET /v2/groups/{id}/rules`); it expires in hours."""
        group_id = identifier(group)
        seed = self._seed("group rule", group_id, name)
        created = creation_day(fields)
        defaults = {
            "id": f"ClaimRule-{uuid_of(*seed)}",
            "name": name,
            "expiration": expiration,
            "realm_name": realm,
            "access_group_id": group_id,
            "account_id": self.account_id,
            "conditions": _conditions(conditions),
            "created_at": created,
            "created_by_id": self.owner["iam_id"],
            "last_modified_at": created,
            "last_modified_by_id": self.owner["iam_id"],
        }
        made = api_object(defaults, fields, MILLISECONDS, *seed)
        return _keep(self.group_rules.setdefault(group_id, []), made)

    def public_group(self):
        """The group Public Access, which has the same id in every account."""
        for group in self.groups:
            if group.get("id") == PUBLIC_ACCESS_ID:
                return group
        return self.group(
            "Public Access",
            id=PUBLIC_ACCESS_ID,
            description="All users and service IDs of the account, and whoever is not logged in",
            created_at="2019-04-02",
        )

    def _known(self, identity):
        if "iam_id" in identity:
            self.identities[identity["iam_id"]] = identity
        return identity

    def _service_id_group_named(self, name):
        known = (group for group in self.service_id_groups if group["name"] == name)
        return next(known, None) or self.service_id_group(name)

    def _iam_object(self, kind, name, fields):
        """What service IDs, their groups and profiles have in common (IAM Identity)."""
        prefix, has_iam_id = _IAM_KINDS[kind]
        seed = self._seed(kind, name)
        object_id = given(fields, "id", prefix + uuid_of(*seed))
        created = creation_day(fields)
        defaults = {
            "id": object_id,
            "iam_id": f"iam-{object_id}" if has_iam_id else ABSENT,
            "entity_tag": _entity_tag(seed),
            "crn": make_crn("iam-identity", self.account_id, kind=kind, resource=object_id),
            "created_at": created,
            "modified_at": created,
            "created_by": ABSENT if has_iam_id else self.owner["iam_id"],
            "account_id": self.account_id,
            "name": name,
        }
        return api_object(defaults, fields, MINUTES, *seed)


# kind in the CRN: (prefix of the id, whether it is an identity)
_IAM_KINDS = {
    "serviceid": ("ServiceId-", True),
    "profile": ("Profile-", True),
    "serviceidgroup": ("ServiceIdGroup-", False),
}


def profile_id(profile):
    """The id of a profile object, or of a profile given by its id or IAM ID."""
    return profile["id"] if isinstance(profile, dict) else profile.removeprefix("iam-")


def member_type(iam_id):
    """What access groups call the kind of an identity: `user`, `service` or `profile`."""
    if iam_id.startswith("iam-ServiceId-"):
        return "service"
    return "profile" if iam_id.startswith("iam-Profile-") else "user"


def _keep(where, made):
    where.append(made)
    return made


def _entity_tag(seed):
    return f"{1 + number_of('tag', *seed, below=9)}-{hex_of('tag', *seed)}"


def _trust_defaults(prefix, seed, fields):
    created = creation_day(fields)
    return {
        "id": f"{prefix}-{uuid_of(*seed)}",
        "entity_tag": _entity_tag(seed),
        "created_at": created,
        "modified_at": created,
    }


def _conditions(triples):
    return [
        {"claim": claim, "operator": operator, "value": json.dumps(value, ensure_ascii=False)}
        for claim, operator, value in triples
    ]
