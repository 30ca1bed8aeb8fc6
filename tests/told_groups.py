"""What the reports on groups and administrators find in the account of told.py."""

from __future__ import annotations

from iaminsights.sandbox import Account

from .report_rows import days_ago


def tell(account: Account) -> None:
    """Add groups that are empty, idle, the same, large or mixed, and what is open to everybody."""
    officer = account.profile("told officer")
    privileged = [account.user("Told Olive"), account.user("Told Otto"), officer]
    officers = account.group("Told Officers", privileged)
    account.policy(officers, ["Administrator"], service="user-management")
    account.group_rule(
        officers, "any", "https://sso.example.com/saml", [("country", "EQUALS", "DE")]
    )
    account.group("Told Idle", [account.users[0]])
    for name in ("Told Readers", "Told Readers Too"):
        readers = account.group(name, [account.users[0]])
        account.policy(readers, ["Viewer"], service="kms", region="eu-de")
    everybody = account.public_group()
    seen = days_ago(1)
    account.policy(everybody, ["Viewer"], service="is", region="eu-de", last_permit_at=seen)
