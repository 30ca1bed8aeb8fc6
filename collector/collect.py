"""Collects one account: walks RESOURCES, asks in parallel, writes a draft, puts it in place.

The only module that knows both the API (through the client) and the file (through the draft).
Pages are fetched by a pool of threads; rows are made and written by the calling thread alone.
What fails in passing is asked again, by urllib3's rules for how often and when.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import quote

from urllib3.exceptions import MaxRetryError, ProtocolError
from urllib3.util.retry import Retry

from . import __version__
from .client import Client, Page
from .database import Draft, next_collection_id, public_group_id
from .errors import AccessDenied, NotReady, ObjectError, RequestError, Unavailable
from .findings import Acknowledgement
from .lanes import Lanes
from .reports import Report
from .resources import REPORTS, RESOURCES, Resource
from .rows import Context
from .schema import TABLE, TABLES

_LONGEST_PAUSE = 120  # seconds, whatever a service asks for
_RETRIES_IN_ALL = 1000  # beyond that IBM Cloud is not busy but broken
KEEP_HISTORY = 365  # days
_REPORT_PATIENCE = 180.0  # seconds for a report to become ready
_PATIENCE = Retry(total=8, backoff_factor=0.5, backoff_jitter=0.5, backoff_max=30)

# With a restricted user list IBM Cloud answers 200 and shows a weak token nobody else.
_ALONE = (
    "Only the token's own user was listed. If the account has more users, the token needs "
    "Viewer on User Management to see them."
)

PARTS: tuple[str, ...] = tuple(dict.fromkeys(resource.part for resource in RESOURCES))


@dataclass
class Step:
    """What became of one part: kept as a row of collection_steps."""

    part: str
    status: str = "ok"
    started_at: str | None = None
    finished_at: str | None = None
    requests: int = 0
    pages: int = 0
    rows: int = 0
    retries: int = 0
    messages: list[str] = field(default_factory=list)
    roles: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Summary:
    """What a collect brought: its account, its steps in the order of RESOURCES, its size."""

    account_id: str
    account_name: str
    steps: tuple[Step, ...]
    requests: int
    rows: int
    seconds: float
    unmatched: tuple[str, ...] = ()

    @property
    def denied(self) -> tuple[Step, ...]:
        """Parts that could not be read: refused, or reports that were not ready in time."""
        return tuple(step for step in self.steps if step.status != "ok")


@dataclass(frozen=True)
class _Ask:
    """One page to ask for.

    `seen` holds the continuations of its listing so far. `known_to` is the number of objects
    in the listing if its pages are asked for by number, all at once. `first_at` is when it was
    first asked for, by the monotonic clock: a report is waited for only so long.
    """

    resource: Resource
    context: Context
    params: Mapping[str, str]
    seen: frozenset[tuple[tuple[str, str], ...]] = frozenset()
    known_to: int | None = None
    retry: Retry = field(default_factory=lambda: _PATIENCE)
    first_at: float = 0.0

    @property
    def path(self) -> str:
        return self.resource.path.format(
            account=quote(self.context.account_id, safe=""), key=quote(self.context.key, safe="")
        )


def collect(
    client: Client,
    target: Path,
    *,
    only: Collection[str] = (),
    concurrency: int = 16,
    progress: Callable[[Step, bool], None] = lambda step, finished: None,
    report_patience: float = _REPORT_PATIENCE,
    reports: Sequence[Report] = (),
    acknowledgements: Sequence[Acknowledgement] | None = None,
    keep_history: int = KEEP_HISTORY,
) -> Summary:
    """Collect the account of the client's token into the file.

    With `only`, other parts stay as the file has them. `progress` is called with a part's
    step after each page, and with True once the part is complete. `report_patience` is how
    many seconds IBM Cloud has to make a report. What `reports` find is counted in the file, with
    `acknowledgements` or, without, those that it has; `keep_history` is how many days of changes it
    keeps. Any error but a denied part leaves the file
    as it was and is raised as InsightsError.
    """
    started, clock = _now(), time.monotonic()
    account_id = client.claims.account_id
    context = Context(account_id, public_group=public_group_id(target, account_id))
    with Draft(target) as draft:
        run = _Run(client, draft, context, only, concurrency, progress, report_patience)
        run.walk()
        if run.account_name is None:  # the account itself may not be read: only its ID is known
            draft.mention("accounts", _row("accounts", account_id=account_id, name=account_id))
        steps = tuple(step for step in run.steps.values() if step.part in run.selected)
        if run.people == {client.claims.iam_id}:
            run.steps["users"].messages.append(_ALONE)
        summary = Summary(
            account_id,
            run.account_name or account_id,
            steps,
            client.requests,
            sum(draft.count(table.name) for table in TABLES),
            time.monotonic() - clock,
        )
        denied = {step.part for step in summary.denied}
        ended = _now()
        number = next_collection_id(target)
        _record(draft, summary, number, started, ended, client.claims.iam_id)
        draft.complete(account_id, denied | (set(PARTS) - run.selected), ended)
        unmatched = draft.count_findings(reports, acknowledgements, ended, keep_history)
        draft.publish()
    return replace(summary, seconds=time.monotonic() - clock, unmatched=tuple(map(str, unmatched)))


class _Run:
    """One walk over RESOURCES, with its open asks."""

    def __init__(
        self,
        client: Client,
        draft: Draft,
        context: Context,
        only: Collection[str],
        concurrency: int,
        progress: Callable[[Step, bool], None],
        report_patience: float,
    ) -> None:
        self.selected = {"accounts", *(only or PARTS)}
        self.steps = {part: Step(part) for part in PARTS}
        self.account_name: str | None = None
        self.people: set[str] = set()
        self._lanes: Lanes[_Ask, Page] = Lanes(
            lambda ask: client.page(
                *(ask.resource.service, ask.path, ask.params, ask.resource.items, ask.resource.post)
            ),
            concurrency,
        )
        self._draft = draft
        self._context = context
        self._progress = progress
        self._report_patience = report_patience
        self._resources = [r for r in RESOURCES if r.part in self._needed()]
        self._children = {
            part: [r for r in self._resources if r.each and r.each.part == part] for part in PARTS
        }
        self._open: Counter[str] = Counter()
        self._asked: set[tuple[int, str]] = set()
        self._finished: set[str] = set()
        self._retries = 0

    def walk(self) -> None:
        """Ask for everything; raises the first error that is no denied part."""
        for resource in self._resources:
            if resource.each is None and not resource.last:
                self._start(resource, self._context)
        with closing(self._lanes.finished()) as answers:
            for ask, answer in answers:
                self._receive(ask, answer)

    def _needed(self) -> set[str]:
        """The selected parts, and those whose objects they are asked for."""
        parents = {r.each.part for r in RESOURCES if r.part in self.selected and r.each}
        return self.selected | parents

    def _start(self, resource: Resource, context: Context, first_at: float | None = None) -> None:
        for variant in resource.variants:
            params = {
                name: value.format(account=context.account_id, key=context.key)
                for name, value in {**resource.params, **variant}.items()
            }
            self._submit(_Ask(resource, context, params, first_at=first_at or time.monotonic()))

    def _submit(self, ask: _Ask) -> None:
        step = self.steps[ask.resource.part]
        step.started_at = step.started_at or _now()
        step.requests += 1
        self._open[step.part] += 1
        self._lanes.add(step.part, ask)

    def _receive(self, ask: _Ask, answer: Future[Page]) -> None:
        step = self.steps[ask.resource.part]
        try:
            page = answer.result()
            step.pages += 1
            for item in page.objects:
                self._load(ask, item)
            for following in _following(ask, page):
                self._submit(following)
        except AccessDenied as error:
            self._refused(ask, step, error)
        except NotReady as error:
            self._wait_for_report(ask, step, error)
        except Unavailable as error:
            self._ask_again(ask, step, error)
        except (ObjectError, RequestError) as error:
            raise type(error)(f"{step.part}: {error}") from None
        self._open[step.part] -= 1
        self._progress(step, False)
        self._settle(step.part)

    def _ask_again(self, ask: _Ask, step: Step, error: Unavailable) -> None:
        """Put the ask back, and leave its API resource alone for as long as is asked for."""
        self._retries += 1
        try:
            if self._retries > _RETRIES_IN_ALL:
                raise MaxRetryError(None, ask.path)
            retry = ask.retry.increment("GET", ask.path, error=ProtocolError(str(error)))
        except MaxRetryError:
            raise RequestError(
                f"{step.part}: {error} It was asked {len(ask.retry.history) + 1} times; "
                "try again later."
            ) from None
        pause = error.retry_after if error.retry_after is not None else retry.get_backoff_time()
        step.retries += 1
        self._lanes.pause(step.part, min(pause, _LONGEST_PAUSE))
        self._submit(replace(ask, retry=retry))

    def _wait_for_report(self, ask: _Ask, step: Step, error: NotReady) -> None:
        """Look again after a while; too late, take what is there instead."""
        waited = time.monotonic() - ask.first_at
        if waited < self._report_patience:
            # Each pause is as long as all before it, up to some seconds.
            pause = min(max(waited, 0.1), 5.0, self._report_patience - waited)
            self._lanes.pause(step.part, pause)
            self._submit(ask)
        elif ask.resource.fallback:
            self._start(ask.resource.fallback, ask.context, ask.first_at)  # waited for already
        else:
            step.status = "failed"
            step.messages.append(f"{error} Collect it later with --only {step.part}.")

    def _load(self, ask: _Ask, item: Any) -> None:
        if not isinstance(item, dict):
            raise ObjectError(f"an object of the answer is no JSON object but {item!r:.80}")
        resource, writing = ask.resource, ask.resource.part in self.selected
        first = True
        for table, row in resource.rows(item, ask.context):
            if first and resource.last and self._draft.has(table, row["id"]):
                return
            first = False
            if writing:
                self._draft.add(table, row)
                if table == "accounts":
                    self.account_name = row["name"] or row["account_id"]
                elif table == "users":
                    self.people.add(row["iam_id"])
                self.steps[resource.part].rows += table == resource.part
        if resource.then:
            reference = item.get("reference")
            if not reference:
                raise ObjectError('the answer has no "reference" to the report')
            self._start(resource.then, replace(ask.context, key=str(reference)))
        for child in self._children[resource.part]:
            for key in child.each.keys(item):
                self._start_once(child, str(key))

    def _start_once(self, resource: Resource, key: str) -> None:
        mark = (self._resources.index(resource), key)
        if mark not in self._asked:
            self._asked.add(mark)
            self._start(resource, replace(self._context, key=key))

    def _refused(self, ask: _Ask, step: Step, error: AccessDenied) -> None:
        resource = ask.resource
        if resource.fallback is not None:
            self._start(resource.fallback, ask.context)
        elif error.status == 404 and resource.part in REPORTS:
            step.status = "failed"  # not a matter of permission
            step.messages.append(f"{error} Collect it later with --only {step.part}.")
        elif error.status not in resource.optional:
            step.status = "denied"
            step.roles.add(resource.role)
            if len(step.messages) < 3:  # one of two thousand profiles is like the next
                step.messages.append(str(error))

    def _settle(self, part: str) -> None:
        """Note that a part is complete, start what waited for it, and look at its children."""
        if part in self._finished or self._open[part]:
            return
        parents = {r.each.part for r in self._resources if r.part == part and r.each}
        if not parents <= self._finished:
            return
        for resource in self._resources:
            if resource.last and resource.part == part:
                self._start_once(resource, "")
        if self._open[part]:
            return
        self._finished.add(part)
        step = self.steps[part]
        step.finished_at = _now()
        for parent in sorted(p for p in parents if self.steps[p].status == "denied"):
            step.status = "denied"
            step.roles |= self.steps[parent].roles
            step.messages.append(f"{part} could not be asked for: {parent} were denied.")
        if part in self.selected:
            step.rows = self._draft.count(part)  # each once, however often it was listed
            self._progress(step, True)
        for child in self._children[part]:
            self._settle(child.part)


def _following(ask: _Ask, page: Page) -> list[_Ask]:
    """The asks for the pages after this one.

    Where the service numbers its pages and tells how many objects there are, all the other
    pages follow the first one at once; else one page leads to the next.
    """
    if page.continuation is None:
        return []
    offset = _number(page.continuation.get("offset"))
    if offset is None or page.total is None:
        return [_next(ask, page.continuation)]
    if ask.known_to is not None and offset < ask.known_to:
        return []  # asked for already
    step = offset - (_number(ask.params.get("offset")) or 0)
    if step <= 0:
        raise RequestError(f"{ask.path} names the same next page again; it never ends.")
    last = max(page.total, offset + 1)  # the list may have grown meanwhile
    return [
        replace(_next(ask, {"offset": str(number)}), known_to=last)
        for number in range(offset, last, step)
    ]


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None


def _next(ask: _Ask, continuation: Mapping[str, str]) -> _Ask:
    mark = tuple(sorted(continuation.items()))
    if mark in ask.seen:
        raise RequestError(f"{ask.path} names the same next page again; it never ends.")
    return replace(
        ask, params={**ask.params, **continuation}, seen=ask.seen | {mark}, retry=_PATIENCE
    )


def _row(table: str, **values: Any) -> dict[str, Any]:
    return {column.name: values.get(column.name) for column in TABLE[table].columns}


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _record(
    draft: Draft, summary: Summary, number: int, started: str, ended: str, collected_by: str
) -> None:
    draft.add(
        "collections",
        _row(
            "collections",
            id=number,
            account_id=summary.account_id,
            collected_by=collected_by,
            started_at=started,
            finished_at=ended,
            requests=summary.requests,
            rows=summary.rows,
            status="denied" if summary.denied else "ok",
            version=__version__,
        ),
    )
    for step in summary.steps:
        draft.add(
            "collection_steps",
            _row(
                "collection_steps",
                collection_id=number,
                resource=step.part,
                status=step.status,
                started_at=step.started_at,
                finished_at=step.finished_at,
                requests=step.requests,
                rows=step.rows,
                message="\n".join(step.messages) or None,
            ),
        )
