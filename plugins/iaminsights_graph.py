"""The picture of access: who gets where, through which access groups and policies.

It is drawn by the server for one identity, access group or service instance and needs no script:
the lines are SVG, and what they connect is HTML over it, because the browser alone knows how wide a
text is in its fonts and can cut what does not fit. Below the picture stands a table that says the
same, and its JSON is beside it. Like its neighbours
it imports nothing of the package: Datasette loads it from the package and, under `datasette .`,
straight from this folder. Only what the reader may see is looked up.
"""

# No `from __future__ import annotations`: dataclasses would look their own module up for it, and
# Datasette loads the files of this folder as modules that cannot be looked up.

import functools
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from datasette import NotFound, Response, hookimpl
from datasette.database import QueryInterrupted
from datasette.plugins import pm
from datasette.utils import add_cors_headers, tilde_decode, tilde_encode

MOST = 25  # nodes in a column; where there are more, the last one stands for the rest
MOST_PROFILES = 25  # named below the picture

# How many instances are looked up for each kind of policy, and for how many milliseconds: first
# all of them; where that takes long, enough of them to fill the column.
ATTEMPTS = ((1_000_000_000, 250), (200, 500))

# The tables that have a picture: their key, and the explorer report that has all of it.
SUBJECTS = {
    **{
        table: (key, "what_can_identity_do", "identity")
        for table, key in (
            ("identities", "iam_id"),
            ("users", "id"),
            ("serviceids", "id"),
            ("trustedprofiles", "id"),
            ("access_groups", "id"),
        )
    },
    "resource_service_instances": ("id", "who_can_access_instance", "instance"),
}

# What a reader must be allowed to see for each part of the picture.
PARTS = {
    "access groups": ("access_groups", "access_group_members", "access_group_identities"),
    "policies": ("policies", "policy_roles", "roles"),
    "service instances": ("policy_instances", "resource_service_instances"),
    "account management": ("policy_account_services", "account_services"),
    "identities": ("identities",),
}
# Beyond those, what is told with the picture, where it may be seen.
EXTRAS = ("accounts", "search", "trustedprofiles", "trustedprofile_identities")

IDENTITIES, GROUPS, POLICIES, RESOURCES = range(4)
COLUMNS = ("Identities", "Access groups", "Policies", "Resources")
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


# --- What is asked of the file ------------------------------------------------------------------

GROUPS_OF_IDENTITY = """
    select members.access_group_id, members.membership_type
    from access_group_identities as members
    join access_groups on access_groups.id = members.access_group_id
    where members.iam_id = :key
      and (:account is null or access_groups.account_id = :account)
"""

# Policies that make administrators come first, should there be too many to draw.
_POLICIES = """
    select policies.id, policies.iam_id, policies.access_group_id
    from policies
    where policies.type = 'access'
      and policies.state = 'active'
      and {condition}
    order by
      not exists (
        select 1
        from policy_roles
        where policy_roles.policy_id = policies.id
          and policy_roles.role_id = 'crn:v1:bluemix:public:iam::::role:Administrator'
      ),
      policies.id
"""
POLICIES_OF_HOLDERS = _POLICIES.format(
    condition="""(
        (policies.iam_id = :key and policies.access_group_id is null)
        or policies.access_group_id in (select value from json_each(:groups))
      )
      and (:account is null or policies.account_id = :account)"""
)
POLICIES_OF_INSTANCE = _POLICIES.format(
    condition="""policies.id in (
        select policy_id from policy_instances where instance_id = :key
      )"""
)
SCOPES_OF_INSTANCE = "select policy_id, scope from policy_instances where instance_id = :key"

WORDS = """
    select
      policies.id,
      (
        select group_concat(display_name, ', ')
        from (
          select coalesce(roles.display_name, policy_roles.display_name, roles.role_id)
            as display_name
          from policy_roles
          join roles on roles.role_id = policy_roles.role_id
          where policy_roles.policy_id = policies.id
          order by display_name, roles.role_id
        )
      ) as roles
    from policies
    where policies.id in (select value from json_each(:policies))
"""
SENTENCES = """
    select key, name
    from search
    where table_name = 'policies' and key in (select value from json_each(:policies))
"""

