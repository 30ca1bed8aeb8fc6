"""The reports on API keys: the rows they must have, and beside them those they must not."""

from __future__ import annotations

from iaminsights.sandbox import Account

from .report_rows import days_ago, rows


def test_keys_that_never_expire(collected):
    accounts = []
    for name in ("Acme", "Bolt"):
        account = Account(name)
        ada, robot = account.user("Ada Lovelace"), account.service_id("robot")
        account.add_api_key(ada, "for ever", id=f"ApiKey-{name}-1")
        account.add_api_key(robot, "robot's", id=f"ApiKey-{name}'s 2")
        account.add_api_key(robot, "expires", expires_at=days_ago(-30))
        account.add_api_key(robot, "expired", expires_at=days_ago(30))
        account.add_api_key(robot, "disabled", disabled=True)
        accounts.append(account)
    robots = [account.service_ids[0]["id"] for account in accounts]
    found = rows(collected(*accounts), "api_key_no_expiry", "account", "apikey", "kind", "command")
    assert found == [
        ("Acme", "for ever", "user", "ibmcloud iam api-key-delete 'ApiKey-Acme-1'"),
        (
            *("Acme", "robot's", "service_id"),
            f"ibmcloud iam service-api-key-delete 'ApiKey-Acme'\\''s 2' '{robots[0]}'",
        ),
        ("Bolt", "for ever", "user", "ibmcloud iam api-key-delete 'ApiKey-Bolt-1'"),
        (
            *("Bolt", "robot's", "service_id"),
            f"ibmcloud iam service-api-key-delete 'ApiKey-Bolt'\\''s 2' '{robots[1]}'",
        ),
    ]
