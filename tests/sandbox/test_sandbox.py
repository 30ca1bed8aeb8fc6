"""The sandbox over HTTP: defaults that surprise, tokens, refusals, paging, several accounts."""

from __future__ import annotations

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from iaminsights.sandbox import ABSENT, Account, Sandbox

from ..sandbox_client import Caller, names

GRANT = "urn:ibm:params:oauth:grant-type:apikey"


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


# ------------------------------------------------------------------ defaults that surprise


def test_service_ids_are_those_of_the_default_group_unless_one_is_named(serve, acme):
    acme.service_id("here")
    there = acme.service_id("there", group="Elsewhere")
    caller = serve(acme)
    assert names(caller.iam("/v1/serviceids")["serviceids"]) == ["here"]
    (group,) = caller.iam("/v1/serviceid_groups")["serviceid_groups"]
    found = caller.iam("/v1/serviceids/", group_id=group["id"])["serviceids"]
    assert names(found) == ["there"]
    assert "group_id" not in found[0]
    shown = caller.iam("/v1/serviceids", group_id=group["id"], show_group_id="true")["serviceids"]
    assert shown == [there]


def test_instances_are_active_and_provisioning_ones_unless_a_state_is_named(serve, acme):
    states = ("active", "provisioning", "pending_reclamation", "removed", "inactive", "failed")
    for state in states:
        acme.instance(state, state=state)
    caller = serve(acme)
    listing = "/resource-controller/v2/resource_instances"
    assert names(caller.get(listing)["resources"]) == ["active", "provisioning"]
    for state in states:
        assert names(caller.get(listing, state=state)["resources"]) == [state]
    waiting = caller.get("/resource-controller/v1/reclamations", account_id=acme.account_id)
    assert [row["resource_instance_id"] for row in waiting["resources"]] == [
        acme.instances[2]["guid"]
    ]


def test_an_unlisted_resource_group_still_holds_instances(serve, acme):
    hidden = acme.resource_group("hidden", listed=False)
    acme.instance("buried", resource_group=hidden)
    caller = serve(acme)
    groups = caller.get("/resource-controller/v2/resource_groups", account_id=acme.account_id)
    assert groups["resources"] == []
    (instance,) = caller.get("/resource-controller/v2/resource_instances")["resources"]
    assert instance["resource_group_id"] == hidden["id"]
    assert instance["resource_group_crn"].endswith(f"::resource-group:{hidden['id']}")


def test_members_are_the_static_ones_unless_a_type_is_named(serve, acme):
    ada = acme.user("Ada Lovelace")
    team = acme.group("Team", members=[ada, "IBMid-GONE123"], dynamic_members=[ada])
    caller = serve(acme)
    members = f"/iam/v2/groups/{team['id']}/members"

    def kinds(**query):
        return [m["membership_type"] for m in caller.get(members, **query)["members"]]

    assert kinds() == ["static", "static"]
    assert kinds(membership_type="dynamic") == ["dynamic"]
    assert kinds(membership_type="all") == ["static", "static", "dynamic"]
    verbose = caller.get(members, verbose="true")["members"]
    assert [m.get("name") for m in verbose] == ["Ada Lovelace", None]
    assert "name" not in caller.get(members)["members"][0]


def test_the_public_access_group_is_listed_unless_hidden(serve, acme):
    acme.group("Team")
    caller = serve(acme)
    assert names(caller.iam("/v2/groups")["groups"]) == ["Public Access", "Team"]
    assert names(caller.iam("/v2/groups", hide_public_access="true")["groups"]) == ["Team"]
    assert caller.iam("/v2/groups/settings")["public_access_enabled"] is True
    without = serve(Account("Closed", public_access=False))
    assert without.iam("/v2/groups")["groups"] == []
    assert without.iam("/v2/groups/settings")["public_access_enabled"] is False


def test_a_boolean_parameter_is_lower_case(serve, acme):
    caller = serve(acme)
    assert "is_federated" in caller.iam("/v2/groups", show_federated="true")["groups"][0]
    assert "is_federated" not in caller.iam("/v2/groups", show_federated="True")["groups"][0]


def test_unknown_parameters_are_ignored(serve, acme):
    assert serve(acme).iam("/v2/groups", membership="all", pagesize=1)["groups"]


def test_a_user_who_is_only_invited_has_no_name_yet(serve, acme):
    acme.user("Someone New", state="PENDING")
    caller = serve(acme)
    invited = caller.get(f"/user-management/v2/accounts/{acme.account_id}/users")["resources"][1]
    assert (invited["state"], invited["firstname"], invited["lastname"]) == ("PENDING", "", "")
    assert "added_on" not in invited


# ------------------------------------------------------------------ filters and single objects

USERS = "/user-management/v2/accounts/{account}/users"
RESOURCES = "/resource-controller"

