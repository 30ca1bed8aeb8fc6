"""JSON files to check, with the line of each of their entries.

Only the outermost lists are walked through here; everything in them is decoded by Python's own
decoder, which is quick enough for plans of many megabytes.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ..errors import CheckError

_SPACE = re.compile(r"[ \t\n\r]*")
#: Lists at the top of an object whose entries are what is checked.
_LISTS = ("policies", "resource_changes", "deferred_changes")


@dataclass(frozen=True)
class Place:
    """Where an entry begins; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Document:
    """What a file holds: the entries of its lists with their places, and its other keys.

    A file that is a list, or a single object, has its entries under the empty name.
    """

    file: str
    entries: dict[str, list[tuple[Place, Any]]]
    others: dict[str, Any] = field(default_factory=dict)


def read_document(path: Path) -> Document:
    """Read a JSON file in any Unicode encoding; raises CheckError, which names file and line."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CheckError(f"{path} cannot be read: {error.strerror}.") from None
    try:
        # PowerShell writes redirected output as UTF-16.
        text = _Text(str(path), data.decode(json.detect_encoding(data)).removeprefix("\ufeff"))
    except UnicodeDecodeError:
        raise CheckError(f"{path} is not a JSON file.") from None
    try:
        return _document(text)
    except json.JSONDecodeError as error:
        place = text.place(error.pos)
        if error.msg == "Extra data" and place.line > 1:
            raise CheckError(
                f"{place}: another JSON value follows; each file must hold one. For a Terraform "
                "plan, use terraform show -json PLAN, not terraform plan -json."
            ) from None
        raise CheckError(f"{place}: this is not valid JSON: {error.msg}.") from None
    except RecursionError:
        raise CheckError(f"{path}:1: this JSON is nested too deeply.") from None


class _Twice(ValueError):
    """A key that is in an object twice: what reads the file later may take either."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        raise _Twice(next(name for name, _ in pairs if name in seen or seen.add(name)))  # type: ignore[func-returns-value]
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_unique)


class _Text:
    """The text of a file, read from one place to the next."""

    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text

    @cached_property
    def _lines(self) -> list[int]:
        starts, at = [0], self.text.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = self.text.find("\n", at + 1)
        return starts

    def place(self, offset: int) -> Place:
        line = bisect_right(self._lines, offset)
        return Place(self.file, line, offset - self._lines[line - 1] + 1)

    def after_space(self, offset: int) -> int:
        match = _SPACE.match(self.text, offset)
        assert match  # it matches nothing at all, too
        return match.end()

    def starts(self, offset: int, character: str) -> bool:
        return self.text.startswith(character, offset)

    def expect(self, offset: int, character: str) -> int:
        """The offset of what follows this character and the space around it."""
        offset = self.after_space(offset)
        if not self.starts(offset, character):
            raise json.JSONDecodeError(f"Expecting {character!r}", self.text, offset)
        return self.after_space(offset + 1)

    def value(self, offset: int) -> tuple[Any, int]:
        """The value that begins here, and the offset of what follows it."""
        try:
            found, end = _DECODER.raw_decode(self.text, offset)
        except StopIteration as error:  # of Python's scanner, at the end of the text
            raise json.JSONDecodeError("Expecting value", self.text, error.value) from None
        except _Twice as error:
            raise CheckError(
                f'{self.place(offset)}: the key "{error}" is there twice; remove one of them.'
            ) from None
        return found, self.after_space(end)

    def items(self, offset: int) -> Iterator[tuple[int, Any, int]]:
        """The values of the list that begins here: where each begins, and what follows it."""
        offset = self.expect(offset, "[")
        while not self.starts(offset, "]"):
            value, end = self.value(offset)
            yield offset, value, end
            if not self.starts(end, ","):
                self.expect(end, "]")
                return
            offset = self.after_space(end + 1)
            if self.starts(offset, "]"):
                raise json.JSONDecodeError("Expecting value", self.text, offset)


def _document(text: _Text) -> Document:
    start = text.after_space(0)
    if text.starts(start, "["):
        entries, end = _entries(text, start)
        found = Document(text.file, {"": entries})
    elif text.starts(start, "{"):
        found, end = _object(text, start)
    else:
        value, end = text.value(start)
        found = Document(text.file, {"": [(text.place(start), value)]})
    if end < len(text.text):
        raise json.JSONDecodeError("Extra data", text.text, end)
    return found


def _object(text: _Text, start: int) -> tuple[Document, int]:
    lists: dict[str, list[tuple[Place, Any]]] = {}
    others: dict[str, Any] = {}
    offset = text.expect(start, "{")
    while not text.starts(offset, "}"):
        key_at = offset
        key, end = text.value(offset)
        if not isinstance(key, str):
            raise json.JSONDecodeError("Expecting a key", text.text, key_at)
        if key in lists or key in others:
            raise CheckError(
                f'{text.place(key_at)}: the key "{key}" is there twice; remove one of them.'
            )
        offset = text.expect(end, ":")
        if key in _LISTS and text.starts(offset, "["):
            lists[key], offset = _entries(text, offset)
        else:
            others[key], offset = text.value(offset)
        if not text.starts(offset, ","):
            break
        offset = text.after_space(offset + 1)
        if text.starts(offset, "}"):
            raise json.JSONDecodeError("Expecting a key", text.text, offset)
    end = text.expect(offset, "}")
    if not lists:  # a single object is its own entry
        lists[""] = [(text.place(start), others)]
    return Document(text.file, lists, others), end


def _entries(text: _Text, start: int) -> tuple[list[tuple[Place, Any]], int]:
    found, end = [], text.expect(start, "[")
    for offset, value, after in text.items(start):
        found.append((text.place(offset), value))
        end = after
    return found, text.expect(end, "]")
