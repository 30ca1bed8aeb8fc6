"""Publishing as docs/publishing.md says: nothing without a login, and nothing but one's own host.

The configuration and the commands are taken out of that page and run as they stand there. No
container is built: that needs a container engine and an image from elsewhere. The instructions of
the Containerfile are followed in a folder instead, in their order.
"""

from __future__ import annotations

import http.client
import http.server
import json
import os
import re
import shlex
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import yaml
from playwright.sync_api import BrowserContext, Page, expect

from iaminsights.files import METADATA, project_file
from iaminsights.reports.report import MARKER
from iaminsights.site.content_policy import DATA_POLICY
from iaminsights_plugins import iaminsights_warning as warning

from ..browser import new_page, see_chart
from ..site_helpers import CHECKOUT, DATASETTE, Site, address, served

PAGE = (CHECKOUT / "docs" / "publishing.md").read_text(encoding="utf-8")
LOGIN, SOME_SQL, OWN_POLICY = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [
    shlex.split(command)
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for command in block.replace("\\\n", "").splitlines()
]
LOCAL, BEHIND_A_LOGIN, AT_A_SOCKET = (line for line in COMMANDS if line[0] == "datasette")

FILES_OF_THE_SITE = (
    *("/-/static/", "/-/static-plugins/"),
    *("/-/iaminsights/site.", "/-/iaminsights/favicon."),
)
WARNED = 'class="warning"'
ASKED = "identity=Data+Analysts&role_or_action=Viewer&target=ledger"


def arguments(command: list[str], path: Path) -> list[str]:
    """What a documented command says after `datasette`, for this file, without its metadata."""
    told = [str(path) if word == path.name else word for word in command[1:]]
    at = told.index("-m")
    return told[:at] + told[at + 2 :]


def metadata_with(folder: Path, *written: str) -> Path:
    """metadata.yml with what the user wrote into the part that is the user's."""
    head, marker, assembled = project_file(METADATA).read_text(encoding="utf-8").partition(MARKER)
    path = folder / METADATA
    path.write_text(f"{head}{''.join(written)}{marker}{assembled}", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def secrets() -> dict[str, str]:
    """The variables that the documented commands set; the password is asked for on a terminal."""
    block = next(block for block in PAGE.split("```sh\n") if block.startswith("pip install datas"))
    script = block.partition("```")[0].replace("pip install", ": pip install")
    script = script.replace("hash-password", "hash-password --no-confirm <<< correct-horse")
    show = 'printf "%s\\n%s" "$AUDITOR_PASSWORD_HASH" "$DATASETTE_SECRET"'
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-e", "-c", script + show],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": path},
    )
    hashed, secret = done.stdout.split("\n")
    return {"AUDITOR_PASSWORD_HASH": hashed, "DATASETTE_SECRET": secret}


@pytest.fixture(scope="module")
def guarded(sample_file, secrets, tmp_path_factory):
    """The sample account behind a login, served by the documented command."""
    metadata = metadata_with(tmp_path_factory.mktemp("guarded"), LOGIN)
    with served(*arguments(BEHIND_A_LOGIN, sample_file), metadata=metadata, **secrets) as site:
        yield site


@pytest.fixture(scope="module")
def open_site(sample_file):
    with served(*arguments(LOCAL, sample_file)) as site:
        yield site


@contextmanager
def visitor(site, password: str | None = None) -> Iterator[requests.Session]:
    """Somebody with a browser's cookies, who logs in first if there is a password to try."""
    with requests.Session() as session:
        session.trust_env = False
        if password is not None:
            form = session.get(f"{site.url}/-/login").text
            token = re.search(r'name="csrftoken" value="([^"]+)"', form)[1]
            login = {"username": "auditor", "password": password, "csrftoken": token}
            session.post(f"{site.url}/-/login", data=login, allow_redirects=False)
        yield session


@pytest.fixture(scope="module")
def auditor(guarded):
    with visitor(guarded, "correct-horse") as session:
        yield session


@pytest.fixture(scope="module")
def names(sample_file) -> list[str]:
    """Names of all kinds that the sample account holds, none of which is a word of the site."""
    with closing(sqlite3.connect(sample_file)) as database:
        rows = database.execute(
            "select name from accounts union select name from access_groups "
            "union select name from identities where kind in ('user', 'service_id') "
            "union select email from users union select name from resource_service_instances "
            "union select id from policies union select account_id from accounts"
        ).fetchall()
    found = [name for (name,) in rows if name and len(name) > 4]
    assert len(found) > 50
    return found


