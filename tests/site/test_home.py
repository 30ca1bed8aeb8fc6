"""What the home page says first: the score, what has changed, what is new, what to do."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from iaminsights.reports.catalogue import all_reports
from iaminsights.reports.findings import Acknowledgement
from iaminsights.sandbox import Account

from ..report_rows import REPORTS, day_in
from ..reports.test_cis import EVERY, UNCHECKED, exemplary, spoil_owner_key
from ..site_helpers import metadata_hiding, served

ALL = all_reports()
KEYS = [REPORTS[name] for name in ("api_key_no_expiry", "owner_api_key", "user_direct_policies")]


@pytest.fixture
def on_day(collected) -> Callable[..., Path]:
    """Collects accounts as on a day of May 2026; keys and policies are made the day before."""

    def collect(day: int, *accounts: Account, reports=KEYS, **options) -> Path:
        at = datetime(2026, 5, day, 8, tzinfo=timezone.utc)
        return collected(*accounts, reports=reports, now=lambda: at, **options)

    return collect


def links(page: str) -> dict[str, str]:
    """By what they say, where links lead."""
    found = re.findall(r'<a href="([^"]+)"[^>]*>(.*?)</a>', page, flags=re.DOTALL)
    said = ((" ".join(re.sub(r"<[^>]+>", "", words).split()), url) for url, words in found)
    return {html.unescape(words): html.unescape(url) for words, url in said}


def findings_behind(site, url: str) -> set[tuple[str, str]]:
    """Report and name of what a number leads to."""
    path, _, query = url.partition("?")
    rows = site.get(f"{path}.json?_shape=array&_size=max&{query}").json()
    return {(row["report"], row["what"]) for row in rows}


# --- Score --------------------------------------------------------------------------------------


def test_home_has_the_score_of_the_newest_version(collected):
    acme, bolt = exemplary("Acme"), exemplary("Bolt")
    spoil_owner_key(bolt)
    with served(collected(acme, bolt, reports=ALL)) as site:
        text, page = site.text("/"), site.page("/")
    unchecked = list(UNCHECKED["v2.0"].values())
    unread, never = unchecked.count("not read"), unchecked.count("not checkable")
    checkable = len(EVERY["v2.0"]) - never
    benchmark = "checkable recommendations of the CIS benchmark v2.0 met"
    rest = f"{unread} not read ; {never} cannot be checked from account data"
    assert f"{checkable - unread} of {checkable} {benchmark} 0 not met , {rest}" in text
    assert f"{checkable - unread - 1} of {checkable} {benchmark} 1 not met , {rest}" in text
    assert "/iaminsights/cis_scorecard" in page


def test_what_was_not_read_is_neither_met_nor_failed(collected):
    """Nobody scores better who reads less: it counts among what can be checked."""
    with served(collected(exemplary(), reports=ALL, deny=("api_keys",))) as site:
        text = site.text("/")
    unchecked = list(UNCHECKED["v2.0"].values())
    unread, never = unchecked.count("not read"), unchecked.count("not checkable")
    checkable = len(EVERY["v2.0"]) - never
    met = checkable - unread - 3  # unused keys, old keys, keys of administrators
    assert f"{met} of {checkable} checkable" in text
    assert f"0 not met , {unread + 3} not read ; {never} cannot" in text


# --- Changes ------------------------------------------------------------------------------------


def acme() -> Account:
    account = Account("Acme", owner="Olga Owner")
    account.robot = account.service_id("robot")
    account.add_api_key(account.robot, "first")
    return account


def test_home_tells_how_findings_changed_since_the_collect_before(on_day):
    account = acme()
    on_day(1, account)
    account.add_api_key(account.robot, "second")
    account.add_api_key(account.owner, "of the owner")
    with served(on_day(8, account)) as site:
        text, page = site.text("/"), site.page("/")
    assert "1 Critical +1" in text.title() and "3 low +2" in text and "0 high ±0" in text
    assert 'aria-label="low: 1 on 1 May 2026, 3 on 8 May 2026"' in page
    assert 'aria-label="critical: 0 on 1 May 2026, 1 on 8 May 2026"' in page


def test_fewer_findings_are_told_as_fewer(on_day):
    account = acme()
    on_day(1, account)
    account.api_keys.clear()
    with served(on_day(8, account)) as site:
        text = site.text("/")
    assert "0 low −1" in text
    assert "No new administrator and no new critical finding." in text


def test_a_report_that_was_not_counted_then_has_no_change(on_day):
    account = acme()
    account.policy(account.user("Ada"), ["Viewer"], service="logs")
    on_day(1, account, reports=KEYS[:2])
    with served(on_day(8, account)) as site:
        assert "1 medium ±0" in site.text("/")


def test_the_first_collect_has_no_change_and_no_line(on_day):
    with served(on_day(1, acme())) as site:
        text, page = site.text("/"), site.page("/")
    assert "1 low" in text and "±" not in text and "sparkline" not in page
    assert "Collected once. New findings and changes appear after the next collection." in text


def test_a_line_holds_between_moments_and_says_its_extent(on_day):
    account = acme()
    on_day(1, account)
    for day, name in ((3, "second"), (4, "third")):
        account.add_api_key(account.robot, name)
        on_day(day, account)
    account.api_keys.clear()
    with served(on_day(9, account)) as site:
        page = site.page("/")
    said = "low: 1 on 1 May 2026, 0 on 9 May 2026, between them 2 to 3"
    (path,) = re.findall(rf'aria-label="{said}">.*?<path d="([^"]+)"', page)
    # 72 wide for eight days, 18 high for three findings.
    assert path == "M0.0 12.0H18.0V6.0H27.0V0.0H72.0V18.0"


# --- News ---------------------------------------------------------------------------------------


def test_new_administrators_and_critical_findings_are_named(on_day):
    account = Account("Acme", owner="Olga Owner")
    account.policy(account.user("Old Admin"), ["Administrator"], service_type="platform_service")
    account.add_api_key(account.service_id("robot"), "first")
    on_day(1, account, reports=ALL)
    account.policy(account.user("New Admin"), ["Administrator"], service_type="platform_service")
    account.add_api_key(account.owner, "of the owner")
    with served(on_day(8, account, reports=ALL)) as site:
        text, page = site.text("/"), site.page("/")
        where = links(page)
        (critical,) = (words for words in where if "new critical finding" in words)
        behind = findings_behind(site, where[critical])
        administrators = findings_behind(site, where["1 new administrator"])
    assert "1 new administrator : New Admin" in text
    assert where["New Admin"].startswith("/iaminsights/identities/")
    assert f"{REPORTS['owner_api_key'].title}: of the owner" in text
    assert "New since the collection of 1 May 2026, 08:00 UTC ." in text
    assert ("owner_api_key", "of the owner") in behind
    assert critical == f"{len(behind)} new critical finding{'s' if len(behind) > 1 else ''}"
    assert {name for _, name in behind | administrators} == {"of the owner", "New Admin"}


def test_new_findings_of_a_report_are_named_together_four_at_most(on_day):
    account = acme()
    on_day(1, account)
    for number in range(6):
        account.add_api_key(account.owner, f"key {number}", id=f"ApiKey-{number}")
    with served(on_day(8, account)) as site:
        text = site.text("/")
    title = REPORTS["owner_api_key"].title
    assert f"6 new critical findings : {title}: key 0, key 1, key 2, key 3 , and 2 more" in text


def test_a_new_finding_that_somebody_accepts_is_no_news(on_day):
    account = acme()
    on_day(1, account)
    account.add_api_key(account.owner, "of the owner")
    entry = Acknowledgement("owner_api_key", {"account": "Acme"}, "Known.", day_in(9))
    with served(on_day(8, account, acknowledgements=[entry])) as site:
        assert "No new administrator and no new critical finding." in site.text("/")


# --- What to do first ---------------------------------------------------------------------------


def test_home_says_which_three_commands_close_most(on_day):
    account = acme()
    account.add_api_key(account.owner, "of the owner")
    for name in ("Ada", "Ben", "Cid"):
        account.policy(account.user(name), ["Viewer"], service="logs", id=f"policy-{name}")
    with served(on_day(1, account)) as site:
        text, page = site.text("/"), site.page("/")
        url = links(page)["Closes 1 finding"]
        behind = findings_behind(site, url)
    first = text.partition("Do these three first")[2]
    for name in ("Ada", "Ben", "Cid"):
        mail = f"{name.lower()}@acme.example.org"
        assert (
            f"Delete a policy of {name} ({mail}) : Viewer on logs Closes 1 finding : 1 medium "
            f"ibmcloud iam user-policy-delete '{mail}' 'policy-{name}'"
        ) in first
    # The key of the owner is critical, but its command only begins to fix that.
    assert "Disable API key" not in first
    assert "critical counts 40, high counts 10, medium counts 3, low counts 1" in first
    assert len(behind) == 1


def test_the_number_that_a_command_closes_is_that_of_the_rows_behind_it(sample_file):
    with served(sample_file) as site:
        page = site.page("/")
        closing = re.findall(r'<a href="([^"]+)">Closes (\d+) finding', page)
        assert len(closing) == 3
        for url, number in closing:
            asked = parse_qs(urlsplit(html.unescape(url)).query)
            assert asked["acknowledged__isblank"] == ["1"]
            path, _, query = html.unescape(url).partition("?")
            rows = site.get(f"{path}.json?_shape=array&_size=max&{query}").json()
            assert len(rows) == int(number)


def test_who_may_not_see_findings_is_told_no_commands(sample_file, tmp_path):
    with served(sample_file, metadata=metadata_hiding(tmp_path, "findings")) as site:
        text = site.text("/")
    assert "Do these" not in text and "ibmcloud" not in text and "new critical" not in text
    with served(sample_file, metadata=metadata_hiding(tmp_path, "cis_results")) as site:
        assert "CIS benchmark v" not in site.text("/")


def test_who_may_not_see_service_ids_is_told_no_names_of_them(sample_file, tmp_path):
    with served(sample_file, metadata=metadata_hiding(tmp_path, "serviceids")) as site:
        text = site.text("/")
    assert "Do these three first" in text and "service ID terraform" not in text
