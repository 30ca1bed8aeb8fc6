"""Where the access token comes from, when it is renewed, and who may see it.

Knows nothing of tables or paging. A token or key never appears in a message or a repr.
"""

from __future__ import annotations

import base64
import binascii
import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from requests import PreparedRequest
from requests.auth import AuthBase

from ..errors import CredentialError, RequestError
from .endpoints import origin

TOKEN_VARIABLE = "IBMCLOUD_TOKEN"
API_KEY_VARIABLES = ("IBMCLOUD_API_KEY", "IC_API_KEY")
NEW_TOKEN_COMMAND = (
    f"export {TOKEN_VARIABLE}=$(ibmcloud iam oauth-tokens --output json | jq -r '.iam_token')"
)
_RENEW_BEFORE = 300  # seconds: long enough for the slowest answer still to arrive in time


@dataclass(frozen=True)
class Credential:
    """A token or an API key as it was found; `source` names the place for messages."""

    source: str
    token: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Claims:
    """What an access token says of itself: its account, its identity, when it ends (epoch)."""

    account_id: str
    iam_id: str
    expires_at: float


def find_credential(file: Path | None, environ: Mapping[str, str]) -> Credential:
    """The first credential of: the file, IBMCLOUD_TOKEN, IBMCLOUD_API_KEY, IC_API_KEY.

    Raises CredentialError if there is none, or the file holds no `apikey`.
    """
    if file is not None:
        return Credential(str(file), api_key=_api_key_of(file))
    if token := environ.get(TOKEN_VARIABLE, "").strip():
        return Credential(TOKEN_VARIABLE, token=_without_scheme(token))
    for variable in API_KEY_VARIABLES:
        if api_key := environ.get(variable, "").strip():
            return Credential(variable, api_key=api_key)
    raise CredentialError(
        "There is no token and no API key. Log in with the IBM Cloud CLI and run\n"
        f"  {NEW_TOKEN_COMMAND}\n"
        f"or set {API_KEY_VARIABLES[0]}, or pass --credentials FILE."
    )


def read_claims(token: str, source: str) -> Claims:
    """The claims of an access token; its signature is IBM Cloud's to check.

    Raises CredentialError if it is no JSON web token, or is bound to no account.
    """
    try:
        payload = token.split(".")[1]
        padded = payload + "=" * (-len(payload) % 4)
        claims = json.loads(base64.urlsafe_b64decode(padded))
        expires_at, iam_id = float(claims["exp"]), str(claims["iam_id"])
        account = claims.get("account") or {}
        account_id = account.get("bss")
    except (IndexError, KeyError, TypeError, ValueError, AttributeError, binascii.Error):
        raise CredentialError(
            f"{source} does not contain an IBM Cloud access token. Get one:\n  {NEW_TOKEN_COMMAND}"
        ) from None
    if not account_id:
        raise CredentialError(
            f"The token in {source} is not bound to an account. Choose one with "
            f"ibmcloud target -c ACCOUNT_ID, then run\n  {NEW_TOKEN_COMMAND}"
        )
    return Claims(str(account_id), iam_id, expires_at)


class BearerAuth(AuthBase):
    """Adds the token to requests for the given origins, and to no others.

    `exchange` turns the API key into a new access token; without an API key the token that
    was given is used until it ends. Safe to share between threads.
    """

    def __init__(
        self,
        credential: Credential,
        origins: Iterable[tuple[str, str, int | None]],
        exchange: Callable[[str], str],
    ) -> None:
        self._credential = credential
        self._origins = frozenset(origins)
        self._exchange = exchange
        self._lock = threading.Lock()
        self._token = credential.token or exchange(credential.api_key or "")
        self.claims = read_claims(self._token, credential.source)
        self._refuse_if_expired()

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """The request with the token, if it goes to a host that may see it."""
        host = origin(request.url or "")
        if host not in self._origins:
            raise RequestError(f"The token was not sent to {host[1]}: it is meant for other hosts.")
        request.headers["Authorization"] = f"Bearer {self._current()}"
        return request

    def renew(self, refused: str | None) -> bool:
        """Get a new token after `refused` (an Authorization header) was answered with 401.

        Returns whether there is now another token to try; only an API key can give one.
        """
        if self._credential.api_key is None:
            return False
        with self._lock:
            if refused == f"Bearer {self._token}":
                self._take(self._exchange(self._credential.api_key))
        return True

    def refused_sentence(self) -> str:
        """What to do when IBM Cloud no longer takes the token."""
        if self._credential.api_key is not None:
            return f"Check that the API key in {self._credential.source} is enabled."
        if time.time() >= self.claims.expires_at:
            return f"{_expired(self.claims)} Get a new one:\n  {NEW_TOKEN_COMMAND}"
        return f"The token has expired or was revoked. Get a new one:\n  {NEW_TOKEN_COMMAND}"

    def _current(self) -> str:
        if self._credential.api_key is None:
            return self._token
        with self._lock:
            if time.time() > self.claims.expires_at - _RENEW_BEFORE:
                self._take(self._exchange(self._credential.api_key))
            return self._token

    def _take(self, token: str) -> None:
        self.claims = read_claims(token, self._credential.source)
        self._token = token

    def _refuse_if_expired(self) -> None:
        if time.time() >= self.claims.expires_at:
            raise CredentialError(f"{_expired(self.claims)} Get a new one:\n  {NEW_TOKEN_COMMAND}")


def _expired(claims: Claims) -> str:
    ended = datetime.fromtimestamp(claims.expires_at, timezone.utc)
    return f"The token expired at {ended:%Y-%m-%d %H:%M} UTC."


def _without_scheme(token: str) -> str:
    scheme, _, rest = token.partition(" ")
    return rest.strip() if scheme.lower() == "bearer" else token


def _api_key_of(file: Path) -> str:
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise CredentialError(f"{file} cannot be read: {error.strerror}.") from None
    except ValueError:
        content = None
    api_key = content.get("apikey") if isinstance(content, dict) else None
    if not isinstance(api_key, str) or not api_key.strip():
        raise CredentialError(
            f'{file} is not a key file: it must be JSON with "apikey", as '
            "ibmcloud iam api-key-create NAME --file FILE writes it."
        )
    return api_key.strip()