@pytest.fixture(scope="module")
def user_row(sample_file) -> str:
    with closing(sqlite3.connect(sample_file)) as database:
        return database.execute("select min(id) from users").fetchone()[0]


def kinds_of_addresses(user_row: str) -> list[str]:
    """An address of each kind that Datasette and our plugins answer."""
    report, row = "/iaminsights/users_not_in_access_group", f"/iaminsights/users/{user_row}"
    policy = "6d273e70-4830-41df-8b55-e5163a668732"
    without_a_policy = f"/-/iaminsights/without/iaminsights/policies/{policy}"
    return [
        *("/", "/.json", "/iaminsights", "/iaminsights.json", "/iaminsights.db"),
        *(f"/iaminsights{kind}?sql=select+*+from+users" for kind in ("", ".json", ".csv")),
        *(f"/iaminsights/users{kind}" for kind in ("", ".json", ".csv", ".csv?_stream=on")),
        "/iaminsights/users?_facet=realm",
        "/iaminsights/users.csv?_dl=on",
        *(f"{report}{kind}" for kind in ("", ".json", ".csv")),
        *(f"{row}{kind}" for kind in ("", ".json", ".blob?_blob_column=email")),
        "/iaminsights/effective_access.json?_size=1",
        "/iaminsights/find?text=a",
        *(f"/-/iaminsights/graph/iaminsights/users/{user_row}{kind}" for kind in ("", ".json")),
        *(f"/-/iaminsights/why/iaminsights{kind}?{ASKED}" for kind in ("", ".json")),
        *(f"{without_a_policy}{kind}" for kind in ("", ".json")),
        *(f"/-/{name}" for name in ("metadata", "versions", "plugins", "settings", "databases")),
        *(f"/-/{name}.json" for name in ("metadata", "versions", "plugins", "settings")),
        *("/-/databases.json", "/-/threads", "/-/actor.json", "/-/permissions", "/-/messages"),
        *("/-/patterns", "/-/logout", "/-/auth-token", "/_internal", "/_internal.json"),
    ]


# --- Behind a login -------------------------------------------------------------------------------


def test_without_a_login_no_kind_of_address_gives_anything(guarded, names, user_row):
    with visitor(guarded) as anybody:
        for path in kinds_of_addresses(user_row):
            answer = anybody.get(guarded.url + path, allow_redirects=False)
            assert answer.status_code in (302, 403), path
            assert [name for name in names if name in answer.text] == [], path


def test_without_a_login_no_link_of_the_site_gives_anything(guarded, auditor, names, user_row):
    pages = ("/", "/iaminsights", "/iaminsights/users", f"/iaminsights/users/{user_row}")
    links = set()
    for page in pages:
        answer = auditor.get(guarded.url + page)
        assert answer.status_code == 200
        found = re.findall(r'(?:href|src|action)="([^"#]+)', answer.text)
        links |= {link.replace("&amp;", "&") for link in found}
    own = {link.removeprefix(guarded.url) for link in links}
    own = {link for link in own if link.startswith("/")}
    assert len(own) > 100
    with visitor(guarded) as anybody:
        for link in own:
            answer = anybody.get(guarded.url + link, allow_redirects=False)
            if link.startswith(FILES_OF_THE_SITE):
                continue
            assert answer.status_code in (302, 403), link
            assert [name for name in names if name in answer.text] == [], link


@pytest.mark.parametrize("path", ["/-/login", "/-/password-tool", "/-/allow-debug", "/nothing"])
def test_what_stays_open_holds_nothing_of_the_account(guarded, names, path):
    with visitor(guarded) as anybody:
        answer = anybody.get(guarded.url + path)
    assert answer.status_code in (200, 404)
    assert [name for name in names if name in answer.text] == []


def test_nobody_can_tell_whether_a_row_exists(guarded, user_row):
    with visitor(guarded) as anybody:
        there = anybody.get(f"{guarded.url}/iaminsights/users/{user_row}")
        missing = anybody.get(f"{guarded.url}/iaminsights/users/{'0' * 32}")
    assert (there.status_code, there.text) == (missing.status_code, missing.text)


