"""The shape of the program: who may import whom, and tables that must agree."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys
from pathlib import Path

import pytest

from iaminsights.ibmcloud.endpoints import IAM
from iaminsights.ibmcloud.resources import RESOURCES, Resource
from iaminsights.ibmcloud.rows import flat
from iaminsights.store.schema import NO_PARTS, TABLE, TABLES, account_of
from iaminsights.store.table import TIME, Column, Table

COLLECTOR = Path(__file__).parent.parent / "collector"

# What each module or sub-package may import of ours, beside itself; errors and the version are open
# to all.
MAY_IMPORT = {
    "files": set(),
    "outcome": set(),
    "progress": {"outcome"},
    "resolve": set(),
    "escalation": set(),
    "why": {"resolve"},
    "store": set(),
    "facts": {"store"},
    "ibmcloud": {"store"},
    "reports": {"facts", "files", "store"},
    "site": {"reports", "resolve", "store", "trial", "why"},
    "sandbox": set(),
    "trial": {"facts", "ibmcloud", "reports", "resolve", "store"},
    "check": {"facts", "ibmcloud", "reports", "resolve", "store"},
    "collect": {"facts", "ibmcloud", "outcome", "reports", "store"},
    "cli": {
        *("collect", "files", "ibmcloud", "outcome", "progress", "reports", "sandbox", "store"),
        *("check", "trial", "why"),
    },
}

# The same within the sub-packages where there is a way that the data goes.
MAY_IMPORT_WITHIN = {
    "ibmcloud": {
        "endpoints": set(),
        "lanes": set(),
        "credentials": {"endpoints"},
        "client": {"credentials", "endpoints"},
        "rows": set(),
        "resources": {"endpoints", "rows"},
    },
    "store": {
        "table": set(),
        "making": {"table"},
        "schema": {"table"},
        "meaning": {"schema", "table"},
        "filling": {"schema", "table"},
        "history": {"meaning", "schema", "table"},
        "takeover": {"schema", "table"},
        "file": {"schema", "takeover"},
        "draft": {"file", "filling", "history", "making", "schema", "table", "takeover"},
    },
    "facts": {
        "headers": set(),
        "bits": set(),
        "chokes": set(),
        "networks": set(),
        "derived": {"bits", "chokes", "headers", "networks"},
    },
    "reports": {
        "report": set(),
        "documents": set(),
        "findings": {"report"},
        "commands": set(),
        "named": {"commands"},
        "actions": {"commands"},
        "plan": {"actions", "commands", "findings", "named", "output", "report"},
        "summary": {"report"},
        "output": {"report"},
        "resting": {"report"},
        "catalogue": {"report", "summary"},
        "sarif": {"output", "report"},
    },
    "site": {
        "readers": set(),
        "databases": set(),
        "patches": set(),
        "filters": set(),
        "mending": set(),
        "inline_scripts": set(),
        "content_policy": {"inline_scripts"},
        "graph": set(),
        "access_queries": set(),
        "subjects": set(),
        "layout": {"folds"},
        "sums": {"asked", "filters", "patches"},
        "breakdown": {"asked", "facets", "filters", "sums"},
        "chart": {"filters", "sums"},
        "over_time": {"asked", "chart", "sums", "times", "trend"},
        "links": {"lookup", "without", "workbench"},
        "workbench": set(),
        "labels": set(),
        "picture": {"graph", "labels"},
        "folds": {"workbench"},
        "times": set(),
        "answers": set(),
        "gaps": {"databases", "times"},
        "catalogue": {"readers"},
        "asked": {"catalogue", "databases", "filters", "readers"},
        "facets": {"asked", "databases", "filters", "patches"},
        "report_page": {"asked", "facets", "filters", "layout"},
        "explorers": {"catalogue", "databases"},
        "overview": {"gaps", "readers"},
        "counts": {"catalogue", "readers", "trend", "workbench"},
        "score": {"catalogue", "readers"},
        "trend": {"times"},
        "news": {"catalogue", "readers", "trend", "workbench"},
        "first": {"catalogue", "readers", "workbench"},
        "names": {"databases", "readers", "times"},
        "cells": {"differences", "names"},
        "differences": {"names", "readers", "times"},
        "listing": set(),
        "downloads": {"asked", "databases", "readers"},
        "examples": {"databases", "readers"},
        "found": {"layout"},
        "missing": {"databases", "names", "readers"},
        "references": {"databases", "names", "readers"},
        "plans": {"catalogue", "readers", "workbench"},
        "summary": {
            *("catalogue", "counts", "differences", "first", "gaps", "news", "overview"),
            *("readers", "score", "workbench"),
        },
        "stories": {
            "catalogue",
            "databases",
            "differences",
            "links",
            "readers",
            "subjects",
            "workbench",
        },
        "why": {"readers"},
        "lookup": {"explorers", "readers", "subjects"},
        "nodes": {"access_queries", "graph", "lookup", "names"},
        "holders": {"access_queries", "graph", "lookup", "nodes"},
        "reach": {"access_queries", "graph", "lookup", "nodes"},
        "escalation": {"access_queries", "catalogue", "graph", "lookup", "nodes"},
        "without": {"names", "readers", "subjects"},
        "access": {
            *("access_queries", "escalation", "graph", "holders"),
            *("lookup", "nodes", "reach"),
        },
    },
    "sandbox": {
        "account": set(),
        "sample": {"account"},
        "generated": {"account", "sample"},
        "api": {"account"},
    },
    "check": {
        "documents": set(),
        "rules": set(),
        "proposals": {"documents"},
        "verdicts": {"documents", "proposals"},
        "policies": {"documents", "proposals"},
        "plan": {"documents", "proposals"},
        "terraform_policies": {"plan", "policies", "proposals"},
        "terraform": {"documents", "plan", "policies", "proposals", "terraform_policies"},
        "overlay": {"proposals", "rules", "verdicts"},
        "file": {"overlay", "proposals"},
        "granted": {"file", "overlay", "proposals", "rules", "verdicts"},
        "public": {"overlay", "proposals", "verdicts"},
        "reach": {"overlay", "proposals"},
        "access": {"file", "overlay", "proposals", "reach", "verdicts"},
        "escalation": {"file", "overlay", "policies", "proposals", "verdicts"},
        "running": {
            *("access", "documents", "escalation", "file", "granted", "overlay", "policies"),
            *("proposals", "public", "rules", "sources", "terraform", "verdicts"),
        },
        "sources": {"documents", "plan"},
        "output": {"running", "verdicts"},
    },
    "trial": {
        "edits": set(),
        "grants": set(),
        "access": {"edits", "grants"},
        "trial": {"access", "edits"},
        "changes": {"trial"},
        "consequences": set(),
    },
    "cli": {
        "group": set(),
        "running": set(),
        "collect": {"group", "running"},
        "demo": {"group", "running"},
        "sandbox": set(),
        "report": {"group"},
        "whatif": {"group"},
        "check": {"group"},
        "metadata": {"group"},
        "why": {"group"},
    },
    "why": {
        "targets": set(),
        "holders": set(),
        "asked": {"holders", "targets"},
        "misses": {"asked", "holders", "targets"},
        "restrictions": {"targets"},
        "remarks": {"restrictions", "targets"},
        "answer": {"asked", "holders", "misses", "remarks", "targets"},
        "words": {"answer", "misses", "targets"},
    },
}


def modules_of(place: str) -> list[Path]:
    """The files of a module or sub-package."""
    folder = COLLECTOR / place
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def imports_of(path: Path) -> set[tuple[str, ...]]:
    """What a module imports of ours: each as the names that lead to it from the top."""
    here = path.relative_to(COLLECTOR).parent.parts
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = (*here[: len(here) - node.level + 1], *(node.module or "").split("."))
            base = tuple(filter(None, base))
            for alias in node.names:
                found.add((*base, alias.name))
    return found


def names(imports: set[tuple[str, ...]], depth: int = 0) -> set[str]:
    return {one[depth] for one in imports if len(one) > depth}


@pytest.mark.parametrize("place", MAY_IMPORT)
def test_imports_point_one_way(place):
    for path in modules_of(place):
        imported = names(imports_of(path)) - {place, "errors", "__version__"}
        assert imported <= MAY_IMPORT[place], path


@pytest.mark.parametrize("package", MAY_IMPORT_WITHIN)
def test_imports_within_a_package_point_one_way(package):
    for place, allowed in MAY_IMPORT_WITHIN[package].items():
        for path in modules_of(f"{package}/{place}"):
            inside = {one for one in imports_of(path) if one[0] == package}
            assert names(inside, 1) - {place} <= allowed, path


def test_whatever_is_imported_is_declared():
    declared = {
        re.match(r"[\w-]+", line)[0].lower()
        for line in importlib.metadata.requires("iaminsights")
        if "extra ==" not in line
    }
    called = {"yaml": "pyyaml", "sqlite_utils": "sqlite-utils"}
    ours = {"iaminsights", "iaminsights_plugins"}
    for path in [*COLLECTOR.rglob("*.py"), *(COLLECTOR.parent / "plugins").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                modules = [node.module]
            for name in {module.partition(".")[0] for module in modules} - ours:
                if name not in sys.stdlib_module_names:
                    assert called.get(name, name) in declared, (path, name)


def test_every_module_has_its_place():
    def found(folder):
        return {
            path.stem
            for path in folder.iterdir()
            if path.suffix == ".py" or (path / "__init__.py").exists()
        } - {"__init__"}

    assert found(COLLECTOR) - {"errors"} == set(MAY_IMPORT)
    for package, places in MAY_IMPORT_WITHIN.items():
        assert found(COLLECTOR / package) == set(places), package


def test_every_table_and_column_has_a_sentence():
    for table in TABLES:
        assert table.description.endswith("."), table.name
        for column in table.columns:
            assert column.description.rstrip(".").strip(), f"{table.name}.{column.name}"


def test_every_table_says_what_one_of_its_rows_is():
    assert [table.name for table in TABLES if not table.one] == []
    headings = [table.heading for table in TABLES]
    assert len({*headings}) == len(headings)


def test_keys_refer_to_tables_declared_earlier():
    known = set()
    for table in TABLES:
        references = {column.references for column in table.columns if column.references}
        assert references <= known | {table.name}, table.name
        known.add(table.name)
        for name in (*table.key, *table.facets, *(c for index in table.indexes for c in index)):
            table.column(name)


def test_an_api_resource_without_a_table_is_told_in_a_sentence():
    declared = "fills the table apples, which store/schema.py does not declare"
    with pytest.raises(ValueError, match=f"/v1/apples {declared}"):
        Resource("apples", IAM, "/v1/apples", "apples", flat("users"), "Viewer")
    with pytest.raises(ValueError, match="Rows are made for apples, which store/schema.py"):
        flat("apples")


def test_a_new_table_is_in_the_history_by_itself():
    apples = Table(
        "apples",
        "Apples of an account.",
        (
            Column("id", "ID.", required=True),
            Column("name", "Its name."),
            Column("account_id", "The account.", references="accounts"),
            Column("created_at", "When.", TIME),
            Column("created_by", "Who.", references="identities"),
            Column("colour", "Its colour."),
        ),
        key=("id",),
    )
    assert apples.watched == ("name", "colour")
    assert account_of(apples, "t", "main.") == "t.account_id"


def test_every_part_fills_the_table_it_is_named_after():
    parts = {resource.part for resource in RESOURCES}
    assert parts <= set(TABLE)
    filled = {table.filled_by for table in TABLES} - parts
    assert filled == set(NO_PARTS)
