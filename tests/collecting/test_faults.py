"""Collects through a sandbox in which things go wrong: complete, or refused and nothing changed."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import traceback
from collections import Counter
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from urllib3.connection import HTTPConnection
from urllib3.util.retry import Retry

from iaminsights.cli import main
from iaminsights.collect import PARTS, collect
from iaminsights.errors import CredentialError, RequestError, Unavailable
from iaminsights.ibmcloud.client import Client
from iaminsights.ibmcloud.credentials import NEW_TOKEN_COMMAND, Credential, find_credential
from iaminsights.ibmcloud.endpoints import SERVICES, USERS
from iaminsights.ibmcloud.lanes import Lanes
from iaminsights.sandbox import Account, Fault, Sandbox, read_faults, sample_account
from iaminsights.sandbox.api import tokens
from iaminsights.sandbox.api.faults import KINDS

from ..database_file import assert_sound, content_of, wait_until
from ..sandbox_client import Caller
from ..scripted import Answer, scripted
from ..tokens import make_token

DOCUMENTATION = (Path(__file__).parent.parent.parent / "docs" / "faults.md").read_text(
    encoding="utf-8"
)
COMMAND = [sys.executable, "-c", "from iaminsights.cli import main; main()"]


# part: the operation that lists it, and the path
LISTINGS = {
    "users": ("users", "/user-management/v2/accounts/{account}/users"),
    "serviceids": ("service_ids", "/iam/v1/serviceids"),
    "access_group_members": ("members", "/iam/v2/groups/{group}/members"),
    "policies": ("v2_policies", "/iam/v2/policies"),
    "resource_service_instances": ("instances", "/resource-controller/v2/resource_instances"),
}


def paged():
    """An account whose every kind of listing has two pages, the one of members has three."""
    account = Account("Paged")
    people = [account.user(f"Person {n}") for n in range(110)]
    robots = [account.service_id(f"robot {n}") for n in range(110)]
    account.link(account.profile("cluster-reader"))
    account.group("Developers", members=[*people, *robots])
    for n, person in enumerate(people):
        account.policy(person, roles=["Viewer"], service="kms")
        account.instance(f"keys {n}", service="kms")
    return account


@pytest.fixture(scope="module")
def account():
    return paged()


@pytest.fixture(scope="module")
def undisturbed_file(account, tmp_path_factory):
    """What a collect brings when nothing goes wrong."""
    path = tmp_path_factory.mktemp("undisturbed") / "iaminsights.sqlite3"
    with Sandbox(account) as sandbox:
        collect_through(sandbox, path)
    return path


@pytest.fixture(scope="module")
def undisturbed(undisturbed_file):
    return content_of(undisturbed_file)


@pytest.fixture
def old_file(undisturbed_file, path):
    """A file that holds an earlier collect's data."""
    return Path(shutil.copy(undisturbed_file, path))


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    """Ask again at once, unless the sandbox says when."""
    monkeypatch.setattr("iaminsights.collect._PATIENCE", Retry(total=8, backoff_factor=0))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "iaminsights.sqlite3"


def environment_of(sandbox, credential="IBMCLOUD_TOKEN"):
    """The sandbox's variables, with one of its two credentials."""
    environ = sandbox.environment
    for name in {"IBMCLOUD_TOKEN", "IBMCLOUD_API_KEY"} - {credential}:
        environ[name] = ""
    return environ


def collect_through(
    sandbox, path, credential="IBMCLOUD_TOKEN", timeout=(10, 60), log=None, **options
):
    environ = environment_of(sandbox, credential)
    found = find_credential(None, environ)
    with closing(Client(found, environ, backoff=0, timeout=timeout, log=log)) as client:
        return collect(client, path, **options)


def retries_of(summary):
    return {step.part: step.retries for step in summary.steps if step.retries}