def test_with_a_login_everything_is_there_but_the_file(guarded, auditor, user_row):
    for path in kinds_of_addresses(user_row):
        status = auditor.get(guarded.url + path, allow_redirects=False).status_code
        if path in ("/iaminsights.db", "/-/permissions", "/-/auth-token") or "internal" in path:
            assert status == 403, path
        else:
            assert status == 200, path
    rows = auditor.get(f"{guarded.url}/iaminsights/users.json?_shape=array").json()
    assert user_row in [row["id"] for row in rows]


def test_a_wrong_password_is_no_login(guarded):
    with visitor(guarded, "battery-staple") as anybody:
        assert anybody.get(f"{guarded.url}/iaminsights/users.json").status_code == 403


def test_programs_log_in_with_each_request(guarded):
    command = next(line for line in COMMANDS if line[0] == "curl")
    url = guarded.url + urlsplit(command[-1]).path
    answer = requests.get(url, auth=(command[command.index("--user") + 1], "correct-horse"))
    assert answer.status_code == 200 and "iam_id" in answer.text.splitlines()[0]


def test_neither_hash_nor_secret_is_on_the_site(guarded, auditor, secrets):
    for page in ("metadata", "plugins", "settings", "versions"):
        text = auditor.get(f"{guarded.url}/-/{page}.json").text
        assert not [value for value in secrets.values() if value in text]


def test_another_secret_shuts_everybody_out_and_nothing_else_does(
    auditor, sample_file, secrets, tmp_path
):
    without = metadata_with(tmp_path, LOGIN.replace("auditor_", "other_"))
    for secret, status in ((secrets["DATASETTE_SECRET"], 200), ("another", 403)):
        with served(
            sample_file, metadata=without, **{**secrets, "DATASETTE_SECRET": secret}
        ) as site:
            assert auditor.get(f"{site.url}/iaminsights").status_code == status


