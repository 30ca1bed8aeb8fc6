"""Keys, reports, tags, restrictions and enterprises of the sandbox over plain HTTP."""

from __future__ import annotations

import json

import pytest

from iaminsights.sandbox import ABSENT

from ..sandbox_client import names

KEYS = "/v1/apikeys"
SEARCH = "/search/v3/resources/search"
RESOURCE_KEYS = "/resource-controller/v2/resource_keys"


# ------------------------------------------------------------------ API keys


def test_api_keys_are_ones_own_unless_the_scope_is_the_account(serve, acme):
    ada = acme.user("Ada Lovelace")
    here, there = acme.service_id("here"), acme.service_id("there", group="Elsewhere")
    for owner, name in ((acme.owner, "mine"), (ada, "hers"), (here, "near"), (there, "far")):
        acme.add_api_key(owner, name)
    acme.add_api_key("iam-ServiceId-GONE", "orphan")
    caller = serve(acme)

    def found(**query):
        return names(caller.iam(KEYS, **query)["apikeys"])

    (group,) = acme.service_id_groups
    assert found() == ["mine"]
    assert found(type="serviceid") == ["mine"], "a type is ignored without scope=account"
    assert found(iam_id=here["iam_id"]) == ["near"]
    assert found(scope="account") == ["mine", "hers", "near", "orphan"]
    assert found(scope="account", type="serviceid") == ["near", "orphan"]
    assert found(scope="account", type="serviceid", group_id=group["id"]) == ["far"]
    assert found(scope="account", type="user", group_id=group["id"]) == ["mine", "hers"]
    assert found(scope="account", iam_id=ada["iam_id"]) == ["hers"]
    assert found(scope="account", type="user", sort="name") == ["hers", "mine"]
    query = {"account_id": acme.account_id, "iam_id": ada["iam_id"]}
    caller.refused("/iam" + KEYS, 403, params=query)
    caller.refused("/iam" + KEYS, 400)
    caller.refused("/iam/v1/apikeys/ApiKey-1", 404)


def test_a_listing_of_api_keys_may_hold_secrets(serve, acme):
    robot, ada = acme.service_id("robot"), acme.user("Ada Lovelace")
    acme.add_api_key(robot, "readable", secret=True)
    acme.add_api_key(robot, "plain", expires_at="2026-12-24", modified_at=ABSENT)
    acme.add_api_key(ada, "hers", secret=True)
    caller = serve(acme)
    readable, plain, hers = caller.iam(KEYS, scope="account")["apikeys"]
    assert "sandbox-secret" in readable["apikey"]
    assert plain["apikey"] == hers["apikey"] == "", "a user's secret is never told"
    assert plain["expires_at"].startswith("2026-12-24T") and "modified_at" not in plain
    assert {"disabled", "locked", "support_sessions", "action_when_leaked"} <= plain.keys()


def test_api_keys_come_in_pages(serve, acme):
    for number in range(45):
        acme.add_api_key(acme.owner, f"key {number}")
    caller = serve(acme)
    first = caller.iam(KEYS)
    assert len(first["apikeys"]) == first["limit"] == 20 and "pagetoken=" in first["next"]
    token = first["next"].partition("pagetoken=")[2]
    second = caller.get("/iam" + KEYS, pagetoken=token)
    assert names(second["apikeys"]) == [f"key {number}" for number in range(20, 40)]


def test_a_refusal_names_the_action(serve, acme):
    caller = serve(acme, deny={"api_keys"})
    query = {"account_id": acme.account_id, "scope": "account"}
    body = caller.refused("/iam" + KEYS, 403, params=query)
    assert "iam-identity.apikey.list" in body["errors"][0]["details"]


