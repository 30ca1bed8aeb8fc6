"""The enterprise that an account belongs to, if it belongs to one."""

from .naming import MILLISECONDS, api_object, given, hex_of, identifier, make_crn, moment

_SINCE = "2021-01-11"


class EnterpriseObjects:
    """The method of Account that puts it into an enterprise."""

    def enterprise(self, name, groups=(), accounts=(), **fields):
        """The enterprise, its account groups and child accounts (`/enterprises` and so on).

        The account is the enterprise's own, unless `enterprise_account_id` names another one.
        - `groups`: each a name, or a name and the name of the group that it is in.
        - `accounts`: each a name, an Account or this one's own id; or such a one and the name of
          the group that it is in.
        """
        seed = self._seed("enterprise", name)
        enterprise_id = given(fields, "id", hex_of(*seed))
        root = given(fields, "enterprise_account_id", self.account_id)
        crn = make_crn("enterprise", root, kind="enterprise", resource=enterprise_id)
        defaults = {
            "url": f"/v1/enterprises/{enterprise_id}",
            "id": enterprise_id,
            "enterprise_account_id": root,
            "crn": crn,
            "name": name,
            "domain": self.mail_domain,
            "state": "ACTIVE",
            "primary_contact_iam_id": self.owner["iam_id"],
            "primary_contact_email": self.owner.get("email", ""),
            "source_account_id": root,
            **self._changes(_SINCE, *seed),
        }
        made = api_object(defaults, fields, MILLISECONDS, *seed)
        self.enterprises.append(made)
        places = {None: (crn, f"enterprise:{enterprise_id}")}
        for group in groups:
            self._account_group(made, places, *_pair(group))
        self._child_account(made, places, self if root == self.account_id else name, None, root)
        for child in accounts:
            self._child_account(made, places, *_pair(child))
        return made

    def _account_group(self, enterprise, places, name, parent):
        group_id = hex_of(*self._seed("account group", enterprise["id"], name))
        parent_crn, parent_path = places[parent]
        crn = make_crn(
            *("enterprise", enterprise["enterprise_account_id"]),
            kind="account-group",
            resource=group_id,
        )
        places[name] = crn, f"{parent_path}/account-group:{group_id}"
        self.account_groups.append(
            {
                "url": f"/v1/account-groups/{group_id}",
                "id": group_id,
                "crn": crn,
                "name": name,
                "state": "ACTIVE",
                "primary_contact_iam_id": self.owner["iam_id"],
                "primary_contact_email": self.owner.get("email", ""),
                **_place(enterprise, parent_crn, parent_path),
                **self._changes(_SINCE, group_id),
            }
        )

    def _child_account(self, enterprise, places, who, parent, account_id=None):
        if isinstance(who, str):
            name, owner = who, None
            account_id = account_id or hex_of("account", name)
            if account_id == self.account_id or who == self.account_id:
                name, owner, account_id = self.name, self.owner, self.account_id
        else:
            name, owner, account_id = who.name, who.owner, who.account_id
        parent_crn, parent_path = places[parent]
        root = enterprise["enterprise_account_id"]
        self.enterprise_accounts.append(
            {
                "url": f"/v1/accounts/{account_id}",
                "id": account_id,
                "crn": make_crn("enterprise", root, kind="account", resource=account_id),
                "name": name,
                "state": "ACTIVE",
                "owner_iam_id": owner["iam_id"] if owner else f"IBMid-66{account_id[:8].upper()}",
                "owner_email": owner.get("email", "") if owner else f"owner@{self.mail_domain}",
                "paid": True,
                "is_enterprise_account": account_id == root,
                **_place(enterprise, parent_crn, parent_path),
                **self._changes(_SINCE, account_id),
            }
        )

    def _changes(self, day, *seed):
        when, who = moment(day, MILLISECONDS, *seed), identifier(self.owner)
        return {"created_at": when, "created_by": who, "updated_at": when, "updated_by": who}


def _place(enterprise, parent_crn, parent_path):
    return {
        "parent": parent_crn,
        "enterprise_account_id": enterprise["enterprise_account_id"],
        "enterprise_id": enterprise["id"],
        "enterprise_path": parent_path,
    }


def _pair(item):
    """A thing and the group that it is in, None for the enterprise itself."""
    return item if isinstance(item, tuple) else (item, None)
