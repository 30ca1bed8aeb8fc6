"""Collects one account: walks RESOURCES, asks in parallel, writes a draft, puts it in place.

The only module that knows both the API (through the client) and the file (through the draft).
Pages are fetched by a pool of threads; rows are made and written by the calling thread alone.
What fails in passing is asked again, by urllib3's rules for how often and when.
"""

from __future__ import annotations

import json
import math
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import quote

from urllib3.exceptions import MaxRetryError, ProtocolError
from urllib3.util.retry import Retry

from . import __version__
from .errors import NotReady, ObjectError, Refused, RequestError, Unavailable
from .facts import derived
from .ibmcloud.client import Client, Page
from .ibmcloud.lanes import Lanes
from .ibmcloud.resources import REPORTS, RESOURCES, Resource
from .ibmcloud.rows import LEFT_OUT, Context
from .outcome import DENIED, OK, PARTIAL, Cost, Loss, Step, cost_of_refusal, cost_of_silence
from .reports.findings import Acknowledgement, count_anew
from .reports.report import Report
from .store.draft import OWNERS, Draft
from .store.file import next_collection_id, public_group_id
from .store.schema import TABLE, TABLES

_LONGEST_PAUSE = 120  # seconds, whatever a service asks for
_RETRIES_IN_ALL = 1000  # beyond that IBM Cloud is not busy but broken
CONCURRENCY = 16  # requests at a time
KEEP_HISTORY = 365  # days
_REPORT_PATIENCE = 180.0  # seconds for a report to become ready
_PATIENCE = Retry(total=8, backoff_factor=0.5, backoff_jitter=0.5, backoff_max=30)

# With a restricted user list IBM Cloud answers 200 and shows a weak token nobody else.
_ALONE = (
    "Only the token's own user was listed. If the account has more users, the token needs "
    "Viewer on User Management to see them."
)

PARTS: tuple[str, ...] = tuple(dict.fromkeys(resource.part for resource in RESOURCES))


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
    def incomplete(self) -> tuple[Step, ...]:
        """Parts that could not be read in full, or not at all."""
        return tuple(step for step in self.steps if step.status != OK)

    @property
    def status(self) -> str:
        """The word for the whole collect."""
        if any(step.keeps_old_rows for step in self.steps):
            return DENIED
        return PARTIAL if self.incomplete else OK


@dataclass
class _Listing:
    """What has come so far of one listing, and how many objects there should be.

    `received` has a fingerprint of each object: one that comes twice makes up for no other.
    """

    open: int = 0
    received: set[int] = field(default_factory=set)
    total: int = 0
    broken: bool = False


@dataclass(frozen=True)
class _Ask:
    """One page to ask for.

    `seen` holds the continuations of its listing so far; `later` is True for all pages but the
    first. Where the pages of a listing are asked for by number, all at once, this one stands for
    the objects up to the number `until`. `first_at` is when it was first asked for, by the
    monotonic clock: a report is waited for only so long. `instead_of` is the refusal that this one
    is the fallback for.
    """

    resource: Resource
    context: Context
    params: Mapping[str, str]
    listing: _Listing
    seen: frozenset[tuple[tuple[str, str], ...]] = frozenset()
    later: bool = False
    until: float | None = None
    retry: Retry = field(default_factory=lambda: _PATIENCE)
    first_at: float = 0.0
    instead_of: Refused | None = None

    @property
    def path(self) -> str:
        return self.resource.path.format(
            account=quote(self.context.account_id, safe=""), key=quote(self.context.key, safe="")
        )

    @property
    def offset(self) -> int:
        return _number(self.params.get("offset")) or 0


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(timezone.utc)


