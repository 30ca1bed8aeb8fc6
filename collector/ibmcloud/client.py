"""One HTTP session to IBM Cloud: authentication, paging and what its errors mean.

Knows no table and no API resource. Asks with GET, and with POST where IBM Cloud reads that way:
the token for an API key, a search, a report to be made. But for the token everything is sent
once: what failed in passing is raised as Unavailable, for the caller to ask again when it is
time, so that no thread sleeps while others could work.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import InvalidHeader, MaxRetryError
from urllib3.util.retry import Retry

from .. import __version__
from ..errors import CredentialError, NotReady, Refused, RequestError, Unavailable
from .credentials import BearerAuth, Claims, Credential
from .endpoints import IAM, SERVICES, Service, base_url, is_loopback, known_origins, origin

_PAGING_PARAMETERS = ("pagetoken", "_start", "start", "offset", "next_docid")
_CURSOR = "search_cursor"
_TRACE_HEADERS = ("Transaction-Id", "X-Correlation-Id", "X-Request-Id", "X-Global-Transaction-Id")
_PASSING = (408, 429, 500, 502, 503, 504)
_TOTALS = ("total_count", "total_results", "count")
_TOKEN_PATH = "/identity/token"
_API_KEY_GRANT = "urn:ibm:params:oauth:grant-type:apikey"
_MAY_PASS = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
_LASTING = (requests.exceptions.SSLError, requests.exceptions.ProxyError)


@dataclass(frozen=True)
class Page:
    """One page of a listing: its objects, and the parameters that ask for the next page.

    `total` is the number of objects of the whole listing and `offset` the number of those before
    this page, where the service tells them. `listed` is False if the list itself was null or
    absent, `empty` True if the whole answer was an empty object.
    """

    objects: list[Any]
    continuation: Mapping[str, str] | None = None
    total: int | None = None
    offset: int | None = None
    listed: bool = True
    empty: bool = False


class Client:
    """A pooled session that asks IBM Cloud for pages; safe to share between threads.

    `backoff` is the pause before the token is asked for again, in seconds; it doubles each time.
    `timeout` is seconds to connect and between two packets. `log` gets a line for each answer.
    Raises CredentialError at once if the credential is of no use. Close it when done.
    """

    def __init__(
        self,
        credential: Credential,
        environ: Mapping[str, str],
        concurrency: int = 16,
        *,
        backoff: float = 0.5,
        timeout: tuple[float, float] = (10, 60),
        log: Callable[[str], None] | None = None,
    ) -> None:
        self._bases = {service: base_url(service, environ) for service in SERVICES}
        self._session = _PinnedSession()
        # A proxy that the environment names cannot reach servers of this machine.
        self._session.trust_env = not all(map(is_loopback, self._bases.values()))
        self._session.headers["Accept"] = "application/json"
        self._session.headers["User-Agent"] = f"iaminsights/{__version__}"
        self._session.hooks["response"].append(self._count)
        adapter = HTTPAdapter(pool_maxsize=concurrency, max_retries=_token_retries(backoff))
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        self._timeout = timeout
        self._log = log
        self._counting = threading.Lock()
        self.requests = 0
        try:
            self._auth = BearerAuth(
                credential,
                {origin(base) for base in self._bases.values()},
                lambda api_key: self._exchange(api_key, credential.source),
            )
        except BaseException:
            self.close()
            raise

    @property
    def claims(self) -> Claims:
        """Account and identity of the token in use."""
        return self._auth.claims

    def close(self) -> None:
        """End every connection."""
        self._session.close()

    def page(
        self,
        service: Service,
        path: str,
        params: Mapping[str, str],
        items: str | None,
        post: Mapping[str, Any] | None = None,
    ) -> Page:
        """One page of a listing, or with `items` None the one object that the path names.

        With `post` the question is a JSON body, into which the cursor of a search goes. Raises
        CredentialError on 401, Refused on any other 4xx, NotReady on 204, Unavailable on what may
        pass, RequestError on everything else that is no usable answer.
        """
        response = self._get(service, path, params, post)
        body = _json_object(response)
        if items is None:
            return Page([body], empty=not body)
        objects = body.get(items)
        if objects is not None and not isinstance(objects, list):
            raise Refused(
                f"{_place(response)} answered with {items} that are not a list.",
                response.status_code,
            )
        if post is not None:
            # Pages may be shorter than was asked for: only the cursor tells whether there are more.
            cursor = body.get(_CURSOR) if objects else None
            continuation: Mapping[str, str] | None = {_CURSOR: str(cursor)} if cursor else None
        else:
            continuation = self._continuation(service, response, body)
        return Page(
            objects or [],
            continuation,
            next(filter(_is_count, map(body.get, _TOTALS)), None),
            body.get("offset") if _is_count(body.get("offset")) else None,
            listed=objects is not None,
            empty=not body,
        )

    def _get(
        self,
        service: Service,
        path: str,
        params: Mapping[str, str],
        post: Mapping[str, Any] | None,
    ) -> requests.Response:
        url = self._bases[service] + path
        question: dict[str, Any] = {"params": params, "auth": self._auth}
        if post is not None:
            query = {name: value for name, value in params.items() if name != _CURSOR}
            cursor = {_CURSOR: params[_CURSOR]} if _CURSOR in params else {}
            question |= {"params": query, "json": {**post, **cursor}}
        method = "GET" if post is None else "POST"
        response = self._send(method, url, **question)
        if response.status_code == 401:
            refused = response.request.headers.get("Authorization")
            if self._auth.renew(refused if isinstance(refused, str) else None):
                response = self._send(method, url, **question)
        if response.status_code in (200, 202):
            return response
        if response.status_code == 204:
            raise NotReady(f"{_place(response)} is not ready yet.")
        sentence = f"{_place(response)} answered {response.status_code}: {_reason(response)}"
        if response.status_code == 401:
            raise CredentialError(f"{sentence} {self._auth.refused_sentence()}")
        if response.status_code in _PASSING:
            raise Unavailable(sentence, _retry_after(response))
        if 400 <= response.status_code < 500:
            raise Refused(sentence, response.status_code)
        raise RequestError(sentence)

    def _continuation(
        self, service: Service, response: requests.Response, body: Mapping[str, Any]
    ) -> Mapping[str, str] | None:
        """Paging parameters of the next page, taken out of whatever form of "next" there is.

        Links are never followed as they stand: they may name another host or lack the
        base URL's path prefix.
        """
        link: Any = body.get("next_url") or body.get("next")
        start: Any = None
        if isinstance(link, dict):
            link, start = link.get("href"), link.get("start")
        if not link:
            return {"start": str(start)} if start else None
        try:
            target = urljoin(response.url, str(link))
            host = origin(target)
        except ValueError:
            raise RequestError(f"{_place(response)} names a next page that is not a URL.") from None
        if host not in known_origins(service, self._bases[service]):
            raise RequestError(
                f"{_place(response)} names a next page on another host, {host[1]}; "
                "it was not followed."
            )
        if start:
            return {"start": str(start)}
        query = dict(parse_qsl(urlsplit(target).query))
        continuation = {name: query[name] for name in _PAGING_PARAMETERS if query.get(name)}
        if not continuation:
            raise RequestError(f"{_place(response)} names a next page that cannot be requested.")
        return continuation

    def _exchange(self, api_key: str, source: str) -> str:
        """An access token for an API key (POST /identity/token)."""
        response = self._send(
            "POST",
            self._bases[IAM] + _TOKEN_PATH,
            data={"grant_type": _API_KEY_GRANT, "apikey": api_key},
            auth=_no_auth,
        )
        if response.status_code in (400, 401, 403):
            raise CredentialError(
                f"IBM Cloud does not accept the API key in {source}: {_reason(response)}"
            )
        if response.status_code != 200:
            raise RequestError(
                f"{_place(response)} answered {response.status_code}: {_reason(response)}"
            )
        token = _json_object(response).get("access_token")
        if not isinstance(token, str):
            raise RequestError(f"{_place(response)} returned no access token.")
        return token

    def _send(self, method: str, url: str, **arguments: Any) -> requests.Response:
        try:
            # Not session.request: to merge anew for each request what the session has for all of
            # them takes as long as to send it.
            session, request = self._session, requests.PreparedRequest()
            request.prepare(
                method,
                url,
                headers=session.headers,
                cookies=session.cookies,
                hooks=session.hooks,
                **arguments,
            )
            settings = session.merge_environment_settings(url, {}, None, None, None)
            return session.send(request, timeout=self._timeout, **settings)
        except requests.RequestException as error:
            passing = isinstance(error, _MAY_PASS) and not isinstance(error, _LASTING)
            raise (Unavailable if passing else RequestError)(
                f"{_without_query(url)} could not be read: {_cause(error)}. "
                "Check the network, a proxy (HTTPS_PROXY) and the endpoint variables."
            ) from None

    def _count(self, response: requests.Response, **_: Any) -> None:
        with self._counting:
            self.requests += 1
        if self._log is not None:
            milliseconds = response.elapsed.total_seconds() * 1000
            line = f"{response.request.method} {_place(response)} {response.status_code}"
            self._log(f"{line} {milliseconds:.0f} ms")


class _PinnedSession(requests.Session):
    """Follows no redirect that leaves the host, scheme or port that was asked."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        target = super().get_redirect_target(resp)
        if target is not None:
            try:
                host = origin(urljoin(resp.url, target))
            except ValueError:
                host = None
            if host != origin(resp.url):
                resp.close()  # its body is not read yet
                where = f"another host, {host[1]}" if host else "something that is not a URL"
                raise RequestError(f"{_place(resp)} redirects to {where}; it was not followed.")
        return target


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    # Without any auth requests would look for a password in ~/.netrc.
    return request


