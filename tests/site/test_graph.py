"""The picture of access: its nodes and edges on small hand-made accounts, and how it looks."""

from __future__ import annotations

import html
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from datasette.utils import tilde_encode
from playwright.sync_api import BrowserContext, Page, expect

from iaminsights.sandbox import Account, Sandbox
from iaminsights.site.graph import IDENTITIES, POLICIES, RESOURCES, Graph, Node
from iaminsights.site.labels import labels
from iaminsights.site.picture import picture

from ..browser import new_page
from ..conftest import collect_from
from ..report_rows import BUCKET, RULE
from ..site_helpers import BARE_DATASETTE, CHECKOUT, metadata_hiding, served

WIDE, NARROW = {"width": 1300, "height": 900}, {"width": 360, "height": 740}
HOSTILE = (
    "<script>alert('x')</script>",
    "\"quoted\" & 'quoted' </text></svg><img src=x onerror=alert(1)>",
    "👩🏽‍🚀 astronauts " * 6,
    "‮שלום עולם " * 5,
    "W" * 200,
    "漢字" * 60,
)


@pytest.fixture
def account():
    """Ada has access in every way; the rest are near misses."""
    account = Account("Acme", owner="Olga Owner")
    ada, bob = account.user("Ada Lovelace"), account.user("Bob Builder")
    robot = account.service_id("robot")
    lab = account.resource_group("lab")
    keys = account.instance("keys", "kms", region="eu-de", resource_group=lab)
    account.instance("other keys", "kms", region="eu-de")
    archive = account.instance("archive", "cloud-object-storage", region="global")
    team = account.group("Team", members=[ada], dynamic_members=[robot])
    others = account.group("Others", members=[bob])
    account.policy(ada, ["Manager"], service="kms", resource_group=lab)
    account.policy(ada, ["Administrator"], instance=archive, state="deleted")
    account.policy(ada, ["Editor"], service="iam-groups")
    account.policy(team, ["Reader"], service="cloud-object-storage", attributes=BUCKET)
    account.policy(team, ["Viewer"], service_type="platform_service")
    account.policy(others, ["Writer"], instance=archive)
    account.policy(bob, ["Viewer"], instance=keys, rule=RULE)
    profile = account.profile("auditor")
    account.profile_identity(profile, ada)
    account.policy(profile, ["Reader"], instance=archive)
    account.authorization(
        ["Reader"], {"serviceName": "cloud-object-storage"}, {"serviceName": "kms"}
    )
    return account


@pytest.fixture
def stranger():
    """An account with another Ada and another instance, which have nothing to do with Acme's."""
    account = Account("Elsewhere")
    ada = account.user("Ada Lovelace")
    account.policy(ada, ["Administrator"], service_type="service")
    account.instance("their keys", "kms", region="eu-de")
    account.group("Their team", members=[ada])
    return account


@pytest.fixture
def page(browser: BrowserContext) -> Iterator[Page]:
    """A page that fails its test on an error or on a request to another host."""
    with new_page(browser, WIDE) as page:
        complaints = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: said.type == "error" and complaints.append(f"console: {said.text}"),
        )
        page.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
        page.on(
            "request",
            lambda request: (
                urlsplit(request.url).hostname not in ("127.0.0.1", None)
                and complaints.append(request.url)
            ),
        )
        yield page
    assert complaints == []


def path_of(table: str, key: str, database="iaminsights") -> str:
    return f"/-/iaminsights/graph/{database}/{table}/{tilde_encode(key)}"


def until(moment: str) -> dict:
    key = "{{environment.attributes.current_date_time}}"
    return {"key": key, "operator": "dateTimeLessThan", "value": moment}


def drawn(site, table: str, key: str) -> tuple[set, set]:
    """Nodes and edges by their names, which tell more in a test than their IDs."""
    answer = site.get(path_of(table, key) + ".json").json()
    names = {node["id"]: node["name"] for node in answer["nodes"]}
    assert len(names) == len(answer["nodes"])
    nodes = {(node["column"], node["name"], node["detail"]) for node in answer["nodes"]}
    edges = {
        (names[edge["from"]], names[edge["to"]], edge["kind"], edge["detail"])
        for edge in answer["edges"]
    }
    return nodes, edges


def named(things: list[dict], name: str) -> dict:
    return next(thing for thing in things if thing["name"] == name)


def every_node(site, table: str, key: str) -> list[dict]:
    return site.get(path_of(table, key) + ".json").json()["nodes"]


# --- What is drawn --------------------------------------------------------------------------------