#: Path, parameters, and the names of what is found in the account of the test.
FILTERS = [
    (USERS, {"search": "email:ADA"}, ["Ada"]),
    (USERS, {"search": "firstname:olga,state:pend"}, ["Olga", ""]),
    (USERS, {"user_id": "ada@acme.example.org"}, ["Ada"]),
    ("/iam/v1/serviceids", {"name": "two"}, ["two"]),
    ("/iam/v1/serviceids", {"sort": "name", "order": "desc"}, ["two", "one"]),
    ("/iam/v1/profiles", {"name": "p"}, ["p"]),
    ("/iam/v2/groups", {"search": "name:dev"}, ["Devs"]),
    ("/iam/v2/groups", {"iam_id": "IBMid-ADA"}, ["Devs"]),
    ("/iam/v2/groups", {"iam_id": "IBMid-ADA", "membership_type": "dynamic"}, ["Ops"]),
    ("/iam/v2/groups", {"sort": "-name", "hide_public_access": "true"}, ["Ops", "Devs"]),
    ("/iam/v2/groups", {"limit": 0}, []),
    (f"{RESOURCES}/v2/resource_groups", {"default": "true"}, ["Default"]),
    (f"{RESOURCES}/v2/resource_groups", {"name": "prod"}, ["prod"]),
    (f"{RESOURCES}/v2/resource_instances", {"name": "i1"}, ["i1"]),
    (f"{RESOURCES}/v2/resource_instances", {"updated_from": "2025-01-01"}, ["i2"]),
    (f"{RESOURCES}/v2/resource_instances", {"updated_to": "2025-01-01"}, ["i1"]),
]


@pytest.mark.parametrize("path, query, expected", FILTERS)
def test_listings_can_be_filtered(serve, acme, path, query, expected):
    ada = acme.user("Ada Lovelace", email="ada@acme.example.org", iam_id="IBMid-ADA")
    acme.user("Someone New", state="PENDING")
    acme.service_id("one")
    acme.service_id("two")
    acme.profile("p")
    acme.profile("q")
    acme.group("Devs", members=[ada])
    acme.group("Ops", dynamic_members=[ada])
    acme.instance("i1", created_at="2024-06-01")
    acme.instance("i2", created_at="2026-06-01", resource_group=acme.resource_group("prod"))
    caller = serve(acme)
    path = path.format(account=acme.account_id)
    body = caller.get(path, account_id=acme.account_id, **query)
    (rows,) = (value for value in body.values() if isinstance(value, list))
    assert [row.get("name", row.get("firstname")) for row in rows] == expected


def test_single_objects_are_found_by_their_ids(serve, acme):
    ada = acme.user("Ada Lovelace", settings={"allowed_ip_addresses": "192.0.2.7"})
    team = acme.group("Team", members=[ada])
    acme.group_rule(team, "rule", "https://idp.example.org", [("dept", "EQUALS", "x")])
    room = acme.resource_group("prod")
    hidden = acme.resource_group("hidden", listed=False)
    robot = acme.service_id("there", group="Elsewhere")
    role = acme.custom_role("KeyLister", "Key Lister", service="kms", actions=["kms.secrets.list"])
    policy = acme.policy(team, ["Key Lister"], service="kms", version="v1")
    caller = serve(acme)
    people = f"/user-management/v2/accounts/{acme.account_id}/users"
    assert "settings" not in caller.get(f"{people}/{ada['iam_id']}")
    settings = caller.get(f"{people}/{ada['iam_id']}/settings")
    assert settings["allowed_ip_addresses"] == "192.0.2.7"
    listed = caller.get(people, include_settings="true")["resources"]
    assert listed[1]["settings"] == settings and listed[0]["settings"]["self_manage"] is False
    shown = caller.get(f"/iam/v2/groups/{team['id']}", show_federated="true", show_crn="true")
    assert shown["is_federated"] is True and shown["crn"].endswith(team["id"])
    assert caller.get(f"/iam/v1/serviceids/{robot['id']}")["name"] == "there"
    assert caller.get(f"/iam/v2/roles/{role['id']}")["crn"] == role["crn"]
    v1 = caller.get(f"/iam/v1/policies/{policy['id']}")
    assert v1["roles"][0]["display_name"] == "Key Lister"
    v2 = caller.get(f"/iam/v2/policies/{policy['id']}", format="display")
    (granted,) = v2["control"]["grant"]["roles"]
    assert [action["id"] for action in granted["actions"]] == ["kms.secrets.list"]
    assert caller.request("GET", f"/iam/v2/policies/{policy['id']}").headers["ETag"]
    assert caller.get(f"{RESOURCES}/v2/resource_groups/{room['id']}") == room
    caller.refused(f"{RESOURCES}/v2/resource_groups/{hidden['id']}", 403)


