"""What can be said of a table: its columns, and what every step of a collect must know of it.

Whatever depends on one table only stands with its declaration, so that a new table needs no entry
elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

TEXT, INTEGER, BOOLEAN, TIME, JSON = "text", "integer", "boolean", "time", "json"


# How words that stand in names of tables are written.
_WRITTEN = {"cis": "CIS", "mfa": "MFA", "apikey": "API key", "cbr": "context-based restriction"}


def heading(name: str) -> str:
    """A name, with blanks or the underscores of a table's name, as the heading of a page."""
    words = " ".join(_WRITTEN.get(word, word) for word in name.replace("_", " ").split())
    return words[:1].upper() + words[1:]


@dataclass(frozen=True)
class Column:
    """One column; `kind` says how an API value becomes the stored one.

    text: as it is. integer: a whole number. boolean: 0 or 1. time: ISO 8601 UTC text.
    json: any JSON value as text. `references` names the table whose primary key it holds, and
    `weak` empties it where the file has no such row; `relation` is how the diagram draws that.
    `default` is what a row of an earlier version has that did not know the column: a required one
    that is added to a table needs it; `was` is its name in earlier versions. `absent` is the value
    that means the same as none; `is_list` says that a text is several values with commas between,
    in any order. A reference has an index unless it is not `indexed`: an index that no question is
    asked through costs as much of the file as the column itself.
    """

    name: str
    description: str
    kind: str = TEXT
    references: str | None = None
    required: bool = False
    weak: bool = False
    default: str | int | None = None
    was: str = ""
    absent: str | int | None = None
    is_list: bool = False
    relation: str = "}o--||"
    indexed: bool = True

    @property
    def sql_type(self) -> str:
        """The type in SQLite, whose tables are strict."""
        return "INTEGER" if self.kind in (INTEGER, BOOLEAN) else "TEXT"


@dataclass(frozen=True)
class Link:
    """How reports refer to rows of a table: by `column`, which holds the key, or by a name.

    `names` are the columns with names of what `column` of the same row holds the key of. Keys of
    other things that stand in such a column do not begin with `begins`.
    """

    column: str
    names: tuple[str, ...] = ()
    begins: str = ""


@dataclass(frozen=True)
class Compared:
    """What of a row makes a change in the history, if it differs from one collect to the next.

    `columns` are those that say what the thing is, with blanks between; without any, all but keys,
    times, and who did something. `more` has SQL by name for what other tables hold of it, as a JSON
    array; `name`, `iam_id` and `access_group_id` are SQL for its name and for whose history it
    belongs to, `where` for the rows that count. In all of it the row is `t`, and {side} stands
    before a table's name.
    """

    columns: str = ""
    name: str = ""
    iam_id: str = "null"
    access_group_id: str = "null"
    where: str = "true"
    more: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Set:
    """Rows that make sense only together: the table that tells whether the set was read anew.

    Then none of its old rows is kept beside the new ones. `columns` gives, for each column of that
    table, the one here that must be equal.
    """

    table: str
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Named:
    """Rows that are identities: their kind, and SQL for their name, the first that is not empty."""

    kind: str
    names: tuple[str, ...] = ("name",)


@dataclass(frozen=True)
class Table:
    """One table.

    `label` is the column shown for a row, `facets` what the site offers to count, `indexes` those
    beside the foreign keys'. `part` is the part of a collection that fills it, where that is not
    named like the table. `called` is what people call its rows, where that is not its name with
    blanks, `one` what they call one of them, `title` what the page of all is called, where that is
    another name, and `link` how reports refer to them. `compared` is what the history watches, None
    if nothing. `set_of` tells which rows belong together. `piece_of` is the column with what a row
    is a piece of, asked for one object at a time: where that is gone it is gone. `identity` says
    that its rows are identities. `is_derived`: each collect makes it anew from the whole file.
    `is_history`: each collect adds to it, and nothing of it belongs to one state of an account. A
    table that is `by_key` keeps its rows in the order of the key instead of having the keys a
    second time in an index (SQLite's WITHOUT ROWID): smaller where the key is most of the row; its
    other indexes hold whole keys.
    """

    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    label: str | None = None
    facets: tuple[str, ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    part: str = ""
    called: str = ""
    one: str = ""
    title: str = ""
    link: Link | None = None
    compared: Compared | None = Compared()
    set_of: Set | None = None
    piece_of: str = ""
    identity: Named | None = None
    is_derived: bool = False
    is_history: bool = False
    by_key: bool = False

    @property
    def owner(self) -> str | None:
        """The table that its rows are pieces of."""
        return self.column(self.piece_of).references if self.piece_of else None

    @property
    def watched(self) -> tuple[str, ...]:
        """The columns whose change is a change of the thing."""
        if self.compared is None:
            return ()
        if self.compared.columns:
            return tuple(self.compared.columns.split())
        return tuple(
            column.name
            for column in self.columns
            if column.name not in (*self.key, "listed")
            and column.kind != TIME
            and column.references not in ("identities", "accounts")
        )

    @property
    def human_name(self) -> str:
        """What people call its rows, and the part of a collection that brings them: plural."""
        return self.called or self.name.replace("_", " ")

    @property
    def heading(self) -> str:
        """What the page of all its rows is called."""
        return heading(self.title or self.human_name)

    @property
    def filled_by(self) -> str:
        """The part of a collection that brings its rows."""
        return self.part or self.name

    @property
    def all_indexes(self) -> tuple[tuple[str, ...], ...]:
        """The declared ones, and one for each foreign key that leads none of them nor the key."""
        leading = {columns[0] for columns in (*self.indexes, self.key)}
        foreign = [
            c.name for c in self.columns if c.references and c.indexed and c.name not in leading
        ]
        return self.indexes + tuple((name,) for name in foreign)

    def column(self, name: str) -> Column:
        """The column of this name; raises StopIteration if there is none."""
        return next(column for column in self.columns if column.name == name)
