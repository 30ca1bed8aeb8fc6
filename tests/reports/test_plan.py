"""The plan of remediation: commands once and in a safe order, and never a line that runs."""

from __future__ import annotations

import re
import sqlite3
import subprocess
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

import pytest
from click.testing import CliRunner

from iaminsights.cli import main
from iaminsights.reports.commands import KINDS, STAGES, UNKNOWN, steps_of
from iaminsights.reports.findings import Acknowledgement
from iaminsights.reports.plan import ToFix, plan
from iaminsights.sandbox import Account

from ..report_rows import REPORTS, day_in

AT = datetime(2026, 5, 8, 8, tzinfo=timezone.utc)
HEAD = """\
#!/bin/sh
# Remediation plan by IAM insights
#
# Every line is a comment, so the plan does nothing if you run it as it is. A line without a
# blank after the # is a command. Follow the steps in order: read what a step does and what
# depends on it, remove the #, run the command, and collect again afterward.
#
"""


def finding(command: str, report="group_empty", severity="low", **fields) -> ToFix:
    said = {"title": report, "what": "it", "who": "", "account_id": "acme", "iam_id": "", **fields}
    return ToFix(report=report, severity=severity, command=command, is_accepted=False, **said)


@pytest.fixture
def planned(collected, opened):
    """A function that plans for findings of an account, or of an empty one."""

    def make(*findings: ToFix, account: Account | None = None) -> str:
        path = collected(account or Account("Acme", id="acme"), now=lambda: AT)
        return plan(opened(path), findings)

    return make


def commands(text: str) -> list[str]:
    """The commands of a plan, behind the one that chooses the account."""
    first, *found = re.findall(r"^#(ibmcloud .*)$", text, flags=re.MULTILINE)
    assert first.startswith("ibmcloud target -c ")
    return found


def report(path: Path, *names: str) -> str:
    result = CliRunner().invoke(main, ["report", str(path), *names, "--format", "sh"])
    assert result.exit_code == 0, result.output
    return result.stdout


# --- All of it ----------------------------------------------------------------------------------


def test_the_plan_of_a_small_account(collected):
    account = Account("Acme", id="acme", owner="Olga Owner")
    robot = account.service_id("robot", id="ServiceId-robot", locked=True)
    account.policy(robot, ["Viewer"], service="logs", id="policy-robot", created_at="2026-05-07")
    account.add_api_key(account.owner, "mine", id="ApiKey-mine", created_at="2026-01-01")
    account.add_api_key(robot, "known", id="ApiKey-known", created_at="2026-01-01")
    ada, ben = account.user("Ada Lovelace"), account.user("Ben")
    team = account.group("Team", [ada])
    account.policy(team, ["Editor"], id="policy-team", service="kms", created_at="2026-01-01")
    account.group("O'Brien's", [ada, ben])
    account.instance("vault", "kms")
    entry = Acknowledgement("api_key_older_90_days", {"apikey_id": "ApiKey-known"}, "x", day_in(9))
    names = (
        *("api_key_older_90_days", "group_no_policies", "owner_api_key", "policy_never_used"),
        *("sensitive_services_without_cbr", "service_id_direct_policies"),
    )
    path = collected(
        account, reports=[REPORTS[name] for name in names], acknowledgements=[entry], now=lambda: AT
    )
    titles = {name: REPORTS[name].title for name in names}
    expected = f"""\
# Account Acme (acme), as collected on 2026-05-08 08:00:00 UTC
# 6 findings to fix: 5 with a command, 1 without; 6 steps
# 1 finding left out, because it is accepted
#
# No command fixes these; their reports say what to do:
#   1  medium  {titles["sensitive_services_without_cbr"]}
#
# Select the account first:
#ibmcloud target -c acme
#
# == Unlock what the following steps change ==
#
# Step 1: Unlock service ID robot
#ibmcloud iam service-id-unlock 'ServiceId-robot'
# Undo: ibmcloud iam service-id-lock ServiceId-robot
#
# == Disable and suspend: this can be undone ==
#
# Step 2: Disable API key mine of Olga Owner
# Begins to fix:
#   critical  {titles["owner_api_key"]}: mine
# Closes:
#   medium  {titles["api_key_older_90_days"]}: mine (Olga Owner)
#ibmcloud iam api-key-disable 'ApiKey-mine'
# Undo: ibmcloud iam api-key-enable ApiKey-mine
#
# == Remove access ==
#
# Step 3: Delete a policy of access group Team
# Policy: Editor on kms
# Members that lose access (1): Ada Lovelace
# Closes:
#   medium  {titles["policy_never_used"]}: kms (access group Team)
#ibmcloud iam access-group-policy-delete 'Team' 'policy-team'
# To undo it, create it again; for 10 days, the API can restore it.
#
# Step 4: Delete a policy of service ID robot
# Policy: Viewer on logs
# Closes:
#   medium  {titles["service_id_direct_policies"]}: logs
#ibmcloud iam service-policy-delete 'ServiceId-robot' 'policy-robot'
# To undo it, create it again; for 10 days, the API can restore it.
#
# == Delete what is no longer needed ==
# First make sure that nothing fails without what you disabled: a deletion is permanent.
#
# Step 5: Delete access group O'Brien's
# Members (2): Ada Lovelace; Ben
# Closes:
#   low  {titles["group_no_policies"]}: O'Brien's
#ibmcloud iam access-group-delete 'O'\\''Brien'\\''s' --recursive
# Cannot be undone: a new one has another ID, and its access must be granted again.
#
# == Lock ==
#
# Step 6: Lock service ID robot
#ibmcloud iam service-id-lock 'ServiceId-robot'
# Undo: ibmcloud iam service-id-unlock ServiceId-robot
"""
    assert report(path, *names) == HEAD + expected