# What passes


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        *(("status", {"status": status}) for status in (429, 500, 502, 503, 504)),
        ("html", {"status": 503}),
        ("reset", {}),
        ("truncated", {}),
        ("hang", {}),
    ],
    ids=lambda value: str(value.get("status", "")) if isinstance(value, dict) else value,
)
def test_what_passes_is_asked_again_and_nothing_is_missing(
    account, undisturbed, path, kind, options
):
    operations = [operation for operation, _ in LISTINGS.values()]
    # The first page, then a later one.
    faults = [Fault(operation, kind, every=2, times=2, **options) for operation in operations]
    with Sandbox(account, faults=faults) as sandbox:
        summary = collect_through(sandbox, path, timeout=(10, 0.5 if kind == "hang" else 60))
    assert content_of(path) == undisturbed
    assert_sound(path)
    assert retries_of(summary) == dict.fromkeys(LISTINGS, 2)
    hit = [record.operation for record in sandbox.requests if record.fault]
    assert sorted(hit) == sorted(operations * 2)


def test_every_operation_may_fail_once(account, undisturbed, path):
    with Sandbox(account) as sandbox:
        collect_through(sandbox, path)
        operations = sorted({record.operation for record in sandbox.requests})
    faults = [Fault(operation, "status", status=503, times=1) for operation in operations]
    with Sandbox(account, faults=faults) as sandbox:
        summary = collect_through(sandbox, path)
    assert content_of(path) == undisturbed
    retries = retries_of(summary)
    # In this account no group has rules and no zone is there to ask for.
    assert set(retries) == set(PARTS) - {"access_group_rules", "cbr_zone_addresses"}
    assert sum(retries.values()) == len(operations)
    assert sorted(r.operation for r in sandbox.requests if r.fault) == operations


# A date has whole seconds: of two at least one is left.
@pytest.mark.parametrize(("date", "wait"), [(False, 1), (True, 2)], ids=["seconds", "date"])
def test_retry_after_is_waited_for(account, undisturbed, path, monkeypatch, date, wait):
    pauses = []
    pause = Lanes.pause

    def spy(self, lane, seconds):
        pauses.append((lane, seconds))
        pause(self, lane, seconds)

    monkeypatch.setattr(Lanes, "pause", spy)
    fault = Fault("users", "status", status=429, times=1, date=date, retry_after=wait)
    with Sandbox(account, faults=[fault]) as sandbox:
        summary = collect_through(sandbox, path)
    assert content_of(path) == undisturbed
    assert retries_of(summary) == {"users": 1}
    (seconds,) = (seconds for lane, seconds in pauses if lane == "users")
    assert 0 < seconds <= wait if date else seconds == wait
    assert summary.seconds >= seconds


def test_slow_answer_is_no_fault_to_the_collector(account, undisturbed, path):
    with Sandbox(account, faults=[Fault("groups", "slow", seconds=0.2)]) as sandbox:
        summary = collect_through(sandbox, path)
    assert content_of(path) == undisturbed
    assert retries_of(summary) == {}
    assert summary.seconds >= 0.2


def test_token_service_that_fails_in_passing(account, undisturbed, path):
    with Sandbox(account, faults=[Fault("token", "status", status=503, times=3)]) as sandbox:
        collect_through(sandbox, path, credential="IBMCLOUD_API_KEY")
    assert content_of(path) == undisturbed
    assert [r.status for r in sandbox.requests if r.operation == "token"] == [503, 503, 503, 200]


@pytest.mark.parametrize("concurrency", [1, 16])
def test_throttled_part_slows_none_but_itself(path, concurrency):
    account = sample_account()
    with Sandbox(account) as sandbox:
        collect_through(sandbox, path)
        alone = Counter(r.operation for r in sandbox.requests if r.operation != "members")

    class OthersAreDone(Exception):
        pass

    finished = set()

    def progress(step, done):
        if done:
            finished.add(step.part)
        if finished == set(PARTS) - {"access_group_members"}:
            raise OthersAreDone

    # Would the others wait for the members, this would last until the members are given up.
    fault = Fault("members", "status", status=429, retry_after=60)
    with Sandbox(account, faults=[fault]) as sandbox, pytest.raises(OthersAreDone):
        collect_through(sandbox, path, concurrency=concurrency, progress=progress)
    others = Counter(r.operation for r in sandbox.requests if r.operation != "members")
    assert others == alone
    throttled = [record.path for record in sandbox.requests if record.status == 429]
    assert throttled and len(throttled) == len(set(throttled)), "asked before it was time"
    assert os.listdir(path.parent) == [path.name]