MANAGEMENT = ("All account management", "users, groups, policies, billing and so on")
OF_A_PERSON = (
    {
        ("identities", "Ada Lovelace", "person"),
        ("access groups", "Team", "static member"),
        ("access groups", "Public Access", "everyone in the account is a member"),
        ("policies", "Manager", "kms in resource group lab"),
        ("policies", "Editor", "iam-groups"),
        ("policies", "Reader", "bucket reports of cloud-object-storage"),
        ("policies", "Viewer", "All Account Management services"),
        ("resources", "keys", "kms, eu-de"),
        ("resources", "archive", "cloud-object-storage, global"),
        ("resources", "IAM Access Groups", "account management"),
        ("resources", *MANAGEMENT),
    },
    {
        ("Ada Lovelace", "Team", "member", "static"),
        ("Ada Lovelace", "Public Access", "member", "public"),
        ("Ada Lovelace", "Manager", "grants", ""),
        ("Ada Lovelace", "Editor", "grants", ""),
        ("Team", "Reader", "grants", ""),
        ("Team", "Viewer", "grants", ""),
        ("Manager", "keys", "reaches", "full"),
        ("Editor", "IAM Access Groups", "reaches", "full"),
        ("Reader", "archive", "reaches", "part"),
        ("Viewer", MANAGEMENT[0], "reaches", "full"),
    },
)


def test_all_ways_of_a_person_and_no_others(account, stranger, collected):
    ada = account.users[1]
    with served(collected(account, stranger)) as site:
        assert drawn(site, "users", ada["id"]) == OF_A_PERSON
        assert drawn(site, "identities", ada["iam_id"])[1] >= OF_A_PERSON[1]
        answer = site.get(path_of("users", ada["id"]) + ".json").json()
        text = site.text(path_of("users", ada["id"]))
    assert [profile["name"] for profile in answer["may_take_on"]] == ["auditor"]
    assert answer["owns_accounts"] == []
    assert answer["not_allowed_to_see"] == []
    assert "It can assume these trusted profiles, each with its own access: auditor ." in text
    assert "The graph shows what is configured, not what IAM decides" in text
    assert "Ada Lovelace Team Reader on bucket reports of cloud-object-storage archive part" in text


def test_a_group_with_its_members_and_what_they_reach(account, collected):
    with served(collected(account)) as site:
        nodes, edges = drawn(site, "access_groups", named(account.groups, "Team")["id"])
        text = site.text(path_of("access_groups", named(account.groups, "Team")["id"]))
    assert nodes == {
        ("identities", "Ada Lovelace", "person"),
        ("identities", "robot", "service ID"),
        ("access groups", "Team", "access group"),
        ("policies", "Reader", "bucket reports of cloud-object-storage"),
        ("policies", "Viewer", "All Account Management services"),
        ("resources", "archive", "cloud-object-storage, global"),
        ("resources", *MANAGEMENT),
    }
    assert edges == {
        ("Ada Lovelace", "Team", "member", "static"),
        ("robot", "Team", "member", "dynamic"),
        ("Team", "Reader", "grants", ""),
        ("Team", "Viewer", "grants", ""),
        ("Reader", "archive", "reaches", "part"),
        ("Viewer", MANAGEMENT[0], "reaches", "full"),
    }
    assert "robot dynamic" in text


def test_an_instance_with_whoever_reaches_it(account, collected):
    archive, keys = named(account.instances, "archive"), named(account.instances, "keys")
    with served(collected(account)) as site:
        nodes, edges = drawn(site, "resource_service_instances", archive["id"])
        of_keys = drawn(site, "resource_service_instances", keys["id"])[1]
        text = site.text(path_of("resource_service_instances", archive["id"]))
    assert nodes == {
        ("identities", "Ada Lovelace", "person"),
        ("identities", "Bob Builder", "person"),
        ("identities", "auditor", "trusted profile"),
        ("identities", "robot", "service ID"),
        ("access groups", "Team", "access group"),
        ("access groups", "Others", "access group"),
        ("policies", "Reader", "bucket reports of cloud-object-storage"),
        ("policies", "Reader", "cloud-object-storage instance archive"),
        ("policies", "Writer", "cloud-object-storage instance archive"),
        ("resources", "archive", "cloud-object-storage, global"),
    }
    assert edges == {
        ("Ada Lovelace", "Team", "member", "static"),
        ("robot", "Team", "member", "dynamic"),
        ("Bob Builder", "Others", "member", "static"),
        ("auditor", "Reader", "grants", ""),
        ("Team", "Reader", "grants", ""),
        ("Others", "Writer", "grants", ""),
        ("Reader", "archive", "reaches", "part"),
        ("Reader", "archive", "reaches", "full"),
        ("Writer", "archive", "reaches", "full"),
    }
    assert of_keys == {
        ("Ada Lovelace", "Manager", "grants", ""),
        ("Bob Builder", "Viewer", "grants", ""),
        ("Manager", "keys", "reaches", "full"),
        ("Viewer", "keys", "reaches", "conditional"),
    }
    assert "The owner of Acme is Olga Owner ." in text


