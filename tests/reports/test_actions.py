"""What to do first: the commands that close most, and what is only begun by one."""

from __future__ import annotations

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


def test_a_path_of_several_is_only_begun(collected, opened):
    """Two policies of one group lead to full control; a path is left when either is deleted."""
    account = Account("Acme", owner="Olga Owner")
    team = account.group("Team", [account.user("Ada"), account.user("Ben")])
    account.policy(team, ["Administrator"], service="iam-access-management", id="policy-1")
    account.policy(team, ["Administrator"], service="iam-groups", id="policy-2")
    path = collected(account, reports=[REPORTS["escalation_paths"], REPORTS["policy_never_used"]])
    with opened(path) as database:
        rows = database.execute(TO_DO).fetchall()
        (actions,) = first_actions(rows, 9).values()
    assert [row["report"] for row in rows].count("escalation_paths") == 2
    assert {(action.weight, dict(action.closes)["medium"]) for action in actions} == {(3, 1)}
    assert sorted(action.begins for action in actions) == [0, 2]


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