# ------------------------------------------------------------------ policies and roles


def test_each_policy_list_shows_the_policies_of_the_other_version_its_own_way(serve, acme):
    keys = acme.instance("keys", service="kms")
    old = acme.policy("IBMid-A", ["Viewer"], instance=keys, version="v1")
    new = acme.policy("IBMid-B", ["Manager"], instance=keys, description="mine")
    caller = serve(acme)
    v1 = {policy["id"]: policy for policy in caller.iam("/v1/policies")["policies"]}
    v2 = {policy["id"]: policy for policy in caller.iam("/v2/policies")["policies"]}
    assert set(v1) == set(v2) == {old["id"], new["id"]}

    assert v1[old["id"]]["roles"][0]["display_name"] == "Viewer"
    assert v1[old["id"]]["resources"][0]["attributes"][1:] == [
        {"name": "serviceName", "value": "kms"},
        {"name": "serviceInstance", "value": keys["guid"]},
    ]
    placeholder = v1[new["id"]]
    assert placeholder["subjects"] == [
        {"attributes": [{"name": "iam_id", "value": "unsupported version"}]}
    ]
    assert [role["role_id"].rpartition(":")[2] for role in placeholder["roles"]] == [
        "UnsupportedVersion"
    ]
    assert [a["name"] for a in placeholder["resources"][0]["attributes"]] == ["accountId"]
    assert placeholder["href"].endswith(f"/v2/policies/{new['id']}")

    assert v2[old["id"]]["subject"]["attributes"] == [
        {"key": "iam_id", "operator": "stringEquals", "value": "IBMid-A"}
    ]
    assert v2[old["id"]]["resource"]["attributes"][2] == {
        "key": "serviceInstance",
        "operator": "stringEquals",
        "value": keys["guid"],
    }
    assert v2[new["id"]]["control"]["grant"]["roles"] == [
        {"role_id": "crn:v1:bluemix:public:iam::::serviceRole:Manager"}
    ]


def test_a_v1_policy_keeps_tags_patterns_and_existence_through_the_conversion(serve, acme):
    acme.policy(
        "IBMid-A",
        ["Viewer"],
        attributes=[
            ("serviceName", "stringMatch", "databases-*"),
            ("region", "stringExists", True),
        ],
        tags=[("env", "stringEquals", "dev")],
        version="v1",
    )
    caller = serve(acme)
    (v1,) = caller.iam("/v1/policies")["policies"]
    assert v1["resources"][0]["attributes"][1:] == [
        {"name": "serviceName", "value": "databases-*", "operator": "stringMatch"},
        {"name": "region", "value": "true", "operator": "stringExists"},
    ]
    (v2,) = caller.iam("/v2/policies")["policies"]
    assert v2["resource"]["attributes"][1:] == [
        {"key": "serviceName", "operator": "stringMatch", "value": "databases-*"},
        {"key": "region", "operator": "stringExists", "value": True},
    ]
    assert v2["resource"]["tags"] == [{"key": "env", "operator": "stringEquals", "value": "dev"}]


def test_last_use_and_role_names_come_on_request_and_one_at_a_time(serve, acme):
    acme.policy(
        "IBMid-A", ["Reader"], service="kms", last_permit_at="2026-01-30", last_permit_frequency=4
    )
    acme.policy("IBMid-B", ["Reader"], service="kms")
    caller = serve(acme)

    def listed(**query):
        return caller.iam("/v2/policies", **query)["policies"]

    assert not any("last_permit_at" in policy for policy in listed())
    used, never = listed(format="include_last_permit")
    assert used["last_permit_at"].startswith("2026-01-30T") and used["last_permit_frequency"] == 4
    assert "last_permit_at" not in never
    assert "display_name" not in used["control"]["grant"]["roles"][0]
    (role,) = listed(format="display")[0]["control"]["grant"]["roles"]
    assert role["display_name"] == "Reader"
    assert "kms.secrets.list" in [action["id"] for action in role["actions"]]
    assert "last_permit_at" not in listed(format="display")[0]
    query = {"account_id": acme.account_id, "format": "display,include_last_permit"}
    caller.refused("/iam/v2/policies", 400, params=query)


def test_deleted_policies_are_a_list_of_their_own(serve, acme):
    acme.policy("IBMid-A", ["Viewer"], service="kms", description="kept")
    acme.policy("IBMid-A", ["Viewer"], service="logs", description="gone", state="deleted")
    caller = serve(acme)
    for query, expected in (
        ({}, "kept"),
        ({"state": "active"}, "kept"),
        ({"state": "deleted"}, "gone"),
    ):
        (policy,) = caller.iam("/v2/policies", **query)["policies"]
        assert policy["description"] == expected


