"""The shape of the program: who may import whom, and tables that must agree."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from iaminsights.resources import RESOURCES
from iaminsights.schema import NO_PARTS, TABLE, TABLES

COLLECTOR = Path(__file__).parent.parent / "collector"

# What each module may import of ours; errors and the version are open to all.
MAY_IMPORT = {
    "schema": set(),
    "headers": set(),
    "derived": {"bits", "headers", "networks", "schema"},
    "endpoints": set(),
    "lanes": set(),
    "outcome": set(),
    "files": set(),
    "credentials": {"endpoints"},
    "client": {"credentials", "endpoints"},
    "rows": {"schema"},
    "resources": {"endpoints", "rows"},
    "findings": {"derived", "reports", "schema"},
    "meaning": {"schema"},
    "history": {"meaning", "schema"},
    "takeover": {"schema"},
    "bits": set(),
    "networks": set(),
    "database": {"derived", "findings", "history", "reports", "rows", "schema", "takeover"},
    "collect": {
        *("client", "database", "findings", "lanes", "outcome"),
        *("reports", "resources", "rows", "schema"),
    },
    "progress": {"outcome"},
    "reports": {"derived"},
    "summary": {"reports"},
    "catalogue": {"database", "files", "reports", "summary"},
    "terminal": {"reports"},
    "sarif": {"reports", "terminal"},
}


def imports_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            names |= {node.module} if node.module else {alias.name for alias in node.names}
    return {name.partition(".")[0] for name in names} - {"errors", "__version__"}


@pytest.mark.parametrize("module", sorted(MAY_IMPORT))
def test_imports_point_one_way(module):
    assert imports_of(COLLECTOR / f"{module}.py") <= MAY_IMPORT[module]


def test_every_module_has_its_place():
    modules = {path.stem for path in COLLECTOR.glob("*.py")} - {"__init__", "errors", "cli"}
    assert modules == set(MAY_IMPORT)


def test_collecting_needs_no_site():
    for path in COLLECTOR.glob("*.py"):
        assert "site" not in imports_of(path), path.name


# What each module of the site may import of it.
SITE_MAY_IMPORT = {
    "readers": set(),
    "databases": set(),
    "patches": set(),
    "graph": set(),
    "access_queries": set(),
    "links": set(),
    "picture": {"graph"},
    "gaps": {"databases"},
    "explorers": {"databases", "readers"},
    "overview": {"gaps", "readers"},
    "counts": {"overview", "readers"},
    "stories": {"databases", "links", "overview", "readers"},
    "access": {"access_queries", "explorers", "graph", "readers"},
}


def test_imports_of_the_site_point_one_way():
    modules = {path.stem: path for path in (COLLECTOR / "site").glob("*.py")}
    del modules["__init__"]
    assert modules.keys() == SITE_MAY_IMPORT.keys()
    for name, path in modules.items():
        ours = imports_of(path) & modules.keys()
        assert ours <= SITE_MAY_IMPORT[name], name


def test_sandbox_reads_the_api_for_itself():
    own = {path.stem for path in (COLLECTOR / "sandbox").glob("*.py")}
    for path in (COLLECTOR / "sandbox").glob("*.py"):
        assert imports_of(path) <= own, path.name


def test_every_table_and_column_has_a_sentence():
    for table in TABLES:
        assert table.description.endswith("."), table.name
        for column in table.columns:
            assert column.description.rstrip(".").strip(), f"{table.name}.{column.name}"


def test_keys_refer_to_tables_declared_earlier():
    known = set()
    for table in TABLES:
        references = {column.references for column in table.columns if column.references}
        assert references <= known | {table.name}, table.name
        known.add(table.name)
        for name in (*table.key, *table.facets, *(c for index in table.indexes for c in index)):
            table.column(name)


def test_every_part_fills_the_table_it_is_named_after():
    parts = {resource.part for resource in RESOURCES}
    assert parts <= set(TABLE)
    filled = {table.filled_by for table in TABLES} - parts
    assert filled == set(NO_PARTS)
