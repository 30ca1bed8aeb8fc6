"""No page weighs more than 150 KB: in the sample account, and where each report has many pages."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from urllib.parse import urlencode

import pytest
from datasette.utils import tilde_encode

from iaminsights.reports.catalogue import all_reports
from iaminsights.sandbox import Account, Sandbox, account_of_size
from iaminsights.site.explorers import MOST_CHOICES
from iaminsights.site.subjects import PICTURED
from iaminsights.store.schema import TABLES

from ..conftest import collect_from
from ..site_helpers import REPORTS, served

MOST = 150_000
PAGE = 100  # rows

# Tables as Datasette lists them have all of their columns, and long CRNs several times a row.
ALWAYS = [
    "/",
    "/iaminsights",
    "/-/iaminsights/summary/iaminsights",
    "/-/iaminsights/why/iaminsights",
    "/iaminsights/findings_to_fix",
    "/iaminsights/findings_to_fix?acknowledged__isblank=1",
]


@pytest.fixture(scope="module")
def big_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("big") / "iaminsights.sqlite3"
    account = account_of_size("medium")
    with Sandbox([account]) as sandbox:
        collect_from(sandbox, account, path, reports=all_reports())
    return path


@pytest.fixture(scope="module", params=["sample_file", "big_file"])
def file(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def site(file):
    with served(file) as found:
        yield found


def asked(file, name: str) -> str:
    """The address of a report; an explorer is asked about what has most policies."""
    most = {
        "identity": "select identities.name from policies join identities using (iam_id) "
        "group by 1 order by count(*) desc limit 1",
        "instance": "select name from resource_service_instances order by name limit 1",
        "role_or_action": "select 'Administrator'",
        "text": "select 'a'",
    }
    with closing(sqlite3.connect(file)) as database:
        given = {
            one: database.execute(most[one]).fetchone()[0]
            for one in REPORTS[name].get("params") or ()
            if one in most and REPORTS[name].get("category") == "Explorers"
        }
    return f"/iaminsights/{name}" + (f"?{urlencode(given)}" if given else "")


def pages_of_rows(file) -> list[str]:
    """A row of each table, and the graph of those that have one."""
    found = []
    with closing(sqlite3.connect(file)) as database:
        for table in TABLES:
            row = database.execute(f"select {', '.join(table.key)} from {table.name}").fetchone()
            if row is None:
                continue
            key = ",".join(tilde_encode(str(one)) for one in row)
            found.append(f"/iaminsights/{table.name}/{key}")
            if table.name in PICTURED:
                found.append(f"/-/iaminsights/graph/iaminsights/{table.name}/{key}")
    return found


def without_most(file) -> str:
    """What would be lost without the access group that has most members."""
    with closing(sqlite3.connect(file)) as database:
        (key,) = database.execute(
            "select group_id from access_group_members join policies "
            "on access_group_id = group_id group by 1 order by count(*) desc, 1"
        ).fetchone()
    return f"/-/iaminsights/without/iaminsights/access_groups/{tilde_encode(key)}"


def too_heavy(site, paths) -> dict[str, int]:
    weights = {path: len(site.get(path).content) for path in paths}
    return {path: weight for path, weight in weights.items() if weight > MOST}


def test_no_report_is_heavy(site, file):
    assert too_heavy(site, [asked(file, name) for name in REPORTS]) == {}


def test_no_other_page_is_heavy(site, file):
    assert too_heavy(site, [*ALWAYS, without_most(file), *pages_of_rows(file)]) == {}


def test_there_are_reports_with_more_rows_than_a_page(big_file):
    """Else their weight would say little."""
    full = 0
    with closing(sqlite3.connect(big_file)) as database:
        for report in REPORTS.values():
            given = dict.fromkeys(report.get("params") or (), "")
            full += len(database.execute(report["sql"], given).fetchmany(PAGE)) == PAGE
    assert full > 10


def test_all_that_a_page_offers_to_choose_from_has_a_limit(collected):
    account = Account("Acme")
    for number in range(MOST_CHOICES + 1):
        account.instance(f"instance {number}", "kms")
    with served(collected(account)) as site:
        one = site.page("/iaminsights/who_can_access_instance").count('<option value="instance ')
        both = site.page("/iaminsights/service_access_by_iam_id").count('<option value="instance ')
    assert (one, both) == (MOST_CHOICES, MOST_CHOICES // 2)
