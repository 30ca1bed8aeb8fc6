"""The reports of a database, as its metadata has them: only here Datasette is asked for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..reports.report import rank
from .readers import may_see


async def known(datasette: Any, actor: Any, database: str) -> dict[str, dict[str, Any]]:
    """All reports by name, whether the reader may see them or not."""
    queries = await datasette.get_canned_queries(database, actor)
    return {name: named(datasette, database, name, query) for name, query in queries.items()}


def named(datasette: Any, database: str, name: str, query: Mapping[str, Any]) -> dict[str, Any]:
    """A report with all that its metadata says, and the address of its page and chart."""
    fragment = f"#{query['fragment']}" if query.get("fragment") else ""
    url = datasette.urls.query(database, name) + fragment
    return {"title": name, "category": "Other", **query, "name": name, "url": url}


async def one(datasette: Any, actor: Any, database: str, name: str) -> Mapping[str, Any] | None:
    """A report as its metadata has it, whether the reader may see it or not."""
    query: Mapping[str, Any] | None = await datasette.get_canned_query(database, name, actor)
    return query


async def visible(datasette: Any, actor: Any, database: str) -> list[dict[str, Any]]:
    """The reports that the reader may see, worst first."""
    found = [
        report
        for report in (await known(datasette, actor, database)).values()
        if await is_visible(datasette, actor, database, report)
    ]
    return sorted(found, key=lambda report: (rank(report.get("severity")), report["title"]))


async def is_visible(datasette: Any, actor: Any, database: str, report: Mapping[str, Any]) -> bool:
    """Whether the reader may see a report."""
    return await may_see(datasette, actor, database, report["name"], action="view-query")


async def search_url(datasette: Any, actor: Any) -> str | None:
    """Where a search is sent to; None if there is nothing to search or it may not be seen."""
    for database in datasette.databases:
        found = await one(datasette, actor, database, "find")  # asked on every page
        if found and await may_see(datasette, actor, database, "find", action="view-query"):
            url: str = datasette.urls.query(database, "find")
            return url
    return None