class _TokenRetries(Retry):
    """Asks again for a token, which whoever needs it cannot go on without.

    Asking twice for one is harmless, although it is a POST. Nothing else is repeated here, not
    even what found no connection, which urllib3 would repeat whatever the method.
    """

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: Any = None,
        error: Exception | None = None,
        _pool: Any = None,
        _stacktrace: Any = None,
    ) -> _TokenRetries:
        if not str(url).endswith(_TOKEN_PATH):
            raise MaxRetryError(_pool, url, error) from error
        retries = super().increment(method, url, response, error, _pool, _stacktrace)
        assert isinstance(retries, _TokenRetries)  # it copies itself
        return retries


def _token_retries(backoff: float) -> Retry:
    return _TokenRetries(
        total=4,
        backoff_factor=backoff,
        backoff_jitter=backoff,
        status_forcelist=_PASSING,
        allowed_methods={"POST"},
        raise_on_status=False,
        redirect=False,
    )


def _retry_after(response: requests.Response) -> float | None:
    """Retry-After in seconds, which may be given as a number or as a date."""
    try:
        return Retry().get_retry_after(response.raw)
    except (InvalidHeader, ValueError, OverflowError):  # such as a date in the year 99999
        return None


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _json_object(response: requests.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        kind = response.headers.get("Content-Type", "something without a type")
        raise RequestError(f"{_place(response)} answered with {kind} instead of a JSON object.")
    return body


def _reason(response: requests.Response) -> str:
    """The message in an error's body, in whichever shape the service uses, with its trace."""
    try:
        body = response.json()
    except ValueError:
        body = {}
    if not isinstance(body, dict):
        body = {}
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else {}
    if not isinstance(first, dict):
        first = {"message": first}
    candidates = (first.get("message"), body.get("errorMessage"), body.get("message"))
    message = next((str(text) for text in candidates if text), response.reason or "no reason")
    details = first.get("details") or body.get("errorDetails")
    if isinstance(details, str):
        message = f"{message.rstrip('.')}. {details}"
    trace = next((response.headers[h] for h in _TRACE_HEADERS if response.headers.get(h)), "")
    trace = trace or str(body.get("trace") or "")
    return f"{message.rstrip('.')}{f' (trace {trace})' if trace else ''}."


def _place(response: requests.Response) -> str:
    return _without_query(response.url)


def _without_query(url: str) -> str:
    return url.partition("?")[0]


def _cause(error: requests.RequestException) -> str:
    """The innermost reason in a few words; never the request, which holds the credential."""
    cause: BaseException = error
    while True:
        candidates = (getattr(cause, "reason", None), *cause.args)
        inner = next((one for one in candidates if isinstance(one, BaseException)), None)
        if inner is None:
            break
        cause = inner
    text = re.sub(r"\[Errno -?\d+\] ", "", str(cause).rpartition(": ")[2]).rstrip(".")
    text = text or type(cause).__name__
    return text if len(text) <= 200 else json.dumps(text[:200])