def test_accounts_of_a_file_stand_apart(collected):
    acme, bolt = Account("Acme", id="acme"), Account("Bolt", id="bolt")
    acme.group("Empty")
    path = collected(acme, bolt, reports=[REPORTS["group_empty"]])
    text = report(path, "group_empty")
    assert "# Account Acme (acme), as" in text and "Bolt" not in text
    bolt.group("Empty")
    text = report(collected(acme, bolt, path=path, reports=[REPORTS["group_empty"]]))
    acme_part, bolt_part = text.split("# Account Bolt (bolt)")
    for part, account_id in ((acme_part, "acme"), (bolt_part, "bolt")):
        assert f"#ibmcloud target -c {account_id}\n" in part
        assert "#ibmcloud iam access-group-delete 'Empty'\n" in part


def test_without_findings_there_is_nothing_to_do(collected):
    path = collected(Account("Acme"))
    assert report(path, "group_empty", "identities_by_kind") == (
        HEAD + "# There are no findings in this selection.\n"
    )


def test_what_was_not_read_is_said(collected):
    account = Account("Acme", id="acme")
    account.group("Empty")
    text = report(collected(account, deny=("api_keys",)), "group_empty")
    assert "# Not read in full, so there might be more to fix: apikeys\n" in text


# --- Order --------------------------------------------------------------------------------------

DISABLE = "ibmcloud iam api-key-disable 'ApiKey-1'"
DELETE_KEY = "ibmcloud iam api-key-delete 'ApiKey-1'"
REMOVE = "ibmcloud iam access-group-user-remove 'Team' 'ada@example.org'"
ADD = "ibmcloud iam access-group-user-add 'Other' 'ada@example.org'"
DELETE_GROUP = "ibmcloud iam access-group-delete 'Team' --recursive"
LOCK = "ibmcloud iam service-id-lock 'ServiceId-1'"
UNLOCK = "ibmcloud iam service-id-unlock 'ServiceId-1'"
DELETE_ID = "ibmcloud iam service-id-delete 'ServiceId-1'"
DELETE_POLICY = "ibmcloud iam service-policy-delete 'ServiceId-1' 'policy-1'"


