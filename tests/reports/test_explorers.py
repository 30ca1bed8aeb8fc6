"""The reports that answer for one identity, instance or action, on small hand-made accounts."""

from __future__ import annotations

import html
import sqlite3
import unicodedata
from contextlib import closing
from urllib.parse import quote

import pytest
from datasette.utils import tilde_encode

from iaminsights.reports.report import MARKER, assemble, read_report
from iaminsights.reports.resting import parts_of
from iaminsights.sandbox import Account

from ..report_rows import RULE, rows
from ..site_helpers import served


@pytest.fixture
def account():
    """Ada has access in every way; whoever has none of them is a near miss."""
    account = Account("Acme", owner="Olga Owner")
    ada, bob = account.user("Ada Lovelace"), account.user("Bob Builder")
    account.user("Adalbert Other")
    robot = account.service_id("robot")
    archive = account.instance("archive", "cloud-object-storage", region="global")
    keys = account.instance("keys", "kms", region="eu-de")
    account.instance("keys too", "kms", region="eu-gb")
    team = account.group("Team", members=[ada, robot])
    account.group("Others", members=[bob])
    profile = account.profile("auditor")
    account.profile_identity(profile, ada)
    account.policy(ada, ["Viewer"], instance=keys, service="kms")
    account.policy(ada, ["Manager"], instance=keys, service="kms", state="deleted")
    account.policy(team, ["Reader", "Writer"], service="cloud-object-storage")
    account.policy(
        team,
        ["Manager"],
        service="cloud-object-storage",
        attributes=[("resourceType", "stringEquals", "bucket")],
    )
    account.policy(profile, ["Administrator"], service_type="platform_service")
    account.policy("AccessGroupId-PublicAccess", ["Reader"], instance=archive)
    account.policy(bob, ["Manager"], instance=archive, rule=RULE)
    account.policy(robot, ["Editor"], service="iam-groups")
    account.authorization(
        ["Reader"], {"serviceName": "cloud-object-storage"}, {"serviceName": "kms"}
    )
    return account


WAYS = ("identity", "via", "membership", "roles", "target", "scope")


def test_every_way_in_of_a_person(account, collected):
    path = collected(account)
    expected = [
        ("Ada Lovelace", "access group Public Access", "public", "Reader",
         "cloud-object-storage instance archive", "full"),
        ("Ada Lovelace", "access group Team", "static", "Reader, Writer",
         "cloud-object-storage", "full"),
        ("Ada Lovelace", "access group Team", "static", "Manager",
         "every bucket of cloud-object-storage", "part"),
        ("Ada Lovelace", "direct", None, "Viewer", "kms instance keys", "full"),
        ("Ada Lovelace", "trusted profile auditor", None, "Administrator",
         "All Account Management services", "full"),
    ]  # fmt: skip
    found = rows(path, "what_can_identity_do", *WAYS, identity="ada lovelace")
    assert sorted(found, key=str) == sorted(expected, key=str)
    by_id = account.users[1]["iam_id"]
    assert rows(path, "what_can_identity_do", *WAYS, identity=by_id) == found
    by_login = account.users[1]["user_id"].upper()
    assert rows(path, "what_can_identity_do", *WAYS, identity=by_login) == found


def test_part_of_a_name_shows_all_that_it_fits(account, collected):
    path = collected(account)
    found = rows(path, "what_can_identity_do", "identity", "fitting_identities", identity="ada")
    assert {name for name, _ in found} == {"Ada Lovelace", "Adalbert Other"}
    assert {number for _, number in found} == {2}
    assert rows(path, "what_can_identity_do", "identity", identity="nobody like this") == []
    assert rows(path, "what_can_identity_do", "identity", identity="") == []


def test_owner_has_everything_and_a_group_has_its_policies(account, collected):
    path = collected(account)
    first, second = rows(path, "what_can_identity_do", *WAYS, identity="Olga Owner")
    assert first[1:] == (
        *("account owner", None, "everything", "Everything in the account"), "full",
    )  # fmt: skip
    assert second[1] == "access group Public Access"
    found = rows(path, "what_can_identity_do", "via", "roles", "iam_id", identity="Team")
    assert found == [
        ("access group Team", "Reader, Writer", None),
        ("access group Team", "Manager", None),
    ] or found == [
        ("access group Team", "Manager", None),
        ("access group Team", "Reader, Writer", None),
    ]


