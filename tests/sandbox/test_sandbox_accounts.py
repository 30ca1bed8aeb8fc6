"""The accounts that come with the sandbox: the sample's stories, and sizes up to the limits."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from iaminsights.sandbox import Account, account_of_size, generated_account, sample_account

#: What `limits` holds; of access groups, policies and custom roles IBM Cloud allows no more.
LIMITS = {
    "users": 2_000,
    "profiles": 300,
    "groups": 500,
    "policies": 4_020,
    "resource_groups": 200,
    "instances": 10_000,
    "custom_roles": 40,
}


@pytest.fixture(scope="module")
def sample() -> Account:
    return sample_account()


@pytest.fixture(scope="module")
def limits() -> Account:
    return generated_account("limits", seed=1)


def attributes(policy):
    """The resource attributes of a policy of either version as a dict."""
    if "resources" in policy:
        return {a["name"]: a["value"] for a in policy["resources"][0]["attributes"]}
    return {a["key"]: a["value"] for a in policy["resource"]["attributes"]}


def subject(policy):
    """The subject attributes of a policy of either version as a dict."""
    if "subjects" in policy:
        return {a["name"]: a["value"] for a in policy["subjects"][0]["attributes"]}
    return {a["key"]: a["value"] for a in policy["subject"]["attributes"]}


def everything(account):
    """All that an account holds, as text."""
    kept = {name: value for name, value in vars(account).items() if not name.startswith("_")}
    kept["unlisted_resource_groups"] = sorted(account.unlisted_resource_groups)
    return json.dumps(kept, ensure_ascii=False)


def test_the_sample_is_the_same_on_every_call(sample):
    assert everything(sample) == everything(sample_account())
    assert everything(account_of_size("small")) == everything(sample)


def test_the_sample_has_every_kind_of_thing(sample):
    assert 35 <= len(sample.users) <= 45
    assert {user["state"] for user in sample.users} >= {
        *("ACTIVE", "PENDING", "SUSPENDED", "VPN_ONLY")
    }
    assert {row["state"] for row in sample.instances} >= {
        *("active", "provisioning", "inactive", "pending_reclamation", "removed")
    }
    assert sample.unlisted_resource_groups
    assert {policy["state"] for policy in sample.policies} == {"active", "deleted"}
    assert any("subjects" in policy for policy in sample.policies)
    operators = {
        attribute["operator"]
        for policy in sample.policies
        if "resource" in policy
        for attribute in policy["resource"]["attributes"]
    }
    assert operators >= {"stringEquals", "stringMatch", "stringEqualsAnyOf"}
    patterns = {policy.get("pattern", "").partition(":")[0] for policy in sample.policies}
    assert patterns >= {"time-based-conditions", "attribute-based-condition"}
    links = [link for rows in sample.links.values() for link in rows]
    assert {link["cr_type"] for link in links} == {"IKS_SA", "ROKS_SA", "CE", "VSI", "PVS"}
    assert any("crn" not in link["link"] for link in links)
    assert any(link["link"].get("namespace") == "default" for link in links)


def test_no_policy_of_the_sample_reaches_every_instance(sample):
    """One that did would leave no instance unreferenced, and that report without a row."""
    for policy in sample.policies:
        if policy["type"] != "access" or policy["state"] != "active":
            continue
        narrowing = set(attributes(policy)) - {"accountId", "serviceType"}
        tagged = "tags" in policy.get("resource", {})
        account_only = attributes(policy).get("serviceType") == "platform_service"
        assert narrowing or tagged or account_only, policy


def test_the_stories_of_the_sample_are_told(sample):
    people = {user["user_id"].partition("@")[0]: user["iam_id"] for user in sample.users}
    static, dynamic = (
        {
            (group_id, member["iam_id"])
            for group_id, rows in sample.members.items()
            for member in rows
            if member["membership_type"] == kind
        }
        for kind in ("static", "dynamic")
    )
    assert static & dynamic, "one person is in a group both ways"
    gone = Counter(iam_id for _, iam_id in static if iam_id not in sample.identities)
    assert gone.most_common(1)[0][1] == 3, "a contractor who left is in three groups"
    empty = [group for group, rows in sample.members.items() if not rows]
    assert len(empty) > 1
    direct = Counter(subject(policy).get("iam_id") for policy in sample.policies)
    assert direct[people["jonas.brandt"]] > 5, "the intern"
    guids = {instance["guid"] for instance in sample.instances}
    named = [attributes(policy).get("serviceInstance") for policy in sample.policies]
    ghosts = {guid for guid in named if isinstance(guid, str) and "*" not in guid} - guids
    assert len(ghosts) >= 3
    deleted_groups = {subject(policy).get("access_group_id") for policy in sample.policies}
    assert deleted_groups - {None} - set(sample.members)


def test_names_in_the_sample_are_in_many_scripts(sample):
    text = everything(sample)
    for script in (
        "[À-ž]",
        "[А-я]",
        "[Α-ω]",
        "[؀-ۿ]",
        "[ぁ-ん]",
        "[一-龥]",
        "🚀",
        "O'Connor",
        "<b>",
    ):
        assert re.search(script, text), script


def test_mail_of_the_sample_goes_nowhere(sample):
    for user in sample.users:
        assert re.search(r"@([\w-]+\.)*example\.(com|org)$", user["email"])


def test_limits_have_as_much_access_as_can_be(limits):
    assert {name: len(getattr(limits, name)) for name in LIMITS} == LIMITS
    in_default = [robot for robot in limits.service_ids if "group_id" not in robot]
    assert len(in_default) == 2_000 < len(limits.service_ids)
    members = [(g, m) for g, rows in limits.members.items() for m in rows]
    assert len(members) == pytest.approx(100_000, rel=0.02)
    of_users = Counter(member["iam_id"] for _, member in members if member["type"] == "user")
    assert max(of_users.values()) == 50
    per_subject = Counter(
        json.dumps(subject(policy)) for policy in limits.policies if policy["type"] == "access"
    )
    assert max(per_subject.values()) == 1_000
    assert len(limits.links) > 250


def test_policies_at_the_limits_are_mostly_narrow(limits):
    count = len(limits.policies)
    tagged = [p for p in limits.policies if p.get("resource", {}).get("tags")]
    assert len(tagged) / count == pytest.approx(0.05, abs=0.01)
    wide = [p for p in limits.policies if attributes(p).get("serviceType") == "service"]
    assert (len(wide) - len(tagged)) / count == pytest.approx(0.03, abs=0.01)
    listed = [
        p for p in limits.policies if "AnyOf" in json.dumps(p) or "stringMatch" in json.dumps(p)
    ]
    assert len(listed) / count == pytest.approx(0.1, abs=0.02)
    guids = {instance["guid"] for instance in limits.instances}
    named = [attributes(policy).get("serviceInstance") for policy in limits.policies]
    assert len([guid for guid in named if guid and guid not in guids]) > 100


def test_ids_are_unique(sample, limits):
    for account in (sample, limits):
        for name in (*LIMITS, "service_ids"):
            rows = getattr(account, name)
            assert len({row["id"] for row in rows}) == len(rows), name


def test_generated_accounts_depend_on_the_seed_alone():
    assert everything(generated_account("medium", 7)) == everything(generated_account("medium", 7))
    assert everything(generated_account("medium", 7)) != everything(generated_account("medium", 8))
    medium = generated_account("medium")
    assert len(medium.users) == 750 and len(medium.instances) == 1_000


def test_the_sample_has_every_kind_of_key(sample):
    keys = sample.api_keys
    assert len(keys) >= 25 and {key["action_when_leaked"] for key in keys} == {
        *("none", "disable", "delete")
    }
    for field in ("disabled", "locked", "support_sessions", "apikey", "expires_at"):
        assert {bool(key.get(field)) for key in keys} == {True, False}, field
    owners = Counter(key["iam_id"] for key in keys)
    assert owners[sample.owner["iam_id"]] == 1 and max(owners.values()) == 6
    groups = {sample.identities[iam_id].get("group_id") for iam_id in owners}
    assert len(groups) == 3, "the default group and two others"
    shown = [json.dumps(key["credentials"]) for key in sample.resource_keys]
    assert any("sandbox-secret" in text for text in shown)
    assert any("REDACTED_EXPLICIT" in text for text in shown)


def test_every_secret_has_the_mark(sample, limits):
    """A test that looks for the mark finds any secret that is kept."""
    for account in (sample, limits):
        secrets = [key["apikey"] for key in account.api_keys]
        secrets += [key["credentials"].get("apikey", "") for key in account.resource_keys]
        assert any(secrets) and all("sandbox-secret" in secret for secret in secrets if secret)


def test_the_sample_trusts_narrowly_and_broadly(sample):
    rules = [rule for rows in sample.claim_rules.values() for rule in rows]
    assert {rule["type"] for rule in rules} == {"Profile-SAML", "Profile-CR"}
    claims = [{condition["claim"] for condition in rule["conditions"]} for rule in rules]
    assert {"email"} in claims and any("service_instance" in names for names in claims)
    kinds = {row["type"] for rows in sample.profile_identities.values() for row in rows}
    assert kinds == {"user", "serviceid", "crn"}
    foreign = {row["iam_id"] for rows in sample.profile_identities.values() for row in rows}
    assert any(i.startswith("iam-ServiceId-") for i in foreign - set(sample.identities))
    assert len(sample.group_rules) == 3


def test_the_sample_is_tagged_and_restricted(sample):
    attached = {name for kinds in sample.tags.values() for name in kinds["access"]}
    used = {
        f"{tag['key']}:{tag['value']}"
        for policy in sample.policies
        for tag in policy.get("resource", {}).get("tags", ())
    }
    assert used and used <= attached
    assert set(sample.tag_names["access"]) - attached, "a tag that nothing has"
    assert set(sample.tags) <= {row["crn"] for row in sample.instances + sample.searchables}
    modes = {rule["enforcement_mode"] for rule in sample.cbr_rules}
    assert modes == {"enabled", "report", "disabled"}
    assert sample.enterprise_accounts and sample.mfa_states


def test_limits_have_as_much_of_all_the_rest(limits):
    assert len(limits.api_keys) == 3_000
    assert max(Counter(key["iam_id"] for key in limits.api_keys).values()) == 20
    assert (len(limits.zones), len(limits.cbr_rules)) == (500, 200)
    assert len(limits.resource_keys) == 2_000
    assert len(limits.claim_rules) == 75 and len(limits.group_rules) == 100
    tagged = set(limits.tags) & {instance["crn"] for instance in limits.instances}
    assert len(tagged) == 1_000
    for rows in (limits.api_keys, limits.zones, limits.cbr_rules, limits.resource_keys):
        assert len({row["id"] for row in rows}) == len(rows)