def test_the_owner_is_said_to_have_all_access(account, collected):
    with served(collected(account)) as site:
        text = site.text(path_of("users", account.users[0]["id"]))
        answer = site.get(path_of("users", account.users[0]["id"]) + ".json").json()
    assert "Owner of the account Acme , with full access to everything in it." in text
    assert "No active policy in this file gives it any access." in text
    assert answer["owns_accounts"] == ["Acme"]


def test_every_kind_of_row_has_a_picture_and_its_page_leads_there(account, collected):
    path = collected(account)
    with closing(sqlite3.connect(path)) as database, served(path) as site:
        for table in ("identities", "users", "serviceids", "trustedprofiles", "access_groups",
                      "resource_service_instances"):  # fmt: skip
            for (key,) in database.execute(
                f"select {'iam_id' if table == 'identities' else 'id'} from {table}"
            ).fetchall():
                page = site.page(f"/iaminsights/{table}/{tilde_encode(key)}")
                assert f'<a href="{path_of(table, key)}">Show its access graph</a>' in page
                for link in set(re.findall(r'href="(/[^"]+)"', site.page(path_of(table, key)))):
                    site.follow(link)
        (policy,) = database.execute("select min(id) from policies").fetchone()
        assert "Show its access graph" not in site.page(f"/iaminsights/policies/{policy}")


# --- Too much for one picture ---------------------------------------------------------------------


def test_a_column_that_is_full_says_how_much_it_leaves_out(collected):
    account = Account("Crowded")
    everybody = [account.user(f"Person {number:02}") for number in range(40)]
    crowd = account.group("Crowd", members=everybody)
    store = [account.instance(f"store {number:02}") for number in range(30)]
    account.policy(crowd, ["Reader"], service="cloud-object-storage")
    account.policy(crowd, ["Writer"], instance=store[29])
    busy = account.user("Busy Person")
    for number in range(30):
        account.policy(busy, ["Reader"], instance=store[number])
    account.policy(busy, ["Administrator"], instance=store[0])
    for number in range(26):
        account.group(f"Group {number:02}", members=[busy])
    with served(collected(account)) as site:
        of_group = every_node(site, "access_groups", crowd["id"])
        _, edges = drawn(site, "access_groups", crowd["id"])
        of_busy = every_node(site, "users", busy["id"])
        _, edges_of_busy = drawn(site, "users", busy["id"])
        of_store = every_node(site, "resource_service_instances", store[29]["id"])
        (group_more,) = [node for node in of_group if node["id"] == "more/resources"]
        site.get(group_more["url"])
        answer = site.get(
            f"/iaminsights/access_group_identities.json?access_group_id={crowd['id']}"
        ).json()

    def more(nodes):
        return {n["column"]: (n["name"], n["more"]) for n in nodes if n["kind"] == "more"}

    assert more(of_group) == {
        "identities": ("and 16 more", 16),
        "resources": ("and 6 more", 6),
    }
    assert answer["filtered_table_rows_count"] == 40
    assert [node["column"] for node in of_group].count("identities") == 25
    assert [node["column"] for node in of_group].count("resources") == 25
    # What a policy names is drawn first, though it is the last by name.
    assert ("Writer", "store 29", "reaches", "full") in edges
    assert ("Writer", "and 6 more", "reaches", "full") not in edges
    assert ("Reader", "and 6 more", "reaches", "full") in edges
    assert ("and 16 more", "Crowd", "member", "") in edges
    # 31 policies: the administrator's is among the 24 that are drawn.
    assert more(of_busy) == {
        "access groups": ("and 3 more", 3),
        "policies": ("and 7 more", 7),
    }
    assert "Administrator" in [node["name"] for node in of_busy]
    assert ("Busy Person", "and 7 more", "grants", "") in edges_of_busy
    assert ("Busy Person", "and 3 more", "member", "") in edges_of_busy
    assert more(of_store) == {"identities": ("and 17 more", 17)}
    assert of_store[1]["url"].startswith("/iaminsights/")


def test_what_makes_privileged_is_drawn_whatever_its_role_is_called(collected):
    """Manager on all services is more than Manager on one, though both have the same name."""
    account = Account("Busy")
    busy = account.user("Busy Person")
    for number in range(30):
        account.policy(busy, ["Reader"], service="kms", id=f"policy-{number:02}")
    account.policy(busy, ["Manager"], service="logs", id="policy-y")
    account.policy(busy, ["Manager"], service_type="service", id="policy-z")
    with served(collected(account)) as site:
        nodes = every_node(site, "users", busy["id"])
    drawn_ids = {node["id"] for node in nodes if node["kind"] == "policy"}
    assert "policies/policy-z" in drawn_ids and "policies/policy-y" not in drawn_ids
    assert len(drawn_ids) == 24


