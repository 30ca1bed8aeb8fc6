"""What the reports on keys find in the account of told.py."""

from __future__ import annotations

from iaminsights.sandbox import Account


def tell(account: Account) -> None:
    """Add it."""
    account.add_api_key(account.user("Kim Keys"), name="for ever")