GROUP_NAMES = """
    select access_group_id, name
    from access_group_summaries
    where access_group_id in (select value from json_each(:groups))
"""
IDENTITY_NAMES = """
    select iam_id, name, kind
    from identities
    where iam_id in (select value from json_each(:identities))
"""

# The members of several groups: how many each has, how many there are in all (with those who have
# policies of their own), the first of each group, and who is in which.
MEMBERS = """
    select access_group_id, count(*) as members
    from access_group_identities
    where access_group_id in (select value from json_each(:groups))
    group by access_group_id
"""
EVERYBODY = """
    select count(*) as number
    from (
      select iam_id
      from access_group_identities
      where access_group_id in (select value from json_each(:groups))
      union
      select value from json_each(:identities)
    )
"""
FIRST_MEMBERS = """
    select iam_id
    from (
      select
        members.access_group_id,
        members.iam_id,
        row_number() over (
          partition by members.access_group_id order by identities.name, members.iam_id
        ) as place
      from access_group_identities as members
      join identities on identities.iam_id = members.iam_id
      where members.access_group_id in (select value from json_each(:groups))
    )
    where place <= :most
    group by iam_id
    order by min(place), iam_id
    limit :most
"""
MEMBERSHIPS = """
    select access_group_id, iam_id, membership_type
    from access_group_identities
    where access_group_id in (select value from json_each(:groups))
      and iam_id in (select value from json_each(:identities))
"""

# Which instances some policies reach: of each policy how many, and which of those that are shown.
# Policies with the same target reach the same instances, so one policy of each target is asked
# about. What few policies' targets are about is shown first: the instances that are named.
REACHED = """
    with
      drawn as materialized (
        select policy_id, scope, target_id as target
        from policy_targets
        where policy_id in (select value from json_each(:policies))
      ),
      kinds as materialized (
        select distinct target from drawn
      ),
      reached as materialized (
        select kinds.target, each.value as instance_id
        from kinds
        join json_each((
          select json_group_array(instance_id)
          from (
            select instance_id
            from target_instances
            where target_id = kinds.target
            limit :most
          )
        )) as each
      ),
      widths as materialized (
        select target, count(*) as instances from reached group by target
      ),
      chosen as materialized (
        select reached.instance_id
        from reached
        join widths on widths.target = reached.target
        group by reached.instance_id
        order by min(widths.instances), reached.instance_id
        limit :shown
      ),
      pairs as materialized (
        select reached.target, json_group_array(reached.instance_id) as shown
        from reached
        join chosen on chosen.instance_id = reached.instance_id
        group by reached.target
      ),
      total as materialized (select count(distinct instance_id) as instances from reached)
    select
      drawn.policy_id,
      drawn.scope,
      widths.instances,
      coalesce(pairs.shown, '[]') as shown,
      total.instances as of_all
    from drawn
    join widths on widths.target = drawn.target
    join total
    left join pairs on pairs.target = drawn.target
"""
INSTANCES = """
    select id, coalesce(nullif(name, ''), guid, id) as name, service_name, region_id, state
    from resource_service_instances
    where id in (select value from json_each(:instances))
"""
ACCOUNT_SERVICES = """
    select reached.policy_id, reached.reach, reached.scope, services.service_name, services.title
    from policy_account_services as reached
    join account_services as services on services.service_name = reached.service_name
    where reached.policy_id in (select value from json_each(:policies))
"""

OWNED = """
    select account_id, coalesce(name, account_id) as account
    from accounts
    where owner = :key and (:account is null or account_id = :account)
    order by 2
"""
OWNER = """
    select coalesce(name, account_id) as account, owner
    from accounts
    where account_id = :account and owner is not null
"""
PROFILES = """
    select
      trustedprofiles.id,
      coalesce(nullif(trustedprofiles.name, ''), trustedprofiles.id) as name
    from trustedprofile_identities as identities
    join trustedprofiles on trustedprofiles.id = identities.tp_id
    where identities.iam_id = :key
      and (:account is null or trustedprofiles.account_id = :account)
    order by 2, 1
    limit :most
"""


