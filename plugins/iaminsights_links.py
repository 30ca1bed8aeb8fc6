"""Links names and identifiers in reports to the rows that they belong to."""

from __future__ import annotations

from datasette import hookimpl

from iaminsights.site import links, workbench
from iaminsights.site.databases import was_ours_at_start


@hookimpl
def render_cell(row, value, column, table, database, datasette):
    # Asked for every cell of every page: most are none of ours.
    in_view = table == workbench.VIEW
    if (table and not in_view) or not value:
        return None
    if column not in (links.SHOWN_IN_VIEW if in_view else links.SHOWN):
        return None
    if not was_ours_at_start(datasette, database):
        return None
    show = links.cell_in_view if in_view else links.cell
    return show(datasette, database, row, column, value)