def test_policies_can_be_filtered_and_sorted(serve, acme):
    team = acme.group("Team")
    acme.policy(team, ["Viewer"], service="kms", description="b", created_at="2023-01-01")
    acme.policy("IBMid-A", ["Viewer"], service_type="service", description="a")
    acme.authorization(["Reader"], {"serviceName": "is"}, {"serviceName": "kms"}, description="c")
    caller = serve(acme)

    def found(**query):
        rows = caller.iam("/v2/policies", **query)["policies"]
        return [policy["description"] for policy in rows]

    assert found(access_group_id=team["id"]) == ["b"]
    assert found(iam_id="IBMid-A") == ["a"]
    assert found(type="authorization") == ["c"]
    assert found(service_type="service") == ["a"]
    assert found(service_name="kms") == ["b", "c"]
    assert found(sort="created_at")[0] == "b"
    assert found(sort="-created_at")[-1] == "b"


def test_policies_come_in_one_page_unless_a_limit_is_given(serve, acme):
    for number in range(150):
        acme.policy(f"IBMid-{number}", ["Viewer"], service="kms")
    caller = serve(acme)
    everything = caller.iam("/v2/policies")
    assert len(everything["policies"]) == 150 and set(everything) == {"policies"}
    page = caller.iam("/v2/policies", limit=1000)
    assert len(page["policies"]) == page["limit"] == 100
    following = caller.iam("/v2/policies", limit=1000, start=page["next"]["start"])
    assert len(following["policies"]) == 50 and "next" not in following
    assert caller.session.get(page["next"]["href"], timeout=10).json() == following


def test_roles_of_a_service_come_only_when_it_is_named(serve, acme):
    acme.custom_role("KeyLister", "Key Lister", service="kms", actions=["kms.secrets.list"])
    caller = serve(acme)

    def found(kind, **query):
        return {role["display_name"]: role for role in caller.iam("/v2/roles", **query)[kind]}

    assert {"Viewer", "Operator", "Editor", "Administrator"} <= set(found("system_roles"))
    assert list(found("service_roles")) == ["Reader", "Writer", "Manager"]
    assert found("service_roles")["Reader"]["actions"] == []
    assert list(found("custom_roles")) == ["Key Lister"]
    of_kms = found("service_roles", service_name="kms")
    assert "ReaderPlus" in of_kms and "kms.secrets.list" in of_kms["Reader"]["actions"]
    assert list(found("custom_roles", service_name="logs")) == []
    assert list(found("service_roles", service_name="billing")) == []
    assert "Key Manager" in found("system_roles", service_name="resource-controller")
    assert found("system_roles", service_name="no-such-service") == {}
    both = {"service_name": "kms", "service_group_id": "IAM"}
    caller.refused("/iam/v2/roles", 400, params=both)


# ------------------------------------------------------------------ paging


def test_page_sizes_are_capped_or_refused(serve, acme):
    for number in range(150):
        acme.user(f"User {number}")
        acme.service_id(f"robot-{number}")
        acme.group(f"group-{number}")
        acme.instance(f"instance-{number}")
    caller = serve(acme)
    users = f"/user-management/v2/accounts/{acme.account_id}/users"
    instances = "/resource-controller/v2/resource_instances"
    assert len(caller.iam("/v1/serviceids")["serviceids"]) == 20
    assert len(caller.iam("/v2/groups")["groups"]) == 50
    assert len(caller.iam("/v2/groups", limit=1000)["groups"]) == 100
    assert len(caller.get(users)["resources"]) == 100
    assert len(caller.get(users, limit=1000, pagesize=5)["resources"]) == 100
    page = caller.get(instances, limit=1000)
    assert page["next_url"] and page["rows_count"] == len(page["resources"]) <= 100
    for size in ("0", "101", "-1", "many"):
        query = {"account_id": acme.account_id, "pagesize": size}
        caller.refused("/iam/v1/serviceids", 400, params=query)


def test_a_short_page_of_instances_is_not_the_last_one(serve, acme):
    for number in range(25):
        acme.instance(f"instance-{number}")
    acme.instance("other", state="inactive")
    caller = serve(acme)
    path, lengths, seen = "/v2/resource_instances?limit=10&state=active", [], []
    while path:
        assert path.startswith("/v2/"), "relative, and without the path of the mount"
        page = caller.get("/resource-controller" + path)
        lengths.append(page["rows_count"])
        seen += names(page["resources"])
        path = page["next_url"]
    assert lengths == [7, 10, 8]
    assert seen == [f"instance-{number}" for number in range(25)]


def test_the_cursor_of_instances_overrules_every_other_parameter(serve, acme):
    for number in range(10):
        acme.instance(f"instance-{number}", state="active" if number % 2 else "inactive")
    caller = serve(acme)
    first = caller.get("/resource-controller/v2/resource_instances", limit=2, state="inactive")
    start = first["next_url"].partition("start=")[2]
    other = {"start": start, "limit": 100, "state": "active"}
    page = caller.get("/resource-controller/v2/resource_instances", **other)
    assert names(page["resources"]) == ["instance-2", "instance-4"]


