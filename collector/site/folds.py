"""The cards that rows are on a telephone: three fields, and the rest behind a fold.

The style sheet folds the cells that come after the one with the fold; on wider screens and on paper
there is none. It needs no script, and the keyboard opens it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup, escape

from .workbench import VIEW

SHOWN = 3  # fields of a card, with the name
FOLD = Markup('<details class="rest"><summary>More</summary></details>')


# Of the findings to fix: keys, and what their facets say already. JSON and CSV have them.
_UNSAID = {
    *("report", "finding", "category", "kind"),
    *("account_id", "iam_id", "access_group_id", "policy_id", "instance_id"),
}


def lay_out(table: str, columns: list[dict[str, Any]], rows: Sequence[Any]) -> str:
    """Make cards of the rows of a table's page, where they are; gives nothing to show."""
    if table == VIEW:
        columns[:] = [column for column in columns if column["name"] not in _UNSAID]
        for row in rows:
            row.cells = [cell for cell in row if cell["column"] not in _UNSAID]
    for row in rows:
        cells = list(row)
        if len(cells) > SHOWN:
            cells[SHOWN - 1]["value"] = escape(cells[SHOWN - 1]["value"]) + FOLD
    return ""
