"""Looks up who gets where for one identity, access group or service instance, for one reader.

Only what the reader may see is looked up. What policies mean is asked of facts: nothing is worked
out here but what there is room for.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from typing import Any
from urllib.parse import quote

from datasette.utils import tilde_encode

from ..store.schema import TABLE
from .access_queries import (
    ACCOUNT_SERVICES,
    EVERYBODY,
    FIRST_MEMBERS,
    GROUP_NAMES,
    GROUPS_OF_IDENTITY,
    IDENTITY_NAMES,
    INSTANCES,
    MEMBERS,
    MEMBERSHIPS,
    OWNED,
    OWNER,
    POLICIES_OF_HOLDERS,
    POLICIES_OF_INSTANCE,
    PROFILES,
    REACHED,
    SCOPES_OF_INSTANCE,
    SENTENCES,
)
from .explorers import explorers
from .graph import GROUPS, IDENTITIES, POLICIES, RESOURCES, Graph, Node
from .readers import may_see

MOST = 25  # nodes in a column; where there are more, the last one stands for the rest
MOST_PROFILES = 25  # named below the picture

# The tables whose rows have a picture.
SUBJECTS = (
    *("identities", "users", "serviceids", "trustedprofiles"),
    *("access_groups", "resource_service_instances"),
)

# What a reader must be allowed to see for each part of the picture.
PARTS = {
    "access groups": (
        *("access_groups", "access_group_summaries"),
        *("access_group_members", "access_group_identities"),
    ),
    "policies": ("policies", "policy_descriptions", "policy_sentences", "policy_roles", "roles"),
    "service instances": ("policy_instances", "resource_service_instances"),
    "account management": ("policy_account_services", "account_services"),
    "identities": ("identities",),
}
# Beyond those, what is told with the picture, where it may be seen.
EXTRAS = ("accounts", "trustedprofiles", "trustedprofile_identities")

MORE = ("more/identities", "more/groups", "more/policies", "more/resources")
KINDS = {
    "user": "person",
    "service_id": "service ID",
    "trusted_profile": "trusted profile",
    "service": "service",
    "unknown": "unknown identity",
}
MEMBERSHIPS_IN_WORDS = {
    "static": "static member",
    "dynamic": "dynamic member, as of the last login",
    "public": "everybody in the account is in it",
}
# What policies reach that name no single service of account management.
_ALL = ("all", "All account management", "users, groups, policies, billing and so on")
REACHES = {
    "everything": _ALL,
    "all_account_management": _ALL,
    "all_iam": ("IAM", "All IAM account management", "users, groups, identities, policies"),
}


def address(datasette, name: str, table: str, key: str) -> str:
    """Where the picture of a row is."""
    return datasette.urls.path(
        f"/-/iaminsights/graph/{tilde_encode(name)}/{table}/{tilde_encode(key)}"
    )


def _some(things: Sequence[Any]) -> Sequence[Any]:
    """As many as a column has room for; one place is kept for those that are left out."""
    return things if len(things) <= MOST else things[: MOST - 1]


class Artist:
    """Makes the graph of one row for one reader."""

    def __init__(self, datasette, actor, name: str, table: str, row) -> None:
        self.datasette, self.actor, self.name = datasette, actor, name
        self.database = datasette.databases[name]
        self.table, self.row = table, row
        self.by_identity = table not in ("access_groups", "resource_service_instances")
        self.key = row["iam_id"] if self.by_identity else row["id"]
        self.account = None if table == "identities" else row["account_id"]
        self.graph = Graph()
        self.sees: set[str] = set()

    async def draw(self) -> Graph:
        """The whole picture, as far as the reader may see it."""
        graph = self.graph
        for part, tables in PARTS.items():
            if await may_see(self.datasette, self.actor, self.name, *tables):
                self.sees.add(part)
        for table in EXTRAS:
            if await may_see(self.datasette, self.actor, self.name, table):
                self.sees.add(table)
        graph.hidden = [part for part in PARTS if part not in self.sees]
        told = await explorers(self.datasette, self.actor, self.name, self.table, self.row)
        self.all_of_it = told[0]["url"] if told else None
        await self._root()

        memberships = await self._memberships()
        policies = await self._policies(memberships)
        drawn = _some(policies)
        groups = await self._groups(memberships, policies, drawn)
        await self._identities(groups, memberships, policies, drawn)
        await self._draw_policies(policies, drawn)
        if self.table == "resource_service_instances":
            await self._reach_root(policies)
        else:
            await self._resources([policy["id"] for policy in drawn])
        await self._remarks()
        return graph

    async def _ask(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        given = {
            name: json.dumps(sorted(value)) if isinstance(value, (list, set, dict)) else value
            for name, value in values.items()
        }
        given = {"key": self.key, "account": self.account, **given}
        return [dict(row) for row in await self.database.execute(sql, given)]

    def _url(self, table: str, key: str) -> str:
        return self.datasette.urls.row(self.name, table, tilde_encode(key))

    def _add_more(self, column: int, number: int, what: str, url: str | None = None) -> None:
        if number > 0:
            name, url = f"and {number:,} more", url or self.all_of_it
            self.graph.add(Node(MORE[column], column, "more", name, what, url, number))

    async def _root(self) -> None:
        url = self._url(self.table, self.row[TABLE[self.table].key[0]])
        if self.by_identity:
            node = (await self._named({self.key}))[0]
            node.url = url
        elif self.table == "access_groups":
            node = (await self._named_groups({self.key}))[0]
            node.url = url
        else:
            node = _instance(self.row, url)
        self.graph.root = self.graph.add(node)

    # Identities and access groups

    async def _named(self, identities: Collection[str]) -> list[Node]:
        """Nodes for identities, by name; those that the reader may not see are not among them."""
        if "identities" in self.sees:
            rows = await self._ask(IDENTITY_NAMES, identities=list(identities))
        else:  # he sees the row that he has asked for
            rows = [{"iam_id": key, "name": key, "kind": ""} for key in {self.key} & {*identities}]
        return [
            Node(
                f"identities/{row['iam_id']}",
                IDENTITIES,
                row["kind"],
                row["name"],
                KINDS.get(row["kind"], row["kind"]),
                self._url("identities", row["iam_id"]),
            )
            for row in sorted(rows, key=lambda row: (row["name"].casefold(), row["iam_id"]))
        ]

    async def _named_groups(self, groups: Collection[str]) -> list[Node]:
        return [
            Node(
                f"access_groups/{row['access_group_id']}",
                GROUPS,
                "access_group",
                row["name"],
                "access group",
                self._url("access_groups", row["access_group_id"]),
            )
            for row in sorted(
                await self._ask(GROUP_NAMES, groups=list(groups)),
                key=lambda row: (row["name"].casefold(), row["access_group_id"]),
            )
        ]

    async def _memberships(self) -> dict[str, str]:
        """The groups that the root identity is in, and how; the root itself if it is a group."""
        if self.table == "access_groups":
            return {self.key: ""}
        if not self.by_identity or "access groups" not in self.sees:
            return {}
        return {
            row["access_group_id"]: row["membership_type"]
            for row in await self._ask(GROUPS_OF_IDENTITY)
        }

    async def _policies(self, groups: dict[str, str]) -> list[dict[str, Any]]:
        """The policies that the picture is about, those that make administrators first."""
        if "policies" not in self.sees:
            return []
        if self.table == "resource_service_instances":
            if "service instances" not in self.sees:
                return []
            return await self._ask(POLICIES_OF_INSTANCE)
        return await self._ask(POLICIES_OF_HOLDERS, groups=groups)

    async def _groups(self, memberships, policies, drawn) -> list[str]:
        """Add the groups: first those whose policies are drawn, then others, by name."""
        if "access groups" not in self.sees:
            return []
        every = {*memberships, *(policy["access_group_id"] for policy in policies)} - {None}
        needed = {policy["access_group_id"] for policy in drawn}
        nodes = await self._named_groups(every)
        nodes.sort(key=lambda node: node.id.partition("/")[2] not in needed)
        for node in _some(nodes):
            membership = memberships.get(node.id.partition("/")[2])
            node.detail = MEMBERSHIPS_IN_WORDS.get(membership, membership) or node.detail
            self.graph.add(node)
        self._add_more(GROUPS, len(nodes) - len(_some(nodes)), "access groups")
        return [node.id.partition("/")[2] for node in nodes]

    async def _identities(self, groups, memberships, policies, drawn) -> None:
        """Add the identities that are in the groups or have policies of their own."""
        graph = self.graph
        if self.by_identity:
            for group, membership in memberships.items():
                known = f"access_groups/{group}" in graph.nodes
                end = f"access_groups/{group}" if known else MORE[GROUPS]
                graph.connect(graph.root, end, "member", membership if known else "")
            return
        if "identities" not in self.sees:
            return
        drawn_groups = [key for key in groups if f"access_groups/{key}" in graph.nodes]
        own = {policy["iam_id"] for policy in policies if not policy["access_group_id"]} - {None}
        first = [policy["iam_id"] for policy in drawn if not policy["access_group_id"]]
        found = await self._ask(FIRST_MEMBERS, groups=drawn_groups, most=MOST)
        order = [*first, *(row["iam_id"] for row in found), *sorted(own)]
        order = [key for key in dict.fromkeys(order) if key]
        (everybody,) = await self._ask(EVERYBODY, groups=groups, identities=own)
        total = everybody["number"]
        shown = order[:MOST] if total <= MOST else order[: MOST - 1]
        pairs = [
            (f"identities/{row['iam_id']}", f"access_groups/{row['access_group_id']}", row)
            for row in await self._ask(MEMBERSHIPS, groups=drawn_groups, identities=shown)
        ]
        # Who has policies of his own stands on top, the others beside their groups.
        places = {f"access_groups/{key}": place for place, key in enumerate(drawn_groups)}
        beside = {f"identities/{key}": -1 for key in first}
        for identity, group, _ in pairs:
            beside[identity] = min(beside.get(identity, len(places)), places[group])
        nodes = await self._named(shown)
        for node in sorted(nodes, key=lambda node: beside.get(node.id, len(places))):
            graph.add(node)
        self._add_more(IDENTITIES, total - len(nodes), "identities", await self._members())
        for identity, group, row in pairs:
            graph.connect(identity, group, "member", row["membership_type"])
        drawn_members = Counter(group for _, group, _ in pairs)
        for row in await self._ask(MEMBERS, groups=drawn_groups):
            group = f"access_groups/{row['access_group_id']}"
            if row["members"] > drawn_members[group]:
                graph.connect(MORE[IDENTITIES], group, "member")
        graph.connect(MORE[IDENTITIES], MORE[GROUPS], "member")

    async def _members(self) -> str | None:
        """The list of a group's members: no explorer has it."""
        if self.table != "access_groups":
            return None
        url = self.datasette.urls.table(self.name, "access_group_identities")
        return f"{url}?access_group_id={quote(self.key, safe='')}"

    # Policies and what they reach

    async def _draw_policies(self, policies, drawn) -> None:
        graph = self.graph
        keys = [policy["id"] for policy in drawn]
        sentences = {row["policy_id"]: row for row in await self._ask(SENTENCES, policies=keys)}
        nodes, holders = [], {}
        for policy in policies[: len(drawn)]:
            key = policy["id"]
            node = Node(
                f"policies/{key}",
                POLICIES,
                "policy",
                sentences[key]["roles"],
                sentences[key]["target"],
                self._url("policies", key),
            )
            nodes.append(node)
            holders[node.id] = self._holder(policy)
        places = {key: place for place, key in enumerate(graph.nodes)}
        nodes.sort(
            key=lambda node: (
                holders[node.id].startswith("access_groups/"),
                places.get(holders[node.id], len(places)),
                node.name,
                node.detail,
                node.id,
            )
        )
        for node in nodes:
            graph.add(node)
            graph.connect(holders[node.id], node.id, "grants")
        rest = policies[len(drawn) :]
        what = "policies; what they reach is not drawn"
        if self.table == "resource_service_instances":
            what = "policies"
        self._add_more(POLICIES, len(rest), what)
        for policy in rest:
            graph.connect(self._holder(policy), MORE[POLICIES], "grants")

    def _holder(self, policy) -> str:
        """The node of whom a policy is for, or the one that stands for it."""
        if policy["access_group_id"]:
            column, node = GROUPS, f"access_groups/{policy['access_group_id']}"
        else:
            column, node = IDENTITIES, f"identities/{policy['iam_id']}"
        return node if node in self.graph.nodes else MORE[column]

    async def _reach_root(self, policies) -> None:
        if not policies:
            return
        scopes = {row["policy_id"]: row["scope"] for row in await self._ask(SCOPES_OF_INSTANCE)}
        for node in self.graph.column(POLICIES):
            scope = scopes.get(node.id.partition("/")[2], "")
            self.graph.connect(node.id, self.graph.root, "reaches", scope)

    async def _resources(self, policies: list[str]) -> None:
        nodes: dict[str, Node] = {}
        edges: list[tuple[str, str, str]] = []
        if policies and "account management" in self.sees:
            for row in await self._ask(ACCOUNT_SERVICES, policies=policies):
                title, _, detail = row["title"].partition(" (")
                key, name, detail = REACHES.get(
                    row["reach"],
                    (row["service_name"], title, detail.rstrip(")") or "account management"),
                )
                key = f"account_services/{key}"
                nodes[key] = Node(key, RESOURCES, "account_service", name, detail)
                edges.append((row["policy_id"], key, row["scope"]))
        room = MOST - len(nodes)
        reached = await self._reached(policies, room)
        total = max((row["of_all"] for row in reached), default=0)
        width: dict[str, int] = {}
        for row in reached:
            for key in row["shown"]:
                width[key] = min(width.get(key, row["instances"]), row["instances"])
        shown = sorted(width, key=lambda key: (width[key], key))
        if total > room:
            shown = shown[: room - 1]
        for row in await self._ask(INSTANCES, instances=shown):
            node = _instance(row, self._url("resource_service_instances", row["id"]))
            nodes[node.id] = node
        for row in reached:
            mine = [key for key in row["shown"] if key in shown]
            for key in mine:
                edges.append((row["policy_id"], f"resource_service_instances/{key}", row["scope"]))
            if row["instances"] > len(mine):
                edges.append((row["policy_id"], MORE[RESOURCES], row["scope"]))
        self._add_resources(nodes, edges)
        self._add_more(RESOURCES, total - len(shown), "service instances")
        for policy, resource, scope in edges:
            self.graph.connect(f"policies/{policy}", resource, "reaches", scope)

    def _add_resources(self, nodes: dict[str, Node], edges) -> None:
        """Add resources at the height of the policies that reach them, so that few lines cross."""
        places = {node.id: place for place, node in enumerate(self.graph.column(POLICIES))}
        heights = defaultdict(list)
        for policy, resource, _ in edges:
            heights[resource].append(places[f"policies/{policy}"])
        for node in sorted(
            nodes.values(),
            key=lambda node: (
                sum(heights[node.id]) / len(heights[node.id]),
                node.kind,
                node.name.casefold(),
                node.id,
            ),
        ):
            self.graph.add(node)

    async def _reached(self, policies: list[str], room: int) -> list[dict[str, Any]]:
        if not policies or "service instances" not in self.sees:
            return []
        rows = await self._ask(REACHED, policies=policies, shown=room)
        return [{**row, "shown": json.loads(row["shown"])} for row in rows]

    # What is told beside the picture

    async def _remarks(self) -> None:
        graph = self.graph
        if "accounts" in self.sees:
            if self.by_identity:
                graph.owns = [row["account"] for row in await self._ask(OWNED)]
            elif self.table == "resource_service_instances":
                for row in await self._ask(OWNER):
                    for node in await self._named({row["owner"]}):
                        named = {"iam_id": row["owner"], "name": node.name, "url": node.url}
                        graph.owner = {"account": row["account"], **named}
        if self.by_identity and {"trustedprofiles", "trustedprofile_identities"} <= self.sees:
            graph.profiles = [
                {**row, "url": address(self.datasette, self.name, "trustedprofiles", row["id"])}
                for row in await self._ask(PROFILES, most=MOST_PROFILES)
            ]


def _instance(row, url: str) -> Node:
    states = () if row["state"] in (None, "active") else (row["state"],)
    detail = ", ".join(part for part in (row["service_name"], row["region_id"], *states) if part)
    key = f"resource_service_instances/{row['id']}"
    return Node(key, RESOURCES, "service_instance", row["name"] or row["id"], detail, url)