# --- The graph ----------------------------------------------------------------------------------


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
    at_least: bool = False

    @property
    def full(self) -> str:
        """All that is known of it in one line: what does not fit is here."""
        if self.kind == "policy":
            return f"{self.name} on {self.detail}"
        return ": ".join(part for part in (self.name, self.detail) if part)


@dataclass
class Edge:
    """`kind` is member, grants or reaches; `detail` the membership, or how much is reached."""

    start: str
    end: str
    kind: str
    detail: str = ""


@dataclass
class Graph:
    root: str = ""
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: dict[tuple[str, str], Edge] = field(default_factory=dict)
    owns: list[str] = field(default_factory=list)  # accounts that the root owns
    owner: dict[str, Any] | None = None  # of the account that the root is in
    profiles: list[dict[str, str]] = field(default_factory=list)  # that the root may take on
    hidden: list[str] = field(default_factory=list)  # parts that the reader may not see
    gave_up: bool = False  # to look up what is reached

    def add(self, node: Node) -> str:
        self.nodes.setdefault(node.id, node)
        return node.id

    def connect(self, start: str, end: str, kind: str, detail: str = "") -> None:
        """Draw an edge, unless an end of it is not in the picture."""
        if start in self.nodes and end in self.nodes:
            self.edges.setdefault((start, end), Edge(start, end, kind, detail))

    def column(self, number: int) -> list[Node]:
        return [node for node in self.nodes.values() if node.column == number]

    def as_json(self) -> dict[str, Any]:
        nodes = []
        for node in self.nodes.values():
            named = {
                "id": node.id,
                "column": COLUMNS[node.column].lower(),
                "kind": node.kind,
                "name": node.name,
                "detail": node.detail,
                "url": node.url,
            }
            if node.more:
                named.update(more=node.more, at_least=node.at_least)
            nodes.append(named)
        return {
            "root": self.root,
            "nodes": nodes,
            "edges": [
                {"from": edge.start, "to": edge.end, "kind": edge.kind, "detail": edge.detail}
                for edge in self.edges.values()
            ],
            "owns_accounts": self.owns,
            "account_owner": self.owner,
            "may_take_on": self.profiles,
            "not_allowed_to_see": self.hidden,
            "gave_up_looking_up_resources": self.gave_up,
        }


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
        graph = self.graph
        for part, tables in PARTS.items():
            if await _may_see(self.datasette, self.actor, self.name, *tables):
                self.sees.add(part)
        for table in EXTRAS:
            if await _may_see(self.datasette, self.actor, self.name, table):
                self.sees.add(table)
        graph.hidden = [part for part in PARTS if part not in self.sees]
        self.all_of_it = await self._explorer()
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

    async def _explorer(self) -> str | None:
        """Where all of it is told, also what the picture has no room for."""
        _, report, parameter = SUBJECTS[self.table]
        known = await self.datasette.get_canned_queries(self.name, self.actor)
        if report not in known or not await _may_see(
            self.datasette, self.actor, self.name, report, action="view-query"
        ):
            return None
        url = self.datasette.urls.query(self.name, report)
        return f"{url}?{parameter}={quote(self.key, safe='')}"

    def _add_more(self, column: int, number: int, what: str, url=None, at_least=False) -> None:
        if number > 0:
            least = "at least " if at_least else ""
            name = f"and {least}{number:,} more"
            self.graph.add(
                Node(
                    MORE[column],
                    column,
                    "more",
                    name,
                    what,
                    url or self.all_of_it,
                    number,
                    at_least,
                )
            )

    async def _root(self) -> None:
        url = self._url(self.table, self.row[SUBJECTS[self.table][0]])
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
        roles = {row["id"]: row["roles"] for row in await self._ask(WORDS, policies=keys)}
        sentences = {}
        if "search" in self.sees:
            rows = await self._ask(SENTENCES, policies=keys)
            sentences = {row["key"]: row["name"] for row in rows}
        nodes, holders = [], {}
        for policy in policies[: len(drawn)]:
            key = policy["id"]
            granted = roles.get(key) or "no role"
            # The sentence is "whom: roles on what"; whom is drawn in the columns before.
            _, _, target = sentences.get(key, "").partition(f": {granted} on ")
            node = Node(
                f"policies/{key}",
                POLICIES,
                "policy",
                granted,
                target or sentences.get(key, key),
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
        self._add_more(
            RESOURCES,
            total - len(shown),
            "service instances",
            at_least=any(row["at_least"] for row in reached),
        )
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
        for most, milliseconds in ATTEMPTS:
            try:
                rows = await self.database.execute(
                    REACHED,
                    {"policies": json.dumps(policies), "most": most, "shown": room},
                    custom_time_limit=milliseconds,
                )
            except QueryInterrupted:
                continue
            return [
                {
                    **dict(row),
                    "shown": json.loads(row["shown"]),
                    "at_least": row["instances"] >= most,
                }
                for row in rows
            ]
        self.graph.gave_up = True
        return []

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
                {**row, "url": _address(self.datasette, self.name, "trustedprofiles", row["id"])}
                for row in await self._ask(PROFILES, most=MOST_PROFILES)
            ]