# What does not pass


def refused(sandbox, path, **options):
    """The error of a collect into a file that holds another run's data, which must not change."""
    before = path.read_bytes() if path.exists() else None
    with pytest.raises(RequestError) as caught:
        collect_through(sandbox, path, **options)
    assert (path.read_bytes() if path.exists() else None) == before
    assert os.listdir(path.parent) == ([] if before is None else [path.name])
    said = str(caught.value)
    assert "?" not in said and "account_id" not in said and "\n" not in said
    return said


def place(sandbox, part):
    account = sandbox.accounts[0]
    group = account.groups[-1]["id"]
    return sandbox.url + LISTINGS[part][1].format(account=account.account_id, group=group)


@pytest.mark.parametrize("part", LISTINGS)
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("html", "answered with text/html instead of a JSON object."),
        ("foreign_next", "names a next page on another host, localhost; it was not followed."),
        ("redirect", "redirects to another host, localhost; it was not followed."),
    ],
)
def test_answer_that_cannot_be_used_is_refused(account, old_file, kind, said, part):
    with scripted(lambda target: Answer({})) as elsewhere:
        to = (
            {"to": elsewhere.url.replace("127.0.0.1", "localhost")}
            if "to" in KINDS[kind].options
            else {}
        )
        with Sandbox(account, faults=[Fault(LISTINGS[part][0], kind, **to)]) as sandbox:
            error = refused(sandbox, old_file)
            assert error.startswith(f"{part}: {place(sandbox, part)} {said}")
    assert elsewhere.requests == []


@pytest.mark.parametrize("part", [part for part in LISTINGS if part != "access_group_members"])
def test_next_page_that_repeats_is_refused(account, old_file, part):
    def progress(step, finished):
        assert step.requests < 50, "it asks without end"

    with Sandbox(account, faults=[Fault(LISTINGS[part][0], "same_next")]) as sandbox:
        error = refused(sandbox, old_file, progress=progress)
    assert error.startswith(f"{part}: ")
    assert "names the same next page again, so the list would never end." in error


def test_pages_asked_for_by_number_do_not_depend_on_links(account, undisturbed, path):
    with Sandbox(account, faults=[Fault("members", "same_next")]) as sandbox:
        collect_through(sandbox, path)
    assert content_of(path) == undisturbed


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        ("status", {"status": 503}, "answered 503: The request could not be processed"),
        ("html", {"status": 502}, "answered 502: Bad Gateway"),
        ("reset", {}, "could not be read: Connection reset by peer."),
        ("truncated", {}, "could not be read: IncompleteRead"),
        ("hang", {}, "could not be read: Read timed out"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
@pytest.mark.parametrize("part", ["users", "policies"])
def test_what_never_passes_is_given_up(account, old_file, monkeypatch, kind, options, said, part):
    monkeypatch.setattr("iaminsights.collect._PATIENCE", Retry(total=3, backoff_factor=0))
    timeout = (10, 0.2 if kind == "hang" else 60)
    with Sandbox(account, faults=[Fault(LISTINGS[part][0], kind, **options)]) as sandbox:
        error = refused(sandbox, old_file, timeout=timeout)
        assert error.startswith(f"{part}: {place(sandbox, part)} {said}")
    assert error.endswith("Tried 4 times; try again later.")
    assert sum(record.fault == kind for record in sandbox.requests) == 4


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (
            Answer({"resources": [], "next_url": "http://[x/"}),
            RequestError,
            "names a next page that is not a URL.",
        ),
        (
            Answer({}, 302, {"Location": "http://[x/"}),
            RequestError,
            "redirects to something that is not a URL; it was not followed.",
        ),
        (
            Answer({}, 429, {"Retry-After": "Fri, 31 Dec 99999 23:59:59 GMT"}),
            Unavailable,
            "answered 429: Too Many Requests.",
        ),
    ],
    ids=["next", "redirect", "retry-after"],
)
def test_header_or_link_that_makes_no_sense(answer, error, said):
    with scripted(lambda target: answer) as server:
        environ = {service.variable: server.url for service in SERVICES}
        credential = Credential("IBMCLOUD_TOKEN", token=make_token())
        with closing(Client(credential, environ)) as client, pytest.raises(error) as caught:
            client.page(USERS, "/v2/users", {}, "resources")
    assert str(caught.value) == f"{server.url}/v2/users {said}"


