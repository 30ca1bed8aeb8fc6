"""What is gone, odd, refused or cut short costs only itself, and is said; the rest is written."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner
from urllib3.util.retry import Retry

from iaminsights.cli import main
from iaminsights.collect import PARTS
from iaminsights.errors import CredentialError, RequestError
from iaminsights.ibmcloud.resources import RESOURCES
from iaminsights.outcome import MAIN
from iaminsights.sandbox import ABSENT, Account, Fault, Sandbox

from ..conftest import collect_from
from ..database_file import assert_sound, content_of


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr("iaminsights.collect._PATIENCE", Retry(total=2, backoff_factor=0))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "iaminsights.sqlite3"


def company():
    """An account with two of everything that is asked for one by one."""
    account = Account("Acme")
    ada, bob = account.user("Ada Lovelace"), account.user("Bob Babbage")
    account.service_id("robot", group="Machines")
    account.service_id("other", group="Others")
    for name, person in (("Administrators", ada), ("Readers", bob)):
        group = account.group(name, members=[person])
        account.group_rule(group, f"{name} rule", "https://sso.example.org", [("a", "EQUALS", "b")])
    for name in ("auditor", "runner"):
        profile = account.profile(name)
        account.link(profile, name=f"{name} link", namespace="n", crn="crn:v1:x")
        account.claim_rule(
            profile, [("a", "EQUALS", "b")], realm="https://sso.example.org", name=name
        )
        account.profile_identity(profile, ada)
    for name in ("office", "home"):
        account.zone(name, "192.0.2.1")
    account.policy(ada, roles=["Viewer"], service="kms")
    account.policy(bob, roles=["Viewer"], service="cloud-object-storage")
    keys = account.instance("keys", service="kms")
    account.tag(keys, "team-blue")
    account.resource_key(keys, "credential")
    return account


@pytest.fixture(scope="module")
def company_file(tmp_path_factory):
    """The company as it is collected without a fault."""
    path = tmp_path_factory.mktemp("company") / "iaminsights.sqlite3"
    through(path, company())
    return path


@pytest.fixture
def collected_company(path, company_file):
    """The company, of which the file is there already."""
    shutil.copyfile(company_file, path)
    return company()


def rows_of(path, query, *values):
    with closing(sqlite3.connect(path)) as db:
        return db.execute(query, values).fetchall()


def column_of(path, query, *values):
    return [row[0] for row in rows_of(path, query, *values)]


def through(path, account, *faults, **options):
    with Sandbox(account, faults=faults) as sandbox:
        return collect_from(sandbox, account, path, **options)


def statuses(summary):
    return {step.part: step.status for step in summary.incomplete}


def step_of(summary, part):
    return next(step for step in summary.steps if step.part == part)


# What is gone


def test_group_deleted_while_it_is_collected_keeps_nobody_in_it(path, collected_company):
    account = collected_company
    admins, readers = account.groups[-2:]
    fault = Fault("members", "status", status=404, path={"id": admins["id"]})
    summary = through(path, account, fault)
    assert statuses(summary) == {} and summary.status == "ok"
    assert column_of(path, "select id from access_groups where listed and not is_public") == [
        readers["id"]
    ]
    assert column_of(path, "select group_id from access_group_members") == [readers["id"]]
    assert column_of(path, "select group_id from access_group_rules") == [readers["id"]]
    assert rows_of(
        path, "select what, change, access_group_id from changes order by what"
    ) == [
        ("access_group_members", "removed", admins["id"]),
        ("access_group_rules", "removed", admins["id"]),
        ("access_groups", "removed", admins["id"]),
    ]  # fmt: skip
    assert step_of(summary, "access_groups").rows == 2  # with Public Access
    assert_sound(path)


@pytest.mark.parametrize(
    ("operation", "table", "gone", "pieces"),
    [
        ("members", "access_groups", "Administrators", "access_group_members.group_id"),
        ("group_rules", "access_groups", "Administrators", "access_group_rules.group_id"),
        ("profile_links", "trustedprofiles", "auditor", "trustedprofile_links.tp_id"),
        ("profile_rules", "trustedprofiles", "auditor", "trustedprofile_rules.tp_id"),
        ("profile_identities", "trustedprofiles", "auditor", "trustedprofile_identities.tp_id"),
        ("zone", "cbr_zones", "office", "cbr_zone_addresses.zone_id"),
    ],
)
@pytest.mark.parametrize("first", [True, False], ids=["new file", "old file"])
def test_object_that_answers_404_is_gone_with_its_pieces(
    path, operation, table, gone, pieces, first
):
    account = company()
    if not first:
        through(path, account)
    with_names = {"access_groups": account.groups, "trustedprofiles": account.profiles}
    (key,) = (row["id"] for row in with_names.get(table, account.zones) if row["name"] == gone)
    summary = through(path, account, Fault(operation, "status", status=404, path={"id": key}))
    assert statuses(summary) == {}
    assert gone not in column_of(path, f"select name from {table}")
    piece, column = pieces.split(".")
    held = column_of(path, f"select {column} from {piece}")
    assert held and key not in held
    assert_sound(path)


def test_group_that_goes_between_two_pages_of_its_members_leaves_none(path):
    account = Account("Acme")
    people = [account.user(f"Person {n}") for n in range(250)]
    big = account.group("Big", members=people)
    account.group("Small", members=people[:1])
    at = {"path": {"id": big["id"]}, "query": {"offset": "100"}}
    summary = through(path, account, Fault("members", "status", status=404, **at))
    assert statuses(summary) == {}
    assert column_of(path, "select count(*) from access_group_members") == [1]
    assert column_of(path, "select name from access_groups where not is_public") == ["Small"]


def test_group_of_service_ids_that_is_gone_takes_nothing_along(path):
    account = company()
    machines = account.service_id_groups[-2]
    where = {"query": {"group_id": machines["id"]}}
    summary = through(
        path, account, *(Fault(name, "status", status=404, **where) for name in ("api_keys",))
    )
    assert statuses(summary) == {}
    assert sorted(column_of(path, "select name from serviceids")) == ["other", "robot"]
    assert_sound(path)


def test_404_for_each_of_several_objects_is_a_refusal(path, collected_company):
    account = collected_company
    before = content_of(path)
    summary = through(path, account, Fault("members", "status", status=404))
    assert statuses(summary) == {"access_group_members": "denied"}
    after = content_of(path)
    assert after["access_group_members"] == before["access_group_members"] != []
    assert after["access_groups"] == before["access_groups"]


def test_only_group_that_there_is_may_be_gone(path):
    account = Account("Acme")
    account.group("Administrators", members=[account.user("Ada Lovelace")])
    through(path, account)
    summary = through(path, account, Fault("members", "status", status=404))
    assert statuses(summary) == {}
    assert column_of(path, "select count(*) from access_group_members") == [0]


def test_listing_that_is_not_there_keeps_the_old_rows(path, collected_company):
    account = collected_company
    before = content_of(path)
    summary = through(path, account, Fault("groups", "status", status=404))
    refused = {"access_groups", "access_group_members", "access_group_rules"}
    assert statuses(summary) == dict.fromkeys(refused, "denied")
    assert content_of(path) == before


def test_old_members_of_a_group_that_is_no_longer_listed_are_not_kept(path, collected_company):
    account = collected_company
    gone = account.groups.pop(-2)
    profile = account.profiles.pop(0)
    refused = ("members", "profile_links")
    summary = through(path, account, *(Fault(name, "status", status=403) for name in refused))
    assert statuses(summary) == {"access_group_members": "denied", "trustedprofile_links": "denied"}
    assert gone["id"] not in column_of(path, "select group_id from access_group_members")
    assert gone["id"] not in column_of(path, "select id from access_groups")
    assert profile["id"] not in column_of(path, "select id from trustedprofiles")
    assert column_of(path, "select count(*) from access_group_members") == [1]
    assert column_of(path, "select count(*) from trustedprofile_links") == [1]


def test_old_and_new_rows_of_a_part_never_mix(path, collected_company):
    account = collected_company
    before = content_of(path)["tags"]
    account.tag(account.instances[0], "team-red")
    summary = through(path, account, Fault("tags", "status", status=403))
    assert statuses(summary) == {"tags": "denied"}
    assert content_of(path)["tags"] == before


def test_only_the_members_of_a_group_that_is_new(path, collected_company):
    account = collected_company
    group = account.group("New", members=[account.owner])
    account.groups[-2]["name"] = "Renamed"
    summary = through(path, account, only=["access_group_members"])
    assert statuses(summary) == {}
    assert group["id"] in column_of(path, "select group_id from access_group_members")
    assert "New" in column_of(path, "select name from access_groups")
    assert "Renamed" not in column_of(path, "select name from access_groups")


# What is odd


def without(rows, name):
    del rows[-1][name]


ODD = {
    "users": lambda account: without(account.users, "iam_id"),
    "serviceids": lambda account: account.service_ids[-1].update(id=None, iam_id=None),
    "serviceid_groups": lambda account: without(account.service_id_groups, "id"),
    "trustedprofiles": lambda account: account.profiles[-1].update(id="", iam_id=""),
    "access_groups": lambda account: without(account.groups, "id"),
    "policies": lambda account: without(account.policies, "id"),
    "resource_service_instances": lambda account: account.instances.append(
        {"name": "odd", "state": "active", "account_id": account.account_id}
    ),
    "cbr_zones": lambda account: without(account.zones, "id"),
    "resource_keys": lambda account: account.resource_keys.append({"name": "odd"}),
}


@pytest.mark.parametrize("part", ODD)
def test_object_without_identifier_costs_only_itself(path, part):
    account = company()
    account.user("Invited Person", state="PENDING")
    whole = path.with_name("whole.sqlite3")
    through(whole, account)
    count = column_of(whole, f"select count(*) from {part}")[0]
    before = len(account.instances) + len(account.resource_keys)
    ODD[part](account)
    added = len(account.instances) + len(account.resource_keys) - before
    summary = through(path, account)
    step = step_of(summary, part)
    assert step.status == "partial" and summary.status == "partial"
    assert step.messages[0].startswith('1 object was left out: an object has no "')
    assert column_of(path, f"select count(*) from {part}")[0] == count - 1 + added
    with_it = {r.part for r in RESOURCES if r.each and r.each.part == part and not r.each.by_name}
    assert set(statuses(summary)) == {part, *with_it}
    assert set(statuses(summary).values()) == {"partial"}
    message = "select message from collection_steps where part = ?"
    assert column_of(path, message, part) == ["\n".join(step.messages)]
    assert_sound(path)


def test_left_out_objects_are_named_and_counted(path):
    account = company()
    for number in range(5):
        account.user(
            f"Guest {number}", iam_id=ABSENT, id=f"m{number}", email=ABSENT, user_id=ABSENT
        )
    summary = through(path, account)
    (message,) = step_of(summary, "users").messages
    assert message == (
        '5 objects were left out: an object has no "iam_id" (id m0); an object has no "iam_id" '
        '(id m1); an object has no "iam_id" (id m2); and 2 more.'
    )
    assert column_of(path, "select count(*) from users") == [3]


def test_command_says_what_was_left_out_and_exits_with_4(path):
    account = company()
    account.user("Guest", iam_id=ABSENT, id="m0", email=ABSENT, user_id=ABSENT)
    with Sandbox(account) as sandbox:
        result = CliRunner().invoke(main, ["collect", str(path)], env=sandbox.environment)
    assert result.exit_code == 4
    assert "; partial: users." in result.stdout
    assert (
        'Partial: users.\n  1 object was left out: an object has no "iam_id" (id m0).\n'
        in result.stderr
    )
    assert "Traceback" not in result.output
    report = CliRunner().invoke(main, ["report", str(path), "collection_coverage"])
    assert "Note: users of Acme could not be read in full" in report.stderr
    assert "read in part" in report.stdout


LISTS = {  # operation: what it lists
    "users": "users",
    "service_ids": "serviceids",
    "service_id_groups": "serviceid_groups",
    "profiles": "trustedprofiles",
    "profile_links": "trustedprofile_links",
    "profile_rules": "trustedprofile_rules",
    "profile_identities": "trustedprofile_identities",
    "groups": "access_groups",
    "members": "access_group_members",
    "group_rules": "access_group_rules",
    "v2_policies": "policies",
    "roles": "roles",
    "resource_groups": "resource_groups",
    "instances": "resource_service_instances",
    "api_keys": "apikeys",
    "resource_keys": "resource_keys",
    "zones": "cbr_zones",
    "cbr_rules": "cbr_rules",
    "tags": "tags",
    "search": "resources",
    "enterprises": "enterprises",
    "zone": "cbr_zone_addresses",
}
# Where the answer says how many objects there are, an empty list is a lie.
TOLD = {"users", "groups", "members", "zones", "tags"}
# Where the list is all that there is in the answer, nothing is left without it.
ALONE = {"roles", "service_id_groups", "resource_groups"}


@pytest.mark.parametrize("kind", ["null_items", "no_items"])
@pytest.mark.parametrize("operation", LISTS)
def test_null_in_place_of_a_list_is_an_empty_list(path, company_file, operation, kind):
    account = company()
    if operation in TOLD:
        shutil.copyfile(company_file, path)
    before = content_of(path) if path.exists() else {}
    summary = through(path, account, Fault(operation, kind))
    part, found = LISTS[operation], statuses(summary)
    if operation in TOLD:
        assert found[part] == "failed"  # nothing came of what there is: the old rows stay
        assert content_of(path)[part] == before[part]
        assert " objects, but returned " in step_of(summary, part).messages[0]
    elif kind == "no_items" and operation in ALONE:
        assert found[part] == "failed"
    else:
        assert found == {}
        listed = " where listed" if part in ("roles", "resource_groups", "serviceid_groups") else ""
        assert column_of(path, f"select count(*) from {part}{listed}") == [0]
    assert_sound(path)


@pytest.mark.parametrize("operation", LISTS)
def test_empty_object_for_an_answer_costs_only_its_part(path, collected_company, operation):
    account = collected_company
    before = content_of(path)
    summary = through(path, account, Fault(operation, "json", body={}))
    part = LISTS[operation]
    children = {r.part for r in RESOURCES if r.each and r.each.part == part}
    found = statuses(summary)
    if operation in ("profile_links", "profile_rules", "profile_identities", "group_rules"):
        assert found == {}  # all that there is to say of nothing
        return
    assert set(found) <= {part, *children} and found[part] in ("failed", "partial")
    if found[part] == "failed":
        assert content_of(path)[part] == before[part]
    assert_sound(path)


@pytest.mark.parametrize("status", [400, 409, 422, 451])
@pytest.mark.parametrize(
    ("operation", "part"),
    [
        *((name, part) for name, part in LISTS.items() if name != "roles"),
        ("group_settings", "access_group_settings"),
        ("access_settings", "external_identity_settings"),
    ],
)
def test_odd_refusal_of_a_listing_costs_only_its_part(path, operation, part, status):
    account = company()
    summary = through(path, account, Fault(operation, "status", status=status))
    step = step_of(summary, part)
    assert step.status == "failed" and f"answered {status}" in step.messages[0]
    unaffected = set(PARTS) - {part} - {r.part for r in RESOURCES if r.each and r.each.part == part}
    assert not unaffected & set(statuses(summary)), statuses(summary)
    assert column_of(path, "select count(*) from accounts") == [1]
    assert_sound(path)


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 451])
@pytest.mark.parametrize(
    ("operation", "table", "found"),
    [
        ("v4_account", "accounts", "Acme"),
        ("effective_identity_settings", "account_settings", "LEVEL1"),
        ("mfa_report", "mfa_enrollments", None),
    ],
)
def test_fallback_is_tried_for_every_4xx(path, operation, table, found, status):
    account = company()
    account.identity_settings(mfa="LEVEL1")
    at = {} if operation != "mfa_report" else {"times": 1}
    summary = through(path, account, Fault(operation, "status", status=status, **at))
    assert statuses(summary) == {}
    column = {"accounts": "name", "account_settings": "mfa"}.get(table, "null")
    assert found in column_of(path, f"select {column} from {table}")


def test_report_that_cannot_be_made_gives_way_to_the_newest_which_is_said(path):
    account = company()
    account.older_reports = True
    summary = through(path, account, Fault("start_mfa_report", "status", status=409))
    step = step_of(summary, "mfa_enrollments")
    assert (step.status, step.rows > 0) == ("ok", True)
    assert step.messages[0].startswith("The newest existing report was used instead: ")
    assert "answered 409" in step.messages[0]


@pytest.mark.parametrize("status", [400, 404])
def test_roles_of_a_service_that_nobody_knows(path, status):
    account = company()
    account.policy(account.owner, roles=["Viewer"], service="nosuch")
    at = {"query": {"service_name": "nosuch"}}
    summary = through(path, account, Fault("roles", "status", status=status, **at))
    assert statuses(summary) == ({} if status == 404 else {"roles": "partial"})
    assert "kms" in column_of(path, "select distinct service_name from role_actions")
    assert column_of(path, "select count(*) from policies") == [3]


def test_roles_of_a_service_may_be_null(path):
    account = company()
    account.policy(account.owner, roles=["Viewer"], service="nosuch")
    body = {"system_roles": None, "service_roles": None, "custom_roles": None}
    fault = Fault("roles", "json", body=body, query={"service_name": "nosuch"})
    assert statuses(through(path, account, fault)) == {}


def test_one_refused_group_costs_only_its_members(path, collected_company):
    account = collected_company
    admins, readers = account.groups[-2:]
    account.members[readers["id"]].append(dict(account.members[admins["id"]][0]))
    fault = Fault("members", "status", status=403, path={"id": admins["id"]})
    summary = through(path, account, fault)
    step = step_of(summary, "access_group_members")
    assert step.status == "partial" and step.roles == {"Viewer on IAM Access Groups"}
    assert "answered 403" in step.messages[0]
    found = rows_of(path, "select group_id, count(*) from access_group_members group by 1")
    assert found == [(readers["id"], 2)]
    # Who is missing need not be gone; who is there is.
    assert rows_of(path, "select what, change, access_group_id from changes") == [
        ("access_group_members", "added", readers["id"])
    ]
    through(path, account)
    assert column_of(path, "select count(*) from changes") == [1]
    assert column_of(path, "select count(*) from access_group_members") == [3]


# What cannot be trusted


@pytest.mark.parametrize("operation", ["tags", "group_settings", "mfa_report", "search", "zone"])
@pytest.mark.parametrize(("kind", "options"), [("html", {}), ("status", {"status": 401})])
def test_answers_that_nothing_can_be_trusted_after_end_the_collect(
    path, collected_company, operation, kind, options
):
    account = collected_company
    before = path.read_bytes()
    with pytest.raises((RequestError, CredentialError)):
        through(path, account, Fault(operation, kind, **options))
    assert path.read_bytes() == before


SILENT = {
    "tags": "tags",
    "search": "resources",
    "resource_keys": "resource_keys",
    "zones": "cbr_zones",
    "group_settings": "access_group_settings",
    "start_mfa_report": "mfa_enrollments",
    "enterprises": "enterprises",
    "members": "access_group_members",
    "v2_policies": "policies",
    "service_id_groups": "serviceid_groups",
}


@pytest.mark.parametrize("operation", SILENT)
def test_part_that_never_answers_ends_the_collect_only_if_it_is_a_main_one(
    path, collected_company, operation
):
    account, part = collected_company, SILENT[operation]
    before, rows = path.read_bytes(), content_of(path)
    fault = Fault(operation, "status", status=503)
    if part in MAIN:
        with pytest.raises(RequestError, match=f"^{part}: .* Tried 3 times; try again"):
            through(path, account, fault)
        assert path.read_bytes() == before
        return
    summary = through(path, account, fault)
    assert statuses(summary)[part] == "failed"
    assert content_of(path)[part] == rows[part]


def crowd():
    account = Account("Crowd")
    people = [account.user(f"Person {number:03}") for number in range(250)]
    account.group("Everybody", members=people)
    for person in people:
        account.policy(person, roles=["Viewer"], service="kms")
    keys = account.instance("keys", service="kms")
    for number in range(1, 1150):
        account.tag(keys, f"tag-{number:04}")
    for number in range(1250):
        account.instance(f"instance {number}", service="kms")
    return account


@pytest.mark.parametrize("status", [400, 403, 404, 410])
@pytest.mark.parametrize("operation", ["users", "v2_policies", "instances"])
def test_main_listing_that_ends_in_the_middle_ends_the_collect(path, operation, status):
    account = crowd()
    after = 7 if operation == "instances" else 1
    with pytest.raises(RequestError, match="The list cannot be read completely"):
        through(path, account, Fault(operation, "status", status=status, after=after))
    assert list(path.parent.iterdir()) == []


# Every listing to its end

COUNTS = {
    "users": 251,
    "access_group_members": 250,
    "policies": 250,
    "tags": 1149,
    "resource_service_instances": 1251,
}


def counts_of(path):
    return {table: column_of(path, f"select count(*) from {table}")[0] for table in COUNTS}


@pytest.mark.parametrize("limit", [None, 7, 99, 100])
def test_pages_that_are_smaller_than_was_asked_for_are_read_to_the_last(path, limit):
    shortened = ("users", "members", "v2_policies", "tags", "search") if limit else ()
    faults = [Fault(operation, "smaller", limit=limit) for operation in shortened]
    summary = through(path, crowd(), *faults)
    assert statuses(summary) == {}
    assert counts_of(path) == COUNTS
    found = column_of(path, "select count(*) from resources where family = 'resource_controller'")
    assert found == [1251]
    attached = "select count(*) from tag_attachments where kind = 'user'"
    assert column_of(path, attached) == [1149]


@pytest.mark.parametrize(
    ("operation", "part", "came", "said"),
    [
        ("users", "users", 100, "reported 251 objects, but returned 100."),
        ("members", "access_group_members", 250, None),  # told where it is: no link is needed
    ],
)
def test_listing_that_falls_short_of_its_total_is_partial(path, operation, part, came, said):
    summary = through(path, crowd(), Fault(operation, "no_next"))
    assert column_of(path, f"select count(*) from {part}") == [came]
    assert statuses(summary) == ({part: "partial"} if said else {})
    assert step_of(summary, part).messages == [] or step_of(summary, part).messages[0].endswith(
        said
    )


@pytest.mark.parametrize(
    ("operation", "part", "body"),
    [
        ("tags", "tags", {"total_count": 3, "offset": 0, "limit": 500, "items": [{"name": "a"}]}),
        ("zones", "cbr_zones", {"count": 2, "zones": [{"id": "z"}]}),
        ("users", "users", {"total_results": 9, "resources": [{"id": "u", "iam_id": "IBMid-1"}]}),
        ("groups", "access_groups", {"total_count": 3, "groups": [{"id": "g", "name": "G"}]}),
    ],
)
def test_total_in_any_form_is_compared(path, operation, part, body):
    summary = through(path, company(), Fault(operation, "json", body=body))
    step = step_of(summary, part)
    total = next(
        value for name, value in body.items() if name in ("total_count", "count", "total_results")
    )
    assert step.status == "partial"
    assert any(f"reported {total} objects, but returned " in said for said in step.messages)


def test_what_is_missing_in_part_is_no_removal_and_what_comes_back_no_addition(
    path, collected_company
):
    account = collected_company
    bob = account.users[2]
    saved, bob["iam_id"] = bob["iam_id"], None
    assert statuses(through(path, account)) == {
        "users": "partial",
        "mfa_enrollments": "partial",  # IBM Cloud's report does not know who it is either
    }
    assert column_of(path, "select what from changes where what = 'users'") == []
    bob["iam_id"] = saved
    account.users[1]["email"] = "new@example.org"
    through(path, account)
    assert rows_of(path, "select what, change, iam_id from changes") == [
        ("users", "changed", account.users[1]["iam_id"])
    ]


def test_file_knows_when_its_rows_were_read(path, collected_company):
    account = collected_company
    account.user("Guest", iam_id=ABSENT)
    through(path, account)
    found = rows_of(
        path,
        "select parts.status, read_at = steps.finished_at from collected_parts as parts "
        "join collection_steps as steps on steps.part = parts.part "
        "and steps.collection_id = 2 where parts.part = 'users'",
    )
    assert found == [("partial", 1)]
    assert column_of(path, "select status from collections order by id") == ["ok", "partial"]
