"""What a downloaded file is called: what it holds, of which account, and of which day."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from datasette.utils import tilde_decode

from .asked import route
from .databases import holds_insights
from .readers import actor, may_see

_MOST = 60  # characters of each part of a name

# The account if it is the only one, and the day on which its data was last collected.
_COLLECTED = """
    select
      (select iif(count(*) = 1, max(name), null) from accounts) as account,
      (select substr(max(finished_at), 1, 10) from collections) as day
"""


async def file_name(datasette: Any, scope: Mapping[str, Any]) -> str | None:
    """What the CSV at an address is to be called; None if it is none of a table or report of ours.

    The account is named where there is one, and the reader may see it; else the database is.
    """
    found = route(datasette, scope)
    if not found or found["format"] != "csv":
        return None
    database, name = tilde_decode(found["database"]), tilde_decode(found["name"])
    if not await holds_insights(datasette, database):
        return None
    account, day = None, None
    if await may_see(datasette, await actor(datasette, scope), database, "accounts", "collections"):
        account, day = (await datasette.databases[database].execute(_COLLECTED)).first()
    words = (name, account or database, day or "")
    return "-".join(word for word in map(_word, words) if word) + ".csv"


def attachment(name: str) -> str:
    """The header that has a browser keep an answer as a file of this name."""
    plain = re.sub(r"-+", "-", name.encode("ascii", "replace").decode().replace("?", "-"))
    also = "" if plain == name else f"; filename*=UTF-8''{quote(name)}"
    return f'attachment; filename="{plain}"{also}'


def _word(text: str) -> str:
    """A text as a part of a name that every file system takes: letters, digits, _ and -."""
    return re.sub(r"[^\w]+", "-", text)[:_MOST].strip("-")