def test_server_that_is_gone_is_asked_once_each_time(path, monkeypatch):
    monkeypatch.setattr("iaminsights.collect._PATIENCE", Retry(total=2, backoff_factor=0))
    attempts = []
    connect = HTTPConnection._new_conn

    def spy(connection):
        attempts.append(connection)
        return connect(connection)

    monkeypatch.setattr(HTTPConnection, "_new_conn", spy)
    with Sandbox(Account("Acme")) as sandbox:
        environ = sandbox.environment
    with (
        closing(Client(find_credential(None, environ), environ)) as client,
        pytest.raises(RequestError, match=r"could not be read: Connection refused\. Check the net"),
    ):
        collect(client, path, only=["accounts"])
    assert len(attempts) == 3


# Credentials


def test_expired_token_is_renewed_once_with_an_api_key(account, undisturbed, path):
    fault = Fault("members", "expire_token", after=1, times=1)
    with Sandbox(account, faults=[fault]) as sandbox:
        summary = collect_through(sandbox, path, credential="IBMCLOUD_API_KEY")
    assert content_of(path) == undisturbed
    assert retries_of(summary) == {}
    assert sum(record.operation == "token" for record in sandbox.requests) == 2
    assert any(record.fault == "expire_token" for record in sandbox.requests)


def test_new_token_that_is_refused_too_ends_the_collect(account, old_file):
    before = old_file.read_bytes()
    with (
        Sandbox(account, faults=[Fault("members", "status", status=401)]) as sandbox,
        pytest.raises(CredentialError, match="API key in IBMCLOUD_API_KEY is enabled"),
    ):
        collect_through(sandbox, old_file, credential="IBMCLOUD_API_KEY")
    assert old_file.read_bytes() == before


def test_expired_token_without_an_api_key_says_how_to_get_another(account, old_file):
    before = old_file.read_bytes()
    fault = Fault("members", "expire_token", after=1, times=1)
    with Sandbox(account, faults=[fault]) as sandbox, pytest.raises(CredentialError) as caught:
        collect_through(sandbox, old_file)
    assert "answered 401" in str(caught.value) and "expired" in str(caught.value)
    assert NEW_TOKEN_COMMAND in str(caught.value)
    assert "?" not in str(caught.value).replace(NEW_TOKEN_COMMAND, "")
    assert old_file.read_bytes() == before
    assert os.listdir(old_file.parent) == [old_file.name]


@pytest.fixture
def issued(monkeypatch):
    """Every token that the sandbox makes during the test."""
    made = []
    make_token = tokens.make_token

    def spy(*arguments):
        made.append(make_token(*arguments))
        return made[-1]

    monkeypatch.setattr(tokens, "make_token", spy)
    return made


def secrets_of(sandbox, issued):
    """What must be shown nowhere: the API key, and each token, its payload and its signature."""
    assert issued
    return {
        sandbox.accounts[0].api_key,
        *(part for token in issued for part in token.split(".")[1:]),
    }


FAILURES = {
    "nothing": (),
    "expired": [Fault("members", "expire_token", after=1)],
    "refused": [Fault("members", "status", status=401)],
    "busy": [Fault("users", "status", status=503)],
    "reset": [Fault("users", "reset")],
    "redirect": [Fault("users", "redirect")],
    "foreign next": [Fault("users", "foreign_next")],
    "no items": [Fault("users", "no_items")],
    "left out": [Fault("users", "json", body={"resources": [{"email": "ada@example.org"}]})],
    "denied": [Fault("users", "status", status=403)],
    "token service": [Fault("token", "reset", after=1), Fault("members", "expire_token")],
}


