"""IBM's own SDK reads the sandbox and gets every object exactly once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import SimpleNamespace

import pytest
from ibm_cloud_sdk_core import ApiException
from ibm_cloud_sdk_core.authenticators import BearerTokenAuthenticator, IAMAuthenticator
from ibm_cloud_sdk_core.utils import get_query_param
from ibm_platform_services import (
    IamAccessGroupsV2,
    IamIdentityV1,
    IamPolicyManagementV1,
    ResourceControllerV2,
    ResourceManagerV2,
    UserManagementV1,
)
from ibm_platform_services.account_management_v4 import AccountManagementV4
from ibm_platform_services.iam_access_groups_v2 import (
    AccessGroupMembersPager,
    AccessGroupsPager,
    GroupsList,
)
from ibm_platform_services.iam_identity_v1 import ServiceIdList, TrustedProfilesList
from ibm_platform_services.iam_policy_management_v1 import (
    PoliciesPager,
    PolicyCollection,
    RoleCollection,
    V2PoliciesPager,
    V2PolicyCollection,
)
from ibm_platform_services.resource_controller_v2 import (
    ResourceInstancesList,
    ResourceInstancesPager,
)
from ibm_platform_services.resource_manager_v2 import ResourceGroupList
from ibm_platform_services.user_management_v1 import UserList, UsersPager

from iaminsights.sandbox import Sandbox, sample_account

#: Attribute of the fixture: (class of the SDK, variable with the address of its service).
CLIENTS = {
    "accounts": (AccountManagementV4, "IBMCLOUD_ACCOUNT_MANAGEMENT_API_ENDPOINT"),
    "groups": (IamAccessGroupsV2, "IBMCLOUD_IAM_API_ENDPOINT"),
    "identity": (IamIdentityV1, "IBMCLOUD_IAM_API_ENDPOINT"),
    "manager": (ResourceManagerV2, "IBMCLOUD_RESOURCE_MANAGEMENT_API_ENDPOINT"),
    "policies": (IamPolicyManagementV1, "IBMCLOUD_IAM_API_ENDPOINT"),
    "resources": (ResourceControllerV2, "IBMCLOUD_RESOURCE_CONTROLLER_API_ENDPOINT"),
    "users": (UserManagementV1, "IBMCLOUD_USER_MANAGEMENT_ENDPOINT"),
}

#: One call to each of them, and its arguments.
CALLS = {
    "accounts": ("get_account", {"account_id": "a"}),
    "groups": ("list_access_groups", {"account_id": "a"}),
    "identity": ("list_profiles", {"account_id": "a"}),
    "manager": ("list_resource_groups", {"account_id": "a"}),
    "policies": ("list_v2_policies", {"account_id": "a"}),
    "resources": ("list_resource_instances", {}),
    "users": ("list_users", {"account_id": "a"}),
}

#: One row a page, a few, and more than there are in the sample account.
PAGE_SIZES = (1, 7, 100)


@contextmanager
def sample_through(kinds: dict) -> Iterator[SimpleNamespace]:
    """The sample account behind a sandbox, and a client of the SDK for each of CLIENTS' like."""
    account = sample_account()
    with Sandbox(account, report_delays=1) as sandbox:
        environment = sandbox.environment
        authenticator = IAMAuthenticator(
            account.api_key, url=environment["IBMCLOUD_IAM_API_ENDPOINT"]
        )
        clients = {name: kind(authenticator) for name, (kind, _) in kinds.items()}
        for name, (_, variable) in kinds.items():
            clients[name].set_service_url(environment[variable])
        yield SimpleNamespace(
            account=account, account_id=account.account_id, sandbox=sandbox, **clients
        )
        for client in clients.values():
            client.get_http_client().close()


@pytest.fixture(scope="module")
def sdk() -> Iterator[SimpleNamespace]:
    with sample_through(CLIENTS) as clients:
        yield clients


def assert_same(received, expected, key="id"):
    """Each expected object was received exactly once, and nothing else."""
    assert Counter(row[key] for row in received) == Counter(row[key] for row in expected)


