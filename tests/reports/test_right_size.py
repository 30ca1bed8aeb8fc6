"""Which policies are to be deleted, narrowed, or split: the rows, and beside them those kept."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from iaminsights.cli import main
from iaminsights.sandbox import Account
from iaminsights.trial.trial import Trial

from ..report_rows import EVERY_POLICY_LIST, GONE, days_ago, rows

NAME = "policy_right_size"
PAGE = (Path(__file__).parents[2] / "docs" / "right-size.md").read_text(encoding="utf-8")
LONG_AGO = days_ago(400)
YESTERDAY = days_ago(1)
OVER = {
    "key": "{{environment.attributes.current_date_time}}",
    "operator": "dateTimeLessThanOrEquals",
    "value": "2024-01-31T23:59:59+00:00",
}
WEEKLY = {
    "key": "{{environment.attributes.day_of_week}}",
    "operator": "dayOfWeekEquals",
    "value": 1,
}


class Made:
    """An account in which each policy is named for what becomes of it."""

    def __init__(self) -> None:
        self.account = account = Account("Acme")
        self.keys = account.instance("keys", "kms")
        self.logs = account.instance("logs", "logs")
        self.members = [account.user("Ada Lovelace"), account.user("Bob Byte")]
        self.team = account.group("Team", self.members)
        self.locked = account.service_id("locked", id="ServiceId-locked", locked=True)

    def policy(self, name, roles, subject=None, used=None, created=LONG_AGO, **scope):
        subject = subject or self.account.user(f"Holder of {name}")
        return self.account.policy(
            *(subject, roles), id=name, created_at=created, last_permit_at=used, **scope
        )

    def tell(self) -> None:
        """Add policies to be changed, and near misses of each."""
        account, policy = self.account, self.policy
        ada, team = self.members[0], self.team
        kms, both = {"service": "kms"}, ["Reader", "Writer"]
        policy("unused", both, team, days_ago(91), **kms)
        policy("used-91-days-ago-young", ["Reader"], used=days_ago(91), created=days_ago(80), **kms)
        policy("used-89-days-ago", ["Reader"], used=days_ago(89), **kms)
        policy("used-yesterday", ["Manager"], ada, YESTERDAY, **kms)
        policy("never", ["Viewer"], self.locked, service="logs")
        policy("never-young", ["Viewer"], created=days_ago(60), service="logs")
        policy("expired", ["Viewer"], used="2024-01-01T00:00:00Z", rule=OVER, service="kms")
        policy("expired-but-used", ["Viewer"], used=YESTERDAY, rule=OVER, service="kms")
        policy("of-nobody", ["Viewer"], "IBMid-GONE1", service="kms")
        policy("of-nobody-used", ["Viewer"], "IBMid-GONE2", YESTERDAY, service="kms")
        policy("of-empty", ["Viewer"], account.group("Empty"), created=days_ago(2), service="kms")
        policy("of-empty-used", ["Viewer"], account.group("Emptied"), YESTERDAY, service="kms")
        gone = {"service": "kms", "instance": GONE}
        policy("on-nothing", ["Viewer"], created=days_ago(2), **gone)
        policy("on-nothing-used", ["Viewer"], used=YESTERDAY, **gone)
        listed = [("serviceInstance", "stringEqualsAnyOf", [self.keys["guid"], GONE])]
        policy("on-a-list", ["Reader"], used=YESTERDAY, service="kms", attributes=listed)
        # Twins: the one that was used last stays, even if it is the newer one.
        twin = account.user("Twin")
        policy("twin-used", ["Reader"], twin, YESTERDAY, days_ago(50), **kms)
        policy("twin-used-before", ["Reader"], twin, days_ago(3), days_ago(60), **kms)
        policy("twin-young", ["Reader"], twin, None, days_ago(70), **kms)
        narrow = {"service": "kms", "instance": self.keys}
        half = account.user("Half")
        policy("half-wide", ["Reader"], half, YESTERDAY, **kms)
        policy("half-narrow", both, half, YESTERDAY, **narrow)
        ruled = account.user("Ruled")
        policy("wide-but-ruled", both, ruled, YESTERDAY, rule=WEEKLY, **kms)
        policy("narrow-without-rule", both, ruled, YESTERDAY, **narrow)
        wasteful = account.user("Wasteful")
        policy("wide-but-unused", both, wasteful, None, **kms)
        policy("narrow-and-used", both, wasteful, YESTERDAY, **narrow)
        policy("public", ["Reader"], account.public_group(), None, **kms)
        policy("under-public", ["Reader"], used=YESTERDAY, **narrow)
        policy("all-services", ["Viewer"], team, YESTERDAY, service_type="service")


EXPECTED = [
    ("delete", "empty group", "of-empty", "nothing", 0),
    ("delete", "no subject", "of-nobody", "at most 1 row of access, of 1 identity to 1 target", 1),
    ("delete", "nothing left", "on-nothing", "nothing", 0),
    ("delete", "expired", "expired", "nothing", 0),
    ("delete", "unused", "never", "at most 1 row of access, of 1 identity to 1 target", 1),
    ("delete", "unused", "unused", "at most 4 rows of access, of 2 identities to 1 target", 4),
    (
        "delete",
        "unused",
        "wide-but-unused",
        "at most 2 rows of access, of 1 identity to 1 target",
        2,
    ),
    (
        *("delete", "covered", "twin-used-before"),
        *("nothing: other policies grant the same 1 row of access", 1),
    ),
    (
        *("delete", "covered", "twin-young"),
        *("nothing: other policies grant the same 1 row of access", 1),
    ),
    ("narrow", "names gone", "on-a-list", "nothing", 0),
    (
        *("narrow", "roles covered", "half-narrow"),
        *("nothing: other policies grant the same 1 row of access", 1),
    ),
    (
        *("split", "few services", "all-services"),
        *("nothing that exists today; access to services to come", 0),
    ),
]


@pytest.fixture(scope="module")
def made():
    made = Made()
    made.tell()
    return made


@pytest.fixture(scope="module")
def path(made, tmp_path_factory):
    from iaminsights.sandbox import Sandbox

    from ..conftest import collect_from

    path = tmp_path_factory.mktemp("sizes") / "iaminsights.sqlite3"
    with Sandbox(made.account) as sandbox:
        collect_from(sandbox, made.account, path)
    return path


def test_what_is_to_be_deleted_narrowed_or_split(path):
    columns = ("recommendation", "reason", "policy_id", "lost", "access_rows")
    assert sorted(rows(path, NAME, *columns)) == sorted(EXPECTED)


def test_the_numbers_are_those_of_a_trial(path):
    """Each policy by itself: what goes with it, and that no access is lost where none is said."""
    for kind, reason, policy_id, lost, count in EXPECTED:
        if kind == "delete":
            with Trial(path) as trial:
                trial.remove_policy(policy_id)
                assert trial.access.count("lost", "narrowed", "removed path") == count
                has_loss = trial.access.count("lost", "narrowed") > 0
                assert has_loss <= lost.startswith("at most"), (policy_id, reason)


def row_of(path, policy_id, *columns) -> tuple:
    (found,) = (row[1:] for row in rows(path, NAME, "policy_id", *columns) if row[0] == policy_id)
    return found


def test_how_a_policy_is_narrowed_and_widened_again(path, made):
    columns = ("why", "replacement", "command", "before", "undo", "remark")
    why, replacement, command, before, undo, remark = row_of(path, "half-narrow", *columns)
    assert why == ("Other policies of the same holder grant its roles Reader: Half: Reader on kms.")
    iam_id = next(p for p in made.account.policies if p["id"] == "half-wide")["subject"][
        "attributes"
    ][0]["value"]
    named = {
        "accountId": made.account.account_id,
        "serviceName": "kms",
        "serviceInstance": made.keys["guid"],
    }
    expected = {
        "type": "access",
        "subject": {"attributes": [{"key": "iam_id", "operator": "stringEquals", "value": iam_id}]},
        "resource": {
            "attributes": [
                {"key": key, "operator": "stringEquals", "value": value}
                for key, value in named.items()
            ]
        },
        "control": {
            "grant": {"roles": [{"role_id": "crn:v1:bluemix:public:iam::::serviceRole:Writer"}]}
        },
    }
    assert sorted_attributes(json.loads(replacement)) == sorted_attributes(expected)
    roles = [one["role_id"] for one in json.loads(before)["control"]["grant"]["roles"]]
    assert [one.rpartition(":")[2] for one in roles] == ["Reader", "Writer"]
    (login,) = {one["user_id"] for one in made.account.users if one["iam_id"] == iam_id}
    file = "'half-narrow' --file 'half-narrow.json'"
    assert command == f"ibmcloud iam user-policy-update '{login}' {file}"
    assert undo == "Save before as POLICY_ID.json and use the same command again."
    assert remark is None


def sorted_attributes(policy: dict) -> dict:
    policy["resource"]["attributes"].sort(key=lambda one: one["key"])
    return policy


def test_a_list_loses_the_names_that_are_gone(path, made):
    (replacement,) = row_of(path, "on-a-list", "replacement")
    (instances,) = (
        one
        for one in json.loads(replacement)["resource"]["attributes"]
        if one["key"] == "serviceInstance"
    )
    assert instances == {
        "key": "serviceInstance",
        "operator": "stringEqualsAnyOf",
        "value": [made.keys["guid"]],
    }


def test_a_policy_for_all_services_is_split_into_one_for_each(path):
    columns = ("replacement", "command", "cannot_know")
    replacement, command, cannot_know = row_of(path, "all-services", *columns)
    targets = [
        {one["key"]: one["value"] for one in part["resource"]["attributes"]}
        for part in json.loads(replacement)
    ]
    assert [one["serviceName"] for one in targets] == ["kms", "logs"]
    assert all("serviceType" not in one for one in targets)
    create = "ibmcloud iam access-group-policy-create 'Team' --file "
    assert command.split(" && ") == [
        f"{create}'all-services-1.json'",
        f"{create}'all-services-2.json'",
        "ibmcloud iam access-group-policy-delete 'Team' 'all-services'",
    ]
    assert "Which of the 2 members used it is not recorded." in cannot_know


def test_a_locked_service_id_is_unlocked_first(path):
    assert row_of(path, "never", "command", "why") == (
        "ibmcloud iam service-id-unlock 'ServiceId-locked' && ibmcloud iam service-policy-delete "
        "'ServiceId-locked' 'never' && ibmcloud iam service-id-lock 'ServiceId-locked'",
        f"It has never permitted anything since it was created on {LONG_AGO[:10]}.",
    )


def test_nothing_is_proposed_where_policies_were_not_read(made, collected):
    assert rows(collected(made.account, deny=EVERY_POLICY_LIST), NAME, "policy_id") == []


def test_the_example_of_the_documentation_takes_nothing_from_anybody(sample_file, tmp_path):
    (statement,) = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    with closing(sqlite3.connect(sample_file)) as database:
        (changes,) = database.execute(statement).fetchone()
    (tmp_path / "fit.json").write_text(changes, encoding="utf-8")
    arguments = ["whatif", str(tmp_path / "fit.json"), str(sample_file), "--only", "access"]
    result = CliRunner().invoke(main, arguments, env={"COLUMNS": "100"})
    assert result.exit_code == 0, result.output
    (block,) = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()[2:]:
        assert line == "..." or line in result.stdout
