"""The HTTP client: paging in every form, and each answer that is no answer."""

from __future__ import annotations

import time
from contextlib import closing, contextmanager
from email.utils import formatdate

import pytest

from iaminsights.errors import CredentialError, Refused, RequestError, SettingError, Unavailable
from iaminsights.ibmcloud.client import Client
from iaminsights.ibmcloud.credentials import Credential
from iaminsights.ibmcloud.endpoints import IAM, SERVICES, base_url

from ..scripted import Answer, scripted
from ..tokens import make_token

SECRET = make_token(jti="must-not-be-shown")


@contextmanager
def client_of(answer, prefix="", credential=None):
    """A client whose every service is one scripted server, and that server."""
    with scripted(answer) as server:
        environ = {service.variable: server.url + prefix for service in SERVICES}
        credential = credential or Credential("IBMCLOUD_TOKEN", token=SECRET)
        with closing(Client(credential, environ, backoff=0)) as client:
            yield client, server


def page_of(body, items="things", **answer):
    with client_of(lambda target: Answer(body, **answer)) as (client, _):
        return client.page(IAM, "/v1/things", {"account_id": "a"}, items)


@pytest.mark.parametrize(
    ("body", "continuation"),
    [
        ({}, None),
        ({"next": None}, None),
        ({"next": ""}, None),
        ({"next_url": None}, None),
        ({"next": {}}, None),
        ({"next": {"href": "/v2/x?limit=2&offset=4"}}, {"offset": "4"}),
        ({"next": {"href": "/v1/p?start=no", "start": "yes"}}, {"start": "yes"}),
        ({"next": "/v1/things?account_id=a&pagetoken=a%2Fb%3D"}, {"pagetoken": "a/b="}),
        ({"next_url": "/v2/accounts/a/users?limit=100&_start=s"}, {"_start": "s"}),
        ({"next_url": "/v2/resource_instances?start=Zm9v"}, {"start": "Zm9v"}),
        ({"next_url": "/v1/accounts?next_docid=d&limit=9"}, {"next_docid": "d"}),
    ],
)
def test_every_form_of_next(body, continuation):
    page = page_of({"things": [1], **body})
    assert page.objects == [1]
    assert page.continuation == continuation


def test_path_prefix_of_the_base_url_is_kept():
    with client_of(lambda t: Answer({"things": []}), prefix="/a/b/") as (client, server):
        client.page(IAM, "/v1/things", {"x": "1"}, "things")
    assert [target for _, target, _ in server.requests] == ["/a/b/v1/things?x=1"]


def test_next_page_on_another_host_is_refused_by_name():
    with pytest.raises(RequestError, match=r"another host, evil\.example;"):
        page_of({"things": [], "next": "https://evil.example/v1/things?pagetoken=x"})


def test_next_page_without_a_token_is_an_error():
    with pytest.raises(RequestError, match="cannot be requested"):
        page_of({"things": [], "next_url": "/v1/things?limit=2"})


def test_redirect_to_another_host_is_refused_by_name_and_sends_it_nothing():
    with scripted(lambda t: Answer({"things": []})) as other:
        elsewhere = {"Location": other.url.replace("127.0.0.1", "localhost") + "/v1/things"}
        with pytest.raises(RequestError, match="redirects to another host, localhost"):
            page_of({}, status=302, headers=elsewhere)
        with pytest.raises(RequestError, match=r"redirects to another host, 127\.0\.0\.1"):
            page_of({}, status=307, headers={"Location": other.url})  # only the port differs
    assert other.requests == []


def test_redirect_within_the_host_is_followed_with_the_token():
    def answer(target):
        if target.startswith("/v1/things/"):
            return Answer({"things": [1]})
        return Answer({}, status=308, headers={"Location": "/v1/things/"})

    with client_of(answer) as (client, server):
        assert client.page(IAM, "/v1/things", {}, "things").objects == [1]
    assert [h["Authorization"] for _, _, h in server.requests] == [f"Bearer {SECRET}"] * 2