def test_each_command_comes_once_and_what_can_be_undone_first(planned):
    text = planned(
        finding(f"{ADD} && {DELETE_GROUP}"),
        finding(DELETE_KEY),
        finding(f"{UNLOCK} && {DELETE_POLICY} && {LOCK}"),
        finding(REMOVE),
        finding(DISABLE),
        finding(DISABLE, "api_key_no_expiry"),
        finding(DELETE_POLICY),
    )
    expected = [UNLOCK, ADD, DISABLE, REMOVE, DELETE_POLICY, DELETE_KEY, DELETE_GROUP, LOCK]
    assert commands(text) == expected
    assert "# Only after step 2\n# Closes, together with step 2:\n" in text
    assert "7 findings to fix: 7 with a command, 0 without; 8 steps" in text


def test_what_is_deleted_is_not_locked_before(planned):
    """A service ID that is locked could not be deleted; the deletion closes what the lock would."""
    text = planned(
        finding(LOCK, "service_id_unlocked_critical", title="Unlocked"),
        finding(DELETE_ID, "service_id_no_key", title="No key"),
    )
    assert commands(text) == [DELETE_ID]
    assert "# Closes:\n#   low  No key: it\n#   low  Unlocked: it\n" in text


def test_another_service_id_is_still_locked(planned):
    other = LOCK.replace("ServiceId-1", "ServiceId-2")
    assert commands(planned(finding(other), finding(DELETE_ID))) == [DELETE_ID, other]


def test_a_step_lists_ten_findings_and_counts_the_rest(planned):
    text = planned(*(finding(DISABLE, what=f"key {n:02}") for n in range(13)))
    assert text.count("  low  group_empty: key") == 10 and "#   and 3 more\n" in text


# --- Undo ---------------------------------------------------------------------------------------


def test_what_is_changed_can_be_set_back_to_what_it_was(planned):
    account = Account("Acme", id="acme")
    account.identity_settings(mfa="TOTP4ALL")
    ada = account.user("Ada", email="ada@example.org")
    account.group("Team", [ada])
    account.group("O'Brien's", [ada])
    account.add_api_key(ada, "key", id="ApiKey-1", action_when_leaked="none")
    text = planned(
        finding("ibmcloud iam account-settings-update --mfa LEVEL2"),
        finding("ibmcloud iam api-key-update 'ApiKey-1' --action-if-leaked DISABLE"),
        finding("ibmcloud iam api-key-update 'ApiKey-2' --action-if-leaked DISABLE"),
        finding("ibmcloud iam access-group-user-purge 'ada@example.org'"),
        finding("ibmcloud account user-status-update 'ada@example.org' SUSPENDED"),
        account=account,
    )
    undone = re.findall(r"^# Undo: (.*)$", text, flags=re.MULTILINE)
    assert "# To undo it, restore the current value, which is not in the file.\n" in text
    assert undone == [
        "ibmcloud iam account-settings-update --mfa TOTP4ALL",
        "ibmcloud iam api-key-update ApiKey-1 --action-if-leaked NONE",
        "ibmcloud account user-status-update ada@example.org ACTIVE",
        """ibmcloud iam access-group-user-add 'O'"'"'Brien'"'"'s' ada@example.org""",
        "ibmcloud iam access-group-user-add Team ada@example.org",
    ]


def test_every_command_of_the_sample_is_of_a_known_kind(sample_file):
    with closing(sqlite3.connect(sample_file)) as database:
        found = database.execute(
            "select distinct command from findings where command is not null"
        ).fetchall()
    assert len(found) > 100
    for (command,) in found:
        steps = steps_of(command)
        assert steps and " && ".join(step.text for step in steps) == command
        assert all(step.kind is not UNKNOWN for step in steps), command


def test_every_command_in_a_report_is_of_a_known_kind():
    """Also of those that no account of the tests has a row for."""
    written = set()
    for one in REPORTS.values():
        code = re.sub(r"--.*", "", one.sql)
        written |= set(re.findall(r"'ibmcloud (\w+ [\w-]*\w)[ ']", code))
    assert len(written) > 10
    assert written <= KINDS.keys()


def test_the_undo_of_each_kind_fits_its_arguments():
    for name, kind in KINDS.items():
        words = [f"argument-{place}" for place in range(4)]
        assert kind.stage in STAGES
        kind.does.format(*words)
        assert "{" not in kind.undo.format(*words, before="before"), name


# --- Names are data -----------------------------------------------------------------------------