def test_who_can_access_one_instance(account, collected):
    path = collected(account)
    columns = ("identity", "via", "roles", "scope")
    found = rows(path, "who_can_access_instance", *columns, instance="archive")
    public = "access group Public Access"
    assert sorted(found) == sorted(
        [
            ("Olga Owner", "account owner", "everything", "full"),
            ("Ada Lovelace", "access group Team", "Reader, Writer", "full"),
            ("Ada Lovelace", "access group Team", "Manager", "part"),
            ("robot", "access group Team", "Reader, Writer", "full"),
            ("robot", "access group Team", "Manager", "part"),
            ("Bob Builder", "direct", "Manager", "conditional"),
            *((name, public, "Reader", "full")
              for name in ("Ada Lovelace", "Adalbert Other", "Bob Builder", "Olga Owner", "robot")),
        ]
    )  # fmt: skip
    assert found[0][1] == "account owner"
    guid, crn = account.instances[0]["guid"], account.instances[0]["crn"]
    assert rows(path, "who_can_access_instance", *columns, instance=guid) == found
    assert rows(path, "who_can_access_instance", *columns, instance=crn) == found


def test_of_several_instances_the_one_that_fits_best_is_shown(account, collected):
    path = collected(account)
    columns = ("instance", "identity", "roles", "fitting_instances")
    assert rows(path, "who_can_access_instance", *columns, instance="KEYS") == [
        ("keys", "Olga Owner", "everything", 1),
        ("keys", "Ada Lovelace", "Viewer", 1),
    ]
    assert rows(path, "who_can_access_instance", *columns, instance="key") == [
        ("keys", "Olga Owner", "everything", 2),
        ("keys", "Ada Lovelace", "Viewer", 2),
    ]
    assert rows(path, "who_can_access_instance", *columns, instance="") == []


def test_access_by_tag(collected):
    account = Account("Acme", owner="Olga Owner", public_access=False)
    ada = account.user("Ada Lovelace")
    tagged = account.instance("tagged", "kms")
    half, plain = account.instance("half", "kms"), account.instance("plain", "kms")
    account.tag(tagged, "env:prod", "team:red", kind="access")
    account.tag(half, "env:prod", kind="access")
    account.tag(plain, "env:prod", "team:red", kind="user")
    tags = [("env", "stringEquals", "prod"), ("team", "stringEquals", "red")]
    account.policy(ada, ["Viewer"], service_type="service", tags=tags)
    path = collected(account)

    def people(instance):
        return rows(path, "who_can_access_instance", "identity", instance=instance)

    assert people("tagged") == [("Olga Owner",), ("Ada Lovelace",)]
    assert people("half") == people("plain") == [("Olga Owner",)]


def test_who_can_do_an_action(collected):
    account = Account("Acme", owner="Olga Owner", public_access=False)
    ada, bob, cyd = (account.user(f"{name} X") for name in ("Ada", "Bob", "Cyd"))
    dan, eve, fay = (account.user(f"{name} X") for name in ("Dan", "Eve", "Fay"))
    gus, hal = account.user("Gus X"), account.user("Hal X")
    account.custom_role("KeyLister", "Key Lister", service="kms", actions=["kms.x.list"])
    lister = "Key Lister"
    team = account.group("Team", members=[bob])
    account.policy(ada, [lister], service="kms")
    account.policy(team, [lister], service_type="service")
    account.policy(cyd, ["Viewer"], service="kms")  # another role
    account.policy(dan, [lister], service="cloud-object-storage")  # another service
    account.policy(eve, [lister], service="kms", state="deleted")
    account.policy(fay, [lister], attributes=[("serviceName", "stringMatch", "k?s")])
    account.policy(gus, [lister], service_type="platform_service")
    account.policy(hal, [lister], attributes=[("resourceType", "stringEquals", "resource-group")])
    path = collected(account)
    columns = ("identity", "role", "via", "target")
    assert rows(path, "who_can_do_action", *columns, role_or_action="kms.x.list") == [
        ("Ada X", "Key Lister", "direct", "kms"),
        ("Bob X", "Key Lister", "access group Team", "All Identity and Access enabled services"),
        ("Fay X", "Key Lister", "direct", "services matching k?s"),
    ]
    found = rows(path, "who_can_do_action", "identity", role_or_action="key lister")
    assert found == [(f"{name} X",) for name in ("Ada", "Bob", "Dan", "Fay", "Gus", "Hal")]
    assert rows(path, "who_can_do_action", "identity", role_or_action="kms.x") == []
    assert rows(path, "who_can_do_action", "identity", role_or_action="") == []