@pytest.mark.parametrize(
    "body", [b"<html>maintenance</html>", b"", b"[1]", b'"text"', b'{"things": [1', b"\xff\xfe"]
)
def test_answer_that_is_no_json_object(body):
    with pytest.raises(RequestError, match="instead of a JSON object"):
        page_of(body)


@pytest.mark.parametrize(
    ("body", "listed", "empty"),
    [
        ({}, False, True),
        ({"things": None}, False, False),
        ({"other": []}, False, False),
        ({"things": []}, True, False),
    ],
)
def test_list_that_is_null_or_absent_is_empty_and_told_apart(body, listed, empty):
    page = page_of(body)
    assert (page.objects, page.listed, page.empty) == ([], listed, empty)


@pytest.mark.parametrize("things", [{}, "none", 0, False])
def test_what_is_no_list_is_refused(things):
    with pytest.raises(Refused, match=r"/v1/things answered with things that are not a list\."):
        page_of({"things": things})


@pytest.mark.parametrize("status", [400, 402, 403, 404, 405, 409, 410, 412, 418, 422, 451])
def test_every_4xx_is_a_refusal_of_one_request(status):
    with pytest.raises(Refused, match=f"answered {status}: no\\.") as caught:
        page_of({"message": "no"}, status=status)
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("body", "total", "offset"),
    [
        ({"total_count": 7, "offset": 3}, 7, 3),
        ({"total_results": 7}, 7, None),
        ({"count": 0}, 0, None),
        ({"total_count": "7", "offset": -1}, None, None),
        ({"total_count": True}, None, None),
        ({"rows_count": 7}, None, None),  # of this page
    ],
)
def test_number_of_all_objects_in_every_form(body, total, offset):
    page = page_of({"things": [], **body})
    assert (page.total, page.offset) == (total, offset)


@pytest.mark.parametrize(
    ("body", "continuation"),
    [
        ({"things": [1], "limit": 1000, "search_cursor": "c"}, {"search_cursor": "c"}),
        ({"things": [1], "search_cursor": ""}, None),
        ({"things": [1]}, None),
        ({"things": [], "search_cursor": "c"}, None),
    ],
)
def test_search_goes_on_as_long_as_there_is_a_cursor(body, continuation):
    with client_of(lambda target: Answer(body)) as (client, _):
        page = client.page(IAM, "/v1/things", {"limit": "1000"}, "things", post={"query": "*"})
    assert page.continuation == continuation


def test_body_cut_short():
    with pytest.raises(Unavailable, match="could not be read"):
        page_of(b'{"things": [', headers={"Content-Length": "500", "Connection": "close"})


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            {"errors": [{"code": "forbidden", "message": "Not you.", "details": "Reason: none."}]},
            "Not you. Reason: none.",
        ),
        ({"errors": [{"code": 9999, "message": "no"}], "trace": "t1"}, "no (trace t1)."),
        ({"error_code": "RC-IamErrorResponse", "message": "denied"}, "denied."),
        ({"errorCode": "BXNIM0513E", "errorMessage": "refused."}, "refused."),
        ({"errors": ["odd"]}, "odd."),
        ({"errors": {}}, "Forbidden."),
        (b"<html>", "Forbidden."),
    ],
)
def test_refusal_in_every_shape(body, said):
    with pytest.raises(Refused) as caught:
        page_of(body, status=403)
    assert str(caught.value).endswith(f"/v1/things answered 403: {said}")
    assert caught.value.status == 403


def test_transaction_id_of_a_refusal_is_shown():
    with pytest.raises(Refused, match=r"\(trace tx-1\)"):
        page_of({"message": "no"}, status=404, headers={"Transaction-Id": "tx-1"})


def test_revoked_token_is_an_error_that_says_how_to_get_another():
    with pytest.raises(CredentialError, match="ibmcloud iam oauth-tokens"):
        page_of({"errors": [{"message": "revoked"}]}, status=401)