def _instance(row, url: str) -> Node:
    states = () if row["state"] in (None, "active") else (row["state"],)
    detail = ", ".join(part for part in (row["service_name"], row["region_id"], *states) if part)
    key = f"resource_service_instances/{row['id']}"
    return Node(key, RESOURCES, "service_instance", row["name"] or row["id"], detail, url)


# --- The picture --------------------------------------------------------------------------------

WIDTHS = (220, 220, 310, 250)  # of the columns, and what is between them
GAP, MARGIN, TOP = 80, 4, 40
HEIGHT, STEP = 42, 52  # of a node, and from one to the next
LANE = 9  # between policies' lines that pass by the access groups
LEFTS = [MARGIN + sum(WIDTHS[:place]) + GAP * place for place in range(4)]
WIDTH = LEFTS[-1] + WIDTHS[-1] + MARGIN

ENDING = 24  # characters of a policy's target that are seen however long it is


def _with_ending(text: str) -> tuple[str, str]:
    """A text in two: where there is too little room, the first is cut and the second seen."""
    text = " ".join(text.split())
    start, end = text[:-ENDING], text[-ENDING:]
    if start and " " in end:
        more, _, end = end.partition(" ")
        return start + more, f" {end}"
    # A word of another script stays whole: its letters may join or stand upon each other.
    return (start, end) if start and end.isascii() else (text, "")


def picture(graph: Graph) -> dict[str, Any]:
    """Where everything is: for the template."""
    edges = list(graph.edges.values())
    lanes = _lanes(graph, edges)
    block = 30 + LANE * len(lanes) if lanes else 0  # of the lanes, above the groups
    tallest = max(
        STEP * len(graph.column(number)) + (block if number == GROUPS else 0) for number in range(4)
    )
    tops = _tops(graph, edges, TOP + tallest, block)
    spots = {
        node.id: _spot(node, tops[node.id], node.id == graph.root) for node in graph.nodes.values()
    }
    ways: list[float] = []
    if lanes:
        # As high as the policies that they lead to, as far as there is room above the groups.
        own = [tops[edge.end] for edge in edges if edge.start in lanes and edge.kind == "grants"]
        highest = min((tops[node.id] for node in graph.column(GROUPS)), default=TOP + tallest)
        top = max(TOP, min(sum(own) / len(own) - block / 2, highest - block))
        ways = [top + 24 + LANE * place for place in range(len(lanes))]
    return {
        "width": WIDTH,
        "height": TOP + tallest + MARGIN,
        "columns": [
            {
                "title": COLUMNS[number],
                "number": sum(node.more or 1 for node in graph.column(number)),
                "x": LEFTS[number],
                "width": WIDTHS[number],
            }
            for number in range(4)
        ],
        "nodes": list(spots.values()),
        "edges": [
            {
                "style": edge.detail if edge.kind == "reaches" and edge.detail else edge.kind,
                "path": _path(spots, edge, dict(zip(lanes, ways, strict=True))),
                "title": _told(graph, edge),
            }
            for edge in edges
        ],
        "directly": ways and {"y": ways[0] - 10, "x": LEFTS[GROUPS] + WIDTHS[GROUPS] / 2},
    }


