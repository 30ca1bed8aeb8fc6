"""The sandbox: accounts served over HTTP on loopback as IBM Cloud would serve them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import count
from urllib.parse import parse_qsl, unquote, urlsplit

from ..account.account import Account
from . import tokens
from .connections import Answer, LoopbackServer
from .errors import ApiError
from .exchange import Listing, Reply, Request
from .faults import Fault, Faults
from .jobs import Jobs
from .services import MOUNTS, TOKENS, check_names, find_route

# What search, tags and restrictions send back beside the transaction.
_ECHOED = ("X-Request-Id", "X-Correlation-Id")


@dataclass(frozen=True)
class Record:
    """One request as the sandbox saw it, for tests that ask what was asked."""

    method: str
    service: str  # one of `services`
    operation: str  # name of the route, or empty if no route has the path
    path: str  # without the mount
    query: dict
    status: int  # of the answer, whether or not a fault let it arrive
    fault: str = ""  # kind of the fault that hit it


class Sandbox:
    """Serves one or more accounts; a context manager.

    - `latency`: seconds by which every answer is held back.
    - `port`: 0 takes a free one.
    - `token_lifetime`: seconds for which a token is good; a negative one gives expired tokens.
    - `deny`: operations that are refused with 403, each by its name ("users", "groups",
      "v2_policies", …; `services.ROUTES` has them all), its path ("/v2/groups"), or the name
      of its whole service ("iam-policies").
    - `hide`: listings, named in the same way, that show with 200 only what is the caller's
      own. That is how most of IBM Cloud's listings answer a caller without the role to see more.
    - `report_delays`: how often a report is not ready yet when it is asked for; None: never.
    - `faults`: what goes wrong, as Faults; `read_faults` takes them from a file.

    The sandbox does not evaluate its own policies: apart from `deny`, `hide` and resource
    groups that are not listed, a token sees the whole account.
    """

    def __init__(
        self,
        account_or_accounts: Account | Iterable[Account],
        latency: float = 0.0,
        port: int = 0,
        token_lifetime: int = 3600,
        deny: Iterable[str] = (),
        hide: Iterable[str] = (),
        faults: Iterable[Fault] = (),
        report_delays: int | None = 0,
    ) -> None:
        single = isinstance(account_or_accounts, Account)
        self.accounts = (account_or_accounts,) if single else tuple(account_or_accounts)
        self.latency = latency
        self.token_lifetime = token_lifetime
        self.deny, self.hide = check_names(deny), check_names(hide)
        #: What was asked, as Records in the order of the answers.
        self.requests = []
        self._faults = Faults(faults)
        self._jobs = Jobs(report_delays)
        self._port = port
        self._server = None
        self._transactions = count(1)

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.close()

    def start(self) -> Sandbox:
        """Start serving and return the sandbox, which then answers at once.

        Raises OSError if the port is taken.
        """
        self._server = LoopbackServer(self._port, self.latency, self.answer)
        self._server.start()
        return self

    def close(self) -> None:
        """Stop serving; every connection is closed when this returns."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    @property
    def url(self) -> str:
        """Where the sandbox is, without the path of a service; only while it serves."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def most_connections(self):
        """How many connections were open at the same time at most; only while it serves."""
        return self._server.most_open

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that lead a client here, for the first account."""
        return self.environment_for(self.accounts[0])

    def environment_for(self, account: Account) -> dict[str, str]:
        """The environment variables that lead a client here with `account`'s token and key."""
        endpoints = {
            variable: self.url + mount
            for mount, variables in MOUNTS.items()
            for variable in variables
        }
        return {
            **endpoints,
            "IBMCLOUD_TOKEN": f"Bearer {self.token_for(account)}",
            "IBMCLOUD_API_KEY": account.api_key,
        }

    def token_for(self, account):
        """A new access token for `account`, without the word Bearer."""
        issuer = self.url + TOKENS.mount
        return tokens.make_token(account, issuer, self._now(), self.token_lifetime)

    def _now(self):
        # A token issued after all others were made to expire is never as old as they are.
        return max(int(time.time()), self._faults.tokens_from)

    def answer(self, method, target, headers, body):
        """The Answer to one request; `target` is path and query as they came.

        This is what a connection sends, for whoever needs no connection.
        """
        parts = urlsplit(target)
        head, _, tail = parts.path.lstrip("/").partition("/")
        mount, path = f"/{head}", f"/{tail}"
        service, route, variables = find_route(mount, path)
        request = Request(
            method=method,
            path=path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            base=self.url + mount,
            transaction_id=headers.get("Transaction-Id") or f"sandbox-{next(self._transactions)}",
            operation=route.name if route else "",
            action=route.action if route else "",
            variables={name: unquote(value) for name, value in variables.items()},
            form=dict(parse_qsl(body.decode("utf-8", "replace"))),
            body=body,
            accounts=self.accounts,
            jobs=self._jobs,
            now=self._now(),
            token_lifetime=self.token_lifetime,
        )
        fault = route and self._faults.due(route, request)
        asked = self._faults.asked(fault, request) if fault else request
        status, reply = self._outcome(service, route, asked, headers.get("Authorization"))
        answer = Answer(status, reply.headers, reply.body)
        if fault:
            answer = self._faults.spoil(fault, answer, service, request)
        query, kind = dict(request.query), fault.kind if fault else ""
        self.requests.append(
            Record(method, service.name, request.operation, path, query, answer.status, kind)
        )
        echoed = {name: headers[name] for name in _ECHOED if name in headers}
        traced = {"Transaction-Id": request.transaction_id, **echoed, **answer.headers}
        return replace(answer, headers=traced)

    def _outcome(self, service, route, request, authorization):
        """(status, reply): the result of an operation, or its service's way to refuse it."""
        try:
            if route is None:
                raise ApiError("not_found")
            if request.method != route.method:
                raise ApiError("method_not_allowed")
            if service is not TOKENS:
                account, caller = tokens.read_token(
                    authorization, self.accounts, request.now, self._faults.tokens_from
                )
                request = replace(request, account=account, caller=caller)
            if route.called(self.deny):
                raise ApiError("forbidden")
            result = self._page(route, request) if route.paging else route.handler(request)
            reply = result if isinstance(result, Reply) else Reply(result)
            return reply.status, reply
        except ApiError as error:
            return error.status, Reply(service.error_body(error, request))

    def _page(self, route, request):
        """The page of a listing that the request asks for."""
        request = route.paging.resume(request)
        listing = route.handler(request)
        if route.called(self.hide):
            own = [row for row in listing.rows if _iam_id(row) == request.caller]
            listing = Listing(own, listing.item)
        return route.paging.page(request, listing)


def _iam_id(row):
    """Whose a row is; accounts, the only rows that are no dicts, are nobody's."""
    return row.get("iam_id") if isinstance(row, dict) else None