def identity_pages(listing, field, **parameters):
    """All rows of an IAM Identity listing; the SDK has no pager for those."""
    rows, token = [], None
    while True:
        body = listing(pagetoken=token, **parameters).get_result()
        rows += body[field]
        token = get_query_param(body.get("next"), "pagetoken")
        if token is None:
            return rows


@pytest.mark.parametrize("size", PAGE_SIZES)
def test_users(sdk, size):
    pager = UsersPager(client=sdk.users, account_id=sdk.account_id, limit=size)
    received = pager.get_all()
    assert received == sdk.account.users


@pytest.mark.parametrize("size", PAGE_SIZES)
def test_service_ids_of_every_group(sdk, size):
    groups = sdk.identity.list_service_id_group(account_id=sdk.account_id).get_result()
    wanted = [None, *(group["id"] for group in groups["serviceid_groups"])]
    received = [
        row
        for group_id in wanted
        for row in identity_pages(
            sdk.identity.list_service_ids,
            "serviceids",
            account_id=sdk.account_id,
            group_id=group_id,
            pagesize=size,
        )
    ]
    assert_same(received, sdk.account.service_ids)
    assert {record.path for record in sdk.sandbox.requests if "serviceids" in record.path} == {
        "/v1/serviceids/"  # the slash is the SDK's
    }


@pytest.mark.parametrize("size", PAGE_SIZES)
def test_profiles(sdk, size):
    received = identity_pages(
        sdk.identity.list_profiles, "profiles", account_id=sdk.account_id, pagesize=size
    )
    assert received == sdk.account.profiles


def test_trust_of_each_profile(sdk):
    kinds = (
        (sdk.identity.list_links, "links", sdk.account.links),
        (sdk.identity.list_claim_rules, "rules", sdk.account.claim_rules),
    )
    for listing, field, expected in kinds:
        received = {
            profile["id"]: rows
            for profile in sdk.account.profiles
            if (rows := listing(profile_id=profile["id"]).get_result()[field])
        }
        assert received == expected
    trusted = {
        profile["id"]: rows
        for profile in sdk.account.profiles
        if (rows := sdk.identity.get_profile_identities(profile["id"]).get_result()["identities"])
    }
    assert trusted == sdk.account.profile_identities


@pytest.mark.parametrize("size", PAGE_SIZES)
def test_access_groups(sdk, size):
    pager = AccessGroupsPager(client=sdk.groups, account_id=sdk.account_id, limit=size)
    assert_same(pager.get_all(), sdk.account.groups)


@pytest.mark.parametrize("size", PAGE_SIZES)
def test_members_of_each_group(sdk, size):
    for group_id, expected in sdk.account.members.items():
        pager = AccessGroupMembersPager(
            client=sdk.groups, access_group_id=group_id, membership_type="all", limit=size
        )
        received = [(row["iam_id"], row["membership_type"]) for row in pager.get_all()]
        assert received == [(row["iam_id"], row["membership_type"]) for row in expected]


def test_rules_of_each_group(sdk):
    received = {
        group["id"]: rows
        for group in sdk.account.groups
        if (
            rows := sdk.groups.list_access_group_rules(access_group_id=group["id"]).get_result()[
                "rules"
            ]
        )
    }
    assert received == sdk.account.group_rules


@pytest.mark.parametrize("pager_class", [PoliciesPager, V2PoliciesPager], ids=["v1", "v2"])
@pytest.mark.parametrize("size", [None, *PAGE_SIZES])
def test_policies(sdk, pager_class, size):
    pager = pager_class(client=sdk.policies, account_id=sdk.account_id, limit=size)
    active = [policy for policy in sdk.account.policies if policy["state"] == "active"]
    assert_same(pager.get_all(), active)


def test_roles_are_there_for_every_policy(sdk):
    """Each role id in a policy has its name in the roles of the policy's service."""
    for policy in V2PoliciesPager(client=sdk.policies, account_id=sdk.account_id).get_all():
        attributes = {a["key"]: a["value"] for a in policy["resource"]["attributes"]}
        service = attributes.get("serviceName")
        if "*" in (service or ""):
            continue
        body = sdk.policies.list_roles(
            account_id=sdk.account_id, service_name=service, policy_type=policy["type"]
        ).get_result()
        known = {role["crn"] for kind in body.values() for role in kind}
        granted = {role["role_id"] for role in policy["control"]["grant"]["roles"]}
        assert granted <= known, (service, policy["type"])


