"""Knows the databases of IAM insights that a Datasette serves, and gives each its reports."""

from __future__ import annotations

import copy
from weakref import WeakKeyDictionary

from datasette import hookimpl

from iaminsights.site import patches
from iaminsights.site.databases import USUAL_NAME, recognise

# By Datasette: the metadata of our databases that are not named as metadata.yml expects.
_borrowed: WeakKeyDictionary = WeakKeyDictionary()


@hookimpl
def startup(datasette):
    """Give each of our databases its reports, and let long reports come out whole."""
    patches.apply_at_start(datasette)

    async def prepare() -> None:
        described = datasette.metadata("databases") or {}
        ours = await recognise(datasette)
        if USUAL_NAME in described:
            _borrowed[datasette] = {
                name: copy.deepcopy(described[USUAL_NAME]) for name in ours if name not in described
            }
        patches.apply_when_known(datasette)

    return prepare


@hookimpl
def get_metadata(datasette):
    """Reports and descriptions for our databases whose file is not named iaminsights."""
    # A new dictionary each time: Datasette writes the local metadata into it.
    return {"databases": dict(_borrowed.get(datasette, {}))}