def test_links_name_the_sandbox_and_end_with_the_rows(serve, acme):
    for number in range(5):
        acme.profile(f"profile-{number}")
        acme.group(f"group-{number}")
    caller = serve(acme)
    page, seen = caller.iam("/v1/profiles", pagesize=2, sort="name", order="desc"), []
    while True:
        seen += names(page["profiles"])
        if "next" not in page:
            break
        assert page["next"].startswith(caller.sandbox.url + "/iam/v1/profiles?")
        page = caller.session.get(page["next"], timeout=10).json()
    assert seen == [f"profile-{number}" for number in (4, 3, 2, 1, 0)]

    page = caller.iam("/v2/groups", limit=2, offset=4)
    assert page["total_count"] == 6 and "next" not in page
    assert page["previous"]["href"].endswith("limit=2&offset=2")
    assert page["last"]["href"].endswith("limit=2&offset=4")


def test_a_page_token_alone_continues_an_identity_list(serve, acme):
    acme.profile("one")
    acme.profile("two")
    caller = serve(acme)
    token = caller.iam("/v1/profiles", pagesize=1)["next"].partition("pagetoken=")[2]
    page = caller.get("/iam/v1/profiles", pagetoken=token)
    assert names(page["profiles"]) == ["two"]
    for bad in ("nonsense", "WzFd", "é"):
        caller.refused("/iam/v1/profiles", 400, params={"pagetoken": bad})


def test_users_continue_by_a_relative_link(serve, acme):
    acme.user("Ada Lovelace")
    caller = serve(acme)
    path = f"/v2/accounts/{acme.account_id}/users"
    page = caller.get("/user-management" + path, limit=1)
    assert page["total_results"] == 2 and page["next_url"].startswith(path + "?limit=1&_start=")
    last = caller.get("/user-management" + page["next_url"])
    assert last["resources"][0]["firstname"] == "Ada" and "next_url" not in last


# ------------------------------------------------------------------ tokens


def test_the_token_says_who_it_is_for(serve, acme):
    caller = serve(acme)
    form = {"grant_type": GRANT, "apikey": acme.api_key, "response_type": "cloud_iam"}
    answer = requests.post(caller.sandbox.url + "/iam/identity/token", data=form, timeout=10).json()
    said = claims(answer["access_token"])
    assert said["iam_id"] == said["id"] == acme.owner["iam_id"]
    assert said["account"]["bss"] == acme.account_id
    assert (said["name"], said["sub"]) == ("Olga Owner", acme.owner["user_id"])
    assert said["exp"] - said["iat"] == answer["expires_in"] == 3600
    assert answer["expiration"] == said["exp"]
    assert (answer["token_type"], answer["refresh_token"]) == ("Bearer", "not_supported")
    acme.caller = acme.service_id("collector")
    said = claims(caller.sandbox.token_for(acme))
    assert (said["sub_type"], said["sub"]) == ("ServiceId", acme.caller["id"])


@pytest.mark.parametrize(
    "form, code",
    [
        ({"grant_type": GRANT, "apikey": "unknown"}, "BXNIM0415E"),
        ({"grant_type": GRANT}, "BXNIM0109E"),
        ({"apikey": "unknown"}, "BXNIM0109E"),
        ({"grant_type": "password", "apikey": "unknown"}, "BXNIM0109E"),
        ({}, "BXNIM0109E"),
    ],
)
def test_bad_token_requests_are_refused_in_the_form_of_the_token_service(serve, acme, form, code):
    body = serve(acme).refused("/iam/identity/token", 400, "POST", data=form)
    assert body["errorCode"] == code and body["errorMessage"] and body["context"]["requestId"]


#: What is wrong with a token: how to make one that is so.
BAD_TOKENS = {
    "missing": lambda sandbox: None,
    "no scheme": lambda sandbox: sandbox.token_for(sandbox.accounts[0]),
    "garbled": lambda sandbox: "Bearer not-a-token",
    "no JSON": lambda sandbox: "Bearer YQ.YQ.YQ",
    "expired": lambda sandbox: f"Bearer {_with_claim(sandbox, exp=int(time.time()) - 1)}",
    "unknown account": lambda sandbox: f"Bearer {_with_claim(sandbox, account={'bss': 'x'})}",
    "no account": lambda sandbox: f"Bearer {_with_claim(sandbox, account=None)}",
}


def _with_claim(sandbox, **changed):
    head, _, signature = sandbox.token_for(sandbox.accounts[0]).split(".")
    said = claims(sandbox.token_for(sandbox.accounts[0])) | changed
    body = base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
    return f"{head}.{body}.{signature}"


