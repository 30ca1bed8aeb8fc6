"""IBM's own SDK reads keys, settings, reports, tags, restrictions and the enterprise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from types import SimpleNamespace

import pytest
from ibm_cloud_sdk_core import ApiException
from ibm_cloud_sdk_core.authenticators import BearerTokenAuthenticator
from ibm_platform_services import (
    EnterpriseManagementV1,
    GlobalSearchV2,
    GlobalTaggingV1,
    IamIdentityV1,
    IamPolicyManagementV1,
    ResourceControllerV2,
    UserManagementV1,
)
from ibm_platform_services.context_based_restrictions_v1 import (
    AccountSettings,
    ContextBasedRestrictionsV1,
    Rule,
    RuleList,
    Zone,
    ZoneList,
)
from ibm_platform_services.enterprise_management_v1 import (
    AccountGroupsPager,
    AccountsPager,
    EnterprisesPager,
)
from ibm_platform_services.global_search_v2 import ScanResult
from ibm_platform_services.global_tagging_v1 import TagList
from ibm_platform_services.iam_identity_v1 import (
    AccountSettingsResponse,
    ApiKeyList,
    EffectiveAccountSettingsResponse,
    IdentityLimitsUsageResponse,
    Report,
    ReportMfaEnrollmentStatus,
)
from ibm_platform_services.iam_policy_management_v1 import AccountSettingsAccessManagement
from ibm_platform_services.resource_controller_v2 import (
    ResourceKeysForInstancePager,
    ResourceKeysList,
    ResourceKeysPager,
)

from .test_sandbox_sdk import PAGE_SIZES, assert_same, identity_pages, sample_through

#: Attribute of the fixture: (class of the SDK, variable with the address of its service).
CLIENTS = {
    "cbr": (ContextBasedRestrictionsV1, "IBMCLOUD_CONTEXT_BASED_RESTRICTIONS_ENDPOINT"),
    "enterprise": (EnterpriseManagementV1, "IBMCLOUD_ENTERPRISE_API_ENDPOINT"),
    "identity": (IamIdentityV1, "IBMCLOUD_IAM_API_ENDPOINT"),
    "policies": (IamPolicyManagementV1, "IBMCLOUD_IAM_API_ENDPOINT"),
    "resources": (ResourceControllerV2, "IBMCLOUD_RESOURCE_CONTROLLER_API_ENDPOINT"),
    "search": (GlobalSearchV2, "IBMCLOUD_GS_API_ENDPOINT"),
    "tags": (GlobalTaggingV1, "IBMCLOUD_GT_API_ENDPOINT"),
    "users": (UserManagementV1, "IBMCLOUD_USER_MANAGEMENT_ENDPOINT"),
}

#: One call to each of the hosts that only this module asks, and its arguments.
CALLS = {
    "cbr": ("list_zones", {"account_id": "a"}),
    "enterprise": ("list_accounts", {}),
    "search": ("search", {}),
    "tags": ("list_tags", {}),
}


@pytest.fixture(scope="module")
def sdk() -> Iterator[SimpleNamespace]:
    with sample_through(CLIENTS) as clients:
        yield clients


@pytest.mark.parametrize("size", PAGE_SIZES)
def test_api_keys_of_every_kind_and_group(sdk, size):
    groups = sdk.identity.list_service_id_group(account_id=sdk.account_id).get_result()
    asked = [("user", None), ("serviceid", None)]
    asked += [("serviceid", group["id"]) for group in groups["serviceid_groups"]]
    received = [
        row
        for kind, group_id in asked
        for row in identity_pages(
            sdk.identity.list_api_keys,
            "apikeys",
            account_id=sdk.account_id,
            scope="account",
            type=kind,
            group_id=group_id,
            pagesize=size,
        )
    ]
    assert_same(received, sdk.account.api_keys)
    assert ApiKeyList.from_dict({"apikeys": received})


def test_one_api_key_and_its_activity(sdk):
    key = next(key for key in sdk.account.api_keys if key["id"] in sdk.account.logins)
    received = sdk.identity.get_api_key(key["id"], include_activity=True).get_result()
    assert received.pop("activity") == {
        "authn_count": sdk.account.logins[key["id"]][1],
        "last_authn": sdk.account.logins[key["id"]][0],
    }
    assert received == key


def test_identity_settings_and_limits(sdk):
    response = sdk.identity.get_account_settings(sdk.account_id, resolve_user_mfa=True)
    settings = response.get_result()
    assert AccountSettingsResponse.from_dict(settings).mfa == "TOTP"
    assert response.get_headers()["ETag"] == settings["entity_tag"]
    assert settings["user_mfa"][0]["userName"].startswith("zoe.mueller@")
    effective = sdk.identity.get_effective_account_settings(sdk.account_id).get_result()
    assert EffectiveAccountSettingsResponse.from_dict(effective)
    assert effective["effective"]["max_sessions_per_identity"] == "5"
    assert effective["account"]["max_sessions_per_identity"] == "NOT_SET"
    robot = next(row for row in sdk.account.service_ids if row["name"] == "terraform")
    limits = sdk.identity.get_account_limits(
        sdk.account_id, profiles="true", apikeys_per_identity=robot["iam_id"]
    ).get_result()
    assert IdentityLimitsUsageResponse.from_dict(limits)
    assert limits["profiles"] == {"limit": 2_000, "count": len(sdk.account.profiles)}
    assert limits["apikeys_per_identity"]["identities"] == [{"iam_id": robot["iam_id"], "count": 6}]
    assert "count" not in limits["cr_links"]


def test_external_identities(sdk):
    body = sdk.policies.get_settings(sdk.account_id).get_result()
    assert AccountSettingsAccessManagement.from_dict(body)
    kinds = body["external_account_identity_interaction"]["identity_types"]
    assert kinds["service_id"]["state"] == "limited"
    assert kinds["service_id"]["external_allowed_accounts"]


def test_report_on_second_factors(sdk):
    started = sdk.identity.create_mfa_report(sdk.account_id, type="mfa_status")
    assert started.get_status_code() == 202
    reference = started.get_result()["reference"]
    first = sdk.identity.get_mfa_report(sdk.account_id, reference)
    assert (first.get_status_code(), first.get_result()) == (204, None)
    report = sdk.identity.get_mfa_report(sdk.account_id, reference).get_result()
    assert ReportMfaEnrollmentStatus.from_dict(report).reference == reference
    states = {row["iam_id"]: row["id_based_mfa"] for row in report["users"]}
    assert states[sdk.account.owner["iam_id"]]["trait_effective"] == "NONE"
    assert len([row for row in states.values() if not row["complies"]]) == 4


def test_report_on_inactive_identities(sdk):
    started = sdk.identity.create_report(sdk.account_id, type="inactive", duration="2160")
    reference = started.get_result()["reference"]
    assert sdk.identity.get_report(sdk.account_id, reference).get_status_code() == 204
    report = sdk.identity.get_report(sdk.account_id, reference).get_result()
    assert Report.from_dict(report).report_duration == "2160"
    assert (report["report_start_time"], report["report_end_time"]) == (
        *("2026-08-26T08:00+0000", "2026-11-24T08:00+0000"),
    )
    assert any("last_authn" not in row for row in report["serviceids"])
    assert {row["type"] for row in report["apikeys"]} == {"user", "serviceid"}
    assert {row["name"] for row in report["profiles"]} == {"break-glass", "any-cluster"}
    with pytest.raises(ApiException) as refusal:
        sdk.identity.get_report(sdk.account_id, "unknown")
    assert refusal.value.status_code == 404


@pytest.mark.parametrize("size", PAGE_SIZES)
def test_service_credentials(sdk, size):
    pager = ResourceKeysPager(client=sdk.resources, limit=size)
    assert_same(pager.get_all(), sdk.account.resource_keys)
    instance = next(row for row in sdk.account.instances if row["name"] == "events")
    own = ResourceKeysForInstancePager(client=sdk.resources, id=instance["guid"], limit=size)
    assert [key["name"] for key in own.get_all()] == ["producer", "dashboard"]
    body = sdk.resources.list_resource_keys(limit=3).get_result()
    assert ResourceKeysList.from_dict(body).rows_count == 2


@pytest.mark.parametrize("size", PAGE_SIZES)
def test_search_finds_every_resource_and_its_tags(sdk, size):
    items, cursor = [], None
    while True:
        body = sdk.search.search(
            query="*",
            fields=["crn", "access_tags"],
            search_cursor=cursor,
            account_id=sdk.account_id,
            limit=size,
        ).get_result()
        assert ScanResult.from_dict(body).limit == size
        items += body["items"]
        cursor = body.get("search_cursor")
        if cursor is None:
            break
    gone = ("removed", "pending_reclamation")
    instances = [row for row in sdk.account.instances if row["state"] not in gone]
    assert_same(items, instances + sdk.account.searchables, "crn")
    assert {key for item in items for key in item} == {"crn", "access_tags"}
    tagged = {item["crn"] for item in items if item["access_tags"] == ["env:prod"]}
    assert tagged >= {row["crn"] for row in instances if row["name"] in ("prod-cluster", "ledger")}
    assert tagged & {row["crn"] for row in sdk.account.searchables}


def test_search_shows_clusters_that_no_list_of_instances_has(sdk):
    query = 'family:"containers" AND type:"k8-cluster"'
    fields = ["name", "family", "type", "service_name", "region", "resource_group_id"]
    body = sdk.search.search(query=query, fields=fields, account_id=sdk.account_id).get_result()
    (cluster,) = ScanResult.from_dict(body).items
    found = cluster.to_dict()
    assert (found["name"], found["region"]) == ("quayside", "eu-de")
    assert cluster.crn.startswith("crn:v1:bluemix:public:containers-kubernetes:eu-de:a/")
    assert cluster.crn not in {row["crn"] for row in sdk.account.instances}
    assert found["resource_group_id"] in {group["id"] for group in sdk.account.resource_groups}


@pytest.mark.parametrize("kind", ["user", "access", "service"])
def test_tags(sdk, kind):
    received, total = [], 1
    while len(received) < total:
        body = sdk.tags.list_tags(
            account_id=sdk.account_id, tag_type=kind, offset=len(received), limit=1
        ).get_result()
        assert TagList.from_dict(body).limit == 1
        received += [item["name"] for item in body["items"]]
        total = body["total_count"]
    assert received == sorted(sdk.account.tag_names[kind])


def test_zones_and_rules(sdk):
    zones = sdk.cbr.list_zones(sdk.account_id).get_result()
    assert ZoneList.from_dict(zones).count == len(sdk.account.zones)
    for summary, kept in zip(zones["zones"], sdk.account.zones, strict=True):
        zone = sdk.cbr.get_zone(summary["id"]).get_result()
        assert Zone.from_dict(zone) and zone["addresses"] == kept["addresses"]
        assert summary["addresses_preview"] == kept["addresses"][:3]
        assert summary["address_count"] == len(kept["addresses"])
    rules = sdk.cbr.list_rules(sdk.account_id).get_result()
    assert RuleList.from_dict(rules).count == len(sdk.account.cbr_rules)
    assert_same(rules["rules"], sdk.account.cbr_rules)
    assert Rule.from_dict(sdk.cbr.get_rule(rules["rules"][0]["id"]).get_result())
    trial = sdk.cbr.list_rules(sdk.account_id, enforcement_mode="report").get_result()["rules"]
    assert [rule["description"] for rule in trial] == ["vault"]
    settings = sdk.cbr.get_account_settings(sdk.account_id).get_result()
    assert AccountSettings.from_dict(settings).current_rule_count == len(sdk.account.cbr_rules)


@pytest.mark.parametrize("size", PAGE_SIZES)
def test_the_enterprise(sdk, size):
    for pager, expected in (
        (EnterprisesPager, sdk.account.enterprises),
        (AccountGroupsPager, sdk.account.account_groups),
        (AccountsPager, sdk.account.enterprise_accounts),
    ):
        assert pager(client=sdk.enterprise, limit=size).get_all() == expected
    assert {record.path for record in sdk.sandbox.requests if record.service == "enterprise"} == {
        *("/v1/enterprises", "/v1/account-groups", "/v1/accounts"),
    }


def test_settings_of_a_user(sdk):
    person = next(u for u in sdk.account.users if u["user_id"].startswith("maren.petersen"))
    settings = sdk.users.get_user_settings(sdk.account_id, person["iam_id"]).get_result()
    assert settings["allowed_ip_addresses"] == "192.0.2.0/24"


@pytest.mark.parametrize("name", CALLS)
def test_the_sdk_finds_the_message_of_every_host(sdk, name):
    kind, variable = CLIENTS[name]
    client = kind(BearerTokenAuthenticator("not.a.token"))
    client.set_service_url(sdk.sandbox.environment[variable])
    method, arguments = CALLS[name]
    with closing(client.get_http_client()), pytest.raises(ApiException) as refusal:
        getattr(client, method)(**arguments)
    assert refusal.value.status_code == 401
    assert "token" in refusal.value.message
