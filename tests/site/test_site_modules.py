"""How the site stands on Datasette: its private parts in one place, knowledge with the tables."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import datasette
import pytest
from datasette.app import Datasette

from iaminsights.ibmcloud.resources import RESOURCES
from iaminsights.reports.catalogue import all_reports
from iaminsights.reports.report import MARKER, Report, assemble
from iaminsights.reports.resting import parts_of
from iaminsights.sandbox import Account
from iaminsights.site import links, patches
from iaminsights.store.schema import TABLE, TABLES
from iaminsights_plugins.iaminsights import _borrowed

from ..report_rows import ASKED_OF_SAMPLE
from ..site_helpers import queries_file, served

ROOT = Path(__file__).parent.parent.parent
PATCHES = ROOT / "collector" / "site" / "patches.py"
FILES = sorted([*(ROOT / "plugins").glob("*.py"), *(ROOT / "collector" / "site").glob("*.py")])
# What Datasette documents for plugins to import; the rest may change with any version.
DOCUMENTED = {"datasette", "datasette.plugins", "datasette.utils"}


def private_parts(source: str) -> list[str]:
    """What a module uses or changes of Datasette that is not meant for it, each with its line."""
    tree = ast.parse(source)
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    taken = {  # names that Datasette's modules gave
        alias.asname or alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
        if (node.module or "" if isinstance(node, ast.ImportFrom) else alias.name).partition(".")[0]
        == "datasette"
    } | {"datasette"}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and id(node) not in for_types and not node.level:
            module = node.module or ""
            if module.partition(".")[0] == "datasette" and module not in DOCUMENTED:
                found.append(f"{node.lineno}: from {module}")
        elif isinstance(node, ast.Import):
            found += [
                f"{node.lineno}: import {alias.name}"
                for alias in node.names
                if alias.name.startswith("datasette.") and alias.name not in DOCUMENTED
            ]
        elif isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value)
            of_datasette = owner.rpartition(".")[2] in taken
            if node.attr.startswith("_") and not node.attr.startswith("__") and owner != "self":
                found.append(f"{node.lineno}: {owner}.{node.attr}")
            elif isinstance(node.ctx, (ast.Store, ast.Del)) and of_datasette:
                found.append(f"{node.lineno}: {owner}.{node.attr} =")
        elif isinstance(node, ast.Call) and len(node.args) > 1:
            called, name = ast.unparse(node.func), node.args[1]
            is_private = isinstance(name, ast.Constant) and str(name.value).startswith("_")
            if called == "setattr" or (called == "getattr" and is_private):
                found.append(f"{node.lineno}: {ast.unparse(node)}")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_private_parts_of_datasette_stand_in_one_module(path):
    found = private_parts(path.read_text(encoding="utf-8"))
    assert bool(found) == (path == PATCHES), found


@pytest.mark.parametrize(
    "line, is_private",
    [
        ("datasette._settings['x'] = 1", True),
        ("self.datasette._metadata_local", True),
        ("datasette.max_returned_rows = 5", True),
        ("self.datasette.metadata = mine", True),
        ("from datasette.views.database import QueryView", True),
        ("import datasette.app", True),
        ("getattr(datasette, '_settings')", True),
        ("setattr(datasette, 'metadata', mine)", True),
        ("from datasette import Response\nResponse.json = 1", True),
        ("datasette.setting('max_returned_rows')", False),
        ("from datasette import hookimpl", False),
        ("rows = datasette.databases", False),
        ("self._ask(datasette)", False),
        ("from .readers import may_see", False),
    ],
)
def test_what_counts_as_a_private_part(line, is_private):
    assert bool(private_parts(line)) is is_private


EVERY_PATCH = (*patches.AT_START, *patches.WHEN_KNOWN, *patches.USED)


def number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


@pytest.mark.parametrize("patch", EVERY_PATCH, ids=lambda patch: patch.name)
def test_every_patch_says_for_which_version_it_is_and_when_it_can_go(patch):
    assert patch.remove_when.endswith(".") and patch.what.__doc__
    oldest = re.search(r'"datasette>=([\d.]+),<1\.0"', (ROOT / "setup.py").read_text())[1]
    assert number(oldest) <= number(patch.written_for) <= number(datasette.__version__)


def test_every_function_that_patches_is_listed():
    tree = ast.parse(PATCHES.read_text(encoding="utf-8"))
    public = {
        node.name
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name[0] != "_"
    }
    assert public - {"apply_at_start", "apply_when_known"} == {patch.name for patch in EVERY_PATCH}


def test_a_datasette_without_a_private_part_is_left_as_it_is(monkeypatch):
    """Should a later version not have it, pages come out all the same."""
    site = Datasette([])
    monkeypatch.delattr(site, "_settings")
    patches.long_answers(site)
    assert site.max_returned_rows == patches.MAX_ROWS
    monkeypatch.delattr(Datasette, "_table_permission_allows")
    patches.remembered_permissions(site)
    assert not hasattr(site, "_table_permission_allows")


class Heavy(str):
    """A text that nobody may copy."""

    def __deepcopy__(self, memo):
        raise AssertionError("it was copied")


ME, NOBODY = {"id": "me"}, False
ASKED = [(base, name) for base in ("iaminsights", "other") for name in ("users", "Users", "roles")]


@pytest.mark.parametrize(
    "of_tables",
    [
        {},
        {"tables": {}},
        {"tables": None},
        {"tables": {"users": {"title": "People", "allow": ME}}},
        {"tables": {"users": {"allow": None}, "roles": {"allow": NOBODY}}},
        {"tables": {"USERS": {"allow": NOBODY}, "users": {"allow": ME, "facets": ["state"]}}},
        {"tables": {"users": None, "roles": {"columns": {"allow": "A column."}}}},
    ],
)
@pytest.mark.parametrize("of_site", [{}, {"tables": {"users": {"allow": ME}}}])
@pytest.mark.parametrize("borrowed", [False, True])
def test_permissions_are_those_of_datasette_without_a_copy_of_the_reports(
    of_tables, of_site, borrowed
):
    def site(**others):
        databases = {"iaminsights": of_tables, **others}
        site = Datasette([], metadata={"allow": ME, **of_site, "databases": databases})
        _borrowed[site] = {"other": of_tables} if borrowed else {}
        return site

    plain = site()
    patched = site(third={"queries": {"report": {"sql": Heavy("select 1")}}})
    patches.remembered_permissions(patched)
    for asked in ASKED:
        allowed = plain._table_permission_allows(*asked)
        assert patched._table_permission_allows(*asked) == allowed, asked


# --- What a report rests on -----------------------------------------------------------------------

# By name of a report: its SQL, and whether it rests on policies, which could not be read.
RESTING = {
    "a_table": ("select id from policies", True),
    "all_of_it": ("select count(*) as number from policies", True),
    "a_view": ("select iam_id from effective_access", True),
    "a_fact": ("select policy_id from policy_targets", True),
    "under_another_name": ("with known as (select * from policies) select id from known", True),
    "with_a_parameter": ("select id from policies where id = :policies", True),
    "a_comment_before": ("-- about people\nselect id from policies", True),
    "another_report": ("select what from findings where report = 'a_fact'", True),
    "and_one_through_it": ("select what from findings where report = 'another_report'", True),
    # Near misses: the table's name is there, and the table is not.
    "a_word": ("select 'policies' as policies from users", False),
    "a_comment": ("select iam_id from users -- not of policies", False),
    "a_name": ("with policies as (select iam_id from users) select iam_id from policies", False),
    "another_word": ("select what from findings where report = 'a_word'", False),
    "itself": ("select what from findings where report = 'itself'", False),
    "no_report": ("select 'a_fact' as word from users", False),
    "known_anyway": ("select account_id from accounts", False),
}


WORDS = ("title", "question", "category", "why", "remediation")
UNREAD = "policies of Closed Company : never collected"


@pytest.fixture
def closed(collected):
    """A file without the policies, which the token might not read."""
    return collected(Account("Closed Company"), deny=["v1_policies", "v2_policies"])


def test_a_report_rests_on_what_its_sql_reads_and_on_nothing_else(closed, tmp_path):
    reports = [
        Report(
            **{word: word for word in WORDS},
            name=name,
            severity="info",
            sql=sql,
            parameters={"policies": "Any."} if ":policies" in sql else {},
        )
        for name, (sql, _) in RESTING.items()
    ]
    metadata = tmp_path / "metadata.yml"
    metadata.write_text(assemble(f"{MARKER}\n", reports, parts_of(reports)), encoding="utf-8")
    with served(closed, metadata=metadata) as site:
        pages = {name: site.text(f"/iaminsights/{name}") for name in RESTING}
    assert {name: UNREAD in text for name, text in pages.items()} == {
        name: rests for name, (_, rests) in RESTING.items()
    }
    assert "This report depends on data that the last collection could not read" in pages["a_table"]


def test_of_a_query_that_nobody_assembled_all_may_be_missing(closed, tmp_path):
    """Better one word too many than "nothing found" where nothing could be read."""
    metadata = queries_file(tmp_path, by_hand={"sql": "select id from policies"})
    with served(closed, metadata=metadata) as site:
        text = site.text("/iaminsights/by_hand")
    assert "This query might depend on data" in text and UNREAD in text


# --- Knowledge about a table stands with the table ------------------------------------------------


def test_every_part_has_a_name_in_plain_english():
    for resource in RESOURCES:
        name = TABLE[resource.part].human_name
        assert re.fullmatch(r"[A-Za-z][A-Za-z -]+", name), name
        # Words that tables write as one, or in small letters, people do not.
        assert not re.search(r"serviceid|trustedprofile|apikey|\bcbr\b|\bmfa\b", name), name


# What says so in SQL is decided by the view that is named here, once.
DECIDED = {
    "expires": "acknowledged_findings",
    "state = 'active'": "granting_policies",
    "from collection_steps": "collected_parts",
    "join collection_steps": "collected_parts",
    "policy_resource_attributes": "policy_values",
}


@pytest.mark.parametrize("words, view", DECIDED.items())
def test_the_site_asks_instead_of_deciding_again(words, view):
    texts = {path.name: path.read_text(encoding="utf-8") for path in FILES}
    assert [name for name, text in texts.items() if words in text] == []
    assert any(view in text for text in texts.values())


def test_one_module_asks_datasette_for_reports():
    """How it is asked is not documented, and another in Datasette 1.0."""
    asking = [path.name for path in FILES if "get_canned_quer" in path.read_text(encoding="utf-8")]
    assert asking == ["catalogue.py"]


def test_one_plugin_is_found_under_the_name_of_its_file_and_finds_the_others():
    """Datasette then knows the one of the folder and the installed one as the same."""
    named = re.findall(r'"(\S+) = iaminsights_plugins\.(\w+)"', (ROOT / "setup.py").read_text())
    assert named == [("iaminsights.py", "iaminsights")]


def test_no_plugin_names_tables_of_its_own():
    """Which tables there are, what fills them and what people call them is the schema's to say."""
    names = {table.name for table in TABLES}
    for path in (ROOT / "plugins").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.Dict, ast.Set, ast.Tuple, ast.List)):
                keys = node.keys if isinstance(node, ast.Dict) else node.elts
                named = {key.value for key in keys if isinstance(key, ast.Constant)}
                assert not named & names, f"{path.name}, line {node.lineno}"


