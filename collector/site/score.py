"""How many of the CIS benchmark's recommendations on IAM each account meets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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
    met: int = 0
    failed: int = 0
    unread: int = 0
    unchecked: int = 0

    @property
    def checkable(self) -> int:
        """Those that the data of an account can decide."""
        return self.met + self.failed + self.unread


_FIELDS = {"pass": "met", "fail": "failed", "not read": "unread", "not checkable": "unchecked"}


async def scores(datasette: Any, actor: Any, name: str) -> dict[str, list[Score]]:
    """By account the score in each version of the benchmark, the newest first; none if hidden."""
    if not await may_see(datasette, actor, name, VIEW):
        return {}
    found: dict[str, dict[str, dict[str, int]]] = {}
    for row in await datasette.databases[name].execute(_COUNTS):
        results = found.setdefault(row["account_id"], {}).setdefault(row["version"], {})
        results[_FIELDS[row["result"]]] = row["recommendations"]
    return {
        account_id: [
            Score(version, **results) for version, results in sorted(versions.items(), reverse=True)
        ]
        for account_id, versions in found.items()
    }
