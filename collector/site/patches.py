"""All that is changed of Datasette, or used of its private parts, in one place.

Each patch says for which version it was written, and when it can go. A Datasette that has not what
one changes is left as it is: pages are then slower, shorter or longer, and as true as before.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from datasette.plugins import pm
from datasette.utils import await_me_maybe

MAX_ROWS = 100_000  # of a query, in JSON and CSV
PAGE_ROWS = 5_000  # of a query, on its HTML page: more take a browser many seconds
DATASETTE_ROWS = 1_000  # the limit that Datasette sets when nobody chooses one
OUR_HOOKS = "iaminsights.py"  # the plugin whose metadata stays as it is, as Datasette names it
_CUTS = "cuts_long_pages"  # marks a page that is patched already


@dataclass(frozen=True)
class Patch:
    """One thing of Datasette's own: what it touches there, and why, stands at `what`."""

    what: Callable[..., Any]
    written_for: str  # the version of Datasette
    remove_when: str

    @property
    def name(self) -> str:
        """What is patched."""
        return self.what.__name__


def apply_at_start(datasette: Any) -> None:
    """What can be changed before Datasette has looked at its databases."""
    for patch in AT_START:
        patch.what(datasette)


def apply_when_known(datasette: Any) -> None:
    """What must wait until all of its metadata is there."""
    for patch in WHEN_KNOWN:
        patch.what(datasette)


# --- Answers of any length ------------------------------------------------------------------------


def long_answers(datasette: Any) -> None:
    """Let long reports come out whole in JSON and CSV, unless somebody chose a limit.

    Plugins cannot set a setting: `max_returned_rows` is copied from it, `_settings` shows it in
    /-/settings.json.
    """
    if datasette.max_returned_rows != DATASETTE_ROWS:
        return
    datasette.max_returned_rows = MAX_ROWS
    if hasattr(datasette, "_settings"):
        datasette._settings["max_returned_rows"] = MAX_ROWS


def short_pages(datasette: Any) -> None:
    """Show at most PAGE_ROWS rows of a query on its HTML page, and leave JSON and CSV whole.

    There is one limit for all three, and no hook between a query and its page.
    """
    # Datasette loads plugins while it loads its views: only now are these complete.
    from datasette.views.database import QueryView

    whole = getattr(QueryView, "data", None)
    if whole is None or hasattr(whole, _CUTS):
        return

    @functools.wraps(whole)
    async def data(view: Any, request: Any, *args: Any, **options: Any) -> Any:
        answer = await whole(view, request, *args, **options)
        if isinstance(answer, tuple) and request.url_vars.get("format") is None:
            context = answer[0]
            context["rows_found"] = len(context["rows"])
            if context["rows_found"] > PAGE_ROWS:
                context["truncated"] = True
                del context["rows"][PAGE_ROWS:]  # the very list that the page is made from
        return answer

    setattr(data, _CUTS, True)
    QueryView.data = data


# --- Metadata, put together once ------------------------------------------------------------------


def _changes_never() -> bool:
    """Whether no plugin but ours has metadata, which might change."""
    return all(found.plugin_name == OUR_HOOKS for found in pm.hook.get_metadata.get_hookimpls())


def remembered_metadata(datasette: Any) -> None:
    """Put the metadata together once, instead of several times for each thing that is looked at.

    Datasette merges and copies all of it for every question about a permission. What it adds to an
    answer, such as a query for one request, must not become part of it: each one gets a copy.
    """
    remembers = _changes_never()
    asked: dict[tuple[Any, ...], Any] = {}
    ask = datasette.metadata

    def metadata(
        key: Any = None, database: Any = None, table: Any = None, fallback: Any = True
    ) -> Any:
        question = (key, database, table, fallback)
        if question in asked:
            answer = asked[question]
        else:
            answer = ask(key, database=database, table=table, fallback=fallback)
            if remembers:
                asked[question] = answer
        return dict(answer) if isinstance(answer, dict) else answer

    datasette.metadata = metadata


def remembered_permissions(datasette: Any) -> None:
    """Work out once which tables the metadata allows, from what it says of that.

    Datasette copies all of it for each table, with every report: that took the first page longest.
    """
    needed = ("_table_permission_allows", "_metadata_sources", "_metadata_recursive_update")
    if _changes_never() and all(hasattr(datasette, name) for name in needed):
        known = _PermissionsOnly(datasette)
        ask = type(datasette)._table_permission_allows
        datasette._table_permission_allows = functools.cache(functools.partial(ask, known))


class _PermissionsOnly:
    """Stands for a Datasette whose metadata says nothing but who may see which table."""

    def __init__(self, datasette: Any) -> None:
        self._metadata_recursive_update = datasette._metadata_recursive_update
        self._sources = [
            _permissions(source) for source in datasette._metadata_sources("tables", None, None)
        ]

    def _metadata_sources(self, *_: Any) -> list[Any]:
        return self._sources


def _permissions(metadata: Any) -> Any:
    """Of the metadata of a site or a database what it says of who may see its tables."""
    if not isinstance(metadata, dict):
        return metadata
    kept = {}
    for key, of_one in (("databases", _permissions), ("tables", _allow)):
        if key in metadata:
            named = metadata[key]
            kept[key] = (
                {name: of_one(one) for name, one in named.items()}
                if isinstance(named, dict)
                else named
            )
    return kept


def _allow(table: Any) -> Any:
    if not isinstance(table, dict):
        return table
    return {"allow": table["allow"]} if "allow" in table else {}


# --- A page that says why there is none -----------------------------------------------------------


async def error_page(
    datasette: Any, request: Any, sentence: str, title: str, status: int, **beside: str
) -> Any:
    """Datasette's own page, or JSON, of an error, to be sent before any view is reached.

    What stands `beside` the sentence is for the template, and in JSON.
    """
    from datasette.views.base import DatasetteError

    error = DatasetteError(sentence, title=title, status=status, error_dict=dict(beside))
    for found in pm.hook.handle_exception(datasette=datasette, request=request, exception=error):
        if response := await await_me_maybe(found):
            return response
    return None


def took_too_long(error: Exception) -> bool:
    """Whether it was the time limit that ended a query, or a page with one."""
    from datasette.database import QueryInterrupted

    return isinstance(error, QueryInterrupted) or getattr(error, "title", "") == "SQL Interrupted"


AT_START = (
    Patch(
        long_answers,
        written_for="0.65.5",
        remove_when="a plugin can set a setting, or reports are streamed whole by themselves.",
    ),
    Patch(
        short_pages,
        written_for="0.65.5",
        remove_when="the page of a query has a limit of its own, or pages of rows.",
    ),
)
WHEN_KNOWN = (
    Patch(
        remembered_metadata,
        written_for="0.65.5",
        remove_when="metadata is kept in a table, as in Datasette 1.0, or copied no more.",
    ),
    Patch(
        remembered_permissions,
        written_for="0.65.5",
        remove_when="permissions are looked up by SQL, as in Datasette 1.0.",
    ),
)
# No change, but a class that is not documented.
USED = (
    Patch(
        error_page,
        written_for="0.65.5",
        remove_when="a plugin can raise an error with a title and a status before any view.",
    ),
    Patch(
        took_too_long,
        written_for="0.65.5",
        remove_when="the error that a view makes of it is a class of its own.",
    ),
)
