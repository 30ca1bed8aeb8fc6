"""What the reports on people and settings find in the account of told.py."""

from __future__ import annotations

from iaminsights.sandbox import ABSENT, Account

from .report_rows import days_ago


def tell(account: Account) -> None:
    """Add a person or two for each report; the settings are those of a new account."""
    account.last_login(account.user("Told Sleeper"), days_ago(120))
    account.user("", state="PENDING", email="told-invited@told.example.org")
    suspended = account.user("Told Suspended", state="SUSPENDED")
    account.policy(suspended, ["Viewer"], service="kms")
    account.user("Told Mailless", email=ABSENT, user_id="told-mailless")
