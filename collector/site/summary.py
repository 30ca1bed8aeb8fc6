"""One page of an account for whoever must know how it stands: what matters, to read or to print."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..reports.actions import WEIGHTS
from ..reports.report import rank
from ..store.schema import TABLE
from .catalogue import known, named, visible
from .counts import findings
from .differences import differences
from .first import first
from .gaps import parts
from .news import news
from .overview import accounts
from .readers import may_see
from .score import scores
from .workbench import OPEN, VIEW, to_fix

MOST_RISKS = 6
_EXAMPLES = 3  # names of what was added, removed or changed, for each kind of thing

# What the last collection of an account found otherwise than the previous one: of each kind of
# thing and change the number, and some examples, called by a name where it is known by an ID.
_CHANGED = f"""
    select *
    from (
      select
        changes.what,
        changes.change,
        changes.key,
        changes.before,
        changes.after,
        coalesce(
          search.name,
          (select identities.name from identities where identities.iam_id = changes.name),
          changes.name,
          changes.key
        ) as name,
        count(*) over (partition by changes.what, changes.change) as number,
        row_number() over (
          partition by changes.what, changes.change order by search.name, changes.name, changes.key
        ) as place
      from changes
      left join search on search.table_name = changes.what and search.key = changes.key
      where changes.account_id = :account_id
        and changes.changed_at = (
          select max(finished_at) from collections where account_id = :account_id
        )
    )
    where place <= {_EXAMPLES}
    order by what, change, place
"""
_CHANGED_IN = ("changes", "collections", "search", "identities")


async def summaries(
    datasette: Any, actor: Any, name: str, account_id: str | None = None
) -> list[dict[str, Any]] | None:
    """What there is to say of each account, or of one; None if the reader may not see accounts."""
    chosen = await accounts(datasette, actor, name)
    if chosen is None:
        return None
    found = await findings(datasette, actor, name, past=True)
    past = found["past"] if found else {}
    scored = await scores(datasette, actor, name)
    what_is_new = await news(datasette, actor, name, past)
    to_do = await first(datasette, actor, name)
    catalogue = await known(datasette, actor, name)
    reports = {report["name"]: report["url"] for report in await visible(datasette, actor, name)}
    told = []
    for account in chosen:
        key = account["account_id"]
        if account_id in (None, key):
            told.append(
                {
                    **account,
                    "severities": found["accounts"].get(key, {}) if found else {},
                    "since": past[key].since if key in past else None,
                    "scores": scored.get(key, []),
                    "news": what_is_new.get(key),
                    "first": to_do.get(key, []),
                    "risks": await _risks(datasette, actor, name, key, found, catalogue),
                    "changed": await _changed(datasette, actor, name, key),
                    "changes_url": reports.get("changes_since_last_collect"),
                    "coverage": await _coverage(datasette, name, key),
                    "coverage_url": reports.get("collection_coverage"),
                }
            )
    return told


def as_json(summary: Mapping[str, Any]) -> dict[str, Any]:
    """A summary as other programs read it: numbers and names, without addresses of pages."""
    return {
        "account_id": summary["account_id"],
        "name": summary["name"],
        "collected_at": summary["collected_at"],
        "previous_collection_at": summary["since"],
        "cis": [
            {
                "version": score.version,
                "checkable": score.checkable,
                "met": score.met,
                "not_met": score.failed,
                "not_read": score.unread,
                "not_checkable": score.unchecked,
            }
            for score in summary["scores"]
        ],
        "open_findings": {
            severity: {
                "open": counted["open"],
                "change": counted["change"],
                "trend": [
                    {"at": at, "open": number}
                    for at, number in zip(
                        counted["line"].moments, counted["line"].numbers, strict=True
                    )
                ]
                if counted["line"]
                else [],
            }
            for severity, counted in summary["severities"].items()
        },
        "top_risks": [
            {key: risk[key] for key in ("name", "title", "severity", "open")}
            for risk in summary["risks"]
        ],
        "do_first": [
            {key: action[key] for key in ("does", "policy", "command", "closes", "begins")}
            | {"severities": dict(action["severities"])}
            for action in summary["first"]
        ],
        "weights": WEIGHTS,
        "new": {
            what: {"number": one["number"], "names": [name for name, _ in one["names"]]}
            for what, one in (summary["news"] or {}).items()
            if what != "since"
        },
        "changed": summary["changed"],
        "coverage": summary["coverage"],
    }


async def _risks(
    datasette: Any,
    actor: Any,
    name: str,
    account_id: str,
    found: Mapping[str, Any] | None,
    catalogue: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """The reports with the worst open findings of one account, with how many each has."""
    rows = [row for row in found["rows"] if row["account_id"] == account_id] if found else []
    counted = [
        (row["severity"], row["rows"] - row["acknowledged"], row["report"])
        for row in rows
        if row["rows"] > row["acknowledged"]
    ]
    counted.sort(key=lambda one: (rank(one[0]), -one[1], one[2]))
    leads = await may_see(datasette, actor, name, VIEW)
    risks = []
    for severity, number, report in counted[:MOST_RISKS]:
        # One that was counted may be gone from the metadata.
        its = catalogue.get(report) or named(datasette, name, report, {})
        about = {"account_id": account_id, "report": report, "severity": severity, **OPEN}
        risks.append(
            {
                **its,
                "severity": severity,
                "open": number,
                "open_url": to_fix(datasette, name, **about) if leads else None,
            }
        )
    return risks


async def _changed(
    datasette: Any, actor: Any, name: str, account_id: str
) -> list[dict[str, Any]] | None:
    """What the last collection found changed, by kind of thing; None if it may not be seen."""
    if not await may_see(datasette, actor, name, *_CHANGED_IN):
        return None
    rows = list(await datasette.databases[name].execute(_CHANGED, {"account_id": account_id}))
    told = await differences(datasette, actor, name, rows)
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for row, difference in zip(rows, told, strict=True):
        kinds = found.setdefault(row["what"], {})
        its = {"change": row["change"], "number": row["number"], "names": []}
        kinds.setdefault(row["change"], its)["names"].append(difference.name)
    return [
        {
            "what": TABLE[what].human_name if what in TABLE else what.replace("_", " "),
            "number": sum(its["number"] for its in kinds.values()),
            "changes": list(kinds.values()),
        }
        for what, kinds in found.items()
    ]


async def _coverage(datasette: Any, name: str, account_id: str) -> dict[str, Any]:
    """How many parts of an account were read in full, and what is missing or older."""
    states = [
        state
        for (owner, _), state in (await parts(datasette.databases[name])).items()
        if owner == account_id
    ]
    missing = [state for state in states if state["denied"] or state["partial"]]
    return {
        "parts": len(states),
        "read": len(states) - len(missing),
        "missing": [
            {
                "part": state["name"],
                "state": "read in part"
                if state["partial"]
                else f"not read, as of {state['read_at']}"
                if state["read_at"]
                else "never read",
            }
            for state in missing
        ],
        "older": [{"part": s["name"], "read_at": s["read_at"]} for s in states if s["older"]],
        "remarks": [f"{s['name']}: {s['remark']}" for s in states if s["remark"]],
    }
