"""What to do first: the commands that close most, and what is only begun by one."""

from __future__ import annotations

import pytest

from iaminsights.reports.actions import STILL_FOUND, TO_DO, WEIGHTS, first_actions
from iaminsights.reports.catalogue import all_reports
from iaminsights.reports.commands import Step, core, steps_of
from iaminsights.reports.findings import Acknowledgement
from iaminsights.sandbox import Account, sample_account

from ..report_rows import REPORTS, day_in, days_ago

ALL = all_reports()
SOME = [
    REPORTS[name]
    for name in (
        *("api_key_no_expiry", "api_key_older_90_days", "owner_api_key"),
        *("service_id_direct_policies", "policy_never_used", "user_direct_policies"),
    )
]


NEW = days_ago(1)


def acme() -> Account:
    account = Account("Acme", owner="Olga Owner")
    robot = account.service_id("robot", id="ServiceId-robot", locked=True)
    old = {"created_at": days_ago(100)}
    account.add_api_key(robot, "old", id="ApiKey-old", **old)
    account.add_api_key(account.owner, "of the owner", id="ApiKey-owner", created_at=NEW)
    account.policy(robot, ["Viewer"], service="logs", id="policy-robot", **old)
    account.policy(account.user("Ada"), ["Viewer"], service="logs", id="policy-ada", created_at=NEW)
    return account


def told(path, opened, **options) -> list[tuple]:
    with opened(path) as database:
        (actions,) = first_actions(database.execute(TO_DO), 9).values()
    return [(one.command, one.weight, dict(one.closes), sorted(one.reports)) for one in actions]


DELETE = "ibmcloud iam service-policy-delete 'ServiceId-robot' 'policy-robot'"
LOCKED = (
    f"ibmcloud iam service-id-unlock 'ServiceId-robot' && {DELETE}"
    " && ibmcloud iam service-id-lock 'ServiceId-robot'"
)
ROBOT = "ibmcloud iam service-api-key-disable 'ApiKey-old' 'ServiceId-robot'"
ADA = "ibmcloud iam user-policy-delete 'ada@acme.example.org' 'policy-ada'"
OWNER = "ibmcloud iam api-key-disable 'ApiKey-owner'"


def test_one_command_closes_what_several_reports_find(collected, opened):
    """However a report wraps it: one unlocks the service ID for it, another does not."""
    assert told(collected(acme(), reports=SOME), opened) == [
        (LOCKED, 6, {"medium": 2}, ["policy_never_used", "service_id_direct_policies"]),
        (ROBOT, 4, {"medium": 1, "low": 1}, ["api_key_no_expiry", "api_key_older_90_days"]),
        (ADA, 3, {"medium": 1}, ["user_direct_policies"]),
        # The owner's key is critical, and stays one when it is disabled.
        (OWNER, 1, {"low": 1}, ["api_key_no_expiry"]),
    ]


def test_what_is_accepted_is_not_to_do(collected, opened):
    entries = [
        Acknowledgement(report, {"policy_id": "policy-robot"}, "Known.", day_in(days))
        for report, days in (("policy_never_used", 9), ("service_id_direct_policies", -1))
    ]
    found = told(collected(acme(), reports=SOME, acknowledgements=entries), opened)
    assert (LOCKED, 3, {"medium": 1}, ["service_id_direct_policies"]) in found


def test_each_severity_has_a_weight_and_worse_ones_weigh_more():
    assert list(WEIGHTS) == ["critical", "high", "medium", "low", "info"]
    assert sorted(WEIGHTS.values(), reverse=True) == list(WEIGHTS.values())


def findings_by_report(path, opened) -> dict[str, dict[str, str | None]]:
    """By report: its findings, each with its command."""
    found: dict[str, dict[str, str | None]] = {}
    with opened(path) as database:
        for report, finding, command in database.execute(
            "select report, finding, command from findings"
        ):
            found.setdefault(report, {})[finding] = command
    return found


def test_a_disabled_key_closes_what_it_is_said_to_close(collected, opened, tmp_path):
    """In every report that says to disable a key: all of their keys are disabled."""
    account = sample_account()
    before = findings_by_report(collected(account, reports=ALL), opened)
    for key in account.api_keys:
        key["disabled"] = True
    after = findings_by_report(collected(account, reports=ALL, path=tmp_path / "after"), opened)
    begun = {
        report: [finding for finding, command in found.items() if disables(command)]
        for report, found in before.items()
    }
    begun = {report: found for report, found in begun.items() if found}
    assert len(begun) == 8
    still_found = {r for r, found in begun.items() if after.get(r, {}).keys() & set(found)}
    assert still_found == STILL_FOUND


def disables(command: str | None) -> bool:
    steps = core(steps_of(command or ""))
    return bool(steps) and all("api-key-disable" in step.name for step in steps)


