"""What the reports on groups and administrators find in the account of told.py."""

from __future__ import annotations

from iaminsights.sandbox import Account


def tell(account: Account) -> None:
    """Add it."""
