"""A Terraform plan: its changes, what of them is known, and what they refer to.

A value that is known only after apply is UNKNOWN. What it comes from can often be told from the
configuration, which is in the plan too: an argument that refers to one object and to nothing else
is that object's. Whatever is less certain stays unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import zip_longest
from typing import Any, Final

from ..errors import CheckError
from .documents import Document, Place
from .proposals import KNOWN_LATER


class _Mark:
    """Something that no value of a plan is equal to."""

    def __init__(self, words: str) -> None:
        self._words = words

    def __repr__(self) -> str:
        return self._words


#: A value that Terraform knows only when it applies the plan.
UNKNOWN: Final = _Mark(KNOWN_LATER)
ABSENT: Final = _Mark("absent")

_STEP = re.compile(r'module\.([\w-]+)(\[(?:"(?:[^"\\]|\\.)*"|\d+)\])?\.?')
# Resources and outputs that an expression refers to, with the instance if it names one.
_OBJECT = re.compile(
    r'(module\.[\w-]+|[\w-]+\.[\w-]+)(\[(?:"(?:[^"\\]|\\.)*"|\d+)\])?((?:\.[\w-]+)*)'
)


@dataclass(frozen=True)
class Change:
    """One change of a resource; `values` are those that it has after it, and `secrets` those texts
    among them that Terraform does not show.
    """

    plan: Plan = field(repr=False)
    place: Place
    address: str
    mode: str
    type: str
    name: str
    module: str
    index: Any
    actions: tuple[str, ...]
    before: Mapping[str, Any]
    values: Mapping[str, Any]
    secrets: frozenset[str] = frozenset()

    @property
    def grants(self) -> bool:
        """Whether the change leaves something there that is new or has changed."""
        return "create" in self.actions or "update" in self.actions

    @property
    def prior(self) -> Mapping[str, Any]:
        """The values that the same object had before; none of one that is made anew."""
        return self.before if "update" in self.actions else {}

    def created_by(self, name: str) -> list[Change]:
        """What the same plan creates or has that an argument refers to; empty if that is unsure."""
        config = self.plan.resource(self)
        expression = config.get("expressions", {}).get(name) if config else None
        references = expression.get("references") if isinstance(expression, dict) else None
        return self.plan.referred(self.module, self.index, references or ())


@dataclass(frozen=True)
class Plan:
    """A whole plan."""

    document: Document

    @classmethod
    def of(cls, document: Document) -> Plan:
        """The plan of a file; raises CheckError for a later format."""
        version = document.others.get("format_version")
        if not isinstance(version, str) or version.partition(".")[0] not in ("0", "1"):
            raise CheckError(
                f"{document.file}:1: this plan has format_version {version!r}; 1 is supported."
            )
        return cls(document)

    @property
    def is_complete(self) -> bool:
        """False if Terraform could not plan all of it."""
        others = self.document.others
        return others.get("complete", True) is not False and not others.get("errored")

    @cached_property
    def changes(self) -> list[Change]:
        """Its changes, in order."""
        return [
            self._change(place, entry)
            for place, entry in self.document.entries.get("resource_changes", [])
        ]

    def deferred(self) -> Iterator[tuple[Place, str, str]]:
        """IAM resources whose plan is put off, and why."""
        for place, entry in self.document.entries.get("deferred_changes", []):
            change = self._change(place, entry.get("resource_change") or {})
            if change.type.startswith("ibm_iam_"):
                yield place, change.address, str(entry.get("reason") or "for an unknown reason")

    def _change(self, place: Place, entry: Any) -> Change:
        change = entry.get("change") if isinstance(entry, dict) else None
        if not isinstance(change, dict) or not isinstance(entry.get("address"), str):
            raise CheckError(f"{place}: this is not a change of a resource.")
        bare = Change(
            plan=self,
            place=place,
            address=entry["address"],
            mode=str(entry.get("mode", "managed")),
            type=str(entry.get("type")),
            name=str(entry.get("name")),
            module=entry.get("module_address") or "",
            index=entry.get("index"),
            actions=tuple(change.get("actions") or ()),
            before=change.get("before") or {},
            values=_merged(change.get("after") or {}, change.get("after_unknown") or {}),
            secrets=frozenset(_secrets(change.get("after"), change.get("after_sensitive"))),
        )
        config = self.resource(bare)
        if config is None:
            return bare
        # What the configuration does not set is unknown only because the provider will tell it.
        given = config.get("expressions") or {}
        values = {n: None if v is UNKNOWN and n not in given else v for n, v in bare.values.items()}
        return Change(**{**vars(bare), "values": values})

    @cached_property
    def _resources(self) -> dict[tuple[str, str, str], Mapping[str, Any]]:
        """The configuration of resources by module (without instances), type, and name."""
        found: dict[tuple[str, str, str], Mapping[str, Any]] = {}

        def walk(module: Mapping[str, Any], path: str) -> None:
            for one in module.get("resources") or ():
                if one.get("mode") == "managed":
                    found[path, one.get("type"), one.get("name")] = one
            for name, call in (module.get("module_calls") or {}).items():
                walk(call.get("module") or {}, f"{path}.{name}")

        walk(self._root, "")
        return found

    @property
    def _root(self) -> Mapping[str, Any]:
        return (self.document.others.get("configuration") or {}).get("root_module") or {}

    def resource(self, change: Change) -> Mapping[str, Any] | None:
        """The configuration of a resource, if the plan has it."""
        path = "".join(f".{name}" for name in module_names(change.module))
        return self._resources.get((path, change.type, change.name))

    @cached_property
    def _by_object(self) -> dict[tuple[str, str, str], list[Change]]:
        found: dict[tuple[str, str, str], list[Change]] = {}
        for change in self.changes:
            if change.mode == "managed" and (change.grants or "no-op" in change.actions):
                found.setdefault((change.module, change.type, change.name), []).append(change)
        return found

    def referred(self, module: str, index: Any, references: Any) -> list[Change]:
        """The objects that the references of one expression lead to, each once.

        Empty if any of them leads elsewhere: to a local value, say, or to one of several instances.
        """
        own_instance = bool({"each.key", "count.index"} & {*references})
        objects: dict[str, re.Match[str]] = {}
        for text in references:
            if text in ("each.key", "count.index"):
                continue
            match = _OBJECT.fullmatch(text)
            if match is None:
                return []
            # The longest of an object's references comes first.
            longest = objects.setdefault(match[1], match)
            if longest[2] and match[2] and longest[2] != match[2]:
                return []
        found: list[Change] = []
        for match in objects.values():
            one = self._object(module, index if own_instance else ABSENT, match)
            if one is None:
                return []
            found.append(one)
        return found

    def _object(self, module: str, index: Any, match: re.Match[str]) -> Change | None:
        first, _, second = match[1].partition(".")
        if first == "var":
            return self._variable(module, second)
        if first.startswith("ibm_"):
            there = self._by_object.get((module, first, second), [])
            if match[2]:
                there = [one for one in there if one.address.endswith(match[2])]
            elif index is not ABSENT and len(there) > 1:
                there = [one for one in there if one.index == index]
            return there[0] if len(there) == 1 else None
        if first == "module" and match[3]:
            return self._output(module, second, match[2] or "", match[3].removeprefix("."))
        return None

    def _variable(self, module: str, name: str) -> Change | None:
        """What the caller of the module passes for a variable."""
        steps = list(_STEP.finditer(module))
        if not steps:
            return None
        outer = module[: steps[-1].start()].removesuffix(".")
        call = (self._module(outer).get("module_calls") or {}).get(steps[-1][1]) or {}
        return self._one(outer, (call.get("expressions") or {}).get(name))

    def _output(self, module: str, name: str, instance: str, output: str) -> Change | None:
        """What a module that is called gives out."""
        call = (self._module(module).get("module_calls") or {}).get(name) or {}
        given = ((call.get("module") or {}).get("outputs") or {}).get(output) or {}
        inner = f"{module}.module.{name}{instance}".removeprefix(".")
        return self._one(inner, given.get("expression"))

    def _one(self, module: str, expression: Any) -> Change | None:
        references = expression.get("references") if isinstance(expression, dict) else None
        found = self.referred(module, ABSENT, references or ())
        return found[0] if len(found) == 1 else None

    def _module(self, module: str) -> Mapping[str, Any]:
        found = self._root
        for name in module_names(module):
            found = ((found.get("module_calls") or {}).get(name) or {}).get("module") or {}
        return found


def module_names(address: str) -> list[str]:
    """The names of the modules that an address leads through, without their instances."""
    return [name for name, _ in _STEP.findall(address)]


def _secrets(value: Any, sensitive: Any) -> Iterator[str]:
    """The texts of a value that the plan says are sensitive."""
    if isinstance(value, str):
        if sensitive is True and value:
            yield value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _secrets(
                each, sensitive.get(name) if isinstance(sensitive, dict) else sensitive
            )
    elif isinstance(value, list):
        marks = sensitive if isinstance(sensitive, list) else [sensitive] * len(value)
        for each, mark in zip(value, marks, strict=False):
            yield from _secrets(each, mark)


def known_part(value: Any) -> Any:
    """A value with None in place of what is unknown; in lists that is left out."""
    if value is UNKNOWN:
        return None
    if isinstance(value, dict):
        return {name: known_part(each) for name, each in value.items()}
    if isinstance(value, list):
        return [known_part(each) for each in value if each is not UNKNOWN]
    return value


def with_words(value: Any) -> Any:
    """A value with a word in place of what is unknown."""
    if value is UNKNOWN:
        return KNOWN_LATER
    if isinstance(value, dict):
        return {name: with_words(each) for name, each in value.items()}
    return [with_words(each) for each in value] if isinstance(value, list) else value


def _merged(after: Any, unknown: Any) -> Any:
    """The values after a change, with UNKNOWN where the plan says so."""
    if unknown is True:
        return UNKNOWN
    if isinstance(unknown, dict) and isinstance(after, dict | None):
        after = after or {}
        names = dict.fromkeys((*after, *unknown))
        return {name: _merged(after.get(name), unknown.get(name)) for name in names}
    if isinstance(unknown, list) and isinstance(after, list | None):
        return [_merged(a, u) for a, u in zip_longest(after or [], unknown)]
    return after