PATHS = [REPORTS["escalation_paths"]]
ALL_GROUPS = {"roles": ["Administrator"], "service": "iam-groups"}
ALL_POLICIES = {"roles": ["Administrator"], "service": "iam-access-management"}


def closed_and_begun(path, opened) -> dict[str, tuple[int, int]]:
    """By policy: how many escalation paths its deletion closes, and how many it only begins to."""
    with opened(path) as database:
        rows = database.execute(TO_DO).fetchall()
    found: dict[str, tuple[int, int]] = {}
    for row in rows:
        policy = steps_of(row["command"])[-1].arguments[-1]
        closes, begins = found.get(policy, (0, 0))
        sure = bool(row["ends_all"])
        found[policy] = (closes + sure, begins + (not sure))
    return found


def test_a_path_is_closed_where_all_paths_begin_with_its_policy(collected, opened):
    account = Account("Acme", owner="Olga Owner")
    team = account.group("Team", [account.user("Ada"), account.user("Ben")])
    account.policy(team, **ALL_POLICIES, id="policy-team")
    account.policy(team, ["Administrator"], service="logs", id="policy-harmless")
    path = collected(account, reports=PATHS)
    assert closed_and_begun(path, opened) == {"policy-team": (2, 0)}
    with opened(path) as database:
        (actions,) = first_actions(database.execute(TO_DO), 9).values()
    assert [(one.weight, one.begins) for one in actions] == [(80, 0)]


@pytest.mark.parametrize("way", ["own", "other group", "public group", "profile", "its group"])
def test_a_path_is_only_begun_where_another_may_be_left(collected, opened, way):
    account = Account("Acme", owner="Olga Owner")
    ada, ben = account.user("Ada"), account.user("Ben")
    account.policy(account.group("Team", [ada, ben]), **ALL_POLICIES, id="policy-team")
    profile = account.profile("robot")
    if way in ("profile", "its group"):
        account.profile_identity(profile, ada)
    holder = {
        "own": ada,
        "other group": account.group("Other", [ada]),
        "public group": "AccessGroupId-PublicAccess",
        "profile": profile,
        "its group": account.group("Robots", [profile]),
    }[way]
    account.policy(holder, **ALL_GROUPS, id="policy-other")
    path = collected(account, reports=PATHS)
    found = closed_and_begun(path, opened)
    everybody = way == "public group"
    assert found["policy-team"] == ((0, 2) if everybody else (1, 1))
    with opened(path) as database:
        (actions,) = first_actions(database.execute(TO_DO), 9).values()
    # Where one of them stays, none is said to be closed.
    assert not any("policy-team" in one.command for one in actions)


def test_a_way_that_leads_nowhere_leaves_no_path(collected, opened):
    account = Account("Acme", owner="Olga Owner")
    ada = account.user("Ada")
    account.policy(ada, **ALL_POLICIES, id="policy-ada")
    robot = account.service_id("robot")
    only_robot = [
        ("resourceType", "stringEquals", "serviceid"),
        ("resource", "stringEquals", robot["id"]),
    ]
    account.policy(ada, ["Operator"], service="iam-identity", attributes=only_robot, id="policy-x")
    assert closed_and_begun(collected(account, reports=PATHS), opened)["policy-ada"] == (1, 0)


def applied(account: Account, step: Step) -> None:
    """The account after a step, of those kinds that come first in the sample."""
    if step.name.endswith("policy-delete"):
        (gone,) = [policy for policy in account.policies if policy["id"] == step.arguments[-1]]
        account.policies.remove(gone)
    else:
        assert step.name == "iam access-group-trusted-profile-remove"
        (group,) = [one for one in account.groups if one["name"] == step.arguments[0]]
        (profile,) = [one for one in account.profiles if one["id"] == step.arguments[1]]
        members = account.members[group["id"]]
        (gone,) = [member for member in members if member["iam_id"] == profile["iam_id"]]
        members.remove(gone)


def test_what_the_first_actions_close_is_gone_after_them(collected, opened, tmp_path):
    path = collected(sample_account(), reports=ALL)
    before = findings_by_report(path, opened)
    with opened(path) as database:
        (actions,) = first_actions(database.execute(TO_DO), 3).values()
    for number, action in enumerate(actions):
        account = sample_account()
        for step in action.steps:
            applied(account, step)
        closed = {
            (report, finding)
            for report in action.reports
            for finding, command in before[report].items()
            if command in action.commands
        }
        assert len(closed) == sum(action.closes.values()) > 1
        after = findings_by_report(
            collected(account, reports=ALL, path=tmp_path / f"after {number}"), opened
        )
        left = {(report, finding) for report, finding in closed if finding in after.get(report, {})}
        assert left == set(), action.command