def test_token_refused_in_mid_run_is_renewed_once_with_an_api_key():
    tokens = [make_token(jti="1"), make_token(jti="2")]
    issued = iter(tokens)

    def answer(target):
        if target == "/identity/token":
            return Answer({"access_token": next(issued)})
        return Answer({"things": [1]}) if refused.pop() is False else Answer({}, status=401)

    refused = [False, True]
    with client_of(answer, credential=Credential("X", api_key="key")) as (client, server):
        assert client.page(IAM, "/v1/things", {}, "things").objects == [1]
    sent = [h.get("Authorization") for _, _, h in server.requests]
    assert sent == [None, f"Bearer {tokens[0]}", None, f"Bearer {tokens[1]}"]
    form = server.requests[0][2]["body"]
    assert form == "grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey&apikey=key"


@pytest.mark.parametrize("status", [400, 401, 403])
def test_api_key_that_iam_refuses(status):
    body = {"errorCode": "BXNIM0415E", "errorMessage": "Provided API key could not be found."}
    credential = Credential("IBMCLOUD_API_KEY", api_key="secret-key")
    with (
        pytest.raises(CredentialError) as caught,
        client_of(lambda t: Answer(body, status=status), credential=credential),
    ):
        pass
    assert "does not accept the API key in IBMCLOUD_API_KEY" in str(caught.value)
    assert "could not be found" in str(caught.value)
    assert "secret-key" not in str(caught.value)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
@pytest.mark.parametrize(
    ("headers", "retry_after"),
    [({}, None), ({"Retry-After": "7"}, 7), ({"Retry-After": "soon"}, None)],
)
def test_passing_trouble_says_when_to_ask_again(status, headers, retry_after):
    with pytest.raises(Unavailable, match=f"answered {status}") as caught:
        page_of({"message": "busy"}, status=status, headers=headers)
    assert caught.value.retry_after == retry_after


def test_retry_after_as_a_date():
    headers = {"Retry-After": formatdate(time.time() + 100, usegmt=True)}
    with pytest.raises(Unavailable) as caught:
        page_of({}, status=429, headers=headers)
    assert 50 < caught.value.retry_after <= 100


def test_token_is_asked_for_again_after_passing_trouble():
    statuses = [503, 429, 200]

    def answer(target):
        return Answer({"access_token": SECRET}, statuses.pop(0), {"Retry-After": "0"})

    with client_of(answer, credential=Credential("X", api_key="key")) as (client, _):
        assert client.claims.iam_id == "IBMid-66600A1B2C"
    assert statuses == []


def test_nobody_listens():
    with scripted(lambda t: Answer({})) as server:
        environ = {service.variable: server.url for service in SERVICES}
    with (
        closing(Client(Credential("X", token=SECRET), environ, backoff=0)) as client,
        pytest.raises(Unavailable, match="Connection refused") as caught,
    ):
        client.page(IAM, "/v1/things", {"account_id": "a"}, "things")
    assert SECRET not in str(caught.value) and caught.value.__cause__ is None


def test_public_and_private_hosts():
    assert base_url(IAM, {}) == "https://iam.cloud.ibm.com"
    private = {"IBMCLOUD_VISIBILITY": "private"}
    assert base_url(IAM, private) == "https://private.iam.cloud.ibm.com"
    assert base_url(IAM, {**private, IAM.variable: "https://a.test/p/"}) == "https://a.test/p"


@pytest.mark.parametrize(
    "value",
    ["iam", "ftp://a.test", "https://", "https://u:p@a.test", "https://a.test?x=1", "http://[::"],
)
def test_variable_that_is_no_base_url(value):
    with pytest.raises(SettingError, match=IAM.variable) as caught:
        base_url(IAM, {IAM.variable: value})
    assert "u:p" not in str(caught.value)


def test_plain_http_is_for_this_machine_only():
    for host in ("127.0.0.1:8080", "localhost", "[::1]:1"):
        assert base_url(IAM, {IAM.variable: f"http://{host}"}) == f"http://{host}"
    with pytest.raises(SettingError, match="unencrypted"):
        base_url(IAM, {IAM.variable: "http://iam.cloud.ibm.com"})


def test_unknown_visibility():
    with pytest.raises(SettingError, match="IBMCLOUD_VISIBILITY"):
        base_url(IAM, {"IBMCLOUD_VISIBILITY": "hidden"})