def test_assembling_the_metadata_again_leaves_the_login_in_it(tmp_path):
    metadata = metadata_with(tmp_path, LOGIN)
    (tmp_path / "canned_queries").mkdir()
    command = [Path(sys.executable).parent / "iaminsights", "metadata"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assembled = yaml.safe_load(metadata.read_text(encoding="utf-8"))
    assert {name: assembled[name] for name in ("allow", "plugins")} == yaml.safe_load(LOGIN)


def test_sql_can_be_left_to_some(sample_file, secrets, tmp_path):
    settings = ("--setting", "default_allow_sql", "off")
    query = "/iaminsights.json?sql=select+1"
    for written, status in ((LOGIN, 403), (LOGIN + SOME_SQL, 200)):
        metadata = metadata_with(tmp_path, written)
        with (
            served(sample_file, *settings, metadata=metadata, **secrets) as site,
            visitor(site, "correct-horse") as reader,
        ):
            assert reader.get(site.url + query).status_code == status
            assert reader.get(f"{site.url}/iaminsights/policies.json?type=access").json()["rows"]
            report = reader.get(f"{site.url}{address('users_not_in_access_group', '.json')}")
            assert report.json()["rows"]


# --- Immutable ------------------------------------------------------------------------------------


def test_an_immutable_file_gives_the_same_site(sample_file, user_row):
    paths = ["/", "/iaminsights", "/iaminsights/users", f"/iaminsights/users/{user_row}"]
    paths += [address(name, kind) for name in OF_EVERY_KIND for kind in ("", ".csv")]
    paths += ["/iaminsights/policies.json?_facet=type&_shape=array"]
    # No limits of time: what a busy machine leaves out would be a difference, too.
    limits = ("sql_time_limit_ms", "facet_time_limit_ms", "facet_suggest_time_limit_ms")
    told = [word for limit in limits for word in ("--setting", limit, "60000")]
    told += ["--setting", "allow_download", "off"]
    with served(sample_file, *told) as mutable, served("-i", sample_file, *told) as immutable:
        for path in paths:
            assert plain(immutable, path) == plain(mutable, path), path
        assert immutable.get("/-/databases.json").json()[0]["is_mutable"] is False
        immutable.get("/iaminsights.db", 403)


OF_EVERY_KIND = ("policies_by_last_permit", "users_not_in_access_group", "what_can_identity_do")


def plain(site, path: str) -> str:
    """A page without its own address, the time that queries took and rows too many to count."""
    page = site.page(path).replace(site.url, "")
    return re.sub(r"[\d.]+ms|[\d,]+ rows?(?=</td>)|many rows", "", page)


def test_an_immutable_file_can_be_downloaded_unless_that_is_off(sample_file):
    with served("-i", sample_file) as site:
        assert site.get("/iaminsights.db").content == sample_file.read_bytes()


# --- The warning ----------------------------------------------------------------------------------


def test_this_machine_only_needs_no_warning(open_site):
    assert WARNED not in open_site.page("/")


@pytest.mark.parametrize("host", [["--host", "0.0.0.0"], ["-h0.0.0.0"]])
def test_a_site_for_all_machines_warns_those_of_this_one(sample_file, host):
    with served(sample_file, *host) as site:
        assert warning.WARNING in site.text("/")


def test_a_site_for_all_machines_with_a_login_does_not_warn(sample_file, secrets, tmp_path):
    metadata = metadata_with(tmp_path, LOGIN)
    with (
        served(sample_file, "--host", "0.0.0.0", metadata=metadata, **secrets) as site,
        visitor(site, "correct-horse") as reader,
    ):
        home = reader.get(site.url)
        assert home.status_code == 200 and WARNED not in home.text


def test_a_database_that_is_open_on_its_own_is_warned_of(sample_file, secrets, tmp_path):
    metadata = metadata_with(tmp_path, LOGIN)
    described = yaml.safe_load(metadata.read_text(encoding="utf-8"))
    described["databases"]["iaminsights"]["allow"] = True
    metadata = tmp_path / "metadata.json"
    metadata.write_text(json.dumps(described))
    with (
        served(sample_file, "--host", "0.0.0.0", metadata=metadata, **secrets) as site,
        visitor(site, "correct-horse") as reader,
    ):
        assert WARNED in reader.get(site.url).text
        assert requests.get(f"{site.url}/iaminsights").status_code == 200


def test_a_socket_serves_without_a_warning(sample_file):
    with tempfile.TemporaryDirectory() as folder:  # pytest's are too deep for the name of a socket
        path = f"{folder}/site.sock"
        told = arguments(AT_A_SOCKET, sample_file)
        with served_at_socket([path if "/run/" in word else word for word in told]):
            connection = http.client.HTTPConnection("site")
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.connect(path)
            with closing(connection):
                connection.request("GET", "/")
                answer = connection.getresponse()
                page = answer.read().decode()
    assert answer.status == 200
    assert WARNED not in page


@contextmanager
def served_at_socket(command: list[str]) -> Iterator[None]:
    process = subprocess.Popen(
        [*DATASETTE, "serve", *command, "-m", str(project_file(METADATA))],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    log: list[str] = []
    reader = threading.Thread(target=log.extend, args=(process.stderr,))
    try:
        for line in process.stderr:
            log.append(line)
            if "running on" in line:
                break
        else:
            raise AssertionError("".join(log))
        reader.start()
        yield
    finally:
        process.terminate()
        process.wait(10)
        if reader.ident:
            reader.join()
        process.stderr.close()


@pytest.mark.parametrize(
    ("server", "command", "beyond"),
    [
        (("127.0.0.1", 8001), "datasette x.db", False),
        (("127.0.0.1", 8001), "datasette x.db --host localhost", False),
        (("127.0.0.1", 8001), "datasette x.db -h 127.0.0.2", False),
        (("::1", 8001), "datasette x.db --host ::1", False),
        (("::ffff:127.0.0.1", 8001), "datasette x.db", False),
        (("192.0.2.7", 8001), "datasette x.db", True),
        (("fd00::2", 8001), "gunicorn", True),
        (("127.0.0.1", 8001), "datasette x.db --host 0.0.0.0", True),
        (("127.0.0.1", 8001), "datasette x.db --host=0.0.0.0", True),
        (("127.0.0.1", 8001), "datasette x.db -h 0.0.0.0", True),
        (("127.0.0.1", 8001), "datasette x.db -h0.0.0.0", True),
        (("127.0.0.1", 8001), "datasette x.db -oh 0.0.0.0", True),
        (("::1", 8001), "datasette x.db --host ::", True),
        (("127.0.0.1", 8001), "datasette x.db --host example.com", True),
        (("127.0.0.1", 8001), "datasette x.db --host ''", True),
        (("/run/site.sock", None), "datasette x.db --uds /run/site.sock", False),
        (None, "datasette x.db --uds /run/site.sock", False),
    ],
)
def test_listening_beyond_this_machine_is_seen(server, command, beyond):
    scope = {"server": server}
    assert warning._listens_beyond_this_machine(scope, shlex.split(command)) is beyond


# --- Headers --------------------------------------------------------------------------------------


def directives(policy: str) -> dict[str, list[str]]:
    return {words[0]: words[1:] for words in (part.split() for part in policy.split(";"))}


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/iaminsights",
        "/iaminsights/users",
        "/iaminsights/users.json",
        "/iaminsights/users.csv?_stream=on",
        "/iaminsights?sql=nonsense",
        "/nothing",
        "/iaminsights.db",
        "/-/static/app.css",
        "/-/static/nothing",
        "/-/iaminsights/site.css",
        "/-/config",
        "/favicon.ico",
    ],
)
def test_every_answer_has_the_headers(open_site, path):
    headers = requests.get(open_site.url + path, allow_redirects=False).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] in ("same-origin", "no-referrer")  # Datasette's is stricter
    policy = directives(headers["content-security-policy"])
    assert policy["default-src"] == ["'none'"] == policy["frame-ancestors"] == policy["base-uri"]
    if headers["content-type"].startswith("text/html"):
        assert policy["script-src"][0] == "'self'"
        assert "'unsafe-inline'" not in policy["script-src"]
        sources = {source for values in policy.values() for source in values}
        sources = {source for source in sources if not source.startswith("'sha256-")}
        allowed = {"'self'", "'none'", "'unsafe-inline'", "'unsafe-eval'", "data:"}
        assert sources <= allowed
    else:
        assert "script-src" not in policy and "style-src" not in policy