def test_activity_comes_with_single_objects_alone(serve, acme):
    robot, profile = acme.service_id("robot"), acme.profile("profile")
    acme.last_login(robot, "2025-06-01", 7)
    acme.last_login(profile, None)
    caller = serve(acme)
    listed = caller.iam("/v1/serviceids", include_activity="true")["serviceids"]
    assert "activity" not in listed[0]
    path = f"/iam/v1/serviceids/{robot['id']}"
    assert "activity" not in caller.get(path)
    activity = caller.get(path, include_activity="true")["activity"]
    assert activity["authn_count"] == 7 and activity["last_authn"].startswith("2025-06-01T")
    path = f"/iam/v1/profiles/{profile['id']}"
    assert caller.get(path, include_activity="true")["activity"] == {"authn_count": 0}
    person = f"/user-management/v2/accounts/{acme.account_id}/users/{acme.owner['iam_id']}"
    assert caller.get(person, include_activity="true")["activity"]["last_authn"]


# ------------------------------------------------------------------ reports

REPORTS = ["mfa", "activity"]


@pytest.mark.parametrize("kind", REPORTS)
def test_a_report_is_ready_after_as_many_questions_as_wanted(serve, acme, kind):
    caller = serve(acme, report_delays=2)
    path = f"/iam/v1/{kind}/accounts/{acme.account_id}/report"
    caller.refused(f"{path}/latest", 404)
    response = caller.request("POST", path)
    assert response.status_code == 202
    reference = response.json()["reference"]
    answers = [caller.request("GET", f"{path}/{reference}") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [204, 204, 200]
    assert answers[0].content == b"" and "Content-Length" not in answers[0].headers
    assert answers[2].json()["reference"] == reference
    assert caller.get(f"{path}/latest")["reference"] == reference
    again = caller.request("POST", path).json()["reference"]
    assert again != reference
    caller.refused(f"{path}/{reference}", 404)
    caller.refused(path, 405)
    caller.refused(f"/iam/v1/{kind}/accounts/another/report", 403, "POST")


@pytest.mark.parametrize("kind", REPORTS)
def test_a_report_may_never_be_ready_and_an_older_one_may_exist(serve, acme, kind):
    path = f"/iam/v1/{kind}/accounts/{acme.account_id}/report"
    caller = serve(acme, report_delays=None)
    reference = caller.request("POST", path).json()["reference"]
    for wanted in (reference, "latest") * 2:
        assert caller.request("GET", f"{path}/{wanted}").status_code == 204
    acme.older_reports = True
    assert caller.get(f"{path}/latest")["reference"] != reference
    assert caller.request("GET", f"{path}/{reference}").status_code == 204
    assert "reference" in serve(acme).get(f"{path}/latest"), "without having asked for one"


@pytest.mark.parametrize("kind", REPORTS)
def test_a_report_can_be_ready_at_once(serve, acme, kind):
    caller = serve(acme, report_delays=0)
    path = f"/iam/v1/{kind}/accounts/{acme.account_id}/report"
    reference = caller.request("POST", path).json()["reference"]
    assert caller.get(f"{path}/{reference}")["created_by"] == acme.owner["iam_id"]


def test_starting_and_fetching_a_report_can_be_denied_apart(serve, acme):
    caller = serve(acme, deny={"start_mfa_report", "activity_report"})
    paths = [f"/iam/v1/{kind}/accounts/{acme.account_id}/report" for kind in REPORTS]
    assert "mfa-status" in json.dumps(caller.refused(paths[0], 403, "POST"))
    assert caller.request("POST", paths[1]).status_code == 202
    caller.refused(f"{paths[1]}/latest", 403)


def test_who_was_seen_within_the_hours_is_left_out(serve, acme):
    acme.today = "2026-06-30"
    early, late = acme.user("Early Bird"), acme.user("Late Riser")
    robot, profile = acme.service_id("robot"), acme.profile("unused")
    key = acme.add_api_key(robot, "old")
    acme.add_api_key(acme.owner, "in use")
    acme.last_login(early, "2026-06-01")
    acme.last_login(late, "2026-05-01")
    acme.last_login(profile, None)
    acme.last_login(key, "2025-06-01")
    caller = serve(acme, report_delays=0)
    path = f"/iam/v1/activity/accounts/{acme.account_id}/report"

    def report(**query):
        assert caller.request("POST", path, params=query).status_code == 202
        return caller.get(f"{path}/latest")

    assert names(report(duration=1_000)["users"]) == ["Late Riser"]
    body = report()
    assert body["report_duration"] == "720"
    assert names(body["users"]) == ["Late Riser"]
    assert names(report(duration=600)["users"]) == ["Early Bird", "Late Riser"]
    assert body["serviceids"] == [] and body["profiles"] == [
        {"id": profile["id"], "name": "unused"}
    ]
    (old,) = body["apikeys"]
    assert old["serviceid"] == {"id": robot["id"], "name": "robot"} and old["last_authn"]


def test_the_mfa_report_follows_the_settings(serve, acme):
    ada, bob = acme.user("Ada Lovelace"), acme.user("Bob Builder")
    acme.user("New Hire", state="PENDING")
    acme.identity_settings(mfa="TOTP4ALL")
    acme.mfa(ada, level="NONE", complies=False)
    acme.mfa(bob, email=ABSENT)
    caller = serve(acme, report_delays=0)
    path = f"/iam/v1/mfa/accounts/{acme.account_id}/report"
    caller.request("POST", path)
    owner, first, second = caller.get(f"{path}/latest")["users"]
    assert owner["id_based_mfa"] == {
        "trait_account_default": "TOTP4ALL",
        "trait_effective": "TOTP4ALL",
        "complies": True,
        "comply_state": "ACCOUNT",
    }
    assert first["id_based_mfa"]["trait_user_specific"] == "NONE"
    assert first["id_based_mfa"]["comply_state"] == "NO"
    assert "email" not in second
    settings = caller.get(f"/iam/v1/accounts/{acme.account_id}/settings/identity")
    assert settings["user_mfa"] == [{"iam_id": ada["iam_id"], "mfa": "NONE"}]


def test_settings_of_other_accounts_are_refused(serve, acme):
    acme.identity_settings(restrict_user_list_visibility=ABSENT)
    caller = serve(acme)
    for path in (
        *("settings/identity", "effective_settings/identity", "limits/identity"),
        "settings/access_management",
    ):
        assert caller.get(f"/iam/v1/accounts/{acme.account_id}/{path}")
        caller.refused(f"/iam/v1/accounts/another/{path}", 403)
    settings = caller.get(f"/iam/v1/accounts/{acme.account_id}/settings/identity")
    assert "restrict_user_list_visibility" not in settings and settings["mfa"] == "NONE"


# ------------------------------------------------------------------ credentials


def test_credentials_come_with_their_secrets(serve, acme):
    instance = acme.instance("archive")
    robot = acme.service_id("robot")
    open_key = acme.resource_key(instance, "open", "Reader", service_id=robot)
    acme.resource_key(instance, "shut", credentials={"REDACTED": "REDACTED"})
    acme.resource_key(acme.instance("other"), "elsewhere", None)
    caller = serve(acme)
    first, second, third = caller.get(RESOURCE_KEYS, limit=100)["resources"]
    assert "sandbox-secret" in first["credentials"]["apikey"]
    assert first["credentials"]["iam_serviceid_crn"] == robot["crn"]
    assert first["role"].endswith(":Reader") and "role" not in third
    assert first["source_crn"] == instance["crn"] and ":resource-key:" in first["crn"]
    assert second["credentials"] == {"REDACTED": "REDACTED"}
    assert names(caller.get(RESOURCE_KEYS, name="shut")["resources"]) == ["shut"]
    assert names(caller.get(RESOURCE_KEYS, guid=open_key["guid"])["resources"]) == ["open"]
    own = f"/resource-controller/v2/resource_instances/{instance['guid']}/resource_keys"
    assert names(caller.get(own, limit=100)["resources"]) == ["open", "shut"]
    page = caller.get(RESOURCE_KEYS, limit=2)
    assert page["rows_count"] == 1 and page["next_url"].startswith("/v2/resource_keys?start=")
    assert caller.get("/resource-controller" + page["next_url"])["next_url"] is None


# ------------------------------------------------------------------ search and tags


def find(caller, parameters=None, status=200, **body):
    response = caller.request("POST", SEARCH, json=body, params=parameters)
    assert response.status_code == status, response.text
    return response.json()


def test_a_cursor_overrules_the_rest_of_the_body(serve, acme):
    for number in range(4):
        acme.tag(acme.instance(f"instance-{number}"), "env:prod", kind="access")
    caller = serve(acme)
    first = find(caller, {"limit": 2}, fields=["name"])
    assert names(first["items"]) == ["instance-0", "instance-1"]
    assert set(first["items"][0]) == {"crn", "name"}
    second = find(caller, {"limit": 2}, search_cursor=first["search_cursor"], fields=["*"])
    assert names(second["items"]) == ["instance-2", "instance-3"]
    assert set(second["items"][0]) == {"crn", "name"}
    last = find(caller, {"limit": 2}, search_cursor=second["search_cursor"])
    assert last["items"] == [] and "search_cursor" not in last
    caller.refused(SEARCH, 400, "POST", data=b"[1]")
    caller.refused(SEARCH, 400, "POST", json={"search_cursor": "nonsense"})
    caller.refused(SEARCH, 405)


def test_search_has_ten_rows_five_fields_and_no_deleted_things_by_default(serve, acme):
    for number in range(11):
        acme.instance(f"instance-{number}")
    acme.instance("gone", state="removed")
    acme.instance("waiting", state="pending_reclamation")
    server = acme.searchable("server", region="eu-de-1")
    caller = serve(acme)
    page = find(caller)
    assert page["limit"] == len(page["items"]) == 10
    assert set(page["items"][0]) == {"account_id", "name", "type", "family", "crn"}
    assert len(find(caller, {"limit": 100})["items"]) == 12
    assert names(find(caller, {"is_reclaimed": "true"})["items"]) == ["waiting"]
    assert names(find(caller, {"is_deleted": "true"})["items"]) == ["gone"]
    (found,) = find(caller, query="family:is", fields=["*"])["items"]
    assert found == {**server, "tags": [], "access_tags": [], "service_tags": []}
    caller.refused(SEARCH, 403, "POST", params={"account_id": "another"})


def test_resources_are_found_by_their_tags(serve, acme):
    lake = acme.instance("lake", region="eu-de")
    acme.tag(lake, "env:prod", kind="access")
    acme.tag(lake, "Team-Blue")
    acme.tag(lake, "svc:1", kind="service")
    acme.tag(acme.instance("pond", region="eu-de"), "env:dev", kind="access")
    caller = serve(acme)
    (item,) = find(caller, query='access_tags:"env\\:prod" AND region:eu-*', fields=["*"])["items"]
    assert (item["tags"], item["access_tags"], item["service_tags"]) == (
        *(["team-blue"], ["env:prod"], ["svc:1"]),
    )
    assert item["service_name"] == "cloud-object-storage" and item["resource_group_id"]
    assert find(caller, status=400, query="one OR two")["message"]


def test_tags_are_user_tags_unless_a_type_is_named(serve, acme):
    lake = acme.instance("lake")
    acme.tag(lake, "b", "a")
    acme.tag(lake, "env:prod", kind="access")
    acme.new_tag("env:dev", kind="access")
    caller = serve(acme)

    def found(**query):
        body = caller.get("/tags/v3/tags", **query)
        return body["total_count"], names(body["items"])

    assert found() == (2, ["a", "b"])
    assert found(order_by_name="desc") == (2, ["b", "a"])
    assert found(offset=1, limit=5) == (2, ["b"])
    assert found(offset=2) == (2, [])
    assert found(tag_type="access") == (2, ["env:dev", "env:prod"])
    assert found(tag_type="access", attached_only="true") == (1, ["env:prod"])
    assert found(attached_to=lake["crn"], providers="ghost") == (2, ["a", "b"])
    caller.refused("/tags/v3/tags", 400, params={"tag_type": "service"})
    caller.refused("/tags/v3/tags", 400, params={"attached_to": lake["crn"]})
    caller.refused("/tags/v3/tags", 403, params={"account_id": "another"})
    with pytest.raises(ValueError, match="no kind"):
        acme.tag(lake, "x", kind="other")


# ------------------------------------------------------------------ restrictions


def test_zones_show_three_addresses_in_a_listing_and_all_by_themselves(serve, acme):
    zone = acme.zone(
        "office",
        *("192.0.2.1", "192.0.2.0/24", "192.0.2.1-192.0.2.9"),
        *("crn:v1:bluemix:public:is:eu-de:a/x::vpc:v", {"service_name": "kms"}),
        excluded=["192.0.2.3"],
    )
    caller = serve(acme)
    body = caller.get("/cbr/v1/zones", account_id=acme.account_id)
    (summary,) = body["zones"]
    assert body["count"] == 1 and "addresses" not in summary
    assert [row["type"] for row in summary["addresses_preview"]] == [
        *("ipAddress", "subnet", "ipRange"),
    ]
    assert (summary["address_count"], summary["excluded_count"]) == (5, 1)
    full = caller.get(f"/cbr/v1/zones/{zone['id']}")
    assert [row["type"] for row in full["addresses"][3:]] == ["vpc", "serviceRef"]
    assert full["addresses"][4]["ref"]["account_id"] == acme.account_id
    assert full["href"] == f"{caller.sandbox.url}/cbr/v1/zones/{zone['id']}"
    body = caller.refused("/cbr/v1/zones", 400)
    assert body["errors"][0]["code"] == "missing_required_query_parameter"
    caller.refused("/cbr/v1/zones/1", 404)
    caller.refused("/cbr/v1/account_settings/another", 403)


def test_rules_name_several_zones_in_one_text_and_can_be_filtered(serve, acme):
    office, home = acme.zone("office", "192.0.2.1"), acme.zone("home", "192.0.2.2")
    acme.cbr_rule("both", "kms", [office, home], endpoint="private", operations=["api"])
    acme.cbr_rule("one", instance=acme.instance("lake"), zones=[home], mode="report")
    acme.cbr_rule("nobody", "kms", tags=[("env", "prod")])
    caller = serve(acme)

    def found(**query):
        body = caller.get("/cbr/v1/rules", account_id=acme.account_id, **query)
        assert body["count"] == len(body["rules"])
        return body["rules"]

    both, one, nobody = found()
    assert both["contexts"][0]["attributes"] == [
        {"name": "networkZoneId", "value": f"{office['id']},{home['id']}"},
        {"name": "endpointType", "value": "private"},
    ]
    assert nobody["contexts"] == [] and nobody["resources"][0]["tags"]
    assert found(zone_id=office["id"]) == [both]
    assert found(service_name="kms") == [both, nobody]
    assert found(enforcement_mode="report") == [one]
    assert found(service_instance=acme.instances[0]["guid"]) == [one]
    settings = caller.get(f"/cbr/v1/account_settings/{acme.account_id}")
    assert (settings["current_rule_count"], settings["current_tags_rule_count"]) == (3, 1)


# ------------------------------------------------------------------ enterprise


def test_an_account_is_in_no_enterprise_by_default(serve, acme):
    caller = serve(acme)
    base = caller.sandbox.environment["IBMCLOUD_ENTERPRISE_API_ENDPOINT"]
    assert base == caller.sandbox.url + "/enterprise/v1"
    for path in ("enterprises", "account-groups", "accounts"):
        body = caller.get(f"/enterprise/v1/{path}")
        assert body == {"rows_count": 0, "resources": []}


def test_an_enterprise_has_groups_in_groups_and_accounts_in_them(serve, acme):
    acme.enterprise("Holding", ["top", ("below", "top")], ["first", ("second", "below")])
    caller = serve(acme)

    def found(path, **query):
        return caller.get(f"/enterprise/v1/{path}", **query)["resources"]

    (enterprise,) = found("enterprises")
    assert enterprise["enterprise_account_id"] == acme.account_id
    top, below = found("account-groups", enterprise_id=enterprise["id"])
    assert below["parent"] == top["crn"] and top["parent"] == enterprise["crn"]
    assert found("account-groups", parent_account_group_id=top["id"]) == [below]
    accounts = found("accounts")
    assert names(accounts) == ["Acme", "first", "second"]
    assert [row["is_enterprise_account"] for row in accounts] == [True, False, False]
    assert found("accounts", account_group_id=below["id"]) == accounts[2:]
    assert found("accounts", parent=enterprise["crn"]) == accounts[:2]
    assert found("enterprises", account_id=accounts[1]["id"]) == [enterprise]
    assert found("enterprises", account_id="another") == []
    page = caller.get("/enterprise/v1/accounts", limit=2)
    assert page["next_url"].startswith("/v1/accounts?limit=2&next_docid=")
    rest = caller.get("/enterprise" + page["next_url"])
    assert names(rest["resources"]) == ["second"] and "next_url" not in rest


# ------------------------------------------------------------------ all hosts

#: What is denied, and where that is seen.
DENIALS = [
    ("zones", "GET", "/cbr/v1/zones?account_id={account}"),
    ("global-tagging", "GET", "/tags/v3/tags"),
    ("search", "POST", SEARCH),
    ("enterprises", "GET", "/enterprise/v1/enterprises"),
    ("resource_keys", "GET", RESOURCE_KEYS),
    ("identity_settings", "GET", "/iam/v1/accounts/{account}/settings/identity"),
    ("access_settings", "GET", "/iam/v1/accounts/{account}/settings/access_management"),
]


@pytest.mark.parametrize("denied, method, path", DENIALS, ids=[row[0] for row in DENIALS])
def test_what_is_denied_is_refused(serve, acme, denied, method, path):
    caller = serve(acme, deny={denied})
    caller.refused(path.format(account=acme.account_id), 403, method)


def test_what_is_hidden_is_empty(serve, acme):
    ada = acme.user("Ada Lovelace")
    acme.add_api_key(acme.owner, "mine")
    acme.add_api_key(ada, "hers")
    acme.instance("lake")
    acme.zone("office", "192.0.2.1")
    caller = serve(acme, hide={"api_keys", "search", "zones"})
    assert names(caller.iam(KEYS, scope="account")["apikeys"]) == ["mine"]
    assert find(caller) == {"limit": 10, "items": []}
    body = caller.get("/cbr/v1/zones", account_id=acme.account_id)
    assert body == {"count": 0, "zones": []}


def test_unknown_paths_of_every_host(serve, acme):
    caller = serve(acme)
    for mount in ("/cbr", "/tags", "/search", "/enterprise"):
        caller.refused(f"{mount}/v9/nothing", 404)


def test_identifiers_of_the_request_come_back(serve, acme):
    caller = serve(acme)
    response = caller.request("GET", "/tags/v3/tags", headers={"X-Request-Id": "mine-2"})
    assert response.headers["X-Request-Id"] == "mine-2"


def test_a_resource_may_become_a_profile(serve, acme):
    profile, instance = acme.profile("profile"), acme.instance("project", "codeengine")
    acme.profile_identity(profile, instance["crn"])
    caller = serve(acme)
    body = caller.get(f"/iam/v1/profiles/{profile['id']}/identities")
    (identity,) = body["identities"]
    assert (identity["type"], identity["identifier"]) == ("crn", instance["crn"])
