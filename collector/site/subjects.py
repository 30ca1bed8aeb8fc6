"""What has a story and a picture of its access: identities, access groups, policies, instances."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Subject:
    """How facts, findings and changes refer to the rows of a table.

    `by` is the column with which they do, `key` the column of the row that has what stands there,
    and `console` the view that knows its page in the IBM Cloud console, also by `by`.
    """

    by: str
    key: str
    console: str

    @property
    def is_identity(self) -> bool:
        """Whether it is somebody: a person, a service ID, a trusted profile."""
        return self.by == "iam_id"


_IDENTITY = Subject("iam_id", "iam_id", "identity_arguments")

SUBJECTS = {
    "identities": _IDENTITY,
    "users": _IDENTITY,
    "serviceids": _IDENTITY,
    "trustedprofiles": _IDENTITY,
    "access_groups": Subject("access_group_id", "id", "access_group_arguments"),
    "policies": Subject("policy_id", "id", "policy_remediations"),
    "resource_service_instances": Subject("instance_id", "id", "instance_arguments"),
}
# A policy is a line in the pictures of others.
PICTURED = SUBJECTS.keys() - {"policies"}