@pytest.mark.parametrize("credential", ["IBMCLOUD_TOKEN", "IBMCLOUD_API_KEY"])
@pytest.mark.parametrize("failure", FAILURES)
def test_nothing_secret_in_errors_tracebacks_log_and_file(
    account, path, issued, failure, credential
):
    lines, shown = [], []
    with Sandbox(account, faults=FAILURES[failure]) as sandbox:
        try:
            collect_through(sandbox, path, credential=credential, log=lines.append)
        except (RequestError, CredentialError) as error:
            shown += [str(error), repr(error), *traceback.format_exception(error)]
        secrets = secrets_of(sandbox, issued)
    assert bool(shown) == (failure not in ("nothing", "denied", "no items", "left out"))
    assert any(line.startswith("GET http://127.0.0.1") for line in lines)
    assert not [line for line in lines if "?" in line]
    for secret in secrets:
        assert secret not in "\n".join(lines + shown)
    if path.exists():
        content = path.read_bytes()
        assert not [secret for secret in secrets if secret.encode() in content]


@contextmanager
def collecting(sandbox, path, credential):
    """The command in a process of its own, which is killed if it still runs in the end."""
    with subprocess.Popen(
        [*COMMAND, "collect", str(path), "--verbose"],
        env={**os.environ, **environment_of(sandbox, credential)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("credential", ["IBMCLOUD_TOKEN", "IBMCLOUD_API_KEY"])
def test_nothing_secret_in_verbose_output(account, path, issued, credential):
    with (
        Sandbox(account, faults=[Fault("members", "status", status=401)]) as sandbox,
        collecting(sandbox, path, credential) as process,
    ):
        output = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert "GET http://127.0.0.1" in output and "Error: " in output
    assert not [secret for secret in secrets_of(sandbox, issued) if secret in output]


@pytest.mark.parametrize("credential", ["IBMCLOUD_TOKEN", "IBMCLOUD_API_KEY"])
def test_nothing_secret_in_the_process_list(account, path, issued, credential):
    with (
        Sandbox(account, faults=[Fault("users", "hang")]) as sandbox,
        collecting(sandbox, path, credential) as process,
    ):
        wait_until(lambda: any(record.fault for record in sandbox.requests))
        ps = ["ps", "-ww", "-o", "args=", "-p", str(process.pid)]
        listed = subprocess.run(ps, stdout=subprocess.PIPE, text=True, check=True).stdout
    assert "iaminsights" in listed and str(path) in listed
    assert not [secret for secret in secrets_of(sandbox, issued) if secret in listed]


# The faults themselves


@pytest.fixture
def ask():
    """A function that asks a sandbox with these faults for paths, in order: the statuses."""

    def statuses(*paths, faults):
        with Sandbox(Account("Acme"), faults=faults) as sandbox:
            caller = Caller(sandbox)
            with closing(caller):
                for path in paths:
                    caller.request("GET", path, params={"account_id": caller.account.account_id})
            return [record.status for record in sandbox.requests]

    return statuses


@pytest.mark.parametrize(
    ("which", "statuses"),
    [
        ({}, [503, 503, 503, 503, 503, 503]),
        ({"times": 2}, [503, 503, 200, 200, 200, 200]),
        ({"after": 2}, [200, 200, 503, 503, 503, 503]),
        ({"every": 3}, [503, 200, 200, 503, 200, 200]),
        ({"after": 1, "every": 2, "times": 2}, [200, 503, 200, 503, 200, 200]),
    ],
)
def test_which_requests_are_hit(ask, which, statuses):
    fault = Fault("groups", "status", status=503, **which)
    assert ask(*["/iam/v2/groups"] * 6, faults=[fault]) == statuses


@pytest.mark.parametrize("at", ["groups", "/v2/groups", "iam-groups"])
def test_operations_are_named_by_name_path_or_service(ask, at):
    paths = ("/iam/v2/groups", "/iam/v1/serviceids", "/iam/v2/groups/settings")
    settings = 503 if at == "iam-groups" else 200
    assert ask(*paths, faults=[Fault(at, "status", status=503)]) == [503, 200, settings]


def test_first_fault_that_is_due_acts_and_each_counts_for_itself(ask):
    faults = [
        Fault("groups", "status", status=500, times=1),
        Fault("groups", "status", status=502, times=2),
    ]
    assert ask(*["/iam/v2/groups"] * 4, faults=faults) == [500, 502, 502, 200]


def test_query_must_match(ask):
    fault = Fault("groups", "status", status=503, query={"limit": "7"})
    paths = ("/iam/v2/groups", "/iam/v2/groups?limit=7", "/iam/v2/groups?limit=8")
    assert ask(*paths, faults=[fault]) == [200, 503, 200]


@pytest.mark.parametrize("status", [429, 503, 418])
@pytest.mark.parametrize(
    ("operation", "path"),
    [
        ("service_ids", "/iam/v1/serviceids"),
        ("groups", "/iam/v2/groups"),
        ("v2_policies", "/iam/v2/policies"),
        ("v1_accounts", "/accounts/v1/accounts"),
        ("users", "/user-management/v2/accounts/{account}/users"),
        ("resource_groups", "/resource-controller/v2/resource_groups"),
    ],
)
def test_error_has_the_form_of_the_service(operation, path, status):
    def refusal(**options):
        with Sandbox(Account("Acme"), **options) as sandbox, closing(Caller(sandbox)) as caller:
            account_id = caller.account.account_id
            answer = caller.request(
                "GET", path.format(account=account_id), params={"account_id": account_id}
            )
        return answer.status_code, answer.json()

    denied, form = refusal(deny=[operation])
    said, body = refusal(faults=[Fault(operation, "status", status=status)])
    assert (denied, said) == (403, status)
    assert set(body) == set(form)
    for name in ("status_code", "error_code"):
        assert name not in body or str(body[name]) != str(form[name])
    if "errors" in form:
        assert {*body["errors"][0], "details"} >= {*form["errors"][0]} - {"details"}


def raw_request(sandbox, path):
    """The bytes of an answer's body, read as nothing but HTTP."""
    connection = http.client.HTTPConnection(sandbox.url.partition("//")[2], timeout=10)
    with closing(connection):
        token = sandbox.environment["IBMCLOUD_TOKEN"]
        connection.request("GET", path, headers={"Authorization": token})
        return connection.getresponse().read()


def test_reset_is_a_reset_and_truncated_is_half(account):
    path = f"/user-management/v2/accounts/{account.account_id}/users"
    faults = [Fault("users", "reset", times=1), Fault("users", "truncated", times=1)]
    with Sandbox(account, faults=faults) as sandbox:
        with pytest.raises(ConnectionResetError):
            raw_request(sandbox, path)
        with pytest.raises(http.client.IncompleteRead) as caught:
            raw_request(sandbox, path)
        whole = raw_request(sandbox, path)
    assert caught.value.partial == whole[: len(whole) // 2]
    assert json.loads(whole)["total_results"] == len(account.users)


def test_hanging_request_does_not_keep_the_sandbox_from_closing(account):
    outcome = []

    def ask():
        try:
            raw_request(sandbox, f"/accounts/v4/accounts/{account.account_id}")
        except OSError as error:
            outcome.append(type(error))

    with Sandbox(account, faults=[Fault("v4_account", "hang")]) as sandbox:
        client = threading.Thread(target=ask)
        client.start()
        wait_until(lambda: sandbox.requests)
        assert outcome == []
    client.join(10)
    assert issubclass(outcome[0], ConnectionError)


def test_expired_tokens_are_refused_by_every_service(account):
    faults = [Fault("groups", "expire_token", times=1)]
    with Sandbox(account, faults=faults) as sandbox, closing(Caller(sandbox)) as old:
        old.iam("/v1/serviceids")
        old.refused("/iam/v2/groups", 401)
        body = old.refused("/iam/v1/serviceids", 401)
        assert body["errors"][0]["message"] == "Token is expired"
        with closing(Caller(sandbox)) as new:
            new.iam("/v2/groups")
            new.iam("/v1/serviceids")


# Files


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[", "is not JSON: Expecting value: line 1 column 2 (char 1)."),
        ("{}", "must hold a list of faults."),
        ("[1]", ", entry 1 must be an object with the keys at and kind."),
        ('[{"kind": "reset"}]', ', entry 1: "at" is missing.'),
        ('[{"at": "users"}]', ', entry 1: "kind" is missing.'),
        ('[{"at": "users", "kind": "reset"}, {"at": "x"}]', ', entry 2: "kind" is missing.'),
        ('[{"at": "x", "kind": "reset"}]', ', entry 1: "at" names nothing. No such operation: x.'),
        ('[{"at": 1, "kind": "reset"}]', ', entry 1: "at" must be a text, not 1.'),
        ('[{"at": "users", "kind": "x"}]', ', entry 1: "kind" must be one of status, html, '),
        ('[{"at": "users", "kind": "reset", "x": 1}]', ', entry 1: "x" is no key; there are: at, '),
        ('[{"at": "users", "kind": "reset", "times": null}]', '"times" must not be null; leave'),
        ('[{"at": "users", "kind": "reset", "times": 0}]', '"times" must be a whole number from 1'),
        ('[{"at": "users", "kind": "reset", "every": true}]', '"every" must be a whole number'),
        ('[{"at": "users", "kind": "reset", "after": -1}]', '"after" must be a whole number from'),
        ('[{"at": "users", "kind": "reset", "query": {"limit": 1}}]', '"query" must be an object'),
        ('[{"at": "users", "kind": "reset", "status": 500}]', '"status" is no option of the kind'),
        ('[{"at": "users", "kind": "status"}]', '"status" is missing, which the kind status needs'),
        ('[{"at": "users", "kind": "status", "status": 200}]', '"status" must be a whole number'),
        ('[{"at": "users", "kind": "slow", "seconds": "1"}]', '"seconds" must be a number from'),
        ('[{"at": "users", "kind": "redirect", "to": "x"}]', '"to" must be scheme and host'),
    ],
)
def test_file_that_is_wrong_is_refused_with_file_entry_and_key(tmp_path, content, said):
    file = tmp_path / "faults.json"
    file.write_text(content)
    with pytest.raises(ValueError) as caught:
        read_faults(file)
    assert str(caught.value).startswith(str(file))
    assert said in str(caught.value)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


def test_file_that_is_not_there(tmp_path):
    with pytest.raises(ValueError, match=r"none\.json cannot be read: No such file or directory\."):
        read_faults(tmp_path / "none.json")


def test_documented_kinds_and_keys_are_those_that_there_are():
    for name, kind in KINDS.items():
        options = ", ".join(
            f"`{option}`{' (required)' if option in kind.required else ''}"
            for option in kind.options
        )
        assert f"| `{name}` | {f'{options} ' if options else ''}| {kind.meaning} |" in DOCUMENTATION
    documented = set(re.findall(r"^\| `(\w+)` \|", DOCUMENTATION, re.MULTILINE))
    assert documented == {*KINDS, "at", "query", "path", "after", "every", "times"}


def documented_faults(tmp_path):
    """The examples of the documentation, each read from a file."""
    for number, example in enumerate(re.findall(r"```json\n(.*?)```", DOCUMENTATION, re.DOTALL)):
        file = tmp_path / f"faults-{number}.json"
        file.write_text(example)
        yield read_faults(file)


def test_documented_examples_do_what_is_said(tmp_path, path):
    passing, lasting = documented_faults(tmp_path)
    account = sample_account()
    with Sandbox(account) as sandbox:
        collect_through(sandbox, path)
    undisturbed = content_of(path)
    with Sandbox(account, faults=passing) as sandbox:
        summary = collect_through(sandbox, path)
    assert content_of(path) == undisturbed
    retried = {"access_group_members", "users", "roles"}
    # Which requests to the service of policies are its fourth, eighth and so on is chance.
    same_service = {"policies", "external_identity_settings"}
    assert retried <= set(retries_of(summary)) <= retried | same_service
    assert summary.seconds >= 1

    before = path.read_bytes()
    (said,) = re.findall(r"```text\n(.*?)```", DOCUMENTATION, re.DOTALL)
    with Sandbox(account, faults=lasting) as sandbox:
        result = CliRunner().invoke(
            main, ["collect", str(path), "--quiet"], env=sandbox.environment
        )
    assert result.exit_code == 1
    assert result.stderr == said.replace("http://127.0.0.1:8080", sandbox_url(sandbox, result))
    assert path.read_bytes() == before


def sandbox_url(sandbox, result):
    return re.search(r"http://127\.0\.0\.1:\d+", result.stderr)[0]