def test_links_of_reports_are_the_tables_own():
    links = [table.link for table in TABLES if table.link]
    columns = [link.column for link in links]
    names = [name for link in links for name in link.names]
    assert len({*columns, *names}) == len(columns) + len(names)
    for table in TABLES:
        if table.link:
            assert len(table.key) == 1, table.name  # its page has an address by one value


def test_a_name_in_a_report_leads_to_what_has_that_name(sample_file, opened):
    """Names of identities and groups are links by the keys beside them: these must be theirs."""
    database = opened(sample_file)
    names = dict(
        database.execute(
            "select iam_id, name from identities union all select id, name from access_groups"
        ).fetchall()
    )
    seen = 0
    for report in all_reports():
        asked = {**dict.fromkeys(report.parameters, ""), **ASKED_OF_SAMPLE.get(report.name, {})}
        for row in database.execute(report.sql, asked):
            given = set(row.keys())
            for column in {"who", "subject", "identity", "user", "access_group"} & given:
                keys = (
                    ("iam_id",) if column in ("identity", "user") else ("access_group_id", "iam_id")
                )
                key = next((row[name] for name in keys if name in given and row[name]), None)
                if key and row[column]:
                    assert names[key] in row[column], (report.name, dict(row))
                    seen += 1
    assert seen > 500


def test_a_rule_has_a_link_only_where_it_is_one_of_escalation():
    """Access groups and context-based restrictions have rules, too, and no page for each."""
    site = Datasette([], memory=True)

    def shown(rule):
        return links.cell(site, "_memory", {"rule_id": rule}, "rule_id", rule)

    assert '<a href="/_memory/escalation_rules?id=ibm-iam-001">' in shown("ibm-iam-001")
    assert shown("ClaimRule-1") is None