@pytest.mark.parametrize("fault", BAD_TOKENS)
def test_a_bad_token_is_refused_by_each_service_in_its_own_words(serve, acme, fault):
    caller = serve(acme)
    header = BAD_TOKENS[fault](caller.sandbox)
    caller.session.headers.pop("Authorization")
    options = {"headers": {"Authorization": header} if header else {}}

    body = caller.refused("/iam/v1/profiles", 401, **options)
    assert body["status_code"] == "401" and body["errors"][0]["message_code"] == "BXNIM0407E"
    body = caller.refused("/iam/v2/groups", 401, **options)
    assert body["errors"][0]["code"] == "invalid_access_token" and body["status_code"] == 401
    body = caller.refused("/iam/v2/policies", 401, **options)
    assert body["errors"][0]["code"] == "invalid_token" and body["trace"]
    body = caller.refused(f"/user-management/v2/accounts/{acme.account_id}/users", 401, **options)
    assert isinstance(body["errors"][0]["code"], int)
    body = caller.refused("/resource-controller/v2/resource_instances", 401, **options)
    assert body["error_code"] == "RC-IamErrorResponse" and "errors" not in body
    assert caller.refused("/accounts/v1/accounts", 401, **options)["errors"]


def test_tokens_can_be_made_to_be_expired(serve, acme):
    caller = serve(acme, token_lifetime=-60)
    body = caller.refused("/resource-controller/v2/resource_instances", 401)
    assert body["message"] == "Token is expired"


# ------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    "path, code",
    [
        ("/iam/v1/serviceids", "missing_parameter"),
        ("/iam/v1/profiles", "missing_parameter"),
        ("/iam/v2/groups", "missing_required_query_parameter"),
        ("/iam/v2/groups/settings", "missing_required_query_parameter"),
        ("/iam/v1/policies", "missing_required_query_parameter"),
        ("/iam/v2/policies", "missing_required_query_parameter"),
    ],
)
def test_lists_of_iam_want_an_account_and_it_must_be_ones_own(serve, acme, path, code):
    caller = serve(acme)
    body = caller.refused(path, 400)
    assert body["errors"][0]["code"] == code and "account_id" in body["errors"][0]["message"]
    assert caller.refused(path, 403, params={"account_id": "another"})["errors"]


def test_other_accounts_and_unknown_things_are_not_there(serve, acme):
    caller = serve(acme)
    caller.refused("/user-management/v2/accounts/another/users", 403)
    caller.refused("/accounts/v4/accounts/another", 404)
    caller.refused("/accounts/v1/accounts/another", 404)
    caller.refused(f"/user-management/v2/accounts/{acme.account_id}/users/IBMid-GONE", 404)
    caller.refused("/iam/v1/profiles/Profile-1/links", 404)
    caller.refused("/iam/v2/groups/AccessGroupId-1/members", 404)
    body = caller.refused("/iam/v2/policies/1", 404)
    assert body["errors"][0]["code"] == "policy_not_found"
    caller.refused("/resource-controller/v2/resource_instances/1", 404)
    instances = caller.get("/resource-controller/v2/resource_instances", account_id="another")
    assert instances["resources"] == []


def test_unknown_paths_of_iam_answer_with_a_page_and_others_with_json(serve, acme):
    caller = serve(acme)
    for path in ("/iam/v3/groups", "/iam", "/", "/iam/v1/profiles/"):
        response = caller.request("GET", path)
        assert response.status_code == 404
        assert response.headers["Content-Type"] == "text/html"
        assert response.text.startswith("<html>")
    for mount in ("/accounts", "/user-management", "/resource-controller"):
        caller.refused(f"{mount}/v9/nothing", 404)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD"])
def test_nothing_can_be_written(serve, acme, method):
    caller = serve(acme)
    for path in ("/iam/v1/profiles", "/iam/v2/policies", "/resource-controller/v2/resource_groups"):
        response = caller.request(method, path, json={"name": "new"} if method != "HEAD" else None)
        assert response.status_code == 405
    assert caller.refused("/iam/identity/token", 405)["errorCode"] == "BXNIM0060E"
    # The connection is still good: the bodies of refused requests were read.
    assert caller.iam("/v2/groups")


#: What is denied, where that is seen, and which words the refusal has.
DENIALS = [
    ("users", "/user-management/v2/accounts/{account}/users", "not authorized"),
    ("profiles", "/iam/v1/profiles?account_id={account}", "iam-identity.profile.list"),
    ("/v2/groups", "/iam/v2/groups?account_id={account}", "unauthorized"),
    ("iam-policies", "/iam/v2/policies?account_id={account}", "insufficent_permissions"),
    ("instances", "/resource-controller/v2/resource_instances", "RC-IamErrorResponse"),
    ("v4_account", "/accounts/v4/accounts/{account}", "not authorized"),
]


