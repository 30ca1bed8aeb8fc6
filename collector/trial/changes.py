"""Reads changes from a file, JSON or YAML, and makes them in a trial.

changes.schema.json declares what can stand in such a file; nothing else is accepted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from .. import resolve
from ..errors import ChangeError, NameUnresolved
from ..resolve import GROUP
from .trial import Trial

SCHEMA = Path(__file__).with_name("changes.schema.json")
_TYPES: dict[str, tuple[type, str]] = {
    "object": (dict, "a mapping"),
    "array": (list, "a list"),
    "string": (str, "text"),
}


def read_changes(path: Path) -> dict[str, Any]:
    """The changes of a file; raises ChangeError, which names file and place, if it has others."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ChangeError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ChangeError(f"{path} is not UTF-8 text.") from None
    document = _parsed(path, text)
    _check(f"{path}", "", document, _schema())
    if not any(document.get(key) for key in ("add", "remove", "suspend")):
        raise ChangeError(f"{path} has no changes: it needs add, remove, or suspend.")
    return dict(document)


def make(changes: Mapping[str, Any], trial: Trial, source: str) -> None:
    """Make changes in a trial; raises ChangeError, which names `source` and the place in it."""
    removed, added = changes.get("remove") or {}, changes.get("add") or {}
    for name, one in _each(removed, "policies"):
        with _placed(source, f"remove.{name}"):
            trial.remove_policy(one)
    for name, one in _each(removed, "groups"):
        with _placed(source, f"remove.{name}"):
            trial.remove_group(_group(trial, one, {}))
    for name, one in _each(removed, "members"):
        with _placed(source, f"remove.{name}"):
            trial.remove_member(_group(trial, one["group"], {}), _identity(trial, one["member"]))
    new = {}
    for name, one in _each(added, "groups"):
        with _placed(source, f"add.{name}"):
            new[one["name"]] = trial.add_group(one["name"], one.get("id"))
    for name, one in _each(added, "members"):
        with _placed(source, f"add.{name}"):
            trial.add_member(_group(trial, one["group"], new), _identity(trial, one["member"]))
    for name, one in _each(added, "policies"):
        with _placed(source, f"add.{name}"):
            trial.add_policy(one)
    for name, one in _each(changes, "suspend"):
        with _placed(source, name):
            trial.suspend_user(_identity(trial, one))


def _each(changes: Mapping[str, Any], key: str) -> Iterator[tuple[str, Any]]:
    """The entries of a list, each with its place, counted from 1."""
    for number, one in enumerate(changes.get(key) or (), 1):
        yield f"{key}[{number}]", one


@contextmanager
def _placed(source: str, place: str) -> Iterator[None]:
    try:
        yield
    except (ChangeError, NameUnresolved) as error:
        raise ChangeError(f"{source}, {place}: {error}") from None


def _group(trial: Trial, text: str, new: Mapping[str, str]) -> str:
    if text in new or text in new.values():
        return new.get(text, text)
    found = resolve.identity(trial.before, text, trial.account_id)
    if found.kind != GROUP:
        raise ChangeError(f"{text} is no access group but the {found.kind} {found.name}.")
    return found.id


def _identity(trial: Trial, text: str) -> str:
    """The IAM ID of an identity; that of one that the file does not know is taken as it is."""
    try:
        found = resolve.identity(trial.before, text, trial.account_id)
    except NameUnresolved as error:
        if not error.is_ambiguous and text.startswith(("IBMid-", "iam-")):
            return text
        raise
    if found.kind == GROUP:
        raise ChangeError(f"{text} is an access group, not an identity.")
    return found.id


def _parsed(path: Path, text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        if path.suffix == ".json":
            raise ChangeError(f"{path}, line {error.lineno}: this is not valid JSON.") from None
    except _Twice as error:
        raise ChangeError(f"{path}: {error} is there twice in one mapping.") from None
    try:
        return yaml.load(text, _Loader)
    except _Twice as error:
        raise ChangeError(f"{path}: {error} is there twice in one mapping.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise ChangeError(f"{path}{line}: this is not valid YAML.") from None


class _Twice(Exception):
    """A key that a mapping has twice."""


def _once(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Twice(str(key))
        found[key] = value
    return found


class _Loader(yaml.SafeLoader):
    """YAML of what JSON has as well: a time is text, and no key is there twice."""

    def mapping(self, node: yaml.MappingNode) -> dict[Any, Any]:
        """A mapping, of which no key is lost."""
        return _once(
            [
                (self.construct_object(key, True), self.construct_object(value, True))
                for key, value in node.value
            ]
        )


_Loader.add_constructor("tag:yaml.org,2002:map", _Loader.mapping)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in some if not tag.endswith(":timestamp")]
    for first, some in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@cache
def _schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return found


def _check(source: str, place: str, value: Any, schema: Mapping[str, Any]) -> None:
    """Hold a value against the schema, as far as that uses JSON Schema; raises ChangeError."""
    if "$ref" in schema:
        schema = _schema()["$defs"][schema["$ref"].rpartition("/")[2]]
    where = f"{source}, {place}" if place else source
    kind, words = _TYPES[schema["type"]]
    if not isinstance(value, kind):
        raise ChangeError(f"{where}: this must be {words}{_allowed(schema)}.")
    if isinstance(value, dict) and "properties" in schema:
        known = schema["properties"]
        for key in value:
            if key not in known:
                raise ChangeError(f"{where}: {key} is unknown{_allowed(schema)}.")
        for key in schema.get("required", ()):
            if key not in value:
                raise ChangeError(f"{where}: {key} is missing{_allowed(schema)}.")
        for key, one in value.items():
            _check(source, f"{place}.{key}" if place else key, one, known[key])
    elif isinstance(value, list):
        for number, one in enumerate(value, 1):
            _check(source, f"{place}[{number}]", one, schema["items"])


def _allowed(schema: Mapping[str, Any]) -> str:
    known = schema.get("properties", ())
    return f"; it can have {', '.join(known)}" if known else ""