def test_code_is_evaluated_only_where_a_chart_can_be(open_site, user_row):
    report = address("policies_by_last_permit")
    for path, evaluates in {
        "/": False,
        "/iaminsights": False,
        "/iaminsights/users": True,
        f"/iaminsights/users/{user_row}": False,
        report: True,
        "/iaminsights?sql=select+1": True,
        "/-/login": False,
    }.items():
        answer = open_site.get(path)
        assert ("'unsafe-eval'" in answer.headers["content-security-policy"]) is evaluates, path
        assert ('name="draws-with"' in answer.text) is evaluates, path
        assert "datasette_vega/main" not in scripts_of(answer.text), path  # until it is needed


def scripts_of(page: str) -> str:
    return " ".join(re.findall(r'<script[^>]* src="([^"]+)"', page))


@pytest.fixture
def page(browser: BrowserContext) -> Iterator[Page]:
    with new_page(browser, {"width": 1280, "height": 720}) as page:
        page.complaints = []
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on(
            "console", lambda said: said.type == "error" and page.complaints.append(str(said.text))
        )
        yield page


def test_no_page_is_hindered_by_the_policy(open_site, page, user_row):
    paths = ["/", "/iaminsights", "/iaminsights/users", f"/iaminsights/users/{user_row}"]
    paths += [f"/-/iaminsights/graph/iaminsights/users/{user_row}", "/iaminsights/find?text=ada"]
    paths += ["/iaminsights?sql=select+1+as+one", "/iaminsights?sql=select+1+where+0"]
    paths += [f"/-/{name}" for name in ("login", "password-tool", "allow-debug", "patterns")]
    paths += [f"/-/{name}" for name in ("metadata", "plugins", "messages", "logout")]
    for path in paths:
        page.goto(open_site.url + path, wait_until="load")
        assert page.complaints == [], path
    for path in ("/nothing", "/-/permissions", "/iaminsights?sql=nonsense"):
        page.goto(open_site.url + path, wait_until="load")
        assert all("Failed to load resource" in said for said in page.complaints), path


def test_the_scripts_of_datasette_run(open_site, page):
    page.goto(f"{open_site.url}/iaminsights?sql=select+1,+2")
    page.locator("#sql-format").click()
    expect(page.locator(".CodeMirror-line")).to_have_count(3)
    page.goto(f"{open_site.url}/iaminsights/policies")
    page.locator("th.col-created_by_id .dropdown-menu-icon").click()
    expect(page.get_by_role("link", name="Facet by this")).to_be_visible()
    page.goto(f"{open_site.url}{address('policies_by_last_permit')}")
    see_chart(page)
    assert page.complaints == []


