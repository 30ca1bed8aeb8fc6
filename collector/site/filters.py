"""Which rows of a report an address asks for, in which order: Datasette's words for its tables.

    COLUMN=VALUE, COLUMN__exact=VALUE, COLUMN__not=VALUE, COLUMN__contains=TEXT, ...
    _search=TEXT, _sort=COLUMN, _sort_desc=COLUMN, _size=ROWS, _page=NUMBER, _count_by=COLUMN

Pure functions: arguments of an address go in, a Selection comes out; a Selection and the SQL of a
report make the SQL of what is asked for. A plain name that is both a column and a parameter of the
report means the parameter; COLUMN__exact always means the column.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from ..errors import FilterError
from ..reports.report import ROWS_COLUMN, SEVERITIES, WORST_FIRST

PAGE_ROWS = 100
MOST_ROWS = 1_000  # of one page
MOST_COUNTED = 25  # values that _count_by names; the rows of all others are added up
ROWS = "rows"  # the column with the numbers
OTHER = "other"
MOST_TEXT = 1_000
MOST_CONDITIONS = 100  # SQLite has no room for any number of them

# How a row is fixed, and how many rows there are, says nothing about what the row is.
UNSEARCHED = ("command", "console", ROWS_COLUMN)

# A report with these parameters gives so many rows from one on, and makes no others.
FIRST, MOST = "first_row", "most_rows"

_LIMIT = re.compile(r"\blimit\s+([0-9]+)\Z", re.IGNORECASE)
_DEFAULT = re.compile(rf"nullif\(:{MOST}, ''\), '([0-9]+)'")
_IMPOSSIBLE = re.compile("[\0\ud800-\udfff]")  # NUL, and halves of characters
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
OURS = ("_search", "_sort", "_sort_desc", "_size", "_page", "_count_by")


@dataclass(frozen=True)
class Condition:
    """What the rows have in one column; `key` and `value` as they stand in the address."""

    key: str
    column: str
    operator: str
    value: str

    @property
    def words(self) -> str:
        """The comparison as a reader says it, between the column and the value."""
        return OPERATORS[self.operator].words

    @property
    def shown_value(self) -> str:
        """The value as a reader sees it; empty where the comparison needs none."""
        if OPERATORS[self.operator].alone:
            return ""
        if self.operator in ("in", "notin"):
            return ", ".join(_several(self.value))
        return self.value


@dataclass(frozen=True)
class Selection:
    """The rows that an address asks for. Without `size` it asks for all of them at once."""

    conditions: tuple[Condition, ...] = ()
    search: str = ""
    sort: str | None = None
    descending: bool = False
    size: int | None = None
    page: int = 1
    count_by: str | None = None

    @property
    def filters(self) -> bool:
        """Whether only some of the report's rows are asked for."""
        return bool(self.conditions or self.search)

    @property
    def changes(self) -> bool:
        """Whether anything but the report as it is, whole, is asked for."""
        return self.filters or bool(self.sort or self.size or self.count_by)


# --- What an address asks for ---------------------------------------------------------------------


def parse(
    arguments: Iterable[tuple[str, str]],
    columns: Collection[str],
    parameters: Collection[str] = (),
    most: int = MOST_ROWS,
) -> Selection:
    """What these arguments of an address ask of a report; raises FilterError if it has not that.

    Names that begin with _ and are not ours are Datasette's, and left to it. A page has at most
    `most` rows.
    """
    conditions = []
    asked: dict[str, str] = {}
    for key, value in arguments:
        if key in parameters:
            continue
        if key in OURS:
            asked.setdefault(key, value)  # of several values Datasette, too, takes the first
        elif condition := _condition(key, value, columns):
            conditions.append(condition)
        elif not key.startswith("_"):
            column, _, operator = key.rpartition("__")
            raise FilterError(_no_column(column if operator in OPERATORS else key, columns))
    if len(conditions) > MOST_CONDITIONS:
        raise FilterError(f"At most {MOST_CONDITIONS} filters can be used at once.")
    for key in ("_sort", "_sort_desc", "_count_by"):
        if asked.get(key) and asked[key] not in columns:
            raise FilterError(_no_column(asked[key], columns))
    if asked.get("_count_by") == ROWS:
        raise FilterError(
            f"The column {ROWS} is already a number of rows; count by another column."
        )
    if asked.get("_sort") and asked.get("_sort_desc"):
        raise FilterError("Rows can be sorted by _sort or by _sort_desc, not both.")
    if asked.get("_search") and not columns:
        raise FilterError(_no_column("", columns))
    paged = asked.get("_size") or asked.get("_page")
    return Selection(
        conditions=tuple(conditions),
        search=_searched(asked.get("_search", "")),
        sort=asked.get("_sort") or asked.get("_sort_desc") or None,
        descending=bool(asked.get("_sort_desc")),
        size=_whole(asked, "_size", min(PAGE_ROWS, most), most) if paged else None,
        page=_whole(asked, "_page", 1, 10**9),
        count_by=asked.get("_count_by") or None,
    )


