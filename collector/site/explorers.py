"""Reports that are asked about one thing: links to them from its page, choices for their forms.

Which rows lead to a report, and what its form offers, stands in the report's header and travels in
the metadata.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from datasette.utils import escape_sqlite

from .catalogue import is_visible, known
from .databases import is_ours

# They tell all access that a row gives, or is: links to them come first.
_FIRST = ("what_can_identity_do", "who_can_access_instance")
MOST_CHOICES = 1_200  # on a page: with more of them it would weigh more than its rows


async def choices(datasette: Any, name: str, source: str | None, fields: int = 1) -> list[str]:
    """What a field offers to choose from: the values of a column, given as table.column.

    `fields` is how many such fields the page has.
    """
    database = datasette.databases[name]
    if not source or not await is_ours(database):
        return []
    table, column = map(escape_sqlite, source.split("."))
    rows = await database.execute(
        f"select {column} from {table} where {column} <> '' group by 1 order by 1 limit ?",
        [MOST_CHOICES // fields],
    )
    return [row[0] for row in rows]


async def explorers(
    datasette: Any, actor: Any, name: str, table: str, row: Any
) -> list[dict[str, str]]:
    """Links to the reports that tell of this very row, first to the one on all of its access."""
    links = []
    reports = (await known(datasette, actor, name)).values()
    for report in sorted(reports, key=lambda report: report["name"] not in _FIRST):
        link = (report.get("linked_from") or {}).get(table)
        if link and await is_visible(datasette, actor, name, report):
            asked = quote(str(row[link["column"]]), safe="")
            url = f"{datasette.urls.query(name, report['name'])}?{link['parameter']}={asked}"
            links.append({"url": url, "words": link["words"]})
    return links