def test_a_browser_logs_in(guarded, page):
    page.goto(f"{guarded.url}/-/login")
    page.get_by_label("Username").fill("auditor")
    page.get_by_label("Password").fill("correct-horse")
    page.get_by_role("button", name="Log in").click()
    expect(page.locator(".account h2")).to_be_visible()
    assert page.complaints == []


INJECTED = {
    "an inline script": "<script>window.ran = true</script>",
    "an event handler": "<img src='data:,' onerror='window.ran = true'>",
    "rows as a script": "<script src='/iaminsights.csv?sql=select+%27window.ran=true%27'></script>",
    "JSON as a script": "<script src='/-/actor.json?_=window.ran'></script>",
    "a script from elsewhere": "<script src='ELSEWHERE/x.js'></script>",
    "a picture from elsewhere": "<img src='ELSEWHERE/x.png'>",
    "a style from elsewhere": "<link rel='stylesheet' href='ELSEWHERE/x.css'>",
    "a frame": "<iframe src='ELSEWHERE/'></iframe>",
    "a new base": "<base href='ELSEWHERE/'>",
}


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Site]:
    """Another origin that notes what is asked of it."""
    site = Site("")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.log.append(self.path)
            self.send_error(404)

        def log_message(self, *_) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        site.url = f"http://127.0.0.1:{server.server_port}"
        yield site
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("kind", INJECTED)
def test_what_gets_into_a_page_neither_runs_nor_tells(open_site, page, elsewhere, kind):
    """Put into the page on its way, as a hole in a template would do; its headers stay."""

    def inject(route) -> None:
        answer = route.fetch()
        injected = INJECTED[kind].replace("ELSEWHERE", elsewhere.url)
        body = answer.text().replace("</section>", injected + "</section>", 1)
        route.fulfill(response=answer, body=body)

    url = f"{open_site.url}{address('policies_by_last_permit')}"
    page.route(url, inject)
    page.goto(url, wait_until="load")
    see_chart(page)
    assert page.complaints, "the browser found nothing to forbid"
    assert page.evaluate("window.ran") is None
    assert elsewhere.log == []


# --- Scripts and templates of one's own -----------------------------------------------------------

PLUGIN = """
from datasette import hookimpl

@hookimpl
def extra_body_script(template):
    async def script():
        return {"module": True, "script": f"document.body.dataset.plugin = 'in {template}'"}
    return script

@hookimpl
def asgi_wrapper():
    def wrap(app):
        async def answer(scope, receive, send):
            if scope.get("path") != "/early":
                return await app(scope, receive, send)
            headers = [(b"content-type", b"text/html"), (b"X-Frame-Options", b"SAMEORIGIN")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"early"})
        return answer
    return wrap
"""
TEMPLATE = """{% extends "default:index.html" %}
{% block content %}<script>document.body.dataset.template = "ran"</script>
<script>document.body.dataset.filled = "{{ 'ran' }}"</script>{% endblock %}"""


@pytest.fixture
def own(tmp_path):
    """Options for a plugin and a template of a user's own."""
    for name, text in {"plugins/own.py": PLUGIN, "templates/index.html": TEMPLATE}.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    return [f"--plugins-dir={tmp_path / 'plugins'}", f"--template-dir={tmp_path / 'templates'}"]


