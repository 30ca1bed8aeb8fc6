"""Lists of addresses and context rules that leave the way open, however they are written."""

from __future__ import annotations

import pytest

from iaminsights.sandbox import Account

from ..report_rows import rows

OPEN = [
    "0.0.0.0/0",
    "::/0",
    "192.0.2.0/24, 0.0.0.0/0",
    "192.0.2.7 0.0.0.0/0",
    "0.0.0.0-255.255.255.255",
    "0.0.0.0 - 255.255.255.255",
    "0.0.0.0/1,128.0.0.0/1",
    "128.0.0.0/1 , 0.0.0.0/1",
    "0.0.0.0/1;128.0.0.0/2",
    "0.0.0.0/0.0.0.0",
    "1.2.3.4/0",
    "0.0.0.0-127.255.255.255,128.0.0.0-223.255.255.255",
    "1.0.0.0-9.255.255.255,11.0.0.0-223.255.255.255",
    "::/1,8000::/1",
    "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "2000::/3",
    "2000::/4,3000::/5",
    "not an address,0.0.0.0/1,128.0.0.0/1",
]
LIMITED = [
    "192.0.2.0/24",
    "192.0.2.1-192.0.2.9, 198.51.100.7",
    "0.0.0.0/1",
    "0.0.0.0/2,64.0.0.0/2,0.0.0.0/3",  # the same half twice
    "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16",
    "0.0.0.0/33",
    "255.255.255.255-0.0.0.0",
    "0.0.0.0",
    "2000::/4",
    "4000::/2",  # none of these is handed out
    "::-10.0.0.0",
    "anywhere",
]


@pytest.mark.parametrize("addresses", OPEN)
def test_a_list_that_lets_in_nearly_everybody_is_no_limit(collected, addresses):
    acme = Account("Acme")
    acme.identity_settings(allowed_ip_addresses=addresses)
    found = dict(rows(collected(acme), "settings_hardening", "setting_id", "present"))
    assert found["allowed_ip_addresses"] == addresses


@pytest.mark.parametrize("addresses", LIMITED)
def test_a_list_of_some_networks_is_a_limit(collected, addresses):
    acme = Account("Acme")
    acme.identity_settings(allowed_ip_addresses=addresses)
    assert "allowed_ip_addresses" not in dict(
        rows(collected(acme), "settings_hardening", "setting_id", "present")
    )


def test_rules_that_together_are_open_to_everybody(collected):
    acme = Account("Acme")
    low, high = acme.zone("low", "0.0.0.0/1"), acme.zone("high", "128.0.0.0-255.255.255.255")
    both = acme.zone("both halves", "0.0.0.0/1", "128.0.0.0/1")
    public = acme.zone("public", "0.0.0.0/0", excluded=["10.0.0.0/8", "0.0.0.0/8"])
    sixth = acme.zone("version 6", "::/1", "8000::/1")
    vpc = acme.zone("vpc", f"crn:v1:bluemix:public:is:us-south:a/{acme.account_id}::vpc:r-1-2")
    emptied = acme.zone("emptied", "0.0.0.0/0", excluded=["0.0.0.0/1", "128.0.0.0-255.255.255.255"])

    def rule(name, **what):
        acme.cbr_rule(name, instance=acme.instance(name, "kms"), **what)

    rule("a list", zones=[both])
    rule("nearly all", zones=[public])
    rule("all of version 6", zones=[vpc, sixth])
    rule("two zones", zones=[low, high])
    rule("two contexts", contexts=[{"networkZoneId": [low]}, {"networkZoneId": [high]}])
    # Near misses.
    rule("one half", zones=[low])
    rule("private network", zones=[vpc])
    rule("nothing is left", zones=[emptied])
    halves = [{"networkZoneId": [low]}, {"networkZoneId": [high], "endpointType": "private"}]
    rule("the other half by private endpoint", contexts=halves)
    halves[1] = {"networkZoneId": [high], "mfa": "LEVEL3"}
    rule("the other half with a second factor", contexts=halves)

    found = rows(collected(acme), "sensitive_services_without_cbr", "instance", "problem")
    assert found == [
        (name, "the rule restricts nothing")
        for name in ("a list", "all of version 6", "nearly all", "two contexts", "two zones")
    ]


def test_networks_of_an_account_that_is_not_collected_again_stay_open(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    acme.identity_settings(allowed_ip_addresses="0.0.0.0/1,128.0.0.0/1")
    bolt.identity_settings(allowed_ip_addresses="192.0.2.0/24")
    found = rows(collected(acme, bolt), "settings_hardening", "account", "setting_id")
    assert [who for who, setting in found if setting == "allowed_ip_addresses"] == ["Acme"]