def _condition(key: str, value: str, columns: Collection[str]) -> Condition | None:
    if key in columns and not key.startswith("_"):
        column, operator = key, "exact"
    else:
        column, _, operator = key.rpartition("__")
        if column not in columns:
            return None
        if operator not in OPERATORS:
            known = ", ".join(OPERATORS)
            raise FilterError(f"There is no comparison {operator}. Use one of: {known}.")
    condition = Condition(key, column, operator, _text(value))
    clause(condition)  # says what is wrong with the value
    return condition


def _searched(text: str) -> str:
    _like("%", "%")("", "", text)  # says what is wrong with it
    return text


def _text(value: str) -> str:
    if _IMPOSSIBLE.search(value):
        raise FilterError("A filter contains a character that is not allowed.")
    return value


def _whole(asked: dict[str, str], key: str, default: int, most: int) -> int:
    """A whole number from 1 on."""
    text = asked.get(key) or str(default)
    if not re.fullmatch("[0-9]{1,10}", text) or not 1 <= int(text) <= most:
        raise FilterError(f"{key} must be a whole number from 1 to {most:,}.")
    return int(text)


def _no_column(name: str, columns: Collection[str]) -> str:
    if not columns:
        return "The rows of this query cannot be filtered, sorted or counted."
    return f"This report has no column {name}; it has: {', '.join(columns)}."


# --- SQL ------------------------------------------------------------------------------------------


def quoted(text: str) -> str:
    """A text as SQL writes it, which ends where it shall whatever is in it."""
    return "'" + _text(text).replace("'", "''") + "'"


def identifier(column: str) -> str:
    """The name of a column as SQL writes it."""
    return '"' + column.replace('"', '""') + '"'


@dataclass(frozen=True)
class Operator:
    """A comparison: how a reader says it, its SQL, and whether it is one without a value."""

    words: str
    sql: Callable[[str, str, str], str]  # of the column, quoted and plain, and the value
    alone: bool = False


def _equal(name: str, _: str, value: str) -> str:
    return f"{name} in ({', '.join(_forms(value))})"


def _is_one_of(name: str, _: str, value: str) -> str:
    forms = [form for one in _several(value) for form in _forms(one)]
    return f"{name} in ({', '.join(forms)})"


def _forms(value: str) -> list[str]:
    """A value as text and, if it is one, as number: columns of reports have no type."""
    return [quoted(value), *([value] if _NUMBER.fullmatch(value) else [])]


def _like(before: str, after: str) -> Callable[[str, str, str], str]:
    def sql(name: str, _: str, value: str) -> str:
        if len(value) > MOST_TEXT:
            raise FilterError(f"Search text can have at most {MOST_TEXT:,} characters.")
        return f"{name} like {quoted(before + _literally(value) + after)} escape '\\'"

    return sql


def _literally(text: str) -> str:
    """A text in a pattern that means itself."""
    return re.sub(r"([\\%_])", r"\\\1", text)


def _compared(sign: str) -> Callable[[str, str, str], str]:
    """Numbers are compared with numbers, texts with texts, severities by their rank."""

    def sql(name: str, column: str, value: str) -> str:
        if column == "severity":
            if value not in SEVERITIES:
                raise FilterError(f"severity must be one of {', '.join(SEVERITIES)}.")
            return f"-({_rank(name)}) {sign} -{_RANKS[value]}"
        text = f"typeof({name}) = 'text' and {name} <> '' and {name} {sign} {quoted(value)}"
        if not _NUMBER.fullmatch(value):
            return text
        return f"({text} or typeof({name}) in ('integer', 'real') and {name} {sign} {value})"

    return sql


def _blank(name: str, *_: str) -> str:
    return f"coalesce({name}, '') = ''"


def _opposite(sql: Callable[[str, str, str], str]) -> Callable[[str, str, str], str]:
    """What holds for all other rows, those with nothing in the column among them."""
    return lambda *parts: f"not coalesce({sql(*parts)}, 0)"


