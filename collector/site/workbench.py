"""Addresses of the findings to fix, filtered: where the numbers on pages lead.

They are Datasette's own, so that a bare Datasette shows the same rows. What an address filters is
what its number counts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

VIEW = "findings_to_fix"
# Rows of one kind only, by whether somebody accepts them; an accepted one says why.
OPEN, ACCEPTED = {"acknowledged__isblank": "1"}, {"acknowledged__notblank": "1"}


def to_fix(datasette: Any, database: str, **filters: str | Sequence[str] | None) -> str:
    """The address of the findings whose columns have these values, one of them where it is several.

    A filter without a value is none.
    """
    given = {
        name if isinstance(value, str) else f"{name}__in": value
        if isinstance(value, str)
        else _listed(value)
        for name, value in filters.items()
        if value is not None
    }
    url: str = datasette.urls.table(database, VIEW)
    return f"{url}?{urlencode(given)}" if given else url


def _listed(values: Sequence[str]) -> str:
    """Several values as Datasette reads them: commas between them, JSON where one has some."""
    return json.dumps(values) if any("," in value for value in values) else ",".join(values)
