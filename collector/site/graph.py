"""Who gets where, as a graph: identities, access groups, policies and resources in four columns."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

IDENTITIES, GROUPS, POLICIES, RESOURCES = range(4)
COLUMNS = ("Identities", "Access groups", "Policies", "Resources")


@dataclass
class Node:
    """One thing in the picture; `more` counts the things that it stands for beyond itself."""

    id: str
    column: int
    kind: str
    name: str
    detail: str = ""
    url: str | None = None
    more: int = 0
    privileged: bool = False
    on_path: bool = False  # it is here for an escalation path only

    @property
    def key(self) -> str:
        """What its table knows it by."""
        return self.id.partition("/")[2]

    @property
    def full(self) -> str:
        """All that is known of it in one line: what does not fit is here."""
        if self.kind == "policy":
            said = f"{self.name} on {self.detail}"
        else:
            said = ": ".join(part for part in (self.name, self.detail) if part)
        return f"{said}, privileged" if self.privileged else said


@dataclass
class Edge:
    """`kind` is member, grants, reaches, or leads, which is a step of a path that is none of these;
    `detail` the membership, how much is reached, or how one gets there.
    """

    start: str
    end: str
    kind: str
    detail: str = ""
    escalates: bool = False  # it is on the path that is drawn


@dataclass
class Escalation:
    """How the root gets to a target, such as full control: in a sentence, and step by step.

    A step has the key, name and page of what it leads to, why, and the policy that allows it.
    """

    account: str
    target: str
    path: str
    confidence: str
    policy_id: str | None
    steps: list[dict[str, Any]]


@dataclass
class Graph:
    """Who reaches what from one thing on, and what must be said beside it."""

    root: str = ""
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: dict[tuple[str, str], Edge] = field(default_factory=dict)
    owns: list[str] = field(default_factory=list)  # accounts that the root owns
    owner: dict[str, Any] | None = None  # of the account that the root is in
    profiles: list[dict[str, str]] = field(default_factory=list)  # that the root may assume
    escalations: list[Escalation] = field(default_factory=list)
    asked: str = ""  # what paths lead to, if somebody asked for that
    chosen: int = 0  # which of these paths is drawn, from 0; without such a question it is each
    hidden: list[str] = field(default_factory=list)  # parts that the reader may not see

    def add(self, node: Node) -> str:
        """Add a node unless it is there; gives its ID."""
        self.nodes.setdefault(node.id, node)
        return node.id

    def connect(self, start: str, end: str, kind: str, detail: str = "") -> None:
        """Draw an edge, unless an end of it is not in the picture."""
        if start in self.nodes and end in self.nodes:
            self.edges.setdefault((start, end), Edge(start, end, kind, detail))

    def column(self, number: int) -> list[Node]:
        """The nodes of a column from the top: what a path ends at first, so that it is seen."""
        nodes = [node for node in self.nodes.values() if node.column == number]
        return sorted(nodes, key=lambda node: node.kind != "end")

    def as_json(self) -> dict[str, Any]:
        """The graph as the page and its readers get it."""
        nodes = []
        for node in self.nodes.values():
            named: dict[str, Any] = {
                "id": node.id,
                "column": COLUMNS[node.column].lower(),
                "kind": node.kind,
                "name": node.name,
                "detail": node.detail,
                "url": node.url,
            }
            if node.more:
                named.update(more=node.more)
            if node.privileged:
                named.update(privileged=True)
            if node.on_path:
                named.update(on_path=True)
            nodes.append(named)
        return {
            "root": self.root,
            "nodes": nodes,
            "edges": [
                {
                    **{"from": edge.start, "to": edge.end, "kind": edge.kind},
                    "detail": edge.detail,
                    **({"escalates": True} if edge.escalates else {}),
                }
                for edge in self.edges.values()
            ],
            "escalations": [asdict(escalation) for escalation in self.escalations],
            "owns_accounts": self.owns,
            "account_owner": self.owner,
            "may_take_on": self.profiles,
            "not_allowed_to_see": self.hidden,
        }