def test_who_administers_the_account(collected):
    account = Account("Acme", owner="Olga Owner", public_access=False)
    people = {name: account.user(f"{name} X") for name in ("Ada", "Bob", "Cyd", "Dan", "Eve")}
    prod = account.resource_group("prod")
    team = account.group("Team", members=[people["Bob"]])
    account.policy(people["Ada"], ["Editor"], service="billing")
    account.policy(team, ["Administrator"], service_group="IAM")
    account.policy(
        people["Cyd"],
        ["Editor"],
        service="iam-groups",
        attributes=[("resource", "stringEquals", "AccessGroupId-1")],
    )
    account.policy(people["Dan"], ["Administrator"], service_type="service")  # not the account
    account.policy(people["Dan"], ["Administrator"], resource_group=prod)
    account.policy(people["Dan"], ["Administrator"], service="kms")
    account.policy(people["Eve"], ["Viewer"])  # everything in the account
    path = collected(account)
    columns = ("identity", "role", "service", "reach", "scope", "via")
    found = rows(path, "who_administers_account", *columns)
    iam = ("iam-access-management", "iam-groups", "iam-identity", "user-management")
    assert [row for row in found if row[0] != "Eve X"] == [
        ("Ada X", "Editor", "billing", "one_service", "full", "direct"),
        *(("Bob X", "Administrator", service, "all_iam", "full", "access group Team")
          for service in iam),
        ("Cyd X", "Editor", "iam-groups", "one_service", "part", "direct"),
    ]  # fmt: skip
    assert len([row for row in found if row[0] == "Eve X" and row[3] == "everything"]) == 14
    some = rows(path, "who_administers_account", "identity", service="billing", role="editor")
    assert some == [("Ada X",)]


def test_service_authorizations(collected):
    account = Account("Acme", owner="Olga Owner")
    keys = account.instance("keys", "kms")
    bucket = {"serviceName": "cloud-object-storage"}
    account.authorization(
        ["Reader"], bucket, {"serviceName": "kms", "serviceInstance": keys["guid"]}
    )
    account.authorization(["Reader"], {**bucket, "accountId": "b" * 32}, {"serviceName": "kms"})
    account.authorization(["Reader"], bucket, {"serviceName": "logs"}, state="deleted")
    account.policy(account.user("Ada Lovelace"), ["Reader"], service="kms")
    columns = ("source", "roles", "target", "from_another_account", "may_pass_it_on")
    assert rows(collected(account), "service_authorizations", *columns) == [
        ("cloud-object-storage", "Reader", "kms instance keys", 0, 0),
        (f"cloud-object-storage of account {'b' * 32}", "Reader", "kms", 1, 0),
    ]


def test_explorers_help_instead_of_failing_and_are_reached_from_rows(account, collected):
    with served(collected(account)) as site:
        empty = site.page("/iaminsights/what_can_identity_do")
        assert "Choose or enter a name above" in empty and "message-error" not in empty
        assert '<option value="Ada Lovelace">' in empty and '<option value="Team">' in empty
        unknown = site.page("/iaminsights/who_can_access_instance?instance=nothing+like+it")
        assert "Nothing matches what you entered" in unknown
        links = {
            "users": ("id", "Ada Lovelace", "what_can_identity_do?identity="),
            "serviceids": ("id", "robot", "what_can_identity_do?identity="),
            "trustedprofiles": ("id", "auditor", "what_can_identity_do?identity="),
            "access_groups": ("id", "Team", "what_can_identity_do?identity="),
            "resource_service_instances": ("id", "archive", "who_can_access_instance?instance="),
        }
        for table, (_, name, address) in links.items():
            found = site.get(f"/iaminsights/{table}.json?_shape=objects").json()["rows"]
            row = next(
                r
                for r in found
                if name in (r.get("name"), f"{r.get('firstname')} {r.get('lastname')}")
            )
            page = site.page(f"/iaminsights/{table}/{tilde_encode(row['id'])}")
            target = page.split('class="explorer"')[1].split('href="')[1].split('"')[0]
            target = html.unescape(target)
            assert target.startswith(f"/iaminsights/{address}")
            assert name in site.page(target)