@pytest.fixture
def climbers():
    """Mona is in a group that may do all; Paul may assume a profile that is; Vera is not."""
    account = Account("Acme")
    mona, paul, vera = (account.user(name) for name in ("Mona Member", "Paul Profile", "Vera"))
    admins = account.group("Admins", members=[mona])
    account.policy(admins, ["Administrator"], service_type="platform_service", id="all")
    account.policy(admins, ["Viewer"], service="kms", id="harmless")
    account.group("Readers", members=[mona, vera])
    profile = account.profile("deploy <b>")
    account.profile_identity(profile, paul)
    account.add_member(admins, profile)
    return account, mona, paul, vera, admins, profile


def test_who_and_what_is_privileged_is_marked(climbers, collected):
    account, mona, _, vera, admins, _ = climbers
    with served(collected(account)) as site:
        nodes = every_node(site, "access_groups", admins["id"])
        page = site.page(path_of("users", mona["id"]))
        of_vera = every_node(site, "users", vera["id"])
    marked = {node["name"] for node in nodes if node.get("privileged")}
    assert marked == {"Mona Member", "deploy <b>", "Admins", "Administrator"}
    assert not any(node.get("privileged") for node in of_vera)
    # In words, for whoever does not see colours; in the table as well.
    assert 'aria-label="Mona Member: person, privileged"' in page
    assert page.count('<span class="graph-mark">privileged</span>') > 3
    assert "Viewer on kms</bdi></a> <span" not in page


def test_an_escalation_path_is_drawn_and_told(climbers, collected, tmp_path):
    account, mona, paul, vera, admins, profile = climbers
    path = collected(account)
    with served(path) as site:
        answer, of_paul, of_vera = (
            site.get(path_of("users", one["id"]) + ".json").json() for one in (mona, paul, vera)
        )
        page = site.page(path_of("users", mona["id"]))
        text = site.text(path_of("users", paul["id"]))
        nothing = site.text(path_of("users", vera["id"]))
    (escalation,) = answer["escalations"]
    group = f"/iaminsights/access_groups/{admins['id']}"
    assert [(step["name"], step["url"]) for step in escalation["steps"]] == [
        ("access group Admins", group),
        ("full control", None),
    ]
    assert escalation["policy_id"] == "all" and escalation["path"].startswith("Mona Member → ")
    names = {node["id"]: node["name"] for node in answer["nodes"]}
    assert {
        (names[edge["from"]], names[edge["to"]])
        for edge in answer["edges"]
        if edge.get("escalates")
    } == {
        ("Mona Member", "Admins"),
        ("Admins", "Administrator"),
        ("Administrator", "full control"),
    }
    assert page.count(' marker-end="') == 3
    assert (
        "How Mona Member can gain full control: the path is shown in red, here and in the graph."
        in re.sub("<[^>]*>", "", page)
    )
    # Through a profile and its group, which are in the graph for the sake of the path only.
    assert [step["name"] for step in of_paul["escalations"][0]["steps"]] == [
        *("trusted profile deploy <b>", "access group Admins", "full control")
    ]
    names = {node["id"]: node["name"] for node in of_paul["nodes"]}
    assert [
        (names[edge["from"]], names[edge["to"]], edge["kind"], edge["detail"])
        for edge in of_paul["edges"]
        if edge.get("escalates")
    ] == [
        ("Paul Profile", "deploy <b>", "leads", "can assume it"),
        ("deploy <b>", "Admins", "member", "member"),
        ("Admins", "Administrator", "grants", ""),
        (
            *("Administrator", "full control", "leads"),
            "Administrator on all account management services",
        ),
    ]
    assert {node["name"] for node in of_paul["nodes"] if node.get("on_path")} == {
        *("deploy <b>", "Admins", "Administrator", "full control")
    }
    assert "Paul Profile can gain full control: the path is shown in red, here and" in text
    assert of_vera["escalations"] == [] and "Escalation path" not in nothing
    for hidden in ("shortest_escalation_paths", "policies", "access_groups"):
        with served(path, metadata=metadata_hiding(tmp_path, hidden)) as site:
            answer = site.get(path_of("users", paul["id"]) + ".json").json()
        assert answer["escalations"] == []