NASTY = (
    "it's; touch pwned #",
    "$(touch pwned) `touch pwned`",
    "x' && touch pwned && echo '",
    '" && touch pwned || "',
    "\\'; touch pwned; \\'",
    "* ? ~ [a] {b,c} | > pwned < y & !!",
    "--force",
    "#ibmcloud iam access-group-delete 'Payroll'",
)
BREAKING = (
    "two\ntouch pwned",
    "two\n#ibmcloud iam access-group-delete 'Payroll'",
    "back\rtouch pwned",
    "separated\u2028touch pwned",
    "next\x85touch pwned",
    "turned \u202e dnwp hcuot",
    "escaped \x1b[2K\x00",
)
# Stands for the command line: writes down its words, each behind a mark.
FAKE = 'ibmcloud() { for word in "$@"; do printf \'<%s>\' "$word"; done; echo; }\n'


def account_of(names) -> Account:
    account = Account("Acme\ntouch pwned", id="acme")
    for name in names:
        account.group(name.replace("\x00", "\x01"))
    return account


def harmless(text: str, folder: Path) -> None:
    """Nothing of it runs, whoever reads where a line ends."""
    assert all(line.startswith("#") for line in text.splitlines()), text
    script = folder / "plan.sh"
    script.write_text(text)
    for words in (["sh", "-n", str(script)], ["sh", str(script)]):
        result = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True)
        assert (result.stdout, result.stderr) == ("", "")
    assert [path.name for path in folder.iterdir()] == ["plan.sh"]


def test_no_name_becomes_a_line_that_runs(collected, tmp_path):
    path = collected(account_of([*NASTY, *BREAKING]), reports=[REPORTS["group_empty"]])
    folder = tmp_path / "empty"
    folder.mkdir()
    text = report(path, "group_empty")
    harmless(text, folder)
    assert "15 findings to fix: 8 with a command, 7 without; 8 steps" in text
    assert "contain characters that are not safe here; use the console:\n#   7  low" in text
    assert "#ibmcloud iam access-group-delete 'Payroll'" not in text.splitlines()


def test_a_command_without_its_mark_has_the_names_as_they_are(collected, tmp_path):
    path = collected(account_of(NASTY), reports=[REPORTS["group_empty"]])
    text = report(path, "group_empty")
    folder = tmp_path / "empty"
    folder.mkdir()
    live = re.sub(r"^#(?=ibmcloud )", "", text, flags=re.MULTILINE)
    result = subprocess.run(
        ["sh", "-c", FAKE + live], cwd=folder, capture_output=True, text=True, check=True
    )
    said = sorted(result.stdout.splitlines())
    assert said == sorted(
        ["<target><-c><acme>", *(f"<iam><access-group-delete><{name}>" for name in NASTY)]
    )
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "command",
    [
        "rm -rf /",
        "ibmcloud iam service-id-delete 'a'; rm -rf /",
        "ibmcloud iam service-id-delete 'a' && rm -rf /",
        "ibmcloud iam service-id-delete 'a' | sh",
        "ibmcloud iam service-id-delete $(rm -rf /)",
        'ibmcloud iam service-id-delete "$HOME"',
        "ibmcloud iam service-id-delete 'a",
        "ibmcloud iam service-id-delete a\nrm -rf /",
        "ibmcloud iam service-id-delete 'a' &&",
        "ibmcloud",
    ],
)
def test_what_is_no_safe_command_is_none(planned, command):
    text = planned(finding(command))
    assert "1 finding to fix: 0 with a command, 1 without; 0 steps" in text
    assert "rm -rf" not in text


def test_a_command_of_a_report_of_ones_own_is_kept_at_the_end(planned):
    own = "ibmcloud resource tag-detach --tag-name 'a b'"
    text = planned(finding(own), finding(DELETE_ID))
    assert commands(text) == [DELETE_ID, own]
    assert (
        "# Step 2: Run ibmcloud resource tag-detach\n" in text
        and "# It is not known whether this can be undone.\n" in text
    )


def test_a_command_that_only_looks_like_two_is_one(planned):
    own = "ibmcloud iam access-group-delete 'Terms && Conditions'"
    assert commands(planned(finding(own))) == [own]