def test_a_report_of_ones_own_is_linked_from_rows_and_offers_choices(account, collected, tmp_path):
    """All of it stands in its header: no page needs to know the report."""
    own = tmp_path / "whose_mail.sql"
    own.write_text(
        """\
-- title: Whose mail is this?
-- question: Whose mail is this?
-- category: Explorers
-- severity: info
-- why: One wants to know.
-- remediation: Nothing needs to be fixed.
-- home: Mail
-- parameters: {mail: An address.}
-- choices: {mail: users.email}
-- linked_from:
--   users: {parameter: mail, column: email, words: "Who has this mail?"}
select user_id, count(*) over () as report_rows from users where email = :mail
"""
    )
    reports = [read_report(own)]
    metadata = tmp_path / "metadata.yml"
    metadata.write_text(assemble(f"{MARKER}\n", reports, parts_of(reports)), encoding="utf-8")
    ada, (robot,) = account.users[1], account.service_ids
    with served(collected(account), metadata=metadata) as site:
        row = site.page(f"/iaminsights/users/{tilde_encode(ada['id'])}")
        other = site.page(f"/iaminsights/serviceids/{tilde_encode(robot['id'])}")
        form = site.page("/iaminsights/whose_mail")
        home = site.page("/")
    mail = quote(ada["email"], safe="")
    assert f'<a href="/iaminsights/whose_mail?mail={mail}">Who has this mail?</a>' in row
    assert "whose_mail" not in other
    assert f'<option value="{ada["email"]}">' in form
    assert '<a class="button" href="/iaminsights/whose_mail">Mail</a>' in home


# --- Names in any case ---------------------------------------------------------------------------


def test_names_are_found_whatever_their_case(collected):
    account = Account("Acme")
    anne = account.user("Änne Öztürk", email="änne@example.com")
    account.user("Anne Oz")
    keys = account.instance("Schlüssel Ἀθήνα [ΌΣΟΣ]", "kms")
    account.instance("Schlussel", "kms")
    role = account.custom_role("Pruefer", "Prüfer Ältere", "kms", ["kms.secrets.list"])
    team = account.group("Команда Ы", [anne])
    account.policy(team, ["Prüfer Ältere"], instance=keys)
    account.policy(team, ["Administrator"], service="iam-groups")
    path = collected(account)
    for asked in ("ÄNNE ÖZTÜRK", "änne öztürk", "ÄNNE ö", "nne ÖzT", "ÄNNE@example.COM"):
        found = set(rows(path, "what_can_identity_do", "identity", identity=asked))
        assert found == {("Änne Öztürk",)}, asked
        if "@" not in asked:
            found = set(rows(path, "service_access_by_iam_id", "identity", identity=asked))
            assert found == {("Änne Öztürk",)}, asked
    for asked in ("команда ы", "КОМАНДА Ы", "манДА"):
        found = set(rows(path, "what_can_identity_do", "identity", identity=asked))
        assert found == {("Команда Ы",)}, asked
    for asked in ("SCHLÜSSEL", "[όσος]", "όσοσ"):
        for report in ("who_can_access_instance", "service_access_by_iam_id"):
            found = set(rows(path, report, "instance", instance=asked))
            assert found == {(keys["name"],)}, (report, asked)
    for asked in ("PRÜFER ÄLTERE", "prüfer ältere"):
        found = rows(path, "who_can_do_action", "identity", "role_id", role_or_action=asked)
        assert found == [("Änne Öztürk", role["crn"])], asked
    assert rows(path, "who_administers_account", "identity", role="ADMINISTRATOR")
    assert {row[0] for row in rows(path, "find", "name", text="ÄNNE ö")} >= {"Änne Öztürk"}
    # Near misses: a pattern is a name like any other, and nothing is found by nothing.
    for asked in ("*", "?nne", "[Ää]nne", "Ä", "x" * 60_000, ""):
        found = set(rows(path, "what_can_identity_do", "identity", identity=asked))
        assert found == ({("Änne Öztürk",)} if asked == "Ä" else set()), asked


def test_every_letter_of_these_scripts_has_its_cases(collected):
    with closing(sqlite3.connect(collected(Account("Acme")))) as database:
        patterns = dict(database.execute("select letter, pattern from letter_cases"))
    scripts = ("LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "FULLWIDTH")
    for letter, pattern in patterns.items():
        folded = {one.casefold() for one in pattern[1:-1]} | {letter.casefold()}
        assert letter in pattern and (folded == {"ss"} or len(folded) == 1), letter
    whole = (*range(0x0, 0x180), *range(0x386, 0x3AC), *range(0x400, 0x590), *range(0x1E00, 0x1F00))
    for letter in map(chr, (*whole, *range(0xFF00, 0xFF60))):
        small = letter.lower()
        if small != letter and len(small) == 1 and unicodedata.name(letter, "").startswith(scripts):
            assert small in patterns.get(letter, ""), (letter, unicodedata.name(letter))