def test_a_chosen_path_to_anything_is_drawn(climbers, collected, tmp_path):
    account, mona, paul, vera, admins, _ = climbers
    account.instance("keys", "kms")
    account.policy(mona, ["Reader"], service="kms", id="own")
    path = collected(account)
    with served(path) as site:
        report = site.page("/iaminsights/paths_between?source=Mona+Member&target=keys")
        links = re.findall(r'<a href="([^"]*)">(\d): draw it</a>', report)
        pages = [site.page(html.unescape(link)) for link, _ in links]
        url = f"{path_of('identities', mona['iam_id'])}.json?to=keys&path="
        first, second, beyond, odd = (
            site.get(f"{url}{number}").json() for number in ("1", "2", "99", "x")
        )
        nowhere = site.page(f"{path_of('users', vera['id'])}?to=keys")
        of_group = site.get(f"{path_of('access_groups', admins['id'])}.json?to=keys").json()
    assert [number for _, number in links] == ["1", "2", "3"]
    assert all("Path to <bdi>kms keys</bdi>" in page for page in pages)
    assert [page.count(' marker-end="') for page in pages] == [2, 3, 4]
    assert [page.count('aria-current="true"') for page in pages] == [1, 1, 1]

    def drawn(answer):
        names = {node["id"]: node["name"] for node in answer["nodes"]}
        marked = [edge for edge in answer["edges"] if edge.get("escalates")]
        return [(names[edge["from"]], names[edge["to"]]) for edge in marked]

    assert drawn(first) == [("Mona Member", "Reader"), ("Reader", "keys")] == drawn(odd)
    assert drawn(second) == [
        *(("Mona Member", "Admins"), ("Admins", "Viewer"), ("Viewer", "keys")),
    ]
    assert drawn(beyond) == [
        *(("Mona Member", "Admins"), ("Admins", "Administrator")),
        *(("Administrator", "full control"), ("full control", "keys")),
    ]
    assert drawn(of_group) == [("Admins", "Viewer"), ("Viewer", "keys")]
    assert "No path leads from <bdi>Vera</bdi> to <bdi>keys</bdi>." in nowhere
    with served(path, metadata=metadata_hiding(tmp_path, "shortest_escalation_paths")) as site:
        assert site.get(f"{url}1").json()["escalations"] == []


LONG = "a-very-long-common-beginning-of-names"
MORE = "and-more-beyond-it"


@pytest.mark.parametrize(
    ("names", "parts"),
    [
        (["short", "names"], [("short", ""), ("names", "")]),
        # Alone, a name keeps its end: what is cut is in its middle.
        ([f"{LONG}-end"], [(LONG[:-6], "-names-end"[-10:])]),
        ([f"{LONG}-1", f"{LONG}-2"], [(LONG[:-8], "of-names-1"), (LONG[:-8], "of-names-2")]),
        (
            [f"{LONG}-dev-{MORE}", f"{LONG}-prod-{MORE}"],
            [(LONG[:-1], f"s-dev-{MORE}"), (LONG[:-1], f"s-prod-{MORE}")],
        ),
        (["", " " * 90], [("", ""), ("", "")]),
        (["שלום עולם " * 9], [(" ".join(["שלום עולם"] * 9), "")]),
        (["e\u0301" * 60], [("e\u0301" * 60, "")]),
    ],
)  # fmt: skip
def test_names_differ_where_they_differ(names, parts):
    assert [labels(names, 26)[name] for name in names] == parts


def test_cut_names_that_differ_look_different(collected, page):
    account = Account("Acme")
    group = account.group("Team")
    endings = ("dev-environment-of-shop", "qa-environment-of-shop", "dev-environment-of-desk")
    for ending in endings:
        account.add_member(group, account.service_id(f"terraform-automation-for-{ending}"))
    with served(collected(account)) as site:
        page.goto(site.url + path_of("access_groups", group["id"]))
        assert page.evaluate(OUTSIDE_THEIR_BOXES) == []
        shown = page.locator(".graph-service_id .graph-name").evaluate_all("""names => names.map(
            name => [...name.children].map(part => {
                const room = part.clientWidth / part.scrollWidth;
                return part.textContent.slice(0, Math.floor(part.textContent.length * room) - 1);
            }).join(" "))""")
    assert len({*shown}) == 3, shown