def collect(
    client: Client,
    target: Path,
    *,
    only: Collection[str] = (),
    concurrency: int = CONCURRENCY,
    progress: Callable[[Step, bool], None] = lambda step, finished: None,
    report_patience: float = _REPORT_PATIENCE,
    reports: Sequence[Report] = (),
    acknowledgements: Sequence[Acknowledgement] | None = None,
    keep_history: int = KEEP_HISTORY,
    now: Callable[[], datetime] = utc_now,
) -> Summary:
    """Collect the account of the client's token into the file.

    With `only`, other parts stay as the file has them. `progress` is called with a part's
    step after each page, and with True once the part is complete. `report_patience` is how
    many seconds IBM Cloud has to make a report. What `reports` find is counted in the file, with
    `acknowledgements` or, without, those that it has; `keep_history` is how many days of changes it
    keeps. `now` is the clock: what it says is written down as when something was read. An error
    that costs more than a part (see outcome.py) leaves the file as it was and is raised as
    InsightsError.
    """
    started, clock = _written(now()), time.monotonic()
    account_id = client.claims.account_id
    context = Context(account_id, public_group=public_group_id(target, account_id))
    with Draft(target, derived.blank()) as draft:
        run = _Run(client, draft, context, only, concurrency, progress, report_patience, now)
        run.walk()
        run.remove_what_is_gone()
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
        kept = {step.part for step in steps if step.keeps_old_rows}
        partial = {step.part for step in steps if step.status == PARTIAL}
        ended = _written(now())
        number = next_collection_id(target)
        _record(draft, summary, number, started, ended, client.claims.iam_id)
        draft.complete(account_id, kept | (set(PARTS) - run.selected), ended, partial)
        with draft.changing() as file:
            derived.derive(file)
            unmatched = count_anew(file, target, reports, acknowledgements, ended, keep_history)
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
        now: Callable[[], datetime],
    ) -> None:
        self.selected = {"accounts", *(only or PARTS)}
        self.steps = {part: Step(part) for part in PARTS}
        self.account_name: str | None = None
        self.people: set[str] = set()
        self._lanes: Lanes[_Ask, Page] = Lanes(
            lambda ask: client.page(
                ask.resource.service,
                ask.path,
                ask.params,
                items=ask.resource.items,
                post=ask.resource.post,
            ),
            concurrency,
        )
        self._draft = draft
        self._context = context
        self._progress = progress
        self._report_patience = report_patience
        self._now = now
        self._resources = [r for r in RESOURCES if r.part in self._needed()]
        self._children = {
            part: [r for r in self._resources if r.each and r.each.part == part] for part in PARTS
        }
        self._open: Counter[str] = Counter()
        self._asked: dict[int, set[str]] = defaultdict(set)
        self._gone: dict[int, dict[str, str]] = defaultdict(dict)
        self._finished: set[str] = set()
        self._retries = 0

    def walk(self) -> None:
        """Ask for everything; raises the first error that costs the whole collect."""
        for resource in self._resources:
            if resource.each is None and not resource.last:
                self._start(resource, self._context)
        with closing(self._lanes.finished()) as answers:
            for ask, answer in answers:
                self._receive(ask, answer)

    def remove_what_is_gone(self) -> None:
        """Take back what was listed and then gone, and what was read of parts that keep old rows.

        What is gone goes with everything that was read of it.
        """
        for index, gone in self._gone.items():
            parent = self._resources[index].each
            if parent:
                for key in gone:
                    self._draft.remove(parent.part, key)
        for step in self.steps.values():
            if step.keeps_old_rows:
                self._draft.discard(step.part)
            if step.part in self.selected:
                step.rows = self._draft.count(step.part)

    def _needed(self) -> set[str]:
        """The selected parts, and those whose objects they are asked for."""
        parents = {r.each.part for r in RESOURCES if r.part in self.selected and r.each}
        return self.selected | parents

    def _start(
        self,
        resource: Resource,
        context: Context,
        first_at: float | None = None,
        instead_of: Refused | None = None,
    ) -> None:
        for variant in resource.variants:
            params = {
                name: value.format(account=context.account_id, key=context.key)
                for name, value in {**resource.params, **variant}.items()
            }
            first_at = first_at or time.monotonic()
            self._submit(
                _Ask(
                    resource,
                    context,
                    params,
                    _Listing(),
                    first_at=first_at,
                    instead_of=instead_of,
                )
            )

    def _submit(self, ask: _Ask) -> None:
        step = self.steps[ask.resource.part]
        step.started_at = step.started_at or _written(self._now())
        step.requests += 1
        ask.listing.open += 1
        self._open[step.part] += 1
        self._lanes.add(step.part, ask)

    def _receive(self, ask: _Ask, answer: Future[Page]) -> None:
        step = self.steps[ask.resource.part]
        try:
            self._take(ask, step, answer.result())
        except Refused as error:
            self._refused(ask, step, error)
        except NotReady as error:
            self._wait_for_report(ask, step, error)
        except Unavailable as error:
            self._ask_again(ask, step, error)
        except RequestError as error:
            raise type(error)(f"{step.part}: {error}") from None
        self._end(ask, step)
        self._open[step.part] -= 1
        self._progress(step, False)
        self._settle(step.part)

    def _take(self, ask: _Ask, step: Step, page: Page) -> None:
        """Load the objects of a page, and ask for those after it."""
        if page.empty and not ask.resource.may_be_empty:
            raise Refused(f"{ask.path} returned an empty object.", 200)
        if page.continuation and not page.listed:
            step.lose(Loss.FAILED, f"{ask.path} returned a page without a list.")
        if ask.instead_of is not None and step.part in REPORTS:
            step.messages.append(f"The newest existing report was used instead: {ask.instead_of}")
        step.pages += 1
        if page.total is not None:
            ask.listing.total = max(ask.listing.total, page.total)
            ask.listing.received |= {hash(json.dumps(item)) for item in page.objects}
        for item in page.objects:
            self._load(ask, step, item)
        for following in _following(ask, page):
            self._submit(following)

    def _end(self, ask: _Ask, step: Step) -> None:
        """Note that an ask is over; with the last one compare what came with what there is."""
        listing = ask.listing
        listing.open -= 1
        came = len(listing.received)
        if not listing.open and not listing.broken and came < listing.total:
            step.lose(
                Loss.SHORT,
                f"{ask.path} reported {listing.total:,} objects, but returned {came:,}.",
            )

    def _ask_again(self, ask: _Ask, step: Step, error: Unavailable) -> None:
        """Put the ask back, and leave its API resource alone for as long as is asked for."""
        self._retries += 1
        retry: Retry | None = None
        if self._retries <= _RETRIES_IN_ALL:
            with suppress(MaxRetryError):
                retry = ask.retry.increment("GET", ask.path, error=ProtocolError(str(error)))
        if retry is None:
            said = f"{error} Tried {len(ask.retry.history) + 1} times; try again later."
            if self._retries > _RETRIES_IN_ALL or cost_of_silence(ask.resource) is Cost.COLLECT:
                raise RequestError(f"{step.part}: {said}") from None
            ask.listing.broken = True
            step.lose(Loss.FAILED, said)
            return
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
            ask.listing.broken = True
            step.lose(Loss.FAILED, f"{error} Collect it later with --only {step.part}.")

    def _load(self, ask: _Ask, step: Step, item: Any) -> None:
        """Write the rows of an object, all or none, and ask for what hangs on it."""
        resource = ask.resource
        try:
            if not isinstance(item, dict):
                raise ObjectError(
                    f"an object in the response is not a JSON object but {item!r:.80}"
                )
            found = list(resource.rows(item, ask.context))
            if resource.last and any(
                table == resource.part and self._draft.has(table, row[TABLE[table].key[0]])
                for table, row in found
            ):
                return
            keys = [
                (child, list(child.each.keys(item)))
                for child in self._children[resource.part]
                if child.each
            ]
            if resource.then and not item.get("reference"):
                raise ObjectError('the response has no "reference" to the report')
        except ObjectError as error:
            step.lose(Loss.LEFT_OUT, str(error))
            return
        for table, row in found:
            if table == LEFT_OUT:
                step.lose(Loss.LEFT_OUT, row["problem"])
            elif resource.part in self.selected:
                self._draft.add(table, row, resource.part)
                if table == "accounts":
                    self.account_name = row["name"] or row["account_id"]
                elif table == "users":
                    self.people.add(row["iam_id"])
                step.rows += table == resource.part
            elif table == resource.part and table in OWNERS:
                self._draft.mention(table, row)  # for the sake of its pieces, if they are selected
        if resource.then:
            self._start(resource.then, replace(ask.context, key=str(item["reference"])))
        for child, found_keys in keys:
            for key in found_keys:
                self._start_once(child, str(key))

    def _start_once(self, resource: Resource, key: str) -> None:
        asked = self._asked[self._resources.index(resource)]
        if key not in asked:
            asked.add(key)
            self._start(resource, replace(self._context, key=key))

    def _refused(self, ask: _Ask, step: Step, error: Refused) -> None:
        resource = ask.resource
        ask.listing.broken = True
        if resource.fallback is not None:
            first = ask.instead_of or error
            self._start(resource.fallback, ask.context, ask.first_at, instead_of=first)
            return
        error = ask.instead_of or error
        cost = cost_of_refusal(resource, error.status, ask.later)
        if cost is Cost.COLLECT:
            raise RequestError(f"{step.part}: {error} The list cannot be read completely.")
        if cost is Cost.GONE:
            self._gone[self._resources.index(resource)][ask.context.key] = str(error)
        elif cost is Cost.REQUEST:
            self._lose_request(step, resource, error.status, str(error))

    @staticmethod
    def _lose_request(step: Step, resource: Resource, status: int, said: str) -> None:
        if status == 404 and resource.part in REPORTS:  # not a matter of permission
            step.lose(Loss.FAILED, f"{said} Collect it later with --only {step.part}.")
        elif status in (403, 404):
            step.roles.add(resource.role)
            step.lose(Loss.DENIED, said)
        else:
            step.lose(Loss.FAILED, said)

    def _tell_refusals_from_what_is_gone(self, step: Step) -> None:
        """What answers 404 for each of several objects does not say that all of them are gone."""
        for index, gone in self._gone.items():
            resource, asked = self._resources[index], self._asked[index]
            if resource.part == step.part and len(asked) > 1 and gone.keys() == asked:
                for said in gone.values():
                    self._lose_request(step, resource, 404, said)
                gone.clear()

    def _misses_objects_of(self, part: str, parent: str) -> bool:
        """Whether an object that is missing in the parent part would have been asked about."""
        return any(
            resource.each and resource.each.part == parent and not resource.each.by_name
            for resource in self._resources
            if resource.part == part
        )

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
        step.finished_at = _written(self._now())
        self._tell_refusals_from_what_is_gone(step)
        for parent in (self.steps[name] for name in sorted(parents)):
            if parent.keeps_old_rows:
                step.roles |= parent.roles
                step.lose(
                    Loss.DENIED if parent.status == DENIED else Loss.FAILED,
                    f"{part} could not be requested: {parent.part} were {parent.status}.",
                )
            elif parent.status == PARTIAL and self._misses_objects_of(part, parent.part):
                step.lose(
                    Loss.UNASKED,
                    f"{part} could not be requested for what is missing in {parent.part}.",
                )
        # Each row once, however often it was listed.
        step.conclude(self._draft.count(part) if part in self.selected else step.rows)
        if part in self.selected:
            self._progress(step, True)
        for child in self._children[part]:
            self._settle(child.part)


