"""What of a report's rows its page shows, and where."""

from __future__ import annotations

from markupsafe import Markup

from iaminsights.reports.documents import document_url
from iaminsights.site.layout import layout

COLUMNS = (
    *("account", "user", "state", "note", "keys"),
    *("command", "remark", "console", "report_rows"),
)
CONSOLE = "https://cloud.ibm.com/x"
SHOWN = {"shown": ["user", "state", "note"], "fragment": "g.mark=bar&g.y_column=keys"}
CHART = {"fragment": SHOWN["fragment"]}


def row(user="Ada", state="ACTIVE", account="Acme", command=None, remark=None, keys=1, note=None):
    return (account, user, state, note, keys, command, remark, CONSOLE, 2)


def of(rows, metadata=SHOWN, cells=None, columns=COLUMNS, **arguments):
    return layout(metadata, columns, rows, cells or rows, arguments)


def test_a_page_shows_the_columns_that_its_report_names():
    found = of([row("Ada", note="x"), row("Bob", "SUSPENDED", note="y")])
    assert found.table == ("user", "state", "note")
    assert (found.same, found.empty) == ((("console", CONSOLE), ("account", "Acme")), ())
    assert (found.more, found.arguments) == (2, "_all=1")  # not keys, which are 1 in each


def test_all_columns_are_one_click_away_names_first():
    rows = [row("Ada", keys=3), row("Bob", "SUSPENDED", keys=2)]
    assert (of(rows).table, of(rows).more) == (("user", "state"), 3)
    everything = of(rows, _all="1", domains="a.example")
    assert everything.table == ("user", "state", "keys")
    assert {*everything.table, *everything.empty, *dict(everything.same)} == {*COLUMNS} - {
        "report_rows"
    }
    assert (everything.more, everything.arguments) == (0, "domains=a.example")


def test_a_report_that_names_no_columns_has_all():
    found = of([row("Ada"), row("Bob", "SUSPENDED")], CHART)
    assert found.table == ("user", "state") and found.more == 0
    assert dict(found.same) == {"account": "Acme", "console": CONSOLE}
    assert found.empty == ("note", "command", "remark")


def test_accounts_are_told_apart_where_there_are_several():
    found = of([row("Ada"), row("Bob", account="Bolt")])
    assert "account" in found.table and "account" not in dict(found.same)


def test_a_single_row_keeps_its_columns_and_says_its_account_above():
    found = of([row()])
    assert found.table == ("user", "state", "console")
    assert (found.same, found.empty) == ((("account", "Acme"),), ("note",))


def test_what_a_row_is_called_stays_with_it():
    found = of([row(), row()])
    assert found.table[0] == "user"
    assert dict(found.same).keys() == {"account", "state", "console"}


def test_two_of_the_same_name_are_two():
    """As the cells of a column, where each leads to a row of its own."""
    rows = [row("x", "Kim"), row("y", "Kim")]
    cells = [("Acme", "x", Markup(f"<a href={n}>Kim</a>"), *row()[3:]) for n in (1, 2)]
    assert "state" in of(rows, cells=cells).table
    assert "state" not in of(rows).table


def test_a_number_that_differs_only_in_some_rows_is_not_said_once():
    rows = [row("Ada", note=0), row("Bob", note=None)]
    assert "note" in of(rows).table  # 0 is something, nothing is not
    assert "note" in of([row("Ada", note=""), row("Bob", note=None)]).empty


def test_an_accepted_finding_is_marked_though_no_report_names_the_column():
    columns = (*COLUMNS[:-1], "acknowledged", "report_rows")
    rows = [(*one[:-1], note, 2) for one, note in ((row("Ada"), "meant"), (row("Bob"), None))]
    assert of(rows, columns=columns).table[-1] == "acknowledged"
    assert "acknowledged" not in of([(*row("Ada")[:-1], None, 2)], columns=columns).table


def test_a_command_stands_below_its_row_with_the_remark_beside_it():
    rows = [row("Ada", command="a <b>", remark="First & last."), row("Bob", "X"), row("Cy", "Y")]
    found = of(rows)
    assert found.table == ("user", "state") and found.below == ("command", "console", "remark")
    html = found.html(rows, rows)
    assert html.count("<tr>") == 3
    assert (
        '<td class="col-user">Ada</td><td class="col-state">ACTIVE</td></tr>\n'
        '<tr class="fix"><td colspan="2"><div><span class="command-of-row">a &lt;b&gt;</span>'
        '<span class="console-of-row">https://cloud.ibm.com/x</span>'
        '<span class="remark-of-row">First &amp; last.</span></div></td></tr>\n<tr>'
    ) in html
    assert "None" not in html


def test_without_rows_there_is_nothing_to_lay_out():
    found = of([])
    assert (found.same, found.html([], [])) == ((), "")


def test_a_document_is_linked_only_where_its_address_is_known():
    keys = "https://cloud.ibm.com/docs/iam?topic=iam-userapikey"
    assert document_url("IBM Cloud Docs: Managing user API keys") == keys
    for text in (
        "IBM Cloud Docs: Managing user API keys of old",
        "Not IBM Cloud Docs: Managing user API keys",
        "CIS IBM Cloud Foundations Benchmark v2.0 1.5",
        "Managing user API keys",
    ):
        assert document_url(text) is None
