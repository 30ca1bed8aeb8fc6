"""Knows the databases of IAM insights that a Datasette serves, and gives each its reports.

It is the one plugin that an installation names, and registers those beside it.
"""

from __future__ import annotations

import copy
import importlib
from importlib.metadata import entry_points
from pathlib import Path
from weakref import WeakKeyDictionary

from datasette import hookimpl
from datasette.plugins import pm

from iaminsights.site import patches
from iaminsights.site.databases import USUAL_NAME, recognise

# By Datasette: the metadata of our databases that are not named as metadata.yml expects.
_borrowed: WeakKeyDictionary = WeakKeyDictionary()


def _register_those_beside() -> None:
    """Register each plugin of this folder under the name of its file, as Datasette would.

    What an installation lists is a thing of the day on which it was made: a checkout that is
    updated has new files, and an older installation names some of them itself.
    """
    named = {entry_point.name for entry_point in entry_points(group="datasette")}
    for file in sorted(Path(__file__).parent.glob("*.py")):
        if file.name not in named:
            pm.register(importlib.import_module(f"{__package__}.{file.stem}"), file.name)


if __package__:  # None where Datasette reads a folder of plugins, and registers each by itself
    _register_those_beside()


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
