"""What nobody should be granted: a YAML list of rules, each with roles or actions.

A rule has `roles` and `actions` (any of them breaks it), `services` (all of them if left out),
`except` (who may hold it), and `reason`. All but the reason can be one word or a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ..errors import CheckError

# What actions begin with that roles have on any service.
_GENERAL = frozenset({"iam", "resource-controller"})
_KEYS = ("roles", "actions", "services", "except", "reason")


@dataclass(frozen=True)
class Rule:
    """One rule: `number` counts from 1, `line` is where it begins.

    Roles are by their form of `plain`, as they are written. No services, or *, means every service.
    """

    number: int
    file: str
    line: int
    roles: Mapping[str, str] = field(default_factory=dict)
    actions: tuple[str, ...] = ()
    services: frozenset[str] = frozenset()
    exceptions: frozenset[str] = frozenset()
    reason: str = ""

    def __str__(self) -> str:
        return f"rule {self.number} ({self.file}:{self.line})"

    @property
    def action_services(self) -> frozenset[str]:
        """The services that its actions begin with: those of kms.secrets.read, for example."""
        return frozenset(_beginning(one) for one in self.actions) - _GENERAL

    @property
    def has_general_actions(self) -> bool:
        """Whether it has actions that roles can allow on any service."""
        return any(_beginning(one) in _GENERAL or "*" in _beginning(one) for one in self.actions)

    def excepts(self, names: frozenset[str]) -> bool:
        """Whether it does not hold for somebody with one of these names."""
        return not self.exceptions.isdisjoint(map(str.casefold, names))


def _beginning(action: str) -> str:
    return action.partition(".")[0]


def plain(role: str) -> str:
    """A role's name as people and CRNs write it alike: "Service ID creator", ServiceIdCreator."""
    return re.sub(r"[\W_]", "", role).casefold()


def read_rules(path: Path) -> tuple[Rule, ...]:
    """The rules of a file; raises CheckError, which names file and line, for the first that cannot
    be used.
    """
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise CheckError(f"{path} cannot be read: {error.strerror}.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        raise CheckError(
            f"{path}:{mark.line + 1 if mark else 1}: this is not valid YAML."
        ) from None
    if not isinstance(root, yaml.SequenceNode) or not root.value:
        raise CheckError(f"{path}:1: rules are a YAML list with one entry for each rule.")
    return tuple(_rule(path, number, node) for number, node in enumerate(root.value, 1))


def _rule(path: Path, number: int, node: yaml.Node) -> Rule:
    if not isinstance(node, yaml.MappingNode):
        raise _error(
            path, node, f"a rule has roles or actions, and can have {', '.join(_KEYS[2:])}"
        )
    given: dict[str, tuple[str, ...]] = {}
    for key, value in node.value:
        name = str(key.value)
        if name not in _KEYS:
            raise _error(path, key, f"a rule has no {name}; it can have {', '.join(_KEYS)}")
        if name in given:
            raise _error(path, key, f"{name} is there twice")
        given[name] = tuple(_words(path, name, value))
    if not given.get("roles") and not given.get("actions"):
        raise _error(path, node, "a rule needs roles or actions")
    for name in given.keys() & {"reason"}:
        if len(given[name]) != 1:
            raise _error(path, node, "reason must be one text")
    return Rule(
        number,
        str(path),
        node.start_mark.line + 1,
        {plain(role): role for role in given.get("roles", ())},
        given.get("actions", ()),
        frozenset(given.get("services", ())) - {"*"},
        frozenset(map(str.casefold, given.get("except", ()))),
        " ".join(given.get("reason", ("",))[0].split()),
    )


def _words(path: Path, name: str, node: yaml.Node) -> Iterator[str]:
    each = node.value if isinstance(node, yaml.SequenceNode) else [node]
    if not each:
        raise _error(path, node, f"{name} is empty")
    for one in each:
        value: Any = one.value
        if (
            not isinstance(one, yaml.ScalarNode)
            or not str(value).strip()
            or one.tag.endswith(":null")
        ):
            raise _error(path, one, f"{name} must be a text or a list of texts")
        yield str(value).strip()


def _error(path: Path, node: yaml.Node, problem: str) -> CheckError:
    return CheckError(f"{path}:{node.start_mark.line + 1}: {problem}.")
