"""Accounts by hand for the facts on escalation: names serve as identifiers."""

from __future__ import annotations

import sqlite3

from iaminsights.facts.derived import FACTS, derive

from ..report_rows import rows

A, B = "a" * 32, "b" * 32
EVERYTHING, SERVICES = {}, {"serviceType": "service"}
MANAGEMENT, IAM = {"serviceType": "platform_service"}, {"service_group_id": "IAM"}
GROUPS, IDENTITY = {"serviceName": "iam-groups"}, {"serviceName": "iam-identity"}
ACCESS, USERS = {"serviceName": "iam-access-management"}, {"serviceName": "user-management"}
PLATFORM = ("Administrator", "Editor", "Operator", "Viewer")
ONE_ID = {**IDENTITY, "resourceType": "serviceid"}
ONE_PROFILE = {**IDENTITY, "resourceType": "profile"}
FULL = ((SERVICES, "Administrator", "Manager"), (MANAGEMENT, "Administrator"))


class World:
    """An empty file, to be filled with accounts; names serve as identifiers.

    Of the facts only those are made that are asked for.
    """

    def __init__(self, path, facts=FACTS) -> None:
        self.path = path
        self.facts = facts
        self.database = sqlite3.connect(path, isolation_level=None)
        self.database.execute("pragma synchronous = off")
        self.policies = 0

    def insert(self, table, **values):
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        self.database.execute(
            f"insert or ignore into {table} ({names}) values ({marks})", (*values.values(),)
        )

    def account(self, account=A, owner="owner"):
        self.insert("accounts", account_id=account, name=account[0].upper(), owner=owner)
        self.user(owner, account)

    def identity(self, kind, *names):
        for name in names:
            self.insert("identities", iam_id=name, kind=kind, name=name.title())

    def user(self, name, account=A):
        self.identity("user", name)
        self.insert("users", id=f"{name}/{account}", iam_id=name, account_id=account)
        return name

    def service_id(self, name, account=A):
        self.identity("service_id", name)
        self.insert(
            "serviceids", id=f"ServiceId-{name}", iam_id=name, account_id=account, name=name
        )
        return name

    def profile(self, name, account=A, **link):
        self.identity("trusted_profile", name)
        self.insert(
            "trustedprofiles", id=f"Profile-{name}", iam_id=name, account_id=account, name=name
        )
        if link:
            self.insert("trustedprofile_links", id=f"link-{name}", tp_id=f"Profile-{name}", **link)
        return name

    def group(self, name, *members, account=A, public=0):
        self.insert(
            "access_groups", id=name, name=name, account_id=account, is_public=public, listed=1
        )
        for member in members:
            self.insert(
                "access_group_members", iam_id=member, group_id=name, membership_type="static"
            )
        return name

    def instance(self, service, name, account=A, group="rg"):
        crn = f"crn:v1:bluemix:public:{service}:eu-de:a/{account}:{name}::"
        self.insert(
            "resource_service_instances",
            **{"id": crn, "guid": name, "account_id": account, "service_name": service},
            **{"name": name, "region_id": "eu-de", "resource_group_id": group},
        )
        return crn

    def grant(self, who, target, *roles, account=A, **columns):
        """A policy of a user, service ID, profile or group; returns its ID."""
        self.policies += 1
        policy = f"policy-{self.policies}"
        is_group = self.database.execute("select 1 from access_groups where id = ?", (who,))
        column = "access_group_id" if is_group.fetchone() else "iam_id"
        values = {"type": "access", "state": "active", column: who, **columns}
        self.insert("policies", id=policy, account_id=account, **values)
        attributes = [("accountId", "stringEquals", account)]
        for name, value in target.items():
            attributes.append((name, *(value if isinstance(value, tuple) else (None, value))))
        for place, (name, operator, value) in enumerate(attributes):
            self.insert(
                "policy_resource_attributes",
                **{"policy_id": policy, "position": place, "name": name},
                **{"operator": operator, "value": value},
            )
        for role in roles:
            kind = "role" if role in PLATFORM else "serviceRole"
            crn = role if "crn:" in role else f"crn:v1:bluemix:public:iam::::{kind}:{role}"
            self.insert("roles", role_id=crn, listed=1)
            self.insert("policy_roles", policy_id=policy, role_id=crn)
        return policy

    def custom_role(self, name, service, *actions, account=A):
        """A custom role of a service with these actions; returns its CRN."""
        crn = f"crn:v1:bluemix:public:iam-access-management::a/{account}::customRole:{name}"
        values = {"display_name": name, "kind": "custom", "service_name": service, "listed": 1}
        self.insert("roles", role_id=crn, account_id=account, **values)
        for action in actions:
            self.insert("role_actions", role_id=crn, service_name=service, action=action)
        return crn

    def administrator(self, who, account=A):
        for target, *roles in FULL:
            self.grant(who, target, *roles, account=account)
        return who

    def query(self, sql):
        self.derive()
        return self.database.execute(sql).fetchall()

    def derive(self):
        """Make the facts as a collect would from what is in the file now."""
        derive(self.database, self.facts)

    def report(self, *columns):
        self.derive()
        return rows(self.path, "escalation_paths", *columns)

    def paths(self):
        """(identity, hops, first rule, confidence, path), by identity."""
        return self.query(
            "select iam_id, hops, first_rule, confidence, path from shortest_escalation_paths "
            "order by account_id, iam_id"
        )

    def found(self):
        """First rule and confidence by identity."""
        return {who: (rule, confidence) for who, _, rule, confidence, _ in self.paths()}
