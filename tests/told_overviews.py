"""What the reports on overviews find in the account of told.py."""

from __future__ import annotations

from iaminsights.sandbox import Account


def tell(account: Account) -> None:
    """Add a group with nearly as many rules as it may have; the rest is there already."""
    group = account.group("Told by claims")
    for number in range(4):
        claim = ("department", "EQUALS", f"department {number}")
        account.group_rule(group, f"rule {number}", "https://sso.example.com/saml", [claim])