def test_scripts_of_other_plugins_and_templates_run(sample_file, own, page):
    with served(sample_file, *own) as site:
        page.goto(site.url)
        data = page.evaluate("({...document.body.dataset})")
        early = site.get("/early").headers
    assert data == {"plugin": "in index.html", "template": "ran"}  # and not what was filled in
    assert len(page.complaints) == 1
    assert early["x-frame-options"] == "SAMEORIGIN"  # who sets a header of ours has reasons
    assert early["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("policy", ["documented", "none"])
def test_a_policy_of_ones_own_is_sent_instead(sample_file, own, page, tmp_path, policy):
    written = OWN_POLICY
    if policy == "none":
        written = re.sub("(content_security_policy:).*", r"\1 false", OWN_POLICY)
    metadata = metadata_with(tmp_path, written)
    with served(sample_file, *own, metadata=metadata) as site:
        sent = site.get("/").headers.get("content-security-policy")
        page.goto(site.url)
        assert page.evaluate("document.body.dataset.filled") == "ran"
        assert site.get("/.json").headers["content-security-policy"] == DATA_POLICY
    asked = yaml.safe_load(written)["plugins"]["iaminsights_safety"]["content_security_policy"]
    assert sent == (asked or None)
    assert page.complaints == []


# --- In a container -------------------------------------------------------------------------------

CONTAINERFILE = (CHECKOUT / "docs" / "Containerfile").read_text(encoding="utf-8")
INSTRUCTIONS = [
    tuple(line.split(maxsplit=1))
    for line in CONTAINERFILE.splitlines()
    if line and not line.startswith("#")
]


@pytest.fixture(scope="module")
def image(tmp_path_factory) -> Path:
    """A folder with what the build stage makes: its COPY and RUN followed there in their order."""
    root = tmp_path_factory.mktemp("image")
    stages = [at for at, (name, _) in enumerate(INSTRUCTIONS) if name == "FROM"]
    assert len(stages) == 2
    for name, rest in INSTRUCTIONS[1 : stages[1]]:
        if name == "COPY":
            *sources, target = rest.split()
            for source in sources:
                put(CHECKOUT / source, root, target)
        else:
            assert name == "RUN"
            script = re.sub(r"(?<=\s)/(?=app|src)", f"{root}/", f" {rest}")
            script = script.replace(" python ", f" {sys.executable} ")
            subprocess.run(["sh", "-e", "-c", script], check=True, capture_output=True)
    return root


def put(source: Path, root: Path, target: str) -> None:
    place = root / target.strip("/")
    if source.is_dir():
        shutil.copytree(source, place)
    else:
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, place)


def final_stage() -> dict[str, str]:
    last = max(at for at, (name, _) in enumerate(INSTRUCTIONS) if name == "FROM")
    return dict(INSTRUCTIONS[last + 1 :])


def test_the_image_serves_what_is_mounted_and_warns_without_a_login(image, sample_file, secrets):
    final = final_stage()
    assert final["COPY"] == "--from=build /app /app" and 'PATH="/app/bin:$PATH"' in final["ENV"]
    program, *told = json.loads(final["CMD"])
    at = told.index("--metadata")
    told = [word for place, word in enumerate(told) if place not in (0, at, at + 1)]
    command = [str(image / "app" / "bin" / program)]
    for written, warned, status in (("", True, 200), (LOGIN, False, 403)):
        metadata = metadata_with(image, written)
        with served(
            *told, metadata=metadata, command=command, folder=sample_file.parent, **secrets
        ) as site:
            answer = requests.get(site.url)
            assert answer.status_code == status
            assert (WARNED in answer.text) is warned
            with visitor(site, "correct-horse" if written else None) as reader:
                rows = reader.get(f"{site.url}/iaminsights/users.json?_shape=array").json()
                assert len(rows) > 10
                assert reader.get(f"{site.url}/iaminsights.db").status_code == 403


def test_the_image_holds_every_report_and_no_data(image):
    installed = image / "app" / "lib"
    found = {path.stem for path in installed.rglob("site/canned_queries/*.sql")}
    assert found == {path.stem for path in (CHECKOUT / "canned_queries").glob("*.sql")}
    assert not list(image.rglob("*.sqlite3"))


def test_the_image_does_not_run_as_root():
    user = final_stage()["USER"]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)


def test_the_documented_container_commands_name_what_is_there():
    build, run = (line for line in COMMANDS if line[0] == "docker")
    assert (CHECKOUT / build[build.index("--file") + 1]).is_file()
    assert run[-1] == build[build.index("--tag") + 1]
    folder = run[run.index("--volume") + 1].split(":")[1]
    assert final_stage()["WORKDIR"] == folder
    served_at = json.loads(final_stage()["CMD"])
    port = run[run.index("--publish") + 1].rsplit(":", 1)[1]
    assert served_at[served_at.index("--port") + 1] == port == final_stage()["EXPOSE"]
    names = {run[at + 1] for at, word in enumerate(run) if word == "--env"}
    assert names == set(re.findall(r"export (\w+)=", PAGE))