@pytest.mark.parametrize("denied, path, words", DENIALS, ids=[row[0] for row in DENIALS])
def test_what_is_denied_is_refused_and_the_rest_is_not(serve, acme, denied, path, words):
    caller = serve(acme, deny={denied})
    body = caller.refused(path.format(account=acme.account_id), 403)
    assert words in json.dumps(body)
    others = [row for row in DENIALS if row[0] != denied]
    for _, other, _ in others:
        caller.get(other.format(account=acme.account_id))


def test_tokens_can_be_denied(serve, acme):
    caller = serve(acme, deny={"token"})
    form = {"grant_type": GRANT, "apikey": acme.api_key}
    body = caller.refused("/iam/identity/token", 403, "POST", data=form)
    assert body["errorCode"] == "BXNIM0513E"


def test_what_is_hidden_shrinks_to_what_is_ones_own(serve, acme):
    acme.user("Ada Lovelace")
    acme.group("Team")
    acme.instance("archive")
    caller = serve(acme, hide={"users", "groups", "instances"})
    users = caller.get(f"/user-management/v2/accounts/{acme.account_id}/users")
    assert users["resources"] == [acme.owner] and users["total_results"] == 1
    assert caller.iam("/v2/groups")["groups"] == []
    assert caller.get("/resource-controller/v2/resource_instances")["resources"] == []


def test_only_known_operations_can_be_denied(acme):
    with pytest.raises(ValueError, match="No such operation: groupz"):
        Sandbox(acme, deny={"groupz"})


def test_the_transaction_id_comes_back(serve, acme):
    caller = serve(acme)
    headers = {"Transaction-Id": "mine-1"}
    response = caller.request("GET", "/iam/v2/policies", headers=headers)
    assert response.headers["Transaction-Id"] == response.json()["trace"] == "mine-1"
    assert caller.request("GET", "/iam/v2/policies").headers["Transaction-Id"]


# ------------------------------------------------------------------ accounts and server


def test_two_accounts_are_kept_apart(serve, acme):
    other = Account("Other", owner="Otto Other")
    other.user("Olga Owner", email=acme.owner["email"])
    caller = serve(acme, other)
    assert set(caller.sandbox.environment_for(other)) == set(caller.sandbox.environment)
    theirs = Caller(caller.sandbox, other)
    try:
        for one in (caller, theirs):
            people = one.get(f"/user-management/v2/accounts/{one.account.account_id}/users")
            assert people["resources"] == one.account.users
        # Olga is a member of both, Otto of one; each token reads the data of its own account only.
        mine = caller.get("/accounts/v1/accounts")["resources"]
        assert [row["metadata"]["guid"] for row in mine] == [acme.account_id, other.account_id]
        assert mine[0]["entity"]["owner_iam_id"] == acme.owner["iam_id"]
        assert len(theirs.get("/accounts/v1/accounts")["resources"]) == 1
        assert caller.get(f"/accounts/v4/accounts/{other.account_id}")["name"] == "Other"
        caller.refused("/iam/v2/groups", 403, params={"account_id": other.account_id})
    finally:
        theirs.close()


def test_one_person_has_one_iam_id_in_every_account(acme):
    other = Account("Other")
    assert other.user("O. Owner", email=acme.owner["email"])["iam_id"] == acme.owner["iam_id"]


def test_requests_are_recorded(serve, acme):
    caller = serve(acme)
    caller.iam("/v2/groups", limit=2)
    caller.request("GET", "/iam/nowhere")
    first, second = caller.sandbox.requests
    assert (first.method, first.service, first.operation) == ("GET", "iam-groups", "groups")
    assert (first.path, first.status) == ("/v2/groups", 200)
    assert first.query == {"account_id": acme.account_id, "limit": "2"}
    assert (second.path, second.operation, second.status) == ("/nowhere", "", 404)


def test_many_clients_at_once(serve, acme):
    caller = serve(acme)
    url, headers = caller.sandbox.url + "/iam/v2/groups", dict(caller.session.headers)

    def ask(_):
        return requests.get(
            url, params={"account_id": acme.account_id}, headers=headers, timeout=10
        ).status_code

    with ThreadPoolExecutor(64) as pool:
        assert set(pool.map(ask, range(128))) == {200}


def test_kept_connections_are_quick(serve, acme):
    """Answers that leave in two pieces cost 40 ms each; 200 of them would take 8 seconds."""
    caller = serve(acme)
    begin = time.perf_counter()
    for _ in range(200):
        caller.iam("/v2/groups")
    assert time.perf_counter() - begin < 4