def _lanes(graph: Graph, edges: Iterable[Edge]) -> list[str]:
    """The identities whose own policies' lines pass by the access groups, from the top."""
    starts = {
        edge.start
        for edge in edges
        if graph.nodes[edge.start].column == IDENTITIES and graph.nodes[edge.end].column == POLICIES
    }
    return [node.id for node in graph.column(IDENTITIES) if node.id in starts]


def _tops(graph: Graph, edges: Iterable[Edge], bottom: float, block: float) -> dict[str, float]:
    """How high each node stands: the longest column first, the others beside what they lead to."""
    beside = defaultdict(list)
    for edge in edges:
        beside[edge.start].append(edge.end)
        beside[edge.end].append(edge.start)
    longest = max(range(4), key=lambda number: len(graph.column(number)))
    tops: dict[str, float] = {}
    for number in sorted(range(4), key=lambda number: abs(number - longest)):
        nodes = graph.column(number)
        at = TOP + (block if number == GROUPS else 0)
        for node in nodes:
            near = [tops[other] for other in beside[node.id] if other in tops]
            wanted = sum(near) / len(near) if near else at
            if len(nodes) == 1:
                wanted = min(wanted, TOP + 260)  # seen at once, also in a tall picture
            tops[node.id] = at = max(at, wanted)
            at += STEP
        at = bottom
        for node in reversed(nodes):
            at -= STEP
            tops[node.id] = min(tops[node.id], at)
            at = tops[node.id]
    return tops


def _spot(node: Node, y: float, is_root: bool) -> dict[str, Any]:
    return {
        "node": node,
        "x": LEFTS[node.column],
        "y": y,
        "width": WIDTHS[node.column],
        "height": HEIGHT,
        "detail": _with_ending(node.detail) if node.kind == "policy" else (node.detail, ""),
        "is_root": is_root,
    }


def _path(spots, edge: Edge, lanes: dict[str, float]) -> str:
    start, end = spots[edge.start], spots[edge.end]
    x, y = start["x"] + start["width"], start["y"] + HEIGHT / 2
    path = f"M{x} {y:g}"
    if edge.start in lanes and start["node"].column == IDENTITIES and edge.kind == "grants":
        lane, left, right = lanes[edge.start], LEFTS[GROUPS], LEFTS[GROUPS] + WIDTHS[GROUPS]
        path += f"C{x + GAP / 2:g} {y:g} {left - GAP / 2:g} {lane:g} {left} {lane:g}H{right}"
        x, y = right, lane
    to_x, to_y, bend = end["x"], end["y"] + HEIGHT / 2, GAP / 2
    return path + f"C{x + bend:g} {y:g} {to_x - bend:g} {to_y:g} {to_x} {to_y:g}"


def _told(graph: Graph, edge: Edge) -> str:
    start, end = graph.nodes[edge.start], graph.nodes[edge.end]
    words = {"member": "is in", "grants": "has", "reaches": "reaches"}[edge.kind]
    return f"{start.name} {words} {end.name}" + (f" ({edge.detail})" if edge.detail else "")