OPERATORS = {
    "exact": Operator("=", _equal),
    "not": Operator("is not", _opposite(_equal)),
    "contains": Operator("contains", _like("%", "%")),
    "startswith": Operator("begins with", _like("", "%")),
    "endswith": Operator("ends with", _like("%", "")),
    "gt": Operator(">", _compared(">")),
    "gte": Operator("≥", _compared(">=")),
    "lt": Operator("<", _compared("<")),
    "lte": Operator("≤", _compared("<=")),
    "in": Operator("is one of", _is_one_of),
    "notin": Operator("is not one of", _opposite(_is_one_of)),
    "isblank": Operator("is empty", _blank, alone=True),
    "notblank": Operator("is not empty", _opposite(_blank), alone=True),
}
_RANKS = {severity: rank for rank, severity in enumerate(WORST_FIRST, 1)}


def _several(value: str) -> list[str]:
    """The values of a list: with commas between, or in JSON, as Datasette has them."""
    if value.startswith("["):
        try:
            return [str(one) for one in json.loads(value)]
        except (ValueError, RecursionError):
            pass
    return [one.strip() for one in value.split(",")]


def _rank(name: str) -> str:
    """The rank of a severity, 1 the worst; null for any other text."""
    ranks = " ".join(f"when '{severity}' then {rank}" for severity, rank in _RANKS.items())
    return f"case {name} {ranks} end"


def clause(condition: Condition) -> str:
    """The SQL of one condition."""
    column = condition.column
    return OPERATORS[condition.operator].sql(identifier(column), column, condition.value)


def where(selection: Selection, columns: Sequence[str]) -> str:
    """The SQL that tells which rows are asked for; empty if all are."""
    clauses = [clause(condition) for condition in selection.conditions]
    if selection.search:
        condition = _like("%", "%")
        searched = [column for column in columns if column not in UNSEARCHED]
        found = [condition(identifier(column), column, selection.search) for column in searched]
        clauses.append(f"({' or '.join(found) or '0'})")
    return "where " + "\n  and ".join(clauses) if clauses else ""


@dataclass(frozen=True)
class Source:
    """A report whose rows are asked for: its SQL, its columns in their order, its parameters."""

    sql: str
    columns: tuple[str, ...]
    parameters: tuple[str, ...] = ()

    @property
    def statement(self) -> str:
        """The SQL as it can stand between brackets."""
        return self.sql.strip().rstrip(";").rstrip()

    @property
    def whole(self) -> str:
        """The SQL for all rows, of a report that counts all of them and gives but the first."""
        if ROWS_COLUMN not in self.columns:
            return self.statement
        return self._with(MOST, quoted(str(10**9)), _LIMIT.sub("", self.statement))

    @property
    def limit(self) -> int | None:
        """How many rows the report gives at most, though it counts them all."""
        found = _LIMIT.search(self.statement) or _DEFAULT.search(self.statement)
        return int(found[1]) if found and ROWS_COLUMN in self.columns else None

    def from_row(self, first: int, most: int) -> str | None:
        """The SQL for some rows of a report that can begin anywhere; None if it cannot."""
        if not {FIRST, MOST} <= set(self.parameters):
            return None
        return self._with(MOST, quoted(str(most)), self._with(FIRST, quoted(str(first))))

    def _with(self, parameter: str, value: str, sql: str = "") -> str:
        if parameter not in self.parameters:
            return sql or self.statement
        return re.sub(rf":{parameter}\b", value, sql or self.statement)


def selected(report: Source, selection: Selection, *, count: bool = False) -> str:
    """The SQL of what is asked of a report.

    Its columns are those of the report, and the last says how many rows are asked for, on all
    pages: with `count`, also of a report that does not count its rows.
    """
    if selection.count_by:
        return _counted(report, selection, selection.count_by)
    first = (selection.page - 1) * (selection.size or 0)
    if selection.size and not selection.filters and not selection.sort:
        by_itself = report.from_row(first + 1, selection.size)
        if by_itself:
            return by_itself
    names = [identifier(column) for column in report.columns if column != ROWS_COLUMN]
    if ROWS_COLUMN in report.columns and not selection.filters:
        names.append(ROWS_COLUMN)
    elif ROWS_COLUMN in report.columns or count:
        names.append(f"count(*) over () as {ROWS_COLUMN}")
    lines = [f"select {', '.join(names)}", *_from(report, selection)]
    if selection.sort:
        lines.append(_order(selection.sort, selection.descending, _place(report.columns)))
    if selection.size:
        lines.append(f"limit {selection.size} offset {first}")
    return "\n".join(lines)


