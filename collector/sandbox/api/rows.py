"""Finding and ordering the rows of a listing, any of which may lack any field."""

from .errors import ApiError


def find(rows, value, *keys, message=None, code=None):
    """The row that has `value` in one of `keys`; ApiError (404) if there is none."""
    for key in keys:
        for row in rows:
            if row.get(key) == value:
                return row
    raise ApiError("not_found", message, code)


def sort_rows(rows, sort, fields):
    """`rows` by the field in `sort` (with `-`: descending) if it is one of `fields`.

    Rows without the field come first. An unknown field leaves the rows as they are: like
    unknown parameters, it is ignored.
    """
    field = (sort or "").removeprefix("-")
    if field not in fields:
        return rows

    def place(row):
        value = row.get(field)
        return (value is not None, "" if value is None else value)

    return sorted(rows, key=place, reverse=sort.startswith("-"))