def paths(graph: Graph) -> list[dict[str, list]]:
    """The picture as a table: a row for each policy, and for each group that has none."""
    before, after = defaultdict(list), defaultdict(list)
    for edge in graph.edges.values():
        before[edge.end].append((graph.nodes[edge.start], edge.detail))
        after[edge.start].append((graph.nodes[edge.end], edge.detail))
    rows = []
    for group in graph.column(GROUPS):
        if not after[group.id]:
            rows.append(_row(before[group.id], [(group, "")], None, []))
    for policy in graph.column(POLICIES):
        groups = [node for node, _ in before[policy.id] if node.column == GROUPS]
        own = [(node, "") for node, _ in before[policy.id] if node.column == IDENTITIES]
        people = own + [one for group in groups for one in before[group.id]]
        people = list({node.id: (node, membership) for node, membership in people}.values())
        rows.append(_row(people, [(group, "") for group in groups], policy, after[policy.id]))
    rows.sort(key=lambda row: row["policy"] is None)
    return rows


def _row(identities, groups, policy, resources) -> dict[str, Any]:
    return {
        "identities": identities,
        "groups": groups,
        "policy": policy,
        "resources": resources,
        "scope": ", ".join(dict.fromkeys(scope for _, scope in resources if scope)),
    }


# --- The page -----------------------------------------------------------------------------------


@hookimpl
def register_routes():
    return [
        (
            r"^/-/iaminsights/graph/(?P<database>[^/]+)/(?P<table>[^/]+)/(?P<key>[^/.]+)"
            r"(?P<format>\.json)?$",
            _page,
        )
    ]


@hookimpl
def extra_template_vars(datasette):
    return {"graph_url": functools.partial(_graph_url, datasette)}


async def _graph_url(datasette, name: str, table: str, row) -> str | None:
    """Where the picture of a row is; None where there is none."""
    if table not in SUBJECTS or not await _has_all(datasette, name):
        return None
    return _address(datasette, name, table, row[SUBJECTS[table][0]])


def _address(datasette, name: str, table: str, key: str) -> str:
    return datasette.urls.path(
        f"/-/iaminsights/graph/{tilde_encode(name)}/{table}/{tilde_encode(key)}"
    )


async def _has_all(datasette, name: str) -> bool:
    """Whether a database is one of ours, of a version that has all that a picture needs."""
    database = datasette.databases.get(name)
    if database is None:
        return False
    known = {*await database.table_names(), *await database.view_names()}
    needed = {table for tables in PARTS.values() for table in tables}
    return {*needed, *SUBJECTS, *EXTRAS, "policy_targets", "access_group_summaries"} <= known


async def _page(datasette, request) -> Response:
    name, table, key = (
        tilde_decode(request.url_vars[part]) for part in ("database", "table", "key")
    )
    if table not in SUBJECTS or not await _has_all(datasette, name):
        raise NotFound("There is no such graph")
    await datasette.ensure_permissions(
        request.actor,
        [("view-table", (name, table)), ("view-database", name), "view-instance"],
    )
    rows = await datasette.databases[name].execute(
        f"select * from {table} where {SUBJECTS[table][0]} = :key", {"key": key}
    )
    if not rows.rows:
        raise NotFound("There is no such row")
    artist = Artist(datasette, request.actor, name, table, rows.rows[0])
    graph = await artist.draw()
    if request.url_vars["format"]:
        headers: dict[str, str] = {}
        if datasette.cors:
            add_cors_headers(headers)
        return Response.json(graph.as_json(), headers=headers)
    json_address = f"{_address(datasette, name, table, key)}.json"
    html = await datasette.render_template(
        "graph.html",
        {
            "database": name,
            "table": table,
            "graph": graph,
            "root": graph.nodes[graph.root],
            "picture": picture(graph),
            "paths": paths(graph),
            "all_of_it": artist.all_of_it,
            "json_url": json_address,
            "alternate_url_json": datasette.absolute_url(request, json_address),
        },
        request=request,
        view_name="iaminsights_graph",
    )
    return Response.html(html)


def _may_see(*reader_and_things, **options):
    """What the plugin beside this one says; Datasette knows it by the name of its file."""
    return pm.get_plugin("iaminsights.py").may_see(*reader_and_things, **options)
