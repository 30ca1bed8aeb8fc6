"""What the reports on policies find in the account of told.py."""

from __future__ import annotations

from iaminsights.sandbox import Account


def tell(account: Account) -> None:
    """Add it."""
    poppy = account.user("Poppy Policies")
    account.policy(poppy, ["Administrator"], service_group="IAM")
    account.authorization(["Editor"], {"serviceName": "codeengine"}, {})
    elsewhere = {"accountId": "0" * 31 + "7", "serviceName": "logs"}
    account.authorization(["Reader"], elsewhere, {"serviceName": "kms"})
    account.policy(poppy, ["Writer"], service="kms", last_permit_at="2024-06-01")
    account.policy(poppy, ["Writer"], service="kms", region="eu-de")
    account.policy("IBMid-GONE1", ["Viewer"], service="kms")
    account.custom_role("Greeter", "Greeter", "iam-groups", ["iam-groups.members.add"])
    over = {
        "key": "{{environment.attributes.current_date_time}}",
        "operator": "dateTimeLessThanOrEquals",
        "value": "2024-01-31T23:59:59+00:00",
    }
    account.policy(poppy, ["Viewer"], service="appid", rule=over)
