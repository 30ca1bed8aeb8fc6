"""The escalation paths as data: every file against its schema, and IDs that stay what they are."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from iaminsights.escalation.paths import FOLDER, read_path, read_paths
from iaminsights.facts.derived import FACTS

PATHS = read_paths()
# Others cite these: a number stays that of its path, also if it turns out to lead nowhere. A new
# path gets the next number, at the end.
RECORDED = """
ibm-iam-001 grant-oneself-any-role-as-administrator-of-account-management
ibm-iam-002 add-oneself-to-an-access-group
ibm-iam-003 add-a-dynamic-rule-that-one-meets-to-an-access-group
ibm-iam-004 create-an-api-key-for-a-service-id
ibm-iam-005 read-an-api-key-that-is-stored-as-retrievable
ibm-iam-006 make-oneself-trusted-by-a-trusted-profile
ibm-iam-007 control-an-identity-provider-and-so-the-claims-of-its-users
ibm-iam-008 weaken-the-identity-settings-of-the-account
ibm-iam-009 put-another-ibmid-in-the-place-of-a-user
ibm-iam-010 invite-an-accomplice
ibm-iam-011 grant-oneself-any-role-as-administrator-of-iam-access-management
ibm-iam-012 add-actions-to-a-custom-role-that-one-has
ibm-iam-013 grant-oneself-every-role-on-a-resource-that-one-administers
ibm-iam-014 attach-an-access-tag-to-a-resource
ibm-iam-015 authorize-a-service-to-use-a-resource
ibm-iam-016 create-a-service-credential
ibm-iam-017 read-every-service-credential-of-an-instance
ibm-iam-018 run-a-pod-as-a-service-account-that-a-trusted-profile-trusts
ibm-iam-019 take-the-token-of-a-virtual-server-that-a-trusted-profile-trusts
ibm-iam-020 run-code-in-a-code-engine-project-that-a-trusted-profile-trusts
ibm-iam-021 create-compute-that-a-claim-rule-of-a-trusted-profile-matches
ibm-iam-022 keep-access-with-a-service-id-of-one-s-own
ibm-iam-023 read-iam-credentials-from-secrets-manager
ibm-iam-024 push-access-into-child-accounts-with-enterprise-templates
ibm-iam-025 grant-oneself-administrator-on-access-groups
ibm-iam-026 grant-oneself-operator-on-service-ids
ibm-iam-027 grant-oneself-operator-on-trusted-profiles
ibm-iam-028 grant-oneself-editor-on-users
ibm-iam-029 restore-a-deleted-policy
ibm-iam-030 let-secrets-manager-create-iam-credentials-in-an-access-group
ibm-iam-031 let-secrets-manager-create-an-api-key-for-a-service-id
ibm-iam-032 create-a-service-credential-for-an-existing-service-id
ibm-iam-033 read-a-service-credential-with-the-role-that-it-has
ibm-iam-034 take-the-token-of-a-bare-metal-server-that-a-trusted-profile-trusts
ibm-iam-035 take-the-token-of-a-power-virtual-server-that-a-trusted-profile-trusts
ibm-iam-036 run-a-pod-in-a-cluster-that-a-claim-rule-of-a-trusted-profile-matches
ibm-iam-037 deploy-with-the-trusted-profile-of-a-project
ibm-iam-038 validate-with-the-trusted-profile-of-a-private-catalog
ibm-iam-039 meet-a-claim-rule-of-a-trusted-profile
ibm-iam-040 let-an-identity-provider-of-another-account-log-in
ibm-iam-041 change-users-of-the-app-id-instance-that-the-account-trusts
ibm-iam-042 use-a-service-id-that-one-has-created
ibm-iam-043 use-an-api-key-that-one-has-created-for-somebody-else
ibm-iam-044 attach-an-access-tag-to-a-service-id
ibm-iam-045 run-code-in-a-schematics-workspace-that-holds-credentials
ibm-iam-046 read-credentials-in-a-code-engine-project
ibm-iam-047 open-the-account-to-identities-that-act-from-other-accounts
ibm-iam-048 turn-public-access-on
ibm-iam-049 reactivate-a-suspended-user
ibm-iam-050 widen-a-network-zone-of-context-based-restrictions
ibm-iam-051 turn-off-a-context-based-restriction-of-a-service
ibm-iam-052 use-the-api-key-of-the-iam-credentials-engine
"""
# What IBM's documentation of activity tracking events has, of what paths name.
DOCUMENTED = {
    "codeengine": [
        *("application.create", "application.update", "job.create", "jobrun.create"),
        "secret.read",
    ],
    "context-based-restrictions": ["policy.delete", "policy.update", "zone.update"],
    "iam-access-management": ["policy-assignment.create", "policy-template.create"],
    "iam-am": ["policy.create", "policy.update"],
    "iam-groups": [
        *("account-settings.update", "federated-member.add", "groups-template.assign"),
        *("groups-template.create", "member.add", "rule.create", "rule.update"),
    ],
    "iam-identity": [
        *("account-profile.update", "account-serviceid.create"),
        *("accountsettings.update", "profile-template.assign", "profile-template.create"),
        *("serviceid-apikey.create", "serviceid-apikey.login", "trustedprofile-apikey.login"),
    ],
    "is": ["metadata.computeresource-token.request", "metadata.identity-token.create"],
    "project": ["config.approve", "config.deploy", "config.update"],
    "schematics": ["workspace-resources.create", "workspace.update"],
    "secrets-manager": [
        *("secret-version.read", "secret.create", "secret.read"),
    ],
    "user-management": ["user-realm.update", "user-setting.update", "user.invite"],
    "<service-name>": ["tag.attach"],
}


def slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def test_numbers_stay_what_they_are():
    assert [f"{path.id} {slug(path.title)}" for path in PATHS] == RECORDED.split("\n")[1:-1]
    assert [path.number for path in PATHS] == list(range(1, len(PATHS) + 1))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.id)
def test_a_path_says_what_it_rests_on(path):
    documented = {f"{service}.{event}" for service, known in DOCUMENTED.items() for event in known}
    assert {*path.audit} <= documented
    assert all(
        source.startswith(("IBM Cloud Docs: ", "IBM Cloud API: ")) for source in path.sources
    )
    # What more than one source or step was needed for is said.
    levels = [v for one in path.allowed_by for v in (*one.roles.values(), *one.actions.values())]
    assert {*levels} <= {"high"} or path.inferred


VALID = yaml.safe_load((FOLDER / "ibm-iam-002.yml").read_text(encoding="utf-8"))
UNLESS = {"service": "iam-groups", "actions": {"iam-groups.members.add": "high"}}


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"schema": 2}, "is of schema 2, and this program reads 1"),
        ({"id": "ibm-iam-003"}, "has an ID that is not its name, or not like ibm-iam-001"),
        ({"gives": "luck"}, "gives luck, which is none of"),
        ({"color": "red"}, "has an unknown key: color"),
        ({"summary": None}, "has no text in summary"),
        ({"summary": "No full stop"}, "needs a full stop in summary"),
        ({"title": "A full stop."}, "has a full stop in title"),
        ({"steps": []}, "has nothing in steps"),
        ({"steps": "One"}, "has no list of texts in steps"),
        ({"audit": ["policy create"]}, "has no event's name in audit: policy create"),
        ({"audit": []}, "needs either audit or no_audit_because"),
        ({"no_audit_because": "None."}, "needs either audit or no_audit_because"),
        ({"allowed_by": {}}, "has no list of mappings in allowed_by"),
        ({"allowed_by": []}, "needs confidence where allowed_by is empty, and only there"),
        ({"confidence": "high"}, "needs confidence where allowed_by is empty, and only there"),
        ({"allowed_by": [{"service": "x"}]}, "allows x by nothing"),
        ({"allowed_by": [{"roles": {}}]}, "needs service in allowed_by"),
        ({"allowed_by": [UNLESS, UNLESS]}, "has a service twice in allowed_by"),
        (
            {"allowed_by": [{**UNLESS, "platform_roles": {"editor": "high"}}]},
            "has editor: high in platform_roles",
        ),
        (
            {"allowed_by": [{**UNLESS, "actions": {"members": "high"}}]},
            "has members: high in actions",
        ),
        (
            {"allowed_by": [{**UNLESS, "platform_roles": {"Editor": "sure"}}]},
            "has Editor: sure in platform_roles",
        ),
        ({"means": "a trick"}, "needs either actions or means"),
    ],
)
def test_a_file_that_is_not_as_it_should_be(changed, fault):
    with pytest.raises(ValueError, match=f"ibm-iam-002.yml {re.escape(fault)}"):
        read_path("ibm-iam-002", yaml.safe_dump({**VALID, **changed}))


@pytest.mark.parametrize("key", ["schema", "gives", "allowed_by", "audit", "sources", "step"])
def test_a_file_that_lacks_something(key):
    text = yaml.safe_dump({name: said for name, said in VALID.items() if name != key})
    with pytest.raises(ValueError, match=f"ibm-iam-002.yml lacks {key}."):
        read_path("ibm-iam-002", text)


@pytest.mark.parametrize(("text", "fault"), [("- 1", "is no mapping"), ("a: [", "is not YAML")])
def test_a_file_that_is_something_else(text, fault):
    with pytest.raises(ValueError, match=f"ibm-iam-002.yml {fault}"):
        read_path("ibm-iam-002", text)


def test_the_facts_say_what_the_files_say():
    facts = {fact.name: fact.sql for fact in FACTS}
    with closing(sqlite3.connect(":memory:")) as database:
        rules = database.execute(facts["escalation_rules"]).fetchall()
        actions = database.execute(facts["escalation_actions"]).fetchall()
    # ID, title, service, role, step, confidence, and whether it is decided, or why not.
    rules = [tuple(row[place] for place in (0, 2, 3, 4, 6, 9, 10, 11)) for row in rules]
    told = [
        (
            *(path.id, path.title, service, role, path.step, level),
            *(path.decided, path.undecided_because),
        )
        for path in PATHS
        for service, role, level in [
            (one.service or "", *named) for one in path.allowed_by for named in one.roles.items()
        ]
        or [("", "", path.confidence)]
    ]
    assert len(rules) == len(told) and {*rules} == {*told}
    assert actions == [
        (path.number, one.service or "", *named)
        for path in PATHS
        for one in path.allowed_by
        for named in one.actions.items()
    ]


def test_the_documentation_can_be_cited():
    docs = Path(__file__).parents[2] / "docs"
    page = (docs / "escalation.md").read_text(encoding="utf-8")
    told = json.loads((docs / "escalation.json").read_text(encoding="utf-8"))
    assert told["schema"] == 1
    assert [one["id"] for one in told["paths"]] == [path.id for path in PATHS]
    for path in PATHS:
        assert f'<a id="{path.id}"></a>{path.id}: {path.title}' in page
        assert path.decided or path.undecided_because in page