def test_on_a_phone_the_words_come_first(climbers, collected, page):
    account, mona, *_ = climbers
    with served(collected(account)) as site:
        tops = {}
        for width in (390, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(site.url + path_of("users", mona["id"]))
            boxes = [page.locator(one).bounding_box() for one in ("#words", "figure.graph")]
            tops[width] = [box["y"] for box in boxes]
    assert tops[390][0] < tops[390][1] and tops[1440][0] > tops[1440][1]


def test_25_fit(collected):
    account = Account("Full")
    crowd = account.group("Crowd", members=[account.user(f"P {n:02}") for n in range(25)])
    with served(collected(account)) as site:
        nodes = every_node(site, "access_groups", crowd["id"])
    assert len(nodes) == 26
    assert not [node for node in nodes if node["kind"] == "more"]


def test_what_the_widest_policies_reach_is_counted_whole(account, collected):
    """However much there is: what is left out is a number, never "at least"."""
    wide = account.user("Wide Person")
    account.policy(wide, ["Viewer"], service_type="service")
    account.policy(wide, ["Reader"], service="kms")
    for number in range(40):
        account.instance(f"store {number:02}")
    with served(collected(account)) as site:
        answer = site.get(path_of("users", wide["id"]) + ".json").json()
        _, edges = drawn(site, "users", wide["id"])
    more = [node for node in answer["nodes"] if node["kind"] == "more"]
    assert [(node["name"], node["more"]) for node in more] == [("and 19 more", 19)]
    # The narrower policy has all of its own drawn, the wider one the rest.
    assert {end for start, end, kind, _ in edges if (start, kind) == ("Reader", "reaches")} == {
        "keys", "other keys",
    }  # fmt: skip
    assert ("Viewer", "and 19 more", "reaches", "full") in edges


def test_a_policy_whose_time_is_over_leads_nowhere_and_is_not_drawn(collected):
    account = Account("Acme")
    ada, keys = account.user("Ada Lovelace"), account.instance("keys", "kms")
    account.policy(ada, ["Manager"], instance=keys, rule=until("2020-01-01T00:00:00+00:00"))
    account.policy(ada, ["Reader"], instance=keys, rule=until("2999-01-01T00:00:00+00:00"))
    with served(collected(account)) as site:
        _, edges = drawn(site, "users", ada["id"])
        assert {edge for edge in edges if "Public Access" not in edge} == {
            ("Ada Lovelace", "Reader", "grants", ""),
            ("Reader", "keys", "reaches", "conditional"),
        }


def test_policies_in_words_need_no_search(account, collected, tmp_path):
    """Who may not search still reads what policies say, and who may not read them does not."""
    path = collected(account)
    ada = account.users[1]
    told = {}
    for hidden in ("search", "policy_descriptions"):
        with served(path, metadata=metadata_hiding(tmp_path, hidden)) as site:
            told[hidden] = (
                site.text(path_of("users", ada["id"])),
                site.text(f"/iaminsights/users/{ada['id']}"),
            )
    words = "kms in resource group lab"
    assert all(words in text for text in told["search"])
    assert not any(words in text for text in told["policy_descriptions"])


# --- Who may see what -----------------------------------------------------------------------------


def test_what_a_reader_may_not_see_is_not_drawn(account, collected, tmp_path):
    path = collected(account)
    ada, team = account.users[1], named(account.groups, "Team")

    def seen(*hidden: str) -> tuple[set[str], str]:
        with served(path, metadata=metadata_hiding(tmp_path, *hidden)) as site:
            address = path_of("users", ada["id"])
            nodes = {node["column"] for node in every_node(site, "users", ada["id"])}
            for table in {*hidden} & {"access_groups"}:
                for ending in ("", ".json"):
                    site.get(path_of(table, team["id"]) + ending, status=403)
            return nodes, site.text(address)

    nodes, text = seen("policies")
    assert nodes == {"identities", "access groups"}
    assert "Not shown, because you do not have permission to see it: policies." in text
    assert "kms" not in text
    nodes, text = seen("access_group_members")
    assert nodes == {"identities", "policies", "resources"}
    assert "Team" not in text and "bucket" not in text
    nodes, text = seen("access_groups")
    assert "Team" not in text
    nodes, text = seen("resource_service_instances", "policy_account_services")
    assert nodes == {"identities", "access groups", "policies"}
    assert "service instances, account management" in text
    _, text = seen("identities", "policy_descriptions", "trustedprofiles", "accounts")
    assert "Ada Lovelace" not in text and "auditor" not in text and "lab" not in text
    assert "Not shown, because you do not have permission to see it: policies, identities." in text


def test_no_picture_of_what_is_not_there(account, collected, tmp_path):
    other = tmp_path / "other.sqlite3"
    with closing(sqlite3.connect(other)) as database:
        database.execute("create table users (id text primary key, iam_id text)")
        database.execute("insert into users values ('u', 'IBMid-1')")
        database.commit()
    with served(collected(account), other) as site:
        for address in (
            path_of("users", "nobody"),
            path_of("policies", "anything"),
            path_of("sqlite_master", "users"),
            path_of("users", "u", database="other"),
            path_of("users", "u", database="nowhere"),
        ):
            site.get(address, status=404)
            site.get(f"{address}.json", status=404)


def test_what_a_path_ends_at_is_on_top_and_moves_nothing_else():
    graph = Graph()
    graph.root = graph.add(Node("users/ada", IDENTITIES, "user", "Ada"))
    for number in range(3):
        policy = graph.add(Node(f"policies/{number}", POLICIES, "policy", f"Policy {number}"))
        graph.connect(graph.root, policy, "grants")
        for place in range(5):
            key = f"resource_service_instances/{number}-{place}"
            thing = graph.add(Node(key, RESOURCES, "service_instance", key))
            graph.connect(policy, thing, "reaches", "full")

    def tops() -> dict[str, float]:
        return {spot["node"].id: spot["y"] for spot in picture(graph)["nodes"]}

    before = tops()
    end = graph.add(Node("ends/full control", RESOURCES, "end", "full control", on_path=True))
    graph.connect("policies/0", end, "leads")
    after = tops()
    (moved,) = {after[key] - before[key] for key in before if not key.startswith("users/")}
    assert after[end] == before["resource_service_instances/0-0"]
    assert after["resource_service_instances/0-0"] == after[end] + moved > after[end]


def test_a_closed_site_shows_no_picture(account, collected, tmp_path):
    metadata = tmp_path / "closed.yml"
    metadata.write_text("allow: false\n")
    with served(collected(account), metadata=metadata) as site:
        for ending in ("", ".json"):
            site.get(path_of("users", account.users[1]["id"]) + ending, status=403)


# --- Everywhere the same, once --------------------------------------------------------------------


def test_the_plugin_is_there_once_also_beside_the_installed_one(account, collected, tmp_path):
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "iaminsights_graph.py").symlink_to(CHECKOUT / "plugins" / "iaminsights_graph.py")
    path, address = collected(account), path_of("users", account.users[1]["id"])
    numbers = []
    for arguments in ((), ("--plugins-dir", folder)):
        with served(path, *arguments) as site:
            plugins = site.get("/-/plugins.json").json()
            numbers.append(sum("register_routes" in plugin["hooks"] for plugin in plugins))
            site.get(address)
    assert numbers[0] == numbers[1] >= 2