def _following(ask: _Ask, page: Page) -> list[_Ask]:
    """The asks for the pages after this one.

    Where the service numbers its objects and tells how many there are, all the other pages follow
    the first one at once, if that says how long they are; each of them is read on, by what was
    received, until the next one begins. Else one page leads to the next.
    """
    link = _number((page.continuation or {}).get("offset"))
    if page.total is None or (link is None and page.offset is None):
        return [_next(ask, page.continuation)] if page.continuation else []
    onward = link if link is not None and link > ask.offset else None
    after = ask.offset + len(page.objects) if onward is None else onward
    # The list may have grown meanwhile.
    end = page.total if onward is None else max(page.total, after + 1)
    if not ask.offset < after < min(end, ask.until or math.inf):
        return []
    if onward is None or ask.until is not None:
        return [_at(ask, after, ask.until)]
    starts = range(after, end, after - ask.offset)
    return [_at(ask, start, start + starts.step) for start in starts[:-1]] + [
        _at(ask, starts[-1], math.inf)
    ]


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None


def _at(ask: _Ask, offset: int, until: float | None) -> _Ask:
    params = {**ask.params, "offset": str(offset)}
    return replace(ask, params=params, until=until, later=True, retry=_PATIENCE)


def _next(ask: _Ask, continuation: Mapping[str, str]) -> _Ask:
    mark = tuple(sorted(continuation.items()))
    if mark in ask.seen:
        raise RequestError(
            f"{ask.path} names the same next page again, so the list would never end."
        )
    params = {**ask.params, **continuation}
    return replace(ask, params=params, seen=ask.seen | {mark}, later=True, retry=_PATIENCE)


def _row(table: str, **values: Any) -> dict[str, Any]:
    return {column.name: values.get(column.name) for column in TABLE[table].columns}


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


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
            status=summary.status,
            version=__version__,
        ),
    )
    for step in summary.steps:
        draft.add(
            "collection_steps",
            _row(
                "collection_steps",
                collection_id=number,
                part=step.part,
                status=step.status,
                started_at=step.started_at,
                finished_at=step.finished_at,
                requests=step.requests,
                rows=step.rows,
                message="\n".join(step.messages) or None,
            ),
        )
