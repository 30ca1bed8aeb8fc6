"""How many of the CIS benchmark's recommendations on IAM each account meets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from .catalogue import is_visible, known
from .readers import may_see

VIEW, REPORT = "cis_results", "cis_scorecard"

_COUNTS = """
    select account_id, version, result, count(*) as recommendations
    from cis_results
    group by account_id, version, result
"""


@dataclass(frozen=True)
class Score:
    """What the recommendations of one version come to in one account.

    What is checkable but was not read is neither met nor failed: it is checkable all the same, so
    that nobody scores better who reads less.
    """

    version: str
    address: str | None = None  # of the scorecard of this account and version
    met: int = 0
    failed: int = 0
    unread: int = 0
    unchecked: int = 0

    @property
    def checkable(self) -> int:
        """Those that the data of an account can decide."""
        return self.met + self.failed + self.unread

    def url(self, result: str | None = None) -> str | None:
        """Where the recommendations are, all of them or those with a result."""
        if not self.address or not result:
            return self.address
        return f"{self.address}&{urlencode({'result': result})}"


_FIELDS = {"pass": "met", "fail": "failed", "not read": "unread", "not checkable": "unchecked"}


async def scores(datasette: Any, actor: Any, name: str) -> dict[str, list[Score]]:
    """By account the score in each version of the benchmark, the newest first; none if hidden."""
    if not await may_see(datasette, actor, name, VIEW):
        return {}
    found: dict[str, dict[str, dict[str, int]]] = {}
    for row in await datasette.databases[name].execute(_COUNTS):
        results = found.setdefault(row["account_id"], {}).setdefault(row["version"], {})
        results[_FIELDS[row["result"]]] = row["recommendations"]
    report = (await known(datasette, actor, name)).get(REPORT)
    seen = report is not None and await is_visible(datasette, actor, name, report)
    page = datasette.urls.query(name, REPORT) if seen else None

    def address(account_id: str, version: str) -> str | None:
        asked = {"version": version, "account_id": account_id}
        return page and f"{page}?{urlencode(asked)}"

    return {
        account_id: [
            Score(version, address(account_id, version), **results)
            for version, results in sorted(versions.items(), reverse=True)
        ]
        for account_id, versions in found.items()
    }


async def scorecard(
    datasette: Any, actor: Any, name: str, rows: Sequence[Mapping[str, Any]]
) -> list[tuple[str, Score]]:
    """Each account that these rows of the scorecard are about, with its score in their version."""
    of_accounts = await scores(datasette, actor, name)
    names = {row["account_id"]: row["account"] for row in rows}
    return [
        (called, score)
        for account_id, called in names.items()
        for score in of_accounts.get(account_id, [])
        if score.version == rows[0]["version"]
    ]
