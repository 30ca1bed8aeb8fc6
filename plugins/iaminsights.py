"""The Datasette plugin that makes a database of IAM insights the site that it is meant to be."""

from __future__ import annotations

import copy
import functools
from weakref import WeakKeyDictionary

from datasette import hookimpl
from jinja2 import ChoiceLoader, Environment, FileSystemLoader

from iaminsights.files import project_file
from iaminsights.site import gaps, links, overview, patches
from iaminsights.site.databases import USUAL_NAME, holds_insights, is_ours, other_version
from iaminsights.site.explorers import choices, explorer

# By Datasette: the names of the databases that are ours, and the metadata of those that are not
# named as metadata.yml expects.
_ours: WeakKeyDictionary = WeakKeyDictionary()
_borrowed: WeakKeyDictionary = WeakKeyDictionary()


@hookimpl
def prepare_jinja2_environment(env: Environment, datasette) -> None:
    """Put our templates in front of Datasette's, behind those of a user's --template-dir."""
    folders = [datasette.template_dir] if datasette.template_dir else []
    ours = FileSystemLoader([*folders, str(project_file("templates"))])
    env.loader = ChoiceLoader([ours, env.loader])
    env.filters["moment"] = gaps.moment


@hookimpl
def startup(datasette):
    """Give each of our databases its reports, and let long reports come out whole."""
    patches.apply_at_start(datasette)

    async def recognise() -> None:
        described = datasette.metadata("databases") or {}
        ours = [name for name, base in datasette.databases.items() if await is_ours(base)]
        _ours[datasette] = {*ours, USUAL_NAME}
        if USUAL_NAME in described:
            _borrowed[datasette] = {
                name: copy.deepcopy(described[USUAL_NAME]) for name in ours if name not in described
            }
        patches.apply_when_known(datasette)

    return recognise


@hookimpl
def get_metadata(datasette):
    """Reports and descriptions for our databases whose file is not named iaminsights."""
    # A new dictionary each time: Datasette writes the local metadata into it.
    return {"databases": dict(_borrowed.get(datasette, {}))}


@hookimpl
def render_cell(row, value, column, table, database, datasette):
    """Link names and identifiers in a report to the rows that they belong to."""
    # Asked for every cell of every page: most are none of ours.
    if table or column not in links.SHOWN or not isinstance(value, str) or not value:
        return None
    if database not in _ours[datasette]:
        return None
    return links.cell(datasette, database, row, column, value)


@hookimpl
def extra_template_vars(datasette, request):
    """Functions for the templates, which call them only on the pages that need them."""
    if request is None:
        return {}
    reader = (datasette, request.actor)
    return {
        "table_rows": links.table_rows,
        "accounts_of": functools.partial(overview.accounts, *reader),
        "reports_of": functools.partial(overview.reports, *reader),
        "tables_of": functools.partial(overview.tables, *reader),
        "gaps_of": functools.partial(gaps.gaps, datasette),
        "choices_of": functools.partial(choices, datasette),
        "explorer_of": functools.partial(explorer, *reader),
        "holds_insights": functools.partial(holds_insights, datasette),
        "other_version_of": lambda name: other_version(datasette.databases[name]),
    }
