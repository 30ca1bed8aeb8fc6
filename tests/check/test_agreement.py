"""What a trial of a policy shows as gained is new to a check, and the same paths are found."""

from __future__ import annotations

import json
import random
import sqlite3
from contextlib import closing

from iaminsights.check.reach import Reaches
from iaminsights.check.running import Checks, read_proposals, run
from iaminsights.trial.trial import Trial

from .proposed import acme, attributes_of, ids, role_id

ACME = acme()
ID = ids(ACME)
WHOLE = (
    {},
    {"serviceType": "service"},
    {"serviceType": "platform_service"},
    {"service_group_id": "IAM"},
    {"serviceName": "kms"},
    {"serviceName": ("stringMatch", "*s")},
    {"serviceName": ("stringEqualsAnyOf", ["kms", "iam-groups"])},
    {"serviceName": "iam-identity"},
    {"serviceName": "iam-identity", "resourceType": "serviceid"},
    {"serviceName": "secrets-manager", "serviceInstance": ID["vault"]},
    {"serviceInstance": ID["vault"]},
    {"serviceInstance": ("stringMatch", f"{ID['vault'][:6]}*")},
    {"resourceGroupId": ID["research"]},
    {"serviceName": "kms", "resourceGroupId": ("stringExists", True)},
    {"serviceName": "logs", "region": ("stringMatch", "us-*")},
)
HOLDERS = [ID[name] for name in ("Ada", "Bob", "Root", "robot", "Deployer", "Operators", "Admins")]
ROLES = ("Viewer", "Operator", "Editor", "Administrator", "Reader", "Manager")


def proposals(number):
    """Policies of random holders, roles, and targets."""
    some = random.Random(number)
    for _ in range(number):
        holder = some.choice(HOLDERS)
        key = "access_group_id" if holder.startswith("Access") else "iam_id"
        yield {
            "type": "access",
            "subject": {"attributes": [*attributes_of("key", {key: holder})]},
            "resource": {"attributes": [*attributes_of("key", some.choice(WHOLE))]},
            "control": {
                "grant": {
                    "roles": [
                        {"role_id": role_id(one)} for one in some.sample(ROLES, some.randint(1, 2))
                    ]
                }
            },
        }


def test_what_is_gained_is_new(database, tmp_path, monkeypatch):
    # A trial compares roles by name.
    monkeypatch.setattr(Reaches, "_allowed", lambda self, role: {})
    proposed = [*proposals(24)]
    (tmp_path / "it.json").write_text(json.dumps(proposed))
    found = run(read_proposals([tmp_path / "it.json"]), Checks(no_new_access=True), database)
    new = {one.label for one in found.violations}
    assert 8 < len(new) < 24
    for number, item in enumerate(proposed, 1):
        with Trial(database) as trial:
            trial.add_policy(item)
            gained = trial.access.count("gained", "widened")
        if gained and "resourceType" not in str(item):
            assert f"policy {number}" in new, item


def test_the_same_paths_open(database, tmp_path):
    with closing(sqlite3.connect(database)) as file:
        before = {one for (one,) in file.execute("select id from escalation_distances")}
    counted = {True: 0, False: 0}
    for item in proposals(8):
        (tmp_path / "it.json").write_text(json.dumps(item))
        found = run(read_proposals([tmp_path / "it.json"]), Checks(no_escalation=True), database)
        with Trial(database) as trial:
            trial.add_policy(item)
            after = trial.whole({"escalation_distances"}).execute(
                "select id from escalation_distances where id in "
                "(select iam_id from identities union select id from access_groups)"
            )
            opened = {one for (one,) in after} - before
        assert bool(found.violations) == bool(opened), item
        counted[bool(opened)] += 1
    assert min(counted.values()) > 1
