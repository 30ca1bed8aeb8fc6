"""Links names and identifiers in reports to the rows that they belong to."""

from __future__ import annotations

from datasette import hookimpl

from iaminsights.site import links
from iaminsights.site.databases import was_ours_at_start


@hookimpl
def render_cell(row, value, column, table, database, datasette):
    # Asked for every cell of every page: most are none of ours.
    if table or column not in links.SHOWN or not isinstance(value, str) or not value:
        return None
    if not was_ours_at_start(datasette, database):
        return None
    return links.cell(datasette, database, row, column, value)