@pytest.mark.parametrize("size", PAGE_SIZES)
def test_instances_of_every_state(sdk, size):
    states = {instance["state"] for instance in sdk.account.instances}
    received = [
        row
        for state in sorted(states)
        for row in ResourceInstancesPager(client=sdk.resources, state=state, limit=size).get_all()
    ]
    assert_same(received, sdk.account.instances, "crn")


def test_resource_groups_reclamations_and_account(sdk):
    groups = sdk.manager.list_resource_groups(account_id=sdk.account_id).get_result()["resources"]
    hidden = sdk.account.unlisted_resource_groups
    assert_same(groups, [row for row in sdk.account.resource_groups if row["id"] not in hidden])
    reclamations = sdk.resources.list_reclamations(account_id=sdk.account_id).get_result()
    assert_same(reclamations["resources"], sdk.account.reclamations)
    assert sdk.accounts.get_account(sdk.account_id).get_result() == sdk.account.details


def test_single_objects(sdk):
    account = sdk.account
    robot, instance, policy = account.service_ids[0], account.instances[0], account.policies[0]
    person = account.users[-1]
    assert sdk.identity.get_service_id(robot["id"]).get_result()["name"] == robot["name"]
    assert sdk.resources.get_resource_instance(instance["crn"]).get_result() == instance
    assert sdk.policies.get_v2_policy(policy["id"]).get_result()["id"] == policy["id"]
    received = sdk.users.get_user_profile(account.account_id, person["iam_id"]).get_result()
    assert received == person


def test_models_of_the_sdk_can_read_what_they_get(sdk):
    """The SDK's typed models insist on the fields that IBM declares as required."""
    account = sdk.account_id
    models = (
        (UserList, sdk.users.list_users(account)),
        (ServiceIdList, sdk.identity.list_service_ids(account_id=account)),
        (TrustedProfilesList, sdk.identity.list_profiles(account_id=account)),
        (GroupsList, sdk.groups.list_access_groups(account)),
        (PolicyCollection, sdk.policies.list_policies(account)),
        (V2PolicyCollection, sdk.policies.list_v2_policies(account, format="display")),
        (RoleCollection, sdk.policies.list_roles(account_id=account)),
        (ResourceInstancesList, sdk.resources.list_resource_instances(limit=3)),
        (ResourceGroupList, sdk.manager.list_resource_groups(account_id=account)),
    )
    for model, response in models:
        assert model.from_dict(response.get_result()) is not None


def test_writes_are_refused(sdk):
    writes = (
        lambda: sdk.groups.create_access_group(account_id=sdk.account_id, name="new"),
        lambda: sdk.identity.delete_profile("Profile-1"),
        lambda: sdk.policies.delete_policy(sdk.account.policies[0]["id"]),
        lambda: sdk.resources.delete_resource_instance(sdk.account.instances[0]["guid"]),
        lambda: sdk.users.remove_user(sdk.account_id, sdk.account.users[0]["iam_id"]),
    )
    for write in writes:
        with pytest.raises(ApiException) as refusal:
            write()
        assert refusal.value.status_code in (404, 405)


@pytest.mark.parametrize("name", CLIENTS)
def test_the_sdk_finds_the_message_in_every_family_of_errors(sdk, name):
    kind, variable = CLIENTS[name]
    client = kind(BearerTokenAuthenticator("not.a.token"))
    client.set_service_url(sdk.sandbox.environment[variable])
    method, arguments = CALLS[name]
    with closing(client.get_http_client()), pytest.raises(ApiException) as refusal:
        getattr(client, method)(**arguments)
    assert refusal.value.status_code == 401
    assert "token" in refusal.value.message


def test_an_unknown_api_key_is_explained(sdk):
    address = sdk.sandbox.environment["IBMCLOUD_IAM_API_ENDPOINT"]
    client = IamIdentityV1(IAMAuthenticator("no-such-key", url=address))
    with (
        closing(client.get_http_client()),
        pytest.raises(ApiException, match="Provided API key could not be found") as refusal,
    ):
        client.list_profiles(account_id=sdk.account_id)
    assert refusal.value.status_code == 400
