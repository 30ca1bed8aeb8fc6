"""What the reports on service IDs and trusted profiles find in the account of told.py."""

from __future__ import annotations

from iaminsights.sandbox import Account

from .report_rows import days_ago


def tell(account: Account) -> None:
    """Add service IDs and trusted profiles, one or two for each report."""
    account.service_id("never put to use")
    robot = account.service_id("robot", description="runs in told-cluster")
    account.add_api_key(robot, "robot's")
    account.last_login(robot, days_ago(120))
    account.policy(robot, ["Administrator"], service="iam-identity")
    account.instance("told-cluster", "containers-kubernetes")

    profile = account.profile("trusts everybody")
    account.claim_rule(profile, [("email", "CONTAINS", "@")], realm="https://sso.example.com/saml")
    account.claim_rule(profile, [("namespace", "EQUALS", "default")], cr_type="IKS_SA", name="any")
    gone = f"crn:v1:bluemix:public:containers-kubernetes:eu-de:a/{account.account_id}:gone1::"
    account.link(profile, "IKS_SA", gone, namespace="default", name="default")
    account.profile_identity(profile, f"iam-ServiceId-99999999-of-{account.name}")
    account.profile("trusts nobody")