def test_the_folder_alone_is_enough(account, collected):
    """`datasette .` in a checkout: hooks from the folder, all else from the package."""
    plugins = ("--plugins-dir", CHECKOUT / "plugins")
    with served(collected(account), *plugins, command=BARE_DATASETTE) as site:
        assert "keys" in site.text(path_of("users", account.users[1]["id"]))


def test_behind_a_base_url(account, collected):
    with served(collected(account), "--setting", "base_url", "/iam/") as site:
        page = site.page("/iam" + path_of("users", account.users[1]["id"]))
    assert "/iam/iaminsights/policies/" in page
    assert not re.search(r'href="/(?!iam/)', page)


# --- How it looks ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """People, groups and instances with names that break pictures: account, a group, site."""
    account = Account("<script>alert('account')</script>")
    for number, name in enumerate(HOSTILE):
        who = account.service_id(name)
        group = account.group(name, members=[who])
        store = account.instance(name, "kms")
        account.policy(group, ["Reader"], instance=store)
        if number == 0:
            account.policy(who, ["Writer"], instance=store)
    everything = account.group("All of them", members=account.service_ids)
    account.policy(everything, ["Viewer"], service="kms")
    path = tmp_path_factory.mktemp("hostile") / "iaminsights.sqlite3"
    with Sandbox(account) as sandbox:
        collect_from(sandbox, account, path)
    with served(path) as site:
        yield account, everything, site


# Letters as wide and as narrow as fonts have them, and what is installed here.
LETTERS = {"own": "", "wide": "letter-spacing: .3em", "narrow": "letter-spacing: -.06em"}
OUTSIDE_THEIR_BOXES = """() => {
    const inside = (one, box) => one.left >= box.left && one.right <= box.right
        && one.top >= box.top && one.bottom <= box.bottom;
    return [...document.querySelectorAll('.graph-node')].flatMap(node =>
        [...node.querySelectorAll('.graph-name, .graph-name span, .graph-detail bdi')]
            .filter(text => !inside(text.getBoundingClientRect(), node.getBoundingClientRect())
                || !['hidden', 'clip'].includes(getComputedStyle(text).overflowX)
                || getComputedStyle(text).textOverflow !== 'ellipsis')
            .map(text => text.textContent));
}"""
CUT = """(selector) => [...document.querySelectorAll(selector)]
    .filter(text => text.scrollWidth > text.clientWidth).map(text => text.textContent)"""


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide window", "narrow window"])
@pytest.mark.parametrize("letters", LETTERS)
def test_names_are_text_and_stay_inside_their_boxes(hostile, page, letters, size):
    account, everything, site = hostile
    page.set_viewport_size(size)
    address = path_of("access_groups", everything["id"])
    names = {node["name"] for node in every_node(site, "access_groups", everything["id"])}
    assert {name.strip() for name in HOSTILE} <= {name.strip() for name in names}
    for source in (site.page(address), site.page(path_of(
        "serviceids", account.service_ids[0]["id"]
    ))):  # fmt: skip
        assert "<script>alert(" not in source
        assert "<img" not in source
    page.goto(site.url + address)
    page.add_style_tag(content=".graph * { " + LETTERS[letters] + " }")
    expect(page.locator(".graph-node")).to_have_count(14)
    assert page.evaluate(OUTSIDE_THEIR_BOXES) == []
    cut = page.evaluate(CUT, ".graph-name, .graph-name span")
    assert cut.count("W" * 190) == 2 and "All of them" not in cut
    assert page.locator(f".graph-node[title*={'W' * 200}]").count() == 2


