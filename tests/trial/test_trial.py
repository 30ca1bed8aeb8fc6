"""What a trial says of a small account, row by row, and what it says of what it cannot know."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from iaminsights.errors import ChangeError, NameUnresolved
from iaminsights.sandbox import Account, Sandbox
from iaminsights.trial.access import GAINED, LOST
from iaminsights.trial.trial import Trial

from ..conftest import collect_from
from .random_changes import content

VIEWER = "crn:v1:bluemix:public:iam::::role:Viewer"
READER = "crn:v1:bluemix:public:iam::::serviceRole:Reader"


class Small:
    """Ada and Bob in a team that reads an archive; Ada may read it by herself as well."""

    def __init__(self) -> None:
        self.account = account = Account("Acme")
        self.ada, self.bob = account.user("Ada Lovelace"), account.user("Bob Byte")
        self.team = account.group("Team", members=[self.ada, self.bob])
        self.empty = account.group("Empty")
        self.archive = account.instance("archive", "cloud-object-storage", region="global")
        self.logs = account.instance("logs", "logs")
        self.shared = account.policy(self.team, ["Reader"], instance=self.archive)
        self.own = account.policy(self.ada, ["Reader"], instance=self.archive, attributes=BUCKET)
        self.other = Account("Other")
        self.elsewhere = self.other.policy(
            self.other.user("Olaf Other"), ["Viewer"], service="logs"
        )


BUCKET = [("resourceType", "stringEquals", "bucket"), ("resource", "stringEquals", "reports")]
SMALL = Small()
ACCOUNT = SMALL.account.account_id
ADA, BOB = SMALL.ada["iam_id"], SMALL.bob["iam_id"]
TEAM, EMPTY = SMALL.team["id"], SMALL.empty["id"]
SHARED, OWN = SMALL.shared["id"], SMALL.own["id"]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("trial") / "iaminsights.sqlite3"
    with Sandbox([SMALL.account, SMALL.other]) as sandbox:
        for account in (SMALL.account, SMALL.other):
            collect_from(sandbox, account, path)
    return path


@pytest.fixture
def trial(path):
    with Trial(path, ACCOUNT) as trial:
        yield trial


def rows(trial: Trial, *columns: str) -> list[tuple]:
    columns = columns or ("change", "identity", "role", "target", "scope_before", "scope_after")
    return [tuple(row[name] for name in columns) for row in trial.access.rows(*GAINED, *LOST)]


def policy(subject: str, roles=(VIEWER,), **attributes: str) -> dict:
    """A policy as it is sent to be created."""
    column = "access_group_id" if subject.startswith("AccessGroupId") else "iam_id"
    target = {"accountId": ACCOUNT, **attributes}
    return {
        "type": "access",
        "subject": {"attributes": [_attribute(column, subject)]},
        "resource": {"attributes": [_attribute(*one) for one in target.items()]},
        "control": {"grant": {"roles": [{"role_id": role} for role in roles]}},
    }


def _attribute(key: str, value: str) -> dict:
    return {"key": key, "operator": "stringEquals", "value": value}


def test_a_policy_that_is_removed(trial):
    """Bob loses access; Ada keeps what she has by her own policy, which is less."""
    trial.remove_policy(SHARED)
    assert rows(trial) == [
        ("lost", "Bob Byte", "Reader", "archive", "full", None),
        ("narrowed", "Ada Lovelace", "Reader", "archive", "full", "part"),
    ]
    assert rows(trial, "through", "also_through", "policy_ids") == [
        (f"access group Team, policy {SHARED}", None, SHARED),
        (f"access group Team, policy {SHARED}", f"direct, policy {OWN}", SHARED),
    ]
    assert trial.access.count(*GAINED) == 0
    assert trial.access.identities("lost") == [BOB]


def test_a_policy_beside_one_that_gives_more(trial):
    trial.remove_policy(OWN)
    assert rows(trial) == [("removed path", "Ada Lovelace", "Reader", "archive", "full", "full")]


def test_a_member_that_is_removed(trial):
    trial.remove_member(TEAM, BOB)
    assert rows(trial) == [("lost", "Bob Byte", "Reader", "archive", "full", None)]


def test_a_group_that_is_removed(trial):
    trial.remove_group(TEAM)
    assert [row[:2] for row in rows(trial)] == [("lost", "Bob Byte"), ("narrowed", "Ada Lovelace")]
    whole = trial.whole(["policy_demands"])
    for table, column in (
        ("policies", "access_group_id"),
        ("access_group_members", "group_id"),
        ("access_groups", "id"),
    ):
        found = whole.execute(f"select count(*) from {table} where {column} = ?", (TEAM,))
        assert found.fetchone() == (0,)


def test_a_policy_that_is_added_to_a_group_with_a_new_member(trial):
    group = trial.add_group("Operators")
    trial.add_member(group, BOB)
    assert trial.add_policy(policy(group, serviceName="logs")) == "added-1"
    trial.add_policy(policy(group, serviceName="user-management"))
    assert rows(trial) == [
        ("gained", "Bob Byte", "Viewer", "logs", None, "full"),
        ("gained", "Bob Byte", "Viewer", "User Management", None, "full"),
    ]
    assert rows(trial, "through", "service", "instance_id") == [
        ("access group Operators, policy added-1", "logs", SMALL.logs["crn"]),
        ("access group Operators, policy added-2", "user-management", None),
    ]
    assert trial.notes == []


def test_a_policy_in_place_of_another(trial):
    """The bucket of before is now the whole instance: through the same policy, so no other path."""
    trial.add_policy(
        {"id": OWN} | policy(ADA, [READER, VIEWER], serviceName="cloud-object-storage")
    )
    assert rows(trial) == [
        ("gained", "Ada Lovelace", "Viewer", "archive", None, "full"),
        ("added path", "Ada Lovelace", "Reader", "archive", "full", "full"),
        ("removed path", "Ada Lovelace", "Reader", "archive", "full", "full"),
    ]


def test_a_policy_of_the_v1_api(trial):
    trial.add_policy(
        {
            "type": "access",
            "subjects": [{"attributes": [{"name": "iam_id", "value": BOB}]}],
            "roles": [{"role_id": VIEWER}],
            "resources": [{"attributes": [{"name": "serviceName", "value": "logs"}]}],
        }
    )
    assert rows(trial) == [("gained", "Bob Byte", "Viewer", "logs", None, "full")]


def test_somebody_who_is_suspended_keeps_access_and_the_trial_says_so(trial):
    trial.suspend_user(BOB)
    assert rows(trial) == []
    assert trial.notes == [
        "Bob Byte keeps all policies and memberships while suspended, so no access is lost; only "
        "logging in is not possible."
    ]


@pytest.mark.parametrize(
    ("item", "note"),
    [
        (policy("IBMid-NEW", serviceName="logs"), "nothing is known of IBMid-NEW, its subject."),
        (policy("AccessGroupId-9", serviceName="logs"), "there is no access group AccessGroupId-9"),
        (
            policy(BOB, ["crn:v1:x::::role:New"], serviceName="logs"),
            "the role crn:v1:x::::role:New",
        ),
        (policy(BOB, serviceName="kms"), "grants nothing now: the account has no service instance"),
        (policy(BOB) | {"state": "deleted"}, "is not active but deleted"),
        (policy(BOB) | {"type": "authorization"}, "is an authorization between services"),
        (policy(BOB) | {"subject": {}}, "names neither an identity nor an access group"),
    ],
)
def test_what_is_not_known_or_without_effect_is_said(trial, item, note):
    trial.add_policy(item)
    trial.access.count(*GAINED)
    assert len(trial.notes) == 1
    assert trial.notes[0].startswith("Policy added-1") and note in trial.notes[0]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda t: t.remove_policy("gone"), "There is no policy gone in "),
        (
            lambda t: t.remove_policy(SMALL.elsewhere["id"]),
            f"belongs to the account {SMALL.other.account_id}, not to {ACCOUNT}",
        ),
        (
            lambda t: t.remove_group("AccessGroupId-gone"),
            "There is no access group AccessGroupId-g",
        ),
        (lambda t: t.remove_member(EMPTY, ADA), f"{ADA} is not a member of {EMPTY}."),
        (lambda t: t.add_member("AccessGroupId-gone", ADA), "There is no access group"),
        (lambda t: t.suspend_user("IBMid-GONE"), "No person in "),
        (lambda t: t.add_policy({}), "The policy lacks subject, control, resource. It must be"),
        (lambda t: t.add_policy({"roles": []}), "The policy lacks subjects, resources. It must be"),
        (
            lambda t: t.add_policy({**policy(ADA), "type": "acess"}),
            'The policy needs a "type", which is access or authorization.',
        ),
        (
            lambda t: t.add_policy(policy(ADA) | {"control": {"grant": {"roles": [{}]}}}),
            'The policy cannot be read: an object has no "role_id"',
        ),
    ],
)
def test_a_change_that_cannot_be_made_is_refused(trial, change, sentence):
    with pytest.raises(ChangeError) as raised:
        change(trial)
    assert sentence in str(raised.value)


def test_of_several_accounts_one_must_be_named(path):
    with pytest.raises(ChangeError, match="specify one of them: Acme .*, Other"), Trial(path):
        pass
    with pytest.raises(NameUnresolved, match="There is no account x."), Trial(path, "x"):
        pass
    with Trial(path, "Acme") as trial:
        assert trial.account_id == ACCOUNT


def test_the_owner_and_public_access_are_told_of_since_they_follow_no_policy(trial):
    trial.add_policy(policy("AccessGroupId-PublicAccess", serviceName="logs"))
    assert len(rows(trial)) == 3  # Ada, Bob, and the owner
    assert trial.notes == [
        "Olga Owner owns the account and has all access without a policy: "
        "what the rows say of policies changes nothing for the owner.",
        "Policies of the Public Access group: open to everybody.",
    ]


def test_the_public_access_group_of_the_second_account_of_a_file(path):
    """IBM Cloud calls that of each account the same; the file does not."""
    with Trial(path, "Other") as trial:
        trial.add_policy(policy("AccessGroupId-PublicAccess", serviceName="user-management"))
        assert rows(trial, "identity") == []  # accountId is that of Acme
    with Trial(path, "Other") as trial:
        item = policy("AccessGroupId-PublicAccess", serviceName="user-management")
        del item["resource"]["attributes"][0]
        trial.add_policy(item)
        assert rows(trial, "identity", "target") == [
            ("Olaf Other", "User Management"),
            ("Olga Owner", "User Management"),
        ]


def test_a_trial_is_what_collecting_after_the_change_gives(path, trial, tmp_path):
    """Through IBM Cloud's APIs and the same collector: every table, but when what was collected."""
    small = Small()
    added = small.account.policy(small.team, ["Viewer", "Writer"], instance=small.archive)
    small.account.policies.remove(small.shared)
    small.account.members[TEAM] = [
        one for one in small.account.members[TEAM] if one["iam_id"] != BOB
    ]
    after = tmp_path / "after.sqlite3"
    with Sandbox([small.account, small.other]) as sandbox:
        for account in (small.account, small.other):
            collect_from(sandbox, account, after)
    trial.add_policy(added)
    trial.remove_policy(SHARED)
    trial.remove_member(TEAM, BOB)
    with closing(sqlite3.connect(after)) as database:
        ours, theirs = content(trial.whole()), content(database)
    different = {table for table in ours if ours[table] != theirs[table]}
    assert different == {"collection_steps", "collected_parts"}  # they tell of times and requests
