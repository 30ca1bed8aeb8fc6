"""Whom Lumen Harbour trusts: log-in settings, further rules and identities of profiles."""

from ..account.naming import hex_of, uuid_of

_SSO = "https://sso.lumenharbour.example.com/saml"


def settings_of_the_account(company):
    """MFA for those who are not federated, with exceptions."""
    account, who = company.account, company.people
    account.today = "2026-11-24"
    account.older_reports = True
    account.identity_settings(
        mfa="TOTP",
        restrict_create_service_id="NOT_SET",
        restrict_create_platform_apikey="RESTRICTED",
        allowed_ip_addresses="",
        session_expiration_in_seconds="86400",
        session_invalidation_in_seconds="7200",
        max_sessions_per_identity="NOT_SET",
    )
    account.settings_template("harbour-baseline", max_sessions_per_identity="5")
    account.access_settings(
        user="enabled",
        service_id=("limited", [hex_of("other account")]),
        service=("monitor", []),
    )
    account.user_settings(who["maren.petersen"], allowed_ip_addresses="192.0.2.0/24")
    account.user_settings(who["ruth.goldberg"], allowed_ip_addresses="192.0.2.0/24,198.51.100.7")
    account.user_settings(who["noah.fischer"], self_manage=True)


def second_factors(company):
    """Two are exempt, two need a security key, some have not enrolled what they should have."""
    account, who = company.account, company.people
    account.mfa(who["zoe.mueller"], level="LEVEL3")
    account.mfa(who["ruth.goldberg"], level="LEVEL3")
    account.mfa(who["dimitris.pappas"], level="NONE")
    account.mfa(account.owner, level="NONE", complies=True)
    for login in ("jonas.brandt", "samuel.clarke", "carla.romano", "lukasz.wojcik"):
        account.mfa(who[login], complies=False)
    account.mfa(
        who["dial-in"],
        effective_mfa_type="account_based_mfa",
        account_based_mfa={
            "security_questions": {"required": True, "enrolled": True},
            "totp": {"required": False, "enrolled": False},
            "verisign": {"required": False, "enrolled": False},
            "complies": True,
        },
    )


def rules_of_profiles(company):
    """A rule for whoever has a mail address, and compute without a limit to an instance."""
    account = company.account
    profiles = {profile["name"]: profile for profile in account.profiles}
    account.claim_rule(
        profiles["external-support"],
        [("email", "CONTAINS", "@")],
        realm=_SSO,
        name="anybody with a mail address",
        expiration=86_400,
        created_at="2024-05-06",
    )
    account.claim_rule(
        profiles["cluster-secrets"],
        [
            ("service_instance", "EQUALS", company.instances["prod-cluster"]["guid"]),
            ("namespace", "EQUALS", "shop"),
        ],
        cr_type="IKS_SA",
        name="the shop in production",
        created_at="2025-02-10",
    )
    account.claim_rule(
        profiles["build-runner"],
        [("region", "EQUALS", "eu-de")],
        cr_type="VSI",
        name="any server in Frankfurt",
        created_at="2025-06-02",
    )
    account.claim_rule(
        profiles["cluster-autoscaler"],
        [
            ("resource_group_name", "EQUALS", "tokyo"),
            ("namespace", "EQUALS", "kube-system"),
            ("name", "EQUALS", "autoscaler"),
        ],
        cr_type="ROKS_SA",
        name="autoscaler of Tokyo",
        created_at="2023-02-21",
    )


def identities_of_profiles(company):
    """By name: a service ID of the parent company, a resource, a guest of ours."""
    account, who = company.account, company.people
    profiles = {profile["name"]: profile for profile in account.profiles}
    account.profile_identity(
        profiles["enterprise-baseline"],
        f"iam-ServiceId-{uuid_of('parent company', 'auditor')}",
        description="auditor of the parent company",
    )
    account.profile_identity(
        profiles["shop-jobs"],
        company.instances["shop"]["crn"],
        description="the project itself",
    )
    account.profile_identity(profiles["external-support"], who["partner"])


def rules_of_groups(company):
    """Dynamic rules: one for whoever is in a department, one for whoever can log in."""
    account = company.account
    account.group_rule(
        company.group("Support Callers"),
        "Everybody with a mail address",
        _SSO,
        [("email", "CONTAINS", "@")],
        expiration=24,
        created_at="2024-02-19",
    )
    account.group_rule(
        company.group("Shop Developers"),
        "Web team",
        _SSO,
        [("department", "EQUALS", "web"), ("country", "IN", ["DE", "FR", "PT"])],
        expiration=12,
        created_at="2023-11-13",
    )


TRUST = (
    settings_of_the_account,
    second_factors,
    rules_of_profiles,
    identities_of_profiles,
    rules_of_groups,
)