def _counted(report: Source, selection: Selection, column: str) -> str:
    """The SQL that counts the rows that are asked for by what they have in a column.

    Its columns are this and `rows`, most rows first; nothing at all, in whatever form, is null. The
    rows of all values but the first are added up in the last row.
    """
    value = f"nullif({identifier(column)}, '')"
    return "\n".join(
        (
            "with counted_values as (",
            f"select {value} as value, count(*) as times,",
            f"  row_number() over (order by count(*) desc, {value}) as place",
            *_from(report, selection),
            f"group by {value}",
            ")",
            f"select value as {identifier(column)}, times as {ROWS}",
            "from (",
            f"  select value, times, place from counted_values where place <= {MOST_COUNTED}",
            "  union all",
            f"  select {quoted(OTHER)}, sum(times), {MOST_COUNTED + 1}",
            f"  from counted_values where place > {MOST_COUNTED} having count(*) > 0",
            ")",
            "order by place",
        )
    )


def _from(report: Source, selection: Selection) -> list[str]:
    """The rows of a report that are asked for; numbered where they are to be sorted."""
    lines = ["from (", report.whole, ") as report"]
    if selection.sort and not selection.count_by:
        # Rows with the same in a column keep the report's own order.
        place = f"row_number() over () as {_place(report.columns)}"
        lines = [f"from (select *, {place}", *lines, ")"]
    return [*lines, *filter(None, [where(selection, report.columns)])]


def _place(columns: Collection[str]) -> str:
    """A name for the place of a row, which no column has."""
    name = "place_in_report"
    while name in columns:
        name += "_"
    return name


def _order(column: str, descending: bool, place: str) -> str:
    """Rows with nothing in the column come last, either way; of severities the worst is first."""
    name = identifier(column)
    keys = [f"coalesce({_rank(name)}, 9)"] * (column == "severity") + [f"nullif({name}, '')"]
    by = ", ".join(f"{key} desc" if descending else key for key in keys)
    return f"order by {_blank(name)}, {by}, {place}"


# --- Addresses ------------------------------------------------------------------------------------


def filtered(address: str, column: str, value: object, parameters: Collection[str] = ()) -> str:
    """The address of a report's rows that have this value in a column, beside what it filters yet.

    None and the empty text stand for rows with nothing there. `parameters` are the report's.
    """
    plain = column if column not in parameters and not column.startswith("_") else ""
    exact, blank = f"{column}__exact", f"{column}__isblank"
    wanted = {blank: 1} if value is None or value == "" else {plain or exact: value}
    gone = dict.fromkeys(filter(None, (plain, exact, blank, "_page", "_count_by")))
    return changed(address, {**gone, **wanted})


def excluding(address: str, column: str, values: Iterable[object]) -> str:
    """The address of a report's rows with none of these values in a column, beside what it filters.

    None stands for rows with nothing there.
    """
    known = list(values)
    none_of = json.dumps([str(value) for value in known if value is not None], ensure_ascii=False)
    added = [(f"{column}__notin", none_of)]
    if None in known:
        added.append((f"{column}__notblank", "1"))
    place, pairs, fragment = _parts(changed(address, {"_page": None, "_count_by": None}))
    return _joined(place, [*pairs, *added], fragment)


def counted_by(address: str, column: str) -> str:
    """The address of a report's rows counted by what they have in a column."""
    return changed(address, {"_page": None, "_size": None, "_count_by": column})


def without(address: str, key: str, value: str) -> str:
    """An address without one of its arguments, and from the first page on."""
    place, pairs, fragment = _parts(address)
    pairs = [pair for pair in pairs if pair[0] != "_page"]
    if (key, value) in pairs:
        pairs.remove((key, value))
    return _joined(place, pairs, fragment)


def changed(address: str, values: Mapping[str, object]) -> str:
    """An address whose arguments have these values; None takes an argument away."""
    place, pairs, fragment = _parts(address)
    kept = [pair for pair in pairs if pair[0] not in values]
    added = [(key, str(value)) for key, value in values.items() if value is not None]
    return _joined(place, [*kept, *added], fragment)


def _parts(address: str) -> tuple[str, list[tuple[str, str]], str]:
    """Where an address leads, its arguments, and what stands behind them."""
    before, sign, fragment = address.partition("#")
    place, _, query = before.partition("?")
    return place, parse_qsl(query, keep_blank_values=True), sign + fragment


def _joined(place: str, pairs: Sequence[tuple[str, str]], fragment: str) -> str:
    return f"{place}{'?' if pairs else ''}{urlencode(pairs)}{fragment}"
