"""Grants by a condition with a last moment: which are over, and which soon will be."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from iaminsights.sandbox import Account

from ..report_rows import EVERY_POLICY_LIST, RULE, rows

NAME = "policy_expired_condition"


def moment(days: float, hours: int = 0) -> str:
    """A moment so many days from now, in the time zone so many hours ahead of UTC."""
    zone = timezone(timedelta(hours=hours))
    return (datetime.now(zone) + timedelta(days=days)).isoformat(timespec="seconds")


def compared(operator: str, value: str) -> dict:
    key = "{{environment.attributes.current_date_time}}"
    return {"key": key, "operator": f"dateTime{operator}", "value": value}


def once(begin: float, end: float, hours: int = 0) -> dict:
    """Between two moments, so many days from now."""
    return {
        "operator": "and",
        "conditions": [
            compared("GreaterThanOrEquals", moment(begin, hours)),
            compared("LessThanOrEquals", moment(end, hours)),
        ],
    }


def test_grants_that_have_run_out_and_that_soon_will(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    ada, robot = acme.user("Ada Lovelace"), acme.service_id("robot", id="ServiceId-1")
    team = acme.group("Team", [ada])

    def grant(who, service, rule, account=acme, **fields):
        return account.policy(who, ["Viewer"], service=service, rule=rule, **fields)

    grant(ada, "kms", once(-800, -500.5), id="policy-1")
    grant(team, "logs", once(-300, -100.5), id="policy-2", pattern="time-based-conditions:once")
    grant(robot, "is", once(-30, -0.5, hours=13), id="policy-3")
    soon = grant(ada, "appid", once(-30, 9.5, hours=-11))
    grant(ada, "dns-svcs", compared("LessThan", moment(29.5)))
    made = grant(ada, "schematics", once(-9, -2.5), template={"id": "PolicyTemplate-1"})
    # Near misses.
    grant(ada, "kms", once(-9, 30.5))
    grant(ada, "codeengine", once(9, 99))
    grant(ada, "codeengine", RULE)
    grant(ada, "codeengine", compared("GreaterThan", moment(-9)))
    grant(
        ada,
        "codeengine",
        {"operator": "or", "conditions": [compared("LessThan", moment(-9)), RULE]},
    )
    grant(ada, "codeengine", once(-9, -2), state="deleted")
    grant(ada, "codeengine", None)
    grant(bolt.user("Bo"), "kms", once(-9, -2.5), account=bolt)

    path = collected(acme, bolt)
    columns = ("account", "subject", "target", "days_left", "ends", "severity")
    assert rows(path, NAME, *columns) == [
        ("Acme", "Ada Lovelace", "kms", -500, "a year ago or more", "low"),
        ("Acme", "access group Team", "logs", -100, "30 to 364 days ago", "low"),
        ("Acme", "Ada Lovelace", "schematics", -2, "up to 30 days ago", "low"),
        ("Acme", "service ID robot", "is", 0, "up to 30 days ago", "low"),
        ("Acme", "Ada Lovelace", "appid", 9, "within 30 days", "info"),
        ("Acme", "Ada Lovelace", "dns-svcs", 29, "within 30 days", "info"),
        ("Bolt", "Bo", "kms", -2, "up to 30 days ago", "low"),
    ]
    commands = dict(rows(path, NAME, "policy_id", "command"))
    assert commands["policy-1"] == f"ibmcloud iam user-policy-delete '{ada['user_id']}' 'policy-1'"
    assert commands["policy-2"].startswith("ibmcloud iam access-group-policy-delete ")
    assert commands["policy-3"] == "ibmcloud iam service-policy-delete 'ServiceId-1' 'policy-3'"
    # What is still needed perhaps, and what an enterprise made, is not deleted here.
    assert commands[soon["id"]] is None and commands[made["id"]] is None
    assert rows(collected(acme, path=path.with_name("b"), deny=EVERY_POLICY_LIST), NAME) == []
