"""Answers that go wrong on purpose: which request is hit, and what then happens to it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from .connections import Answer
from .errors import ApiError
from .exchange import Request
from .services import Service, check_names

#: Where links of `redirect` and `foreign_next` lead: a name that no machine can have.
ELSEWHERE = "https://elsewhere.invalid"
_PAGE_MARKS = {"pagetoken", "start", "_start", "offset", "next_docid"}
_NEXT_FIELDS = {"next", "next_url", "search_cursor"}
_MAINTENANCE = (
    "<!DOCTYPE html>\n<html><head><title>Maintenance</title></head>\n"
    "<body><h1>We will be back soon</h1></body></html>\n"
)


@dataclass(frozen=True)
class Fault:
    """What goes wrong (`kind`, one of KINDS) and with which requests.

    - `at`: an operation's name or path, or the name of a whole service, as for `deny`.
    - `query`: parameters that the request must have, with these values; others do not matter.
    - `path`: the same for the variables in the operation's path, such as the `id` of a group.
    - `after`, `every`, `times`: of the requests that match, let the first `after` pass, then
      hit every `every`-th, `times` in all. Without them every one is hit.

    The other fields are options of some kinds. Raises ValueError, with the field in quotes, if
    a value is not valid or the kind has no such option.
    """

    at: str
    kind: str
    query: Mapping[str, str] = field(default_factory=dict)
    path: Mapping[str, str] = field(default_factory=dict)
    after: int = 0
    every: int = 1
    times: int | None = None
    #: The status of the answer, 400 to 599.
    status: int | None = None
    #: Seconds in the answer's Retry-After, which a `date` gives as the moment when they are over.
    retry_after: int | None = None
    date: bool | None = None
    #: How long the answer is held back.
    seconds: float | None = None
    #: Scheme, host and port that a link leads to.
    to: str | None = None
    #: The JSON object that is sent.
    body: Mapping | None = None
    #: How many objects a page has at most.
    limit: int | None = None

    def __post_init__(self):
        for name, (valid, wanted) in _VALID.items():
            value = getattr(self, name)
            if value is not None and not valid(value):
                raise ValueError(f'"{name}" must be {wanted}, not {value!r}.')
        try:
            check_names([self.at])
        except ValueError as error:
            raise ValueError(f'"at" names nothing. {error}') from None
        kind = KINDS[self.kind]
        for name in _OPTIONS:
            if getattr(self, name) is not None and name not in kind.options:
                raise ValueError(f'"{name}" is no option of the kind {self.kind}.')
        for name in kind.required:
            if getattr(self, name) is None:
                raise ValueError(f'"{name}" is missing, which the kind {self.kind} needs.')


def read_faults(path: str | Path) -> tuple[Fault, ...]:
    """The faults in a JSON file: a list of objects, whose keys are the fields of Fault.

    Raises ValueError, with one sentence that names the file, the entry and the key.
    """
    try:
        entries = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}.") from None
    if not isinstance(entries, list):
        raise ValueError(f"{path} must hold a list of faults.")
    return tuple(_read_fault(f"{path}, entry {n}", entry) for n, entry in enumerate(entries, 1))


def _read_fault(place, entry):
    if not isinstance(entry, dict):
        raise ValueError(f"{place} must be an object with the keys at and kind.")
    known = [one.name for one in fields(Fault)]
    for key, value in entry.items():
        if key not in known:
            raise ValueError(f'{place}: "{key}" is no key; there are: {", ".join(known)}.')
        if value is None:
            raise ValueError(f'{place}: "{key}" must not be null; leave it out.')
    for key in ("at", "kind"):
        if key not in entry:
            raise ValueError(f'{place}: "{key}" is missing.')
    try:
        return Fault(**entry)
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None


class Faults:
    """The faults of a running sandbox: counts requests, and remembers what a fault began.

    Safe to share between the threads of the server.
    """

    def __init__(self, faults):
        self._faults = tuple(faults)
        self._lock = threading.Lock()
        self._matched = [0] * len(self._faults)
        self._hits = [0] * len(self._faults)
        self.next_links = {}  # listing: the field and the link of the first next page it named
        #: Tokens issued before this moment (epoch) are refused.
        self.tokens_from = 0

    def due(self, route, request):
        """The fault that hits this request, or None; of several, the first that was given."""
        hit = None
        with self._lock:
            for index, fault in enumerate(self._faults):
                if not route.called({fault.at}) or not (
                    fault.query.items() <= request.query.items()
                    and fault.path.items() <= request.variables.items()
                ):
                    continue
                turn = self._matched[index] - fault.after
                self._matched[index] += 1
                over = fault.times is not None and self._hits[index] >= fault.times
                if hit is None and turn >= 0 and turn % fault.every == 0 and not over:
                    self._hits[index] += 1
                    hit = fault
        return hit

    def asked(self, fault, request):
        """The request as the fault has it understood."""
        if fault.limit is None:
            return request
        sizes = {name: str(fault.limit) for name in ("limit", "pagesize")}
        return replace(request, query={**request.query, **sizes})

    def spoil(self, fault, answer, service, request):
        """The answer as the fault leaves it."""
        return KINDS[fault.kind].act(fault, answer, _Case(service, request, self))


@dataclass(frozen=True)
class _Case:
    service: Service
    request: Request
    memory: Faults

    def refusal(self, status):
        """An answer with this status, worded as the service words its errors."""
        error = ApiError.of_status(status)
        return Answer(status, {}, self.service.error_body(error, self.request))

    def refuse_tokens(self):
        self.memory.tokens_from = self.request.now + 1

    def repeated(self, link):
        """The first `link`, as (field, link), that pages of this listing named; None if none."""
        query = {k: v for k, v in self.request.query.items() if k not in _PAGE_MARKS}
        listing = (self.request.base, self.request.path, urlencode(query))
        if link is not None:
            self.memory.next_links.setdefault(listing, link)
        return self.memory.next_links.get(listing)


def _status(fault, answer, case):
    refusal = case.refusal(fault.status)
    if fault.retry_after is None:
        return refusal
    wait = str(fault.retry_after)
    if fault.date:
        wait = formatdate(case.request.now + fault.retry_after, usegmt=True)
    return replace(refusal, headers={"Retry-After": wait})


def _html(fault, answer, case):
    return Answer(fault.status or 200, {}, _MAINTENANCE)


def _delivered(delivery):
    return lambda fault, answer, case: replace(answer, delivery=delivery)


def _slow(fault, answer, case):
    return replace(answer, delay=fault.seconds)


def _no_items(fault, answer, case):
    if answer.status != 200 or not isinstance(answer.content, dict):
        return answer
    kept = {key: value for key, value in answer.content.items() if not isinstance(value, list)}
    return replace(answer, content=kept)


def _null_items(fault, answer, case):
    if answer.status != 200 or not isinstance(answer.content, dict):
        return answer
    nulls = {key: None for key, value in answer.content.items() if isinstance(value, list)}
    return replace(answer, content={**answer.content, **nulls})


def _no_next(fault, answer, case):
    if answer.status != 200 or not isinstance(answer.content, dict):
        return answer
    kept = {key: value for key, value in answer.content.items() if key not in _NEXT_FIELDS}
    return replace(answer, content=kept)


def _json(fault, answer, case):
    return Answer(fault.status or 200, {}, dict(fault.body))


def _unspoilt(fault, answer, case):
    return answer


def _same_next(fault, answer, case):
    repeated = case.repeated(_next_link(answer))
    return answer if repeated is None else _with_next(answer, *repeated)


def _foreign_next(fault, answer, case):
    found = _next_link(answer)
    if found is None:
        return answer
    key, link = found
    if isinstance(link, dict):
        return _with_next(answer, key, {**link, "href": _moved(link["href"], fault)})
    return _with_next(answer, key, _moved(link, fault))


def _redirect(fault, answer, case):
    here = case.request.link(case.request.path, case.request.query)
    return Answer(302, {"Location": _moved(here, fault)}, {})


def _expire_token(fault, answer, case):
    case.refuse_tokens()
    return case.refusal(401)


def _next_link(answer):
    """The (field, value) in which a page names the next one; None if it names none."""
    if answer.status != 200 or not isinstance(answer.content, dict):
        return None
    links = ((key, answer.content.get(key)) for key in ("next_url", "next"))
    return next(((key, link) for key, link in links if link), None)


def _with_next(answer, key, link):
    return replace(answer, content={**answer.content, key: link})


def _moved(link, fault):
    """The same path and query on another host."""
    return (fault.to or ELSEWHERE) + urlsplit(link)._replace(scheme="", netloc="").geturl()


@dataclass(frozen=True)
class _Kind:
    act: Callable[[Fault, Answer, _Case], Answer]
    meaning: str
    options: tuple[str, ...] = ()
    required: tuple[str, ...] = ()


KINDS = {
    "status": _Kind(
        _status,
        "an error with this status, in the service's format",
        options=("status", "retry_after", "date"),
        required=("status",),
    ),
    "html": _Kind(_html, "a maintenance page, with status 200 or another", options=("status",)),
    "reset": _Kind(_delivered("reset"), "a connection reset instead of a response"),
    "truncated": _Kind(_delivered("truncated"), "half the body, then the connection is closed"),
    "hang": _Kind(_delivered("hang"), "no response until the client hangs up"),
    "slow": _Kind(
        _slow, "the correct response, delayed", options=("seconds",), required=("seconds",)
    ),
    "no_items": _Kind(_no_items, "the response without its list"),
    "null_items": _Kind(_null_items, "the response with null instead of its list"),
    "json": _Kind(
        _json,
        "this JSON object, with status 200 or another",
        options=("body", "status"),
        required=("body",),
    ),
    "smaller": _Kind(
        _unspoilt,
        "pages with at most this many objects, whatever was requested",
        options=("limit",),
        required=("limit",),
    ),
    "no_next": _Kind(_no_next, "every page claims to be the last one"),
    "same_next": _Kind(_same_next, "every page has the same next page as the first page"),
    "foreign_next": _Kind(_foreign_next, "the next page is on another host", options=("to",)),
    "redirect": _Kind(_redirect, "a redirect to another host", options=("to",)),
    "expire_token": _Kind(_expire_token, "from now on, 401 for every token issued so far"),
}

_OPTIONS = ("status", "retry_after", "date", "seconds", "to", "body", "limit")


def _is_whole(lowest, highest=10**9):
    return lambda value: type(value) is int and lowest <= value <= highest


def _is_query(value):
    return isinstance(value, Mapping) and all(
        isinstance(text, str) for pair in value.items() for text in pair
    )


def _is_place(value: Any):
    if not isinstance(value, str):
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    bare = not (parts.path or parts.query or parts.fragment)
    return bare and parts.scheme in ("http", "https") and bool(parts.hostname)


# field: (what a value must satisfy, the same in words)
_VALID = {
    "at": (lambda value: isinstance(value, str), "a text"),
    "kind": (lambda value: isinstance(value, str) and value in KINDS, f"one of {', '.join(KINDS)}"),
    "query": (_is_query, "an object of texts"),
    "path": (_is_query, "an object of texts"),
    "after": (_is_whole(0), "a whole number from 0 up"),
    "every": (_is_whole(1), "a whole number from 1 up"),
    "times": (_is_whole(1), "a whole number from 1 up"),
    "status": (_is_whole(400, 599), "a whole number from 400 to 599"),
    "retry_after": (_is_whole(0), "a whole number from 0 up"),
    "date": (lambda value: isinstance(value, bool), "true or false"),
    "seconds": (
        lambda value: type(value) in (int, float) and 0 <= value <= 3600,
        "a number from 0 to 3600",
    ),
    "body": (lambda value: isinstance(value, Mapping), "an object"),
    "limit": (_is_whole(1), "a whole number from 1 up"),
    "to": (_is_place, "scheme and host, such as https://example.org"),
}
