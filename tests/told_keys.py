"""What the reports on keys find in the account of told.py."""

from __future__ import annotations

from iaminsights.sandbox import Account

from .report_rows import days_ago


def tell(account: Account) -> None:
    """Add keys, one or two for each report."""
    kim = account.user("Kim Keys")
    account.add_api_key(kim, name="for ever")
    unused = account.add_api_key(kim, name="unused", action_when_leaked="none")
    account.last_login(unused, days_ago(200))
    account.last_login(account.add_api_key(kim, name="never used"), None)
    account.add_api_key(kim, name="disabled", disabled=True)
    account.add_api_key(kim, name="fifth", created_at=days_ago(1))
    account.policy(kim, ["Administrator"], service_type="platform_service")
    account.add_api_key(account.owner, name="owner's")
    queue = account.instance("told queue", "messagehub")
    account.resource_key(queue, "told producer", "Manager", created_at="2024-05-06")
