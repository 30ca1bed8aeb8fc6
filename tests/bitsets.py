"""A second opinion on what policies reach, made another way than the first.

Every instance is one bit of a whole number. Each value that instances have under an attribute has
the bits of those instances; an attribute of a policy gives the bits of the values that fit it, and
what has all of them is what the policy reaches. Account management services are matched one by one.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable
from functools import reduce
from operator import and_, or_

OWN = ("accountId", "serviceName", "serviceInstance", "resourceGroupId", "region")
WILD = re.compile(r"(\{\{[*?]\}\}|[*?])")
MEANT = {"*": ".*", "?": ".", "{{*}}": r"\*", "{{?}}": r"\?"}
ANYTHING = ("x", "service", "platform_service", "resource-group", "-" * 99)


def fitting(operator, value) -> Callable[[str], bool]:
    """Which values fit an attribute of a policy."""
    if operator == "stringExists":
        return lambda actual: value in ("true", "*")
    if value is None or operator == "stringNotEquals":
        return lambda actual: False
    values = json.loads(value) if operator and operator.endswith("AnyOf") else [value]
    if operator in ("stringMatch", "stringMatchAnyOf"):
        patterns = [
            "".join(MEANT.get(part) or re.escape(part) for part in WILD.split(one))
            for one in values
        ]
        return lambda actual: any(re.fullmatch(one, actual, re.DOTALL) for one in patterns)
    return lambda actual: actual in values or "*" in values


def limits(operator, value) -> bool:
    """Whether something that has the attribute may not fit."""
    return not all(map(fitting(operator, value), ANYTHING))


def one_by_one(operator, value) -> list[tuple]:
    """An attribute for each value of one with a list of them."""
    if operator and operator.endswith("AnyOf"):
        return [(operator.removesuffix("AnyOf"), one) for one in json.loads(value)]
    return [(operator, value)]


def can_fit(operator, value) -> bool:
    """Whether there is a value that fits."""
    if operator == "stringExists":
        return value in ("true", "false", "*")
    return value not in (None, "[]") and operator != "stringNotEquals"


def fits_absence(operator, value) -> bool:
    return (operator, value) == ("stringExists", "false")


class Bitsets:
    """The instances of one account."""

    def __init__(self, instances, account) -> None:
        self.ids = [one["id"] for one in instances if one["accountId"] == account]
        self.all = (1 << len(self.ids)) - 1
        self.bits = defaultdict(lambda: defaultdict(int))
        for place, one in enumerate(one for one in instances if one["accountId"] == account):
            for name in OWN:
                self.bits[name][one[name] or None] |= 1 << place
            for tag in one["tags"]:
                name, _, value = tag.partition(":")
                self.bits["tag", name][value] |= 1 << place

    def reached(self, policy) -> set[str]:
        """The IDs of the instances in the target of a policy."""
        found = [self._of(name, *said) for name, *said in policy["attributes"]]
        found += [self._having(("tag", name), *said) for name, *said in policy["tags"]]
        bits = reduce(and_, found, self.all)
        return {one for place, one in enumerate(self.ids) if bits >> place & 1}

    def _of(self, name, operator, value) -> int:
        if name in OWN:
            return self._having(name, operator, value)
        return self.all if self.common(name, operator, value) else 0

    @staticmethod
    def common(name, operator, value) -> bool:
        """Whether an attribute fits by what all instances have in common, or some part of one."""
        if name == "service_group_id":
            return False
        if name == "serviceType":
            return fitting(operator, value)("service")
        if name == "resourceType" and not fits_absence(operator, value):
            # The type resource-group is the group itself, unless any type will do.
            return any(
                can_fit(*one) and (not fitting(*one)("resource-group") or not limits(*one))
                for one in one_by_one(operator, value)
            )
        return can_fit(operator, value)

    def _having(self, name, operator, value) -> int:
        fits = fitting(operator, value)
        fit = (
            bits
            for actual, bits in self.bits[name].items()
            if (fits_absence(operator, value) if actual is None else fits(actual))
        )
        return reduce(or_, fit, 0)


def account_services(policy, account, services) -> set[str]:
    """The account management services that a policy reaches; of `services` each is IAM's or not."""
    if policy["tags"]:
        return set()
    attributes = policy["attributes"]
    own = {name for name, _, _ in attributes} & {"serviceName", "serviceType", "service_group_id"}
    parts = [
        (operator, value)
        for name, operator, value in attributes
        if name in ("serviceInstance", "resourceType", "resource", "path")
    ]
    if not own and any(limits(*one) and not fits_absence(*one) for one in parts):
        return set()
    return {
        service
        for service, is_iam in services.items()
        if all(fits_service(*one, account, service, is_iam) for one in attributes)
    }


def services_about(policy, account, services) -> set[str]:
    """Of services with instances ("" stands for those not told) those that a policy is about."""

    def fits(name, operator, value, service):
        if name == "serviceName":
            if not service:
                return fits_absence(operator, value)
            return fitting(operator, value)(service)
        if name == "accountId":
            return fitting(operator, value)(account)
        # What they all have in common is told of an instance by the same words.
        return bool(Bitsets.common(name, operator, value))

    return {
        service for service in services if all(fits(*one, service) for one in policy["attributes"])
    }


def fits_service(name, operator, value, account, service, is_iam) -> bool:
    actual = {
        "accountId": account,
        "serviceName": service,
        "serviceType": "platform_service",
        "service_group_id": "IAM" if is_iam else None,
        "region": None,
        "resourceGroupId": None,
    }
    if name not in actual:
        return can_fit(operator, value)
    if actual[name] is None:
        return fits_absence(operator, value)
    return fitting(operator, value)(actual[name])
