"""When two values of a thing mean the same, however they are written.

IBM Cloud sends what is a set in any order, leaves out what is empty or says so, and leaves out an
operator or names the usual one. None of this is a change. Text is compared as text: that it looks
like a list makes it none, unless its operator takes a list.
"""

from __future__ import annotations

import json
from typing import Any

from .schema import TABLE
from .table import JSON, Column

USUAL_OPERATOR = "stringEquals"  # of an attribute or tag that has none
# Attributes whose value is one text of several, with commas between.
_LISTS = ("networkZoneId",)
_COMBINED = {"operator", "conditions"}  # fields of conditions that must hold together


def meaning(table: str, column: str, value: Any) -> Any:
    """What a column's value means, as something that equals whatever means the same.

    A `value` that is a list or an object is taken for what it is; text is JSON in a JSON column.
    """
    declared = next((c for c in TABLE[table].columns if c.name == column), Column(column, ""))
    if value is None or value == declared.absent:
        return None
    if isinstance(value, str) and declared.kind == JSON:
        value = _parsed(value)
    if isinstance(value, str) and declared.is_list:
        value = _split(value)
    return _plain(value)


def _plain(value: Any) -> Any:
    """Lists without order, what is empty as None, what is usual left out."""
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, list):
        return _set(map(_plain, value))
    if isinstance(value, dict):
        return _object(value)
    return value


def _set(values: Any) -> list[Any] | None:
    """Each once, in an order that depends on nothing but what they are."""
    by_text = {json.dumps(value, sort_keys=True): value for value in values}
    return [by_text[text] for text in sorted(by_text)] or None


def _object(fields: dict[str, Any]) -> Any:
    operator, value = fields.get("operator"), fields.get("value")
    if isinstance(value, str):
        fields = {**fields, "value": _operand(fields, operator, value)}
    found = {name: _plain(value) for name, value in fields.items()}
    if found.get("operator") == USUAL_OPERATOR:
        del found["operator"]
    conditions = found.get("conditions")
    if isinstance(conditions, list) and len(conditions) == 1 and found.keys() <= _COMBINED:
        return conditions[0]  # one condition holds, whether all or any must
    return {name: value for name, value in found.items() if value is not None} or None


def _operand(fields: dict[str, Any], operator: Any, value: str) -> Any:
    """The value that an operator compares with: a list if that is what the operator takes."""
    if "claim" in fields:  # a JSON document as text, or plain text
        document = _parsed(value)
        wanted = list if operator == "IN" else str
        return document if isinstance(document, wanted) else value
    if str(operator).endswith("AnyOf"):
        document = _parsed(value)
        return document if isinstance(document, list) else value
    names = (fields.get("name"), fields.get("key"))
    return _split(value) if any(name in _LISTS for name in names) else value


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