def test_latency_holds_every_answer_back(serve, acme):
    caller = serve(acme, latency=0.05)
    begin = time.perf_counter()
    caller.iam("/v2/groups")
    assert time.perf_counter() - begin >= 0.05


def test_closing_ends_connections_and_frees_the_port(acme):
    sandbox = Sandbox(acme).start()
    port = int(sandbox.url.rpartition(":")[2])
    caller = Caller(sandbox)
    caller.iam("/v2/groups")
    sandbox.close()
    sandbox.close()  # a second time does nothing
    with Sandbox(acme, port=port) as again:
        assert again.url.endswith(f":{port}")
        # The kept connection is gone; the session notices and opens another.
        assert caller.session.get(again.url + "/iam/v2/groups", timeout=10).status_code == 400
    caller.close()


# ------------------------------------------------------------------ the builder


def test_fields_can_be_added_overridden_and_left_out(acme):
    ada = acme.user("Ada Lovelace", email=ABSENT, iam_id="IBMid-ADA", sub_state="X")
    assert (ada["iam_id"], ada["sub_state"], "email" in ada) == ("IBMid-ADA", "X", False)
    robot = acme.service_id("robot", id="ServiceId-1", modified_at=ABSENT)
    assert robot["iam_id"] == "iam-ServiceId-1" and robot["crn"].endswith(":ServiceId-1")
    assert "modified_at" not in robot
    instance = acme.instance("i", guid="g-1", created_at="2021-03-05")
    assert instance["crn"].split(":")[7] == "g-1" and instance["id"] == instance["crn"]
    bare = acme.policy("IBMid-A", ["Viewer"], attributes=[("accountId", "stringEquals", ABSENT)])
    assert bare["resource"]["attributes"] == []


def test_objects_can_lack_what_identifies_them(serve, acme):
    """Real answers have holes; a client must be able to meet each of them."""
    acme.user("No Id", iam_id=ABSENT)
    acme.service_id("no id", id=ABSENT, iam_id=ABSENT)
    acme.profile("no id", id=ABSENT)
    acme.group("no id", id=ABSENT)
    acme.add_member(acme.group("Team"), "IBMid-A", iam_id=ABSENT, membership_type=ABSENT)
    acme.resource_group("no id", id=ABSENT)
    acme.instance("no id", crn=ABSENT, guid=ABSENT, id=ABSENT, state=ABSENT)
    acme.policy("IBMid-A", ["Viewer"], service="kms", id=ABSENT, type=ABSENT, state=ABSENT)
    caller = serve(acme)
    team = acme.groups[-1]["id"]
    listings = [
        (
            caller.get(f"/user-management/v2/accounts/{acme.account_id}/users"),
            "resources",
            "iam_id",
        ),
        (caller.iam("/v1/serviceids"), "serviceids", "iam_id"),
        (caller.iam("/v1/profiles"), "profiles", "id"),
        (caller.iam("/v2/groups"), "groups", "id"),
        (caller.get(f"/iam/v2/groups/{team}/members", membership_type="all"), "members", "iam_id"),
        (caller.get("/resource-controller/v2/resource_groups"), "resources", "id"),
        (caller.get("/resource-controller/v2/resource_instances"), "resources", "crn"),
        (caller.iam("/v2/policies"), "policies", "id"),
        (caller.iam("/v1/policies"), "policies", "id"),
    ]
    for body, field, key in listings:
        assert any(key not in row for row in body[field]), (field, key)


def test_times_have_the_form_of_their_service(acme):
    day = "2021-03-05"
    assert len(acme.service_id("r", created_at=day)["created_at"]) == len("2021-03-05T09:41+0000")
    assert acme.group("g", created_at=day)["created_at"][-5] == "."
    instance = acme.instance("i", created_at=day)
    assert instance["created_at"][-11] == "." and instance["created_at"].startswith(day)
    assert acme.group("h", created_at="2021-03-05T00:00:00Z")["created_at"].endswith("00:00:00Z")


def test_things_of_one_name_have_different_ids(acme):
    assert acme.service_id("test")["id"] != acme.service_id("test")["id"]
    assert acme.instance("same")["guid"] != acme.instance("same")["guid"]
    first, second = (acme.policy("IBMid-A", ["Viewer"], service="kms") for _ in range(2))
    assert first["id"] != second["id"]


def test_what_cannot_exist_is_an_error(acme):
    with pytest.raises(ValueError, match="no role 'Emperor'"):
        acme.policy("IBMid-A", ["Emperor"], service="kms")
    with pytest.raises(ValueError, match="no conditions"):
        acme.policy("IBMid-A", ["Viewer"], rule={"key": "k"}, version="v1")
    several = [("region", "stringEqualsAnyOf", ["eu-de", "eu-gb"])]
    with pytest.raises(ValueError, match="several values"):
        acme.policy("IBMid-A", ["Viewer"], attributes=several, version="v1")
