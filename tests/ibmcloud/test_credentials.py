"""Which credential is taken, what a token says, and who gets to see it."""

from __future__ import annotations

import json
import time

import pytest
from requests import Request

from iaminsights.errors import CredentialError, RequestError
from iaminsights.ibmcloud.credentials import BearerAuth, Credential, find_credential, read_claims
from iaminsights.ibmcloud.endpoints import origin

from ..tokens import make_token

IAM = "https://iam.cloud.ibm.com"


def _never(api_key: str) -> str:
    raise AssertionError("no API key should be exchanged")


def test_order_of_credentials(tmp_path):
    file = tmp_path / "key.json"
    file.write_text('{"name": "n", "apikey": "from-file"}')
    environ = {"IC_API_KEY": "ic"}
    assert find_credential(None, environ).api_key == "ic"
    environ["IBMCLOUD_API_KEY"] = "ibmcloud"
    assert find_credential(None, environ).api_key == "ibmcloud"
    environ["IBMCLOUD_TOKEN"] = "token"
    assert find_credential(None, environ).token == "token"
    assert find_credential(file, environ).api_key == "from-file"


@pytest.mark.parametrize("written", ["Bearer abc.def.ghi", "bearer  abc.def.ghi", "abc.def.ghi"])
def test_token_with_and_without_bearer(written):
    assert find_credential(None, {"IBMCLOUD_TOKEN": f" {written}\n"}).token == "abc.def.ghi"


def test_empty_variables_count_as_unset():
    environ = {"IBMCLOUD_TOKEN": " ", "IBMCLOUD_API_KEY": "", "IC_API_KEY": "ic"}
    assert find_credential(None, environ).api_key == "ic"


def test_no_credential_says_how_to_get_one():
    with pytest.raises(CredentialError, match="ibmcloud iam oauth-tokens"):
        find_credential(None, {})


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"apikey": ""}', '{"apikey": 1}', "secret"])
def test_file_that_holds_no_key(tmp_path, content):
    file = tmp_path / "key.json"
    file.write_text(content)
    with pytest.raises(CredentialError, match="is not a key file") as caught:
        find_credential(file, {})
    assert "secret" not in str(caught.value)


def test_file_that_is_not_there(tmp_path):
    with pytest.raises(CredentialError, match="cannot be read: No such file"):
        find_credential(tmp_path / "missing.json", {})


def test_claims():
    claims = read_claims(make_token(exp=1_800_000_000), "IBMCLOUD_TOKEN")
    assert claims.account_id == "0aa1bb2cc3dd4ee5ff60718293a4b5c6"
    assert claims.iam_id == "IBMid-66600A1B2C"
    assert claims.expires_at == 1_800_000_000


@pytest.mark.parametrize(
    "token",
    ["", "secret", "a.b", "a.%%%.c", "a.e30.c", "a.W10.c", make_token(exp="soon")],
)
def test_text_that_is_no_token(token):
    with pytest.raises(
        CredentialError, match="X does not contain an IBM Cloud access token"
    ) as caught:
        read_claims(token, "X")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("account", [None, {}, {"valid": True}])
def test_token_that_is_bound_to_no_account(account):
    with pytest.raises(CredentialError, match="not bound to an account"):
        read_claims(make_token(account=account), "IBMCLOUD_TOKEN")


def test_expired_token_says_when_and_what_to_do():
    credential = Credential("IBMCLOUD_TOKEN", token=make_token(exp=1_700_000_000))
    with pytest.raises(CredentialError) as caught:
        BearerAuth(credential, {origin(IAM)}, _never)
    assert "expired at 2023-11-14 22:13 UTC" in str(caught.value)
    assert "ibmcloud iam oauth-tokens" in str(caught.value)


def test_token_goes_to_its_origins_only():
    auth = BearerAuth(Credential("X", token=make_token()), {origin(IAM)}, _never)
    sent = auth(Request("GET", f"{IAM}:443/v2/groups").prepare())
    assert sent.headers["Authorization"].startswith("Bearer ")
    for url in (
        "http://iam.cloud.ibm.com/",
        "https://iam.cloud.ibm.com:8443/",
        "https://evil.test/",
    ):
        request = Request("GET", url).prepare()
        with pytest.raises(RequestError, match="meant for other hosts"):
            auth(request)
        assert "Authorization" not in request.headers


def test_api_key_is_exchanged_and_renewed_before_the_token_ends():
    tokens = iter([make_token(exp=time.time() + 60), make_token(jti="second")])
    asked = []

    def exchange(api_key):
        asked.append(api_key)
        return next(tokens)

    auth = BearerAuth(Credential("X", api_key="key"), {origin(IAM)}, exchange)
    first = auth(Request("GET", IAM).prepare()).headers["Authorization"]
    second = auth(Request("GET", IAM).prepare()).headers["Authorization"]
    assert asked == ["key", "key"]
    assert first == second  # the first token was too near its end to be sent at all


def test_refused_token_is_renewed_once_for_all_threads():
    tokens = [make_token(jti="1"), make_token(jti="2"), make_token(jti="3")]
    exchanged = iter(tokens)
    auth = BearerAuth(Credential("X", api_key="k"), {origin(IAM)}, lambda key: next(exchanged))
    refused = f"Bearer {tokens[0]}"
    assert auth.renew(refused) and auth.renew(refused)
    assert auth(Request("GET", IAM).prepare()).headers["Authorization"] == f"Bearer {tokens[1]}"


def test_nothing_secret_in_a_repr():
    credential = Credential("X", token="secret-token", api_key="secret-key")
    assert "secret" not in repr(credential) + str(credential)
    assert "secret" not in json.dumps(
        repr(BearerAuth(Credential("X", token=make_token(secret="secret")), {origin(IAM)}, _never))
    )