def test_what_limits_a_policy_is_seen_however_long_its_target_is(collected, page):
    account = Account("Acme")
    group = account.group("Team", members=[account.user("Ada")])
    lab = account.resource_group("lab")
    account.policy(group, ["Viewer"], service="databases-for-postgresql", resource_group=lab)
    account.policy(group, ["Viewer"], service="kms")
    for name in ("a" * 80 + "-prod", "漢" * 80):
        account.policy(group, ["Viewer"], instance=account.instance(name, "logs"))
    with served(collected(account)) as site:
        page.goto(site.url + path_of("access_groups", group["id"]))
        assert page.evaluate(OUTSIDE_THEIR_BOXES) == []
        targets = page.locator(".graph-policy .graph-detail")
        told = [
            tuple(target.locator("bdi").all_text_contents())
            for target in targets.filter(has=page.locator("bdi")).all()
        ]
        told.sort()
        assert told == [
            ("databases-for-postgresql", " in resource group lab"),
            ("kms",),
            ("logs instance " + "a" * 61, "a" * 19 + "-prod"),
            ("logs instance " + "漢" * 80,),
        ]
        assert page.evaluate(CUT, ".graph-ending") == []
        cut = page.evaluate(CUT, ".graph-policy .graph-detail bdi")
        assert {told[2][0], told[3][0]} <= set(cut) and "kms" not in cut


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_picture_is_inside_the_window_and_its_links_lead_on(account, collected, page, size):
    page.set_viewport_size(size)
    with served(collected(account)) as site:
        page.goto(site.url + f"/iaminsights/users/{account.users[1]['id']}")
        page.get_by_role("link", name="Show its access graph").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Access of Ada Lovelace")
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
        box = page.locator(".graph-box").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= size["width"]
        wider = page.evaluate(
            "(box => box.scrollWidth - box.clientWidth)(document.querySelector('.graph-box'))"
        )
        assert (wider > 0) == (size is NARROW)  # then it scrolls inside itself
        # Nothing covers anything else, and every line begins and ends at a node.
        covered = page.evaluate(
            """() => {
                const boxes = [...document.querySelectorAll('.graph-node')]
                    .map(node => node.getBoundingClientRect());
                return boxes.some((a, i) => boxes.some((b, j) => i < j && a.left < b.right
                    && b.left < a.right && a.top < b.bottom && b.top < a.bottom));
            }"""
        )
        assert not covered
        styles = page.evaluate(
            """() => Object.fromEntries(['full', 'part', 'conditional'].map(style =>
                [style, getComputedStyle(document.querySelector(
                    `.graph-legend .graph-${style}`)).strokeDasharray]))"""
        )
        assert len(set(styles.values())) == 3  # they differ without their colours
        link = page.locator(".graph-box a", has_text="Team")
        link.focus()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
        expect(link).to_be_focused()
        assert link.evaluate("link => getComputedStyle(link).outlineStyle") == "solid"
        page.keyboard.press("Enter")
        expect(page).to_have_url(
            f"{site.url}/iaminsights/access_groups/{named(account.groups, 'Team')['id']}"
        )


def test_the_picture_prints_and_is_readable_in_the_dark(account, collected, page):
    with served(collected(account)) as site:
        page.emulate_media(color_scheme="dark")
        page.goto(site.url + path_of("users", account.users[1]["id"]))
        colours = page.evaluate(
            """() => ['color', 'backgroundColor'].map(
                one => getComputedStyle(document.querySelector('a.graph-node'))[one])"""
        )
        light, dark = (sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in colours)
        assert light - dark > 300
        page.emulate_media(media="print", color_scheme="light")
        box = page.locator(".graph-box")
        assert box.evaluate("box => box.scrollWidth - box.clientWidth") <= 0
        expect(page.locator(".graph-paths")).to_be_visible()


def test_the_json_is_told_to_browsers(account, collected):
    with served(collected(account)) as site:
        answer = site.get(path_of("users", account.users[1]["id"]))
    address = path_of("users", account.users[1]["id"]) + ".json"
    assert f'href="{site.url}{address}"' in answer.text
    assert json.dumps(address)[1:-1] in answer.text
